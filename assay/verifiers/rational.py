"""Exact values of closed numeric expressions, with bounded work (`verifiers.md` §6.2)."""

from collections.abc import Callable, Mapping
from fractions import Fraction
from math import ceil, comb, factorial, floor, gcd, isqrt, lcm, prod

from assay.core.types import Limits
from assay.verifiers.characters import Refused, symbolic
from assay.verifiers.trees import Node

_SHORT = 1 << 64  # whole numbers below are written without looking at their size
_WORK_BITS = 2_000_000  # bits of all intermediate results together; bounds the time of one answer


def evaluate(node: Node, limits: Limits) -> Fraction:
    """The rational value of an expression without units, names or other types.

    Raises:
        Refused: `unproven` where the value is not rational, has names in it or is too large to
            expand; `unparsable` for a division by zero or a collection inside arithmetic.
    """
    return _Evaluator(limits).value(node)


def size_bits(value: Fraction | int) -> int:
    """Bits of numerator and denominator together."""
    return value.numerator.bit_length() + value.denominator.bit_length()


class _Evaluator:
    def __init__(self, limits: Limits) -> None:
        self.limits, self.work = limits, 0

    def kept(self, value: Fraction) -> Fraction:
        bits = size_bits(value)
        self.work += bits
        if bits > 2 * self.limits.power_bits or self.work > _WORK_BITS:
            raise symbolic("A number of this size")
        return value

    def value(self, node: Node) -> Fraction:
        kind = node[0]
        if kind == "num":
            return node[1]
        if kind in ("add", "mul"):
            return self.chain(node, kind)
        if kind == "neg":
            return -self.value(node[1])
        if kind == "div":
            above, below = self.value(node[1]), self.value(node[2])
            if below == 0:
                raise Refused("The answer divides by zero.", "unparsable", "math.undefined")
            return self.kept(above / below)
        if kind == "pow":
            return self.power(self.value(node[1]), self.value(node[2]))
        if kind == "sqrt":
            return self.root(self.value(node[1]), self.value(node[2]))
        step = _STEPS.get(kind)
        if step is not None:
            return step(self, [self.value(part) for part in node[1:]])
        if kind == "fn" and node[1] in _SEVERAL:
            return self.several(node[1], [self.value(part) for part in node[2]])
        if kind in _ELSEWHERE:
            raise symbolic("An expression with names or functions")
        raise Refused("A unit, a collection or words stand inside arithmetic.")

    def chain(self, node: Node, kind: str) -> Fraction:
        """A left-deep run of sums or products, without recursion along the run."""
        rights: list[Node] = []
        while node[0] == kind:
            rights.append(node[2])
            node = node[1]
        total = self.value(node)
        for right in reversed(rights):
            value = self.value(right)
            total = self.kept(total + value if kind == "add" else total * value)
        return total

    def power(self, base: Fraction, exponent: Fraction) -> Fraction:
        if exponent.denominator == 2 and base > 0:
            base, exponent = self.root(Fraction(2), base), exponent * 2
        if exponent.denominator != 1:
            raise symbolic("A root")
        n = exponent.numerator
        if base == 0 and n <= 0:
            raise Refused("Zero is raised to a power that is not positive.", code="math.undefined")
        if base in (0, 1, -1):
            return base if n % 2 else base * base
        if abs(n) * size_bits(base) > 2 * self.limits.power_bits:
            raise symbolic("A power of this size")
        return self.kept(base**n)

    def whole(self, value: Fraction, what: str, least: int = 0) -> int:
        """A whole number that stays small enough to be worked with."""
        if value.denominator != 1 or value < least:
            raise Refused(f"{what} needs a whole number.", code="math.undefined")
        if value > self.limits.factorial_argument:
            raise symbolic(f"{what} of this size")
        return value.numerator

    def factorial(self, parts: list[Fraction]) -> Fraction:
        return self.kept(Fraction(factorial(self.whole(parts[0], "A factorial"))))

    def double_factorial(self, parts: list[Fraction]) -> Fraction:
        return self.kept(Fraction(prod(range(self.whole(parts[0], "A factorial"), 0, -2))))

    def binomial(self, parts: list[Fraction]) -> Fraction:
        above, below = (self.whole(part, "A binomial") for part in parts)
        return self.kept(Fraction(comb(above, below)))

    def several(self, name: str, parts: list[Fraction]) -> Fraction:
        """gcd, lcm, max, min or mod of several numbers."""
        if name in ("max", "min"):
            return max(parts) if name == "max" else min(parts)
        if any(part.denominator != 1 for part in parts):
            raise Refused(f"'{name}' needs whole numbers.", code="math.undefined")
        numbers = [part.numerator for part in parts]
        if name == "mod":
            if numbers[1] <= 0:
                raise Refused("A remainder needs a positive divisor.", code="math.undefined")
            return Fraction(numbers[0] % numbers[1])
        return self.kept(Fraction(gcd(*numbers) if name == "gcd" else lcm(*numbers)))

    def root(self, index: Fraction, value: Fraction) -> Fraction:
        if index.denominator != 1 or not 2 <= index <= 64 or value < 0:
            raise symbolic("A root")  # of a negative number: the domain says which root is meant
        above, below = (
            _root(part, index.numerator) for part in (value.numerator, value.denominator)
        )
        if above is None or below is None:
            raise symbolic("An irrational root")
        return Fraction(above, below)


