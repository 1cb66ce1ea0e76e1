"""The worker process: one request at a time, under limits, until its parent is gone.

Run by path as a program of its own: it imports nothing of assay until a request names a function
there, so that it starts in tens of milliseconds. Both ways go frames of four bytes of length and
that much JSON. What the parent enforces from outside, the kernel enforces here as well, a little
later: the timer for CPU time and RLIMIT_CPU end the process by their default action.

It guards against answers that are too costly for a function, not against the function: that is the
author's own code, and could lift each of these limits again.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import json
import math
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

RECURSION_LIMIT = 3_000  # 64 levels of nesting, some 40 frames each; far from the end of the stack
AFTER_S = 0.25  # CPU time by which the kernel lets the parent go first
PHASES = "assay.verifiers.workers.phases"
_LENGTH = 4
_MIB = 1 << 20
_PR_SET_PDEATHSIG = 1
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_OUR_SIGNALS = (signal.SIGPROF, signal.SIGXCPU, signal.SIGTERM)


class Channel:
    """Frames from and to the parent, on descriptors that nothing else here uses."""

    def __init__(self) -> None:
        self._requests, self._answers = os.dup(0), os.dup(1)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for taken in (0, 1, 2):  # what a function prints is no answer
            os.dup2(nowhere, taken)
        os.close(nowhere)

    def receive(self) -> dict[str, Any]:
        """The next frame; ends the process where there is none."""
        return json.loads(self._take(int.from_bytes(self._take(_LENGTH), "little")))

    def send(self, **frame: Any) -> None:
        """A frame to the parent."""
        self.send_text(json.dumps(frame, separators=(",", ":")))

    def send_text(self, text: str) -> None:
        """A frame that is JSON already."""
        data = text.encode("ascii")
        left = memoryview(len(data).to_bytes(_LENGTH, "little") + data)
        try:
            while left:
                left = left[os.write(self._answers, left) :]
        except OSError:
            _leave()

    def _take(self, n: int) -> bytes:
        parts: list[bytes] = []
        while n:
            part = os.read(self._requests, min(n, _MIB))
            if not part:
                _leave()
            parts.append(part)
            n -= len(part)
        return b"".join(parts)


class Memory:
    """Resident and virtual memory of this process, in MB; zeros where /proc does not tell."""

    def __init__(self) -> None:
        self._status = self._reset = -1
        with contextlib.suppress(OSError):
            self._status = os.open("/proc/self/status", os.O_RDONLY)
            self._reset = os.open("/proc/self/clear_refs", os.O_WRONLY)
        self.base_mb = self.read(b"VmRSS:")[0]

    def read(self, *names: bytes) -> list[float]:
        """Lines of the status, such as `VmRSS:`."""
        try:
            status = os.pread(self._status, 8_192, 0)
            return [int(status.partition(name)[2].split(None, 1)[0]) / 1_024 for name in names]
        except (OSError, ValueError, IndexError):
            return [0.0] * len(names)

    def forget_peak(self) -> None:
        """Let the next peak be that of the next request."""
        with contextlib.suppress(OSError):
            os.pwrite(self._reset, b"5", 0)

    def loaded(self) -> float:
        """What is resident now is no growth; the virtual memory that was taken."""
        self.base_mb, virtual_mb = self.read(b"VmRSS:", b"VmSize:")
        return virtual_mb


class Worker:
    """Functions by name, and the limits around a call."""

    def __init__(self, channel: Channel) -> None:
        self.channel, self.memory = channel, Memory()
        self._functions: dict[str, Callable[[dict[str, Any]], Any]] = {}
        self._warmed: set[str] = set()
        self._cpu_s = self._loaded_mb = 0.0

    # ------------------------------------------------------------------ loading

    def use_path(self, path: list[str]) -> None:
        """Look for modules where the parent does."""
        sys.path[:] = path
        importlib.invalidate_caches()

    def function(self, call: str) -> Callable[[dict[str, Any]], Any]:
        """The function of a call; its module is imported, and warmed up, without limits."""
        if call not in self._functions:
            _lift_limits()
            self._functions[call] = resolve(call)
            module_name = call.partition(":")[0]
            if module_name not in self._warmed:
                self._warmed.add(module_name)
                getattr(sys.modules[module_name], "warm_up", lambda: None)()
            gc.collect()
            gc.freeze()
            self._loaded_mb = self.memory.loaded()
        return self._functions[call]

    def preload(self, calls: list[str]) -> None:
        """Load what will be asked for; what cannot be loaded says so when it is asked for."""
        for call in calls:
            with contextlib.suppress(Exception):
                self.function(call)

    # ------------------------------------------------------------------ a request

    def answer(self, asked: dict[str, Any]) -> None:
        """Call, within limits, and send what came of it."""
        if "path" in asked:
            self.use_path(asked["path"])
        if asked["call"] not in self._functions:
            self.channel.send(kind="load")
            try:
                self.function(asked["call"])
            except BaseException as error:
                told = _told(error) | {"code": "verifier.unloadable"}
                self.channel.send(kind="failed", **told, **self._cost())
                return
            self.channel.send(kind="run")
        function = self._functions[asked["call"]]
        self.memory.forget_peak()
        begun, cpu = time.monotonic(), time.process_time()
        outcome = self._within_limits(function, asked)
        lived = {"wall_s": time.monotonic() - begun, "cpu_s": time.process_time() - cpu}
        cost = json.dumps(lived | self._cost(), separators=(",", ":"))
        self.channel.send_text(f"{outcome[:-1]},{cost[1:]}")

    def _within_limits(
        self, function: Callable[[dict[str, Any]], Any], asked: dict[str, Any]
    ) -> str:
        """The frame that says what a call came to, without its cost."""
        sys.setrecursionlimit(RECURSION_LIMIT)
        self._cpu_s = asked["cpu_s"]
        phases = sys.modules.get(PHASES)
        try:
            if phases is not None:
                phases.on_phase(self._phase)
            _limit_memory(asked["memory_mb"], self._loaded_mb)
            _limit_cpu(self._cpu_s)
            result = json.dumps(function(asked["payload"]), separators=(",", ":"))
            frame = '{"kind":"done","result":' + result + "}"
        except MemoryError:
            _lift_limits()
            frame = '{"kind":"over_limit","code":"limit.memory"}'
        except RecursionError:
            frame = '{"kind":"over_limit","code":"limit.depth"}'
        except BaseException as error:
            frame = json.dumps({"kind": "failed", **_told(error)})
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
        return frame

    def _phase(self, name: str) -> None:
        self.channel.send(kind="phase", name=name)
        _limit_cpu(self._cpu_s)

    def _cost(self) -> dict[str, float]:
        resident, peak = self.memory.read(b"VmRSS:", b"VmHWM:")
        return {"peak_mb": peak, "grown_mb": resident - self.memory.base_mb}


def resolve(call: str) -> Callable[[dict[str, Any]], Any]:
    """The function of `module:function`, or of `module:maker(text)` what `maker("text")` makes."""
    module_name, _, rest = call.partition(":")
    name, _, text = rest.partition("(")
    if module_name == "__main__":
        raise ImportError("a worker does not run the user's script again")
    found = getattr(importlib.import_module(module_name), name)
    return found(text.removesuffix(")")) if text else found


def _limit_cpu(budget_s: float) -> None:
    signal.setitimer(signal.ITIMER_PROF, budget_s + AFTER_S)
    # it counts all that the process ever used, in whole seconds: so it moves on, and the hard
    # limit, which nobody but root may raise again, stays
    _soften(resource.RLIMIT_CPU, math.ceil(time.process_time() + budget_s) + 1)


def _limit_memory(memory_mb: float, loaded_mb: float) -> None:
    """All that the process has, unless what was loaded left too little of it."""
    _soften(resource.RLIMIT_AS, int(max(memory_mb, loaded_mb + memory_mb / 2) * _MIB))
    _soften(resource.RLIMIT_NPROC, 0)  # neither threads nor processes; does not bind root


def _lift_limits() -> None:
    for kind in (resource.RLIMIT_AS, resource.RLIMIT_NPROC, resource.RLIMIT_CPU):
        hard = resource.getrlimit(kind)[1]
        resource.setrlimit(kind, (hard, hard))


def _soften(kind: int, limit: int) -> None:
    hard = resource.getrlimit(kind)[1]
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    resource.setrlimit(kind, (limit, hard))


def _told(error: BaseException) -> dict[str, str]:
    """What a function raised, in short; the task's fault where it says so."""
    kinds = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__}
    try:
        said = str(error)[:300]
    except Exception:  # a broken __str__ must not cost the worker
        said = ""
    code = "task.faulty" if "assay.core.errors.TaskError" in kinds else "verifier.exception"
    return {"code": code, "type": type(error).__name__[:80], "said": said}


def _leave() -> NoReturn:
    os._exit(0)  # nothing that a function has registered is to run now


def _die_with(parent: int) -> None:
    """End when the parent does, even in the middle of a request, or stopped.

    The kernel sends the signal when the *thread* ends that started this process: the pool starts
    workers from a thread of its own, which lives as long as the pool.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        _leave()


def main() -> NoReturn:
    """Answer until there is nobody to ask."""
    _die_with(int(sys.argv[1]))
    for number in _OUR_SIGNALS:
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_SETMASK, ())
    with contextlib.suppress(OSError), open("/proc/self/oom_score_adj", "w") as file:
        file.write("500")  # when the machine's memory runs out, the kernel takes a worker first
    for kind in (resource.RLIMIT_CORE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (0, 0))
    os.environ.update(dict.fromkeys(_THREADS, "1"), ASSAY_WORKER="1", SYMPY_GROUND_TYPES="python")
    worker = Worker(Channel())
    hello = worker.channel.receive()
    worker.use_path(hello["path"])
    worker.preload(hello["preload"])
    worker.channel.send(kind="ready")
    while True:
        worker.answer(worker.channel.receive())


if __name__ == "__main__":
    main()
