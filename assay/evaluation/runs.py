"""Stored runs opened for reading: what `report`, `verify` and comparisons begin with."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from assay.core.errors import StoreError
from assay.evaluation.results import EnvResult, Results, env_results, summarise
from assay.evaluation.store import Store, StoredRun


class OpenRun:
    """One run of an open results file.

    Attributes:
        label: a short name for tables, different for each run that was opened together.
        store: the file, open for reading.
        info: the run's row: fingerprint, identity, settings.
    """

    def __init__(self, label: str, store: Store, info: StoredRun) -> None:
        self.label, self.store, self.info = label, store, info

    @property
    def name(self) -> str:
        """How it is given on a command line: its file, with the number where there are several."""
        several = len(self.store.runs()) > 1
        return f"{self.store.path}#{self.run}" if several else str(self.store.path)

    @property
    def run(self) -> int:
        """Its number in the file."""
        return self.info.run

    @property
    def policy(self) -> str:
        """The policy that was measured."""
        return self.info.identity["policy"]["id"]

    @cached_property
    def table(self) -> tuple[EnvResult, ...]:
        """Pass rates and counts of each environment, without a digest of the whole."""
        return env_results(self.store, self.run)

    @cached_property
    def results(self) -> Results:
        """Pass rates and counts."""
        return summarise(self.store, self.run, self.table)


@contextmanager
def open_runs(paths: Iterable[str | os.PathLike[str]]) -> Generator[list[OpenRun]]:
    """The runs of these files, open until the context ends.

    Args:
        paths: results files, or folders that hold some (`*.db`). A file with several runs gives
            all of them, in order; `FILE#2` gives its run 2 alone.

    Raises:
        StoreError: no such file, no results file, or no such run in it.
    """
    with ExitStack() as stack:
        found: list[tuple[Path, Store, StoredRun]] = []
        for file, number in run_files(paths):
            store = stack.enter_context(Store(file, read_only=True))
            known = store.runs()
            chosen = [run for run in known if number in (None, run.run)]
            if not chosen:
                numbers = ", ".join(str(run.run) for run in known) or "none"
                wanted = "a run" if number is None else f"run {number}"
                raise StoreError(f"'{file}' does not hold {wanted}: its runs are {numbers}.")
            found += [(file, store, run) for run in chosen]
        yield [
            OpenRun(label, store, run)
            for label, (_, store, run) in zip(_labels(found), found, strict=True)
        ]


def run_files(paths: Iterable[str | os.PathLike[str]]) -> list[tuple[Path, int | None]]:
    """The results files that are meant, each with the number of a run or None for all of them.

    Raises:
        StoreError: none was given, or a folder without any.
    """
    files: list[tuple[Path, int | None]] = []
    for given in paths:
        path, number = Path(given), None
        name, mark, last = path.name.rpartition("#")
        if mark and last.isascii() and last.isdigit() and not path.exists():
            path, number = path.with_name(name), int(last)
        if path.is_dir():
            inside = sorted(path.glob("*.db"))
            if not inside:
                raise StoreError(f"The folder '{path}' holds no results file (*.db).")
            files += [(file, None) for file in inside]
        else:
            files.append((path, number))
    if not files:
        raise StoreError("No run was named: give a results file, or a folder of them.")
    return list(dict.fromkeys(files))


def _labels(found: list[tuple[Path, Store, StoredRun]]) -> list[str]:
    """The policy where that tells the runs apart, else with the file, else with the run too."""
    rows = [(run.identity["policy"]["id"], path, run.run) for path, _, run in found]
    forms = (
        [policy for policy, _, _ in rows],
        [f"{policy} ({path.stem})" for policy, path, _ in rows],
        [f"{policy} ({path.stem}#{run})" for policy, path, run in rows],
    )
    for form in forms:
        if len(set(form)) == len(form):
            return form
    return [f"{policy} ({path}#{run})" for policy, path, run in rows]
