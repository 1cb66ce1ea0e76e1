"""Predicates over a snapshot, as data: they can be written down, sent, compared and read back.

A snapshot is plain nested data that an environment takes of its world: mappings, lists of rows,
and typed fields (`verifiers.md` §11). Types never mix: `1` is not `True`, `1` is not `"1"`, and an
amount of money is a `Decimal`, never a float.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any as AnyValue
from typing import Literal, cast

from assay.core.errors import TaskError, bad_value, shorten

Relation = Literal["at least", "at most", "less than", "more than", "exactly"]
RELATIONS: Mapping[str, Callable[[AnyValue, AnyValue], bool]] = {
    "at least": lambda a, b: a >= b,
    "at most": lambda a, b: a <= b,
    "less than": lambda a, b: a < b,
    "more than": lambda a, b: a > b,
    "exactly": lambda a, b: a == b,
}
State = Mapping[str, AnyValue]
_MISSING = object()


class Predicate:
    """Something that holds of a snapshot or does not; a subclass says which, and why."""

    def holds(self, state: State) -> bool:
        """Whether it holds.

        Raises:
            TaskError: the snapshot lacks what the predicate speaks about in a way that only a
                faulty task can explain, such as a table of that name.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Eq(Predicate):
    """The field at a path is this value, of the same type.

    Attributes:
        path: names and list places with dots between: `cart.items.0.name`.
        value: int, bool, str, None, Decimal (money), an aware datetime, or a float, which is
            compared exactly.
    """

    path: str
    value: AnyValue

    def holds(self, state: State) -> bool:
        """Whether the field is there, and is it."""
        return same(field_at(state, self.path), self.value)


@dataclass(frozen=True)
class In(Predicate):
    """The field at a path is one of these values, each declared right by the task."""

    path: str
    values: tuple[AnyValue, ...]

    def holds(self, state: State) -> bool:
        """Whether the field is one of them."""
        found = field_at(state, self.path)
        return any(same(found, value) for value in self.values)


@dataclass(frozen=True)
class Is(Predicate):
    """The number at a path stands in a relation to a bound. A field that is no number does not."""

    path: str
    relation: Relation
    bound: int | float | Decimal

    def __post_init__(self) -> None:
        """Refuse relations that do not exist."""
        _check_relation(self.relation)

    def holds(self, state: State) -> bool:
        """Whether it does."""
        found = field_at(state, self.path)
        if type(found) not in (int, float, Decimal):
            return False
        if type(found) is float and math.isnan(found):
            return False
        return RELATIONS[self.relation](found, self.bound)


@dataclass(frozen=True)
class Exists(Predicate):
    """A table has a row with these fields; the row may have others."""

    table: str
    row: Mapping[str, AnyValue]

    def holds(self, state: State) -> bool:
        """Whether there is one."""
        return count_rows(state, self.table, self.row) > 0


@dataclass(frozen=True)
class Absent(Predicate):
    """A table, which is there, has no row with these fields."""

    table: str
    row: Mapping[str, AnyValue]

    def holds(self, state: State) -> bool:
        """Whether there is none."""
        return count_rows(state, self.table, self.row) == 0


@dataclass(frozen=True)
class Count(Predicate):
    """The number of rows with these fields stands in a relation to n."""

    table: str
    row: Mapping[str, AnyValue]
    relation: Relation
    n: int

    def __post_init__(self) -> None:
        """Refuse relations that do not exist."""
        _check_relation(self.relation)

    def holds(self, state: State) -> bool:
        """Whether it does."""
        return RELATIONS[self.relation](count_rows(state, self.table, self.row), self.n)


