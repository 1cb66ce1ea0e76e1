"""Whole evaluations a second and what they cost, assay beside Inspect, with the project's targets.

Every figure is made in a fresh process, one after the other; rates several times around, the median
is shown. Exit code 1 when a library of the comparison is missing or breaks.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from benchmarks.eval_cases import Figures, in_process
from benchmarks.text_envs import versions

LIBRARIES = ("assay", "gymnasium", "numpy", "inspect-ai")
ASSAY, INSPECT = "assay", "inspect-ai"

TRIVIAL_PER_CPU_S = 5_000.0
EMPTY_PER_S, EMPTY_DRIVER_MS = 2_000.0, 0.06
SPEEDUP = 1.8
GROWTH_MIB = 4.0  # of the driver, from a tenth of the run to its end
IDLE_CORES = 0.1  # others may keep so much of the machine busy before it counts as not idle

SUMS, TRIVIAL, EMPTY = "sums of two numbers", "larger of two, by random", "empty episodes"


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Whole evaluations a second, beside the libraries in benchmarks/requirements.txt."""

    n: int = 10_000  # episodes of each rate of ours
    peer_n: int = 1_000  # samples of each rate of Inspect's
    repeats: int = 3  # times around
    busy_n: int = 1_500  # episodes of CPU work, with one worker and with two; 0 leaves it out
    memory_n: int = 100_000  # episodes over which the driver's memory is watched; 0 leaves it out
    kill_n: int = 400  # answers of the run that is killed half way; 0 leaves it out
    only: str = "*"  # a pattern over library, such as 'assay'
    json: bool = False  # one JSON object instead of the tables

    def __post_init__(self) -> None:
        for name in ("n", "peer_n", "repeats"):
            if getattr(self, name) < 1:
                raise SystemExit(f"--{name.replace('_', '-')} must be at least 1.")
        for name in ("busy_n", "memory_n", "kill_n"):
            if getattr(self, name) < 0:
                raise SystemExit(f"--{name.replace('_', '-')} must be at least 0.")


@dataclass(frozen=True, kw_only=True)
class Rate:
    """A row of the first table."""

    task: str
    library: str
    mode: str
    case: str
    per_s: float | None = None  # targets, or None
    per_cpu_s: float | None = None
    cpu_ms: float | None = None


RATES = (
    Rate(task=SUMS, library=ASSAY, mode="inline", case="sums inline"),
    Rate(task=SUMS, library=ASSAY, mode="process: its driver", case="sums process"),
    Rate(task=SUMS, library=INSPECT, mode="a solver of ours", case="sums inspect solver"),
    Rate(task=SUMS, library=INSPECT, mode="its mock model", case="sums inspect model"),
    Rate(
        task=TRIVIAL, library=ASSAY, mode="inline", case="trivial inline",
        per_cpu_s=TRIVIAL_PER_CPU_S,
    ),
    Rate(task=EMPTY, library=ASSAY, mode="inline", case="empty inline"),
    Rate(
        task=EMPTY, library=ASSAY, mode="process: its driver, units of 16", case="empty process",
        per_s=EMPTY_PER_S, cpu_ms=EMPTY_DRIVER_MS,
    ),
)  # fmt: skip


def target(value: float | None, wanted: float, at_most: bool = False) -> dict[str, Any]:
    """A target and whether it is met; a figure that is not there misses it."""
    met = value is not None and (value <= wanted if at_most else value >= wanted)
    return {"target": wanted, "met": met}


# ------------------------------------------------------------------ measuring


def measure_rates(bench: Bench) -> list[dict[str, Any]]:
    """The first table, `repeats` times around, so that a slow moment meets everybody."""
    rates = [rate for rate in RATES if fnmatchcase(rate.library, bench.only)]
    found: dict[str, list[Figures]] = {rate.case: [] for rate in rates}
    for _ in range(bench.repeats):
        for rate in rates:
            so_far = found[rate.case]
            if not (so_far and "problem" in so_far[-1]):
                n = bench.peer_n if rate.library == INSPECT else bench.n
                so_far.append(in_process(rate.case, n))
    return [summed_up(rate, found[rate.case]) for rate in rates]