_STEPS: Mapping[str, Callable[[_Evaluator, list[Fraction]], Fraction]] = {
    "pct": lambda lane, parts: lane.kept(parts[0] / 100),
    "fact": _Evaluator.factorial,
    "dfact": _Evaluator.double_factorial,
    "binom": _Evaluator.binomial,
    "abs": lambda lane, parts: abs(parts[0]),
    "floor": lambda lane, parts: Fraction(floor(parts[0])),
    "ceil": lambda lane, parts: Fraction(ceil(parts[0])),
}
_SEVERAL = frozenset({"gcd", "lcm", "max", "min", "mod"})
_ELSEWHERE = frozenset(
    "sym call pm ratio fn sum prod lim int deriv inf matrix union meet minus builder numbers "
    "dots class or both rel".split()
)


def _root(value: int, index: int) -> int | None:
    """The whole root of a number, or None where it has none."""
    if index == 2:
        root = isqrt(value)
    else:
        root = 1 << -(-value.bit_length() // index)  # from above, by Newton's method
        while (
            root and (better := ((index - 1) * root + value // root ** (index - 1)) // index) < root
        ):
            root = better
    return root if root**index == value else None


def write(value: Fraction | int) -> str:
    """A number for people; sizes beyond a few thousand digits by their size alone."""
    if type(value) is int and -_SHORT < value < _SHORT:
        return str(value)
    if size_bits(value) > 8_000:
        return f"a number of {size_bits(value)} bits"
    return str(value)


def is_rounding(decimal: str, value: Fraction) -> bool:
    """Whether a decimal is a value rounded or cut off at its last digit (`decimals="rounded"`).

    Only for values whose decimals do not end, and only with at least 6 significant digits.
    """
    negative, digits = decimal.startswith("-"), decimal.lstrip("-")
    _, point, places = digits.partition(".")
    if not point or len(digits.replace(".", "").lstrip("0")) < 6 or terminates(value):
        return False
    if negative != (value < 0):
        return False
    shown = Fraction(digits) * 10 ** len(places)
    scaled = abs(value) * 10 ** len(places)
    cut = scaled.numerator // scaled.denominator
    rounded = (2 * scaled.numerator + scaled.denominator) // (2 * scaled.denominator)
    return shown in (cut, rounded)


def terminates(value: Fraction) -> bool:
    """Whether a value has a decimal form that ends: no prime but 2 and 5 in its denominator."""
    rest = value.denominator
    rest >>= (rest & -rest).bit_length() - 1
    while rest % 5 == 0:
        rest //= 5
    return rest == 1
