"""What type of value a tree is: the first step of every row of the table in `verifiers.md` §6.2."""

from __future__ import annotations

from typing import Literal, NamedTuple

from assay.verifiers.names import is_name, name_of, names_in_brackets
from assay.verifiers.symbolic.context import Refusal
from assay.verifiers.symbolic.matrices import NotMatrix, matrix_of
from assay.verifiers.trees import Node, every, free_names, is_inequality, mapped
from assay.verifiers.vocabulary import CONSTANTS

Kind = Literal[
    "scalar", "text", "several", "tuple", "matrix", "region", "equation", "inequality", "ratio",
    "based", "class",
]  # fmt: skip
_REGIONS = frozenset({"union", "meet", "minus", "builder", "numbers", "or", "both"})


class Reading(NamedTuple):
    """A tree by its type.

    Attributes:
        node: the value, without name, unit and percent sign.
        whole: the tree that it was read from.
        name: the left side of `name = value`, or None.
        chain: what else the value is said to be equal to.
        decimal: the literal, signed, of a single decimal number.
    """

    kind: Kind
    node: Node
    whole: Node
    name: Node | None = None
    chain: tuple[Node, ...] = ()
    unit: str = ""
    percent: bool = False
    decimal: str = ""


def read(node: Node) -> Reading:
    """The type of a tree."""
    if node[0] == "rel":
        return _relation(node)
    if node[0] in _REGIONS:
        return Reading("inequality" if node[0] in ("or", "both") else "region", node, node)
    if node[0] in ("set", "list"):
        return Reading("several", node, node)
    if node[0] in ("tuple", "text", "ratio", "based", "class"):
        return Reading(node[0], node, node)
    if pairs(node):
        return Reading("several", ("list", both_signs(node)), node)
    if any(part[0] == "matrix" for part in every(node)):
        try:
            return Reading("matrix", matrix_of(node), node)
        except NotMatrix:
            pass
    return _scalar(node, node)


def _scalar(node: Node, whole: Node) -> Reading:
    unit, percent, sign = "", False, 1
    inner = node
    while inner[0] in ("neg", "unit", "pct"):
        if inner[0] == "neg":
            sign = -sign
        elif unit or percent:
            raise Refusal("unparsable", "math.unparsable", "Two units stand behind one number.")
        elif inner[0] == "unit":
            unit = inner[2]
        else:
            percent = True
        inner = inner[1]
    if inner[0] == "ratio":
        return Reading("ratio", inner, whole, unit=unit)
    decimal = ""
    if inner[0] == "num" and "." in inner[2] and not unit:
        decimal = inner[2] if sign > 0 else f"-{inner[2]}"
    if not (unit or percent):
        return Reading("scalar", node, whole, decimal=decimal)
    value = inner if sign > 0 else ("neg", inner)
    return Reading("scalar", value, whole, unit=unit, percent=percent, decimal=decimal)


def _relation(node: Node) -> Reading:
    signs, items = node[1], list(node[2])
    if is_inequality(node):
        if signs == ("in",) and items[1][0] == "set" and is_name(items[0]):
            return read(items[1])._replace(whole=node, name=items[0])
        return Reading("inequality", node, node)
    if any(sign != "=" for sign in signs):
        reason = "A relation that is not decided stands in the answer."
        raise Refusal("unproven", "math.relation", reason)
    if len(items) == 2 and not is_name(items[0]) and is_name(items[1]):
        items.reverse()
    if is_name(items[0]):
        name = items.pop(0)
        while len(items) > 1 and is_name(items[0]):
            items.pop(0)  # x = y = 84
        if _circular(name, items):
            return Reading("equation", node, node)
        return _of_value(node, name, items)
    if names_in_brackets(items[0], items[1]):
        items.pop(0)
    elif any(free_names(item, CONSTANTS) for item in items):
        return Reading("equation", node, node)
    return _of_value(node, None, items)


def _of_value(node: Node, name: Node | None, items: list[Node]) -> Reading:
    """The last of several equal things, with what it is called and what it is equal to."""
    value = read(items[-1])
    if value.kind in ("equation", "inequality"):
        return Reading("equation", node, node)
    return value._replace(whole=node, name=name, chain=tuple(items[:-1]))


def _circular(name: Node, items: list[Node]) -> bool:
    """Whether a name stands in its own value, as in `x = x + 1`."""
    if name[0] != "sym":
        return False
    return any(name[1] in free_names(item, CONSTANTS) for item in items)


def key_of(reading: Reading) -> str:
    """The name of a value as a key; a function's by its own name, not its arguments'."""
    if reading.name is None:
        return ""
    return f"{reading.name[1]}()" if reading.name[0] == "call" else name_of(reading.name)


def pairs(node: Node) -> int:
    """How many ± signs stand in a tree."""
    return sum(part[0] == "pm" for part in every(node))


def both_signs(node: Node) -> tuple[Node, Node]:
    """The two values of a tree with one ±.

    Raises:
        Refusal: there are several, which may or may not go together.
    """
    if pairs(node) > 1:
        raise Refusal("unproven", "math.unproven", "Several ± signs can be read in two ways.")
    return _signed(node, 1), _signed(node, -1)


def _signed(node: Node, sign: int) -> Node:
    if node[0] == "pm":
        left, right = (_signed(part, sign) for part in node[1:])
        return ("add", left, right if sign > 0 else ("neg", right))
    return mapped(node, lambda part: _signed(part, sign))
