"""Colourings of graphs: every node, no two neighbours alike, few enough colours.

Where a task names no bound the optimum is computed here, by exact search with a budget of steps;
a task whose optimum is out of reach is faulty without a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.core.errors import TaskError
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.graphs import Graph, chromatic_number, masks, read_graph
from assay.verifiers.puzzles.lists import (
    distinct_names,
    read_assignment,
    refuse_unknown,
    shown,
    whole,
)
from assay.verifiers.puzzles.search import none_below, optimum


class Colouring(NamedTuple):
    """A graph, the names of its colours (empty: any), and how many of them may be used."""

    graph: Graph
    colours: frozenset[str]
    most: int


@dataclass(frozen=True)
class ColouringVerifier(PuzzleVerifier[Colouring]):
    """Whether every node has a colour, neighbours have different ones, and they are few enough.

    Attributes:
        edges: pairs of nodes.
        nodes: further nodes.
        colours: how many colours may be used, under any names; or a list of their names; None: no
            more than are needed.

    Example:
        >>> ColouringVerifier([("A", "B"), ("B", "C")]).verify("A=red, B=blue, C=red").passed
        True
    """

    name = "colouring"
    claim = "colouring"
    needs = ("edges",)

    edges: Listed | None = None
    colours: int | Listed | None = None
    nodes: Listed | None = None

    def read_goal(self, given: dict[str, Any]) -> Colouring:
        """Graph and colours, checked."""
        graph = read_graph(given["edges"], given["nodes"])
        if any(one in row for one, row in graph.near.items()):
            raise TaskError("A node of the graph is its own neighbour, so no colouring exists.")
        colours = given["colours"]
        if colours is None:
            least = optimum(graph.nodes, lambda budget: chromatic_number(masks(graph), budget))
            return Colouring(graph, frozenset(), least)
        if isinstance(colours, list | tuple):
            names = distinct_names(colours, "colour")
            return Colouring(graph, frozenset(names), len(names))
        return Colouring(graph, frozenset(), whole(colours, "colours", 1))

    def rule(self, goal: Colouring, text: str) -> Ruling:
        """Every node, every edge, then the number of colours."""
        colour = read_assignment(text, self.limits)
        refuse_unknown(colour, goal.graph.nodes, "node")
        if goal.colours:
            refuse_unknown(colour.values(), goal.colours, "colour")
        canonical = shown(f"{node}={value}" for node, value in sorted(colour.items()))
        expected = str(goal.most)
        if len(colour) < len(goal.graph.nodes):
            return Ruling("incomplete", "A node has no colour.", canonical, expected)
        for one, row in goal.graph.near.items():
            if any(colour[one] == colour[two] for two in row):
                return Ruling("edge", "Two neighbours have one colour.", canonical, expected)
        if len(set(colour.values())) > goal.most:
            return Ruling("size", "Too many colours are used.", canonical, expected)
        return Ruling("", "Neighbours differ, and the colours are few enough.", canonical, expected)

    def count_solutions(self, goal: Colouring) -> int | None:
        """0 where the colours are too few; else not known."""
        return none_below(
            goal.graph.nodes, lambda budget: chromatic_number(masks(goal.graph), budget), goal.most
        )
