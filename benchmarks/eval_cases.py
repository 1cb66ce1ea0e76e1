"""The measurements of `benchmarks.evaluation`, each made in a fresh process and printed as JSON."""

from __future__ import annotations

import gc
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import assay
from assay.evaluation.backends.memory import resident_mib
from assay.evaluation.progress import Progress
from assay.evaluation.results import Results
from benchmarks.episodes import ADDER, BUSY, BUSY_WORK, EMPTY, SUMS, ZERO, register_envs
from benchmarks.peers import NotInstalled

UNIT = 16
WARM_UP = 64
MARKS = (0.1, 0.5, 1.0)  # of the run, when the driver's memory is looked at
DELAY_S = 0.02  # an answer's, where runs are killed: with none, ours would be over too soon
_POLL_S = 0.005
_PATIENCE_S = 300.0

Figures = dict[str, Any]


def timed(work: Callable[[], object], n: int) -> Figures:
    """Wall and CPU time of this process for `n` episodes."""
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"n": n, "wall_s": wall, "cpu_s": cpu}


# ------------------------------------------------------------------ assay


def evaluate(policy: str, env: Any, n: int, **settings: Any) -> Results:
    """A whole evaluation, stored in a file that is thrown away; every episode must be there."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        out = Path(folder) / "run.db"
        results = assay.evaluate(policy, [env], n=n, seed=0, out=out, **settings)
    if results.exit_code:
        raise RuntimeError(f"The evaluation ended with {results.exit_code}: {results.rows[0]}")
    return results


def ours(policy: str, env: Any, n: int, **settings: Any) -> Figures:
    """A timed evaluation after a short one, which loads what is needed."""
    register_envs()
    evaluate(policy, env, WARM_UP, **settings)
    return timed(lambda: evaluate(policy, env, n, **settings), n)


def memory(n: int) -> Figures:
    """What the driver holds along one run of `n` episodes in worker processes."""
    seen: dict[int, float] = {}
    marks = [int(n * share) for share in MARKS]

    def look(now: Progress) -> None:
        while len(seen) < len(marks) and now.done >= marks[len(seen)]:
            seen[marks[len(seen)]] = resident_mib()

    evaluate("random", "assay/Compare-v0", WARM_UP, backend="process")
    took = timed(
        lambda: evaluate("random", "assay/Compare-v0", n, backend="process", progress=look), n
    )
    return took | {"resident_mib": seen}


def scaling(n: int) -> Figures:
    """Wall time with one worker and with two, and what the machine gives two bare processes."""
    register_envs()
    evaluate(ZERO, BUSY, WARM_UP, backend="process", workers=2)
    found: Figures = {"n": n, "load_before": os.getloadavg()[0]}
    for workers in (1, 2):
        took = timed(lambda w=workers: evaluate(ZERO, BUSY, n, backend="process", workers=w), n)
        found[f"wall_{workers}_s"] = took["wall_s"]
    alone, both = bare(n, 1), bare(n, 2)
    found["load_after"] = os.getloadavg()[0]
    found["speedup"] = found["wall_1_s"] / found["wall_2_s"]
    return found | {"bare_speedup": 2 * alone / both}


def bare(n: int, processes: int) -> float:
    """Seconds until so many processes that know nothing of each other have done the same work."""
    code = f"for _ in range({n}): sum(range({BUSY_WORK}))"
    started = time.perf_counter()
    running = [subprocess.Popen([sys.executable, "-S", "-c", code]) for _ in range(processes)]
    for process in running:
        process.wait()
    return time.perf_counter() - started


# ------------------------------------------------------------------ Inspect


def inspect(n: int, by_model: bool) -> Figures:
    """A timed evaluation of the same questions in Inspect, after a short one."""
    from benchmarks import inspect_task as theirs

    def work(count: int) -> None:
        with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
            model = theirs.mock_model() if by_model else None
            theirs.run(theirs.sums(count, by_model=by_model), model, folder)

    work(WARM_UP)
    return timed(lambda: work(n), n)


# ------------------------------------------------------------------ killed half way


def killed(first: str, second: str, n: int) -> Figures:
    """SIGKILL when half of `n` answers were given, then the way to go on that the library offers.

    Both commands run in a folder of their own and note each answer in a file there: what is asked
    again in the second run had not been kept.
    """
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as folder:
        answers = Path(folder) / "answers"
        answers.touch()
        call = f"from benchmarks import eval_cases; eval_cases.{{}}({folder!r}, {n})"
        process = subprocess.Popen(
            [sys.executable, "-c", call.format(first)], start_new_session=True
        )
        until = time.monotonic() + _PATIENCE_S
        while answers.stat().st_size < n // 2:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{first} ended, or hung, before half of its answers.")
            time.sleep(_POLL_S)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        _settled(answers)
        before = answers.stat().st_size
        subprocess.run([sys.executable, "-c", call.format(second)], check=True)
        again = answers.stat().st_size - before
    return {"n": n, "answered": before, "kept": n - again}


def _settled(file: Path) -> None:
    """Wait until nobody writes to a file any more: workers outlive their driver by a moment."""
    size = -1
    while size != file.stat().st_size:
        size = file.stat().st_size
        time.sleep(10 * DELAY_S)


def ours_half(folder: str, n: int) -> None:
    """The evaluation that is killed; the same call goes on with it."""
    settings = {"delay_s": DELAY_S, "count": f"{folder}/answers"}
    assay.evaluate(
        ADDER, [SUMS], n=n, seed=0, out=f"{folder}/run.db", policy_settings=settings,
        backend="process",
    )  # fmt: skip


def inspect_half(folder: str, n: int) -> None:
    """The run that is killed, started by file and name as Inspect's command line does."""
    from benchmarks import inspect_task as theirs
    from benchmarks.peers import library

    args = {"n": n, "delay_s": DELAY_S, "count": f"{folder}/answers"}
    library("inspect_ai").eval(
        f"{theirs.__file__}@sums", model=None, task_args=args, log_dir=folder, display="none"
    )


