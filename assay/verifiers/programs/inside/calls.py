"""Calling a submitted function: read, defined, called on each input, its results sent as values.

Nothing here decides. A child knows its inputs and no expected result, so whatever it sends, by the
driver or by forging a frame, is no more than a claim about its own result, and is compared
elsewhere. What the driver needs after the submission has run is captured before.
"""

from __future__ import annotations

import ast
import json
import math
import os
import random
import resource
import sys
import time
import types
from collections.abc import Callable
from typing import Any

from assay.verifiers.programs.inside.frames import Send, make_describer, quoted
from assay.verifiers.programs.inside.plain import ENCODE, Unsendable, decode


def compiled(job: dict[str, Any]) -> tuple[types.CodeType | None, str]:
    """The code of a submission that defines the entry point with `def`; or the frame to send.

    A prefix (the prompt of a completion task) goes before the source if that can be read. White
    space around a program is no part of it.
    """
    prefix, source, entry = job.get("prefix", ""), job["source"], job["entry"]
    trials = [f"{prefix}{source}", source, source.strip()] if prefix else [source, source.strip()]
    answer = ""
    for text in trials:
        try:
            tree = ast.parse(text)
            if not _defines(tree.body, entry):
                answer = answer or '{"no_function":true}'
                continue
            return compile(tree, "<submission>", "exec", dont_inherit=True), ""
        except MemoryError:
            answer = '{"too_big":"the program"}'
        except (SyntaxError, ValueError, RecursionError, OverflowError):
            answer = '{"unparsable":true}'
    return None, answer


def _defines(body: list[ast.stmt], name: str) -> bool:
    """Whether statements define a plain function of that name, conditionally at most."""
    for node in body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return True
        if isinstance(node, ast.If | ast.Try | ast.With):
            for part in ("body", "orelse", "finalbody"):
                if _defines(getattr(node, part, []), name):
                    return True
    return False


def _budget(job: dict[str, Any]) -> Callable[[], None]:
    """A function that gives this process its processor time anew, for the next input."""
    set_limit, get_limit, which = resource.setrlimit, resource.getrlimit, resource.RLIMIT_CPU
    used, seconds, up = time.process_time, job["limits"]["cpu_s"], math.ceil

    def renew() -> None:
        hard = get_limit(which)[1]
        set_limit(which, (min(up(used() + seconds), hard), hard))

    return renew


def run_calls(job: dict[str, Any], send: Send) -> None:
    """Call the entry point on each input, in a module that is made anew for each."""
    encode, modules, module_type, run = ENCODE, sys.modules, types.ModuleType, exec
    describe = make_describer()
    anything, unsendable, leave, read = BaseException, Unsendable, os._exit, json.loads
    renew, to_value, entry, quote = _budget(job), decode, job["entry"], quoted
    inputs = job.pop("inputs")
    is_callable, seed = callable, random.seed
    send('{"ready":true}')
    code, trouble = compiled(job)
    if code is None:
        send(trouble)
        return
    job.clear()
    for k in range(len(inputs)):
        arguments = to_value(read(inputs[k]))
        inputs[k] = None  # what has been asked is not kept
        if k:
            renew()
            seed(0)
        module = module_type("submission")
        modules["submission"] = module
        names = module.__dict__
        try:
            run(code, names)
            function = names.get(entry)
            if is_callable(function):
                answer = '{"value":' + encode(function(*arguments)) + "}"
            else:
                answer = '{"no_function":true}'
        except unsendable as error:
            answer = quote(error.args[0], error.args[1])
        except anything as error:
            answer = describe(error)
        send(answer)
    leave(0)
