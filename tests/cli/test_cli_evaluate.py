from __future__ import annotations

import dataclasses
import io
import json
import shlex
import signal
import sys

import pytest

from assay.agents.baselines import RandomPolicy
from assay.cli.evaluate import Flags, plan_jobs, resume_command, store_path
from assay.cli.flags import flags_of
from assay.cli.live import Display, clock, describe
from assay.envs.math.compare import CompareEnv
from assay.evaluation.config import STATUSES, EvalConfig
from assay.evaluation.progress import Progress

LETTERS = ("--envs", "assay/FirstLetter-v0", "assay/Compare-v0?digits=2", "-n", "6")


WRONG = '''
class Wrong:
    """A policy of a user's, with a setting."""

    deterministic = True

    def __init__(self, answer="no"):
        self.answer = answer

    def reset(self, *, seed):
        pass

    def act(self, observation, info):
        if self.answer == "raise":
            raise RuntimeError("this policy raises")
        return str(self.answer)

    def describe(self):
        return {"answer": repr(self.answer)}
'''


@pytest.fixture
def wrong(monkeypatch, tmp_path):
    (tmp_path / "users_policies.py").write_text(WRONG)
    monkeypatch.syspath_prepend(tmp_path)
    yield "users_policies:Wrong"
    sys.modules.pop("users_policies", None)


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


def test_a_table_of_one_policy(assay_command):
    ran = assay_command("evaluate", "scripted", *LETTERS)
    assert ran.code == 0
    assert ran.err == ""
    header = ran.out.splitlines()[0]
    for word in ("env", "pass", "95 % interval", "tasks", "samples", "finished", "other"):
        assert word in header
    assert "assay/Compare-v0?digits=2" in ran.out
    assert "1.000" in ran.out
    assert "[0.610, 1.000]" in ran.out
    assert "12 of 12 episodes." in ran.out


def test_json_is_one_object_an_environment(assay_command):
    rows = lines(assay_command("evaluate", "scripted", *LETTERS, "--json").out)
    assert [row["env"] for row in rows] == ["assay/FirstLetter-v0", "assay/Compare-v0?digits=2"]
    for row in rows:
        assert (row["policy"], row["pass_rate"], row["n"], row["finished"]) == (
            "scripted",
            1.0,
            6,
            6,
        )
        assert 0.5 < row["low"] < row["high"] == 1.0
        assert set(STATUSES) <= set(row)


def test_several_policies_each_with_a_file_and_one_table(assay_command, tmp_path, wrong):
    words = ("evaluate", "random", "scripted", wrong, *LETTERS, "--out", str(tmp_path / "demo"))
    ran = assay_command(*words)
    assert ran.code == 0
    files = sorted(p.name for p in (tmp_path / "demo").glob("*.db"))
    assert files[:2] == ["random.db", "scripted.db"]
    assert files[2].startswith("users_policies_Wrong-")
    header, *rest = ran.out.splitlines()
    assert header.split() == ["env", "n", "random", "scripted", wrong]
    (row,) = (line for line in rest if line.startswith("assay/FirstLetter-v0"))
    assert row.split()[1] == "6"
    assert "1.000 [0.610, 1.000]" in row
    assert "0.000 [0.000, 0.390]" in row
    assert "36 of 36 episodes" in ran.out
    assert assay_command(*words).out == ran.out, "run again, it resumes and changes nothing"
    rows = lines(assay_command(*words, "--json").out)
    assert [row["policy"] for row in rows] == ["random"] * 2 + ["scripted"] * 2 + [wrong] * 2


def test_the_same_command_resumes(assay_command, tmp_path):
    out = str(tmp_path / "run.db")
    first = assay_command("evaluate", "random", *LETTERS, "--out", out)
    assert assay_command("evaluate", "random", *LETTERS, "--out", out).out == first.out
    other = assay_command("evaluate", "random", *LETTERS, "--out", out, "--seed", "9")
    assert other.code == 2
    assert "--new-run" in other.err
    assert other.err.count("\n") == 1
    new = assay_command("evaluate", "random", *LETTERS, "--out", out, "--seed", "9", "--new-run")
    assert new.code == 0


def test_settings_reach_those_that_take_them(assay_command, wrong):
    ran = assay_command("evaluate", wrong, *LETTERS, "--policy-arg", "answer=raise", "--json")
    assert ran.code == 0, "the policy's doing counts as failed, and is no defect"
    assert [row["policy_error"] for row in lines(ran.out)] == [6, 6]
    table = assay_command("evaluate", wrong, "random", *LETTERS, "--policy-arg", "answer=raise").out
    assert f"{wrong}, assay/FirstLetter-v0: 6 policy_error" in table
    flags = Flags(policies=(wrong, "random"), envs=("x",), policy_arg=("answer=[1, 2]",))
    assert [job.settings for job in plan_jobs(flags)] == [{"answer": [1, 2]}, {}]
    flags = Flags(policies=("random", "smollm2"), suite="demo", max_new_tokens=48,
                  policy_arg=("shots=inline",))  # fmt: skip
    assert [job.settings for job in plan_jobs(flags)] == [
        {},
        {"shots": "inline", "max_new_tokens": 48},
    ]


def test_a_policy_that_cannot_be_made_does_not_hide_the_others(assay_command):
    ran = assay_command("evaluate", "hf:/no/such", "scripted", *LETTERS)
    assert ran.code == 2
    assert "hf:/no/such: No model folder" in ran.err
    assert "1.000" in ran.out


