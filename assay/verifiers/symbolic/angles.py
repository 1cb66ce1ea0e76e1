"""Angles that are rational multiples of π, and where their functions have rational values."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from assay.verifiers.symbolic.enclosure import Undefined
from assay.verifiers.trees import Node

_HALF = Fraction(1, 2)
# sin at the twelfths of a turn where it is rational, and tan at the eighths where it is.
_SINES: Mapping[int, Fraction] = {
    0: Fraction(0), 1: _HALF, 3: Fraction(1), 5: _HALF, 6: Fraction(0), 7: -_HALF,
    9: Fraction(-1), 11: -_HALF,
}  # fmt: skip
_TANGENTS: Mapping[int, Fraction] = {0: Fraction(0), 1: Fraction(1), 3: Fraction(-1)}


def exact_function(name: str, argument: Node) -> Fraction | None:
    """The rational value of sin, cos or tan at a rational multiple of π, where it has one.

    Raises:
        Undefined: a tangent at a right angle.
    """
    turns = half_turns(argument) if name in ("sin", "cos", "tan") else None
    if turns is None:
        return None
    if name == "tan":
        eighths = turns * 4 % 4
        if eighths == 2:
            raise Undefined
        return _TANGENTS.get(eighths.numerator) if eighths.denominator == 1 else None
    twelfths = (turns * 6 + (3 if name == "cos" else 0)) % 12
    return _SINES.get(twelfths.numerator) if twelfths.denominator == 1 else None


def _rational(node: Node) -> Fraction | None:
    """The value of a literal fraction, or None."""
    if node[0] == "num":
        return node[1]
    if node[0] == "neg":
        inner = _rational(node[1])
        return None if inner is None else -inner
    if node[0] == "div":
        above, below = _rational(node[1]), _rational(node[2])
        return above / below if above is not None and below else None
    return None


def half_turns(node: Node) -> Fraction | None:
    """An angle as a share of a half turn, where it is a rational one."""
    if node[0] == "unit" and node[2] == "deg":
        degrees = _rational(node[1])
        return None if degrees is None else degrees / 180
    if node == ("sym", "\\pi"):
        return Fraction(1)
    if node[0] == "neg":
        inner = half_turns(node[1])
        return None if inner is None else -inner
    if node[0] == "div":
        above, below = half_turns(node[1]), _rational(node[2])
        return above / below if above is not None and below else None
    if node[0] == "mul":
        rest = [part for part in node[1:] if part != ("sym", "\\pi")]
        factors = [_rational(part) for part in rest]
        if len(rest) != len(node) - 2 or any(factor is None for factor in factors):
            return None
        product = Fraction(1)
        for factor in factors:
            product *= factor or 0
        return product
    return None
