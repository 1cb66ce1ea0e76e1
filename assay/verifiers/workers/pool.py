"""The pool of this process: lazy, shared, closed at exit, made anew after a fork.

    answer = ask("my_package.slow:compare", {"a": 1, "b": 2})

From any thread, from asyncio by `aask`, in daemonic processes, Ray tasks, notebooks and `python
-c`: workers are started with `subprocess`, and no script is imported again.
"""

from __future__ import annotations

import asyncio
import atexit
import json
import os
import threading
from collections.abc import Mapping
from concurrent.futures import Future
from typing import Any
from weakref import WeakKeyDictionary

from assay.core.errors import TaskError
from assay.core.types import Limits
from assay.verifiers.workers import phases
from assay.verifiers.workers.child import resolve
from assay.verifiers.workers.crew import Crew
from assay.verifiers.workers.requests import Answer, Request, failure, request
from assay.verifiers.workers.seat import Group

DEFAULT_LIMITS = Limits()
OPEN_A_LOOP = 64  # questions that one event loop has under way; what comes then waits unmade

_lock = threading.Lock()
_crew: Crew | None = None
_open: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()


def ask(call: str, payload: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> Answer:
    """Have a worker call a function, and wait for what becomes of it.

    Args:
        call: `"module:function"`, from a dict to a dict of JSON values.
        payload: the dict.
        limits: `cpu_s`, `wall_s` and `memory_mb`; they do not count while the request waits.

    Raises:
        TypeError, ValueError: a payload that is not JSON.
    """
    return answer_to(request(call, payload, limits))


async def aask(call: str, payload: Mapping[str, Any], limits: Limits = DEFAULT_LIMITS) -> Answer:
    """`ask` for asyncio: others go on meanwhile, and 64 at a time have their payload written."""
    async with open_questions():
        return await aanswer_to(request(call, payload, limits))


def warm(*calls: str, workers: int = 1) -> None:
    """Start workers that have the modules of these calls loaded, without waiting for them."""
    for call in calls:
        current().warm(call, workers)


def pool_size() -> int:
    """How many workers there may be at once: one a core, at most four."""
    return min(4, len(os.sched_getaffinity(0)))


def close() -> None:
    """End the workers of this process; the next question starts others."""
    global _crew
    with _lock:
        crew, _crew = _crew, None
    if crew is not None and crew.pid == os.getpid():
        crew.close()


# ---------------------------------------------------------------------- requests


def answer_to(asked: Request) -> Answer:
    """Wait for an answer."""
    future = submit(asked)
    try:
        return future.result()
    except BaseException:  # an interrupt: it is not to be begun for nobody
        future.cancel()
        raise


async def aanswer_to(asked: Request) -> Answer:
    """Wait for an answer, without a bound on how many are waited for."""
    return await asyncio.wrap_future(submit(asked))


def submit(asked: Request, group: Group | None = None) -> Future[Answer]:
    """The answer to come; always one, whatever happens to workers."""
    future: Future[Answer] | None = None
    if os.environ.get("ASSAY_WORKER"):
        future = Future()
        future.set_result(_in_place(asked))
        return future
    try:
        while future is None:  # closed meanwhile: there is another
            future = current().submit(asked, group)
        return future
    except (OSError, RuntimeError) as error:  # no descriptor, no thread
        message = f"The pool of workers could not be started: {error}."
        future = Future()
        future.set_result(Answer(status="failed", code="worker.unstarted", message=message))
        return future


def open_questions() -> asyncio.Semaphore:
    """What bounds the questions under way from the running event loop."""
    loop = asyncio.get_running_loop()
    found = _open.get(loop)
    if found is None:
        found = _open[loop] = asyncio.Semaphore(OPEN_A_LOOP)
    return found


def current() -> Crew:
    """The workers of this process.

    Raises:
        OSError, RuntimeError: there is no descriptor or no thread for them.
    """
    global _crew
    with _lock:
        crew = _crew
        if crew is not None and crew.pid != os.getpid():  # a fork that no hook of Python saw
            crew.abandon()
            crew = None
        if crew is None or crew.closed:
            crew = _crew = Crew(pool_size())
        return crew


def _after_fork() -> None:
    global _lock, _crew
    crew, _crew, _lock = _crew, None, threading.Lock()
    _open.clear()
    if crew is not None:
        crew.abandon()


def _in_place(asked: Request) -> Answer:
    """The answer when this is a worker itself: its own limits hold for what it asks, too."""
    announce = phases.on_phase(None)
    try:
        result = json.loads(json.dumps(resolve(asked.call)(json.loads(asked.payload))))
        return Answer(status="done", result=result)
    except (MemoryError, RecursionError):
        raise  # of the whole request
    except Exception as error:
        code = "task.faulty" if isinstance(error, TaskError) else "verifier.exception"
        return failure(asked.call, code, type(error).__name__, str(error)[:300])
    finally:
        phases.on_phase(announce)


os.register_at_fork(after_in_child=_after_fork)
atexit.register(close)
