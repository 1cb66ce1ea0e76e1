"""Whole answers: quantities with units, words, set operations, relations, ratios and lists."""

from collections.abc import Sequence

from assay.core.types import Limits
from assay.verifiers.characters import symbolic, too_big
from assay.verifiers.grammar.arithmetic import Arithmetic
from assay.verifiers.grammar.cursor import node
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node, is_inequality
from assay.verifiers.units import KNOWN_UNITS, SCALE_WORDS, money_unit, unit_of
from assay.verifiers.vocabulary import LETTERS_IN_PRODUCT, SHORT_WORDS
from assay.verifiers.wording import hedges, negates

_RELATIONS = frozenset({"=", "<", ">", "<=", ">=", "!=", r"\in", r"\approx", r"\equiv"})
_SET_SIGNS = {r"\cup": "union", r"\cap": "meet", r"\setminus": "minus"}
_PERCENT = frozenset({"percent", "per cent"})
_CURRENCY = {r"\$": "dollar", "€": "euro", "£": "pound sterling"}


def parse(tokens: Sequence[Token], limits: Limits) -> Node:
    """The tree of a whole answer: every token is accounted for.

    Raises:
        Refused: tokens outside the grammar (`unparsable`), words that offer alternatives or deny
            (`ambiguous`), too deep (`over_limit`), or read and never decided (`unproven`).
    """
    later = next((token.text for token in tokens if token.kind == "later"), None)
    if later is not None:
        raise symbolic(f"'{later}'")
    parser = Answers(list(tokens), limits)
    tree = parser.entries()
    if parser.here.kind != "end":
        raise parser.unread()
    return tree


class Answers(Arithmetic):
    """The outermost layers of the grammar."""

    # Lists and relations

    def entries(self) -> Node:
        """One relation, or several separated by commas, semicolons or "and"."""
        items = [self.relation()]
        if self.said("or") and is_inequality(items[0]):
            return self.alternatives(items)
        joined = False
        while self.separator():
            joined = joined or self.tokens[self.at - 1].text == "and"
            items.append(self.relation())
            if len(items) > self.limits.entries:
                raise too_big("The answer has too many entries.")
        if len(items) == 1:
            return items[0]
        if joined and len(items) == 2 and all(map(is_inequality, items)):
            return ("both", tuple(items))
        return ("list", tuple(items))

    def alternatives(self, items: list[Node]) -> Node:
        """Inequalities with "or" between them, which together describe one set."""
        while self.said("or"):
            self.at += 1
            self.longer()
            items.append(self.relation())
            if not is_inequality(items[-1]):
                raise self.unread()
        return ("or", tuple(items))

    def separator(self) -> bool:
        """Step over what separates two entries, if it stands here."""
        found = False
        if self.op(",", ";"):
            self.at, found = self.at + 1, True
        if self.said("and"):
            self.at, found = self.at + 1, True
        return found

    def relation(self) -> Node:
        """Quantities with relation signs between them, a ratio, or a residue class."""
        items, signs = [self.sets()], list[str]()
        if self.at >= len(self.tokens):
            return items[0]
        while self.here.kind == "op" and self.here.text in _RELATIONS:
            signs.append(self.here.text.removeprefix("\\"))
            self.at += 1
            items.append(self.sets())
        if self.op(":"):
            ratio = [items[-1]]
            while self.op(":"):
                self.at += 1
                ratio.append(self.quantity())
            items[-1] = ("ratio", tuple(ratio))
        if self.here.kind == "cmd" and self.here.text == r"\pmod" and set(signs) <= {"equiv"}:
            self.at += 1
            return ("class", tuple(items), self.argument())
        return ("rel", tuple(signs), tuple(items)) if signs else items[0]

    def sets(self) -> Node:
        r"""Quantities joined by `\cup`, `\cap` or `\setminus`; mixed signs need brackets."""
        left = self.quantity()
        if self.here.kind not in ("op", "sym"):
            return left
        first = ""
        while self.here.text in _SET_SIGNS or self.plain_union(left):
            sign = r"\cup" if self.here.kind == "sym" else self.here.text
            if first and (sign != first or sign == r"\setminus"):
                raise symbolic("Set operations of two kinds without brackets")
            self.longer()
            self.at += 1
            left, first = node(_SET_SIGNS[sign], left, self.quantity()), sign
        return left

    def nested(self, tokens: list[Token]) -> Node:
        """The sum that these tokens are, all of them."""
        inner = Answers(tokens, self.limits)
        inner.depth = self.depth
        tree = inner.sum()
        if inner.here.kind != "end":
            raise inner.unread()
        return tree

    # Quantities

    def quantity(self) -> Node:
        """A sum, with the words of its unit behind it or a currency before it."""
        if self.here.kind == "text" or (self.here.kind == "word" and not self.opens_product()):
            return self.words()
        sign = self.op("-") and self.ahead().text in _CURRENCY
        currency = self.ahead() if sign else self.here
        if currency.kind == "op" and currency.text in _CURRENCY:
            self.at += 2 if sign else 1
            amount = self.number() if self.is_rate() else self.sum()
            name = self.money(_CURRENCY[currency.text])
            return ("unit", ("neg", amount) if sign else amount, name)
        value = self.sum()
        return self.residue(value) if self.op("mod") else self.unit(value)

    def opens_product(self) -> bool:
        """Whether the letters in a row that stand here are names, and no word of an answer."""
        run, following = self.here.text, self.ahead()
        if run.lower() in SHORT_WORDS or len(run) > LETTERS_IN_PRODUCT:
            return False
        if run.isupper():
            return following.kind not in ("text", "word", "num", "sym")
        if following.kind in ("end", "text", "word") or following.text in (",", ";", "="):
            return len(run) < LETTERS_IN_PRODUCT and following.kind not in ("text", "word")
        return not (following.kind in ("sym", "num", "rep") and following.spaced)

    def residue(self, value: Node) -> Node:
        r"""`17 \bmod 5`; a sum or a negative number before it can be read in two ways."""
        if value[0] in ("add", "neg", "pm"):
            raise symbolic("A remainder of a sum without brackets")
        self.at += 1
        return ("fn", "mod", (value, self.signed()))

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
        while self.here.kind in ("text", "word", "sym") and self.here.text not in ("and", "or"):
            parts.append(self.here.text)
            self.at += 1
        if self.here.kind == "end" or self.op(",", ";", "=") or self.here.text == "and":
            return ("text", " ".join(parts))
        if all(t.kind != "text" for t in self.tokens) and self.here.text != "or":
            raise symbolic("An expression with several letters")
        raise self.unread()

    def unit(self, value: Node) -> Node:
        """A value with the unit or count noun that stands behind it, or the value alone."""
        if self.here.kind not in ("text", "word") or self.here.text in ("and", "or"):
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
