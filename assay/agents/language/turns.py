"""Conversations as growing lists of token ids; the only place that knows chat templates.

What was sampled is kept as sampled. Encoding a decoded reply again can give other tokens, so later
turns are appended, never rendered anew.
"""

from __future__ import annotations

from collections.abc import Sequence

from assay.agents.language.models import LanguageModel
from assay.agents.parts.messages import Message, Opening
from assay.core.errors import PolicyError

_REPLY = "\u2581reply\u2581"  # stand-ins that no template would write by itself
_NEXT = "\u2581next\u2581"


class Turns:
    """How one model's template begins a conversation and goes on after a reply."""

    def __init__(self, lm: LanguageModel) -> None:
        self.lm = lm
        self._glue = self._find_glue() if lm.template else ("\n", "\n")

    def begin(self, opening: Opening) -> list[int]:
        """Ids of a first prompt, up to where the reply starts."""
        if not self.lm.template:
            # a base model goes on where a text stops: special tokens as it was trained with
            text = "\n\n".join(message["content"] for message in opening.messages)
            return list(self.lm.tokenizer(text)["input_ids"]) or [min(self.lm.end_ids, default=0)]
        return self._encode(self._render(opening.messages)) + self._encode(opening.lead)

    def grow(self, ids: Sequence[int], text: str) -> list[int]:
        """Ids of a conversation whose last reply is in `ids`, with the next message of the user."""
        before, after = self._glue
        glue = self._encode(f"{before}{text}{after}")
        if ids and glue and ids[-1] == glue[0] and ids[-1] in self.lm.end_ids:
            glue = glue[1:]  # the reply brought its own end token
        return [*ids, *glue]

    def _encode(self, text: str) -> list[int]:
        return list(self.lm.tokenizer(text, add_special_tokens=False)["input_ids"]) if text else []

    def _render(self, messages: Sequence[Message]) -> str:
        return self.lm.tokenizer.apply_chat_template(
            list(messages),
            chat_template=self.lm.template,
            add_generation_prompt=True,
            tokenize=False,
        )

    def _find_glue(self) -> tuple[str, str]:
        """What the template writes between a reply and the next text, and after that text."""
        try:
            whole = self._render(
                [
                    {"role": "user", "content": "a"},
                    {"role": "assistant", "content": _REPLY},
                    {"role": "user", "content": _NEXT},
                ]
            )
        except Exception as err:  # a template is a program of somebody else's
            raise PolicyError(
                f"The chat template of '{self.lm.name}' cannot hold a conversation "
                f"({type(err).__name__}: {err}): add --policy-arg template=plain or template=FILE."
            ) from err
        _, found, rest = whole.partition(_REPLY)
        before, found_next, after = rest.partition(_NEXT)
        if not found or not found_next:
            raise PolicyError(
                f"The chat template of '{self.lm.name}' leaves out what was said: add "
                "--policy-arg template=plain or template=FILE."
            )
        return before, after
