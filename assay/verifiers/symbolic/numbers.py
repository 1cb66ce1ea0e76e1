"""When two closed numbers are equal: exactly where algebra tells, else by narrowing boxes."""

from __future__ import annotations

from fractions import Fraction

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.arithmetic import Unsupported, Value, negative
from assay.verifiers.symbolic.bounds import NotAlgebraic, zero_bits
from assay.verifiers.symbolic.context import Context, Decision, equal, unequal, unproven
from assay.verifiers.symbolic.enclosure import Box, Undefined, Unsettled
from assay.verifiers.symbolic.evaluate import Evaluator, exact_value
from assay.verifiers.symbolic.forms import Opaque, same
from assay.verifiers.symbolic.identities import is_identity
from assay.verifiers.symbolic.normal import Normaliser
from assay.verifiers.symbolic.polynomials import TooLarge
from assay.verifiers.trees import Node

_DIGITS = (50, 100, 200, 400)
_BITS_A_DIGIT = 3.33
_AGREED = 665  # bits of agreement that are accepted: 200 digits
_TALL = 640  # bits of a rational beyond which boxes cannot tell it from its neighbours
_BOUND_BITS = 30_000
_TRIES = 3  # to come below the bound, each time with twice as many bits
_SIGNIFICANT = 6
_PLACES = 400  # of a decimal


def same_number(gold: Node, side: Node, context: Context) -> Decision:
    """Whether two closed trees have one value.

    Raises:
        Undefined: one of them has none; `side` is evaluated first.
    """
    one = exact_value(side, context.setting(64))
    two = exact_value(gold, context.setting(64)) if one is not None else None
    if one is not None and two is not None:
        return equal("rational") if one == two else unequal("rational")
    tried, evaluators = False, (Evaluator(context.setting(64)), Evaluator(context.setting(64)))
    left = right = None
    for digits in _DIGITS:
        setting = context.setting(int(digits * _BITS_A_DIGIT) + 16)
        evaluators = Evaluator(setting), Evaluator(setting)
        try:
            right, left = (
                lane.boxed(lane.value(node))
                for lane, node in zip(evaluators, (side, gold), strict=True)
            )
        except Unsettled:
            left = right = None
            continue
        except Unsupported:
            return _without_value(gold, side, context)
        if box.apart(left, right):
            return unequal("interval_arithmetic")
        if not tried:
            tried = True
            decided = _exactly(gold, side, context)
            if decided is not None:
                return decided
    if left is not None and right is not None:
        if _agree(left, right, evaluators):
            return equal("interval_arithmetic", numeric=True)
        if is_identity(gold, side, context):
            return equal("identity")
    return unproven("interval_arithmetic")


def _agree(left: Box, right: Box, evaluators: tuple[Evaluator, Evaluator]) -> bool:
    """Whether two boxes at 400 digits agree so far beyond all that went into them."""
    sizes = [box.least_magnitude(side) for side in (left, right)]
    if any(size is None for size in sizes):
        return False
    widths = [box.width(side, 64) for side in (left, right)]
    widest = max((width for width in widths if width is not None), default=None)
    if widest is None:
        return True  # two single numbers that are not apart
    finest = min(lane.finest for lane in evaluators)
    tallest = max(lane.tallest for lane in evaluators)
    least = min(size for size in sizes if size is not None)
    return tallest <= _TALL and widest - least <= finest - _AGREED


def _exactly(gold: Node, side: Node, context: Context) -> Decision | None:
    """By the bound for algebraic numbers, or one normal form; None where neither tells."""
    by_bound = is_zero(("add", gold, ("neg", side)), context)
    if by_bound is not None:
        return equal("algebraic") if by_bound else unequal("algebraic")
    return equal("normal_form") if _one_form(gold, side, context) else None


def _one_form(gold: Node, side: Node, context: Context) -> bool:
    normaliser = Normaliser(context.log_base, real_roots=context.real)
    try:
        return same(normaliser.of(gold), normaliser.of(side), normaliser)
    except (Opaque, TooLarge):
        return False


