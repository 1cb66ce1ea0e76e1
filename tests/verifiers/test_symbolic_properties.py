"""Properties of the worker lane: round trips, symmetry, what matters and what does not."""

from fractions import Fraction
from random import Random
from typing import Any

import pytest
from exact_trees import at, changed, function_trees, latex, surd, surd_trees
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from test_symbolic import (
    COLLECTIONS,
    EXPRESSIONS,
    NOT_COLLECTIONS,
    NOT_EXPRESSIONS,
    NOT_NUMBERS,
    NOT_RELATIONS,
    NUMBERS,
    RELATIONS,
)

from assay.core.types import Verdict
from assay.verifiers import MathVerifier

MATH = MathVerifier()
EQUAL = NUMBERS + EXPRESSIONS + RELATIONS + COLLECTIONS
UNEQUAL = NOT_NUMBERS + NOT_EXPRESSIONS + NOT_RELATIONS + NOT_COLLECTIONS

styles = st.integers(0, 5)


def boxed(text: str) -> str:
    return f"\\boxed{{{text}}}"


def judged(gold: str, answer: str) -> Verdict:
    verdict = MATH.verify(boxed(answer), gold)
    assert not verdict.is_error, (gold, answer, verdict)
    return verdict


def surd_text(tree: Any) -> str:
    """The value of a tree as a + b√2."""
    value = surd(tree)
    return latex(("add", value.a, ("mul", value.b, "root")), 0)


@given(surd_trees, styles)
@settings(deadline=None, max_examples=150)
def test_numbers_in_any_spelling_are_accepted(tree: Any, style: int):
    try:
        gold = surd_text(tree)
    except ZeroDivisionError:
        assume(False)
    assert judged(gold, latex(tree, style)).passed


@given(surd_trees, styles, st.integers(0, 50))
@settings(deadline=None, max_examples=150)
def test_numbers_with_one_leaf_changed_are_refused(tree: Any, style: int, place: int):
    other = changed(tree, place)
    try:
        gold = surd_text(tree)
        assume(surd(other) != surd(tree))
    except ZeroDivisionError:
        assume(False)
    assert not judged(gold, latex(other, style)).passed


@given(surd_trees, surd_trees, styles, styles)
@settings(deadline=None, max_examples=100)
def test_equality_of_numbers_is_what_exact_evaluation_says(
    one: Any, two: Any, style: int, other: int
):
    try:
        same = surd(one) == surd(two)
    except ZeroDivisionError:
        assume(False)
    assert judged(latex(one, style), latex(two, other)).passed is same
    assert judged(latex(two, other), latex(one, style)).passed is same


def values_of(tree: Any) -> list[Fraction | None]:
    """Exact values at points that no small expression takes for special."""
    random, out = Random(7), list[Fraction | None]()
    for _ in range(6):
        point = {name: Fraction(random.randint(1, 10**6), 10_007) for name in "xy"}
        try:
            out.append(at(tree, point))
        except ZeroDivisionError:
            out.append(None)
    return out


def names_of(tree: Any) -> set[str]:
    if not isinstance(tree, tuple):
        return {tree} if tree in ("x", "y") else set()
    return set().union(*(names_of(part) for part in tree[1:]))


def expanded(tree: Any) -> Any:
    """A tree with products over sums multiplied out once and powers as products."""
    if not isinstance(tree, tuple):
        return tree
    operator, *operands = tree
    if operator == "pow":
        base = expanded(operands[0])
        out = base
        for _ in range(operands[1] - 1):
            out = ("mul", base, out)
        return out
    parts = [expanded(part) for part in operands]
    if operator == "mul" and isinstance(parts[0], tuple) and parts[0][0] in ("add", "sub"):
        sign, left, right = parts[0]
        return (sign, ("mul", left, parts[1]), ("mul", right, parts[1]))
    if operator == "sub":
        return ("add", ("neg", parts[1]), parts[0])
    return (operator, *parts)


@given(function_trees, styles, styles)
@settings(deadline=None, max_examples=150)
def test_rational_functions_in_any_spelling_are_accepted(tree: Any, style: int, other: int):
    assume(None not in values_of(tree))
    gold, answer = latex(tree, style), latex(expanded(tree), other)
    assert judged(gold, answer).passed
    assert judged(answer, gold).passed


@given(function_trees, styles, st.integers(0, 50))
@settings(deadline=None, max_examples=150)
def test_rational_functions_with_one_leaf_changed_are_refused(tree: Any, style: int, place: int):
    other = changed(tree, place)
    one, two = values_of(tree), values_of(other)
    assume(None not in one and None not in two and one != two)
    assert not judged(latex(tree, style), latex(other, style)).passed


@pytest.mark.parametrize(("gold", "answer"), EQUAL + UNEQUAL)
def test_every_answer_is_itself(gold: str, answer: str):
    for text in (gold, answer):
        verdict = MATH.verify(boxed(text), text)
        assert verdict.passed or verdict.status == "task_error", (text, verdict)


def test_no_unequal_pair_is_equal_the_other_way_round():
    for gold, answer in UNEQUAL:
        verdict = MATH.verify(boxed(gold), answer)
        if not directed(gold, answer):
            assert not verdict.passed, (answer, gold, verdict)


def directed(gold: str, answer: str) -> bool:
    """Whether the table gives a direction to such a pair.

    So it does to units, percents and decimals, names, `(1,2)` beside an inequality, and where one
    side has a larger domain.
    """
    return any(
        mark in gold + answer for mark in (r"\text{", "=", r"\sqrt{x}", r"\ln x", ".", "%", "<")
    )


@pytest.mark.parametrize(("gold", "answer"), EQUAL)
def test_white_space_delimiters_and_fraction_commands_mean_nothing(gold: str, answer: str):
    plain = judged(gold, answer)
    spelled = (
        answer.replace(r"\frac", r"\dfrac")
        .replace("(", r"\left(")
        .replace(")", r"\right)")
        .replace(r"\left\left", r"\left")
        .replace(r"\right\right", r"\right")
    )
    stop = "" if answer.endswith(".") else "."
    for other in (f" {answer}\n", f"\\,{answer}\\;", f"\\displaystyle {answer}", answer + stop):
        assert judged(gold, other).passed, other
    if r"\{" not in answer and r"\text" not in answer and "[" not in answer:
        assert judged(gold, spelled).passed, spelled
    assert plain.passed


NEAR = [r"4\sqrt{5}", r"\pi", r"\frac{\sqrt{3}}{2}", r"\ln 2", "e^{2}", r"1+\sqrt{2}", "x^2+1"]


@pytest.mark.parametrize("gold", NEAR)
def test_sign_one_more_and_reciprocal_matter(gold: str):
    for answer in (f"-({gold})", f"{gold}+1", f"{gold}-1", rf"\frac{{1}}{{{gold}}}"):
        assert judged(gold, answer).status == "incorrect", answer


def test_order_of_a_batch_changes_nothing():
    pairs = [(boxed(answer), gold) for gold, answer in EQUAL[:60] + UNEQUAL[:60]]
    forward = MATH.verify_batch(pairs)
    assert MATH.verify_batch(pairs[::-1])[::-1] == forward
    assert [verdict.passed for verdict in forward] == [True] * 60 + [False] * 60


@pytest.mark.parametrize("answer", [r"\foo", r"\sqrt", "2+", r"x \$ y", r"\frac{1}{", "#", "²"])
def test_padding_does_not_make_readable(answer: str):
    for padded in (answer, f"  {answer}", f"{answer}\\,", f"\\left({answer}\\right)"):
        assert judged(r"\sqrt2", padded).status == "unparsable"
