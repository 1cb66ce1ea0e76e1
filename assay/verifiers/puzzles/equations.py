"""Systems of equations: the values are put in, with exact arithmetic."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from assay.core.errors import TaskError
from assay.verifiers.characters import Refused, too_big
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.expressions import Relation, linear, names_in, read_relation
from assay.verifiers.puzzles.lists import (
    distinct_names,
    listed,
    phrase,
    read_assignment,
    read_list,
    read_number,
    refuse_unknown,
    shown,
)
from assay.verifiers.rational import write

_SIZE = 100  # equations and variables
_DIGITS = 2_000  # of all values together; powers of them are worked out


class System(NamedTuple):
    """Relations that must all hold, the variables in order, and whether values are whole."""

    relations: tuple[Relation, ...]
    variables: tuple[str, ...]
    whole: bool


@dataclass(frozen=True)
class EquationSystemVerifier(PuzzleVerifier[System]):
    """Whether values solve every equation of a task, exactly.

    The answer sets every variable (`x = 3, y = -1/2`, or JSON), or is a tuple of values in their
    order, or one value where there is one variable. "no solution" is accepted where elimination
    shows it: linear equations without a common solution; elsewhere it is `unproven`.

    Attributes:
        equations: texts such as `2x + 3y = 7`; also with `!=`, `<`, `<=`, `>` or `>=`.
        variables: their names in order; None: as they appear.
        whole: values must be whole numbers.

    Example:
        >>> EquationSystemVerifier(["x + y = 3", "x - y = 1"]).verify("(2, 1)").passed
        True
    """

    name = "equations"
    claim = "equations"
    needs = ("equations",)
    says_none = True

    equations: Listed | None = None
    variables: Listed | None = None
    whole: bool | None = None

    def read_goal(self, given: dict[str, Any]) -> System:
        """The equations, read."""
        relations = tuple(map(read_relation, listed(given["equations"], "equations")))
        used = [name for r in relations for side in (r.left, r.right) for name in names_in(side)]
        variables = tuple(dict.fromkeys(used))
        if given["variables"] is not None:
            variables = distinct_names(given["variables"], "variable")
        if not relations or not variables or not set(used) <= set(variables):
            raise TaskError("The task has no equations, no variables, or one that is not listed.")
        if max(len(relations), len(variables)) > _SIZE:
            raise TaskError(f"Systems of up to {_SIZE} equations and variables can be judged.")
        return System(relations, variables, bool(given["whole"]))

    def rule(self, goal: System, text: str) -> Ruling:
        """Read the values and put them in."""
        if phrase(text) == "no solution":
            return self._none(goal)
        values = self._values(goal, text)
        if sum(len(write(value)) for value in values.values()) > _DIGITS:
            raise too_big("The values have too many digits.")
        canonical = shown(f"{name}={write(value)}" for name, value in values.items())
        if len(values) < len(goal.variables):
            return Ruling("incomplete", "A variable has no value.", canonical)
        if goal.whole and any(value.denominator != 1 for value in values.values()):
            return Ruling("fraction", "A value is not a whole number.", canonical)
        for relation in goal.relations:
            holds = relation.holds(values)
            if not holds:
                word = "undefined" if holds is None else "equation"
                return Ruling(word, "An equation of the task does not hold.", canonical)
        return Ruling("", "Every equation holds.", canonical)

    def _values(self, goal: System, text: str) -> dict[str, Fraction]:
        if "=" in text or ":" in text:
            written = read_assignment(text, self.limits)
            refuse_unknown(written, goal.variables, "variable")
        else:
            tokens = read_list(text, self.limits)
            if len(tokens) != len(goal.variables) or (len(tokens) > 1 and text[0] not in "([$\\"):
                raise Refused("The answer is neither an assignment nor a tuple of all values.")
            written = dict(zip(goal.variables, tokens, strict=True))
        found = {name: read_number(value, self.limits) for name, value in written.items()}
        return {name: found[name] for name in goal.variables if name in found}

    def _none(self, goal: System) -> Ruling:
        count = self.count_solutions(goal)
        if count is None:
            raise Refused("That there is no solution was neither shown nor refuted.", "unproven")
        if count:
            return Ruling("exists", "There is a solution.", "no solution")
        return Ruling("", "There is no solution.", "no solution")

    def count_solutions(self, goal: System) -> int | None:
        """By elimination over the equations that are linear; None where they do not decide."""
        rows: list[dict[str, Fraction]] = []
        all_linear = True
        for relation in goal.relations:
            row = linear(("-", relation.left, relation.right)) if relation.sign == "=" else None
            if row is None:
                all_linear = False
            else:
                rows.append(row)
        solved = eliminate(rows, goal.variables)
        if solved is None:
            return 0
        if len(solved) == len(goal.variables):
            fits = not goal.whole or all(value.denominator == 1 for value in solved.values())
            return int(fits and all(relation.holds(solved) for relation in goal.relations))
        return 2 if all_linear and not goal.whole else None


def eliminate(
    rows: Sequence[dict[str, Fraction]], variables: Sequence[str]
) -> dict[str, Fraction] | None:
    """The variables that linear equations determine, or None where they contradict each other.

    Args:
        rows: coefficients by name, the constant under the empty name; each row is 0.
        variables: in the order of elimination.
    """
    left = [dict(row) for row in rows]
    pivots: dict[str, dict[str, Fraction]] = {}
    for name in variables:
        at = next((i for i, row in enumerate(left) if row.get(name)), None)
        if at is None:
            continue
        pivot = left.pop(at)
        pivot = {n: c / pivot[name] for n, c in pivot.items() if c}
        left = [_without(row, pivot, name) for row in left]
        pivots = {n: _without(row, pivot, name) for n, row in pivots.items()}
        pivots[name] = pivot
    if any(row.get("") for row in left):
        return None
    return {
        name: -row.get("", Fraction(0)) for name, row in pivots.items() if set(row) <= {name, ""}
    }


def _without(
    row: dict[str, Fraction], pivot: dict[str, Fraction], name: str
) -> dict[str, Fraction]:
    factor = row.get(name, Fraction(0))
    if not factor:
        return row
    changed = {n: row.get(n, Fraction(0)) - factor * pivot.get(n, 0) for n in {**row, **pivot}}
    return {n: c for n, c in changed.items() if c}
