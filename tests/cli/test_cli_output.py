"""Standard output is for data: what anybody else prints, or hides in a name, does not get there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOUD = """
import ctypes
import os

from assay.core.registry import card, register
from assay.envs.math.compare import CompareEnv, counterfeits, solution

print("NOISE of an import")


class Loud:
    deterministic = True

    def __init__(self):
        print("NOISE of a beginning")

    def reset(self, *, seed):
        os.write(1, b"NOISE past Python\\n")

    def act(self, observation, info):
        os.system("echo NOISE of a child")
        ctypes.CDLL(None).puts(b"NOISE of C")
        print("NOISE of an action")
        return "0"


class LoudMany(Loud):
    def act_batch(self, observations, infos, keys):
        return [self.act(None, {}) for _ in keys]


class LoudEnv(CompareEnv):
    def observe(self):
        print("NOISE of an environment")
        return super().observe()


def decide(outcome, task):
    print("NOISE of a verifier")
    return True


from dataclasses import replace  # noqa: E402
register(replace(card("assay/Compare-v0"), id="loud/Compare-v0", entry_point="loud:LoudEnv"))
"""


def assay(folder: Path, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay.cli.main", *words],
        cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, input=stdin,
        capture_output=True, text=True, timeout=100,
    )  # fmt: skip


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "loud.py").write_text(LOUD)
    (tmp_path / "lines.jsonl").write_text('{"response": "1", "answer": "1"}\n' * 3)
    return tmp_path


EVALUATE = ("evaluate", "loud:Loud", "--envs", "loud/Compare-v0", "-n", "2", "--json")
SERVED = ("evaluate", "loud:LoudMany", *EVALUATE[2:], "--policy-server", "on")
JUDGE = ("judge", "lines.jsonl", "--verifier", "loud:decide", "--json", "--out")
VERBS = {
    "inline": ((*EVALUATE, "--backend", "inline"), "an action"),
    "process": ((*EVALUATE, "--backend", "process"), "an action"),
    "served": (SERVED, "C"),
    "judge here": ((*JUDGE, "a", "--workers", "0"), "an import"),
    "judge": ((*JUDGE, "b"), "an import"),  # a function's own process has nobody to print to
    "play": (("play", "loud/Compare-v0", "--policy", "loud:Loud", "--json"), "an environment"),
    "describe": (("describe", "loud/Compare-v0", "--json"), "an environment"),
    "check": (("check", "loud/Compare-v0", "--json"), "an environment"),
    "check a verifier": (
        ("check", "loud:decide", "--reference", "1", "--fuzz", "9", "--json"),
        "an import",
    ),
    "list": (("list", "--json"), "an import"),
}


@pytest.mark.parametrize("verb", VERBS)
def test_what_others_print_is_no_data(folder, verb):
    words, said = VERBS[verb]
    ran = assay(folder, *words, "--import", "loud")
    assert ran.returncode in (0, 1), ran.stderr
    rows = [json.loads(line) for line in ran.stdout.splitlines()]
    assert rows and all(isinstance(row, dict) for row in rows)
    assert f"NOISE of {said}" in ran.stderr


def test_a_person_plays_through_pipes_as_before(folder):
    ran = assay(folder, "play", "loud/Compare-v0", "--import", "loud", "--seed", "1", stdin="0\n")
    assert ran.returncode == 0, ran.stderr
    assert "PASSED" in ran.stdout and "Again: " in ran.stdout and "NOISE" not in ran.stdout


ESCAPE = "\x1b]0;owned\x07\x1b[31m"


@pytest.mark.parametrize(
    "words",
    [
        ("report", f"{ESCAPE}.db"),
        ("judge", f"{ESCAPE}.jsonl", "--verifier", "number"),
        ("judge", "hostile.jsonl", "--verifier", "number"),
        ("evaluate", "random", "--envs", f"assay/{ESCAPE}-v0"),
        ("evaluate", f"random{ESCAPE}", "--envs", "assay/Compare-v0"),
        (f"evalu{ESCAPE}",),
        ("list", f"--{ESCAPE}"),
        ("list", "--import", f"m{ESCAPE}"),
        ("evaluate", "hostile:Policy", "--envs", "assay/Compare-v0", "-n", "1"),
    ],
)
def test_no_escape_sequence_reaches_the_terminal(folder, words):
    (folder / "hostile.jsonl").write_text(json.dumps({ESCAPE: 1}) + "\n")
    (folder / "hostile.py").write_text(
        "import logging\n"
        "class Policy:\n"
        "    deterministic = True\n"
        "    def __init__(self):\n"
        f"        logging.getLogger('assay').warning({ESCAPE!r})\n"
        f"        raise ValueError({ESCAPE!r})\n"
    )
    ran = assay(folder, *words)
    assert ran.returncode == 2
    assert "\x1b" not in ran.stderr and "\x07" not in ran.stderr
    assert "\\x1b" in ran.stderr
