"""Both sides of a comparison of mathematics: from text, or a task author's value, to trees."""

import re
from collections.abc import Sequence
from collections.abc import Set as AnySet
from fractions import Fraction
from functools import lru_cache
from numbers import Real
from typing import Any, NamedTuple

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.extraction import Found
from assay.verifiers.grammar import parse
from assay.verifiers.numeric import exact
from assay.verifiers.tokens import Token, tokenize
from assay.verifiers.trees import Node, canonical
from assay.verifiers.values import Many, Number, Value, Words, fold

_INTEGER = re.compile(r"-?[0-9]{1,17}")


class Parsed(NamedTuple):
    """One side of a comparison. `value` is None for what only the worker lane can evaluate."""

    tokens: tuple[tuple[str, str], ...]
    node: Node | None
    value: Value | None
    refusal: Refused | None = None

    @property
    def shown(self) -> str | None:
        """Canonical text for people, or None where nothing was parsed."""
        if self.value is not None:
            return str(self.value)
        return canonical(self.node) if self.node is not None else None

    @property
    def undecidable(self) -> bool:
        """Whether it was read, and only its comparison with itself can succeed here."""
        return self.refusal is None or self.refusal.status == "unproven"


def read_answer(found: Found, limits: Limits, *, decimal_comma: bool = False) -> Parsed:
    """The answer that an extraction found; a group of boxes is the list of its contents."""
    commas = "decimal" if decimal_comma else "thousands"
    short = None if decimal_comma else _short_integer(found, limits)
    if short is not None:
        return short
    sides = [read(text, limits, commas) for text in found.texts]
    if len(sides) == 1:
        return sides[0]
    refusal = next((side.refusal for side in sides if side.refusal is not None), None)
    nodes = [side.node for side in sides if side.node is not None]
    values = [side.value for side in sides if side.value is not None]
    node = ("list", tuple(nodes)) if len(nodes) == len(sides) else None
    value = Many("several", tuple(values)) if len(values) == len(sides) else None
    return Parsed((), node, value, refusal)


def _short_integer(found: Found, limits: Limits) -> Parsed | None:
    text = found.texts[0]
    if text[:1] == "$" == text[-1:]:
        text = text[1:-1]
    fits = len(text) <= min(limits.literal_digits, limits.total_digits)
    if fits and len(found.texts) == 1 and _INTEGER.fullmatch(text):
        value = Number(Fraction(int(text)))
        return Parsed((), ("num", value.value, text), value)
    return None


def read(text: str, limits: Limits, commas: str = "thousands") -> Parsed:
    """A text as tokens, tree and, where exact rational arithmetic can tell, value."""
    try:
        tokens = tokenize(text, limits, commas=commas)
    except Refused as refusal:
        return Parsed((), None, None, refusal)
    plain = _plain(tokens)
    node: Node | None = None
    try:
        node = parse(tokens, limits)
        return Parsed(plain, node, fold(node, limits))
    except Refused as refusal:
        return Parsed(plain, node, None, refusal)


def _plain(tokens: list[Token]) -> tuple[tuple[str, str], ...]:
    return tuple((token.kind, token.text) for token in tokens)


def read_gold(
    reference: Any, limits: Limits, *, as_words: bool = False, decimal_comma: bool = False
) -> Parsed:
    """A reference: text, a number, or a collection of such.

    Raises:
        TaskError: it cannot be read.
    """
    if type(reference) is int:
        number = Number(Fraction(reference))
        return Parsed((("num", str(reference)),), ("num", number.value, str(reference)), number)
    if type(reference) is str:
        return _gold_from_text(reference, as_words, decimal_comma, limits)
    value = _gold_value(reference, limits)
    return Parsed((), _node_of(value), value)


@lru_cache(maxsize=4096)
def _gold_from_text(text: str, as_words: bool, decimal_comma: bool, limits: Limits) -> Parsed:
    if as_words:
        return Parsed((), None, Words(" ".join(text.split()).casefold()))
    gold = read(text, limits, "decimal" if decimal_comma else "thousands")
    if not gold.undecidable:
        raise TaskError(f"The reference {shorten(text)} cannot be read: {gold.refusal}")
    return gold


def _gold_value(reference: Any, limits: Limits) -> Value:
    if isinstance(reference, AnySet) or (
        isinstance(reference, Sequence) and not isinstance(reference, str | bytes)
    ):
        items = tuple(_gold_value(item, limits) for item in reference)  # pyright: ignore
        return (
            Many("tuple", items, "()") if isinstance(reference, tuple) else Many("several", items)
        )
    if isinstance(reference, str):
        value = _gold_from_text(str(reference), False, False, limits).value
        if value is None:
            raise TaskError(f"The entry {shorten(reference)} of the reference cannot be evaluated.")
        return value
    decimal = repr(reference) if isinstance(reference, Real) and "." in repr(reference) else ""
    return Number(exact(reference), decimal if decimal.replace(".", "").isdigit() else "")


def _node_of(value: Value) -> Node | None:
    """A tree for a value that was given as one; None where its parts were no plain numbers."""
    if isinstance(value, Number):
        plain = not (value.unit or value.name or value.percent)
        return ("num", value.value, str(value.value)) if plain else None
    if not isinstance(value, Many):
        return None
    items = [_node_of(item) for item in value.items]
    if any(item is None for item in items):
        return None
    if value.kind == "tuple":
        return ("tuple", *value.brackets, tuple(items))
    return ("list", tuple(items))
