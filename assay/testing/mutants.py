"""Environments with one planted fault each: the suite has to flag every one of them.

Each class says its fault in its docstring. `MUTANTS` names, for each, the check that must find it;
`card_of_mutant` makes its card. `CLEAN` are the originals, which no check may flag.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gymnasium.vector import SyncVectorEnv

from assay.core import registry
from assay.core.answer import AnswerConfig
from assay.core.env import Solution
from assay.core.problems import Question
from assay.core.types import EnvCard, Verdict
from assay.testing.originals import (
    LEFT,
    RIGHT,
    WAIT,
    Corridor,
    CorridorEnv,
    PaperEnv,
    SameNumber,
    corridor_solution,
    paper_counterfeits,
)

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

_HERE = "assay.testing.mutants"
_ORIGINALS = "assay.testing.originals"

CLEAN = (
    EnvCard(
        id="clean/Paper-v0",
        entry_point=f"{_ORIGINALS}:PaperEnv",
        family="mutants",
        summary="Add two numbers.",
        solution=f"{_ORIGINALS}:paper_solution",
        counterfeits=f"{_ORIGINALS}:paper_counterfeits",
        variants=({}, {"n_shots": 2}),
    ),
    EnvCard(
        id="clean/Corridor-v0",
        entry_point=f"{_ORIGINALS}:CorridorEnv",
        family="mutants",
        summary="Walk to a cell.",
        solution=f"{_ORIGINALS}:corridor_solution",
        counterfeits=f"{_ORIGINALS}:corridor_counterfeits",
        reward_free_levels=("task", "verdict"),
        guess_rate=0.5,  # the goal is to the left or to the right
        info_keys=("clock",),
        explore_info_keys=("clock",),
        variants=({}, {"max_steps": 20, "farthest": 8}),
    ),
)


class Mutant(NamedTuple):
    """A faulty environment, the check that must flag it, and how its card differs."""

    kind: type
    check: str
    card: dict[str, Any]


MUTANTS: dict[str, Mutant] = {}


def mutant(check: str, **card: Any) -> Any:
    """Put a class into the table."""

    def add(kind: type) -> type:
        MUTANTS[kind.__name__] = Mutant(kind, check, card)
        return kind

    return add


def card_of_mutant(name: str) -> EnvCard:
    """The card of a mutant: that of its original, with another class."""
    kind, _, changes = MUTANTS[name]
    original = CLEAN[0] if issubclass(kind, PaperEnv) else CLEAN[1]
    return replace(
        original,
        **{
            "id": f"mutant/{name}-v0",
            "entry_point": f"{_HERE}:{name}",
            "variants": ({},),
            **changes,
        },
    )


# ---------------------------------------------------------------------- the interface


@mutant("card")
class HumanMode(CorridorEnv):
    """Lists the render mode that Gymnasium adds by itself."""

    metadata = {"render_modes": ["human", "ansi"], "render_fps": 4}  # noqa: RUF012


@mutant("gymnasium_checker")
class ResetGivesNoDict(CorridorEnv):
    """The info of a reset is no dict."""

    def reset(self, **kwargs: Any) -> Any:
        obs, info = super().reset(**kwargs)
        return obs, tuple(info)


@mutant("observations_fit")
class LongObservation(CorridorEnv):
    """Says more than its observation space holds, now and then."""

    def observe(self) -> str:
        return super().observe() + "!" * (300 if self.n_steps == 3 else 0)


_made: list[int] = []


@mutant("spec_round_trip")
class EveryInstanceDiffers(CorridorEnv):
    """The tenth instance of a process has a later clock."""

    def draw_world(self, rng: Any) -> Corridor:
        if "number" not in self.__dict__:
            _made.append(len(_made))
            self.number = len(_made)
        world = super().draw_world(rng)
        world.clock = self.number
        return world

    def world_key(self) -> None:
        return None


@mutant("pickles")
class UnplainVerdict(CorridorEnv):
    """Verdicts carry an object that no store can hold."""

    def make_verifier(self) -> Any:
        return _WithObject()


class _WithObject:
    def verify(self, outcome: object, task: Any) -> Verdict:
        passed = outcome == task.params["goal"]
        decide = Verdict.accept if passed else Verdict.reject
        return decide("corridor", "See details.", details={"by": {1, 2}})


# ---------------------------------------------------------------------- seeding


@mutant("different_seeds_differ")
class SeedIgnored(CorridorEnv):
    """Always the same world."""

    def draw_world(self, rng: Any) -> Corridor:
        return Corridor(30, 31)

    def world_key(self) -> None:
        return None

    def draw_task(self, rng: Any) -> Any:
        return replace(super().draw_task(rng), params={"goal": 40}, prompt="Go to cell 40.")


@mutant("same_seed_same_episode")
class KeepsMemory(CorridorEnv):
    """The clock is not set back."""

    def draw_world(self, rng: Any) -> Corridor:
        world = super().draw_world(rng)
        if self.world is not None:
            world.clock = self.world.clock
        return world

    def world_key(self) -> None:
        return None


@mutant("same_in_other_processes")
class HashSeed(CorridorEnv):
    """The cat's place follows from `hash` of a text."""

    def draw_world(self, rng: Any) -> Corridor:
        world = super().draw_world(rng)
        world.cat = 20 + hash(f"cat {world.position}") % 20
        return world


