"""Figures of one statement, against the same made row by row."""

from __future__ import annotations

from collections import Counter

import pytest
from report_runs import ENVS, episode, key, write_run

from assay.evaluation import totals
from assay.evaluation.config import COUNTED
from assay.evaluation.runs import open_runs
from assay.report import breakdown

pytestmark = pytest.mark.core

STATUSES = ("finished", "finished", "policy_error", "env_error", "finished", "timeout")


def episodes(levels):
    for e in range(53):
        status = STATUSES[e % 6]
        code = None if status == "finished" else f"{status}.{e % 2}"
        made = episode(key("p", ENVS[0][0], e), e % 3 == 0, status=status, code=code)
        made.difficulty = None if e % 11 == 0 else float(e % levels) / 8
        yield made


@pytest.mark.parametrize("levels", [4, 40])  # with 40, difficulties are counted by themselves
@pytest.mark.parametrize(("stretch", "most"), [(7, 400), (1, 400), (7, 3), (8_192, 400)])
def test_a_stretch_at_a_time_gives_the_sums_of_all(levels, stretch, most, tmp_path, monkeypatch):
    monkeypatch.setattr(totals, "_STRETCH", stretch)
    monkeypatch.setattr(totals, "_MAX_STRETCHES", most)
    monkeypatch.setattr(totals, "_MANY", 20 if stretch > 50 else 5)
    path = write_run(tmp_path / "run.db", "p", envs=ENVS[:1], n=60, episodes=episodes(levels))
    with open_runs([path]) as (run,):
        rows = list(run.results.episodes())
        (found,) = run.table
        why = breakdown.reasons(run)
        counts = breakdown.difficulties(
            run, breakdown.place_of(run, run.info.identity["envs"][0]), run.info.identity["envs"][0]
        )
    counted = [row for row in rows if row["status"] in COUNTED]
    assert found.counts == {**dict.fromkeys(found.counts, 0), **Counter(r["status"] for r in rows)}
    assert found.passed == sum(row["passed"] for row in counted) > 0
    assert found.mean_return == pytest.approx(sum(r["return"] for r in counted) / len(counted))
    assert found.mean_steps == sum(row["n_steps"] for row in counted) / len(counted)
    assert found.prompt_tokens == sum(row["prompt_tokens"] for row in rows)
    assert found.wall_s == pytest.approx(sum(row["wall_ms"] for row in rows) / 1_000)
    expected = Counter((r["status"], r["reason"]) for r in rows if not r["passed"])
    assert {(r.status, r.reason): r.episodes for r in why} == expected
    assert [r.episodes for r in why] == sorted(expected.values(), reverse=True)
    known = [row for row in counted if row["difficulty"] is not None]
    assert counts.sizes() == Counter(row["difficulty"] for row in known)
    for level in counts.tasks:
        passed = sum(row["passed"] for row in known if row["difficulty"] == level)
        n, (rate, *_) = counts.rate([level])
        assert rate == passed / n
    assert (found.difficulties is None) is (levels == 40 and stretch != 1)
