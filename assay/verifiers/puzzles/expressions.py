"""Equations as task authors write them: `2x + 3y = 7`, `x^2 - y/3 >= 1`; exact rationals.

Numbers, names, `+ - * / ^`, parentheses, and a number before a name or parenthesis (`2x`). This
reads tasks, never answers, so what it cannot read is the task's fault.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from assay.core.errors import TaskError, shorten

Node = tuple[Any, ...]
_TOKEN = re.compile(r"\s*(?:([0-9]+(?:\.[0-9]+)?)|([A-Za-z][A-Za-z0-9_]*)|(\*\*|[-+*/^()]))")
_RELATION = re.compile(r"<=|>=|!=|==|=|<|>")
_EXPONENT = 64
_DEPTH = 60
_CHARS = 2_000


class Relation(NamedTuple):
    """Two expressions and the sign between them."""

    left: Node
    sign: str
    right: Node

    def holds(self, values: Mapping[str, Fraction]) -> bool | None:
        """Whether it holds; None where a side divides by zero."""
        try:
            one, two = evaluate(self.left, values), evaluate(self.right, values)
        except ZeroDivisionError:
            return None
        if self.sign == "=":
            return one == two
        if self.sign == "!=":
            return one != two
        if self.sign in ("<", "<="):
            return one < two or (self.sign == "<=" and one == two)
        return one > two or (self.sign == ">=" and one == two)


def read_relation(text: Any) -> Relation:
    """One equation or inequality.

    Raises:
        TaskError: the text is none of the grammar.
    """
    if type(text) is not str or len(text) > _CHARS:
        raise TaskError(f"The equation {shorten(text)} is not a text of up to {_CHARS} characters.")
    text = text.replace("≤", "<=").replace("≥", ">=").replace("≠", "!=").replace("−", "-")
    signs = _RELATION.findall(text)
    if len(signs) != 1:
        raise TaskError(f"The equation {shorten(text)} needs exactly one of = != < <= > >=.")
    left, right = _RELATION.split(text)
    return Relation(_Parser(left).whole(), signs[0].replace("==", "="), _Parser(right).whole())


def names_in(node: Node) -> list[str]:
    """The names of an expression, each once, in the order in which they appear."""
    if node[0] == "name":
        return [node[1]]
    parts: list[Node] = [part for part in node[1:] if isinstance(part, tuple)]
    return list(dict.fromkeys(name for part in parts for name in names_in(part)))


def evaluate(node: Node, values: Mapping[str, Fraction]) -> Fraction:
    """The value of an expression.

    Raises:
        ZeroDivisionError: it divides by zero.
    """
    kind = node[0]
    if kind == "number":
        return node[1]
    if kind == "name":
        return values[node[1]]
    one = evaluate(node[1], values)
    if kind == "^":
        return one ** node[2]
    two = evaluate(node[2], values)
    if kind == "+":
        return one + two
    if kind == "-":
        return one - two
    return one * two if kind == "*" else one / two


def linear(node: Node) -> dict[str, Fraction] | None:
    """Coefficients by name, the constant under the empty name; None where it is not linear."""
    kind = node[0]
    if kind == "number":
        return {"": node[1]}
    if kind == "name":
        return {node[1]: Fraction(1)}
    one = linear(node[1])
    two = linear(node[2]) if kind != "^" else None
    if kind == "^":
        if one is None or not (node[2] == 1 or set(one) <= {""}):
            return None
        return one if node[2] == 1 else {"": one.get("", Fraction(0)) ** node[2]}
    if one is None or two is None:
        return None
    if kind in "+-":
        sign = 1 if kind == "+" else -1
        return {n: one.get(n, Fraction(0)) + sign * two.get(n, Fraction(0)) for n in {**one, **two}}
    if kind == "*" and not set(two) <= {""}:
        one, two = two, one
    factor = two.get("", Fraction(0))
    if not set(two) <= {""} or (kind == "/" and not factor):
        return None
    return {n: c * factor if kind == "*" else c / factor for n, c in one.items()}


class _Parser:
    def __init__(self, text: str) -> None:
        self.text, self.at, self.depth = text.strip(), 0, 0
        self.tokens: list[tuple[str, str, str]] = []
        while self.at < len(self.text):
            token = _TOKEN.match(self.text, self.at)
            if token is None:
                raise self.unread()
            self.tokens.append(
                (token[1] or "", token[2] or "", (token[3] or "").replace("**", "^"))
            )
            self.at = token.end()
        self.at = 0

    def unread(self) -> TaskError:
        return TaskError(f"The expression {shorten(self.text)} of the task cannot be read.")

    def sign(self, signs: str) -> str:
        if (
            self.at < len(self.tokens)
            and self.tokens[self.at][2]
            and self.tokens[self.at][2] in signs
        ):
            self.at += 1
            return self.tokens[self.at - 1][2]
        return ""

    def whole(self) -> Node:
        node = self.sum()
        if self.at != len(self.tokens):
            raise self.unread()
        return node

    def sum(self) -> Node:
        node = self.product()
        while sign := self.sign("+-"):
            node = (sign, node, self.product())
        return node

    def product(self) -> Node:
        node = self.factor()
        while True:
            sign = self.sign("*/")
            if not sign and not self.follows():
                return node
            node = (sign or "*", node, self.factor() if sign else self.power())

    def follows(self) -> bool:
        """Whether a name or parenthesis stands right behind a number or parenthesis."""
        if self.at >= len(self.tokens):
            return False
        _, name, sign = self.tokens[self.at]
        number, _, closed = self.tokens[self.at - 1]
        return bool(name or sign == "(") and bool(number or closed == ")")

    def factor(self) -> Node:
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.unread()
        if sign := self.sign("+-"):
            node = self.factor()
            node = node if sign == "+" else ("-", ("number", Fraction(0)), node)
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        node = self.atom()
        if self.sign("^"):
            exponent = self.atom()
            value = exponent[1] if exponent[0] == "number" else None
            if not isinstance(value, Fraction) or value.denominator != 1 or value > _EXPONENT:
                raise self.unread()
            return ("^", node, int(value))
        return node

    def atom(self) -> Node:
        if self.at >= len(self.tokens):
            raise self.unread()
        number, name, sign = self.tokens[self.at]
        self.at += 1
        if number:
            return ("number", Fraction(number))
        if name:
            return ("name", name)
        if sign != "(":
            raise self.unread()
        self.depth += 1
        if self.depth > _DEPTH:
            raise self.unread()
        node = self.sum()
        if not self.sign(")"):
            raise self.unread()
        self.depth -= 1
        return node
