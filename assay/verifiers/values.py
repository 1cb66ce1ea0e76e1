"""Typed values of answers, and when two of them are equal (`verifiers.md` §6.2, fast lane)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal, NamedTuple

from assay.core.types import Limits
from assay.verifiers.characters import Refused, symbolic
from assay.verifiers.conversion import factor_between
from assay.verifiers.names import is_name, name_of, names_in_brackets
from assay.verifiers.rational import evaluate, is_rounding, write
from assay.verifiers.trees import Node
from assay.verifiers.vocabulary import CONSTANTS
from assay.verifiers.wording import hedges, negates

_MATCHED_PAIRWISE = 40  # entries; larger collections are matched by exact value only


@dataclass(frozen=True, slots=True)
class Number:
    """A rational number with what stood around it.

    Attributes:
        decimal: its literal, signed, where it was one decimal literal; only these can be roundings.
        percent: it was written with a percent sign; `value` is the fraction.
        unit, name: canonical unit; left side of `name = value`. Empty where there was none.
    """

    value: Fraction
    decimal: str = ""
    percent: bool = False
    unit: str = ""
    name: str = ""

    def __str__(self) -> str:
        """Canonical text."""
        number = write(self.value * 100) + "%" if self.percent else write(self.value)
        return f"{self.name} = {number}" if self.name else number + (self.unit and f" {self.unit}")


@dataclass(frozen=True, slots=True)
class Many:
    """Several values. `brackets` is `()`, `[)` … for a tuple; order and brackets matter there."""

    kind: Literal["tuple", "several"]
    items: tuple[Value, ...]
    brackets: str = "{}"

    def __str__(self) -> str:
        """Canonical text; entries of a set or list in a fixed order."""
        parts = [str(item) for item in self.items]
        if self.kind == "several":
            parts.sort()
        return self.brackets[0] + ", ".join(parts) + self.brackets[1]


@dataclass(frozen=True, slots=True)
class Based:
    """A numeral with its base."""

    digits: str
    base: int

    def __str__(self) -> str:
        """Canonical text."""
        return f"{self.digits}_{self.base}"


@dataclass(frozen=True, slots=True)
class Words:
    """Words, or one letter; a single letter keeps its case."""

    text: str

    def __str__(self) -> str:
        """Canonical text."""
        return self.text


Value = Number | Many | Based | Words


@dataclass(frozen=True, slots=True)
class Tolerance:
    """A declared tolerance: within `abs`, or within `rel` times the reference's size."""

    abs: Fraction = Fraction(0)
    rel: Fraction = Fraction(0)

    def covers(self, value: Fraction, reference: Fraction) -> bool:
        """Whether a value is near enough."""
        return abs(value - reference) <= max(self.abs, self.rel * abs(reference))


class Rules(NamedTuple):
    """The settings that equality depends on."""

    decimals: Literal["rounded", "exact"] | Tolerance = "rounded"
    units: Literal["optional", "required", "convert"] = "optional"
    percent: Literal["symmetric", "strict"] = "symmetric"


class Equality(NamedTuple):
    """Whether two values are equal, the code that says why not, and the rule that decided."""

    equal: bool
    code: str = "math.not_equal"
    method: str = "rational"


def fold(node: Node, limits: Limits) -> Value:
    """The value of a tree.

    Raises:
        Refused: `incorrect` for a chain with a false link or a relation other than `=`; `unproven`
            for what exact rational arithmetic cannot say; `ambiguous` for words that hedge.
    """
    kind = node[0]
    if kind == "rel":
        return _relation(node, limits)
    if kind in ("list", "set", "tuple"):
        items = tuple(_items(node, limits))
        if len(items) > limits.entries:
            raise Refused("The answer has too many entries.", "over_limit", "limit.size")
        if kind == "tuple":
            return Many("tuple", items, node[1] + node[2])
        return Many("several", items)
    if kind == "pm":
        middle, half = evaluate(node[1], limits), evaluate(node[2], limits)
        return Many("several", (Number(middle - half), Number(middle + half)))
    if kind == "based":
        return _based(node)
    if kind == "text":
        return _words(node[1])
    if kind == "sym" and node[1] not in CONSTANTS - {"e", "i"}:
        return Words(node[1] if len(node[1]) == 1 else node[1].casefold())
    return _number(node, limits)


def _items(node: Node, limits: Limits) -> Iterator[Value]:
    """The values of a collection's entries; a ± entry of a set or list is two of them."""
    for item in node[-1]:
        value = fold(item, limits)
        if isinstance(value, Many) and is_pair(item) and node[0] != "tuple":
            yield from value.items
        elif is_pair(item):
            raise symbolic("A tuple with ±")
        else:
            yield value


def _number(node: Node, limits: Limits) -> Number:
    kind = node[0]
    if kind == "unit":
        inner = _number(node[1], limits)
        if inner.unit or inner.percent:
            raise Refused("Two units stand behind one number.")
        return replace(inner, unit=node[2], decimal="")
    if kind == "neg" and node[1][0] in ("num", "pct", "unit"):
        inner = _number(node[1], limits)
        decimal = f"-{inner.decimal}" if inner.decimal else ""
        return replace(inner, value=-inner.value, decimal=decimal)
    if kind == "pct":
        return Number(evaluate(node[1], limits) / 100, percent=True)
    if kind == "num":
        return Number(node[1], node[2] if "." in node[2] else "")
    return Number(evaluate(node, limits))


