"""What all puzzle verifiers share: where the answer stands, and how a ruling becomes a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar, Generic, NamedTuple, TypeVar

from assay.core.errors import OptionError, TaskError
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused, has_invisible
from assay.verifiers.documents import unfenced
from assay.verifiers.extraction import boxed_or_text
from assay.verifiers.numeric import no_answer, refusal_verdict
from assay.verifiers.tasks import solution_text

Listed = list[Any] | tuple[Any, ...]
Goal = TypeVar("Goal")


class Ruling(NamedTuple):
    """What a puzzle says of a certificate that it could read.

    Attributes:
        fault: the code's second word where a rule is broken; empty: accepted.
        reason: one sentence.
        canonical: the certificate as it was understood.
        expected: the optimum or bound that it was held to, where there is one.
    """

    fault: str
    reason: str
    canonical: str = ""
    expected: str = ""


@dataclass(frozen=True)
class PuzzleVerifier(BaseVerifier, Generic[Goal]):
    r"""Whether an answer is a valid certificate for the task.

    The answer stands in the last `\boxed{…}`, else in the last `<answer>` tag, else it is the
    whole response after its reasoning; one Markdown code fence around it does not count. Settings
    that the constructor leaves out come from the task's `params` under the same names.

    Subclasses give `needs` (and `either`), without which there is no task; `read_goal`, which
    checks the task; and `rule`, which may raise `Refused`.
    """

    version = "1.0"
    reads_boxes = True
    needs: ClassVar[tuple[str, ...]] = ()
    either: ClassVar[tuple[str, ...]] = ()  # of these, one is needed
    fenced: ClassVar[bool] = True
    says_none: ClassVar[bool] = False  # that there is no solution is an answer of its own

    unique: bool | None = field(default=None, kw_only=True)  # the task promises one solution
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a task that cannot be judged, where the constructor holds one."""
        if not self._complete:
            return
        try:
            _ = self._held
        except TaskError as error:
            raise OptionError(str(error)) from error

    def __getstate__(self) -> dict[str, Any]:
        """The settings alone: what was worked out from them may hold what no pickle can."""
        return {f.name: getattr(self, f.name) for f in fields(self)}

    def read_goal(self, given: dict[str, Any]) -> Goal:
        """The checked task of these settings.

        Raises:
            TaskError: it is faulty.
        """
        raise NotImplementedError

    def rule(self, goal: Goal, text: str) -> Ruling:
        """The ruling about a certificate as written; may raise `Refused`."""
        raise NotImplementedError

    def count_solutions(self, goal: Goal) -> int | None:
        """How many solutions there are: 0, 1, 2 for several, or None where that is not known."""
        return None

    def goal_of(self, task: object) -> Goal:
        """The checked task: the constructor's settings first, then those of `params`.

        Raises:
            TaskError: it is incomplete or faulty.
        """
        params: Mapping[str, Any] = task.params if isinstance(task, Problem) else {}
        if self._complete and not any(name in params for name in self._open):
            return self._held
        given: dict[str, Any] = {
            f.name: getattr(self, f.name)
            if getattr(self, f.name) is not None
            else params.get(f.name)
            for f in fields(self)
            if f.name != "limits"
        }
        missing = [name for name in self.needs if given[name] is None]
        if self.either and all(given[name] is None for name in self.either):
            missing += self.either
        if missing:
            raise TaskError(
                f"The task has no {' and no '.join(missing)}: give it to {type(self).__name__} or "
                "in the task's params."
            )
        return self._remembered(task, given)

    def _remembered(self, task: object, given: dict[str, Any]) -> Goal:
        """The goal of one task is read once for all the answers that are given to it in a row."""
        last: tuple[object, Goal] | None = self.__dict__.get("_last")
        if last is not None and last[0] is task:
            return last[1]
        goal = self.read_goal(given)
        object.__setattr__(self, "_last", (task, goal))
        return goal

    @cached_property
    def _complete(self) -> bool:
        given = {f.name for f in fields(self) if getattr(self, f.name) is not None}
        return given.issuperset(self.needs) and not (self.either and given.isdisjoint(self.either))

    @cached_property
    def _open(self) -> tuple[str, ...]:
        names = [f.name for f in fields(self) if getattr(self, f.name) is None]
        return tuple(name for name in names if name != "unique")

    @cached_property
    def _held(self) -> Goal:
        return self.read_goal({f.name: getattr(self, f.name) for f in fields(self)})

    def judge(self, outcome: object, task: object) -> Verdict:
        """Read the task, find the answer, rule."""
        goal = self.goal_of(task)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = boxed_or_text(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, self.name)
        span = (found.start + start, found.end + start)
        body = unfenced(found.text) if self.fenced else found.text.strip()
        try:
            if not body:
                raise Refused("The answer is empty.", "no_answer")
            if has_invisible(body):
                raise Refused("The answer holds characters that cannot be seen.")
            ruling = self.rule(goal, body)
        except Refused as refusal:
            if not refusal.code.startswith(("limit.", self.name)):
                refusal.code = f"{self.name}.{refusal.status}"  # a grammar that several share
            return refusal_verdict(refusal, found, span, details)
        return Verdict.decided(
            not ruling.fault,
            f"{self.name}.{ruling.fault or 'holds'}",
            ruling.reason,
            extracted=found.text,
            span=span,
            canonical=ruling.canonical or None,
            expected_canonical=ruling.expected or None,
            method="certificate",
            certainty="exact",
            verifier=self.label,
            details=details,
        )

    def gold_text(self, task: Any) -> str | None:
        """The task's own solution, where its reference is one."""
        return solution_text(task)

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """A task without a solution, or with several where it promises one."""
        goal = self.goal_of(task)
        count = self.count_solutions(goal)
        if count == 0 and self.says_none:
            return []
        if count == 0:
            return [TaskProblem(code="task.impossible", message="The task has no solution.")]
        promised = self.unique if self.unique is not None else _promised(task)
        if not promised or count == 1:
            return []
        if count is None:
            message = "That the solution is the only one is promised and could not be checked."
            return [TaskProblem(code="task.unchecked", message=message)]
        message = "The task promises one solution and has several."
        return [TaskProblem(code="task.not_unique", message=message)]


def _promised(task: object) -> bool:
    return isinstance(task, Problem) and task.params.get("unique") is True
