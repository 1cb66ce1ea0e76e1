"""Faults of rewards and of `info`."""

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.core.env import Solution
from assay.core.spaces import Unicode
from assay.core.types import Problem, Verdict
from assay.testing.mutants.table import mutant
from assay.testing.originals import (
    Corridor,
    CorridorEnv,
    PaperEnv,
)


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


@dataclass
class Safe:
    """A code, and how many tries are left."""

    code: str
    tries_left: int = 5
    tried: str = ""


@mutant(
    "reference_is_hidden",
    solution=f"{__name__}:crack",
    shared_instances=True,
    reward_free_levels=("verdict",),
    info_keys=(),
    explore_info_keys=(),
)
class SecretShown(CorridorEnv):
    """A guessing game that keeps no reference, and shows its secret."""

    def spaces(self) -> Any:
        return Unicode(200), Unicode(20)

    def draw_world(self, rng: Any) -> Any:
        return Safe(str(rng.init.integers(100, 1000)))

    def draw_task(self, rng: Any) -> Any:
        return Problem(prompt="Open the safe.")

    def make_verifier(self) -> Any:
        return _Opened()

    def observe(self) -> str:
        return f"{self.world.tries_left} tries left (the code is {self.world.code})."

    def apply(self, action: Any) -> Any:
        self.world.tried = action
        self.world.tries_left -= 1
        self.over = self.world.tries_left == 0
        return "ok"

    def idle(self) -> None:
        return None

    def outcome(self) -> object:
        return self.world.tried == self.world.code

    def facts(self) -> dict[str, Any]:
        return {}


class _Opened:
    def verify(self, outcome: object, task: Any) -> Verdict:
        if outcome is True:
            return Verdict.accept("safe.open", "It is open.")
        return Verdict.reject("safe.closed", "It is closed.")


def crack(env: SecretShown) -> Solution:
    """Gold: first a wrong try, then the code."""
    yield "000"
    yield env.world.code
