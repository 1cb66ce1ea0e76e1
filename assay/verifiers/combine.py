"""Verdicts out of verdicts: All, Any, AtLeast, Not, Gate (`verifiers.md` §14).

An error of one child never becomes a success or a failure by itself: it decides nothing, and where
the others do not decide without it, the whole is an error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any as AnyValue

from assay.core.errors import OptionError, bad_value, shorten
from assay.core.types import Limits, Verdict, Verifier
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier
from assay.verifiers.workers.pending import Pending, added
from assay.verifiers.workers.requests import Answer

Steps = Generator[Pending, Answer, Verdict]


@dataclass(frozen=True, init=False)
class _Combination(BaseVerifier):
    """Children in the order in which they are asked: put cheap ones first."""

    version = "1.0"

    verifiers: tuple[Verifier, ...]
    limits: Limits = DEFAULT_LIMITS

    def __init__(self, *verifiers: Verifier) -> None:
        """Take the children."""
        if not verifiers:
            raise OptionError(f"{type(self).__name__} needs at least one verifier.")
        for child in verifiers:
            if not callable(getattr(child, "verify", None)):
                raise bad_value("verifiers", child, "objects with a verify method")
        object.__setattr__(self, "verifiers", verifiers)

    @cached_property
    def deterministic(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether every child is."""
        return all(child.deterministic for child in self.verifiers)

    @cached_property
    def reads_boxes(self) -> bool:  # pyright: ignore[reportIncompatibleVariableOverride]
        """Whether every child finds an answer in a box."""
        return all(getattr(child, "reads_boxes", False) for child in self.verifiers)

    def gold_text(self, task: AnyValue) -> str | None:
        """The first child's idea of the gold."""
        for child in self.verifiers:
            ask = getattr(child, "gold_text", None)
            gold = ask(task) if ask is not None else None
            if gold is not None:
                return gold
        return None

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Ask the children in turn; where one waits for a worker, the whole does."""
        return _resumed(self.steps(outcome, task), None)

    def steps(self, outcome: object, task: object) -> Steps:
        """What each combination writes: hands out its children's questions, returns a verdict."""
        raise NotImplementedError

    def _whole(
        self, seen: list[Verdict], word: str, reason: str, *, like: Verdict | None = None
    ) -> Verdict:
        """The verdict of the whole: accepted, or rejected or in error like one of its children."""
        skipped = len(self.verifiers) - len(seen)
        details = {"skipped": skipped} if skipped else {}
        code = f"{self.name}.{word}"
        fields: dict[str, AnyValue] = {
            "verifier": self.label,
            "children": tuple(seen),
            "details": details,
            "cost": reduce(added, (verdict.cost for verdict in seen)),
        }
        if like is None:
            return Verdict.accept(code, reason, **fields)
        if like.is_error:
            return Verdict.error(code, reason, status=like.status, **fields)
        return Verdict.reject(code, reason, status=like.status, **fields)


class All(_Combination):
    """Passed iff every child passed; a child that is not makes the whole fail, errors or not."""

    name = "all"

    def steps(self, outcome: object, task: object) -> Steps:
        """Ask until one is decided and not passed."""
        seen: list[Verdict] = []
        for child in self.verifiers:
            verdict = yield from _asked(child, outcome, task)
            seen.append(verdict)
            if not verdict.passed and not verdict.is_error:
                return self._whole(seen, "failed", "A condition does not hold.", like=verdict)
        error = next((verdict for verdict in seen if verdict.is_error), None)
        if error is not None:
            return self._whole(seen, "error", "A condition could not be decided.", like=error)
        return self._whole(seen, "passed", "Every condition holds.")


