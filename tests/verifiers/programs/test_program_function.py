"""Submitted functions: honest ones pass at every level, and each way to fail has its own word."""

import asyncio
import json

import pytest
from judging import HONEST, QUICK, SQUARES, judge

from assay.core.errors import OptionError
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers import PythonFunctionVerifier, Sandbox, Tolerance

FIBONACCI = "def f(n):\n    return n if n < 2 else f(n - 1) + f(n - 2)\n"
HONEST_SOLUTIONS = {
    "recursion": (FIBONACCI, [[[15], 610]]),
    "deep recursion": (
        "import sys\nsys.setrecursionlimit(10**6)\n"
        "def f(n):\n    return 0 if n == 0 else 1 + f(n - 1)\n",
        [[[20_000], 20_000]],
    ),
    "cached": (f"from functools import cache\n@cache\n{FIBONACCI}", [[[90], 2880067194370816120]]),
    "standard library": (
        "import bisect, collections, csv, datetime, decimal, difflib, fractions, hashlib\n"
        "import heapq, io, itertools, json, math, queue, random, re, statistics, string, struct\n"
        "import textwrap, typing, unicodedata, uuid, zlib, zoneinfo\n"
        "def f(text):\n    return [len(text), hashlib.sha256(text.encode()).hexdigest()[:8],\n"
        "            math.comb(10, 3), statistics.mean([1, 2, 3]), zlib.crc32(b'a')]\n",
        [[["abc"], [3, "ba7816bf", 120, 2, 3904355907]]],
    ),
    "classes": (
        "from dataclasses import dataclass, field\n"
        "@dataclass(order=True)\nclass P:\n    x: int\n    y: list = field(default_factory=list)\n"
        "def f(n):\n    return sorted([P(n), P(1)])[0].x\n",
        [[[5], 1]],
    ),
    "generators": ("def f(n):\n    return list(x * x for x in range(n))\n", [[[4], [0, 1, 4, 9]]]),
    "threads": (
        "from concurrent.futures import ThreadPoolExecutor\n"
        "def f(n):\n    with ThreadPoolExecutor(4) as pool:\n"
        "        return sum(pool.map(lambda k: k * k, range(n)))\n",
        [[[100], 328350]],
    ),
    "asyncio": (
        "import asyncio\nasync def g(n):\n    await asyncio.sleep(0)\n    return n + 1\n"
        "def f(n):\n    return asyncio.run(g(n))\n",
        [[[1], 2]],
    ),
    "printing": ("def f(n):\n    print('working on', n)\n    return n\n", [[[1], 1]]),
    "big output": ("def f(n):\n    return list(range(n))\n", [[[50_000], list(range(50_000))]]),
    "big integer": ("def f(n):\n    return 2 ** n\n", [[[20_000], 2**20_000]]),
    "files": (
        "import tempfile, os\ndef f(n):\n    with tempfile.TemporaryFile('w+') as file:\n"
        "        file.write(n)\n        file.seek(0)\n        return file.read()\n",
        [[["x"], "x"]],
    ),
    "texts": (
        "def f(s):\n    return s[::-1] + '\\ud800\\0é\"\\\\'\n",
        [[["a\U0001f600"], '\U0001f600a\ud800\0é"\\']],
    ),
    "types": (
        "def f():\n    return [None, True, -1, 1.5, 'a', b'\\xff', (1, [2]), {3}, frozenset({4}),\n"
        "            {'k': {5: (6,)}}, 1j]\n",
        [[[], [None, True, -1, 1.5, "a", b"\xff", (1, [2]), {3}, frozenset({4}),
               {"k": {5: (6,)}}, 1j]]],
    ),
    "several arguments": (
        "def f(a, b, *rest):\n    return [b, a, rest]\n", [[[1, 2, 3], [2, 1, (3,)]]],
    ),
    "main guard": ("def f(n): return n\nif __name__ == '__main__':\n    input()\n", [[[1], 1]]),
    "swallows everything": (
        "def f(n):\n    try: raise SystemExit\n    except BaseException: return n\n",
        [[[1], 1]],
    ),
    "white space around": ("\n \n def f(n):\n    return n\n \n", [[[1], 1]]),
    "crlf": ("def f(n):\r\n    return n\r\n", [[[1], 1]]),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST_SOLUTIONS)
