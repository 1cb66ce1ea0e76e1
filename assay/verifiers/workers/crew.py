"""Worker processes under one thread: who gets which request, what is overdue, who is replaced.

The thread owns every worker and all clocks; others only put requests into `_inbox`. It also starts
all processes itself: the kernel ends a worker when the thread ends that started it.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import select
import signal
import sys
import threading
import time
from collections import deque
from concurrent.futures import Future, InvalidStateError
from typing import Any, cast

from assay.core.types import Cost
from assay.verifiers.workers.requests import NO_COST, Answer, Request, failure
from assay.verifiers.workers.seat import Group, Job, Seat

_log = logging.getLogger("assay")

REQUESTS_A_WORKER = 500  # then it is replaced
GROWTH_MB = 200.0  # of resident memory, then it is replaced
_AHEAD = 100  # requests before its last at which a successor is started
_STARTS = 3  # workers in a row that end before they are ready; then what waits is refused
_PAUSE_S = 1.0  # after a start that failed
_WATCH_S = 0.25  # between looks at processes whose pipes somebody else may hold open
_REAP_S = 0.01
_EXTRA_IDLE_S = 10.0  # workers beyond the usual number are kept so long without work
_PRELOADED = 8  # calls that a new worker loads before it is asked
_CLOSING_S = 2.0


class Crew:
    """Up to `size` workers, started when there is something to do.

    Args:
        size: workers at once; a group with a higher limit may have more while it lasts.
    """

    def __init__(self, size: int) -> None:
        self.size = size
        self.pid = os.getpid()
        self._inbox: deque[Job | tuple[str, int]] = deque()
        self._queue: deque[Job] = deque()
        self._seats: list[Seat] = []
        self._dying: list[Seat] = []  # killed, not yet reaped
        self._preload: dict[str, None] = {}
        self._failed_starts = 0
        self._start_after = 0.0
        self._closing = self._closed = False
        self._path = _Path()
        self._wake_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._poll = select.poll()
        self._poll.register(self._wake_fd, select.POLLIN)
        self._lock = threading.Lock()  # between a last request and the end of the thread
        self._thread = threading.Thread(target=self._run, name="assay workers", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            os.close(self._wake_fd)
            raise

    # ------------------------------------------------------------------ for any thread

    @property
    def closed(self) -> bool:
        """Whether it takes no more requests."""
        return self._closing or self._closed

    def submit(self, request: Request, group: Group | None = None) -> Future[Answer] | None:
        """The answer to come, or None when it is closed. A cancelled one is not begun."""
        job = Job(request, Future(), group)
        return job.future if self._post(job) else None

    def warm(self, call: str, n: int) -> None:
        """Have so many workers that know a call."""
        self._post((call, n))

    def close(self) -> None:
        """End all workers; what was not answered is `failed`. A second call does nothing."""
        with self._lock:
            if self._closing:
                return
            self._closing = True
            self._wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(_CLOSING_S)

    def pids(self) -> list[int]:
        """Of the workers that there are, the dying included."""
        return [seat.process.pid for seat in [*self._seats, *self._dying]]

    def abandon(self) -> None:
        """In a child after `fork`: let go of the parent's workers without touching them."""
        if self._closed:
            return
        for seat in [*self._seats, *self._dying]:
            seat.process.returncode = 0  # not ours to wait for
        for fd in [self._wake_fd, *(fd for seat in self._seats for fd in seat.fds)]:
            with contextlib.suppress(OSError):
                os.close(fd)

    def _post(self, item: Job | tuple[str, int]) -> bool:
        with self._lock:
            if self.closed:
                return False
            self._inbox.append(item)
            self._wake()
        return True

    def _wake(self) -> None:
        with contextlib.suppress(BlockingIOError):
            os.eventfd_write(self._wake_fd, 1)

    # ------------------------------------------------------------------ the thread

    def _run(self) -> None:
        try:
            while not self._closing:
                self._turn()
        except BaseException:
            _log.exception("The pool of verifier workers failed; the next request starts another")
        finally:
            self._end()

    def _turn(self) -> None:
        self._take_inbox()
        self._deal()
        ready = {fd for fd, _ in self._poll.poll(self._timeout_ms())}
        if self._wake_fd in ready:
            with contextlib.suppress(BlockingIOError):
                os.eventfd_read(self._wake_fd)
        for seat in list(self._seats):
            if seat.send_fd in ready:
                seat.write()
                self._listen_for_room(seat)
            if seat.receive_fd in ready:
                self._hear(seat)
        self._watch()

    def _end(self) -> None:
        with self._lock:
            self._closing = self._closed = True
        for seat in list(self._seats):
            self._remove(seat)
        for seat in self._dying:
            seat.epitaph()
        for item in [*self._queue, *self._inbox]:
            if isinstance(item, Job):
                _settle(item, _failed("worker.lost", "The pool of workers was closed."))
        os.close(self._wake_fd)

    def _timeout_ms(self) -> float:
        now = time.monotonic()
        at = min((seat.look_at for seat in self._seats), default=math.inf)
        if self._dying:
            at = min(at, now + _REAP_S)
        if any(not seat.ready or seat.job is not None for seat in self._seats):
            at = min(at, now + _WATCH_S)
        if self._queue:
            at = min(at, max(self._start_after, now + _WATCH_S))
        if len(self._seats) > self.size:
            at = min(at, now + _EXTRA_IDLE_S)
        return 0.0 if at <= now else 1_000 * min(at - now, 3_600.0)

    # ------------------------------------------------------------------ giving work

    def _take_inbox(self) -> None:
        while self._inbox:
            item = self._inbox.popleft()
            if isinstance(item, Job):
                self._queue.append(item)
            else:
                self._remember(item[0])
                while len(self._seats) < min(item[1], self.size) and self._start():
                    pass

    def _deal(self) -> None:
        """Give what waits to workers that are idle, oldest first; start more where it pays."""
        held: list[Job] = []
        while self._queue:
            job = self._queue.popleft()
            if job.group is not None and job.group.running >= job.group.limit:
                held.append(job)
                continue
            seat = self._idle(fresh=job.was_slow)
            if seat is None:
                self._queue.appendleft(job)
                break
            self._begin(seat, job)
        self._queue.extendleft(reversed(held))
        while self._n_startable() > sum(not seat.ready for seat in self._seats):
            if not self._start():
                break

    def _begin(self, seat: Seat, job: Job) -> None:
        if not job.was_slow and not job.future.set_running_or_notify_cancel():
            return
        if job.group is not None:
            job.group.running += 1
        seat.give(job, self._path.now())
        self._listen_for_room(seat)

    def _n_startable(self) -> int:
        """Requests that a further worker could begin at once."""
        free: dict[int, int] = {}
        n = 0
        for job in self._queue:
            group = job.group
            left = 1 if group is None else free.get(id(group), group.limit - group.running)
            n += left > 0
            if group is not None:
                free[id(group)] = left - 1
            if n > len(self._seats):
                break
        return n

    def _idle(self, fresh: bool) -> Seat | None:
        """The idle worker that has done most, so that a successor waits; or one that is new."""
        for seat in sorted(self._seats, key=lambda seat: -seat.n_given):
            if seat.ready and seat.job is None and not (fresh and seat.n_given):
                self._hear(seat)  # one that died meanwhile has not taken a request with it
                if seat in self._seats:
                    return seat
        if fresh and len(self._seats) >= self._most():
            rested = next((seat for seat in self._seats if seat.ready and seat.job is None), None)
            if rested is not None:
                self._remove(rested)
        return None

    def _most(self) -> int:
        limits = [job.group.limit for job in self._jobs() if job.group is not None]
        leaving = sum(seat.n_given >= REQUESTS_A_WORKER - _AHEAD for seat in self._seats)
        return max([self.size, *limits]) + leaving

    def _jobs(self) -> list[Job]:
        return [*self._queue, *(seat.job for seat in self._seats if seat.job is not None)]

    # ------------------------------------------------------------------ starting

    def _start(self) -> bool:
        """One more worker, where there may be one."""
        now = time.monotonic()
        if len(self._seats) >= self._most() or now < self._start_after:
            return False
        try:
            seat = Seat(self._path.now(), list(self._preload))
        except OSError as error:
            self._start_after = now + _PAUSE_S
            if not self._seats:
                self._refuse(f"{error}")
            return False
        self._seats.append(seat)
        self._poll.register(seat.receive_fd, select.POLLIN)
        self._listen_for_room(seat)
        return True

    def _start_failed(self, why: str) -> None:
        self._failed_starts += 1
        self._preload.clear()  # it may be the fault of one of these
        if self._failed_starts >= _STARTS:
            self._failed_starts, self._start_after = 0, time.monotonic() + _PAUSE_S
            if not any(seat.ready for seat in self._seats):
                self._refuse(f"'{sys.executable}' ended before it was ready ({why})")

    def _refuse(self, why: str) -> None:
        """Nobody can do what waits. The next request tries again."""
        self._start_after = 0.0
        answer = _failed("worker.unstarted", f"No worker process could be started: {why}.")
        while self._queue:
            _settle(self._queue.popleft(), answer)

    def _remember(self, call: str) -> None:
        """New workers load this before they are asked."""
        self._preload.pop(call, None)
        self._preload[call] = None
        if len(self._preload) > _PRELOADED:
            del self._preload[next(iter(self._preload))]

    # ------------------------------------------------------------------ hearing from them

    def _listen_for_room(self, seat: Seat) -> None:
        if seat.has_unsent and not seat.ended:
            self._poll.register(seat.send_fd, select.POLLOUT)
        else:
            with contextlib.suppress(KeyError):
                self._poll.unregister(seat.send_fd)

    def _hear(self, seat: Seat) -> None:
        for frame in seat.frames():
            kind = frame.get("kind")
            if kind == "ready":
                seat.ready, self._failed_starts = True, 0
                seat.rest()
            elif kind in ("load", "run"):
                seat.begin(loading=kind == "load")
            elif kind == "phase":
                seat.begin_phase(str(frame["name"]))
            elif seat.job is not None:
                self._answered(seat, seat.job, frame)
        if seat.ended and seat in self._seats:
            self._lost(seat)

    def _answered(self, seat: Seat, job: Job, frame: dict[str, Any]) -> None:
        cost = seat.cost(frame)
        spent = frame.get("code") == "limit.memory"
        leaves = seat.n_given >= REQUESTS_A_WORKER or frame["grown_mb"] > GROWTH_MB or spent
        self._release(seat)
        if leaves:
            self._remove(seat)
        if leaves or seat.n_given == REQUESTS_A_WORKER - _AHEAD:
            self._start()
        if frame["kind"] == "done" and job.request.call not in self._preload:
            self._remember(job.request.call)
        _settle(job, _answer(job, frame, cost))

    def _release(self, seat: Seat) -> None:
        """Its request is over, one way or the other."""
        if seat.job is not None and seat.job.group is not None:
            seat.job.group.running -= 1
        seat.rest()

    # ------------------------------------------------------------------ clocks and ends

    def _watch(self) -> None:
        now = time.monotonic()
        for seat in list(self._seats):
            if seat.job is None and seat.ready:
                extra = len(self._seats) > self._most()
                if extra and not self._queue and now - seat.since > _EXTRA_IDLE_S:
                    self._remove(seat)
                continue
            if now >= seat.look_at and seat.overdue(now):
                self._hear(seat)  # what it said while nobody listened counts
                code = seat.overdue(now) if seat in self._seats else ""
                if code:
                    self._end_overdue(seat, code)
            elif seat.is_over:
                self._hear(seat)
                if seat in self._seats:
                    self._lost(seat)
        for seat in [seat for seat in self._dying if seat.reaped]:
            self._dying.remove(seat)

    def _end_overdue(self, seat: Seat, code: str) -> None:
        job, cost = seat.job, seat.cost()
        self._release(seat)
        self._remove(seat)
        if job is None:
            self._start_failed("it took too long")
            return
        again = code == "machine.slow" and not job.was_slow
        if again:
            job.was_slow = True
            self._queue.appendleft(job)
        self._start()
        if code == "limit.cpu":
            _settle(job, _over_cpu(job, cost))
        elif code == "worker.unstarted":
            message = f"The module of '{job.request.call}' took too long to load."
            _settle(job, Answer(status="failed", code=code, message=message, cost=cost))
        elif not again:
            _settle(job, _slow(job, cost))

    def _lost(self, seat: Seat) -> None:
        """It ended by itself, or by a stranger's hand."""
        job, cost, was_ready = seat.job, seat.cost(), seat.ready
        self._release(seat)
        self._remove(seat)
        code, words = seat.epitaph()
        if not was_ready:
            self._start_failed(words)
        elif job is not None:
            self._start()
            if code in (-signal.SIGPROF, -signal.SIGXCPU):  # the kernel was first
                _settle(job, _over_cpu(job, cost))
            else:
                said = f"A worker process was lost in the middle of a request ({words})."
                _settle(job, _failed("worker.lost", said, job.phase, cost))

    def _remove(self, seat: Seat) -> None:
        if seat.job is not None:
            _settle(seat.job, _failed("worker.lost", "The pool of workers was closed."))
            self._release(seat)
        seat.kill()
        self._seats.remove(seat)
        for fd in seat.fds:
            with contextlib.suppress(KeyError):
                self._poll.unregister(fd)
        seat.close()
        self._dying.append(seat)


