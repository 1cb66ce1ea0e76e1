"""A recursive-descent parser from tokens to plain tuples, bounded in depth and size.

The nodes are those of `trees.py`.
"""

from fractions import Fraction
from typing import Any

from assay.core.types import Limits
from assay.verifiers.characters import Refused, symbolic, too_big
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node, canonical, has_symbols
from assay.verifiers.units import KNOWN_UNITS, SCALE_WORDS, money_unit, unit_of
from assay.verifiers.wording import hedges, negates

_RELATIONS = frozenset({"=", "<", ">", "<=", ">=", "!="})
_CLOSERS = frozenset({")", "]", "}", r"\}"})
_PERCENT = frozenset({"percent", "per cent"})
_CURRENCY = {r"\$": "dollar", "€": "euro", "£": "pound sterling"}
_END = Token("end", "")


def parse(tokens: list[Token], limits: Limits) -> Node:
    """The tree of a whole answer: every token is accounted for.

    Raises:
        Refused: tokens outside the grammar (`unparsable`), words that offer alternatives or deny
            (`ambiguous`), too deep (`over_limit`), or in the worker lane's part (`unproven`).
    """
    later = next((token.text for token in tokens if token.kind == "later"), None)
    if later is not None:
        raise symbolic(f"'{later}'")
    parser = _Parser(tokens, limits)
    node = parser.entries()
    if parser.here.kind != "end":
        raise parser.unread()
    return node


def _node(*parts: Any) -> Node:
    return parts