def test_defects_exit_with_1(assay_command, monkeypatch):
    def broken(self, action):
        raise RuntimeError("the environment raises")

    monkeypatch.setattr(CompareEnv, "apply", broken)
    ran = assay_command("evaluate", "scripted", *LETTERS, "--backend", "inline")
    assert ran.code == 1
    assert "6 env_error say nothing about the policy" in ran.err
    assert "between 0.000 and 1.000" in ran.err
    assert "–" in ran.out, "no rate where nothing counts"


def test_a_first_interrupt_keeps_what_there_is(assay_command, monkeypatch, tmp_path):
    calls = []

    def act(self, observation, info):
        calls.append(1)
        if len(calls) == 3:
            signal.raise_signal(signal.SIGINT)
        return "x"

    monkeypatch.setattr(RandomPolicy, "act", act)
    out = str(tmp_path / "run")
    words = ("random", "scripted", "--envs", "assay/Arithmetic-v0", "-n", "500", "--out", out)
    words += ("--backend", "inline")
    ran = assay_command("evaluate", *words)
    assert ran.code == 3
    assert f"To continue: {shlex.join(['assay', 'evaluate', *words])}" in ran.err
    assert len(calls) < 500
    ran = assay_command("evaluate", *words)
    assert ran.code == 0
    assert len(calls) <= 501
    assert "1000 of 1000" in ran.out


def test_a_second_interrupt_names_the_command_that_continues_too(
    assay_command, monkeypatch, tmp_path
):
    def act(self, observation, info):
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(RandomPolicy, "act", act)
    words = ("random", "--envs", "assay/Compare-v0", "--out", str(tmp_path / "run.db"))
    words += ("--backend", "inline")
    ran = assay_command("evaluate", *words)
    assert (ran.code, ran.out) == (3, "")
    assert ran.err == f"Interrupted. To continue: {shlex.join(['assay', 'evaluate', *words])}\n"
    kept = assay_command("evaluate", *words[:3], "--backend", "inline")
    assert (
        kept.err == "Interrupted, and nothing was kept: with --out FILE a run can be continued.\n"
    )


def test_samples_of_a_greedy_model_are_pointed_out(assay_command):
    words = ("evaluate", "hf:/no/such", "--envs", "assay/Compare-v0", "--samples", "4")
    assert "add --temperature 0.7" in assay_command(*words).err
    assert "--temperature" not in assay_command(*words, "--temperature", "0.7").err
    assert "--temperature" not in assay_command("evaluate", "random", *words[2:], "-n", "2").err


# ---------------------------------------------------------------------- pieces


def test_every_setting_of_an_evaluation_has_its_flag_and_default():
    ours = {f.name: f for f in dataclasses.fields(Flags)}
    for field in dataclasses.fields(EvalConfig):
        if field.name != "policy":
            assert field.name in ours
            assert ours[field.name].default == field.default
    assert "--new-run" in flags_of(Flags)


@pytest.mark.parametrize(
    ("words", "command"),
    [
        ("random --suite demo --out x --new-run", "random --suite demo --out x"),
        ("random --retry timeout --out x", "random --out x"),
        ("random --retry=timeout --envs 'a?b=c d'", "random --envs 'a?b=c d'"),
    ],
)
def test_the_command_that_resumes_leaves_out_what_is_done_once(words, command):
    assert resume_command(shlex.split(words)) == f"assay evaluate {command}"


def test_files_of_policies(tmp_path):
    assert store_path(None, "random", 3) is None
    assert store_path("run.db", "random", 1) == "run.db"
    assert store_path(str(tmp_path), "random", 1) == str(tmp_path / "random.db")
    one, other = (store_path("d", name, 2) for name in ("hf:a/b", "hf:a_b"))
    assert one != other
    assert "/" not in str(one).removeprefix("d/")


def moment(done: int, passed: int, elapsed: float, planned: int = 100, **more) -> Progress:
    counts = dict.fromkeys(STATUSES, 0) | {"finished": done} | more
    total = sum(counts.values())
    return Progress("assay/X-v0", total, planned, passed, counts, elapsed, 0)


def test_a_moment_in_words():
    said = describe(moment(40, 10, 30.0, timeout=2), began_s=10.0)
    assert said == "2.1/s  left 00:27  so far 0.24 [0.13, 0.39]  2 timeout"
    assert describe(moment(100, 50, 60.0), 0.0).startswith("1.7/s  pass 0.50 [0.40, 0.60]")
    assert describe(moment(0, 0, 0.0), 0.0) == ""


def test_off_a_terminal_a_line_now_and_then(capsys, monkeypatch):
    now = [100.0]
    monkeypatch.setattr("assay.cli.live.time.monotonic", lambda: now[0])
    with Display("random", every_s=10.0) as display:
        for second in range(1, 31):
            now[0] = 100.0 + second
            display.update(moment(second, 0, float(second)))
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 3
    assert said[0].startswith("random assay/X-v0 10/100  ")
    with Display("looking", every_s=10.0, stays=False) as display:
        for second in range(1, 31):
            now[0] = 200.0 + second
            display.count(second, 30)
    said = capsys.readouterr().err.splitlines()
    assert said == ["looking 1/30", "looking 11/30", "looking 21/30"]


def test_on_a_terminal_a_bar_that_no_name_can_steer(monkeypatch):
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "120")
    with Display("a\x1b[5mb") as display:
        display.update(moment(10, 5, 1.0))
        display.update(moment(40, 10, 3.0))
    assert "a\\x1b[5mb assay/X-v0" in terminal.getvalue()
    assert "40/100" in terminal.getvalue()


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_hours():
    assert (clock(59), clock(61), clock(3_661)) == ("00:59", "01:01", "1:01:01")
