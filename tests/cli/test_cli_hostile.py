"""Policies that misuse the process they are in: the command still ends, with its result."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assay.evaluation.store import Store

ROOT = Path(__file__).resolve().parents[2]
HOSTILE = """
import os
import sys
import threading
import time


class Policy:
    deterministic = True

    def __init__(self, deed):
        self.deed, self.done = getattr(self, deed), False

    def reset(self, *, seed):
        pass

    def act(self, observation, info):
        if not self.done:
            self.done = True
            self.deed()
        return "0"

    def fork(self):
        os.fork()  # and both go on

    def thread(self):
        threading.Thread(target=time.sleep, args=(1_000,)).start()

    def walk(self):
        os.chdir("/")

    def close(self):
        for number in (0, 1, 2):
            os.close(number)

    def mute(self):
        sys.stdout.close()
        sys.stdout = sys.stderr = None
"""


@pytest.mark.parametrize("backend", ["inline", "process"])
@pytest.mark.parametrize("deed", ["fork", "thread", "walk", "close", "mute"])
def test_the_result_comes_once_and_the_command_ends(tmp_path, deed, backend):
    (tmp_path / "hostile.py").write_text(HOSTILE)
    words = ["evaluate", "hostile:Policy", "--envs", "assay/Compare-v0", "-n", "6", "--json"]
    words += ["--policy-arg", f"deed={deed}", "--backend", backend, "--out", "run.db"]
    ran = subprocess.run(
        [sys.executable, "-m", "assay.cli.main", *words], cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    (row,) = [json.loads(line) for line in ran.stdout.splitlines()]
    assert row["finished"] == 6
    assert "Traceback" not in ran.stderr
    with Store(tmp_path / "run.db", read_only=True) as store:
        assert store.query("SELECT count(*) FROM episodes") == [(6,)]
