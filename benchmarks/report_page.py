"""How long the report page takes to open, as a file and from a server, in headless Chromium.

The rows are real ones, played once and then stored again and again under new keys and seeds.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

import assay
from assay.evaluation.runs import open_runs
from assay.evaluation.schema import COLUMNS, INSERT, INSERT_STEPS, KEY, KEYS
from assay.evaluation.store import Store
from assay.report.page import write_page
from benchmarks.browser import launched, missing

ENV = "assay/TextGrid-v0"
TARGET_S = 3.0
_BATCH = 20_000


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Seconds until the report page is open: a file of 10,000 episodes, a server of a million."""

    episodes: int = 10_000  # in the file
    steps: int = 8  # of an episode
    rows: int = 1_000_000  # in the served store
    played: int = (
        400  # real episodes that are copied; copies lie further apart than gzip looks back
    )
    folder: Path | None = None  # keep the stores and the page here (default: a temporary folder)
    json: bool = False  # one JSON object instead of the table

    def __post_init__(self) -> None:
        if min(self.episodes, self.rows, self.played) < 1 or not 1 <= self.steps <= 100:
            raise SystemExit(
                "--episodes, --rows and --played must be at least 1, --steps from 1 to 100."
            )


@dataclass(frozen=True)
class Measured:
    """A figure of the table; `target` is the project's own, where it has one."""

    what: str
    value: float
    unit: str
    target: float | None = None


def play(path: Path, n: int, steps: int) -> None:
    """A store with real episodes of about so many steps."""
    assay.evaluate("random", [ENV], n=n, step_limit=steps, out=path)


def multiply(source: Path, out: Path, n: int) -> None:
    """A store of `n` episodes made from the source's, by the writer's own statements."""
    with Store(source, read_only=True) as store:
        run = store.runs()[0]
        rows = store.query(f"SELECT {COLUMNS}, codec, steps FROM episodes JOIN trajectories "
                           f"USING ({KEYS})")  # fmt: skip
    identity = {**run.identity, "envs": [{**env, "n": n} for env in run.identity["envs"]]}
    with Store(out) as store:
        number = store.new_run(run.fingerprint, identity, run.settings)
        place = KEY.index("episode")
        db: Any = store._db  # pyright: ignore[reportPrivateUsage] - a million rows by `add` take minutes
        db.execute("PRAGMA synchronous = OFF")
        copies = _copies(rows, number, place, n)
        for start in range(0, n, _BATCH):
            part = [next(copies) for _ in range(min(_BATCH, n - start))]
            db.execute("BEGIN")
            db.executemany(INSERT, [row[:-2] for row in part])
            db.executemany(INSERT_STEPS, [(*row[: len(KEY)], *row[-2:]) for row in part])
            db.execute("COMMIT")


def _copies(rows: list[Any], run: int, place: int, n: int) -> Iterator[list[Any]]:
    rng = random.Random(0)
    for episode in range(n):
        row = list(rows[episode % len(rows)])
        row[KEY.index("run")], row[place] = run, episode
        first = len(KEY)
        row[first : first + 3] = [rng.getrandbits(40), rng.getrandbits(63), rng.getrandbits(63)]
        yield row


def measure_file(browser: Any, store: Path, out: Path) -> list[Measured]:
    """Write the page and open it."""
    start = time.perf_counter()
    with open_runs([store]) as runs:
        write_page(runs, out)
        n = runs[0].results[0].done
    written = time.perf_counter() - start
    page = browser.new_page()
    start = time.perf_counter()
    page.goto(out.as_uri())
    page.wait_for_selector("html[data-ready]", timeout=60_000)
    opened = time.perf_counter() - start
    start = time.perf_counter()
    page.fill("#f-text", "purple lamp")
    page.wait_for_selector("#found:has-text('first and last parts')", timeout=60_000)
    searched = time.perf_counter() - start
    start = time.perf_counter()
    page.click("#list tbody a")
    page.wait_for_selector("#sides article", timeout=60_000)
    episode = time.perf_counter() - start
    page.close()
    what = f"file, {n:,} episodes"
    return [
        Measured(f"{what}: size", out.stat().st_size / 1e6, "MB"),
        Measured(f"{what}: written", written, "s"),
        Measured(f"{what}: opened", opened, "s", TARGET_S),
        Measured(f"{what}: searched (0.12 s of it waits for typing)", searched, "s"),
        Measured(f"{what}: an episode opened", episode, "s"),
    ]


