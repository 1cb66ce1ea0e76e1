"""Mathematical answers in the fast lane: types, conversions, copies of the question, properties."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import OptionError
from assay.core.types import Problem
from assay.verifiers import MathVerifier, Tolerance

MATH = MathVerifier()


def boxed(text: str) -> str:
    return f"\\boxed{{{text}}}"


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("84", "80+4"),
        ("84", r"7\cdot 12"),
        ("84", "7(12)"),
        ("120", "5!"),
        ("4", r"\sqrt{16}"),
        (r"\frac{1}{8}", "2^{-3}"),
        ("-4", "-2^2"),
        ("4", "(-2)^2"),
        (r"\frac13", "0.333333"),
        (r"\frac23", "0.666667"),
        (r"\frac23", "0.666666"),
        ("(1,2)", "(x,y)=(1,2)"),
        ("(1,2)", r"\left(1, \frac{4}{2}\right)"),
        ("[0,4)", "[0,4)"),
        (r"\{1,2\}", "2, 1"),
        (r"\{1,2\}", "1 and 2"),
        (r"\{100,200\}", "200,100"),
        ("1, 1, 2", "2, 1, 1"),
        (r"3\pm 2", "5, 1"),
        ("5, 1", r"3\pm 2"),
        (r"x=\pm 3", "3, -3"),
        ("101_2", "101_{2}"),
        ("40\\%", "40"),
        ("0.4", "40\\%"),
        (r"8\text{ cm}^2", r"8\text{ square centimetres}"),
        (r"60\text{ km/h}", r"60 \text{ kilometers per hour}"),
        ("x=6", "6"),
        ("6", "x=6"),
        ("x=6", "6=x"),
        ("6", "x=y=6"),
        ("6", r"\text{area} = 6"),
        (r"\text{Monday}", "Monday"),
        ("yes", "Yes"),
        ("C", r"\textbf{(C)}"),
        # beyond the fast lane, and written alike
        (r"3\sqrt{2}", r"3\sqrt2"),
        ("6x^2+5x-4", "5x-4+6x^{2}"),
        ("1+7i", "7i+1"),
        (r"(-\infty,2]", r"\left(-\infty,2\right]"),
    ],
)
def test_accepts(gold: str, answer: str):
    verdict = MATH.verify(boxed(answer), gold)
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("gold", "answer", "code"),
    [
        ("84", "84, 85", "math.type"),
        ("84", r"\{84\}", "math.type"),
        ("84", r"84\pm 2", "math.type"),
        ("84", "83=84", "math.false_link"),
        ("84", "x>83", "math.relation"),
        ("84", "84x", "math.free_symbol"),
        ("84", "n", "math.type"),
        ("84", "84\\%", "math.not_equal"),
        ("40", "40\\%", "math.not_equal"),
        (r"\frac13", "0.33333", "math.not_equal"),
        (r"\frac13", "0.333334", "math.not_equal"),
        ("0.5", "0.500001", "math.not_equal"),
        ("1234567", "1234567.4", "math.not_equal"),
        (r"\frac{10000000}{3}", "3333333", "math.not_equal"),
        ("(1,2)", "(2,1)", "math.not_equal"),
        ("(1,2)", "[1,2]", "math.brackets"),
        ("(1,2)", "(1,2,3)", "math.length"),
        ("(1,2)", "1,2", "math.type"),
        ("[0,4)", "[0,4]", "math.brackets"),
        ("1, 1, 2", "1, 2", "math.length"),
        ("1, 1, 2", "1, 2, 2", "math.not_equal"),
        ("101_2", "101_3", "math.not_equal"),
        ("101_2", "1010_2", "math.not_equal"),
        ("5", "101_2", "math.type"),
        ("x=6", "y=6", "math.name"),
        (r"8\text{ cm}", r"8\text{ cm}^2", "math.unit"),
        (r"8\text{ cm}", r"8\text{ apples}", "math.unit"),
        ("C", "c", "math.not_equal"),
        ("C", r"\text{D}", "math.not_equal"),
        ("84", "102_2", "math.unparsable"),
        ("84", r"84\text{ or }85", "math.ambiguous"),
        ("84", r"\text{not }84", "math.ambiguous"),
        ("yes", r"\text{yes or no}", "math.ambiguous"),
        ("7", r"\frac{7}{0}", "math.undefined"),
        ("7", "7^{7^{7^{7}}}", "math.unproven"),
        ("2,3", "x=2, y=3", "math.unproven"),
    ],
)
def test_refuses(gold: str, answer: str, code: str):
    verdict = MATH.verify(boxed(answer), gold)
    assert not verdict.passed
    assert not verdict.is_error
    assert verdict.code == code, verdict


def test_settings():
    assert not MathVerifier(decimals="exact").verify("0.333333", r"\frac13").passed
    assert MathVerifier(decimals=Tolerance(abs=Fraction(1, 100))).verify("0.33", r"\frac13").passed
    assert not MathVerifier(units="required").verify("8", r"8\text{ cm}").passed
    assert not MathVerifier(percent="strict").verify("40", r"40\%").passed
    assert MathVerifier(percent="strict").verify("0.4", r"40\%").passed
    assert MathVerifier(answer_type="text").verify("Monday", "monday").passed
    assert MathVerifier(answer_type="number").verify("1", "(1,2)").status == "task_error"
    for bad in (
        {"units": "none"},
        {"decimals": "near"},
        {"percent": 1},
        {"answer_type": "letters"},
    ):
        with pytest.raises(OptionError):
            MathVerifier(**bad)  # pyright: ignore


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ((1, 2), "(1,2)"),
        ({1, 2}, "2, 1"),
        ([1, 2], "2, 1"),
        (Fraction(5, 8), "0.625"),
        (0.5, "1/2"),
    ],
)
def test_references_that_are_values(gold: object, answer: str):
    assert MATH.verify(answer, gold).passed
    assert not MATH.verify("(2,1,3)", gold).passed


@pytest.mark.parametrize("gold", ["", "№", "84 or 85", b"84", object(), r"\foo"])
def test_a_bad_reference_is_the_tasks_fault(gold: object):
    assert MATH.verify("84", gold).status == "task_error"


@pytest.mark.parametrize(
    ("question", "gold", "answer", "copied"),
    [
        (r"Compute $17\cdot 24$.", "408", r"17\cdot 24", True),
        (r"Compute $17\cdot 24$.", "408", r"24\times 17", True),
        (r"Compute 17*24.", "408", r"17\cdot 24", True),
        (r"Compute $17\cdot 24 + 3$.", "411", r"3 + 17\cdot 24", True),
        (r"Simplify $\frac{10}{16}$.", r"\frac58", "10/16", True),
        ("Solve $3x-1=17$.", "x=6", "3x-1=17", True),
        (r"Compute $17\cdot 24$.", "408", "408", False),
        (r"Compute $17\cdot 24$.", "408", r"17\cdot 24 = 408", False),
        ("Which is larger, 408 or 84?", "408", "408", False),
        (r"Is $\frac58$ or $\frac13$ larger?", r"\frac58", r"\frac58", False),
        ("How many are 400 and 8?", "408", "400+8", False),
    ],
)
def test_copies_of_the_question(question: str, gold: str, answer: str, copied: bool):
    verdict = MATH.verify(boxed(answer), Problem(prompt=question, reference=gold))
    assert (verdict.code == "math.copied_question") is copied
    assert verdict.passed is not copied


spelled = st.sampled_from(
    ["{}/{}", "\\frac{{{}}}{{{}}}", "\\dfrac{{{}}}{{{}}}", "\\left(\\frac{{{}}}{{{}}}\\right)"]
)
ints = st.integers(-(10**6), 10**6)
naturals = st.integers(1, 10**6)


@given(ints, naturals, spelled, spelled)
def test_reflexive_and_symmetric(above: int, below: int, first: str, second: str):
    a, b = first.format(above, below), second.format(2 * above, 2 * below)
    assert MATH.verify(a, b).passed
    assert MATH.verify(b, a).passed


@given(ints, ints, spelled, naturals, naturals)
def test_symmetric_on_unequal_numbers(a: int, b: int, form: str, c: int, d: int):
    left, right = form.format(a, c), form.format(b, d)
    same = Fraction(a, c) == Fraction(b, d)
    assert MATH.verify(left, right).passed is same
    assert MATH.verify(right, left).passed is same


@given(ints, naturals, st.text(" \n\t", max_size=4))
def test_outer_white_space_does_not_matter(above: int, below: int, space: str):
    gold = f"{above}/{below}"
    one = MATH.verify(boxed(gold), gold)
    two = MATH.verify(boxed(space + gold + space), gold)
    assert one.passed and two.passed
    assert one.canonical == two.canonical


@given(ints, naturals)
def test_sign_one_more_and_reciprocal_matter(above: int, below: int):
    q = Fraction(above, below)
    near = {q + 1, q - 1, -q - 1} | ({-q} if q else set()) | ({1 / q} if q else set())
    for other in near - {q}:
        assert not MATH.verify(str(other), str(q)).passed


@given(st.lists(ints, min_size=2, max_size=8), st.randoms())
def test_sets_in_any_order_and_tuples_in_one(items: list[int], random: object):
    shuffled = list(items)
    random.shuffle(shuffled)  # pyright: ignore
    written = r"\{" + ", ".join(map(str, items)) + r"\}"
    other = r"\{" + ", ".join(map(str, shuffled)) + r"\}"
    assert MATH.verify(boxed(other), written).passed
    pair, turned = f"({', '.join(map(str, items))})", f"({', '.join(map(str, shuffled))})"
    assert MATH.verify(boxed(turned), pair).passed is (items == shuffled)


trees = st.recursive(
    st.integers(0, 30).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda t: f"({t[0]}{t[1]}{t[2]})"
    ),
    max_leaves=8,
)


@given(trees)
def test_round_trip_of_random_expressions(tree: str):
    value = int(eval(tree))  # the test's own tree, never a candidate's text
    latex = tree.replace("*", r"\cdot ").replace("(", r"\left(").replace(")", r"\right)")
    assert MATH.verify(boxed(latex), value).passed
    assert not MATH.verify(boxed(latex), value + 1).passed


@given(st.text(max_size=200))
def test_fuzz_never_errs(text: str):
    verdict = MATH.verify(text, "84")
    assert not verdict.is_error


@given(st.lists(st.sampled_from(
    ["\\frac", "{", "}", "84", "^", "_", "\\boxed{", "\\text{", "or", "=", "+", "-", "(", ")", ",",
     "\\pm", "x", "%", "!", " ", "\\sqrt", "[", "]", "\\{", "\\}", "/", "$", ":", "1/2", "\\cdot"]
), max_size=25).map("".join))  # fmt: skip
def test_fuzz_of_latex_tokens_never_errs(text: str):
    for gold in ("84", "(1,2)", r"\frac{1}{2}", "x"):
        assert not MATH.verify(boxed(text), gold).is_error
        assert not MATH.verify(text, gold).is_error
