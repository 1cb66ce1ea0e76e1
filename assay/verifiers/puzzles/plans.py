"""Plans: each action is carried out in a simulated state, and the goal must hold at the end."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from assay.core.errors import TaskError
from assay.core.types import Limits
from assay.verifiers.characters import Refused, too_big
from assay.verifiers.documents import read_json
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.domains import (
    Action,
    Condition,
    Domain,
    Fact,
    State,
    bound_condition,
    read_conditions,
    read_domain,
    read_facts,
)
from assay.verifiers.puzzles.lists import phrase, whole
from assay.verifiers.puzzles.search import Budget, OutOfBudget

_STEPS = 150_000  # actions tried in a search; about half a second
_GROUND = 20_000
_NUMBERED = re.compile(r"([0-9]{1,4})[.):]\s+")
_CALL = re.compile(r"([^\s(),]++)\s*+\(([^()]*+)\)")
_BETWEEN = re.compile(r"\)\s*+,?\s*+(?=\S)")


class Task(NamedTuple):
    """A domain, the state to begin with, what must hold at the end, and the most steps allowed."""

    domain: Domain
    initial: State
    goal: tuple[Condition, ...]
    most: int | None


@dataclass(frozen=True)
class PlanVerifier(PuzzleVerifier[Task]):
    """Whether a sequence of actions leads from the initial state to the goal.

    The answer has one action on each line (or between semicolons), as `move a b`, `(move a b)` or
    `move(a, b)`, with or without the lines' numbers; or it is a JSON array of such texts. An action
    or object that the domain does not have makes it unreadable. "no plan" is accepted where a
    complete search finds none, and `unproven` where the search is not complete.

    Attributes:
        domain: `{"objects": {"room": ["a", "b"]}, "actions": {"move": {"parameters": ["?x - room",
            "?y - room"], "preconditions": ["at ?x", "not locked ?y", "?x != ?y"], "effects":
            ["not at ?x", "at ?y"]}}}`. Objects without types are a list; parameters then have no
            type. Effects that delete come before those that add.
        initial: the facts that hold at first, such as `at a`.
        goal: the facts that must hold at the end; `not at a` for one that must not.
        bound: the most steps; "shortest": no more than are needed; None: any number.
    """

    name = "plan"
    claim = "plan"
    needs = ("domain", "initial", "goal")
    says_none = True

    domain: Mapping[str, Any] | None = None
    initial: Listed | None = None
    goal: Listed | None = None
    bound: int | Literal["shortest"] | None = None

    def read_goal(self, given: dict[str, Any]) -> Task:
        """Domain, state and goal, checked; the shortest length, searched where it is asked for."""
        initial = read_facts(given["initial"], "initial")
        goal = read_conditions(given["goal"], "goal")
        if not goal or any(condition.kind == "differ" for condition in goal):
            raise TaskError("The goal of a plan is a list of facts, at least one.")
        domain = read_domain(given["domain"], [*initial, *(c.fact for c in goal)])
        task = Task(domain, frozenset(initial), goal, None)
        bound = given["bound"]
        if bound is None:
            return task
        if bound != "shortest":
            return task._replace(most=whole(bound, "bound"))
        try:
            least = _shortest(task, Budget(_STEPS))
        except OutOfBudget:
            raise TaskError(
                "The task is too large to compute its shortest plan: give it a bound."
            ) from None
        if least is None:
            raise TaskError("The task has no plan.")
        return task._replace(most=least)

    def rule(self, goal: Task, text: str) -> Ruling:
        """Carry out one action after the other."""
        if phrase(text) == "no plan":
            return self._none(goal)
        steps = _read_steps(text, goal.domain, self.limits)
        canonical = "; ".join(" ".join((action.name, *objects)) for action, objects in steps)
        state = goal.initial
        for at, (action, objects) in enumerate(steps, 1):
            after = action.apply(state, objects)
            if after is None:
                return Ruling("inapplicable", f"Action {at} cannot be carried out.", canonical)
            state = after
        if not all(condition.holds(state) for condition in goal.goal):
            return Ruling("goal", "The goal does not hold at the end.", canonical)
        if goal.most is not None and len(steps) > goal.most:
            return Ruling("length", "The plan has too many actions.", canonical, str(goal.most))
        return Ruling("", "The plan can be carried out and reaches the goal.", canonical)

    def _none(self, goal: Task) -> Ruling:
        count = self.count_solutions(goal)
        if count is None:
            raise Refused("That there is no plan was neither shown nor refuted.", "unproven")
        if count:
            return Ruling("exists", "There is a plan.", "no plan")
        return Ruling("", "A complete search finds no plan.", "no plan")

    def count_solutions(self, goal: Task) -> int | None:
        """0 where no plan within the bound exists, 2 where one does; None where not known.

        A plan is rarely the only one, and whether it is would be no use to know.
        """
        try:
            least = _shortest(goal, Budget(_STEPS))
        except OutOfBudget:
            return None
        return 0 if least is None or (goal.most is not None and least > goal.most) else 2


def _read_steps(text: str, domain: Domain, limits: Limits) -> list[tuple[Action, tuple[str, ...]]]:
    written = _documented(text, limits) if text.startswith("[") else _lines(text)
    if len(written) > limits.entries:
        raise too_big("The plan has too many actions.")
    steps: list[tuple[Action, tuple[str, ...]]] = []
    for step in written:
        words = _words(step)
        if not words or words[0] not in domain.actions:
            raise Refused(f"'{step[:40]}' is no action of the task.")
        action, objects = domain.actions[words[0]], tuple(words[1:])
        if len(objects) != len(action.kinds):
            raise Refused(f"The action '{step[:40]}' has the wrong number of objects.")
        for name, kind in zip(objects, action.kinds, strict=True):
            if name not in domain.objects.get(kind, frozenset()):
                raise Refused(f"'{name[:40]}' is no object that '{action.name}' takes.")
        steps.append((action, objects))
    return steps


def _documented(text: str, limits: Limits) -> list[str]:
    value = read_json(text, limits)
    items = cast("list[Any]", value) if isinstance(value, list) else [value]
    if not all(isinstance(item, str) for item in items):
        raise Refused("The JSON is no array of texts.")
    return [item.strip() for item in items]


def _lines(text: str) -> list[str]:
    parts = [part.strip() for part in re.split(r"[;\n]", _BETWEEN.sub(")\n", text))]
    lines = [part for part in parts if part]
    numbers = [_NUMBERED.match(line) for line in lines]
    if not any(numbers):
        return lines
    if [int(found[1]) if found else 0 for found in numbers] != list(range(1, len(lines) + 1)):
        raise Refused("The numbers of the lines do not count 1, 2, 3.")
    return [line[found.end() :] for line, found in zip(lines, numbers, strict=True) if found]


def _words(step: str) -> list[str]:
    if step.startswith("(") and step.endswith(")"):
        step = step[1:-1].strip()
    call = _CALL.fullmatch(step)
    if call is None:
        return [] if set(step) & set("(),") else step.split()
    inner = call[2].strip()
    return [call[1], *(part.strip() for part in inner.split(","))] if inner else [call[1]]


def _shortest(task: Task, budget: Budget) -> int | None:
    """The length of a shortest plan, or None where there is none; breadth first.

    Raises:
        OutOfBudget: the search was not complete.
    """
    ground = list(_ground(task.domain))
    seen = {task.initial}
    queue = deque([(task.initial, 0)])
    while queue:
        state, depth = queue.popleft()
        if all(condition.holds(state) for condition in task.goal):
            return depth
        budget.spend(len(ground))
        for action, objects in ground:
            after = action.apply(state, objects)
            if after is not None and after not in seen:
                seen.add(after)
                queue.append((after, depth + 1))
    return None


def _ground(domain: Domain) -> Iterator[tuple[Action, tuple[str, ...]]]:
    """Every action with every choice of objects whose own conditions can hold."""
    count = 0
    for action in domain.actions.values():
        choices: list[tuple[str, ...]] = [()]
        for kind in action.kinds:
            names = sorted(domain.objects.get(kind, frozenset()))
            if len(choices) * len(names) > _GROUND:
                raise OutOfBudget
            choices = [(*chosen, name) for chosen in choices for name in names]
        for chosen in choices:
            binding = dict(zip(action.variables, chosen, strict=True))
            differ = [c for c in action.conditions if c.kind == "differ"]
            if all(bound_condition(c, binding).holds(frozenset[Fact]()) for c in differ):
                count += 1
                if count > _GROUND:
                    raise OutOfBudget
                yield action, chosen
