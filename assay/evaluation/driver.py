"""The driver: sends out what is not stored yet, stores what comes back, and stops in good order.

It owns the plan, the store and the progress; a backend only moves units. Only lost work is tried
again: an exception or a limit is a result.
"""

from __future__ import annotations

import signal
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from types import FrameType, TracebackType
from typing import Any

from assay.core.errors import PolicyUnavailable
from assay.evaluation.backends.base import Backend, Event, Finished, Lost, Unit
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.episode import Stopped
from assay.evaluation.plan import EpisodeKey, Plan, PlannedEnv
from assay.evaluation.progress import Progress, Tally
from assay.evaluation.record import Row, crashed_row
from assay.evaluation.stopping import Frontier, Place
from assay.evaluation.store import Store

MAX_ATTEMPTS = 3  # of an episode whose worker was lost
MAX_UNIT = 256
UNIT_S = 1.0  # a unit grows until it takes about this long
_SHARES = 4  # units a worker, at least, that what is left is cut into
PROGRESS_S = 0.1
_WAIT_S = 0.2

OnProgress = Callable[[Progress], object]


class Interrupts:
    """The first SIGINT or SIGTERM asks to stop, the second stops now (`Stopped`).

    Outside the main thread, where no handler can be set, Python's own behaviour stays.

    Attributes:
        requested: whether the first one came. tell: who is told then, in the handler itself.
    """

    def __init__(self) -> None:
        self.requested = False
        self.tell: Callable[[], object] | None = None
        self._old: dict[int, Any] = {}

    def __enter__(self) -> Interrupts:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._old[number] = signal.signal(number, self._handle)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for number, old in self._old.items():
            signal.signal(number, old)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        if self.requested:
            raise Stopped
        self.requested = True
        if self.tell is not None:
            self.tell()


