"""The rows of the catalogue for puzzles, graphs, plans and boards."""

from collections.abc import Mapping
from typing import Any

from assay.core.types import Problem
from assay.verifiers.entry import Entry, examples

_HERE = "assay.verifiers.puzzles"


def _task(prompt: str, **params: Any) -> Problem:
    return Problem(prompt=prompt, params=params)


_SUDOKU = _task("Solve this sudoku of size 4.", puzzle="1... ..3. .4.. ...2", size=4, unique=True)
_PEOPLE = _task(
    "In which order do they arrive?",
    items=["Ann", "Bob", "Cyd", "Dan"],
    before=[["Cyd", "Ann"], ["Ann", "Dan"]],
    at={"2": "Bob"},
)
_NUMBERS = _task("Sort these numbers.", items=[3, -1, 2.5, 10, 2])
_BY_AGE = _task(
    "Sort by age, the oldest first; those of one age stay in this order.",
    items=["Ann", "Bob", "Cyd"],
    keys=[30, 41, 30],
    reverse=True,
    stable=True,
)
_ROADS = [["S", "A", 2], ["A", "T", 2], ["S", "B", 1], ["B", "T", 5], ["S", "T", 6], ["U", "S", 1]]
_WAY = _task("The shortest way from S to T?", edges=_ROADS, start="S", goal="T", unique=True)
_NO_WAY = _task("The shortest way from S to U?", edges=_ROADS, start="S", goal="U")
_CIRCLE = [["A", "B"], ["B", "C"], ["C", "D"], ["D", "E"], ["E", "A"], ["A", "C"]]
_COLOURS = ["red", "green", "blue"]
_COLOURING = _task("Colour the map with these colours.", edges=_CIRCLE, colours=_COLOURS)
_SETS = _task(
    "Which sets cover everything, as few as possible?",
    sets={"P": [1, 2, 3], "Q": [3, 4], "R": [4, 5], "W": [2, 5]},
)
_LINE = [["A", "B"], ["B", "C"], ["C", "D"]]
_TOUCH = _task("Choose two nodes that touch every edge.", edges=_LINE, bound=2)
_FRIENDS = _task("The largest group of mutual friends?", edges=[*_CIRCLE, ["A", "D"]])
_PAIRS = _task("As many pairs as possible.", edges=[*_LINE, ["D", "E"]])
_ROOMS = {
    "objects": {"room": ["a", "b", "c"], "key": ["k"]},
    "actions": {
        "move": {
            "parameters": ["?x - room", "?y - room"],
            "preconditions": ["at ?x", "?x != ?y", "not locked ?y"],
            "effects": ["not at ?x", "at ?y"],
        },
        "take": {
            "parameters": ["?k - key", "?x - room"],
            "preconditions": ["at ?x", "in ?k ?x"],
            "effects": ["has ?k", "not in ?k ?x"],
        },
        "unlock": {
            "parameters": ["?k - key", "?y - room"],
            "preconditions": ["has ?k", "locked ?y"],
            "effects": ["not locked ?y"],
        },
    },
}
_PLAN = _task(
    "Get into room c, in as few actions as possible.",
    domain=_ROOMS,
    initial=["at a", "locked c", "in k b"],
    goal=["at c"],
    bound="shortest",
)
_STUCK = _task("Get into room c.", domain=_ROOMS, initial=["at a", "locked c"], goal=["at c"])
_SHOP = _task(
    "When does each job start, so that all end as early as possible?",
    jobs={
        "A": {"duration": 3, "uses": {"saw": 1}},
        "B": {"duration": 2, "uses": {"saw": 1}},
        "C": {"duration": 2, "uses": {"saw": 1}},
        "D": 4,
    },
    resources={"saw": 2},
    precedences=[["A", "D"]],
)
_FORMULA = _task("Satisfy every clause.", clauses=[[1, 2], [-1, 3], [-2, -3], [1, -2]], unique=True)
_UNSAT = _task("Satisfy every clause.", clauses=[[1, 2], [-1, 2], [1, -2], [-1, -2]])
_EQUATIONS = _task("Solve for x and y.", equations=["2x + 3y = 7", "x - y = 1/2"], unique=True)
_NO_VALUES = _task("Solve for x and y.", equations=["x + y = 1", "2x + 2y = 3"])
_LATIN = _task(
    "Every letter once in every row and column.",
    shape=[3, 3],
    alphabet="abc",
    givens=["a..", ".b.", "..."],
    predicate="latin",
)
_BACK_RANK = "6k1/5ppp/8/8/8/8/8/R6K w - - 0 1"
_MATE = _task("Mate in one.", game="chess", position=_BACK_RANK, wanted="win", unique=True)
_SIX = {"size": 6, "given": ["a2"]}
_QUEENS = _task("Place six queens.", game="queens", position=_SIX, unique=True)
_PEGS = _task("Leave one peg.", game="peg_solitaire", position="oo.o")

