"""Random replies, the same for the same seed: wrong ones in many words, and plain junk."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from assay.core.encoding import derive_seed, digest
from assay.testing.attacks.target import Target, wrong_texts

_WRAPPED = (
    "{}", "The answer is {}.", "Answer: {}", r"\boxed{{{}}}", r"So it is \boxed{{{}}}.", "#### {}",
    "<answer>{}</answer>", "Final answer: {}", "Let me see.\n\nIt must be {}.", "**{}**", "= {}",
    "<think>Hm. Perhaps {gold}?</think>{}", 
    "I first took {gold}, which fails.\n\nThe answer is {}.",
    r"We get ${}$", "{gold} was the number of the exercise.\n\nFinal answer: {}",
)  # fmt: skip
_TOKENS = (
    "0", "1", "7", "12", "3.5", "-", "+", "*", "/", "^", "=", "<", ">", "(", ")", "[", "]", "{",
    "}",
    ",", ";", ":", ".", "!", "?", "%", "$", "|", "_", "&", "\\\\", "\\", " ", "\n", "\t", "\0",
    r"\frac",
    r"\sqrt", r"\boxed{", r"\text{", r"\left(", r"\right)", r"\pm", r"\cup", r"\infty", r"\pi",
    r"\sin",
    r"\begin{pmatrix}", r"\end{pmatrix}", r"\sum", "x", "y", "a", "or", "not", "and",
    "the answer is",
    "<answer>", "</answer>", "<think>", "</think>", "####", "²", "½", "−", "√", "∞", "\u200b",
    "\u202e",
    "٣", "é", "Α", "\ud800", "🙂", "null", "true", '"', "'", "`", "#", "@", "~", "1e9", "0x1F",
    "1_000",
)  # fmt: skip
_JUNK_LENGTH = 24


def wrong_replies(target: Target, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """(name, reply) pairs: a wrong answer in random words, at times with the gold in passing."""
    rng = _rng("wrong", target, seed)
    gold = target.gold
    wrongs = list(dict.fromkeys(wrong_texts(target)))
    if not wrongs or type(gold) is not str:
        return
    for index in range(count):
        wrong = rng.choice(wrongs)
        text = rng.choice(_WRAPPED).format(wrong, gold=gold.strip())
        if not target.is_gold(text):
            yield f"a wrong answer in words, {index}", text


def junk_replies(target: Target, count: int, seed: int) -> Iterator[tuple[str, str]]:
    """(name, reply) pairs: random tokens, or the gold and the wrong replies cut, doubled, mixed."""
    rng = _rng("junk", target, seed)
    seeds = [text for text in (*target.golds, *wrong_texts(target)) if type(text) is str]
    for index in range(count):
        if seeds and rng.random() < 0.5:
            yield f"a mutated reply, {index}", _mutated(rng, rng.choice(seeds))
        else:
            length = rng.randint(1, _JUNK_LENGTH)
            yield f"random tokens, {index}", "".join(rng.choices(_TOKENS, k=length))


def _mutated(rng: random.Random, text: str) -> str:
    for _ in range(rng.randint(1, 4)):
        at = rng.randint(0, len(text))
        kind = rng.randrange(4)
        if kind == 0:
            text = text[:at] + rng.choice(_TOKENS) + text[at:]
        elif kind == 1:
            text = text[:at] + text[at + rng.randint(1, 3) :]
        elif kind == 2:
            text = text[:at] + text[max(0, at - 4) :]
        else:
            text = text[at:] + text[:at]
    return text


def _rng(what: str, target: Target, seed: int) -> random.Random:
    return random.Random(derive_seed("fuzz", what, digest(_plain(target.golds)), seed))


def _plain(golds: tuple[Any, ...]) -> list[str]:
    return [gold if type(gold) is str else repr(type(gold)) for gold in golds]
