"""A function as a verifier: where it is called, and what it may spend there."""

import json
import math
import os
import pickle
import subprocess
import sys
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import numpy as np
import pytest
import worker_calls
from hypothesis import given, settings
from hypothesis import strategies as st
from worker_calls import Remote, shouts, slow, stays, vague

from assay.core.errors import OptionError
from assay.core.types import Limits, Problem
from assay.verifiers import FunctionVerifier, load_verifier, verifier
from assay.verifiers.workers.plain import NotPlain, from_plain, to_plain


def test_a_function_at_the_top_of_a_module_is_called_in_a_worker():
    verdict = shouts.verify("HELLO")
    assert verdict.passed and verdict.isolation == "worker"
    assert verdict.cost.wall_s > 0 and verdict.cost.peak_mb > 0
    assert shouts.verify("hello").status == "incorrect"
    loaded = load_verifier("worker_calls:plain")
    assert loaded.verify("3", 3).isolation == "worker"
    assert pickle.loads(pickle.dumps(loaded)) == loaded


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("spin", "over_limit", "limit.cpu"),
        ("big", "over_limit", "limit.memory"),
        ("deep", "over_limit", "limit.depth"),
        ("x", "correct", "function.accepted"),
        ("y", "incorrect", "function.refused"),
    ],
)
def test_a12_a14_what_it_spends_is_bounded(outcome, status, code):
    verdict = slow.verify(outcome, "x")
    assert (verdict.status, verdict.code) == (status, code)
    assert (verdict.verifier, verdict.isolation) == ("slow@1", "worker")


def test_a29_faults_are_errors_there_as_well_as_here():
    verdict = vague.verify("raise")
    assert (verdict.status, verdict.code) == ("verifier_error", "verifier.exception")
    assert "KeyError" in verdict.reason and "secret" not in verdict.reason
    assert "secret" in verdict.details["exception"]
    verdict = vague.verify("words")
    assert verdict.code == "verifier.not_bool" and "returned a str" in verdict.reason


def test_what_cannot_be_asked_about_is_refused_before():
    assert shouts.verify(b"HELLO").isolation == "in_process"
    assert shouts.verify("X" * 5_000).status == "over_limit"


def test_in_process_is_this_process():
    assert stays.verify("x", os.getpid()).passed
    assert stays.verify("x", 0).isolation == "in_process"


def test_functions_that_no_worker_finds_are_called_here():
    def local(outcome: str, task: Any) -> bool:
        return outcome == "x"

    for function in (local, lambda outcome, task: outcome == "x", "".__eq__):
        verdict = FunctionVerifier(function).verify("x")
        assert verdict.isolation == "in_process"


def test_worker_insists():
    with pytest.raises(OptionError, match="which has no name in a module: define it with def"):
        FunctionVerifier(lambda o, t: True, isolation="worker")
    with pytest.raises(OptionError, match="expected one of auto, worker, in_process"):
        verifier(isolation="elsewhere")(lambda o, t: True)  # pyright: ignore


def test_a_name_that_stands_for_something_else(monkeypatch):
    original = worker_calls.plain
    strict = FunctionVerifier(original, isolation="worker")
    monkeypatch.setattr(worker_calls, "plain", lambda outcome, task: False)
    verdict = strict.verify("3", 3)
    assert verdict.code == "function.not_in_worker" and "something else" in verdict.reason
    assert FunctionVerifier(original).verify("3", 3).isolation == "in_process"


def test_a_module_that_was_loaded_by_its_path(tmp_path):
    made = ModuleType("made_by_hand")
    exec("def f(outcome, task): return True", made.__dict__)
    sys.modules["made_by_hand"] = made
    try:
        assert FunctionVerifier(made.f).verify("x").isolation == "in_process"
        verdict = FunctionVerifier(made.f, isolation="worker").verify("x")
        assert "cannot import the module 'made_by_hand'" in verdict.reason
    finally:
        del sys.modules["made_by_hand"]


