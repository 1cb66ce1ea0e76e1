"""Whatever is killed, and whenever: one verdict a line, and the bytes of an undisturbed run."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest
from judge_toys import Faulty

from assay.core.errors import OptionError, WorkerLost
from assay.evaluation import judge as module
from assay.evaluation.judge import judge
from assay.evaluation.responses import pool
from assay.verifiers.workers import pool as verifiers

pytestmark = pytest.mark.core

HERE = Path(__file__).parent
N = 1_500


@pytest.fixture(autouse=True)
def fixed_revision(monkeypatch):
    """A commit made while a test runs must not turn its second call into another one."""
    monkeypatch.setattr(module, "source_revision", lambda: None)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "in.jsonl"
    records = [{"id": f"r{i}", "response": str(i % 3), "answer": "1"} for i in range(N)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


@pytest.fixture
def undisturbed(file, tmp_path):
    settings = {"pause_s": 0.0005}
    judge(file, "judge_toys:Faulty", verifier_settings=settings, out=tmp_path / "whole", workers=0)
    return (tmp_path / "whole").read_bytes()


def start(file, out, workers=2):
    paths = [str(HERE.parent.parent), str(HERE)]
    return subprocess.Popen(
        [sys.executable, str(HERE / "judge_script.py"), str(file), str(out), str(workers)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def size(path):
    return path.stat().st_size if path.exists() else 0


def test_killed_ten_times_and_resumed_gives_the_undisturbed_bytes(file, undisturbed, tmp_path):
    out, chance = tmp_path / "out", random.Random(os.urandom(8))
    marks = sorted(chance.randrange(len(undisturbed) * 9 // 10) for _ in range(8))
    for kill in range(10):
        process = start(file, out, workers=1 + kill % 2)
        if kill < 2:  # start-up, and the opening of the files
            time.sleep(chance.uniform(0.05, 0.6))
        else:
            while process.poll() is None and size(out) <= marks[kill - 2]:
                time.sleep(0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it ended by itself: raise N"
        if chance.random() < 0.5 and size(out):  # as if the last write had been cut short
            os.truncate(out, size(out) - chance.randrange(min(300, size(out))))
    process = start(file, out)
    text, errors = process.communicate(timeout=60)
    assert (process.returncode, text.split()) == (0, ["0", str(N), str(N // 3)]), errors
    assert out.read_bytes() == undisturbed


def test_interrupted_it_keeps_what_is_there_and_goes_on(file, undisturbed, tmp_path):
    out = tmp_path / "out"
    process = start(file, out)
    while process.poll() is None and not size(out):
        time.sleep(0.001)
    process.send_signal(signal.SIGINT)
    text, errors = process.communicate(timeout=20)
    assert process.returncode == 3, errors
    written = out.read_bytes()
    assert undisturbed.startswith(written)
    assert int(text.split()[1]) == written.count(b"\n") < N
    assert not out.with_name("out.lock").exists()
    process = start(file, out)
    process.communicate(timeout=60)
    assert out.read_bytes() == undisturbed


def test_workers_killed_at_random_lose_and_double_nothing(file, undisturbed, tmp_path, monkeypatch):
    monkeypatch.setattr(pool, "MAX_LOST", 10**6)  # here kills come from outside, without end
    chance, victims = random.Random(os.urandom(8)), set()
    listen = pool.WorkerPool._listen

    def hunted(self):
        ready = [w.process.pid for w in self._workers if w.ready]
        if ready and len(victims) < 12 and chance.random() < 0.3:
            victims.add(pid := chance.choice(ready))
            os.kill(pid, signal.SIGKILL)
        listen(self)

    monkeypatch.setattr(pool.WorkerPool, "_listen", hunted)
    settings = {"pause_s": 0.0005}
    found = judge(
        file, "judge_toys:Faulty", verifier_settings=settings, out=tmp_path / "out", workers=2
    )
    assert len(victims) >= 3
    assert found.n_errors == 0
    assert (tmp_path / "out").read_bytes() == undisturbed


def test_workers_of_the_verifier_killed_at_random_lose_nothing(tmp_path):
    """Those that decide, below those that judge: a line whose worker is lost is asked again."""
    records = [{"response": str(i % 3), "answer": "1"} for i in range(N)]
    expected = judge(records, "judge_toys:same", workers=0)
    chance, victims, over = random.Random(os.urandom(8)), set(), threading.Event()

    def hunt():
        while len(victims) < 8 and not over.wait(0.01):
            ready = [seat.process.pid for seat in verifiers.current()._seats if seat.ready]
            if ready and chance.random() < 0.3:
                victims.add(pid := chance.choice(ready))
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)

    hunter = threading.Thread(target=hunt)
    hunter.start()
    try:
        found = judge(records, "judge_toys:same", workers=0)
    finally:
        over.set()
        hunter.join()
    assert len(victims) >= 3
    assert found.statuses == expected.statuses == {"correct": N // 3, "incorrect": N - N // 3}
    assert [row["verdict"] for row in found.rows()] == [row["verdict"] for row in expected.rows()]


@pytest.mark.parametrize(
    ("fault", "code", "tries", "said"),
    [
        ("KILL", "worker.lost", {3}, "lost 3 times; the last ended by signal 9"),
        ("LEAVE", "worker.lost", {3}, "ended with exit code 7"),
        ("EXIT", "worker.lost", {3}, "ended with exit code 3"),
        ("HANG", "worker.slow", {2, 3}, "within 1 s, 2 times"),
    ],
)
def test_a_response_that_fells_its_worker_is_found_by_itself(tmp_path, fault, code, tries, said):
    records = [{"response": fault if i == 60 else "a", "answer": "a"} for i in range(120)]
    log = tmp_path / "log"
    found = judge(
        records, "judge_toys:Faulty", verifier_settings={"log": str(log)},
        workers=2, time_limit_s=1.0 if fault == "HANG" else 60.0,
    )  # fmt: skip
    rows = list(found.rows())
    assert [row["id"] for row in rows] == list(range(1, 121))
    assert [row["id"] for row in rows if row["verdict"]["status"] != "correct"] == [61]
    verdict = rows[60]["verdict"]
    assert (verdict["status"], verdict["code"]) == ("verifier_error", code)
    assert said in verdict["reason"]
    assert len(log.read_text().split()) in tries
    assert (found.passed, found.n, found.exit_code) == (119, 119, 1)


def test_no_worker_outlives_its_parent(file, tmp_path):
    path = tmp_path / "hang.jsonl"
    path.write_text(json.dumps({"response": "HANG", "answer": "a"}) + "\n")
    process = start(path, tmp_path / "out", workers=1)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    while not (found := children.read_text().split()):
        time.sleep(0.01)
    time.sleep(0.5)
    process.kill()
    process.communicate()
    (child,) = map(int, found)
    until = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < until:
        time.sleep(0.02)
    assert not Path(f"/proc/{child}").exists()


def test_workers_that_do_not_start_are_said(monkeypatch):
    records = [{"response": "a", "answer": "a"}]
    monkeypatch.setattr(pool.sys, "executable", "/bin/false")
    with pytest.raises(WorkerLost, match=r"3 in a row.*exit code 1.*--workers 0"):
        judge(records, "exact_text")
    monkeypatch.undo()
    monkeypatch.setattr(Faulty, "__reduce__", lambda self: (int, ("no",)), raising=False)
    with pytest.raises(OptionError, match=r"cannot be rebuilt in a worker.*workers=0"):
        judge(records, Faulty())


def test_memory_stays_flat(tmp_path):
    def peak_mb(n: int) -> float:
        path = tmp_path / f"{n}.jsonl"
        with path.open("w") as out:
            for i in range(n):
                out.write(json.dumps({"response": f"{i} " * 400, "answer": "1"}) + "\n")
        code = (
            "import resource, sys; from assay.evaluation.judge import judge;"
            "found = judge(sys.argv[1], 'exact_text', out=sys.argv[2]); assert found.done;"
            "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
        )
        words = [sys.executable, "-c", code, str(path), str(path) + ".out"]
        return float(subprocess.run(words, capture_output=True, text=True, check=True).stdout)

    small, large = peak_mb(1_000), peak_mb(16_000)
    assert large - small < 20, "40 MB of responses passed through"


def test_a_slow_last_line_ends_nothing_early():
    records = [{"response": str(i), "answer": "1"} for i in range(8)]
    settings = {"pause_s": 0.21}  # longer than the time after which finished rows are sent
    found = judge(records, "judge_toys:Faulty", verifier_settings=settings)
    assert (found.done, found.exit_code) == (8, 0)
