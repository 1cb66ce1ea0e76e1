"""Whatever stops a run, and whenever: every row once, and the digest of an undisturbed run."""

import functools
import json
import multiprocessing.forkserver
import os
import random
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path

import pytest

from assay.evaluation.engine import evaluate
from assay.evaluation.store import Store
from benchmarks import kills

pytestmark = pytest.mark.core

HERE = Path(__file__).parent
N = 6_000
MARK = "ASSAY_KILL_TEST"


ENDS = 5.0  # seconds for the processes of a killed driver


@pytest.fixture(params=[0, 1, 2], ids=["inline", "one", "two"])
def workers(request):
    return request.param


@pytest.fixture
def mark():
    """In the environment of everything that `start` starts; afterwards nothing of it may live."""
    word = f"{MARK}={uuid.uuid4().hex}"
    yield word
    until = time.monotonic() + ENDS
    while (left := living(word)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not left


def living(word):
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if word.encode() in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
        except OSError:
            continue
    return found


def start(out, workers, mark, n=N, work=15_000):
    paths = [str(HERE.parent.parent), str(HERE)]
    name, _, word = mark.partition("=")
    return subprocess.Popen(
        [sys.executable, str(HERE / "kill_script.py"), str(out), str(n), str(workers)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths), name: word, "WORK": str(work)},
        start_new_session=True,
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


def finish(out, workers, mark, n=N):
    process = start(out, workers, mark, n, work=0)
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


@functools.lru_cache
def whole_digest():
    return evaluate("kill_script:Steady", "toy/Sum-v0", n=N, backend="inline").digest


@pytest.mark.parametrize(("workers", "n_kills"), [(0, 6), (2, 4)], ids=["inline", "two"])
def test_killed_again_and_again_and_resumed_gives_the_undisturbed_digest(
    tmp_path, mark, workers, n_kills
):
    out, chance = tmp_path / "killed.db", random.Random(seeded())
    n_killed, seen = 0, 0
    while n_killed < n_kills:
        process = start(out, workers, mark)
        if n_killed % 2:
            wait_for_log(out, process, chance.randrange(1, 120_000))
            time.sleep(chance.uniform(0.0, 0.01))
        else:  # start-up and the opening of the file
            time.sleep(chance.uniform(0.05, 0.45))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        assert process.returncode == -signal.SIGKILL, "it ended by itself: raise N"
        n_killed += 1
        stored = rows(out)
        assert seen <= stored <= N
        seen = stored
    assert finish(out, workers, mark) == [whole_digest(), "0", str(N)]


def seeded():
    """Another seed each time, which a failing test shows."""
    seed = int.from_bytes(os.urandom(4), "big")
    print("seed", seed)
    return seed


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_workers_killed_on_a_fifth_of_the_units_cost_no_row(tmp_path, workers):
    settings = {"folder": str(tmp_path), "one_in": 25, "seed": seeded()}
    results = evaluate(
        "kill_script:Mortal", "toy/Sum-v0", n=1_000, unit=5, policy_settings=settings,
        backend="process", workers=workers,
    )  # fmt: skip
    assert 10 < len(os.listdir(tmp_path)) < 90
    assert results.exit_code == 0 and results[0].counts["finished"] == 1_000
    for episode in range(1_000):
        (tmp_path / str(episode)).touch()
    whole = evaluate(
        "kill_script:Mortal", "toy/Sum-v0", n=1_000, policy_settings=settings, backend="inline"
    )
    assert results.digest == whole.digest and results.findings == 0


def test_a_fork_server_that_is_killed_is_replaced():
    moments = [20, 80, 150]

    def kill(moment):
        if moments and moment.done >= moments[0]:
            moments.pop(0)
            os.kill(multiprocessing.forkserver._forkserver._forkserver_pid, signal.SIGKILL)

    results = evaluate(
        "evaluation_toys:Walker", "toy/Walk-v0", n=250, backend="process", workers=2,
        policy_settings={"pause_s": 0.001}, progress=kill,
    )  # fmt: skip
    assert results.exit_code == 0 and not moments
    whole = evaluate("evaluation_toys:Walker", "toy/Walk-v0", n=250, backend="inline")
    assert results.digest == whole.digest


@pytest.mark.parametrize(
    ("workers", "whom"), [(0, "driver"), (1, "driver"), (2, "group")], ids=["inline", "one", "two"]
)
def test_interrupted_once_it_says_so_and_resumes(tmp_path, mark, workers, whom):
    out = tmp_path / "run.db"
    process = start(out, workers, mark)
    wait_for_log(out, process)
    if whom == "driver":
        process.send_signal(signal.SIGINT)
    else:  # as a terminal does
        os.killpg(process.pid, signal.SIGINT)
    text, errors = process.communicate(timeout=60)
    assert process.returncode == 3, errors
    assert not errors, "nobody else has anything to say about it"
    stored = rows(out)
    assert stored < N and text.split()[1:] == ["3", str(stored)]
    assert finish(out, workers, mark)[0] == whole_digest()


def test_terminated_twice_it_stops_at_once_and_leaves_a_valid_file(tmp_path, mark, workers):
    out = tmp_path / "run.db"
    process = start(out, workers, mark, 500_000)
    wait_for_log(out, process)
    while process.poll() is None:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.002)
    process.communicate(timeout=60)
    assert rows(out) >= 0
    assert not out.with_name("run.db.lock").exists()


def test_the_benchmark_of_kills_finds_nothing(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["kills", "--n", "50", "--json"])
    code = kills.main()
    found = json.loads(capsys.readouterr().out)
    assert code == 0, found
    assert found["kills"] >= 50 and found["worker_kills"] > 0
    assert found["lost"] == found["doubled"] == found["orphans"] == 0
    assert len(found["digests"]) == 1
