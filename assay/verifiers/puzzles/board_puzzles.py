"""Board games for one: queens, the knight's tour, peg solitaire."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.board_games import Square, fields_of, name_of, square_of
from assay.verifiers.puzzles.lists import listed, read_list, whole

_JUMP = re.compile(r"([a-z][1-9][0-9]?)[-x]?([a-z][1-9][0-9]?)")
_KNIGHT = ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2))
_ENGLISH = "  ooo  /  ooo  /ooooooo/ooo.ooo/ooooooo/  ooo  /  ooo  "


class Queens(NamedTuple):
    """The size of the board, the queens on it, and given ones that the answer has not named."""

    size: int
    placed: frozenset[Square]
    unnamed: frozenset[Square]


@dataclass(frozen=True)
class QueensGame:
    """As many queens as rows, none of which attacks another.

    A position is the size, or `{"size": 8, "given": ["a1"]}`. The answer names squares, given ones
    or not; or it has one number for each column, the row of its queen.
    """

    players: int = 1

    def begin(self, position: Any) -> Queens:
        """Read size and given queens."""
        fields = fields_of(position, {"size", "given"}, {"size": 8})
        size = whole(fields["size"], "size", 1)
        if size > 26:
            raise TaskError("Boards of up to 26 columns can be judged.")
        state = Queens(size, frozenset(), frozenset())
        for name in listed(fields.get("given", []), "given"):
            after = self.play(state, str(name))
            if after is None:
                raise TaskError(
                    f"The given queen on {shorten(name)} is attacked, or off the board."
                )
            state = after
        return state._replace(unnamed=state.placed)

    def split(self, text: str, limits: Limits) -> list[str]:
        """Squares, or rows by column."""
        moves = read_list(text, limits, spaced=True)
        if all(move.isascii() and move.isdecimal() for move in moves) and len(moves) <= 26:
            return [f"{chr(97 + column)}{row}" for column, row in enumerate(moves)]
        return moves

    def play(self, state: Queens, move: str) -> Queens | None:
        """Place a queen that attacks no other."""
        column, row = square = square_of(move)
        if square in state.unnamed:
            return state._replace(unnamed=state.unnamed - {square})
        if not (0 <= column < state.size and 0 <= row < state.size):
            return None
        if any(c == column or r == row or abs(c - column) == abs(r - row) for c, r in state.placed):
            return None
        return state._replace(placed=state.placed | {square})

    def successors(self, state: Queens) -> Iterator[Queens]:
        """Queens in the first column without one: each solution comes up once."""
        used = {column for column, _ in state.placed}
        column = next((c for c in range(state.size) if c not in used), state.size)
        for row in range(state.size):
            after = self.play(state, name_of((column, row)))
            if after is not None:
                yield after

    def result(self, state: Queens) -> str:
        """Solved when every column has its queen."""
        return "solved" if len(state.placed) == state.size else ""


class Tour(NamedTuple):
    """Columns and rows, the squares visited so far, where it must begin, and whether it closes."""

    size: tuple[int, int]
    visited: tuple[Square, ...]
    start: Square | None
    closed: bool


@dataclass(frozen=True)
class KnightGame:
    """A knight visits every square once.

    A position is `{"size": [5, 5], "start": "a1", "closed": false}`: columns and rows; where the
    tour begins (left out: anywhere); whether the last square must be a knight's move from the
    first. The answer names all squares in order, the first one included.
    """

    players: int = 1

    def begin(self, position: Any) -> Tour:
        """Read the size of the board and where to begin."""
        fields = fields_of(position, {"size", "start", "closed"}, {"size": [8, 8]})
        size = [whole(n, "size", 1) for n in listed(fields["size"], "size")]
        if len(size) != 2 or max(size) > 26:
            raise TaskError("size is not columns and rows of at most 26.")
        start = fields.get("start")
        state = Tour((size[0], size[1]), (), None, bool(fields.get("closed")))
        if start is None:
            return state
        if self.play(state, str(start)) is None:
            raise TaskError(f"The start {shorten(start)} is not on the board.")
        return state._replace(start=square_of(str(start)))

    def split(self, text: str, limits: Limits) -> list[str]:
        """Squares between spaces, commas or arrows."""
        return read_list(text, limits, spaced=True)

    def play(self, state: Tour, move: str) -> Tour | None:
        """Step to a square that was not visited."""
        return self._step(state, square_of(move))

    def _step(self, state: Tour, square: Square) -> Tour | None:
        inside = 0 <= square[0] < state.size[0] and 0 <= square[1] < state.size[1]
        if not inside or square in state.visited:
            return None
        if state.visited:
            if not _knight_apart(state.visited[-1], square):
                return None
        elif state.start not in (None, square):
            return None
        return state._replace(visited=(*state.visited, square))

    def successors(self, state: Tour) -> Iterator[Tour]:
        """A knight's moves; at first, every square where it may begin."""
        if state.visited:
            column, row = state.visited[-1]
            squares = [(column + dc, row + dr) for dc, dr in _KNIGHT]
        else:
            squares = [(c, r) for c in range(state.size[0]) for r in range(state.size[1])]
        for square in squares:
            after = self._step(state, square)
            if after is not None:
                yield after

    def result(self, state: Tour) -> str:
        """Solved when every square was visited, and a closed tour can go on to its first."""
        if len(state.visited) < state.size[0] * state.size[1]:
            return ""
        if state.closed and not _knight_apart(state.visited[-1], state.visited[0]):
            return ""
        return "solved"


