"""`assay judge` under fire: its workers, and those of the pool behind them, are killed at random.

Rounds of one and the same file of answers, judged by `math`. First the kind is drawn, then a
process of that kind, and it gets SIGKILL. What a worker of judge's own had not sent is judged anew
line by line; a worker of the pool takes the answer it was at with it, which then is a
`verifier_error` or was asked again. Exit code 1 when a line is lost, doubled or out of order, a
verdict differs, more lines are in error than pool workers were killed, or a process outlives the
command.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import tyro

from benchmarks import sets
from benchmarks.noted import FOLDER, answers

VERIFIER = "benchmarks.noted:Noted"
PAUSE_S = (0.02, 0.25)  # between kills
# A process is spared until so many more answers were begun by it, or by the one that it works for.
# One that died over its first answer, again and again, would take the same answer with it each
# time, and rightly be given up with it.
AT_WORK = 50
GONE_S = 5.0  # for processes to end after the command has
ROUND_S = 1_800.0
ERROR_STATUSES = ("verifier_error", "task_error")
_ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, kw_only=True)
class Kills:
    """Kill the workers of `assay judge` at random, and compare with an undisturbed run."""

    n: int = 60  # kills in all, at least
    items: int = 10_000  # answers to judge, from the labelled sets
    workers: int = 2  # of judge itself
    rounds: int = 50  # at most; fewer kills than --n are then said
    seed: int | None = None  # of the moments; None draws one, and the result names it
    json: bool = False  # one JSON object instead of the lines

    def __post_init__(self) -> None:
        for name in ("n", "items", "workers", "rounds"):
            if getattr(self, name) < 1:
                raise SystemExit(f"--{name} must be at least 1.")


@dataclass
class Found:
    """What was seen, over all rounds.

    Attributes:
        changed: verdicts that are no errors and differ from the undisturbed ones.
        in_error: verdicts that are errors and were none undisturbed.
        pool_seen: most workers of the pool at once.
    """

    seed: int
    rounds: int = 0
    judge_kills: int = 0
    pool_kills: int = 0
    pool_seen: int = 0
    lost: int = 0
    doubled: int = 0
    misplaced: int = 0
    changed: int = 0
    in_error: int = 0
    left: int = 0

    @property
    def kills(self) -> int:
        """Of both kinds."""
        return self.judge_kills + self.pool_kills

    @property
    def well(self) -> bool:
        """Whether nothing was lost, doubled or changed."""
        faults = (self.lost, self.doubled, self.misplaced, self.changed, self.left)
        return not any(faults) and self.in_error <= self.pool_kills


class Process(NamedTuple):
    """A process that the command started.

    Attributes:
        started: in ticks; it tells the process from a later one of its number.
        at_work_for: the process that counts its answers: itself, or what started it.
    """

    pid: int
    started: int
    by_judge: bool
    at_work_for: int


def descendants(pid: int) -> list[Process]:
    """All processes below one; none where there is no /proc."""
    found: list[Process] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in path.read_text().split()]
        except OSError:
            continue
        for child in children:
            process = _process(child)
            if process is not None:
                found += [process, *descendants(child)]
    return found


def _process(pid: int) -> Process | None:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return None
    if fields[0] == "Z":
        return None
    by_judge = b"assay.evaluation.responses.worker" in command
    return Process(pid, int(fields[19]), by_judge, pid if by_judge else int(fields[1]))


def write_items(path: Path, n: int) -> None:
    """Answers of the sets of expressions and contests, again and again, each with its own id."""
    items = sets.load(["contest", "trees"])
    with path.open("w", encoding="utf-8") as file:
        for at in range(n):
            item = items[at % len(items)]
            record = {
                "id": f"{at}-{item.id}",
                "response": item.response,
                "answer": item.gold,
                "question": item.question,
            }
            file.write(json.dumps(record) + "\n")


def _judge(file: Path, out: Path, workers: int) -> subprocess.Popen[str]:
    words = ("judge", str(file), "--verifier", VERIFIER, "--out", str(out))
    notes = out.with_suffix(".notes")
    notes.mkdir()
    return subprocess.Popen(
        [sys.executable, "-m", "assay.cli.main", *words, "--workers", str(workers), "--json"],
        cwd=_ROOT,
        env={**os.environ, "PYTHONPATH": str(_ROOT), FOLDER: str(notes)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def _finish(process: subprocess.Popen[str]) -> None:
    _, said = process.communicate(timeout=ROUND_S)
    if process.returncode not in (0, 1):  # 1: some verdicts are errors, which are counted below
        raise SystemExit(f"assay judge ended with {process.returncode}: {said[-500:]}")


def play_round(bench: Kills, found: Found, chance: random.Random, file: Path, out: Path) -> None:
    """One run of the command with its kills, to its end."""
    process = _judge(file, out, bench.workers)
    notes = out.with_suffix(".notes")
    seen: dict[Process, int] = {}  # with the answers there were when each was first seen
    while process.poll() is None and found.kills < bench.n:
        time.sleep(chance.uniform(*PAUSE_S))
        there = descendants(process.pid)
        found.pool_seen = max(found.pool_seen, sum(not p.by_judge for p in there))
        victims: list[Process] = []
        for one in there:
            begun = answers(notes, one.at_work_for)
            if begun - seen.setdefault(one, 0 if one.by_judge else begun) >= AT_WORK:
                victims.append(one)
        kinds = sorted({p.by_judge for p in victims})
        if kinds:
            kind = chance.choice(kinds)
            _strike(chance.choice([p for p in victims if p.by_judge is kind]), found)
    _finish(process)
    found.left += _left(seen)


def _strike(victim: Process, found: Found) -> None:
    try:
        os.kill(victim.pid, signal.SIGKILL)
    except ProcessLookupError:
        return
    found.judge_kills += victim.by_judge
    found.pool_kills += not victim.by_judge


def _left(seen: Iterable[Process]) -> int:
    """How many of the processes are still there after a few seconds."""
    until = time.monotonic() + GONE_S
    while (left := [p for p in seen if _process(p.pid) == p]) and time.monotonic() < until:
        time.sleep(0.02)
    return len(left)


def compare(
    undisturbed: Sequence[dict[str, Any]], rows: Sequence[dict[str, Any]], found: Found
) -> None:
    """Count what is not as it was without kills."""
    wanted = [row["id"] for row in undisturbed]
    ids = [row["id"] for row in rows]
    found.lost += len(set(wanted) - set(ids))
    found.doubled += len(ids) - len(set(ids))
    found.misplaced += ids != wanted
    before = {row["id"]: row["verdict"] for row in undisturbed}
    for row in rows:
        was, now = before.get(row["id"]), row["verdict"]
        if was is None or was == now:
            continue
        if now["status"] in ERROR_STATUSES and was["status"] not in ERROR_STATUSES:
            found.in_error += 1
        else:
            found.changed += 1


def _rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def run(bench: Kills) -> Found:
    """All rounds."""
    seed = bench.seed if bench.seed is not None else int.from_bytes(os.urandom(4), "big")
    found, chance = Found(seed), random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="assay-judge-kills-") as name:
        folder = Path(name)
        file = folder / "answers.jsonl"
        write_items(file, bench.items)
        _finish(_judge(file, folder / "undisturbed.jsonl", bench.workers))
        undisturbed = _rows(folder / "undisturbed.jsonl")
        if len(undisturbed) != bench.items:
            raise SystemExit(f"{len(undisturbed)} verdicts of {bench.items} without any kill.")
        while found.kills < bench.n and found.well and found.rounds < bench.rounds:
            out = folder / f"{found.rounds}.jsonl"
            play_round(bench, found, chance, file, out)
            compare(undisturbed, _rows(out), found)
            found.rounds += 1
    return found


def main() -> int:
    """Kill, count, and say by the exit code whether anything was lost."""
    bench = tyro.cli(Kills, prog="python -m benchmarks.judge_kills")
    started = time.monotonic()
    found = run(bench)
    took_s = time.monotonic() - started
    if bench.json:
        print(json.dumps(asdict(found) | {"kills": found.kills, "wall_s": round(took_s, 1)}))
    else:
        print(
            f"kills {found.kills} ({found.judge_kills} of judge's workers, {found.pool_kills} of "
            f"the pool's) in {found.rounds} rounds of {bench.items:,} answers, {took_s:.0f} s, "
            f"seed {found.seed}"
        )
        print(f"lines lost {found.lost}, doubled {found.doubled}, misplaced {found.misplaced}")
        print(
            f"verdicts changed {found.changed}, in error {found.in_error} (at most one for each "
            f"killed worker of the pool), processes left {found.left}"
        )
        if not found.pool_seen:
            print("no worker of the pool was there to be killed")
    return 0 if found.well and found.kills >= bench.n else 1


if __name__ == "__main__":
    sys.exit(main())
