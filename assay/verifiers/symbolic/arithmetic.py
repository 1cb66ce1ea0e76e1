"""Numbers as fractions or boxes: sums, products, powers, roots, and the trace of their sizes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.enclosure import Box, NotReal, Undefined, Unsettled

Value = Fraction | Box
NATURAL = 0  # stands for e as the base of logarithms without one
LONGEST_INDEX = 1_000  # of a root


class Unsupported(Exception):
    """A part of the expression is read and never worked out."""


class Sizes(NamedTuple):
    """Bounds of what is worked with."""

    power_bits: int = 10_000
    factorial_argument: int = 2_000
    entries: int = 1_000


class Setting(NamedTuple):
    """How an expression is evaluated.

    Attributes:
        values: of the free names.
        bits: of precision.
        strict: real numbers only; a root of a negative number is `NotReal`.
        real_roots: odd roots of negative numbers are real.
        log_base: of a logarithm without one; `NATURAL` for e.
    """

    values: Mapping[str, Value]
    bits: int
    strict: bool = False
    real_roots: bool = True
    log_base: int = 10
    sizes: Sizes = Sizes()


class Arithmetic:
    """One evaluation; keeps the sizes that tell how far an agreement can be trusted.

    Attributes:
        finest: log2 of the smallest part beside its sum, as far as it could be told; an agreement
            that is not much finer proves nothing.
        tallest: bits of the largest rational that became a box.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.finest = self.tallest = 0

    def boxed(self, value: Value) -> Box:
        """A value as a box."""
        if isinstance(value, Box):
            return value
        self.tallest = max(self.tallest, _size(value))
        return box.enclosed(value, self.setting.bits)

    def kept(self, value: Fraction) -> Value:
        """A rational of bounded size, or its box."""
        if _size(value) > 2 * self.setting.sizes.power_bits:
            return self.boxed(value)
        return value

    def fine(self, bits: int) -> None:
        """Note that something is smaller than what it was added to by this many bits."""
        self.finest = min(self.finest, bits)

    def added(self, parts: Sequence[Value]) -> Value:
        """The sum of values; exact where all are."""
        exact = sum((part for part in parts if not isinstance(part, Box)), Fraction(0))
        boxes = [part for part in parts if isinstance(part, Box)]
        if not boxes:
            return self.kept(exact)
        bits = self.setting.bits
        terms = [*boxes, self.boxed(exact)] if exact else boxes
        total = terms[0]
        for term in terms[1:]:
            total = box.add(total, term, bits)
        sizes = [size for term in terms if (size := box.magnitude(term)) is not None]
        if len(sizes) > 1:
            self.fine(min(sizes) - max(sizes))
        return total

    def times(self, parts: Sequence[Value]) -> Value:
        """The product of values; exact where all are."""
        exact: Value = Fraction(1)
        total: Box | None = None
        for part in parts:
            if isinstance(part, Box):
                total = part if total is None else box.multiplied(total, part, self.setting.bits)
            elif isinstance(exact, Box):
                exact = box.multiplied(exact, self.boxed(part), self.setting.bits)
            else:
                exact = self.kept(exact * part)
        if total is None or exact == 0:
            return exact
        return box.multiplied(total, self.boxed(exact), self.setting.bits)

    def divided(self, above: Value, below: Value) -> Value:
        """A quotient.

        Raises:
            Undefined: the divisor is zero.
        """
        if isinstance(below, Box):
            return self.times([above, box.inverse(below, self.setting.bits)])
        if below == 0:
            raise Undefined
        return self.times([above, 1 / below])

    def raised(self, base: Value, exponent: Value) -> Value:
        """A power; in the real domain, of a negative base only with a rational exponent."""
        if isinstance(exponent, Fraction):
            if exponent.denominator == 1:
                return self.whole_power(base, exponent.numerator)
            index = exponent.denominator
            if index <= LONGEST_INDEX:
                return self.whole_power(self.rooted(base, index), exponent.numerator)
        if base == 0:
            if isinstance(exponent, Fraction) and exponent > 0:
                return Fraction(0)
            raise Undefined
        boxed = self.boxed(base)
        if self.setting.strict and boxed.is_real and box.sign(boxed) < 0:
            raise NotReal
        return self.exponential(self.times([box.logarithm(boxed, self.setting.bits), exponent]))

    def whole_power(self, base: Value, exponent: int) -> Value:
        """A power with a whole exponent; expanded only while it stays small."""
        if isinstance(base, Fraction):
            if base == 0 and exponent <= 0:
                raise Undefined
            if base in (0, 1, -1):
                return base if exponent % 2 else base * base
            if abs(exponent) * _size(base) <= 2 * self.setting.sizes.power_bits:
                return base**exponent
        elif exponent == 0:
            if base.may_be_zero:
                raise Unsettled
            return Fraction(1)
        return box.whole_power(self.boxed(base), exponent, self.setting.bits)

    def rooted(self, value: Value, index: int) -> Value:
        """A root: the real one where there is one, else the principal one or `NotReal`."""
        if isinstance(value, Fraction):
            return self.rational_root(value, index)
        negative = value.is_real and not value.may_be_zero and box.sign(value) < 0
        if negative:
            if index % 2 and self.setting.real_roots:
                return box.negated(box.root(box.negated(value), index, self.setting.bits))
            if self.setting.strict:
                raise NotReal
        return box.root(value, index, self.setting.bits)

    def rational_root(self, value: Fraction, index: int) -> Value:
        """A root of a fraction; exact where it is rational."""
        if value == 0:
            return value
        if value < 0 and index % 2 and self.setting.real_roots:
            root = self.rational_root(-value, index)
            return box.negated(root) if isinstance(root, Box) else -root
        if value < 0 and self.setting.strict:
            raise NotReal
        roots = [whole_root(part, index) for part in (abs(value.numerator), value.denominator)]
        if value > 0 and roots[0] is not None and roots[1] is not None:
            return Fraction(roots[0], roots[1])
        if value < 0 and index == 2:
            real = self.boxed(self.rational_root(-value, 2))
            return Box(box.IMAGINARY.re, real.re)
        return box.root(self.boxed(value), index, self.setting.bits)

    def exponential(self, argument: Value) -> Value:
        """E to a value."""
        if argument == 0:
            return Fraction(1)
        boxed = self.boxed(argument)
        self.fine(min(box.magnitude(boxed) or 0, 0))
        return box.exponential(boxed, self.setting.bits)


def negative(value: Value) -> Value:
    """A value with the other sign."""
    return box.negated(value) if isinstance(value, Box) else -value


def whole_root(value: int, index: int) -> int | None:
    """The whole root of a natural number, or None where it has none."""
    if value < 2:
        return value
    if index > value.bit_length():
        return None
    root = 1 << -(-value.bit_length() // index)  # from above, by Newton's method
    while (better := ((index - 1) * root + value // root ** (index - 1)) // index) < root:
        root = better
    return root if root**index == value else None


def _size(value: Fraction) -> int:
    return value.numerator.bit_length() + value.denominator.bit_length()
