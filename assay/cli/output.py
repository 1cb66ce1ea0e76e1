"""Standard output for data alone: what policies and environments print goes to standard error.

A program that reads `--json` must not meet the words of a library in between.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager, redirect_stdout, suppress
from typing import TextIO

_STDOUT, _STDERR = 1, 2
_data: list[TextIO] = []  # standard output as it was, while it is kept apart


def data() -> TextIO:
    """Where a verb writes its data."""
    return _data[-1] if _data else sys.stdout


@contextmanager
def data_apart() -> Generator[None]:
    """Meanwhile only `data()` is standard output.

    Whatever else writes there reaches standard error: `print`, child processes, and C code, which
    knows the number of the descriptor only.
    """
    before = sys.stdout
    own = _moved(before)
    _data.append(own or before)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _data.pop()
        if own is not None:
            _put_back(own)


def _moved(before: TextIO | None) -> TextIO | None:
    """Standard output under another number, with standard error in its place.

    None where it is no descriptor: it is closed, or somebody captures it.
    """
    try:
        assert before is not None
        before.flush()
        if before.fileno() != _STDOUT:
            return None
        kept = os.dup(_STDOUT)
        os.dup2(_STDERR, _STDOUT)
    except (AssertionError, OSError, ValueError):
        return None
    lines = 1 if os.isatty(kept) else -1
    return open(kept, "w", buffering=lines, encoding=before.encoding, errors=before.errors)


def _put_back(own: TextIO) -> None:
    with suppress(OSError, AttributeError):  # what C code has not written yet is no data either
        ctypes.CDLL(None).fflush(None)
    try:
        own.flush()
    finally:
        with suppress(OSError):
            os.dup2(own.fileno(), _STDOUT)
        own.close()
