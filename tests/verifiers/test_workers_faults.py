"""Workers under fire: killed, stopped, cut off, starved; then recovery, and nothing left behind."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from worker_calls import Remote

from assay.core.types import Limits
from assay.verifiers.workers import crew, pool, seat
from assay.verifiers.workers.pending import verdict_of
from assay.verifiers.workers.pool import ask

HERE = Path(__file__).parent
PATIENCE_S = 30.0


@pytest.fixture(autouse=True)
def own_pool():
    pool.close()
    yield
    pool.close()


@pytest.fixture
def alone(monkeypatch):
    monkeypatch.setattr(pool, "pool_size", lambda: 1)


def eventually(condition: Callable[[], object]) -> bool:
    until = time.monotonic() + PATIENCE_S
    while not condition():
        if time.monotonic() > until:
            return False
        time.sleep(0.01)
    return True


def exists(pid: int) -> bool:
    """Whether there is such a process, zombies included."""
    return Path(f"/proc/{pid}").exists()


def state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "gone"


def served() -> bool:
    return ask("worker_calls:echo", {"a": 1}).result == {"a": 1}


def running(tmp_path: Path, seconds: float, limits: Limits = pool.DEFAULT_LIMITS):
    """A question that a worker is at: the thread that waits, its answers, the worker."""
    mark = str(tmp_path / f"mark{time.monotonic_ns()}")
    answers = []
    thread = threading.Thread(
        target=lambda: answers.append(
            ask("worker_calls:wait", {"s": seconds, "mark": mark}, limits)
        ),
        daemon=True,
    )
    thread.start()
    assert eventually(lambda: os.path.exists(mark))
    (busy,) = [s for s in pool.current()._seats if s.job is not None]
    return thread, answers, busy.process.pid


# ---------------------------------------------------------------------- one worker at a time


def test_killed_in_the_middle_of_a_request(tmp_path):
    thread, answers, pid = running(tmp_path, 60)
    os.kill(pid, signal.SIGKILL)
    thread.join(PATIENCE_S)
    (answer,) = answers
    assert (answer.status, answer.code) == ("failed", "worker.lost")
    verdict = verdict_of(answer)
    assert verdict.status == "verifier_error" and verdict.isolation == "worker"
    assert served()
    assert eventually(lambda: not exists(pid))


def test_killed_while_idle_costs_no_request(alone):
    ask("worker_calls:echo", {})
    for _ in range(5):
        (pid,) = pool.current().pids()
        os.kill(pid, signal.SIGKILL)
        assert eventually(lambda pid=pid: state(pid) in "Zgone")
        assert served()


def test_stopped_it_is_asked_again_of_a_fresh_worker(tmp_path):
    mark = tmp_path / "mark"
    mark.touch()
    limits = Limits(cpu_s=5, wall_s=0.5)
    answer = ask("worker_calls:stop_once", {"mark": str(mark)}, limits)
    assert answer.status == "done" and answer.cost.queue_s > limits.wall_s
    assert exists(answer.result["pid"])


def test_stopped_by_a_stranger_it_is_answered_by_a_fresh_worker(tmp_path):
    thread, answers, pid = running(tmp_path, 1.0, Limits(cpu_s=5, wall_s=2.0))
    os.kill(pid, signal.SIGSTOP)
    thread.join(PATIENCE_S)
    (answer,) = answers
    assert answer.status == "done" and answer.result["pid"] != pid
    assert eventually(lambda: not exists(pid))
    assert served()


def test_stopped_twice_is_an_error_and_never_a_refusal():
    limits = Limits(cpu_s=5, wall_s=0.4)
    answer = ask("worker_calls:die", {"signal": signal.SIGSTOP}, limits)
    assert (answer.status, answer.code) == ("slow", "machine.slow")
    assert answer.cost.cpu_s < 0.8 * limits.cpu_s
    assert verdict_of(answer).status == "verifier_error"
    assert served()


def test_a_wall_deadline_with_the_cpu_time_nearly_spent_is_over_limit():
    limits = Limits(cpu_s=1.0, wall_s=0.95)  # spins: some 0.95 s of CPU time, if left alone
    answer = ask("worker_calls:spin", {}, limits)
    used = answer.cost.cpu_s / limits.cpu_s
    assert answer.status == ("over_limit" if used >= seat.ENOUGH_CPU else "slow")


@pytest.mark.parametrize("call", ["shut", "leave"])
def test_a_pipe_that_breaks(call):
    answer = ask(f"worker_calls:{call}", {"s": 60})
    assert (answer.status, answer.code) == ("failed", "worker.lost")
    assert served()


def test_a_pipe_that_breaks_on_our_side():
    ask("worker_calls:echo", {})
    (one,) = pool.current()._seats
    nowhere = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nowhere, one.send_fd)
    os.close(nowhere)
    assert ask("worker_calls:echo", {}).code == "worker.lost"
    assert served()


def test_bytes_that_are_no_frame(tmp_path):
    thread, answers, _ = running(tmp_path, 60)
    (one,) = pool.current()._seats
    one._unread += b"\x02\0\0\0{]"
    os.kill(one.process.pid, signal.SIGKILL)
    thread.join(PATIENCE_S)
    assert answers[0].code == "worker.lost"
    assert served()


def test_memory_is_given_back_and_the_next_is_served():
    for _ in range(3):
        assert ask("worker_calls:fill", {}, Limits(memory_mb=200)).code == "limit.memory"
        assert served()


# ---------------------------------------------------------------------- starts


def test_no_worker_can_be_started(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nothing/here")
    answer = ask("worker_calls:echo", {})
    assert (answer.status, answer.code) == ("failed", "worker.unstarted")
    assert "/nothing/here" in answer.message
    monkeypatch.undo()
    assert served()


def test_workers_that_end_before_they_are_ready(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/bin/false")
    answer = ask("worker_calls:echo", {})
    assert answer.code == "worker.unstarted"
    assert "'/bin/false' ended before it was ready (exit status 1)" in answer.message
    monkeypatch.undo()
    assert served()


def test_a_worker_that_never_becomes_ready(monkeypatch, tmp_path):
    monkeypatch.setattr(seat, "LOAD_S", 0.3)
    monkeypatch.setattr(seat, "CHILD", str(tmp_path / "child.py"))
    (tmp_path / "child.py").write_text("import time; time.sleep(60)")
    assert "took too long" in ask("worker_calls:echo", {}).message
    monkeypatch.undo()
    assert served()


NO_DESCRIPTORS = """
import os, resource, sys, time
from worker_calls import Remote
from assay.verifiers.workers import pool