class AtLeast(_Combination):
    """Passed as soon as k children passed; failed as soon as k is out of reach; else an error.

    With k = 1 it is `Any`, and children that judge the same claim need `alternatives=True`.
    """

    name = "at_least"

    k: int

    def __init__(self, k: int, *verifiers: Verifier, alternatives: bool = False) -> None:
        """Take the number wanted and the children."""
        super().__init__(*verifiers)
        if type(k) is not int or not 1 <= k <= len(verifiers):
            raise bad_value("k", k, f"an integer from 1 to {len(verifiers)}")
        object.__setattr__(self, "k", k)
        if k == 1 and len(verifiers) > 1 and not alternatives:
            _refuse_same_claim(verifiers)

    def steps(self, outcome: object, task: object) -> Steps:
        """Count."""
        seen: list[Verdict] = []
        for child in self.verifiers:
            seen.append((yield from _asked(child, outcome, task)))
            count = Counter("error" if v.is_error else v.passed for v in seen)
            if count[True] >= self.k:
                return self._whole(seen, "passed", "Enough conditions hold.")
            if len(self.verifiers) - count[False] < self.k:
                failed = [v for v in seen if not v.is_error and not v.passed]
                like = next((v for v in failed if v.status != "incorrect"), failed[0])
                return self._whole(seen, "failed", "Too few conditions hold.", like=like)
        error = next(verdict for verdict in seen if verdict.is_error)
        return self._whole(seen, "error", "A condition could not be decided.", like=error)


class Any(AtLeast):
    """Passed iff one child passed; none passed and some error is an error.

    Several verifiers of the same claim add up their false positives; that is refused unless
    `alternatives=True` says that they are alternatives on purpose.
    """

    name = "any"

    def __init__(self, *verifiers: Verifier, alternatives: bool = False) -> None:
        """Take the children."""
        super().__init__(1, *verifiers, alternatives=alternatives)


class Not(_Combination):
    """Passed only if the child's answer was shown to be different (status `incorrect`).

    An answer that is missing, unreadable, ambiguous, too big or unproven does not pass.
    """

    name = "not"

    def __init__(self, verifier: Verifier) -> None:
        """Take the child."""
        super().__init__(verifier)

    def steps(self, outcome: object, task: object) -> Steps:
        """Turn the child's verdict round."""
        verdict = yield from _asked(self.verifiers[0], outcome, task)
        if verdict.status == "incorrect":
            return self._whole([verdict], "passed", "The condition was shown not to hold.")
        if verdict.passed:
            like = Verdict.reject("not.held", "The condition holds.")
            return self._whole([verdict], "failed", "The condition holds.", like=like)
        reason = "The condition was not shown to be false."
        return self._whole(
            [verdict], "error" if verdict.is_error else "failed", reason, like=verdict
        )


class Gate(_Combination):
    """`then` decides, and is asked only if `first` passed: form before content."""

    name = "gate"

    def __init__(self, first: Verifier, then: Verifier) -> None:
        """Take both."""
        super().__init__(first, then)

    def steps(self, outcome: object, task: object) -> Steps:
        """Ask in order."""
        seen: list[Verdict] = []
        for child, what in zip(self.verifiers, ("first", "second"), strict=True):
            verdict = yield from _asked(child, outcome, task)
            seen.append(verdict)
            if not verdict.passed:
                word = "error" if verdict.is_error else f"{what}_failed"
                return self._whole(seen, word, f"The {what} condition does not hold.", like=verdict)
        return self._whole(seen, "passed", "Both conditions hold.")


def _asked(child: Verifier, outcome: object, task: object) -> Steps:
    if not isinstance(child, BaseVerifier) or type(child).verify is not BaseVerifier.verify:
        return child.verify(outcome, task)
    found = child.begin(outcome, task)
    while isinstance(found, Pending):
        found = found.then((yield found))
    return found


def _resumed(steps: Steps, answer: Answer | None) -> Verdict | Pending:
    """Up to the next question, or the verdict."""
    try:
        pending = next(steps) if answer is None else steps.send(answer)
    except StopIteration as stop:
        return stop.value
    return Pending(pending.request, lambda answer: _resumed(steps, answer))


def _refuse_same_claim(verifiers: tuple[Verifier, ...]) -> None:
    claims = Counter(getattr(child, "claim", "") for child in verifiers)
    claims.pop("", None)
    same = [claim for claim, n in claims.items() if n > 1]
    if same:
        raise OptionError(
            f"Any over several verifiers of the same claim ('{shorten(same[0], 40)}') adds up "
            "their false positives: pass alternatives=True if that is meant, or keep one of them."
        )
