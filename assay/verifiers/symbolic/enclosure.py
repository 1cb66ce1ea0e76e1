"""Boxes in the complex plane that surely hold a number, with outward rounding.

Bounds are mpmath's arbitrary-precision floats, its interval functions called at a higher precision
and widened by far more than their error. Nothing here rounds to nearest.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple, cast

import mpmath.libmp as libmp  # pyright: ignore[reportMissingTypeStubs]

Bounds = tuple[Any, Any]  # lower and upper bound, as mpmath's raw floats
_mp = cast(Any, libmp)
_mpi = _mp.libmpi
_DOWN, _UP = _mp.round_floor, _mp.round_ceiling
_ZERO: Bounds = (_mp.fzero, _mp.fzero)
_GUARD = 24  # bits that a function is worked out to beyond what is asked
_SLACK = 8  # bits of those that may be wrong
_LONGEST_POWER = 1 << 20  # by multiplication; beyond by way of the logarithm
_EXPONENT_BITS = 64  # of the argument of exp: beyond, its value cannot be held


class Unsettled(Exception):
    """The box is too wide to tell, or its number too large to hold; more digits may help."""


class Undefined(Exception):
    """The expression surely has no value here."""


class NotReal(Undefined):
    """The expression surely has no real value here."""


class Box(NamedTuple):
    """All numbers with real part in `re` and imaginary part in `im`."""

    re: Bounds
    im: Bounds = _ZERO

    @property
    def is_real(self) -> bool:
        """Whether the imaginary part is exactly zero."""
        return self.im == _ZERO

    @property
    def may_be_zero(self) -> bool:
        """Whether zero lies in the box."""
        return _holds_zero(self.re) and _holds_zero(self.im)


def _holds_zero(bounds: Bounds) -> bool:
    return _mp.mpf_sign(bounds[0]) <= 0 <= _mp.mpf_sign(bounds[1])


def enclosed(value: Fraction, bits: int) -> Box:
    """The narrowest box of this precision around a rational number."""
    above, below = value.numerator, value.denominator
    return Box(
        (
            _mp.from_rational(above, below, bits, _DOWN),
            _mp.from_rational(above, below, bits, _UP),
        )
    )


IMAGINARY = Box(_ZERO, (_mp.fone, _mp.fone))


def add(one: Box, two: Box, bits: int) -> Box:
    """Their sum."""
    return Box(_mpi.mpi_add(one.re, two.re, bits), _mpi.mpi_add(one.im, two.im, bits))


def negated(box: Box) -> Box:
    """Its negative."""
    return Box(_mpi.mpi_neg(box.re), _mpi.mpi_neg(box.im))


def multiplied(one: Box, two: Box, bits: int) -> Box:
    """Their product."""
    if one.is_real and two.is_real:
        return Box(_mpi.mpi_mul(one.re, two.re, bits))
    return Box(*_mpi.mpci_mul(one, two, bits))


def inverse(box: Box, bits: int) -> Box:
    """One divided by it."""
    if box.may_be_zero:
        raise Unsettled
    if box.is_real:
        return Box(_mpi.mpi_div((_mp.fone, _mp.fone), box.re, bits))
    return Box(*_mpi.mpci_div(((_mp.fone, _mp.fone), _ZERO), box, bits))


def whole_power(box: Box, exponent: int, bits: int) -> Box:
    """A power with a whole exponent."""
    if exponent < 0:
        return inverse(whole_power(box, -exponent, bits), bits)
    if exponent > _LONGEST_POWER:
        scale = enclosed(Fraction(exponent), bits + _GUARD)
        return exponential(multiplied(logarithm(box, bits + _GUARD), scale, bits + _GUARD), bits)
    wide = bits + exponent.bit_length()
    if box.is_real:
        return Box(_widened(lambda held, b: _mpi.mpi_pow_int(held, exponent, b), box.re, wide))
    return Box(*_both(_mpi.mpci_pow_int(box, exponent, wide + _GUARD), wide))


def exponential(box: Box, bits: int) -> Box:
    """E to its power."""
    _hold(box.re, _EXPONENT_BITS)
    size = Box(_widened(_mpi.mpi_exp, box.re, bits))
    if box.is_real:
        return size
    turn = Box(cosine(Box(box.im), bits).re, sine(Box(box.im), bits).re)
    return multiplied(size, turn, bits)


def logarithm(box: Box, bits: int) -> Box:
    """The principal natural logarithm; of no box that holds zero."""
    if box.may_be_zero:
        raise Unsettled
    if box.is_real and _mp.mpf_sign(box.re[0]) > 0:
        return Box(_widened(_mpi.mpi_log, box.re, bits))
    return Box(*_both(_mpi.mpci_log(box, bits + _GUARD), bits))


def root(box: Box, index: int, bits: int) -> Box:
    """The real root of a box that is real and not negative; else the principal root."""
    if box.is_real and _mp.mpf_sign(box.re[0]) >= 0:
        if index == 2:
            return Box(_widened(_mpi.mpi_sqrt, box.re, bits))
        low, high = (
            _mp.mpf_nthroot(bound, index, bits + _GUARD, side) if bound != _mp.fzero else bound
            for bound, side in zip(box.re, (_DOWN, _UP), strict=True)
        )
        return Box(_outward((low, high), bits))
    part = multiplied(logarithm(box, bits), enclosed(Fraction(1, index), bits + _GUARD), bits)
    return exponential(part, bits)


def sine(box: Box, bits: int) -> Box:
    """Its sine."""
    _hold(box.re, 4 * _EXPONENT_BITS)
    if box.is_real:
        return Box(_widened(_mpi.mpi_sin, box.re, bits))
    return Box(*_both(_mpi.mpci_sin(box, bits + _GUARD), bits))


def cosine(box: Box, bits: int) -> Box:
    """Its cosine."""
    _hold(box.re, 4 * _EXPONENT_BITS)
    if box.is_real:
        return Box(_widened(_mpi.mpi_cos, box.re, bits))
    return Box(*_both(_mpi.mpci_cos(box, bits + _GUARD), bits))


def arctangent(box: Box, bits: int) -> Box:
    """The arctangent of a real box."""
    if not box.is_real:
        raise Unsettled
    return Box(_widened(_mpi.mpi_atan, box.re, bits))


def circle(bits: int) -> Box:
    """π."""
    return Box(_widened(lambda _, wide: _mpi.mpi_pi(wide), _ZERO, bits))


def absolute(box: Box, bits: int) -> Box:
    """Its distance from zero."""
    if box.is_real:
        return Box(_mpi.mpi_abs(box.re, bits))
    return Box(_outward(_mpi.mpci_abs(box, bits + _GUARD), bits))


def floored(box: Box, *, up: bool = False) -> int:
    """The whole number below (or above) a real box, where all of the box has the same."""
    if not box.is_real:
        raise Undefined
    side = _UP if up else _DOWN
    if max(_magnitude(box.re[0]), _magnitude(box.re[1])) > 1 << 14:
        raise Unsettled
    low, high = (int(_mp.to_int(bound, side)) for bound in box.re)
    if low != high:
        raise Unsettled
    return low


def sign(box: Box) -> int:
    """1 or -1 for a real box that does not hold zero."""
    if not box.is_real:
        raise Undefined
    if box.may_be_zero:
        raise Unsettled
    return _mp.mpf_sign(box.re[0])


def apart(one: Box, two: Box) -> bool:
    """Whether the two boxes have no number in common, so that theirs differ."""
    return _apart(one.re, two.re) or _apart(one.im, two.im)


def _apart(one: Bounds, two: Bounds) -> bool:
    return _mp.mpf_lt(one[1], two[0]) or _mp.mpf_lt(two[1], one[0])


def magnitude(box: Box) -> int | None:
    """At least log2 of the largest absolute value in the box; None where the box is just zero."""
    sizes = [_magnitude(bound) for bounds in box for bound in bounds if bound != _mp.fzero]
    return max(sizes) + 1 if sizes else None


def least_magnitude(box: Box) -> int | None:
    """At most log2 of the smallest absolute value in the box; None where it holds zero."""
    if box.may_be_zero:
        return None
    sizes = [
        min(_magnitude(bounds[0]), _magnitude(bounds[1])) - 1
        for bounds in box
        if not _holds_zero(bounds)
    ]
    return max(sizes)


def width(box: Box, bits: int) -> int | None:
    """At least log2 of its longer side; None where it is a single number."""
    sides = [_mp.mpf_sub(bounds[1], bounds[0], bits, _UP) for bounds in box]
    sizes = [_magnitude(side) for side in sides if side != _mp.fzero]
    return max(sizes) if sizes else None


def _magnitude(bound: Any) -> int:
    """The exponent e with 2^(e-1) <= |bound| < 2^e."""
    if bound in (_mp.finf, _mp.fninf, _mp.fnan):
        raise Unsettled
    return int(bound[2] + bound[3])


def _hold(bounds: Bounds, exponent_bits: int) -> None:
    if any(bound != _mp.fzero and _magnitude(bound) > exponent_bits for bound in bounds):
        raise Unsettled


def _widened(function: Callable[[Bounds, int], Bounds], bounds: Bounds, bits: int) -> Bounds:
    return _outward(function(bounds, bits + _GUARD), bits)


def _both(pair: tuple[Bounds, Bounds], bits: int) -> tuple[Bounds, Bounds]:
    return _outward(pair[0], bits), _outward(pair[1], bits)


def _outward(bounds: Bounds, bits: int) -> Bounds:
    """Wider by a margin over the error of a function that was worked out to `_GUARD` more bits."""
    return _moved(bounds[0], bits, _DOWN), _moved(bounds[1], bits, _UP)


def _moved(bound: Any, bits: int, side: str) -> Any:
    if bound == _mp.fzero:
        return bound
    _magnitude(bound)
    margin = _mp.mpf_abs(_mp.mpf_shift(bound, _SLACK - _GUARD - bits))
    step = _mp.mpf_sub if side == _DOWN else _mp.mpf_add
    return step(bound, margin, bits, side)
