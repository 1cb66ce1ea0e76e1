"""What the columns of a stored row may hold; SQLite itself takes anything for a number."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import StoreError, shorten
from assay.evaluation.config import STATUSES
from assay.evaluation.schema import COLUMN_TYPES

_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "INTEGER": (int, "a whole number"),
    "REAL": ((int, float), "a number"),
    "TEXT": (str, "a text"),
}
Wrong = tuple[str, object, str]  # a column, what it holds, what it may hold
_NULLABLE = ("return", "difficulty")


def wrong_column(row: Mapping[str, Any]) -> Wrong | None:
    """The first column that holds what assay never writes: its name, its value, what it may hold.

    Columns that the row lacks are passed over.
    """
    for name, value in row.items():
        kind = COLUMN_TYPES.get(name)
        if kind is None or (value is None and name in _NULLABLE):
            continue
        types, expected = _KINDS[kind]
        if not isinstance(value, types):
            return name, value, expected
        if name == "status" and value not in STATUSES:
            return name, value, f"one of {', '.join(STATUSES)}"
        if name == "passed" and value not in (0, 1):
            return name, value, "0 or 1"
    return None


def damaged(path: Path | None, env: str, name: str, value: object, expected: str) -> StoreError:
    """The error for a file with such a row, where figures would be made of it."""
    return _changed(path, f"a row of {env} has {name}={shorten(value, 60)} instead of {expected}")


def unplanned(path: Path | None, what: str) -> StoreError:
    """The error for a file with a row that its plan has not got."""
    return _changed(path, f"it holds {what}, which its plan has not got")


def _changed(path: Path | None, how: str) -> StoreError:
    where = "The results file" if path is None else f"'{path}'"
    return StoreError(
        f"{where} was changed or damaged: {how}; `assay verify` names every such row."
    )
