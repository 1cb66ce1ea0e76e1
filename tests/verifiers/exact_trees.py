"""Random expressions with their exact values: what the tests of the worker lane are held to.

A tree is `(operator, operands…)` or a leaf. Its value is in Q(√2), held as a pair of fractions, or
it is a quotient of polynomials, judged by exact values at many points. Neither uses the package's
algebra.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

Tree = Any


class Surd(NamedTuple):
    """a + b√2."""

    a: Fraction
    b: Fraction

    def plus(self, other: "Surd") -> "Surd":
        return Surd(self.a + other.a, self.b + other.b)

    def times(self, other: "Surd") -> "Surd":
        return Surd(self.a * other.a + 2 * self.b * other.b, self.a * other.b + self.b * other.a)

    def inverse(self) -> "Surd":
        norm = self.a**2 - 2 * self.b**2  # zero for zero alone
        return Surd(self.a / norm, -self.b / norm)


leaves = st.one_of(st.integers(-9, 9), st.just("root"), st.fractions(-5, 5, max_denominator=7))


def trees(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Tree]:
    """Trees over these leaves."""
    return st.recursive(
        leaf,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["add", "sub", "mul", "div"]), inner, inner),
            st.tuples(st.just("pow"), inner, st.integers(2, 3)),
            st.tuples(st.just("neg"), inner),
        ),
        max_leaves=7,
    )


surd_trees = trees(leaves)
function_trees = trees(
    st.one_of(
        st.sampled_from(["x", "y"]), st.integers(-5, 5), st.fractions(-3, 3, max_denominator=4)
    )
)


def surd(tree: Tree) -> Surd:
    """The exact value of a tree without names.

    Raises:
        ZeroDivisionError: it has none.
    """
    if isinstance(tree, tuple):
        operator, *operands = tree
        if operator == "pow":
            base = surd(operands[0])
            result = base
            for _ in range(operands[1] - 1):
                result = result.times(base)
            return result
        values = [surd(operand) for operand in operands]
        if operator == "neg":
            return Surd(-values[0].a, -values[0].b)
        if operator == "add":
            return values[0].plus(values[1])
        if operator == "sub":
            return values[0].plus(Surd(-values[1].a, -values[1].b))
        return values[0].times(values[1] if operator == "mul" else values[1].inverse())
    return Surd(Fraction(0), Fraction(1)) if tree == "root" else Surd(Fraction(tree), Fraction(0))


def at(tree: Tree, values: dict[str, Fraction]) -> Fraction:
    """The exact value of a tree with names at a point."""
    if isinstance(tree, tuple):
        operator, *operands = tree
        if operator == "pow":
            return at(operands[0], values) ** operands[1]
        parts = [at(operand, values) for operand in operands]
        if operator == "neg":
            return -parts[0]
        if operator == "add":
            return parts[0] + parts[1]
        if operator == "sub":
            return parts[0] - parts[1]
        return parts[0] * parts[1] if operator == "mul" else parts[0] / parts[1]
    return values[tree] if isinstance(tree, str) else Fraction(tree)


def latex(tree: Tree, style: int) -> str:
    """A tree in one of several spellings."""
    if not isinstance(tree, tuple):
        return _leaf(tree, style)
    operator, *operands = tree
    if operator == "pow":
        return f"{_bracketed(operands[0], style)}^{{{operands[1]}}}"
    parts = [latex(operand, style) for operand in operands]
    if operator == "neg":
        return f"-{_bracketed(operands[0], style)}"
    if operator == "div":
        if style % 3 == 2:
            return f"{_bracketed(operands[0], style)}/{_bracketed(operands[1], style)}"
        return rf"{['', 'd'][style % 2]}frac{{{parts[0]}}}{{{parts[1]}}}".join(["\\", ""])
    if operator == "mul":
        sign = [r"\cdot ", r" \times ", ""][style % 3]
        return sign.join(_bracketed(operand, style) for operand in operands)
    sign = "+" if operator == "add" else "-"
    turned = operator == "add" and style % 2
    left, right = operands[::-1] if turned else operands
    return f"{latex(left, style)} {sign} {_bracketed(right, style)}"


def _leaf(tree: Tree, style: int) -> str:
    if tree == "root":
        return [r"\sqrt{2}", r"\sqrt2", r"\sqrt{ 2 }"][style % 3]
    if isinstance(tree, Fraction) and tree.denominator != 1:
        sign = "-" if tree < 0 else ""
        above, below = abs(tree.numerator), tree.denominator
        return [rf"{sign}\frac{{{above}}}{{{below}}}", rf"{sign}\tfrac{{{above}}}{{{below}}}",
                f"({sign}{above}/{below})"][style % 3]  # fmt: skip
    return str(tree)


def _bracketed(tree: Tree, style: int) -> str:
    text = latex(tree, style)
    return rf"\left({text}\right)" if style % 2 else f"({text})"


def changed(tree: Tree, place: int) -> Tree:
    """A tree with one of its leaves another one."""
    count = leaf_count(tree)
    return _changed(tree, place % count)[0]


def leaf_count(tree: Tree) -> int:
    """How many leaves a tree has."""
    if not isinstance(tree, tuple):
        return 1
    operands = tree[1:2] if tree[0] == "pow" else tree[1:]
    return sum(leaf_count(operand) for operand in operands)


def _changed(tree: Tree, place: int) -> tuple[Tree, int]:
    if not isinstance(tree, tuple):
        if place != 0:
            return tree, place - 1
        if isinstance(tree, str):
            return {"root": 3, "x": "y", "y": "x"}[tree], -1
        return tree + 1, -1
    out: list[Any] = [tree[0]]
    for operand in tree[1:]:
        if place < 0 or (tree[0] == "pow" and operand is tree[2] and len(out) == 2):
            out.append(operand)
        else:
            new, place = _changed(operand, place)
            out.append(new)
    return tuple(out), place
