"""Board games: the rules against known counts, and moves against the rules."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.verifiers import BoardVerifier
from assay.verifiers.puzzles.board_games import LineGame
from assay.verifiers.puzzles.boards import GAMES
from assay.verifiers.puzzles.chess import START, ChessGame, legal_moves, read_fen

CHESS = ChessGame()

# Positions and numbers that chess programs are commonly checked with.
COUNTS = [
    (START, [20, 400, 8902]),
    ("r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1", [48, 2039]),
    ("8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1", [14, 191, 2812]),
    ("r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1", [6, 264, 9467]),
    ("rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8", [44, 1486]),
    ("r4rk1/1pp1qppp/p1np1n2/2b1p1B1/2B1P1b1/P1NP1N2/1PP1QPPP/R4RK1 w - - 0 10", [46, 2079]),
]


def leaves(state: Any, depth: int) -> int:
    return 1 if depth == 0 else sum(leaves(s, depth - 1) for s in CHESS.successors(state))


@pytest.mark.parametrize(("fen", "counts"), COUNTS, ids=range(len(COUNTS)))
def test_chess_has_as_many_moves_as_is_known(fen: str, counts: list[int]):
    assert [leaves(read_fen(fen), depth) for depth in range(1, len(counts) + 1)] == counts


def test_tic_tac_toe_has_as_many_positions_as_is_known():
    game = LineGame(3, 3, 3)
    states = {game.begin(None)}
    seen = set(states)
    while states:
        states = {s for state in states for s in game.successors(state)} - seen
        seen |= states
    assert len(seen) == 5_478


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("e4 e5 Nf3", "correct"),
        ("1. e4 e5 2. Nf3 Nc6", "correct"),
        ("1.e4 e5 2.Nf3", "correct"),
        ("e2e4, e7e5, g1f3", "correct"),
        ("f3 e5 g4 Qh4#", "correct"),
        ("f3 e5 g4 Qh4", "correct"),
        ("e4 e5 Bc4 Bc5 Nf3 Nf6 O-O", "correct"),
        ("e4 e5 Bc4 Bc5 Nf3 Nf6 e1g1", "correct"),
        ("e4 a6 e5 d5 exd6", "correct"),
        ("e4 a6 e5 d5 a3 a5 exd6", "incorrect"),
        ("e4 e5 O-O", "incorrect"),
        ("e5", "incorrect"),
        ("e4 e4", "incorrect"),
        ("Ke2", "incorrect"),
        ("e4+", "incorrect"),
        ("f3 e5 g4 Qh4+", "correct"),
        ("f3 e5 h4 Qg5#", "incorrect"),
        ("f3 e5 g4 Qh4# a3", "incorrect"),
        ("Nb1c3", "correct"),
        ("Nxc3", "incorrect"),
        ("e4 or d4", "unparsable"),
        ("e4!", "unparsable"),
        ("the king's pawn", "unparsable"),
        ("1. 2. 3.", "no_answer"),
        ("ｅ4", "unparsable"),
    ],
)
def test_chess_lines(text: str, status: str):
    assert BoardVerifier("chess").verify(text).status == status


def test_chess_promotions_pins_and_castling_through_check():
    promotes = BoardVerifier("chess", "8/P7/8/8/8/8/8/K6k w - - 0 1")
    for move in ("a8=Q", "a8Q", "a7a8q", "a8=N"):
        assert promotes.verify(move).passed
    assert promotes.verify("a8").code == "board.illegal"
    assert promotes.verify("a7a8").code == "board.illegal"
    pinned = BoardVerifier("chess", "4r2k/8/8/8/8/8/4N3/4K3 w - - 0 1")
    assert pinned.verify("Nc3").code == "board.illegal"
    guarded = BoardVerifier("chess", "5rk1/8/8/8/8/8/8/R3K2R w KQ - 0 1")
    assert guarded.verify("O-O").code == "board.illegal"
    assert guarded.verify("O-O-O").passed
    two_knights = BoardVerifier("chess", "7k/8/8/8/8/8/3N4/K5N1 w - - 0 1")
    assert two_knights.verify("Nf3").code == "board.illegal"  # two knights can go there
    assert two_knights.verify("Ngf3").passed
    assert two_knights.verify("N2f3").passed


def test_a_win_is_forced_or_none():
    mate = BoardVerifier("chess", "6k1/5ppp/8/8/8/8/8/R6K w - - 0 1", wanted="win", unique=True)
    assert mate.verify("Ra8#").passed
    assert mate.verify("Ra7").code == "board.no_win"
    assert mate.verify("Ra8# Ra7").code == "board.illegal"
    assert mate.verify("Kg1 h6").status == "ambiguous"
    assert mate.check_task(None) == []
    ladder = BoardVerifier("chess", "7k/8/8/8/8/8/R7/1R5K w - - 0 1", wanted="win", bound=2)
    assert ladder.verify("Ra7").passed
    assert ladder.verify("Kh2").code == "board.no_win"
    far = BoardVerifier("chess", wanted="win", bound=5)
    assert far.verify("e4").status == "unproven"


def test_lines_of_marks():
    open_line = BoardVerifier("tic_tac_toe", "XX./OO./...", wanted="win")
    assert open_line.verify("c3").passed
    assert open_line.verify("3").passed
    assert open_line.verify("c2").code == "board.no_win"
    assert open_line.verify("a3").code == "board.illegal"
    assert open_line.verify("d4").code == "board.illegal"
    assert open_line.verify("0").code == "board.illegal"
    assert open_line.verify("the corner").status == "unparsable"
    four = BoardVerifier("connect_four")
    assert four.verify("4 4 4 4 4 4").passed
    assert four.verify("4 4 4 4 4 4 4").code == "board.illegal"
    assert four.verify("1 2 1 2 1 2 1 2").code == "board.illegal"  # the game was over
    assert four.verify("8").code == "board.illegal"
    assert four.verify("d4").status == "unparsable"
    three = BoardVerifier("connect_four", "." * 35 + "OOOXXX.", wanted="win")
    assert three.verify("7").passed
    assert three.verify("1").code == "board.no_win"


@pytest.mark.parametrize(
    ("position", "text", "status"),
    [
        ({"size": 8}, "1 5 8 6 3 7 2 4", "correct"),
        ({"size": 8}, "a1 b5 c8 d6 e3 f7 g2 h4", "correct"),
        ({"size": 8}, "h4, g2, f7, e3, d6, c8, b5, a1", "correct"),
        ({"size": 8}, "1 5 8 6 3 7 2", "incorrect"),
        ({"size": 8}, "1 5 8 6 3 7 4 2", "incorrect"),
        ({"size": 8}, "a1 a1 b5 c8 d6 e3 f7 g2 h4", "incorrect"),
        ({"size": 6, "given": ["a2"]}, "b4 c6 d1 e3 f5", "correct"),
        ({"size": 6, "given": ["a2"]}, "a2 b4 c6 d1 e3 f5", "correct"),
        ({"size": 6, "given": ["a2"]}, "a2 a2 b4 c6 d1 e3 f5", "incorrect"),
        ({"size": 6, "given": ["a2"]}, "3 6 2 5 1 4", "incorrect"),
        ({"size": 1}, "1", "correct"),
    ],
)
def test_queens(position: Any, text: str, status: str):
    assert BoardVerifier("queens", position).verify(text).status == status


@pytest.mark.parametrize(("size", "count"), [(1, 1), (2, 0), (3, 0), (4, 2), (6, 2)])
def test_queens_are_counted(size: int, count: int):
    board = BoardVerifier("queens", {"size": size})
    assert board.count_solutions(board.goal_of(None)) == min(count, 2)


def test_knights_tours():
    small = BoardVerifier("knights_tour", {"size": [3, 4]})
    found = tour_of(3, 4)
    assert small.verify(found).passed
    assert small.verify(found.rsplit(" ", 1)[0]).code == "board.unsolved"
    assert small.verify(found + " " + found.split()[0]).code == "board.illegal"
    assert small.verify(f"{found} and home").status == "unparsable"
    start = BoardVerifier("knights_tour", {"size": [3, 4], "start": found.split()[0]})
    assert start.verify(found).passed
    assert start.verify(found.split(" ", 1)[1]).code == "board.illegal"
    closed = BoardVerifier("knights_tour", {"size": [3, 4], "closed": True})
    assert closed.verify(found).code == "board.unsolved"
    assert [p.code for p in closed.check_task(None)] == ["task.impossible"]


def tour_of(columns: int, rows: int) -> str:
    """A tour, by the test's own search."""
    names = [(c, r) for c in range(columns) for r in range(rows)]

    def extend(path: list[tuple[int, int]]) -> list[tuple[int, int]] | None:
        if len(path) == len(names):
            return path
        c, r = path[-1]
        for square in names:
            apart = {abs(square[0] - c), abs(square[1] - r)}
            if apart == {1, 2} and square not in path:
                found = extend([*path, square])
                if found:
                    return found
        return None

    path = next(found for begin in names if (found := extend([begin])))
    return " ".join(f"{chr(97 + c)}{r + 1}" for c, r in path)


