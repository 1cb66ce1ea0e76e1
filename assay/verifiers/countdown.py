"""Countdown and the 24 game: an expression over given numbers that reaches a target.

The grammar is `verifiers.md` §9, complete: integers without sign or leading zero, binary + - * /,
unary minus, parentheses, spaces. Exact rationals throughout; nothing is ever executed.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, cast

from assay.core.errors import OptionError, TaskError, bad_value, shorten
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.expressions import OPERATORS, Read, read_expression, worked_out
from assay.verifiers.extraction import boxed_or_text
from assay.verifiers.numeric import exact, no_answer, refusal_verdict
from assay.verifiers.rational import write
from assay.verifiers.tasks import solution_text

Use = Literal["all_once", "subset"]
Goal = tuple[Sequence[int], Fraction | int]  # the numbers that are given, and the target
_ALPHABET = "0123456789+-*/() "
_FLAT_NUMBERS = 6  # so many without parentheses are read by one pattern
_QUICK_CHARS = 60  # an expression this short keeps all limits on its parts
_NO_PARAMS: Mapping[str, Any] = {}
_SEARCHED_NUMBERS = 4  # for more, whether a goal can be reached is the author's proof


@dataclass(frozen=True)
class CountdownVerifier(BaseVerifier):
    """Whether an expression uses the given numbers and has the target as its exact value.

    Attributes:
        numbers, target: the task; None: from its `params`.
        use: "all_once": the literals are exactly the numbers; "subset": some of them.
        operators: the binary operators that are allowed. Unary minus is part of the grammar.

    Example:
        >>> CountdownVerifier([4, 7, 8, 8], 24).verify("(7-8/8)*4", None).passed
        True
    """

    name = "countdown"
    version = "1.0"
    claim = "countdown"
    reads_boxes = True

    numbers: Sequence[int] | None = None
    target: int | Fraction | None = None
    use: Use = field(default="all_once", kw_only=True)
    operators: str = field(default=OPERATORS, kw_only=True)
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse goals and operators outside the grammar."""
        if self.use not in ("all_once", "subset"):
            raise bad_value("use", self.use, "'all_once' or 'subset'")
        if not self.operators or not set(self.operators) <= set(OPERATORS):
            raise bad_value("operators", self.operators, f"some of {OPERATORS}")
        try:
            if self.numbers is not None:
                object.__setattr__(self, "numbers", tuple(_numbers(self.numbers)))
            if self.target is not None:
                exact(self.target)
        except TaskError as error:
            raise OptionError(str(error)) from error

    def goal(self, task: object) -> Goal:
        """What this task gives and wants.

        Raises:
            TaskError: the task does not say, or says it wrongly.
        """
        numbers, target = self.numbers, self.target
        if numbers is None or target is None:
            params = task.params if isinstance(task, Problem) else _NO_PARAMS
            numbers = params.get("numbers") if numbers is None else numbers
            target = params.get("target") if target is None else target
            if numbers is None or target is None:
                raise TaskError("The task has no numbers or no target: give them in its params.")
        return _numbers(numbers), target if type(target) is int else exact(target)

    def judge(self, outcome: object, task: object) -> Verdict:
        """Parse, check the numbers, evaluate."""
        goal = self.goal(task)
        if type(outcome) is str and len(outcome) <= self._quick_chars:
            flat = self._flat(outcome)
            read = worked_out(flat.groups()) if flat else self._read_short(outcome)
            if read is not None:
                body = outcome.strip()
                start = 0 if len(body) == len(outcome) else outcome.index(body)
                return self._verdict(goal, read, str(read[0]), body, (start, start + len(body)), {})
        return self.judge_at_length(outcome, goal)

    @cached_property
    def _quick_chars(self) -> int:
        return min(_QUICK_CHARS, self.limits.answer_chars, self.limits.response_chars)

    def _read_short(self, text: str) -> Read | None:
        """A short reply that is nothing but an expression; None where it needs a closer look."""
        if text.strip(_ALPHABET):  # no tag, box or reasoning is made of these characters alone
            return None
        try:
            return read_expression(text, self.operators)
        except Refused:
            return None

    @cached_property
    def _flat(self) -> Callable[[str], re.Match[str] | None]:
        """Matches a few numbers with operators between them; its groups are these in turn."""
        number, pattern = " *+(0|[1-9][0-9]*+) *+", ""
        for _ in range(_FLAT_NUMBERS - 1):
            pattern = f"(?:([{re.escape(self.operators)}]){number}{pattern})?+"
        return re.compile(number + pattern).fullmatch

    def judge_at_length(self, outcome: object, goal: Goal) -> Verdict:
        """The same verdict without the short cut for short expressions (tests compare the two)."""
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = boxed_or_text(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, "countdown")
        if not found.text:
            return Verdict.reject("countdown.none", "The response is empty.", status="no_answer")
        span = (found.start + start, found.end + start)
        try:
            read = read_expression(found.text, self.operators)
        except Refused as refusal:
            return refusal_verdict(refusal, found, span, details)
        return self._verdict(goal, read, write(read[0]), found.text, span, details)

    def _verdict(
        self,
        goal: Goal,
        read: Read,
        shown: str,
        text: str,
        span: tuple[int, int],
        details: dict[str, Any],
    ) -> Verdict:
        numbers, target = goal
        value, literals = read
        passed = value == target
        if self.use == "all_once" and sorted(literals) != sorted(numbers):
            passed, code = False, "countdown.numbers"
            reason = "The numbers used are not exactly the given ones."
        elif self.use == "subset" and not Counter(literals) <= Counter(numbers):
            passed, code = False, "countdown.numbers"
            reason = "A number is used that is not given, or too often."
        elif passed:
            code = "countdown.reached"
            reason = "The expression reaches the target with the given numbers."
        else:
            code, reason = "countdown.value", f"The value is {shown[:80]}, not the target."
        return Verdict.decided(
            passed,
            code,
            reason,
            extracted=text,
            span=span,
            canonical=shown,
            expected_canonical=shown if passed else write(target),
            method="rational",
            certainty="exact",
            verifier=self.label,
            details=details,
        )

    def gold_text(self, task: Any) -> str | None:
        """The task's own solution where its reference is one."""
        return solution_text(task)

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """A goal that cannot be reached (searched for up to four numbers)."""
        numbers, target = self.goal(task)
        if len(numbers) > _SEARCHED_NUMBERS or self.gold_text(task) is not None:
            return []
        if target in reachable(numbers, self.operators, self.use):
            return []
        return [TaskProblem(code="task.impossible", message="No expression reaches the target.")]


