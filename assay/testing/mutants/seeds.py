"""Faults of seeding: what an episode must and must not depend on."""

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from assay.core.answer import AnswerConfig
from assay.core.problems import Question
from assay.testing.mutants.table import mutant
from assay.testing.originals import (
    Corridor,
    CorridorEnv,
    PaperEnv,
)


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