def test_pegs():
    three = BoardVerifier("peg_solitaire", "oo.o")
    assert three.verify("a1-c1, d1-b1").passed
    assert three.verify("a1c1 d1b1").passed
    assert three.verify("a1-c1").code == "board.unsolved"
    assert three.verify("a1-d1").code == "board.illegal"
    assert three.verify("d1-b1").code == "board.illegal"
    assert three.verify("a1 to c1").status == "unparsable"
    last = BoardVerifier("peg_solitaire", {"board": "oo.o", "last": "a1"})
    assert last.verify("a1-c1, d1-b1").code == "board.unsolved"
    assert [p.code for p in BoardVerifier("peg_solitaire", "ooo.").check_task(None)] == [
        "task.impossible"
    ]
    english = GAMES["peg_solitaire"].begin(None)
    assert len(english.pegs) == 32  # pyright: ignore
    assert len(list(GAMES["peg_solitaire"].successors(english))) == 4


def test_bounds_on_the_number_of_moves():
    short = BoardVerifier("peg_solitaire", "oo.o", bound=1)
    assert short.verify("a1-c1, d1-b1").code == "board.length"
    assert BoardVerifier("chess", bound=1).verify("e4 e5").code == "board.length"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 400), min_size=1, max_size=12), st.booleans())
def test_random_legal_games_are_legal_and_a_foreign_move_is_not(picks: list[int], spoil: bool):
    state, moves = read_fen(START), []
    for pick in picks:
        legal = list(legal_moves(state))
        if not legal:
            return
        move = legal[pick % len(legal)]
        moves.append(f"{square(move.start)}{square(move.end)}{move.promoted}")
        state = list(CHESS.successors(state))[pick % len(legal)]
    assert BoardVerifier("chess").verify(" ".join(moves)).passed
    if spoil:
        taken = {f"{square(m.start)}{square(m.end)}" for m in legal_moves(state)}
        for start in range(0, 64, 7):
            name = f"{square(start)}{square((start + 19) % 64)}"
            if name not in taken:
                assert not BoardVerifier("chess").verify(" ".join([*moves, name])).passed


def square(at: int) -> str:
    return f"{chr(97 + at % 8)}{at // 8 + 1}"