def exhausted():
    held = []
    try:
        while True:
            held.append(os.open(os.devnull, os.O_RDONLY))
    except OSError:
        return held

resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
if sys.argv[1] == "begun":
    assert Remote().verify("x").passed
    worker = pool.current()._seats[0].process.pid
    os.kill(worker, 9)
    while os.path.exists(f"/proc/{worker}"):
        time.sleep(0.01)
held = exhausted()
for _ in range(2):
    verdict = Remote().verify("x")
    assert verdict.status == "verifier_error", verdict
    assert verdict.code == "worker.unstarted" and "open files" in verdict.reason, verdict
for fd in held:
    os.close(fd)
before = len(os.listdir("/proc/self/fd"))
for _ in range(5):
    assert Remote().verify("x").passed
    pool.close()
assert len(os.listdir("/proc/self/fd")) <= before
print("recovered")
"""


def environment() -> dict[str, str]:
    """In which a program finds this package and `worker_calls`."""
    paths = [str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


def script(code: str, *arguments: str, **options) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        **options,
    )


@pytest.mark.parametrize("when", ["begun", "unbegun"])
def test_descriptors_run_out(when):
    done = script(NO_DESCRIPTORS, when)
    assert done.stdout == "recovered\n", done.stderr


def test_the_thread_of_the_pool_fails(monkeypatch, caplog):
    ask("worker_calls:echo", {})
    monkeypatch.setattr(crew.Crew, "_deal", lambda self: 1 / 0)
    assert ask("worker_calls:echo", {}).code == "worker.lost"
    monkeypatch.undo()
    assert served()
    assert "pool of verifier workers failed" in caplog.text


# ---------------------------------------------------------------------- what is left behind


def test_no_zombies_and_no_descriptors(alone):
    assert served()
    before = set(os.listdir("/proc/self/fd"))
    pids = set()
    for call in ("leave", "fill", "spin", "shut") * 2:
        ask(f"worker_calls:{call}", {"s": 60}, Limits(cpu_s=0.1, memory_mb=100))
        pids |= set(pool.current().pids())
    assert served()
    kept = set(pool.current().pids())
    assert len(pids) >= 8
    assert eventually(lambda: not [pid for pid in pids - kept if exists(pid)])
    assert len(set(os.listdir("/proc/self/fd")) - before) <= 0
    pool.close()
    assert not [pid for pid in kept if exists(pid)]


ORPHANS = """
import sys, threading, time
from assay.core.types import Limits
from assay.verifiers.workers import pool
from assay.verifiers.workers.pool import ask

pool.pool_size = lambda: 4
endless = Limits(cpu_s=600, wall_s=600)
for call in ("spin", "wait", "wait"):
    threading.Thread(
        target=ask, args=(f"worker_calls:{call}", {"s": 600}, endless), daemon=True
    ).start()
while len([s for s in pool.current()._seats if s.job]) < 3:
    time.sleep(0.01)
ask("worker_calls:echo", {})
print(*pool.current().pids(), flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("way", ["SIGKILL", "SIGTERM", "SIGINT", "stopped"])
def test_no_orphans_when_the_parent_is_gone(way):
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    pids = [int(word) for word in parent.stdout.readline().split()]
    assert len(pids) == 4 and all(exists(pid) for pid in pids)
    if way == "stopped":
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
    parent.send_signal(getattr(signal, way, signal.SIGKILL))
    parent.wait(PATIENCE_S)
    parent.stdout.close()
    assert eventually(lambda: not [pid for pid in pids if exists(pid)])


def test_memory_of_the_parent_stays_where_it_is():
    def resident_kb() -> int:
        text = Path("/proc/self/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0])

    pairs = [("x" * 1_000, None)] * 250
    verifier = Remote()
    verifier.verify_batch(pairs)
    before = resident_kb()
    for _ in range(3):
        assert all(verdict.passed for verdict in verifier.verify_batch(pairs))
    assert resident_kb() - before < 6_000
