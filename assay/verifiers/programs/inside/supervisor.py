"""The process between a verifier and one child: starts it, has it watched, reports, and ends.

A signal that a submission sends to its parent reaches this process and nothing else.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import secrets
import signal
import tempfile
from dataclasses import dataclass
from typing import Any

from assay.verifiers.programs.inside import kernel, limits, processes, rooms, watch, wire

_HIGH = 64  # descriptors wait here while those below are put in place


@dataclass(frozen=True)
class Start:
    """What a supervisor gives its child."""

    room: rooms.Room
    request: dict[str, Any]
    pipes: watch.Pipes
    scratch: str
    uid: int | None
    supervisor: int


def serve(link: int, room: rooms.Room, command: list[str], payload: bytes) -> dict[str, Any] | None:
    """Serve one request: in the child the job that it is to run; in the supervisor None.

    Args:
        link: the keeper's socket to the verifier.
        command: where another program makes the room: that program, which starts `boot` in it.
        payload: what `boot` reads there before the job.
    """
    kernel.die_with_parent()
    kernel.adopt_orphans()
    request = wire.receive(link)
    if request is None or os.getppid() != room.keeper:
        return None
    request["nonce"] = secrets.token_hex(16)
    uid = rooms.uid_for_run(room)
    others = 0 if uid is not None else processes.count_tasks(room.proc, os.getuid())
    request["tasks"] = limits.TASKS + others
    pipes = watch.make_pipes(request, fed=bool(command) or request["kind"] == "checks")
    scratch = rooms.scratch_for_run(room, uid)
    woken = _wake_on_child()
    start = Start(room, request, pipes, scratch, uid, os.getpid())
    child = os.fork()
    if child == 0:
        return _become_child(start, command)
    pipes.close_child_side()
    alone = None if room.way == "namespaces" else uid  # a process namespace ends with its first
    watcher = watch.Watch(link, room.proc, child, pipes, woken, request, alone)
    if command:
        watcher.to_child += payload + wire.pack(request)
    answer = watcher.run()
    with contextlib.suppress(OSError):
        rooms.remove_scratch(room, scratch)
    with contextlib.suppress(OSError):  # nobody is there to hear it
        wire.send(link, answer)
    return None


def _wake_on_child() -> int:
    """A descriptor that can be read as soon as a child has ended."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    return woken


def _nothing(number: int, frame: object) -> None:
    """What happens at SIGCHLD: the descriptor above is written to, and that is all."""


def _become_child(start: Start, command: list[str]) -> dict[str, Any]:
    """From here on this process is the child; what goes wrong before it is one is reported."""
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        _move_descriptors(start.room, start.pipes)
        os.chdir(start.scratch)
        os.umask(0o077)
        where = start.scratch
        os.environ.clear()
        os.environ.update(PATH="/usr/bin:/bin", LANG="C.UTF-8", HOME=where, TMPDIR=where)
        tempfile.tempdir = None  # the keeper's is another one
        if command:
            _exec(start, command)
        rooms.reach_library(start.room)
        limits.confine(start.request, start.request["tasks"])
        rooms.enter(start.room, start.uid)
        if start.room.way != "namespaces" and os.getppid() != start.supervisor:
            os._exit(0)
        return start.request
    except BaseException as error:
        _report_trouble(start.request["nonce"], error)
        os._exit(70)


def _exec(start: Start, command: list[str]) -> None:
    """Become the program that makes the room; frames come back by its standard output."""
    if start.room.way == "bwrap":
        rooms.become(start.uid)
    kernel.die_with_parent()
    os.dup2(3, 1)
    os.closerange(3, _HIGH)
    os.execvpe(command[0], command, dict(os.environ))


def _move_descriptors(room: rooms.Room, pipes: watch.Pipes) -> None:
    """Input, output, errors and frames to 0 to 3, the library to 4; all others are closed."""
    wanted = (*pipes.child, room.library, room.ruleset)
    moved = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _HIGH) if fd >= 0 else -1 for fd in wanted]
    for number, fd in enumerate(moved[:4]):
        os.dup2(fd, number)
    os.closerange(4, _HIGH)
    if room.library >= 0:
        os.dup2(moved[4], rooms.LIBRARY_FD, inheritable=False)
    if room.ruleset >= 0:
        room.ruleset = os.dup2(moved[5], rooms.RULESET_FD, inheritable=False)
    os.closerange(_HIGH, os.sysconf("SC_OPEN_MAX"))


def _report_trouble(nonce: str, error: BaseException) -> None:
    text = "".join(char for char in f"{type(error).__name__}: {error}" if 32 <= ord(char) < 127)
    payload = '{"trouble":"' + text.replace("\\", "/").replace('"', "'")[:300] + '"}'
    with contextlib.suppress(OSError):
        wire.write_all(3, f"{nonce}{len(payload):08x}{payload}".encode("ascii"))
