"""Warm processes that fork a sandboxed child for each run: started, lent out, replaced, ended.

They are started with `subprocess`, so also from daemonic processes, from any thread and without a
`__main__` guard; a process that was forked with keepers open forgets them and starts its own.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

from assay.verifiers.programs.inside import wire

_PACKAGE = "assay.verifiers.programs.inside"
# In the order of their imports.
_MODULES = (
    *("wire", "plain", "frames", "kernel", "seccomp", "landlock", "processes", "limits", "rooms"),
    *("bubble", "calls", "checks", "scripts", "driver", "watch", "supervisor", "keeper"),
)
BOOT = """
import json, os, sys, types
def take(count):
    data = b""
    while len(data) < count:
        part = os.read(0, count - len(data))
        if not part:
            sys.exit(3)
        data += part
    return data
first = json.loads(take(int(take(8), 16)))
for name, text in first["modules"]:
    module = sys.modules[name] = types.ModuleType(name)
    parent, _, leaf = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], leaf, module)
    exec(compile(text, name, "exec", dont_inherit=True), module.__dict__)
sys.modules[first["main"]].main(first)
"""
# No user's packages, no folder of the script, no `site`. Not `-I`, which would have the interpreter
# ignore PYTHONHASHSEED, so that sets of texts were ordered otherwise in every keeper; the
# environment is ours in any case.
FLAGS = ("-s", "-P", "-S")
_START_S = 60.0
_MAX_RUNS = 1_000  # then a keeper is replaced by a new one, whatever it looks like


class KeeperRefused(Exception):
    """This machine does not offer that way; the message says what it refused."""


class KeeperLost(Exception):
    """A keeper ended or fell silent while it was needed.

    Attributes:
        exposed: it was running a submission that may signal it.
    """

    exposed: bool = False


class Kind(NamedTuple):
    """What a keeper is set up for.

    Attributes:
        way: as in `sandbox.WAYS`.
        tools: compilers and interpreters are shown to the child.
        python: the interpreter that runs it.
        runner: the command line of way `runner`, with `{boot}` in it.
    """

    way: str
    tools: bool
    python: str
    runner: tuple[str, ...] = ()


@cache
def _sources() -> list[list[str]]:
    folder = resources.files(_PACKAGE)
    texts = [[_PACKAGE, ""]]
    for name in _MODULES:
        texts.append([f"{_PACKAGE}.{name}", folder.joinpath(f"{name}.py").read_text("utf-8")])
    return texts


def _environment() -> dict[str, str]:
    """What an interpreter needs to start, and nothing of the caller's besides."""
    wanted = {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "PYTHONHASHSEED": "0",
        "MALLOC_ARENA_MAX": "2",  # each arena of glibc reserves 64 MB of the address space
    }
    if "LD_LIBRARY_PATH" in os.environ:  # some interpreters do not find their library without
        wanted["LD_LIBRARY_PATH"] = os.environ["LD_LIBRARY_PATH"]
    return wanted


