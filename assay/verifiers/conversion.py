"""Exact factors between units of one quantity, for `units="convert"` (`verifiers.md` §6.2)."""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import NamedTuple

_INCH, _POUND = Fraction(254, 10_000), Fraction(45_359_237, 100_000_000)
# In metres, kilograms, seconds, dollars, litres as cubic metres; months and years have no length.
_FACTORS: Mapping[str, tuple[Fraction, str, int]] = {
    "mm": (Fraction(1, 1000), "m", 1), "cm": (Fraction(1, 100), "m", 1),
    "dm": (Fraction(1, 10), "m", 1), "m": (Fraction(1), "m", 1), "km": (Fraction(1000), "m", 1),
    "in": (_INCH, "m", 1), "ft": (12 * _INCH, "m", 1), "yd": (36 * _INCH, "m", 1),
    "mi": (63_360 * _INCH, "m", 1),
    "mg": (Fraction(1, 1_000_000), "kg", 1), "g": (Fraction(1, 1000), "kg", 1),
    "kg": (Fraction(1), "kg", 1), "lb": (_POUND, "kg", 1), "oz": (_POUND / 16, "kg", 1),
    "ml": (Fraction(1, 1_000_000), "m", 3), "l": (Fraction(1, 1000), "m", 3),
    "gal": (231 * _INCH**3, "m", 3),
    "ms": (Fraction(1, 1000), "s", 1), "s": (Fraction(1), "s", 1), "min": (Fraction(60), "s", 1),
    "h": (Fraction(3600), "s", 1), "day": (Fraction(86_400), "s", 1),
    "week": (Fraction(604_800), "s", 1),
    "dollar": (Fraction(1), "dollar", 1), "cent": (Fraction(1, 100), "dollar", 1),
}  # fmt: skip
_PART = re.compile(r"([A-Za-z]+)(?:\^([23]))?")


class Quantity(NamedTuple):
    """A value in base units, and which: `(("m", 1), ("s", -1))`."""

    value: Fraction
    dimension: tuple[tuple[str, int], ...]


def converted(value: Fraction, unit: str) -> Quantity | None:
    """A quantity in base units, or None where a part of its unit has no exact factor."""
    factor, powers = Fraction(1), dict[str, int]()
    for place, part in enumerate(unit.split("/")):
        found = _PART.fullmatch(part)
        known = _FACTORS.get(found[1]) if found else None
        if found is None or known is None or place > 1:
            return None
        power = int(found[2] or 1) * (-1 if place else 1)
        factor *= known[0] ** power
        powers[known[1]] = powers.get(known[1], 0) + known[2] * power
    dimension = tuple(sorted((name, power) for name, power in powers.items() if power))
    return Quantity(value * factor, dimension)


def factor_between(unit: str, other: str) -> Fraction | None:
    """How many of `other` one `unit` is, or None where they measure different things."""
    one, two = converted(Fraction(1), unit), converted(Fraction(1), other)
    if one is None or two is None or one.dimension != two.dimension:
        return None
    return one.value / two.value
