"""Chess: positions in FEN, every legal move, moves in long (`e2e4`) or standard (`Nf3`) notation.

Squares are numbers from 0 (a1) to 63 (h8), row by row.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.lists import read_list

START = "rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR w KQkq - 0 1"
_LONG = re.compile(r"([a-h][1-8])([a-h][1-8])([qrbn])?")
_STANDARD = re.compile(
    r"(?:(?P<castle>[O0]-[O0](?:-[O0])?)|(?P<piece>[KQRBN])?(?P<file>[a-h])?(?P<rank>[1-8])?"
    r"(?P<takes>x)?(?P<to>[a-h][1-8])(?:=?(?P<promoted>[QRBN]))?)(?P<says>[+#])?"
)
_NUMBER = re.compile(r"[0-9]{1,3}\.(?:\.\.)?")
_STRAIGHT = ((1, 0), (-1, 0), (0, 1), (0, -1))
_SLANTED = ((1, 1), (1, -1), (-1, 1), (-1, -1))
_JUMPS = ((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2))
_RAYS = {"r": _STRAIGHT, "b": _SLANTED, "q": _STRAIGHT + _SLANTED}
# King's way, what must be empty, the rook's way: by the letter of the right to castle.
_CASTLES = {
    "K": (4, 6, (5, 6), 7, 5),
    "Q": (4, 2, (1, 2, 3), 0, 3),
    "k": (60, 62, (61, 62), 63, 61),
    "q": (60, 58, (57, 58, 59), 56, 59),
}


class Move(NamedTuple):
    """From where to where, and what a pawn becomes (a small letter, or empty)."""

    start: int
    end: int
    promoted: str = ""


class Position(NamedTuple):
    """64 letters (capital for white, `.` empty), the side to move, rights, the square passed."""

    board: str
    white: bool
    rights: str
    passed: int  # where a pawn may be taken in passing, or -1


@dataclass(frozen=True)
class ChessGame:
    """Chess from any position in FEN; the default is the beginning of a game.

    `+` and `#` behind a move must be true where they stand, and may be left out.
    """

    players: int = 2

    def begin(self, position: Any) -> Position:
        """Read a FEN."""
        return read_fen(START if position is None else position)

    def split(self, text: str, limits: Limits) -> list[str]:
        """Moves between spaces or commas, with or without their numbers."""
        moves = read_list(text, limits, spaced=True)
        bare = [_NUMBER.sub("", move, count=1).strip() for move in moves]
        return [move for move in bare if move]

    def play(self, state: Position, move: str) -> Position | None:
        """Make a move."""
        long, standard = _LONG.fullmatch(move), _STANDARD.fullmatch(move)
        if long is not None:
            wanted = Move(_index(long[1]), _index(long[2]), long[3] or "")
            found = [move for move in legal_moves(state) if move == wanted]
        elif standard is not None:
            found = [move for move in legal_moves(state) if _is_meant(state, move, standard)]
        else:
            raise Refused(f"'{move[:40]}' is no move in chess notation.")
        if len(found) != 1:
            return None
        after = _after(state, found[0])
        says = standard["says"] if standard is not None and long is None else None
        if says and not in_check(after):
            return None
        return None if says == "#" and self.result(after) != "won" else after

    def successors(self, state: Position) -> Iterator[Position]:
        """Every legal move."""
        for move in legal_moves(state):
            yield _after(state, move)

    def result(self, state: Position) -> str:
        """Mate or stalemate; draws by claim, repetition or material are not known here."""
        if next(legal_moves(state), None) is not None:
            return ""
        return "won" if in_check(state) else "drawn"


def read_fen(text: Any) -> Position:
    """The position of a FEN; the counters of moves may be left out.

    Raises:
        TaskError: it is none, or cannot come up.
    """
    fault = TaskError(f"position={shorten(text)} is not a chess position in FEN.")
    parts = text.split() if isinstance(text, str) else []
    if not 2 <= len(parts) <= 6 or parts[1] not in ("w", "b"):
        raise fault
    rows = [re.sub("[1-8]", lambda m: "." * int(m.group()), row) for row in parts[0].split("/")]
    board = "".join(reversed(rows))
    if len(rows) != 8 or any(len(row) != 8 for row in rows) or set(board) - set("PNBRQKpnbrqk."):
        raise fault
    pawns_at_ends = set(board[:8] + board[56:]) & set("Pp")
    if board.count("K") != 1 or board.count("k") != 1 or pawns_at_ends:
        raise fault
    given = parts[2] if len(parts) > 2 else "-"
    rights = "".join(right for right in "KQkq" if right in given and _may_castle(board, right))
    passed = parts[3] if len(parts) > 3 else "-"
    if not re.fullmatch(r"-|[KQkq]{1,4}", given) or not re.fullmatch(r"-|[a-h][36]", passed):
        raise fault
    white = parts[1] == "w"
    square = -1 if passed == "-" else _index(passed)
    if square >= 0 and (board[square] != "." or board[square - (8 if white else -8)] not in "Pp"):
        raise fault
    position = Position(board, white, rights, square)
    if in_check(position._replace(white=not white)):
        raise TaskError(f"position={shorten(text)}: the side that has moved is in check.")
    return position


def in_check(position: Position) -> bool:
    """Whether the king of the side to move is attacked."""
    king = position.board.index("K" if position.white else "k")
    return _attacked(position.board, king, by_white=not position.white)


def legal_moves(position: Position) -> Iterator[Move]:
    """Every legal move of the side to move."""
    for move in _moves(position):
        if not in_check(_after(position, move)._replace(white=position.white)):
            yield move
    yield from _castling(position)


def _moves(position: Position) -> Iterator[Move]:
    """Moves by the pieces' steps alone; castling is apart."""
    for start, piece in enumerate(position.board):
        if piece == "." or piece.isupper() is not position.white:
            continue
        kind = piece.lower()
        if kind == "p":
            for end in _pawn_ends(position, start):
                if end // 8 in (0, 7):
                    yield from (Move(start, end, promoted) for promoted in "qrbn")
                else:
                    yield Move(start, end)
            continue
        for end in _reach(position.board, start, kind):
            target = position.board[end]
            if target == "." or target.isupper() is not position.white:
                yield Move(start, end)


