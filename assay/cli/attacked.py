"""What `assay check` prints of a verifier: its false positives and false negatives."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assay.cli.show import say, table
from assay.core.errors import shorten
from assay.evaluation.stats import wilson
from assay.testing.attacks.measure import Fault, Report

SHOWN = 5  # faults and unlabelled replies that are written out
_HEADERS = (
    "verifier", "right", "refused", "wrong", "accepted", "at most", "errors", "slowest"
)  # fmt: skip


def report_as_json(report: Report) -> dict[str, Any]:
    """All counts and all faults of a report."""
    return {
        "verifier": report.name,
        "right": report.right,
        "false_negatives": report.false_negatives,
        "wrong": report.wrong,
        "false_positives": report.false_positives,
        "false_positive_rate_at_most": bound(report),
        "errors": report.errors,
        "slowest_cpu_s": round(report.slowest_s, 4),
        "asked": dict(report.asked),
        "faulty": dict(report.faulty),
        "faults": [_fault_as_json(fault) for fault in report.faults],
        "unlabelled": report.unlabelled,
    }


def _fault_as_json(fault: Fault) -> dict[str, Any]:
    kind, trial, said = fault
    return {
        "kind": kind,
        "id": trial.id,
        "name": trial.name,
        "outcome": shorten(trial.outcome, 2_000),
        "target": trial.target,
        "said": said,
    }


def print_reports(reports: Sequence[Report]) -> None:
    """A line for each verifier, then what went wrong; all attacks where there is one verifier."""
    if not reports:
        return
    say()
    table(_HEADERS, [_row(report) for report in reports], right=range(1, len(_HEADERS)))
    for report in reports:
        _print_faults(report)
    if len(reports) == 1:
        _print_ids(reports[0])
    faulty = [report.name for report in reports if report.faults]
    if faulty:
        say(f"\n{len(faulty)} of {len(reports)} verifiers erred: {', '.join(faulty)}.")
    else:
        say(
            f"\nNo error in {sum(report.asked.total() for report in reports)} verdicts. 'At most' "
            "is the highest rate of wrong replies accepted that 95 % confidence leaves open, for "
            "replies of these kinds."
        )


def bound(report: Report) -> float | None:
    """The highest rate of wrong replies accepted that 95 % confidence leaves open.

    3/n where none of n was accepted (the rule of three), else the upper end of Wilson's interval;
    None where no wrong reply was sent.
    """
    if not report.wrong:
        return None
    if not report.false_positives:
        return min(1.0, 3 / report.wrong)
    return wilson(report.false_positives, report.wrong).high


def _row(report: Report) -> tuple[str, ...]:
    most = bound(report)
    return (
        report.name,
        str(report.right),
        str(report.false_negatives),
        str(report.wrong),
        str(report.false_positives),
        "" if most is None else f"{100 * most:.2g} %",
        str(report.errors),
        f"{1000 * report.slowest_s:.0f} ms",
    )


def _print_faults(report: Report) -> None:
    for kind in ("false positive", "false negative", "error"):
        faults = [fault for fault in report.faults if fault.kind == kind]
        for _, trial, said in faults[:SHOWN]:
            say(f"\n{report.name}: {kind}, {trial.id}, {trial.name}")
            say(f"  {shorten(trial.outcome, 160)}\n  was {said}")
        if len(faults) > SHOWN:
            say(f"\n  and {len(faults) - SHOWN} more of the kind ({kind}); --json lists them all")


def _order(item: tuple[str, int]) -> tuple[int, str]:
    """Labelled replies first, then attacks by number, then what is random."""
    places = {"gold": 0, "wrong": 1, "fuzz": 3, "junk": 4}
    return places.get(item[0], 2), item[0]


def _print_ids(report: Report) -> None:
    say()
    rows = [
        (name, str(n), str(report.faulty[name]))
        for name, n in sorted(report.asked.items(), key=_order)
    ]
    table(("what was sent", "replies", "faults"), rows, right=(1, 2))
    if report.unlabelled:
        shown = ", ".join(shorten(text, 60) for text in report.unlabelled[:SHOWN])
        more = len(report.unlabelled) - SHOWN
        say(
            f"\nOf the junk, which has no label, {len(report.unlabelled)} were accepted; see that "
            f"they should be: {shown}" + (f", and {more} more" if more > 0 else "")
        )
