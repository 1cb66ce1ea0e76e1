"""What a worker is doing, in memory that the driver can read when the worker cannot speak."""

from __future__ import annotations

import time
from typing import Any, NamedTuple

_EMPTY = 0.0


class Running(NamedTuple):
    """An episode in progress: its place in the worker's order, and since when (monotonic)."""

    ordinal: int
    since: float


class Board:
    """Shared cells: whether to stop, then an ordinal and a start for each running episode.

    Only the worker writes the episodes, only the driver the stop. A reader may see a cell in the
    middle of a change, so the driver looks again when the worker is dead.
    """

    def __init__(self, context: Any, batch: int) -> None:
        self._cells: Any = context.RawArray("d", 1 + 2 * batch)
        self._places: dict[int, int] = {}  # in the worker: the cell of each running episode

    def begin(self, ordinal: int) -> None:
        """An episode is about to start."""
        cells = self._cells
        place = next(i for i in range(1, len(cells), 2) if cells[i] == _EMPTY)
        cells[place + 1] = time.monotonic()
        cells[place] = ordinal
        self._places[ordinal] = place

    def end(self, ordinal: int) -> None:
        """It is over."""
        self._cells[self._places.pop(ordinal)] = _EMPTY

    def running(self) -> list[Running]:
        """What is in progress, the longest first."""
        cells = self._cells[:]
        found = [
            Running(int(cells[i]), cells[i + 1])
            for i in range(1, len(cells), 2)
            if cells[i] != _EMPTY
        ]
        return sorted(found, key=lambda one: one.since)

    def stop(self) -> None:
        """Ask the worker to play no further action."""
        self._cells[0] = 1.0

    @property
    def stopping(self) -> bool:
        """Whether it was asked to."""
        return self._cells[0] != _EMPTY
