"""Mathematical answers judged by assay and by plain math-verify: who is right, and how fast.

Both judge the same labelled sets, each in a process of its own, in one run on one machine. Exit
code 1 when the peer or a set is missing, or accuracy falls short of what the project demands.
"""

from __future__ import annotations

import importlib.util
import json
import os
import statistics
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console

from benchmarks import sets
from benchmarks.libraries import Broken, Judged, Library
from benchmarks.measure import NotInstalled
from benchmarks.scores import (
    Matrix,
    compared,
    errors,
    grouped,
    matrix,
    percentiles,
    statuses,
    without_copies,
)
from benchmarks.sets import ADVERSARIAL, NAMES, Item
from benchmarks.text_envs import versions
from benchmarks.verifier_tables import show
from benchmarks.workloads import WORKLOADS, Workload

OURS, PEER = "assay", "math-verify"
LIBRARIES = ("math-verify", "latex2sympy2_extended", "sympy", "antlr4-python3-runtime")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Accuracy and speed on labelled mathematical answers, beside plain math-verify."""

    gsm8k: str | None = os.environ.get("ASSAY_GSM8K")  # folder with GSM8K's test.jsonl
    only: tuple[str, ...] = NAMES  # sets
    every: int = 1  # judge one item in so many, for a quick look
    seconds: float = 2.0  # CPU-seconds for each rate and repeat; 0 measures none
    repeats: int = 3  # times around the rates; the median is shown
    pool_n: int = 2_000  # questions to the pool of workers, for what it adds to each
    errors: bool = False  # list every wrong verdict of assay
    json: Path | None = None  # a file for all figures

    def __post_init__(self) -> None:
        unknown = set(self.only) - set(NAMES)
        if unknown or not self.only:
            raise SystemExit(f"--only takes sets out of {', '.join(NAMES)}.")
        if self.every < 1 or self.repeats < 1 or self.seconds < 0 or self.pool_n < 1:
            raise SystemExit(
                "--every, --repeats and --pool-n must be at least 1, --seconds at least 0."
            )


def run(bench: Bench) -> dict[str, Any]:
    """All the figures, as plain values."""
    names = [name for name in bench.only if name != "gsm8k" or bench.gsm8k]
    items = sets.load(names, bench.gsm8k)[:: bench.every]
    result: dict[str, Any] = {
        "versions": versions(("assay", *LIBRARIES)),
        "sets": names,
        "problems": [],
        "corrections": len(sets.corrections()),
        "every": bench.every,
    }
    if len(names) < len(bench.only):
        result["problems"].append("gsm8k: not measured; --gsm8k FOLDER or ASSAY_GSM8K names it")
    found: dict[str, list[Judged]] = {}
    for name in (OURS, PEER):
        try:
            found[name] = _judged(name, items)
        except NotInstalled as error:
            result["problems"].append(f"{name}: {error}")
    result |= _accuracy(found, names)
    there = [name for name in (OURS, PEER) if name in found]
    result["rates"] = _rates(bench, there, items, result["problems"])
    result["pool"] = _pool(bench)
    return result


def _judged(name: str, items: Sequence[Item]) -> list[Judged]:
    found: list[Judged] = []
    with Library(name) as library:
        for judged in library.judged(items):
            found.append(judged)
            if len(found) % 500 == 0:
                print(f"{name}: {len(found):,} of {len(items):,}", file=sys.stderr)
    return found


def _accuracy(found: dict[str, list[Judged]], names: Sequence[str]) -> dict[str, Any]:
    by_set: dict[str, dict[str, Matrix]] = {}
    result: dict[str, Any] = {"libraries": {}, "missed": []}
    for library, judged in found.items():
        parts = {name: [j for j in judged if j.item.set == name] for name in names}
        by_set[library] = {name: matrix(part) for name, part in parts.items()}
        result["libraries"][library] = {
            "sets": {name: m.as_dict() for name, m in by_set[library].items()},
            "total": matrix(judged).as_dict(),
            "without_copies": matrix(without_copies(judged)).as_dict(),
            "source_labels": matrix(parts.get("math_verify", []), source_labels=True).as_dict(),
            "categories": [
                {"set": key[0], "category": key[1], **matrix(group).as_dict()}
                for key, group in grouped(judged).items()
            ],
            "statuses": {name: statuses(part) for name, part in parts.items()},
            "wall_s": {name: percentiles([j.wall_s for j in part]) for name, part in parts.items()},
            "cpu_s": {name: percentiles([j.cpu_s for j in part]) for name, part in parts.items()},
            "worker_cpu_s": percentiles([j.cpu_s for j in judged if j.lane == "worker"]),
            "trees_worker_cpu_s": percentiles(
                [j.cpu_s for j in parts.get("trees", []) if j.lane == "worker"]
            ),
            "n_undecided": {
                word: sum(j.undecided for j in judged if j.item.label is label)
                for word, label in (("right", True), ("wrong", False))
            },
            "n_worker": sum(j.lane == "worker" for j in judged),
            "peak_mb": max((j.peak_mb for j in judged), default=0.0),
            "worker_peak_mb": max((j.worker_peak_mb for j in judged), default=0.0),
            "errors": errors(judged),
        }
    if OURS in by_set and PEER in by_set:
        result["missed"] = compared(by_set[OURS], by_set[PEER], ADVERSARIAL[0])
    return result


def _rates(
    bench: Bench, names: Sequence[str], items: Sequence[Item], problems: list[str]
) -> list[dict[str, Any]]:
    """Verdicts per CPU-second; the libraries take turns, so that a slow moment meets both."""
    rows: list[dict[str, Any]] = []
    works = [(workload, workload.items(items)) for workload in WORKLOADS]
    with ExitStack() as stack:
        libraries = {name: stack.enter_context(Library(name)) for name in names}
        for workload, work in works:
            if not work or not bench.seconds:
                continue
            rounds: dict[str, list[dict[str, Any]]] = {name: [] for name in names}
            for _ in range(bench.repeats):
                for name, library in libraries.items():
                    try:
                        rounds[name].append(library.rate(work, bench.seconds))
                    except Broken as error:
                        problems.append(f"{name}, {workload.name}: {error}")
            rows += [_rate_row(workload, name, found) for name, found in rounds.items() if found]
    return rows


def _rate_row(workload: Workload, name: str, rounds: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "workload": workload.name,
        "library": name,
        "per_cpu_s": statistics.median(found["per_cpu_s"] for found in rounds),
        "cpu_s": percentiles([s for found in rounds for s in found["cpu_s"]]),
        "wall_s": percentiles([s for found in rounds for s in found["wall_s"]]),
        "target": workload.target,
        "times_peer": workload.times_peer,
    }


def _pool(bench: Bench) -> dict[str, float] | None:
    if importlib.util.find_spec("assay.verifiers.workers") is None:
        return None
    with Library(OURS) as library:
        return percentiles(library.ask({"pool": bench.pool_n}, 600.0)["wall_s"])


def main() -> int:
    """Measure, print, and say by the exit code whether all was there and right."""
    bench = tyro.cli(Bench, prog="python -m benchmarks.verifiers")
    result = run(bench)
    show(result, Console(width=118 if not sys.stdout.isatty() else None), list_errors=bench.errors)
    if bench.json is not None:
        bench.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    for problem in result["problems"]:
        print(problem, file=sys.stderr)
    return 1 if result["problems"] or result["missed"] else 0


if __name__ == "__main__":
    sys.exit(main())
