"""A disk that is really full, and a second driver that is really another process."""

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from full_disk import POLICY, N

from assay.evaluation.engine import evaluate
from assay.evaluation.store import Store

pytestmark = pytest.mark.core

HERE = Path(__file__).parent


def environment():
    paths = [str(HERE.parent.parent), str(HERE)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def can_mount():
    """Whether this process may mount a disk of its own (root, in most containers too)."""
    try:
        return subprocess.run(
            ["unshare", "-m", "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True
        ).returncode == 0  # fmt: skip
    except OSError:
        return False


@pytest.mark.skipif(not can_mount(), reason="a small disk cannot be mounted here: not root")
@pytest.mark.parametrize("filled", [150_000, 600_000], ids=["late", "at once"])
def test_a_full_disk_is_a_message_and_the_same_command_resumes(filled, tmp_path):
    folder, copy = tmp_path / "disk", tmp_path / "copy.db"
    folder.mkdir()
    done = subprocess.run(
        ["unshare", "-m", sys.executable, str(HERE / "full_disk.py"), folder, str(filled), copy],
        env=environment(), capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    full, again, room = found["ran"]
    for ran in (full, again):
        assert ran["code"] == 3 and "Traceback" not in ran["err"]
        assert "No room to write" in ran["err"] or "The disk did not take" in ran["err"]
        assert "run the same command again" in ran["err"]
    assert room["code"] == 0 and room["err"] == "" and f"{N} of {N} episodes" in room["out"]
    assert found["left"] == ["run.db"]
    with Store(copy, read_only=True) as store:
        assert store.query("PRAGMA quick_check") == [("ok",)]
        assert store.digest(1) == evaluate(POLICY, "toy/Sum-v0", n=N).digest


# ---------------------------------------------------------------------- commands


def command(*words):
    return [sys.executable, "-m", "assay.cli.main", *map(str, words)]


def evaluate_words(out, n=200_000):
    return ("evaluate", POLICY, "--import", "evaluation_toys", "--envs",
            "toy/Sum-v0", "-n", n, "--out", out)  # fmt: skip


def start(out, **how):
    """An evaluation that has begun to write."""
    process = subprocess.Popen(
        command(*evaluate_words(out, **how)), env=environment(), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    log = out.with_name(out.name + "-wal")
    while process.poll() is None and not (log.exists() and log.stat().st_size > 100_000):
        time.sleep(0.005)
    assert process.poll() is None, process.communicate()
    return process


def test_a_second_driver_is_refused_and_the_first_named(tmp_path):
    out = tmp_path / "run.db"
    first = start(out)
    try:
        second = subprocess.run(
            command(*evaluate_words(out)), env=environment(), capture_output=True, text=True
        )
        assert second.returncode == 2 and second.stderr.count("\n") == 1
        assert f"is being written by process {first.pid} on " in second.stderr
        with Store(out, read_only=True) as reader:  # reading meanwhile disturbs nobody
            assert reader.query("SELECT count(*) FROM episodes")[0][0] > 0
    finally:
        first.send_signal(signal.SIGINT)
        _, said = first.communicate(timeout=60)
    assert first.returncode == 3, said


@pytest.mark.parametrize("times", [1, 2])
def test_an_interrupt_exits_with_3_and_the_command_it_prints_resumes(times, tmp_path):
    out = tmp_path / "run with a space.db"
    n = 4_000
    process = start(out, n=n)
    process.send_signal(signal.SIGINT)
    if times == 2:
        time.sleep(0.02)  # two at once would be one
        process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3 and "Traceback" not in said, said
    with Store(out, read_only=True) as store:
        assert store.query("PRAGMA quick_check") == [("ok",)]
        stored = store.query("SELECT count(*) FROM episodes")[0][0]
    assert 0 < stored < n
    words = list(map(str, evaluate_words(out, n=n)))
    if times == 1:
        (line,) = [line for line in said.splitlines() if line.startswith("Interrupted.")]
        assert shlex.split(line.partition(": ")[2]) == ["assay", *words]
    resumed = subprocess.run(command(*words), env=environment(), capture_output=True, text=True)
    assert resumed.returncode == 0 and f"{n} of {n} episodes" in resumed.stdout, resumed.stderr
