"""Whether a value that a submission sent is the expected one; exact, bounded, and by value only.

Values are compared as text in a canonical form, so that nothing of a submission's is ever hashed,
called or asked whether it is equal.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal, NamedTuple, cast

from assay.core.errors import bad_value
from assay.verifiers.programs.inside.plain import MAX_CHARS, MAX_DEPTH
from assay.verifiers.values import Tolerance

Compare = Literal["exact", "equal"]
_HEXADECIMAL = re.compile(r"-?0x[0-9a-f]+")
_BYTES = re.compile(r"(?:[0-9a-f]{2})*")
_TAGS = ("i", "b", "c", "d", "t", "s", "z")


class Malformed(Exception):
    """No value in the encoding of `inside.plain`."""


class Tag(NamedTuple):
    """A value that JSON has no type for."""

    name: str
    body: Any


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What counts as the same value.

    Attributes:
        compare: "exact": same types and values. "equal": as Python's `==` has it, where 1, 1.0 and
            True are one value and a frozenset equals a set.
        tolerance: for floats; integers keep being exact, and so do members of sets.
        unordered: the entries of the result, a list or tuple, in any order.
    """

    compare: Compare = "exact"
    tolerance: Tolerance | None = None
    unordered: bool = False

    def __post_init__(self) -> None:
        """Refuse what has no meaning."""
        if self.compare not in ("exact", "equal"):
            raise bad_value("compare", self.compare, "'exact' or 'equal'")
        if self.unordered and self.tolerance is not None:
            raise bad_value("unordered", True, "False where a tolerance is declared")


