"""Runs paired by episode."""

import re

import pytest
from evaluation_toys import Adder, Walker

import assay
from assay.core.errors import OptionError
from assay.evaluation import stats
from assay.evaluation.compare import compare, compare_runs
from assay.evaluation.engine import evaluate
from assay.evaluation.runs import open_runs

pytestmark = pytest.mark.core

SUM, WALK = "toy/Sum-v0", "toy/Walk-v0?length=4"


class Better(Adder):
    name = "better"

    def __init__(self, wrong: float = 0.1) -> None:
        super().__init__(wrong)

    def reset(self, *, seed):
        super().reset(seed=seed + 1)  # wrong elsewhere


def outcomes(results):
    return {
        (e["env_id"], e["env_digest"], e["episode"], e["sample"]): bool(e["passed"])
        for e in results.episodes()
    }


def test_pairs_are_counted_as_the_rows_say(tmp_path):
    first = evaluate(Adder(), [SUM, WALK], n=60, out=tmp_path / "a.db")
    second = evaluate(Better(), [SUM, WALK], n=80, out=tmp_path / "b.db")
    found = compare(tmp_path / "a.db", tmp_path / "b.db")
    assert (found.first, found.second, len(found)) == ("adder", "better", 2)
    a, b = outcomes(first), outcomes(second)
    cells = [(a[key], b[key]) for key in a if key[0] == "toy/Sum-v0"]
    row = found.rows[0]
    assert (row.env, row.n, row.n_tasks, row.unpaired, row.left_out) == (SUM, 60, 60, 20, 0)
    assert row.first_passed == sum(x for x, _ in cells)
    assert row.second_passed == sum(y for _, y in cells)
    assert row.only_first == cells.count((True, False))
    assert row.only_second == cells.count((False, True)) > row.only_first > 0
    assert row.difference == pytest.approx((row.second_passed - row.first_passed) / 60)
    assert row.low < row.difference < row.high
    assert row.p == stats.mcnemar(row.only_first, row.only_second)
    assert [(flip.episode, flip.first_passed) for flip in row.flips] == [
        (key[2], a[key]) for key in a if key[0] == "toy/Sum-v0" and a[key] != b[key]
    ]
    assert {flip.first_reason for flip in row.flips} == {"text.same", "text.different"}
    assert found.rows[1].difference == 0.0, "neither can walk"
    assert found.rows[1].p == 1.0
    assert [r.p_holm for r in found] == stats.holm([r.p for r in found])


def test_results_are_compared_as_files_are(tmp_path):
    first = evaluate(Adder(), SUM, n=30, out=tmp_path / "a.db")
    second = evaluate(Better(), SUM, n=30)  # kept nowhere
    found = assay.compare(first, second)
    evaluate(Better(), SUM, n=30, out=tmp_path / "b.db")
    assert found.to_dict() == compare(tmp_path / "a.db", tmp_path / "b.db").to_dict()
    back = assay.compare(second, first)
    assert back.rows[0].difference == pytest.approx(-found.rows[0].difference)
    assert back.rows[0].only_first == found.rows[0].only_second
    itself = assay.compare(first, first)
    assert (itself.first, itself.second) == ("adder (1)", "adder (2)")
    assert itself.rows[0].flips == () and itself.rows[0].p == 1.0
    assert itself.rows[0].low < 0 < itself.rows[0].high, "thirty alike do not prove all alike"


def test_as_a_data_frame():
    pytest.importorskip("pandas")
    found = assay.compare(evaluate(Adder(), SUM, n=9), evaluate(Better(), SUM, n=9))
    frame = found.to_pandas()
    assert list(frame["second"]) == ["better"] and "flips" not in frame and frame["n"][0] == 9


def test_several_samples_are_compared_by_task():
    first, second = (evaluate(p, SUM, n=20, samples=5) for p in (Adder(), Better()))
    (row,) = compare(first, second).rows
    assert (row.n, row.n_tasks, row.p, row.p_holm) == (100, 20, None, None)
    by_task = [
        [sum(ok for key, ok in outcomes(run).items() if key[2] == task) for task in range(20)]
        for run in (second, first)
    ]
    expected = stats.paired_difference(*by_task, [5] * 20)
    assert (row.difference, row.low, row.high) == pytest.approx(expected[:3], abs=0.01)


def test_shared_worlds_are_the_tasks():
    first, second = (evaluate(p, "toy/Secret-v0", n=40) for p in (Walker(), Adder()))
    (row,) = compare(first, second).rows
    assert row.n == 40 and row.n_tasks <= 4 and row.p is None


def test_what_a_machine_failed_is_left_out_of_both():
    faulty = "toy/Walk-v0?fault=verdict"
    first, second = (evaluate(p, faulty, n=30) for p in (Walker(), Adder()))
    failed = first[0].n_failures
    (row,) = compare(first, second).rows
    assert failed > 0
    assert (row.n, row.left_out) == (30 - failed, failed)
    every = "toy/Walk-v0?fault=verdict&every=1"
    (none,) = compare(*(evaluate(p, every, n=3) for p in (Walker(), Adder()))).rows
    assert (none.n, none.left_out, none.difference, none.p) == (0, 3, None, None)


@pytest.mark.parametrize(
    ("ours", "theirs", "said"),
    [
        ({}, {"seed": 1}, "their seeds are 0 and 1"),
        ({}, {"split": "eval"}, "their splits are test and eval"),
        ({}, {"envs": WALK}, "no environment in common"),
        ({}, {"envs": f"{SUM}?digits=5"}, "toy/Sum-v0 had other options"),
    ],
)
def test_runs_that_share_no_episode_are_told_apart(ours, theirs, said):
    plain = {"envs": SUM, "n": 3}
    runs = [evaluate(Adder(), **{**plain, **more}) for more in (ours, theirs)]
    with pytest.raises(OptionError, match=re.escape(said)) as caught:
        compare(*runs)
    assert str(caught.value).count(". ") == 0 and "adder (1) and adder (2)" in str(caught.value)


def test_a_file_with_several_runs_needs_a_number(tmp_path):
    out = tmp_path / "a.db"
    evaluate(Adder(), SUM, n=3, out=out)
    evaluate(Better(), SUM, n=3, out=out, new_run=True)
    with pytest.raises(OptionError, match=r"holds 2 runs: say which, as in '.*a\.db#1'"):
        compare(out, out)
    assert compare(f"{out}#1", f"{out}#2").rows[0].n == 3


def test_p_values_are_adjusted_over_the_whole_table(tmp_path):
    for name, wrong in (("a", 0.5), ("b", 0.2), ("c", 0.1)):
        evaluate(Adder(wrong), [SUM, "toy/Sum-v0?digits=3"], n=60, out=tmp_path / f"{name}.db")
    with open_runs([tmp_path]) as runs:
        found = compare_runs(runs[0], runs[1:])
        assert [one.second for one in found] == ["adder (b)", "adder (c)"]
        rows = [row for one in found for row in one]
        assert [row.p_holm for row in rows] == stats.holm([row.p for row in rows])
        assert max(row.p_holm for row in rows) > max(row.p for row in rows)
