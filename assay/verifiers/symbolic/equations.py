"""When two equations or inequalities say the same (`verifiers.md` §6.2).

Never by their solutions: two equations without any are not thereby equal. One must be a constant
multiple of the other, after denominators that cannot vanish together with the rest are cleared.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

from assay.verifiers.symbolic.context import Context, Decision, all_of, equal, unequal, unproven
from assay.verifiers.symbolic.expressions import is_rational_function
from assay.verifiers.symbolic.forms import Form, Opaque
from assay.verifiers.symbolic.normal import Normaliser
from assay.verifiers.symbolic.numbers import same_number
from assay.verifiers.symbolic.polynomials import ONE, Poly, TooLarge, leading
from assay.verifiers.trees import Node, free_names
from assay.verifiers.vocabulary import CONSTANTS

_NEGATED = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "=": "=", "!=": "!="}


class Link(NamedTuple):
    """One relation `left - right (sign) 0`."""

    left: Node
    sign: str
    right: Node

    @property
    def difference(self) -> Node:
        """What is compared with zero."""
        return ("add", self.left, ("neg", self.right))

    @property
    def names(self) -> frozenset[str]:
        """The free names of both sides."""
        return free_names(self.left, CONSTANTS) | free_names(self.right, CONSTANTS)


def links_of(node: Node) -> list[Link]:
    """The relations of a chain."""
    items = node[2]
    return [Link(*link) for link in zip(items, node[1], items[1:], strict=False)]


def same_relation(gold: Node, side: Node, context: Context) -> Decision:
    """Whether two equations, inequalities or chains are constant multiples, link by link."""
    one, two = links_of(gold), links_of(side)
    if len(one) != len(two):
        return unequal("relation", "math.length")
    ahead = [_same_link(left, right, context) for left, right in zip(one, two, strict=True)]
    forward = all_of(ahead, "multiple")
    if forward.equal or len(one) == 1:
        return forward
    turned = [Link(link.right, _NEGATED[link.sign], link.left) for link in reversed(two)]
    behind = [_same_link(left, right, context) for left, right in zip(one, turned, strict=True)]
    backward = all_of(behind, "multiple")
    return backward if backward.equal is not False else forward


def _same_link(gold: Link, side: Link, context: Context) -> Decision:
    if gold.sign not in _NEGATED or side.sign not in _NEGATED:
        return unproven("relation")
    if gold.names != side.names or not gold.names:
        return unequal("multiple", "math.free_symbol")
    normaliser = Normaliser(context.log_base, real_roots=context.real)
    try:
        one, two = normaliser.of(gold.difference), normaliser.of(side.difference)
        factor = _factor(one, two, normaliser, context)
    except (Opaque, TooLarge):
        return unproven("multiple")
    if factor is None:
        both = [gold.left, gold.right, side.left, side.right]
        exact = all(is_rational_function(part) for part in both)
        return unequal("multiple") if exact else unproven("multiple")
    if not (_harmless(one) and _harmless(two)) and not _one_domain(one, two, normaliser, context):
        return unproven("multiple")
    return _by_sign(gold.sign, side.sign, factor, one, two, context)


def _by_sign(
    gold: str, side: str, factor: Form, one: Form, two: Form, context: Context
) -> Decision:
    """Equations allow any factor; an inequality is turned by a negative one."""
    if gold in ("=", "!="):
        return equal("multiple") if gold == side else unequal("multiple", "math.relation")
    constant = all(not _variables(poly) for poly in (one.below, two.below))
    number = factor.number
    if number is None or not constant:
        return unproven("multiple")
    positive = number * _sign(one.below) * _sign(two.below) > 0
    wanted = gold if positive else _NEGATED[gold]
    return equal("multiple") if side == wanted else unequal("multiple", "math.relation")


def _sign(poly: Poly) -> int:
    return 1 if leading(poly) > 0 else -1


def _factor(one: Form, two: Form, normaliser: Normaliser, context: Context) -> Form | None:
    """The constant c with above₁ = c · above₂, or None; both must have names in them."""
    left, right = _by_variables(one.above), _by_variables(two.above)
    if set(left) != set(right) or not any(key != ONE for key in left):
        return None
    key = max(left)
    if not (_surely_not_zero(left[key], context) and _surely_not_zero(right[key], context)):
        return None
    for other, value in left.items():
        cross = normaliser.times(value, right[key]), normaliser.times(left[key], right[other])
        if cross[0] != cross[1]:
            return None
    return Form(left[key], right[key])


def _by_variables(poly: Poly) -> dict[tuple[tuple[str, int], ...], Poly]:
    """The coefficients, themselves polynomials in constants, of each monomial in names."""
    out: dict[tuple[tuple[str, int], ...], Poly] = {}
    for monomial, value in poly.items():
        names = tuple(part for part in monomial if not _is_constant(part[0]))
        rest = tuple(part for part in monomial if _is_constant(part[0]))
        out.setdefault(names, {})[rest] = value
    return out


def _is_constant(name: str) -> bool:
    """Whether a generator is i, π, a root or logarithm of a whole number, or a power of e."""
    if name in ("i", "p") or name.startswith("xe^()"):
        return True
    return name[0] in "rl" and name[1:].replace(":", "").isdigit()


def _surely_not_zero(poly: Poly, context: Context) -> bool:
    """Whether a polynomial in constants is shown to differ from zero."""
    if set(poly) == {ONE}:
        return True
    terms: list[Node] = []
    for monomial, value in poly.items():
        powers = [("pow", _tree(name), _number(exponent)) for name, exponent in monomial]
        terms.append(("mul", _number(value), *powers))
    return same_number(_number(0), ("add", *terms), context).equal is False


def _tree(name: str) -> Node:
    """The tree of a generator that is a constant."""
    if name in ("i", "p"):
        return ("sym", "i" if name == "i" else "\\pi")
    if name[0] == "l":
        return ("fn", "ln", (_number(int(name[1:])),))
    if name[0] == "x":
        return ("pow", ("sym", "e"), _number(Fraction(1, int(name.rpartition("/")[2]))))
    index, _, radicand = name[1:].partition(":")
    return ("sqrt", _number(int(index)), _number(int(radicand)))


def _number(value: Fraction | int) -> Node:
    return ("num", Fraction(value), str(value))


def _variables(poly: Poly) -> bool:
    return any(not _is_constant(name) for monomial in poly for name, _ in monomial)


def _harmless(form: Form) -> bool:
    """Whether clearing the denominator adds no solution.

    So it is where it is constant, or a monomial with whose names at zero the numerator is a
    constant that is not zero.
    """
    if not _variables(form.below):
        return True
    if len(form.below) != 1:
        return False
    (monomial,) = form.below
    names = {name for name, _ in monomial if not _is_constant(name)}
    left = {m: v for m, v in form.above.items() if not any(name in names for name, _ in m)}
    return set(left) == {ONE} and left[ONE] != 0


def _one_domain(one: Form, two: Form, normaliser: Normaliser, context: Context) -> bool:
    """Whether both have the same denominator up to a constant."""
    left, right = (Form(form.below, form.below) for form in (one, two))
    return _factor(left, right, normaliser, context) is not None
