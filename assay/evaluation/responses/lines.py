"""A JSON-lines file of responses, read in one pass and never held whole."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple, cast

from assay.core.errors import DataError, MissingFile, shorten

MAX_LINE_BYTES = 64 << 20
_BOM = b"\xef\xbb\xbf"
_SHOWN = 3  # bad lines that are named
_BLOCK = 1 << 20

Trouble = Callable[[dict[str, Any]], str]


class Line(NamedTuple):
    """One line as it stands in the file, and its number (from 1)."""

    number: int
    raw: bytes


@dataclass
class Survey:
    """What a first pass over a file found. bad: lines passed over; the first few are named."""

    digest: str
    n: int = 0
    n_bad: int = 0
    bad: list[str] = field(default_factory=list[str])


def read_record(raw: bytes) -> dict[str, Any]:
    """The object on a line.

    Raises:
        DataError: it is none; the message goes on after the line's name.
    """
    if len(raw) > MAX_LINE_BYTES:
        raise DataError(f"is longer than {MAX_LINE_BYTES >> 20} MB")
    try:
        values: Any = json.loads(raw.removeprefix(_BOM).decode("utf-8"))
    except UnicodeDecodeError as err:
        raise DataError(f"is not UTF-8 text (byte {err.start})") from err
    except ValueError as err:
        raise DataError(f"is not JSON ({str(err)[:200]})") from err
    except RecursionError as err:
        raise DataError("is nested too deeply") from err
    if not isinstance(values, dict):
        raise DataError(f"is {shorten(values, 40)}: expected one JSON object a line")
    return cast("dict[str, Any]", values)


class ResponseFile:
    """The responses.

    Args:
        path: the file. name: how messages call it.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path, self.name = path, name
        if not path.is_file():
            raise MissingFile(f"No file of responses at '{path}': check the path.")

    def __iter__(self) -> Iterator[Line]:
        """Every line that is not blank."""
        with self.path.open("rb") as file:
            number = 0
            while raw := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if raw.strip():
                    yield Line(number, raw)
                while not raw.endswith(b"\n") and len(raw) > MAX_LINE_BYTES:
                    raw = file.readline(MAX_LINE_BYTES + 1)  # the rest of a line that is too long

    def where(self, number: int) -> str:
        """A line, as messages call it."""
        return f"'{self.name}' line {number}"

    def first(self) -> tuple[int, dict[str, Any]]:
        """The first record that can be read, with its line number.

        Raises:
            DataError: there is none.
        """
        broken = ""
        for line in self:
            try:
                return line.number, read_record(line.raw)
            except DataError as err:
                broken = broken or (
                    f"No line of '{self.name}' can be read, and line {line.number} {err}: expected "
                    "one JSON object a line."
                )
        raise DataError(
            broken or f"'{self.name}' holds no record: expected one JSON object a line."
        )

    def digest(self) -> str:
        """Digest of the whole file."""
        hasher = blake2b(digest_size=16)
        with self.path.open("rb") as file:
            while block := file.read(_BLOCK):
                hasher.update(block)
        return hasher.hexdigest()

    def survey(self, trouble: Trouble, *, skip_bad: bool) -> Survey:
        """Look at every line.

        Args:
            trouble: what is wrong with a record, or empty.
            skip_bad: count broken lines instead of refusing the file.

        Raises:
            DataError: a broken line, named.
        """
        found = Survey(self.digest())
        for line in self:
            wrong = _wrong(line, trouble)
            if not wrong:
                found.n += 1
                continue
            message = f"{self.where(line.number)} {wrong}"
            if not skip_bad:
                raise DataError(f"{message}. Mend that line, or pass over such lines (--skip-bad).")
            found.n_bad += 1
            if len(found.bad) < _SHOWN:
                found.bad.append(message)
        return found

    def good(self, trouble: Trouble | None) -> Iterator[Line]:
        """The lines that are judged: all, or those without trouble."""
        for line in self:
            if trouble is None or not _wrong(line, trouble):
                yield line


def _wrong(line: Line, trouble: Trouble) -> str:
    try:
        return trouble(read_record(line.raw))
    except DataError as err:
        return str(err)