class _Parser:
    def __init__(self, tokens: list[Token], limits: Limits) -> None:
        self.tokens, self.limits = tokens, limits
        self.at = self.depth = self.chained = 0

    @property
    def here(self) -> Token:
        return self.tokens[self.at] if self.at < len(self.tokens) else _END

    def ahead(self, by: int = 1) -> Token:
        return self.tokens[self.at + by] if self.at + by < len(self.tokens) else _END

    def op(self, *signs: str) -> bool:
        return self.here.kind == "op" and self.here.text in signs

    def take(self, sign: str) -> None:
        if not self.op(sign):
            raise self.unread()
        self.at += 1

    def unread(self) -> Refused:
        """The refusal for what stands here; words may say more than that they do not belong."""
        rest = " ".join(t.text for t in self.tokens if t.kind in ("text", "word"))
        if hedges(rest) or negates(rest):
            return Refused("The answer hedges or denies.", "ambiguous", "math.ambiguous")
        if self.here.kind == "end":
            return Refused("The answer ends too early.")
        return Refused(f"'{self.here.text[:40]}' does not belong there.")

    def deeper(self) -> None:
        self.depth += 1
        if self.depth > self.limits.depth:
            raise too_big("The answer is nested too deeply.")

    def longer(self, chained: bool) -> None:
        """Count what makes a tree deep without brackets: `1/1/1/…`, `5!!!…`."""
        self.chained += chained
        if self.chained > self.limits.depth:
            raise too_big("The answer has too many parts in a row.")

    # Answers, lists and relations

    def entries(self) -> Node:
        """One relation, or several separated by commas, semicolons or "and"."""
        items = [self.relation()]
        while self.separator():
            items.append(self.relation())
            if len(items) > self.limits.entries:
                raise too_big("The answer has too many entries.")
        return items[0] if len(items) == 1 else ("list", tuple(items))

    def separator(self) -> bool:
        found = False
        if self.op(",", ";"):
            self.at, found = self.at + 1, True
        if self.here.kind in ("text", "word") and self.here.text == "and":
            self.at, found = self.at + 1, True
        return found

    def relation(self) -> Node:
        items, signs = [self.quantity()], list[str]()
        while self.here.kind == "op" and self.here.text in _RELATIONS:
            signs.append(self.here.text)
            self.at += 1
            items.append(self.quantity())
        if self.op(":"):
            ratio = [items[-1]]
            while self.op(":"):
                self.at += 1
                ratio.append(self.quantity())
            items[-1] = ("ratio", tuple(ratio))
        return ("rel", tuple(signs), tuple(items)) if signs else items[0]

    def quantity(self) -> Node:
        """A sum, with the words of its unit behind it or a currency before it."""
        if self.here.kind in ("text", "word"):
            return self.words()
        sign = self.op("-") and self.ahead().text in _CURRENCY
        currency = self.ahead() if sign else self.here
        if currency.kind == "op" and currency.text in _CURRENCY:
            self.at += 2 if sign else 1
            amount = self.number() if self.is_rate() else self.sum()
            name = self.money(_CURRENCY[currency.text])
            return ("unit", ("neg", amount) if sign else amount, name)
        return self.unit(self.sum())

    def is_rate(self) -> bool:
        """Whether `18/day` or `18 a day` stands here, a number and what it is counted per."""
        per, below = self.ahead(), self.ahead(2)
        return self.here.kind == "num" and per.text in ("/", "a") and below.kind in ("text", "word")

    def money(self, currency: str) -> str:
        """The unit of an amount of money, out of the words behind it."""
        start, spelled = self.at, False
        if self.op("/"):
            self.at += 1
        while self.in_price():
            spelled = spelled or self.here.kind != "text"
            self.at += 1
        words = " ".join(token.text for token in self.tokens[start : self.at])
        name = money_unit(currency, words, spelled=spelled)
        if name is None:
            self.at = start
            raise self.unread()
        return name

    def in_price(self) -> bool:
        """Whether a word behind an amount of money stands here; "a" in "$18 a day" is one."""
        kind, word = self.here.kind, self.here.text
        return (kind in ("text", "word") and word not in ("and", "or")) or (kind, word) == (
            "sym",
            "a",
        )

    def words(self) -> Node:
        """Words alone; what follows them must be a relation or the end of the entry."""
        parts: list[str] = []
        while self.here.kind in ("text", "word", "sym") and self.here.text != "and":
            parts.append(self.here.text)
            self.at += 1
        if self.here.kind == "end" or self.op(",", ";", "=") or self.here.text == "and":
            return ("text", " ".join(parts))
        if all(t.kind != "text" for t in self.tokens):
            raise symbolic("An expression with several letters")
        raise self.unread()

    def unit(self, value: Node) -> Node:
        if self.here.kind not in ("text", "word") or self.here.text == "and":
            return value
        first = self.here
        if first.kind == "word" and not first.spaced and first.text not in KNOWN_UNITS:
            raise symbolic("A product of letters")
        start, spelled = self.at, False
        while self.in_unit(start):
            spelled = spelled or self.here.kind in ("word", "sym")
            self.at += 1
        words = " ".join(t.text for t in self.tokens[start : self.at] if t.text not in ("{", "}"))
        if words.lower() in _PERCENT:
            return ("pct", value)
        name = unit_of(words.replace(" ^ ", "^"), spelled=spelled)
        if name is not None:
            return ("unit", value, name)
        if (
            spelled
            and not (hedges(words) or negates(words))
            and SCALE_WORDS.isdisjoint(words.lower().split())
        ):
            raise symbolic("An expression with several letters")
        raise self.unread()

    def in_unit(self, start: int) -> bool:
        """Whether the token here goes on with the words that began at `start`."""
        token = self.here
        if token.kind in ("text", "word"):
            return token.text not in ("and", "or")
        if self.at == start:
            return False
        before = self.tokens[self.at - 1].text
        if token.kind == "num":
            return token.text in ("2", "3") and before in ("^", "{")
        if self.op("{"):
            return before == "^"
        return token.kind == "sym" or self.op("/", "^") or (self.op("}") and before in ("2", "3"))

    # Arithmetic

    def sum(self) -> Node:
        node = self.term()
        while self.op("+", "-", r"\pm", r"\mp"):
            sign = self.here.text
            self.at += 1
            right = self.term()
            if sign == "+":
                node = _node("add", node, right)
            elif sign == "-":
                node = _node("add", node, ("neg", right))
            else:
                self.longer(True)
                node = _node("pm", node, right)
        return node

    def term(self) -> Node:
        node = self.signed()
        divided = False
        while True:
            if self.op("*", "/"):
                sign = self.here.text
                self.longer(sign == "/")
                self.at += 1
                node = _node("mul" if sign == "*" else "div", node, self.signed())
                divided = divided or sign == "/"
            elif self.times():
                self.at += 1
                node = _node("mul", node, self.signed())
            elif self.op("(", "[") or self.here.kind in ("sym", "cmd"):
                if divided:
                    raise symbolic("A product written behind a slash")
                node = _node("mul", node, self.power())
            else:
                return node

    def times(self) -> bool:
        """Whether an `x` stands between two numbers, where it can only be a sign."""
        between = self.ahead().kind == "num" and self.tokens[self.at - 1].kind == "num"
        return self.here.kind == "sym" and self.here.text == "x" and between

    def signed(self) -> Node:
        self.deeper()
        if self.op("-"):
            self.at += 1
            node: Node = ("neg", self.signed())
        elif self.op("+"):
            self.at += 1
            node = self.signed()
        elif self.op(r"\pm"):
            self.at += 1
            node = ("pm", ("num", Fraction(0), "0"), self.signed())
        else:
            node = self.power()
        self.depth -= 1
        return node

    def power(self) -> Node:
        mixed = self.mixed()
        if mixed is not None:
            return mixed
        node = self.atom()
        while True:
            if self.op("^"):
                self.at += 1
                node = self.raised(node)
                if self.op("^"):
                    raise Refused("Two exponents stand on one base.")
            elif self.op("!"):
                self.at += 1
                self.longer(True)
                node = _node("fact", node)
            elif self.op("%"):
                self.at += 1
                self.longer(True)
                node = _node("pct", node)
            else:
                return node

    def raised(self, base: Node) -> Node:
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
        if whole.kind != "num" or "." in whole.text:
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
        above, below = fraction[1], fraction[2]
        number: Node = ("num", Fraction(whole.text), whole.text)
        if has_symbols(fraction):
            if self.op("^", "!"):
                raise symbolic("A power of a fraction without brackets")
            return ("mul", number, fraction)
        plain = all(part[0] == "num" and "." not in part[2] for part in (above, below))
        if not plain or not 0 < above[1] < below[1] or self.op("^", "!", "(", "/"):
            raise Refused("A number before a fraction can be read in two ways.")
        return ("add", number, fraction)

    def atom(self) -> Node:
        self.deeper()
        token = self.here
        if token.kind == "num":
            node = self.number()
        elif token.kind == "sym":
            node = self.symbol()
        elif token.kind == "cmd" and token.text == r"\frac":
            self.at += 1
            node = ("div", self.argument(), self.argument())
        elif token.kind == "cmd" and token.text == r"\sqrt":
            node = self.root()
        elif self.op("{"):
            self.at += 1
            node = self.quantity()
            self.take("}")
        elif self.op(r"\{"):
            node = self.roster()
        elif self.op("(", "["):
            node = self.bracket()
        elif token.kind == "word" or self.op("|"):
            raise symbolic(f"'{token.text[:40]}'")
        else:
            raise self.unread()
        self.depth -= 1
        return node

    def number(self) -> Node:
        token = self.here
        self.at += 1
        if self.op("_"):
            self.at += 1
            base = self.argument()
            if base[0] != "num" or "." in token.text:
                raise Refused("A subscript after a number is a base in digits.")
            return ("based", token.text, base[2])
        if self.here.kind == "num":
            raise self.unread()
        return ("num", Fraction(token.text), token.text)

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

    def root(self) -> Node:
        self.at += 1
        index: Node = ("num", Fraction(2), "2")
        if self.op("["):
            self.at += 1
            index = self.sum()
            self.take("]")
        return ("sqrt", index, self.argument())

    def symbol(self) -> Node:
        name = self.here.text
        self.at += 1
        if self.op("_"):
            self.at += 1
            if self.here.kind == "text" and self.here.text.isalnum():
                name, self.at = f"{name}_{self.here.text}", self.at + 1
            else:
                name += "_" + canonical(self.argument())
        if self.op("(") and name not in ("e", "i", r"\pi"):
            self.at += 1
            items = self.entries()
            self.take(")")
            return ("call", name, items)
        return ("sym", name)

    def roster(self) -> Node:
        self.at += 1
        if self.op(r"\}"):
            self.at += 1
            return ("set", ())
        inner = self.entries()
        self.take(r"\}")
        return ("set", inner[1] if inner[0] == "list" else (inner,))

    def bracket(self) -> Node:
        opened = self.here.text
        self.at += 1
        inner = self.entries()
        if not self.op(")", "]"):
            raise self.unread()
        closed = self.here.text
        self.at += 1
        if inner[0] == "list":
            return ("tuple", opened, closed, inner[1])
        if (opened, closed) == ("(", ")"):
            return inner
        return ("tuple", opened, closed, (inner,))
