r"""Whether a pattern provably takes linear time, though `re` backtracks.

The proof: at each place of the text, the next character leaves at most one way on through the
pattern (one-unambiguity; Brüggemann-Klein and Wood 1998), and no two ways lead there without
reading a character. Then each pair of a place in the pattern and a place in the text is tried at
most once. What is not proven linear may still be; it is then matched in a worker.

Not proven: backreferences and conditions on groups; repeats of what can be empty; neighbours that
can match the same character (`a*a`, `\w+\d`); lookarounds without a small bound on their length;
patterns with more than 500 places.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from assay.verifiers.patterns.classes import Letters, letters_of
from assay.verifiers.patterns.tree import ONE, REPEATS, ops, parsed

_PLACES = 500
_COPIES = 64  # a counted repeat is written out up to this often
_BOUNDED = 100  # characters; a lookaround or an unanchored match this short costs a constant
_ANCHORS = frozenset({ops.AT_BEGINNING, ops.AT_BEGINNING_STRING})


class Unproven(Exception):
    """Why a pattern was not shown to be linear."""


class _Piece(NamedTuple):
    """A part of a pattern: whether it can be empty, the places where it begins and ends."""

    empty: bool
    first: tuple[int, ...]
    last: tuple[int, ...]


_NOTHING = _Piece(True, (), ())


def why_not_linear(pattern: str, flags: int = 0, *, search: bool = False) -> str:
    """Why a pattern is not proven linear, in a few words; empty where it is.

    Args:
        pattern: that `re` compiles.
        flags: of `re`.
        search: it is looked for anywhere in a text, not matched against all of it.

    Raises:
        re.error: it does not compile.
    """
    try:
        tree, effective = parsed(pattern, flags)
        if search and not _anchored(tree, effective) and tree.getwidth()[1] > _BOUNDED:
            raise Unproven("it may begin anywhere and has no bound on its length")
        _Automaton().check(list(tree), effective)
    except Unproven as reason:
        return str(reason)
    except RecursionError:
        return "it is nested too deep"
    return ""


def _anchored(tree: Any, flags: int) -> bool:
    first = next(iter(tree), None)
    if first is None or first[0] is not ops.AT:
        return False
    return first[1] in _ANCHORS and not (flags & re.MULTILINE and first[1] is ops.AT_BEGINNING)


class _Automaton:
    """The places of a pattern and which may follow which."""

    def __init__(self) -> None:
        self.letters: list[Letters] = []
        self.after: list[list[int]] = []

    def check(self, nodes: Sequence[tuple[Any, Any]], flags: int) -> None:
        """Prove that every step is the only one.

        Raises:
            Unproven: it is not, or could not be told.
        """
        whole = self.sequence(nodes, flags)
        for choices in (list(whole.first), *self.after):
            for at, one in enumerate(choices):
                for two in choices[at + 1 :]:
                    if one == two or self.letters[one].meets(self.letters[two]):
                        raise Unproven("two of its parts can match the same character next")

    def sequence(self, nodes: Sequence[tuple[Any, Any]], flags: int) -> _Piece:
        piece = _NOTHING
        for op, argument in nodes:
            piece = self.joined(piece, self.node(op, argument, flags))
        return piece

    def joined(self, one: _Piece, two: _Piece) -> _Piece:
        for place in one.last:
            self.after[place].extend(two.first)
        return _Piece(
            one.empty and two.empty,
            (*one.first, *two.first) if one.empty else one.first,
            (*one.last, *two.last) if two.empty else two.last,
        )

    def node(self, op: Any, argument: Any, flags: int) -> _Piece:
        if op in ONE:
            self.letters.append(letters_of(op, argument, flags))
            self.after.append([])
            if len(self.letters) > _PLACES:
                raise Unproven("it is too large")
            place = len(self.letters) - 1
            return _Piece(False, (place,), (place,))
        if op in REPEATS:
            low, high, inner = argument
            return self.repeat(low, high, inner, flags)
        if op is ops.BRANCH:
            return self.branch([self.sequence(list(part), flags) for part in argument[1]])
        if op is ops.SUBPATTERN:
            _, added, removed, inner = argument
            return self.sequence(list(inner), (flags | added) & ~removed)
        if op is ops.ATOMIC_GROUP:
            return self.sequence(list(argument), flags)
        if op is ops.AT:
            return _NOTHING
        if op in (ops.ASSERT, ops.ASSERT_NOT):
            return self.lookaround(argument[1], flags)
        raise Unproven("it refers back to a group")

    def branch(self, parts: list[_Piece]) -> _Piece:
        if sum(part.empty for part in parts) > 1:
            raise Unproven("two of its alternatives can be empty")
        return _Piece(
            any(part.empty for part in parts),
            tuple(place for part in parts for place in part.first),
            tuple(place for part in parts for place in part.last),
        )

    def repeat(self, low: int, high: Any, inner: Any, flags: int) -> _Piece:
        nodes = cast("list[tuple[Any, Any]]", list(inner))
        if high == 0:
            return _NOTHING
        if high == 1:
            piece = self.sequence(nodes, flags)
            if low == 0 and piece.empty:
                raise Unproven("it repeats what can be empty")
            return piece._replace(empty=piece.empty or low == 0)
        copies = min(int(low), _COPIES)
        open_ended = high is ops.MAXREPEAT or int(high) > copies
        piece = _NOTHING
        for _ in range(copies):
            piece = self.joined(piece, self.once(nodes, flags))
        if not open_ended:
            return piece
        # However often the rest is allowed, each turn is a turn of the same loop.
        loop = self.once(nodes, flags)
        for place in loop.last:
            self.after[place].extend(loop.first)
        return self.joined(piece, loop._replace(empty=True))

    def once(self, nodes: list[tuple[Any, Any]], flags: int) -> _Piece:
        piece = self.sequence(nodes, flags)
        if piece.empty:
            raise Unproven("it repeats what can be empty")
        return piece

    def lookaround(self, inner: Any, flags: int) -> _Piece:
        if inner.getwidth()[1] > _BOUNDED:
            raise Unproven("a lookaround in it has no bound on its length")
        _Automaton().check(list(inner), flags)
        return _NOTHING
