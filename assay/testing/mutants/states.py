"""Faults of state, of vectors and of the reward-free mode."""

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

import multiprocessing
from dataclasses import replace
from typing import Any

import numpy as np
from gymnasium.vector import SyncVectorEnv

from assay.testing.mutants.table import mutant
from assay.testing.originals import (
    Corridor,
    CorridorEnv,
    PaperEnv,
)

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


@mutant("vectors_agree", vector_entry_point=f"{__name__}:WrongVector")
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