def _without_value(gold: Node, side: Node, context: Context) -> Decision:
    """Limits, integrals and what is too large to work out: equal to itself, else not known."""
    return equal("normal_form") if _one_form(gold, side, context) else unproven("normal_form")


def is_zero(node: Node, context: Context) -> bool | None:
    """Whether an algebraic number is zero; None where it is not known to be algebraic."""

    def is_real(part: Node) -> bool:
        try:
            value = Evaluator(context.setting(96)).value(part)
        except (Undefined, Unsettled, Unsupported):
            return False
        return not isinstance(value, Box) or value.is_real

    try:
        needed = zero_bits(node, lambda part: exact_value(part, context.setting(64)), is_real)
    except NotAlgebraic:
        return None
    bits = needed + 64
    for _ in range(_TRIES):
        if bits > _BOUND_BITS:
            break
        try:
            lane = Evaluator(context.setting(bits))
            value = lane.boxed(lane.value(node))
        except (Unsettled, Unsupported):
            value = None
        if value is not None:
            if not value.may_be_zero:
                return False
            size = box.magnitude(value)
            if size is None or size < -needed:
                return True
        bits *= 2
    return None


def compared(one: Node, two: Node, context: Context) -> int | None:
    """-1, 0 or 1 as one real number is below, equal to or above another; None if not known."""
    decision = same_number(one, two, context)
    if decision.equal is not False:
        return 0 if decision.equal else None
    for digits in _DIGITS:
        lane = Evaluator(context.setting(int(digits * _BITS_A_DIGIT)))
        try:
            difference = lane.added([lane.value(one), negative(lane.value(two))])
            return box.sign(lane.boxed(difference))
        except Unsettled:
            continue
        except (Undefined, Unsupported):
            return None
    return None


def is_rounding_of(decimal: str, gold: Node, context: Context) -> bool:
    """Whether a decimal is a number that is not rational, rounded or cut off at its last digit."""
    digits = decimal.lstrip("-")
    _, point, places = digits.partition(".")
    significant = len(digits.replace(".", "").lstrip("0"))
    if not point or significant < _SIGNIFICANT or len(places) > _PLACES:
        return False
    shown = Fraction(decimal) * 10 ** len(places)
    for precision in _DIGITS:
        lane = Evaluator(context.setting(int((precision + len(digits)) * _BITS_A_DIGIT)))
        try:
            value = lane.value(gold)
            if isinstance(value, Fraction):
                return False  # the fast lane's rule for fractions has spoken
            if not value.is_real or (box.sign(value) < 0) != decimal.startswith("-"):
                return False
            scaled = lane.boxed(lane.times([value, Fraction(10 ** len(places))]))
            half = lane.boxed(lane.added([scaled, Fraction(1, 2)]))
            cut = box.floored(scaled, up=decimal.startswith("-"))
            return shown in (cut, box.floored(half))
        except Unsettled:
            continue
        except (Undefined, Unsupported):
            return False
    return False


def is_within(gold: Node, side: Node, context: Context) -> bool | None:
    """Whether a number lies within the declared tolerance of another."""
    if isinstance(context.decimals, str):
        return False
    absolute, relative = context.decimals
    for digits in _DIGITS:
        lane = Evaluator(context.setting(int(digits * _BITS_A_DIGIT)))
        try:
            one, two = lane.value(gold), lane.value(side)
            distance = _size(lane, lane.added([two, negative(one)]))
            allowed = [absolute, lane.times([_size(lane, one), relative])]
            margins = [lane.added([limit, negative(distance)]) for limit in allowed]
            return any(_at_least_zero(margin) for margin in margins)
        except Unsettled:
            continue
        except Unsupported:
            return None
    return None


def _size(lane: Evaluator, value: Value) -> Value:
    return box.absolute(value, lane.setting.bits) if isinstance(value, Box) else abs(value)


def _at_least_zero(value: Value) -> bool:
    return box.sign(value) > 0 if isinstance(value, Box) else value >= 0
