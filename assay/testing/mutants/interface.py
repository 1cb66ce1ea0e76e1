"""Faults of the interface, of ends, and against the machine."""

# ruff: noqa: D102 - a mutant's docstring is its fault; its hooks are documented in core/env.py
# pyright: reportIncompatibleMethodOverride=false, reportIncompatibleVariableOverride=false

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import Any

from assay.core.types import Verdict
from assay.testing.mutants.table import mutant
from assay.testing.originals import (
    Corridor,
    CorridorEnv,
    PaperEnv,
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
