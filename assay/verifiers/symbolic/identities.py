"""The last resort: whether sympy reduces a difference to zero.

sympy is given objects, built here node by node from our own tree; it never reads text. Its answer
is only asked for where boxes found no difference, and only its yes counts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, cast

from assay.verifiers.symbolic.arithmetic import NATURAL
from assay.verifiers.symbolic.context import Context
from assay.verifiers.trees import Node

_OPERATIONS = 60  # of a difference that is given to sympy's simplification
_EXPONENT = 100  # of whole powers


class Untranslated(Exception):
    """A part of the tree has no counterpart, or is too large to be built."""


def is_identity(gold: Node, side: Node, context: Context) -> bool:
    """Whether sympy shows that two trees are equal wherever both are defined."""
    sympy = cast(Any, import_module("sympy"))
    build = _Builder(sympy, context)
    try:
        difference: Any = build.of(gold) - build.of(side)
    except Untranslated:
        return False
    if difference == 0:
        return True
    if difference.has(sympy.nan, sympy.zoo, sympy.oo) or difference.count_ops() > _OPERATIONS:
        return False
    return bool(sympy.expand(difference) == 0) or bool(sympy.simplify(difference) == 0)


class _Builder:
    """Trees to sympy's objects; names are real where the domain is."""

    def __init__(self, sympy: Any, context: Context) -> None:
        self.sympy, self.context = sympy, context

    def of(self, node: Node) -> Any:
        kind = node[0]
        if kind == "num":
            return self.sympy.Rational(node[1].numerator, node[1].denominator)
        if kind == "sym":
            return self.symbol(node[1])
        if kind in ("add", "mul"):
            parts = [self.of(part) for part in node[1:]]
            return self.sympy.Add(*parts) if kind == "add" else self.sympy.Mul(*parts)
        if kind == "neg":
            return -self.of(node[1])
        if kind == "div":
            return self.of(node[1]) / self.of(node[2])
        if kind == "pct":
            return self.of(node[1]) / 100
        if kind == "pow":
            return self.power(self.of(node[1]), self.of(node[2]))
        if kind == "sqrt":
            return self.power(self.of(node[2]), 1 / self.of(node[1]))
        if kind == "abs":
            return self.sympy.Abs(self.of(node[1]))
        if kind == "fn":
            return self.function(node[1], node[2])
        raise Untranslated

    def symbol(self, name: str) -> Any:
        constants = {"e": self.sympy.E, "i": self.sympy.I, "\\pi": self.sympy.pi}
        if name in constants:
            return constants[name]
        return self.sympy.Symbol(name, real=True if self.context.real else None)

    def power(self, base: Any, exponent: Any) -> Any:
        if exponent.is_Rational:
            if abs(exponent.p) > _EXPONENT or exponent.q > _EXPONENT:
                raise Untranslated
            if exponent.q % 2 == 0 or exponent.q == 1 or not self.context.real:
                return base**exponent
            return self.sympy.real_root(base, exponent.q) ** exponent.p
        return base**exponent

    def function(self, name: str, arguments: tuple[Node, ...]) -> Any:
        if name == "log":
            value = self.sympy.log(self.of(arguments[-1]))
            if len(arguments) == 2:
                return value / self.sympy.log(self.of(arguments[0]))
            natural = self.context.log_base == NATURAL
            return value if natural else value / self.sympy.log(self.context.log_base)
        build: Callable[..., Any] | None = _functions(self.sympy).get(name)
        if build is None:
            raise Untranslated
        return build(self.angle(arguments[0]))

    def angle(self, node: Node) -> Any:
        if node[0] == "unit" and node[2] == "deg":
            return self.of(node[1]) * self.sympy.pi / 180
        return self.of(node)


def _functions(sympy: Any) -> Mapping[str, Callable[..., Any]]:
    circular = "sin cos tan cot sec csc sinh cosh tanh coth sech csch exp".split()
    names = {name: getattr(sympy, name) for name in circular}
    inverse = "sin cos tan cot sec csc sinh cosh tanh".split()
    return {**names, **{f"arc{name}": getattr(sympy, f"a{name}") for name in inverse},
            "ln": sympy.log, "sign": sympy.sign}  # fmt: skip
