"""What the processes under a supervisor use, and their end; all of it read from `/proc`."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """One process: who it is, the processor time of it and its reaped children, its memory."""

    pid: int
    parent: int
    cpu_s: float
    resident: int


def open_proc() -> int:
    """A descriptor of `/proc` that outlives a change of root; -1 where there is none."""
    try:
        return os.open("/proc", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError:
        return -1


def read_at(proc: int, path: str) -> str:
    """The contents of a file below `/proc`; empty where the process is gone."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return ""
    try:
        return os.read(fd, 4096).decode("ascii", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def names_at(proc: int, path: str = ".") -> list[str]:
    """The numbered entries of a folder below `/proc`."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return []
    try:
        return [name for name in os.listdir(fd) if name.isdigit()]
    except OSError:
        return []
    finally:
        os.close(fd)


def descendants(proc: int, root: int) -> list[Process]:
    """All living descendants of a process, children before grandchildren."""
    if proc < 0:
        return []
    children: dict[int, list[Process]] = {}
    for name in names_at(proc):
        process = _read(proc, name)
        if process is not None:
            children.setdefault(process.parent, []).append(process)
    found: list[Process] = []
    waiting = [root]
    while waiting:
        mine = children.get(waiting.pop(), [])
        found += mine
        waiting += [process.pid for process in mine]
    return found


def _read(proc: int, name: str) -> Process | None:
    text = read_at(proc, f"{name}/stat")
    _, _, rest = text.rpartition(")")
    fields = rest.split()
    if len(fields) < 22:
        return None
    cpu = sum(int(fields[k]) for k in (11, 12, 13, 14)) / _TICKS
    return Process(int(name), int(fields[1]), cpu, int(fields[21]) * _PAGE)


def cpu_of(proc: int, pid: int) -> float:
    """The processor time of one process; 0 where it is gone."""
    process = _read(proc, str(pid)) if proc >= 0 else None
    return 0.0 if process is None else process.cpu_s


def waited_s(proc: int, pids: list[int]) -> float:
    """How long the threads of these processes were ready to run and had no processor."""
    total = 0
    for pid in pids:
        for thread in names_at(proc, f"{pid}/task"):
            fields = read_at(proc, f"{pid}/task/{thread}/schedstat").split()
            total += int(fields[1]) if len(fields) == 3 else 0
    return total / 1e9


def count_tasks(proc: int, uid: int) -> int:
    """How many processes and threads of a user there are."""
    total = 0
    for name in names_at(proc):
        with contextlib.suppress(OSError):
            if os.stat(name, dir_fd=proc).st_uid == uid:
                total += max(1, len(names_at(proc, f"{name}/task")))
    return total


def end_all(proc: int, child: int, uid: int | None, deadline_s: float = 5.0) -> bool:
    """Kill every descendant of this process and reap it; whether that was done in time.

    Args:
        proc: a descriptor of `/proc`.
        child: the process that was started; its group goes first.
        uid: the user that owns nothing but these processes, where there is such a one.
    """
    if _reap():  # orphans come to this process: with no child left there is no descendant
        return True
    give_up = time.monotonic() + deadline_s
    while time.monotonic() < give_up:
        with contextlib.suppress(OSError):
            os.kill(child, signal.SIGKILL)
        with contextlib.suppress(OSError):
            os.killpg(child, signal.SIGKILL)
        if uid is not None:
            _kill_user(uid)
        for process in descendants(proc, os.getpid()):
            with contextlib.suppress(OSError):
                os.kill(process.pid, signal.SIGKILL)
        if _reap():
            return True
        time.sleep(0.002)
    return False


def _reap() -> bool:
    """Collect the dead; True when no child is left."""
    while True:
        try:
            pid, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return True
        if pid == 0:
            return False


def _kill_user(uid: int) -> None:
    """Kill every process of a user in one call of the kernel, which no fork can outrun."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setresuid(uid, uid, uid)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
