"""What verbs print: tables and JSON on standard output, and short words for spaces."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from gymnasium import spaces
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table as RichTable

from assay.cli.output import data
from assay.core.errors import shorten
from assay.core.spaces import Unicode

if TYPE_CHECKING:
    from assay.report.tables import Table

_WIDE = 10_000  # off a terminal lines are as long as they are: another program reads them


def console() -> Console:
    """Standard output: as wide as the terminal, or without limit where there is none."""
    out = data()
    width = None if out.isatty() else _WIDE
    return Console(file=out, width=width, highlight=False, soft_wrap=False)


def print_json(value: Any) -> None:
    """One object on one line; characters outside ASCII are escaped, so any text survives."""
    print(json.dumps(value, default=str), file=data())


def table(
    headers: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[int] = ()
) -> None:
    """A plain table: a line for each row, cut with an ellipsis where the terminal is too narrow."""
    made = RichTable(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for i, header in enumerate(headers):
        made.add_column(
            _plain(header),
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if i in right else "left",
        )
    for row in rows:
        made.add_row(*map(_plain, row))
    console().print(made)


def print_table(made: Table) -> None:
    """A table as `assay.report.tables` makes them."""
    table(made.headers, made.rows, right=made.right)


def _plain(text: str) -> str:
    return printable(text).replace("[", "\\[")


def printable(text: str) -> str:
    """Text that any terminal takes: lone surrogates and control characters are escaped."""
    shown = "".join(c if c.isprintable() or c in "\n\t" else ascii(c)[1:-1] for c in text)
    encoding = getattr(data(), "encoding", None) or "utf-8"
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def say(text: str = "") -> None:
    """A line on standard output, whatever characters are in it."""
    print(printable(text), file=data())


def note(text: str) -> None:
    """A line on standard error, unless somebody has closed it."""
    with contextlib.suppress(OSError, ValueError):
        print(printable(text), file=sys.stderr, flush=True)


def short_space(space: Any) -> str:
    """A space in a word or two."""
    if isinstance(space, Unicode) or type(space).__name__ == "Text":
        return "text"
    if isinstance(space, spaces.Discrete):
        return f"{space.n} choices"
    if isinstance(space, spaces.Box):
        if len(space.shape) == 3 and space.dtype == "uint8":
            return "image " + "×".join(map(str, space.shape[:2]))
        return f"numbers {'×'.join(map(str, space.shape))}" if space.shape else "a number"
    if isinstance(space, spaces.Dict):
        return "+".join(space.spaces)
    return shorten(space, 24)
