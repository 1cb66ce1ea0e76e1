"""Expressions over whole numbers: integers, binary + - * /, unary minus, parentheses, spaces.

The grammar is `verifiers.md` §9, complete; exact rationals throughout; nothing is ever executed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from fractions import Fraction
from typing import Any

from assay.verifiers.characters import Refused

OPERATORS = "+-*/"
Read = tuple[Fraction | int, list[int]]  # an expression's value, and the numbers in it
_SHORT = re.compile(r"(?:(?:0|[1-9][0-9]{0,8})(?![0-9])|[-+*/() ]){1,60}")
_SHORT_TOKEN = re.compile(r"[0-9]+|[-+*/()]")
_TOKEN = re.compile(r"[ \t\r\n]*(?:([0-9]+)|([-+*/()]))")
_SPELLINGS = {"×": "*", "·": "*", "÷": "/", "−": "-", r"\times": "*", r"\cdot": "*", r"\div": "/"}
_MAX_TOKENS = 200
_MAX_DEPTH = 64
_LITERAL_DIGITS = 100


def evaluate_expression(text: str, operators: str = OPERATORS) -> tuple[Fraction, list[int]]:
    """Exact value and literals of an expression of the grammar.

    Raises:
        Refused: `unparsable` outside the grammar, `over_limit` beyond 200 tokens or depth 64,
            `incorrect` for a division by zero.
    """
    value, literals = read_expression(text, operators)
    return Fraction(value), literals


def read_expression(text: str, operators: str) -> Read:
    """`evaluate_expression` without turning a whole value into a fraction."""
    parser = _Parser(_tokens(text), operators)
    value = parser.sum()
    if parser.at != len(parser.tokens):
        raise _unread()
    if parser.zero:
        raise Refused("The expression divides by zero.", "incorrect", "countdown.zero_division")
    return value, parser.literals


def worked_out(parts: Iterable[Any]) -> Read | None:
    """The value of a number, a sign, a number and so on, to the end or a None.

    No parentheses, so one loop does; None for a division by zero.
    """
    rest = iter(parts)
    total: Fraction | int = 0
    term: Fraction | int = int(next(rest))
    literals = [term]
    for sign in rest:
        if sign is None:
            break
        number = int(next(rest))
        literals.append(number)
        if sign == "+":
            total += term
            term = number
        elif sign == "-":
            total += term
            term = -number
        elif sign == "*":
            term *= number
        elif number == 0:
            return None
        else:
            term = _quotient(term, number)
    return total + term, literals


def _unread() -> Refused:
    return Refused("The answer is not one expression.", code="countdown.unparsable")


def _over(what: str) -> Refused:
    return Refused(f"The expression has {what}.", "over_limit", "limit.size")


def _tokens(text: str) -> list[str]:
    if len(text) > 40 * _MAX_TOKENS:
        raise _over("too many characters")
    text = text.strip().strip("$").strip()
    if "\\" in text or not text.isascii():
        for spelling, sign in _SPELLINGS.items():
            text = text.replace(spelling, f"{sign} " if spelling[0] == "\\" else sign)
    tokens: list[str] = []
    if _SHORT.fullmatch(text):  # no number too long or oddly written: nothing to look for
        return _SHORT_TOKEN.findall(text)
    at = 0
    while at < len(text):
        token = _TOKEN.match(text, at)
        if token is None:
            raise _unread()
        number, sign = token.groups()
        if number is not None:
            if len(number) > _LITERAL_DIGITS:
                raise _over("too many digits")
            if len(number) > 1 and number[0] == "0":
                raise _unread()
        tokens.append(number or sign)
        at = token.end()
        if len(tokens) > _MAX_TOKENS:
            raise _over("too many tokens")
    return tokens


class _Parser:
    """Recursive descent with values worked out on the way; a division by zero is remembered."""

    def __init__(self, tokens: list[str], operators: str) -> None:
        self.tokens, self.operators = tokens, operators
        self.at = self.depth = 0
        self.literals: list[int] = []
        self.zero = False

    def here(self) -> str:
        return self.tokens[self.at] if self.at < len(self.tokens) else ""

    def operator(self, signs: str) -> str:
        sign = self.here()
        if not sign or sign not in signs:
            return ""
        if sign not in self.operators:
            raise Refused(f"The operator {sign} is not allowed.", code="countdown.operator")
        self.at += 1
        return sign

    def sum(self) -> Fraction | int:
        total = self.product()
        while sign := self.operator("+-"):
            right = self.product()
            total = total + right if sign == "+" else total - right
        return total

    def product(self) -> Fraction | int:
        total = self.factor()
        while sign := self.operator("*/"):
            right = self.factor()
            if sign == "*":
                total *= right
            elif right == 0:
                self.zero = True
            else:
                total = _quotient(total, right)
        return total

    def factor(self) -> Fraction | int:
        self.depth += 1
        if self.depth > _MAX_DEPTH:
            raise _over("too deep a nesting")
        token = self.here()
        self.at += 1
        if token == "-":
            value = -self.factor()
        elif token == "(":
            value = self.sum()
            if self.here() != ")":
                raise _unread()
            self.at += 1
        elif token.isdigit():
            self.literals.append(int(token))
            value = int(token)
        else:
            raise _unread()
        self.depth -= 1
        return value


def _quotient(left: Fraction | int, right: Fraction | int) -> Fraction | int:
    if type(left) is int and type(right) is int and left % right == 0:
        return left // right  # whole numbers stay plain: fractions cost ten times as much
    return Fraction(left) / right
