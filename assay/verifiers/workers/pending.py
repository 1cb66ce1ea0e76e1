"""Verdicts that wait for a worker: what `judge` returns, and how an answer becomes a verdict."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from assay.core.types import Cost, Limits, Verdict
from assay.verifiers.workers.phases import GOLD
from assay.verifiers.workers.requests import Answer, Request, request

MACHINE_CODES = frozenset({"worker.lost", "worker.unstarted", "machine.slow"})
Finish = Callable[[Mapping[str, Any]], "Verdict | Pending"]


@dataclass(frozen=True, slots=True)
class Pending:
    """A verdict that a worker has to be asked for.

    Attributes:
        request: what is asked.
        then: from the answer to the verdict, or to the next question. It never raises because of
            the answer.
    """

    request: Request
    then: Callable[[Answer], Verdict | Pending]


def ask_worker(
    call: str,
    payload: Mapping[str, Any],
    finish: Finish,
    *,
    limits: Limits,
    fields: Mapping[str, Any] | None = None,
) -> Pending:
    """What `judge` returns where a worker has to decide.

    `verify` waits for it; `verify_batch` and `averify` let others go on meanwhile.

    Args:
        call: `"module:function"`, a plain function from a dict to a dict of JSON values.
        payload: JSON values; tuples arrive as lists.
        finish: makes the verdict of what the function returned (or the next question). What it
            raises is treated as what `judge` raises.
        limits: `cpu_s`, `wall_s`, `memory_mb`.
        fields: of the verdict where there is no result: `extracted`, `span`, …
    """
    known = dict(fields or {})

    def then(answer: Answer) -> Verdict | Pending:
        if answer.status != "done":
            return verdict_of(answer, **known)
        found = finish(answer.result)
        if isinstance(found, Verdict):
            return replace(found, isolation="worker", cost=answer.cost)
        return _with_cost(found, answer.cost)

    return Pending(request(call, payload, limits), then)


def verdict_of(answer: Answer, **fields: Any) -> Verdict:
    """The verdict about a request that brought no result.

    Args:
        answer: with a status other than `done`.
        fields: further fields of the verdict.
    """
    fields = {"isolation": "worker", "cost": answer.cost, **fields}
    if answer.exception and answer.code != "task.faulty":
        fields["details"] = {**fields.get("details", {}), "exception": answer.exception}
    if answer.status == "over_limit" and answer.phase == GOLD:
        reason = f"The reference is too costly to read: {answer.message}"
        return Verdict.error("task.over_limit", reason, status="task_error", **fields)
    if answer.status == "over_limit":
        return Verdict.reject(answer.code, answer.message, status="over_limit", **fields)
    status = "task_error" if answer.code == "task.faulty" else "verifier_error"
    return Verdict.error(answer.code, answer.message, status=status, **fields)


def is_of_the_machine(verdict: Verdict) -> bool:
    """Whether nothing was decided for a reason that another try may not meet."""
    return verdict.is_error and (
        verdict.code in MACHINE_CODES or any(map(is_of_the_machine, verdict.children))
    )


def _with_cost(pending: Pending, before: Cost) -> Pending:
    """The next question, whose verdict also bears what came before."""

    def then(answer: Answer) -> Verdict | Pending:
        found = pending.then(answer)
        if isinstance(found, Verdict):
            return replace(found, cost=added(before, found.cost))
        return _with_cost(found, before)

    return Pending(pending.request, then)


def added(one: Cost, other: Cost) -> Cost:
    """What two pieces of work cost together."""
    return Cost(
        wall_s=one.wall_s + other.wall_s,
        cpu_s=one.cpu_s + other.cpu_s,
        queue_s=one.queue_s + other.queue_s,
        peak_mb=max(one.peak_mb, other.peak_mb),
    )
