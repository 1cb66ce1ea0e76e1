"""Elementary functions of values: circular, hyperbolic, their inverses, and the sign."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.arithmetic import Arithmetic, Value, negative
from assay.verifiers.symbolic.enclosure import Box, NotReal

_ONE, _HALF = Fraction(1), Fraction(1, 2)
_AT_ZERO = {
    "sin": 0, "tan": 0, "cos": 1, "sec": 1, "sinh": 0, "tanh": 0, "cosh": 1, "sech": 1,
    "arcsin": 0, "arctan": 0, "arcsinh": 0, "arctanh": 0,
}  # fmt: skip
_LARGEST = 40  # log2 of an argument of a hyperbolic function whose lesser part is still told


def elementary(lane: Arithmetic, name: str, argument: Value) -> Value:
    """The value of a function of one argument.

    Raises:
        Undefined: it has none there.
        Unsettled: at this precision it cannot be told.
    """
    if name == "exp":
        return lane.exponential(argument)
    if name == "sign":
        return _sign(argument)
    if argument == 0 and name in _AT_ZERO:
        return Fraction(_AT_ZERO[name])
    boxed = lane.boxed(argument)
    size = box.magnitude(boxed) or 0
    lane.fine(2 * min(size, 0))
    if name in _CIRCULAR:
        return _CIRCULAR[name](lane, boxed)
    if name in _HYPERBOLIC:
        lane.fine(-3 << min(max(size, 0), _LARGEST))
        return _HYPERBOLIC[name](lane, boxed)
    lane.fine(-abs(size))
    return _INVERSE[name](lane, argument)


def _sign(argument: Value) -> Value:
    if isinstance(argument, Box):
        return Fraction(box.sign(argument))
    return Fraction((argument > 0) - (argument < 0))


def _sine(lane: Arithmetic, argument: Box) -> Value:
    return box.sine(argument, lane.setting.bits)


def _cosine(lane: Arithmetic, argument: Box) -> Value:
    return box.cosine(argument, lane.setting.bits)


def _grown(lane: Arithmetic, argument: Box, sign: int) -> Value:
    """e^x + e^-x, or their difference, halved."""
    bits = lane.setting.bits
    up = box.exponential(argument, bits)
    down = box.exponential(box.negated(argument), bits)
    total = box.add(up, down if sign > 0 else box.negated(down), bits)
    return lane.times([total, _HALF])


def _quarter(lane: Arithmetic) -> Value:
    return lane.times([_HALF, box.circle(lane.setting.bits)])


def _arctangent(lane: Arithmetic, argument: Value) -> Value:
    return box.arctangent(lane.boxed(argument), lane.setting.bits)


def _arcsine(lane: Arithmetic, argument: Value) -> Value:
    """By the arctangent of x / sqrt(1 - x²)."""
    if argument in (1, -1):
        return lane.times([argument, _quarter(lane)])
    square = lane.times([argument, argument])
    rest = lane.added([_ONE, negative(square)])
    _must_not_be_below_zero(rest)
    return _arctangent(lane, lane.divided(argument, lane.rooted(rest, 2)))


def _arccosine(lane: Arithmetic, argument: Value) -> Value:
    return lane.added([_quarter(lane), negative(_arcsine(lane, argument))])


def _area(lane: Arithmetic, argument: Value, sign: int) -> Value:
    """ln(x + sqrt(x² ± 1)); for -1 only from 1 on."""
    if sign < 0:
        _must_not_be_below_zero(lane.added([argument, Fraction(-1)]))
    square = lane.added([lane.times([argument, argument]), Fraction(sign)])
    inner = lane.added([argument, lane.rooted(square, 2)])
    return box.logarithm(lane.boxed(inner), lane.setting.bits)


def _area_tangent(lane: Arithmetic, argument: Value) -> Value:
    above = lane.added([_ONE, argument])
    below = lane.added([_ONE, negative(argument)])
    ratio = lane.divided(above, below)
    _must_not_be_below_zero(ratio)
    return lane.times([_HALF, box.logarithm(lane.boxed(ratio), lane.setting.bits)])


def _must_not_be_below_zero(value: Value) -> None:
    if isinstance(value, Box):
        if not value.is_real or box.sign(value) < 0:
            raise NotReal
    elif value < 0:
        raise NotReal


_CIRCULAR: Mapping[str, Callable[[Arithmetic, Box], Value]] = {
    "sin": _sine,
    "cos": _cosine,
    "tan": lambda lane, x: lane.divided(_sine(lane, x), _cosine(lane, x)),
    "cot": lambda lane, x: lane.divided(_cosine(lane, x), _sine(lane, x)),
    "sec": lambda lane, x: lane.divided(_ONE, _cosine(lane, x)),
    "csc": lambda lane, x: lane.divided(_ONE, _sine(lane, x)),
}
_HYPERBOLIC: Mapping[str, Callable[[Arithmetic, Box], Value]] = {
    "sinh": lambda lane, x: _grown(lane, x, -1),
    "cosh": lambda lane, x: _grown(lane, x, 1),
    "tanh": lambda lane, x: lane.divided(_grown(lane, x, -1), _grown(lane, x, 1)),
    "coth": lambda lane, x: lane.divided(_grown(lane, x, 1), _grown(lane, x, -1)),
    "sech": lambda lane, x: lane.divided(_ONE, _grown(lane, x, 1)),
    "csch": lambda lane, x: lane.divided(_ONE, _grown(lane, x, -1)),
}
_INVERSE: Mapping[str, Callable[[Arithmetic, Value], Value]] = {
    "arcsin": _arcsine,
    "arccos": _arccosine,
    "arctan": _arctangent,
    "arccot": lambda lane, x: lane.added([_quarter(lane), negative(_arctangent(lane, x))]),
    "arcsec": lambda lane, x: _arccosine(lane, lane.divided(_ONE, x)),
    "arccsc": lambda lane, x: _arcsine(lane, lane.divided(_ONE, x)),
    "arcsinh": lambda lane, x: _area(lane, x, 1),
    "arccosh": lambda lane, x: _area(lane, x, -1),
    "arctanh": _area_tangent,
}