def summed_up(rate: Rate, runs: list[Figures]) -> dict[str, Any]:
    """A row as plain values: the medians of its runs, or what went wrong."""
    row: dict[str, Any] = {"task": rate.task, "library": rate.library, "mode": rate.mode}
    if "problem" in runs[-1]:
        return row | {"problem": runs[-1]["problem"]}
    row["n"] = runs[0]["n"]
    row["per_s"] = statistics.median(run["n"] / run["wall_s"] for run in runs)
    row["cpu_ms"] = statistics.median(1_000 * run["cpu_s"] / run["n"] for run in runs)
    row["targets"] = {}
    if rate.per_s is not None:
        row["targets"]["per_s"] = target(row["per_s"], rate.per_s)
    if rate.per_cpu_s is not None:
        row["targets"]["per_cpu_s"] = target(1_000 / row["cpu_ms"], rate.per_cpu_s)
    if rate.cpu_ms is not None:
        row["targets"]["cpu_ms"] = target(row["cpu_ms"], rate.cpu_ms, at_most=True)
    return row


def measure_scaling(bench: Bench) -> dict[str, Any]:
    """Two workers against one, with the machine's load and what it gives two bare processes."""
    others = cores_in_use()
    runs = [in_process("scaling", bench.busy_n) for _ in range(bench.repeats)]
    broken = [run for run in runs if "problem" in run]
    if broken:
        return {"library": ASSAY, "problem": broken[0]["problem"]}
    speedup = statistics.median(run["speedup"] for run in runs)
    return {
        "library": ASSAY,
        "n": bench.busy_n,
        "speedup": speedup,
        "bare_speedup": statistics.median(run["bare_speedup"] for run in runs),
        "cores": os.cpu_count(),
        "cores_in_use_before": others,
        "load_before": runs[0]["load_before"],
        "load_after": runs[-1]["load_after"],
        **target(speedup, SPEEDUP),
    }