def _settle(job: Job, answer: Answer) -> None:
    with contextlib.suppress(InvalidStateError):  # cancelled: nobody waits for it
        job.future.set_result(answer)


def _answer(job: Job, frame: dict[str, Any], cost: Cost) -> Answer:
    """What a worker said of a request."""
    call, limits = job.request.call, job.request.limits
    kind, code = frame["kind"], frame.get("code", "verifier.exception")
    result = frame.get("result")
    if kind == "done" and isinstance(result, dict):
        found = cast("dict[str, Any]", result)
        return Answer(status="done", result=found, phase=job.phase, cost=cost)
    if kind == "done":
        return _failed(code, f"The function '{call}' returned no dict.", job.phase, cost)
    if kind == "failed":
        return failure(call, code, frame["type"], frame["said"], job.phase, cost)
    message = (
        f"The memory limit of {limits.memory_mb} MB was reached."
        if code == "limit.memory"
        else "It nests too deeply to be evaluated."
    )
    return Answer(status="over_limit", code=code, message=message, phase=job.phase, cost=cost)


def _over_cpu(job: Job, cost: Cost) -> Answer:
    message = f"The limit of {job.request.limits.cpu_s:g} s of CPU time was spent."
    return Answer(
        status="over_limit", code="limit.cpu", message=message, phase=job.phase, cost=cost
    )


def _slow(job: Job, cost: Cost) -> Answer:
    limits = job.request.limits
    message = (
        f"The machine was too slow: {limits.wall_s:g} s passed and the {limits.cpu_s:g} s of CPU "
        "time were not used, twice."
    )
    return Answer(status="slow", code="machine.slow", message=message, phase=job.phase, cost=cost)


def _failed(code: str, message: str, phase: str = "", cost: Cost = NO_COST) -> Answer:
    return Answer(status="failed", code=code, message=message, phase=phase, cost=cost)


class _Path:
    """Where this process looks for modules, as a process in another folder would say it."""

    def __init__(self) -> None:
        self._seen: tuple[list[str], str] = ([], "")
        self._found: list[str] = []

    def now(self) -> list[str]:
        """The same list while nothing has changed."""
        try:
            here = os.getcwd()
        except OSError:  # the folder is gone, and what was in it
            here = os.sep
        if self._seen != (sys.path, here):
            self._seen = (list(sys.path), here)
            self._found = [os.path.join(here, at) for at in self._seen[0] if type(at) is str]
        return self._found
