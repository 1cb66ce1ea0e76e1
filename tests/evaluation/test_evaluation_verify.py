"""Stored runs replayed: what was edited or is not deterministic is found, and named."""

import json
import sqlite3
import zlib

import numpy as np
import pytest
from evaluation_toys import Adder, BatchAdder, Scripted, Walker

from assay.core.errors import OptionError
from assay.core.types import Verdict
from assay.evaluation.engine import evaluate
from assay.evaluation.episode import ContextFull
from assay.evaluation.record import payload_digest, read_json
from assay.evaluation.rescore import rescore
from assay.evaluation.runs import open_runs
from assay.evaluation.schema import KEYS
from assay.evaluation.verify import verify
from assay.verifiers.named import load_verifier

pytestmark = pytest.mark.core


def checked(out, **settings):
    with open_runs([out]) as (run,):
        return verify(run, **settings)


def edit(out, sql, *values):
    with sqlite3.connect(out) as db:
        assert db.execute(sql, values).rowcount == 1


def edit_payload(out, change, episode=3):
    """Let `change` alter the JSON of one episode."""
    with sqlite3.connect(out) as db:
        (steps,) = db.execute(
            "SELECT steps FROM trajectories WHERE episode = ?", (episode,)
        ).fetchone()
        payload = json.loads(zlib.decompress(steps))
        change(payload)
        steps = zlib.compress(json.dumps(payload, separators=(",", ":")).encode())
        db.execute("UPDATE trajectories SET steps = ? WHERE episode = ?", (steps, episode))


def only(found):
    """The one thing that differs."""
    assert found.exit_code == 1 and found.counts["different"] == 1, found
    (one,) = found.different
    assert one.episode == 3
    return one


@pytest.fixture
def walks(tmp_path):
    evaluate(Walker(), "toy/Walk-v0", n=6, out=tmp_path / "run.db")
    return tmp_path / "run.db"


@pytest.fixture
def sums(tmp_path):
    evaluate(Adder(0.0), "toy/Sum-v0", n=6, out=tmp_path / "run.db")
    return tmp_path / "run.db"


# ---------------------------------------------------------------------- honest runs


@pytest.mark.parametrize(
    ("policy", "env", "settings"),
    [
        (Walker(), "toy/Walk-v0", {"samples": 2}),
        (Walker(), ("toy/Walk-v0", {"image": True}), {"frames": "all"}),
        (Walker(), "toy/Walk-v0", {"step_limit": 2}),
        (Scripted(2, ContextFull("full")), "toy/Walk-v0", {}),
        (Scripted(2, 0, ValueError("bad")), "toy/Walk-v0", {}),
        (Walker(), "toy/Walk-v0?fault=verdict", {}),
        (Walker(), ("toy/Walk-v0", {"fault": "verdict", "on_error": "raise"}), {}),
        (Walker(), "toy/Secret-v0", {}),
        (BatchAdder(), "toy/Sum-v0", {"token_limit": 1, "split": "eval", "seed": 5}),
        (Adder(), "toy/Sum-v0?digits=1", {"n": "all"}),
        (Walker(), "toy/Corner-v0", {}),
        (Scripted(None, "x", [1, (2,)], np.zeros(3), float("nan"), 2), "toy/Walk-v0", {}),
    ],
)
def test_what_is_as_recorded_passes(policy, env, settings, tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(policy, [env], **{"n": 12, **settings}, out=out)
    found = checked(out)
    assert found.counts["same"] == found.stored == found.planned == results[0].done
    assert found.exit_code == 0 and not found.changed and not found.other_versions


def test_episodes_without_steps_hold_nothing_to_replay(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Walker(), "toy/Walk-v0?fault=reset", n=12, out=out)
    found = checked(out)
    assert found.counts["nothing"] > 0 and found.counts["same"] > 0
    assert found.counts["nothing"] + found.counts["same"] == 12 and found.exit_code == 0


def test_what_went_before_a_fault_of_the_environment_is_compared(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Walker(), "toy/Walk-v0?fault=step", n=12, out=out)
    assert checked(out).counts == {"same": 12}


def test_an_action_without_a_stored_form_is_said(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(2, object(), 2), "toy/Walk-v0", n=6, out=out)
    found = checked(out)
    assert found.counts["partly"] == 6 and found.exit_code == 0


def test_hostile_text_is_replayed_intact(tmp_path):
    out = tmp_path / "run.db"
    hostile = [
        "</script><script>alert(1)</script>", "nul \0 and \x1b[31m", "😀", "x" * 1_000_000,
        "\ud800\udc00 and \udfff alone", "'; DROP TABLE runs;", '{"$repr":"no"}', "bye",
    ]  # fmt: skip
    results = evaluate(Scripted(*hostile), "toy/Repeat-v0", n=3, out=out)
    assert results[0].passed == 3 and results[0].mean_steps == len(hostile)
    assert checked(out).counts == {"same": 3}

    def change(payload):
        payload["steps"][4]["observation"]["$long"] = "0" * 32

    edit_payload(out, change, episode=1)
    found = checked(out)
    assert [d.episode for d in found.different] == [1]
    assert "lacks the stored text" in found.different[0].difference.now


# ---------------------------------------------------------------------- what is found


def test_an_edited_reward_names_its_step(walks):
    edit_payload(walks, lambda p: p["steps"][1].update(reward=1.0))
    assert only(checked(walks)).difference == ("step 2, reward", "1.0", "0.0")


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda p: p["steps"][2].update(truncated=True), "step 3, truncated"),
        (lambda p: p["steps"][0].update(terminated=True), "step 1, terminated"),
        (lambda p: p["steps"][1].update(action_status="noop"), "step 2, action_status"),
        (lambda p: p["steps"][0]["observation"].update(data="AQAAAAAAAAA="), "step 1, observation"),
        (lambda p: p["steps"].pop(), "last observation"),
        (lambda p: p["final_observation"].update(data="AQAAAAAAAAA="), "last observation"),
        (lambda p: p["verdict"].update(reason="Because."), "verdict, reason"),
        (lambda p: p["verdict"].update(extracted="maybe"), "verdict, extracted"),
        (lambda p: p.update(verdict=None), "verdict"),
        (lambda p: p["verdict"].update(passed=not p["verdict"]["passed"]), "verdict, passed"),
        (lambda p: p["steps"][1].pop("reward"), "payload"),
        (lambda p: p.pop("verdict"), "payload"),
        (lambda p: p["verdict"].pop("code"), "payload"),
    ],
)
def test_an_edited_payload_is_found(walks, change, where):
    edit_payload(walks, change)
    assert only(checked(walks)).difference.where == where