def test_honest_solutions_pass(way, name):
    source, tests = HONEST_SOLUTIONS[name]
    verdict = judge(
        way, source, tests, entry_point="f", limits=Limits(cpu_s=5, wall_s=60, memory_mb=512)
    )
    assert verdict.passed, verdict
    assert verdict.isolation == ("sandbox:1" if way == "plain" else "sandbox:2")


REFUSED = {
    "def square(n):\n    return abs(n) * n": ("incorrect", "program.different"),
    "def square(n):\n    return None": ("incorrect", "program.different"),
    "def square(n):\n    raise ValueError('x')": ("incorrect", "program.raised"),
    "class E(Exception): pass\ndef square(n):\n    raise E": ("incorrect", "program.raised"),
    "def square():\n    return 9": ("incorrect", "program.raised"),
    "import nothing_of_that_name\ndef square(n):\n    return 9": ("incorrect", "program.raised"),
    "import numpy\ndef square(n):\n    return n * n": ("incorrect", "program.raised"),
    "def square(n):\n    return (x for x in [n])": ("incorrect", "program.not_plain"),
    "def square(n):\n    import os; os._exit(0)": ("incorrect", "program.no_result"),
    "def square(n) return n": ("unparsable", "program.unparsable"),
    "square = 5\n\0": ("unparsable", "program.unparsable"),
    "square = '\ud800'": ("unparsable", "program.unparsable"),
    "square = lambda n: n * n": ("no_answer", "program.no_function"),
    "async def square(n):\n    return n * n": ("no_answer", "program.no_function"),
    "class C:\n    def square(self, n): return n": ("no_answer", "program.no_function"),
    "def outer():\n    def square(n):\n        return n * n": ("no_answer", "program.no_function"),
    "def square(n): pass\nsquare = 5": ("no_answer", "program.no_function"),
    "def squared(n):\n    return n * n": ("no_answer", "program.no_function"),
    "print('hello')": ("no_answer", "program.no_function"),
    "": ("no_answer", "program.none"),
    "<think>def square(n): return n * n": ("no_answer", "program.none"),
    "```python\n```": ("no_answer", "program.none"),
    "def square(n): return n * n\n" + "#" * 300_000: ("over_limit", "limit.size"),
}  # fmt: skip


@pytest.mark.parametrize("source", REFUSED, ids=lambda source: ascii(source[:30]))
def test_every_way_to_fail_has_its_word(source):
    verdict = judge("auto", source)
    assert (verdict.status, verdict.code) == REFUSED[source]


def test_one_failed_test_fails_all_and_reasons_tell_nothing_hidden():
    tests = [[[3], 9], [[917263], 841371411169], [[2], 4]]
    verdict = judge("auto", "def square(n):\n    return 9 if n == 3 else 5\n", tests)
    assert verdict.code == "program.different"
    assert verdict.reason == "Test 2 of 3: The result is not the expected one."
    assert [child.passed for child in verdict.children] == [True, False]
    assert verdict.details["skipped"] == 1
    stored = json.dumps(verdict.to_dict())
    assert "917263" not in stored and "841371411169" not in stored
    everything = judge(
        "auto", "def square(n):\n    return 9 if n == 3 else 4\n", tests, stop_early=False
    )
    assert [child.passed for child in everything.children] == [True, False, True]


def test_what_a_submission_says_about_itself_is_not_repeated_as_it_is():
    source = "def square(n):\n    raise type('Passed\\x1b[31m' + 'x' * 500, (Exception,), {})\n"
    assert judge("auto", source).reason == "Test 1 of 3: It raised an exception of its own."
    source = (
        "class A: pass\nA.__name__ = 'correct\"}' + 'y' * 500\ndef square(n):\n    return A()\n"
    )
    assert len(judge("auto", source).reason) < 150


def test_expected_exceptions_are_of_that_very_type():
    tests = [{"args": [0], "raises": "ZeroDivisionError"}, {"args": [2], "returns": 0.5}]
    assert judge("auto", "def f(n):\n    return 1 / n\n", tests, entry_point="f").passed
    for wrong in (
        "def f(n):\n    return 1 / n if n else None\n",
        "def f(n):\n    if not n: raise ArithmeticError\n    return 1 / n\n",
        "E = type('ZeroDivisionError', (ZeroDivisionError,), {})\n"
        "def f(n):\n    if not n: raise E\n    return 1 / n\n",
        "class E(ZeroDivisionError): pass\ndef f(n):\n    if not n: raise E\n    return 1 / n\n",
        "def f(n):\n    if not n: return ZeroDivisionError\n    return 1 / n\n",
        "def f(n):\n    if not n: return {'raised': 'ZeroDivisionError'}\n    return 1 / n\n",
    ):
        assert not judge("auto", wrong, tests, entry_point="f").passed, wrong


