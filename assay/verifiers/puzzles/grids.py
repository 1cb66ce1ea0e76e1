"""Grids of any shape and alphabet: givens first, then the task's own rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, VerifierError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused, too_big
from assay.verifiers.documents import read_json
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.lists import distinct_names, listed, node_name, whole

Rows = tuple[tuple[str, ...], ...]
_CELLS = 1_000


class Grid(NamedTuple):
    """Rows and columns, the symbols (in the order of the alphabet), givens by place, the rule."""

    shape: tuple[int, int]
    alphabet: tuple[str, ...]
    givens: dict[tuple[int, int], str]
    rule: Callable[[Rows], bool] | None


@dataclass(frozen=True)
class GridVerifier(PuzzleVerifier[Grid]):
    r"""Whether a grid has the task's shape and symbols, keeps its givens, and fulfils its rule.

    The answer has one line for each row, with spaces, commas or `|` between the cells (or nothing,
    where every symbol is one character); or it is a JSON array of rows.

    Attributes:
        shape: rows and columns.
        alphabet: the symbols that may stand in a cell: a list, or a text of single characters.
        givens: a grid of the same shape with None, "" or "." for an open cell; None: no givens.
        predicate: decides about the rows, as a tuple of tuples of symbols; it must return a bool,
            and be a module's own function where the verifier is sent to other processes. "latin":
            every symbol once in every row and column. None: nothing more is asked.

    Example:
        >>> GridVerifier((2, 2), "ab", predicate="latin").verify("ab\nba").passed
        True
    """

    name = "grid"
    claim = "grid"
    needs = ("shape", "alphabet")

    shape: Listed | None = None
    alphabet: str | Listed | None = None
    givens: Listed | None = None
    predicate: Callable[[Any], bool] | str | None = None

    def read_goal(self, given: dict[str, Any]) -> Grid:
        """Shape, alphabet and givens, checked."""
        shape = [whole(size, "shape", 1) for size in listed(given["shape"], "shape")]
        if len(shape) != 2 or shape[0] * shape[1] > _CELLS:
            raise TaskError(f"shape={shape} is not rows and columns of up to {_CELLS} cells.")
        alphabet = given["alphabet"]
        names = distinct_names(list(alphabet) if isinstance(alphabet, str) else alphabet, "symbol")
        if any(set(name) & set(" \t\n,|") for name in names) or not names:
            raise TaskError("A symbol of the alphabet holds a space, comma or bar.")
        rule = cast("Callable[[Rows], bool] | str | None", given["predicate"])
        if rule == "latin":
            rule = _latin(names)
        if rule is not None and not callable(rule):
            raise TaskError(f"predicate={shorten(rule)} is neither a function nor 'latin'.")
        givens = _givens(given["givens"], (shape[0], shape[1]), names)
        return Grid((shape[0], shape[1]), names, givens, rule)

    def rule(self, goal: Grid, text: str) -> Ruling:
        """Shape, symbols, givens, then the rule."""
        rows = _read_rows(text, goal, self.limits)
        canonical = "\n".join(" ".join(row) for row in rows)
        if [len(row) for row in rows] != [goal.shape[1]] * goal.shape[0]:
            raise Refused(f"The grid is not {goal.shape[0]} rows of {goal.shape[1]} cells.")
        if any(rows[r][c] != symbol for (r, c), symbol in goal.givens.items()):
            return Ruling("given", "A given cell was changed.", canonical)
        if goal.rule is not None:
            holds = cast(object, goal.rule(rows))
            if type(holds) is not bool:
                raise VerifierError("The predicate of a grid must return True or False.")
            if not holds:
                return Ruling("rule", "The task's rule does not hold.", canonical)
        return Ruling("", "The grid keeps the givens and the rule.", canonical)


def _latin(names: tuple[str, ...]) -> Callable[[Rows], bool]:
    wanted = set(names)

    def every_symbol_once(rows: Rows) -> bool:
        lines = [*rows, *zip(*rows, strict=True)]
        return all(len(line) == len(wanted) and set(line) == wanted for line in lines)

    return every_symbol_once


def _givens(
    given: Any, shape: tuple[int, int], names: tuple[str, ...]
) -> dict[tuple[int, int], str]:
    found: dict[tuple[int, int], str] = {}
    if given is None:
        return found
    rows = [
        list(row) if isinstance(row, str) else listed(row, "givens")
        for row in listed(given, "givens")
    ]
    if [len(row) for row in rows] != [shape[1]] * shape[0]:
        raise TaskError(f"givens={shorten(given)} does not have the shape of the grid.")
    for r, row in enumerate(rows):
        for c, cell in enumerate(row):
            value: Any = cell
            if value is None or (value in ("", ".") and value not in names):
                continue
            symbol = node_name(value, "symbol")
            if symbol not in names:
                raise TaskError(f"The given {shorten(value)} is no symbol of the alphabet.")
            found[r, c] = symbol
    return found


def _read_rows(text: str, goal: Grid, limits: Limits) -> Rows:
    single = all(len(name) == 1 for name in goal.alphabet)
    if text.startswith("[") and "[" not in goal.alphabet:
        rows = [_cells(row, single) for row in _document(text, limits)]
    else:
        lines = [line.strip() for line in text.splitlines()]
        rows = [_split(line, single) for line in lines if line]
    if sum(map(len, rows)) > limits.entries:
        raise too_big("The grid has too many cells.")
    known = frozenset(goal.alphabet)
    for row in rows:
        for cell in row:
            if cell not in known:
                raise Refused(f"'{cell[:40]}' is no symbol of the grid.")
    return tuple(rows)


def _document(text: str, limits: Limits) -> list[Any]:
    value = read_json(text, limits)
    return cast("list[Any]", value) if isinstance(value, list) else []


def _cells(row: Any, single: bool) -> tuple[str, ...]:
    if isinstance(row, str) and single:
        return tuple(row)
    if not isinstance(row, list):
        raise Refused("A row of the JSON is no array.")
    return tuple(str(cell) for cell in cast("list[Any]", row) if isinstance(cell, str | int))


def _split(line: str, single: bool) -> tuple[str, ...]:
    parts = line.replace("|", " ").replace(",", " ").split()
    if single:
        return tuple("".join(parts))
    return tuple(parts)
