"""Polynomials over the rationals in any number of generators, with bounded work.

A polynomial is a dict from monomials to coefficients; a monomial is a sorted tuple of (generator,
exponent > 0). What a generator stands for is known to `normal.py`.
"""

from __future__ import annotations

from fractions import Fraction
from math import gcd, lcm

Monomial = tuple[tuple[str, int], ...]
Poly = dict[Monomial, Fraction]

ONE: Monomial = ()
_WORK = 15_000  # products of monomials in one comparison
_TERMS = 6_000
_BITS = 20_000  # of a coefficient


class TooLarge(Exception):
    """The polynomial would grow beyond what is worked with."""


class Budget:
    """Work that is left."""

    def __init__(self) -> None:
        self.left = _WORK

    def spend(self, products: int) -> None:
        """Take some away.

        Raises:
            TooLarge: there is none left.
        """
        self.left -= products
        if self.left < 0:
            raise TooLarge


def constant(value: Fraction | int) -> Poly:
    """A number as a polynomial."""
    return {ONE: Fraction(value)} if value else {}


def generator(name: str, exponent: int = 1) -> Poly:
    """A generator's power as a polynomial."""
    return {((name, exponent),): Fraction(1)}


def added(one: Poly, two: Poly) -> Poly:
    """Their sum."""
    if len(one) < len(two):
        one, two = two, one
    out = dict(one)
    for monomial, value in two.items():
        put(out, monomial, value)
    return out


def put(poly: Poly, monomial: Monomial, value: Fraction) -> None:
    """Add a term to a polynomial that is being made."""
    total = poly.get(monomial, 0) + value
    if total:
        poly[monomial] = total
    else:
        poly.pop(monomial, None)


def scaled(poly: Poly, factor: Fraction) -> Poly:
    """Its product with a number."""
    if not factor:
        return {}
    return {monomial: value * factor for monomial, value in poly.items()}


def multiplied(one: Poly, two: Poly, budget: Budget) -> Poly:
    """Their product."""
    budget.spend(len(one) * len(two))
    out: Poly = {}
    for left, a in one.items():
        for right, b in two.items():
            put(out, joined(left, right), a * b)
    if len(out) > _TERMS or any(_bits(value) > _BITS for value in out.values()):
        raise TooLarge
    return out


def joined(left: Monomial, right: Monomial) -> Monomial:
    """The product of two monomials."""
    if not left or not right:
        return left or right
    powers = dict(left)
    for name, exponent in right:
        powers[name] = powers.get(name, 0) + exponent
    return tuple(sorted(powers.items()))


def common(poly: Poly) -> tuple[Fraction, Monomial]:
    """The largest positive number and monomial that divide every term of what is not zero."""
    above = gcd(*(value.numerator for value in poly.values()))
    below = lcm(*(value.denominator for value in poly.values()))
    shared: dict[str, int] | None = None
    for monomial in poly:
        powers = dict(monomial)
        if shared is None:
            shared = powers
        else:
            shared = {n: min(e, powers[n]) for n, e in shared.items() if n in powers}
    return Fraction(above, below), tuple(sorted((shared or {}).items()))


def divided(poly: Poly, factor: Fraction, monomial: Monomial) -> Poly:
    """Its quotient by a number and a monomial that divide it."""
    if not monomial:
        return scaled(poly, 1 / factor)
    away = dict(monomial)
    out: Poly = {}
    for powers, value in poly.items():
        left = tuple((n, e - away.get(n, 0)) for n, e in powers if e > away.get(n, 0))
        out[left] = value / factor
    return out


def leading(poly: Poly) -> Fraction:
    """The coefficient of its last monomial in sorted order; 0 for zero."""
    return poly[max(poly)] if poly else Fraction(0)


def generators(poly: Poly) -> frozenset[str]:
    """The names that occur in it."""
    return frozenset(name for monomial in poly for name, _ in monomial)


def written(poly: Poly) -> str:
    """One string for equal polynomials."""
    terms = (f"{value}*{monomial}" for monomial, value in sorted(poly.items()))
    return " + ".join(terms) or "0"


def _bits(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()
