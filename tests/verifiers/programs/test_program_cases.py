"""The public cases of the specification about Python functions, at level 1 and both ways of 2."""

import json
from pathlib import Path
from typing import Any

import pytest
from judging import judge

from assay.core.types import Limits

CASES = json.loads((Path(__file__).parents[2] / "data" / "verifiers-cases.json").read_text())
MINE = [case for case in CASES if case["verifier"] == "python_function"]
LIMITS = Limits(cpu_s=1, wall_s=60, memory_mb=512)


@pytest.mark.parametrize("case", MINE, ids=lambda case: case["id"])
@pytest.mark.parametrize("each_alone", [True, False])
def test_case(way: str, case: dict[str, Any], each_alone: bool):
    verdict = judge(
        way,
        case["response"],
        case["tests"],
        entry_point=case["entry_point"],
        limits=LIMITS,
        each_alone=each_alone,
    )
    assert verdict.passed is case["expected"], verdict
    assert not verdict.is_error


def test_all_of_them_are_here():
    assert len(MINE) == 8
