"""2,000 pairs of expressions, equal or nearly so, labelled by exact evaluation.

`python -m benchmarks.sets.trees` prints the lines of `trees.jsonl`: a random tree, and another that
was rewritten by rules of algebra, or had one node changed first. What a pair is labelled is decided
by `exact.value` alone; the rules only propose.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

from benchmarks.sets.exact import Tree, Undefined, Value, symbols, value
from benchmarks.sets.rewriting import changed, rewritten
from benchmarks.sets.spelling import Style, spelled

SEED, N_PAIRS = 20_240_611, 2_000
MOST_CHARS, MOST_TERMS, MOST_DIGITS = 140, 40, 12
Draw = Callable[[Random], Tree]


def _leaf(rng: Random, names: tuple[str, ...], roots: bool) -> Tree:
    pick = rng.random()
    if names and pick < 0.5:
        return ("sym", rng.choice(names))
    if roots and pick < 0.75:
        return ("root", rng.choice((2, 3, 5, 6, 7, 8, 10, 12, 18, 20, 27, 45, 50, 75)))
    return ("int", rng.choice((-1, 1, 1, 1)) * rng.randint(1, 12))


def drawn(
    rng: Random, depth: int, names: tuple[str, ...] = (), roots: bool = False, over: str = "any"
) -> Tree:
    """A random tree.

    Args:
        depth: at most so many operations above one another.
        names: symbols that may stand in it. roots: square roots too.
        over: what may stand below a fraction stroke: `any` tree, or a `number`.
    """
    if depth == 0 or rng.random() < 0.1:
        return _leaf(rng, names, roots)

    def part(less: int = 1) -> Tree:
        return drawn(rng, depth - less, names, roots, over)

    pick = rng.random()
    if pick < 0.4:
        return ("sum", *(part() for _ in range(rng.choice((2, 2, 2, 3)))))
    if pick < 0.65:
        return ("product", *(part() for _ in range(rng.choice((2, 2, 2, 3)))))
    if pick < 0.85:
        below = part(2) if over == "any" and depth > 1 else ("int", rng.randint(2, 9))
        return ("over", part(), below)
    return ("power", part(2) if depth > 1 else _leaf(rng, names, roots), rng.choice((2, 2, 3)))


# How each kind is drawn, and what its golds depend on.
KINDS: Mapping[str, tuple[Draw, tuple[str, ...]]] = {
    "rational numbers": (lambda rng: drawn(rng, 3), ()),
    "square roots": (lambda rng: drawn(rng, 3, roots=True), ("root",)),
    "complex numbers": (lambda rng: drawn(rng, 3, names=("i",)), ("i",)),
    "numbers with pi": (lambda rng: drawn(rng, 3, names=("pi",), over="number"), ("pi",)),
    "polynomials": (lambda rng: drawn(rng, 3, names=("x",), over="number"), ("x",)),
    "polynomials in two names": (
        lambda rng: drawn(rng, 3, names=("x", "y"), over="number"),
        ("x", "y"),
    ),
    "rational functions": (lambda rng: drawn(rng, 3, names=("x",)), ("x",)),
}


def _usable(tree: Tree) -> Value | None:
    """Its value, where there is one and it is of the size of an answer."""
    try:
        found = value(tree)
    except Undefined:
        return None
    numbers = [*found.above.values(), *found.below.values()]
    long = any(len(str(abs(n.numerator))) > MOST_DIGITS for n in numbers)
    return None if long or found.n_terms > MOST_TERMS else found


def pair(
    rng: Random, draw: Draw, equal: bool, wanted: frozenset[str] = frozenset()
) -> tuple[Tree, Tree]:
    """Two usable trees that are equal, or are not; the first one depends on what is wanted."""
    while True:
        gold = draw(rng)
        right = _usable(gold)
        if right is None or not right.above or len(gold[1:]) < 2:
            continue
        # The names that are seen must be those that the value depends on: `x - x` is no answer.
        if _depends(right) - {"root"} != symbols(gold) or not wanted <= _depends(right):
            continue
        other = gold if equal else changed(gold, rng)
        for _ in range(rng.randint(1, 3) if equal else rng.randint(0, 2)):
            other = rewritten(other, rng)
        found = _usable(other)
        if found is None or (found == right) != equal or other == gold:
            continue
        if not equal or symbols(other) == symbols(gold):
            return gold, other


def _depends(found: Value) -> frozenset[str]:
    seen: set[str] = set()
    for x, y, pi, inside, i in (*found.above, *found.below):
        there = {"x": x, "y": y, "pi": pi, "root": inside > 1, "i": i}
        seen |= {name for name, power in there.items() if power}
    return frozenset(seen)


def _entries(rng: Random, equal: bool) -> tuple[str, str]:
    """Tuples and matrices of numbers; at most one entry differs."""
    n, wrong = rng.choice((2, 3, 4)), rng.randrange(4)
    styles = Style.drawn(rng), Style.drawn(rng)
    texts: tuple[list[str], list[str]] = ([], [])
    for at in range(n):
        same = equal or at != wrong % n
        depth = rng.choice((1, 2))
        trees = pair(rng, lambda rng, d=depth: drawn(rng, d, roots=True), same)
        for side in (0, 1):
            texts[side].append(spelled(trees[side], styles[side]))
    if n == 4:
        shapes = (r"\begin{pmatrix}%s & %s \\ %s & %s\end{pmatrix}",) * 2
        if rng.random() < 0.5:
            shapes = (shapes[0], r"\begin{bmatrix}%s&%s\\%s&%s\end{bmatrix}")
    else:
        commas = ", ".join(["%s"] * n)
        shapes = (f"({commas})", rf"\left({commas}\right)" if styles[1].tall else f"({commas})")
    return shapes[0] % tuple(texts[0]), shapes[1] % tuple(texts[1])


def texts(rng: Random, kind: str, equal: bool) -> tuple[str, str]:
    """The gold and the answer of a pair, short enough and not the same."""
    while True:
        if kind in KINDS:
            draw, wanted = KINDS[kind]
            trees = pair(rng, draw, equal, frozenset(wanted))
            sides = tuple(spelled(tree, Style.drawn(rng)) for tree in trees)
        else:
            sides = _entries(rng, equal)
        if sides[0] != sides[1] and max(map(len, sides)) <= MOST_CHARS:
            return sides[0], sides[1]


def items(n: int = N_PAIRS, seed: int = SEED) -> Iterator[dict[str, Any]]:
    """`n` pairs, kinds and labels in turn."""
    kinds = (*KINDS, "tuples and matrices")
    for at in range(n):
        kind, equal = kinds[at // 2 % len(kinds)], at % 2 == 0
        gold, answer = texts(Random(f"{seed}/{at}"), kind, equal)
        yield {
            "id": f"tr-{at:04d}",
            "set": "trees",
            "category": kind,
            "gold": gold,
            "response": rf"\boxed{{{answer}}}",
            "label": equal,
            "why": "equal by exact evaluation" if equal else "different by exact evaluation",
        }


if __name__ == "__main__":
    for item in items():
        print(json.dumps(item))
