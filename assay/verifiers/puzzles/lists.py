r"""The grammar of lists, assignments and pairs in which certificates are written.

A list is a JSON array, or names between commas, or names between arrows (`->`, `→`, `\to`,
`\rightarrow`), with or without one pair of brackets around it; where a puzzle says so, between
spaces. An assignment is a JSON object, or `name = value` (or `name: value`) between commas,
semicolons or line ends. Pairs are a JSON array of arrays, `(A, B), (C, D)`, or `A-B, C-D`. A name
may stand in quotes or in `\text{…}`. Anything else is not read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any, cast

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused, has_invisible, too_big
from assay.verifiers.documents import read_json
from assay.verifiers.numeric import exact
from assay.verifiers.rational import write

_ARROW = re.compile(r"->|→|\\(?:to|rightarrow)(?![A-Za-z])")
_BRACKETS = {"[": "]", "(": ")", "{": "}", r"\{": r"\}", r"\[": r"\]", r"\(": r"\)", "$": "$"}
_QUOTED = re.compile(r"\\(?:text|mathrm|textbf|mathbf)\s?\{([^{}]*)\}|\"([^\"]*)\"|'([^']*)'")
_SETS = re.compile("[=:]")
_ROUND = re.compile(r"\s*+\(([^(),]*+),([^(),]*+)\)\s*+(?:,|;|$)\s*+")
_NUMBER = re.compile(r"[-−]?(?:0|[1-9][0-9]*)(?:\.[0-9]+|/[0-9]+)?")
_LATEX_FRACTION = re.compile(r"(-?)\\d?frac\{([0-9]+)\}\{([0-9]+)\}")


def node_name(value: Any, what: str = "name") -> str:
    """The name that a task gives to a thing: a text that is not blank, or a whole number.

    Raises:
        TaskError: it is neither, or nobody could write it.
    """
    if type(value) is int:
        return str(value)
    if type(value) is not str or not value.strip() or has_invisible(value):
        raise TaskError(f"The {what} {shorten(value)} is neither a text nor a whole number.")
    return value.strip()


def distinct_names(values: Any, what: str) -> tuple[str, ...]:
    """The names in a task's list, in its order.

    Raises:
        TaskError: it is no list, or a name stands twice in it.
    """
    names = tuple(node_name(value, what) for value in listed(values, f"{what}s"))
    if len(set(names)) != len(names):
        raise TaskError(f"A {what} stands twice in the task's list of {what}s.")
    return names


def listed(values: Any, what: str) -> list[Any]:
    """A task's list as one.

    Raises:
        TaskError: it is none.
    """
    if not isinstance(values, list | tuple):
        raise TaskError(f"{what}={shorten(values)} is not a list.")
    return list(cast("list[Any]", values))


def whole(value: Any, what: str, least: int = 0) -> int:
    """A task's whole number.

    Raises:
        TaskError: it is none, or below `least`.
    """
    if type(value) is not int or value < least:
        raise TaskError(f"{what}={shorten(value)} is not a whole number of at least {least}.")
    return value


def exact_number(value: Any, what: str) -> Fraction:
    """A task's number as a fraction; a float counts as the decimal it prints as.

    Raises:
        TaskError: it is none.
    """
    try:
        return exact(value)
    except TaskError:
        raise TaskError(f"{what}={shorten(value)} is not one finite number.") from None


def read_list(text: str, limits: Limits, *, spaced: bool = False) -> list[str]:
    """The names of a list in order.

    Args:
        text: the answer.
        limits: `entries` bounds the list.
        spaced: names may stand between spaces, where the text has no comma and no arrow.

    Raises:
        Refused: the text is no list of the grammar, or too long.
    """
    document = _document(text, "[", limits)
    if document is not None:
        return [_scalar(item) for item in cast("list[Any]", document)]
    body = _unbracketed(text)
    if not body:
        return []
    arrows = _ARROW.split(body)
    if len(arrows) > 1 and "," in body:
        raise Refused("The list mixes commas and arrows.")
    parts = arrows if len(arrows) > 1 else body.split(",")
    if spaced and len(parts) == 1:
        parts = body.split()
    if len(parts) > limits.entries:
        raise too_big("The list has too many entries.")
    return [_token(part) for part in parts]


def read_assignment(text: str, limits: Limits) -> dict[str, str]:
    """What each name is set to, as written.

    Raises:
        Refused: the text is no assignment of the grammar, too long, or sets a name twice.
    """
    document = _document(text, "{", limits)
    if document is not None:
        items = cast("Mapping[str, Any]", document).items()
        return {name.strip(): _scalar(value) for name, value in items}
    found: dict[str, str] = {}
    parts = re.split(r"[,;\n]", _unbracketed(text))
    if len(parts) > limits.entries:
        raise too_big("The assignment has too many entries.")
    for part in parts:
        sides = _SETS.split(part)
        if len(sides) != 2:
            raise Refused("An entry of the assignment is not 'name = value'.")
        name = _token(sides[0])
        if name in found:
            raise Refused(f"'{name[:40]}' is set twice.")
        found[name] = _token(sides[1])
    return found


def read_pairs(text: str, limits: Limits) -> list[tuple[str, str]]:
    """The pairs of a list in order.

    Raises:
        Refused: the text is no list of pairs of the grammar, or too long.
    """
    document = _document(text, "[", limits)
    if document is not None:
        return [_pair(item) for item in cast("list[Any]", document)]
    body = _unbracketed(text) if not text.startswith("(") else text
    pairs: list[tuple[str, str]] = []
    if body.startswith("("):
        at = 0
        while at < len(body):
            pair = _ROUND.match(body, at)
            if pair is None:
                raise Refused("The pairs are not written as (A, B), (C, D).")
            pairs.append((_token(pair.group(1)), _token(pair.group(2))))
            at = pair.end()
    elif body:
        for part in body.split(","):
            ends = part.replace("–", "-").split("-")
            if len(ends) != 2:
                raise Refused("The pairs are not written as A-B, C-D.")
            pairs.append((_token(ends[0]), _token(ends[1])))
    if len(pairs) > limits.entries:
        raise too_big("The list has too many entries.")
    return pairs


def read_number(text: str, limits: Limits) -> Fraction:
    """An exact number: whole, decimal, or a fraction.

    Raises:
        Refused: it is none, or has too many digits.
    """
    if len(text) > limits.literal_digits:
        raise too_big("A number has too many digits.")
    latex = _LATEX_FRACTION.fullmatch(text)
    if latex is not None:
        text = f"{latex.group(1)}{latex.group(2)}/{latex.group(3)}"
    if _NUMBER.fullmatch(text) is None:
        raise Refused(f"'{text[:40]}' is not a number.")
    try:
        return Fraction(text.replace("−", "-"))
    except ZeroDivisionError:
        raise Refused("A fraction divides by zero.") from None


def phrase(text: str) -> str:
    """A short statement as words to compare: lower case, single spaces, without quotes."""
    return " ".join(_token(text).split()).casefold() if text.strip() else ""


def refuse_unknown(names: Iterable[str], known: Iterable[str], what: str) -> None:
    """Refuse an answer that names something which the task does not have.

    Raises:
        Refused: it does; an unknown name is outside the grammar.
    """
    all_known = frozenset(known)
    for name in names:
        if name not in all_known:
            raise Refused(f"'{name[:40]}' is no {what} of the task.")


def shown(names: Iterable[str]) -> str:
    """Names as one text, for a verdict's canonical form."""
    return ", ".join(names)