@dataclass(frozen=True, init=False)
class All(Predicate):
    """Each of these holds; there is at least one."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        """Take the parts."""
        object.__setattr__(self, "parts", _several("All", parts))

    def holds(self, state: State) -> bool:
        """Whether each does."""
        return all(part.holds(state) for part in self.parts)


@dataclass(frozen=True, init=False)
class Any(Predicate):
    """One of these holds; each is declared right by the task."""

    parts: tuple[Predicate, ...]

    def __init__(self, *parts: Predicate) -> None:
        """Take the parts."""
        object.__setattr__(self, "parts", _several("Any", parts))

    def holds(self, state: State) -> bool:
        """Whether one does."""
        return any(part.holds(state) for part in self.parts)


def _several(name: str, parts: tuple[Predicate, ...]) -> tuple[Predicate, ...]:
    if not parts:
        raise TaskError(f"{name} of nothing says nothing: give it at least one predicate.")
    return parts


def _check_relation(relation: str) -> None:
    if relation not in RELATIONS:
        raise bad_value("relation", relation, f"one of {', '.join(RELATIONS)}")


# ---------------------------------------------------------------------- fields and rows


def field_at(state: AnyValue, path: str) -> AnyValue:
    """What stands at a path; a marker that equals nothing where the path leads nowhere."""
    here = state
    for name in path.split("."):
        if isinstance(here, Mapping):
            here = cast("Mapping[str, AnyValue]", here).get(name, _MISSING)
        elif isinstance(here, list | tuple) and name.isascii() and name.isdigit():
            row = cast("Sequence[AnyValue]", here)
            here = row[int(name)] if len(name) < 10 and int(name) < len(row) else _MISSING
        else:
            return _MISSING
    return here


def rows_at(state: State, table: str) -> Sequence[Mapping[str, AnyValue]]:
    """The rows of a table.

    Raises:
        TaskError: there is no list of mappings there.
    """
    found = field_at(state, table)
    if not isinstance(found, list | tuple) or not all(
        isinstance(row, Mapping) for row in cast("Sequence[AnyValue]", found)
    ):
        raise TaskError(f"The snapshot has no table '{table}': a list of rows was expected there.")
    return cast("Sequence[Mapping[str, AnyValue]]", found)


def count_rows(state: State, table: str, row: Mapping[str, AnyValue]) -> int:
    """How many rows of a table have these fields."""
    return sum(
        all(same(field_at(found, name), value) for name, value in row.items())
        for found in rows_at(state, table)
    )


def same(one: AnyValue, other: AnyValue) -> bool:
    """Equality of two fields of one type; times are compared as moments, NaN equals nothing."""
    kind: object = type(cast("object", one))
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = cast("State", one), cast("State", other)
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(one, list | tuple) and isinstance(other, list | tuple):
        a, b = cast("Sequence[AnyValue]", one), cast("Sequence[AnyValue]", other)
        return len(a) == len(b) and all(map(same, a, b))
    if kind is not type(cast("object", other)) or one is _MISSING:
        return False
    if isinstance(one, datetime):
        if one.tzinfo is None or other.tzinfo is None:
            return False
        return one.astimezone(UTC) == other.astimezone(UTC)
    return kind in (int, bool, str, float, Decimal, bytes, type(None)) and bool(one == other)


# ---------------------------------------------------------------------- as data

_KINDS: Mapping[str, Callable[..., Predicate]] = {
    "eq": Eq,
    "in": In,
    "is": Is,
    "exists": Exists,
    "absent": Absent,
    "count": Count,
    "all": All,
    "any": Any,
}
_FIELDS: Mapping[str, tuple[str, ...]] = {
    "eq": ("path", "value"),
    "in": ("path", "values"),
    "is": ("path", "relation", "bound"),
    "exists": ("table", "row"),
    "absent": ("table", "row"),
    "count": ("table", "row", "relation", "n"),
}


def to_data(predicate: Predicate) -> dict[str, AnyValue]:
    """A predicate as JSON values: `{"eq": {"path": "total", "value": {"decimal": "9.50"}}}`."""
    name = next(name for name, kind in _KINDS.items() if type(predicate) is kind)
    if isinstance(predicate, All | Any):
        return {name: [to_data(part) for part in predicate.parts]}
    return {name: {field: _plain(getattr(predicate, field)) for field in _FIELDS[name]}}


def from_data(data: AnyValue) -> Predicate:
    """The inverse of `to_data`.

    Raises:
        TaskError: what is no predicate, named.
    """
    if isinstance(data, Predicate):
        return data
    if not isinstance(data, Mapping) or len(cast("State", data)) != 1:
        raise TaskError(
            f"{shorten(cast('object', data))} is no predicate: expected one of {', '.join(_KINDS)}."
        )
    ((name, body),) = cast("State", data).items()
    if name not in _KINDS:
        raise TaskError(f"There is no predicate '{name}': expected one of {', '.join(_KINDS)}.")
    if name in ("all", "any"):
        if not isinstance(body, list | tuple):
            raise TaskError(
                f"'{name}' needs a list of predicates, not {shorten(cast('object', body))}."
            )
        return (All if name == "all" else Any)(*map(from_data, cast("list[AnyValue]", body)))
    if not isinstance(body, Mapping) or set(cast("State", body)) != set(_FIELDS[name]):
        given = shorten(cast("object", body))
        raise TaskError(f"'{name}' needs exactly {', '.join(_FIELDS[name])}, not {given}.")
    values = {field: typed(value) for field, value in cast("State", body).items()}
    if name == "in":
        values["values"] = tuple(values["values"])
    return _KINDS[name](**values)


def _plain(value: AnyValue) -> AnyValue:
    if type(value) is Decimal:
        return {"decimal": str(value)}
    if type(value) is datetime:
        return {"datetime": value.isoformat()}
    if isinstance(value, Mapping):
        return {key: _plain(inner) for key, inner in cast("State", value).items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in cast("Sequence[AnyValue]", value)]
    return value


def typed(value: AnyValue) -> AnyValue:
    """JSON values with `{"decimal": …}` and `{"datetime": …}` read as what they stand for.

    Raises:
        TaskError: a text that is none.
    """
    if isinstance(value, list):
        return [typed(inner) for inner in cast("list[AnyValue]", value)]
    if not isinstance(value, Mapping):
        return value
    fields = cast("State", value)
    if len(fields) == 1 and isinstance(next(iter(fields.values())), str):
        ((kind, text),) = fields.items()
        try:
            if kind == "decimal":
                return Decimal(text)
            if kind == "datetime":
                return datetime.fromisoformat(text)
        except (ValueError, ArithmeticError):
            raise TaskError(f"{shorten(text)} is no {kind}.") from None
    return {key: typed(inner) for key, inner in fields.items()}
