"""The policy of `benchmarks.kills`: light to import, since every new worker does."""

from __future__ import annotations

import os
import random
import signal
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.agents.baselines import RandomPolicy
from assay.evaluation.plan import EpisodeKey

WORK = 5_000  # additions an action, so that kills land in the middle of episodes
MEAN_S = 0.04  # between a worker's start, or an attempt, and the next


class Restless(RandomPolicy):
    """`random`, with a little work for each action and, where a folder is given, an assassin.

    Args:
        folder: gets a file for each episode that was struck; without one nobody is killed.
        seed: of the moments.
    """

    def __init__(self, folder: str = "", seed: int = 0) -> None:
        super().__init__()
        self._episode: int | None = None
        if folder:
            strike = threading.Thread(target=self._strike, args=(Path(folder), seed), daemon=True)
            strike.start()

    def describe(self) -> dict[str, Any]:
        """Nothing that changes a result."""
        return {"policy": "restless"}

    def begin(self, key: EpisodeKey) -> None:
        """An episode is played from now on."""
        self._episode = key.episode

    def end(self, key: EpisodeKey) -> None:
        """It is over."""
        self._episode = None

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """As `random`, but slower."""
        sum(range(WORK))
        return super().act(observation, info)

    def _strike(self, folder: Path, seed: int) -> None:
        moments = random.Random(f"{seed} {os.getpid()} {time.time_ns()}")
        while True:
            time.sleep(moments.expovariate(1 / MEAN_S))
            episode = self._episode
            if episode is None:
                continue
            try:
                (folder / str(episode)).touch(exist_ok=False)
            except OSError:  # struck before, or nobody wants it any more
                continue
            os.kill(os.getpid(), signal.SIGKILL)
