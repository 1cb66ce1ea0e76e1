"""Users' own tasks: what a file may hold, and what is said of one that may not."""

import json
import logging

import pytest

import assay
from assay.core.errors import TaskError
from assay.core.registry import ids, unregister
from assay.verifiers import NumberVerifier

pytestmark = pytest.mark.core


@pytest.fixture
def exam(tmp_path):
    """Registers a file of (question, answer) pairs; the id is gone afterwards."""

    def register(pairs, **settings):
        file = tmp_path / "exam.jsonl"
        rows = [json.dumps({"question": q, "answer": a}) for q, a in pairs]
        file.write_text("\n".join(rows), encoding="utf-8")
        return assay.task_from_data(
            "my/FileExam-v0",
            file,
            prompt="question",
            reference="answer",
            verifier=NumberVerifier(),
            **settings,
        )

    yield register
    if "my/FileExam-v0" in ids():
        unregister("my/FileExam-v0")


def test_one_question_with_two_answers_is_refused_with_both_lines(exam):
    pairs = [(f"{n} + 1?", n + 1) for n in range(30)]
    with pytest.raises(TaskError, match=r"lines 4 and 31 ask the same question \('3 \+ 1\?'\)"):
        exam([*pairs, ("3 + 1?", 5)])
    assert "my/FileExam-v0" not in ids()
    assert exam([*pairs, ("3 + 1?", 5)], allow_problems=True)


def test_repeated_questions_and_empty_splits_are_said(exam, caplog):
    with caplog.at_level(logging.WARNING, logger="assay"):
        exam([("1 + 1?", 2), ("1 + 1?", 2)])
    said = [record.getMessage() for record in caplog.records]
    assert any("stand in it more than once" in line for line in said)
    assert any("with 2 records the split" in line and "all_in=" in line for line in said)


def test_a_small_split_is_taken_whole_where_no_number_was_asked_for(exam):
    exam([(f"{n} + 1?", n + 1) for n in range(60)])
    found = assay.evaluate("scripted", "my/FileExam-v0")
    assert 0 < found[0].n < 60 and found[0].pass_rate == 1.0
    with pytest.raises(ValueError, match="expected at most"):
        assay.evaluate("scripted", "my/FileExam-v0", n=60)
