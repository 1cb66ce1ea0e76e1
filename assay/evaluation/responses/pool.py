"""Lines in, rows out, in order, through worker processes that may be lost at any moment.

A lost worker costs what it had not sent yet: those lines are judged again one by one, so that a
line that kills its worker is found by itself, and ends as an error verdict.
"""

from __future__ import annotations

import os
import pickle
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from typing import Any

from assay.core.errors import OptionError, WorkerLost
from assay.core.types import Verdict
from assay.evaluation.responses.lines import Line, read_record
from assay.evaluation.responses.rows import Recipe, Row, make_row
from assay.evaluation.responses.worker import FLUSH_S

MAX_LOST = 3  # workers that are lost over a line before it is given up
MAX_SLOW = 2  # times that a line may take too long
CHUNK_S = 0.25  # chunks grow until one takes about this long
MAX_CHUNK = 256
WINDOW_LINES, WINDOW_BYTES = 20_000, 64 << 20  # judged or waiting, and not handed on yet
_CHUNK_BYTES = 1 << 20
_WAIT_S = 0.2
_START_S = 120.0  # for a worker to build its judge
_STARTS = 3  # workers in a row that die before they judge anything
_STUCK_S = 60  # for a message that has begun, and for a process that has left to be gone


@dataclass(eq=False)
class _Chunk:
    """Lines that stand side by side, with the rows that are there."""

    lines: list[Line]
    rows: dict[int, Row] = field(default_factory=dict[int, Row])

    @property
    def n_bytes(self) -> int:
        return sum(len(line.raw) for line in self.lines)

    @property
    def complete(self) -> bool:
        return len(self.rows) == len(self.lines)


@dataclass(eq=False)
class _Unit:
    """What one worker is given: the lines of a chunk from `at` to `end`; `at` moves on."""

    chunk: _Chunk
    at: int
    end: int
    lost: int = 0  # workers that were lost over it
    slow: int = 0  # times that its one line took too long

    @property
    def lines(self) -> list[Line]:
        return self.chunk.lines[self.at : self.end]


class _Worker:
    """A process and the link to it."""

    def __init__(self, recipe: bytes) -> None:
        ours, theirs = socket.socketpair()
        for option in (socket.SO_SNDTIMEO, socket.SO_RCVTIMEO):
            # a process that was stopped must not hold us for ever
            ours.setsockopt(socket.SOL_SOCKET, option, struct.pack("ll", _STUCK_S, 0))
        paths = os.pathsep.join(os.path.abspath(path) for path in sys.path)
        env = {**os.environ, "PYTHONPATH": paths, "PYTHONHASHSEED": "0"}
        env |= dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "assay.evaluation.responses.worker", str(theirs.fileno())],
                stdin=subprocess.DEVNULL,
                stdout=2,  # what a verifier prints is no data
                env=env,
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self.link = Connection(ours.detach())
        self.ready = False
        self.unit: _Unit | None = None
        self.began = self.heard = time.monotonic()
        self._send(recipe)

    def _send(self, data: bytes) -> None:
        try:
            self.link.send_bytes(data)
        except OSError:  # it is gone; the next look at it will tell
            pass

    def give(self, unit: _Unit) -> None:
        """Something to judge."""
        self.unit = unit
        self.began = self.heard = time.monotonic()
        self._send(pickle.dumps(unit.lines, protocol=pickle.HIGHEST_PROTOCOL))

    def messages(self) -> Iterator[tuple[str, Any]]:
        """What it has sent, also just before its death; `("gone", why)` at its end."""
        dead = self.process.poll() is not None
        try:
            while self.link.poll(0):
                message = pickle.loads(self.link.recv_bytes())
                self.heard = time.monotonic()
                yield message
        except (EOFError, OSError):
            dead = True
        if dead:
            yield "gone", self._epitaph()

    def _epitaph(self) -> str:
        try:
            code = self.process.wait(_STUCK_S)
        except subprocess.TimeoutExpired:
            return "closed its link"
        return f"ended by signal {-code}" if code < 0 else f"ended with exit code {code}"

    def overdue(self, limit_s: float) -> bool:
        """Whether it is silent for longer than a line may take."""
        limit = limit_s + FLUSH_S if self.ready else max(_START_S, limit_s)
        return self.unit is not None and time.monotonic() - self.heard > limit

    def kill(self) -> None:
        """End it and what it started, now."""
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        self.process.kill()
        self.process.wait()
        self.link.close()


