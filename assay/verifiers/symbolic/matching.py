"""Whether two collections hold equal elements, each as often (`verifiers.md` §6.2, sets)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from assay.verifiers.symbolic.context import Decision, equal, unequal, unproven
from assay.verifiers.trees import Node, canonical

_MATCHED = 60  # elements that are compared pair by pair


def matched(
    gold: Sequence[Node], side: Sequence[Node], same: Callable[[Node, Node], Decision]
) -> Decision:
    """Whether the elements can be paired so that each pair is equal; their order means nothing."""
    if len(gold) != len(side):
        return unequal("multiset", "math.length")
    left, right = _without_twins(list(gold), list(side))
    if len(left) > _MATCHED:
        return unproven("multiset")
    table = [[same(one, two) for two in right] for one in left]
    if _paired([[cell.equal is True for cell in row] for row in table]):
        used = any(cell.numeric for row in table for cell in row if cell.equal)
        return equal("multiset", numeric=used)
    if _paired([[cell.equal is not False for cell in row] for row in table]):
        return unproven("multiset")
    return unequal("multiset")


def _without_twins(gold: list[Node], side: list[Node]) -> tuple[list[Node], list[Node]]:
    """Without the elements that are written alike on both sides."""
    waiting: dict[str, list[Node]] = {}
    for node in side:
        waiting.setdefault(canonical(node), []).append(node)
    left: list[Node] = []
    for node in gold:
        twins = waiting.get(canonical(node))
        if twins:
            twins.pop()
        else:
            left.append(node)
    return left, [node for nodes in waiting.values() for node in nodes]


def _paired(may: list[list[bool]]) -> bool:
    """Whether every row can have a column of its own (augmenting paths)."""
    owner: dict[int, int] = {}

    def place(row: int, seen: set[int]) -> bool:
        for column, allowed in enumerate(may[row]):
            if not allowed or column in seen:
                continue
            seen.add(column)
            if column not in owner or place(owner[column], seen):
                owner[column] = row
                return True
        return False

    return all(place(row, set()) for row in range(len(may)))
