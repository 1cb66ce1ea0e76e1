"""Numbers, names, brackets of every kind, roots, fractions and matrices."""

import re
from fractions import Fraction

from assay.verifiers.characters import Refused, symbolic, too_big
from assay.verifiers.grammar.cursor import node
from assay.verifiers.grammar.functions import Functions
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node, canonical
from assay.verifiers.vocabulary import ACCENTS, CONSTANTS, FIGURES, LETTERS_IN_PRODUCT

_TWO: Node = ("num", Fraction(2), "2")
_CALLED = frozenset(
    {"f", "g", r"\phi", r"\varphi", r"\psi"}
)  # a function wherever a bracket follows
_PAIRS = {r"\lfloor": (r"\rfloor", "floor"), r"\lceil": (r"\rceil", "ceil")}
_BARS = {"|": "|", r"\lvert": r"\rvert"}
_HEXADECIMAL = re.compile("[A-F]+")
_ARGUMENTS = frozenset({"sym", "num"})


class Atoms(Functions):
    """What has a value without looking at what stands beside it."""

    def atom(self) -> Node:
        """The smallest thing that has a value."""
        self.deeper()
        kind = self.here.kind
        if kind == "num":
            value = self.number()
        elif kind == "sym":
            value = self.symbol()
        elif kind == "op":
            value = self.bracketed()
        elif kind == "cmd":
            value = self.command()
        elif kind == "fn":
            value = self.function()
        elif kind == "word":
            value = self.letters()
        else:
            value = self.sign()
        self.shallower()
        return value

    def sign(self) -> Node:
        """Infinity, a set's symbol, dots, a repeating decimal or a matrix."""
        token = self.here
        if token.kind == "begin":
            return self.matrix()
        if token.kind not in ("inf", "set", "dots", "rep"):
            raise self.unread()
        self.at += 1
        if token.kind == "set":
            return ("numbers", token.text) if token.text else ("set", ())
        if token.kind == "rep":
            value = _repeating(token.text)
            return ("num", value, str(value))
        return (token.kind,)

    # Numbers and names

    def number(self) -> Node:
        """A number, or a numeral with its base."""
        token = self.here
        self.at += 1
        digits = self.digits_behind() if self.here.kind in ("sym", "word") else ""
        if self.op("_"):
            self.at += 1
            base = self.argument()
            if base[0] != "num" or "." in token.text:
                raise Refused("A subscript after a number is a base in digits.")
            return ("based", token.text + digits, base[2])
        if self.here.kind == "num":
            raise self.unread()
        return ("num", Fraction(token.text), token.text)

    def digits_behind(self) -> str:
        """The rest of a numeral such as `3B_{16}` or `1A2_{16}`, or nothing."""
        place = self.at
        while self.tokens[place : place + 1] and not self.tokens[place].spaced:
            token = self.tokens[place]
            if token.kind not in ("sym", "word", "num") or not token.text.isalnum():
                break
            place += 1
        run = "".join(token.text for token in self.tokens[self.at : place])
        behind = self.tokens[place : place + 1]
        if not run or not behind or behind[0] != ("op", "_", False) or not run.isupper():
            return ""
        self.at = place
        return run

    def argument(self) -> Node:
        """An argument of a command: a group, or one token, or one digit of a number."""
        token = self.here
        if token.kind == "num" and len(token.text) > 1 and "." not in token.text:
            self.tokens[self.at] = Token("num", token.text[1:])
            return ("num", Fraction(token.text[0]), token.text[0])
        if token.kind == "num":
            self.at += 1
            return ("num", Fraction(token.text), token.text)
        return self.atom()

    def letters(self) -> Node:
        """Letters in a row: points in capitals are one name, others a product."""
        run = self.here.text
        if run.isupper() and len(run) <= 2 * LETTERS_IN_PRODUCT:
            self.at += 1
            return self.named_points(run)
        if len(run) > LETTERS_IN_PRODUCT or run in ("and", "or", "not"):
            raise symbolic(f"'{run[:40]}'")
        self.split_letters()
        return self.symbol()

    def named_points(self, run: str) -> Node:
        """Points in capitals as one name; `FF_{16}` is a numeral."""
        if not self.op("_"):
            return ("sym", run)
        self.at += 1
        subscript = self.argument()
        if subscript[0] == "num" and _HEXADECIMAL.fullmatch(run):
            return ("based", run, subscript[2])
        return ("sym", f"{run}_{canonical(subscript)}")

    def symbol(self) -> Node:
        """A name, with its primes and subscript, and its arguments where it is a function."""
        start = self.at
        name = self.here.text
        self.at += 1
        while self.op("'"):
            name, self.at = f"{name}'", self.at + 1
            self.longer()
        if self.op("_"):
            self.at += 1
            if self.here.kind in ("text", "word") and self.here.text.isalnum():
                name, self.at = f"{name}_{self.here.text}", self.at + 1
            else:
                name += "_" + canonical(self.argument())
        if self.op("(") and name not in CONSTANTS and self.is_call(start, name):
            self.at += 1
            items = self.entries()
            self.take(")")
            return ("call", name, items)
        return ("sym", name)

    def is_call(self, start: int, name: str) -> bool:
        """Whether the bracket here holds arguments, not a factor.

        So it is behind `f` and `g`, and where the whole stands before an equals sign.
        """
        if name.rstrip("'") in _CALLED or "'" in name:
            return True
        end = self.behind_closing(self.at)
        inner = self.tokens[self.at + 1 : end - 1]
        if end < 0 or not inner or any(t.kind not in _ARGUMENTS and t.text != "," for t in inner):
            return False
        follows = self.tokens[end : end + 1]
        before = self.tokens[start - 1 : start] if start else []
        left = not before or (before[0].kind == "op" and before[0].text in (",", ";"))
        return left and bool(follows) and (follows[0].kind, follows[0].text) == ("op", "=")

    # Commands

    def command(self) -> Node:
        """A fraction, root, sum, limit or named figure."""
        name = self.here.text
        if name == r"\frac":
            if self.is_derivative():
                return self.derivative()
            self.at += 1
            return ("div", self.argument(), self.argument())
        if name == r"\binom":
            self.at += 1
            return ("binom", self.argument(), self.argument())
        if name == r"\sqrt":
            return self.root()
        if name in (r"\sum", r"\prod"):
            return self.big()
        if name == r"\lim":
            return self.limit()
        if name == r"\int":
            return self.integral()
        if name in ACCENTS or name in FIGURES:
            return self.figure()
        raise self.unread()

    def root(self) -> Node:
        """A root, with its index in square brackets."""
        self.at += 1
        index = _TWO
        if self.op("["):
            self.at += 1
            index = self.sum()
            self.take("]")
        return ("sqrt", index, self.argument())

    def figure(self) -> Node:
        r"""`\angle ABC`, `\triangle ABC`, `\overline{AB}`, `\vec{v}`: the name of a figure."""
        command = self.here.text.replace("measured", "")
        self.at += 1
        braced = self.op("{")
        self.at += braced
        token = self.here
        if token.kind not in ("sym", "word") or not token.text.strip("\\").isalpha():
            raise symbolic(f"'{command}'")
        self.at += 1
        if braced:
            self.take("}")
        return ("sym", f"{command} {token.text}")

    # Brackets

    def bracketed(self) -> Node:
        """What stands in brackets or bars of any kind."""
        sign = self.here.text
        if sign == "{":
            return self.group()
        if sign == r"\{":
            return self.roster()
        if sign in ("(", "["):
            return self.bracket()
        if sign in _BARS:
            return self.absolute(sign)
        if sign in _PAIRS:
            closing, kind = _PAIRS[sign]
            self.at += 1
            bars, self.bars = self.bars, 0
            value = self.sum()
            self.bars = bars
            self.take(closing)
            return (kind, value)
        if sign == r"\langle":
            self.at += 1
            inner = self.entries()
            self.take(r"\rangle")
            return ("tuple", "(", ")", inner[1] if inner[0] == "list" else (inner,))
        raise self.unread()

    def group(self) -> Node:
        r"""Braces that only hold together; `{n \choose k}` stands in them too."""
        self.at += 1
        bars, self.bars = self.bars, 0
        value = self.quantity()
        if self.op(r"\choose"):
            self.at += 1
            value = node("binom", value, self.sum())
        self.bars = bars
        self.take("}")
        return value

    def absolute(self, opened: str) -> Node:
        """An absolute value; a bar inside it closes it."""
        self.at += 1
        bars, self.bars = self.bars, self.bars + 1
        value = self.sum()
        self.bars = bars
        self.take(_BARS[opened])
        return ("abs", value)

    def bracket(self) -> Node:
        """Round or square brackets: a factor, or a tuple or interval."""
        opened = self.here.text
        self.at += 1
        bars, self.bars = self.bars, 0
        inner = self.entries()
        self.bars = bars
        if not self.op(")", "]"):
            raise self.unread()
        closed = self.here.text
        self.at += 1
        if inner[0] == "list":
            return ("tuple", opened, closed, inner[1])
        if (opened, closed) == ("(", ")"):
            return inner
        return ("tuple", opened, closed, (inner,))

    def roster(self) -> Node:
        r"""A set: `\{1, 2\}`, `\{x \mid x > 3\}`, `\{x\in\mathbb{R} : x \ne 0\}`."""
        bar = self.such_that()
        self.at += 1
        bars, self.bars = self.bars, 0
        if self.op(r"\}"):
            self.at += 1
            return ("set", ())
        if bar < 0:
            inner = self.entries()
            value = node("set", inner[1] if inner[0] == "list" else (inner,))
        else:
            value = self.builder(bar)
        self.bars = bars
        self.take(r"\}")
        return value

    def such_that(self) -> int:
        """Where the sign stands that says "such that" in the set that opens here, or -1."""
        depth, found = 0, list[int]()
        for place in range(self.at, len(self.tokens)):
            token = self.tokens[place]
            if token.kind == "op":
                depth += token.text in ("(", "[", "{", r"\{")
                depth -= token.text in (")", "]", "}", r"\}")
                if depth == 1 and token.text in ("|", r"\mid", ":"):
                    found.append(place)
            if depth == 0:
                break
        return found[0] if len(found) % 2 else -1

    def builder(self, bar: int) -> Node:
        """The variable, where it comes from, and its condition."""
        name = self.bound_name()
        source: Node = ("numbers", "R")
        if self.op(r"\in"):
            self.at += 1
            source = self.atom()
        if self.at != bar:
            raise symbolic("A set that is described")
        self.at += 1
        return ("builder", name, source, self.entries())

    # Matrices

    def matrix(self) -> Node:
        """Rows of entries; a determinant where the environment draws bars."""
        name = self.here.text
        self.at += 1
        bars, self.bars = self.bars, 0
        rows, row, count = list[Node](), list[Node](), 0
        while self.here.kind != "finish":
            if self.op("&", "\\\\"):
                raise self.unread()
            row.append(self.sum())
            count += 1
            if count > self.limits.entries:
                raise too_big("The answer has too many entries.")
            if self.op("&"):
                self.at += 1
            elif self.op("\\\\") or self.here.kind == "finish":
                self.at += self.op("\\\\")
                rows.append(("row", tuple(row)))
                row = []
            else:
                raise self.unread()
        if row or not rows or self.here.text != name:
            raise Refused("A matrix ends in the middle of a row.")
        self.at += 1
        self.bars = bars
        if len({len(line[1]) for line in rows}) > 1:
            raise Refused("The rows of a matrix differ in length.")
        value = node("matrix", tuple(rows))
        return ("fn", "det", (value,)) if name == "vmatrix" else value


def _repeating(digits: str) -> Fraction:
    """The value of `0.1(6)`."""
    head, _, period = digits.rstrip(")").partition("(")
    whole, _, places = head.partition(".")
    shift = 10 ** len(places)
    value = Fraction(int((whole or "0") + places), shift)
    return value + Fraction(int(period), shift * (10 ** len(period) - 1))
