"""`ProcessVector`: one process for each row, and none of them can take the others with it.

A worker that dies or hangs ends its episode as an error verdict (`worker_lost`) and is replaced
within the same call. The stock pools lose or repeat work when a worker dies; here every receive is
guarded, and a result sent just before death counts.
"""

from __future__ import annotations

import logging
import pickle
import socket
import struct
import time
import weakref
from collections.abc import Mapping, Sequence
from multiprocessing.connection import Connection, wait
from typing import Any

from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from assay.core.encoding import derive_seed
from assay.core.errors import WorkerLost, bad_value
from assay.core.rows import Begun, Reset, RowVector, Step, Stepped
from assay.core.types import Verdict
from assay.wrappers.processes import end_group, how_it_ended, process_context, start_process
from assay.wrappers.worker import Recipe, pack_action, serve

_LOG = logging.getLogger("assay")
_RESETS = 3  # attempts at one reset before its failure is an error
_GOODBYE_S = 5.0  # for workers to close their environments
_START_S = 120.0  # for a worker to build its environment


class Worker:
    """A process and the pipe to it. Every method that finds it dead raises `WorkerLost`."""

    def __init__(self, context: Any, recipe: Recipe, row: int, timeout_s: float) -> None:
        self.row = row
        self.serial = 0  # of the last job; replies to jobs that nobody waits for are dropped
        self.pipe, theirs = context.Pipe()
        _bound_sends(self.pipe, timeout_s)
        self.process = start_process(context, serve, (theirs, recipe), f"assay-row-{row}")
        theirs.close()

    def send(self, verb: str, data: Any = None) -> None:
        """Give it a job."""
        try:
            self.serial += 1
            self.pipe.send_bytes(pickle.dumps((self.serial, verb, data)))
        except (OSError, ValueError) as err:
            raise WorkerLost(self.epitaph("could not be reached")) from err

    def receive(self, until: float) -> tuple[bool, Any]:
        """`(True, result)` or `(False, exception)`, waited for until this time."""
        try:
            while True:
                self._wait(until)
                serial, fine, what = pickle.loads(self.pipe.recv_bytes())
                if serial == self.serial:
                    return fine, what
        except (EOFError, OSError) as err:
            self.process.join(1.0)
            raise WorkerLost(self.epitaph("ended")) from err

    def _wait(self, until: float) -> None:
        sentinel = self.process.sentinel
        while not self.pipe.poll(0):
            left = until - time.monotonic()
            if left <= 0:
                raise WorkerLost(self.epitaph("did not answer in time"))
            if sentinel in wait([self.pipe, sentinel], left) and not self.pipe.poll(0):
                raise WorkerLost(self.epitaph("ended"))

    def epitaph(self, what: str) -> str:
        """What became of it, as a sentence."""
        return f"The worker of row {self.row} {what}{how_it_ended(self.process)}."

    def kill(self) -> None:
        """End it now."""
        end_group(self.process)
        self.pipe.close()


