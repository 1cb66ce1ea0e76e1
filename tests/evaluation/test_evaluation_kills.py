"""Whatever stops a run, and whenever: every row once, and the digest of an undisturbed run."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from evaluation_toys import Adder

from assay.evaluation.engine import evaluate
from assay.evaluation.store import Store

pytestmark = pytest.mark.core

HERE = Path(__file__).parent
N = 6_000


def start(out, n=N):
    paths = [str(HERE.parent.parent), str(HERE)]
    return subprocess.Popen(
        [sys.executable, str(HERE / "kill_script.py"), str(out), str(n)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def rows(out):
    if not out.exists():
        return 0
    with Store(out) as store:  # also recovers what a killed writer left
        assert store.query("PRAGMA quick_check") == [("ok",)]
        episodes = store.query("SELECT count(*) FROM episodes")[0][0]
        assert episodes == store.query("SELECT count(*) FROM trajectories")[0][0]
        return episodes


def finish(out, n=N):
    process = start(out, n)
    text, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return text.split()


def wait_for_log(out, process, n_bytes=1):
    """Until the process has written this much; time says little on a busy machine."""
    log = out.with_name(out.name + "-wal")
    while process.poll() is None:
        if log.exists() and log.stat().st_size >= n_bytes:
            return
        time.sleep(0.002)


def whole_digest():
    return evaluate(Adder(), "toy/Sum-v0", n=N).digest  # `Steady` answers the same, only slower


def test_killed_ten_times_and_resumed_gives_the_undisturbed_digest(tmp_path):
    out, chance = tmp_path / "killed.db", random.Random(os.urandom(8))
    kills, seen = 0, 0
    while kills < 10:
        process = start(out)
        if kills % 2:
            wait_for_log(out, process, chance.randrange(1, 120_000))
            time.sleep(chance.uniform(0.0, 0.01))
        else:  # start-up and the opening of the file
            time.sleep(chance.uniform(0.05, 0.45))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it ended by itself: raise N"
        kills += 1
        stored = rows(out)
        assert seen <= stored <= N
        seen = stored
    assert finish(out) == [whole_digest(), "0", str(N)]


def test_interrupted_once_it_says_so_and_resumes(tmp_path):
    out = tmp_path / "run.db"
    process = start(out)
    wait_for_log(out, process)
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    stored = rows(out)
    assert stored < N and text.split()[1:] == ["3", str(stored)]
    assert finish(out)[0] == whole_digest()


def test_terminated_twice_it_stops_at_once_and_leaves_a_valid_file(tmp_path):
    out = tmp_path / "run.db"
    process = start(out, 500_000)
    wait_for_log(out, process)
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.002)
    process.communicate(timeout=60)
    assert rows(out) >= 0
    assert not out.with_name("run.db.lock").exists()