def measure_served(browser: Any, store: Path, n: int) -> list[Measured]:
    """Give the command, and open the page that it serves."""
    what = f"served, {n:,} rows"
    start = time.perf_counter()
    with _served(store) as address:
        listening = time.perf_counter() - start
        page = browser.new_page()
        page.goto(address)
        page.wait_for_selector("html[data-ready]", timeout=60_000)
        opened = time.perf_counter() - start
        page.wait_for_selector("#summary #results", timeout=120_000)
        summary = time.perf_counter() - start
        start = time.perf_counter()
        with page.expect_response(lambda answer: "sort=steps" in answer.url) as answer:
            page.select_option("#f-sort", "steps")
        answer.value.finished()
        ordered = time.perf_counter() - start
        page.close()
    return [
        Measured(f"{what}: listening, from the command on", listening, "s"),
        Measured(f"{what}: opened, from the command on", opened, "s", TARGET_S),
        Measured(f"{what}: results above the list, from the command on", summary, "s"),
        Measured(f"{what}: sorted by steps", ordered, "s"),
    ]


@contextmanager
def _served(store: Path) -> Generator[str]:
    """The address at which `assay report --serve` says that it listens."""
    command = [sys.executable, "-m", "assay.cli.main", "report", str(store), "--serve", "--port=0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        said = process.stderr.readline()
        found = re.search(r"http://\S+", said)
        if found is None:
            raise RuntimeError(f"`assay report --serve` did not start: {said.strip()}")
        yield found[0]
    finally:
        process.terminate()
        process.wait()


def run(bench: Bench) -> list[Measured]:
    """All figures, one after the other."""
    folder = bench.folder or Path(tempfile.mkdtemp(prefix="assay-report-"))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        real, few, many = (folder / f"{name}.db" for name in ("real", "file", "served"))
        for path in (real, few, many):
            path.unlink(missing_ok=True)
        play(real, bench.played, bench.steps)
        multiply(real, few, bench.episodes)
        with launched() as browser:
            figures = measure_file(browser, few, folder / "report.html")
            multiply(real, many, bench.rows)
            return figures + measure_served(browser, many, bench.rows)
    finally:
        if bench.folder is None:
            shutil.rmtree(folder, ignore_errors=True)


def show(figures: list[Measured]) -> None:
    """The table, with the load beside it."""
    table = Table(title="The report page in headless Chromium")
    for name, side in (("what", "left"), ("measured", "right"), ("target", "right")):
        table.add_column(name, justify=side)  # pyright: ignore[reportArgumentType]
    for figure in figures:
        target = "" if figure.target is None else f"< {figure.target:g} {figure.unit}"
        table.add_row(figure.what, f"{figure.value:.2f} {figure.unit}", target)
    Console().print(table)


def main() -> int:
    """Measure; 1 when a target is missed."""
    bench = tyro.cli(Bench, config=(tyro.conf.FlagCreatePairsOff,))
    lacking = missing()
    if lacking:
        print(lacking, file=sys.stderr)
        return 1
    figures = run(bench)
    load = os.getloadavg()[0]
    if bench.json:
        rows = [vars(figure) for figure in figures]
        print(json.dumps({"figures": rows, "load": load, "cores": os.cpu_count()}))
    else:
        with contextlib.suppress(OSError):
            show(figures)
        print(f"Load of the last minute: {load:.1f} on {os.cpu_count()} cores.")
    return int(any(f.target is not None and f.value >= f.target for f in figures))


if __name__ == "__main__":
    sys.exit(main())