def test_a_task_that_is_not_plain_data():
    task = object()
    assert FunctionVerifier(worker_calls.plain).verify(repr(task), task).isolation == "in_process"
    verdict = FunctionVerifier(worker_calls.plain, isolation="worker").verify("x", task)
    assert verdict.code == "function.not_in_worker"
    assert "of type object cannot be sent" in verdict.reason


def test_any_outcome_stays_here_unless_asked():
    def made(isolation: Any) -> FunctionVerifier:
        return FunctionVerifier(worker_calls.plain, any_outcome=True, isolation=isolation)

    assert made("auto").verify((1, 2), None).isolation == "in_process"
    assert made("worker").verify("(1, 2)", (1, 2)).passed
    assert made("worker").verify(np.zeros(2), None).code == "function.not_in_worker"


SCRIPT = """
from assay.verifiers import verifier

print("once")

@verifier
def mine(outcome, task):
    return outcome == "x"

print(mine.verify("x").isolation)
try:
    verifier(isolation="worker")(mine.function)
except ValueError as error:
    print(error)
"""


def test_functions_of_the_script_itself(tmp_path: Path):
    path = tmp_path / "script.py"
    path.write_text(SCRIPT)
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == [
        "once",
        "in_process",
        "A worker does not run the user's script again, and 'mine' is defined in it: put it into "
        "a module, or give isolation='in_process'.",
    ]


def test_modules_are_found_where_this_process_finds_them(tmp_path: Path, monkeypatch):
    Remote().verify("x")  # the worker is there before the folder
    (tmp_path / "made_today.py").write_text("def f(outcome, task): return outcome == 'x'")
    monkeypatch.syspath_prepend(tmp_path)
    verdict = load_verifier("made_today:f").verify("x", None)
    assert verdict.passed and verdict.isolation == "worker"


# ---------------------------------------------------------------------- values on their way

PLAIN = [
    None, True, 0, -1, 10**5_000, -(10**5_000), 0.1, -0.0, math.inf, "", "\ud800\0é", b"\xff",
    1 + 2j, Fraction(-1, 3), Decimal("0.10"), [], (), set(), frozenset({1}), {}, [1, (2, [3])],
    {"b": 1, "a": 2}, {1: "x", (2, 3): {"y"}}, ["list", 1], ["Problem"],
    Problem(prompt="?", reference=(1, {2}), params={"n": [1]}, difficulty=0.5, id="test/3"),
]  # fmt: skip


@pytest.mark.parametrize("value", PLAIN, ids=lambda value: type(value).__name__)
def test_plain_values_arrive_as_they_are(value):
    back = from_plain(json.loads(json.dumps(to_plain(value))))
    assert back == value and type(back) is type(value)
    if isinstance(value, dict):
        assert list(back) == list(value)  # the order is part of it


def test_nan_and_signed_zero():
    assert math.isnan(from_plain(to_plain(math.nan)))
    assert math.copysign(1, from_plain(json.loads(json.dumps(to_plain(-0.0))))) == -1


def test_params_of_any_mapping_are_a_dict():
    problem = Problem(prompt="?", params=MappingProxyType({"a": 1}))
    assert from_plain(to_plain(problem)).params == {"a": 1}


class Text(str):
    pass


@pytest.mark.parametrize("value", [Text("x"), [object()], np.int64(1), {"a": Limits()}, type])
def test_other_types_are_not_sent_as_something_else(value):
    with pytest.raises(NotPlain, match="cannot be sent to another process"):
        to_plain(value)


leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
values = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(st.text() | st.integers(), inner)
        | st.tuples(inner, inner)
    ),
    max_leaves=10,
)


@settings(max_examples=100, deadline=None)
@given(values)
def test_any_nesting_of_them(value):
    assert from_plain(json.loads(json.dumps(to_plain(value)))) == value
