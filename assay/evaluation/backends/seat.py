"""The driver's side of one process: its pipe, what it was given, and what became of it."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from multiprocessing.connection import Connection
from typing import Any

from assay.core.errors import AssayError, PolicyError, WorkerLost
from assay.evaluation.backends.base import Finished, Unit
from assay.evaluation.backends.board import Board, Running
from assay.evaluation.backends.serve import serve
from assay.evaluation.backends.wire import pack_unit, unpack_row
from assay.evaluation.plan import EpisodeKey
from assay.wrappers.processes import end_group, how_it_ended, start_process


class Child:
    """A process and the pipe to it; every receive is guarded, and nothing sent to it raises."""

    def __init__(
        self,
        context: Any,
        target: Callable[..., object],
        args: tuple[Any, ...],
        name: str,
        threads: int,
    ) -> None:
        pipe: Connection
        pipe, theirs = context.Pipe()
        self.pipe = pipe
        self.process = start_process(context, target, (theirs, *args), name, threads)
        theirs.close()
        self.ready = False
        self.ended = False  # it has closed its pipe, or is dead
        self.last_words = ""

    def send(self, message: Any) -> None:
        """Give it a message; one that is gone does not get it."""
        with suppress(OSError, ValueError):
            self.pipe.send_bytes(pickle.dumps(message, pickle.HIGHEST_PROTOCOL))

    def messages(self) -> Iterable[tuple[Any, ...]]:
        """What it has sent; a pipe at its end is readable too, and ends the child."""
        try:
            while self.pipe.poll(0):
                yield pickle.loads(self.pipe.recv_bytes())  # our own child wrote it
        except (EOFError, OSError, pickle.UnpicklingError):  # cut off in the middle of a message
            self.ended = True

    @property
    def ends(self) -> list[Any]:
        """What becomes readable when it says something, and when it dies."""
        return [self.pipe, self.process.sentinel]

    def note_end(self, readable: Collection[Any]) -> None:
        """See by its sentinel whether it is dead."""
        self.ended = self.ended or self.process.sentinel in readable

    def kill(self) -> None:
        """End it and what it started, now; what it has sent can still be read."""
        end_group(self.process)

    def epitaph(self) -> str:
        """What became of it, as a sentence."""
        said = f": {self.last_words}" if self.last_words else "."
        return f"The {self.process.name} ended{how_it_ended(self.process)}{said}"


class Seat(Child):
    """A worker: the episodes it was given, in its order, and those without a row."""

    def __init__(
        self, context: Any, number: int, *, episodes: int, batch: int, threads: int
    ) -> None:  # fmt: skip
        self.board = Board(context, batch)
        super().__init__(context, serve, (self.board, episodes), f"worker {number}", threads)
        self.alone = False  # playing a unit that was lost before
        self.leaving = False
        self.held_mib = 0.0
        self._given: dict[int, tuple[Unit, EpisodeKey]] = {}
        self._n_given = 0
        self._left: dict[int, int] = {}  # episodes without a row, by unit

    @property
    def n_units(self) -> int:
        """Units that are not finished."""
        return len(self._left)

    @property
    def n_episodes(self) -> int:
        """Episodes without a row."""
        return len(self._given)

    def give(self, unit: Unit) -> None:
        """Send it a unit."""
        for key in unit.keys:
            self._n_given += 1
            self._given[self._n_given] = (unit, key)
        self._left[unit.number] = self._left.get(unit.number, 0) + len(unit.keys)
        self.send(("unit", pack_unit(unit)))

    def take(self, packed: Iterable[tuple[Any, ...]]) -> list[Finished]:
        """The rows that it sent, by unit."""
        found: dict[int, tuple[Unit, list[Any]]] = {}
        for values in packed:
            unit, key = self._given[values[0]]
            self._settle(values[0])
            found.setdefault(unit.number, (unit, []))[1].append(unpack_row(key, values))
        return [Finished(unit, tuple(rows)) for unit, rows in found.values()]

    def _settle(self, ordinal: int) -> None:
        unit, _ = self._given.pop(ordinal)
        self._left[unit.number] -= 1
        if not self._left[unit.number]:
            del self._left[unit.number]

    def running(self) -> list[Running]:
        """Episodes in progress, the longest first."""
        return [one for one in self.board.running() if one.ordinal in self._given]

    def suspects(self) -> list[int]:
        """The episodes that may have ended it: those in progress, else the one that was next."""
        running = [one.ordinal for one in self.running()]
        return running if running or self.leaving else sorted(self._given)[:1]

    def part(self, ordinals: Iterable[int]) -> list[Unit]:
        """These episodes by unit, and no longer its own."""
        found: dict[int, tuple[Unit, list[EpisodeKey]]] = {}
        for ordinal in sorted(ordinals):
            unit, key = self._given[ordinal]
            self._settle(ordinal)
            found.setdefault(unit.number, (unit, []))[1].append(key)
        return [Unit(unit.number, tuple(keys), unit.attempt) for unit, keys in found.values()]

    def rest(self) -> list[Unit]:
        """All episodes without a row, by unit, and no longer its own."""
        return self.part(list(self._given))

    def keys(self) -> list[EpisodeKey]:
        """Of all episodes without a row."""
        return [key for _, key in self._given.values()]


def refusal(error: Exception) -> AssayError:
    """The error of a process that could not begin, for the user."""
    if isinstance(error, AssayError):
        return error
    return PolicyError(f"A worker could not begin: {type(error).__name__}: {error}")


def unstarted(child: Child) -> WorkerLost:
    """The error when processes end before they are ready, again and again."""
    return WorkerLost(
        f"{child.epitaph()} It was still making its policy: try the backend inline, which shows "
        "where."
    )
