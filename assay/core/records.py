"""JSON-lines files of tasks, read once, with errors that name the line."""

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

from assay.core.errors import DataError, MissingFile, shorten


class Record(NamedTuple):
    """One object of a file, and the line (from 1) that it stands on."""

    line: int
    values: dict[str, Any]


def read_records(path: str | Path, *, needs: Sequence[str], what: str) -> list[Record]:
    """Every record of a JSON-lines file, each an object that has the keys in `needs`.

    Args:
        path: the file; blank lines are passed over.
        needs: keys that every record must have.
        what: what the file is for, in words, for the messages.

    Raises:
        MissingFile: no such file.
        DataError: it is empty, no text, or has a broken line, which is named.
    """
    file = Path(path)
    if not file.is_file():
        raise MissingFile(f"{what}: no file at '{path}': check the path, or fetch the data first.")
    records = list(_parse(file, needs, what))
    if not records:
        raise DataError(f"{what}: '{path}' holds no record: expected one JSON object a line.")
    return records


def _parse(file: Path, needs: Sequence[str], what: str) -> Iterator[Record]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except UnicodeDecodeError as err:
        raise DataError(f"{what}: '{file}' is not UTF-8 text (byte {err.start}).") from err
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        where = f"{what}: '{file}' line {number}"
        try:
            values: Any = json.loads(line)
        except ValueError as err:
            raise DataError(f"{where} is not JSON ({err}): mend or delete that line.") from err
        if not isinstance(values, dict):
            raise DataError(f"{where} is {shorten(values, 40)}: expected one JSON object a line.")
        for key in needs:
            if key not in values:
                have = ", ".join(map(repr, cast("dict[str, Any]", values))) or "none"
                raise DataError(f"{where} has no key '{key}' (its keys: {have}).")
        yield Record(number, values)
