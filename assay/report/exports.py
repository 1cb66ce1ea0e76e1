"""Stored episodes as CSV, JSON lines or Parquet, for other programs.

A row each, whatever its status: a run's label, its environment with options, every stored column.
Seeds need 63 bits: programs that read numbers as floats should read those columns as text.
"""

from __future__ import annotations

import base64
import csv
import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from assay.core.errors import OptionError, bad_value
from assay.core.registry import require
from assay.evaluation.columns import damaged, wrong_column
from assay.evaluation.plan import env_label
from assay.evaluation.record import Recorded, Unstored, read_payload
from assay.evaluation.runs import OpenRun
from assay.evaluation.schema import COLUMN_TYPES, KEY, KEYS, VALUES
from assay.report.build import opened
from assay.report.files import written_whole

Format = Literal["csv", "jsonl", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
_STORED = (*KEY[1:], *VALUES)  # the run's number says nothing outside its file
COLUMNS = ("run", "env", "options", *_STORED)
_FLAGS = ("passed",)  # stored as 0 and 1
_GROUP = 4_096  # rows of a Parquet row group

Row = dict[str, Any]


def export_episodes(
    runs: Iterable[str | os.PathLike[str]] | str | os.PathLike[str],
    out: str | os.PathLike[str],
    *,
    steps: bool = False,
) -> Path:
    """Write every episode of stored runs to `out`, whose ending says how: csv, jsonl or parquet.

    Args:
        runs: results files, folders of them, or `FILE#2`.
        steps: with what was seen and done, and the verdict; JSON lines only.

    Raises:
        StoreError: no such file or run. OptionError: another ending, or a place that cannot be
            written. MissingExtra: Parquet without pyarrow.
    """
    path = Path(out)
    with opened([runs] if isinstance(runs, str | os.PathLike) else list(runs)) as found:
        return write_episodes(found, path, format_of(path), steps=steps)


def format_of(path: Path) -> Format:
    """What the ending of a name stands for.

    Raises:
        OptionError: nothing that is known.
    """
    ending = path.suffix.removeprefix(".").lower()
    for kind in FORMATS:
        if ending == kind:
            return kind
    raise bad_value("out", str(path), f"a name that ends in .{', .'.join(FORMATS)}")


def write_episodes(
    runs: Sequence[OpenRun], path: Path, kind: Format, *, steps: bool = False
) -> Path:
    """The same, of runs that are open."""
    if steps and kind != "jsonl":
        raise OptionError(f"Steps do not fit into the columns of {kind}: export them as jsonl.")
    writers: dict[Format, Callable[[Iterator[Row], Path], None]] = {
        "csv": _write_csv,
        "jsonl": _write_jsonl,
        "parquet": _write_parquet,
    }
    rows = (row for run in runs for row in (_with_steps(run) if steps else _rows(run)))
    with written_whole(path) as part:
        writers[kind](rows, part)
    return path


def _rows(run: OpenRun) -> Iterator[Row]:
    columns = ", ".join(f'"{name}"' for name in _STORED)
    sql = f"SELECT {columns} FROM episodes WHERE run = ? ORDER BY {KEYS}"
    heads = _heads(run)
    for values in run.store.stream(sql, (run.run,)):
        yield _row(run, heads, values)


def _with_steps(run: OpenRun) -> Iterator[Row]:
    columns = ", ".join(f'"{name}"' for name in _STORED)
    sql = (
        f"SELECT {columns}, steps FROM episodes LEFT JOIN trajectories USING ({KEYS}) "
        f"WHERE run = ? ORDER BY {KEYS}"
    )
    heads = _heads(run)
    for *values, payload in run.store.stream(sql, (run.run,)):
        row = _row(run, heads, values)
        if payload is not None:
            row |= _decoded(read_payload(payload, run.store.blob))
        yield row


def _heads(run: OpenRun) -> dict[tuple[str, str], Row]:
    """The columns that are the same for all episodes of an environment."""
    return {
        (env["id"], env["digest"]): {
            "run": run.label.encode("utf-8", "backslashreplace").decode(),
            "env": env_label(env["id"], env["options"]),
            "options": env["options"],
        }
        for env in run.info.identity["envs"]
    }


def _row(run: OpenRun, heads: dict[tuple[str, str], Row], values: Sequence[Any]) -> Row:
    row: Row = dict(zip(_STORED, values, strict=True))
    wrong = wrong_column(row)
    if wrong is None and (row["env_id"], row["env_digest"]) not in heads:
        wrong = "env_digest", row["env_digest"], "an environment of the plan"
    if wrong is not None:
        raise damaged(run.store.path, str(row["env_id"]), *wrong)
    for name in _FLAGS:
        row[name] = bool(row[name])
    return heads[row["env_id"], row["env_digest"]] | row


def _decoded(found: Recorded) -> Row:
    return {
        "steps": [
            {name: getattr(step, name) for name in step.__dataclass_fields__}
            for step in found.steps
        ],
        "final_observation": found.final_observation,
        "verdict": None if found.verdict is None else found.verdict.to_dict(),
        "error": found.error,
    }


def plain(value: Any) -> Any:
    """A value as JSON that any program reads: arrays as lists, bytes as base64, no NaN."""
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, np.ndarray | np.generic):
        return plain(value.tolist())
    if isinstance(value, int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else repr(value)
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode("ascii")}
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return value.text if isinstance(value, Unstored) else repr(value)


# ---------------------------------------------------------------------- formats


def _write_jsonl(rows: Iterator[Row], path: Path) -> None:
    with path.open("w", encoding="ascii") as file:
        for row in rows:
            file.write(json.dumps(plain(row), allow_nan=False) + "\n")


def _write_csv(rows: Iterator[Row], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for row in rows:
            row["options"] = json.dumps(plain(row["options"]))
            for name in _FLAGS:
                row[name] = "true" if row[name] else "false"
            writer.writerow([row[name] for name in COLUMNS])


def _write_parquet(rows: Iterator[Row], path: Path) -> None:
    arrow: Any = require("pyarrow", extra="report", what="An export to Parquet")
    parquet: Any = require("pyarrow.parquet", extra="report", what="An export to Parquet")
    kinds = {"TEXT": arrow.string(), "INTEGER": arrow.int64(), "REAL": arrow.float64()}
    types = {
        name: arrow.bool_() if name in _FLAGS else kinds[COLUMN_TYPES[name]] for name in _STORED
    }
    schema = arrow.schema([(name, types.get(name, arrow.string())) for name in COLUMNS])
    with parquet.ParquetWriter(path, schema) as writer:
        while group := list(islice(rows, _GROUP)):
            for row in group:
                row["options"] = json.dumps(plain(row["options"]))
            writer.write_table(arrow.Table.from_pylist(group, schema=schema))
