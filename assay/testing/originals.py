"""Two small environments that keep the contract: what the mutants are mutants of.

`PaperEnv` is a one-turn task; `CorridorEnv` a world that moves by itself, with both reward-free
levels. They use nothing but core, so that a failure here is the suite's or the core's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gymnasium.spaces import Discrete

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.config import TaskConfig
from assay.core.env import Solution, TaskEnv
from assay.core.problems import Question
from assay.core.spaces import Unicode
from assay.core.streams import Streams
from assay.core.types import ActionStatus, Limits, Problem, Verdict

LEFT, RIGHT, WAIT = 0, 1, 2
CELLS, FARTHEST = 60, 12
_LIMITS = Limits()


@dataclass(frozen=True)
class SameNumber:
    """Passes a text that is the reference in decimal digits, or within `tolerance` of it."""

    tolerance: int = 0
    name: str = "same_number"
    version: str = "0"
    deterministic: bool = True
    limits: Limits = _LIMITS

    def verify(self, outcome: object, task: Any) -> Verdict:
        """The verdict about a reply."""
        if not isinstance(outcome, str) or not outcome.strip():
            return Verdict.reject("paper.none", "Nothing was written.", status="no_answer")
        text = outcome.strip()
        if not (text.isascii() and text.isdigit() and len(text) < 20):
            return Verdict.reject("paper.other", "This is no number.", status="unparsable")
        if abs(int(text) - task.reference) <= self.tolerance:
            return Verdict.accept("paper.same", "The same number.", extracted=text)
        return Verdict.reject("paper.different", "Another number.", extracted=text)


class PaperEnv(AnswerEnv):
    """Add two numbers of five digits."""

    Config = AnswerConfig

    @staticmethod
    def question(rng: Any, config: Any) -> Question:
        """Two numbers."""
        a, b = rng.integers(20_000, 99_999), rng.integers(20_000, 99_999)
        return Question(f"{a} plus {b}", (a, b))

    @staticmethod
    def answer(question: Question) -> int:
        """Their sum."""
        return sum(question.data)

    def make_verifier(self) -> Any:
        """Exact equality."""
        return SameNumber()


def paper_solution(env: PaperEnv) -> Solution:
    """Gold."""
    yield str(env.answer(env.world.question))


def paper_counterfeits(env: PaperEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses."""
    total = env.answer(env.world.question)
    yield "one more", [str(total + 1)]
    yield "one less", [str(total - 1)]
    yield "a digit more", [f"{total}0"]
    yield "one of the two", [str(env.world.question.data[0])]
    yield "two answers", [f"{total} {total + 1}"]
    yield "the sum unevaluated", [" + ".join(map(str, env.world.question.data))]


@dataclass(frozen=True, kw_only=True)
class CorridorConfig(TaskConfig):
    """Options of the corridor."""

    max_steps: int = 30  # time limit in steps
    farthest: int = FARTHEST  # largest distance of the goal, from 6


@dataclass
class Corridor:
    """The world: where you are, where the cat is, and the time."""

    position: int
    cat: int
    clock: int = 0


class CorridorEnv(TaskEnv[str, int]):
    """Walk to a cell of a corridor in which a cat strolls and a clock ticks."""

    Config = CorridorConfig

    def spaces(self) -> tuple[Any, Any]:
        """Text in; left, right or wait out."""
        return Unicode(200), Discrete(3)

    def make_verifier(self) -> Any:
        """Stands at the goal."""
        return AtGoal()

    def draw_world(self, rng: Streams) -> Any:
        """Places for you and the cat."""
        cells = rng.init.integers(15, CELLS - 15, size=2)
        return Corridor(int(cells[0]), int(cells[1]))

    def draw_task(self, rng: Streams) -> Problem:
        """A cell some way off, on either side."""
        distance = int(rng.task.integers(6, self.config.farthest + 1))
        goal = self.world.position + distance * int(rng.task.choice([-1, 1]))
        return Problem(prompt=f"Go to cell {goal}.", params={"goal": goal})

    def observe(self) -> str:
        """What is to be seen, and the goal if there is one."""
        world = self.world
        told = self.problem.prompt if self.problem else ""
        return (
            f"Cell {world.position}. The cat is at {world.cat}, the clock at {world.clock}. {told}"
        )

    def apply(self, action: int) -> ActionStatus:
        """Move, or wait."""
        if action == WAIT:
            self.idle()
            return "noop"
        self.world.position += 1 if action == RIGHT else -1
        self.idle()
        return "ok"

    def idle(self) -> None:
        """The cat strolls, the clock ticks."""
        self.world.cat += int(self.rng.dynamics.integers(-1, 2))
        self.world.clock += 1

    def outcome(self) -> object:
        """Where you stand."""
        return self.world.position

    def settled(self) -> bool:
        """At the goal."""
        return self.judge_now().passed

    def facts(self) -> dict[str, Any]:
        """The time."""
        return {"clock": self.world.clock}


@dataclass(frozen=True)
class AtGoal:
    """Passes the position that is the goal."""

    name: str = "at_goal"
    version: str = "0"
    deterministic: bool = True
    limits: Limits = _LIMITS

    def verify(self, outcome: object, task: Any) -> Verdict:
        """The verdict about a position."""
        if outcome == task.params["goal"]:
            return Verdict.accept("corridor.there", "At the goal.")
        return Verdict.reject("corridor.elsewhere", "Not at the goal.")


def corridor_solution(env: CorridorEnv) -> Solution:
    """Gold: straight there."""
    assert env.problem is not None
    while True:
        yield RIGHT if env.problem.params["goal"] > env.world.position else LEFT


def corridor_counterfeits(env: CorridorEnv) -> Iterator[tuple[str, list[int]]]:
    """Walks that end elsewhere."""
    assert env.problem is not None
    steps = env.problem.params["goal"] - env.world.position
    there, back = (RIGHT, LEFT) if steps > 0 else (LEFT, RIGHT)
    yield "one step short", [there] * (abs(steps) - 1)
    yield "the other way", [back] * abs(steps)
    yield "half way and back", [there, back] * 3
    yield "waiting", [WAIT] * 30
    yield "turned round at the last step", [there] * (abs(steps) - 1) + [back]
