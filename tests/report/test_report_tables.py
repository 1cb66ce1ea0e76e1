"""Tables and sentences: counts beside every rate, a dash where nothing is known."""

import itertools

import pytest

from assay.envs.math.compare import CompareEnv
from assay.evaluation.compare import compare
from assay.evaluation.engine import evaluate
from assay.evaluation.runs import open_runs
from assay.report import breakdown, tables
from assay.report.gate import too_low

pytestmark = pytest.mark.core

COMPARE, GUESS, GRID = "assay/Compare-v0", "assay/GuessNumber-v0", "assay/TextGrid-v0"


@pytest.fixture
def broken(monkeypatch):
    def apply(self, action):
        raise RuntimeError("the environment raises")

    monkeypatch.setattr(CompareEnv, "apply", apply)


def test_nothing_finished_is_a_dash_and_never_0(broken):
    found = evaluate("scripted", [COMPARE, GUESS], n=5, backend="inline")
    (faulty, whole) = tables.one_policy(found).rows
    assert faulty == (COMPARE, "–", "–", "–", "1", "–", "5 env_error")
    assert whole[:2] == (GUESS, "1.000") and whole[5:] == ("5", "–")
    (faulty, whole) = tables.several_policies(
        [("a", found), ("b", evaluate("random", GUESS, n=4, backend="inline"))]
    )[1]
    assert faulty == (COMPARE, "–", "–", "–")
    assert whole[:2] == (GUESS, "4/5") and whole[2].startswith("1.000 [")
    assert tables.remarks(found) == [
        f"scripted, {COMPARE}: 5 env_error say nothing about the policy; the rate lies between "
        "0.000 and 1.000."
    ]
    assert tables.progress([found]) == "10 of 10 episodes."


def test_an_interval_that_stopped_early_is_marked_wherever_it_stands():
    found = evaluate("scripted", [COMPARE, GUESS], n=50, until_ci=0.2)
    assert [row[2].endswith("]*") for row in tables.one_policy(found).rows] == [True, True]
    assert "]*" in tables.several_policies([("a", found)]).rows[0][2]
    assert tables.progress([found]) == (
        "64 of at most 100 episodes; 2 of 2 environments stopped early."
    )
    (first, _) = tables.remarks(found)
    assert first == (
        f"scripted, {COMPARE}: *stopped early, after 32 of 50 episodes, when the interval was no "
        "wider than 0.2: it is not the interval of a fixed number of episodes."
    )
    short = tables.remarks(evaluate("random", COMPARE, n=40, until_ci=0.1))
    assert "wide after all 40 episodes: a larger -n is needed to come to 0.1" in short[0]


def test_reasons_add_up_to_what_did_not_pass(tmp_path):
    found = evaluate("random", [COMPARE, GRID], n=40, out=tmp_path / "a.db")
    with open_runs([tmp_path]) as (run,):
        why = breakdown.reasons(run)
    for row in found:
        ours = [reason for reason in why if reason.env == row.env]
        assert sum(reason.episodes for reason in ours) == row.n - row.passed
        assert [r.episodes for r in ours] == sorted((r.episodes for r in ours), reverse=True)


def test_many_reasons_are_cut_without_losing_the_count():
    many = [breakdown.Reason("x", "finished", f"code.{i}", 9 - i) for i in range(9)]
    lines = tables.reasons(many).rows
    assert len(lines) == 6 and lines[0][0] == "x" and lines[1][0] == ""
    assert lines[-1] == ("", "…", "4 other reasons", "10")
    assert sum(int(line[3]) for line in lines) == sum(reason.episodes for reason in many)
    assert len(tables.reasons(many[:6]).rows) == 6


@pytest.mark.parametrize("samples", [1, 3])
def test_difficulties_hold_every_counted_episode_once(tmp_path, samples):
    found = evaluate("random", [GRID, COMPARE], n=40, samples=samples, out=tmp_path / "a.db")
    with open_runs([tmp_path]) as (run,):
        levels = breakdown.by_difficulty(run)
    assert {level.env for level in levels} == {GRID}, "Compare has one difficulty only"
    assert sum(level.n for level in levels) == found[GRID].n
    assert sum(round(level.n * level.pass_rate) for level in levels) == found[GRID].passed
    assert 2 <= len(levels) <= breakdown.MAX_LEVELS
    assert all(level.low <= level.pass_rate <= level.high for level in levels)
    for before, after in itertools.pairwise(levels):
        assert before.hardest < after.easiest


def test_a_comparison_says_what_it_left_out(broken):
    first, second = (
        evaluate("scripted", [COMPARE, GUESS], n=4, backend="inline"),
        evaluate("random", GUESS, n=6, backend="inline"),
    )
    found = compare(second, first)
    (row,) = tables.comparison(found).rows
    assert row[:2] == (GUESS, "4") and row[7].startswith("+") and len(row) == 11
    assert tables.comparison_remarks(found) == [
        f"{GUESS}: left out 2 episodes that only one run has.",
        f"Only scripted has {COMPARE}.",
    ]
    found = compare(first, evaluate("random", COMPARE, n=4, backend="inline"))
    (row,) = tables.comparison(found).rows
    assert row == (COMPARE, "0", "0", "–", "–", "0", "0", "–", "–", "–", "–")
    assert "left out 4 pairs with a fault of the machine" in tables.comparison_remarks(found)[0]


def test_small_p_values_are_not_rounded_to_0():
    assert [tables.p_value(p) for p in (None, 1.0, 0.03857, 0.00005, 1e-9)] == [
        "–", "1.0000", "0.0386", "0.0001", "<0.0001",
    ]  # fmt: skip


def test_the_gate_names_what_is_too_low(tmp_path, broken):
    evaluate("scripted", [COMPARE, GUESS], n=10, out=tmp_path / "a.db", backend="inline")
    with open_runs([tmp_path]) as runs:
        assert too_low(runs, 0.5) == [f"scripted, {COMPARE}: no episode finished"]
        assert too_low(runs, 1.0)[1:] == []
        (_, low) = too_low(runs, low=0.9)
        assert low.startswith(f"scripted, {GUESS}: lower end 0.") and low.endswith("is below 0.9")
    evaluate("random", GUESS, n=10, out=tmp_path / "b.db", backend="inline")
    with open_runs([tmp_path / "b.db"]) as runs:
        (said,) = too_low(runs, 0.99)
        assert "pass rate 0." in said and said.endswith("is below 0.99")
        rate = runs[0].results[0].pass_rate
        assert too_low(runs, rate) == [], "as high as the floor is not below it"