class Keeper:
    """One keeper process and the socket to it; used by one thread at a time."""

    def __init__(self, kind: Kind) -> None:
        """Start it.

        Raises:
            KeeperRefused: it cannot set up its sandbox on this machine.
            KeeperLost: it did not start.
        """
        self.kind, self.runs, self.scratch, self.exposed = kind, 0, "", False
        self.link, theirs = socket.socketpair()
        try:
            self.process = subprocess.Popen(
                [kind.python, *FLAGS, "-c", BOOT],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=_environment(),
                cwd="/",
                start_new_session=True,
            )
        except PermissionError as error:
            self.link.close()
            raise KeeperRefused(f"this user may not run {kind.python}") from error
        except FileNotFoundError as error:
            self.link.close()
            raise KeeperRefused(f"there is no interpreter at {kind.python}") from error
        except OSError as error:
            self.link.close()
            raise KeeperLost(f"the sandbox's process could not be started: {error}") from error
        finally:
            theirs.close()
        try:
            self._greet()
        except KeeperLost as error:
            told = self._last_words()
            self.close()
            if (self.process.returncode or 0) >= 0 and told:
                raise KeeperRefused(told) from error
            raise
        except BaseException:
            self.close()
            raise
        self._close_errors()

    def _last_words(self) -> str:
        """The last line that it wrote before it ended by itself; empty where it has not."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.process.wait(2.0)
        if self.process.returncode is None or self.process.stderr is None:
            return ""
        lines = self.process.stderr.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else f"{self.kind.python} ended at once"

    def _close_errors(self) -> None:
        if self.process.stderr is not None:
            self.process.stderr.close()

    def _greet(self) -> None:
        command = [BOOT if word == "{boot}" else word for word in self.kind.runner]
        first = {"modules": _sources(), "main": f"{_PACKAGE}.keeper", "way": self.kind.way}
        self._send({**first, "tools": self.kind.tools, "command": command, "boot": BOOT})
        hello = self.hear(_START_S)
        if "refused" in hello:
            raise KeeperRefused(str(hello["refused"]))
        if "broken" in hello:
            raise KeeperLost(str(hello["broken"]))
        self.scratch = str(hello.get("scratch", ""))
        self.exposed = self.kind.way == "plain" and not hello.get("own_user")

    def _send(self, message: dict[str, Any]) -> None:
        self.link.settimeout(_START_S)
        try:
            self.link.sendall(wire.pack(message))
        except OSError as error:
            raise KeeperLost("the sandbox's process has ended") from error

    def hear(self, timeout_s: float) -> dict[str, Any]:
        """The next message.

        Raises:
            KeeperLost: there is none in that time.
        """
        give_up = time.monotonic() + timeout_s
        try:
            length = wire.length_of(self._take(wire.HEADER, give_up))
            return json.loads(self._take(length, give_up))
        except TimeoutError as error:
            raise KeeperLost("the sandbox's process does not answer") from error
        except (OSError, ValueError) as error:
            raise KeeperLost("the sandbox's process has ended") from error

    def _take(self, count: int, give_up: float) -> bytes:
        data = bytearray()
        while len(data) < count:
            self.link.settimeout(max(0.001, give_up - time.monotonic()))
            part = self.link.recv(min(1 << 20, count - len(data)))
            if not part:
                raise ConnectionError
            data += part
        return bytes(data)

    def ask(
        self,
        request: dict[str, Any],
        timeout_s: float,
        reply: Callable[[str], dict[str, Any] | None] | None = None,
    ) -> dict[str, Any] | None:
        """The report about one run.

        Args:
            request: the job.
            timeout_s: longest wait for each message; a backstop behind the supervisor's own limits.
            reply: answers what the run's test code asks; None from it ends the run without report,
                after which this keeper must be closed.

        Raises:
            KeeperLost: there is no report.
        """
        self.runs += 1
        try:
            self._send(request)
            while True:
                message = self.hear(timeout_s)
                if "call" not in message or reply is None:
                    return message
                answer = reply(str(message["call"]))
                if answer is None:
                    return None
                self._send(answer)
        except KeeperLost as error:
            error.exposed = self.exposed
            raise

    def close(self) -> None:
        """End it: it and what it runs go as soon as its link is closed."""
        with contextlib.suppress(OSError):
            self.link.close()
        try:
            self.process.wait(2.0)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._close_errors()
        if self.scratch:
            shutil.rmtree(self.scratch, ignore_errors=True)

    def forget(self) -> None:
        """In a fork of the process that started it: let go of it, without ending it."""
        with contextlib.suppress(OSError):
            self.link.close()
        self.process.returncode = 0  # it is no child of this process, so there is nothing to reap


class Pool:
    """Idle keepers by kind, and how many runs may go on at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: dict[Kind, list[Keeper]] = {}
        self.all: set[Keeper] = set()
        self.turns = threading.BoundedSemaphore(max(1, len(os.sched_getaffinity(0))))

    @contextmanager
    def turn(self) -> Generator[float]:
        """A place among the runs of this process; gives how long it was waited for, in seconds.

        More children than cores would only take each other's time.
        """
        before = time.monotonic()
        with self.turns:
            yield time.monotonic() - before

    @contextmanager
    def lend(self, kind: Kind, fresh: bool = False) -> Generator[Keeper]:
        """A keeper of that kind, idle or new (`fresh`: new); one that is lost is not kept."""
        keeper = None if fresh else self._idle(kind)
        if keeper is None:
            keeper = Keeper(kind)
            with self.lock:
                self.all.add(keeper)
        try:
            yield keeper
        except BaseException:
            self.drop(keeper)
            raise
        if keeper.runs >= _MAX_RUNS:
            self.drop(keeper)
            return
        with self.lock:
            if keeper in self.all:
                self.idle.setdefault(kind, []).append(keeper)

    def _idle(self, kind: Kind) -> Keeper | None:
        """An idle keeper that lives; dead ones on the way to it are cleared away."""
        while True:
            with self.lock:
                waiting = self.idle.get(kind)
                keeper = waiting.pop() if waiting else None
            if keeper is None or keeper.process.poll() is None:
                return keeper
            self.drop(keeper)

    def drop(self, keeper: Keeper) -> None:
        """Close a keeper that is not to be used again."""
        with self.lock:
            self.all.discard(keeper)
        keeper.close()

    def close(self) -> None:
        """End all keepers."""
        with self.lock:
            keepers, self.all, self.idle = list(self.all), set[Keeper](), {}
        for keeper in keepers:
            keeper.close()

    def forget(self) -> None:
        """After a fork, in the child: these keepers belong to the parent."""
        for keeper in self.all:
            keeper.forget()


_pool = Pool()


def pool() -> Pool:
    """The pool of this process."""
    return _pool


def shut_down() -> None:
    """End all keepers of this process; the next run starts new ones."""
    _pool.close()


def _after_fork() -> None:
    global _pool
    _pool.forget()
    _pool = Pool()


def default_python() -> str:
    """The interpreter behind this one, out of any virtual environment."""
    return str(getattr(sys, "_base_executable", "") or sys.executable)


atexit.register(shut_down)
os.register_at_fork(after_in_child=_after_fork)
