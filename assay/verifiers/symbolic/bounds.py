"""How near to zero an algebraic number can be without being zero.

For a number built from rationals by + - * /, whole powers and roots, and sines and cosines of
rational multiples of π, let u bound all conjugates of its numerator and l those of its denominator,
both algebraic integers of a field of degree at most d. The norm of a numerator that is not zero is
a whole number, so the number is zero or at least 1 / (u^(d-1) l) in size. The rules for u and l are
those of Burnikel, Funke, Mehlhorn, Schirra and Schmitt, "A separation bound for real algebraic
expressions" (2001). Enough digits therefore decide exactly whether it is zero.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import gcd, lcm, log2
from typing import NamedTuple

from assay.verifiers.symbolic.angles import half_turns
from assay.verifiers.trees import Node, canonical

_SLACK = 1e-6  # of the logarithms, which are rounded
_DEGREE = 4_096
_ORDER = 720  # of the roots of unity together


class NotAlgebraic(Exception):
    """A part of the number is not known to be algebraic, or its degree is too large."""


class Parts(NamedTuple):
    """log2 of the bounds of numerator and denominator."""

    above: float
    below: float


def zero_bits(
    node: Node, exact: Callable[[Node], Fraction | None], is_real: Callable[[Node], bool]
) -> int:
    """A number of bits such that a smaller value than 2 to their negative is exactly zero.

    Args:
        node: closed; sums and products may have many operands.
        exact: the value of a tree that is rational, else None.
        is_real: whether the value of a tree is surely real.

    Raises:
        NotAlgebraic: there is no such number, or none in reach.
    """
    walk = _Walk(exact, is_real)
    parts = walk.bounds(node)
    degree = walk.degree()
    if degree > _DEGREE:
        raise NotAlgebraic
    return int((degree - 1) * max(parts.above, 0.0) + parts.below) + 2


class _Walk:
    def __init__(
        self, exact: Callable[[Node], Fraction | None], is_real: Callable[[Node], bool]
    ) -> None:
        self.exact, self.is_real = exact, is_real
        self.roots: dict[str, int] = {}
        self.order = 1  # of the roots of unity that occur

    def degree(self) -> int:
        degree = _totient(self.order)
        for index in self.roots.values():
            degree *= index
        return degree

    def bounds(self, node: Node) -> Parts:
        kind = node[0]
        if kind == "num":
            return _of_rational(node[1])
        if kind == "add":
            return self.sum(node)
        if kind == "mul":
            parts = [self.bounds(part) for part in node[1:]]
            return Parts(sum(p.above for p in parts), sum(p.below for p in parts))
        if kind == "neg" or (kind == "abs" and self.is_real(node[1])):
            return self.bounds(node[1])
        if kind == "div":
            above, below = self.bounds(node[1]), self.bounds(node[2])
            return Parts(above.above + below.below, above.below + below.above)
        if kind == "pct":
            inner = self.bounds(node[1])
            return Parts(inner.above, inner.below + log2(100) + _SLACK)
        if kind == "pow":
            return self.power(node)
        if kind == "sqrt":
            return self.root(node[2], self.rational(node[1]))
        if node == ("sym", "i"):
            self.joined(4)
            return Parts(0.0, 0.0)
        if kind == "fn" and node[1] in ("sin", "cos", "tan"):
            return self.circular(node[1], node[2][0])
        return _of_rational(self.rational(node))

    def rational(self, node: Node) -> Fraction:
        value = self.exact(node)
        if value is None:
            raise NotAlgebraic
        return value

    def sum(self, node: Node) -> Parts:
        total = Parts(float("-inf"), 0.0)
        for part in node[1:]:
            other = self.bounds(part)
            one, two = total.above + other.below, other.above + total.below
            high, low = max(one, two), min(one, two)
            above = high if low == float("-inf") else high + log2(1 + 2.0 ** (low - high)) + _SLACK
            total = Parts(above, total.below + other.below)
        return total

    def power(self, node: Node) -> Parts:
        exponent = self.rational(node[2])
        if abs(exponent.numerator) > 10_000:
            raise NotAlgebraic
        index, times = exponent.denominator, exponent.numerator
        base = self.root(node[1], Fraction(index)) if index > 1 else self.bounds(node[1])
        if times < 0:
            base, times = Parts(base.below, base.above), -times
        return Parts(base.above * times, base.below * times)

    def root(self, node: Node, index: Fraction) -> Parts:
        if index.denominator != 1 or not 2 <= index <= 64:
            raise NotAlgebraic
        inner, k = self.bounds(node), index.numerator
        self.roots[f"{k}:{canonical(node)}"] = k
        above, below = max(inner.above, 0.0), inner.below
        if above >= below:
            return Parts((above + (k - 1) * below) / k + _SLACK, below)
        return Parts(above, ((k - 1) * above + below) / k + _SLACK)

    def circular(self, name: str, argument: Node) -> Parts:
        turn = half_turns(argument)
        if turn is None:
            raise NotAlgebraic
        self.joined(4 * turn.denominator)
        doubled = Parts(1.0, 1.0)  # 2cos and 2sin are algebraic integers of size at most 2
        return doubled if name != "tan" else Parts(2.0, 2.0)

    def joined(self, order: int) -> None:
        self.order = lcm(self.order, order)
        if self.order > _ORDER:
            raise NotAlgebraic


def _of_rational(value: Fraction) -> Parts:
    above = log2(abs(value.numerator)) + _SLACK if value else 0.0
    return Parts(above, log2(value.denominator) + _SLACK)


def _totient(order: int) -> int:
    return sum(1 for number in range(1, order + 1) if gcd(number, order) == 1)
