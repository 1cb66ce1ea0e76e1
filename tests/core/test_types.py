"""Verdicts, problems and errors."""

from __future__ import annotations

import dataclasses
import json
import pickle

import numpy as np
import pytest

from assay.core import errors
from assay.core.errors import AssayError, OptionError, VerifierError, bad_value, nearest, shorten
from assay.core.types import DECIDED, ERRORS, Cost, Limits, Problem, Verdict

YES = Verdict.accept("number.equal", "Read 4.", extracted="4", span=(2, 3), details={"n": [1]})


def test_a_verdict_cannot_contradict_itself():
    for passed in (True, False):
        for status in DECIDED | ERRORS:
            if passed is (status == "correct"):
                Verdict(passed=passed, status=status, code="c", reason="r")
            else:
                with pytest.raises(OptionError, match="contradicts"):
                    Verdict(passed=passed, status=status, code="c", reason="r")
    with pytest.raises(OptionError, match="status"):
        Verdict(passed=False, status="wrong", code="c", reason="r")
    with pytest.raises(OptionError):
        Verdict.reject("c", "r", status="verifier_error")
    with pytest.raises(OptionError):
        Verdict.error("c", "r", status="incorrect")


def test_a_decided_verdict_is_what_the_constructor_makes():
    fields: dict = {
        "extracted": "4",
        "span": (2, 3),
        "canonical": "4",
        "expected_canonical": "5",
        "method": "exact",
        "certainty": "exact",
        "verifier": "number@1",
        "details": {"n": [1]},
    }
    for passed, make in ((True, Verdict.accept), (False, Verdict.reject)):
        for given in ({}, fields):
            quick, plain = Verdict.decided(passed, "c", "r", **given), make("c", "r", **given)
            assert type(quick) is Verdict and quick == plain and repr(quick) == repr(plain)
            assert pickle.loads(pickle.dumps(quick)) == plain
            with pytest.raises(dataclasses.FrozenInstanceError):
                quick.passed = not passed  # type: ignore[misc]
    assert Verdict.decided(True, "c", "r").details is not Verdict.decided(True, "c", "r").details
    for passed in (1, 0, None, "yes", np.True_):
        with pytest.raises(OptionError, match="passed"):
            Verdict.decided(passed, "c", "r")  # type: ignore[arg-type]


def test_rewards_are_floats_and_errors_have_none():
    assert YES.reward == 1.0 and bool(YES) is True
    no = Verdict.reject("c", "r")
    assert no.reward == 0.0 and bool(no) is False
    broken = Verdict.error("c", "r")
    for ask in (lambda: broken.reward, lambda: bool(broken), lambda: not broken):
        with pytest.raises(VerifierError, match="No reward"):
            ask()


def test_costs_do_not_make_verdicts_differ():
    slow = Verdict.accept("c", "r", cost=Cost(wall_s=9.0))
    assert slow == Verdict.accept("c", "r")


def test_round_trip_through_json_and_pickle():
    parent = Verdict.reject("all.failed", "One failed.", children=(YES, Verdict.error("e", "r")))
    assert Verdict.from_dict(json.loads(json.dumps(parent.to_dict()))) == parent
    assert pickle.loads(pickle.dumps(parent)) == parent


def test_long_texts_are_cut_in_storage_with_a_note():
    stored = Verdict.reject("c", "r" * 5_000).to_dict()
    assert len(stored["reason"]) == 2_000 and stored["details"]["cut_chars"] == {"reason": 5_000}


def test_problem_digests_see_prompt_reference_and_params():
    base = Problem(prompt="p", reference=1, params={"a": 1})
    others = [
        Problem(prompt="q", reference=1, params={"a": 1}),
        Problem(prompt="p", reference="1", params={"a": 1}),
        Problem(prompt="p", reference=1, params={"a": 2}),
    ]
    assert len({p.digest for p in [base, *others]}) == 4
    assert base.digest == Problem(prompt="p", reference=1, params={"a": 1}, id="x").digest


def test_limits_are_positive():
    with pytest.raises(OptionError, match="cpu_s=0"):
        Limits(cpu_s=0)


FAMILY = [e for e in vars(errors).values() if isinstance(e, type) and issubclass(e, AssayError)]


@pytest.mark.parametrize("kind", FAMILY, ids=lambda kind: kind.__name__)
def test_errors_survive_pickling(kind):
    error = pickle.loads(pickle.dumps(kind("one sentence")))
    assert type(error) is kind and "one sentence" in str(error)


def test_every_error_refines_a_builtin():
    for kind in FAMILY:
        if kind is not AssayError:
            assert len(kind.__mro__) > len(AssayError.__mro__) + 1, kind


def test_messages_are_worded_whatever_the_value():
    class Broken:
        def __repr__(self):
            raise RuntimeError

    assert shorten(Broken()) == "<Broken>"
    assert len(shorten("x" * 1_000)) == 80
    assert str(bad_value("lines", 0, "an integer from 4 to 200")) == (
        "lines=0 is not valid: expected an integer from 4 to 200."
    )
    assert nearest("tran", ["train", "test"]) == " Did you mean 'train'?" and nearest("q", []) == ""
