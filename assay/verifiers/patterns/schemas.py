"""JSON Schema by the library jsonschema (an extra), with exact numbers and nothing fetched."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from fractions import Fraction
from functools import lru_cache
from importlib.util import find_spec
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, missing_extra, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.documents import exact_json, frozen, read_json
from assay.verifiers.patterns.safety import checked_pattern
from assay.verifiers.workers.phases import phase

_CHARS = 100_000
_REFERS = ("$ref", "$dynamicRef", "$recursiveRef")
_COSTLY = ("unevaluatedProperties", "unevaluatedItems")  # they ask their neighbours again


class Schema(NamedTuple):
    """A schema that may be used: its JSON text, and why a worker judges by it (or empty)."""

    text: str
    reason: str


def checked_schema(given: Any) -> Schema:
    """A task's schema.

    Raises:
        MissingExtra: the library is not installed.
        TaskError: it is no schema, refers to another document, or has a pattern that cannot be
            used.
    """
    if find_spec("jsonschema") is None:
        raise missing_extra("A JSON schema", "text")
    try:
        text = json.dumps(given, sort_keys=True, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise TaskError(f"The schema {shorten(given)} is not JSON.") from error
    if not isinstance(given, Mapping | bool) or len(text) > _CHARS:
        raise TaskError(f"The schema is no JSON object of up to {_CHARS} characters.")
    return _checked(text)


def judge_text(text: str, schema: str, limits: Limits) -> dict[str, Any]:
    """What a schema says of a document: `holds`, and where not, the `rule` and the `path`.

    Raises:
        Refused: the text is no JSON document within limits.
    """
    document = read_json(text, limits)
    error: Any = next(_validator(schema).iter_errors(document), None)
    if error is None:
        return {"holds": True}
    return {"holds": False, "rule": str(error.validator), "path": str(error.json_path)[:200]}


def validate(payload: Mapping[str, Any]) -> dict[str, Any]:
    """In a worker: `judge_text`."""
    phase("gold")
    _validator(payload["schema"])
    phase("candidate")
    try:
        return judge_text(payload["text"], payload["schema"], Limits(**payload["limits"]))
    except Refused as refusal:
        return {"refused": str(refusal), "status": refusal.status, "code": refusal.code}


@lru_cache(maxsize=64)
def _checked(text: str) -> Schema:
    import jsonschema.exceptions  # pyright: ignore

    given = json.loads(text)
    reason = ""
    for key, value in _members(given):
        if key in _REFERS and isinstance(value, str):
            if not value.startswith("#"):
                raise TaskError(f"The schema refers to another document: {shorten(value)}.")
            reason = reason or "it refers to parts of itself"
        elif key in _COSTLY:
            reason = reason or f"it has '{key}'"
        elif key == "pattern" and isinstance(value, str):
            reason = checked_pattern(value, 0, True).reason or reason
        elif key == "patternProperties" and isinstance(value, Mapping):
            for pattern in cast("Mapping[str, Any]", value):
                reason = checked_pattern(pattern, 0, True).reason or reason
    try:
        validator: Any = _class(given)
        validator.check_schema(given)
        _validator(text)
    except jsonschema.exceptions.SchemaError as error:
        raise TaskError(f"The schema is not valid: {shorten(str(error.message), 200)}.") from error
    return Schema(text, reason)


def _members(value: Any) -> Iterator[tuple[str, Any]]:
    """Every key with its value, at any depth."""
    stack = [value]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for key, inner in cast("dict[str, Any]", node).items():
                yield key, inner
                stack.append(inner)
        elif isinstance(node, list):
            stack.extend(cast("list[Any]", node))


def _class(given: Any) -> Any:
    import jsonschema.validators  # pyright: ignore

    library: Any = jsonschema.validators
    dialect = cast("dict[str, Any]", given).get("$schema") if isinstance(given, dict) else None
    if dialect is None:
        return library.Draft202012Validator
    known: Any = library.validator_for({"$schema": dialect}, default=None)
    if known is None:
        raise TaskError(f"The schema's dialect {shorten(dialect)} is not known.")
    return known


@lru_cache(maxsize=64)
def _validator(text: str) -> Any:
    """The library's validator with our numbers, our test of uniqueness, and an empty registry."""
    import jsonschema.validators  # pyright: ignore
    import referencing.jsonschema  # pyright: ignore

    given = exact_json(json.loads(text))
    base = _class(given)
    checker: Any = base.TYPE_CHECKER.redefine("integer", _is_integer).redefine("number", _is_number)
    library: Any = jsonschema.validators
    registry: Any = referencing.jsonschema.EMPTY_REGISTRY
    made = library.extend(base, {"uniqueItems": _unique_items}, type_checker=checker)
    return made(given, registry=registry)


def _is_number(checker: Any, value: Any) -> bool:
    return isinstance(value, int | Fraction) and not isinstance(value, bool)


def _is_integer(checker: Any, value: Any) -> bool:
    return _is_number(checker, value) and Fraction(value).denominator == 1


def _unique_items(validator: Any, wanted: Any, instance: Any, schema: Any) -> Iterator[Any]:
    """The library compares each with each where items cannot be sorted; this takes one pass."""
    from jsonschema.exceptions import ValidationError  # pyright: ignore

    if wanted and isinstance(instance, list):
        items = cast("list[Any]", instance)
        if len({frozen(item) for item in items}) < len(items):
            yield ValidationError("The items are not all different.")
