"""Truth tables of the combinations over passed, failed and error, for 2 and 3 children."""

from itertools import permutations, product

import pytest

from assay.core.errors import OptionError
from assay.core.types import Verdict
from assay.verifiers import All, Any, AtLeast, ExactText, Gate, MathVerifier, Not, NumberVerifier
from assay.verifiers.base import BaseVerifier

P, F, E, U = "passed", "failed", "error", "unparsable"


class Says(BaseVerifier):
    name = "says"

    def __init__(self, answer: str) -> None:
        self.answer, self.asked = answer, 0

    def judge(self, outcome: object, task: object) -> Verdict:
        self.asked += 1
        if self.answer == P:
            return Verdict.accept("says.yes", "Yes.")
        if self.answer == E:
            return Verdict.error("says.error", "No idea.")
        return Verdict.reject("says.no", "No.", "unparsable" if self.answer == U else "incorrect")


def word(verdict: Verdict) -> str:
    return P if verdict.passed else E if verdict.is_error else F


def expected(k: int, answers: tuple[str, ...]) -> str:
    passed, failed = answers.count(P), answers.count(F) + answers.count(U)
    if passed >= k:
        return P
    return F if len(answers) - failed < k else E


@pytest.mark.parametrize("n", [2, 3])
def test_truth_tables(n: int):
    for answers in product((P, F, E, U), repeat=n):
        children = [Says(answer) for answer in answers]
        assert word(All(*children).verify("", None)) == expected(n, answers)
        assert word(Any(*children).verify("", None)) == expected(1, answers)
        for k in range(1, n + 1):
            assert word(AtLeast(k, *children).verify("", None)) == expected(k, answers)


@pytest.mark.parametrize("n", [2, 3])
def test_order_changes_the_children_listed_and_not_the_decision(n: int):
    for answers in product((P, F, E), repeat=n):
        for make in (All, Any):
            words = {
                word(make(*map(Says, order)).verify("", None)) for order in permutations(answers)
            }
            assert len(words) == 1


def test_short_circuits_say_how_many_were_not_asked():
    second = Says(P)
    verdict = All(Says(F), second).verify("", None)
    assert verdict.details == {"skipped": 1}
    assert second.asked == 0
    assert len(verdict.children) == 1
    assert Any(Says(P), second).verify("", None).details == {"skipped": 1}
    assert All(Says(P), second).verify("", None).details == {}


@pytest.mark.parametrize(("answer", "result"), [(P, F), (F, P), (U, F), (E, E)])
def test_not_passes_only_what_was_shown_different(answer: str, result: str):
    assert word(Not(Says(answer)).verify("", None)) == result


def test_not_over_combinations_does_not_turn_unreadable_into_passed():
    assert not Not(Any(Says(U), Says(U))).verify("", None).passed
    assert not Not(Any(Says(F), Says(U))).verify("", None).passed
    assert not Not(AtLeast(2, Says(U), Says(P))).verify("", None).passed
    assert Not(Any(Says(F), Says(F))).verify("", None).passed
    assert not Not(Not(Says(U))).verify("", None).passed
    assert Not(Not(Says(P))).verify("", None).passed


@pytest.mark.parametrize(
    ("first", "then", "result"),
    [(P, P, P), (P, F, F), (P, E, E), (F, P, F), (F, E, F), (E, P, E), (E, F, E), (U, P, F)],
)
def test_gate(first: str, then: str, result: str):
    second = Says(then)
    verdict = Gate(Says(first), second).verify("", None)
    assert word(verdict) == result
    assert second.asked == (first == P)


def test_any_over_the_same_claim_must_be_meant():
    with pytest.raises(OptionError, match="alternatives=True"):
        Any(NumberVerifier(), MathVerifier())
    with pytest.raises(OptionError):
        AtLeast(1, NumberVerifier(), NumberVerifier(tolerance=1))
    either = Any(NumberVerifier(), ExactText(), alternatives=True)
    assert either.verify("84", "84").passed
    assert AtLeast(2, NumberVerifier(), MathVerifier()).verify("84", "84").passed


def test_misuse_is_refused():
    for make in (
        lambda: All(),
        lambda: AtLeast(0, Says(P)),
        lambda: AtLeast(2, Says(P)),
        lambda: All(3),
    ):  # pyright: ignore
        with pytest.raises(OptionError):
            make()


def test_a29_task_errors_stay_task_errors():
    verdict = All(NumberVerifier(), Says(P)).verify("84", "no number")
    assert verdict.status == "task_error"
    assert verdict.children[0].code == "task.faulty"


def test_nested_verdicts_round_trip():
    verdict = Gate(All(Says(P), Says(P)), Not(Says(F))).verify("", None)
    assert verdict.passed
    assert Verdict.from_dict(verdict.to_dict()) == verdict
    assert verdict.children[0].children[1].code == "says.yes"
