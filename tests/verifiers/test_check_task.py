"""Tasks are checked before use; near misses of a reference are made by one function."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assay.core.types import Problem
from assay.verifiers import (
    ChoiceVerifier,
    CountdownVerifier,
    ExactText,
    MathVerifier,
    NormalisedText,
    NumberVerifier,
    check_task,
    perturbed,
    verifier,
)


def codes(checked: object, task: object) -> set[str]:
    return {problem.code for problem in check_task(checked, task)}  # pyright: ignore


@pytest.mark.parametrize(
    ("made", "task"),
    [
        (NumberVerifier(), 84),
        (NumberVerifier(), 0),
        (NumberVerifier(), "1/3"),
        (MathVerifier(), "(3,-1)"),
        (MathVerifier(), r"\{2,4,9\}"),
        (MathVerifier(), {2, 4, 9}),
        (ExactText(), "olleh"),
        (NormalisedText(), "Lake Victoria"),
        (ChoiceVerifier(["A", "B"]), "A"),
        (ChoiceVerifier(["yes", "no"]), "yes"),
        (CountdownVerifier([4, 7, 8, 8], 24), None),
        (
            CountdownVerifier(),
            Problem(prompt="?", reference="3*8", params={"numbers": [3, 8], "target": 24}),
        ),
    ],
)
def test_sound_tasks(made: object, task: object):
    assert codes(made, task) == set()


@pytest.mark.parametrize(
    ("made", "task", "code"),
    [
        (NumberVerifier(), "many", "task.faulty"),
        (NumberVerifier(), None, "task.faulty"),
        (NumberVerifier(tolerance=5), 84, "task.perturbed_accepted"),
        (NumberVerifier(tolerance=1), 84, "task.perturbed_accepted"),
        (NumberVerifier(tolerance=100), 84, "task.null_accepted"),
        (NumberVerifier(), "9" * 600, "task.gold_refused"),
        (ExactText(), "a" * 3000, "task.gold_refused"),
        (ExactText(), "<answer>x", "task.gold_refused"),
        (NormalisedText(aliases=["lake"]), "Lake", "task.duplicate"),
        (NormalisedText(aliases=["yes"]), "Lake", "task.null_accepted"),
        (ChoiceVerifier({"A": "red", "B": "Red"}), "A", "task.duplicate"),
        (ChoiceVerifier(["A"]), "A", "task.choices"),
        (CountdownVerifier([1, 1], 24), None, "task.impossible"),
        (CountdownVerifier(), None, "task.faulty"),
        (verifier(lambda outcome, task: True), 84, "task.null_accepted"),
        (verifier(lambda outcome, task: False), 84, "task.gold_refused"),
        (
            verifier(lambda outcome, task: str(task) in str(outcome)),
            "lake",
            "task.perturbed_accepted",
        ),
    ],
)
def test_faulty_tasks_are_named(made: object, task: object, code: str):
    assert code in codes(made, task)


def test_the_question_and_the_list_of_choices_are_null_outcomes():
    says_all = verifier(lambda outcome, task: outcome == task.prompt or outcome == "A B")
    task = Problem(prompt="Which?", reference="A", params={"choices": ["A", "B"]})
    messages = " ".join(problem.message for problem in check_task(says_all, task))
    assert "the question" in messages
    assert "all choices" in messages


@given(st.fractions() | st.integers())
def test_perturbed_numbers_are_different_numbers(value: Fraction | int):
    found = list(perturbed(value))
    assert len(found) >= 3
    for name, text in found:
        assert Fraction(text) != value, name
        assert not NumberVerifier().verify(text, value).passed


@given(st.text("abcdefgh ", min_size=1, max_size=20).filter(str.strip))
def test_perturbed_texts_are_different_texts(text: str):
    found = dict(perturbed(text))
    assert len(found) >= 3
    assert all(not ExactText().verify(other, text).passed for other in found.values())


@given(st.lists(st.integers(-99, 99), min_size=1, max_size=5, unique=True))
def test_perturbed_collections_are_refused(items: list[int]):
    for reference in (tuple(items), frozenset(items), items):
        found = dict(perturbed(reference))
        assert {"one entry added", "one entry removed", "its first entry changed"} <= set(found)
        for name, text in found.items():
            assert not MathVerifier().verify(text, reference).passed, (name, text)


def test_perturbed_gives_nothing_for_what_it_cannot_change():
    assert list(perturbed(None)) == []
    assert list(perturbed("  ")) == []
    assert list(perturbed(object())) == []
