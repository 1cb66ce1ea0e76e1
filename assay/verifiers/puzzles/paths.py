"""Paths: every step is an edge, and the cost is held against the optimum computed here."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.graphs import Graph, count_shortest, distances, read_graph
from assay.verifiers.puzzles.lists import (
    exact_number,
    node_name,
    phrase,
    read_list,
    refuse_unknown,
    shown,
)
from assay.verifiers.rational import write


class Way(NamedTuple):
    """A graph with two of its nodes, the optimum between them, and the most a path may cost."""

    graph: Graph
    start: str
    goal: str
    optimum: Fraction | None
    most: Fraction | None


@dataclass(frozen=True)
class PathVerifier(PuzzleVerifier[Way]):
    """Whether a list of nodes is a path as the task wants it.

    "no path" (any case) is accepted where there is none; with a bound, where none costs as little.

    Attributes:
        edges: `[from, to]` or `[from, to, cost]`; costs are at least 0, and 1 where none is given.
        start, goal: the ends of the path.
        objective: "shortest" (the default): the cost is the least there is; "any": any path; a
            number: the cost is at most that.
        directed: edges lead one way only; the default.

    Example:
        >>> PathVerifier([("S", "A", 2), ("A", "T", 2)], "S", "T").verify("S -> A -> T").passed
        True
    """

    name = "path"
    claim = "path"
    needs = ("edges", "start", "goal")
    says_none = True

    edges: Listed | None = None
    start: str | int | None = None
    goal: str | int | None = None
    objective: str | int | float | Fraction | None = None
    directed: bool | None = None

    def read_goal(self, given: dict[str, Any]) -> Way:
        """Graph and ends, checked; the optimum, computed."""
        directed = True if given["directed"] is None else bool(given["directed"])
        graph = read_graph(given["edges"], directed=directed)
        start, goal = node_name(given["start"], "start"), node_name(given["goal"], "goal")
        optimum = distances(graph, start).get(goal)
        objective = "shortest" if given["objective"] is None else given["objective"]
        if objective == "shortest":
            return Way(graph, start, goal, optimum, optimum)
        if objective == "any":
            return Way(graph, start, goal, optimum, None)
        if isinstance(objective, str):
            raise TaskError(f"objective={shorten(objective)} is not 'shortest', 'any' or a number.")
        return Way(graph, start, goal, optimum, exact_number(objective, "objective"))

    def rule(self, goal: Way, text: str) -> Ruling:
        """Follow the path edge by edge."""
        expected = "" if goal.optimum is None else write(goal.optimum)
        if phrase(text) == "no path":
            return self._none(goal, expected)
        names = read_list(text, self.limits)
        if not names:
            raise Refused("The list of nodes is empty.")
        refuse_unknown(names, (*goal.graph.nodes, goal.start, goal.goal), "node")
        canonical = shown(names)
        if names[0] != goal.start or names[-1] != goal.goal:
            return Ruling("ends", "The path does not lead from the start to the goal.", canonical)
        cost = Fraction(0)
        for one, two in pairwise(names):
            step = goal.graph.near.get(one, {}).get(two)
            if step is None:
                return Ruling("edge", "A step of the path is no edge of the graph.", canonical)
            cost += step
        if goal.most is not None and cost > goal.most:
            return Ruling("cost", f"The path costs {write(cost)}, too much.", canonical, expected)
        return Ruling("", f"The path holds and costs {write(cost)}.", canonical, expected)

    def _none(self, goal: Way, expected: str) -> Ruling:
        if goal.optimum is None or (goal.most is not None and goal.optimum > goal.most):
            return Ruling("", "There is no such path.", "no path", expected)
        return Ruling("exists", "There is a path.", "no path", expected)

    def count_solutions(self, goal: Way) -> int | None:
        """Shortest paths up to two."""
        if goal.optimum is None or (goal.most is not None and goal.optimum > goal.most):
            return 0
        if goal.most != goal.optimum:
            return None
        return count_shortest(goal.graph, goal.start, goal.goal)
