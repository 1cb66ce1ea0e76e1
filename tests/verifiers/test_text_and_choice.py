"""Texts and choices."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.errors import OptionError, TaskError
from assay.core.types import Problem
from assay.verifiers import ChoiceVerifier, ExactText, NormalisedText

EXACT, NORMAL = ExactText(), NormalisedText()
ABCD = ChoiceVerifier(["A", "B", "C", "D"])
COLOURS = ChoiceVerifier({"A": "red", "B": "green", "C": "a blue one"})


@given(st.text(max_size=60), st.text(max_size=60))
def test_exact_text_short_cut_changes_nothing(text: str, gold: str):
    try:
        slow = EXACT.judge_at_length(text, gold)
    except Exception:
        slow = None
    quick = EXACT.verify(text, gold)
    if slow is None:
        assert quick.status == "task_error"
    else:
        assert quick == replace(slow, verifier=EXACT.label)


SHORT = st.text(alphabet=" .,!aAnNtThHeE'\"bc<>é", max_size=9)


@given(SHORT, SHORT, st.booleans(), st.booleans(), st.booleans())
def test_normalised_text_short_cut_changes_nothing(text, gold, casefold, articles, punctuation):
    judge = NormalisedText(casefold=casefold, articles=articles, punctuation=punctuation)
    for reply in (text, gold, gold.upper(), f"{text} {gold}"):
        try:
            slow = judge.judge_at_length(reply, gold)
        except TaskError:
            assert judge.verify(reply, gold).status == "task_error"
        else:
            assert judge.verify(reply, gold) == replace(slow, verifier=judge.label)


@given(st.text(min_size=1, max_size=60).filter(lambda s: s.strip() and "<" not in s))
def test_exact_text_accepts_itself_and_no_other(text: str):
    assert EXACT.verify(f"  {text}\n", text).passed
    assert EXACT.verify(f"<answer>{text}</answer>", text).passed
    assert not EXACT.verify(text + "x", text).passed
    assert not EXACT.verify("x" + text, text).passed


def test_exact_text_judges_the_last_tag():
    assert not EXACT.verify("<answer>a</answer><answer>b</answer>", "a").passed
    assert EXACT.verify("<answer>a</answer><answer>b</answer>", "b").passed
    assert EXACT.verify("<answer>b", "b").status == "unparsable"
    assert EXACT.verify("", "b").status == "no_answer"
    assert EXACT.verify("b" * 4001, "b").status == "over_limit"
    assert EXACT.verify("b", 3).status == EXACT.verify("b", " ").status == "task_error"


@pytest.mark.parametrize(
    ("settings", "text", "passed"),
    [
        ({}, "the LAKE", True),
        ({}, "«Lake»!", True),
        ({}, "lake lake", False),
        ({}, "La ke", False),
        ({}, "a", False),
        ({"casefold": False}, "lake", False),
        ({"articles": False}, "the Lake", False),
        ({"punctuation": False}, "Lake.", False),
        ({"aliases": ["the Pond"]}, "pond", True),
        ({"aliases": ["Pond"]}, "Lake Pond", False),
        ({}, "Lake\u200b", False),
        ({}, "Lаke", False),
    ],
)
def test_normalised_text(settings: dict[str, object], text: str, passed: bool):
    verdict = NormalisedText(**settings).verify(text, "Lake")  # pyright: ignore
    assert verdict.passed is passed


def test_an_alias_is_shown_and_must_be_one():
    assert NormalisedText(aliases=["Pond"]).verify("pond", "Lake").details == {"alias": "Pond"}
    for bad in ("Pond", [""], [3], ["..."]):
        with pytest.raises(OptionError):
            NormalisedText(aliases=bad)  # pyright: ignore


@pytest.mark.parametrize(
    "text",
    [
        "C", "(C)", "C.", "C)", "[C]", r"\text{C}", r"\textbf{(C)}", "option C", "Option C.",
        "C) 14 metres", "C: 14 metres", "(C) 14 metres", "**C**", "$C$", "Answer: C",
        "The answer is (C).", r"So \boxed{C}", r"\boxed{\text{(C)}}", "<answer>C</answer>",
        "A and B fail. I choose C.", "A good one is C.", "<think>A</think>C",
        "<think>A?</think>C", "<think>maybe</think> I choose C.", "Grass is green, so C.",
    ],
)  # fmt: skip
def test_choice_accepts(text: str):
    verdict = ABCD.verify(text, "C")
    assert verdict.passed, verdict


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", "no_answer"),
        ("A or C", "ambiguous"),
        ("Not C.", "ambiguous"),
        ("It isn't C.", "ambiguous"),
        ("maybe C", "ambiguous"),
        ("both B and C", "ambiguous"),
        ("A B C D", "ambiguous"),
        ("C) or D) they say", "ambiguous"),
        ("A good start.", "no_answer"),
        ("Anything.", "no_answer"),
        ("\u0421", "no_answer"),
        ("\uff23", "no_answer"),
        ("B", "incorrect"),
        (r"\boxed{B}", "incorrect"),
        (r"\boxed{C, D}", "ambiguous"),
        (r"\boxed{C} and \boxed{D}", "ambiguous"),
        (r"\boxed{cat}", "unparsable"),
        ("The answer is C or D.", "ambiguous"),
        ("The answer is not C.", "ambiguous"),
        ("all of the above, so C", "ambiguous"),
        ("<think>C", "no_answer"),
        ("c", "no_answer"),
        ("C\u200b", "unparsable"),
        ("ABCD", "no_answer"),
        ("C?", "ambiguous"),
        ("<think>C</think>", "no_answer"),
        ("<think>C</think>no idea", "no_answer"),
        ("<think>C</think>\n\nAvoid C.", "ambiguous"),
        ("C) is a trap", "ambiguous"),
        ("I choose C @ last", "unparsable"),
    ],
)
def test_choice_refuses(text: str, status: str):
    assert ABCD.verify(text, "C").status == status


def test_the_text_of_a_choice_stands_for_it():
    assert COLOURS.verify("Green.", "B").passed
    assert COLOURS.verify("B) green", "B").passed
    assert COLOURS.verify("C. A blue one", "C").passed
    assert COLOURS.verify("green", "green").passed
    assert COLOURS.verify("B) red", "B").status == "ambiguous"
    assert COLOURS.verify("greenish", "B").status == "no_answer"
    without = ChoiceVerifier({"A": "red", "B": "green"}, allow_text=False)
    assert not without.verify("green", "B").passed


def test_choices_come_from_the_task_too():
    task = Problem(prompt="?", reference="B", params={"choices": ["A", "B"]})
    assert ChoiceVerifier().verify("B", task).passed
    assert ChoiceVerifier().verify("B", "B").status == "task_error"
    assert ABCD.verify("E", "E").status == "task_error"
    for bad in (["A", "A"], [], ["Ä"], [1], "AB", [" A"]):
        with pytest.raises(OptionError):
            ChoiceVerifier(bad)  # pyright: ignore


@given(st.text(max_size=100))
def test_fuzz_never_errs(text: str):
    assert not ABCD.verify(text, "C").is_error
    assert not NORMAL.verify(text, "C").is_error


def test_a_tag_beside_a_doubt_is_no_answer():
    for text in (
        "<answer>olleh</answer> or hello",
        "not <answer>olleh</answer>",
        "<answer>olleh</answer> is wrong.",
    ):
        for judge in (ExactText(), NormalisedText()):
            assert judge.verify(text, "olleh").status == "ambiguous", text
    assert ExactText().verify("So it is <answer>olleh</answer>.", "olleh").passed
