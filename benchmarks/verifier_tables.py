"""The figures of `benchmarks.verifiers` as tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

FAST_P99_S, WORKER_P50_S, WORKER_P99_S, POOL_S = 0.0005, 0.015, 0.4, 0.001


def met(value: float, target: float) -> str:
    """Whether a figure stays within its target."""
    return "met" if value <= target else "MISSED"


def error_rate(wrong: int, n: int, interval: tuple[float, float]) -> str:
    """A count with its rate's 95 % interval; none of n with the bound that n allows."""
    if not n:
        return "–"
    if not wrong:
        return f"0 (≤ {min(1.0, 3 / n):.2%})"
    return f"{wrong} ({interval[0]:.1%}–{interval[1]:.1%})"


def _cells(row: Mapping[str, Any]) -> tuple[str, str]:
    positives = row["true_positives"] + row["false_negatives"]
    negatives = row["false_positives"] + row["true_negatives"]
    return (
        error_rate(row["false_negatives"], positives, row["false_negative_rate"]),
        error_rate(row["false_positives"], negatives, row["false_positive_rate"]),
    )


def _n(row: Mapping[str, Any]) -> tuple[str, str]:
    positives = row["true_positives"] + row["false_negatives"]
    negatives = row["false_positives"] + row["true_negatives"]
    return f"{positives:,}", f"{negatives:,}"


def _table(title: str, *headings: str, left: int = 1) -> Table:
    table = Table(title=title)
    for at, heading in enumerate(headings):
        table.add_column(heading, justify="left" if at < left else "right")
    return table


def show(result: Mapping[str, Any], console: Console, *, list_errors: bool) -> None:
    """All tables."""
    libraries = result["libraries"]
    if libraries:
        console.print(_accuracy_table(result))
        console.print(_category_table(libraries))
        console.print(_status_table(libraries))
        console.print(_latency_table(libraries))
    if result["rates"]:
        console.print(_rate_table(result["rates"]))
    for line in _lines(result):
        console.print(escape(line))
    if list_errors:
        _show_errors(libraries, console)


def _accuracy_table(result: Mapping[str, Any]) -> Table:
    libraries = result["libraries"]
    headings = [
        f"{name}: {what}" for name in libraries for what in ("right refused", "wrong accepted")
    ]
    table = _table(
        "errors, with Wilson's 95 % interval of their rate, or the bound 3/n where there is none",
        "set", "right", "wrong", *headings,
    )  # fmt: skip
    some = next(iter(libraries.values()))
    for name in result["sets"]:
        rows = [library["sets"][name] for library in libraries.values()]
        table.add_row(name, *_n(rows[0]), *(cell for row in rows for cell in _cells(row)))
    table.add_section()
    extras = {"total": "all", "without_copies": "all but copies of the question"}
    if "math_verify" in result["sets"]:
        extras["source_labels"] = "math_verify, its authors' labels"
    for key, name in extras.items():
        rows = [library[key] for library in libraries.values()]
        table.add_row(name, *_n(some[key]), *(cell for row in rows for cell in _cells(row)))
    return table


def _category_table(libraries: Mapping[str, Any]) -> Table:
    headings = [
        f"{name}: {what}" for name in libraries for what in ("right refused", "wrong accepted")
    ]
    table = _table("errors by category", "set", "category", "right", "wrong", *headings, left=2)
    last = ""
    for rows in zip(*(library["categories"] for library in libraries.values()), strict=True):
        if last and rows[0]["set"] != last:
            table.add_section()
        first, last = rows[0]["set"] if rows[0]["set"] != last else "", rows[0]["set"]
        cells = (cell for row in rows for cell in _cells(row))
        table.add_row(first, rows[0]["category"], *_n(rows[0]), *cells)
    return table


def _status_table(libraries: Mapping[str, Any]) -> Table:
    table = _table("statuses", "library", "set", "how often", left=3)
    for name, library in libraries.items():
        for set_name, counts in library["statuses"].items():
            text = ", ".join(f"{status} {n:,}" for status, n in counts.items())
            table.add_row(name, set_name, text)
        table.add_section()
    return table


