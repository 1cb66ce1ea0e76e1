"""Attacks A21, A22 and A28 on submitted functions, at level 1 and both ways of level 2."""

import os
import socket
import subprocess
import threading
import time
from pathlib import Path

import pytest
from judging import HONEST, QUICK, judge, refused

from assay.core.types import Limits
from assay.verifiers import PythonFunctionVerifier, Sandbox
from assay.verifiers.programs.keepers import pool

pytestmark = pytest.mark.core


# A21: bombs.

BOMBS = {
    "loop": "while True: pass",
    "sum": "return sum(range(10**12))",
    "power": "return 9 ** 9 ** 9",
    "regex": "import re\n    return re.match('(a+)+$', 'a' * 60 + 'b')",
    "ignored signals": (
        "import signal\n    for s in range(1, 65):\n        try: signal.signal(s, signal.SIG_IGN)\n"
        "        except (OSError, ValueError): pass\n    while True: pass"
    ),
    "caught": (
        "while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass"
    ),
    "threads that compute": (
        "import threading\n    def spin():\n        while True: pass\n    for _ in range(8):\n"
        "        threading.Thread(target=spin).start()\n    spin()"
    ),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a21_endless_computing_is_over_its_processor_time(way, name):
    verdict = judge(way, f"def square(n):\n    {BOMBS[name]}\n")
    assert (verdict.status, verdict.code) == ("over_limit", "limit.cpu"), verdict
    assert verdict.cost.cpu_s < QUICK.cpu_s + 1.5


MEMORY_BOMBS = {
    "bytes": "return len(bytearray(10**9))",
    "list": "a = []\n    while True: a.append(bytearray(10**6))",
    "text": "return len('x' * 10**10)",
    "caught": "a = []\n    while True:\n        try: a.append(bytearray(10**6))\n"
    "        except MemoryError: raise",
}


@pytest.mark.parametrize("name", MEMORY_BOMBS)
def test_a21_too_much_memory_is_over_limit(way, name):
    verdict = judge(way, f"def square(n):\n    {MEMORY_BOMBS[name]}\n")
    assert (verdict.status, verdict.code) == ("over_limit", "limit.memory"), verdict


def test_a21_memory_is_counted_over_all_processes(way):
    source = """
import os, time
def square(n):
    for _ in range(6):
        if os.fork() == 0:
            a = bytearray(100_000_000)
            for i in range(0, len(a), 4096):
                a[i] = 1
            time.sleep(60)
    time.sleep(60)
"""
    verdict = judge(way, source, limits=Limits(cpu_s=5, wall_s=10, memory_mb=256))
    assert (verdict.status, verdict.code) == ("over_limit", "limit.memory"), verdict


def test_a21_processor_time_is_counted_over_all_processes(way):
    source = """
import os
def square(n):
    for _ in range(4):
        os.fork()
    while True: pass
"""
    verdict = judge(way, source)
    assert (verdict.status, verdict.code) == ("over_limit", "limit.cpu"), verdict
    assert verdict.cost.cpu_s < QUICK.cpu_s + 2.5


@pytest.mark.parametrize(
    "sleep",
    [
        "import time\n    time.sleep(60)",
        "import threading\n    threading.Event().wait()",
        "import os\n    r, w = os.pipe()\n    os.read(r, 1)",
        "import signal\n    signal.pause()",
        "import os, time\n    while True:\n        time.sleep(0.01)",
    ],
)
def test_a21_sleeping_is_over_limit_and_no_fault_of_the_machine(way, sleep):
    limits = Limits(cpu_s=1, wall_s=1.5, memory_mb=256)
    verdict = judge(way, f"def square(n):\n    {sleep}\n", limits=limits)
    assert (verdict.status, verdict.code) == ("over_limit", "limit.wall"), verdict


def processes_named(mark: str) -> list[int]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if mark in Path(f"/proc/{name}/comm").read_text():
                    found.append(int(name))
            except OSError:
                pass
    return found


LEAVE = """
import ctypes, os, signal, time
def square(n):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            ctypes.CDLL(None).prctl(15, b'MARK')
            for s in range(1, 65):
                try: signal.signal(s, signal.SIG_IGN)
                except (OSError, ValueError): pass
            while True: time.sleep(1)
        os._exit(0)
    time.sleep(0.1)
    return n * n
"""


def test_a21_processes_that_keep_the_pipes_open_are_ended_and_hold_nothing_up(way):
    mark = f"left-{way}"[:15]
    assert judge(way, LEAVE.replace("MARK", mark), [[[3], 9]]).passed
    assert processes_named(mark) == []


@pytest.mark.parametrize(
    "bomb",
    [
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
        "import threading, time\nsleep = lambda: time.sleep(9)\nwhile True:\n"
        "    try: threading.Thread(target=sleep).start()\n    except RuntimeError: pass",
        "import os\nwhile True:\n    try:\n        if os.fork() == 0: os.setsid()\n"
        "    except OSError: pass",
    ],
)
def test_a21_fork_and_thread_bombs_end_and_leave_nothing(way, bomb):
    name = f"bomb-{way}"[:15]
    source = (
        f"import ctypes\nctypes.CDLL(None).prctl(15, b'{name}')\n{bomb}\ndef square(n): return 9\n"
    )
    refused(judge(way, source), "limit.cpu", "limit.wall", "limit.memory")
    assert processes_named(name) == []


def test_a21_a_huge_file_cannot_be_written(way):
    source = "def square(n):\n    with open('f', 'wb') as f:\n        f.write(b'0' * 20_000_000)\n"
    refused(judge(way, source))


def scratch_folders() -> list[Path]:
    """Those of this process's keepers, none of which runs anything now."""
    roots = [Path(keeper.scratch) for keeper in pool().all if keeper.scratch]
    return [path for root in roots for path in root.iterdir()]


FILE_BOMBS = {
    "many": "for k in range(10**9): open(f'f{k}', 'w').close()",
    "deep": "for k in range(10**9):\n        os.mkdir('d')\n        os.chdir('d')",
    "closed": "os.mkdir('d', 0)\n    os.chmod('.', 0)",
    "links": "os.symlink('/', 'd')\n    os.symlink('.', 'e')\n    os.link('d', 'f')",
}


@pytest.mark.parametrize("name", FILE_BOMBS)
def test_a21_what_was_made_in_the_scratch_folder_is_removed(way, name):
    limits = Limits(cpu_s=0.1, wall_s=60, memory_mb=256)
    verdict = judge(way, f"import os\ndef square(n):\n    {FILE_BOMBS[name]}\n", limits=limits)
    assert verdict.status in ("over_limit", "incorrect")
    assert scratch_folders() == []


def test_a21_endless_output_is_drained_and_thrown_away(way):
    loud = (
        "def square(n):\n    for _ in range(3000):\n        print('x' * 10_000)\n    return n * n\n"
    )
    assert judge(way, loud, [[[3], 9]]).passed
    endless = "def square(n):\n    while True:\n        print('x' * 10_000, flush=True)\n"
    refused(judge(way, endless), "limit.cpu", "limit.wall")
    errors = loud.replace("print(", "__import__('sys').stderr.write(")
    assert judge(way, errors, [[[3], 9]]).passed


def test_a21_descriptors_are_few(way):
    source = """
import os
def square(n):
    opened = 0
    try:
        while True:
            os.open('/dev/null', os.O_RDONLY)
            opened += 1
    except OSError:
        return opened < 32
"""
    assert judge(way, source, [[[3], True]]).passed


def test_a21_a_huge_result_is_over_limit(way):
    for value in ("'x' * 5_000_000", "list(range(10**6))", "1 << 10**8", "[[]] * 10**6"):
        verdict = judge(way, f"def square(n):\n    return {value}\n")
        assert (verdict.status, verdict.code) == ("over_limit", "limit.size"), verdict


@pytest.mark.parametrize(
    "source",
    [
        "(" * 50_000,
        "-" * 100_000 + "1",
        "x = " + "[" * 150,
        "a." * 50_000 + "a",
        "lambda: " * 5_000 + "1",
    ],
)
def test_a21_sources_that_break_parsers_break_nothing(way, source):
    refused(judge(way, f"{source}\ndef square(n): return n * n\n"))
    assert judge(way, HONEST).passed


# A22: reaching out. Network and files from level 2 on.


def test_a22_there_is_no_network(sealed):
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        source = """
import socket
def square(port):
    reached = []
    for kind, place in ((socket.AF_INET, ('127.0.0.1', port)), (socket.AF_INET, ('8.8.8.8', 53))):
        try:
            with socket.socket(kind) as link:
                link.settimeout(0.5)
                link.connect(place)
                reached.append(place[0])
        except OSError:
            pass
    return reached
"""
        assert judge(sealed, source, [[[server.getsockname()[1]], []]]).passed
        with pytest.raises(TimeoutError):
            server.accept()


def test_a22_no_socket_can_be_made(sealed):
    source = """
import socket
def square(n):
    made = []
    for family in (socket.AF_UNIX, socket.AF_INET, socket.AF_INET6, socket.AF_NETLINK):
        try:
            socket.socket(family, socket.SOCK_DGRAM).close()
            made.append(int(family))
        except OSError:
            pass
    return made
"""
    assert judge(sealed, source, [[[3], []]]).passed


def test_a22_nothing_is_written_outside_the_scratch_folder(sealed, tmp_path: Path):
    os.chmod(tmp_path, 0o777)
    source = """
import os
def square(place):
    wrote = []
    for folder in (place, '/', '/var/tmp', '/usr/lib', '/dev', '/root', '/home'):
        try:
            with open(os.path.join(folder, 'planted'), 'w') as file:
                file.write('x')
            wrote.append(folder)
        except OSError:
            pass
    with open('mine', 'w') as file:
        file.write('x')
    try:
        open('/dev/shm/planted', 'w').close()  # leads to the scratch folder, or nowhere
    except OSError:
        pass
    return wrote
"""
    assert judge(sealed, source, [[[str(tmp_path)], []]]).passed
    assert list(tmp_path.iterdir()) == []
    assert not Path("/dev/shm/planted").exists()


def test_a22_no_process_outside_can_be_ended(sealed):
    with subprocess.Popen(["sleep", "60"]) as bystander:
        source = """
import os, signal
def square(pid):
    for target in (pid, os.getppid(), -1, -pid):
        try:
            if target > 1 or target == -1:
                os.kill(target, signal.SIGKILL)
        except OSError:
            pass
    return 9
"""
        judge(sealed, source, [[[bystander.pid], 9]])
        assert bystander.poll() is None
        bystander.kill()


def test_a22_killing_the_parent_is_no_success(way):
    source = """
import os, signal
def square(n):
    for s in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(os.getppid(), s)
        except OSError:
            pass
    return 7
"""
    refused(judge(way, source))
    assert judge(way, HONEST).passed


def test_a22_kernel_doors_are_closed(sealed):
    source = """
import ctypes, os
def square(n):
    libc = ctypes.CDLL(None, use_errno=True)
    opened = []
    for name, call in (
        ('unshare', lambda: libc.unshare(0x10000000)),
        ('mount', lambda: libc.mount(b'x', b'/tmp', b'tmpfs', 0, None)),
        ('setuid', lambda: libc.setuid(0)),
        ('keyctl', lambda: libc.syscall(250, 0, -3, 0, 0, 0)),
        ('bpf', lambda: libc.syscall(321, 0, None, 0)),
        ('io_uring', lambda: libc.syscall(425, 1, None)),
        ('userfaultfd', lambda: libc.syscall(323, 0)),
        ('perf', lambda: libc.syscall(298, None, 0, -1, -1, 0)),
        ('clone user', lambda: libc.syscall(56, 0x10000011, None, None, None, 0)),
        ('chroot', lambda: libc.chroot(b'/tmp')),
        ('setns', lambda: libc.setns(0, 0)),
    ):
        if call() >= 0:
            opened.append(name)
    return opened
"""
    if os.uname().machine == "x86_64":
        assert judge(sealed, source, [[[3], []]]).passed


def test_a22_rights_do_not_come_back(way):
    source = """
import os, stat
def square(n):
    with open('tool', 'w') as file:
        file.write('#!/bin/sh')
    os.chmod('tool', 0o6755)
    gained = []
    for call in (os.setuid, os.seteuid, os.setgid):
        try:
            call(0)
            gained.append(call.__name__)
        except OSError:
            pass
    return [gained, os.getuid() != 0, len(os.getgroups())]
"""
    if os.geteuid() == 0:
        assert judge(way, source, [[[3], [[], True, 0]]]).passed


def test_a22_every_child_of_root_is_a_user_of_its_own(way):
    if os.geteuid() != 0:
        pytest.skip("only root can give each child a user id")
    source = "import os\ndef square(n):\n    return os.getuid() >= 30000\n"
    assert judge(way, source, [[[3], True]]).passed


# A28: one outcome and the next.


def test_a28_a_stuck_verdict_delays_no_other(way):
    verifier = PythonFunctionVerifier(
        "square", [[[3], 9]], limits=Limits(cpu_s=2, wall_s=4), sandbox=Sandbox(way=way)
    )
    stuck = "def square(n):\n    import time\n    time.sleep(60)\n"
    done: dict[str, float] = {}

    def late() -> None:
        verifier.verify(stuck)
        done["stuck"] = time.monotonic()

    thread = threading.Thread(target=late)
    thread.start()
    assert all(verifier.verify(HONEST).passed for _ in range(3))
    done["others"] = time.monotonic()
    thread.join()
    assert done["others"] < done["stuck"]


def test_a28_nothing_is_left_for_the_next_outcome(way):
    leave = """
import builtins, os, random, sys, json
builtins.leftover = 1
sys.modules['leftover'] = 1
json.leftover = 1
random.seed(7)
os.environ['LEFTOVER'] = '1'
open('leftover', 'w').close()
sys.setrecursionlimit(50)
def square(n): return n * n
"""
    look = """
import builtins, json, os, random, sys
def square(n):
    return [hasattr(builtins, 'leftover'), 'leftover' in sys.modules, hasattr(json, 'leftover'),
            'LEFTOVER' in os.environ, os.listdir('.'), sys.getrecursionlimit(), random.random()]
"""
    clean = judge(way, look, [[[3], 0]])
    assert clean.code == "program.different"
    fresh = [False, False, False, False, [], 1000, 0.8444218515250481]
    assert judge(way, leave).passed
    assert judge(way, look, [[[3], fresh]]).passed


def test_a28_order_does_not_matter(way):
    sources = [
        HONEST,
        "def square(n): return 7",
        "def square(n): raise ValueError",
        "import os; os._exit(0)",
    ]
    forward = [judge(way, source) for source in sources]
    backward = [judge(way, source) for source in sources[::-1]][::-1]
    assert forward == backward
