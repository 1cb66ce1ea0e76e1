"""Graphs as tasks give them, and the exact searches over them; every search counts its steps."""

from __future__ import annotations

import heapq
from collections.abc import Hashable, Iterable, Mapping
from fractions import Fraction
from typing import Any, NamedTuple, TypeVar

from assay.core.errors import TaskError, shorten
from assay.verifiers.puzzles.lists import exact_number, listed, node_name
from assay.verifiers.puzzles.search import Budget

N = TypeVar("N", bound=Hashable)
_EDGES = 100_000


class Graph(NamedTuple):
    """Names of the nodes, and for each node the cost of the cheapest edge to each neighbour."""

    nodes: tuple[str, ...]
    near: Mapping[str, Mapping[str, Fraction]]


def read_graph(edges: Any, nodes: Any = None, *, directed: bool = False) -> Graph:
    """A graph out of a task's edges: pairs, or triples with a cost (1 where there is none).

    Args:
        edges: a list of `[from, to]` or `[from, to, cost]`.
        nodes: further nodes, which may have no edge.
        directed: an edge leads one way only.

    Raises:
        TaskError: something else, or a negative cost.
    """
    near: dict[str, dict[str, Fraction]] = {}
    for name in listed(nodes or [], "nodes"):
        near.setdefault(node_name(name, "node"), {})
    given = listed(edges, "edges")
    if len(given) > _EDGES:
        raise TaskError(f"The graph has {len(given)} edges; {_EDGES} can be judged.")
    for edge in given:
        parts = listed(edge, "edge")
        if len(parts) not in (2, 3):
            raise TaskError(f"The edge {shorten(edge)} is neither a pair nor a triple.")
        one, two = node_name(parts[0], "node"), node_name(parts[1], "node")
        cost = exact_number(parts[2], "cost") if len(parts) == 3 else Fraction(1)
        if cost < 0:
            raise TaskError(f"The edge {shorten(edge)} has a negative cost.")
        for start, end in ((one, two),) if directed else ((one, two), (two, one)):
            row = near.setdefault(start, {})
            row[end] = min(cost, row.get(end, cost))
            near.setdefault(end, {})
    return Graph(tuple(near), near)


def distances(graph: Graph, start: str) -> dict[str, Fraction]:
    """The least cost from `start` to each node that can be reached."""
    best: dict[str, Fraction] = {}
    heap: list[tuple[Fraction, str]] = [(Fraction(0), start)]
    while heap:
        cost, node = heapq.heappop(heap)
        if node in best:
            continue
        best[node] = cost
        for other, step in graph.near.get(node, {}).items():
            if other not in best:
                heapq.heappush(heap, (cost + step, other))
    return best


def count_shortest(graph: Graph, start: str, goal: str) -> int | None:
    """Shortest paths up to 2; None where edges of cost 0 would let them go round in circles."""
    best = distances(graph, start)
    if goal not in best:
        return 0
    if any(not cost for row in graph.near.values() for cost in row.values()):
        return None
    ways = {start: 1}
    for node in sorted(best, key=lambda name: best[name]):
        for other, step in graph.near[node].items():
            if best[node] + step == best[other]:
                ways[other] = min(2, ways.get(other, 0) + ways[node])
    return ways[goal]


def circular(pairs: Iterable[tuple[N, N]]) -> bool:
    """Whether pairs of what comes before what go round in a circle."""
    after: dict[N, list[N]] = {}
    waits_for: dict[N, int] = {}
    for one, two in pairs:
        after.setdefault(one, []).append(two)
        waits_for[two] = waits_for.get(two, 0) + 1
        waits_for.setdefault(one, 0)
    free = [node for node, count in waits_for.items() if not count]
    for node in free:
        for other in after.get(node, ()):
            waits_for[other] -= 1
            if not waits_for[other]:
                free.append(other)
    return len(free) < len(waits_for)