def _document(text: str, opened: str, limits: Limits) -> Any:
    """The JSON array or object that the text is, or None where it is written in another way.

    Only where quotes, nested brackets or digits make it JSON: `[A, B]` is a list as well.
    """
    if not text.startswith(opened):
        return None
    try:
        return read_json(text, limits)
    except Refused as refusal:
        if refusal.status == "over_limit" or refusal.code == "json.duplicate_key":
            raise
        return None


def _scalar(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.strip():
        return value.strip()
    if isinstance(value, int | Fraction):
        return write(value)
    raise Refused("An entry of the JSON is neither a text nor a number.")


def _pair(value: Any) -> tuple[str, str]:
    items = cast("list[Any]", value) if isinstance(value, list) else []
    if len(items) != 2:
        raise Refused("An entry of the JSON is not a pair.")
    return _scalar(items[0]), _scalar(items[1])


def _unbracketed(text: str) -> str:
    body = text.strip()
    for opened, closed in _BRACKETS.items():
        if body.startswith(opened) and body.endswith(closed) and len(body) > len(opened):
            inner = body[len(opened) : -len(closed)]
            if opened not in inner and closed not in inner:
                return inner.strip()
    return body


def _token(text: str) -> str:
    body = text.strip()
    quoted = _QUOTED.fullmatch(body)
    if quoted is not None:
        body = next(group for group in quoted.groups() if group is not None).strip()
    if not body:
        raise Refused("An entry of the list is empty.")
    return body
