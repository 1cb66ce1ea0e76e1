"""Worker processes: how they start, what they may count on, and that none outlives its parent.

For everything here that starts a process of its own. A worker does not import the user's script
again, so that a script needs no `if __name__ == "__main__":`; what it is to know comes by its
arguments. It is the leader of a process group, which takes Ctrl-C away from it and lets whoever
ends it end what it started as well.
"""

from __future__ import annotations

import fcntl
import multiprocessing
import os
import pickle
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import parent_process, spawn
from multiprocessing.connection import wait
from typing import Any

from assay.core.errors import WorkerLost
from assay.core.registry import card, ids
from assay.core.types import EnvCard

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
_OOM_SCORE = "500"  # when memory runs out, the kernel takes a worker and not its parent
_TRIES, _PAUSE_S = 4, 0.1  # a fork server that was killed needs a moment to be seen as gone
_starting = threading.Lock()


def process_context(preload: Sequence[str], method: str | None = None) -> Any:
    """A multiprocessing context whose further processes start in tens of milliseconds.

    Args:
        preload: modules that every worker needs. The first call in a program decides, since there
            is one fork server for all.
        method: start method; default `forkserver`, or `spawn` where there is none.
    """
    if method is None:
        offered = multiprocessing.get_all_start_methods()
        method = "forkserver" if "forkserver" in offered else "spawn"
    context = multiprocessing.get_context(method)
    if method == "forkserver":
        context.set_forkserver_preload(list(preload))
    return context


def start_process(
    context: Any, target: Callable[..., object], args: tuple[Any, ...], name: str, threads: int = 1
) -> Any:
    """A running process that calls `target(*args)`, with this program's environment variables.

    Args:
        threads: of BLAS and OpenMP, where the user's environment does not say; 0 leaves it open.

    Raises:
        WorkerLost: the machine allows no more.
    """
    environ = dict(os.environ)
    if threads:
        environ = dict.fromkeys(THREADS, str(threads)) | environ
    why: Exception = EOFError()
    for attempt in range(_TRIES):
        time.sleep(attempt * _PAUSE_S)
        process = context.Process(target=_begin, args=(environ, target, args), name=name)
        try:
            with _starting, _script_left_out(), _environment_of_a_server():
                process.start()
            return process
        except (OSError, EOFError) as err:  # the fork server is gone; the next try starts another
            why = err
    raise WorkerLost(
        f"No further process could be started ({type(why).__name__}: {why}): ask for fewer "
        "workers, or raise the limits on processes and open files (ulimit -u, -n)."
    ) from why


@contextmanager
def _script_left_out() -> Generator[None]:
    """What a new process is told to prepare, without the import of the user's script."""
    whole, mine = spawn.get_preparation_data, threading.get_ident()

    def without_script(name: str) -> dict[str, Any]:
        data = whole(name)
        if threading.get_ident() == mine:  # a process of somebody else's stays as it was
            data.pop("init_main_from_name", None)
            data.pop("init_main_from_path", None)
        return data

    spawn.get_preparation_data = without_script
    try:
        yield
    finally:
        spawn.get_preparation_data = whole


@contextmanager
def _environment_of_a_server() -> Generator[None]:
    """For a fork server that is started now: NumPy with one thread, and modules from our own path.

    Without the path the server would look into the current folder first, and could load another
    checkout of the same package.
    """
    before = dict(os.environ)
    for name in THREADS:
        os.environ.setdefault(name, "1")
    os.environ["PYTHONPATH"] = os.pathsep.join(sys.path)
    os.environ["PYTHONSAFEPATH"] = "1"
    try:
        yield
    finally:
        for name in (*THREADS, "PYTHONPATH", "PYTHONSAFEPATH"):
            if name in before:
                os.environ[name] = before[name]
            else:
                os.environ.pop(name, None)


def _begin(
    environ: dict[str, str], target: Callable[..., object], args: tuple[Any, ...]
) -> None:  # fmt: skip
    """What every worker does first."""
    os.environ.clear()
    os.environ.update(environ)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    with suppress(OSError):
        os.setpgid(0, 0)
    with suppress(OSError), open("/proc/self/oom_score_adj", "w", encoding="ascii") as file:
        file.write(_OOM_SCORE)
    _leave_with_parent()
    target(*args)


def _leave_with_parent() -> None:
    """End this process when its parent has died, even in the middle of a step.

    Where the kernel can (Linux), it kills the whole group as the parent's pipe closes, so that code
    that never lets another thread run is no exception. A thread does it elsewhere, and where the
    parent had died before the kernel was asked.
    """
    parent = parent_process()
    if parent is None:
        return
    set_signal: int | None = getattr(fcntl, "F_SETSIG", None)
    with suppress(OSError):
        if set_signal is not None and os.getpgrp() == os.getpid():
            pipe = parent.sentinel
            fcntl.fcntl(pipe, fcntl.F_SETOWN, -os.getpgrp())
            fcntl.fcntl(pipe, set_signal, signal.SIGKILL)
            fcntl.fcntl(pipe, fcntl.F_SETFL, fcntl.fcntl(pipe, fcntl.F_GETFL) | os.O_ASYNC)
    threading.Thread(target=_watch, args=(parent.sentinel,), daemon=True).start()


def _watch(sentinel: int) -> None:
    wait([sentinel])
    os._exit(1)


def print_on_stderr() -> None:
    """Let what this process prints, C code and children included, go to standard error.

    Its parent's standard output is for data.
    """
    with suppress(OSError):
        os.dup2(2, 1)
    out: Any = sys.stdout
    if out is not None:
        out.reconfigure(line_buffering=True)  # a worker may be killed at any time


def end_copy(home: int) -> None:
    """End a copy of the process `home` that somebody's code forked and let come back to ours.

    It would play, store and print everything once more.
    """
    if os.getpid() != home:
        os._exit(0)


def end_group(process: Any) -> None:
    """Kill a worker and everything in its group; of one that has died, what it left behind."""
    if process.pid is not None:
        with suppress(OSError):
            os.killpg(process.pid, signal.SIGKILL)
        if process.is_alive():  # before it had a group of its own
            process.kill()
    process.join()


def how_it_ended(process: Any) -> str:
    """`" (signal 9)"` or `" (exit code 3)"`, or nothing while it runs."""
    code = process.exitcode
    return "" if code is None else f" (signal {-code})" if code < 0 else f" (exit code {code})"


def own_cards() -> list[EnvCard]:
    """The cards that this program registered itself, for workers to register too."""
    return [card(name) for name in ids() if not name.startswith("assay/")]


def portable(error: Exception) -> Exception:
    """An exception of the same type when that survives pickling, else a `RuntimeError`."""
    error.add_note("In the worker:\n" + "".join(traceback.format_exception(error))[-4_000:])
    error.__cause__ = error.__context__ = None
    try:
        if type(pickle.loads(pickle.dumps(error))) is type(error):
            return error
    except Exception:
        pass
    return RuntimeError(f"{type(error).__name__}: {error}")
