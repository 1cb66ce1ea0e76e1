"""`assay verify`, `assay merge` and `--shard` on the command line."""

from __future__ import annotations

import json
import sqlite3

import pytest

ENVS = ("--envs", "assay/FirstLetter-v0", "assay/Compare-v0?digits=2", "-n", "6")


@pytest.fixture
def stored(assay_command, tmp_path):
    for policy in ("random", "scripted"):
        assay_command("evaluate", policy, *ENVS, "--out", str(tmp_path / f"{policy}.db"))
    return tmp_path


def break_verdict(path):
    with sqlite3.connect(path) as db:
        done = db.execute(
            "UPDATE episodes SET passed = 1 - passed WHERE episode = 2 AND env_id LIKE '%First%'"
        )
        assert done.rowcount == 1


def test_a_sound_run(assay_command, stored):
    ran = assay_command("verify", str(stored))
    assert ran.code == 0 and ran.err == ""
    assert ran.out.splitlines() == [
        f"{stored}/random.db (random): 12 of 12 episodes replay as recorded.",
        f"{stored}/scripted.db (scripted): 12 of 12 episodes replay as recorded.",
    ]
    ran = assay_command("verify", str(stored / "random.db"), "--sample", "5")
    assert "5 of 5 episodes replay as recorded; 7 were not in the sample." in ran.out


def test_an_edited_verdict_exits_with_1_and_is_named(assay_command, stored):
    break_verdict(stored / "scripted.db")
    ran = assay_command("verify", str(stored))
    assert ran.code == 1 and "scripted.db (scripted): 11 of 12 episodes replay" in ran.out
    assert "; 1 differ." in ran.out
    found = ran.out.splitlines()
    at = found.index("  assay/FirstLetter-v0 test/2, sample 0: passed")
    assert [line.split() for line in found[at + 1 : at + 3]] == [
        ["stored", "false"], ["now", "true"],
    ]  # fmt: skip
    ran = assay_command("verify", str(stored / "scripted.db"), "--json")
    (line,) = map(json.loads, ran.out.splitlines())
    assert ran.code == 1 and line["different"] == 1 and line["same"] == 11
    assert line["differences"][0]["where"] == "passed" and line["differences"][0]["episode"] == 2


def test_missing_episodes_and_another_plan_are_named(assay_command, stored):
    path = stored / "random.db"
    with sqlite3.connect(path) as db:
        for table in ("episodes", "trajectories"):
            db.execute(f"DELETE FROM {table} WHERE env_id LIKE '%First%' AND episode <> 3")
    ran = assay_command("verify", str(path))
    assert ran.code == 1 and "7 of 7 episodes replay" in ran.out
    assert "5 of 12 planned are missing." in ran.out
    assert "removed: assay/FirstLetter-v0 test/0, sample 0, " in ran.out
    assert "test/2, sample 0, and 2 more." in ran.out
    line = json.loads(assay_command("verify", str(path), "--json").out)
    assert line["missing"] == 5 and len(line["missing_episodes"]) == 5 and line["claimed_complete"]
    with sqlite3.connect(path) as db:
        db.execute("UPDATE runs SET identity = json_set(identity, '$.revision', 'x')")
    ran = assay_command("verify", str(path))
    assert ran.code == 1 and "the fingerprint does not fit" in ran.out


def test_another_verifier_makes_a_table(assay_command, stored):
    ran = assay_command("verify", str(stored / "scripted.db"), "--rescore", "math")
    assert ran.code == 0
    header, _, *rows = ran.out.splitlines()
    assert header.split()[:3] == ["run", "env", "agreed"]
    assert [row.split()[:3] for row in rows[:2]] == [
        ["scripted", "assay/Compare-v0?digits=2", "6/6"],
        ["scripted", "assay/FirstLetter-v0", "6/6"],
    ]
    ran = assay_command("verify", str(stored / "random.db"), "--rescore", "choice", "--json")
    rows = [json.loads(line) for line in ran.out.splitlines()]
    assert ran.code == 0 and sum(row["new_errs"] for row in rows) > 0
    assert all(row["disagreements"] for row in rows if row["new_errs"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Which runs?"),
        (("none.db",), "No results file 'none.db'"),
        (("{}/random.db", "--sample", "0"), "sample=0"),
        (("{}/random.db", "--rescore", "maths"), "Did you mean 'math'"),
        (("{}/random.db", "--rescore", "json:dumps"), "json:dumps"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(assay_command, stored, words, said):
    ran = assay_command("verify", *(word.format(stored) for word in words))
    assert ran.code == 2 and said in ran.err and ran.out == ""
    assert "Traceback" not in ran.err


# ---------------------------------------------------------------------- shards


def test_shards_are_merged_into_the_run_of_one_command(assay_command, tmp_path):
    whole = str(tmp_path / "one" / "whole.db")
    assay_command("evaluate", "random", *ENVS, "--out", whole)
    for part in (1, 2):
        out = str(tmp_path / "shards" / f"{part}.db")
        ran = assay_command("evaluate", "random", *ENVS, "--shard", f"{part}/2", "--out", out)
        assert ran.code == 0 and "6 of 6 episodes" in ran.out
    first = str(tmp_path / "shards" / "1.db")
    out = str(tmp_path / "merged.db")
    ran = assay_command("merge", first, "--out", out, "--json")
    assert ran.code == 0 and json.loads(ran.out)["complete"]
    ran = assay_command("merge", str(tmp_path / "shards"), "--out", out, "--json")
    found = json.loads(ran.out)
    assert found["episodes"] == found["planned"] == 12 and ran.code == 0
    ran = assay_command("merge", whole, "--out", out)
    assert ran.code == 0 and "12 of 12 episodes" in ran.out and found["digest"] in ran.out
    assert assay_command("verify", out).code == 0
    resumed = assay_command("evaluate", "random", *ENVS, "--out", out)
    assert resumed.code == 0 and "12 of 12" in resumed.out


def test_what_a_merge_lacks_and_where_it_disagrees_is_said(assay_command, stored):
    one, two = stored / "one.db", stored / "two.db"
    for path, part in ((one, "1/3"), (two, "2/3")):
        assay_command("evaluate", "random", *ENVS, "--shard", part, "--out", str(path))
    ran = assay_command("merge", str(one), str(two), "--out", str(stored / "part.db"))
    assert ran.code == 0 and "8 of 12 episodes" in ran.out and "4 episodes are missing" in ran.err
    with sqlite3.connect(two) as db:
        db.execute("UPDATE episodes SET payload_digest = 'x'")
    ran = assay_command("merge", str(two), "--out", str(stored / "part.db"))
    assert ran.code == 1 and "4 rows are stored with different content" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("merge", "{}/random.db"), "where to?"),
        (("merge", "{}/random.db", "{}/scripted.db", "--out", "{}/x.db"), "policy.id: 'random'"),
        (("evaluate", "random", *ENVS, "--shard", "7/3"), "shard='7/3'"),
        (("evaluate", "random", *ENVS, "--shard", "1/3", "--out", "{}/random.db"), "assay merge"),
    ],
)
def test_shards_that_cannot_be(assay_command, stored, words, said):
    ran = assay_command(*(word.format(stored) for word in words))
    assert ran.code == 2 and said in ran.err and ran.err.count("\n") == 1


def test_pictures_of_what_has_none_are_said_once(assay_command):
    ran = assay_command("evaluate", "random", *ENVS, "--frames", "all")
    assert ran.code == 0
    assert ran.err.splitlines() == [
        "assay: frames=all keeps nothing of what has no picture: assay/FirstLetter-v0, "
        "assay/Compare-v0?digits=2."
    ]
