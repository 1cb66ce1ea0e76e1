"""Exact values of expression trees: rational functions over the rationals, square roots and i.

A tree is a tuple: `("int", n)`, `("dec", text)`, `("sym", name)`, `("root", n)` for a square root,
`("sum", a, b, …)`, `("product", a, b, …)`, `("over", a, b)` and `("power", a, n)`. The symbols `x`,
`y` and `pi` are indeterminates (no polynomial with algebraic coefficients vanishes at π), `i` is
the imaginary unit. Square roots of different squarefree numbers are independent over the rationals,
so that two values are equal exactly when their products across are the same polynomial. Nothing
here knows what either library of the comparison thinks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import gcd
from typing import Any

Tree = tuple[Any, ...]
Monomial = tuple[int, int, int, int, int]  # powers of x, y, pi; what is under the root; power of i
Polynomial = Mapping[Monomial, Fraction]

ONE: Monomial = (0, 0, 0, 1, 0)
_SYMBOLS: Mapping[str, Monomial] = {
    "x": (1, 0, 0, 1, 0),
    "y": (0, 1, 0, 1, 0),
    "pi": (0, 0, 1, 1, 0),
    "i": (0, 0, 0, 1, 1),
}


class Undefined(ArithmeticError):
    """A division by zero somewhere in a tree."""


@dataclass(frozen=True)
class Value:
    """A quotient of two polynomials."""

    above: Polynomial
    below: Polynomial

    def __eq__(self, other: object) -> bool:
        """Equality as rational functions."""
        if not isinstance(other, Value):
            return NotImplemented
        return times(self.above, other.below) == times(other.above, self.below)

    __hash__ = None  # type: ignore[assignment]  # equal values may have different terms

    @property
    def n_terms(self) -> int:
        """How much there is above and below."""
        return len(self.above) + len(self.below)


def constant(value: Fraction | int) -> Polynomial:
    """A number as a polynomial."""
    return {ONE: Fraction(value)} if value else {}


def plus(a: Polynomial, b: Polynomial) -> Polynomial:
    """The sum, without terms that vanish."""
    total = dict(a)
    for key, value in b.items():
        total[key] = total.get(key, Fraction(0)) + value
    return {key: value for key, value in total.items() if value}


def times(a: Polynomial, b: Polynomial) -> Polynomial:
    """The product."""
    total: dict[Monomial, Fraction] = {}
    for (ax, ay, ap, ar, ai), u in a.items():
        for (bx, by, bp, br, bi), v in b.items():
            common = gcd(ar, br)
            value = u * v * common * (-1 if ai and bi else 1)
            key = (ax + bx, ay + by, ap + bp, ar // common * (br // common), ai ^ bi)
            total[key] = total.get(key, Fraction(0)) + value
    return {key: value for key, value in total.items() if value}


def root(n: int) -> tuple[int, int]:
    """√n as a whole number times the root of a squarefree one."""
    outside, inside, d = 1, n, 2
    while d * d <= inside:
        while inside % (d * d) == 0:
            outside, inside = outside * d, inside // (d * d)
        d += 1
    return outside, inside


def value(tree: Tree) -> Value:
    """What a tree is.

    Raises:
        Undefined: it divides by zero.
    """
    kind, *rest = tree
    if kind in ("int", "dec"):
        return Value(constant(Fraction(rest[0])), constant(1))
    if kind == "sym":
        return Value({_SYMBOLS[rest[0]]: Fraction(1)}, constant(1))
    if kind == "root":
        outside, inside = root(rest[0])
        return Value({(0, 0, 0, inside, 0): Fraction(outside)}, constant(1))
    if kind == "power":
        return _power(value(rest[0]), rest[1])
    values = [value(part) for part in rest]
    found = values[0]
    for other in values[1:]:
        if kind == "sum":
            above = plus(times(found.above, other.below), times(other.above, found.below))
            found = Value(above, times(found.below, other.below))
        elif kind == "product":
            found = Value(times(found.above, other.above), times(found.below, other.below))
        else:
            found = _quotient(found, other)
    return found


def _quotient(a: Value, b: Value) -> Value:
    if not b.above:
        raise Undefined("a division by zero")
    return Value(times(a.above, b.below), times(a.below, b.above))


def _power(base: Value, n: int) -> Value:
    if n < 0:
        return _power(_quotient(Value(constant(1), constant(1)), base), -n)
    found = Value(constant(1), constant(1))
    for _ in range(n):
        found = Value(times(found.above, base.above), times(found.below, base.below))
    return found


def symbols(tree: Tree) -> frozenset[str]:
    """The names in a tree."""
    if tree[0] == "sym":
        return frozenset((tree[1],))
    parts = [symbols(part) for part in tree[1:] if isinstance(part, tuple)]
    return frozenset().union(*parts)