def test_another_action_shows_in_what_follows_or_in_the_digest(walks):
    def change(payload):
        payload["steps"][0]["action"] = 1 - payload["steps"][0]["action"] // 2

    edit_payload(walks, change)
    where = only(checked(walks)).difference.where
    assert where.startswith("step ") or where in ("last observation", "payload_digest")
    edit_payload(walks, lambda p: p["steps"][0].update(action={"$bytes": "AA=="}))
    assert only(checked(walks)).difference.where == "step 1, action_status"


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("passed", 0), ("passed", 2), ("status", "policy_error"), ("status", "timeout"),
        ("status", "verifier_error"), ("status", "crashed"), ("reason", "text.other"),
        ("cut", "limit.outside"), ('"return"', 0.5), ("n_steps", 9), ("payload_digest", "0" * 32),
        ("problem", 5), ("env_seed", 5), ("policy_seed", 5), ("difficulty", 9.0), ("world", "w"),
    ],
)  # fmt: skip
def test_an_edited_column_is_found(sums, column, value):
    edit(sums, f"UPDATE episodes SET {column} = ? WHERE episode = 3", value)
    assert only(checked(sums)).difference.where


def test_a_failure_made_a_success_throughout_is_found(tmp_path):
    """Row, verdict, reward and digest agree with each other, and not with the environment."""
    right, wrong = tmp_path / "right.db", tmp_path / "wrong.db"
    evaluate(Adder(0.0), "toy/Sum-v0", n=6, out=right)
    evaluate(Adder(1.0), "toy/Sum-v0", n=6, out=wrong)

    def change(payload):
        payload["steps"][0]["reward"] = 1.0
        payload["verdict"] = {"passed": True, "status": "correct", "code": "text.same",
                              "reason": "It is the same."}  # fmt: skip

    edit_payload(wrong, change)
    with sqlite3.connect(wrong) as db:
        (steps,) = db.execute("SELECT steps FROM trajectories WHERE episode = 3").fetchone()
        digest = payload_digest(read_json(steps), "finished", True, "text.same", 1.0)
        db.execute(
            'UPDATE episodes SET passed = 1, reason = ?, "return" = 1, payload_digest = ? '
            "WHERE episode = 3",
            ("text.same", digest),
        )
    assert only(checked(wrong)).difference == ("step 1, reward", "1.0", "0.0")
    assert checked(right).exit_code == 0


def test_rows_and_payloads_that_were_removed_or_added_are_found(sums):
    with sqlite3.connect(sums) as db:
        db.execute("DELETE FROM episodes WHERE episode = 1")
    found = checked(sums)
    assert found.orphans == 1 and found.exit_code == 1 and found.planned - found.stored == 1
    with sqlite3.connect(sums) as db:
        db.execute("DELETE FROM trajectories WHERE episode IN (1, 3)")
    found = checked(sums)
    assert found.orphans == 0 and "holds no episode 3" in only(found).difference.now
    with sqlite3.connect(sums) as db:
        db.execute("DELETE FROM episodes WHERE episode = 3")
        db.execute("UPDATE episodes SET episode = 99 WHERE episode = 2")
        db.execute("UPDATE trajectories SET episode = 99 WHERE episode = 2")
    (one,) = checked(sums).different
    assert one.difference.now == "no such episode in the plan"


