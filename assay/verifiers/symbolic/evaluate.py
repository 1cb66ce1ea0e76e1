"""The value of a tree as a fraction or a box, at given values of its names.

Exact as long as everything is rational and of a bounded size. What has no value says so
(`Undefined`), what cannot be told at this precision as well (`Unsettled`), and what is never worked
out (limits, integrals, unknown functions) raises `Unsupported`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from math import ceil, comb, factorial, floor, gcd, lcm, prod

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.angles import exact_function
from assay.verifiers.symbolic.arithmetic import (
    LONGEST_INDEX,
    NATURAL,
    Arithmetic,
    Setting,
    Unsupported,
    Value,
    negative,
)
from assay.verifiers.symbolic.enclosure import Box, NotReal, Undefined, Unsettled
from assay.verifiers.symbolic.renaming import follows_index
from assay.verifiers.symbolic.special import elementary
from assay.verifiers.trees import Node

_TERMS = 1_000  # of a sum or product that is worked out
_STEPS = 60_000  # nodes visited for one value
_MINOR_TERMS = 5  # rows of a determinant
_DEGREE = Fraction(1, 180)


class Evaluator(Arithmetic):
    """Walks a tree."""

    def __init__(self, setting: Setting) -> None:
        """Begin an evaluation."""
        super().__init__(setting)
        self.values = dict(setting.values)
        self.steps = 0

    def value(self, node: Node) -> Value:
        """The value of a tree."""
        self.steps += 1
        if self.steps > _STEPS:
            raise Unsupported("too many steps")
        step = _BY_KIND.get(node[0])
        if step is None:
            raise Unsupported(node[0])
        return step(self, node)

    # Arithmetic

    def symbol(self, node: Node) -> Value:
        """A name or constant."""
        name = node[1]
        if follows_index(name):
            raise Unsupported(name)
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
        """A sum of any number of terms."""
        return self.added([self.value(part) for part in node[1:]])

    def product(self, node: Node) -> Value:
        """A product of any number of factors."""
        return self.times([self.value(part) for part in node[1:]])

    def opposite(self, node: Node) -> Value:
        """A negative."""
        return negative(self.value(node[1]))

    def quotient(self, node: Node) -> Value:
        """A quotient."""
        return self.divided(self.value(node[1]), self.value(node[2]))

    def percent(self, node: Node) -> Value:
        """A hundredth."""
        return self.times([self.value(node[1]), Fraction(1, 100)])

    def power(self, node: Node) -> Value:
        """A power."""
        base, exponent = self.value(node[1]), self.value(node[2])
        if base_is_e(node[1]) and "e" not in self.values:
            return self.exponential(exponent)
        return self.raised(base, exponent)

    def radical(self, node: Node) -> Value:
        """A root with its index."""
        index, value = self.value(node[1]), self.value(node[2])
        if isinstance(index, Box) or index.denominator != 1 or not 2 <= index <= LONGEST_INDEX:
            raise Unsupported("index of a root")
        return self.rooted(value, index.numerator)

    # Whole numbers

    def whole(self, node: Node) -> int:
        """The whole number that a tree is.

        Raises:
            Undefined: it is another number.
        """
        value = self.value(node)
        if isinstance(value, Box):
            raise Unsupported("a whole number")
        if value.denominator != 1:
            raise Undefined
        return value.numerator

    def small(self, node: Node) -> int:
        """A natural number that factorials and binomials are expanded for."""
        number = self.whole(node)
        if number < 0:
            raise Undefined
        if number > self.setting.sizes.factorial_argument:
            raise Unsupported("a number of this size")
        return number

    def factorial(self, node: Node) -> Value:
        """The product of the natural numbers up to n."""
        return self.kept(Fraction(factorial(self.small(node[1]))))

    def double_factorial(self, node: Node) -> Value:
        """n!!: the product of every second number."""
        return self.kept(Fraction(prod(range(self.small(node[1]), 0, -2))))

    def binomial(self, node: Node) -> Value:
        """N over k."""
        return self.kept(Fraction(comb(self.small(node[1]), self.small(node[2]))))

    def absolute(self, node: Node) -> Value:
        """An absolute value."""
        value = self.value(node[1])
        return box.absolute(value, self.setting.bits) if isinstance(value, Box) else abs(value)

    def floored(self, node: Node) -> Value:
        """The whole number below or above."""
        value = self.value(node[1])
        if isinstance(value, Box):
            return Fraction(box.floored(value, up=node[0] == "ceil"))
        return Fraction(ceil(value) if node[0] == "ceil" else floor(value))

    # Functions

    def function(self, node: Node) -> Value:
        """A function of one or more arguments."""
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
        exact = exact_function(name, arguments[0])
        return elementary(self, name, self.angle(arguments[0])) if exact is None else exact

    def angle(self, node: Node) -> Value:
        """An argument; degrees become radians."""
        if node[0] == "unit" and node[2] == "deg":
            return self.times([self.value(node[1]), _DEGREE, box.circle(self.setting.bits)])
        return self.value(node)

    def logarithm(self, node: Node) -> Value:
        """The natural logarithm of a tree."""
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

    # Several arguments

    def of_whole_numbers(self, name: str, arguments: Sequence[Node]) -> Value:
        """gcd, lcm or remainder."""
        numbers = [self.whole(argument) for argument in arguments]
        if name == "mod":
            if numbers[1] <= 0:
                raise Undefined
            return Fraction(numbers[0] % numbers[1])
        return self.kept(Fraction(gcd(*numbers) if name == "gcd" else lcm(*numbers)))

    def extreme(self, name: str, arguments: Sequence[Node]) -> Value:
        """The largest or smallest of several."""
        best = self.value(arguments[0])
        for argument in arguments[1:]:
            value = self.value(argument)
            difference = self.added([value, negative(best)])
            above = box.sign(difference) if isinstance(difference, Box) else difference
            if (above > 0) == (name == "max"):
                best = value
        return best

    def determinant(self, matrix: Node) -> Value:
        """The determinant of a small square matrix."""
        if matrix[0] != "matrix" or len(matrix[1]) != len(matrix[1][0][1]):
            raise Undefined
        if len(matrix[1]) > _MINOR_TERMS:
            raise Unsupported("a determinant of this size")
        return self.minor([[self.value(entry) for entry in row[1]] for row in matrix[1]])

    def minor(self, rows: Sequence[Sequence[Value]]) -> Value:
        """A determinant by expansion along its first row."""
        if len(rows) == 1:
            return rows[0][0]
        parts: list[Value] = []
        for place, entry in enumerate(rows[0]):
            rest = [[*row[:place], *row[place + 1 :]] for row in rows[1:]]
            part = self.times([entry, self.minor(rest)])
            parts.append(negative(part) if place % 2 else part)
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


_BY_KIND: Mapping[str, Callable[[Evaluator, Node], Value]] = {
    "num": lambda lane, node: node[1],
    "sym": Evaluator.symbol,
    "add": Evaluator.sum,
    "mul": Evaluator.product,
    "neg": Evaluator.opposite,
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
