"""Which characters a piece of a pattern can match: exact for ASCII, never too few elsewhere."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from typing import Any, NamedTuple

from assay.verifiers.patterns.tree import ops

_LAST = sys.maxunicode
_BEYOND_ASCII = ((128, _LAST),)
_CATEGORIES: dict[Any, str] = {
    ops.CATEGORY_DIGIT: r"\d",
    ops.CATEGORY_NOT_DIGIT: r"\D",
    ops.CATEGORY_SPACE: r"\s",
    ops.CATEGORY_NOT_SPACE: r"\S",
    ops.CATEGORY_WORD: r"\w",
    ops.CATEGORY_NOT_WORD: r"\W",
}


class Letters(NamedTuple):
    """A set of characters: ASCII as bits, others as ranges that may hold too many."""

    ascii: int
    others: tuple[tuple[int, int], ...]

    def meets(self, other: Letters) -> bool:
        """Whether a character may be in both."""
        if self.ascii & other.ascii:
            return True
        return any(a <= d and c <= b for a, b in self.others for c, d in other.others)

    def sample(self) -> str:
        """One of its characters, an ASCII letter or digit where it has any."""
        there = [chr(code) for code in range(128) if self.ascii >> code & 1]
        best = [char for char in there if char.isalnum()] or [c for c in there if c.isprintable()]
        if best or there:
            return (best or there)[0]
        return chr(self.others[0][0]) if self.others else ""


def letters_of(op: Any, argument: Any, flags: int) -> Letters:
    """The characters that a node of a parsed pattern matches, one at a time."""
    if op is ops.ANY:
        newline = 0 if flags & re.DOTALL else 1 << 10
        return Letters((1 << 128) - 1 & ~newline, _BEYOND_ASCII)
    if op is ops.LITERAL:
        return _cased(_range(argument, argument), flags)
    if op is ops.NOT_LITERAL:
        return _all_but(_range(argument, argument), flags)
    items = list(argument)
    negated = bool(items) and items[0][0] is ops.NEGATE
    parts = [_item(kind, value, flags) for kind, value in items[negated:]]
    mask = 0
    for part in parts:
        mask |= part.ascii
    joined = Letters(mask, tuple(span for part in parts for span in part.others))
    return _all_but(joined, flags) if negated else joined


def _all_but(letters: Letters, flags: int) -> Letters:
    """The complement; all there is where letters of the other case make that inexact."""
    mask = _all() if flags & re.IGNORECASE else ~letters.ascii & _all()
    return Letters(mask, _BEYOND_ASCII)


def _item(kind: Any, value: Any, flags: int) -> Letters:
    if kind is ops.LITERAL:
        return _cased(_range(value, value), flags)
    if kind is ops.RANGE:
        return _cased(_range(*value), flags)
    unicode = not flags & re.ASCII
    negative = _CATEGORIES[value][1].isupper()
    return Letters(_category(_CATEGORIES[value]), _BEYOND_ASCII if unicode or negative else ())


def _range(low: int, high: int) -> Letters:
    mask = _bits(range(low, min(high, 127) + 1))
    return Letters(mask, ((max(low, 128), high),) if high > 127 else ())


def _cased(letters: Letters, flags: int) -> Letters:
    if not flags & re.IGNORECASE:
        return letters
    mask = letters.ascii
    for small in range(97, 123):
        both = 1 << small | 1 << (small - 32)
        if mask & both or letters.others:
            mask |= both
    # Beyond ASCII, case joins letters far apart (k and the Kelvin sign): all count as possible.
    return Letters(mask, letters.others if flags & re.ASCII else _BEYOND_ASCII)


@cache
def _category(pattern: str) -> int:
    matcher = re.compile(pattern)
    return _bits(code for code in range(128) if matcher.match(chr(code)))


def _bits(codes: Iterable[int]) -> int:
    return sum(1 << code for code in codes)


def _all() -> int:
    return (1 << 128) - 1
