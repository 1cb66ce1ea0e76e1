"""A small reader of LaTeX of its own, which turns closed expressions into numbers.

It shares no code with what is tested or measured: labels of the benchmark's sets are checked
against what their texts say here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import mpmath

TOKEN = re.compile(
    r"\s+|\\(?:left|right|displaystyle|limits)(?![a-z])|\\[,;!: ]|"
    r"(?P<number>\d+(?:\{?,\}?\d{3})+(?!\d)(?:\.\d+)?|\d*\.\d+|\d+)|"
    r"(?P<command>\\[a-zA-Z]+|\\[{}%$|])|(?P<sign>[-+*/^_!(){}\[\]|=,&]|\\\\)|(?P<letter>[A-Za-z])"
)
FUNCTIONS: Mapping[str, Callable[[Any], Any]] = {
    r"\sin": mpmath.sin, r"\cos": mpmath.cos, r"\tan": mpmath.tan, r"\sec": mpmath.sec,
    r"\csc": mpmath.csc, r"\ln": mpmath.log, r"\arcsin": mpmath.asin,
}  # fmt: skip
FRACTIONS = (r"\frac", r"\dfrac", r"\tfrac")


class Unread(ValueError):
    """A text that this reader does not know."""


class Reader:
    """One pass over one text."""

    def __init__(self, text: str, names: Mapping[str, Any]) -> None:
        self.names = {"e": mpmath.e, "i": mpmath.mpc(0, 1), r"\pi": mpmath.pi, **names}
        self.tokens: list[tuple[str, str]] = []
        at = 0
        while at < len(text):
            found = TOKEN.match(text, at)
            if found is None:
                raise Unread(text[at:])
            if found.lastgroup:
                self.tokens.append((found.lastgroup, found[0]))
            at = found.end()
        self.at = 0

    def seen(self) -> str:
        return self.tokens[self.at][1] if self.at < len(self.tokens) else ""

    def kind(self) -> str:
        return self.tokens[self.at][0] if self.at < len(self.tokens) else ""

    def take(self, wanted: str = "") -> str:
        text = self.seen()
        if not text or (wanted and text != wanted):
            raise Unread(f"{wanted or 'more'} expected, {text!r} found")
        self.at += 1
        return text

    def whole(self) -> Any:
        value = self.total()
        if self.seen():
            raise Unread(self.seen())
        return value

    def total(self) -> Any:
        value = self.term()
        while self.seen() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self) -> Any:
        if self.seen() == "-":
            self.take()
            return -self.term()
        value = self.factor()
        while True:
            text = self.seen()
            if text in (r"\cdot", r"\times", "*"):
                self.take()
                sign = -1 if self.seen() == "-" and self.take() else 1
                value = value * sign * self.factor()
            elif text == "/":
                self.take()
                value = value / self.factor()
            elif self.kind() in ("number", "letter") or text in ("(", "{") or self._begins():
                value = value * self.factor()
            else:
                return value

    def _begins(self) -> bool:
        known = (r"\sqrt", r"\pi", r"\binom", r"\dbinom", r"\log", *FRACTIONS, *FUNCTIONS)
        return self.seen() in known

    def factor(self) -> Any:
        mixed = self.kind() == "number"
        value = self.atom()
        if mixed and self.seen() in FRACTIONS:
            return value + self.factor()
        while self.seen() in ("^", "!", r"\%"):
            sign = self.take()
            if sign == "!":
                value = mpmath.factorial(value)
            elif sign == r"\%":
                value = value / 100
            elif self.seen() == r"\circ":
                self.take()
                value = value * mpmath.pi / 180
            else:
                power = self.group()
                if power == r"\circ":
                    value = value * mpmath.pi / 180
                else:
                    value = value**power
        return value

    def group(self) -> Any:
        """What an operator takes: braces, or one digit or name."""
        if self.seen() == "{":
            self.take()
            if self.seen() == r"\circ":
                value: Any = self.take()
            else:
                value = self.total()
            self.take("}")
            return value
        if self.kind() == "number":
            text = self.take()
            if len(text) > 1:
                self.at -= 1
                self.tokens[self.at] = ("number", text[1:])
            return mpmath.mpf(text[0])
        return self.atom()

    def atom(self) -> Any:
        text = self.take()
        if text[0].isdigit() or text[0] == ".":
            return mpmath.mpf(re.sub("[^0-9.]", "", text))
        if text in ("(", "{"):
            value = self.total()
            self.take({"(": ")", "{": "}"}[text])
            return value
        if text == "|":
            value = abs(self.total())
            self.take("|")
            return value
        if text in FRACTIONS:
            return self.group() / self.group()
        if text in (r"\binom", r"\dbinom"):
            return mpmath.binomial(self.group(), self.group())
        if text == r"\sqrt":
            if self.seen() != "[":
                return mpmath.sqrt(self.group())
            self.take("[")
            n = self.total()
            self.take("]")
            return mpmath.root(self.group(), n)
        if text == r"\log":
            self.take("_")
            base = self.group()
            return mpmath.log(self.factor()) / mpmath.log(base)
        if text in FUNCTIONS:
            return FUNCTIONS[text](self.factor())
        if text in self.names:
            return self.names[text]
        raise Unread(text)


def latex_value(text: str, **names: Any) -> Any:
    """The number that a text says, to 60 digits.

    Raises:
        Unread: it is not of this reader's small language.
    """
    with mpmath.workdps(60):
        try:
            return +Reader(text, names).whole()
        except (ZeroDivisionError, TypeError) as error:
            raise Unread(text) from error