def _pawn_ends(position: Position, start: int) -> Iterator[int]:
    step = 8 if position.white else -8
    if position.board[start + step] == ".":
        yield start + step
        first = start // 8 == (1 if position.white else 6)
        if first and position.board[start + 2 * step] == ".":
            yield start + 2 * step
    for side in (-1, 1):
        if 0 <= start % 8 + side < 8:
            end = start + step + side
            target = position.board[end]
            passes = end == position.passed and end // 8 == (5 if position.white else 2)
            if passes or (target != "." and target.isupper() is not position.white):
                yield end


def _reach(board: str, start: int, kind: str) -> Iterator[int]:
    """The squares that a piece attacks, up to and with the first piece on its way."""
    column, row = start % 8, start // 8
    far = kind in _RAYS
    steps = _RAYS[kind] if far else _JUMPS if kind == "n" else _RAYS["q"]
    for dc, dr in steps:
        c, r = column + dc, row + dr
        while 0 <= c < 8 and 0 <= r < 8:
            yield 8 * r + c
            if not far or board[8 * r + c] != ".":
                break
            c, r = c + dc, r + dr


def _attacked(board: str, square: int, *, by_white: bool) -> bool:
    """Whether a side attacks a square: by looking from there as each kind of piece."""
    shape = str.upper if by_white else str.lower
    for kinds, seen_as in (("rq", "r"), ("bq", "b"), ("n", "n"), ("k", "k")):
        wanted = {shape(kind) for kind in kinds}
        if any(board[end] in wanted for end in _reach(board, square, seen_as)):
            return True
    row = square // 8 + (-1 if by_white else 1)
    return 0 <= row < 8 and any(
        0 <= column < 8 and board[8 * row + column] == shape("p")
        for column in (square % 8 - 1, square % 8 + 1)
    )


def _castling(position: Position) -> Iterator[Move]:
    for right in position.rights:
        if right.isupper() is not position.white:
            continue
        start, end, empty, _, _ = _CASTLES[right]
        if any(position.board[square] != "." for square in empty):
            continue
        way = range(min(start, end), max(start, end) + 1)
        if not any(_attacked(position.board, at, by_white=not position.white) for at in way):
            yield Move(start, end)


def _may_castle(board: str, right: str) -> bool:
    start, _, _, rook, _ = _CASTLES[right]
    king = "K" if right.isupper() else "k"
    return board[start] == king and board[rook] == ("R" if right.isupper() else "r")


def _after(position: Position, move: Move) -> Position:
    board = list(position.board)
    piece = board[move.start]
    board[move.end], board[move.start] = piece, "."
    passed = -1
    if piece in "Pp":
        if move.end == position.passed:
            board[move.end + (-8 if piece == "P" else 8)] = "."
        if abs(move.end - move.start) == 16:
            passed = (move.start + move.end) // 2
        if move.promoted:
            board[move.end] = move.promoted.upper() if piece == "P" else move.promoted
    if piece in "Kk" and abs(move.end - move.start) == 2:
        _, _, _, rook, place = next(c for c in _CASTLES.values() if c[1] == move.end)
        board[place], board[rook] = board[rook], "."
    text = "".join(board)
    rights = "".join(right for right in position.rights if _may_castle(text, right))
    return Position(text, not position.white, rights, passed)


def _is_meant(position: Position, move: Move, said: re.Match[str]) -> bool:
    """Whether a legal move is the one that standard notation names."""
    piece = position.board[move.start].upper()
    if said["castle"]:
        columns = move.end - move.start
        return piece == "K" and columns == (2 if len(said["castle"]) == 3 else -2)
    if piece == "K" and abs(move.end - move.start) == 2:
        return False
    takes = position.board[move.end] != "." or (piece == "P" and move.end % 8 != move.start % 8)
    name = f"{chr(97 + move.start % 8)}{move.start // 8 + 1}"
    return (
        piece == (said["piece"] or "P")
        and move.end == _index(said["to"])
        and said["file"] in (None, name[0])
        and said["rank"] in (None, name[1])
        and takes == bool(said["takes"])
        and move.promoted.upper() == (said["promoted"] or "")
    )


def _index(name: str) -> int:
    return 8 * (int(name[1]) - 1) + ord(name[0]) - 97