def _based(node: Node) -> Based:
    digits, base = str(node[1]).upper(), str(node[2])
    if not base.isdigit() or len(base) > 2 or not 2 <= int(base) <= 36:
        raise Refused("A base is a whole number from 2 to 36.")
    if any(int(digit, 36) >= int(base) for digit in digits if digit != "."):
        raise Refused("A digit is not valid in its base.")
    return Based(digits.lstrip("0") or "0", int(base))


def _words(text: str) -> Words:
    text = " ".join(text.split()).strip(" .")
    if hedges(text) or negates(text):
        raise Refused("The words offer alternatives or deny.", "ambiguous", "math.ambiguous")
    if len(text) == 3 and text[0] == "(" and text[-1] == ")":
        text = text[1]
    if not text:
        raise Refused("The words are empty.")
    return Words(text if len(text) == 1 else text.casefold())


def _relation(node: Node, limits: Limits) -> Value:
    signs, items = node[1], list(node[2])
    if any(sign != "=" for sign in signs):
        message = "A relation stands where a value is expected."
        raise Refused(message, "unproven", "math.relation")
    if len(items) == 2 and not is_name(items[0]) and is_name(items[1]):
        items.reverse()
    name = ""
    if is_name(items[0]):
        name = name_of(items.pop(0))
        while len(items) > 1 and is_name(items[0]):
            items.pop(0)  # x = y = 84
    elif len(items) == 2 and names_in_brackets(items[0], items[1]):
        items.pop(0)
    if len(items) == 1 and items[0][0] != "num":
        value = fold(items[0], limits)
    else:
        value = _chain(items, limits)
    return replace(value, name=name) if isinstance(value, Number) and name else value


def is_pair(node: Node) -> bool:
    """Whether a tree is a ± pair, with or without a name."""
    return node[0] == "pm" or (node[0] == "rel" and node[2][-1][0] == "pm")


def _chain(items: list[Node], limits: Limits) -> Number:
    """The last of several equal numbers; every link must be true."""
    links = [_number(item, limits) for item in items]
    if any(link.value != links[-1].value for link in links):
        raise Refused("A link of the chain is false.", "incorrect", "math.false_link")
    return links[-1]


def equal(gold: Value, value: Value, rules: Rules) -> Equality:
    """Whether a candidate's value equals the gold's.

    Raises:
        Refused: `unproven`, where entries have several names and the gold has none.
    """
    if isinstance(gold, Number) and isinstance(value, Number):
        return _numbers(gold, value, rules)
    if isinstance(gold, Many) and isinstance(value, Many):
        return _collections(gold, value, rules)
    if isinstance(gold, Based) and isinstance(value, Based):
        return Equality(gold == value, method="digits")
    if isinstance(gold, Words) and isinstance(value, Words):
        return Equality(gold == value, method="words")
    return Equality(False, "math.type", "type")


def _numbers(gold: Number, value: Number, rules: Rules) -> Equality:
    if gold.name and value.name and gold.name != value.name:
        return Equality(False, "math.name")
    if gold.unit and value.unit and gold.unit != value.unit:
        factor = factor_between(value.unit, gold.unit) if rules.units == "convert" else None
        if factor is None:
            return Equality(False, "math.unit")
        value = replace(value, value=value.value * factor, unit=gold.unit)
    if gold.unit and not value.unit and (rules.units != "optional" or value.percent):
        return Equality(False, "math.unit")
    if gold.value == value.value:
        return Equality(True)
    if gold.percent and not value.percent and not value.unit and rules.percent == "symmetric":
        if gold.value * 100 == value.value:
            return Equality(True, method="percent")
    if isinstance(rules.decimals, Tolerance):
        return Equality(rules.decimals.covers(value.value, gold.value), method="tolerance")
    if rules.decimals == "rounded" and value.decimal and not value.percent:
        return Equality(is_rounding(value.decimal, gold.value), method="rounding")
    return Equality(False)


def _collections(gold: Many, value: Many, rules: Rules) -> Equality:
    if gold.kind != value.kind:
        return Equality(False, "math.type", "type")
    if gold.kind == "tuple" and gold.brackets != value.brackets:
        return Equality(False, "math.brackets", "tuple")
    if len(gold.items) != len(value.items):
        return Equality(False, "math.length", gold.kind)
    if gold.kind == "tuple":
        pairs = zip(gold.items, value.items, strict=True)
        return Equality(all(equal(g, v, rules).equal for g, v in pairs), method="tuple")
    names = {item.name for item in value.items if isinstance(item, Number)}
    if len(names) > 1 and not any(isinstance(item, Number) and item.name for item in gold.items):
        raise symbolic("A list of values with different names")
    if Counter(map(_key, gold.items)) == Counter(map(_key, value.items)):
        return Equality(True, method="multiset")
    if len(gold.items) > _MATCHED_PAIRWISE:
        return Equality(False, method="multiset")
    rest = list(value.items)
    for item in gold.items:
        match = next((i for i, other in enumerate(rest) if equal(item, other, rules).equal), None)
        if match is None:
            return Equality(False, method="multiset")
        del rest[match]
    return Equality(True, method="multiset")


def _key(value: Value) -> Hashable:
    if isinstance(value, Many):
        parts = [_key(item) for item in value.items]
        inner = tuple(parts) if value.kind == "tuple" else frozenset(Counter(parts).items())
        return (value.brackets, inner)
    if isinstance(value, Number):
        return ("number", value.value, value.unit, value.percent, value.name)
    return (type(value).__name__, str(value))
