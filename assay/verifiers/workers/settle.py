"""Waiting for verdicts: one, many side by side, or under asyncio."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import NamedTuple

from assay.core.errors import bad_value
from assay.core.types import Verdict
from assay.verifiers.workers.pending import Pending
from assay.verifiers.workers.pool import aanswer_to, answer_to, pool_size, submit
from assay.verifiers.workers.requests import Answer
from assay.verifiers.workers.seat import Group

_AHEAD = 2  # requests of a batch for each worker, so that none waits for this thread


def settle(found: Verdict | Pending) -> Verdict:
    """The verdict, once a worker has answered what it hangs on."""
    while isinstance(found, Pending):
        found = found.then(answer_to(found.request))
    return found


async def asettle(found: Verdict | Pending) -> Verdict:
    """`settle` for asyncio."""
    while isinstance(found, Pending):
        found = found.then(await aanswer_to(found.request))
    return found


def settle_all(founds: Iterable[Verdict | Pending], workers: int | None = None) -> list[Verdict]:
    """The verdicts in their order, while several workers are busy.

    `founds` is drawn from only as fast as workers answer: a few questions for each of them are open
    at a time.

    Args:
        founds: verdicts, and some that wait for a worker.
        workers: at most so many at once; None: as many as the pool has.

    Raises:
        OptionError: a number of workers below 1.
    """
    if workers is not None and (type(workers) is not int or workers < 1):
        raise bad_value("workers", workers, "an integer of at least 1, or None")
    batch = _Batch(workers or pool_size())
    try:
        for found in founds:
            batch.add(found)
        return batch.finish()
    finally:
        batch.cancel()


class _Open(NamedTuple):
    pending: Pending
    future: Future[Answer]


class _Batch:
    """Verdicts by place, and the questions that some of them wait for."""

    def __init__(self, workers: int) -> None:
        self._group = Group(workers)
        self._most = _AHEAD * workers
        self._verdicts: list[Verdict | None] = []
        self._open: dict[int, _Open] = {}
        self._answered: SimpleQueue[int] = SimpleQueue()

    def add(self, found: Verdict | Pending) -> None:
        """The next verdict; waits while too many questions are open."""
        place = len(self._verdicts)
        self._verdicts.append(None)
        self._put(place, found)
        while len(self._open) >= self._most or not self._answered.empty():
            self._take()

    def finish(self) -> list[Verdict]:
        """All verdicts."""
        while self._open:
            self._take()
        return [verdict for verdict in self._verdicts if verdict is not None]

    def cancel(self) -> None:
        """What was not begun is not to be begun."""
        for question in self._open.values():
            question.future.cancel()

    def _put(self, place: int, found: Verdict | Pending) -> None:
        if isinstance(found, Verdict):
            self._verdicts[place] = found
            return
        future = submit(found.request, self._group)
        self._open[place] = _Open(found, future)
        future.add_done_callback(lambda _: self._answered.put(place))

    def _take(self) -> None:
        place = self._answered.get()
        question = self._open.pop(place)
        self._put(place, question.pending.then(question.future.result()))
