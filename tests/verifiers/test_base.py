"""The base class and the decorator: errors stay errors, and only a bool decides."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from assay.core.errors import TaskError
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers import BaseVerifier, params_of, reference_of, verifier

CONTRIBUTING = Path(__file__).parents[2] / "CONTRIBUTING.md"


class Sly(str):
    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = str.__hash__


@verifier
def shouts(outcome: str, task: object) -> bool:
    return outcome.isupper()


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


def test_a15_a29_an_outcome_that_breaks_a_function_does_not_leave_the_pass_rate():
    found = re.search(r"@verifier\ndef is_even.*?\n```", CONTRIBUTING.read_text("utf-8"), re.S)
    assert found is not None
    names: dict[str, Any] = {"verifier": verifier}
    exec(found.group().removesuffix("```"), names)
    is_even = names["is_even"]
    assert is_even.verify("4").passed
    assert is_even.verify("5").status == is_even.verify("four").status == "incorrect"
    assert is_even.verify("9" * 5_000).status == "over_limit"
    for outcome in (None, b"4", 4, ["4"], Sly("4"), object()):
        verdict = is_even.verify(outcome)
        assert (verdict.status, verdict.code) == ("unparsable", "outcome.not_text")


def test_a_function_may_ask_for_longer_texts_or_for_any_outcome():
    @verifier(limits=Limits(answer_chars=9_000))
    def long_enough(outcome: str, task: object) -> bool:
        return len(outcome) > 5_000

    assert long_enough.verify("x" * 6_000).passed
    assert long_enough.verify("x" * 9_001).status == "over_limit"

    @verifier(any_outcome=True)
    def at_goal(outcome: Any, task: int) -> bool:
        return outcome["cell"] == task

    assert at_goal.name == "at_goal"
    assert at_goal.verify({"cell": 3}, 3).passed
    assert at_goal.verify(None, 3).status == "verifier_error"
    assert at_goal.verify({"cell": np.int64(3)}, 3).code == "verifier.not_bool"


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