def _latency_table(libraries: Mapping[str, Any]) -> Table:
    table = _table(
        "milliseconds a verdict, the reference's reading included; CPU with worker processes",
        "library", "set", "wall p50", "p90", "p99", "most", "CPU p50", "p90", "p99", "most", left=2,
    )  # fmt: skip
    for name, library in libraries.items():
        for set_name in library["wall_s"]:
            both = library["wall_s"][set_name], library["cpu_s"][set_name]
            cells = (f"{1000 * s:,.2f}" for times in both if times for s in times.values())
            table.add_row(name, set_name, *cells)
        table.add_section()
    return table


def _rate_table(rates: list[Mapping[str, Any]]) -> Table:
    table = _table(
        "verdicts per CPU-second, all processes of the library together",
        "workload", "library", "per CPU-second", "CPU p50 ms", "CPU p99 ms", "target", left=2,
    )  # fmt: skip
    last = ""
    of = {(row["workload"], row["library"]): row["per_cpu_s"] for row in rates}
    for row in rates:
        if last and row["workload"] != last:
            table.add_section()
        first, last = row["workload"] if row["workload"] != last else "", row["workload"]
        p50, p99 = (f"{1000 * row['cpu_s'][p]:,.3f}" for p in ("p50", "p99"))
        target = _rate_target(row, of) if row["library"] == "assay" else ""
        table.add_row(first, row["library"], f"{row['per_cpu_s']:,.0f}", p50, p99, target)
    return table


def _rate_target(row: Mapping[str, Any], of: Mapping[tuple[str, str], float]) -> str:
    if row["target"] is not None:
        p99 = row["cpu_s"]["p99"]
        word = "met" if row["per_cpu_s"] >= row["target"] else "MISSED"
        return f"≥ {row['target']:,.0f} {word}; p99 < 0.5 ms {met(p99, FAST_P99_S)}"
    peer = of.get((row["workload"], "math-verify"))
    if row["times_peer"] is None or peer is None:
        return ""
    times = row["per_cpu_s"] / peer
    word = "met" if times >= row["times_peer"] else "MISSED"
    return f"≥ {row['times_peer']:g} × peer: {times:.1f} × {word}"


def _lines(result: Mapping[str, Any]) -> list[str]:
    lines: list[str] = []
    if len(result["libraries"]) == 2:
        lines.append(f"accuracy: {'; '.join(result['missed']) or 'all demands met'}")
    for name, library in result["libraries"].items():
        undecided = library["n_undecided"]
        lines.append(
            f"{name}: peak memory {library['peak_mb']:,.0f} MB"
            + (f", of a worker {library['worker_peak_mb']:,.0f} MB" if library["n_worker"] else "")
            + f"; counted as refused, though nothing was decided: {undecided['right']} right and "
            f"{undecided['wrong']} wrong answers"
        )
    ours = result["libraries"].get("assay")
    if ours is not None:
        lines.append(_worker_line(ours))
    if result["pool"] is not None:
        p50, p99 = result["pool"]["p50"], result["pool"]["p99"]
        lines.append(
            f"pool of workers: {1000 * p50:.2f} ms wall a question that takes no time (p50), "
            f"{1000 * p99:.2f} ms (p99); target < 1 ms {met(p50, POOL_S)}"
        )
    lines.append(f"labels corrected after a measurement: {result['corrections']}")
    if result["every"] > 1:
        lines.append(f"one item in {result['every']} was judged")
    lines.append(", ".join(f"{name} {number}" for name, number in result["versions"].items()))
    return lines


def _worker_line(ours: Mapping[str, Any]) -> str:
    times = ours["trees_worker_cpu_s"]
    if times is None:
        return "worker lane: it decided about no pair of expressions"
    return (
        f"worker lane: decided {ours['n_worker']:,} answers; on pairs of expressions CPU p50 "
        f"{1000 * times['p50']:.1f} ms (target < 15 {met(times['p50'], WORKER_P50_S)}), p99 "
        f"{1000 * times['p99']:.0f} ms (target < 400 {met(times['p99'], WORKER_P99_S)})"
    )


def _show_errors(libraries: Mapping[str, Any], console: Console) -> None:
    for row in libraries.get("assay", {"errors": []})["errors"]:
        word = "right, refused" if row["label"] else "WRONG, ACCEPTED"
        text = f"{row['id']} {word} ({row['status']}, {row['code']}): {row['gold']!r} and "
        console.print(escape(text + repr(row["response"])), soft_wrap=True)
