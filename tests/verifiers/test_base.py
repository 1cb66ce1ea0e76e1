"""The base class and the decorator: errors stay errors, and only a bool decides."""

import numpy as np
import pytest

from assay.core.errors import TaskError
from assay.core.types import Problem, Verdict
from assay.verifiers import BaseVerifier, params_of, reference_of, verifier


@verifier
def shouts(outcome: object, task: object) -> bool:
    return type(outcome) is str and outcome.isupper()


def test_a_function_becomes_a_verifier():
    assert shouts.verify("HELLO").passed
    verdict = shouts.verify("hello", None)
    assert verdict.status == "incorrect"
    assert verdict.verifier == "shouts@1"
    assert (shouts.name, shouts.version) == ("shouts", "1")
    assert shouts("HELLO").passed


@pytest.mark.parametrize(
    "answer", [1, 0, "yes", "", None, np.array([1, 1]), np.bool_(True), [], 1.0, object], ids=repr
)
def test_a29_only_a_bool_decides(answer: object):
    verdict = verifier(lambda outcome, task: answer).verify("x", None)  # pyright: ignore
    assert verdict.status == "verifier_error"
    assert verdict.code == "verifier.not_bool"


def test_a29_an_exception_is_an_error_and_no_failure():
    @verifier
    def broken(outcome: object, task: object) -> bool:
        raise KeyError("secret")

    verdict = broken.verify("x", None)
    assert verdict.status == "verifier_error"
    assert "secret" not in verdict.reason
    with pytest.raises(RuntimeError):
        bool(verdict)


def test_a28_a_failure_does_not_touch_the_next_verdict():
    @verifier
    def picky(outcome: object, task: object) -> bool:
        if outcome == "bad":
            raise RecursionError
        return True

    words = [v.status for v in picky.verify_batch([("good", None), ("bad", None), ("good", None)])]
    assert words == ["correct", "verifier_error", "correct"]


def test_interrupts_pass_through():
    @verifier
    def stopped(outcome: object, task: object) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        stopped.verify("x", None)


def test_verdicts_are_signed_without_touching_shared_ones():
    shared = Verdict.accept("a.b", "Yes.")

    class Shares(BaseVerifier):
        name, version = "shares", "2.1"

        def judge(self, outcome: object, task: object) -> Verdict:
            return shared

    assert Shares().verify("x").verifier == "shares@2.1"
    assert shared.verifier == ""


def test_task_helpers():
    problem = Problem(prompt="?", reference=3, params={"n": 4})
    assert reference_of(problem) == reference_of(3) == 3
    assert params_of(problem) == {"n": 4}
    assert params_of(None) == {}
    with pytest.raises(TaskError):
        reference_of(None)


def test_decorating_nothing_is_a_mistake():
    with pytest.raises(TypeError):
        verifier(3)  # pyright: ignore
