"""Cases, and work per second of this process's CPU time."""

from __future__ import annotations

import contextlib
import gc
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Work = Callable[[], int]
"""Does a fixed portion and returns how many units (steps, verdicts, episodes) it was."""


class NotInstalled(Exception):
    """A library of the comparison that is not there."""


@dataclass(frozen=True, kw_only=True)
class Case:
    """One row of the table.

    Attributes:
        task: what is done, the same words for every library that does the like.
        library: who does it.
        mode: single, sync, native or scoring; sync and native with the number of environments.
        build: makes everything ready, untimed, and returns the work to be timed.
        target: units per CPU-second that the project set itself, or None.
    """

    task: str
    library: str
    mode: str
    build: Callable[[], Work]
    target: float | None = None


@dataclass(frozen=True, kw_only=True)
class Row:
    """A case with its median rate, or with the reason why there is none."""

    case: Case
    per_cpu_s: float | None = None
    problem: str = ""


def rate(work: Work, seconds: float) -> float:
    """Units per CPU-second over at least `seconds` of CPU time, after one unmeasured portion."""
    work()
    gc.collect()
    units, start = 0, time.process_time()
    while True:
        units += work()
        spent = time.process_time() - start
        if spent >= seconds:
            return units / spent


def measure(cases: Sequence[Case], seconds: float, repeats: int) -> list[Row]:
    """All cases, `repeats` times around, so that a slow moment of the machine meets them all."""
    works: dict[Case, Work] = {}
    problems: dict[Case, str] = {}
    for case in cases:
        try:
            with contextlib.redirect_stdout(sys.stderr):  # libraries that print as they are made
                works[case] = case.build()
        except NotInstalled as error:
            problems[case] = str(error)
        except Exception as error:  # one broken library must not hide the figures of the others
            problems[case] = f"failed: {type(error).__name__}: {error}"
    gc.freeze()  # what the libraries loaded is not searched again in everyone's loops
    rates: dict[Case, list[float]] = {case: [] for case in works}
    for _ in range(repeats):
        for case, work in works.items():
            if case in problems:
                continue
            try:
                rates[case].append(rate(work, seconds))
            except Exception as error:
                problems[case] = f"failed: {type(error).__name__}: {error}"
    return [
        Row(case=case, problem=problems[case])
        if case in problems
        else Row(case=case, per_cpu_s=statistics.median(rates[case]))
        for case in cases
    ]
