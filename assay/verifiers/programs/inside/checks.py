"""Running a task's own test code: away from the submission, or beside it where it has to be."""

from __future__ import annotations

import json
import os
import sys
import types
from typing import Any

from assay.verifiers.programs.inside import wire
from assay.verifiers.programs.inside.calls import compiled
from assay.verifiers.programs.inside.frames import EXCEPTIONS, Send, make_describer, quoted
from assay.verifiers.programs.inside.plain import ENCODE, Unsendable, decode


def run_checks(job: dict[str, Any], send: Send) -> None:
    """Run a task's own test code here, where the submission is not: its calls are asked for.

    The test code gets a function of the entry point's name that sends its arguments out and gives
    back what came in; `check(candidate)` is called where there is one.
    """
    kinds = {name: kind for kind, name in EXCEPTIONS}
    raised: list[BaseException] = []  # by the submission, and no fault of the test code

    def candidate(*arguments: Any, **named: Any) -> Any:
        if named:
            raise Unsendable("not_plain", "named arguments")
        send('{"call":' + ENCODE(list(arguments)) + "}")
        reply = wire.receive(0)
        if reply is None:
            os._exit(1)
        if "raised" in reply:
            raised.append(kinds[reply["raised"]]())
            raise raised[-1]
        return decode(json.loads(reply["value"]))

    send('{"ready":true}')
    names: dict[str, Any] = {"__name__": "checks"}
    try:
        setup, checks = _check_code(job)
        exec(setup, names)
    except BaseException as error:
        send(quoted("faulty", type(error).__name__))
        return
    names[job["entry"]] = candidate
    try:
        answer = _verdict_of(checks, names, candidate)
    except (NameError, ImportError) as error:
        known = any(error is other for other in raised)
        answer = quoted("failed" if known else "faulty", type(error).__name__)
    send(answer)


def _check_code(job: dict[str, Any]) -> tuple[types.CodeType, types.CodeType]:
    setup = compile(job["setup"], "<setup>", "exec", dont_inherit=True)
    return setup, compile(job["checks"], "<checks>", "exec", dont_inherit=True)


def _verdict_of(checks: types.CodeType, names: dict[str, Any], candidate: Any) -> str:
    try:
        exec(checks, names)
        if "check" in names:
            names["check"](candidate)
    except (NameError, ImportError):
        raise
    except Unsendable as error:
        return quoted("faulty", f"{error.args[1]} as an argument")
    except BaseException as error:
        return quoted("failed", type(error).__name__)
    return '{"passed":true}'


def run_shared(job: dict[str, Any], send: Send) -> None:
    """Submission and test code in one process: for tasks that cannot be put in any other way.

    The submission can read the tests and could forge their outcome here; such verdicts are marked.
    """
    describe, verdict_of = make_describer(), _verdict_of
    send('{"ready":true}')
    code, trouble = compiled(job)
    if code is None:
        send(trouble)
        return
    try:
        setup, checks = _check_code(job)
    except (SyntaxError, ValueError) as error:
        send(quoted("faulty", type(error).__name__))
        return
    module = types.ModuleType("submission")
    sys.modules["submission"] = module
    try:
        exec(setup, module.__dict__)
        exec(code, module.__dict__)
        answer = verdict_of(checks, module.__dict__, module.__dict__.get(job["entry"]))
    except BaseException as error:
        answer = describe(error)
    send(answer)
