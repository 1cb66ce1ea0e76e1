"""When two expressions with names are equal (`verifiers.md` §6.2).

Polynomials and rational functions by exact normal form. Others at seeded points of the reference's
domain, with exact rules for where a value exists; a proof by normal form makes the agreement exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Literal

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.arithmetic import Unsupported, Value
from assay.verifiers.symbolic.context import Context, Decision, equal, unequal, unproven
from assay.verifiers.symbolic.enclosure import Undefined, Unsettled
from assay.verifiers.symbolic.evaluate import Evaluator, exact_value
from assay.verifiers.symbolic.forms import Opaque, same
from assay.verifiers.symbolic.identities import is_identity
from assay.verifiers.symbolic.normal import Normaliser
from assay.verifiers.symbolic.points import points
from assay.verifiers.symbolic.polynomials import TooLarge
from assay.verifiers.symbolic.renaming import follows_index
from assay.verifiers.trees import Node, every, free_names
from assay.verifiers.vocabulary import CONSTANTS

_BITS = (216, 420, 900, 1_800)  # 60 digits, and more where parts of an expression are far apart
_AGREED = 150  # bits beyond the finest part
_ENOUGH = 8  # points that agree
_TRIED = 160
_FEW = 30  # points tried at least, where more than enough agree
_TALL = 900  # bits of a rational number in an expression that points can tell from others

_RATIONAL = frozenset("num sym add mul neg div pct".split())
# Functions that are constant, or another function, beyond any point that is looked at.
_STEPPED = frozenset({"floor", "ceil"})
_STEPPED_FUNCTIONS = frozenset({"mod", "gcd", "lcm", "sign"})

Look = Literal["agree", "differ", "nothing", "undefined"]


def same_expression(gold: Node, side: Node, context: Context) -> Decision:
    """Whether two trees with names are one function of them."""
    names = free_names(gold, CONSTANTS)
    if names != free_names(side, CONSTANTS):
        return unequal("names", "math.free_symbol")
    normaliser = Normaliser(context.log_base, real_roots=context.real)
    one_form = False
    try:
        one, two = normaliser.of(gold), normaliser.of(side)
        one_form = same(one, two, normaliser)
        plain = one.is_rational and two.is_rational
        if plain and is_rational_function(gold) and is_rational_function(side):
            return equal("rational_function") if one_form else unequal("rational_function")
    except (Opaque, TooLarge):
        pass
    if has_calls(gold) or has_calls(side):
        return equal("normal_form") if one_form else unproven("normal_form")
    return _by_points(gold, side, sorted(names), context, one_form)


def is_rational_function(node: Node) -> bool:
    """Whether a tree is built by + - * / and whole powers alone, so that only poles are missing."""
    for part in every(node):
        if part[0] not in _RATIONAL and not (part[0] == "pow" and _is_whole(part[2])):
            return False
    return True


def _is_whole(exponent: Node) -> bool:
    value = exact_value(exponent)
    return value is not None and value.denominator == 1


def has_calls(node: Node) -> bool:
    """Whether functions without a meaning, limits, integrals or derivatives occur."""
    return any(
        part[0] in ("call", "lim", "int", "deriv", "dots")
        or (part[0] == "sym" and follows_index(part[1]))
        for part in every(node)
    )


def _by_points(
    gold: Node, side: Node, names: list[str], context: Context, one_form: bool
) -> Decision:
    complex_values = any(part == ("sym", "i") for tree in (gold, side) for part in every(tree))
    strict = context.real and not complex_values
    agreed = lost = 0
    whole = of_whole_numbers(gold) or of_whole_numbers(side)
    drawn = points(gold, side, names, real=context.real, whole=whole, count=_TRIED)
    for number, values in enumerate(drawn):
        look = _look(gold, side, values, context, strict)
        if look == "differ":
            return unequal("points")
        agreed += look == "agree"
        lost += look == "undefined"
        if lost:
            return unequal("points", "math.undefined")
        if number + 1 >= _FEW and agreed >= _ENOUGH:
            break
    if agreed >= _ENOUGH and one_form:
        return equal("normal_form")
    doubtful = _stepped(gold) or _stepped(side) or (whole and (_turning(gold) or _turning(side)))
    if agreed >= _ENOUGH and not doubtful:
        return equal("points", numeric=True)
    if agreed and not doubtful and is_identity(gold, side, context):
        return equal("identity")
    return unproven("points")


def _look(
    gold: Node, side: Node, values: Mapping[str, Value], context: Context, strict: bool
) -> Look:
    """What one point says."""
    for bits in _BITS:
        lanes = [Evaluator(context.setting(bits, values, strict=strict)) for _ in range(2)]
        try:
            one = lanes[0].value(gold)
        except Unsettled:
            continue
        except (Undefined, Unsupported):
            return "nothing"
        try:
            two = lanes[1].value(side)
        except Unsettled:
            continue
        except Unsupported:
            return "nothing"
        except Undefined:
            return "undefined"
        if isinstance(one, Fraction) and isinstance(two, Fraction):
            return "agree" if one == two else "differ"
        one, two = lanes[0].boxed(one), lanes[1].boxed(two)
        if strict and not (one.is_real and two.is_real):
            return "nothing"
        if box.apart(one, two):
            return "differ"
        if _agree(one, two, lanes):
            return "agree"
    return "nothing"


def _agree(one: box.Box, two: box.Box, lanes: list[Evaluator]) -> bool:
    sizes = [box.least_magnitude(side) for side in (one, two)]
    if any(size is None for size in sizes):
        return False
    widths = [width for side in (one, two) if (width := box.width(side, 64)) is not None]
    if not widths:
        return True
    least = min(size for size in sizes if size is not None)
    finest = min(lane.finest for lane in lanes)
    tallest = max(lane.tallest for lane in lanes)
    return tallest <= _TALL and max(widths) - least <= finest - _AGREED


def of_whole_numbers(node: Node) -> bool:
    """Whether factorials or binomials of names occur, which are meant for whole numbers only."""
    return any(
        part[0] in ("fact", "dfact", "binom") and free_names(part, CONSTANTS)
        for part in every(node)
    )


def _turning(node: Node) -> bool:
    return any(part[0] == "fn" for part in every(node))


def _stepped(node: Node) -> bool:
    return any(
        part[0] in _STEPPED or (part[0] == "fn" and part[1] in _STEPPED_FUNCTIONS)
        for part in every(node)
    )
