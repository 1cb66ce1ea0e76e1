"""Covers, cliques and matchings: valid, and as good as a bound or the optimum.

Where a task names no bound the optimum is computed here, by exact search with a budget of steps;
a task whose optimum is out of reach is faulty without a bound.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.blossom import largest_matching
from assay.verifiers.puzzles.graphs import Graph, largest_clique, masks, read_graph, smallest_cover
from assay.verifiers.puzzles.lists import (
    distinct_names,
    node_name,
    read_list,
    read_pairs,
    refuse_unknown,
    shown,
    whole,
)
from assay.verifiers.puzzles.search import Budget, none_below, optimum


class Cover(NamedTuple):
    """Members of each set as bits, all elements, and how many sets may be chosen."""

    sets: Mapping[str, int]
    everything: int
    most: int
    exact: bool


@dataclass(frozen=True)
class CoverVerifier(PuzzleVerifier[Cover]):
    """Whether chosen sets cover everything, and are few enough.

    Attributes:
        sets: members of each named set. With `edges` instead, nodes are chosen that touch every
            edge (a vertex cover).
        edges: pairs of nodes.
        elements: what is to be covered; None: whatever is a member of some set.
        bound: how many sets may be chosen; None: as few as possible.
        exact: every element is in exactly one chosen set.
    """

    name = "cover"
    claim = "cover"
    either = ("sets", "edges")

    sets: Mapping[str, Any] | None = None
    edges: Listed | None = None
    elements: Listed | None = None
    bound: int | None = None
    exact: bool | None = None

    def read_goal(self, given: dict[str, Any]) -> Cover:
        """The sets, checked."""
        if (given["sets"] is None) == (given["edges"] is None):
            raise TaskError("A cover needs either sets or edges: give one of them.")
        members = _members(given["sets"], given["edges"])
        elements = sorted({name for row in members.values() for name in row})
        if given["elements"] is not None:
            elements = sorted(distinct_names(given["elements"], "element"))
        place = {name: at for at, name in enumerate(elements)}
        sets = {
            name: sum(1 << place[element] for element in row if element in place)
            for name, row in members.items()
        }
        everything, exact = (1 << len(elements)) - 1, bool(given["exact"])
        if given["bound"] is not None:
            return Cover(sets, everything, whole(given["bound"], "bound"), exact)
        least = optimum(
            members,
            lambda budget: smallest_cover(list(sets.values()), everything, budget, exact=exact),
        )
        if least is None:
            raise TaskError("No choice of the sets covers everything.")
        return Cover(sets, everything, least, exact)

    def rule(self, goal: Cover, text: str) -> Ruling:
        """Every element, then overlaps, then the number of sets."""
        names = read_list(text, self.limits)
        refuse_unknown(names, goal.sets, "set")
        canonical, expected = shown(sorted(names)), str(goal.most)
        if len(set(names)) != len(names):
            return Ruling("twice", "A set is chosen twice.", canonical, expected)
        covered = total = 0
        for name in names:
            covered |= goal.sets[name]
            total += goal.sets[name].bit_count()
        if covered != goal.everything:
            return Ruling("open", "Something is not covered.", canonical, expected)
        if goal.exact and total != covered.bit_count():
            return Ruling("overlap", "Two chosen sets overlap.", canonical, expected)
        if len(names) > goal.most:
            return Ruling("size", "Too many are chosen.", canonical, expected)
        return Ruling("", "Everything is covered, by few enough.", canonical, expected)

    def count_solutions(self, goal: Cover) -> int | None:
        """0 where nothing covers everything within the bound; else not known."""

        def least(budget: Budget) -> int:
            found = smallest_cover(
                list(goal.sets.values()), goal.everything, budget, exact=goal.exact
            )
            return goal.most + 1 if found is None else found

        return none_below(goal.sets, least, goal.most)


class Clique(NamedTuple):
    """A graph, how many nodes are wanted, and whether none or all of them are neighbours."""

    graph: Graph
    least: int
    independent: bool


@dataclass(frozen=True)
class CliqueVerifier(PuzzleVerifier[Clique]):
    """Whether chosen nodes are all neighbours of each other, and enough.

    Attributes:
        edges: pairs of nodes.
        nodes: further nodes.
        bound: how many nodes are wanted at least; None: as many as possible.
        independent: no two chosen nodes are neighbours (an independent set).
    """

    name = "clique"
    claim = "clique"
    needs = ("edges",)

    edges: Listed | None = None
    bound: int | None = None
    independent: bool | None = None
    nodes: Listed | None = None

    def read_goal(self, given: dict[str, Any]) -> Clique:
        """The graph, checked."""
        graph, independent = read_graph(given["edges"], given["nodes"]), bool(given["independent"])
        if given["bound"] is not None:
            return Clique(graph, whole(given["bound"], "bound", 1), independent)
        goal = Clique(graph, 1, independent)
        return goal._replace(least=optimum(graph.nodes, lambda budget: _largest(goal, budget)))

    def rule(self, goal: Clique, text: str) -> Ruling:
        """Every pair, then the number of nodes."""
        names = read_list(text, self.limits)
        refuse_unknown(names, goal.graph.nodes, "node")
        canonical, expected = shown(sorted(names)), str(goal.least)
        if len(set(names)) != len(names):
            return Ruling("twice", "A node is chosen twice.", canonical, expected)
        if len(names) < goal.least:
            return Ruling("size", "Too few nodes are chosen.", canonical, expected)
        for at, one in enumerate(names):
            row = goal.graph.near[one]
            if goal.independent and one in row:
                return Ruling("pair", "A chosen node is its own neighbour.", canonical, expected)
            if any((two in row) == goal.independent for two in names[at + 1 :]):
                fault = "are neighbours" if goal.independent else "are no neighbours"
                return Ruling("pair", f"Two chosen nodes {fault}.", canonical, expected)
        return Ruling("", "The chosen nodes fit together, and are enough.", canonical, expected)

    def count_solutions(self, goal: Clique) -> int | None:
        """0 where so many nodes cannot be found; else not known."""
        return none_below(goal.graph.nodes, lambda budget: -_largest(goal, budget), -goal.least)


class Matching(NamedTuple):
    """A graph and how many pairs are wanted."""

    graph: Graph
    least: int


@dataclass(frozen=True)
class MatchingVerifier(PuzzleVerifier[Matching]):
    """Whether pairs are edges that share no node, and enough.

    Attributes:
        edges: pairs of nodes; the order within a pair does not count.
        bound: how many pairs are wanted at least; None: as many as possible.
    """

    name = "matching"
    claim = "matching"
    needs = ("edges",)

    edges: Listed | None = None
    bound: int | None = None

    def read_goal(self, given: dict[str, Any]) -> Matching:
        """The graph, checked."""
        graph = read_graph(given["edges"])
        if given["bound"] is not None:
            return Matching(graph, whole(given["bound"], "bound", 1))
        return Matching(graph, optimum(graph.nodes, lambda _: _most_pairs(graph)))

    def rule(self, goal: Matching, text: str) -> Ruling:
        """Every pair, then their number."""
        pairs = read_pairs(text, self.limits)
        names = [name for pair in pairs for name in pair]
        refuse_unknown(names, goal.graph.nodes, "node")
        canonical = shown(sorted("-".join(sorted(pair)) for pair in pairs))
        expected = str(goal.least)
        if any(one == two or two not in goal.graph.near[one] for one, two in pairs):
            return Ruling("edge", "A pair is no edge of the graph.", canonical, expected)
        if len(set(names)) != len(names):
            return Ruling("shared", "A node is in two pairs.", canonical, expected)
        if len(pairs) < goal.least:
            return Ruling("size", "There are too few pairs.", canonical, expected)
        return Ruling(
            "", "The pairs are edges that share no node, and enough.", canonical, expected
        )

    def count_solutions(self, goal: Matching) -> int | None:
        """0 where so many pairs cannot be found; else not known."""
        return none_below(goal.graph.nodes, lambda _: -_most_pairs(goal.graph), -goal.least)


def _members(sets: Any, edges: Any) -> dict[str, set[str]]:
    if edges is not None:
        graph = read_graph(edges)
        found: dict[str, set[str]] = {name: set() for name in graph.nodes}
        for one, row in graph.near.items():
            for two in row:
                found[one].add("\0".join(sorted((one, two))))
        return found
    if not isinstance(sets, Mapping):
        raise TaskError("sets is not a mapping from the name of each set to its members.")
    items = cast("Mapping[Any, Any]", sets).items()
    return {node_name(name, "set"): set(distinct_names(row, "element")) for name, row in items}


def _largest(goal: Clique, budget: Budget) -> int:
    near = masks(goal.graph)
    if not goal.independent:
        return largest_clique(near, budget)
    own = [name in goal.graph.near[name] for name in goal.graph.nodes]
    free = sum(1 << at for at, loop in enumerate(own) if not loop)
    kept = [at for at, loop in enumerate(own) if not loop]
    apart = [free & ~near[at] & ~(1 << at) for at in kept]
    # Bits of nodes with loops are left out: squeeze the others together.
    squeezed = [sum(1 << new for new, old in enumerate(kept) if row >> old & 1) for row in apart]
    return largest_clique(squeezed, budget)


def _most_pairs(graph: Graph) -> int:
    place = {name: at for at, name in enumerate(graph.nodes)}
    return largest_matching(
        [[place[two] for two in graph.near[one] if two != one] for one in graph.nodes]
    )
