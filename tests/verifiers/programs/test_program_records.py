"""Files of HumanEval and MBPP shape."""

import gzip
import json
from pathlib import Path

import pytest
from judging import QUICK

from assay.core.errors import DataError, MissingFile, OptionError
from assay.verifiers import PythonFunctionVerifier, load_humaneval, load_mbpp

PROMPT = 'from typing import List\n\n\ndef mean(xs: List[float]) -> float:\n    """The mean."""\n'
HUMANEVAL = [
    {
        "task_id": "Sample/0",
        "prompt": PROMPT,
        "entry_point": "mean",
        "canonical_solution": "    return sum(xs) / len(xs)\n",
        "test": "\n\nMETADATA = {'author': 'x'}\n\n\ndef check(candidate):\n"
        "    assert abs(candidate([1.0, 2.0]) - 1.5) < 1e-6\n    assert candidate([3.0]) == 3\n"
        "    assert True, 'prints'\n",
    },
    {
        "task_id": "Sample/1",
        "prompt": "def twice(n):\n    return 2 * n\n\n\ndef quad(n):\n    '''Four times.'''\n",
        "entry_point": "quad",
        "canonical_solution": "    return twice(twice(n))\n",
        "test": "def check(candidate):\n    for n in range(4):\n"
        "        assert candidate(n) == twice(n) * 2\n",
    },
]  # fmt: skip
MBPP = [
    {
        "task_id": 2,
        "text": "Write a function to find the shared elements.",
        "code": "def shared(a, b):\n    return tuple(set(a) & set(b))\n",
        "test_list": [
            "assert set(shared((1, 2), (2, 3))) == set((2,))",
            "assert set(shared((1, 2), (3, 4))) == set()",
        ],
        "test_setup_code": "",
    },
    {
        "task_id": 3,
        "prompt": "Write a function to tell whether a number is even.",
        "code": "def even(n):\n    return n % 2 == 0\n",
        "test_list": [
            "assert even(2) == True",
            "assert even(3) == False",
            "assert even(0) is True",
        ],
        "test_imports": ["import math"],
    },
    {
        "task_id": 4,
        "text": "Write a function to find the longest chain of pairs.",
        "code": "class Pair:\n    def __init__(self, a, b):\n        self.a = a\n\n"
        "def longest(pairs):\n    return len(pairs)\n",
        "test_list": ["assert longest([Pair(1, 2), Pair(3, 4)]) == 2", "assert longest([]) == 0"],
        "test_setup_code": "",
    },
]


def written(folder: Path, records, name: str = "tasks.jsonl") -> Path:
    path = folder / name
    data = "".join(json.dumps(record) + "\n" for record in records).encode()
    path.write_bytes(gzip.compress(data) if name.endswith(".gz") else data)
    return path


@pytest.mark.parametrize("name", ["tasks.jsonl", "tasks.jsonl.gz"])
def test_humaneval_records_become_problems(tmp_path, name):
    mean, quad = load_humaneval(written(tmp_path, HUMANEVAL, name))
    assert (mean.id, mean.prompt) == ("Sample/0", PROMPT)
    assert mean.params["tests"] == [
        {"args": [[1.0, 2.0]], "returns": 1.5, "tolerance": pytest.approx(1e-6)},
        {"args": [[3.0]], "returns": 3},
    ]
    assert quad.params["integrity"] == "separate"
    verifier = PythonFunctionVerifier(limits=QUICK)
    for problem, record in ((mean, HUMANEVAL[0]), (quad, HUMANEVAL[1])):
        assert verifier.verify(record["canonical_solution"], problem).passed
        assert verifier.verify(problem.reference, problem).passed
        assert verifier.check_task(problem) == []
        assert not verifier.verify("    return 3.0\n", problem).passed
        assert not verifier.verify("    return None\n", problem).passed


