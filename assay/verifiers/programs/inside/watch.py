"""Watching one child: its frames and output are read, its time and memory counted, its end made."""

from __future__ import annotations

import os
import resource
import select
import signal
import time
from dataclasses import dataclass, field
from typing import Any

from assay.verifiers.programs.inside import limits, processes, wire
from assay.verifiers.programs.inside.plain import MAX_CHARS

SETUP_S = 60.0  # until the child says that it is ready; spent by machines, not by submissions
FRAME_BYTES = 3 * MAX_CHARS // 2
_TICK_S = 0.1


class Frames:
    """Reads frames out of what a child writes; anything else makes them malformed."""

    def __init__(self, nonce: str) -> None:
        self.nonce = nonce.encode("ascii")
        self.data = bytearray()
        self.malformed = False

    def feed(self, data: bytes) -> list[str]:
        """The payloads that are complete now."""
        self.data += data
        found: list[str] = []
        while not self.malformed:
            payload = self._next()
            if payload is None:
                break
            found.append(payload)
        return found

    def _next(self) -> str | None:
        size = len(self.nonce)
        if not self.nonce.startswith(bytes(self.data[:size])):
            self.malformed = True
        head = size + wire.HEADER
        if self.malformed or len(self.data) < head:
            return None
        digits = bytes(self.data[size:head])
        end = head + int(digits, 16) if not digits.strip(b"0123456789abcdef") else -1
        if not head < end <= FRAME_BYTES:
            self.malformed = True
        if self.malformed or len(self.data) < end:
            return None
        payload = bytes(self.data[head:end])
        del self.data[:end]
        self.malformed = not payload.isascii()
        return None if self.malformed else payload.decode("ascii")


@dataclass
class Pipes:
    """A child's descriptors: its own four (input, output, errors, frames), and our ends of them."""

    child: tuple[int, int, int, int]
    out: int
    err: int
    frames: int
    feed: int = -1  # where what the child is to read goes, if that comes piece by piece

    def close_child_side(self) -> None:
        """Close what only the child uses."""
        for fd in self.child:
            os.close(fd)


def make_pipes(request: dict[str, Any], fed: bool) -> Pipes:
    """The descriptors for one run; standard input is a pipe, the request's `stdin`, or empty."""
    out_read, out_write = os.pipe()
    err_read, err_write = os.pipe()
    frames_read, frames_write = os.pipe()
    feed = -1
    if fed:
        source, feed = os.pipe()
        os.set_blocking(feed, False)
    elif "stdin" in request:
        source = os.memfd_create("stdin", os.MFD_CLOEXEC)
        wire.write_all(source, request.pop("stdin").encode("utf-8", "surrogatepass"))
        os.lseek(source, 0, os.SEEK_SET)
    else:
        source = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    for fd in (out_read, err_read, frames_read):
        os.set_blocking(fd, False)
    return Pipes(
        (source, out_write, err_write, frames_write), out_read, err_read, frames_read, feed
    )


