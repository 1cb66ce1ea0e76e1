"""The public cases of the specification about mathematics, choices, text and countdown."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from assay.core.types import Problem
from assay.verifiers import (
    ChoiceVerifier,
    ConstraintVerifier,
    CountdownVerifier,
    MathVerifier,
    NormalisedText,
    PathVerifier,
)

CASES = json.loads((Path(__file__).parents[1] / "data" / "verifiers-cases.json").read_text())
HERE = {"math", "choice", "text", "countdown", "constraint", "shortest_path"}
MINE = [case for case in CASES if case["verifier"] in HERE]


def response(case: dict[str, Any]) -> str:
    if "response" in case:
        return case["response"]
    return "".join(text * times for text, times in case["response_parts"])


def judged(case: dict[str, Any]) -> tuple[Any, Any]:
    if case["verifier"] == "math":
        problem = Problem(prompt=case.get("question", ""), reference=case["gold"])
        return MathVerifier(), problem
    if case["verifier"] == "choice":
        return ChoiceVerifier(case["choices"]), case["gold"]
    if case["verifier"] == "text":
        return NormalisedText(), case["gold"]
    if case["verifier"] == "constraint":
        return ConstraintVerifier([(case["constraint"], case["arguments"])]), None
    if case["verifier"] == "shortest_path":
        graph = case["edges"], case["start"], case["goal"]
        return PathVerifier(*graph, objective="shortest"), None
    return CountdownVerifier(case["numbers"], case["target"]), None


def test_every_case_of_these_kinds_is_here():
    assert len(CASES) == 167
    assert len(MINE) == 159


@pytest.mark.parametrize("case", MINE, ids=lambda case: case["id"])
def test_case(case: dict[str, Any]):
    verifier, task = judged(case)
    verdict = verifier.verify(response(case), task)
    assert not verdict.is_error
    assert verdict.passed is case["expected"], verdict


def test_batch_and_asyncio_agree_with_verify():
    for verifier, task, text in [(*judged(case), response(case)) for case in MINE[:40]]:
        one = verifier.verify(text, task)
        assert verifier.verify_batch([(text, task), ("", task)])[0] == one
        assert asyncio.run(verifier.averify(text, task)) == one


@pytest.mark.parametrize(
    ("case_id", "status", "code"),
    [
        ("v047", "ambiguous", "math.ambiguous"),
        ("v050", "incorrect", "math.false_link"),
        ("v095", "unparsable", "math.unparsable"),
        ("v096", "over_limit", "limit.size"),
        ("v098", "incorrect", "math.copied_question"),
        ("v099", "incorrect", "math.copied_question"),
        ("v105", "ambiguous", "choice.ambiguous"),
        ("v149", "unparsable", "countdown.unparsable"),
    ],
)
def test_refusals_say_why(case_id: str, status: str, code: str):
    case = next(case for case in CASES if case["id"] == case_id)
    verifier, task = judged(case)
    verdict = verifier.verify(response(case), task)
    assert (verdict.status, verdict.code) == (status, code)
