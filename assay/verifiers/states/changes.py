"""What is different between two snapshots (`verifiers.md` §11, the diff rule)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple, cast

from assay.core.encoding import encode
from assay.core.errors import TaskError, bad_value
from assay.verifiers.states.predicates import State, same

Kind = Literal["added", "removed", "changed"]
_NOTHING = object()


@dataclass(frozen=True)
class Change:
    """One difference that a task wants.

    Attributes:
        kind: `added` and `removed` speak of a whole row of a table or a whole field; `changed` of
            a field that is there before and after.
        path: of the table, or of the field.
        value: the row or the field, as it is afterwards (before, for `removed`).
    """

    kind: Kind
    path: str
    value: Any = field(hash=False)

    def __post_init__(self) -> None:
        """Refuse kinds that do not exist."""
        if self.kind not in ("added", "removed", "changed"):
            raise bad_value("kind", self.kind, "added, removed or changed")


class Difference(NamedTuple):
    """One difference that was found."""

    kind: Kind
    path: str
    value: Any


def differences(before: State, after: State, volatile: Sequence[str] = ()) -> list[Difference]:
    """All differences, apart from volatile fields.

    Rows of a table are compared as a multiset: a row that was edited is removed and added.

    Args:
        volatile: paths that do not count; `*` stands for any one name or place:
            `orders.*.created_at`.
    """
    found: list[Difference] = []
    _compare(before, after, "", [path.split(".") for path in volatile], found)
    return found


def _compare(
    one: Any, other: Any, path: str, volatile: list[list[str]], found: list[Difference]
) -> None:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        left, right = cast("State", one), cast("State", other)
        for name in sorted({*left, *right}):
            inner = [rest[1:] for rest in volatile if rest and rest[0] in (name, "*")]
            if [] in inner:
                continue
            here = f"{path}.{name}" if path else name
            a, b = left.get(name, _NOTHING), right.get(name, _NOTHING)
            if a is _NOTHING:
                found.append(Difference("added", here, _without(b, inner)))
            elif b is _NOTHING:
                found.append(Difference("removed", here, _without(a, inner)))
            else:
                _compare(a, b, here, inner, found)
    elif _is_table(one) and _is_table(other):
        rows = [rest[1:] for rest in volatile if rest and rest[0] == "*"]
        _compare_rows(one, other, path, rows, found)
    elif not same(one, other):
        found.append(Difference("changed", path, other))


def _is_table(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(
        isinstance(row, Mapping) for row in cast("Sequence[Any]", value)
    )


def _compare_rows(
    one: Any, other: Any, path: str, volatile: list[list[str]], found: list[Difference]
) -> None:
    left = [(_key(row), row) for row in (_without(row, volatile) for row in one)]
    right = [(_key(row), row) for row in (_without(row, volatile) for row in other)]
    spare = [key for key, _ in left]
    for key, row in right:
        if key in spare:
            spare.remove(key)
        else:
            found.append(Difference("added", path, row))
    spare = [key for key, _ in right]
    for key, row in left:
        if key in spare:
            spare.remove(key)
        else:
            found.append(Difference("removed", path, row))


def _without(value: Any, volatile: list[list[str]]) -> Any:
    """A copy without the volatile fields."""
    if not volatile or not isinstance(value, Mapping):
        return value
    kept: dict[str, Any] = {}
    for name, inner in cast("State", value).items():
        rest = [path[1:] for path in volatile if path and path[0] in (name, "*")]
        if [] not in rest:
            kept[name] = _without(inner, rest)
    return kept


def _key(row: Any) -> bytes:
    return encode(_encodable(row))


def _encodable(value: Any) -> Any:
    """Plain data in which types that the encoding does not know carry their name."""
    if isinstance(value, Mapping):
        return {key: _encodable(inner) for key, inner in cast("State", value).items()}
    if isinstance(value, list | tuple):
        return [_encodable(inner) for inner in cast("Sequence[Any]", value)]
    if value is None or type(value) in (int, bool, str, float, bytes):
        return value
    return (type(value).__name__, str(value))


def unexpected(
    found: Sequence[Difference], wanted: Sequence[Change]
) -> tuple[list[str], list[str]]:
    """What was not wanted, and what was wanted and is missing; a line each."""
    left = list(wanted)
    extra: list[str] = []
    for difference in found:
        for change in left:
            alike = (change.kind, change.path) == difference[:2]
            if alike and same(change.value, difference.value):
                left.remove(change)
                break
        else:
            extra.append(f"{difference.kind} {difference.path}")
    return extra, [f"{change.kind} {change.path}" for change in left]


def changes_from(data: Any) -> tuple[Change, ...]:
    """Changes out of a task's parameters: `Change` objects, or `[kind, path, value]` lists.

    Raises:
        TaskError: what is neither.
    """
    made: list[Change] = []
    for item in cast("Sequence[Any]", data):
        if isinstance(item, Change):
            made.append(item)
        elif isinstance(item, list | tuple) and len(cast("Sequence[Any]", item)) == 3:
            made.append(Change(*cast("Sequence[Any]", item)))
        else:
            raise TaskError("A wanted change is [kind, path, value]; something else was given.")
    return tuple(made)
