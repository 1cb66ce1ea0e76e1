"""What type of answer a tree is, for `answer_type` and for the first look of a comparison."""

import re
from collections.abc import Mapping

from assay.verifiers.names import free_symbols, is_name
from assay.verifiers.trees import Node, is_inequality

ANSWER_TYPES = (
    "auto", "number", "expression", "equation", "inequality", "interval", "tuple", "vector", "set",
    "matrix", "ratio", "time", "based", "text",
)  # fmt: skip
_MINUTES = re.compile(r"[0-5][0-9]")
_HOURS = re.compile(r"[0-9]{1,2}")
_BY_KIND: Mapping[str, str] = {
    "matrix": "matrix", "based": "based", "union": "interval", "meet": "interval",
    "minus": "interval", "builder": "interval", "numbers": "interval", "or": "inequality",
    "both": "inequality", "text": "text", "set": "set", "list": "set", "pm": "set",
    "class": "equation",
}  # fmt: skip
# What no equality of the table leads to from a number, letter or word.
SEVERAL = frozenset(
    "tuple set list matrix union meet minus builder numbers or both class pm".split()
)


def types_of(node: Node) -> frozenset[str]:
    """The answer types that a tree can be read as; `(1,2)` is a tuple or an interval."""
    kind = node[0]
    if kind == "tuple":
        pair = len(node[3]) == 2
        return frozenset({"tuple", "vector", "interval"} if pair else {"tuple", "vector"})
    if kind == "ratio":
        return frozenset({"ratio", "time"}) if is_time(node) else frozenset({"ratio"})
    if kind == "unit" and node[1][0] == "ratio":
        return frozenset({"time"})
    if kind == "matrix" and (len(node[1]) == 1 or all(len(row[1]) == 1 for row in node[1])):
        return frozenset({"matrix", "vector"})
    if kind == "sym":
        return frozenset({"text", "expression", "number"})
    if kind == "rel":
        return _of_relation(node)
    if kind in _BY_KIND:
        return frozenset({_BY_KIND[kind]})
    return frozenset({"expression"} if free_symbols(node) else {"number", "expression"})


def _of_relation(node: Node) -> frozenset[str]:
    if is_inequality(node):
        return frozenset({"inequality", "interval"})
    names = [is_name(item) for item in node[2]]
    if any(names):
        value = node[2][-1] if names[0] else node[2][0]
        return types_of(value) | {"equation"}
    if node[2][0][0] == "tuple":
        return types_of(node[2][-1])
    return frozenset({"equation", "number"})


def is_time(node: Node) -> bool:
    """Whether a ratio is written as a time of day: `3:05`."""
    if node[0] != "ratio" or len(node[1]) != 2:
        return False
    hours, minutes = node[1]
    if minutes[0] == "unit":
        minutes = minutes[1]
    both = hours[0] == minutes[0] == "num"
    return both and bool(_HOURS.fullmatch(hours[2]) and _MINUTES.fullmatch(minutes[2]))