class Pegs(NamedTuple):
    """The squares of the board, those with a peg, and where the last one must end."""

    board: frozenset[Square]
    pegs: frozenset[Square]
    last: Square | None


@dataclass(frozen=True)
class PegGame:
    """A peg jumps over its neighbour into a hole, and the neighbour is taken away; one stays.

    A position is a text of rows from the top, with `o` for a peg, `.` for a hole and a space or `#`
    where there is no board, or `{"board": …, "last": "d4"}`; left out: the English board. A move is
    `d2-d4`.
    """

    players: int = 1

    def begin(self, position: Any) -> Pegs:
        """Read rows of pegs and holes."""
        if isinstance(position, str):
            position = {"board": position}
        fields = fields_of(position, {"board", "last"}, {"board": _ENGLISH})
        rows = str(fields["board"]).replace("\n", "/").split("/")
        if set("".join(rows)) - set("o. #") or len(rows) > 99 or max(map(len, rows)) > 26:
            raise TaskError("A board of pegs is rows of 'o', '.', and '#' or spaces.")
        cells = {
            (c, len(rows) - 1 - r): mark
            for r, row in enumerate(rows)
            for c, mark in enumerate(row)
            if mark in "o."
        }
        pegs = frozenset(square for square, mark in cells.items() if mark == "o")
        last = None if fields.get("last") is None else square_of(str(fields["last"]))
        if len(pegs) < 2 or (last is not None and last not in cells):
            raise TaskError("A board of pegs needs two pegs, and 'last' must be on it.")
        return Pegs(frozenset(cells), pegs, last)

    def split(self, text: str, limits: Limits) -> list[str]:
        """Jumps between spaces or commas."""
        return read_list(text, limits, spaced=True)

    def play(self, state: Pegs, move: str) -> Pegs | None:
        """Jump."""
        found = _JUMP.fullmatch(move)
        if found is None:
            raise Refused(f"'{move[:40]}' is no jump such as d2-d4.")
        return self._jump(state, square_of(found[1]), square_of(found[2]))

    def _jump(self, state: Pegs, start: Square, end: Square) -> Pegs | None:
        between = (start[0] + end[0]) // 2, (start[1] + end[1]) // 2
        apart = sorted((abs(start[0] - end[0]), abs(start[1] - end[1])))
        if apart != [0, 2] or not {start, between} <= state.pegs or end in state.pegs:
            return None
        if end not in state.board:
            return None
        return state._replace(pegs=(state.pegs - {start, between}) | {end})

    def successors(self, state: Pegs) -> Iterator[Pegs]:
        """Every jump."""
        for column, row in sorted(state.pegs):
            for dc, dr in ((2, 0), (-2, 0), (0, 2), (0, -2)):
                after = self._jump(state, (column, row), (column + dc, row + dr))
                if after is not None:
                    yield after

    def result(self, state: Pegs) -> str:
        """Solved when one peg is left, at its place."""
        alone = len(state.pegs) == 1
        return "solved" if alone and (state.last is None or state.last in state.pegs) else ""


def _knight_apart(one: Square, two: Square) -> bool:
    return sorted((abs(one[0] - two[0]), abs(one[1] - two[1]))) == [1, 2]
