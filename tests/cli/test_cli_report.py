from __future__ import annotations

import json

import pytest

import assay
from assay.envs.math.compare import CompareEnv
from assay.evaluation.engine import evaluate

pytestmark = pytest.mark.core

ENVS = ["assay/Compare-v0", "assay/GuessNumber-v0"]


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    for policy in ("random", "scripted"):
        evaluate(policy, ENVS, n=15, out=folder / f"{policy}.db")
    return folder


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_one_run(assay_command, runs):
    ran = assay_command("report", str(runs / "random.db"))
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines()[0].split()[:2] == ["env", "pass"]
    assert "Why episodes did not pass:" in ran.out and "number.different" in ran.out
    assert ran.out.endswith(f"{runs / 'random.db'}: 30 of 30 episodes.\n")
    assert assay_command("report", str(runs / "random.db")).out == ran.out


def test_several_runs_are_compared_with_the_first_or_the_baseline(assay_command, runs):
    ran = assay_command("report", str(runs))
    assert ran.code == 0
    assert ran.out.splitlines()[0].split() == ["env", "n", "random", "scripted"]
    assert "random (first) and scripted (second) on the same episodes, of which" in ran.out
    assert "Why episodes of random did not pass:" in ran.out
    assert "Why episodes of scripted" not in ran.out
    other = assay_command("report", str(runs), "--baseline", str(runs / "scripted.db"))
    assert "scripted (first) and random (second)" in other.out
    found = lines(assay_command("report", str(runs), "--json").out)
    assert [one["kind"] for one in found] == ["run", "run", "comparison"]
    assert found[0]["label"] == "random" and len(found[0]["results"]) == 2
    assert found[0]["reasons"][0].keys() == {"env", "status", "reason", "episodes"}
    flips = [flip for row in found[2]["rows"] for flip in row["flips"]]
    assert len(flips) == sum(row["only_first"] + row["only_second"] for row in found[2]["rows"])
    assert flips[0].keys() >= {"env", "episode", "sample", "first_passed", "second_reason"}


def test_runs_that_share_nothing_are_one_sentence(assay_command, runs, tmp_path):
    evaluate("random", ENVS, n=3, seed=9, out=tmp_path / "other.db")
    ran = assay_command("report", str(runs / "random.db"), str(tmp_path / "other.db"))
    assert ran.code == 0
    assert "cannot be compared: their seeds are 0 and 9" in ran.out
    words = ("report", str(runs / "random.db"), str(tmp_path / "other.db"), "--json")
    said = lines(assay_command(*words).out)[-1]
    assert said["kind"] == "comparison"
    assert said["rows"] == [] and "seeds are 0 and 9" in said["apart"]


def test_the_gate(assay_command, runs):
    random, scripted = str(runs / "random.db"), str(runs / "scripted.db")
    assert assay_command("report", scripted, "--fail-below", "1").code == 0
    low = assay_command("report", scripted, "--fail-below-low", "0.99")
    assert low.code == 1 and low.err.count("lower end") == 2
    ran = assay_command("report", random, "--fail-below", "0.9")
    assert ran.code == 1
    assert "assay: random, assay/Compare-v0: pass rate 0." in ran.err
    assert "is below 0.9." in ran.err
    words = ("report", scripted, "--baseline", random, "--fail-below", "0.9")
    assert assay_command(*words).code == 0, "the baseline is not held to it"
    gate = lines(assay_command("report", random, "--fail-below", "0.9", "--json").out)[-1]
    assert gate["kind"] == "gate" and gate["passed"] is False and len(gate["too_low"]) == 2


def test_a_machine_s_faults_fail_a_report(assay_command, monkeypatch, tmp_path):
    def broken(self, action):
        raise RuntimeError("the environment raises")

    with monkeypatch.context() as patch:
        patch.setattr(CompareEnv, "apply", broken)
        evaluate("scripted", ENVS, n=4, out=tmp_path / "a.db", backend="inline")
    ran = assay_command("report", str(tmp_path / "a.db"), "--fail-below", "0.5")
    assert ran.code == 1
    assert "assay/Compare-v0: no episode finished." in ran.err
    assert "RuntimeError: the environment raises" in ran.out
    assert "env.raised" in ran.out
    assert assay_command("report", str(tmp_path / "a.db")).code == 1


