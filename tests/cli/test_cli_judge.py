"""`assay judge`: what a person sees, and what a program reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.core

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "answers.jsonl"
    records = [{"id": f"q{i}", "response": str(i % 4), "answer": 1} for i in range(40)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def test_a_table_and_a_file_of_verdicts(assay_command, file):
    ran = assay_command("judge", str(file), "--verifier", "number")
    assert ran.code == 0
    out = file.with_name("answers.verdicts.jsonl")
    assert "number.different" in ran.out
    assert "0.250" in ran.out
    assert "[0.142, 0.402]" in ran.out
    assert f"{out}: 40 of 40 verdicts." in ran.out
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["id"] for row in rows] == [f"q{i}" for i in range(40)]
    again = assay_command("judge", str(file), "--verifier", "number")
    assert again.out == ran.out


def test_json_says_the_same(assay_command, file, tmp_path):
    words = ["judge", str(file), "--verifier", "number", "--out", str(tmp_path / "o"), "--json"]
    found = json.loads(assay_command(*words, "--workers", "2").out)
    assert (found["n"], found["passed"], found["pass_rate"]) == (40, 10, 0.25)
    assert found["statuses"] == {"correct": 10, "incorrect": 30}
    assert found["codes"]["incorrect/number.different"] == 30
    assert (found["verifier"], found["out"]) == ("number@1.0", str(tmp_path / "o"))
    assert 0.14 < found["low"] < found["high"] < 0.41


def test_error_verdicts_are_1_and_said(assay_command, file):
    with file.open("a") as more:
        more.write(json.dumps({"id": "odd", "response": "1", "answer": "none"}) + "\n")
    ran = assay_command("judge", str(file), "--verifier", "number", "--workers", "0")
    assert ran.code == 1
    assert "first for odd: " in ran.err
    assert "1 verdicts are errors" in ran.err
    assert "task_error" in ran.out
    assert "0.250" in ran.out


def test_bad_lines_are_2_or_passed_over(assay_command, file):
    with file.open("a") as more:
        more.write("{oops\n")
    ran = assay_command("judge", str(file), "--verifier", "number")
    assert (ran.code, ran.out) == (2, "")
    assert "line 41 is not JSON" in ran.err
    assert "--skip-bad" in ran.err
    ran = assay_command("judge", str(file), "--verifier", "number", "--skip-bad", "--json")
    assert ran.code == 0
    assert json.loads(ran.out)["skipped"] == 1
    assert "passed over: " in ran.err


def test_the_first_lines_that_were_passed_over_are_named_and_the_rest_counted(assay_command, file):
    with file.open("a") as more:
        more.write("{oops\n" * 8)
    ran = assay_command("judge", str(file), "--verifier", "number", "--skip-bad")
    assert ran.code == 0
    said = ran.err.splitlines()
    assert [line.partition(" is not JSON")[0] for line in said[:3]] == [
        f"assay: passed over: '{file}' line {n}" for n in (41, 42, 43)
    ]
    assert said[3:] == ["assay: passed over: and 5 more."]


@pytest.mark.parametrize("workers", ["0", "1"])
def test_a_file_of_which_no_line_can_be_judged_is_1(assay_command, file, workers):
    words = ("judge", str(file), "--verifier", "number", "--reference", "gold", "--skip-bad")
    words += ("--workers", workers)
    for _ in range(2):
        ran = assay_command(*words)
        assert ran.code == 1
        assert file.with_name("answers.verdicts.jsonl").read_bytes() == b""
        assert "0 of 0 verdicts" in ran.out
        assert "assay: passed over: and 37 more." in ran.err
        assert "assay: no line could be judged.\n" in ran.err
    found = json.loads(assay_command(*words, "--json").out)
    assert (found["n"], found["skipped"], found["pass_rate"]) == (0, 40, None)


def test_a_file_of_which_no_line_can_be_read_is_2(assay_command, file):
    file.write_text("{oops\n[]\n")
    for more in ((), ("--skip-bad",)):
        ran = assay_command("judge", str(file), "--verifier", "number", *more)
        assert (ran.code, ran.out) == (2, "")
        assert f"No line of '{file}' can be read, and line 1 is not JSON" in ran.err


def test_environments_judge_by_themselves(assay_command, tmp_path):
    path = tmp_path / "plays.jsonl"
    path.write_text('{"index": 3, "completion": "hello"}\n{"index": 4, "completion": ["a", "b"]}\n')
    words = ["judge", str(path), "--env", "assay/ReverseWord-v0?length=5", "--split", "test"]
    ran = assay_command(*words, "--keep")
    assert ran.code == 0
    rows = [json.loads(s) for s in (tmp_path / "plays.verdicts.jsonl").read_text().splitlines()]
    assert [row["index"] for row in rows] == [3, 4]
    assert {row["verdict"]["status"] for row in rows} == {"incorrect"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "FILE"),
        (("{file}",), "env, env_id"),
        (("{file}", "--verifier", "numbr"), "Did you mean 'number'?"),
        (("{file}", "--verifier", "number", "--verifier-arg", "tolerance"), "key=value"),
        (("{file}", "--verifier", "number", "--verifier-arg", "tol=1"), "tol"),
        (("{file}", "--verifier", "number", "--out", "{file}"), "another --out"),
        (("{file}", "--verifier", "number", "--workers", "x"), "--workers"),
        (("{file}", "--verifier", "number", "--reference", "gold"), "'gold'"),
        (("{file}", "--verifier", "number", "--env", "assay/Compare-v0"), "both given"),
        (("{file}x", "--verifier", "number"), "No file of responses"),
        (("{file}", "--verifier", "number", "--respons", "x"), "Did you mean '--response'?"),
    ],
)
def test_usage_errors_are_one_line(assay_command, file, words, said):
    ran = assay_command("judge", *(word.format(file=file) for word in words))
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert [p.name for p in file.parent.iterdir()] == ["answers.jsonl"]


def test_a_second_interrupt_is_3_and_names_it_too(assay_command, file, tmp_path, monkeypatch):
    (tmp_path / "impatient.py").write_text(
        "import signal\n"
        "def decide(outcome, task):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    words = ("judge", str(file), "--verifier", "impatient:decide", "--workers", "0")
    ran = assay_command(*words, "--overwrite")
    sys.modules.pop("impatient")
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Interrupted. To continue: assay {' '.join(words)}\n"


def test_an_interrupt_is_3_and_names_the_command_that_goes_on(file, tmp_path):
    slow = tmp_path / "slow_verifier.py"
    slow.write_text(
        "import os, signal, time\n"
        "from assay.verifiers import verifier\n"
        "@verifier(isolation='in_process')\n"
        "def decide(outcome, task):\n"
        "    if outcome == '3' and not os.path.exists('told'):\n"
        "        open('told', 'w').close()\n"
        "        os.kill(os.getppid(), signal.SIGINT)\n"
        "        time.sleep(1)\n"
        "    return outcome == str(task.reference)\n"
    )
    words = [sys.executable, "-m", "assay.cli.main", "judge", str(file)]
    words += ["--verifier", "slow_verifier:decide"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 3, ran.stderr
    assert f"To continue: assay judge {file} --verifier slow_verifier:decide" in ran.stderr
    ran = subprocess.run(words, cwd=tmp_path, env=env, capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert "40 of 40 verdicts" in ran.stdout