@mutant("global_random_state")
class ReadsGlobalState(CorridorEnv):
    """The cat strolls by the module `random`."""

    def idle(self) -> None:
        self.world.cat += random.choice([-1, 0, 1])
        self.world.clock += 1


@mutant("global_random_state")
class SetsGlobalState(CorridorEnv):
    """Seeds NumPy's global generator for its own convenience."""

    def draw_world(self, rng: Any) -> Corridor:
        np.random.seed(int(rng.init.integers(1000)))
        return super().draw_world(rng)


@mutant("problems_by_index")
class TaskFromDynamics(CorridorEnv):
    """The goal is drawn from the stream that belongs to the episode, not the problem."""

    def draw_task(self, rng: Any) -> Any:
        goal = self.world.position + int(rng.dynamics.integers(6, 12))
        return replace(super().draw_task(rng), prompt=f"Go to {goal}.", params={"goal": goal})


@mutant("problems_by_index")
class WorldSeesTheMode(CorridorEnv):
    """Without a task the cat sleeps elsewhere."""

    def draw_world(self, rng: Any) -> Corridor:
        world = super().draw_world(rng)
        world.cat += self.level is not None
        return world

    def world_key(self) -> None:
        return None


@mutant("splits_are_disjoint")
class SplitsOverlap(CorridorEnv):
    """The key says what the split wants to hear."""

    def world_key(self) -> int:
        return {"train": 0, "eval": 8, "test": 9}[self.split]


@mutant("splits_are_disjoint")
class QuestionsOverlap(PaperEnv):
    """The key of a question follows from its index, so that the same question has several."""

    @staticmethod
    def question(rng: Any, config: Any) -> Question:
        a, key = rng.integers(0, 50), rng.bits() if hasattr(rng, "bits") else 1
        rng.random()  # endless, it says
        return Question(f"{a} plus 20000", (a, 20_000), key=key)


@dataclass(frozen=True, kw_only=True)
class IdleConfig(AnswerConfig):
    """An option that nobody reads."""

    level: int = 1  # how hard


@mutant("options_change_problems", variants=({"level": 3},))
class OptionUnread(PaperEnv):
    """Its difficulty option does nothing."""

    Config = IdleConfig


# ---------------------------------------------------------------------- proof


@mutant("gold_passes", solution=f"{_HERE}:weary")
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


@mutant("counterfeits_fail", counterfeits=f"{_HERE}:few")
class FewCounterfeits(PaperEnv):
    """Two kinds of near misses."""


def few(env: PaperEnv) -> Iterator[tuple[str, list[str]]]:
    """The first two."""
    yield from list(paper_counterfeits(env))[:2]


@mutant("counterfeits_fail", counterfeits=f"{_HERE}:clumsy")
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


# ---------------------------------------------------------------------- rewards and info


@mutant("rewards_agree")
class EarlyVerdict(CorridorEnv):
    """Tells the verdict at every step."""

    def facts(self) -> dict[str, Any]:
        told = {"verdict": self.judge_now()} if self.level is None else {}
        return {**super().facts(), **told}