def test_exports_lie_beside_the_run_or_where_it_was_said(
    assay_command, runs, tmp_path, monkeypatch
):
    random = str(runs / "random.db")
    ran = assay_command("report", random, "--export", "csv")
    assert ran.code == 0 and ran.out.endswith(f"Episodes: {runs / 'random.csv'}\n")
    assert (runs / "random.csv").read_text().count("\n") == 31
    (tmp_path / "folder").mkdir()
    assay_command(
        "report", random, "--export", "jsonl", "--steps", "--to", str(tmp_path / "folder")
    )
    assert '"steps"' in (tmp_path / "folder" / "random.jsonl").read_text()
    monkeypatch.chdir(tmp_path)
    ran = assay_command("report", str(runs), "--export", "csv", "--json")
    written = {"kind": "written", "what": "Episodes", "path": "episodes.csv"}
    assert lines(ran.out)[-1] == written
    assert (tmp_path / "episodes.csv").read_text().count("\n") == 61
    ran = assay_command("report", random, "--export", "csv", "--to", random)
    assert ran.code == 2 and "is a results file, and is not written over" in ran.err
    assert assay_command("report", random).code == 0


def test_the_leaderboard(assay_command, runs, tmp_path):
    board = str(tmp_path / "rows.jsonl")
    ran = assay_command("report", str(runs), "--leaderboard", board)
    assert ran.out.endswith(f"Leaderboard, 2 added: {board}\n")
    again = assay_command("report", str(runs / "random.db"), "--leaderboard", board)
    assert again.out.endswith(f"Leaderboard, 0 added, 1 in it before: {board}\n")
    with open(board, encoding="utf-8") as file:
        assert [row["policy"] for row in lines(file.read())] == ["random", "scripted"]


def test_shards_are_reported_as_one_run(assay_command, runs, tmp_path):
    whole = str(runs / "scripted.db")
    for part in (1, 2, 3):
        evaluate("scripted", ENVS, n=15, shard=f"{part}/3", out=tmp_path / f"{part}.db")
    board = ("--leaderboard", str(tmp_path / "rows.jsonl"))
    ran = assay_command("report", str(tmp_path), "--fail-below", "1", *board, "--json")
    assert ran.code == 0
    found = lines(ran.out)
    assert [one["kind"] for one in found] == ["run", "gate", "written"]
    assert found[0]["digest"] == lines(assay_command("report", whole, "--json").out)[0]["digest"]
    pair = lines(assay_command("report", str(tmp_path), "--baseline", whole, "--json").out)[-1]
    assert pair["kind"] == "comparison" and [row["n"] for row in pair["rows"]] == [15, 15]
    assert assay.compare(tmp_path, whole).rows[0].flips == ()
    path = assay.export_episodes(tmp_path, tmp_path / "all.csv")
    assert path.read_text().count("\n") == 31
    alone = assay_command("report", str(tmp_path / "1.db"), "--fail-below", "1")
    assert alone.code == 1 and "shard 1/3 is only a part of its run" in alone.err
    assert "is shard 1/3 of a run" in assay_command("report", str(tmp_path / "1.db"), *board).err


def test_an_early_stop_is_said_in_every_form(assay_command, tmp_path):
    out = str(tmp_path / "run.db")
    words = ("--envs", "assay/Compare-v0", "-n", "200", "--until-ci", "0.2", "--out", out)
    ran = assay_command("evaluate", "scripted", *words)
    assert ran.code == 0
    assert "]*" in ran.out and "stopped early, after 32 of 200 episodes" in ran.err
    assert (
        f"{out}: 32 of at most 200 episodes; 1 of 1 environments stopped early. Next: " in ran.out
    )
    (row,) = lines(assay_command("evaluate", "scripted", *words, "--json").out)
    assert row["stopped_early"] is True and row["until_ci"] == 0.2 and row["planned"] == 200
    shown = assay_command("report", out, "--fail-below", "1")
    assert shown.code == 0, "enough is complete"
    assert "]*" in shown.out and "not the interval of a fixed number of episodes" in shown.out


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Which run?"),
        (("none.db",), "No results file 'none.db'"),
        (("RUN", "--export", "xml"), "--export='xml' is not valid: expected one of csv, jsonl"),
        (("RUN", "--steps"), "add --export jsonl"),
        (("RUN", "--export", "csv", "--steps"), "export them as jsonl"),
        (("RUN", "--fail-below", "80"), "--fail-below=80.0 is not valid: expected a rate"),
        (("RUN", "--baseline", "RUN"), "is the only run"),
        (("RUN", "--baseline", "FOLDER"), "holds 2 runs"),
        (("RUN", "-o", "RUN"), "is a results file, and is not written over"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(assay_command, runs, words, said):
    given = {"RUN": str(runs / "random.db"), "FOLDER": str(runs)}
    ran = assay_command("report", *(given.get(word, word) for word in words))
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1


def test_suites_are_listed(assay_command):
    ran = assay_command("list", "--suites")
    assert ran.code == 0
    for word in ("smoke", "demo", "core", "version", "five easy text tasks"):
        assert word in ran.out
    found = lines(assay_command("list", "--suites", "--json").out)
    assert {"name", "version", "summary", "envs", "n", "split", "seed"} <= found[0].keys()
    assert assay_command("list", "--suites", "--family", "math").code == 2