class WorkerPool:
    """Workers that judge by one recipe; a context that ends them.

    Args:
        recipe: what they are told.
        workers: how many, at least 1.
        time_limit_s: a line that takes longer is given up, after another try.
    """

    def __init__(self, recipe: Recipe, workers: int, time_limit_s: float) -> None:
        self._recipe, self._n, self._limit_s = recipe, workers, time_limit_s
        self._packed = pickle.dumps(recipe)
        self._workers: list[_Worker] = []
        self._again: deque[_Unit] = deque()
        self._window: deque[_Chunk] = deque()
        self._size = 1
        self._failed_starts = 0

    def __enter__(self) -> WorkerPool:
        return self

    def __exit__(self, *_: object) -> None:
        while self._workers:
            self._workers.pop().kill()

    def pids(self) -> list[int]:
        """The processes there are."""
        return [worker.process.pid for worker in self._workers]

    def rows(self, lines: Iterable[Line]) -> Iterator[list[Row]]:
        """The rows of the lines, in order, some at a time; an empty list now and then.

        Raises:
            WorkerLost: workers cannot be started. OptionError: they cannot make their verifier.
        """
        chunks = self._chunks(iter(lines))
        while True:
            self._dispatch(chunks)
            if not self._window:
                return
            self._listen()
            ready: list[Row] = []
            while self._window and self._window[0].complete:
                chunk = self._window.popleft()
                ready += [chunk.rows[at] for at in range(len(chunk.lines))]
            yield ready

    def _chunks(self, lines: Iterator[Line]) -> Iterator[_Chunk]:
        taken: list[Line] = []
        n_bytes = 0
        for line in lines:
            taken.append(line)
            n_bytes += len(line.raw)
            if len(taken) >= self._size or n_bytes >= _CHUNK_BYTES:
                yield _Chunk(taken)
                taken, n_bytes = [], 0
        if taken:
            yield _Chunk(taken)

    # ------------------------------------------------------------------ out

    def _dispatch(self, chunks: Iterator[_Chunk]) -> None:
        """Give every idle worker something; start those that there may be."""
        for at in range(self._n):
            if at < len(self._workers) and self._workers[at].unit is not None:
                continue
            unit = self._next_unit(chunks)
            if unit is None:
                return
            if at == len(self._workers):
                self._workers.append(_Worker(self._packed))
            self._workers[at].give(unit)

    def _next_unit(self, chunks: Iterator[_Chunk]) -> _Unit | None:
        if self._again:
            return self._again.popleft()
        if sum(len(chunk.lines) for chunk in self._window) >= WINDOW_LINES:
            return None
        if sum(chunk.n_bytes for chunk in self._window) >= WINDOW_BYTES:
            return None
        chunk = next(chunks, None)
        if chunk is None:
            return None
        self._window.append(chunk)
        return _Unit(chunk, 0, len(chunk.lines))

    # ------------------------------------------------------------------ in

    def _listen(self) -> None:
        """Take what workers have sent; wait a little where nothing is there."""
        wait([worker.link for worker in self._workers], _WAIT_S)
        for worker in list(self._workers):
            self._hear(worker)

    def _hear(self, worker: _Worker) -> None:
        for word, what in worker.messages():
            if word == "ready":
                worker.ready, self._failed_starts = True, 0
                worker.began = worker.heard
            elif word == "failed":
                raise OptionError(what)
            elif word == "gone":
                self._lose(worker, what)
                return
            else:
                self._take(worker, what)
        if worker.overdue(self._limit_s):
            self._lose(worker, "")

    def _take(self, worker: _Worker, rows: list[Row]) -> None:
        unit = worker.unit
        assert unit is not None, "rows come from a worker that was given lines"
        for row in rows:
            unit.chunk.rows[unit.at] = row
            unit.at += 1
        if unit.at == unit.end:
            worker.unit = None
            n = len(unit.chunk.lines)
            wanted = int(n * CHUNK_S / max(time.monotonic() - worker.began, 1e-6))
            self._size = max(1, min(wanted, 2 * max(n, self._size), MAX_CHUNK))

    def _lose(self, worker: _Worker, why: str) -> None:
        """Replace a worker; its lines are judged again, one by one. No `why`: it was too slow."""
        worker.kill()
        self._workers.remove(worker)
        unit = worker.unit
        if not worker.ready:
            self._failed_starts += 1
            if self._failed_starts >= _STARTS:
                raise WorkerLost(
                    f"Workers do not start: {_STARTS} in a row, and the last "
                    f"{why or 'did not answer'}. What they said is above; --workers 0 judges in "
                    "this process."
                )
            if unit is not None:
                self._again.append(unit)
        elif unit is not None:
            for at in range(unit.at, unit.end):
                alone = _Unit(unit.chunk, at, at + 1, unit.lost + bool(why), unit.slow)
                alone.slow += not why and len(unit.lines) == 1  # of several, who knows which
                self._retry(alone, why)

    def _retry(self, unit: _Unit, why: str) -> None:
        """Judge one line again, or give it up."""
        if unit.lost < MAX_LOST and unit.slow < MAX_SLOW:
            self._again.append(unit)
            return
        line = unit.chunk.lines[unit.at]
        if why:
            reason = f"The process that judged it was lost {unit.lost} times; the last {why}."
            verdict = Verdict.error("worker.lost", reason)
        else:
            reason = f"No verdict within {self._limit_s:g} s, {unit.slow} times."
            verdict = Verdict.error("worker.slow", reason)
        record = read_record(line.raw)
        unit.chunk.rows[unit.at] = make_row(self._recipe, record, line.number, verdict)