def _numbers(given: Any) -> Sequence[int]:
    if type(given) in (tuple, list) and given:
        for number in given:
            if type(number) is not int or number < 0:
                break
        else:  # plain, as nearly always
            return given
    if isinstance(given, str | bytes) or not isinstance(given, Sequence):
        raise TaskError(f"numbers={shorten(cast(object, given))} is not a list of whole numbers.")
    values = tuple(exact(number) for number in cast(Sequence[Any], given))
    if not values or any(value.denominator != 1 or value < 0 for value in values):
        raise TaskError(
            f"numbers={shorten(cast(object, given))} is not a list of whole numbers from 0."
        )
    return tuple(value.numerator for value in values)


def reachable(numbers: Sequence[int], operators: str, use: Use) -> set[Fraction]:
    """Every value of an expression over the numbers; meant for five numbers at most."""
    full = (1 << len(numbers)) - 1
    values: dict[int, set[Fraction]] = {1 << i: {Fraction(n)} for i, n in enumerate(numbers)}
    for mask in range(1, full + 1):
        if mask in values:
            continue
        made: set[Fraction] = set()
        part = (mask - 1) & mask
        while part:
            for left in values[part]:
                for right in values[mask ^ part]:
                    made |= _combined(left, right, operators)
            part = (part - 1) & mask
        values[mask] = made
    if use == "all_once":
        return values[full] | {-value for value in values[full]}
    reached = set[Fraction]().union(*values.values())
    return reached | {-value for value in reached}


def _combined(left: Fraction, right: Fraction, operators: str) -> set[Fraction]:
    made: set[Fraction] = set()
    if "+" in operators:
        made.add(left + right)
    if "-" in operators:
        made.add(left - right)
    if "*" in operators:
        made.add(left * right)
    if "/" in operators and right != 0:
        made.add(left / right)
    return made
