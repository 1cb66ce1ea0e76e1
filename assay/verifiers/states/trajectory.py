"""Judged on every state of an episode: reached, held, within a budget, never violated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from assay.core.errors import TaskError, bad_value
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name
from assay.verifiers.states.predicates import Predicate, State, from_data


@dataclass(frozen=True, kw_only=True)
class TrajectoryVerifier(BaseVerifier):
    """Whether a goal was reached and held in time, and nothing forbidden happened before.

    The outcome is a list of states, the first as `reset` left it, then one after each action. A
    predicate that is not set is taken from `params["reach"]` or `params["never"]` of the problem.

    Attributes:
        reach: must hold.
        hold: of that many states in a row, each after an action.
        budget: actions within which this must have happened; None: no bound.
        never: must hold of no state up to then, nor, with `to_the_end`, of any later one.
        to_the_end: the goal must still hold in the last state.

    Example:
        >>> from assay.verifiers.states import Is
        >>> balanced = TrajectoryVerifier(reach=Is("height", "more than", 0.9), hold=2, budget=9)
        >>> balanced.verify([{"height": h} for h in (0.1, 0.95, 0.97, 0.2)]).passed
        True
    """

    name = "trajectory"
    version = "1.0"
    claim = "state"
    outcome_kind = "state"

    reach: Predicate | None = None
    hold: int = 1
    budget: int | None = None
    never: Predicate | None = None
    to_the_end: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse bounds that nothing can meet."""
        if self.hold < 1:
            raise bad_value("hold", self.hold, "an integer of at least 1")
        if self.budget is not None and self.budget < self.hold:
            raise bad_value("budget", self.budget, f"None or at least hold={self.hold}")

    def judge(self, outcome: object, task: object) -> Verdict:
        """Find the first time that the goal was held; look at what came before."""
        reach, never = self._goal(task)
        states = _states(outcome)
        if isinstance(states, Verdict):
            return states
        if reach.holds(states[0]):
            raise TaskError("The goal holds before the first action: doing nothing would pass.")
        done = self._first_held(reach, states)
        last = len(states) - 1 if done is None or self.to_the_end else done
        if never is not None:
            broken = next((t for t in range(last + 1) if never.holds(states[t])), None)
            if broken == 0:
                raise TaskError("What must never hold does so before the first action.")
            if broken is not None:
                return Verdict.reject(
                    "trajectory.violated",
                    f"What must never happen did, after action {broken}.",
                    details={"action": broken},
                )
        if done is None:
            return self._not_reached(reach, states)
        if self.budget is not None and done > self.budget:
            return Verdict.reject(
                "trajectory.late",
                f"The goal was held after {done} actions; {self.budget} were allowed.",
                details={"action": done},
            )
        if self.to_the_end and not reach.holds(states[-1]):
            return Verdict.reject("trajectory.lost", "The goal was reached, and lost again.")
        return Verdict.accept(
            "trajectory.held", f"The goal was held after {done} actions.", details={"action": done}
        )

    def _goal(self, task: object) -> tuple[Predicate, Predicate | None]:
        params: Mapping[str, Any] = task.params if isinstance(task, Problem) else {}
        found: dict[str, Predicate | None] = {"reach": self.reach, "never": self.never}
        for name, value in found.items():
            if value is None and params.get(name) is not None:
                found[name] = from_data(params[name])
        reach = found["reach"]
        if reach is None:
            raise TaskError("No goal: give the verifier reach=…, or the problem params['reach'].")
        return reach, found["never"]

    def _first_held(self, reach: Predicate, states: Sequence[State]) -> int | None:
        """The action after which the goal had been held long enough."""
        run = 0
        for t in range(1, len(states)):
            run = run + 1 if reach.holds(states[t]) else 0
            if run == self.hold:
                return t
        return None

    def _not_reached(self, reach: Predicate, states: Sequence[State]) -> Verdict:
        touched = any(reach.holds(state) for state in states)
        code = "trajectory.not_held" if touched else "trajectory.not_reached"
        what = f"held for {self.hold} states in a row" if touched else "reached"
        return Verdict.reject(code, f"The goal was never {what}.")


def _states(outcome: object) -> Sequence[State] | Verdict:
    if isinstance(outcome, list | tuple) and outcome:
        states = cast("Sequence[Any]", outcome)
        if all(isinstance(state, Mapping) for state in states):
            return cast("Sequence[State]", states)
    kind = type_name(cast("object", outcome))
    return Verdict.reject(
        "outcome.not_states",
        f"The outcome is of type {kind}; a list of states was expected.",
        status="unparsable",
    )
