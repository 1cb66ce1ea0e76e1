"""Sums, products, signs, powers and mixed numbers."""

from fractions import Fraction

from assay.verifiers.characters import Refused, symbolic
from assay.verifiers.grammar.atoms import Atoms
from assay.verifiers.grammar.cursor import node
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node, has_symbols
from assay.verifiers.units import KNOWN_UNITS, SHORT_NOUNS
from assay.verifiers.vocabulary import LETTERS_IN_PRODUCT, SHORT_WORDS

_FACTORS = frozenset({"sym", "cmd", "fn", "inf", "begin", "rep"})
_OPENERS = ("(", "[", r"\lvert", r"\lfloor", r"\lceil")
_BETWEEN_TERMS = frozenset({"+", "-", r"\pm", r"\mp"})
_BETWEEN_FACTORS = frozenset({"*", "/"})
_BEHIND = frozenset({"^", "!", "%"})
_VOWELS = frozenset("aeiouy")
_ZERO: Node = ("num", Fraction(0), "0")


class Arithmetic(Atoms):
    """The layers of precedence between an atom and a quantity."""

    def sum(self) -> Node:
        """Terms with signs between them."""
        total = self.term()
        while (token := self.here).kind == "op" and token.text in _BETWEEN_TERMS:
            sign = token.text
            self.at += 1
            right = self.term()
            if sign == "+":
                total = node("add", total, right)
            elif sign == "-":
                total = node("add", total, ("neg", right))
            else:
                self.longer()
                total = node("pm", total, right if sign == r"\pm" else ("neg", right))
        return total

    def term(self) -> Node:
        """Factors with `*`, `/` or nothing between them; nothing behind a slash is undecided."""
        product = self.signed()
        divided = False
        while True:
            token = self.here
            if token.kind == "op" and token.text in _BETWEEN_FACTORS:
                sign = token.text
                self.longer(sign == "/")
                self.at += 1
                product = node("mul" if sign == "*" else "div", product, self.signed())
                divided = divided or sign == "/"
            elif token.kind == "sym" and self.times():
                self.at += 1
                product = node("mul", product, self.signed())
            elif self.factor_follows(token) and not self.plain_union(product):
                if divided:
                    raise symbolic("A product written behind a slash")
                product = node("mul", product, self.power())
            else:
                return product

    def factor_follows(self, token: Token) -> bool:
        """Whether what stands here is a factor without a sign before it."""
        kind = token.kind
        if kind == "op":
            return token.text in _OPENERS or (token.text == "|" and not self.bars)
        if kind == "cmd":
            return token.text not in (r"\pmod", r"\circ")
        return kind in _FACTORS or (kind == "word" and self.short_word())

    def plain_union(self, left: Node) -> bool:
        """Whether a `U` stands between two intervals, where it can only be a union."""
        if self.here.kind != "sym" or self.here.text != "U":
            return False
        return left[0] in ("tuple", "union") and self.ahead().text in ("(", "[", r"\{")

    def times(self) -> bool:
        """Whether an `x` stands between two numbers, where it can only be a sign."""
        if self.here.text != "x":
            return False
        return self.ahead().kind == "num" and self.tokens[self.at - 1].kind == "num"

    def short_word(self) -> bool:
        """Whether letters in a row stand here that are a product of names, and no unit or word."""
        token = self.here
        if token.kind != "word" or len(token.text) > LETTERS_IN_PRODUCT:
            return False
        if token.text in SHORT_WORDS or token.text in KNOWN_UNITS or token.text in SHORT_NOUNS:
            return False
        if not token.spaced or token.text.isupper():
            return True
        return len(token.text) == 2 or (len(token.text) == 3 and _VOWELS.isdisjoint(token.text))

    def signed(self) -> Node:
        """A power with signs before it."""
        self.deeper()
        token = self.here
        value = self.with_sign(token.text) if token.kind == "op" else self.power()
        self.shallower()
        return value

    def with_sign(self, sign: str) -> Node:
        """A power behind this sign, if it is one."""
        if sign not in _BETWEEN_TERMS:
            return self.power()
        self.at += 1
        operand = self.signed()
        if sign == "+":
            return operand
        if sign == "-":
            return ("neg", operand)
        return ("pm", _ZERO, ("neg", operand) if sign == r"\mp" else operand)

    def power(self) -> Node:
        """An atom with powers, factorials, degrees and percent signs behind it."""
        value = self.mixed() if self.here.kind == "num" else None
        if value is not None:
            return value
        value = self.atom()
        while True:
            token = self.here
            if token.kind == "op" and token.text in _BEHIND:
                value = self.with_mark(value, token.text)
            elif token.kind == "cmd" and token.text == r"\circ":
                self.at += 1
                value = node("unit", value, "deg")
            else:
                return value

    def with_mark(self, value: Node, mark: str) -> Node:
        """A value with the power, factorial or percent sign behind it."""
        if mark == "!":
            return self.factorial(value)
        self.at += 1
        if mark == "%":
            self.longer()
            return ("pct", value)
        value = self.raised(value)
        if self.op("^"):
            raise Refused("Two exponents stand on one base.")
        return value

    def factorial(self, value: Node) -> Node:
        """`5!`, and `5!!`, which is the product of every second number."""
        marks = 0
        while self.op("!"):
            self.at += 1
            marks += 1
        if marks > 2:
            raise symbolic("A factorial of several marks")
        self.longer()
        return ("fact" if marks == 1 else "dfact", value)

    def raised(self, base: Node) -> Node:
        """A base with the exponent that stands here."""
        braced = self.op("{")
        if (self.ahead() if braced else self.here).text == r"\circ":
            self.at += 1 + braced
            if braced:
                self.take("}")
            return ("unit", base, "deg")
        if self.op("-", "+"):  # 10^-3, as people type it
            sign = self.here.text
            self.at += 1
            exponent = self.atom()
            return ("pow", base, ("neg", exponent) if sign == "-" else exponent)
        return ("pow", base, self.atom())

    def mixed(self) -> Node | None:
        r"""`2\frac13`, `2 1/3`: an integer and a proper fraction of plain integers, or None."""
        whole = self.here
        if "." in whole.text:
            return None
        following = self.ahead()
        if (following.kind, following.text) == ("cmd", r"\frac"):
            self.at += 1
            fraction = self.atom()
        elif (
            following.kind == "num"
            and following.spaced
            and (self.ahead(2).kind, self.ahead(2).text) == ("op", "/")
            and self.ahead(3).kind == "num"
        ):
            parts = [("num", Fraction(t.text), t.text) for t in (following, self.ahead(3))]
            fraction: Node = ("div", *parts)
            self.at += 4
        else:
            return None
        number: Node = ("num", Fraction(whole.text), whole.text)
        if fraction[0] != "div" or has_symbols(fraction):
            if self.op("^", "!"):
                raise symbolic("A power of a fraction without brackets")
            return ("mul", number, fraction)
        above, below = fraction[1], fraction[2]
        plain = all(part[0] == "num" and "." not in part[2] for part in (above, below))
        if not plain or not 0 < above[1] < below[1] or self.op("^", "!", "(", "/"):
            raise Refused("A number before a fraction can be read in two ways.")
        return ("add", number, fraction)
