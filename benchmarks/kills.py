"""Evaluations under fire: workers and drivers are killed at random moments, and nothing may change.

Rounds of one and the same evaluation, each in a file of its own. Workers are killed from inside, by
a thread of the policy that strikes at random while an episode is played, no episode twice. Drivers
are killed from outside, at a random moment from their start on, and the run is then continued.
Exit code 1 when a row is lost or doubled, a second digest is seen, a file is damaged, or a process
outlives its driver.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import uuid
from dataclasses import asdict, dataclass, field
from pathlib import Path

import tyro

import assay
from assay.evaluation.store import Store

POLICY, ENV = "benchmarks.restless:Restless", "assay/GuessNumber-v0"
MARK = "ASSAY_KILLS"  # in the environment of everything that a driver starts
DRIVER_S = (0.2, 3.0)  # when a driver is killed, after its start
GONE_S = 5.0  # for the processes of a killed driver to end
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Kills:
    """Kill workers and drivers of an evaluation at random, and compare with the undisturbed one."""

    n: int = 1_000  # kills in all, at least
    episodes: int = 1_000  # of the evaluation
    workers: int = 2  # worker processes
    drivers: int = 1  # drivers killed in each round, before one comes to the end
    seed: int | None = None  # of the moments; None draws one, and the result names it
    json: bool = False  # one JSON object instead of the lines

    def __post_init__(self) -> None:
        for name in ("n", "episodes", "workers"):
            if getattr(self, name) < 1:
                raise SystemExit(f"--{name} must be at least 1.")
        if self.drivers < 0:
            raise SystemExit("--drivers must be at least 0.")


@dataclass
class Found:
    """What was seen, over all rounds."""

    seed: int
    rounds: int = 0
    worker_kills: int = 0
    driver_kills: int = 0
    lost: int = 0
    doubled: int = 0
    crashed: int = 0
    damaged: int = 0
    orphans: int = 0
    digests: set[str] = field(default_factory=set[str])

    @property
    def kills(self) -> int:
        """Of workers and drivers."""
        return self.worker_kills + self.driver_kills

    @property
    def well(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        faults = (self.lost, self.doubled, self.crashed, self.damaged, self.orphans)
        return not any(faults) and len(self.digests) == 1


def drive(out: str, folder: str, episodes: int, workers: int, seed: int) -> None:
    """One driver, in a process of its own."""
    assay.evaluate(
        POLICY,
        ENV,
        n=episodes,
        out=out,
        backend="process",
        workers=workers,
        policy_settings={"folder": folder, "seed": seed},
    )


def _start(out: Path, folder: Path, bench: Kills, seed: int, mark: str) -> subprocess.Popen[str]:
    arguments = (str(out), str(folder), bench.episodes, bench.workers, seed)
    code = f"from benchmarks.kills import drive; drive{arguments!r}"
    return subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=_ROOT,
        env={**os.environ, MARK: mark, "PYTHONPATH": str(_ROOT)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def living(mark: str) -> list[int]:
    """Processes that carry a mark in their environment, those that are dead and not fetched aside.

    Where there is no /proc, none is found.
    """
    found: list[int] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            marked = f"{MARK}={mark}".encode() in (folder / "environ").read_bytes().split(b"\0")
            state = (folder / "stat").read_text().rsplit(")", 1)[1].split()[0]
        except (OSError, IndexError):
            continue
        if marked and state != "Z":
            found.append(int(folder.name))
    return found


def orphans(mark: str) -> int:
    """How many processes of a dead driver are still there after a few seconds."""
    until = time.monotonic() + GONE_S
    while (left := living(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    return len(left)


def play_round(bench: Kills, found: Found, chance: random.Random, folder: Path) -> None:
    """One evaluation, with its kills, to its end."""
    out, struck = folder / "run.db", folder / "struck"
    struck.mkdir()
    for turn in range(bench.drivers + 1):
        mark = uuid.uuid4().hex
        process = _start(out, struck, bench, found.seed, mark)
        try:
            wait_s = chance.uniform(*DRIVER_S) if turn < bench.drivers else None
            _, said = process.communicate(timeout=wait_s)
            if process.returncode not in (0, 1):  # 1 would be a crashed row, which is counted below
                raise SystemExit(f"A driver ended by itself with {process.returncode}: {said}")
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            found.driver_kills += 1
        found.orphans += orphans(mark)
    found.worker_kills += len(list(struck.iterdir()))
    _count(out, bench.episodes, found)
    found.rounds += 1


def _count(out: Path, episodes: int, found: Found) -> None:
    with Store(out) as store:
        found.damaged += store.query("PRAGMA quick_check") != [("ok",)]
        ((rows, keys, crashed),) = store.query(
            "SELECT count(*), count(DISTINCT episode), total(status = 'crashed') FROM episodes"
        )
        ((again,),) = store.query("SELECT count(*) FROM findings")
        found.lost += episodes - keys
        found.doubled += rows - keys + again
        found.crashed += int(crashed)
        found.digests.add(store.digest(1))


def run(bench: Kills) -> Found:
    """All rounds."""
    seed = bench.seed if bench.seed is not None else int.from_bytes(os.urandom(4), "big")
    found, chance = Found(seed), random.Random(seed)
    undisturbed = assay.evaluate(POLICY, ENV, n=bench.episodes, backend="inline")
    found.digests.add(undisturbed.digest)
    while found.kills < bench.n and found.well:
        with tempfile.TemporaryDirectory(prefix="assay-kills-") as folder:
            play_round(bench, found, chance, Path(folder))
    return found


def main() -> int:
    """Kill, count, and say by the exit code whether anything was lost."""
    bench = tyro.cli(Kills, prog="python -m benchmarks.kills")
    started = time.monotonic()
    found = run(bench)
    if bench.json:
        values = asdict(found) | {"digests": sorted(found.digests), "kills": found.kills}
        print(json.dumps(values | {"wall_s": round(time.monotonic() - started, 1)}))
    else:
        print(
            f"kills {found.kills} ({found.worker_kills} workers, {found.driver_kills} drivers) in "
            f"{found.rounds} rounds of {bench.episodes} episodes, "
            f"{time.monotonic() - started:.0f} s, seed {found.seed}"
        )
        print(f"rows lost {found.lost}, doubled {found.doubled}, crashed {found.crashed}")
        print(f"files damaged {found.damaged}, processes left {found.orphans}")
        print(f"digests {len(found.digests)}: {', '.join(sorted(found.digests))}")
    return 0 if found.well else 1


if __name__ == "__main__":
    sys.exit(main())
