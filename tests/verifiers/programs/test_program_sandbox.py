"""Where submissions run: levels, callers of every kind, faults of the machine, and what is left."""

import json
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from judging import HONEST, QUICK, SQUARES, judge, refused

from assay.core.types import Limits
from assay.verifiers import PythonFunctionVerifier, Sandbox, StdioVerifier
from assay.verifiers.programs.keepers import BOOT, Keeper, KeeperLost, pool, shut_down
from assay.verifiers.programs.sandbox import WAYS, Offer, offer, offers

WRONG = "def square(n):\n    return 7\n"
SYSTEM_PYTHON = shutil.which("python3", path="/usr/bin:/usr/local/bin")
ROOT = os.geteuid() == 0


# Levels.


def test_every_way_is_offered_or_says_why_not_and_what_would_help():
    found = offers()
    assert [one.way for one in found] == list(WAYS)
    assert [one.level for one in found] == [3, 2, 2, 2, 1]
    for one in found:
        assert one.available is (one.reason == "") is (one.remedy == "")


def test_the_strongest_way_is_taken_and_named():
    verdict = judge("auto", HONEST)
    best = next(one for one in offers() if one.available)
    assert verdict.isolation == f"sandbox:{best.level}"
    assert verdict.details["sandbox"] == best.way
    assert all(child.isolation == verdict.isolation for child in verdict.children)


def test_a_level_that_cannot_be_had_is_an_error_and_no_weaker_run():
    verdict = judge("plain", HONEST, min_level=2)
    assert (verdict.status, verdict.code) == ("verifier_error", "machine.no_sandbox")
    assert not verdict.passed
    verdict = judge("auto", HONEST, min_level=3)
    assert (verdict.status, verdict.code) == ("verifier_error", "machine.no_sandbox")
    assert "runner" in verdict.reason
    verdict = StdioVerifier([["", ""]], min_level=3).verify("pass")
    assert (verdict.status, verdict.code) == ("verifier_error", "machine.no_sandbox")


def test_a_runner_of_the_users_own_is_level_3(tmp_path):
    log = tmp_path / "started"
    script = tmp_path / "runner"
    script.write_text(f'#!/bin/sh\necho started >> {log}\nexec "$@"\n')
    script.chmod(0o755)
    words = (
        str(script),
        "env",
        "-i",
        "PYTHONHASHSEED=0",
        sys.executable,
        "-I",
        "-S",
        "-c",
        "{boot}",
    )
    sandbox = Sandbox(runner=words)
    verifier = PythonFunctionVerifier(
        "square", SQUARES, limits=Limits(cpu_s=1, wall_s=60), min_level=3, sandbox=sandbox
    )
    verdict = verifier.verify(HONEST)
    assert (verdict.passed, verdict.isolation) == (True, "sandbox:3"), verdict
    refused(verifier.verify(WRONG), "program.different")
    refused(verifier.verify("import os\ndef square(n): os._exit(0)"), "program.no_result")
    refused(verifier.verify("def square(n):\n    while True: pass"), "limit.cpu")
    refused(verifier.verify("def square(n):\n    return bytearray(10**10)"), "limit.memory")
    refused(verifier.verify("import os\ndef square(n):\n    os.write(3, b'9')\n    return 9"))
    assert log.read_text().count("started") >= 4
    programs = StdioVerifier([["4\n", "8\n"]], limits=QUICK, min_level=3, sandbox=sandbox)
    assert programs.verify("print(2 * int(input()))").passed
    refused(programs.verify("print(7)"), "program.different")
    refused(programs.verify("print(2 * int(input()))\n1 / 0"), "program.exit_status")
    refused(programs.verify("print("), "program.unparsable")
    refused(programs.verify("print('x' * 2_000_000)"), "limit.size")


def test_a_runner_that_does_not_run_is_an_error():
    for words in (("/nowhere/at/all", "{boot}"), ("false", "{boot}"), ("echo", "{boot}")):
        sandbox = Sandbox(way="runner", runner=words)
        verdict = PythonFunctionVerifier("square", SQUARES, sandbox=sandbox).verify(HONEST)
        assert verdict.status == "verifier_error", words
        assert not offer("runner", sandbox).available


