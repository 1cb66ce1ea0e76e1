"""The size of a largest matching in any graph, by shrinking odd circles.

Source: Edmonds 1965, "Paths, trees, and flowers", in its form with a base for every node.
"""

from collections import deque
from collections.abc import Sequence


def largest_matching(near: Sequence[Sequence[int]]) -> int:
    """How many disjoint edges there are at most; cubic in the number of nodes.

    Args:
        near: neighbours by node, no node its own.
    """
    mate = [-1] * len(near)
    for root in range(len(near)):
        if mate[root] < 0:
            _augment(near, mate, root)
    return sum(other >= 0 for other in mate) // 2


def _augment(near: Sequence[Sequence[int]], mate: list[int], root: int) -> None:
    """Look for a path from an unmatched node to another, and turn its edges round."""
    n = len(near)
    base = list(range(n))  # the node that stands for the odd circle a node was shrunk into
    parent = [-1] * n
    outer = [False] * n
    outer[root] = True
    queue = deque([root])
    while queue:
        node = queue.popleft()
        for other in near[node]:
            if base[node] == base[other] or mate[node] == other:
                continue
            if other == root or (mate[other] >= 0 and parent[mate[other]] >= 0):
                _shrink(node, other, mate, base, parent, outer, queue)
            elif parent[other] < 0:
                parent[other] = node
                if mate[other] < 0:
                    _turn(other, mate, parent)
                    return
                outer[mate[other]] = True
                queue.append(mate[other])


def _turn(end: int, mate: list[int], parent: list[int]) -> None:
    while end >= 0:
        before = parent[end]
        after = mate[before]
        mate[end], mate[before] = before, end
        end = after


def _shrink(
    one: int,
    two: int,
    mate: list[int],
    base: list[int],
    parent: list[int],
    outer: list[bool],
    queue: deque[int],
) -> None:
    top = _meeting(one, two, mate, base, parent)
    inside: set[int] = set()
    _mark(one, top, two, mate, base, parent, inside)
    _mark(two, top, one, mate, base, parent, inside)
    for node in range(len(base)):
        if base[node] in inside:
            base[node] = top
            if not outer[node]:
                outer[node] = True
                queue.append(node)


def _meeting(one: int, two: int, mate: list[int], base: list[int], parent: list[int]) -> int:
    """Where the ways of two outer nodes back to the root meet."""
    seen: set[int] = set()
    node = one
    while True:
        node = base[node]
        seen.add(node)
        if mate[node] < 0:
            break
        node = parent[mate[node]]
    node = base[two]
    while node not in seen:
        node = base[parent[mate[node]]]
    return node


def _mark(
    node: int,
    top: int,
    child: int,
    mate: list[int],
    base: list[int],
    parent: list[int],
    inside: set[int],
) -> None:
    while base[node] != top:
        inside.add(base[node])
        inside.add(base[mate[node]])
        parent[node] = child
        child = mate[node]
        node = parent[mate[node]]
