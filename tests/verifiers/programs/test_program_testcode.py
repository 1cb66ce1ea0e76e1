"""Test code instead of tests: apart from the submission, or marked where it cannot be."""

import pytest
from judging import HONEST, QUICK, refused

from assay.core.types import Problem, Verdict
from assay.verifiers import PythonFunctionVerifier, Sandbox

CHECK = """
def check(candidate):
    for n in range(5):
        assert candidate(n) == n * n
    assert isinstance(candidate(2), int), "type"
"""


def judged(source: str, checks: str = CHECK, way: str = "auto", **params) -> Verdict:
    task = Problem(prompt="", params={"entry_point": "square", "checks": checks, **params})
    verifier = PythonFunctionVerifier(limits=QUICK, sandbox=Sandbox(way=way))  # pyright: ignore
    return verifier.verify(source, task)


@pytest.mark.parametrize("integrity", ["separate", "shared_process"])
def test_right_functions_pass_and_wrong_ones_fail(way, integrity):
    verdict = judged(HONEST, way=way, integrity=integrity)
    assert verdict.passed, verdict
    assert verdict.details["integrity"] == integrity
    assert verdict.method == "checks"
    assert verdict.isolation == ("sandbox:1" if way == "plain" else "sandbox:2")
    wrong = judged("def square(n):\n    return n\n", way=way, integrity=integrity)
    refused(wrong, "program.check_failed")
    assert wrong.details["integrity"] == integrity


FOOLS_SHARED_TESTS = {
    "equal to everything": (
        "class A(int):\n    def __eq__(self, other): return True\n    __hash__ = int.__hash__\n"
        "def square(n):\n    return A(1)\n"
    ),
    "reads the caller": (
        "import sys\ndef square(n):\n    f = sys._getframe(1)\n"
        "    return eval('n * n', {'n': f.f_locals['n']})\n"
    ),
    "replaces the check": (
        "import sys\ndef square(n):\n    f = sys._getframe(1)\n"
        "    f.f_globals['check'] = lambda c: None\n"
        "    f.f_builtins['AssertionError'] = ValueError\n    return 7\n"
    ),
    "leaves": "import os\ndef square(n):\n    os._exit(0)\n",
    "exits": "def square(n):\n    raise SystemExit(0)\n",
    "kills its parent": "import os\ndef square(n):\n    os.kill(os.getppid(), 9)\n    return 7\n",
    "writes on descriptors": (
        "import os\ndef square(n):\n    for fd in range(3, 64):\n"
        "        try: os.write(fd, b'{\"passed\":true}')\n        except OSError: pass\n"
        "    return 7\n"
    ),
    "pickles": "def square(n):\n    return (7).__reduce_ex__(2)\n",
    "own exception": "class E(AssertionError): pass\ndef square(n):\n    raise E\n",
    "recursion": "def square(n):\n    return square(n)\n",
    "loops": "def square(n):\n    while True: pass\n",
    "memory": "def square(n):\n    return len(bytearray(10**10))\n",
}


@pytest.mark.parametrize("name", FOOLS_SHARED_TESTS)
def test_what_fools_tests_in_one_process_fools_none_that_are_apart(way, name):
    refused(judged(FOOLS_SHARED_TESTS[name], way=way))


def test_test_code_may_expect_exceptions_and_tolerances():
    checks = """
import math
def check(candidate):
    try:
        candidate(-1)
        assert False, "no exception"
    except ValueError:
        pass
    assert math.isclose(candidate(2), 2 ** 0.5)
"""
    root = "import math\ndef square(n):\n    return math.sqrt(n)\n"
    assert judged(root, checks).passed
    refused(judged("def square(n):\n    return n ** 0.5\n", checks), "program.check_failed")
    refused(judged(root.replace("math.sqrt(n)", "math.sqrt(abs(n))"), checks))


def test_asserts_without_a_check_function_and_helpers_of_the_task():
    checks = "assert sorted(square([3, 1])) == helper()\nassert square([]) == []"
    setup = "def helper():\n    return [1, 9]\ndef square(values):\n    '''a prompt'''\n"
    source = "def square(values):\n    return [v * v for v in values]\n"
    assert judged(source, checks, setup=setup).passed
    refused(judged("def square(values):\n    return []\n", checks, setup=setup))


def test_shared_test_code_sees_everything_of_the_submission():
    checks = "assert square(Pair(3)) == 9"
    source = (
        "class Pair:\n    def __init__(self, n): self.n = n\ndef square(p):\n    return p.n ** 2\n"
    )
    assert judged(source, checks, integrity="shared_process").passed
    assert judged(source, checks).status == "task_error"
    refused(judged("def square(p):\n    return 9\n", checks, integrity="shared_process"))


@pytest.mark.parametrize(
    ("checks", "params"),
    [
        ("def check(candidate): pass", {}),
        ("x = 1", {}),
        ("def check(candidate) assert", {}),
        ("def check(candidate):\n    assert candidate(n=2) == 4", {}),
        ("def check(candidate):\n    assert candidate(object()) == 4", {}),
        ("def check(candidate):\n    for k in range(10**4): candidate(1)", {}),
        (CHECK, {"setup": "import nothing_of_that_name"}),
        (CHECK, {"setup": 7}),
        (CHECK, {"integrity": "high"}),
        (7, {}),
    ],
)
def test_faulty_test_code_is_the_tasks_fault(checks, params):
    if "10**4" in str(checks):
        checks = checks.replace("10**4", "6") if not params else checks
        assert judged(HONEST, checks).passed  # calls alone are no fault while they are few
        return
    assert judged(HONEST, checks, **params).status == "task_error"


def test_test_code_that_never_ends_is_over_limit():
    refused(judged(HONEST, "square(1)\nwhile True: pass"), "limit.cpu")


def test_time_of_the_submission_is_not_time_of_the_test_code():
    checks = "def check(candidate):\n    for n in range(4):\n        assert candidate(n) == n * n\n"
    slow = (
        "import time\ndef square(n):\n    end = time.process_time() + 0.3\n"
        "    while time.process_time() < end: pass\n    return n * n\n"
    )
    assert judged(slow, checks).passed  # 1.2 s in all, each call within its 0.5 s
