"""Sets of real numbers: intervals, their unions and differences, and inequalities for one name.

A set is cut at all end points that occur in either side; between two cuts, and at each, it holds
everything or nothing. Two sets are equal where they hold the same cells.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from assay.verifiers.names import is_name, name_of
from assay.verifiers.symbolic.context import Context, Decision, equal, unequal, unproven
from assay.verifiers.symbolic.numbers import compared
from assay.verifiers.trees import Node, free_names
from assay.verifiers.vocabulary import CONSTANTS

_FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_MOST_ENDS = 60
_ENTIRE = ("numbers", "R")


class NoRegion(Exception):
    """A tree describes no set of this kind, or its end points cannot be ordered."""


class Ray(NamedTuple):
    """The numbers on one side of an end: -1 is below, 1 above, 0 the end alone."""

    end: Node
    side: int
    closed: bool


class Region(NamedTuple):
    """A set of real numbers as a tree of rays, and the name that it is said of, if any."""

    holds: Ray | tuple[str, tuple[Region, ...]]
    name: str = ""


def region_of(node: Node) -> Region:
    """The set that a tree describes.

    Raises:
        NoRegion: it describes none.
    """
    kind = node[0]
    if kind == "tuple" and len(node[3]) == 2:
        return interval(node)
    if kind in ("union", "meet", "minus"):
        return Region((kind, (region_of(node[1]), region_of(node[2]))))
    if node == _ENTIRE:
        return Region(("meet", ()))
    if kind == "set":
        return Region(("union", tuple(_point(item) for item in node[1])))
    if kind == "builder":
        return _described(node)
    if kind in ("or", "both"):
        return _joined("union" if kind == "or" else "meet", [region_of(item) for item in node[1]])
    if kind == "rel":
        return _of_relation(node)
    raise NoRegion


def interval(node: Node) -> Region:
    """An interval; an end at infinity is open."""
    _, opened, closed, (low, high) = node
    parts = [_beyond(low, 1, opened == "["), _beyond(high, -1, closed == "]")]
    return Region(("meet", tuple(part for part in parts if part is not None)))


def _beyond(end: Node, side: int, closed: bool) -> Region | None:
    """Everything from an end on; None for everything there is."""
    infinite = infinity(end)
    if infinite:
        if closed or infinite == side:
            raise NoRegion
        return None
    return Region(Ray(_closed(end), side, closed))


def infinity(node: Node) -> int:
    """1 or -1 for an infinite end, 0 for any other."""
    if node == ("inf",):
        return 1
    return -infinity(node[1]) if node[0] == "neg" else 0


def _closed(end: Node) -> Node:
    if free_names(end, CONSTANTS):
        raise NoRegion
    return end


def _point(node: Node) -> Region:
    return Region(Ray(_closed(node), 0, True))


def _described(node: Node) -> Region:
    _, name, source, condition = node
    inner = region_of(condition)
    if inner.name != name_of(("sym", name)):
        raise NoRegion
    return Region(("meet", (region_of(source), inner)))


def _joined(kind: str, parts: list[Region]) -> Region:
    names = {part.name for part in parts}
    if len(names) != 1:
        raise NoRegion
    return Region((kind, tuple(parts)), names.pop())


def _of_relation(node: Node) -> Region:
    signs, items = node[1], node[2]
    if signs == ("in",) and items[0][0] == "sym":
        inner = region_of(items[1])
        if inner.name:
            raise NoRegion
        return inner._replace(name=name_of(items[0]))
    links = [
        _link(left, sign, right) for left, sign, right in zip(items, signs, items[1:], strict=False)
    ]
    return links[0] if len(links) == 1 else _chained(signs, links)


def _chained(signs: tuple[str, ...], links: list[Region]) -> Region:
    """`0 < x < 4`: both links are about the name in the middle, and point the same way."""
    rising = all(sign in ("<", "<=") for sign in signs)
    falling = all(sign in (">", ">=") for sign in signs)
    if not (rising or falling):
        raise NoRegion
    return _joined("meet", links)


def _link(left: Node, sign: str, right: Node) -> Region:
    if not is_name(left):
        if sign != "!=":
            sign = _FLIPPED.get(sign, "")
        left, right = right, left
    if not is_name(left) or left[0] == "text" or sign not in ("<", ">", "<=", ">=", "!="):
        raise NoRegion
    name = name_of(left)
    if sign == "!=":
        return Region(("minus", (Region(("meet", ())), _point(right))), name)
    if infinity(right):
        if sign not in ("<", ">") or infinity(right) != (1 if sign == "<" else -1):
            raise NoRegion
        return Region(("meet", ()), name)
    return Region(Ray(_closed(right), 1 if ">" in sign else -1, "=" in sign), name)


# Comparison


def same_region(gold: Region, side: Region, context: Context) -> Decision:
    """Whether two sets are one; two empty ones are not known to be meant alike."""
    if gold.name and side.name and gold.name != side.name:
        return unequal("region", "math.name")
    try:
        ends = _ordered([*_ends(gold), *_ends(side)], context)
    except NoRegion:
        return unproven("region")
    cells = range(2 * len(ends.groups) + 1)  # even: between two ends; odd: at one
    one = [_contains(gold, cell, ends.place) for cell in cells]
    two = [_contains(side, cell, ends.place) for cell in cells]
    if one != two:
        return unequal("region")
    return equal("region") if any(one) else unproven("empty_region")


def _ends(region: Region) -> list[Node]:
    if isinstance(region.holds, Ray):
        return [region.holds.end]
    return [end for part in region.holds[1] for end in _ends(part)]


class _Order(NamedTuple):
    """The different end points in ascending order, equal ones together."""

    groups: list[list[Node]]

    def place(self, end: Node) -> int:
        return next(i for i, group in enumerate(self.groups) if end in group)


def _ordered(ends: list[Node], context: Context) -> _Order:
    """The different ends in ascending order.

    Raises:
        NoRegion: two of them cannot be told apart.
    """
    if len(ends) > _MOST_ENDS:
        raise NoRegion
    groups: list[list[Node]] = []
    for end in ends:
        if any(end in group for group in groups):
            continue
        place = 0
        while place < len(groups):
            order = compared(end, groups[place][0], context)
            if order is None:
                raise NoRegion
            if order <= 0:
                break
            place += 1
        else:
            order = -1
        if order == 0:
            groups[place].append(end)
        else:
            groups.insert(place, [end])
    return _Order(groups)


def _contains(region: Region, cell: int, place: Callable[[Node], int]) -> bool:
    if isinstance(region.holds, Ray):
        at = 2 * place(region.holds.end) + 1
        if cell == at:
            return region.holds.closed
        return cell > at if region.holds.side > 0 else region.holds.side < 0 and cell < at
    kind, parts = region.holds
    held = [_contains(part, cell, place) for part in parts]
    if kind == "minus":
        return held[0] and not held[1]
    return all(held) if kind == "meet" else any(held)
