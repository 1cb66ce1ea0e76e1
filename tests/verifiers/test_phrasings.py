"""How language models put an answer: right, wrong, and taken back in all manner of ways.

Each row of `phrasings.json` says what a reader would say of it: `right`, `wrong` (another value is
meant), or `hedged` (several values, a bound, a doubt, a question, a denial, a second thought). Rows
marked `strict` are right and refused on purpose; docs/verdicts.md lists why.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assay.core.types import DECIDED, Problem, Verdict
from assay.envs.math.comparison import ASKED, LargerVerifier
from assay.verifiers import ChoiceVerifier, MathVerifier, NumberVerifier

pytestmark = pytest.mark.core

ROWS = json.loads((Path(__file__).parents[1] / "data" / "phrasings.json").read_text("utf-8"))
KINDS = [
    (verifier, kind)
    for verifier in ("number", "math", "choice", "compare")
    for kind in ("right", "wrong", "hedged")
]


def verdict(row: dict[str, Any]) -> Verdict:
    gold, text = row["gold"], row["response"]
    if row["verifier"] == "choice":
        return ChoiceVerifier(row["choices"]).verify(text, gold)
    if row["verifier"] == "compare":
        pair = Problem(prompt=ASKED.format(*gold), reference=max(gold))
        return LargerVerifier().verify(text, pair)
    return {"number": NumberVerifier(), "math": MathVerifier()}[row["verifier"]].verify(text, gold)


@pytest.mark.parametrize(("verifier", "kind"), KINDS, ids="-".join)
def test_phrasings(verifier: str, kind: str):
    rows = [row for row in ROWS if (row["verifier"], row["kind"]) == (verifier, kind)]
    assert rows
    failures: list[str] = []
    for row in rows:
        found = verdict(row)
        assert found.status in DECIDED, row
        if found.passed is not (kind == "right" and "strict" not in row):
            failures.append(f"{row['response']!r}: {found.status}, {found.extracted!r}")
    assert not failures, "\n".join(failures)


def test_the_table_is_large_and_names_what_is_refused_on_purpose():
    counts = Counter(row["kind"] for row in ROWS)
    assert min(counts.values()) > 200 and len(ROWS) > 1_600
    keys = {
        (row["verifier"], str(row["gold"]), str(row.get("choices")), row["response"])
        for row in ROWS
    }
    assert len(keys) == len(ROWS)
    strict = [row for row in ROWS if "strict" in row]
    assert len(strict) == 10 and all(row["kind"] == "right" for row in strict)


@pytest.mark.parametrize(
    ("pad", "right"),
    [
        ("{}", True),
        ("<think>Is it 9? Not 9. Maybe 8.</think>{}", True),
        ("<think>{}</think>", False),
    ],
)
def test_reasoning_before_an_answer_changes_nothing_and_is_no_answer(pad: str, right: bool):
    rows = [row for row in ROWS if row["kind"] == "right" and "strict" not in row]
    rows = [row for row in rows if "<think>" not in row["response"]]
    for row in rows:
        assert verdict({**row, "response": pad.format(row["response"])}).passed is right, row


def test_spans_show_what_was_judged():
    for row in ROWS:
        found = verdict(row)
        if found.span is not None and found.extracted and row["verifier"] != "math":
            start, end = found.span
            inside = row["response"][start:end]
            assert all(part in inside for part in found.extracted.split(", ")), row


@pytest.mark.parametrize(
    "text", ["negative 5", "minus 5", "It is minus 5.", "The answer is negative 5."]
)
def test_a_sign_in_words_is_never_read_as_its_absence(text: str):
    assert NumberVerifier().verify(text, 5).status in {"ambiguous", "unproven", "unparsable"}
    assert not NumberVerifier().verify(text, -5).is_error
