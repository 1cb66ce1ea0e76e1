"""The pool's side of one worker: process, pipes, the request that it has, and its clocks."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.types import Cost
from assay.verifiers.workers.requests import Answer, Request

LOAD_S = 120.0  # for a start, and for an import in the middle of a request; charged to nobody
ENOUGH_CPU = 0.8  # of its CPU time spent at the wall deadline, and the machine was not too slow
CHILD = str(Path(__file__).with_name("child.py"))
_LENGTH = 4
_LONGEST_FRAME = 64 << 20
_READ_BYTES = 1 << 16
_SOONEST_LOOK_S = 0.005
_EXIT_S = 0.5  # from the end of its pipe to the end of a process


@dataclass(eq=False, slots=True)
class Group:
    """Requests of one batch: no more than so many are worked on at once."""

    limit: int
    running: int = 0


@dataclass(eq=False, slots=True)
class Job:
    """A request on its way, and when it came where.

    Attributes:
        begun, begun_cpu_s: the clocks when the worker was given it, and had its module loaded.
        phase_begun, phase_cpu_s: the clocks at the start of what it is at.
        was_slow: it met a wall deadline before, and is owed a fresh worker.
    """

    request: Request
    future: Future[Answer]
    group: Group | None = None
    queued: float = field(default_factory=time.monotonic)
    begun: float = 0.0
    begun_cpu_s: float = 0.0
    phase_begun: float = 0.0
    phase_cpu_s: float = 0.0
    phase: str = ""
    loading: bool = False
    was_slow: bool = False


class Seat:
    """A worker process. Only the pool's thread touches it.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, path: list[str], preload: list[str]) -> None:
        self.job: Job | None = None
        self.ready = False
        self.ended = False  # its pipe is at its end, or it is known to be dead
        self.n_given = 0
        self.since = time.monotonic()  # it started, or became idle
        self.look_at = self.since + LOAD_S  # when its clocks are due
        self._told_path = path
        self._unsent = memoryview(b"")
        self._unread = bytearray()
        self.process = self._start()
        self._clock = (~self.process.pid << 3) | 2  # the kernel's number for its CPU time
        self._send({"path": path, "preload": preload})

    def _start(self) -> subprocess.Popen[bytes]:
        opened: list[int] = []
        try:
            opened += os.pipe()
            opened += os.pipe()
            theirs_in, self.send_fd, self.receive_fd, theirs_out = opened
            process = subprocess.Popen(
                # -s -P and this environment are what -I means; -I itself would also ignore
                # PYTHONHASHSEED, and the order of sets would differ from worker to worker
                [sys.executable, "-s", "-P", "-B", CHILD, str(os.getpid())],
                stdin=theirs_in,
                stdout=theirs_out,
                stderr=subprocess.DEVNULL,
                env={
                    "PATH": os.environ.get("PATH", os.defpath),
                    "LANG": "C.UTF-8",
                    "PYTHONHASHSEED": "0",
                },
                start_new_session=True,
            )
        except BaseException:
            for fd in opened:
                os.close(fd)
            raise
        os.close(theirs_in)
        os.close(theirs_out)
        os.set_blocking(self.send_fd, False)
        os.set_blocking(self.receive_fd, False)
        return process

    # ------------------------------------------------------------------ talking

    @property
    def fds(self) -> tuple[int, int]:
        """Its descriptors in this process: to write to, to read from."""
        return self.send_fd, self.receive_fd

    @property
    def has_unsent(self) -> bool:
        """Whether a request waits for room in the pipe."""
        return bool(self._unsent)

    def give(self, job: Job, path: list[str]) -> None:
        """Have it begin; what it cannot take any more is seen by its end."""
        request, limits = job.request, job.request.limits
        header: dict[str, Any] = {
            "call": request.call, "cpu_s": limits.cpu_s, "memory_mb": limits.memory_mb,
        }  # fmt: skip
        if path != self._told_path:
            header["path"] = self._told_path = path
        self.job = job
        self.n_given += 1
        self.begin()
        self._send_text(f'{json.dumps(header)[:-1]},"payload":{request.payload}}}')

    def begin(self, *, loading: bool = False) -> None:
        """Start all clocks: it was given a request, or begins or ends an import for one."""
        if self.job is not None:
            self.job.loading = loading
            self.begin_phase("")
            self.job.begun, self.job.begun_cpu_s = self.job.phase_begun, self.job.phase_cpu_s

    def begin_phase(self, name: str) -> None:
        """Start the clocks of what it is at now."""
        job = self.job
        if job is not None:
            job.phase, job.phase_begun, job.phase_cpu_s = name, time.monotonic(), self.cpu_s()
            limits = job.request.limits
            patience_s = LOAD_S if job.loading else min(limits.cpu_s, limits.wall_s)
            self.look_at = job.phase_begun + patience_s

    def rest(self) -> None:
        """It has nothing to do."""
        self.job, self.since, self.look_at = None, time.monotonic(), math.inf

    def write(self) -> None:
        """Send what there is room for."""
        try:
            while self._unsent:
                self._unsent = self._unsent[os.write(self.send_fd, self._unsent) :]
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True

    def frames(self) -> list[dict[str, Any]]:
        """What it has said since; sets `ended` at the end of its pipe, and on what is no frame."""
        found: list[dict[str, Any]] = []
        try:
            while True:
                part = os.read(self.receive_fd, _READ_BYTES)
                self._unread += part
                self.ended = self.ended or not part
                if len(part) < _READ_BYTES:
                    break
        except BlockingIOError:
            pass
        except OSError:
            self.ended = True
        while len(self._unread) >= _LENGTH:
            end = _LENGTH + int.from_bytes(self._unread[:_LENGTH], "little")
            self.ended = self.ended or end > _LONGEST_FRAME
            if len(self._unread) < end or end > _LONGEST_FRAME:
                break
            try:
                found.append(json.loads(self._unread[_LENGTH:end]))
            except ValueError:
                self.ended = True
            del self._unread[:end]
        return found

    def _send(self, frame: dict[str, Any]) -> None:
        self._send_text(json.dumps(frame))

    def _send_text(self, text: str) -> None:
        data = text.encode("ascii")
        self._unsent = memoryview(len(data).to_bytes(_LENGTH, "little") + data)
        self.write()

    # ------------------------------------------------------------------ clocks

    def cpu_s(self) -> float:
        """CPU time that it ever used; 0 when it is gone."""
        try:
            return time.clock_gettime(self._clock)
        except OSError:
            return 0.0

    def overdue(self, now: float) -> str:
        """What it ran out of, as a code of `Answer`, or nothing; sets the next `look_at`."""
        job = self.job
        if job is None or job.loading:
            return "worker.unstarted" if now >= self.look_at else ""
        limits = job.request.limits
        used = self.cpu_s() - job.phase_cpu_s
        if used >= limits.cpu_s:
            return "limit.cpu"
        left = job.phase_begun + limits.wall_s - now
        if left <= 0:
            return "limit.cpu" if used >= ENOUGH_CPU * limits.cpu_s else "machine.slow"
        self.look_at = now + min(left, max(limits.cpu_s - used, _SOONEST_LOOK_S))
        return ""

    def cost(self, said: dict[str, Any] | None = None) -> Cost:
        """What its request took, as it said itself, or as seen from here when it cannot."""
        job = self.job
        if job is None:
            return Cost()
        queue_s = job.begun - job.queued
        if said is not None:
            return Cost(said.get("wall_s", 0.0), said.get("cpu_s", 0.0), queue_s, said["peak_mb"])
        cpu_s = max(0.0, self.cpu_s() - job.begun_cpu_s)
        return Cost(time.monotonic() - job.begun, cpu_s, queue_s, _peak_mb(self.process.pid))

    # ------------------------------------------------------------------ the end

    @property
    def is_over(self) -> bool:
        """Whether the process has ended; it keeps its number until it is reaped."""
        try:
            ended = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:  # somebody else here waits for all children
            return True
        return ended is not None

    @property
    def reaped(self) -> bool:
        """Whether the process has ended and left no zombie."""
        return self.process.poll() is not None

    def epitaph(self) -> tuple[int, str]:
        """Its exit status once it is over, and that in words."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(_EXIT_S)
        code = self.process.returncode
        if code is None:
            return 0, "it closed its pipe"
        return code, f"signal {-code}" if code < 0 else f"exit status {code}"

    def kill(self) -> None:
        """End it and all that it started, now; `reaped` looks after the rest."""
        if self.process.returncode is None:  # not reaped, so the number is still its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)

    def close(self) -> None:
        """Give its descriptors back."""
        for fd in self.fds:
            os.close(fd)


def _peak_mb(pid: int) -> float:
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
        return int(status.partition(b"VmHWM:")[2].split(None, 1)[0]) / 1_024
    except (OSError, ValueError, IndexError):
        return 0.0
