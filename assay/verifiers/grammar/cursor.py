"""A place among tokens, with the bounds of a parse and the refusals that fit what stands there."""

from typing import Any

from assay.core.types import Limits
from assay.verifiers.characters import Refused, too_big
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node
from assay.verifiers.vocabulary import CLOSING, OPENING
from assay.verifiers.wording import hedges, negates

END = Token("end", "")


def node(*parts: Any) -> Node:
    """A node of these parts."""
    return parts


class Cursor:
    """Reads tokens from left to right; depth and length are counted as trees grow.

    Attributes:
        at: index of the token that stands here.
        bars: open absolute values around this place; then `|` closes.
    """

    def __init__(self, tokens: list[Token], limits: Limits) -> None:
        self.tokens, self.limits = tokens, limits
        self.at: int = 0
        self.depth = self.chained = self.bars = 0

    @property
    def here(self) -> Token:
        """The token that stands here."""
        return self.tokens[self.at] if self.at < len(self.tokens) else END

    def ahead(self, by: int = 1) -> Token:
        """The token that stands further on."""
        return self.tokens[self.at + by] if self.at + by < len(self.tokens) else END

    def op(self, *signs: str) -> bool:
        """Whether one of these signs stands here."""
        if self.at >= len(self.tokens):
            return False
        kind, text, _ = self.tokens[self.at]
        return kind == "op" and text in signs

    def cmd(self, *names: str) -> bool:
        """Whether one of these commands stands here."""
        return self.here.kind == "cmd" and self.here.text in names

    def said(self, word: str) -> bool:
        """Whether this word stands here, in a text command or as plain letters."""
        return self.here.kind in ("text", "word") and self.here.text == word

    def take(self, sign: str) -> None:
        """Step over a sign that must stand here."""
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
        """Count a level of nesting; `shallower` takes it back."""
        self.depth += 1
        if self.depth > self.limits.depth:
            raise too_big("The answer is nested too deeply.")

    def shallower(self) -> None:
        """One level of nesting is done."""
        self.depth -= 1

    def longer(self, chained: bool = True) -> None:
        """Count what makes a tree deep without brackets: `1/1/1/…`, `5!!!…`."""
        self.chained += chained
        if self.chained > self.limits.depth:
            raise too_big("The answer has too many parts in a row.")

    def behind_closing(self, start: int) -> int:
        """Index behind the bracket that closes the one at `start`, or -1."""
        depth = 0
        for place in range(start, len(self.tokens)):
            token = self.tokens[place]
            if token.kind == "op":
                depth += (token.text in OPENING) - (token.text in CLOSING)
            if depth == 0:
                return place + 1
        return -1

    def split_letters(self) -> None:
        """The letters in a row that stand here become names of their own."""
        word = self.here
        letters = [Token("sym", letter) for letter in word.text]
        letters[0] = letters[0]._replace(spaced=word.spaced)
        self.tokens[self.at : self.at + 1] = letters

    # The layers above; each reads what its name says and steps behind it.

    def entries(self) -> Node:
        """One relation, or a list of them."""
        raise NotImplementedError

    def quantity(self) -> Node:
        """A sum with its unit, or words."""
        raise NotImplementedError

    def sum(self) -> Node:
        """Terms with signs between them."""
        raise NotImplementedError

    def term(self) -> Node:
        """Factors."""
        raise NotImplementedError

    def signed(self) -> Node:
        """A power with signs before it."""
        raise NotImplementedError

    def power(self) -> Node:
        """An atom with what stands behind it: powers, factorials, percent signs."""
        raise NotImplementedError

    def atom(self) -> Node:
        """The smallest thing that has a value."""
        raise NotImplementedError

    def argument(self) -> Node:
        """An argument of a command: a group, one token, or one digit of a number."""
        raise NotImplementedError

    def nested(self, tokens: list[Token]) -> Node:
        """The sum that these tokens are, all of them."""
        raise NotImplementedError
