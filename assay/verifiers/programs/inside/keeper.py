"""A warm process that forks a supervisor for each run, and never reads a request itself.

Nothing of a run is ever in its memory, so nothing of one can reach the next.
"""

from __future__ import annotations

import contextlib
import errno
import gc
import importlib
import os
import select
import socket
from typing import Any

from assay.verifiers.programs.inside import bubble, driver, rooms, supervisor, wire

_LINK = 0
# What may go by itself, and so says nothing about what the machine offers.
_PASSING = (errno.ENOMEM, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.EINTR)
# Loaded before the first fork, since submissions often import them.
_COMMON = (
    *("collections", "collections.abc", "copy", "datetime", "decimal", "fractions", "functools"),
    *("hashlib", "heapq", "itertools", "bisect", "math", "operator", "random", "re", "string"),
    *("typing", "dataclasses", "statistics", "cmath", "array", "enum", "io", "textwrap"),
)


def main(first: dict[str, Any]) -> None:
    """Say whether the sandbox can be had here, then serve until the verifier closes the link."""
    link = socket.socket(fileno=os.dup(_LINK))
    with contextlib.suppress(ImportError):
        for name in _COMMON:
            importlib.import_module(name)
    way: str = first["way"]
    command: list[str] = first["command"]
    try:
        room = rooms.prepare(way, first["tools"])
        if way == "bwrap":
            command = [*bubble.command(first["tools"]), first["boot"]]
    except OSError as error:
        kind = "broken" if error.errno in _PASSING else "refused"
        wire.send(link.fileno(), {kind: str(error)})
        return
    payload = wire.pack({**first, "main": driver.__name__}) if command else b""
    own_user = rooms.uid_for_run(room) is not None
    wire.send(link.fileno(), {"ready": True, "scratch": room.scratch, "own_user": own_user})
    driver.hide()
    gc.collect()
    gc.freeze()  # what is here is shared with every child, and stays so
    job = None
    try:
        job = _serve_all(link, room, command, payload)
    finally:
        if job is None and os.getpid() == room.keeper:
            rooms.close(room)
    if job is not None:
        driver.start(job, 3)


def _broken(error: BaseException) -> dict[str, Any]:
    passing = not isinstance(error, OSError) or error.errno in _PASSING
    return {"broken": f"{type(error).__name__}: {error}"[:300], "passing": passing}


def _serve_all(
    link: socket.socket, room: rooms.Room, command: list[str], payload: bytes
) -> dict[str, Any] | None:
    """One supervisor at a time. Returns in a child, with its job; and at the end, with None."""
    while True:
        poll = select.poll()
        poll.register(link.fileno(), select.POLLIN | select.POLLRDHUP)
        poll.poll()
        try:
            if not link.recv(1, socket.MSG_PEEK):
                return None
        except OSError:
            return None
        pid = os.fork()
        if pid == 0:
            try:
                job = supervisor.serve(link.fileno(), room, command, payload)
            except BaseException as error:
                with contextlib.suppress(BaseException):
                    wire.send(link.fileno(), _broken(error))
                os._exit(71)
            if job is None:
                os._exit(0)
            return job
        _, status = os.waitpid(pid, 0)
        if status != 0:
            return None  # half a message may be on the link: the verifier starts a new keeper
