"""Rules that turn a tree into another of the same value, and changes that should not."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from random import Random

from benchmarks.sets.exact import ONE, Polynomial, Tree, Undefined, root, value

Rule = Callable[[Tree, Random], Tree | None]


def rewritten(tree: Tree, rng: Random) -> Tree:
    """The tree after one rule at one place; itself where the draws do not fit one another."""
    if rng.random() < 0.25:
        expanded = _expanded(tree)
        if expanded is not None:
            return expanded
    for _ in range(20):
        path = rng.choice(_places(tree))
        there = rng.choice(_RULES)(_at(tree, path), rng)
        if there is not None:
            return _with(tree, path, there)
    return tree


def changed(tree: Tree, rng: Random) -> Tree:
    """The tree with one node changed to what is most likely something else."""
    for _ in range(50):
        path = rng.choice(_places(tree))
        there = _slip(_at(tree, path), rng)
        if there is not None:
            return _with(tree, path, there)
    return ("sum", tree, ("int", 1))


# ------------------------------------------------------------------ places in a tree


def _places(tree: Tree) -> list[tuple[int, ...]]:
    found: list[tuple[int, ...]] = [()]
    for at, part in enumerate(tree):
        if isinstance(part, tuple):
            found += [(at, *path) for path in _places(part)]
    return found


def _at(tree: Tree, path: tuple[int, ...]) -> Tree:
    for at in path:
        tree = tree[at]
    return tree


def _with(tree: Tree, path: tuple[int, ...], there: Tree) -> Tree:
    if not path:
        return there
    at, rest = path[0], path[1:]
    return (*tree[:at], _with(tree[at], rest, there), *tree[at + 1 :])


# ------------------------------------------------------------------ the same value


def _shuffled(tree: Tree, rng: Random) -> Tree | None:
    if tree[0] not in ("sum", "product"):
        return None
    parts = list(tree[1:])
    rng.shuffle(parts)
    return (tree[0], *parts)


def _turned(tree: Tree, rng: Random) -> Tree | None:
    """From a + b to -(-a - b)."""
    if tree[0] != "sum":
        return None
    return ("product", ("int", -1), ("sum", *(_negative(part) for part in tree[1:])))


def _negative(tree: Tree) -> Tree:
    if tree[0] == "int":
        return ("int", -tree[1])
    return ("product", ("int", -1), tree)


def _distributed(tree: Tree, rng: Random) -> Tree | None:
    """(a + b)c as ac + bc, and (a + b)/c as a/c + b/c."""
    if tree[0] == "over" and tree[1][0] == "sum":
        return ("sum", *(("over", part, tree[2]) for part in tree[1][1:]))
    if tree[0] != "product":
        return None
    for at, part in enumerate(tree[1:], start=1):
        if part[0] == "sum":
            others = (*tree[1:at], *tree[at + 1 :])
            return ("sum", *(("product", *others, term) for term in part[1:]))
    return None


def _multiplied_out(tree: Tree, rng: Random) -> Tree | None:
    if tree[0] != "power" or not 2 <= tree[2] <= 3:
        return None
    return ("product", *([tree[1]] * tree[2]))


def _root_moved(tree: Tree, rng: Random) -> Tree | None:
    """√12 as 2√3, or √3 as √12/2."""
    if tree[0] != "root":
        return None
    outside, inside = root(tree[1])
    if outside > 1 and inside > 1:
        return ("product", ("int", outside), ("root", inside))
    k = rng.randint(2, 4)
    return ("over", ("root", tree[1] * k * k), ("int", k))


def _split(tree: Tree, rng: Random) -> Tree | None:
    if tree[0] != "int":
        return None
    k = rng.randint(2, 6)
    if rng.random() < 0.5:
        return ("over", ("int", tree[1] * k), ("int", k))
    return ("sum", ("int", tree[1] - k), ("int", k))


def _extended(tree: Tree, rng: Random) -> Tree | None:
    """a/b as ka/kb, or a times the reciprocal of b."""
    if tree[0] != "over":
        return None
    above, below = tree[1], tree[2]
    if rng.random() < 0.3:
        return ("product", above, ("power", below, -1))
    k: Tree = ("int", rng.choice((-1, 2, 3, 5)))
    return ("over", ("product", k, above), ("product", k, below))


def _rationalised(tree: Tree, rng: Random) -> Tree | None:
    if tree[0] != "over" or tree[2][0] != "root":
        return None
    return ("over", ("product", tree[1], tree[2]), ("int", tree[2][1]))


def _as_decimal(tree: Tree, rng: Random) -> Tree | None:
    if tree[0] != "over" or tree[1][0] != "int" or tree[2][0] != "int" or tree[1][1] < 0:
        return None
    found = Fraction(tree[1][1], tree[2][1])
    text = str(found.numerator / found.denominator)
    return ("dec", text) if "." in text and Fraction(text) == found else None


def _padded(tree: Tree, rng: Random) -> Tree | None:
    k = rng.randint(1, 9)
    return ("sum", tree, ("int", k), ("int", -k)) if rng.random() < 0.3 else None


_RULES: tuple[Rule, ...] = (
    _shuffled,
    _turned,
    _distributed,
    _multiplied_out,
    _root_moved,
    _split,
    _extended,
    _rationalised,
    _as_decimal,
    _padded,
)


def _expanded(tree: Tree) -> Tree | None:
    """The normal form: a sum of terms, or a quotient of two."""
    try:
        found = value(tree)
    except Undefined:
        return None
    if set(found.below) == {ONE}:
        return _terms({key: n / found.below[ONE] for key, n in found.above.items()})
    return ("over", _terms(found.above), _terms(found.below))


def _terms(polynomial: Polynomial) -> Tree:
    terms = [
        _term(key, polynomial[key]) for key in sorted(polynomial, key=lambda k: [-n for n in k])
    ]
    if not terms:
        return ("int", 0)
    return terms[0] if len(terms) == 1 else ("sum", *terms)


def _term(key: tuple[int, int, int, int, int], n: Fraction) -> Tree:
    x, y, pi, inside, i = key
    factors: list[Tree] = [("root", inside)] if inside > 1 else []
    for name, power in (("pi", pi), ("x", x), ("y", y), ("i", i)):
        if power:
            symbol: Tree = ("sym", name)
            factors.append(symbol if power == 1 else ("power", symbol, power))
    number: Tree = ("int", n.numerator)
    if n.denominator != 1:
        number = ("over", ("int", abs(n.numerator)), ("int", n.denominator))
        if n < 0:
            return ("product", ("int", -1), number, *factors)
    elif factors and n == 1:
        return factors[0] if len(factors) == 1 else ("product", *factors)
    return ("product", number, *factors) if factors else number


# ------------------------------------------------------------------ another value


def _slip(tree: Tree, rng: Random) -> Tree | None:
    """What people get wrong: a number, a sign, an exponent, an operation, a part forgotten."""
    kind, *rest = tree
    if kind == "int":
        n = rest[0]
        return ("int", rng.choice([m for m in (n + 1, n - 1, -n, 2 * n) if m]))
    if kind == "root":
        return ("root", rest[0] + rng.choice((1, 2)))
    if kind == "sym":
        return ("sym", {"x": "y", "y": "x"}.get(rest[0], rest[0])) if rng.random() < 0.3 else None
    if kind == "power":
        return ("power", rest[0], rng.choice([n for n in (rest[1] - 1, rest[1] + 1) if n > 1]))
    if kind == "over":
        return ("over", rest[1], rest[0])
    if rng.random() < 0.3 and len(rest) > 1:
        lost = rng.randrange(len(rest))
        kept = [part for at, part in enumerate(rest) if at != lost]
        return kept[0] if len(kept) == 1 else (kind, *kept)
    if rng.random() < 0.5:
        return ("product" if kind == "sum" else "sum", *rest)
    at = rng.randrange(len(rest))
    return (kind, *rest[:at], _negative(rest[at]), *rest[at + 1 :])
