"""The part that every backend shares: units in, rows out, in one process."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple

from assay.core.errors import PolicyError
from assay.evaluation.backends.base import Finished, Job, Unit
from assay.evaluation.episode import Episode, Stopped
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import to_row
from assay.evaluation.rollout import EnvPool, Player

_log = logging.getLogger("assay")


class Watcher(NamedTuple):
    """Told of each episode before anything of it happens, and when it is over."""

    begun: Callable[[EpisodeKey], object]
    over: Callable[[EpisodeKey], object]


class Worker:
    """Plays the episodes of its units in turn, side by side across units, and encodes them."""

    def __init__(self, job: Job, watcher: Watcher | None = None) -> None:
        if job.policy is None:
            raise PolicyError("There is no policy in this process to play with.")
        self._pool = EnvPool(job.options, job.frames)
        self._player = Player(
            job.policy, self._pool, job.limits, job.batch, job.frames, stop=Stopped
        )  # fmt: skip
        self._watcher = watcher
        self._policy, self._interrupted = job.policy, False
        self._waiting: deque[tuple[Unit, EpisodeKey]] = deque()
        self._unit_of: dict[EpisodeKey, Unit] = {}
        self._left: dict[int, int] = {}

    @property
    def batch(self) -> int:
        """Episodes side by side."""
        return self._player.batch

    @property
    def n_units(self) -> int:
        """Units that are not finished."""
        return len(self._left)

    @property
    def n_running(self) -> int:
        """Episodes in progress."""
        return self._player.n_running

    @property
    def hungry(self) -> bool:
        """Whether another episode could start now and none is waiting."""
        return not self._waiting and self._player.room > 0

    def add(self, unit: Unit) -> None:
        """Take a unit."""
        self._left[unit.number] = self._left.get(unit.number, 0) + len(unit.keys)
        self._waiting.extend((unit, key) for key in unit.keys)

    def advance(self) -> list[Finished]:
        """One action for each running episode, new ones started first; what is over."""
        ended: list[Episode] = []
        while self._waiting and self._player.room:
            unit, key = self._waiting.popleft()
            self._unit_of[key] = unit
            if self._watcher is not None:
                self._watcher.begun(key)
            failed = self._player.start(key)
            if failed is not None:
                ended.append(failed)
                self._note_end(failed)
        for episode in self._player.advance():
            ended.append(episode)
            self._note_end(episode)
        return [self._finished(episode) for episode in ended]

    def _note_end(self, episode: Episode) -> None:
        if self._watcher is not None:
            self._watcher.over(episode.key)

    def _finished(self, episode: Episode) -> Finished:
        unit = self._unit_of.pop(episode.key)
        self._left[unit.number] -= 1
        if not self._left[unit.number]:
            del self._left[unit.number]
        return Finished(unit, (to_row(episode, unit.attempt),))

    def drop_waiting(self) -> None:
        """Start nothing more; what runs goes on."""
        for unit, _ in self._waiting:
            self._left[unit.number] -= 1
        self._left = {number: left for number, left in self._left.items() if left}
        self._waiting.clear()

    def interrupt(self) -> None:
        """Let a policy that waits for others wait no longer; it stays so until `close`."""
        tell: Any = getattr(self._policy, "interrupt", None)
        if tell is None:
            return
        self._interrupted = True
        try:
            tell()
        except Exception as err:
            _log.warning("interrupt() of the policy raised %s: %s", type(err).__name__, err)

    def close(self) -> None:
        """Close the environments, and play no more."""
        go_on: Any = getattr(self._policy, "go_on", None)
        if self._interrupted and go_on is not None:
            go_on()
        self._pool.close()
        self._left.clear()
        self._waiting.clear()
