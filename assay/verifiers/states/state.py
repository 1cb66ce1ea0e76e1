"""Judged on the world itself: a snapshot before the episode and one after its last action."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from assay.core.errors import TaskError
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name
from assay.verifiers.states.changes import Change, changes_from, differences, unexpected
from assay.verifiers.states.predicates import Predicate, State, field_at, from_data, same, to_data


class Snapshots(NamedTuple):
    """The outcome of an episode: the world as it was, and as it is. Taken by the environment."""

    initial: State
    final: State


@dataclass(frozen=True, kw_only=True)
class StateVerifier(BaseVerifier):
    """Whether the world is as the task wants it, and nothing else was touched.

    The goal is `predicate`, or `params["predicate"]` of the problem, as an object or as data. The
    outcome is a `Snapshots`; what an agent says is never read.

    Attributes:
        predicate: must hold at the end, and must not at the start.
        unchanged: "rest": the differences between the two snapshots are exactly `changes` (or
            `params["changes"]`). A tuple of paths: only these must be as they were. None: whatever
            else happened does not count, for worlds where everything moves.
        changes: the differences that are wanted, under "rest".
        volatile: paths that never count, such as `orders.*.created_at`.

    Example:
        >>> from assay.verifiers.states import Change, Exists
        >>> before = {"orders": [], "mail": []}
        >>> order = {"item": "tea", "n": 2}
        >>> buys_tea = StateVerifier(
        ...     predicate=Exists("orders", order), changes=(Change("added", "orders", order),)
        ... )
        >>> buys_tea.verify(Snapshots(before, {"orders": [order], "mail": []})).passed
        True
        >>> buys_tea.verify(Snapshots(before, {"orders": [order, order], "mail": []})).code
        'state.collateral'
    """

    name = "state"
    version = "1.0"
    claim = "state"
    outcome_kind = "state"

    predicate: Predicate | None = None
    unchanged: tuple[str, ...] | Literal["rest"] | None = "rest"
    changes: tuple[Change, ...] = ()
    volatile: tuple[str, ...] = ()
    limits: Limits = DEFAULT_LIMITS

    def judge(self, outcome: object, task: object) -> Verdict:
        """The predicate first, then the differences."""
        predicate, changes = self._goal(task)
        pair = snapshots(outcome)
        if isinstance(pair, Verdict):
            return pair
        if predicate.holds(pair.initial):
            raise TaskError("The goal holds before the first action: doing nothing would pass.")
        if not predicate.holds(pair.final):
            return Verdict.reject(
                "state.not_reached", "The world is not as the task wants it.", method="predicate"
            )
        extra, missing = self._collateral(pair, changes)
        if extra or missing:
            told = [f"unwanted: {line}" for line in extra] + [
                f"missing: {line}" for line in missing
            ]
            return Verdict.reject(
                "state.collateral",
                "The goal is reached, and something else is not as it should be: "
                f"{'; '.join(told[:3])}.",
                method="diff",
                details={"unwanted": extra[:20], "missing": missing[:20]},
            )
        return Verdict.accept(
            "state.reached", "The world is as the task wants it.", method="predicate",
            certainty="exact",
        )  # fmt: skip

    def _goal(self, task: object) -> tuple[Predicate, tuple[Change, ...]]:
        params: Mapping[str, Any] = task.params if isinstance(task, Problem) else {}
        predicate = self.predicate
        if predicate is None and "predicate" in params:
            predicate = from_data(params["predicate"])
        if predicate is None and isinstance(task, Predicate | Mapping):
            predicate = from_data(cast("Any", task))
        if predicate is None:
            raise TaskError("No goal: give the verifier a predicate, or the problem params.")
        return predicate, self.changes or changes_from(params.get("changes", ()))

    def _collateral(
        self, pair: Snapshots, changes: tuple[Change, ...]
    ) -> tuple[list[str], list[str]]:
        if self.unchanged is None:
            return [], []
        if self.unchanged == "rest":
            return unexpected(differences(*pair, self.volatile), changes)
        kept = {path: field_at(pair.initial, path) for path in self.unchanged}
        now = {path: field_at(pair.final, path) for path in self.unchanged}
        return [f"changed {p}" for p in self.unchanged if not same(kept[p], now[p])], []

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """A goal that the initial state meets already, where the problem carries that state."""
        predicate, _ = self._goal(task)
        to_data(predicate)
        initial = task.params.get("initial") if isinstance(task, Problem) else None
        if isinstance(initial, Mapping) and predicate.holds(cast("State", initial)):
            message = "The initial state meets the goal: doing nothing would pass."
            return [TaskProblem(code="task.null_accepted", message=message)]
        return []


def snapshots(outcome: object) -> Snapshots | Verdict:
    """The two snapshots of an outcome, or the verdict about what is none."""
    if isinstance(outcome, tuple) and len(cast("tuple[Any, ...]", outcome)) == 2:
        first, last = cast("tuple[Any, Any]", outcome)
        if isinstance(first, Mapping) and isinstance(last, Mapping):
            return Snapshots(cast("State", first), cast("State", last))
    kind = type_name(cast("object", outcome))
    return Verdict.reject(
        "outcome.not_state",
        f"The outcome is of type {kind}; two snapshots were expected.",
        status="unparsable",
    )
