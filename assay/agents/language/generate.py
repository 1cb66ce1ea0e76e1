"""Replies of a language model to a batch of prompts, drawn token by token under our own settings.

Every row draws with its own generator, so that its draws do not depend on the batch it landed in
(the last bits of its logits still can). Rows that have ended leave the batch.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from assay.agents.language.models import LanguageModel
from assay.core.errors import bad_value
from assay.core.registry import require

_COMPACT_BELOW = 0.75  # a copy of the cache costs about one decoding step
_STOP_WINDOW = 16  # tokens decoded when a stop string is looked for, beside its own length


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How replies are drawn; the checkpoint's own settings are never used."""

    temperature: float = 0.0  # 0 takes the likeliest token each time
    top_p: float = 1.0  # draw among the likeliest tokens that hold this share, in (0, 1]
    max_new_tokens: int = 256  # longest reply in tokens, >= 1
    stop: tuple[str, ...] = ()  # texts that end a reply and are not part of it

    def __post_init__(self) -> None:
        if not 0 <= self.temperature <= 100:
            raise bad_value("temperature", self.temperature, "a number from 0 to 100")
        if not 0 < self.top_p <= 1:
            raise bad_value("top_p", self.top_p, "a number above 0 and up to 1")
        if self.max_new_tokens < 1:
            raise bad_value("max_new_tokens", self.max_new_tokens, "an integer of at least 1")
        if not all(isinstance(text, str) and text for text in self.stop):
            raise bad_value("stop", self.stop, "texts that are not empty")


@dataclass
class Reply:
    """What was drawn for one prompt.

    Attributes:
        ids: the tokens, an end token included.
        text: the same without special tokens, cut before a stop string.
        ended: by an end token, a stop string, or the limit on tokens.
        n_drawn: tokens drawn, those past a stop string included.
    """

    ids: list[int]
    text: str
    ended: Literal["end", "stop", "limit"]
    n_drawn: int


def generate(
    lm: LanguageModel,
    prompts: Sequence[Sequence[int]],
    rngs: Sequence[np.random.Generator],
    sampling: Sampling,
) -> list[Reply]:
    """One reply for each prompt of token ids, in their order."""
    if not prompts:
        return []
    torch = require("torch", extra="llm", what=lm.name)
    rows = list(range(len(prompts)))  # which prompt each row of the tensors belongs to
    drawn: list[list[int]] = [[] for _ in prompts]
    ended: dict[int, Literal["end", "stop", "limit"]] = {}
    cache_name = _cache_name(lm.model)
    with torch.inference_mode():
        ids, mask = _left_padded(torch, prompts, lm)
        cache: Any = None
        while rows:
            positions = (mask.cumsum(-1) - 1).clamp(min=0)[:, -ids.shape[1] :]
            out = lm.model(
                input_ids=ids,
                attention_mask=mask,
                position_ids=positions,
                use_cache=True,
                logits_to_keep=1,
                **{cache_name: cache},
            )
            cache = out[cache_name]
            logits = out.logits[:, -1, : lm.n_tokens]
            tokens = draw(torch, logits, [None if r in ended else rngs[r] for r in rows], sampling)
            for row, token in zip(rows, tokens, strict=True):
                if row not in ended:
                    drawn[row].append(token)
                    reason = _ending(lm, drawn[row], sampling)
                    if reason:
                        ended[row] = reason
            alive = [i for i, row in enumerate(rows) if row not in ended]
            ids = torch.tensor(tokens, device=lm.device)[:, None]
            mask = torch.cat([mask, mask.new_ones(len(rows), 1)], dim=1)
            if len(alive) <= _COMPACT_BELOW * len(rows):
                if alive and hasattr(cache, "batch_select_indices"):
                    keep = torch.tensor(alive, device=lm.device)
                    cache.batch_select_indices(keep)
                    ids, mask = ids[keep], mask[keep]
                    rows = [rows[i] for i in alive]
                elif not alive:
                    rows = []
    return [_reply(lm, drawn[i], ended[i], sampling) for i in range(len(prompts))]


def _cache_name(model: Any) -> str:
    """What the model calls the keys and values it has computed; transformers 5.24 renamed them."""
    known = inspect.signature(model.forward).parameters
    return "cache" if "cache" in known else "past_key_values"


def _left_padded(
    torch: Any, prompts: Sequence[Sequence[int]], lm: LanguageModel
) -> tuple[Any, Any]:
    """Ids and mask, int64 (rows, longest); padding is told by the mask alone, never by its id."""
    longest = max(map(len, prompts))
    pad = min(lm.end_ids, default=0)
    ids = [[pad] * (longest - len(p)) + list(p) for p in prompts]
    mask = [[0] * (longest - len(p)) + [1] * len(p) for p in prompts]
    return torch.tensor(ids, device=lm.device), torch.tensor(mask, device=lm.device)


def draw(
    torch: Any, logits: Any, rngs: Sequence[np.random.Generator | None], sampling: Sampling
) -> list[int]:
    """A token for each row of logits (rows, tokens); a row without a generator draws nothing.

    By inversion: one uniform number for each row, looked up in the cumulated probabilities; ten
    times quicker than `multinomial` over a large vocabulary, and each row has its own generator.
    """
    if sampling.temperature == 0:
        return logits.argmax(-1).tolist()
    probs = (logits.float() / sampling.temperature).softmax(-1)
    order = None
    if sampling.top_p < 1:
        probs, order = probs.sort(-1, descending=True)
        outside = probs.cumsum(-1) - probs >= sampling.top_p  # before the token: never all of them
        probs = probs.masked_fill(outside, 0.0)
    total = probs.cumsum(-1)
    uniform = [0.0 if rng is None else rng.random() for rng in rngs]
    wanted = torch.tensor(uniform, device=total.device, dtype=total.dtype)[:, None] * total[:, -1:]
    # rounding may lift the product to the total itself, beyond the last possible token
    wanted = torch.minimum(wanted, torch.nextafter(total[:, -1:], torch.zeros_like(total[:, -1:])))
    found = torch.searchsorted(total, wanted, right=True)
    return (found if order is None else order.gather(-1, found))[:, 0].tolist()


def _ending(
    lm: LanguageModel, ids: list[int], sampling: Sampling
) -> Literal["end", "stop", "limit"] | None:
    if ids[-1] in lm.end_ids:
        return "end"
    if sampling.stop:
        window = _STOP_WINDOW + max(map(len, sampling.stop))
        tail = lm.tokenizer.decode(ids[-window:], skip_special_tokens=True)
        if any(text in tail for text in sampling.stop):
            return "stop"
    return "limit" if len(ids) >= sampling.max_new_tokens else None


def _reply(
    lm: LanguageModel,
    ids: list[int],
    ended: Literal["end", "stop", "limit"],
    sampling: Sampling,
) -> Reply:
    text = _text(lm, ids)
    n_drawn = len(ids)
    if ended == "stop":
        text = text[: min(at for at in map(text.find, sampling.stop) if at >= 0)]
        while ids and len(_text(lm, ids)) > len(text):
            ids = ids[:-1]
    return Reply(ids, text, ended, n_drawn)


def _text(lm: LanguageModel, ids: list[int]) -> str:
    return lm.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
