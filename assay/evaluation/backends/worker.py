"""The part that every backend shares: units in, rows out, in one process."""

from __future__ import annotations

from collections import deque

from assay.evaluation.backends.base import Finished, Job, Unit
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import Row, to_row
from assay.evaluation.rollout import EnvPool, Episode, Player


class Worker:
    """Plays the episodes of its units in turn, side by side across units, and encodes them."""

    def __init__(self, job: Job) -> None:
        self._pool = EnvPool(job.options, job.frames)
        self._player = Player(job.policy, self._pool, job.limits, job.batch, job.frames)
        self._waiting: deque[tuple[Unit, EpisodeKey]] = deque()
        self._unit_of: dict[EpisodeKey, Unit] = {}
        self._rows: dict[int, list[Row]] = {}
        self._units: dict[int, Unit] = {}

    @property
    def batch(self) -> int:
        """Episodes side by side."""
        return self._player.batch

    @property
    def n_units(self) -> int:
        """Units that are not finished."""
        return len(self._units)

    def add(self, unit: Unit) -> None:
        """Take a unit."""
        self._units[unit.number] = unit
        self._rows[unit.number] = []
        self._waiting.extend((unit, key) for key in unit.keys)

    def advance(self) -> list[Finished]:
        """One action for each running episode, new ones started first; units that are done."""
        ended: list[Episode] = []
        while self._waiting and self._player.room:
            unit, key = self._waiting.popleft()
            self._unit_of[key] = unit
            failed = self._player.start(key)
            if failed is not None:
                ended.append(failed)
        ended += self._player.advance()
        return [event for episode in ended if (event := self._keep(episode)) is not None]

    def _keep(self, episode: Episode) -> Finished | None:
        unit = self._unit_of.pop(episode.key)
        rows = self._rows[unit.number]
        rows.append(to_row(episode, unit.attempt))
        if len(rows) < len(unit.keys):
            return None
        del self._units[unit.number], self._rows[unit.number]
        return Finished(unit, tuple(rows))

    def close(self) -> list[Finished]:
        """Close the environments; what is ready of unfinished units."""
        self._pool.close()
        ready = [Finished(unit, tuple(self._rows[number])) for number, unit in self._units.items()]
        self._units.clear()
        self._waiting.clear()
        return [event for event in ready if event.rows]