class Driver:
    """Sends out what is not stored yet, and stores what comes back."""

    def __init__(
        self,
        plan: Plan,
        store: Store,
        run: int,
        retry: frozenset[EpisodeStatus] = frozenset(),
        progress: OnProgress | None = None,
        until_ci: float | None = None,
        unit: int | None = None,
        workers: int = 1,
    ) -> None:
        self.plan, self.store, self.run, self._progress = plan, store, run, progress
        self._until_ci = until_ci
        self._started = self._shown = time.monotonic()
        self._redo: set[EpisodeKey] = set()
        self._done: list[bytearray] = []
        self._frontiers: list[Frontier] = []
        self._tallies: dict[tuple[str, str], Tally] = {}
        self._labels: dict[tuple[str, str], str] = {}
        for env, episodes in zip(plan.envs, plan.shares, strict=True):
            self._look_up(env, episodes, retry)
        self._lost: deque[Unit] = deque()
        self._outstanding: dict[int, int] = {}  # episodes of each unit that were not heard of
        self._unit_number = 0
        self._fixed, self._workers = unit, workers
        self._unit_sizes: dict[tuple[str, str], int] = {}
        self._unsent = self.unfinished
        self._fresh = self._units()

    def _look_up(self, env: PlannedEnv, episodes: range, retry: frozenset[EpisodeStatus]) -> None:
        """Which episodes of an environment are stored, or another shard's; the rest are missing.

        Those to be run again count as missing.
        """
        samples = self.plan.samples
        done = bytearray(b"\1") * (env.n * samples)
        for sample in range(samples):
            done[episodes.start * samples + sample :: episodes.step * samples] = bytes(
                len(episodes)
            )
        name = (env.env_id, env.digest)
        tally = self._tallies[name] = Tally(len(episodes) * samples)
        self._labels[name] = env.label
        stored = 0
        for episode, sample, status, passed in self.store.statuses(
            self.run, env.env_id, env.digest, self.plan.policy_id, env.split
        ):
            stored = max(stored, episode + 1)
            if status in retry:
                self._redo.add(env.key(self.plan.policy_id, episode, sample))
                continue
            done[episode * samples + sample] = 1
            tally.count(status, passed)
            tally.resumed += 1
        self._done.append(done)
        place = Place(self.run, env.env_id, env.digest, self.plan.policy_id, env.split)
        frontier = Frontier(self.store, place, env.n, samples, self._until_ci, stored)
        self._frontiers.append(frontier)
        while self._settled(env, frontier) and frontier.move():
            pass

    @property
    def unfinished(self) -> int:
        """How many episodes are not stored yet, or are to be run again."""
        samples = self.plan.samples
        return sum(
            done.count(0, 0, frontier.limit * samples)
            for done, frontier in zip(self._done, self._frontiers, strict=True)
        )

    def _settled(self, env: PlannedEnv, frontier: Frontier) -> bool:
        """Whether every episode that may be sent out has its row."""
        counts = self._tallies[env.env_id, env.digest].counts
        return sum(counts.values()) == frontier.limit * self.plan.samples

    def _units(self) -> Iterator[Unit | None]:
        """The missing episodes in units; None while more of them depends on what is under way.

        An environment that waits for a look at its interval lets the next ones go ahead.
        """
        samples, started = self.plan.samples, [0] * len(self.plan.envs)
        waiting = list(range(len(self.plan.envs)))
        while waiting:
            moved = False
            for i in tuple(waiting):
                env, frontier = self.plan.envs[i], self._frontiers[i]
                for unit in self._units_between(env, self._done[i], started[i], frontier.limit):
                    moved = True
                    yield unit
                started[i] = frontier.limit
                if frontier.final:
                    waiting.remove(i)
                elif self._settled(env, frontier):
                    moved = True
                    if frontier.move():
                        self._unsent += self._done[i].count(
                            0, started[i] * samples, frontier.limit * samples
                        )
                    else:
                        waiting.remove(i)
                        self._tallies[env.env_id, env.digest].stop()
            if not moved and waiting:
                yield None

    def _units_between(
        self, env: PlannedEnv, done: bytearray, first: int, limit: int
    ) -> Iterator[Unit]:
        """The missing episodes of a stretch of one environment."""
        samples, name = self.plan.samples, (env.env_id, env.digest)
        end = limit * samples
        at = done.find(0, first * samples, end)
        while at >= 0:
            keys: list[EpisodeKey] = []
            size = self._size(name)
            while at >= 0 and len(keys) < size:
                keys.append(env.key(self.plan.policy_id, *divmod(at, samples)))
                at = done.find(0, at + 1, end)
            self._unsent -= len(keys)
            yield self._unit(keys)

    def _size(self, name: tuple[str, str]) -> int:
        """Of an environment's next unit: towards the end smaller, so that workers end together."""
        if self._fixed is not None:
            return self._fixed
        size = self._unit_sizes.get(name, 1)
        if self._workers == 1:
            return size
        return max(1, min(size, self._unsent // (_SHARES * self._workers)))

    def _unit(self, keys: Iterable[EpisodeKey], attempt: int = 1) -> Unit:
        self._unit_number += 1
        return Unit(self._unit_number, tuple(keys), attempt)

    def drive(self, backend: Backend, interrupt: Interrupts) -> None:
        """Run until everything is stored, or an interrupt comes.

        Raises:
            PolicyUnavailable: what was ready has been stored.
        """
        interrupt.tell = backend.interrupt
        try:
            while not interrupt.requested:
                self._dispatch(backend)
                if not self._outstanding:
                    break
                self._take(backend.events(_WAIT_S))
        except PolicyUnavailable:
            self._finish(backend)
            if not interrupt.requested:  # else it was told to wait no longer
                raise
        except BaseException:
            backend.close(0.0)
            raise
        self._finish(backend)

    def _finish(self, backend: Backend) -> None:
        backend.close()
        self._take(backend.events(0.0))
        self.store.flush()
        self._show(None)

    def _dispatch(self, backend: Backend) -> None:
        for _ in range(backend.capacity()):
            unit = self._lost.popleft() if self._lost else next(self._fresh, None)
            if unit is None:
                return
            backend.submit(unit)
            self._outstanding[unit.number] = len(unit.keys)

    def _take(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, Finished):
                self._settle(event.unit, len(event.rows))
                self._keep(event.rows)
                self._resize(event)
            else:
                self._settle(event.unit, len(event.unit.keys))
                self._retry(event)
        self.store.tick()

    def _settle(self, unit: Unit, n_episodes: int) -> None:
        left = self._outstanding.pop(unit.number, 0) - n_episodes
        if left > 0:
            self._outstanding[unit.number] = left

    def _keep(self, rows: Iterable[Row]) -> None:
        for row in rows:
            again = row.key in self._redo
            self._redo.discard(row.key)
            self.store.add(self.run, (row,), replace=again)
            name = (row.key.env_id, row.key.env_digest)
            tally = self._tallies[name]
            tally.count(row.status, row.passed)
            tally.tokens += row.prompt_tokens + row.completion_tokens
            self._show(name)

    def _resize(self, event: Finished) -> None:
        """Grow units until one takes about a second; a slow one shrinks the next."""
        key = event.unit.keys[0]
        if self._fixed is not None:
            return
        name = (key.env_id, key.env_digest)
        took = sum(row.wall_ms for row in event.rows) / 1_000
        wanted = int(len(event.rows) * UNIT_S / max(took, 1e-6))
        self._unit_sizes[name] = max(1, min(wanted, 2 * self._unit_sizes.get(name, 1), MAX_UNIT))

    def _retry(self, event: Lost) -> None:
        """One key a unit from now on, so that a key that kills its worker is found by itself."""
        attempt = event.unit.attempt
        if attempt < MAX_ATTEMPTS:
            self._lost.extend(self._unit((key,), attempt + 1) for key in event.unit.keys)
        else:
            self._keep(crashed_row(key, event.why, attempt) for key in event.unit.keys)

    def _show(self, name: tuple[str, str] | None) -> None:
        """A snapshot of one environment when it is time or it is complete; of all at the end."""
        if self._progress is None:
            return
        now = time.monotonic()
        if name is not None:
            tally = self._tallies[name]
            complete = sum(tally.counts.values()) == tally.planned
            if not complete and now - self._shown < PROGRESS_S:
                return
        self._shown = now
        for shown in self._tallies if name is None else (name,):
            snapshot = self._tallies[shown].snapshot(self._labels[shown], now - self._started)
            self._progress(snapshot)
