"""What became of a request, as an answer with a sentence for people."""

from __future__ import annotations

from typing import Any, cast

from assay.core.types import Cost
from assay.verifiers.workers.requests import NO_COST, Answer, failure
from assay.verifiers.workers.seat import Job


def heard(job: Job, frame: dict[str, Any], cost: Cost) -> Answer:
    """What a worker said of a request."""
    call, limits = job.request.call, job.request.limits
    kind, code = frame["kind"], frame.get("code", "verifier.exception")
    result = frame.get("result")
    if kind == "done" and isinstance(result, dict):
        found = cast("dict[str, Any]", result)
        return Answer(status="done", result=found, phase=job.phase, cost=cost)
    if kind == "done":
        return failed(code, f"The function '{call}' returned no dict.", job.phase, cost)
    if kind == "failed":
        return failure(call, code, frame["type"], frame["said"], job.phase, cost)
    message = (
        f"The memory limit of {limits.memory_mb} MB was reached."
        if code == "limit.memory"
        else "It nests too deeply to be evaluated."
    )
    return Answer(status="over_limit", code=code, message=message, phase=job.phase, cost=cost)


def spent_cpu(job: Job, cost: Cost) -> Answer:
    """Its CPU time ran out."""
    message = f"The limit of {job.request.limits.cpu_s:g} s of CPU time was spent."
    return Answer(
        status="over_limit", code="limit.cpu", message=message, phase=job.phase, cost=cost
    )


def too_slow(job: Job, cost: Cost) -> Answer:
    """Two workers met the wall deadline before their CPU time was spent."""
    limits = job.request.limits
    message = (
        f"The machine was too slow: {limits.wall_s:g} s passed and the {limits.cpu_s:g} s of CPU "
        "time were not used, twice."
    )
    return Answer(status="slow", code="machine.slow", message=message, phase=job.phase, cost=cost)


def failed(code: str, message: str, phase: str = "", cost: Cost = NO_COST) -> Answer:
    """Nothing came of it, through no doing of the outcome."""
    return Answer(status="failed", code=code, message=message, phase=phase, cost=cost)
