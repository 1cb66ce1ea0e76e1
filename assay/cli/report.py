"""`assay report RUN…`: tables, comparison, page, exports and a gate, from stored runs alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from assay.cli.flags import Common, flag
from assay.cli.show import note, print_json, print_table, say
from assay.core.errors import OptionError, bad_value
from assay.core.registry import load
from assay.evaluation.compare import RunComparison, compare_runs
from assay.evaluation.runs import OpenRun
from assay.report import breakdown, tables
from assay.report.build import opened, page_of
from assay.report.exports import FORMATS, Format, write_episodes
from assay.report.files import refuse_results_file
from assay.report.gate import too_low
from assay.report.leaderboard import add_row, leaderboard_row

Text = str | None


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """What stored runs say: tables, failure reasons, a comparison of several, a page to open.

    Exits with 1 where a gate is not passed, a machine failed or a finding is stored.
    """

    runs: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("results files, folders of them, or FILE#2 for run 2 of a file; with several, each is "
             "compared with the first", "RUN"),
    ]  # fmt: skip
    out: Annotated[Text, flag("write the page: one HTML file that opens offline", "FILE.html",
                              short="-o")] = None  # fmt: skip
    baseline: Annotated[Text, flag("compare with this run instead of the first", "RUN")] = None
    export: Annotated[
        Text, flag(f"write every episode as {', '.join(FORMATS)}", "|".join(FORMATS))
    ] = None
    to: Annotated[Text, flag("file or folder of the export (default: beside the run)", "PATH")] = (
        None
    )
    steps: Annotated[bool, flag("with what was seen and done; for --export jsonl")] = False
    fail_below: Annotated[
        float | None,
        flag("exit with 1 if any pass rate (not its interval) is below this; also where no episode "
             "finished or a run is not complete; a --baseline is not held to it", "RATE"),
    ] = None  # fmt: skip
    fail_below_low: Annotated[
        float | None, flag("the same for the lower end of the 95 % interval", "RATE")
    ] = None
    leaderboard: Annotated[
        Text, flag("add a row for each run to this file of JSON lines", "FILE")
    ] = None
    serve: Annotated[
        bool, flag("serve the page, for big runs and remote machines; the tables are in it")
    ] = False
    host: Annotated[str, flag("where --serve listens (default: this machine only)", "HOST")] = (
        "127.0.0.1"
    )
    port: Annotated[int, flag("of --serve (default: 8000)", "PORT")] = 8000

    def __post_init__(self) -> None:
        for name in ("fail_below", "fail_below_low"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise bad_value(f"--{name.replace('_', '-')}", value, "a rate from 0 to 1")
        if self.export is not None and self.export not in FORMATS:
            raise bad_value("--export", self.export, f"one of {', '.join(FORMATS)}")
        if self.export is None and (self.to is not None or self.steps):
            raise OptionError("--to and --steps say how to export: add --export jsonl.")


def run(flags: Flags, words: list[str]) -> int:
    """Report; 1 where something is wrong with what was measured."""
    if not flags.runs:
        raise OptionError("Which run? Give its results file, as in: assay report runs/first.db")
    if flags.out is not None:
        refuse_results_file(Path(flags.out))
    with opened(flags.runs, flags.baseline) as runs:
        if flags.serve and not _more_is_asked(flags):  # at once: the page has the tables
            _serve(runs, flags)
            return 0
        comparisons = compare_runs(runs[0], runs[1:])
        measured = runs[1:] if flags.baseline else runs
        if flags.json:
            _print_json(runs, comparisons)
        else:
            _print(runs, comparisons)
        failed = _gate(measured, flags)
        for what, path in _written(runs, measured, comparisons, flags):
            if flags.json:
                print_json({"kind": "written", "what": what, "path": str(path)})
            else:
                say(f"{what}: {path}")
        if flags.serve:
            _serve(runs, flags)
        defects = any(run.results.findings for run in measured) or any(
            row.n_failures for run in measured for row in run.results
        )
    return int(failed or defects)


def _serve(runs: Sequence[OpenRun], flags: Flags) -> None:
    load("assay.report.serve:serve")(runs, flags.host, flags.port)


def _more_is_asked(flags: Flags) -> bool:
    """Whether something is to be printed, written or decided beside the page."""
    asked = (flags.out, flags.export, flags.leaderboard, flags.fail_below, flags.fail_below_low)
    return flags.json or any(value is not None for value in asked)


# ---------------------------------------------------------------------- what is printed


def _print(runs: Sequence[OpenRun], comparisons: Sequence[RunComparison]) -> None:
    if len(runs) == 1:
        print_table(tables.one_policy(runs[0].results))
    else:
        print_table(tables.several_policies([(run.label, run.results) for run in runs]))
    for run in runs:
        _print_run(run, f" of {run.label}" if len(runs) > 1 else "")
    for found in comparisons:
        if found.apart:
            say(f"\n{found.apart}")
            continue
        flips = sum(row.only_first + row.only_second for row in found)
        say(f"\n{found.first} (first) and {found.second} (second) on the same episodes, of which "
            f"{flips} flipped:")  # fmt: skip
        print_table(tables.comparison(found))
        for remark in tables.comparison_remarks(found):
            say(remark)
    where = f"{runs[0].store.path}: " if len(runs) == 1 and runs[0].store.path else ""
    say(f"\n{where}{tables.progress([run.results for run in runs])}")


def _print_run(run: OpenRun, whose: str) -> None:
    for fault in run.results.faults():
        where = f"{fault.env_id}: {fault.status}"
        say(f"{where}{whose}, first in episode {fault.episode}: {fault.error[:300]}")
    for remark in tables.remarks(run.results):
        say(remark)
    if why := breakdown.reasons(run):
        say(f"\nWhy episodes{whose} did not pass:")
        print_table(tables.reasons(why))
    if levels := breakdown.by_difficulty(run):
        say(f"\nPass rate{whose} by difficulty:")
        print_table(tables.by_difficulty(levels))


def _print_json(runs: Sequence[OpenRun], comparisons: Sequence[RunComparison]) -> None:
    for run in runs:
        values = run.results.to_dict()
        print_json({
            "kind": "run", "label": run.label, "file": values.pop("out"), **values,
            "reasons": [reason._asdict() for reason in breakdown.reasons(run)],
            "by_difficulty": [level._asdict() for level in breakdown.by_difficulty(run)],
        })  # fmt: skip
    for found in comparisons:
        print_json({"kind": "comparison", **found.to_dict()})


def _gate(runs: Sequence[OpenRun], flags: Flags) -> bool:
    if flags.fail_below is None and flags.fail_below_low is None:
        return False
    found = too_low(runs, flags.fail_below, flags.fail_below_low)
    for sentence in found:
        note(f"assay: {sentence}.")
    if flags.json:
        print_json({"kind": "gate", "passed": not found, "too_low": found})
    return bool(found)


# ---------------------------------------------------------------------- what is written


def _written(
    runs: Sequence[OpenRun],
    measured: Sequence[OpenRun],
    comparisons: Sequence[RunComparison],
    flags: Flags,
) -> Iterator[tuple[str, Path]]:
    """Write what was asked for; what each is, and its path."""
    if flags.out is not None:
        yield "Page", page_of(runs, comparisons, Path(flags.out))
    if flags.export is not None:
        kind: Format = flags.export  # pyright: ignore[reportAssignmentType] - checked in Flags
        path = _export_path(runs, kind, flags.to)
        yield "Episodes", write_episodes(runs, path, kind, steps=flags.steps)
    if flags.leaderboard is not None:
        path = Path(flags.leaderboard)
        rows = [leaderboard_row(run) for run in measured]
        added = sum([add_row(path, row) for row in rows])
        known = len(rows) - added
        yield f"Leaderboard, {added} added" + (f", {known} in it before" if known else ""), path


def _export_path(runs: Sequence[OpenRun], kind: Format, to: str | None) -> Path:
    """Beside a single run under its name; several in one file, here."""
    beside = runs[0].store.path if len(runs) == 1 else None
    path = (beside or Path("episodes")).with_suffix(f".{kind}")
    if to is None:
        return path
    return Path(to) / path.name if to.endswith("/") or Path(to).is_dir() else Path(to)
