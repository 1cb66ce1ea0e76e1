"""A prompt as chat messages: worked examples become earlier turns of the conversation.

One-turn tasks put worked examples before the question, in a form that any reader understands:

    Answer with a number.

    Q: What is 2 + 2?
    A: 4

    Q: What is 3 + 4?
    A:

Chat models were trained on turns, so the same text can be handed over as a conversation.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

Shots = Literal["turns", "inline"]
Message = dict[str, str]

_QUESTION = re.compile(r"(?:\A|\n\n)(?=Q: )")
_LABEL, _ANSWER = "Q: ", "\nA:"


@dataclass(frozen=True)
class Opening:
    """How a conversation begins.

    Attributes:
        messages: in their order, the user's last.
        lead: what the reply begins with, put into the model's mouth; empty for nothing.
    """

    messages: Sequence[Message]
    lead: str = ""


def opening_of(
    prompt: str, *, shots: Shots = "turns", system: str = "", labels: bool = False
) -> Opening:
    """The messages for a prompt; text that is not in the form above is one message.

    Args:
        prompt: what the environment shows first.
        shots: `inline` leaves the prompt in one message.
        system: a system message, or empty.
        labels: keep `Q:` and `A:` in the turns, and let the reply go on after the last `A:`. Small
            models need it: SmolLM2 adds two digits right in 68 of 100 cases with, 24 without.
    """
    first = [{"role": "system", "content": system}] if system else []
    turns = _split_examples(prompt, labels) if shots == "turns" else None
    if turns is None:
        return Opening([*first, {"role": "user", "content": prompt}])
    return Opening([*first, *turns], _ANSWER.strip() if labels else "")


def _split_examples(prompt: str, labels: bool) -> list[Message] | None:
    instruction, *blocks = _QUESTION.split(prompt)
    if not blocks or not blocks[-1].endswith(_ANSWER):
        return None
    messages: list[Message] = []
    for block in blocks:
        question, found, answer = block.rpartition(_ANSWER)
        if not found:
            return None
        if not labels:
            question, answer = question.removeprefix(_LABEL), answer.strip()
        else:
            answer = _ANSWER.strip() + answer
        messages.append({"role": "user", "content": question})
        messages.append({"role": "assistant", "content": answer})
    messages.pop()  # the last answer is the one that is asked for
    if instruction:
        messages[0]["content"] = f"{instruction}\n\n{messages[0]['content']}"
    return messages
