"""Numbers of `verifiers.md` §6.1, and the verifier that compares one."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import OptionError
from assay.core.types import Limits, Problem
from assay.verifiers import NumberVerifier, Tolerance
from assay.verifiers.characters import Refused
from assay.verifiers.extraction import Extraction
from assay.verifiers.numeric import exact, read_number

NUMBER = NumberVerifier()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("84", 84),
        ("-84", -84),
        ("+84", 84),
        ("−84", -84),
        ("1,234", 1234),
        ("1{,}234", 1234),
        (r"1\,234", 1234),
        ("1 234", 1234),
        ("12,345,678", 12345678),
        ("1,234.5", Fraction(2469, 2)),
        ("0.625", Fraction(5, 8)),
        (".5", Fraction(1, 2)),
        ("84.", 84),
        (r"2\frac13", Fraction(7, 3)),
        (r"2\frac{1}{3}", Fraction(7, 3)),
        (r"-2\frac{1}{3}", Fraction(-7, 3)),
        ("2 1/3", Fraction(7, 3)),
        ("2½", Fraction(5, 2)),
        ("½", Fraction(1, 2)),
        (r"2.5\times10^{6}", 2_500_000),
        (r"2.5\times 10^{-3}", Fraction(1, 400)),
        (r"3\cdot 10^4", 30_000),
        ("2.5×10⁶", 2_500_000),
        (r"10^{-15}", Fraction(1, 10**15)),
        (r"40\%", Fraction(2, 5)),
        ("40%", Fraction(2, 5)),
        (r"40\text{ percent}", Fraction(2, 5)),
        ("5/8", Fraction(5, 8)),
        (r"\frac58", Fraction(5, 8)),
        (r"\frac{5}8", Fraction(5, 8)),
        (r"\frac5{8}", Fraction(5, 8)),
        (r"\frac 5 8", Fraction(5, 8)),
        (r"\dfrac{5}{8}", Fraction(5, 8)),
        (r"\tfrac{-5}{8}", Fraction(-5, 8)),
        (r"-\frac{5}{8}", Fraction(-5, 8)),
        (r"\frac{12}{16}", Fraction(3, 4)),
        (r"84\text{ apples}", 84),
        ("84 apples", 84),
        (r"84\ \mathrm{cm}", 84),
        ("5cm", 5),
        (r"\$84", 84),
        ("$-5", -5),
        ("-$5", -5),
        ("18$", 18),
        ("$18 per day", 18),
        ("$18/day", 18),
        ("$18 a day", 18),
        ("$18 in total", 18),
        ("18 dollars every day", 18),
        ("17 + 1 = **18**", 18),
        ("$84.50", Fraction(169, 2)),
        (r"90^\circ", 90),
        ("x = 84", 84),
        ("84 = x", 84),
        (r"17\cdot 24 = 408", 408),
        ("25 x 4 = 100", 100),
        (r"\text{Total} = 84", 84),
        (r"$84$", 84),
        (r"\left(84\right)", 84),
    ],
)
def test_reads(text: str, value: int | Fraction):
    assert read_number(text).value == value


@pytest.mark.parametrize(
    "text",
    [
        "", "nan", "inf", "-inf", r"\infty", "1e5", "1_000", "0x10", "84x", "1,2,34", "12,34",
        "1 23", "1.234.567", "--", "84 or 85", r"84\text{ or }85", "84, 85", "(84, 85)", "17*24",
        "80+4", "4!", r"\sqrt{16}", "84 million", "84 dozen", "84 wrong", "not 84",
        "$18 or more", "$18 million", "$18 a b", "~84", "2**3", "$18 and $19", "about 84",
        "84 85", r"\frac{1}{0}", "1/0", r"2\frac{5}{3}", r"2.5\frac12", "1 234/567", "8 4",
        r"84\pm 2", "84-85", "83=84", "x>83", r"\ne 84", "212_3", "eighty-four", r"84\foo",
        "84 apples / 3", "٤٣", "8\u200b4", "4³³³³³ x", "3:45", r"84\text{ not }", "84 2/", "0.",
        ".",
        r"\text{84 or 85}", "{8}{4}", "8{4}",
    ],
)  # fmt: skip
def test_refuses(text: str):
    if text == "0.":  # a full stop behind a number is one
        assert read_number(text).value == 0
        return
    with pytest.raises(Refused):
        read_number(text)


@pytest.mark.parametrize(
    ("given_value", "value"),
    [
        (0.1, Fraction(1, 10)),
        (1e-15, Fraction(1, 10**15)),
        (np.int64(7), 7),
        (np.float64(0.25), Fraction(1, 4)),
        (Fraction(1, 3), Fraction(1, 3)),
        (Decimal("1.10"), Fraction(11, 10)),
        ("1,234", 1234),
    ],
)
def test_references_are_exact(given_value: object, value: Fraction):
    assert exact(given_value) == value


@pytest.mark.parametrize(
    "gold", [None, True, float("nan"), float("inf"), "many", b"1", [1], object()]
)
def test_a_bad_reference_is_the_tasks_fault(gold: object):
    assert NUMBER.verify("1", gold).status == "task_error"
    assert NUMBER.verify("1", Problem(prompt="?", reference=gold)).status == "task_error"


def test_tolerance_is_declared_and_shown():
    near = NumberVerifier(tolerance=0.01)
    assert near.verify("3.15", 3.14).passed
    assert not near.verify("3.151", 3.14).passed
    assert near.verify("3.15", 3.14).details["tolerance"] == "0.01"
    assert NumberVerifier(tolerance=Tolerance(rel=Fraction(1, 100))).verify("99", 100).passed
    assert not NumberVerifier().verify("3.140001", 3.14).passed
    for bad in (-1, float("nan"), "x"):
        with pytest.raises(OptionError):
            NumberVerifier(tolerance=bad)  # pyright: ignore


def test_unit_is_judged_only_when_asked():
    assert NUMBER.verify("8 mm", 8).passed
    assert NUMBER.verify("8 mm", 8).details["unit"] == "mm"
    metres = NumberVerifier(unit="cm")
    assert metres.verify("8 centimetres", 8).passed
    assert metres.verify("8", 8).passed
    assert metres.verify("8 mm", 8).code == "number.unit"
    assert NumberVerifier(unit="percent").verify("40%", 40).passed
    assert not NUMBER.verify("40%", 40).passed


def test_statuses():
    assert NUMBER.verify("", 4).status == "no_answer"
    assert NUMBER.verify("no number", 4).status == "no_answer"
    assert NUMBER.verify("4 or 5", 4).status == "ambiguous"
    assert NUMBER.verify("1" * 1001, 4).status == "over_limit"
    assert NUMBER.verify("1" * 5000, 4).status == "over_limit"
    assert NUMBER.verify("4x!", 4).status in {"unparsable", "unproven"}
    assert NumberVerifier(extraction=Extraction(mode="boxed")).verify("4", 4).status == "no_answer"


def test_a_longer_response_is_searched_at_its_end():
    text = "\\boxed{5}" + " " * 1_000_000 + "\\boxed{4}"
    verdict = NUMBER.verify(text, 4)
    assert verdict.passed
    assert verdict.details == {"response_chars": len(text), "searched_from": len(text) - 200_000}
    assert verdict.span is not None
    assert text[slice(*verdict.span)] == "4"


plain = st.one_of(
    st.integers(-(10**20), 10**20).map(str),
    st.text("0123456789+-. ,/x", max_size=20),
    st.text(max_size=20),
    st.integers(-500, 500).map(lambda n: f"{n:+d}"),
    st.integers(0, 500).map(lambda n: f"{n:05d}"),
)


@given(plain, st.integers(-500, 500))
def test_the_short_cut_changes_nothing(text: str, gold: int):
    assert NUMBER.verify(text, gold) == replaced(NUMBER, text, gold)


MARKERS = (
    "",
    "answer: ",
    "Answer:   ",
    "Final answer: ",
    "The answer is ",
    "#### ",
    "+",
    "answer: +",
)


@given(st.integers(-(10**16), 10**16), st.integers(-2, 2), st.sampled_from(MARKERS))
def test_the_short_cut_changes_nothing_near_the_gold(gold: int, by: int, marker: str):
    text = marker + str(gold + by)
    if "+-" in text:
        return
    quick, slow = NUMBER.verify(text, gold), replaced(NUMBER, text, gold)
    assert quick == slow
    assert quick.passed is (by == 0)


def test_a_huge_gold_is_no_trouble_to_a_short_reply():
    verdict = NUMBER.verify("42", 10**5_000)
    assert verdict.status == "incorrect" and verdict == replaced(NUMBER, "42", 10**5_000)


def replaced(verifier: NumberVerifier, text: str, gold: int):
    from dataclasses import replace

    verdict = verifier.judge_at_length(text, gold)
    return verdict if verdict.verifier else replace(verdict, verifier=verifier.label)


@given(st.integers(-(10**30), 10**30))
def test_integers_accept_themselves_and_nothing_near(n: int):
    limits_ok = [str(n), f" {n}\n", f"\\boxed{{{n}}}", f"{n:,}", f"The answer is {n}."]
    assert all(NUMBER.verify(text, n).passed for text in limits_ok)
    assert not NUMBER.verify(str(n + 1), n).passed
    assert not NUMBER.verify(str(n - 1), n).passed
    assert n == 0 or not NUMBER.verify(str(-n), n).passed


@given(st.fractions())
def test_fractions_in_every_spelling(q: Fraction):
    above, below = q.numerator, q.denominator
    for text in (
        f"{above}/{below}",
        f"\\frac{{{above}}}{{{below}}}",
        f"$\\dfrac{{{above}}}{{{below}}}$",
    ):
        assert NUMBER.verify(text, q).passed
    assert q == 0 or abs(q) == 1 or not NUMBER.verify(f"{below}/{above}", q).passed


def test_limits_of_the_caller_hold():
    tight = NumberVerifier(limits=Limits(answer_chars=3, literal_digits=2))
    assert tight.verify("1234", 1234).status == "over_limit"
    assert tight.verify("123", 123).status == "over_limit"
    assert tight.verify("12", 12).passed