def masks(graph: Graph) -> list[int]:
    """For each node the set of its neighbours as bits, the node itself left out."""
    place = {name: at for at, name in enumerate(graph.nodes)}
    found = [0] * len(graph.nodes)
    for one, row in graph.near.items():
        for two in row:
            if one != two:
                found[place[one]] |= 1 << place[two]
                found[place[two]] |= 1 << place[one]
    return found


def largest_clique(near: list[int], budget: Budget) -> int:
    """The size of the largest set of nodes that are all neighbours of each other.

    Branch and bound with a greedy colouring as the bound.
    """
    best = 0

    def bound_order(candidates: int) -> list[tuple[int, int]]:
        """Candidates in an order in which the second number bounds a clique of those up to it."""
        order: list[tuple[int, int]] = []
        colour = 0
        while candidates:
            colour += 1
            free = candidates
            while free:
                bit = free & -free
                node = bit.bit_length() - 1
                order.append((node, colour))
                candidates ^= bit
                free = (free ^ bit) & ~near[node]
        return order

    def grow(size: int, candidates: int) -> None:
        nonlocal best
        best = max(best, size)
        for node, colour in reversed(bound_order(candidates)):
            budget.spend()
            if size + colour <= best:
                return
            grow(size + 1, candidates & near[node])
            candidates &= ~(1 << node)

    grow(0, (1 << len(near)) - 1)
    return best


def chromatic_number(near: list[int], budget: Budget) -> int:
    """The least number of colours with which neighbours can differ."""
    n = len(near)
    if n == 0:
        return 0
    colours = max(1, largest_clique(near, budget))
    while not _colourable(near, colours, budget):
        colours += 1
    return colours


def _colourable(near: list[int], colours: int, budget: Budget) -> bool:
    of: dict[int, int] = {}

    def extend(used: int) -> bool:
        if len(of) == len(near):
            return True
        budget.spend(1 + len(near) * len(of) // 20)  # what the next line takes, roughly
        node, taken = _most_constrained(near, of)
        for colour in range(min(used + 1, colours)):
            if colour not in taken:
                of[node] = colour
                if extend(max(used, colour + 1)):
                    return True
                del of[node]
        return False

    return extend(0)


def _most_constrained(near: list[int], of: Mapping[int, int]) -> tuple[int, set[int]]:
    best = (-1, -1, -1)
    chosen: set[int] = set()
    for node, others in enumerate(near):
        if node in of:
            continue
        taken = {colour for other, colour in of.items() if others >> other & 1}
        if (len(taken), others.bit_count(), -node) > best:
            best, chosen = (len(taken), others.bit_count(), -node), taken
    return -best[2], chosen


def smallest_cover(sets: list[int], everything: int, budget: Budget, *, exact: bool) -> int | None:
    """The least number of sets whose union is everything, or None where there is no cover.

    Args:
        sets: members as bits.
        everything: what is to be covered.
        budget: of steps.
        exact: every element must be in exactly one chosen set.
    """
    best: int | None = None
    widest = max((item.bit_count() for item in sets), default=0)
    holders = [[s for s in sets if s >> bit & 1] for bit in range(everything.bit_length())]

    def extend(open_bits: int, chosen: int) -> None:
        nonlocal best
        if not open_bits:
            best = chosen if best is None else min(best, chosen)
            return
        budget.spend(1 + open_bits.bit_count() // 2)  # what the search below takes, roughly
        if best is not None and chosen + -(-open_bits.bit_count() // widest) >= best:
            return
        rarest: list[int] | None = None
        rest = open_bits
        while rest:
            bit = rest & -rest
            rest ^= bit
            usable = holders[bit.bit_length() - 1]
            if exact:
                usable = [s for s in usable if not s & everything & ~open_bits]
            if rarest is None or len(usable) < len(rarest):
                rarest = usable
        for item in sorted(rarest or [], key=lambda s: -(s & open_bits).bit_count()):
            extend(open_bits & ~item, chosen + 1)

    extend(everything, 0)
    return best
