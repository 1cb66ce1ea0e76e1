"""Steps and verdicts per CPU-second, assay beside Gymnasium, reasoning-gym, GEM and TextArena.

All figures of a table are of one run of one process on one machine. Exit code 1 when a library of
the comparison is missing or breaks.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import tyro
from rich.console import Console
from rich.table import Table

from benchmarks.measure import Row, measure
from benchmarks.ours import IMPORT_CPU_S, import_cpu_s, our_cases
from benchmarks.peers import TASKS, peer_cases

LIBRARIES = ("assay", "gymnasium", "numpy", "reasoning-gym", "gem-llm", "textarena")


@dataclass(frozen=True, kw_only=True)
class Bench:
    """Steps and verdicts per CPU-second, beside the libraries in benchmarks/requirements.txt."""

    seconds: float = 1.0  # CPU-seconds a case and repeat
    repeats: int = 3  # times around; the median is shown
    only: str = "*"  # a pattern over library, such as 'assay' or '*gym*'
    task: str = "*"  # a pattern over tasks, such as 'countdown*'
    json: bool = False  # one JSON object instead of the table

    def __post_init__(self) -> None:
        if self.seconds <= 0 or self.repeats < 1:
            raise SystemExit("--seconds must be above 0 and --repeats at least 1.")


def versions(libraries: Sequence[str] = LIBRARIES) -> dict[str, str]:
    """What was compared, for the head of the table."""
    found = {"python": platform.python_version()}
    for name in libraries:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def run(bench: Bench) -> dict[str, Any]:
    """All the figures, as plain values."""
    cases = sorted([*peer_cases(), *our_cases()], key=lambda case: TASKS.index(case.task))
    chosen = [
        c for c in cases if fnmatchcase(c.library, bench.only) and fnmatchcase(c.task, bench.task)
    ]
    if not chosen:
        raise SystemExit(f"No case of library '{bench.only}' and task '{bench.task}'.")
    rows = measure(chosen, bench.seconds, bench.repeats)
    return {
        "versions": versions(),
        "import_cpu_s": {"seconds": import_cpu_s(), "target": IMPORT_CPU_S},
        "rows": [as_dict(row) for row in rows],
    }


def as_dict(row: Row) -> dict[str, Any]:
    """A row as plain JSON values."""
    return {
        "task": row.case.task,
        "library": row.case.library,
        "mode": row.case.mode,
        "per_cpu_s": row.per_cpu_s,
        "target": row.case.target,
        "problem": row.problem,
    }


def show(result: dict[str, Any], console: Console) -> None:
    """The table, a group a task."""
    table = Table(title="per CPU-second: steps with their resets; verdicts; episodes")
    for heading, justify in (
        ("task", "left"),
        ("library", "left"),
        ("mode", "left"),
        ("per CPU-second", "right"),
        ("target", "right"),
    ):
        table.add_column(heading, justify=justify)  # type: ignore[arg-type]
    last = ""
    for row in result["rows"]:
        if last and row["task"] != last:
            table.add_section()
        first, last = row["task"] if row["task"] != last else "", row["task"]
        figure = row["problem"] or f"{row['per_cpu_s']:,.0f}"
        target = ""
        if row["target"] is not None:
            met = row["per_cpu_s"] is not None and row["per_cpu_s"] >= row["target"]
            target = f"{row['target']:,.0f} {'met' if met else 'MISSED'}"
        table.add_row(first, row["library"], row["mode"], figure, target)
    console.print(table)
    took = result["import_cpu_s"]
    met = "met" if took["seconds"] <= took["target"] else "MISSED"
    console.print(
        f"import assay: {took['seconds']:.2f} CPU-s, Python's own start, NumPy and Gymnasium "
        f"included (target {took['target']} {met})"
    )
    console.print(", ".join(f"{name} {number}" for name, number in result["versions"].items()))


def main() -> int:
    """Measure, print, and say by the exit code whether every library took part."""
    bench = tyro.cli(Bench, prog="python -m benchmarks.text_envs")
    result = run(bench)
    if bench.json:
        print(json.dumps(result, indent=1))
    else:
        show(result, Console(width=110 if not sys.stdout.isatty() else None))
    broken = [row for row in result["rows"] if row["problem"]]
    for library in sorted({row["library"] for row in broken}):
        print(f"{library}: part of the comparison is missing, see the table.", file=sys.stderr)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