# Every kind of caller.


def verdicts_of(way: str) -> list[tuple[str, str]]:
    return [
        (verdict.status, verdict.code)
        for verdict in (judge(way, source) for source in (HONEST, WRONG, "x", "def square(n): 1/0"))
    ]


EXPECTED = [
    ("correct", "program.passed"),
    ("incorrect", "program.different"),
    ("no_answer", "program.no_function"),
    ("incorrect", "program.raised"),
]


def test_from_threads(way):
    results: list[list[tuple[str, str]]] = []
    threads = [threading.Thread(target=lambda: results.append(verdicts_of(way))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [EXPECTED] * 6


def _in_child(way: str, queue) -> None:
    queue.put(verdicts_of(way))
    shut_down()


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_from_daemonic_processes(method):
    assert verdicts_of("auto") == EXPECTED  # keepers of this process are there when it forks
    context = multiprocessing.get_context(method)
    queue = context.Queue()
    process = context.Process(target=_in_child, args=("auto", queue), daemon=True)
    process.start()
    assert queue.get(timeout=60) == EXPECTED
    process.join(30)
    assert verdicts_of("auto") == EXPECTED


ORDINARY = """
import json, os, sys
sys.path[:0] = [{tests!r}]
from judging import HONEST, QUICK, SQUARES, judge
from assay.core.types import Limits
from assay.verifiers import StdioVerifier, Sandbox
from assay.verifiers.programs import check, keepers, runs
from assay.verifiers.programs.sandbox import offers
keepers._sources()
{become}
os.chdir('/')
shown = {{one.way: one.reason for one in offers()}}
print(json.dumps(shown), file=sys.stderr)
out = {{'reasons': shown}}
SOURCES = {sources!r}
for way, reason in shown.items():
    if not reason:
        out[way] = {{}}
        for name, source in SOURCES.items():
            tests = [[[3], 9]] if name != 'pid' else [[[os.getpid()], 9]]
            verdict = judge(way, source, tests)
            out[way][name] = [verdict.status, verdict.code, verdict.isolation]
        program = StdioVerifier([['4', '8']], limits=QUICK, sandbox=Sandbox(way=way))
        verdict = program.verify('print(2 * int(input()))')
        out[way]['stdio'] = [verdict.status, verdict.code, verdict.isolation]
keepers.shut_down()
print(json.dumps(out))
"""
BY_NAME = {
    "honest": HONEST,
    "wrong": WRONG,
    "exit": "import os\ndef square(n): os._exit(0)",
    "loop": "def square(n):\n    while True: pass",
    "fork bomb": "import os\ndef square(n):\n    while True:\n        try: os.fork()\n"
    "        except OSError: pass",
    "memory": "def square(n):\n    return len(bytearray(10**9))",
    "threads": "from concurrent.futures import ThreadPoolExecutor as P\n"
    "def square(n):\n    with P(4) as p:\n        return sum(p.map(lambda k: n, range(n)))",
    "leaves a process": "import os, time\ndef square(n):\n    if os.fork() == 0:\n"
    "        os.setsid()\n        time.sleep(60)\n    return n * n",
    "kills": "import os, signal\ndef square(n):\n    os.kill(os.getppid() or 1, signal.SIGKILL)\n"
    "    return 7",
    "pid": "import os\ndef square(pid):\n    try:\n        open(f'/proc/{pid}/mem', 'rb').close()\n"
    "    except OSError:\n        return 9\n    return 1",
    "rights": "import ctypes\ndef square(n):\n    libc = ctypes.CDLL(None)\n"
    "    return 9 if libc.unshare(0x10000000) and libc.mount(b'x', b'/', b'tmpfs', 0, 0) else 1",
}  # fmt: skip


def ordinary(prefix: list[str], python: str, become: str) -> dict[str, dict[str, list[str]]]:
    """Verdicts of a process of another kind of user, by way and name."""
    script = ORDINARY.format(tests=str(Path(__file__).parent), sources=BY_NAME, become=become)
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script],
        env={**os.environ, "ASSAY_SANDBOX_PYTHON": python},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def as_nobody() -> dict[str, dict[str, list[str]]]:
    if not ROOT or SYSTEM_PYTHON is None:
        pytest.skip("needs root, to become another user, and a Python that this user can start")
    become = "os.setgroups([]); os.setresgid(*[65534] * 3); os.setresuid(*[65534] * 3)"
    return ordinary([], SYSTEM_PYTHON, become)


@pytest.fixture(scope="module")
def as_root_of_one_id() -> dict[str, dict[str, list[str]]]:
    """Root of a user namespace that maps nobody else, as in some containers."""
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-r", "true"]).returncode:
        pytest.skip("this machine gives no user namespace")
    return ordinary(["unshare", "-r"], sys.executable, "assert os.getuid() == 0")


@pytest.mark.parametrize("ours", ["namespaces", "bwrap", "landlock", "plain"])
def test_as_root_of_one_id(as_root_of_one_id, ours):
    test_as_an_ordinary_user(as_root_of_one_id, ours)


@pytest.mark.parametrize("ours", ["namespaces", "bwrap", "landlock", "plain"])
def test_as_an_ordinary_user(as_nobody, ours):
    if as_nobody["reasons"][ours]:
        pytest.skip(f"{ours}: {as_nobody['reasons'][ours]}")
    found = as_nobody[ours]
    level = "sandbox:1" if ours == "plain" else "sandbox:2"
    assert all(isolation == level for _, _, isolation in found.values())
    for name in ("honest", "threads", "stdio", "leaves a process", "pid"):
        assert found[name][0] == "correct", (name, found[name])
    assert found["wrong"][:2] == ["incorrect", "program.different"]
    assert found["exit"][:2] == ["incorrect", "program.no_result"]
    assert found["loop"][:2] == ["over_limit", "limit.cpu"]
    assert found["memory"][:2] == ["over_limit", "limit.memory"]
    assert found["fork bomb"][1] in ("limit.cpu", "limit.memory", "limit.wall", "program.raised")
    assert found["kills"][0] == "incorrect"
    if ours != "plain":
        assert found["rights"][0] == "correct"


# Faults of the machine.


def test_a_keeper_that_is_killed_is_replaced(way):
    assert judge(way, HONEST).passed
    for keeper in pool().all:
        keeper.process.kill()
    for keeper in list(pool().all):
        keeper.process.wait()
    assert judge(way, HONEST).passed


def test_a_keeper_that_is_killed_in_the_middle_costs_a_second_try():
    stop = threading.Event()

    def kill_once() -> None:
        while not stop.is_set():
            idle = {keeper for waiting in pool().idle.values() for keeper in waiting}
            busy = list(pool().all - idle)
            if busy:
                time.sleep(0.2)
                busy[0].process.kill()
                return
            time.sleep(0.01)

    thread = threading.Thread(target=kill_once)
    thread.start()
    source = "import time\ndef square(n):\n    time.sleep(0.8)\n    return n * n\n"
    verdict = judge("auto", source, [[[3], 9]])
    stop.set()
    thread.join()
    assert verdict.passed, verdict


def test_a_machine_that_fails_every_time_is_an_error(monkeypatch):
    def lost(self, request, timeout_s, reply=None):
        raise KeeperLost("the sandbox's process has ended")

    assert judge("auto", HONEST).passed
    monkeypatch.setattr(Keeper, "ask", lost)
    verdict = judge("auto", HONEST)
    assert (verdict.status, verdict.code) == ("verifier_error", "machine.sandbox")


def test_a_submission_that_ends_what_is_around_it_twice_has_failed(monkeypatch):
    """Level 1 without root: it can signal the processes around it, which then are no machine's."""

    def lost(self, request, timeout_s, reply=None):
        error = KeeperLost("the sandbox's process has ended")
        error.exposed = True
        raise error

    assert judge("plain", HONEST).passed
    monkeypatch.setattr(Keeper, "ask", lost)
    refused(judge("plain", HONEST), "program.killed_supervisor")


def test_an_interpreter_that_is_not_there_is_an_error():
    for python in ("/nowhere/python", "/bin/true"):
        verdict = judge("auto", HONEST, sandbox=Sandbox(python=python))
        assert verdict.status == "verifier_error", python


def test_waiting_for_a_processor_is_the_machines_time(way):
    """Twelve others want the same core: the wall passes, and is not held against a submission."""
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    shut_down()  # keepers started from here on share that core
    busy = [
        subprocess.Popen([sys.executable, "-S", "-c", "while True: pass"], preexec_fn=os.setsid)
        for _ in range(12)
    ]
    try:
        source = "def square(n):\n    return sum(k * k for k in range(10**9))\n"
        limits = Limits(cpu_s=2, wall_s=2.2, memory_mb=256)
        verdict = judge(way, source, [[[3], 9]], limits=limits)
        assert (verdict.status, verdict.code) == ("verifier_error", "machine.slow"), verdict
    finally:
        for process in busy:
            process.kill()
            process.wait()
        os.sched_setaffinity(0, cores)
        shut_down()


# What is left.


def children() -> set[int]:
    found = set()
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                fields = Path(f"/proc/{name}/stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == os.getpid():
                found.add(int(name))
    return found


def test_nothing_is_left_after_many_verdicts(way):
    shut_down()
    before = children()
    judge(way, HONEST)
    descriptors = len(os.listdir("/proc/self/fd"))
    for source in (HONEST, WRONG, "import os\ndef square(n): os._exit(1)", "def square(n) x") * 5:
        judge(way, source)
    assert len(os.listdir("/proc/self/fd")) == descriptors
    scratch = [Path(keeper.scratch) for keeper in pool().all if keeper.scratch]
    assert all(list(folder.iterdir()) == [] for folder in scratch)
    shut_down()
    assert len(os.listdir("/proc/self/fd")) < descriptors
    assert children() <= before
    assert not any(folder.exists() for folder in scratch)


def test_nothing_outlives_a_caller_that_is_killed(way):
    if way == "plain" and not ROOT:
        pytest.skip("level 1 ends only its own child with the supervisor")
    mark = f"orphan-{way}"[:15]
    source = (
        f"import ctypes, time\ndef square(n):\n    ctypes.CDLL(None).prctl(15, b'{mark}')\n"
        "    time.sleep(60)\n"
    )
    script = (
        f"import sys; sys.path[:0] = [{str(Path(__file__).parent)!r}]\n"
        f"from judging import judge\njudge({way!r}, {source!r})\n"
    )
    with subprocess.Popen([sys.executable, "-c", script]) as caller:
        give_up = time.monotonic() + 60
        while not named(mark) and time.monotonic() < give_up:
            time.sleep(0.05)
        assert named(mark)
        caller.send_signal(signal.SIGKILL)
    give_up = time.monotonic() + 10
    while named(mark) and time.monotonic() < give_up:
        time.sleep(0.05)
    assert not named(mark)


def named(mark: str) -> list[str]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if Path(f"/proc/{name}/comm").read_text().strip() == mark:
                    found.append(name)
            except OSError:
                pass
    return found


def test_what_is_sent_to_a_keeper_starts_with_plain_code():
    compile(BOOT, "boot", "exec")
    assert isinstance(offer("plain"), Offer)


def test_hashes_of_texts_are_the_same_in_every_keeper(way):
    """So that sets have one order, and verdicts do not depend on the process that gave them."""
    source = "def square(n):\n    return hash('x') % 2 ** 32 == EXPECTED\n"
    words = [sys.executable, "-S", "-c", "print(hash('x') % 2 ** 32)"]
    environment = {"PYTHONHASHSEED": "0"}
    printed = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
    for _ in range(2):
        shut_down()
        assert judge(way, source.replace("EXPECTED", printed.stdout.strip()), [[[3], True]]).passed
