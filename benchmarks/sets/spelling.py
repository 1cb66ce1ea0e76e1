"""Trees as LaTeX, in the spellings that people use; no spelling says anything but its tree."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from benchmarks.sets.exact import Tree

_SUM, _PRODUCT, _ATOM = 1, 2, 3  # how tightly a piece of text holds together


@dataclass(frozen=True)
class Style:
    """One writer's habits.

    Attributes:
        fraction: `frac`, `dfrac` or `tfrac`, or `/`.
        dot: between factors that cannot just stand side by side.
        beside: factors stand side by side where that can be read in one way only.
        tall: parentheses with `left` and `right`.
        spaced: white space around signs.
    """

    fraction: str = r"\frac"
    dot: str = r" \cdot "
    beside: bool = True
    tall: bool = False
    spaced: bool = True

    @staticmethod
    def drawn(rng: Random) -> Style:
        """Somebody's."""
        return Style(
            fraction=rng.choice((r"\frac", r"\frac", r"\dfrac", r"\tfrac", "/")),
            dot=rng.choice((r" \cdot ", r"\cdot ", r" \times ")),
            beside=rng.random() < 0.7,
            tall=rng.random() < 0.4,
            spaced=rng.random() < 0.5,
        )


def spelled(tree: Tree, style: Style) -> str:
    """The LaTeX of a tree."""
    return _text(tree, style)[0]


def _text(tree: Tree, style: Style) -> tuple[str, int]:
    kind, *rest = tree
    if kind == "int":
        return str(rest[0]), _ATOM if rest[0] >= 0 else _SUM
    if kind == "dec":
        return rest[0], _ATOM
    if kind == "sym":
        return r"\pi" if rest[0] == "pi" else rest[0], _ATOM
    if kind == "root":
        return rf"\sqrt{{{rest[0]}}}", _ATOM
    if kind == "power":
        base, holds = _text(rest[0], style)
        simple = holds == _ATOM and rest[0][0] in ("int", "sym", "power") and "^" not in base
        return f"{base if simple else _closed(base, style)}^{{{rest[1]}}}", _ATOM
    if kind == "over":
        return _over(rest[0], rest[1], style)
    if kind == "sum":
        return _sum(rest, style), _SUM
    return _product(rest, style)


def _closed(text: str, style: Style) -> str:
    return rf"\left({text}\right)" if style.tall else f"({text})"


def _at_least(tree: Tree, holds: int, style: Style) -> str:
    text, held = _text(tree, style)
    return text if held >= holds else _closed(text, style)


def _over(above: Tree, below: Tree, style: Style) -> tuple[str, int]:
    if style.fraction != "/":
        return f"{style.fraction}{{{spelled(above, style)}}}{{{spelled(below, style)}}}", _ATOM
    parts = [_at_least(part, _ATOM, style) for part in (above, below)]
    # Held together so loosely that it gets parentheses wherever something else could follow it.
    return "/".join(parts), _SUM


def _negated(tree: Tree) -> Tree | None:
    """What stands after the minus sign of a negative number or product, or None."""
    if tree[0] == "int" and tree[1] < 0:
        return ("int", -tree[1])
    if tree[0] == "product" and tree[1][0] == "int" and tree[1][1] < 0:
        first = -tree[1][1]
        rest = tree[2:]
        if first != 1:
            return ("product", ("int", first), *rest)
        return rest[0] if len(rest) == 1 else ("product", *rest)
    return None


def _sum(terms: list[Tree], style: Style) -> str:
    text = ""
    space = " " if style.spaced else ""
    for term in terms:
        positive = _negated(term)
        piece = _at_least(term if positive is None else positive, _PRODUCT, style)
        if positive is not None:
            text += f"{space}-{space}{piece}" if text else f"-{piece}"
        else:
            text += f"{space}+{space}{piece}" if text else piece
    return text


def _product(factors: list[Tree], style: Style) -> tuple[str, int]:
    positive = _negated(("product", *factors))
    if positive is not None:
        return f"-{_at_least(positive, _PRODUCT, style)}", _SUM
    text = ""
    for factor in factors:
        piece = _at_least(factor, _ATOM, style)
        if not text:
            text = piece
        elif style.beside and _may_stand_beside(text, piece):
            text += piece
        else:
            text += style.dot + piece
    return text, _PRODUCT


def _may_stand_beside(text: str, piece: str) -> bool:
    """Whether two factors without a sign between them can be read in one way only.

    A number before a fraction would be a mixed number, a digit after anything another number, a
    letter before a parenthesis may be a function, and i before a letter a name.
    """
    first, last = piece[0], text[-1]
    if first.isdigit() or piece.startswith((r"\frac", r"\dfrac", r"\tfrac")):
        return False
    if (text.endswith(r"\pi") and first.isalpha()) or first == last:
        return False
    if first == "(" or piece.startswith(r"\left("):
        return not last.isalpha()
    return not (last == "i" or first == "i") or last.isdigit()
