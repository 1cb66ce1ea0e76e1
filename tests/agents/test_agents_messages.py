from __future__ import annotations

import pytest

from assay.agents.parts.messages import opening_of

SHOTS = (
    "Answer with a number.\n\nQ: 1 + 1?\nA: 2\n\nQ: Line one\nline two\nA: 3\n4\n\nQ: 2 + 2?\nA:"
)


def contents(opening) -> list[tuple[str, str]]:
    return [(m["role"], m["content"]) for m in opening.messages]


def test_worked_examples_become_turns():
    assert contents(opening_of(SHOTS, system="Be brief.")) == [
        ("system", "Be brief."),
        ("user", "Answer with a number.\n\n1 + 1?"),
        ("assistant", "2"),
        ("user", "Line one\nline two"),
        ("assistant", "3\n4"),
        ("user", "2 + 2?"),
    ]


def test_labels_are_kept_where_asked_and_the_reply_goes_on_after_the_last():
    opening = opening_of(SHOTS, labels=True)
    assert opening.lead == "A:"
    assert contents(opening) == [
        ("user", "Answer with a number.\n\nQ: 1 + 1?"),
        ("assistant", "A: 2"),
        ("user", "Q: Line one\nline two"),
        ("assistant", "A: 3\n4"),
        ("user", "Q: 2 + 2?"),
    ]


def test_nothing_of_the_prompt_is_lost_with_labels():
    opening = opening_of(SHOTS, labels=True)
    said = [m["content"] for m in opening.messages] + [opening.lead]
    pairs = [f"{q}\n{a}" for q, a in zip(said[::2], said[1::2], strict=True)]
    assert "\n\n".join(pairs) == SHOTS


@pytest.mark.parametrize(
    "prompt",
    ["What is 2 + 2?", "", "Q: no answer asked", "A:\n\nQ: x", "Q: x\n\nQ: y\nA:", "\nA:"],
)
@pytest.mark.parametrize("labels", [True, False])
def test_other_text_is_one_message(prompt, labels):
    opening = opening_of(prompt, labels=labels)
    assert contents(opening) == [("user", prompt)]
    assert opening.lead == ""


def test_inline_leaves_the_prompt_alone():
    assert contents(opening_of(SHOTS, shots="inline")) == [("user", SHOTS)]


def test_a_prompt_without_instruction():
    assert contents(opening_of("Q: 1?\nA: 1\n\nQ: 2?\nA:")) == [
        ("user", "1?"),
        ("assistant", "1"),
        ("user", "2?"),
    ]
