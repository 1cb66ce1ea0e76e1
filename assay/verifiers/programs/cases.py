"""The tests of a task: inputs, and what is expected of each; held by the verifier alone."""

from __future__ import annotations

import builtins
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple, cast

from assay.core.errors import OptionError, TaskError, shorten
from assay.verifiers.programs.compare import Rules
from assay.verifiers.programs.inside.plain import ENCODE, Unsendable
from assay.verifiers.values import Tolerance

_KEYS = {"args", "returns", "raises", "tolerance", "unordered", "compare"}


class Case(NamedTuple):
    """One test: encoded arguments, and an encoded result or the name of an exception."""

    arguments: str
    expected: str | None
    raises: str | None
    rules: Rules


def read_cases(tests: object, rules: Rules) -> list[Case]:
    """The tests of a task.

    Args:
        tests: a list of `[arguments, result]`, or of objects with `args`, `returns` or `raises`
            (the name of a built-in exception), and rules of their own.
        rules: for all tests that do not say otherwise.

    Raises:
        TaskError: there are none, or one of them cannot be read.
    """
    if not isinstance(tests, Sequence) or isinstance(tests, str | bytes):
        raise TaskError("The task has no tests: give a list of [arguments, result].")
    items = cast(Sequence[Any], tests)
    if not items:
        raise TaskError("The task has no tests, and nothing is ever right by zero tests.")
    return [_case(item, number, rules) for number, item in enumerate(items, 1)]


def _case(item: Any, number: int, rules: Rules) -> Case:
    if isinstance(item, Mapping):
        return _described(cast(Mapping[str, Any], item), number, rules)
    if not isinstance(item, list | tuple) or len(cast(list[Any], item)) != 2:
        shown = shorten(cast(object, item))
        raise TaskError(f"Test {number} is {shown}: expected [arguments, result].")
    arguments, result = cast(list[Any], item)
    return Case(_arguments(arguments, number), _encoded(result, number), None, rules)


def _described(item: Mapping[str, Any], number: int, rules: Rules) -> Case:
    unknown = set(item) - _KEYS
    if unknown or "args" not in item or ("returns" in item) is ("raises" in item):
        raise TaskError(
            f"Test {number} has the keys {sorted(item)}: expected 'args' and one of 'returns' and "
            "'raises', and of the rules 'tolerance', 'unordered' and 'compare' those that differ."
        )
    arguments = _arguments(item["args"], number)
    own = rules_from(item, rules)
    if "returns" in item:
        return Case(arguments, _encoded(item["returns"], number), None, own)
    name = item["raises"]
    kind = getattr(builtins, name, None) if type(name) is str else None
    if not isinstance(kind, type) or not issubclass(kind, BaseException):
        raise TaskError(f"Test {number} expects {shorten(name)}: no built-in exception's name.")
    return Case(arguments, None, str(name), own)


def rules_from(params: Mapping[str, Any], default: Rules) -> Rules:
    """The rules that a task declares, over those of the verifier.

    Raises:
        TaskError: they have no meaning.
    """
    if not {"compare", "tolerance", "unordered"} & set(params):
        return default
    try:
        return Rules(
            compare=params.get("compare", default.compare),
            tolerance=tolerance_from(params.get("tolerance", default.tolerance)),
            unordered=bool(params.get("unordered", default.unordered)),
        )
    except (OptionError, TypeError, ValueError) as error:
        raise TaskError(str(error)) from error


def tolerance_from(value: Any) -> Tolerance | None:
    """A tolerance from a number (absolute), an object with `abs` and `rel`, or nothing.

    Raises:
        ValueError: it is negative, or no number.
    """
    if value is None or isinstance(value, Tolerance):
        return value
    parts: Mapping[str, Any] = {"abs": value}
    if isinstance(value, Mapping):
        parts = cast(Mapping[str, Any], value)
    if not set(parts) <= {"abs", "rel"}:
        raise ValueError(
            f"tolerance={shorten(cast(object, value))} is not valid: expected 'abs' and 'rel'."
        )
    found = Tolerance(*(_fraction(parts.get(key, 0)) for key in ("abs", "rel")))
    if found.abs < 0 or found.rel < 0:
        raise ValueError(
            f"tolerance={shorten(cast(object, value))} is not valid: expected nothing negative."
        )
    return found


def _fraction(value: Any) -> Fraction:
    return Fraction(repr(value) if type(value) is float else value)


def _arguments(arguments: Any, number: int) -> str:
    if not isinstance(arguments, list | tuple):
        raise TaskError(f"The arguments of test {number} are no list: {shorten(arguments)}.")
    return _encoded(list(cast(list[Any], arguments)), number)


def _encoded(value: Any, number: int) -> str:
    try:
        return ENCODE(value)
    except Unsendable as error:
        kind = "too big" if error.args[0] == "too_big" else "no plain value"
        raise TaskError(f"Test {number} cannot be sent: {error.args[1]} is {kind}.") from error
