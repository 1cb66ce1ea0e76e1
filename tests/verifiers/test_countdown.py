"""Countdown: the grammar, the numbers, the value."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import OptionError
from assay.core.types import Problem
from assay.verifiers import CountdownVerifier
from assay.verifiers.characters import Refused
from assay.verifiers.countdown import reachable
from assay.verifiers.expressions import evaluate_expression

GAME = CountdownVerifier([4, 7, 8, 8], 24)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("(7-8/8)*4", "correct"),
        (" ( 7 - 8 / 8 ) * 4 ", "correct"),
        ("4×(7−8÷8)", "correct"),
        ("4·(7-8/8)", "correct"),
        (r"\boxed{4\times(7-8\div 8)}", "correct"),
        ("$(7-8/8)*4$", "correct"),
        ("<answer>(7-8/8)*4</answer>", "correct"),
        ("<think>7</think>(7-8/8)*4", "correct"),
        ("-(8/8-7)*4", "correct"),
        ("4*-(8/8-7)", "correct"),
        ("(7-8/8)*4=24", "unparsable"),
        ("(7-8/8)*4 # done", "unparsable"),
        ("(7-8/8)*4\n(7-8/8)*4", "unparsable"),
        ("(7-8/8)(4)", "unparsable"),
        ("(7-8/8)*4.0", "unparsable"),
        ("(7-8/8)*04", "unparsable"),
        ("(7-8/8)**4", "unparsable"),
        ("(7-8//8)*4", "unparsable"),
        ("+(7-8/8)*4", "unparsable"),
        ("4 7 8 8", "unparsable"),
        ("", "no_answer"),
        ("()", "unparsable"),
        ("((7-8/8)*4", "unparsable"),
        ("(7-8/8)*4)", "unparsable"),
        ("(7-8/8)*٤", "unparsable"),
        ("(7-8/8)*４", "unparsable"),
        ("(7-8/8)*4\u200b", "unparsable"),
        ("4^7", "unparsable"),
        ("abs(7)", "unparsable"),
        ("8/(8-8)+7*4", "incorrect"),
        ("4*7-8/8", "incorrect"),
        ("24", "incorrect"),
        ("(7-1)*4", "incorrect"),
        ("48-7-8-8-1", "incorrect"),
    ],
)
def test_grammar(text: str, status: str):
    assert GAME.verify(text, None).status == status


def test_use_operators_and_params():
    assert CountdownVerifier([4, 6, 9], 24, use="subset").verify("4*6", None).passed
    assert not CountdownVerifier([4, 6, 9], 24).verify("4*6", None).passed
    assert not CountdownVerifier([4, 6, 9], 16, use="subset").verify("4*4", None).passed
    assert (
        CountdownVerifier([4, 6], 24, operators="+-").verify("4*6", None).code
        == "countdown.operator"
    )
    task = Problem(prompt="?", params={"numbers": [4, 6], "target": 24})
    assert CountdownVerifier().verify("6*4", task).passed
    assert CountdownVerifier().verify("6*4", None).status == "task_error"
    faulty = Problem(prompt="?", params={"numbers": [4.5], "target": 24})
    assert CountdownVerifier().verify("6*4", faulty).status == "task_error"
    for bad in ({"use": "any"}, {"operators": "^"}, {"numbers": [-1]}, {"numbers": "12"}):
        with pytest.raises(OptionError):
            CountdownVerifier(**bad)  # pyright: ignore


def test_fractions_are_exact_and_targets_may_be_fractions():
    assert evaluate_expression("8/(3-8/3)")[0] == 24
    assert CountdownVerifier([1, 3], Fraction(1, 3)).verify("1/3", None).passed


def test_sizes_are_refused_before_work():
    for text in (
        "1+" * 100 + "1",
        "(" * 65 + "1" + ")" * 65,
        "9" * 101,
        "-" * 70 + "1",
        "1" * 9_000,
    ):
        assert GAME.verify(text, None).status in {"over_limit"}, text[:20]
    start = time.process_time()
    assert not GAME.verify("(" * 1_000_000, None).passed
    assert not GAME.verify("9*" * 99 + "9", None).passed
    assert time.process_time() - start < 1


trees = st.recursive(
    st.integers(1, 30).map(str),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(
        lambda t: f"({t[0]}{t[1]}{t[2]})"
    ),
    max_leaves=6,
)


@given(trees)
def test_random_trees_reach_their_value_and_no_other(tree: str):
    value, literals = evaluate_expression(tree)
    assert value == eval(tree)  # the test's own tree
    assert CountdownVerifier(literals, value).verify(tree, None).passed
    assert not CountdownVerifier(literals, value + 1).verify(tree, None).passed
    assert not CountdownVerifier([*literals, 1], value).verify(tree, None).passed


def test_reachable_finds_what_expressions_reach():
    values = reachable([3, 3, 8, 8], "+-*/", "all_once")
    assert 24 in values  # 8/(3-8/3)
    assert 1000 not in values


@given(st.text(max_size=60) | st.text("0123456789+-*/() ", max_size=60))
def test_fuzz_never_errs(text: str):
    assert not GAME.verify(text, None).is_error


@given(st.text(alphabet="0123456789+-*/() ", max_size=24))
def test_short_expressions_are_read_like_long_ones(text: str):
    def read(padded: str):
        try:
            return evaluate_expression(padded)
        except Refused as refusal:
            return refusal.code, refusal.status, str(refusal)

    assert read(text) == read(f"{text}{' ' * 70}\t")


numbers = st.sampled_from(["0", "1", "2", "3", "8", "12", "07", "00", "123456789012", "9" * 40])
flats = st.lists(
    st.tuples(
        numbers, st.sampled_from(["+", "-", "*", "/", " + ", "- ", "  *", " / ", "", " ", "-("])
    ),
    min_size=1,
    max_size=6,
).map(lambda pairs: "".join(number + sign for number, sign in pairs))
junk = st.sampled_from(
    ["", "", "", " ", "-", "(", ")", "1", "=24", "\n", "\t", "٣", "_0", "$", "x"]
)
replies = (
    st.tuples(junk, flats, numbers, junk).map("".join)
    | trees
    | trees.map(lambda tree: tree.replace("(", "-(", 1))
    | st.text("0123456789+-*/() ", max_size=70)
    | st.text(max_size=12)
)
verifiers = st.builds(
    CountdownVerifier,
    st.sampled_from([[1, 2], [8, 3, 12], [8, 3, 8, 3], [0, 1]]),
    st.sampled_from([24, 3, 0, -1, Fraction(8, 3)]),
    use=st.sampled_from(["all_once", "subset"]),
    operators=st.sampled_from(["+-*/", "+", "-+", "*/", "/", "-"]),
)


@settings(max_examples=500)
@given(replies, verifiers)
def test_short_and_long_way_give_the_same_verdict(reply: str, judge: CountdownVerifier):
    for text in (reply, f"  {reply} "):
        short = judge.judge(text, None)
        assert short.to_dict() == judge.judge_at_length(text, judge.goal(None)).to_dict()


def test_a_plain_expression_goes_the_short_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(CountdownVerifier, "judge_at_length", None)
    for text in ("4*7-8/8", "4 * 7 - 8 / 8", "(7-8/8)*4", " -(8/8-7)*4 "):
        assert not GAME.verify(text, None).is_error
    assert GAME.verify("24 = 4*6", None).is_error


def test_a_faulty_task_is_said_whatever_the_reply():
    for params in (
        {},
        {"numbers": [4]},
        {"numbers": [4, -6], "target": 24},
        {"numbers": "46", "target": 1},
    ):
        for reply in ("4*6", "no idea", None):
            task = Problem(prompt="?", params=params)
            assert CountdownVerifier().verify(reply, task).status == "task_error"
