"""Tests that are code: run away from the submission, or beside it and marked so.

`integrity="separate"`: the test code runs in a sandbox of its own. Where it calls the function, the
arguments come here, the submission is asked in another sandbox, and the result goes back as a plain
value. `integrity="shared_process"`: both in one process, where the submission could read the tests
and forge their outcome; for test code that needs more of a submission than calls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.programs.claims import EXCEPTION_NAMES, no_result, run_verdict, trouble_verdict
from assay.verifiers.programs.compare import Malformed, canonical, parse, single
from assay.verifiers.programs.runs import Place, Run, run

INTEGRITIES = ("separate", "shared_process")
_MAX_CALLS = 5_000


def check_by_code(
    job: dict[str, Any], params: Mapping[str, Any], place: Place, limits: Limits
) -> Verdict:
    """The verdict of a task's test code about a submission.

    Raises:
        TaskError: the test code cannot be run, or asks nothing of the submission.
    """
    integrity = params.get("integrity", "separate")
    if integrity not in INTEGRITIES:
        raise TaskError(f"integrity={shorten(integrity)} is not valid: expected {INTEGRITIES}.")
    for key in ("checks", "setup"):
        if type(params.get(key, "")) is not str:
            raise TaskError(f"The task's {key} is no source code: {shorten(params[key])}.")
    code = {"checks": params["checks"], "setup": params.get("setup", "")}
    if integrity == "shared_process":
        result = run({**job, **code, "kind": "shared"}, place, limits)
        verdict = _outcome(result)
    else:
        verdict = _apart(job, code, place, limits)
    return _marked(verdict, integrity, place)


def _marked(verdict: Verdict, integrity: str, place: Place) -> Verdict:
    details = {**verdict.details, "integrity": integrity}
    return replace(verdict, details=details, method="checks", isolation=place.isolation)


class _Calls:
    """Answers the test code's calls by asking the submission."""

    def __init__(self, job: dict[str, Any], place: Place, limits: Limits) -> None:
        self.job, self.place, self.limits = job, place, limits
        self.count = 0
        self.decided: Verdict | None = None

    def __call__(self, frame: str) -> dict[str, Any] | None:
        """The reply to one call; None where the submission gave nothing to go on with."""
        self.count += 1
        if self.count > _MAX_CALLS:
            raise TaskError(f"The test code calls the function more than {_MAX_CALLS} times.")
        arguments = frame.removeprefix('{"call":').removesuffix("}")
        request = {**self.job, "kind": "calls", "inputs": [arguments]}
        reply = self._reply(run(request, self.place, self.limits, nested=True))
        if isinstance(reply, Verdict):
            self.decided = reply
            return None
        return reply

    def _reply(self, result: Run) -> dict[str, Any] | Verdict:
        trouble = run_verdict(result)
        if trouble is not None:
            return trouble
        if len(result.frames) != 1:
            return no_result(result)
        frame = result.frames[0]
        try:
            kind, name = single(frame)
            body = frame[len(kind) + 4 : -1]
            if kind == "value":
                canonical(parse(body), "exact")  # refuses what no value has
                return {"value": body}
        except Malformed:
            return trouble_verdict("malformed", "")
        if kind == "raised" and name == "MemoryError":
            reason = "It used up its memory."
            return Verdict.reject("limit.memory", reason, status="over_limit")
        if kind == "raised" and type(name) is str and name in EXCEPTION_NAMES:
            return {"raised": name}
        if kind == "raised":
            return Verdict.reject("program.raised", "It raised an exception of its own.")
        return trouble_verdict(kind, name)


def _apart(job: dict[str, Any], code: dict[str, Any], place: Place, limits: Limits) -> Verdict:
    calls = _Calls(job, place, limits)
    request = {**code, "kind": "checks", "entry": job["entry"]}
    result = run(request, place, limits, calls)
    if calls.decided is not None:
        return calls.decided
    verdict = _outcome(result)
    if verdict.passed and not calls.count:
        raise TaskError("The test code never calls the function, and nothing is right by no test.")
    return verdict


def _outcome(result: Run) -> Verdict:
    trouble = run_verdict(result)
    if trouble is not None:
        return trouble
    if len(result.frames) != 1:
        return no_result(result)
    try:
        kind, name = single(result.frames[0])
    except Malformed:
        return trouble_verdict("malformed", "")
    if kind == "passed" and name is True:
        return Verdict.accept("program.passed", "The test code ran to its end.", cost=result.cost)
    if kind == "faulty":
        raise TaskError(f"The task's test code cannot be run: {_word(name)}.")
    if kind == "failed":
        reason = f"The test code ended with {_word(name)}."
        return Verdict.reject("program.check_failed", reason, cost=result.cost)
    if kind == "raised":
        return Verdict.reject("program.raised", "It raised where it is defined.", cost=result.cost)
    return trouble_verdict(kind, name)


def _word(name: object) -> str:
    """A name out of a frame, short and harmless."""
    return "".join(c for c in str(name)[:80] if c.isascii() and (c.isalnum() or c in " _"))
