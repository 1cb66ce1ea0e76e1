"""What `benchmarks.evaluation` plays: light to import, since every new worker does."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Mapping
from typing import Any

import gymnasium
from gymnasium.spaces import Discrete

from assay.core.registry import make, register
from assay.core.types import EnvCard, Verdict

EMPTY, BUSY = "bench/Empty-v0", "bench/Busy-v0"
SUMS = ("assay/Arithmetic-v0", {"digits": 4, "operators": "+"})
ADDER, ZERO = "benchmarks.episodes:Adder", "benchmarks.episodes:Zero"
BUSY_WORK = 200_000  # additions an episode: a few milliseconds
_SUM = re.compile(r"(\d+) \+ (\d+)")


class EmptyEnv(gymnasium.Env[Any, Any]):
    """Over after one step, with a verdict: what is left is the evaluation around it."""

    metadata = {"render_modes": []}  # noqa: RUF012 - Gymnasium's own attribute
    observation_space = Discrete(1)
    action_space = Discrete(1)

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[int, dict[str, Any]]:
        """Nothing is drawn."""
        return 0, {}

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """The end."""
        return 0, 1.0, True, False, {"verdict": Verdict.accept("empty.done", "It is over.")}


class BusyEnv(EmptyEnv):
    """The same, after a few milliseconds of this process's CPU time."""

    def step(self, action: int) -> tuple[int, float, bool, bool, dict[str, Any]]:
        """Work, then the end."""
        sum(range(BUSY_WORK))
        return super().step(action)


def register_envs() -> None:
    """Make both known under their ids."""
    for env_id, kind, about in (
        (EMPTY, EmptyEnv, "Ends at once."),
        (BUSY, BusyEnv, "Works, then ends."),
    ):
        card = EnvCard(
            id=env_id, entry_point=f"{__name__}:{kind.__name__}", family="bench", summary=about
        )
        register(card, replace=True)


class Zero:
    """Always 0."""

    deterministic = True

    def reset(self, *, seed: int) -> None:
        """Nothing is drawn."""

    def act(self, observation: Any, info: Mapping[str, Any]) -> int:
        """The one action there is."""
        return 0


class Adder:
    """Answers sums, two in three of them rightly.

    Args:
        delay_s: before each answer, as a model would take.
        count: a file that grows by one byte an answer, so that others can see how many there were.
    """

    deterministic = True

    def __init__(self, delay_s: float = 0.0, count: str = "") -> None:
        self._delay_s, self._count = delay_s, count

    def reset(self, *, seed: int) -> None:
        """Nothing is drawn."""

    def act(self, observation: str, info: Mapping[str, Any]) -> str:
        """The answer to what was asked."""
        if self._delay_s:
            time.sleep(self._delay_s)
        if self._count:
            note(self._count)
        return reply(observation)


def reply(prompt: str) -> str:
    """The sum, or one more where it is divisible by three."""
    found = _SUM.search(prompt)
    if found is None:
        raise ValueError(f"No sum in {prompt!r}.")
    total = int(found[1]) + int(found[2])
    return str(total + (total % 3 == 0))


def note(path: str) -> None:
    """One more byte at the end of a file, whole even when several processes write."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(file, b".")
    finally:
        os.close(file)


def questions(n: int) -> list[tuple[str, str]]:
    """The texts that `SUMS` asks, with their answers, for whoever asks them without us."""
    env = make(SUMS[0], **SUMS[1])
    found: list[tuple[str, str]] = []
    for index in range(n):
        prompt, _ = env.reset(seed=index, options={"split": "test", "index": index})
        problem: Any = env.get_wrapper_attr("problem")
        found.append((prompt, str(problem.reference)))
    env.close()
    return found
