"""A row holds what is needed to measure the same again, and enters once."""

import json
import shlex

import pytest

from assay.cli.main import main
from assay.core.errors import DataError, OptionError, PolicyUnavailable
from assay.evaluation import engine
from assay.evaluation.engine import evaluate
from assay.evaluation.runs import open_runs
from assay.report.leaderboard import add_row, command, leaderboard_row

pytestmark = pytest.mark.core


class Own:
    """A policy of a user's, made with a setting."""

    deterministic = True

    def __init__(self, word="no", tries=1):
        self.word = word

    def reset(self, *, seed):
        pass

    def act(self, observation, info):
        return self.word


def row_of(path):
    with open_runs([path]) as (run,):
        return leaderboard_row(run)


@pytest.fixture(autouse=True)
def fixed_revision(monkeypatch):
    monkeypatch.setattr(engine, "source_revision", lambda: "a revision")


@pytest.mark.parametrize(
    ("policy", "settings"),
    [
        ("random", {"suite": "smoke"}),
        ("scripted", {"envs": ["assay/Compare-v0?digits=2", "assay/GuessNumber-v0"], "n": 5,
                      "split": "eval", "seed": 3, "samples": 2, "step_limit": 4}),
        ("random", {"envs": "assay/Compare-v0", "n": 90, "until_ci": 0.3, "time_limit_s": 30.0}),
        (f"{__name__}:Own", {"envs": "assay/FirstLetter-v0", "n": 9,
                             "policy_settings": {"word": "it's \"a\" word", "tries": 2}}),
    ],
)  # fmt: skip
def test_the_command_of_a_row_gives_the_same_digest(policy, settings, tmp_path, capsys):
    evaluate(policy, out=tmp_path / "first.db", **settings)
    row = row_of(tmp_path / "first.db")
    words = shlex.split(row["command"])
    assert words[:3] == ["assay", "evaluate", policy]
    assert main([*words[1:], "--out", str(tmp_path / "again.db")]) == 0
    again = row_of(tmp_path / "again.db")
    assert again["digest"] == row["digest"] and again["fingerprint"] == row["fingerprint"]
    capsys.readouterr()


def test_a_row_says_what_was_measured_and_how(tmp_path):
    found = evaluate("random", suite="smoke", out=tmp_path / "a.db")
    row = row_of(tmp_path / "a.db")
    assert row["suite"] == {"name": "smoke", "version": 1, "as_published": True}
    assert [one["env"] for one in row["results"]] == [one.env for one in found]
    for one in row["results"]:
        assert one["low"] <= one["pass_rate"] <= one["high"] and one["n"] == 3
        assert {"finished", "timeout", "crashed", "stopped_early"} <= one.keys()
    assert row["digest"] == found.digest and row["revision"] == "a revision"
    assert row["versions"]["assay"] and row["machine"]["platform"]
    for more in ({"n": 2}, {"seed": 1}, {"step_limit": 9}, {"until_ci": 0.5}):
        evaluate("random", suite="smoke", out=tmp_path / "b.db", new_run=True, **more)
        with open_runs([tmp_path / "b.db"]) as runs:
            assert leaderboard_row(runs[-1])["suite"]["as_published"] is False, more
    evaluate("random", "assay/Compare-v0", n=2, out=tmp_path / "c.db")
    assert row_of(tmp_path / "c.db")["suite"] is None


def test_a_policy_without_a_name_has_no_command(tmp_path):
    policy = Own()
    policy.name = "mine"
    evaluate(policy, "assay/Compare-v0", n=2, out=tmp_path / "a.db")
    with open_runs([tmp_path]) as (run,):
        assert command(run) is None


def test_a_run_enters_once(tmp_path):
    evaluate("random", suite="smoke", out=tmp_path / "a.db")
    evaluate("scripted", suite="smoke", out=tmp_path / "b.db")
    board = tmp_path / "new" / "rows.jsonl"
    rows = [row_of(tmp_path / f"{name}.db") for name in "ab"]
    assert [add_row(board, row) for row in (*rows, rows[0])] == [True, True, False]
    kept = [json.loads(line) for line in board.read_text(encoding="utf-8").splitlines()]
    assert kept == rows
    assert [path.name for path in board.parent.iterdir()] == ["rows.jsonl"]


def test_a_file_without_a_last_newline_is_not_damaged(tmp_path):
    evaluate("random", suite="smoke", out=tmp_path / "a.db")
    board, row = tmp_path / "rows.jsonl", row_of(tmp_path / "a.db")
    board.write_text(json.dumps({"fingerprint": "x", "digest": "y"}), encoding="utf-8")
    assert add_row(board, row)
    assert [json.loads(line)["digest"] for line in board.read_text().splitlines()] == [
        "y", row["digest"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["not json\n", '{"a": 1}\n', "[]\n", '{"fingerprint": "x"', "\xff"]
)
def test_another_file_is_refused_and_left_alone(tmp_path, text):
    evaluate("random", suite="smoke", out=tmp_path / "a.db")
    board = tmp_path / "rows.jsonl"
    board.write_bytes(text.encode("latin-1"))
    with pytest.raises(DataError, match=r"rows\.jsonl"):
        add_row(board, row_of(tmp_path / "a.db"))
    assert board.read_bytes() == text.encode("latin-1")


def test_part_of_a_run_does_not_enter(tmp_path):
    class Stops(Own):
        def act(self, observation, info):
            raise PolicyUnavailable("The server is gone.")

    with pytest.raises(PolicyUnavailable):
        evaluate(Stops(), "assay/Compare-v0", n=5, out=tmp_path / "a.db")
    with pytest.raises(OptionError, match="has 0 of 5 planned episodes: finish it"):
        row_of(tmp_path / "a.db")
