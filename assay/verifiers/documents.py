"""One JSON document, read exactly: no number is rounded and no key is given twice.

Integers become `int` and decimals `Fraction`; sizes are looked at before anything is built.
"""

import json
import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, cast

from assay.core.types import Limits
from assay.verifiers.characters import Refused, too_big

_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+"?+|[\[\]{},:]', re.S)
_FENCE = re.compile(r"(`{3,})[ \t]*+[A-Za-z0-9+-]*+[ \t\r]*+\n(.*)\n[ \t]*+(`{3,})", re.S)
_NUMBER = re.compile(r"-?([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?")


def unfenced(text: str) -> str:
    """A text without the one Markdown code fence that stands around the whole of it."""
    body = text.strip()
    fence = _FENCE.fullmatch(body) if body.startswith("```") else None
    if fence is None or fence.group(1) != fence.group(3) or fence.group(1) in fence.group(2):
        return body
    return fence.group(2).strip()


def read_json(text: str, limits: Limits) -> Any:
    """The value of a JSON document that is all of the text.

    Raises:
        Refused: `unparsable` for what is no JSON document, for NaN and infinities, and for a key
            that stands twice in one object; `over_limit` beyond depth, entries or digits.
    """
    _measure(text, limits)
    digits = _Digits(limits)
    try:
        return json.loads(
            text,
            object_pairs_hook=_pairs,
            parse_int=digits.whole,
            parse_float=digits.decimal,
            parse_constant=_constant,
        )
    except Refused:
        raise
    except (ValueError, RecursionError) as error:
        raise Refused("The answer is not one JSON document.", code="json.unparsable") from error


def json_kind(value: Any) -> str:
    """The JSON name of a value's type; booleans are no numbers."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | Fraction):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, Mapping) else "array"


def same_json(one: Any, other: Any) -> bool:
    """Whether two documents hold the same: numbers by value, objects in any order of their keys."""
    return frozen(one) == frozen(other)


def frozen(value: Any) -> Any:
    """A hashable stand-in that is equal for documents that hold the same, and for no others."""
    kind = json_kind(value)
    if kind == "object":
        items = cast("Mapping[str, Any]", value).items()
        return kind, frozenset((key, frozen(item)) for key, item in items)
    if kind == "array":
        return kind, tuple(frozen(item) for item in cast("list[Any]", value))
    return kind, value


def exact_json(value: Any) -> Any:
    """An author's plain data as `read_json` would give it: floats become the decimals they print.

    Raises:
        ValueError: something that JSON cannot hold.
    """
    if isinstance(value, float):
        return Fraction(repr(value))  # NaN and infinities are a ValueError here
    if value is None or isinstance(value, bool | int | str | Fraction):
        return value
    if isinstance(value, Mapping):
        items = list(cast("Mapping[Any, Any]", value).items())
        if all(type(key) is str for key, _ in items):
            return {key: exact_json(item) for key, item in items}
        raise ValueError("a key of an object is no text")
    if isinstance(value, list | tuple):
        return [exact_json(item) for item in cast("list[Any]", value)]
    raise ValueError(f"a {type(value).__name__} cannot stand in JSON")


def _measure(text: str, limits: Limits) -> None:
    depth = entries = 0
    for token in _TOKEN.finditer(text):
        char = token.group()[0]
        if char in "[{":
            depth += 1
            entries += 1
            if depth > limits.depth:
                raise too_big("The document is nested too deep.")
        elif char in "]}":
            depth -= 1
        elif char == ",":
            entries += 1
        if entries > limits.entries:
            raise too_big("The document has too many entries.")


class _Digits:
    """Reads numbers while it counts their digits."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.total = limits, 0

    def whole(self, text: str) -> int:
        self.count(len(text))
        return int(text)

    def decimal(self, text: str) -> Fraction:
        parts = _NUMBER.fullmatch(text)
        exponent = parts.group(3) or "0" if parts else "0"
        # The exponent's own digits first: int() of a million of them would take its time.
        self.count(len(exponent))
        self.count(len(text) + abs(int(exponent)))
        return Fraction(text)

    def count(self, digits: int) -> None:
        self.total += digits
        if digits > self.limits.literal_digits or self.total > self.limits.total_digits:
            raise too_big("A number of the document has too many digits.")


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in pairs:
        if key in made:
            raise Refused(
                f"The key '{key[:40]}' stands twice in one object.", code="json.duplicate_key"
            )
        made[key] = value
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")
