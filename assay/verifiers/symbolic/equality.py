"""The comparison table of `verifiers.md` §6.2, row by row, on trees."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from assay.verifiers.conversion import factor_between
from assay.verifiers.rational import is_rounding
from assay.verifiers.shapes import is_time
from assay.verifiers.symbolic.context import (
    Context,
    Decision,
    Refusal,
    all_of,
    equal,
    unequal,
    unproven,
)
from assay.verifiers.symbolic.equations import same_relation
from assay.verifiers.symbolic.evaluate import exact_value
from assay.verifiers.symbolic.expressions import has_calls, same_expression
from assay.verifiers.symbolic.matching import matched
from assay.verifiers.symbolic.numbers import is_rounding_of, is_within, same_number
from assay.verifiers.symbolic.readings import Reading, both_signs, key_of, pairs, read
from assay.verifiers.symbolic.regions import NoRegion, infinity, region_of, same_region
from assay.verifiers.symbolic.renaming import numbered, renamed
from assay.verifiers.trees import Node, canonical, every, free_names
from assay.verifiers.vocabulary import CONSTANTS

_OTHER_TYPE = unequal("type", "math.type")
_ZERO: Node = ("num", Fraction(0), "0")
_HUNDREDTH: Node = ("num", Fraction(1, 100), "0.01")


def same_answer(gold: Node, side: Node, context: Context) -> Decision:
    """Whether an answer is the reference.

    Raises:
        Refusal: the answer cannot be compared at all.
        Undefined: it has no value.
    """
    if any(part[0] == "dots" for tree in (gold, side) for part in every(tree)):
        alike = canonical(gold) == canonical(side)
        return equal("canonical") if alike else unproven("dots")
    one, two = read(numbered(gold)), read(numbered(side))
    _check_chain(two, context)
    return compare_readings(one, two, context)


def _check_chain(side: Reading, context: Context) -> None:
    """Every link of a chain that can be worked out must be true."""
    for link in side.chain:
        if has_calls(link):
            continue
        decision = compare_readings(read(side.node), read(link), context._replace(decimals="exact"))
        if decision.equal is False:
            raise Refusal("incorrect", "math.false_link", "A link of the chain is false.")
        if decision.equal is None:
            raise Refusal("unproven", "math.unproven", "A link of the chain is not shown to hold.")


def compare_readings(gold: Reading, side: Reading, context: Context) -> Decision:
    """By the types of both sides."""
    if "equation" in (gold.kind, side.kind):
        return _equations(gold, side, context)
    if gold.name is not None and side.name is not None and key_of(gold) != key_of(side):
        return _by_relation(gold, side, context)
    row = _ROWS.get((gold.kind, side.kind))
    return row(gold, side, context) if row else _OTHER_TYPE


# Numbers and expressions


def _scalars(gold: Reading, side: Reading, context: Context) -> Decision:
    if gold.unit and side.unit and gold.unit != side.unit:
        return _other_unit(gold, side, context)
    if gold.unit and not side.unit and (context.units != "optional" or side.percent):
        return unequal("unit", "math.unit")
    one, two = _value(gold), _renamed(gold, side)
    decision = _values(one, two, context)
    if decision.equal:
        return decision
    if gold.percent and not side.percent and not side.unit and context.percent == "symmetric":
        bare = _values(gold.node, two, context)
        if bare.equal:
            return bare._replace(method="percent")
    if free_names(one, CONSTANTS) or free_names(two, CONSTANTS):
        return decision
    return _nearly(one, two, side, context) or decision


def _value(reading: Reading) -> Node:
    return ("mul", reading.node, _HUNDREDTH) if reading.percent else reading.node


def _values(gold: Node, side: Node, context: Context) -> Decision:
    free = free_names(gold, CONSTANTS), free_names(side, CONSTANTS)
    if not any(free):
        return same_number(gold, side, context)
    if free[0] != free[1]:
        return unequal("names", "math.free_symbol")
    return same_expression(gold, side, context)


def _nearly(gold: Node, side: Node, reading: Reading, context: Context) -> Decision | None:
    """A declared tolerance, or a decimal that is the reference rounded."""
    if not isinstance(context.decimals, str):
        within = is_within(gold, side, context)
        return equal("tolerance") if within else None
    if context.decimals != "rounded" or not reading.decimal or reading.percent:
        return None
    value = exact_value(gold, context.setting(64))
    if value is not None:
        rounded = is_rounding(reading.decimal, value)
    else:
        rounded = is_rounding_of(reading.decimal, gold, context)
    return equal("rounding") if rounded else None


def _other_unit(gold: Reading, side: Reading, context: Context) -> Decision:
    if context.units != "convert":
        return unequal("unit", "math.unit")
    factor = _factor(side.unit, gold.unit)
    if factor is None:
        return unequal("unit", "math.unit")
    return _values(gold.node, ("mul", side.node, factor), context)._replace(method="conversion")


def _factor(unit: str, other: str) -> Node | None:
    """How many of `other` one `unit` is, as a tree."""
    if {unit, other} == {"deg", "rad"}:
        turn: Node = ("div", ("sym", "\\pi"), ("num", Fraction(180), "180"))
        return turn if unit == "deg" else ("div", ("num", Fraction(1), "1"), turn)
    factor = factor_between(unit, other)
    return None if factor is None else ("num", factor, str(factor))


def _renamed(gold: Reading, side: Reading) -> Node:
    """The answer's value with its function's arguments named as the reference names them."""
    value = _value(side)
    if gold.name is None or side.name is None or gold.name[0] != "call":
        return value
    left, right = _arguments(gold.name), _arguments(side.name)
    if len(left) != len(right) or left == right:
        return value
    names = {name: f"{name} of the reference" for name in left}  # free in the answer, not bound
    return renamed(value, {**names, **dict(zip(right, left, strict=True))})


def _arguments(name: Node) -> list[str]:
    items = name[2][1] if name[2][0] == "list" else (name[2],)
    return [item[1] for item in items if item[0] == "sym"]


# Words, ratios, numerals, residues


def _words(gold: Reading, side: Reading, context: Context) -> Decision:
    one, two = _said(gold.node), _said(side.node)
    if one is None or two is None:
        return _OTHER_TYPE
    return equal("words") if one == two else unequal("words")


def _said(node: Node) -> str | None:
    if node[0] not in ("text", "sym"):
        return None
    text = " ".join(node[1].split()).strip(" .")
    return text if len(text) == 1 else text.casefold()


def _ratios(gold: Reading, side: Reading, context: Context) -> Decision:
    one, two = gold.node[1], side.node[1]
    times = is_time(gold.node), is_time(side.node)
    said = any(reading.unit or reading.node[1][-1][0] == "unit" for reading in (gold, side))
    if said or context.answer_type == "time":
        alike = all(times) and _clock(gold) == _clock(side)
        return equal("time") if alike else unequal("time", "math.unit")
    if len(one) != len(two):
        return unequal("ratio", "math.length")
    crossed = [
        _values(("mul", one[0], b), ("mul", two[0], a), context)
        for a, b in zip(one[1:], two[1:], strict=True)
    ]
    if _may_be_zero(gold, context) or _may_be_zero(side, context):
        return unproven("ratio")  # 0:0 is proportional to everything
    decision = all_of(crossed, "ratio")
    if decision.equal and context.answer_type != "ratio" and times[0]:
        if not times[1] or _clock(gold) != _clock(side):
            return unproven("ratio")  # 3:45 is a time, or 1:15
    return decision


def _may_be_zero(ratio: Reading, context: Context) -> bool:
    closed = [part for part in ratio.node[1] if not free_names(part, CONSTANTS)]
    return any(same_number(_ZERO, part, context).equal is not False for part in closed)


def _clock(reading: Reading) -> tuple[str, str, str]:
    hours, minutes = reading.node[1]
    half = reading.unit or (minutes[2] if minutes[0] == "unit" else "")
    if minutes[0] == "unit":
        minutes = minutes[1]
    return hours[2].lstrip("0"), minutes[2], half.replace(".", "").replace(" ", "").lower()


def _ratio_as_fraction(gold: Reading, side: Reading, context: Context) -> Decision:
    if len(gold.node[1]) != 2 or gold.unit or side.unit or side.percent:
        return _OTHER_TYPE
    if context.answer_type == "time":
        return _OTHER_TYPE
    decision = _values(("div", *gold.node[1]), side.node, context)
    doubtful = decision.equal and is_time(gold.node) and context.answer_type != "ratio"
    return unproven("ratio") if doubtful else decision


def _numerals(gold: Reading, side: Reading, context: Context) -> Decision:
    alike = canonical(gold.node).upper() == canonical(side.node).upper()
    return equal("digits") if alike else unequal("digits")


def _residues(gold: Reading, side: Reading, context: Context) -> Decision:
    (_, one, modulus), (_, two, other) = gold.node, side.node
    if len(one) != len(two) or not same_number(modulus, other, context).equal:
        return unequal("residue")
    if any(canonical(a) != canonical(b) for a, b in zip(one[:-1], two[:-1], strict=True)):
        return unproven("residue")
    parts = [exact_value(node, context.setting(64)) for node in (one[-1], two[-1], modulus)]
    if any(part is None or part.denominator != 1 for part in parts) or not parts[2]:
        return unproven("residue")
    difference = (parts[0] or 0) - (parts[1] or 0)
    return equal("residue") if difference % parts[2] == 0 else unequal("residue")


# Collections


def _collections(gold: Reading, side: Reading, context: Context) -> Decision:
    one, two = _entries(gold.node), _entries(side.node)
    names = {key_of(read(item)) for item in two}
    if len(names) > 1 and not any(key_of(read(item)) for item in one):
        return unproven("names")
    return matched(one, two, lambda a, b: same_answer(a, b, context))


def _entries(node: Node) -> list[Node]:
    """The elements of a set or list; one with ± is two."""
    out: list[Node] = []
    for item in node[1]:
        if item[0] in ("set", "list", "tuple") or not pairs(item):
            out.append(item)
        else:
            out += both_signs(item)
    return out


def _tuples(gold: Reading, side: Reading, context: Context) -> Decision:
    one, two = gold.node, side.node
    if context.answer_type != "vector" and one[1:3] != two[1:3]:
        return unequal("tuple", "math.brackets")
    if len(one[3]) != len(two[3]):
        return unequal("tuple", "math.length")
    if pairs(one) or pairs(two):
        return unproven("tuple")
    return _entrywise(list(one[3]), list(two[3]), context, "tuple")


def _entrywise(one: list[Node], two: list[Node], context: Context, method: str) -> Decision:
    found: list[Decision] = []
    for left, right in zip(one, two, strict=True):
        ends = infinity(left), infinity(right)
        if any(ends):
            found.append(equal("infinity") if ends[0] == ends[1] else unequal("infinity"))
        else:
            found.append(same_answer(left, right, context))
    return all_of(found, method)


def _matrices(gold: Reading, side: Reading, context: Context) -> Decision:
    one, two = ([row[1] for row in reading.node[1]] for reading in (gold, side))
    if context.answer_type == "vector":
        one, two = ([[entry for row in rows for entry in row]] for rows in (one, two))
    if len(one) != len(two) or len(one[0]) != len(two[0]):
        return unequal("matrix", "math.length")
    left, right = ([entry for row in rows for entry in row] for rows in (one, two))
    return _entrywise(left, right, context, "matrix")


def _vectors(gold: Reading, side: Reading, context: Context) -> Decision:
    """A tuple beside a matrix of one row or column, where the task says "vector"."""
    if context.answer_type != "vector":
        return _OTHER_TYPE
    left, right = _components(gold.node), _components(side.node)
    if left is None or right is None or len(left) != len(right):
        return unequal("vector", "math.length")
    return _entrywise(left, right, context, "vector")


def _components(node: Node) -> list[Node] | None:
    if node[0] == "tuple":
        return list(node[3])
    rows = [row[1] for row in node[1]]
    if len(rows) > 1 and len(rows[0]) > 1:
        return None
    return [entry for row in rows for entry in row]


# Sets of numbers, inequalities, equations


def _regions(gold: Reading, side: Reading, context: Context) -> Decision:
    try:
        one, two = region_of(gold.whole), region_of(side.whole)
    except NoRegion:
        return _by_relation(gold, side, context, "unproven")
    decision = same_region(one, two, context)
    if decision.equal and gold.kind == "tuple" and not _is_interval(gold.node, context):
        return unproven("interval")  # (1,2) is an interval, or a point
    return decision


def _is_interval(node: Node, context: Context) -> bool:
    """Whether a reference of two entries in brackets can only be an interval."""
    if context.answer_type != "auto":
        return context.answer_type == "interval"
    if node[1:3] != ("(", ")") or any(infinity(end) for end in node[3]):
        return True
    return False


def _by_relation(
    gold: Reading, side: Reading, context: Context, otherwise: str = "name"
) -> Decision:
    """As relations, where both are written as such; else they are not known or not the same."""
    if gold.whole[0] == side.whole[0] == "rel" and not _is_number(gold):
        return same_relation(gold.whole, side.whole, context)
    return unequal("name", "math.name") if otherwise == "name" else unproven("region")


def _equations(gold: Reading, side: Reading, context: Context) -> Decision:
    if gold.kind == "scalar" and gold.name is None and side.whole[0] == "rel":
        return _as_identity(gold, side, context)
    if gold.whole[0] != "rel" or side.whole[0] != "rel" or _is_number(gold):
        return _OTHER_TYPE
    return same_relation(gold.whole, side.whole, context)


def _as_identity(gold: Reading, side: Reading, context: Context) -> Decision:
    """A chain of expressions all of which are the reference: `(x+1)^2 = x^2+2x+1`."""
    items = side.whole[2]
    if not free_names(gold.node, CONSTANTS) or len({canonical(item) for item in items}) < 2:
        return _OTHER_TYPE
    found = [compare_readings(gold, read(item), context) for item in items]
    decision = all_of(found, "identity_chain")
    return decision if decision.equal is not False else _OTHER_TYPE


def _is_number(reading: Reading) -> bool:
    """Whether a named reference is a number, whose equation must be solved."""
    return reading.kind == "scalar" and not free_names(reading.node, CONSTANTS)


Row = Callable[[Reading, Reading, Context], Decision]
_ROWS: Mapping[tuple[str, str], Row] = {
    ("scalar", "scalar"): _scalars,
    ("text", "text"): _words,
    ("text", "scalar"): _words,
    ("scalar", "text"): _words,
    ("ratio", "ratio"): _ratios,
    ("ratio", "scalar"): _ratio_as_fraction,
    ("based", "based"): _numerals,
    ("class", "class"): _residues,
    ("several", "several"): _collections,
    ("tuple", "tuple"): _tuples,
    ("matrix", "matrix"): _matrices,
    ("matrix", "tuple"): _vectors,
    ("tuple", "matrix"): _vectors,
    **{
        (one, two): _regions
        for one in ("region", "inequality", "tuple", "several")
        for two in ("region", "inequality", "tuple", "several")
        if "region" in (one, two) or "inequality" in (one, two)
    },
}