ENTRIES: Mapping[str, Entry] = {
    "sudoku": Entry(
        path=f"{_HERE}.sudoku:SudokuVerifier",
        summary="A sudoku: givens unchanged, every row, column and box a permutation.",
        accepted=examples(
            _SUDOKU,
            "1324 4231 2413 3142",
            "|1 3|2 4|\n|4 2|3 1|\n-----\n|2 4|1 3|\n|3 1|4 2|",
            "<answer>[[1,3,2,4],[4,2,3,1],[2,4,1,3],[3,1,4,2]]</answer>",
        ),
        rejected=examples(
            _SUDOKU,
            "1342 4231 2413 3124",
            "2314 4132 1423 3241",
            "1324 4231 2413 3143",
            "1324 4231 2413 314",
            "1324 4231 2413 3142 1",
            "1324 4231 2413 314٢",
            "1324 4231 2413 314x",
        ),
    ),
    "permutation": Entry(
        path=f"{_HERE}.orders:PermutationVerifier",
        summary="The task's items in an order that keeps its rules.",
        accepted=examples(_PEOPLE, "Cyd, Bob, Ann, Dan", '["Cyd", "Bob", "Ann", "Dan"]')
        + examples(_PEOPLE, r"\boxed{Cyd \to Bob \to Ann \to Dan}", "Cyd Bob Ann Dan"),
        rejected=examples(
            _PEOPLE,
            "Ann, Bob, Cyd, Dan",
            "Bob, Cyd, Ann, Dan",
            "Cyd, Bob, Ann",
            "Cyd, Bob, Ann, Dan, Dan",
            "Cyd, Bob, Ann, Eve",
            "Cyd, Bob -> Ann, Dan",
            "Cyd, Bob, Ann, Dаn",
        ),
    ),
    "sorting": Entry(
        path=f"{_HERE}.orders:SortingVerifier",
        summary="The task's items, sorted.",
        accepted=examples(_NUMBERS, "-1, 2, 2.5, 3, 10", "[-1, 2, 2.5, 3, 10]", "-1 2 5/2 3 10")
        + examples(_BY_AGE, "Bob, Ann, Cyd"),
        rejected=examples(
            _NUMBERS,
            "-1, 10, 2, 2.5, 3",
            "10, 3, 2.5, 2, -1",
            "-1, 2, 3, 10",
            "-1, 2, 2, 2.5, 3, 10",
            "-1, 2, 2.5, 3, 10.",
            "-1, 2, 2.5, 3, 1٠",
        )
        + examples(_BY_AGE, "Bob, Cyd, Ann", "Ann, Cyd, Bob"),
    ),
    "path": Entry(
        path=f"{_HERE}.paths:PathVerifier",
        summary="A path along the edges of a graph: the shortest, any, or one cheap enough.",
        accepted=examples(_WAY, "S, A, T", "S -> A -> T", '["S","A","T"]', r"\boxed{S \to A \to T}")
        + examples(_NO_WAY, "no path", "No path"),
        rejected=examples(
            _WAY,
            "S, T",
            "S, B, T",
            "S, A, B, T",
            "A, T",
            "S, A",
            "no path",
            "S, A, T or S, T",
            "S, А, T",
            "S -> A, T",
        )
        + examples(_NO_WAY, "S, U", "U, S", "none"),
    ),
    "colouring": Entry(
        path=f"{_HERE}.colouring:ColouringVerifier",
        summary="A colour for every node, neighbours different, few enough colours.",
        accepted=examples(
            _COLOURING,
            "A=red, B=green, C=blue, D=red, E=green",
            "A: green\nB: red\nC: blue\nD: green\nE: blue",
            '{"A": "red", "B": "green", "C": "blue", "D": "red", "E": "blue"}',
        ),
        rejected=examples(
            _COLOURING,
            "A=red, B=green, C=red, D=blue, E=green",
            "A=red, B=green, C=blue, D=red, E=red",
            "A=red, B=green, C=blue, D=red",
            "A=red, B=green, C=blue, D=red, E=pink",
            "A=red, B=green, C=blue, D=red, E=green, F=red",
            "A=red, A=green, B=green, C=blue, D=red, E=green",
        ),
    ),
    "cover": Entry(
        path=f"{_HERE}.selections:CoverVerifier",
        summary="Chosen sets, or nodes, that cover everything and are few enough.",
        accepted=examples(_SETS, "P, R", "[R, P]", '["P", "R"]') + examples(_TOUCH, "B, C", "A, C"),
        rejected=examples(_SETS, "P", "P, Q, R", "P, Q", "Q, R, W", "P, P, R", "P, R, X")
        + examples(_TOUCH, "A, D", "B", "A, B, C"),
    ),
    "clique": Entry(
        path=f"{_HERE}.selections:CliqueVerifier",
        summary="Chosen nodes that are all neighbours (or none are), and enough of them.",
        accepted=examples(_FRIENDS, "A, B, C", "C, D, A", '["A", "D", "E"]'),
        rejected=examples(_FRIENDS, "A, B", "A, B, D", "A, B, C, D", "A, B, B", "A, B, X", "A B C"),
    ),
    "matching": Entry(
        path=f"{_HERE}.selections:MatchingVerifier",
        summary="Pairs that are edges and share no node, and enough of them.",
        accepted=examples(_PAIRS, "A-B, C-D", "(C, B), (D, E)", '[["A", "B"], ["D", "E"]]'),
        rejected=examples(
            _PAIRS, "A-B", "A-B, B-C", "A-C, D-E", "A-B, C-D, E-A", "A-B, C-X", "A-B-C-D"
        ),
    ),
    "plan": Entry(
        path=f"{_HERE}.plans:PlanVerifier",
        summary="Actions that can be carried out one after the other and reach the goal.",
        accepted=examples(
            _PLAN,
            "move a b\ntake k b\nunlock k c\nmove b c",
            "1. move(a, b)\n2. take(k, b)\n3. unlock(k, c)\n4. move(b, c)",
            "(move a b) (take k b) (unlock k c) (move b c)",
        )
        + examples(_STUCK, "no plan"),
        rejected=examples(
            _PLAN,
            "move a c",
            "move a b\ntake k b\nmove b c",
            "move a b\ntake k b\nunlock k c",
            "move a b\nmove b a\nmove a b\ntake k b\nunlock k c\nmove b c",
            "move a b\ntake k b\nunlock k c\nfly b c",
            "move a b\ntake k b\nunlock k c\nmove b d",
            "no plan",
        )
        + examples(_STUCK, "move a b\nmove b c", "move a c"),
    ),
    "schedule": Entry(
        path=f"{_HERE}.schedules:ScheduleVerifier",
        summary="Start times that keep durations, resources, precedences, and end early enough.",
        accepted=examples(
            _SHOP,
            "A=0, B=0, C=2, D=3",
            '{"A": 0, "B": 2, "C": 0, "D": 3}',
            "A:0\nB:0\nC:5\nD:3",
        ),
        rejected=examples(
            _SHOP,
            "A=0, B=0, C=0, D=3",
            "A=0, B=0, C=2, D=2",
            "A=0, B=0, C=2, D=4",
            "A=0, B=0, C=2",
            "A=0, B=0, C=2, D=3.5",
            "A=0, B=0, C=-2, D=3",
            "A=0, B=0, C=2, D=3, E=1",
        ),
    ),
    "sat": Entry(
        path=f"{_HERE}.sat:SatVerifier",
        summary="A complete assignment that satisfies every clause, or a proof that none does.",
        accepted=examples(_FORMULA, "1 -2 3", "x1 = true, x2 = false, x3 = true", "v 1 -2 3 0")
        + examples(_UNSAT, "unsatisfiable", "UNSAT\n2 0\n0"),
        rejected=examples(
            _FORMULA,
            "1 2 3",
            "1 -2",
            "-1 2 -3",
            "1 -2 3 4",
            "1 -2 3 -3",
            "unsatisfiable",
            "UNSAT\n2 0\n0",
            "1 -2 x",
        )
        + examples(_UNSAT, "1 2", "UNSAT\n1 2 0", "satisfiable"),
    ),
    "equations": Entry(
        path=f"{_HERE}.equations:EquationSystemVerifier",
        summary="Values that solve every equation exactly.",
        accepted=examples(_EQUATIONS, "x = 17/10, y = 6/5", "(1.7, 1.2)", r"\boxed{x=1.7, y=1.2}")
        + examples(_EQUATIONS, '{"x": 1.7, "y": "6/5"}')
        + examples(_NO_VALUES, "no solution"),
        rejected=examples(
            _EQUATIONS,
            "x = 6/5, y = 17/10",
            "x = 1.7000000000000001, y = 1.2",
            "x = 1.7",
            "x = 1.7, y = 1.2, z = 0",
            "x = 1.7, y = 1.2 or 1.3",
            "1.7, 1.2",
            "no solution",
        )
        + examples(_NO_VALUES, "x = 1, y = 0", "(0, 1)"),
    ),
    "grid": Entry(
        path=f"{_HERE}.grids:GridVerifier",
        summary="A grid of the right shape and symbols that keeps its givens and the task's rule.",
        accepted=examples(_LATIN, "acb\ncba\nbac", "a c b\nc b a\nb a c", '["acb", "cba", "bac"]'),
        rejected=examples(
            _LATIN,
            "abc\nbca\ncab",
            "acb\ncba\nabc",
            "acb\ncba",
            "acb\ncba\nbac\nbac",
            "acbcbabac",
            "acb\ncba\nbad",
            "аcb\ncba\nbac",
        ),
    ),
    "board": Entry(
        path=f"{_HERE}.boards:BoardVerifier",
        summary="Moves that keep the rules of a board game and reach what is wanted.",
        accepted=examples(_MATE, "Ra8#", "a1a8", r"\boxed{Ra8}")
        + examples(_QUEENS, "2 4 6 1 3 5", "b4, c6, d1, e3, f5")
        + examples(_PEGS, "a1-c1, d1-b1"),
        rejected=examples(_MATE, "Ra7", "Ra9", "Ra8# Kf8", "Rb1", "Ra8+ or Ra7", "mate", "Kh1")
        + examples(_QUEENS, "2 4 6 1 5 3", "b4, c6, d1, e3", "b3, c5, d1, f4, e6")
        + examples(_PEGS, "a1-c1", "b1-a1", "d1-b1, a1-c1"),
    ),
}
