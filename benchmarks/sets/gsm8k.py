"""GSM8K's golds in five spellings each, and perturbed: made at run time from a path, by a seed.

The data are not kept here. A spelling stands in a response as models write them; half of the
responses carry the data's own worked solution before the answer, so that other numbers are about.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any

SEED = 20_240_611
N_SPELLINGS, N_PERTURBED = 5, 3
_NOTE = re.compile(r"<<[^>]*>>")
Spelling = Callable[[int], str]
Perturbation = Callable[[int, Random], str]


def _grouped(comma: str) -> Spelling:
    return lambda n: f"{n:,}".replace(",", comma)


SPELLINGS: Mapping[str, Spelling] = {
    "boxed": lambda n: rf"\boxed{{{n}}}",
    "boxed in a sentence": lambda n: rf"So the answer is $\boxed{{{n}}}$.",
    "boxed with a name": lambda n: rf"\boxed{{x = {n}}}",
    "boxed with a noun": lambda n: rf"\boxed{{{n} \text{{ items}}}}",
    "boxed with a decimal point": lambda n: rf"\boxed{{{n}.00}}",
    "boxed in groups": lambda n: rf"\boxed{{{_grouped('{,}')(n)}}}",
    "boxed as a fraction": lambda n: rf"\boxed{{\frac{{{2 * n}}}{{2}}}}",
    "boxed after a self-correction": lambda n: (
        rf"At first I got \boxed{{{n + 7}}}, but I forgot a step."
        "\n\n"
        rf"The total is \boxed{{{n}}}."
    ),
    "hashes": lambda n: f"#### {n}",
    "hashes in groups": lambda n: f"#### {_grouped(',')(n)}",
    "sentence": lambda n: f"The answer is {n}.",
    "sentence in groups": lambda n: f"The answer is {_grouped(',')(n)}.",
    "sentence in mathematics": lambda n: f"The answer is ${n}$.",
    "marked in bold": lambda n: f"**Final answer:** {n}",
    "answer tag": lambda n: f"<answer>{n}</answer>",
    "final sentence": lambda n: f"Altogether that makes {n}.",
}
PERTURBATIONS: Mapping[str, Perturbation] = {
    "one more": lambda n, rng: rf"\boxed{{{n + 1}}}",
    "one less": lambda n, rng: f"#### {n - 1}",
    "other sign": lambda n, rng: rf"\boxed{{{-n if n else 1}}}",
    "ten times": lambda n, rng: f"The answer is {10 * n if n else 10}.",
    "a digit changed": lambda n, rng: rf"\boxed{{{_digit_changed(n, rng)}}}",
    "a digit too many": lambda n, rng: f"**Final answer:** {n}{rng.randint(1, 9)}",
    "a half more": lambda n, rng: rf"\boxed{{{n}.5}}",
    "a close decimal": lambda n, rng: rf"\boxed{{{n}.0001}}",
    "right, then corrected to wrong": lambda n, rng: (
        rf"That would be \boxed{{{n}}}, if nothing was lost on the way."
        "\n\n"
        rf"Something was: \boxed{{{n - rng.randint(1, 9)}}}."
    ),
    "right in the working only": lambda n, rng: (
        f"We have {n} in the first step.\n\nThe answer is {n + rng.randint(1, 99)}."
    ),
    "two alternatives": lambda n, rng: f"The answer is {n} or {n + rng.randint(1, 9)}.",
    "a list around it": lambda n, rng: rf"\boxed{{{n - 2}, {n}, {n + 2}}}",
    "negated": lambda n, rng: f"The answer is not {n}.",
    "a range": lambda n, rng: rf"\boxed{{{n - 1} < x < {n + 1}}}",
}


def _digit_changed(n: int, rng: Random) -> int:
    digits = list(str(abs(n)))
    at = rng.randrange(len(digits))
    digits[at] = rng.choice([d for d in "123456789" if d != digits[at]])
    return int("".join(digits)) * (-1 if n < 0 else 1)


def items(path: str) -> Iterator[dict[str, Any]]:
    """The lines of the set, as the other sets have them in files.

    Args:
        path: the folder with `test.jsonl`, or the file.
    """
    file = Path(path)
    file = file / "test.jsonl" if file.is_dir() else file
    with file.open(encoding="utf-8") as lines:
        for at, line in enumerate(lines):
            record = json.loads(line)
            working, gold = record["answer"].rsplit("####", 1)
            yield from _of_problem(at, record["question"], _NOTE.sub("", working), gold.strip())


def _of_problem(at: int, question: str, working: str, gold: str) -> Iterator[dict[str, Any]]:
    n, rng = int(gold.replace(",", "")), Random(f"{SEED}/{at}")
    made = [(name, True) for name in rng.sample(list(SPELLINGS), N_SPELLINGS)]
    made += [(name, False) for name in rng.sample(list(PERTURBATIONS), N_PERTURBED)]
    for k, (name, label) in enumerate(made):
        text = SPELLINGS[name](n) if label else PERTURBATIONS[name](n, rng)
        yield {
            "id": f"gsm-{at:04d}-{k}",
            "set": "gsm8k",
            "category": name,
            "gold": gold,
            "question": question,
            "response": f"{working}\n{text}" if rng.random() < 0.5 else text,
            "label": label,
            "why": "the gold, spelled so" if label else "the gold, perturbed so",
        }
