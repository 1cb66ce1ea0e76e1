"""What is asked of a worker, and what comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from assay.core.types import Cost, Limits

AnswerStatus = Literal["done", "over_limit", "failed", "slow"]
NO_COST = Cost()


@dataclass(frozen=True, slots=True)
class Request:
    """One question to a worker.

    Attributes:
        call: `"module:function"` of a plain function from a dict to a dict of JSON values. The
            worker imports the module once, at nobody's expense, and calls `warm_up()` of the module
            where there is one.
        payload: the dict as JSON text.
        limits: `cpu_s`, `wall_s` and `memory_mb` count here, for each phase of the work anew.
    """

    call: str
    payload: str
    limits: Limits


def request(call: str, payload: Mapping[str, Any], limits: Limits) -> Request:
    """A request about a dict of JSON values.

    Raises:
        TypeError, ValueError: the payload holds something else.
    """
    return Request(call, json.dumps(payload, separators=(",", ":")), limits)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What became of a request.

    Attributes:
        status: `done`: the function returned. `over_limit`: it spent its CPU time, its memory or
            its recursion depth. `failed`: it raised, or its worker was lost for another reason.
            `slow`: the wall deadline came before its CPU time was spent, twice.
        result: what the function returned; empty unless `done`.
        code: a stable word: `limit.cpu`, `limit.memory`, `limit.depth`, `machine.slow`,
            `worker.lost`, `worker.unstarted`, `verifier.exception`, `verifier.unloadable`,
            `task.faulty`.
        message: one sentence for people; empty when `done`.
        exception: what the function raised, for its author; not for policies.
        phase: what the function last announced by `phases.phase`, or empty.
        cost: `wall_s` and `cpu_s` from when the worker began, all phases together; `queue_s`
            before; `peak_mb` the worker's resident memory at its highest meanwhile.
    """

    status: AnswerStatus
    result: Mapping[str, Any] = field(default_factory=dict[str, Any])
    code: str = ""
    message: str = ""
    exception: str = ""
    phase: str = ""
    cost: Cost = NO_COST


def failure(
    call: str, code: str, kind: str, said: str, phase: str = "", cost: Cost = NO_COST
) -> Answer:
    """The answer where a function raised an exception of type `kind` that says `said`."""
    exception = f"{kind}: {said}" if said else kind
    if code == "task.faulty":
        message = said
    elif code == "verifier.unloadable":
        message = f"A worker could not load '{call}' ({exception})."
    else:
        message = f"The verifier failed with {kind}; nothing was decided."
    return Answer(
        status="failed", code=code, message=message, exception=exception, phase=phase, cost=cost
    )