def test_mbpp_records_become_problems(tmp_path):
    shared, even, chain = load_mbpp(written(tmp_path, MBPP))
    assert shared.params["integrity"] == "separate"
    assert [len(even.params["tests"]), even.params["prefix"]] == [3, "import math\n\n"]
    assert chain.params["integrity"] == "shared_process"
    assert "shared" in shared.prompt and MBPP[0]["test_list"][0] in shared.prompt
    assert MBPP[0]["test_list"][1] not in shared.prompt
    verifier = PythonFunctionVerifier(limits=QUICK)
    for problem in (shared, even, chain):
        verdict = verifier.verify(problem.reference, problem)
        assert verdict.passed, verdict
    assert verifier.verify("def even(n):\n    return n % 2 != 1", even).passed
    assert not verifier.verify("def even(n):\n    return 1", even).passed
    assert not verifier.verify("def even(n):\n    return 1 - n % 2", even).passed  # `is True`
    assert not verifier.verify("def shared(a, b):\n    return ()", shared).passed
    assert verifier.verify(chain.reference, chain).details["integrity"] == "shared_process"


def test_tasks_that_share_a_process_can_be_left_out(tmp_path):
    path = written(tmp_path, MBPP)
    assert [problem.id for problem in load_mbpp(path, allow_shared=False)] == ["2", "3"]
    assert "assert" not in load_mbpp(path, shown_tests=0)[0].prompt
    with pytest.raises(OptionError):
        load_mbpp(path, shown_tests=-1)


@pytest.mark.parametrize(
    "test",
    [
        "def check(candidate):\n    assert candidate(1) == f()",
        "def check(candidate):\n    assert candidate(n=1) == 1",
        "def check(candidate):\n    assert candidate(1) != 2",
        "def check(candidate):\n    assert candidate(1)",
        "def check(candidate):\n    assert not candidate(1)",
        "def check(candidate):\n    assert candidate(1) == 1 == 1",
        "def check(candidate):\n    assert candidate(1) == 1 or True",
        "def check(candidate):\n    assert candidate(1) == float('nan')",
        "def check(candidate):\n    assert abs(candidate(1) - 1) < x",
        "def check(candidate):\n    assert abs(candidate(1) - 1) < -1",
        "def check(candidate):\n    x = candidate(1)\n    assert x == 1",
        "def check(candidate, more=1):\n    assert candidate(1) == 1",
        "def check(candidate):\n    pass",
        "class T: pass\ndef check(candidate):\n    assert candidate(1) == 1",
        "def check(candidate):\n    assert candidate(1) == ...",
    ],
)
def test_what_is_no_plain_comparison_stays_code(tmp_path, test):
    record = {**HUMANEVAL[0], "test": test}
    assert load_humaneval(written(tmp_path, [record]))[0].params["checks"] == test


@pytest.mark.parametrize(
    ("load", "record"),
    [
        (load_humaneval, {}),
        (load_humaneval, {**HUMANEVAL[0], "prompt": None}),
        (load_humaneval, {**HUMANEVAL[0], "test": "def check(candidate"}),
        (load_humaneval, []),
        (load_mbpp, {**MBPP[0], "test_list": []}),
        (load_mbpp, {**MBPP[0], "test_list": "assert x"}),
        (load_mbpp, {**MBPP[0], "test_list": ["assert other(1) == 2"]}),
        (load_mbpp, {**MBPP[0], "code": "def f(:"}),
        (load_mbpp, {**MBPP[0], "text": 5}),
    ],
)
def test_files_of_another_shape_are_one_sentence(tmp_path, load, record):
    with pytest.raises(DataError, match="line 1"):
        load(written(tmp_path, [record]))


def test_files_that_are_no_files(tmp_path):
    with pytest.raises(MissingFile):
        load_mbpp(tmp_path / "none.jsonl")
    bad = tmp_path / "bad.jsonl"
    bad.write_bytes(b"\xff\xfe")
    with pytest.raises(DataError):
        load_humaneval(bad)
    bad.write_text("{not json}\n")
    with pytest.raises(DataError, match="no JSON"):
        load_humaneval(bad)
