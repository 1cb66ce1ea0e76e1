"""A verifier of final states: whether a world's fields are what the goal asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assay.core.errors import TaskError
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers import BaseVerifier


@dataclass(frozen=True)
class GoalVerifier(BaseVerifier):
    """Whether a state meets every part of the goal in `problem.params["goal"]`.

    The outcome is a mapping of plain values that the environment takes from its world; what a
    policy says is never looked at. A goal maps names of fields to wanted values; a field that is a
    tuple meets its part when it contains the value, any other field when it equals it.

    Example:
        >>> task = Problem(prompt="Take the ball.", params={"goal": {"carries": "blue ball"}})
        >>> GoalVerifier().verify({"on": "", "carries": ("blue ball", "red key")}, task).passed
        True
    """

    name = "goal"
    version = "1"
    limits: Limits = Limits()  # noqa: RUF009 - frozen, so one instance serves all

    def judge(self, outcome: object, task: object) -> Verdict:
        goal = task.params.get("goal") if isinstance(task, Problem) else task
        if not isinstance(goal, Mapping) or not goal:
            raise TaskError("The task has no goal: give params={'goal': {field: wanted value}}.")
        if not isinstance(outcome, Mapping):
            return Verdict.reject(
                "goal.no_state", "There is no state to judge.", status="no_answer"
            )
        unmet = [str(field) for field, wanted in goal.items() if not _meets(outcome, field, wanted)]
        if unmet:
            reason = f"Not as wanted: {', '.join(unmet)}."
            return Verdict.reject("goal.unmet", reason, details={"unmet": unmet})
        return Verdict.accept("goal.met", "Every part of the goal is met.", certainty="exact")


def _meets(state: Mapping[Any, Any], field: Any, wanted: object) -> bool:
    if field not in state:
        return False
    value = state[field]
    return wanted in value if isinstance(value, tuple) else bool(value == wanted)