@dataclass
class Watch:
    """One run, from the fork of its child to the last of its processes.

    Attributes:
        link: the socket to the verifier; while it asks nothing, all that matters is that it lives.
        proc: a descriptor of `/proc`, or -1.
        woken: can be read when a child has ended.
        uid: the user that owns these processes alone, where there is one.
        over: what was spent: "cpu", "memory", "wall" (it could have had its time and did not use
            it), "slow" (the machine did not give it), "setup", or "gone" (the verifier left).
    """

    link: int
    proc: int
    child: int
    pipes: Pipes
    woken: int
    request: dict[str, Any]
    uid: int | None
    to_child: bytearray = field(default_factory=bytearray)
    over: str = ""
    ready: bool = False
    frames: list[str] = field(default_factory=list[str])
    output: bytearray = field(default_factory=bytearray)
    output_bytes: int = 0
    complaint: bytearray = field(default_factory=bytearray)  # errors of what makes the room

    def run(self) -> dict[str, Any]:
        """Watch until the child has ended or has to; end it; the report."""
        self.started = time.monotonic()
        self.deadline = self.started + SETUP_S
        self.limits: dict[str, float] = self.request["limits"]
        self.wanted = max(1, len(self.request.get("inputs", ())))
        self.reader = Frames(self.request["nonce"])
        self.paused_at = 0.0
        self.used_before = 0.0  # processor time until the last frame
        self.next_look = self.started + 3 * _TICK_S
        self.status: int | None = None
        self.poll = select.poll()
        self.open = {self.pipes.out, self.pipes.err, self.pipes.frames}
        for fd in (self.woken, *self.open):
            self.poll.register(fd, select.POLLIN)
        conversing = self.request["kind"] == "checks"
        self.poll.register(self.link, select.POLLRDHUP | (select.POLLIN if conversing else 0))
        while self.status is None and not self.over and not self.reader.malformed:
            self._step()
        waited = processes.waited_s(self.proc, self._tree()) if self.over == "wall" else 0.0
        ended = processes.end_all(self.proc, self.child, self.uid)
        for fd in (self.pipes.out, self.pipes.err, self.pipes.frames):
            self._drain(fd)
        return self._report(waited, ended)

    def _step(self) -> None:
        if self.to_child:
            self.poll.register(self.pipes.feed, select.POLLOUT)
        events = self.poll.poll(max(1, int(1000 * self._until_next())))
        for fd, event in events:
            if fd == self.link:
                self._heard(event)
            elif fd == self.pipes.feed:
                self._feed()
            elif fd == self.woken:
                os.read(self.woken, 512)
                self._reap()
            else:
                self._drain(fd)
        now = time.monotonic()
        if now >= self.deadline and not self.paused_at:
            self.over = "wall" if self.ready else "setup"
        elif now >= self.next_look:
            self.next_look = now + _TICK_S
            self._look()

    def _until_next(self) -> float:
        now = time.monotonic()
        return max(0.0, min(self.next_look, self.deadline if not self.paused_at else now + 1) - now)

    def _reap(self) -> None:
        """Collect who has ended; orphans of the child come here as well."""
        while self.status is None:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid == self.child:
                self.status = status

    def _drain(self, fd: int) -> None:
        """Read what is there, at most so much that others have their turn."""
        for _ in range(64):
            try:
                data = os.read(fd, 1 << 16)
            except BlockingIOError:
                return
            if not data:
                if fd in self.open:
                    self.open.remove(fd)
                    self.poll.unregister(fd)
                return
            if fd == self.pipes.frames:
                for payload in self.reader.feed(data):
                    self._frame(payload)
            elif fd == self.pipes.out:
                self.output_bytes += len(data)
                self.output += data[: max(0, limits.OUTPUT_BYTES - len(self.output))]
            elif not self.ready:
                self.complaint += data[: max(0, 300 - len(self.complaint))]

    def _frame(self, payload: str) -> None:
        """One frame: the first says that the child is ready, or what kept it from that."""
        now = time.monotonic()
        if not self.ready:
            if payload != '{"ready":true}':
                self.frames.append(payload)
                self.over = "setup"
                return
            self.ready = True
        elif payload.startswith('{"call":') and self.request["kind"] == "checks":
            self.paused_at = now
            wire.send(self.link, {"call": payload})
        else:
            self.frames.append(payload)
        self.deadline = now + self.limits["wall_s"]
        self.used_before = processes.cpu_of(self.proc, self.child)

    def _heard(self, event: int) -> None:
        """The verifier left, or answers a call of its test code."""
        message = None if event & ~select.POLLIN else wire.receive(self.link)
        if message is None:
            self.over = "gone"
            return
        self.to_child += wire.pack(message)
        self.paused_at = 0.0
        self.deadline = time.monotonic() + self.limits["wall_s"]

    def _feed(self) -> None:
        try:
            count = os.write(self.pipes.feed, self.to_child)
            del self.to_child[:count]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.to_child.clear()
        if not self.to_child:
            self.poll.unregister(self.pipes.feed)

    def _tree(self) -> list[int]:
        return [process.pid for process in processes.descendants(self.proc, os.getpid())]

    def _cpu(self, living: list[processes.Process]) -> float:
        """The processor time of all processes of the run until now."""
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        return own.ru_utime + own.ru_stime + sum(process.cpu_s for process in living)

    def _look(self) -> None:
        """Compare what all processes together use with what one submission may."""
        living = processes.descendants(self.proc, os.getpid())
        if sum(process.resident for process in living) > int(self.limits["memory_mb"]) << 20:
            self.over = "memory"
        elif self.ready and self._cpu(living) - self.used_before > self.limits["cpu_s"]:
            self.over = "cpu"

    def _judge_time(self, used: float, waited: float) -> None:
        """Whose doing it is that time ran out: the submission's, if it could have had its time."""
        budget, wall = self.limits["cpu_s"], self.limits["wall_s"]
        if self.over == "wall" and used < 0.8 * budget and wall - waited < 0.8 * min(budget, wall):
            self.over = "slow"
        elif not self.over and self.ready and len(self.frames) < self.wanted:
            signalled = self.status is not None and os.WIFSIGNALED(self.status)
            by = os.WTERMSIG(self.status) if signalled and self.status is not None else 0
            if used >= budget or by == signal.SIGXCPU:
                self.over = "cpu"

    def _report(self, waited: float, ended: bool) -> dict[str, Any]:
        own = resource.getrusage(resource.RUSAGE_CHILDREN)
        cpu = own.ru_utime + own.ru_stime
        wall = time.monotonic() - self.started
        code = None if self.status is None else os.waitstatus_to_exitcode(self.status)
        self._judge_time(cpu - self.used_before, waited)
        return {
            "ready": self.ready,
            "frames": self.frames,
            "malformed": self.reader.malformed or bool(self.reader.data),
            "over": self.over,
            "exit": code,
            "ended": ended,
            "cpu_s": cpu,
            "wall_s": wall,
            "peak_mb": own.ru_maxrss / 1024,
            "output": self.output.decode("latin-1"),
            "output_bytes": self.output_bytes,
            "complaint": self.complaint.decode("ascii", "replace").strip(),
        }
