"""Sudoku: the givens stand, and every row, column and box is a permutation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.lists import listed
from assay.verifiers.puzzles.search import Budget, OutOfBudget

_BOXES = {4: (2, 2), 6: (2, 3), 8: (2, 4), 9: (3, 3)}  # rows and columns of a box
_BETWEEN = str.maketrans("", "", "|,[]-")
_BLANK = frozenset("0._*")
_SEARCH_STEPS = 200_000  # placements tried; ordinary puzzles need a few hundred


class Puzzle(NamedTuple):
    """The givens row by row, 0 where a cell is open, and the groups of cells that must differ."""

    size: int
    cells: tuple[int, ...]
    groups: tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class SudokuVerifier(PuzzleVerifier[Puzzle]):
    """Whether a grid solves a sudoku.

    Attributes:
        puzzle: size² characters in a text (`0`, `.`, `_` or `*` for an open cell; white space and
            `| , [ ] -` do not count), or a list of rows of numbers (0 or None for an open cell).
        size: 4, 6, 8 or 9 (the default); boxes of 2×2, 2×3, 2×4, 3×3.

    Example:
        >>> SudokuVerifier("1... ..3. 2... ...4", size=4).verify("1423 4231 2341 3124").code
        'sudoku.group'
    """

    name = "sudoku"
    claim = "sudoku"
    needs = ("puzzle",)
    fenced: ClassVar[bool] = False

    puzzle: str | Listed | None = None
    size: int | None = None

    def read_goal(self, given: dict[str, Any]) -> Puzzle:
        """The givens, checked."""
        size = 9 if given["size"] is None else given["size"]
        if type(size) is not int or size not in _BOXES:
            raise TaskError(f"size={shorten(size)} is not a size of sudoku: expected 4, 6, 8 or 9.")
        cells = _cells(given["puzzle"], size)
        puzzle = Puzzle(size, cells, _groups(size))
        if _clash(puzzle, cells):
            raise TaskError("Two givens of the sudoku contradict each other.")
        return puzzle

    def rule(self, goal: Puzzle, text: str) -> Ruling:
        """Count the digits, then look at givens and groups."""
        digits = "".join(text.translate(_BETWEEN).split())
        if not digits.isascii() or not digits.isdecimal():
            raise Refused("The grid holds something else than digits and lines.")
        if len(digits) != goal.size**2:
            raise Refused(f"The grid has {len(digits)} digits; {goal.size**2} were expected.")
        cells = tuple(map(int, digits))
        if any(want and want != cell for want, cell in zip(goal.cells, cells, strict=True)):
            return Ruling("given", "A given digit was changed.", digits)
        wanted = set(range(1, goal.size + 1))
        if any({cells[at] for at in group} != wanted for group in goal.groups):
            return Ruling("group", "A row, column or box does not hold every digit once.", digits)
        return Ruling("", "The grid keeps the givens and every rule.", digits)

    def count_solutions(self, goal: Puzzle) -> int | None:
        """By search, up to two."""
        try:
            return _count(goal, list(goal.cells), Budget(_SEARCH_STEPS), 2)
        except OutOfBudget:
            return None


def _cells(given: Any, size: int) -> tuple[int, ...]:
    if isinstance(given, str):
        marks: list[Any] = list("".join(given.translate(_BETWEEN).split()))
    else:
        marks = []
        for row in listed(given, "puzzle"):
            marks += row if isinstance(row, list | tuple) else [row]
    if len(marks) != size**2:
        raise TaskError(f"The sudoku has {len(marks)} cells; size {size} needs {size**2}.")
    return tuple(_cell(mark, size) for mark in marks)


def _cell(mark: Any, size: int) -> int:
    if mark is None or (type(mark) is str and mark in _BLANK):
        return 0
    if type(mark) is str and len(mark) == 1 and mark.isascii() and mark.isdecimal():
        mark = int(mark)
    if type(mark) is not int or not 0 <= mark <= size:
        raise TaskError(f"The sudoku's cell {shorten(mark)} is no digit from 1 to {size}.")
    return mark


def _groups(size: int) -> tuple[tuple[int, ...], ...]:
    high, wide = _BOXES[size]
    rows = [tuple(range(r * size, (r + 1) * size)) for r in range(size)]
    columns = [tuple(range(c, size * size, size)) for c in range(size)]
    boxes = [
        tuple((top + r) * size + left + c for r in range(high) for c in range(wide))
        for top in range(0, size, high)
        for left in range(0, size, wide)
    ]
    return (*rows, *columns, *boxes)


def _clash(puzzle: Puzzle, cells: tuple[int, ...]) -> bool:
    for group in puzzle.groups:
        there = [cells[at] for at in group if cells[at]]
        if len(set(there)) != len(there):
            return True
    return False


def _count(puzzle: Puzzle, cells: list[int], budget: Budget, most: int) -> int:
    """Solutions up to `most`: the open cell with the fewest candidates first."""
    seen_by: list[set[int]] = [set() for _ in cells]
    for group in puzzle.groups:
        for at in group:
            seen_by[at].update(other for other in group if other != at)

    def count(most: int) -> int:
        best: tuple[int, list[int]] | None = None
        for at, digit in enumerate(cells):
            if digit:
                continue
            taken = {cells[other] for other in seen_by[at]}
            open_digits = [d for d in range(1, puzzle.size + 1) if d not in taken]
            if best is None or len(open_digits) < len(best[1]):
                best = at, open_digits
                if len(open_digits) < 2:
                    break
        if best is None:
            return 1
        found = 0
        for digit in best[1]:
            budget.spend()
            cells[best[0]] = digit
            found += count(most - found)
            if found >= most:
                break
        cells[best[0]] = 0
        return found

    return count(most)
