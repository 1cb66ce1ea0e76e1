"""What the verifiers' worker processes cost: starts, questions, and how soon a late one is gone.

Real workers and real kills. A deadline is met by looking at the worker from outside: its CPU time
(or the clock) until the limit, then its process until it is dead.
"""

from __future__ import annotations

import json
import math
import os
import statistics
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from assay.core.types import Limits, Verdict
from assay.verifiers import BaseVerifier
from assay.verifiers.workers import pool
from assay.verifiers.workers.pending import Pending, ask_worker
from assay.verifiers.workers.pool import ask

CALLS = "benchmarks.worker_calls"
LIMITS = Limits(cpu_s=0.3, wall_s=20.0)
PATIENT = Limits(cpu_s=20.0, wall_s=0.5)
OVERHEAD_MS, KILL_S = 1.0, 0.25


@dataclass(frozen=True, kw_only=True)
class Bench:
    """What workers cost: starts, questions, kills."""

    n: int = 5_000  # questions
    starts: int = 5  # pools that are started
    kills: int = 10  # workers of each kind that are late
    json: bool = False  # one JSON object instead of the table

    def __post_init__(self) -> None:
        if min(self.n, self.starts, self.kills) < 1:
            raise SystemExit("--n, --starts and --kills must be at least 1.")


@dataclass(frozen=True)
class Figure:
    """A line of the table; `target` is the project's own, where it has one."""

    what: str
    value: float
    unit: str
    target: float | None = None


class Echo(BaseVerifier):
    """A verdict from a worker about nothing much: what remains is the way there and back."""

    name = "echo"

    def judge(self, outcome: object, task: object) -> Pending:
        """Ask."""
        return ask_worker(f"{CALLS}:echo", {"text": outcome}, self._finish, limits=self.limits)

    def _finish(self, found: Any) -> Verdict:
        return Verdict.accept("echo.heard", "Heard.")


def quantile(values: Sequence[float], share: float) -> float:
    """The value that so many reach at most."""
    return sorted(values)[min(len(values) - 1, math.ceil(share * len(values)) - 1)]


def starts(n: int) -> list[Figure]:
    """From nothing to the first answer, and to an answer of a worker that is there."""
    took: list[float] = []
    for _ in range(n):
        pool.close()
        begun = time.perf_counter()
        ask(f"{CALLS}:echo", {})
        took.append(time.perf_counter() - begun)
    return [Figure("first answer of a pool, median", 1e3 * statistics.median(took), "ms")]


def questions(n: int) -> list[Figure]:
    """One after the other, from this thread; then as a batch."""
    pool.close()
    verifier = Echo()
    took: list[float] = []
    cpu_s = _cpu_s()
    for i in range(n):
        begun = time.perf_counter()
        verdict = verifier.verify(f"x = {i}")
        took.append(time.perf_counter() - begun)
        assert verdict.passed, verdict
    pool.close()
    cpu_ms = 1e3 * (_cpu_s() - cpu_s) / n
    begun = time.perf_counter()
    assert all(v.passed for v in verifier.verify_batch((f"x = {i}", None) for i in range(n)))
    batch_ms = 1e3 * (time.perf_counter() - begun) / n
    return [
        Figure("a verdict, mean", 1e3 * statistics.fmean(took), "ms"),
        Figure("a verdict, p50", 1e3 * quantile(took, 0.5), "ms", OVERHEAD_MS),
        Figure("a verdict, p99", 1e3 * quantile(took, 0.99), "ms"),
        Figure("a verdict, CPU time of all processes and their starts", cpu_ms, "ms", OVERHEAD_MS),
        Figure("a verdict in a batch, mean", batch_ms, "ms"),
    ]


def _cpu_s() -> float:
    """Of this process, and of the workers that are over."""
    times = os.times()
    return time.process_time() + times.children_user + times.children_system


def kills(n: int) -> list[Figure]:
    """How long after its deadline a worker is dead, while others are served."""
    verifier = Echo()
    verifier.verify_batch([("x", None)] * 50)
    served: list[float] = []
    over = threading.Event()

    def serve() -> None:
        while not over.wait(0.005):
            begun = time.perf_counter()
            assert verifier.verify("x").passed
            served.append(time.perf_counter() - begun)

    serving = threading.Thread(target=serve)
    serving.start()
    cpu = [_gone_after("spin", LIMITS) for _ in range(n)]
    wall = [_gone_after("wait", PATIENT) for _ in range(n)]
    over.set()
    serving.join()
    return [
        Figure("dead after its CPU time, slowest", max(cpu), "s", KILL_S),
        Figure("dead after its wall deadline, slowest", max(wall), "s", KILL_S),
        Figure("others' verdicts meanwhile, p50", 1e3 * quantile(served, 0.5), "ms"),
        Figure("others' verdicts meanwhile, p99", 1e3 * quantile(served, 0.99), "ms"),
    ]


def _gone_after(call: str, limits: Limits) -> float:
    """Seconds from a worker's deadline to its death."""
    asking = threading.Thread(target=ask, args=(f"{CALLS}:{call}", {"s": 600}, limits))
    asking.start()
    seat, job = _busy(f"{CALLS}:{call}")
    pid, late = seat.process.pid, 0.0
    while not _dead(pid):
        now = time.monotonic()
        spent = seat.cpu_s() - job.begun_cpu_s >= limits.cpu_s
        if not late and (spent or now >= job.begun + limits.wall_s):
            late = now
        time.sleep(0.0005)
    gone = time.monotonic() - late if late else 0.0
    asking.join()
    return gone


def _busy(call: str) -> tuple[Any, Any]:
    while True:
        for seat in list(pool.current()._seats):  # pyright: ignore[reportPrivateUsage]
            job = seat.job
            if job is not None and job.request.call == call and not job.loading and job.begun:
                return seat, job
        time.sleep(0.0005)


def _dead(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def run(bench: Bench) -> list[Figure]:
    """All figures, one after the other."""
    try:
        return [*starts(bench.starts), *questions(bench.n), *kills(bench.kills)]
    finally:
        pool.close()


def main() -> int:
    """Measure; 1 when a target is missed."""
    bench = tyro.cli(Bench, config=(tyro.conf.FlagCreatePairsOff,))
    figures = run(bench)
    load, cores = os.getloadavg()[0], os.cpu_count()
    if bench.json:
        rows = [asdict(figure) for figure in figures]
        print(json.dumps({"figures": rows, "load": load, "cores": cores}))
    else:
        table = Table(title="Worker processes of verifiers")
        table.add_column("what")
        table.add_column("measured", justify="right")
        table.add_column("target", justify="right")
        for row in figures:
            target = "" if row.target is None else f"< {row.target:g} {row.unit}"
            table.add_row(row.what, f"{row.value:.3f} {row.unit}", target)
        Console().print(table)
        print(f"Load of the last minute: {load:.1f} on {cores} cores.")
    return int(any(row.target is not None and row.value >= row.target for row in figures))


if __name__ == "__main__":
    sys.exit(main())
