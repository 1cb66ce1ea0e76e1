"""Plain values as JSON and back, without loss: types, order and lone surrogates included.

What JSON knows stands for itself; anything else is a list that begins with the name of its type.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import isfinite
from typing import Any, cast

from assay.core.errors import AssayError, shorten
from assay.core.types import Problem

_JSON_INTEGER = 10**4_000  # longer ones are refused as decimal text
_CONTAINERS: Mapping[str, type[Any]] = {
    kind.__name__: kind for kind in (list, tuple, set, frozenset)
}
_PROBLEM = ("prompt", "reference", "params", "difficulty", "id")


class NotPlain(AssayError, TypeError):
    """A value that another process cannot be given as it is."""


def to_plain(value: object) -> Any:
    """JSON values from which `from_plain` makes the same value again.

    Knows None, bool, int, float, complex, str, bytes, Fraction, Decimal, list, tuple, set,
    frozenset, dict and `Problem`, exactly these types.

    Raises:
        NotPlain: another type, named in the message.
    """
    kind = cast("type[Any]", type(value))
    item: Any = value  # a second name that type narrowing leaves alone
    if value is None or kind is bool or kind is str:
        return value
    if kind is int:
        return item if abs(item) < _JSON_INTEGER else ["int", hex(item)]
    if kind is float:
        return item if isfinite(item) else ["float", repr(item)]
    if kind.__name__ in _CONTAINERS and kind is _CONTAINERS[kind.__name__]:
        return [kind.__name__, *map(to_plain, item)]
    if kind is dict:
        return ["dict", *([to_plain(k), to_plain(v)] for k, v in item.items())]
    if kind is Problem:
        return ["Problem", *(to_plain(part) for part in _parts(item))]
    if kind is Fraction:
        return ["Fraction", hex(item.numerator), hex(item.denominator)]
    if kind is Decimal:
        return ["Decimal", str(item)]
    if kind is complex:
        return ["complex", to_plain(item.real), to_plain(item.imag)]
    if kind is bytes:
        return ["bytes", item.hex()]
    raise NotPlain(
        f"{shorten(value)} of type {kind.__name__} cannot be sent to another process: "
        "expected plain values, containers of these, or a Problem."
    )


def from_plain(data: Any) -> Any:
    """The value that `to_plain` was given."""
    if type(data) is not list:
        return data
    name, *rest = cast("list[Any]", data)
    if name in _CONTAINERS:
        return _CONTAINERS[name](map(from_plain, rest))
    return _MAKERS[name](rest)


def _parts(problem: Problem) -> list[Any]:
    """Its fields in order; `params` may be any mapping."""
    return [dict(problem.params) if n == "params" else getattr(problem, n) for n in _PROBLEM]


def _problem(rest: list[Any]) -> Problem:
    return Problem(**dict(zip(_PROBLEM, map(from_plain, rest), strict=True)))


_MAKERS: Mapping[str, Callable[[list[Any]], Any]] = {
    "int": lambda rest: int(rest[0], 16),
    "float": lambda rest: float(rest[0]),
    "dict": lambda rest: {from_plain(k): from_plain(v) for k, v in rest},
    "Problem": _problem,
    "Fraction": lambda rest: Fraction(int(rest[0], 16), int(rest[1], 16)),
    "Decimal": lambda rest: Decimal(rest[0]),
    "complex": lambda rest: complex(from_plain(rest[0]), from_plain(rest[1])),
    "bytes": lambda rest: bytes.fromhex(rest[0]),
}
