"""Near misses of mathematical references, by their type (`verifiers.md` §15 item 4)."""

import re
from collections.abc import Iterator
from typing import Any

from assay.core.types import Limits
from assay.verifiers.check import perturbed
from assay.verifiers.grammar import parse
from assay.verifiers.tokens import tokenize
from assay.verifiers.trees import Node, canonical, every, is_inequality

_DIGITS = re.compile(r"(?<![_0-9{.])[0-9]{1,15}(?![0-9.])")
_UNIT = re.compile(r"\\text\s?\{[^{}]*\}")
_SIGN = re.compile(r"<=|>=|\\leq?\b|\\geq?\b|<|>")
_OTHER_SIGN = {"<": r"\le ", ">": r"\ge "}
_OPENED, _CLOSED = "([{", ")]}"
_OTHER_BRACKET = str.maketrans("[(])", "([)]")
_EXTRA = "987654321"


def near_misses(reference: Any, limits: Limits) -> Iterator[tuple[str, str]]:
    """Answers that are nearly the reference and must be refused, as (what was changed, text).

    Args:
        reference: that was read without trouble.
        limits: of its reading.
    """
    if type(reference) is not str:
        yield from perturbed(reference)
        return
    node = parse(tokenize(reference, limits), limits)
    if node[0] in ("num", "text", "sym"):
        yield from perturbed(reference)
        return
    gold = canonical(node)
    for name, text in _changed(reference, node):
        try:
            other = canonical(parse(tokenize(text, limits), limits))
        except ValueError:
            continue
        if other != gold:
            yield name, text


def _changed(text: str, node: Node) -> Iterator[tuple[str, str]]:
    yield from _digit_more(text)
    if node[0] in ("tuple", "set", "list"):
        yield from _entries(text, node)
    elif is_inequality(node):
        yield from _strictness(text)
    elif node[0] == "rel":
        left, _, right = text.rpartition("=")
        yield "one more on the right", f"{left}=({right})+1"
    elif node[0] == "unit":
        yield "another unit", _UNIT.sub(r"\\text{ furlongs}", text, count=1)
    elif node[0] in ("union", "meet", "minus"):
        yield "an end point opened or closed", _brackets(text)
    elif _NO_SCALARS.isdisjoint(part[0] for part in every(node)):
        yield "one more", f"({text})+1"
        yield "one less", f"({text})-1"
        yield "the other sign and one less", f"-({text})-1"


_NO_SCALARS = frozenset(
    "matrix ratio based class or both builder numbers pm dots lim int pct".split()
)


def _digit_more(text: str) -> Iterator[tuple[str, str]]:
    """The last number of a reference one larger."""
    found = list(_DIGITS.finditer(text))
    if found:
        number = found[-1]
        more = str(int(number.group()) + 1)
        yield "a number one larger", text[: number.start()] + more + text[number.end() :]


def _entries(text: str, node: Node) -> Iterator[tuple[str, str]]:
    body = text.strip().replace(r"\left", "").replace(r"\right", "")
    opened = re.match(r"\\\{|[(\[]|", body)
    closed = re.search(r"\\\}$|[)\]]$|$", body)
    if opened is None or closed is None or node[0] == "list":
        opening, closing, inner = "", "", body
    else:
        opening, closing = opened.group(), closed.group()
        inner = body[opened.end() : closed.start()]
    parts = _split(inner)
    if len(parts) != len(node[-1]):
        return
    yield "one entry added", f"{opening}{', '.join([*parts, _EXTRA])}{closing}"
    if len(parts) > 1:
        yield "one entry removed", f"{opening}{', '.join(parts[:-1])}{closing}"
        if node[0] == "tuple":
            yield "its entries reversed", f"{opening}{', '.join(parts[::-1])}{closing}"
            yield "an end point opened or closed", _brackets(body)


def _split(text: str) -> list[str]:
    """At the commas outside of all brackets."""
    parts, depth, start = list[str](), 0, 0
    for place, char in enumerate(text):
        depth += (char in _OPENED) - (char in _CLOSED)
        if char == "," and depth == 0:
            parts.append(text[start:place].strip())
            start = place + 1
    return [*parts, text[start:].strip()]


def _brackets(text: str) -> str:
    """With its first bracket the other kind."""
    place = min((at for at in (text.find("("), text.find("[")) if at >= 0), default=-1)
    if place < 0:
        return text
    return text[:place] + text[place].translate(_OTHER_BRACKET) + text[place + 1 :]


def _strictness(text: str) -> Iterator[tuple[str, str]]:
    sign = _SIGN.search(text)
    if sign:
        other = _OTHER_SIGN.get(sign.group())
        strict = "<" if sign.group() in ("<=", r"\le", r"\leq") else ">"
        yield "strictness", text[: sign.start()] + (other or strict) + text[sign.end() :]