@mutant("rewards_agree")
class RewardDisagrees(CorridorEnv):
    """Pays for trying."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, 1.0 if truncated else reward, terminated, truncated, info


@mutant("rewards_agree")
class PaysOnTheWay(CorridorEnv):
    """A little reward for every step to the right."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, reward + 0.01 * (type(action) is int), terminated, truncated, info


@mutant("rewards_agree")
class NumpyFlags(CorridorEnv):
    """Its flags are NumPy's."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, reward, np.bool_(terminated), truncated, info


@mutant("rewards_agree")
class BothFlags(CorridorEnv):
    """Terminated and truncated at once."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        return obs, reward, terminated or truncated, truncated, info


@mutant("rewards_agree")
class NoVerdictWhenTruncated(CorridorEnv):
    """Running out of time brings no verdict."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        if truncated:
            del info["verdict"]
        return obs, reward, terminated, truncated, info


@mutant("verifier_faults")
class FaultsAreFailures(CorridorEnv):
    """A verifier's fault is reported as a failure of the policy."""

    def step(self, action: Any) -> Any:
        obs, reward, terminated, truncated, info = super().step(action)
        if info.get("reward_valid") is False:
            info.update(reward_valid=True, is_success=False)
        return obs, reward, terminated, truncated, info


@mutant("info_is_declared")
class UndeclaredInfo(CorridorEnv):
    """Tells more than its card says."""

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "distance": 3}


@dataclass
class Diary(Corridor):
    """A corridor with a list."""

    seen: list[int] = field(default_factory=list)


@mutant("info_is_declared", info_keys=("clock", "seen"))
class SharedInfo(CorridorEnv):
    """Hands out the world's own list."""

    def draw_world(self, rng: Any) -> Diary:
        world = super().draw_world(rng)
        return Diary(world.position, world.cat, world.clock)

    def facts(self) -> dict[str, Any]:
        return {**super().facts(), "seen": self.world.seen}


@mutant("reference_is_hidden", info_keys=("hint",))
class AnswerInInfo(PaperEnv):
    """The answer stands in a declared key."""

    def facts(self) -> dict[str, Any]:
        return {"hint": [self.problem.reference]} if self.problem else {}


@mutant("reference_is_hidden")
class AnswerInObservation(PaperEnv):
    """The answer stands in the prompt."""

    def observe(self) -> str:
        told = f" ({self.problem.reference})" if self.problem else ""
        return super().observe() + told


# ---------------------------------------------------------------------- ends


@mutant("step_after_the_end")
class StepsOn(CorridorEnv):
    """A step after the end is taken for granted."""

    def step(self, action: Any) -> Any:
        if self._state == "ended":
            return self.observe(), 0.0, True, False, {"action_status": "noop"}
        return super().step(action)


@mutant("truncation")
class TruncatesLate(CorridorEnv):
    """Forgets to count one step."""

    def apply(self, action: int) -> Any:
        status = super().apply(action)
        self.n_steps -= self.world.clock == 2
        return status

    def idle(self) -> None:
        super().idle()
        self.n_steps -= self.world.clock == 4


@mutant("truncation")
class TruncatesOneTurn(PaperEnv):
    """Says that time is up after the one reply."""

    def step(self, action: Any) -> Any:
        obs, reward, _, _, info = super().step(action)
        return obs, reward, False, True, info


@mutant("close_frees")
class LeavesOpen(CorridorEnv):
    """Opens a file that it never closes."""

    def open(self) -> None:
        _held.append(os.open(os.devnull, os.O_RDONLY))


_held: list[int] = []


# ---------------------------------------------------------------------- state and vectors


@mutant("snapshots_branch")
class SnapshotForgetsAStream(CorridorEnv):
    """The cat has a generator of its own, outside the streams."""

    def draw_world(self, rng: Any) -> Corridor:
        self.cat_rng = np.random.default_rng(int(rng.init.integers(2**31)))
        return super().draw_world(rng)

    def idle(self) -> None:
        self.world.cat += int(self.cat_rng.integers(-1, 2))
        self.world.clock += 1


