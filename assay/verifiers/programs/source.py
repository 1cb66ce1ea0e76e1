"""Which part of a response is the program: its last fenced block, else all of it."""

from __future__ import annotations

import re
from typing import NamedTuple

from assay.core.types import Limits, Verdict
from assay.verifiers.base import searched, unusable
from assay.verifiers.extraction import after_think

_FENCE = re.compile(r"([ \t]*)(`{3,}|~{3,})([^\n]*)")


class Source(NamedTuple):
    """A program as it stood in a response, with the notes for `details`."""

    text: str
    start: int
    end: int
    details: dict[str, object]


def find_source(outcome: object, limits: Limits) -> Source | Verdict:
    """The program in a response, or the verdict about a response that holds none."""
    refused = unusable(outcome, limits)
    if refused is not None:
        return refused
    response, offset, details = searched(str(outcome), limits)
    start = after_think(response)
    if start < 0:
        return _nothing("The reasoning is opened and never closed.", details)
    block = _last_block(response, start)
    begin, end, indent = block if block is not None else (start, len(response), 0)
    text = response[begin:end]
    if not text.strip():
        return _nothing("The response holds no program.", details)
    if indent:
        text = "".join(_outdented(line, indent) for line in text.splitlines(keepends=True))
    return Source(text, begin + offset, end + offset, details)


def _nothing(reason: str, details: dict[str, object]) -> Verdict:
    return Verdict.reject("program.none", reason, status="no_answer", details=details)


def _outdented(line: str, indent: int) -> str:
    kept = len(line) - len(line.lstrip(" \t"))
    return line[min(indent, kept) :]


def _last_block(response: str, start: int) -> tuple[int, int, int] | None:
    """Begin, end and indentation of the last fenced block; an open one goes on to the end."""
    found: tuple[int, int, int] | None = None
    opened: tuple[str, int, int] | None = None  # fence, where its contents begin, indentation
    at = start
    while at < len(response):
        line_end = response.find("\n", at)
        line_end = len(response) if line_end < 0 else line_end
        fence = _FENCE.match(response, at, line_end)
        if fence is not None:
            marks, rest = fence[2], fence[3]
            if opened is None:
                if "`" not in rest:
                    opened = (marks, min(line_end + 1, len(response)), len(fence[1]))
            elif marks[0] == opened[0][0] and len(marks) >= len(opened[0]) and not rest.strip():
                found, opened = (opened[1], at, opened[2]), None
        at = line_end + 1
    return found if opened is None else (opened[1], len(response), opened[2])
