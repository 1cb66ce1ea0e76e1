"""From stored runs to a report: which runs, which is compared with which, and the page."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from assay.core.errors import OptionError
from assay.core.registry import load
from assay.evaluation.compare import RunComparison, compare_runs
from assay.evaluation.merge import merged
from assay.evaluation.runs import OpenRun, open_runs
from assay.report.files import refuse_results_file

AnyPath = str | os.PathLike[str]


def write_report(
    runs: Iterable[AnyPath] | AnyPath, out: AnyPath, *, baseline: AnyPath | None = None
) -> Path:
    """Write one HTML file about stored runs, which opens offline; its path.

    Args:
        runs: results files, folders of them, or `FILE#2`; each is compared with the first.
        baseline: compare with this run instead.

    Raises:
        StoreError: no such file or run. OptionError: a baseline of several runs, or a place that
            cannot be written.
    """
    paths = [runs] if isinstance(runs, str | os.PathLike) else list(runs)
    with opened(paths, baseline) as found:
        return page_of(found, compare_runs(found[0], found[1:]), Path(out))


@contextmanager
def opened(paths: Sequence[AnyPath], baseline: AnyPath | None = None) -> Generator[list[OpenRun]]:
    """The runs, each once, shards as one, with the one that others are compared with first.

    Raises:
        StoreError: no such file or run.
        OptionError: the baseline is several runs, or the only one.
    """
    if baseline is not None:
        name = os.fspath(baseline)
        with open_runs([baseline]) as parts, merged(parts) as found:
            if len(found) != 1:
                raise OptionError(f"The baseline {name} holds {len(found)} runs: say {name}#1.")
        paths = [baseline, *paths]
    with open_runs(paths) as parts, merged(parts) as runs:
        first = _place(runs[0])
        chosen = [runs[0], *(run for run in runs[1:] if _place(run) != first)]
        if baseline is not None and len(chosen) == 1:
            raise OptionError(
                f"The baseline {os.fspath(baseline)} is the only run: name another to compare "
                "with it."
            )
        yield chosen


def _place(run: OpenRun) -> tuple[object, int]:
    return (run.store.path.resolve() if run.store.path else id(run.store), run.run)


def page_of(runs: Sequence[OpenRun], comparisons: Sequence[RunComparison], out: Path) -> Path:
    """The page of runs that are open."""
    refuse_results_file(out)
    write_page: Any = load("assay.report.page:write_page")
    paired = [replace(one, rows=tuple(row for row in one if row.n)) for one in comparisons]
    return write_page(runs, out, comparisons=paired)
