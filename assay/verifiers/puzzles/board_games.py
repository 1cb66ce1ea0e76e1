"""What a board asks of a game, and games in which two players set marks in a line.

Squares have a letter for the column and a number for the row, counted from the bottom: `a1`.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol, cast

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.lists import read_list

_SQUARE = re.compile(r"([a-z])([1-9][0-9]?)")
_ACROSS = ((1, 0), (0, 1), (1, 1), (1, -1))
Square = tuple[int, int]  # column and row, from 0


class Game(Protocol):
    """What a board asks of a game. A state is a value that nothing changes."""

    @property
    def players(self) -> int:
        """1 or 2."""
        ...

    def begin(self, position: Any) -> Hashable:
        """The state of a task's position; raises `TaskError` where it is none."""
        ...

    def split(self, text: str, limits: Limits) -> list[str]:
        """The moves of an answer, as written."""
        ...

    def play(self, state: Any, move: str) -> Hashable | None:
        """The state after a move; None: it is against the rules; raises `Refused`: no move."""
        ...

    def successors(self, state: Any) -> Iterator[Hashable]:
        """The states after each legal move."""
        ...

    def result(self, state: Any) -> str:
        """`won` by the player who moved last, `drawn`, `solved`, or empty where it goes on."""
        ...


class Marks(NamedTuple):
    """Marks by square, and whose turn it is."""

    board: frozenset[tuple[Square, str]]
    turn: str


@dataclass(frozen=True)
class LineGame:
    """Two players set marks in turn; the first with enough of them in a line has won.

    A position is a text of rows from the top, with `X`, `O` and `.`; X begins. A move is a square;
    with gravity, the number of a column, counted from 1; on 3×3, also 1 to 9 from the top left.
    """

    columns: int
    rows: int
    length: int
    gravity: bool = False
    players: int = 2

    def begin(self, position: Any) -> Marks:
        """Read rows of marks; the turn follows from their numbers."""
        text = "." * (self.columns * self.rows) if position is None else str(position)
        marks = "".join(text.replace("/", " ").split()).upper()
        if len(marks) != self.columns * self.rows or set(marks) - set("XO."):
            raise TaskError(
                f"position={shorten(position)} is not {self.rows} rows of {self.columns} marks."
            )
        cells = {
            (at % self.columns, self.rows - 1 - at // self.columns): mark
            for at, mark in enumerate(marks)
            if mark != "."
        }
        ahead = marks.count("X") - marks.count("O")
        state = Marks(frozenset(cells.items()), "O" if ahead else "X")
        floats = self.gravity and any(r and (c, r - 1) not in cells for c, r in cells)
        if (
            ahead not in (0, 1)
            or floats
            or self._has_line(cells, "X")
            or self._has_line(cells, "O")
        ):
            raise TaskError(f"position={shorten(position)} cannot come up while a game goes on.")
        return state

    def split(self, text: str, limits: Limits) -> list[str]:
        """Moves between spaces, commas or arrows."""
        return read_list(text, limits, spaced=True)

    def play(self, state: Marks, move: str) -> Marks | None:
        """Set the mark of the player whose turn it is."""
        cells = dict(state.board)
        if self.result(state):
            return None
        square = self._square(move, cells)
        if square in cells or not self._inside(square):
            return None
        return Marks(state.board | {(square, state.turn)}, "XO"[state.turn == "X"])

    def _square(self, move: str, cells: Mapping[Square, str]) -> Square:
        if move.isascii() and move.isdecimal() and len(move) < 3:
            number = int(move) - 1
            if self.gravity:
                return number, next((r for r in range(self.rows) if (number, r) not in cells), -1)
            if (self.columns, self.rows) == (3, 3):
                return number % 3, 2 - number // 3
        if self.gravity:
            raise Refused(f"'{move[:40]}' is no column.")
        return square_of(move)

    def _inside(self, square: Square) -> bool:
        return 0 <= square[0] < self.columns and 0 <= square[1] < self.rows

    def successors(self, state: Marks) -> Iterator[Marks]:
        """Every open square, or every open column."""
        if self.gravity:
            moves = [str(column + 1) for column in range(self.columns)]
        else:
            moves = [name_of((c, r)) for c in range(self.columns) for r in range(self.rows)]
        for move in moves:
            after = self.play(state, move)
            if after is not None:
                yield after

    def result(self, state: Marks) -> str:
        """Whether the player who moved last has a line, or the board is full."""
        if self._has_line(dict(state.board), "XO"[state.turn == "X"]):
            return "won"
        return "drawn" if len(state.board) == self.columns * self.rows else ""

    def _has_line(self, cells: Mapping[Square, str], mark: str) -> bool:
        return any(
            all(cells.get((c + dc * i, r + dr * i)) == mark for i in range(self.length))
            for (c, r), there in cells.items()
            if there == mark
            for dc, dr in _ACROSS
        )


def square_of(text: str) -> Square:
    """The square that a text such as `c4` names.

    Raises:
        Refused: it names none.
    """
    found = _SQUARE.fullmatch(text)
    if found is None:
        raise Refused(f"'{text[:40]}' is no square.")
    return ord(found[1]) - 97, int(found[2]) - 1


def name_of(square: Square) -> str:
    """The name of a square."""
    return f"{chr(97 + square[0])}{square[1] + 1}"


def fields_of(position: Any, known: set[str], default: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a task's position; anything but a mapping stands for the first of them.

    Raises:
        TaskError: a field that the game does not have.
    """
    if position is None:
        return dict(default)
    whole_of_it = isinstance(position, Mapping)
    found = cast("Mapping[str, Any]", position) if whole_of_it else {next(iter(default)): position}
    if not set(found) <= known:
        raise TaskError(f"position={shorten(found)} has a field other than {sorted(known)}.")
    return {**default, **found}
