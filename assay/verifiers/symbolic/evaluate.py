"""The value of a tree as a fraction or a box, at given values of its names.

Exact as long as everything is rational and of a bounded size. What has no value says so
(`Undefined`), what cannot be told at this precision as well (`Unsettled`), and what is never worked
out (limits, integrals, unknown functions) raises `Unsupported`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, comb, factorial, floor, gcd, lcm, prod
from typing import NamedTuple

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.enclosure import Box, NotReal, Undefined, Unsettled
from assay.verifiers.trees import Node

Value = Fraction | Box
_TERMS = 1_000  # of a sum or product that is worked out
_STEPS = 60_000  # nodes visited for one value
_MINOR_TERMS = 5  # rows of a determinant
NATURAL = 0  # stands for e as the base of logarithms without one
_DEGREE = Fraction(1, 180)
_HALF = Fraction(1, 2)


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


class Evaluator:
    """One evaluation; keeps the sizes that tell how far an agreement can be trusted.

    Attributes:
        finest: log2 of the smallest part beside its sum, as far as it could be told; an agreement
            that is not much finer proves nothing.
        tallest: bits of the largest rational that became a box.
    """

    def __init__(self, setting: Setting) -> None:
        self.setting = setting
        self.values = dict(setting.values)
        self.finest = self.tallest = self.steps = 0

    def value(self, node: Node) -> Value:
        """The value of a tree."""
        self.steps += 1
        if self.steps > _STEPS:
            raise Unsupported("too many steps")
        step = _BY_KIND.get(node[0])
        if step is None:
            raise Unsupported(node[0])
        return step(self, node)

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

    # Arithmetic

    def symbol(self, node: Node) -> Value:
        name = node[1]
        if name in self.values:
            return self.values[name]
        if name == "e":
            return box.exponential(box.enclosed(Fraction(1), self.setting.bits), self.setting.bits)
        if name == "\\pi":
            return box.circle(self.setting.bits)
        if name == "i":
            return box.IMAGINARY
        raise Unsupported(name)

    def sum(self, node: Node) -> Value:
        return self.added([self.value(part) for part in node[1:]])

    def added(self, parts: Sequence[Value]) -> Value:
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

    def product(self, node: Node) -> Value:
        return self.times([self.value(part) for part in node[1:]])

    def times(self, parts: Sequence[Value]) -> Value:
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

    def negative(self, node: Node) -> Value:
        value = self.value(node[1])
        return box.negated(value) if isinstance(value, Box) else -value

    def quotient(self, node: Node) -> Value:
        return self.divided(self.value(node[1]), self.value(node[2]))

    def divided(self, above: Value, below: Value) -> Value:
        if isinstance(below, Box):
            return self.times([above, box.inverse(below, self.setting.bits)])
        if below == 0:
            raise Undefined
        return self.times([above, 1 / below])

    def percent(self, node: Node) -> Value:
        return self.times([self.value(node[1]), Fraction(1, 100)])

    def power(self, node: Node) -> Value:
        base, exponent = self.value(node[1]), self.value(node[2])
        if base_is_e(node[1]) and "e" not in self.values:
            return self.exponential(exponent)
        return self.raised(base, exponent)

    def raised(self, base: Value, exponent: Value) -> Value:
        if isinstance(exponent, Fraction):
            if exponent.denominator == 1:
                return self.whole_power(base, exponent.numerator)
            index = exponent.denominator
            if index <= 1_000:
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

    def radical(self, node: Node) -> Value:
        index, value = self.value(node[1]), self.value(node[2])
        whole = isinstance(index, Fraction) and index.denominator == 1 and 2 <= index <= 1_000
        if not whole:
            raise Unsupported("index of a root")
        return self.rooted(value, index.numerator)

    def rooted(self, value: Value, index: int) -> Value:
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

    # Whole numbers

    def whole(self, node: Node) -> int:
        value = self.value(node)
        if isinstance(value, Box):
            raise Unsupported("a whole number")
        if value.denominator != 1:
            raise Undefined
        return value.numerator

    def small(self, node: Node) -> int:
        number = self.whole(node)
        if number < 0:
            raise Undefined
        if number > self.setting.sizes.factorial_argument:
            raise Unsupported("a number of this size")
        return number

    def factorial(self, node: Node) -> Value:
        return self.kept(Fraction(factorial(self.small(node[1]))))

    def double_factorial(self, node: Node) -> Value:
        return self.kept(Fraction(prod(range(self.small(node[1]), 0, -2))))

    def binomial(self, node: Node) -> Value:
        return self.kept(Fraction(comb(self.small(node[1]), self.small(node[2]))))

    def absolute(self, node: Node) -> Value:
        value = self.value(node[1])
        return box.absolute(value, self.setting.bits) if isinstance(value, Box) else abs(value)

    def floored(self, node: Node) -> Value:
        value = self.value(node[1])
        if isinstance(value, Box):
            return Fraction(box.floored(value, up=node[0] == "ceil"))
        return Fraction(ceil(value) if node[0] == "ceil" else floor(value))

    # Functions

    def function(self, node: Node) -> Value:
        name, arguments = node[1], node[2]
        if name in ("gcd", "lcm", "mod"):
            return self.of_whole_numbers(name, arguments)
        if name == "det":
            return self.determinant(arguments[0])
        if name in ("max", "min"):
            return self.extreme(name, arguments)
        if name == "log":
            value = self.logarithm(arguments[-1])
            if len(arguments) == 2:
                return self.divided(value, self.logarithm(arguments[0]))
            if self.setting.log_base == NATURAL:
                return value
            base = self.boxed(Fraction(self.setting.log_base))
            return self.divided(value, box.logarithm(base, self.setting.bits))
        if name == "ln":
            return self.logarithm(arguments[0])
        return self.elementary(name, self.angle(arguments[0]))

    def angle(self, node: Node) -> Value:
        """An argument; degrees become radians."""
        if node[0] == "unit" and node[2] == "deg":
            return self.times([self.value(node[1]), _DEGREE, box.circle(self.setting.bits)])
        return self.value(node)

    def logarithm(self, node: Node) -> Value:
        if base_is_e(node) and "e" not in self.values:
            return Fraction(1)
        value = self.value(node)
        if value == 0:
            raise Undefined
        if value == 1:
            return Fraction(0)
        boxed = self.boxed(value)
        if boxed.is_real and box.sign(boxed) < 0 and self.setting.real_roots:
            raise NotReal
        return box.logarithm(boxed, self.setting.bits)

    def elementary(self, name: str, argument: Value) -> Value:
        if name == "exp":
            return self.exponential(argument)
        if name == "sign":
            return self.sign(argument)
        if argument == 0 and name in _AT_ZERO:
            return Fraction(_AT_ZERO[name])
        boxed = self.boxed(argument)
        size = box.magnitude(boxed) or 0
        self.fine(2 * min(size, 0))
        if name in _CIRCULAR:
            return _CIRCULAR[name](self, boxed)
        if name in _HYPERBOLIC:
            self.fine(-3 << min(max(size, 0), 40))
            return _HYPERBOLIC[name](self, boxed)
        self.fine(-abs(size))
        return _INVERSE[name](self, argument)

    def exponential(self, argument: Value) -> Value:
        if argument == 0:
            return Fraction(1)
        boxed = self.boxed(argument)
        self.fine(min(box.magnitude(boxed) or 0, 0))
        return box.exponential(boxed, self.setting.bits)

    def sign(self, argument: Value) -> Value:
        if isinstance(argument, Box):
            return Fraction(box.sign(argument))
        return Fraction((argument > 0) - (argument < 0))

    def sine(self, argument: Box) -> Value:
        return box.sine(argument, self.setting.bits)

    def cosine(self, argument: Box) -> Value:
        return box.cosine(argument, self.setting.bits)

    def over(self, above: Value, below: Value) -> Value:
        return self.divided(above, below)

    def grown(self, argument: Box, sign: int) -> Value:
        """e^x + e^-x, or their difference, halved."""
        bits = self.setting.bits
        up = box.exponential(argument, bits)
        down = box.exponential(box.negated(argument), bits)
        total = box.add(up, down if sign > 0 else box.negated(down), bits)
        return self.times([total, _HALF])

    def inverse_tangent(self, argument: Value) -> Value:
        return box.arctangent(self.boxed(argument), self.setting.bits)

    def inverse_sine(self, argument: Value) -> Value:
        """By the arctangent of x / sqrt(1 - x²)."""
        if argument in (1, -1):
            return self.times([argument, _HALF, box.circle(self.setting.bits)])
        square = self.times([argument, argument])
        rest = self.added([Fraction(1), self.minus(square)])
        if isinstance(rest, Fraction) and rest < 0:
            raise NotReal
        if isinstance(rest, Box) and (not rest.is_real or box.sign(rest) < 0):
            raise NotReal
        return self.inverse_tangent(self.divided(argument, self.rooted(rest, 2)))

    def inverse_cosine(self, argument: Value) -> Value:
        quarter = self.times([_HALF, box.circle(self.setting.bits)])
        return self.added([quarter, self.minus(self.inverse_sine(argument))])

    def inverse_hyperbolic(self, argument: Value, sign: int) -> Value:
        """ln(x + sqrt(x² ± 1)); for -1 only from 1 on."""
        square = self.added([self.times([argument, argument]), Fraction(sign)])
        boxed = self.boxed(argument)
        if sign < 0 and (not boxed.is_real or box.sign(boxed) < 0):
            raise NotReal
        if isinstance(square, Fraction) and square < 0:
            raise NotReal
        inner = self.added([argument, self.rooted(square, 2)])
        return box.logarithm(self.boxed(inner), self.setting.bits)

    def inverse_hyperbolic_tangent(self, argument: Value) -> Value:
        above = self.added([Fraction(1), argument])
        below = self.added([Fraction(1), self.minus(argument)])
        ratio = self.boxed(self.divided(above, below))
        if not ratio.is_real or box.sign(ratio) < 0:
            raise NotReal
        return self.times([_HALF, box.logarithm(ratio, self.setting.bits)])

    def minus(self, value: Value) -> Value:
        return box.negated(value) if isinstance(value, Box) else -value

    # Several arguments

    def of_whole_numbers(self, name: str, arguments: Sequence[Node]) -> Value:
        numbers = [self.whole(argument) for argument in arguments]
        if name == "mod":
            if numbers[1] <= 0:
                raise Undefined
            return Fraction(numbers[0] % numbers[1])
        return self.kept(Fraction(gcd(*numbers) if name == "gcd" else lcm(*numbers)))

    def extreme(self, name: str, arguments: Sequence[Node]) -> Value:
        best = self.value(arguments[0])
        for argument in arguments[1:]:
            value = self.value(argument)
            difference = self.added([value, self.minus(best)])
            above = box.sign(difference) if isinstance(difference, Box) else difference
            if (above > 0) == (name == "max"):
                best = value
        return best

    def determinant(self, matrix: Node) -> Value:
        if matrix[0] != "matrix" or len(matrix[1]) != len(matrix[1][0][1]):
            raise Undefined
        if len(matrix[1]) > _MINOR_TERMS:
            raise Unsupported("a determinant of this size")
        return self.minor([[self.value(entry) for entry in row[1]] for row in matrix[1]])

    def minor(self, rows: Sequence[Sequence[Value]]) -> Value:
        if len(rows) == 1:
            return rows[0][0]
        parts: list[Value] = []
        for place, entry in enumerate(rows[0]):
            rest = [[*row[:place], *row[place + 1 :]] for row in rows[1:]]
            part = self.times([entry, self.minor(rest)])
            parts.append(self.minus(part) if place % 2 else part)
        return self.added(parts)

    def series(self, node: Node) -> Value:
        """A sum or product with numeric bounds."""
        kind, name, low, high, body = node
        start, stop = self.whole(low), self.whole(high)
        if stop - start > _TERMS:
            raise Unsupported("a sum of this length")
        outer = self.values.get(name)
        parts: list[Value] = []
        for index in range(start, stop + 1):
            self.values[name] = Fraction(index)
            parts.append(self.value(body))
        if outer is None:
            self.values.pop(name, None)
        else:
            self.values[name] = outer
        if kind == "prod":
            return self.times(parts)
        return self.added(parts)


_AT_ZERO = {
    "sin": 0, "tan": 0, "cos": 1, "sec": 1, "sinh": 0, "tanh": 0, "cosh": 1, "sech": 1,
    "arcsin": 0, "arctan": 0, "arcsinh": 0, "arctanh": 0,
}  # fmt: skip
_ONE = Fraction(1)
_CIRCULAR: Mapping[str, Callable[[Evaluator, Box], Value]] = {
    "sin": Evaluator.sine,
    "cos": Evaluator.cosine,
    "tan": lambda lane, x: lane.over(lane.sine(x), lane.cosine(x)),
    "cot": lambda lane, x: lane.over(lane.cosine(x), lane.sine(x)),
    "sec": lambda lane, x: lane.over(_ONE, lane.cosine(x)),
    "csc": lambda lane, x: lane.over(_ONE, lane.sine(x)),
}
_HYPERBOLIC: Mapping[str, Callable[[Evaluator, Box], Value]] = {
    "sinh": lambda lane, x: lane.grown(x, -1),
    "cosh": lambda lane, x: lane.grown(x, 1),
    "tanh": lambda lane, x: lane.over(lane.grown(x, -1), lane.grown(x, 1)),
    "coth": lambda lane, x: lane.over(lane.grown(x, 1), lane.grown(x, -1)),
    "sech": lambda lane, x: lane.over(_ONE, lane.grown(x, 1)),
    "csch": lambda lane, x: lane.over(_ONE, lane.grown(x, -1)),
}
_INVERSE: Mapping[str, Callable[[Evaluator, Value], Value]] = {
    "arcsin": Evaluator.inverse_sine,
    "arccos": Evaluator.inverse_cosine,
    "arctan": Evaluator.inverse_tangent,
    "arccot": lambda lane, x: lane.added(
        [
            lane.times([_HALF, box.circle(lane.setting.bits)]),
            lane.minus(lane.inverse_tangent(x)),
        ]
    ),
    "arcsec": lambda lane, x: lane.inverse_cosine(lane.over(_ONE, x)),
    "arccsc": lambda lane, x: lane.inverse_sine(lane.over(_ONE, x)),
    "arcsinh": lambda lane, x: lane.inverse_hyperbolic(x, 1),
    "arccosh": lambda lane, x: lane.inverse_hyperbolic(x, -1),
    "arctanh": Evaluator.inverse_hyperbolic_tangent,
}
_BY_KIND: Mapping[str, Callable[[Evaluator, Node], Value]] = {
    "num": lambda lane, node: node[1],
    "sym": Evaluator.symbol,
    "add": Evaluator.sum,
    "mul": Evaluator.product,
    "neg": Evaluator.negative,
    "div": Evaluator.quotient,
    "pow": Evaluator.power,
    "sqrt": Evaluator.radical,
    "pct": Evaluator.percent,
    "fact": Evaluator.factorial,
    "dfact": Evaluator.double_factorial,
    "binom": Evaluator.binomial,
    "abs": Evaluator.absolute,
    "floor": Evaluator.floored,
    "ceil": Evaluator.floored,
    "fn": Evaluator.function,
    "sum": Evaluator.series,
    "prod": Evaluator.series,
}


def exact_value(node: Node, setting: Setting | None = None) -> Fraction | None:
    """The value of a tree that is rational as it stands, or None."""
    try:
        value = Evaluator(setting or Setting({}, 64)).value(node)
    except (Undefined, Unsettled, Unsupported):
        return None
    return None if isinstance(value, Box) else value


def base_is_e(node: Node) -> bool:
    """Whether a tree is Euler's number."""
    return node == ("sym", "e")


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
