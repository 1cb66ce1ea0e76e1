"""Orders: permutations that keep declared rules, and sorted lists."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.graphs import circular
from assay.verifiers.puzzles.lists import (
    exact_number,
    listed,
    node_name,
    read_list,
    read_number,
    refuse_unknown,
    shown,
    whole,
)
from assay.verifiers.rational import write

Item = Fraction | str
Order = tuple[Item, ...]


class Rules(NamedTuple):
    """The items, which of them come before which, and who stands at a place (from 1)."""

    items: Order
    before: tuple[tuple[Item, Item], ...]
    at: Mapping[int, Item]


@dataclass(frozen=True)
class PermutationVerifier(PuzzleVerifier[Rules]):
    """Whether a list holds exactly the task's items, in an order that keeps the task's rules.

    Attributes:
        items: numbers, or names; the same may be there several times.
        before: pairs (a, b): a stands somewhere before b (a topological order). Both are items
            that are there once.
        at: item by place, counted from 1: `{1: "Ann"}`.
    """

    name = "permutation"
    claim = "permutation"
    needs = ("items",)

    items: Listed | None = None
    before: Listed | None = None
    at: Mapping[Any, Any] | None = None

    def read_goal(self, given: dict[str, Any]) -> Rules:
        """The items and rules, checked."""
        items = read_items(given["items"])
        before = tuple(_pair(pair, items) for pair in listed(given["before"] or (), "before"))
        at: dict[int, Item] = {}
        for place, value in dict(cast("Mapping[Any, Any]", given["at"] or {})).items():
            number = whole(int(place) if str(place).isdecimal() else place, "at", 1)
            if number > len(items) or _item(value) not in items:
                raise TaskError(f"at={shorten(given['at'])} names a place or item that is not.")
            at[number] = _item(value)
        if circular(before):
            raise TaskError("The rules of 'before' go round in a circle.")
        return Rules(items, before, at)

    def rule(self, goal: Rules, text: str) -> Ruling:
        """Items first, then places, then precedences."""
        order = read_order(text, goal.items, self.limits)
        canonical = shown(map(write_item, order))
        if Counter(order) != Counter(goal.items):
            return Ruling("items", "The list does not hold exactly the task's items.", canonical)
        if any(order[place - 1] != item for place, item in goal.at.items()):
            return Ruling("place", "An item is not at the place where it must be.", canonical)
        place = {item: at for at, item in enumerate(order)}
        if any(place[first] > place[second] for first, second in goal.before):
            return Ruling("order", "An item stands before one that must come first.", canonical)
        return Ruling("", "The list holds the items in an order that keeps the rules.", canonical)


class Sorted(NamedTuple):
    """The items in the task's order, the key of each, and how they are to be sorted."""

    items: Order
    keys: Order
    reverse: bool
    stable: bool


@dataclass(frozen=True)
class SortingVerifier(PuzzleVerifier[Sorted]):
    """Whether a list is the task's items, sorted.

    Attributes:
        items: numbers, compared by value, or names, compared by code points.
        keys: what to sort by, one key for each item; None: the items themselves. Items with keys
            are all different.
        reverse: from the largest down.
        stable: items with equal keys keep the order that the task gives them in; False: they may
            stand in any order.
    """

    name = "sorting"
    claim = "sorting"
    needs = ("items",)

    items: Listed | None = None
    keys: Listed | None = None
    reverse: bool | None = None
    stable: bool | None = None

    def read_goal(self, given: dict[str, Any]) -> Sorted:
        """Items and keys, checked."""
        items = read_items(given["items"])
        keys = items if given["keys"] is None else read_items(given["keys"])
        if len(keys) != len(items):
            raise TaskError(f"The task has {len(items)} items and {len(keys)} keys.")
        if given["keys"] is not None and len(set(items)) != len(items):
            raise TaskError("Items that are sorted by keys must all be different.")
        return Sorted(items, keys, bool(given["reverse"]), bool(given["stable"]))

    def rule(self, goal: Sorted, text: str) -> Ruling:
        """Items first, then keys, then ties."""
        order = read_order(text, goal.items, self.limits)
        canonical = shown(map(write_item, order))
        if Counter(order) != Counter(goal.items):
            return Ruling("items", "The list does not hold exactly the task's items.", canonical)
        key_of = dict(zip(goal.items, goal.keys, strict=True))
        keys: list[Any] = [key_of[item] for item in order]
        steps = list(pairwise(keys))
        if any((one < two) if goal.reverse else (one > two) for one, two in steps):
            return Ruling("order", "Two items stand the wrong way round.", canonical)
        place = {item: at for at, item in enumerate(goal.items)}
        if goal.stable and any(
            key_of[one] == key_of[two] and place[one] > place[two] for one, two in pairwise(order)
        ):
            return Ruling("stability", "Items with equal keys changed their order.", canonical)
        return Ruling("", "The items are all there and sorted.", canonical)

    def count_solutions(self, goal: Sorted) -> int | None:
        """One, but for items with equal keys where their order is free."""
        tied = len(set(goal.keys)) != len(goal.keys) and len(set(goal.items)) == len(goal.items)
        return 2 if tied and not goal.stable else 1


def read_items(values: Any) -> Order:
    """A task's items: all numbers, or all names.

    Raises:
        TaskError: there are none, or both kinds.
    """
    items = tuple(_item(value) for value in listed(values, "items"))
    if not items or len({type(item) for item in items}) != 1:
        raise TaskError(f"items={shorten(values)} are not all numbers or all names.")
    return items


def read_order(text: str, items: Order, limits: Limits) -> Order:
    """The answer's items, read as the task's are.

    Raises:
        Refused: it is no list, or lists something else than numbers, or names of the task.
    """
    numbers = isinstance(items[0], Fraction)
    spaced = numbers or not any(" " in cast(str, item) for item in items)
    tokens = read_list(text, limits, spaced=spaced)
    if numbers:
        return tuple(read_number(token, limits) for token in tokens)
    refuse_unknown(tokens, cast("tuple[str, ...]", items), "item")
    return tuple(tokens)


def write_item(item: Item) -> str:
    """An item as text."""
    return item if isinstance(item, str) else write(item)


def _item(value: Any) -> Item:
    return node_name(value, "item") if isinstance(value, str) else exact_number(value, "item")


def _pair(pair: Any, items: Order) -> tuple[Item, Item]:
    ends = listed(pair, "before")
    if len(ends) != 2:
        raise TaskError(f"before={shorten(pair)} is not a pair of items.")
    first, second = _item(ends[0]), _item(ends[1])
    if items.count(first) != 1 or items.count(second) != 1:
        raise TaskError(f"before={shorten(pair)} does not name two items that are there once.")
    return first, second
