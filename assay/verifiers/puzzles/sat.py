"""Satisfiability: complete assignments, and unsatisfiability only where it is shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused, too_big
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.clauses import Clause, check_proof, count_models
from assay.verifiers.puzzles.lists import listed, phrase, read_assignment, read_list
from assay.verifiers.puzzles.search import Budget, OutOfBudget

_VARIABLES = 10_000
_CLAUSES = 50_000
_SEARCH_STEPS = 1_500_000  # literals looked at; about half a second
_LITERAL = re.compile(r"-?[1-9][0-9]{0,8}")
_NAMED = re.compile(r"x?_?\{?([1-9][0-9]{0,8})\}?")
_UNSAT = re.compile(r"(?:s )?(?:unsatisfiable|unsat)", re.I)
_VALUES = {"true": True, "t": True, "1": True, "false": False, "f": False, "0": False}


class Formula(NamedTuple):
    """Clauses over the variables 1 to `variables`; a negative number is a negated variable."""

    variables: int
    clauses: tuple[Clause, ...]


@dataclass(frozen=True)
class SatVerifier(PuzzleVerifier[Formula]):
    """Whether an assignment satisfies every clause, or a claim that none does is shown.

    An assignment gives every variable: literals (`1 -2 3`, `v 1 -2 3 0`, JSON), or
    `x1 = true, x2 = false`. "unsatisfiable" is accepted where the verifier's own search is complete
    (else it is `unproven`), or with a proof on the lines behind it: clauses in DRAT form, each of
    literals with 0 at the end, `d` before a deletion, the empty clause `0` at the end.

    Attributes:
        clauses: lists of literals, or a text in DIMACS form.
        variables: how many there are; None: the largest in the clauses.

    Example:
        >>> SatVerifier([[1, -2], [2]]).verify("1 2").passed
        True
    """

    name = "sat"
    claim = "sat"
    needs = ("clauses",)
    says_none = True

    clauses: str | Listed | None = None
    variables: int | None = None

    def read_goal(self, given: dict[str, Any]) -> Formula:
        """The clauses, checked."""
        clauses = given["clauses"]
        rows = _dimacs(clauses) if isinstance(clauses, str) else listed(clauses, "clauses")
        if len(rows) > _CLAUSES:
            raise TaskError(f"The formula has {len(rows)} clauses; {_CLAUSES} can be judged.")
        read = tuple(_clause(row) for row in rows)
        most = max((abs(literal) for row in read for literal in row), default=0)
        variables = most if given["variables"] is None else given["variables"]
        if type(variables) is not int or not max(most, 1) <= variables <= _VARIABLES:
            raise TaskError(
                f"variables={shorten(variables)} is not a whole number from {max(most, 1)} to "
                f"{_VARIABLES}."
            )
        return Formula(variables, read)

    def rule(self, goal: Formula, text: str) -> Ruling:
        """Judge an assignment, or a claim that there is none."""
        first, _, proof = text.partition("\n")
        if _UNSAT.fullmatch(phrase(first).rstrip(".:")):
            return self._unsatisfiable(goal, proof.strip())
        value = _read_values(text, goal.variables, self.limits)
        canonical = " ".join(str(n if value[n] else -n) for n in sorted(value))
        if len(value) < goal.variables:
            return Ruling("incomplete", "A variable has no value.", canonical)
        if any(not any(value[abs(n)] == (n > 0) for n in row) for row in goal.clauses):
            return Ruling("clause", "A clause is not satisfied.", canonical)
        return Ruling("", "Every clause is satisfied.", canonical)

    def _unsatisfiable(self, goal: Formula, proof: str) -> Ruling:
        if proof:
            steps = _read_proof(proof, self.limits)
            try:
                fault = check_proof(goal.clauses, steps, Budget(_SEARCH_STEPS))
            except OutOfBudget:
                raise too_big("The proof takes too much work to check.") from None
            if fault:
                return Ruling("proof", fault, "unsatisfiable")
            return Ruling("", "The proof shows that no assignment works.", "unsatisfiable")
        count = self.count_solutions(goal)
        if count is None:
            raise Refused(
                "That no assignment works was neither shown nor refuted: a proof is needed.",
                "unproven",
            )
        if count:
            return Ruling("satisfiable", "Some assignment satisfies every clause.", "unsatisfiable")
        return Ruling("", "A complete search finds no assignment.", "unsatisfiable")

    def count_solutions(self, goal: Formula) -> int | None:
        """By search, up to two."""
        try:
            return count_models(goal.clauses, goal.variables, Budget(_SEARCH_STEPS), 2)
        except OutOfBudget:
            return None


def _dimacs(text: str) -> list[list[int]]:
    numbers: list[int] = []
    for line in text.splitlines():
        if line[:1] in ("c", "p", "%"):
            continue
        for token in line.split():
            if token != "0" and not _LITERAL.fullmatch(token):
                raise TaskError(f"The clause {shorten(line)} is not in DIMACS form.")
            numbers.append(int(token))
    rows: list[list[int]] = [[]]
    for number in numbers:
        if number:
            rows[-1].append(number)
        else:
            rows.append([])
    if rows.pop():
        raise TaskError("The last clause of the DIMACS text does not end with 0.")
    return rows


def _clause(row: Any) -> Clause:
    literals = listed(row, "clause")
    if any(type(n) is not int or n == 0 or abs(n) > _VARIABLES for n in literals):
        raise TaskError(f"The clause {shorten(row)} is not a list of whole numbers other than 0.")
    return tuple(dict.fromkeys(cast("list[int]", literals)))


def _read_values(text: str, variables: int, limits: Limits) -> dict[int, bool]:
    if "=" in text or ":" in text:
        value: dict[int, bool] = {}
        for name, written in read_assignment(text, limits).items():
            known = _NAMED.fullmatch(name)
            if known is None or int(known[1]) > variables or written.casefold() not in _VALUES:
                raise Refused(f"'{name[:40]}' is no variable of the task, or its value is none.")
            if int(known[1]) in value:
                raise Refused(f"The variable {known[1]} is set twice.")
            value[int(known[1])] = _VALUES[written.casefold()]
        return value
    lines = [line.strip().removeprefix("v ") for line in text.splitlines()]
    tokens = read_list(" ".join(lines), limits, spaced=True)
    if tokens and tokens[-1] == "0":
        tokens.pop()
    literals: dict[int, bool] = {}
    for token in tokens:
        if not _LITERAL.fullmatch(token) or abs(int(token)) > variables:
            raise Refused(f"'{token[:40]}' is no literal of the formula.")
        if abs(int(token)) in literals:
            raise Refused(f"The variable {abs(int(token))} is set twice.")
        literals[abs(int(token))] = int(token) > 0
    return literals


def _read_proof(text: str, limits: Limits) -> list[tuple[bool, Clause]]:
    """The steps of a proof: whether a clause is deleted, and its literals, the first one first."""
    steps: list[tuple[bool, Clause]] = []
    for line in text.splitlines():
        tokens = line.split()
        deleted = bool(tokens) and tokens[0] == "d"
        body = tokens[1:] if deleted else tokens
        if not body or body[-1] != "0" or not all(map(_LITERAL.fullmatch, body[:-1])):
            raise Refused("A line of the proof is not literals with 0 at the end.")
        steps.append((deleted, tuple(dict.fromkeys(map(int, body[:-1])))))
        if len(steps) > limits.entries:
            raise too_big("The proof has too many steps.")
    return steps