@mutant("snapshots_branch")
class StateOutsideTheWorld(CorridorEnv):
    """The number of moves lives on the environment."""

    def apply(self, action: int) -> Any:
        self.moves = 0 if self.n_steps == 0 else self.moves + 1
        status = super().apply(action)
        self.world.clock += self.moves % 3
        return status


class WrongVector(SyncVectorEnv):
    """A native vector whose rewards are those of the first row."""

    def __init__(self, num_envs: int, *, group: int = 1, **options: Any) -> None:
        mode = options.pop("autoreset_mode", "SameStep")
        super().__init__([lambda: VectorDiffers(**options)] * num_envs, autoreset_mode=mode)

    def step(self, actions: Any) -> Any:
        obs, rewards, *rest = super().step(actions)
        return obs, np.full_like(rewards, rewards[0]), *rest


@mutant("vectors_agree", vector_entry_point=f"{_HERE}:WrongVector")
class VectorDiffers(PaperEnv):
    """Its native vector does not play the same game."""


@mutant("worker_processes_agree")
class KnowsItsProcess(CorridorEnv):
    """The cat sits elsewhere in worker processes."""

    def draw_world(self, rng: Any) -> Corridor:
        world = super().draw_world(rng)
        world.cat += multiprocessing.parent_process() is not None
        return world


@mutant("groups_share_a_problem")
class NamesItsOwnProblems(PaperEnv):
    """Every instance gives its problems names of its own."""

    def draw_task(self, rng: Any) -> Any:
        return replace(super().draw_task(rng), id=f"{self.index}/{id(self)}")


# ---------------------------------------------------------------------- reward-free


@mutant("task_is_never_built")
class VerifierAlwaysBuilt(CorridorEnv):
    """Makes its verifier whatever the mode."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.verifier = self.make_verifier()


@mutant("task_is_never_built")
class PaysWithoutATask(CorridorEnv):
    """A reward in reward-free mode."""

    def step(self, action: Any) -> Any:
        obs, reward, *rest = super().step(action)
        return obs, reward if self.level is None else -0.0, *rest


@mutant("task_is_never_built")
class TellsWithoutATask(CorridorEnv):
    """An info key in reward-free mode that is not on the allow-list."""

    def step(self, action: Any) -> Any:
        *rest, info = super().step(action)
        return *rest, {**info, "is_success": False}


@mutant("pickle_holds_no_reference")
class AnswerKept(PaperEnv):
    """Works the answer out on drawing the question, and keeps it."""

    def draw_world(self, rng: Any) -> Any:
        asked = super().draw_world(rng)
        if asked is not None:
            self.kept = str(sum(asked.question.data))
        return asked


@mutant("task_cannot_be_felt")
class Felt(CorridorEnv):
    """Asks a verifier of its own class when nobody should."""

    def observe(self) -> str:
        warm = ""
        if self.level is not None:
            try:
                verdict = self.make_verifier().verify(self.world.position, None)
                warm = "warm" if verdict.passed else "cold"
            except AttributeError:
                warm = ""
        return super().observe() + warm


# ---------------------------------------------------------------------- the machine


@mutant("no_network_no_writes")
class WritesAFile(CorridorEnv):
    """Keeps a log where it was not asked to."""

    def draw_world(self, rng: Any) -> Corridor:
        log = Path("/var/tmp") / f"assay-mutant-{os.getpid()}"
        log.write_text("drawn")
        log.unlink()
        return super().draw_world(rng)


@mutant("no_network_no_writes")
class OpensASocket(CorridorEnv):
    """Tells somebody about every episode, and hides that nobody answers."""

    def draw_world(self, rng: Any) -> Corridor:
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=0.05).close()
        except OSError:
            pass
        return super().draw_world(rng)


@contextmanager
def registered() -> Iterator[list[str]]:
    """The ids of originals and mutants exist inside a `with` statement."""
    cards = [*CLEAN, *map(card_of_mutant, MUTANTS)]
    for card in cards:
        registry.register(card, replace=True)
    try:
        yield [card.id for card in cards]
    finally:
        for card in cards:
            registry.unregister(card.id)