def test_tolerance_and_order_count_only_where_they_are_declared():
    third = "def f(n):\n    return [n / 3 + 1e-12, 'x']\n"
    assert not judge("auto", third, [[[1], [1 / 3, "x"]]], entry_point="f").passed
    near = judge("auto", third, [[[1], [1 / 3, "x"]]], entry_point="f", tolerance=1e-9)
    assert (near.passed, near.certainty) == (True, "numeric")
    relative = Tolerance(rel=Tolerance().abs + 1)
    assert judge("auto", third, [[[1], [0.5, "x"]]], entry_point="f", tolerance=relative).passed
    assert not judge("auto", third, [[[1], [0.5, "y"]]], entry_point="f", tolerance=relative).passed
    turned = "def f(n):\n    return [3, 1, 2]\n"
    assert not judge("auto", turned, [[[1], [1, 2, 3]]], entry_point="f").passed
    assert judge("auto", turned, [[[1], [1, 2, 3]]], entry_point="f", unordered=True).passed
    assert not judge("auto", turned, [[[1], [1, 2, 2, 3]]], entry_point="f", unordered=True).passed


def test_python_equality_is_declared_too():
    source = "def f(n):\n    return [1.0, True, 2]\n"
    assert not judge("auto", source, [[[0], [1, 1, 2]]], entry_point="f").passed
    assert judge("auto", source, [[[0], [1, 1, 2.0]]], entry_point="f", compare="equal").passed
    assert not judge("auto", source, [[[0], (1, 1, 2)]], entry_point="f", compare="equal").passed


def test_tests_come_from_the_task_with_rules_of_their_own():
    verifier = PythonFunctionVerifier(limits=QUICK)
    halves = Problem(
        prompt="Halve.",
        params={
            "entry_point": "halve",
            "tests": [{"args": [0.6], "returns": 0.3, "tolerance": 1e-9}, [[1.0], 0.5]],
        },
    )
    assert verifier.verify("def halve(x):\n    return x * 0.5", halves).passed
    loose = Problem(
        prompt="Halve.",
        params={"entry_point": "halve", "tests": [[[0.6], 0.3]], "tolerance": {"rel": 0.1}},
    )
    assert verifier.verify("def halve(x):\n    return 0.31", loose).passed
    assert not verifier.verify("def halve(x):\n    return 0.34", loose).passed


def test_a_prefix_completes_what_a_prompt_begins():
    prompt = 'import math\n\ndef area(r):\n    """The area."""\n'
    task = Problem(
        prompt=prompt,
        params={
            "entry_point": "area", "prefix": prompt,
            "tests": [[[0.0], 0.0], [[1.0], 3.141592653589793]],
        },
    )  # fmt: skip
    verifier = PythonFunctionVerifier(limits=QUICK)
    assert verifier.verify("    return math.pi * r * r\n", task).passed
    assert verifier.verify("```python\n    return math.pi * r * r\n```", task).passed
    assert verifier.verify("def area(r):\n    return math.pi * r ** 2\n", task).passed
    future = (
        "from __future__ import annotations\nimport math\ndef area(r):\n    return math.pi * r**2\n"
    )
    assert verifier.verify(future, task).passed
    assert not verifier.verify("    return 3.14 * r * r\n", task).passed
    assert not verifier.verify("pass\n", task).passed


BATCHED = [
    HONEST,
    "def square(n):\n    return 9 if n == 3 else 5\n",
    "def square(n):\n    if n == 0: raise ValueError\n    return n * n\n",
    "import os\ndef square(n):\n    if n < 0: os._exit(0)\n    return n * n\n",
    "def square(n):\n    while n < 0: pass\n    return n * n\n",
    "def square(n):\n    return 'x' * 2_000_000 if n == 0 else n * n\n",
    "seen = []\ndef square(n):\n    seen.append(n)\n    return n * n if len(seen) == 1 else 0\n",
    "import sys; sys.exit(0)\ndef square(n): pass",
    "import os\ndef square(n):\n    if n == 0: os.write(3, b'x')\n    return n * n\n",
    "def square(n) return",
    "x = 1",
    "",
]  # fmt: skip


