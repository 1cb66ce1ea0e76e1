"""Quotients of polynomials in generators, some of which are roots whose powers are worked out."""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from assay.verifiers.symbolic.polynomials import (
    ONE,
    Budget,
    Monomial,
    Poly,
    TooLarge,
    added,
    common,
    constant,
    divided,
    generators,
    leading,
    multiplied,
    put,
    scaled,
)

_POWER = 400  # exponents that are multiplied out


class Opaque(Exception):
    """A part of the tree has no place in a normal form."""


class Form(NamedTuple):
    """A quotient of two polynomials; `below` is not the zero polynomial."""

    above: Poly
    below: Poly

    @property
    def is_rational(self) -> bool:
        """Whether nothing but free names and the imaginary unit occurs."""
        names = generators(self.above) | generators(self.below)
        return all(name[0] == "v" or name == "i" for name in names)

    @property
    def number(self) -> Fraction | None:
        """Its value where it is a rational number."""
        if not self.above:
            return Fraction(0)
        if set(self.above) == set(self.below) == {ONE}:
            return self.above[ONE] / self.below[ONE]
        return None


class Algebra:
    """Sums, products and powers of forms within one budget.

    Attributes:
        reductions: of a generator, the power that can be worked out and what it comes to.
    """

    def __init__(self) -> None:
        self.budget = Budget()
        self.reductions: dict[str, tuple[int, Poly]] = {"i": (2, constant(-1))}

    def times(self, one: Poly, two: Poly) -> Poly:
        """A product in which powers of roots are worked out."""
        return self.reduced(multiplied(one, two, self.budget))

    def reduced(self, poly: Poly) -> Poly:
        """With g^k replaced where the generator g is a k-th root (or i, or a sine)."""
        if not any(self.reducible(monomial) for monomial in poly):
            return poly
        out: Poly = {}
        waiting = list(poly.items())
        while waiting:
            monomial, value = waiting.pop()
            name = self.reducible(monomial)
            self.budget.spend(1)
            if not name:
                put(out, monomial, value)
                continue
            index, replacement = self.reductions[name]
            powers = dict(monomial)
            powers[name] -= index
            left = tuple((n, e) for n, e in powers.items() if e)
            waiting += multiplied({left: value}, replacement, self.budget).items()
        return out

    def reducible(self, monomial: Monomial) -> str:
        """A generator in it whose power can be worked out, or nothing."""
        for name, exponent in monomial:
            if exponent > 1 and name in self.reductions and exponent >= self.reductions[name][0]:
                return name
        return ""

    def form(self, above: Poly, below: Poly) -> Form:
        """A quotient, its common numbers and monomials taken out, its denominator positive."""
        if not below:
            raise Opaque
        if not above:
            return Form({}, constant(1))
        one, two = common(above), common(below)
        shared = {n: min(e, dict(two[1]).get(n, 0)) for n, e in one[1]}
        monomial = tuple((n, e) for n, e in sorted(shared.items()) if e)
        factor = two[0] if leading(below) > 0 else -two[0]
        return Form(divided(above, factor, monomial), divided(below, factor, monomial))

    def plus(self, one: Form, two: Form) -> Form:
        """Their sum."""
        if one.below == two.below:
            return self.form(added(one.above, two.above), one.below)
        left = self.times(one.above, two.below)
        right = self.times(two.above, one.below)
        return self.form(added(left, right), self.times(one.below, two.below))

    def product(self, one: Form, two: Form) -> Form:
        """Their product."""
        return self.form(self.times(one.above, two.above), self.times(one.below, two.below))

    def raised(self, base: Form, exponent: int) -> Form:
        """A whole power."""
        if exponent < 0:
            base, exponent = self.form(base.below, base.above), -exponent
        single = len(base.above) == len(base.below) == 1
        if exponent > _POWER and not (single and set(base.above) == set(base.below) == {ONE}):
            raise TooLarge
        result = Form(constant(1), constant(1))
        while exponent:
            if exponent & 1:
                result = self.product(result, base)
            exponent >>= 1
            if exponent:
                base = self.product(base, base)
        return result

    def scaled(self, form: Form, factor: Fraction) -> Form:
        """Its product with a number."""
        return self.form(scaled(form.above, factor), form.below)


def same(one: Form, two: Form, algebra: Algebra) -> bool:
    """Whether two forms are one quotient."""
    left = algebra.times(one.above, two.below)
    right = algebra.times(two.above, one.below)
    return left == right