def inspect_retry(folder: str, n: int) -> None:
    """Inspect's `eval_retry` of the log that the killed run left."""
    from benchmarks.peers import library

    (log,) = Path(folder).glob("*.eval")
    (again,) = library("inspect_ai").eval_retry(str(log), log_dir=folder, display="none")
    if again.status != "success" or again.results.completed_samples != n:
        raise RuntimeError(f"Inspect's retry ended as '{again.status}'.")


# ------------------------------------------------------------------ the processes

CASES: dict[str, Callable[[int], Figures]] = {
    "sums inline": lambda n: ours(ADDER, SUMS, n, backend="inline"),
    "sums process": lambda n: ours(ADDER, SUMS, n, backend="process"),
    "sums inspect solver": lambda n: inspect(n, False),
    "sums inspect model": lambda n: inspect(n, True),
    "trivial inline": lambda n: ours("random", "assay/Compare-v0", n, backend="inline"),
    "empty inline": lambda n: ours(ZERO, EMPTY, n, backend="inline"),
    "empty process": lambda n: ours(ZERO, EMPTY, n, backend="process", unit=UNIT),
    "scaling": scaling,
    "memory": memory,
    "killed assay": lambda n: killed("ours_half", "ours_half", n),
    "killed inspect": lambda n: killed("inspect_half", "inspect_retry", n),
}


def in_process(case: str, n: int) -> Figures:
    """A case in a fresh process, which may write where it likes; `problem` says what went wrong."""
    with tempfile.TemporaryDirectory(prefix="assay-bench-") as home:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join(p for p in sys.path if p),
            "XDG_DATA_HOME": home,
            "XDG_CACHE_HOME": home,
        }
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.eval_cases", case, str(n)],
            env=env, capture_output=True, text=True,
        )  # fmt: skip
    lines = done.stdout.strip().splitlines()
    if done.returncode or not lines:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return {"n": n, "problem": f"failed: {said[-1]}"}
    return json.loads(lines[-1])


def main() -> None:
    """Measure the case that the command line names."""
    name, n = sys.argv[1], int(sys.argv[2])
    try:
        found = CASES[name](n)
    except NotInstalled as error:
        found = {"n": n, "problem": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