def test_another_picture_or_long_text_under_the_same_name_is_found(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Walker(), [("toy/Walk-v0", {"image": True})], n=2, out=out, frames="last")
    with sqlite3.connect(out) as db:
        db.execute("UPDATE blobs SET bytes = ?", (zlib.compress(b"another"),))
    found = checked(out)
    assert found.counts["different"] == 2
    assert "has another content" in found.different[0].difference.now
    with sqlite3.connect(out) as db:
        db.execute("UPDATE blobs SET bytes = ?", (b"junk",))
    assert "is damaged" in checked(out).different[0].difference.now


def test_a_nondeterministic_environment_is_named_with_its_first_step(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(2), "toy/Drift-v0", n=4, out=out)
    found = checked(out)
    assert found.exit_code == 1 and found.counts["different"] == 4
    assert all(one.nondeterministic for one in found.different)
    assert found.different[0].difference.where.startswith("step ")
    assert found.different[0].difference.where.endswith(", observation")


def test_a_verdict_that_changes_is_found(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(2), "toy/Fickle-v0", n=9, out=out)
    found = checked(out)
    assert found.exit_code == 1
    assert {one.difference.where for one in found.different} <= {
        *(f"step {i}, reward" for i in range(1, 41)), "verdict, passed",
    }  # fmt: skip


def test_findings_of_the_run_itself_are_told(sums):
    with sqlite3.connect(sums) as db:
        db.execute(
            f"INSERT INTO findings SELECT {KEYS}, 'nondeterminism', payload_digest, 'x', 'now' "
            "FROM episodes WHERE episode = 0"
        )
    found = checked(sums)
    assert found.counts == {"same": 6} and found.findings == 1 and found.exit_code == 1


def test_options_and_versions_that_changed_since_are_told(sums):
    with sqlite3.connect(sums) as db:
        (identity,) = db.execute("SELECT identity FROM runs").fetchone()
        changed = json.loads(identity)
        changed["versions"]["numpy"] = "0.1"
        changed["envs"][0]["digest"] = "d" * 32
        db.execute("UPDATE runs SET identity = ?", (json.dumps(changed),))
        for table in ("episodes", "trajectories"):
            db.execute(f"UPDATE {table} SET env_digest = ?", ("d" * 32,))
    found = checked(sums)
    assert found.changed == ("toy/Sum-v0",) and "numpy: '0.1' -> " in found.other_versions
    assert found.counts == {"same": 6}


# ---------------------------------------------------------------------- samples


def test_a_sample_is_seeded_and_in_order(walks):
    seen = []
    found = checked(walks, sample=3, progress=lambda done, total: seen.append((done, total)))
    assert found.counts == {"same": 3} and seen == [(1, 3), (2, 3), (3, 3)]
    assert checked(walks, sample=99).checked == 6
    with pytest.raises(OptionError, match="sample=0"):
        checked(walks, sample=0)
    edit_payload(walks, lambda p: p["steps"][1].update(reward=1.0))
    hits = [checked(walks, sample=3, seed=seed).exit_code for seed in range(12)]
    assert 0 < sum(hits) < 12
    assert hits == [checked(walks, sample=3, seed=seed).exit_code for seed in range(12)]


# ---------------------------------------------------------------------- another verifier


class Lenient:
    """Takes what is not more than one off, and errs at multiples of seven."""

    name, version, limits, deterministic = "lenient", "1", None, True

    def verify(self, outcome, task):
        if task.reference % 7 == 0:
            return Verdict.error("lenient.seven", "Not that one.")
        if abs(int(outcome) - task.reference) <= 1:
            return Verdict.accept("lenient.near", "Near enough.")
        return Verdict.reject("lenient.far", "Too far.")


def test_another_verifier_is_compared(tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(Adder(0.5), "toy/Sum-v0", n=60, out=out)
    with open_runs([out]) as (run,):
        (same,) = rescore(run, load_verifier("NumberVerifier"))
        (other,) = rescore(run, Lenient(), progress=lambda done, total: None)
    assert same.agreed == same.compared == 60 and same.counts["both pass"] == results[0].passed
    assert not same.disagreements
    counts = other.counts
    assert counts["stored only"] == 0 == counts["both fail"]
    assert counts["new only"] > 0 < counts["new errs"]
    assert counts["both pass"] + counts["new only"] + counts["new errs"] == 60
    assert other.compared == 60 - counts["new errs"] and other.agreed == counts["both pass"]
    assert len(other.disagreements) == 3
    first = other.disagreements[0]
    assert first.new.startswith("lenient.") and first.stored.startswith("text.")


def test_rescoring_leaves_out_what_has_no_verdict_or_does_not_replay(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Scripted(2, 2, ValueError("bad")), "toy/Walk-v0", n=12, out=out)
    with open_runs([out]) as (run,):
        (found,) = rescore(run, load_verifier("exact_text"))
    assert found.counts["not judged"] > 0 and found.counts["both pass"] + found.counts[
        "not judged"
    ] == 12  # fmt: skip
    evaluate(Adder(0.0), "toy/Sum-v0", n=6, out=tmp_path / "sums.db")
    edit_payload(tmp_path / "sums.db", lambda p: p["steps"][0].update(reward=0.5))
    with open_runs([tmp_path / "sums.db"]) as (run,):
        (found,) = rescore(run, load_verifier("number"))
    assert found.counts == {"both pass": 5, "not replayed": 1}
