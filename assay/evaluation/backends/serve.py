"""A worker process: takes units from its pipe, plays them, and sends rows back as they come.

It never writes a results file. Messages to it: `("unit", work)`, `("reply", bytes)` of the policy
server, and None to end. Messages from it: `("ready", MiB)`, `("failed", exception)`,
`("rows", [...])`, `("ask", bytes)` for the policy server, `("leaving",)` before it ends by itself
to be replaced, and `("dying", words)` before something unforeseen ends it.
"""

from __future__ import annotations

import pickle
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Any

from assay.core.errors import PolicyUnavailable
from assay.evaluation.backends.base import Job
from assay.evaluation.backends.board import Board
from assay.evaluation.backends.memory import resident_mib
from assay.evaluation.backends.served import ServedPolicy
from assay.evaluation.backends.wire import make_policy, pack_row, unpack_job, unpack_unit
from assay.evaluation.backends.worker import Watcher, Worker
from assay.evaluation.episode import Stopped
from assay.evaluation.plan import EpisodeKey
from assay.wrappers.processes import portable, print_on_stderr

_LOOK_S = 0.1  # between looks whether to stop
HAND_OVER_S = 0.05  # rows that are ready wait at most about this long


class Ended(Stopped):
    """The driver wants nothing more, or is gone; no policy's handler of exceptions catches it."""


class Line:
    """The worker's end of its pipe, with the units that came while it waited for a reply."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._units: deque[Any] = deque()

    def send(self, *message: Any) -> None:
        """To the driver."""
        packed = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
        try:
            self._pipe.send_bytes(packed)
        except OSError:
            raise Ended from None

    def receive(self) -> Any:
        """The next message, waited for."""
        try:
            packed = self._pipe.recv_bytes()
        except (EOFError, OSError):
            raise Ended from None
        message = pickle.loads(packed)  # our own parent wrote it
        if message is None:
            raise Ended
        return message

    def unit(self, wait: bool) -> Any:
        """The next unit's work; None where there is none and no waiting was asked for."""
        if self._units:
            return self._units.popleft()
        return self.receive()[1] if wait or self._pipe.poll(0) else None

    def ask(self, question: bytes) -> bytes:
        """What the policy server replies."""
        self.send("ask", question)
        while True:
            kind, data = self.receive()
            if kind == "reply":
                return data
            self._units.append(data)


class Session:
    """Plays until the driver ends it, or until it is to be replaced.

    Args:
        episodes: after so many it is replaced.
        memory_mib: above this it is replaced.
    """

    def __init__(
        self, line: Line, board: Board, job: Job, episodes: int, memory_mib: float
    ) -> None:
        self._line, self._board = line, board
        self._worker = Worker(job, Watcher(self._begun, self._over))
        self._episodes, self._memory_mib = episodes, memory_mib
        self._ordinals: dict[EpisodeKey, int] = {}
        self._n_begun = 0
        self._rows: list[tuple[Any, ...]] = []
        self._handed_over = time.monotonic()
        self._leaving = False

    def _begun(self, key: EpisodeKey) -> None:
        self._n_begun += 1
        self._ordinals[key] = self._n_begun
        self._board.begin(self._n_begun)

    def _over(self, key: EpisodeKey) -> None:
        self._board.end(self._ordinals[key])

    def run(self) -> None:
        """Until the end."""
        threading.Thread(target=self._interrupt_in_time, daemon=True).start()
        try:
            while self._take_units():
                for event in self._worker.advance():
                    self._rows += [pack_row(self._ordinals.pop(r.key), r) for r in event.rows]
                if time.monotonic() - self._handed_over >= HAND_OVER_S:
                    self._hand_over()
            self._hand_over()
            if self._leaving:
                self._line.send("leaving")
        except Ended:
            with suppress(Ended):
                self._hand_over()
        except PolicyUnavailable:
            self._hand_over()
            if not self._board.stopping:
                raise
        finally:
            self._worker.close()

    def _interrupt_in_time(self) -> None:
        """Let no policy wait for a server while the driver waits for our rows."""
        while not self._board.stopping:
            time.sleep(_LOOK_S)
        self._worker.interrupt()

    def _take_units(self) -> bool:
        """Units for which there is room; waits for one where there is nothing to play."""
        if self._board.stopping:
            return False
        while self._worker.hungry and not self._leaving:
            idle = not self._worker.n_units
            if idle:
                self._hand_over()
                if self._leaving:
                    break
            work = self._line.unit(wait=idle)
            if work is None:
                break
            self._worker.add(unpack_unit(work))
        return self._worker.n_running > 0 or not self._leaving

    def _hand_over(self) -> None:
        """Send what is ready; a good moment to see whether to be replaced."""
        self._handed_over = time.monotonic()
        if self._rows:
            self._line.send("rows", self._rows)
            self._rows = []
        grown = self._n_begun > 0 and resident_mib() > self._memory_mib  # each plays something
        if (grown or self._n_begun >= self._episodes) and not self._leaving:
            self._leaving = True
            self._worker.drop_waiting()


def serve(pipe: Connection, board: Board, episodes: int) -> None:
    """The worker's main function."""
    print_on_stderr()
    line = Line(pipe)
    policy: Any = None
    try:
        try:
            packed, memory, hooks = line.receive()
            job = unpack_job(packed)
            policy = ServedPolicy(line.ask, hooks) if job.served else make_policy(job)
            held = resident_mib()
            memory.check(held)
            limit = memory.soft_mib(held)
            session = Session(line, board, replace(job, policy=policy), episodes, limit)
        except Exception as err:
            line.send("failed", portable(err))
            return
        line.send("ready", held)
        session.run()
    except Ended:
        pass
    except PolicyUnavailable as err:
        with suppress(Ended):
            line.send("failed", portable(err))
    except BaseException as err:  # such as the KeyboardInterrupt of a policy's constructor
        with suppress(Ended):
            line.send("dying", f"{type(err).__name__}: {err}".rstrip(": "))
        raise SystemExit(1) from None
    finally:
        close: Any = getattr(policy, "close", None)
        if close is not None:
            close()
