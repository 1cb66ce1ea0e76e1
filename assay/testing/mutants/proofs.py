"""Faults of proof and of what is done with junk."""

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from assay.core.env import Solution
from assay.core.problems import Question
from assay.core.types import Verdict
from assay.testing.mutants.table import mutant
from assay.testing.originals import (
    LEFT,
    RIGHT,
    WAIT,
    CorridorEnv,
    PaperEnv,
    SameNumber,
    corridor_solution,
    paper_counterfeits,
)

# ---------------------------------------------------------------------- proof


@mutant("gold_passes", solution=f"{__name__}:weary")
class GoldFails(CorridorEnv):
    """Gold gives up before far goals."""


def weary(env: CorridorEnv) -> Solution:
    """Twelve steps are too many."""
    yield from (action for _, action in zip(range(11), corridor_solution(env), strict=False))


@mutant("counterfeits_fail")
class CounterfeitPasses(PaperEnv):
    """One off is near enough for its verifier."""

    def make_verifier(self) -> Any:
        return SameNumber(tolerance=1)


@mutant("counterfeits_fail", counterfeits=f"{__name__}:few")
class FewCounterfeits(PaperEnv):
    """Two kinds of near misses."""


def few(env: PaperEnv) -> Iterator[tuple[str, list[str]]]:
    """The first two."""
    yield from list(paper_counterfeits(env))[:2]


@mutant("counterfeits_fail", counterfeits=f"{__name__}:clumsy")
class ClumsyCounterfeits(PaperEnv):
    """Counterfeits that are refused for their form alone."""


def clumsy(env: PaperEnv) -> Iterator[tuple[str, list[str]]]:
    """Words."""
    for word in ("one", "two", "three", "four", "five", "six"):
        yield word, [word]


@mutant("null_outcomes_fail")
class EmptyPasses(PaperEnv):
    """An empty reply is taken for a right one."""

    def make_verifier(self) -> Any:
        return _Lenient()


class _Lenient(SameNumber):
    def verify(self, outcome: object, task: Any) -> Verdict:
        if outcome == "":
            return Verdict.accept("paper.nothing", "Nothing is wrong here.")
        return super().verify(outcome, task)


@mutant("null_outcomes_fail")
class AlreadyThere(CorridorEnv):
    """Some goals are reached before the first step."""

    def draw_task(self, rng: Any) -> Any:
        problem = super().draw_task(rng)
        here = self.world.position
        return problem if here % 2 else replace(problem, params={"goal": here})


@mutant("attacks_fail")
class SeenAnywhere(PaperEnv):
    """The reference in some sentence of the reply is enough for its verifier."""

    def make_verifier(self) -> Any:
        return _Searching()


class _Searching(SameNumber):
    def verify(self, outcome: object, task: Any) -> Verdict:
        if type(outcome) is str and f"is {task.reference}." in outcome:
            return Verdict.accept("paper.seen", "It stands there.")
        return super().verify(outcome, task)


@mutant("guess_rate")
class Guessable(PaperEnv):
    """Half of all sums are the same."""

    @staticmethod
    def question(rng: Any, config: Any) -> Question:
        a, b = rng.integers(20_000, 30_000), rng.integers(20_000, 30_000)
        b = 55_555 - a if rng.integers(0, 2) else b
        return Question(f"{a} plus {b}", (a, b))


# ---------------------------------------------------------------------- junk


@mutant("hostile_actions")
class RaisesOnJunk(PaperEnv):
    """Reads a number without asking whether it is one."""

    def apply(self, action: str) -> Any:
        int(action)
        return super().apply(action)


@mutant("hostile_actions")
class VerifierRaisesOnJunk(PaperEnv):
    """Its verifier does."""

    def make_verifier(self) -> Any:
        return _Hasty()


class _Hasty(SameNumber):
    def verify(self, outcome: Any, task: Any) -> Verdict:
        return super().verify(str(int(outcome)), task)


@mutant("hostile_actions")
class JunkPasses(CorridorEnv):
    """What is no action counts as arriving."""

    def idle(self) -> None:
        super().idle()
        if self.problem is not None and self.n_steps == 0 and self.world.clock == 1:
            self.world.position = self.problem.params["goal"]

    def apply(self, action: int) -> Any:
        self.world.position += {LEFT: -1, RIGHT: 1, WAIT: 0}[action]
        return "ok"


@mutant("junk_is_no_pause")
class JunkPauses(CorridorEnv):
    """The clock and the cat move with legal actions only."""

    def apply(self, action: int) -> Any:
        self.world.position += {LEFT: -1, RIGHT: 1, WAIT: 0}[action]
        super().idle()
        return "noop" if action == WAIT else "ok"

    def idle(self) -> None:
        return None


@mutant("junk_is_no_pause")
class UnparsablePauses(CorridorEnv):
    """It reads actions itself, and forgets the world's motion for those it cannot read."""

    def admit(self, action: Any) -> tuple[bool, Any]:
        return True, action

    def apply(self, action: Any) -> Any:
        if type(action) is not int or not 0 <= action < 3:
            return "unparsable"
        return super().apply(action)


@mutant("junk_is_no_pause")
class JunkMoves(CorridorEnv):
    """What is no action is replaced by one."""

    def admit(self, action: Any) -> tuple[bool, Any]:
        return True, action

    def apply(self, action: Any) -> Any:
        if type(action) is not int or not 0 <= action < 3:
            super().apply(RIGHT)
            return "illegal"
        return super().apply(action)
