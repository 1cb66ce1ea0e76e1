"""Runs of one plan put together: shards of several jobs, or the same shard twice.

Rows are inserted by key under the store's own rule: what is there stays, and a second row with
other content is a finding.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from assay.core.errors import StoreError
from assay.evaluation.fingerprint import difference
from assay.evaluation.results import Results, summarise
from assay.evaluation.runs import OpenRun, open_runs, run_files
from assay.evaluation.store import Store, StoredRun


def merge(paths: Iterable[str | os.PathLike[str]], out: str | os.PathLike[str]) -> Results:
    """Put runs of one plan and policy into one run.

    Args:
        paths: results files, folders of them, or `FILE#2`.
        out: the file to write; where it holds a run of the same fingerprint, that is added to.

    Raises:
        StoreError: their fingerprints differ, or `out` holds another run (the difference is named),
            or one of them is damaged; `out` is then as it was before.
    """
    target = Path(out)
    with open_runs(_others(paths, target)) as runs, _undone(target):
        _refuse_strangers(runs)
        _refuse_damaged(runs)
        with Store(target) as store:
            run = _put_together(store, runs)
            found = summarise(store, run)
            if found.complete:
                store.mark_complete(run)
            return found


@contextmanager
def _undone(target: Path) -> Generator[None]:
    """A file that is new is removed again where it was not finished."""
    new = not target.exists()
    try:
        yield
    except BaseException:
        if new:
            for ending in ("", "-wal", "-shm", "-journal"):
                target.with_name(target.name + ending).unlink(missing_ok=True)
        raise


def _refuse_damaged(runs: Sequence[OpenRun]) -> None:
    """Before anything is written: what would be found halfway would be blamed on the target."""
    for run in runs:
        run.store.check()
        _ = run.table


def _others(paths: Iterable[str | os.PathLike[str]], target: Path) -> list[str]:
    """What is to be read: without the file that is written, which may lie in the same folder."""
    files = run_files(paths)
    found = [(file, number) for file, number in files if file.resolve() != target.resolve()]
    if not found:
        raise StoreError(f"Nothing to add to '{target}': name other results files.")
    return [str(file) if number is None else f"{file}#{number}" for file, number in found]


@contextmanager
def merged(runs: Sequence[OpenRun]) -> Generator[list[OpenRun]]:
    """The same runs, those that are shards of one run as one, in a temporary store.

    Complete runs stay apart, also where they have the same fingerprint: they are two measurements.
    """
    groups: dict[str, list[OpenRun]] = {}
    for run in runs:
        partial = _shards(run.info) != [None]
        groups.setdefault(run.info.fingerprint if partial else f"{id(run)}", []).append(run)
    shown: list[OpenRun] = []
    made: list[Store] = []
    try:
        for group in groups.values():
            if len(group) == 1:
                shown += group
                continue
            store = Store(None)
            made.append(store)
            _put_together(store, group)
            (info,) = store.runs()
            shown.append(OpenRun(group[0].label, store, info))
        yield shown
    finally:
        for store in made:
            store.close()


def _refuse_strangers(runs: Sequence[OpenRun]) -> None:
    first = runs[0]
    for other in runs[1:]:
        if other.info.fingerprint != first.info.fingerprint:
            what = difference(first.info.identity, other.info.identity)
            raise StoreError(
                f"'{other.name}' holds another run than '{first.name}' ({what}): only runs of one "
                "plan and one policy can be merged."
            )


def _put_together(store: Store, sources: Sequence[OpenRun]) -> int:
    run = _target_run(store, sources)
    for source in sources:
        assert source.store.path is not None
        try:
            store.copy_run(source.store.path, source.run, run)
        except StoreError:
            source.store.check()  # the one that is read may be the one that is damaged
            raise
    return run


def _target_run(store: Store, runs: Sequence[OpenRun]) -> int:
    """The run to add to; a new one in a store that holds none, which is then of no one shard."""
    first = runs[0].info
    held = store.runs()
    for known in held:
        if known.fingerprint == first.fingerprint:
            _note_shards(store, known, [known, *(run.info for run in runs)])
            return known.run
    if held:
        what = difference(held[-1].identity, first.identity)
        raise StoreError(f"'{store.path}' holds another run ({what}): give another --out.")
    run = store.new_run(first.fingerprint, first.identity, first.settings)
    _note_shards(store, store.runs()[-1], [run.info for run in runs])
    return run


def _note_shards(store: Store, target: StoredRun, parts: Sequence[StoredRun]) -> None:
    """Write down which shards a run is made of; it is one shard itself if all of them are."""
    shards = sorted({shard for part in parts for shard in _shards(part)}, key=_in_order)
    shard = shards[0] if len(shards) == 1 else None
    claimed = any(part.settings.get("complete") is True and _shards(part) == shards
                  for part in parts)  # fmt: skip
    made = {"shard": shard, "shards": shards, "complete": claimed}
    store.set_settings(target.run, {**target.settings, **made})


def _shards(info: StoredRun) -> list[str | None]:
    """The shards that a run is made of; None stands for one that did the whole plan."""
    known: Any = info.settings.get("shards")
    return list(known) if known else [info.settings.get("shard")]


def _in_order(shard: str | None) -> list[int]:
    return [] if shard is None else [int(part) for part in shard.split("/")]
