"""Episodes in this very process, one driver and no worker: the definition of correct."""

from __future__ import annotations

import time

from assay.evaluation.backends.base import CLOSING_S, Event, Job, Unit
from assay.evaluation.backends.worker import Worker


class InlineBackend:
    """Plays while `events` waits; an episode that hangs cannot be stopped from here."""

    def __init__(self, job: Job) -> None:
        self._worker = Worker(job)

    def capacity(self) -> int:
        """One unit more than can run side by side, so that an ended episode is replaced at once."""
        return self._worker.batch + 1 - self._worker.n_units

    def submit(self, unit: Unit) -> None:
        """Queue a unit."""
        self._worker.add(unit)

    def events(self, timeout_s: float) -> list[Event]:
        """Play until an episode is over or the time is."""
        until = time.monotonic() + timeout_s
        while self._worker.n_units:
            finished = self._worker.advance()
            if finished:
                return list(finished)
            if time.monotonic() >= until:
                break
        return []

    def interrupt(self) -> None:
        """Tell the policy, which may be waiting for a server."""
        self._worker.interrupt()

    def close(self, wait_s: float = CLOSING_S) -> None:
        """Stop; a second call does nothing."""
        self._worker.close()