def parse(text: str) -> Any:
    """An encoded value as a tree of plain JSON values and tags.

    Raises:
        Malformed: it is none.
    """
    try:
        return json.loads(
            text, object_pairs_hook=_tag, parse_float=_finite, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise Malformed from error


def single(text: str) -> tuple[str, Any]:
    """The one key and value of a frame.

    Raises:
        Malformed: it is no object with one key.
    """

    def pairs(found: list[tuple[str, Any]]) -> Any:
        return found

    try:
        frame: Any = json.loads(text, object_pairs_hook=pairs, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise Malformed from error
    if type(frame) is not list or len(cast(list[Any], frame)) != 1:
        raise Malformed
    first: Any = cast(list[Any], frame)[0]
    if not text.startswith("{") or type(first) is not tuple:
        raise Malformed
    key, value = cast(tuple[str, Any], first)
    return key, value


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):  # such as 1e999
        raise Malformed
    return value


def _no_constant(name: str) -> None:
    raise Malformed


def _tag(pairs: list[tuple[str, Any]]) -> Tag:
    if len(pairs) != 1 or pairs[0][0] not in _TAGS:
        raise Malformed
    return Tag(*pairs[0])


def canonical(tree: Any, compare: Compare, depth: int = 0) -> str:
    """A text that two values share exactly when they are the same.

    Raises:
        Malformed: the tree holds what no value has.
    """
    if depth > MAX_DEPTH + 1:
        raise Malformed
    if tree is None:
        return "n"
    if type(tree) is str:
        return json.dumps(tree)
    if type(tree) in (bool, int, float):
        return _number(cast(float, tree), compare)
    if type(tree) is list:
        items = cast(list[Any], tree)
        return "[" + ",".join([canonical(item, compare, depth + 1) for item in items]) + "]"
    if type(tree) is Tag:
        return _tagged(tree, compare, depth)
    raise Malformed


def _number(value: float, compare: Compare) -> str:
    if compare == "equal":
        if type(value) is bool or (type(value) is float and value.is_integer()):
            value = int(value)
    if type(value) is bool:
        return str(value)
    if type(value) is int:
        return hex(value)
    return repr(value + 0.0)  # where -0.0 is 0.0


def _tagged(tag: Tag, compare: Compare, depth: int) -> str:
    name, body = tag
    if name == "i":
        if type(body) is not str or not _HEXADECIMAL.fullmatch(body):
            raise Malformed
        return _number(int(body, 16), compare)
    if name == "b":
        if type(body) is not str or not _BYTES.fullmatch(body):
            raise Malformed
        return f"b{body}"
    if type(body) is not list:
        raise Malformed
    items = cast(list[Any], body)
    if name == "c":
        return _complex(items, compare)
    if name == "d":
        pairs: list[str] = []
        for item in items:
            if type(item) is not list or len(cast(list[Any], item)) != 2:
                raise Malformed
            key, value = (canonical(part, compare, depth + 1) for part in cast(list[Any], item))
            pairs.append(f"{key}:{value}")
        return "{" + ",".join(sorted(pairs)) + "}"
    texts = [canonical(item, compare, depth + 1) for item in items]
    if name == "t":
        return "(" + ",".join(texts) + ")"
    kind = "s" if compare == "equal" else name
    return kind + "<" + ",".join(sorted(texts)) + ">"


def _complex(parts: list[Any], compare: Compare) -> str:
    if len(parts) != 2 or any(type(part) is not float for part in parts):
        raise Malformed
    real, imaginary = cast(list[float], parts)
    if compare == "equal" and imaginary == 0:
        return _number(real, compare)
    return f"c{_number(real, 'exact')},{_number(imaginary, 'exact')}"


def same(expected: str, claimed: str, rules: Rules) -> bool:
    """Whether a claimed value is the expected one, both encoded.

    Raises:
        Malformed: the claim is no encoded value.
    """
    if len(claimed) > 2 * MAX_CHARS:
        raise Malformed
    wanted, given = parse(expected), parse(claimed)
    if rules.unordered:
        return _sorted(wanted, rules.compare) == _sorted(given, rules.compare)
    if canonical(wanted, rules.compare) == canonical(given, rules.compare):
        return True
    return rules.tolerance is not None and _near(wanted, given, rules)


def _sorted(tree: Any, compare: Compare) -> str:
    """The canonical form with the outermost entries sorted."""
    body: Any = tree.body if type(tree) is Tag and tree.name == "t" else tree
    if type(body) is not list:
        return canonical(tree, compare)
    texts = sorted(canonical(item, compare) for item in cast(list[Any], body))
    return f"{type(tree) is Tag}[{','.join(texts)}]"


def _near(wanted: Any, given: Any, rules: Rules) -> bool:
    """Equality where floats may differ by the tolerance; shape and all else as before."""
    if type(wanted) is float or (rules.compare == "equal" and type(wanted) is int):
        if type(given) is not float and not (rules.compare == "equal" and type(given) is int):
            return False
        if type(wanted) is int and type(given) is int:
            return wanted == given
        assert rules.tolerance is not None
        return rules.tolerance.covers(Fraction(cast(float, given)), Fraction(wanted))
    if type(wanted) is not type(given):
        return False
    if type(wanted) is list:
        mine, other = cast(list[Any], wanted), cast(list[Any], given)
        return len(mine) == len(other) and all(map(lambda a, b: _near(a, b, rules), mine, other))
    if type(wanted) is Tag and wanted.name in ("t", "d") and wanted.name == given.name:
        if wanted.name == "t":
            return _near(wanted.body, given.body, rules)
        return _near_dicts(wanted.body, given.body, rules)
    return canonical(wanted, rules.compare) == canonical(given, rules.compare)


def _near_dicts(wanted: Any, given: Any, rules: Rules) -> bool:
    canonical(Tag("d", given), rules.compare)  # its shape is sound, or Malformed
    mine = sorted((canonical(key, rules.compare), value) for key, value in wanted)
    other = sorted(
        ((canonical(key, rules.compare), value) for key, value in given), key=lambda pair: pair[0]
    )
    if [key for key, _ in mine] != [key for key, _ in other]:
        return False
    return all(_near(a[1], b[1], rules) for a, b in zip(mine, other, strict=True))
