"""Episodes in worker processes of this machine, and a supervisor that nothing in them can stop.

A pipe and a process a worker, waited on together with the processes' own ends. A worker that dies
loses only what it was playing; the rest of its units goes to others. What was lost comes back from
the driver, and is then played alone, so that an episode that kills its worker is found by itself.
"""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import replace
from multiprocessing.connection import wait

from assay.core.errors import AssayError
from assay.core.registry import card
from assay.evaluation.backends.base import CLOSING_S, Event, Finished, Job, Lost, Unit
from assay.evaluation.backends.clerk import Clerk
from assay.evaluation.backends.memory import MemoryLimit, resident_mib
from assay.evaluation.backends.seat import Seat, refusal, unstarted
from assay.evaluation.backends.wire import pack_job
from assay.evaluation.record import overdue_row
from assay.wrappers.processes import process_context

EPISODES_A_WORKER = 20_000  # then it is replaced: what leaks goes with it
OVERSTAY = 1.5  # of the time limit, then the worker is killed
_WATCH_S = 0.1  # between looks at clocks and memory
_STARTS = 3  # workers in a row that end before they are ready, then the run stops
_PRELOAD = ("assay.wrappers.worker", "assay.evaluation.backends.serve")


class ProcessBackend:
    """Up to `job.workers` processes; they are started when there is something to play.

    Raises:
        PolicyError: a policy that another process cannot have.
    """

    def __init__(self, job: Job) -> None:
        self._job = job
        self._batch = max(1, job.batch)
        self._packed = pack_job(replace(job, policy=None) if job.served else job)
        modules = {card(env_id).entry_point.partition(":")[0] for env_id, _ in job.options}
        ours = sorted(name for name in modules if name.startswith("assay."))
        self._context = process_context([*_PRELOAD, *ours])
        self._memory = MemoryLimit.of(job.memory_mib, job.workers)
        hard = job.limits.time_s
        self._overstay_s = math.inf if hard is None else OVERSTAY * hard
        self._seats: list[Seat] = []
        self._waiting: deque[Unit] = deque()  # submitted, and given to nobody
        self._alone: deque[Unit] = deque()  # those that were lost before
        self._events: list[Event] = []
        self._n_started = 0
        self._failed_starts = 0
        self._refused: AssayError | None = None  # why no worker can begin
        self._watched = time.monotonic()
        self._closed = False
        self._clerk = Clerk(self._context, pack_job(job)) if job.served else None

    # ------------------------------------------------------------------ the protocol

    def capacity(self) -> int:
        """For each worker what it plays side by side, and one unit more for it to go on with."""
        room = self._job.workers * (self._batch + 1)
        taken = len(self._waiting) + len(self._alone) + sum(seat.n_units for seat in self._seats)
        return max(0, room - taken)

    def submit(self, unit: Unit) -> None:
        """Queue a unit; one that was lost before waits for a worker of its own."""
        (self._waiting if unit.attempt == 1 else self._alone).append(unit)

    def events(self, timeout_s: float) -> list[Event]:
        """Rows and losses; waits for the first of them at most this long.

        Raises:
            AssayError: no worker can be made ready, with the reason.
        """
        until = time.monotonic() + timeout_s
        while not self._closed:
            self._deal()
            left = until - time.monotonic()
            self._listen(0.0 if self._events else max(0.0, min(left, _WATCH_S)))
            if time.monotonic() - self._watched >= _WATCH_S:
                self._watch()
            if self._refused is not None:
                raise self._refused
            if self._events or left <= 0:
                break
        events, self._events = self._events, []
        return events

    def interrupt(self) -> None:
        """Nothing: `events` never waits for a policy, and `close` tells the workers."""

    def close(self, wait_s: float = CLOSING_S) -> None:
        """Ask the workers for what is ready, and end them; a second call does nothing."""
        if self._closed:
            return
        self._closed = True
        until = time.monotonic() + wait_s
        for seat in self._seats:
            seat.board.stop()
            seat.send(None)
        if self._clerk is not None:
            self._clerk.close()
        try:
            while any(not s.ended for s in self._seats) and time.monotonic() < until:
                ends = [end for s in self._seats if not s.ended for end in s.ends]
                found = set(wait(ends, until - time.monotonic()))
                for seat in self._seats:
                    self._hear(seat)
                    seat.note_end(found)
        finally:
            for seat in self._seats:
                seat.kill()
        for seat in self._seats:
            self._hear(seat)
            seat.pipe.close()
        self._seats.clear()

    # ------------------------------------------------------------------ giving work

    def _deal(self) -> None:
        """Give queued units to workers that have room, lost ones to workers that are idle."""
        clerk = self._clerk
        if clerk is not None and not clerk.ready:
            return
        while self._alone:
            # a policy that is held once dies for all, so then nobody else may be playing
            busy = clerk is not None and any(seat.n_units for seat in self._seats)
            seat = None if busy else self._idle()
            if seat is None:
                return  # nothing else is given out meanwhile, so that a worker does become idle
            seat.alone = True
            seat.give(self._alone.popleft())
        if clerk is not None and any(seat.alone and seat.n_units for seat in self._seats):
            return
        while self._waiting:
            seat = self._with_room()
            if seat is None:
                return
            seat.alone = False
            seat.give(self._waiting.popleft())

    def _idle(self) -> Seat | None:
        for seat in self._seats:
            if not seat.n_units and not seat.leaving and not seat.ended:
                return seat
        return self._new_seat()

    def _with_room(self) -> Seat | None:
        """The worker with the least to do; a new one before any has two units."""
        open_ = [
            s for s in self._seats if not s.leaving and not s.ended and not (s.alone and s.n_units)
        ]
        best = min(open_, key=lambda s: (s.n_units, s.n_episodes), default=None)
        if best is None or best.n_units:
            best = self._new_seat() or best
        return best if best is not None and best.n_units <= self._batch else None

    def _new_seat(self) -> Seat | None:
        if len(self._seats) >= self._job.workers:
            return None
        self._n_started += 1
        seat = Seat(
            self._context,
            self._n_started,
            episodes=EPISODES_A_WORKER,
            batch=self._batch,
            threads=self._job.threads,
        )
        hooks = self._clerk.hooks if self._clerk is not None else frozenset[str]()
        seat.send((self._packed, self._memory, hooks))
        self._seats.append(seat)
        return seat

    # ------------------------------------------------------------------ hearing from them

    def _listen(self, timeout_s: float) -> None:
        clerk = self._clerk
        ends = [end for seat in self._seats for end in seat.ends]
        if clerk is not None:
            timeout_s = min(timeout_s, clerk.patience_s(self._n_playing()))
            ends += clerk.ends
        if not ends:
            return
        found = set(wait(ends, timeout_s))
        for seat in self._seats:
            if not found.isdisjoint(seat.ends):
                self._hear(seat)
                seat.note_end(found)
        for seat in [s for s in self._seats if s.ended]:
            self._bury(seat)
        if clerk is not None:
            clerk.hear()
            clerk.note_end(found)
            clerk.pass_on(self._n_playing())
            self._refused = self._refused or clerk.refused
            if clerk.ended and self._refused is None:
                self._replace_clerk(clerk)

    def _n_playing(self) -> int:
        return sum(seat.n_units > 0 for seat in self._seats)

    def _hear(self, seat: Seat) -> None:
        for kind, *data in seat.messages():
            if kind == "rows":
                self._events += seat.take(data[0])
            elif kind == "ask" and self._clerk is not None:
                self._clerk.ask(seat, data[0])
            elif kind == "ready":
                seat.ready, seat.held_mib = True, data[0]
                self._failed_starts = 0
            elif kind == "leaving":
                seat.leaving = True
            elif kind == "dying":
                seat.last_words = data[0]
            elif kind == "failed":
                self._refused = refusal(data[0])

    def _bury(self, seat: Seat, why: str = "") -> None:
        """Take what it left, and see that each of its episodes goes somewhere."""
        seat.kill()
        self._hear(seat)
        seat.pipe.close()
        self._seats.remove(seat)
        if self._clerk is not None:
            self._clerk.forget(seat)
        if self._refused is not None:
            return  # the run stops, through no doing of any episode
        if not seat.ready:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise unstarted(seat)
        else:
            lost = seat.part(seat.suspects())
            self._events += [Lost(unit, why or seat.epitaph()) for unit in lost]
        self._requeue(seat.rest())

    def _requeue(self, units: list[Unit]) -> None:
        for unit in reversed(units):
            (self._waiting if unit.attempt == 1 else self._alone).appendleft(unit)

    # ------------------------------------------------------------------ clocks and memory

    def _watch(self) -> None:
        self._watched = now = time.monotonic()
        for seat in list(self._seats):
            running = seat.running()
            if running and now - running[0].since > self._overstay_s:
                self._end_overdue(seat)
            elif seat.ready:
                hard, held = self._memory.hard_mib(seat.held_mib), resident_mib(seat.process.pid)
                if held > hard:
                    said = f"{seat.process.name} held {held:,.0f} MiB of {hard:,.0f}"
                    self._bury(seat, f"The {said}: raise memory_mib (--memory-mib) if it may.")

    def _end_overdue(self, seat: Seat) -> None:
        """Kill a worker that overstays, and with it the policy that it may be waiting for.

        One episode alone is the culprit: its row says `timeout`. Of several side by side any may
        be, so each is played again alone.
        """
        at_once = self._seats if self._clerk is not None else [seat]
        for other in list(at_once):
            other.kill()
            self._hear(other)
        running = [(other, one) for other in at_once for one in other.running()]
        now = time.monotonic()
        if len(running) == 1 and now - running[0][1].since > self._overstay_s:
            culprit, one = running[0]
            for unit in culprit.part([one.ordinal]):
                row = overdue_row(unit.keys[0], now - one.since, unit.attempt)
                self._events.append(Finished(unit, (row,)))
            culprit.leaving = True  # what it had not begun is nobody's fault
        why = f"No answer for {self._overstay_s:.1f} s, with several episodes side by side."
        for other in list(at_once):
            self._bury(other, why)
        if self._clerk is not None:
            self._clerk.kill()

    def _replace_clerk(self, clerk: Clerk) -> None:
        """The policy is gone, and with it what all workers were playing."""
        if not clerk.ready:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise unstarted(clerk)
        clerk.kill()
        for seat in list(self._seats):
            self._bury(seat, clerk.epitaph())
        self._clerk = Clerk(self._context, clerk.packed)