class ProcessVector(RowVector):
    """Rows that are environments in processes of their own.

    Each process builds its environment by `gymnasium.make(env_id, **options)`, so nothing has to be
    picklable but options, actions, observations and infos. Workers are no daemons, so that
    environments may start processes themselves; they end with `close()`, with this object, and with
    this process, however it ends.

    An exception in an environment is raised here with its type; afterwards, call `reset()`. The row
    of a lost worker ends with reward 0.0, `terminated` and an error verdict (reward-free:
    truncated, without one), its last observation repeated. The next episode of such a row has a
    seed derived from the row's last one.

    Args:
        env_id: any registered id.
        num_envs: how many rows, and processes.
        options: those of the environment.
        autoreset_mode: when a row that ended begins anew.
        group: so many rows side by side play one problem.
        timeout_s: a worker that takes longer over one job is taken for lost.
        context: multiprocessing start method; default `forkserver`, or `spawn` where there is none.
    """

    def __init__(
        self,
        env_id: str,
        num_envs: int,
        *,
        options: Mapping[str, Any] | None = None,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        group: int = 1,
        timeout_s: float = 300.0,
        context: str | None = None,
    ) -> None:
        if isinstance(num_envs, bool) or num_envs < 1:
            raise bad_value("num_envs", num_envs, "an integer of at least 1")
        if timeout_s <= 0:
            raise bad_value("timeout_s", timeout_s, "a number above 0")
        self.num_envs = num_envs
        self.timeout_s = timeout_s
        self._recipe = Recipe.of(env_id, options or {})
        self._context = process_context(["assay.wrappers.worker"], context)
        self._seeds_given: list[int | None] = [None] * num_envs
        self._losses = [0] * num_envs
        self._unseeded: set[int] = set()  # rows whose fresh environment has no seed yet
        self._workers: list[Worker] = []
        self._finalizer = weakref.finalize(self, _shut_down, self._workers)
        for row in range(num_envs):
            self._workers.append(self._new_worker(row))
        try:
            hellos = [self._hello(worker) for worker in self._workers]
        except BaseException:
            self._finalizer()
            raise
        self._describe(hellos[0])
        self._start(autoreset_mode, group)
        self.metadata = {**hellos[0]["metadata"], "autoreset_mode": self.autoreset_mode}

    def _describe(self, hello: dict[str, Any]) -> None:
        self.render_mode = hello["render_mode"]
        self.single_observation_space = hello["observation_space"]
        self.single_action_space = hello["action_space"]
        self.observation_space = batch_space(self.single_observation_space, self.num_envs)
        self.action_space = batch_space(self.single_action_space, self.num_envs)
        self._reward_free = hello["reward_free"]

    def _new_worker(self, row: int) -> Worker:
        return Worker(self._context, self._recipe, row, self.timeout_s)

    def _hello(self, worker: Worker) -> dict[str, Any]:
        try:
            fine, what = worker.receive(time.monotonic() + max(_START_S, self.timeout_s))
        except WorkerLost as err:
            raise WorkerLost(f"{err} It was still building its environment.") from err
        if not fine:
            raise what
        return what

    # ------------------------------------------------------------------ jobs

    def _run(self, jobs: Sequence[Reset | Step]) -> list[Begun | Stepped]:
        jobs = [self._reseeded(job) if isinstance(job, Reset) else job for job in jobs]
        sent: list[WorkerLost | None] = [self._send(job) for job in jobs]
        until = time.monotonic() + self.timeout_s
        results: list[Begun | Stepped | Exception] = []
        for job, lost in zip(jobs, sent, strict=True):
            try:
                if lost is not None:
                    raise lost
                results.append(self._workers[job.row].receive(until)[1])
            except WorkerLost as err:
                results.append(self._after_loss(job, err))
        for result in results:
            if isinstance(result, Exception):
                raise result
        return [result for result in results if not isinstance(result, Exception)]

    def _send(self, job: Reset | Step) -> WorkerLost | None:
        worker = self._workers[job.row]
        try:
            if isinstance(job, Reset):
                worker.send("reset", tuple(job))
            else:
                worker.send("step", (job.row, pack_action(job.action), job.renew))
        except WorkerLost as err:
            return err
        return None

    def _reseeded(self, job: Reset) -> Reset:
        """The job with the row's seed noted; after a loss, with a seed of its own."""
        row = job.row
        if job.seed is not None:
            self._seeds_given[row], self._losses[row] = job.seed, 0
        elif row in self._unseeded and self._seeds_given[row] is not None:
            name = ("replaced worker", self._seeds_given[row], self._losses[row])
            job = job._replace(seed=derive_seed(*name))
        self._unseeded.discard(row)
        return job

    def _after_loss(self, job: Reset | Step, loss: WorkerLost) -> Begun | Stepped | Exception:
        _LOG.warning("%s It is replaced.", loss)
        try:
            self._replace(job.row)
            if isinstance(job, Reset):
                return self._reset_again(job, loss)
            begun = self._reset_again(Reset(job.row), loss) if job.renew else None
        except Exception as err:  # raised when the other rows have been heard
            return err
        info: dict[str, Any] = {"action_status": "noop"}
        if self._reward_free:
            return Stepped(self._last[job.row], 0.0, False, True, info, begun)
        verdict = Verdict.error("worker_lost", str(loss), verifier="assay")
        info.update(verdict=verdict, reward_valid=False)
        return Stepped(self._last[job.row], 0.0, True, False, info, begun)

    def _reset_again(self, job: Reset, loss: WorkerLost) -> Begun:
        for _ in range(_RESETS - 1):
            try:
                job = self._reseeded(job)
                worker = self._workers[job.row]
                worker.send("reset", tuple(job))
                fine, what = worker.receive(time.monotonic() + self.timeout_s)
                if not fine:
                    raise what
                return what
            except WorkerLost as err:
                loss = err
                self._replace(job.row)
        raise WorkerLost(f"{loss} Its environment could not be reset in {_RESETS} attempts.")

    def _replace(self, row: int) -> None:
        self._workers[row].kill()
        self._workers[row] = self._new_worker(row)
        self._losses[row] += 1
        self._unseeded.add(row)
        self._hello(self._workers[row])

    # ------------------------------------------------------------------ looking inside

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """What an attribute of each row's environment is, or returns when it is called."""
        return self._ask_all([("call", (name, args, kwargs))] * self.num_envs)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """An attribute of each row's environment."""
        return self.call(name)

    def set_attr(self, name: str, values: Any) -> None:
        """Set an attribute in each row's environment: one value, or a list with one for each."""
        each = values if isinstance(values, list | tuple) else [values] * self.num_envs
        if len(each) != self.num_envs:
            raise ValueError(f"Got {len(each)} values for {self.num_envs} rows: one for each row.")
        self._ask_all([("set", (name, value)) for value in each])

    def _ask_all(self, messages: Sequence[tuple[str, Any]]) -> tuple[Any, ...]:
        for worker, (verb, data) in zip(self._workers, messages, strict=True):
            worker.send(verb, data)
        until = time.monotonic() + self.timeout_s
        heard = [worker.receive(until) for worker in self._workers]
        for fine, what in heard:
            if not fine:
                raise what
        return tuple(what for _, what in heard)

    @property
    def np_random(self) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Copies of the rows' generators."""
        return self.call("np_random")

    @property
    def np_random_seed(self) -> tuple[Any, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The rows' seeds."""
        return self.call("np_random_seed")

    def render(self) -> tuple[Any, ...]:
        """Each row's picture."""
        return self.call("render")

    def close_extras(self, **kwargs: Any) -> None:
        """End every worker; afterwards none is alive."""
        self._finalizer()


def _bound_sends(pipe: Connection, timeout_s: float) -> None:
    """Make a send to a worker that does not read fail after `timeout_s` instead of never."""
    if not hasattr(socket, "AF_UNIX"):
        return
    whole = int(timeout_s)
    limit = struct.pack("ll", whole, int((timeout_s - whole) * 1e6))
    with socket.fromfd(pipe.fileno(), socket.AF_UNIX, socket.SOCK_STREAM) as handle:
        handle.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)


def _shut_down(workers: list[Worker]) -> None:
    """Ask every worker to close, wait a little, and kill those that are still there."""
    for worker in workers:
        try:
            worker.send("close")
        except WorkerLost:
            pass
    until = time.monotonic() + _GOODBYE_S
    for worker in workers:
        worker.process.join(max(0.0, until - time.monotonic()))
        worker.kill()
    workers.clear()