def cores_in_use(seconds: float = 1.0) -> float | None:
    """How many cores others keep busy while this process waits; None where it cannot be known."""

    def busy() -> float:
        values = [int(v) for v in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
        return (sum(values) - values[3] - values[4]) / os.sysconf("SC_CLK_TCK")

    try:
        before = busy()
        time.sleep(seconds)
        return (busy() - before) / seconds
    except (OSError, ValueError, IndexError):
        return None


def measure_memory(bench: Bench) -> dict[str, Any]:
    """What the driver holds as a run gets longer."""
    run = in_process("memory", bench.memory_n)
    if "problem" in run:
        return {"library": ASSAY, "problem": run["problem"]}
    held = list(run["resident_mib"].values())
    growth = held[-1] - held[0]
    about = {"library": ASSAY, "resident_mib": run["resident_mib"], "growth_mib": growth}
    return about | target(growth, GROWTH_MIB, at_most=True)


def measure_kills(bench: Bench) -> list[dict[str, Any]]:
    """What is kept when a run is killed half way."""
    cases = ((ASSAY, "killed assay"), (INSPECT, "killed inspect"))
    return [
        {"library": library, **in_process(case, bench.kill_n)}
        for library, case in cases
        if fnmatchcase(library, bench.only)
    ]


def run(bench: Bench) -> dict[str, Any]:
    """All the figures, as plain values."""
    if not any(fnmatchcase(library, bench.only) for library in (ASSAY, INSPECT)):
        raise SystemExit(f"No case of library '{bench.only}'.")
    result: dict[str, Any] = {"versions": versions(LIBRARIES), "load": os.getloadavg()[0]}
    result["rates"] = measure_rates(bench)
    ours = fnmatchcase(ASSAY, bench.only)
    parts: tuple[tuple[str, int, Callable[[Bench], Any]], ...] = (
        ("scaling", bench.busy_n if ours else 0, measure_scaling),
        ("memory", bench.memory_n if ours else 0, measure_memory),
        ("kills", bench.kill_n, measure_kills),
    )
    return result | {name: measure(bench) for name, wanted, measure in parts if wanted}


def problems(result: dict[str, Any]) -> list[str]:
    """The libraries of which a figure is missing."""
    rows = [*result["rates"], *result.get("kills", ())]
    rows += [result[name] for name in ("scaling", "memory") if name in result]
    return sorted({row["library"] for row in rows if "problem" in row})


# ------------------------------------------------------------------ showing


def verdict(about: dict[str, Any], figure: str = "") -> str:
    """A target in words."""
    wanted = figure or f"{about['target']:g}"
    return f"{wanted} {'met' if about['met'] else 'MISSED'}"


def rates_table(rows: list[dict[str, Any]]) -> Table:
    """Episodes a second, and this process's CPU time for each."""
    table = Table(title="whole evaluations: planned, played, judged, stored, summarised")
    for heading, justify in (
        ("task", "left"),
        ("library", "left"),
        ("mode", "left"),
        ("episodes/s", "right"),
        ("per CPU-s", "right"),
        ("CPU ms each", "right"),
        ("target", "left"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    last = ""
    for row in rows:
        if last and row["task"] != last:
            table.add_section()
        first, last = row["task"] if row["task"] != last else "", row["task"]
        if "problem" in row:
            table.add_row(first, row["library"], row["mode"], "", "", "", row["problem"])
            continue
        wanted = row["targets"]
        words = [
            verdict(wanted[name], f"{sign} {wanted[name]['target']:,g} {unit}")
            for name, sign, unit in (
                ("per_s", "≥", "/s"),
                ("per_cpu_s", "≥", "/CPU-s"),
                ("cpu_ms", "≤", "ms"),
            )
            if name in wanted
        ]
        figures = (f"{row['per_s']:,.0f}", f"{1_000 / row['cpu_ms']:,.0f}", f"{row['cpu_ms']:.3f}")
        table.add_row(first, row["library"], row["mode"], *figures, "\n".join(words))
    return table


def scaling_lines(about: dict[str, Any]) -> list[str]:
    """Two workers against one, and whether the machine could show it."""
    if "problem" in about:
        return [f"two processes: {about['problem']}"]
    others = about["cores_in_use_before"]
    lines = [
        f"two processes, {about['n']:,} episodes of CPU work: {about['speedup']:.2f} × one "
        f"(target {verdict(about)}); two bare processes: {about['bare_speedup']:.2f} ×",
        f"  {about['cores']} cores; in use by others before: "
        f"{'unknown' if others is None else f'{others:.2f}'}; load average before "
        f"{about['load_before']:.2f}, after {about['load_after']:.2f}",
    ]
    if others is not None and others > IDLE_CORES:
        lines.append("  the machine was not idle, so this says little about the target")
    return lines


def memory_line(about: dict[str, Any]) -> str:
    """The driver's memory along a run."""
    if "problem" in about:
        return f"driver's memory: {about['problem']}"
    held = ", ".join(f"{mib:.1f} after {int(n):,}" for n, mib in about["resident_mib"].items())
    return (
        f"driver's memory in MiB, episodes in worker processes: {held}; growth "
        f"{about['growth_mib']:.1f} (target {verdict(about)})"
    )


def kill_line(about: dict[str, Any]) -> str:
    """What a library keeps of a run that was killed."""
    if "problem" in about:
        return f"killed half way, {about['library']}: {about['problem']}"
    return (
        f"killed half way, {about['library']}: {about['kept']} of {about['answered']} answers "
        f"kept, the run then ended with all {about['n']}"
    )


def show(result: dict[str, Any], console: Console) -> None:
    """The table and what stands below it."""
    console.print(rates_table(result["rates"]))
    lines = scaling_lines(result["scaling"]) if "scaling" in result else []
    if "memory" in result:
        lines.append(memory_line(result["memory"]))
    lines += [kill_line(about) for about in result.get("kills", ())]
    lines.append(f"load average at the beginning: {result['load']:.2f}")
    lines.append(", ".join(f"{name} {number}" for name, number in result["versions"].items()))
    for line in lines:
        console.print(line, markup=False, highlight=False, soft_wrap=True)


def main() -> int:
    """Measure, print, and say by the exit code whether every library took part."""
    bench = tyro.cli(Bench, prog="python -m benchmarks.evaluation")
    result = run(bench)
    if bench.json:
        print(json.dumps(result, indent=1))
    else:
        show(result, Console(width=130 if not sys.stdout.isatty() else None))
    missing = problems(result)
    for library in missing:
        print(f"{library}: part of the comparison is missing, see the table.", file=sys.stderr)
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
