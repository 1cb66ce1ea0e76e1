"""Each puzzle against a brute-force oracle of its own: random certificates, right ones and not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from fractions import Fraction
from itertools import combinations, pairwise, permutations, product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import OptionError
from assay.verifiers import (
    CliqueVerifier,
    ColouringVerifier,
    CoverVerifier,
    EquationSystemVerifier,
    GridVerifier,
    MatchingVerifier,
    PathVerifier,
    PermutationVerifier,
    PlanVerifier,
    SatVerifier,
    ScheduleVerifier,
    SortingVerifier,
    SudokuVerifier,
)

FEW = settings(max_examples=150, deadline=None)
NODES = "ABCDEF"
pairs = st.sampled_from([*combinations(NODES, 2)])
undirected = st.lists(pairs, min_size=1, max_size=12, unique=True)
chosen = st.lists(st.sampled_from(NODES), min_size=1, max_size=6)


def listed(names: Any) -> str:
    return ", ".join(map(str, names))


# ------------------------------------------------------------------------ orders


@FEW
@given(
    st.lists(st.integers(-3, 3), min_size=1, max_size=6),
    st.lists(st.integers(-3, 3), min_size=1, max_size=6),
    st.booleans(),
    st.data(),
)
def test_sorting(items: list[int], other: list[int], reverse: bool, data: st.DataObject):
    reply = data.draw(
        st.permutations(items) | st.just(sorted(items, reverse=reverse)) | st.just(other)
    )
    verdict = SortingVerifier(items, reverse=reverse).verify(listed(reply))
    assert verdict.passed is (list(reply) == sorted(items, reverse=reverse))


@FEW
@given(st.lists(st.integers(0, 2), min_size=1, max_size=5), st.booleans(), st.booleans(), st.data())
def test_stable_sorting(keys: list[int], reverse: bool, stable: bool, data: st.DataObject):
    items = list(NODES[: len(keys)])
    reply = data.draw(st.permutations(items))
    by = dict(zip(items, keys, strict=True))
    right = [by[i] for i in reply] == sorted(keys, reverse=reverse)
    if stable:
        right = list(reply) == sorted(items, key=lambda i: by[i], reverse=reverse)
    verifier = SortingVerifier(items, keys, reverse=reverse, stable=stable)
    assert verifier.verify(listed(reply)).passed is right
    unique = sum(verifier.verify(listed(order)).passed for order in permutations(items))
    assert (verifier.count_solutions(verifier.goal_of(None)) == 1) is (unique == 1)


@FEW
@given(st.permutations(list("ABCD")), st.lists(st.tuples(pairs, st.booleans()), max_size=4))
def test_permutation(reply: list[str], rules: list[tuple[tuple[str, str], bool]]):
    items = list("ABCD")
    before = [p[::-1] if turn else p for p, turn in rules if set(p) <= set(items)]
    possible = [
        order
        for order in permutations(items)
        if all(order.index(a) < order.index(b) for a, b in before)
    ]
    if not possible:
        with pytest.raises(OptionError, match="circle"):
            PermutationVerifier(items, before)
        return
    verdict = PermutationVerifier(items, before).verify(listed(reply))
    assert verdict.passed is (tuple(reply) in possible)


# ------------------------------------------------------------------------ graphs


def walks(edges: dict[tuple[str, str], int], start: str, goal: str) -> dict[tuple[str, ...], int]:
    """Every simple path with its cost."""
    found: dict[tuple[str, ...], int] = {}

    def go(path: tuple[str, ...], cost: int) -> None:
        if path[-1] == goal:
            found[path] = cost
        for (a, b), step in edges.items():
            if a == path[-1] and b not in path:
                go((*path, b), cost + step)

    go((start,), 0)
    return found


@FEW
@given(
    st.dictionaries(st.tuples(*[st.sampled_from("ABCDE")] * 2), st.integers(0, 4), max_size=10),
    st.sampled_from(["shortest", "any", 3]),
    st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=6),
    st.data(),
)
def test_path(edges: dict[tuple[str, str], int], objective: Any, reply: list[str], data: Any):
    every = walks(edges, "A", "E")
    if every:
        reply = data.draw(st.sampled_from([reply, *map(list, every)]))
    verifier = PathVerifier([(*e, c) for e, c in edges.items()], "A", "E", objective)
    cost = [edges.get((a, b)) for a, b in pairwise(reply)]
    is_walk = reply[0] == "A" and reply[-1] == "E" and None not in cost
    most = {"shortest": min(every.values(), default=-1), "any": 10**9, 3: 3}[objective]
    right = is_walk and sum(filter(None, cost)) <= most
    assert verifier.verify(listed(reply)).passed is right
    assert verifier.verify(" -> ".join(reply)).passed is right
    exists = any(cost <= most for cost in every.values())
    assert verifier.verify("no path").passed is (not exists)


@FEW
@given(undirected, st.lists(st.integers(0, 3), min_size=6, max_size=6))
def test_colouring(edges: list[tuple[str, str]], reply: list[int]):
    nodes = sorted({n for e in edges for n in e})

    def proper(colour: dict[str, int]) -> bool:
        return all(colour[a] != colour[b] for a, b in edges)

    least = next(
        k
        for k in range(1, 7)
        if any(
            proper(dict(zip(nodes, choice, strict=True)))
            for choice in product(range(k), repeat=len(nodes))
        )
    )
    verifier = ColouringVerifier(edges)
    assert verifier.goal_of(None).most == least
    colour = dict(zip(nodes, reply, strict=False))
    text = listed(f"{node}={value}" for node, value in colour.items())
    right = proper(colour) and len(set(colour.values())) <= least
    assert verifier.verify(text).passed is right
    bounded = ColouringVerifier(edges, 2)
    assert (bounded.count_solutions(bounded.goal_of(None)) == 0) is (least > 2)


@FEW
@given(undirected, chosen, st.booleans())
def test_clique(edges: list[tuple[str, str]], reply: list[str], independent: bool):
    known = {frozenset(e) for e in edges}
    nodes = sorted({n for e in edges for n in e})

    def fits(names: Any) -> bool:
        return all((frozenset(p) in known) != independent for p in combinations(names, 2))

    best = max(k for k in range(1, 7) if any(fits(s) for s in combinations(nodes, k)))
    verifier = CliqueVerifier(edges, independent=independent)
    assert verifier.goal_of(None).least == best
    valid = set(reply) <= set(nodes) and len(set(reply)) == len(reply) and fits(reply)
    assert verifier.verify(listed(reply)).passed is (valid and len(reply) >= best)


@FEW
@given(undirected, st.lists(pairs, min_size=1, max_size=3))
def test_matching(edges: list[tuple[str, str]], reply: list[tuple[str, str]]):
    known = {frozenset(e) for e in edges}

    def valid(some: Any) -> bool:
        ends = [n for pair in some for n in pair]
        return len(set(ends)) == len(ends) and all(frozenset(p) in known for p in some)

    best = max(k for k in range(1, 4) if any(valid(some) for some in combinations(edges, k)))
    verifier = MatchingVerifier(edges)
    assert verifier.goal_of(None).least == best
    right = valid(reply) and len(reply) >= best
    assert verifier.verify(listed(f"{b}-{a}" for a, b in reply)).passed is right


@FEW
@given(
    st.lists(st.frozensets(st.integers(1, 5), min_size=1, max_size=4), min_size=1, max_size=5),
    st.lists(st.sampled_from("stuvw"), min_size=1, max_size=4),
    st.booleans(),
)
def test_cover(members: list[frozenset[int]], reply: list[str], exact: bool):
    sets = dict(zip("stuvw", members, strict=False))
    everything = frozenset().union(*members)

    def covers(names: Any) -> bool:
        counted = Counter(e for name in names for e in sets[name])
        return set(counted) == everything and not (exact and max(counted.values()) > 1)

    sizes = [k for k in range(1, 6) if any(covers(s) for s in combinations(sets, k))]
    plain = {name: sorted(row) for name, row in sets.items()}
    if not sizes:
        with pytest.raises(OptionError, match="covers everything"):
            CoverVerifier(plain, exact=exact)
        return
    verifier = CoverVerifier(plain, exact=exact)
    assert verifier.goal_of(None).most == sizes[0]
    known = set(reply) <= set(sets) and len(set(reply)) == len(reply)
    right = known and covers(reply) and len(reply) <= sizes[0]
    assert verifier.verify(listed(reply)).passed is right


# ------------------------------------------------------------------- plans, jobs


@FEW
@given(
    st.lists(st.tuples(*[st.sampled_from("abcd")] * 2), min_size=1, max_size=6, unique=True),
    st.lists(st.sampled_from("abcd"), max_size=4),
    st.data(),
)
def test_plan(roads: list[tuple[str, str]], reply: list[str], data: st.DataObject):
    domain = {
        "actions": {
            "go": {
                "parameters": ["?x", "?y"],
                "preconditions": ["at ?x", "road ?x ?y"],
                "effects": ["not at ?x", "at ?y"],
            }
        },
        "objects": list("abcd"),
    }
    initial = ["at a", *(f"road {x} {y}" for x, y in roads)]
    graph = {road: 1 for road in roads}
    routes = walks(graph, "a", "d")
    if routes and data.draw(st.booleans()):
        reply = list(data.draw(st.sampled_from(list(routes))))[1:]
    steps = list(zip(["a", *reply], reply, strict=False))
    text = "\n".join(f"go {x} {y}" for x, y in steps) or "[]"
    right = bool(steps) and all(step in roads for step in steps) and reply[-1] == "d"
    verifier = PlanVerifier(domain, initial, ["at d"])
    assert verifier.verify(text).passed is right
    assert verifier.verify("no plan").passed is (not routes)
    least = min(routes.values(), default=None)
    if least is not None:
        shortest = PlanVerifier(domain, initial, ["at d"], "shortest")
        assert shortest.goal_of(None).most == least
        assert shortest.verify(text).passed is (right and len(steps) == least)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=4
    ),
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=2),
    st.integers(1, 2),
    st.lists(st.integers(0, 7), min_size=4, max_size=4),
)
def test_schedule(
    jobs: list[tuple[int, int, int]], rules: list[tuple[int, int]], amount: int, reply: list[int]
):
    n = len(jobs)
    before = [(a, b) for a, b in rules if a < b < n]
    jobs = [(length, min(use, amount), release) for length, use, release in jobs]

    def valid(start: tuple[int, ...]) -> bool:
        for moment in range(15):
            running = [k for k in range(n) if start[k] <= moment < start[k] + jobs[k][0]]
            if sum(jobs[k][1] for k in running) > amount:
                return False
        return all(start[b] >= start[a] + jobs[a][0] for a, b in before) and all(
            start[k] >= jobs[k][2] for k in range(n)
        )

    def end(start: tuple[int, ...]) -> int:
        return max(start[k] + jobs[k][0] for k in range(n))

    horizon = sum(job[0] for job in jobs) + 2
    least = (
        min(end(s) for s in product(range(min(horizon, 11) + 1), repeat=n) if valid(s))
        if n < 4
        else None
    )
    verifier = ScheduleVerifier(
        {
            f"j{k}": {"duration": d, "uses": {"r": u}, "release": r}
            for k, (d, u, r) in enumerate(jobs)
        },
        {"r": amount},
        [(f"j{a}", f"j{b}") for a, b in before],
        None if least is not None else 30,
    )
    start = tuple(reply[:n])
    if least is not None:
        assert verifier.goal_of(None).most == least
    most = 30 if least is None else least
    text = listed(f"j{k}={s}" for k, s in enumerate(start))
    assert verifier.verify(text).passed is (valid(start) and end(start) <= most)


# --------------------------------------------------------------- formulas, grids

clauses = st.lists(
    st.lists(st.sampled_from([1, -1, 2, -2, 3, -3]), min_size=1, max_size=3), min_size=1, max_size=7
)


def models(rows: list[list[int]], n: int = 3) -> list[tuple[bool, ...]]:
    return [
        value
        for value in product([False, True], repeat=n)
        if all(any(value[abs(x) - 1] == (x > 0) for x in row) for row in rows)
    ]


@FEW
@given(clauses, st.tuples(*[st.booleans()] * 3))
def test_sat(rows: list[list[int]], value: tuple[bool, ...]):
    verifier = SatVerifier(rows, 3)
    found = models(rows)
    text = " ".join(str(k if v else -k) for k, v in enumerate(value, 1))
    assert verifier.verify(text).passed is (value in found)
    assert verifier.verify("unsatisfiable").passed is (not found)
    assert verifier.count_solutions(verifier.goal_of(None)) == min(2, len(found))


@FEW
@given(clauses, st.lists(st.lists(st.sampled_from([1, -1, 2, -2, 3, -3]), max_size=2), max_size=4))
def test_a_proof_never_shows_what_is_false(rows: list[list[int]], steps: list[list[int]]):
    proof = "\n".join(" ".join(map(str, [*step, 0])) for step in [*steps, []])
    verdict = SatVerifier(rows, 3).verify(f"UNSAT\n{proof}")
    assert not (verdict.passed and models(rows))
    assert not verdict.is_error


number = st.integers(-4, 4)


@FEW
@given(st.tuples(*[number] * 6), number, number, st.booleans())
def test_equations(c: tuple[int, ...], x: int, y: int, solve: bool):
    a, b, e, d, f, g = c
    verifier = EquationSystemVerifier([f"{a}*x + {b}*y = {e}", f"{d}*x + {f}*y = {g}"], ["x", "y"])
    determinant = a * f - b * d
    if solve and determinant:
        values = Fraction(e * f - b * g, determinant), Fraction(a * g - e * d, determinant)
    else:
        values = Fraction(x), Fraction(y)
    right = a * values[0] + b * values[1] == e and d * values[0] + f * values[1] == g
    assert verifier.verify(f"x = {values[0]}, y = {values[1]}").passed is right
    assert verifier.verify(f"({values[0]}, {values[1]})").passed is right
    count = verifier.count_solutions(verifier.goal_of(None))
    if determinant:
        assert count == 1
    elif a == b == d == f == 0:
        assert count == (2 if e == g == 0 else 0)
    else:
        assert count == (2 if a * g == d * e and b * g == f * e else 0)


@FEW
@given(st.lists(st.sampled_from("abc"), min_size=9, max_size=9), st.booleans())
def test_latin_grid(cells: list[str], shifted: bool):
    if shifted:
        cells = list("abcbcacab") if cells[0] == "a" else list("abccabbca")
    rows = [cells[k : k + 3] for k in (0, 3, 6)]
    lines = [*rows, *(list(column) for column in zip(*rows, strict=True))]
    right = all(sorted(line) == list("abc") for line in lines) and cells[0] == "a"
    verifier = GridVerifier((3, 3), "abc", ["a..", "...", "..."], predicate="latin")
    assert verifier.verify("\n".join(map("".join, rows))).passed is right


def solved(cells: tuple[int, ...]) -> bool:
    groups = [[4 * r + c for c in range(4)] for r in range(4)]
    groups += [[4 * r + c for r in range(4)] for c in range(4)]
    groups += [[8 * (k // 2) + 2 * (k % 2) + d for d in (0, 1, 4, 5)] for k in range(4)]
    return all(sorted(cells[at] for at in group) == [1, 2, 3, 4] for group in groups)


SOLVED = [cells for cells in (
    (*a, *b, *c, *d)
    for a, b in product(permutations((1, 2, 3, 4)), repeat=2)
    if not set(a[:2]) & set(b[:2])
    for c, d in product(permutations((1, 2, 3, 4)), repeat=2)
    if not set(c[:2]) & set(d[:2])
) if solved(cells)]  # fmt: skip


@FEW
@given(st.sampled_from(SOLVED), st.frozensets(st.integers(0, 15)), st.data())
def test_sudoku(cells: tuple[int, ...], given_at: frozenset[int], data: st.DataObject):
    puzzle = "".join(str(cells[k]) if k in given_at else "." for k in range(16))
    verifier = SudokuVerifier(puzzle, 4, unique=True)
    fitting = [s for s in SOLVED if all(s[k] == cells[k] for k in given_at)]
    assert verifier.count_solutions(verifier.goal_of(None)) == min(2, len(fitting))
    codes = [problem.code for problem in verifier.check_task(None)]
    assert codes == ([] if len(fitting) == 1 else ["task.not_unique"])
    reply = list(data.draw(st.sampled_from(SOLVED) | st.just(cells)))
    at, digit = data.draw(st.integers(0, 15)), data.draw(st.integers(0, 4))
    reply[at] = digit or reply[at]
    right = tuple(reply) in fitting
    assert verifier.verify("".join(map(str, reply))).passed is right


def test_there_are_288_sudokus_of_size_4():
    assert len(SOLVED) == 288


def tangled(n: int) -> list[tuple[int, int]]:
    return [
        (a, b) for a in range(n) for b in range(a) if (a * a * 7919 + b * b * 611 + a * b) % 11 < 5
    ]


@pytest.mark.parametrize(
    "make",
    [
        lambda n: ColouringVerifier(tangled(n)),
        lambda n: CoverVerifier(edges=tangled(n)),
        lambda n: ScheduleVerifier(
            {k: {"duration": 3 + k % 5, "uses": {"r": 1 + k % 3}} for k in range(n)}, {"r": 4}
        ),
    ],
    ids=["colouring", "cover", "schedule"],
)
@pytest.mark.parametrize("n", [170, 201])
def test_an_optimum_out_of_reach_is_the_tasks_fault(make: Callable[[int], Any], n: int):
    make(6)
    with pytest.raises(OptionError, match="give it a bound"):
        make(n)
