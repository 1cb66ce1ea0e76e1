"""A task's pattern, checked once: it compiles, where it may be matched, and that it ever ends."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.patterns.linear import why_not_linear
from assay.verifiers.workers.pool import ask

_CHARS = 5_000
_PROBE_LIMITS = Limits(cpu_s=0.5)


class Pattern(NamedTuple):
    """A pattern that may be used.

    Attributes:
        text, flags: as `re` takes them.
        reason: why it is not proven to take linear time, so that a worker matches it; or empty.
    """

    text: str
    flags: int
    reason: str


def checked_pattern(text: str, flags: int = 0, search: bool = False) -> Pattern:
    """A pattern of a task.

    Args:
        text: the pattern.
        flags: of `re`.
        search: it is looked for anywhere in a text.

    Raises:
        TaskError: it does not compile, is too long, or shows exponential backtracking.
    """
    found = _looked_at(text, flags, search)
    if isinstance(found, str):
        raise TaskError(found)
    return found


@lru_cache(maxsize=512)
def _looked_at(text: str, flags: int, search: bool) -> Pattern | str:
    """The pattern, or what is wrong with it; both are worth remembering."""
    if len(text) > _CHARS:
        return f"The pattern is {len(text)} characters long; {_CHARS} can be judged."
    try:
        re.compile(text, flags)
        reason = why_not_linear(text, flags, search=search)
    except (re.error, RecursionError, OverflowError) as error:
        return f"The pattern {shorten(text)} does not compile: {error}."
    if reason:
        payload = {"pattern": text, "flags": flags, "search": search}
        answer = ask("assay.verifiers.patterns.probe:probe", payload, _PROBE_LIMITS)
        if answer.status == "over_limit":
            return (
                f"The pattern {shorten(text)} backtracks exponentially ({reason}): rewrite it so "
                "that no two of its parts can match the same text."
            )
    return Pattern(text, flags, reason)