@pytest.mark.parametrize("stop_early", [True, False])
@pytest.mark.parametrize("source", BATCHED, ids=lambda source: ascii(source[:40]))
def test_one_child_for_all_tests_gives_the_same_verdict(way, source, stop_early):
    alone = judge(way, source, stop_early=stop_early)
    together = judge(way, source, stop_early=stop_early, each_alone=False)
    assert together == alone


def test_batches_and_asyncio_agree_with_single_verdicts():
    verifier = PythonFunctionVerifier("square", SQUARES, limits=QUICK)
    pairs = [(source, None) for source in BATCHED if "while" not in source]
    singles = [verifier.verify(*pair) for pair in pairs]
    assert verifier.verify_batch(pairs) == singles
    assert verifier.verify_batch(iter(pairs), workers=3) == singles

    async def together() -> list[Verdict]:
        return list(await asyncio.gather(*(verifier.averify(*pair) for pair in pairs)))

    assert asyncio.run(together()) == singles


@pytest.mark.parametrize(
    ("params", "said"),
    [
        ({}, "entry_point"),
        ({"entry_point": "not a name", "tests": SQUARES}, "entry_point"),
        ({"entry_point": "def", "tests": SQUARES}, "entry_point"),
        ({"entry_point": "f"}, "no tests"),
        ({"entry_point": "f", "tests": []}, "zero tests"),
        ({"entry_point": "f", "tests": "[[1], 2]"}, "no tests"),
        ({"entry_point": "f", "tests": [[1, 2]]}, "no list"),
        ({"entry_point": "f", "tests": [[[1]]]}, "expected"),
        ({"entry_point": "f", "tests": [[[1], float("nan")]]}, "cannot be sent"),
        ({"entry_point": "f", "tests": [[[object()], 1]]}, "cannot be sent"),
        ({"entry_point": "f", "tests": [{"args": [1]}]}, "'returns'"),
        ({"entry_point": "f", "tests": [{"args": [1], "returns": 1, "raises": "E"}]}, "'returns'"),
        ({"entry_point": "f", "tests": [{"args": [1], "raises": "print"}]}, "exception"),
        ({"entry_point": "f", "tests": [{"args": [1], "raises": "NoSuchError"}]}, "exception"),
        ({"entry_point": "f", "tests": SQUARES, "compare": "close"}, "compare"),
        ({"entry_point": "f", "tests": SQUARES, "tolerance": -1}, "tolerance"),
        ({"entry_point": "f", "tests": SQUARES, "tolerance": 1, "unordered": True}, "unordered"),
        ({"entry_point": "f", "tests": SQUARES, "prefix": 7}, "prefix"),
    ],
)
def test_faulty_tasks_are_the_tasks_fault(params, said):
    verdict = PythonFunctionVerifier().verify(
        "def f(n): return 1", Problem(prompt="", params=params)
    )
    assert verdict.status == "task_error"
    assert said in verdict.reason


@pytest.mark.parametrize(
    "settings",
    [
        {"min_level": 0},
        {"min_level": 4},
        {"compare": "about"},
        {"tests": []},
        {"tests": [[1, 2]]},
        {"entry_point": "1f"},
        {"tolerance": -1},
        {"tolerance": "wide"},
        {"tolerance": 1, "unordered": True},
        {"limits": Limits(memory_mb=16)},
    ],
)
def test_settings_that_no_task_could_be_judged_by_are_refused(settings):
    with pytest.raises(OptionError):
        PythonFunctionVerifier(**settings)
    with pytest.raises(OptionError):
        Sandbox(way="jail")  # pyright: ignore
    with pytest.raises(OptionError):
        Sandbox(runner=("docker", "run"))


def test_checking_a_task_runs_its_reference_and_programs_that_do_nothing():
    verifier = PythonFunctionVerifier(limits=QUICK)

    def problems(tests, reference=None):
        task = Problem(
            prompt="Square.", reference=reference, params={"entry_point": "square", "tests": tests}
        )
        return [problem.code for problem in verifier.check_task(task)]

    assert problems(SQUARES, HONEST) == []
    assert problems(SQUARES, "def square(n): return n") == ["task.gold_refused"]
    assert problems([[[3], 9]], HONEST) == ["task.null_accepted"]
    assert problems([[[0], 0], [[1], 1]], HONEST) == ["task.null_accepted"]  # gives its argument
    assert problems([]) == ["task.faulty"]
