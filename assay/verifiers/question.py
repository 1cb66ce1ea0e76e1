"""Whether an answer is the question given back (`verifiers.md` §6.2, copies of the question)."""

import re
from functools import lru_cache

from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.grammar import parse
from assay.verifiers.tokens import tokenize
from assay.verifiers.trees import Node, canonical, children

_FORMULA = re.compile(
    r"\$([^$]{1,2000})\$|\\\(([^\\]{0,5}.{0,2000}?)\\\)|\\\[(.{0,2000}?)\\\]", re.S
)
_RUN = re.compile(
    r"(?:[0-9A-Za-z\\{}()\[\].^*/+=<>!|_−×·÷√π²³°±-]"
    r"| (?=[-0-9+*/=^<>×·÷−(]|[A-Za-z]\b)|(?<=[-+*/=^<>×·÷−]) )+"
)
QUESTION_CHARS = 20_000  # a longer question is looked at in its last part


def copied(question: str, answer: Node, gold: Node | None, limits: Limits) -> bool:
    """Whether the answer's expression stands in the question while the gold's does not.

    Expressions are compared as trees up to the order of sums and products; numbers alone are
    exempt, and so are lone symbols and words.
    """
    if _exempt(answer):
        return False
    standing = _expressions(question[-QUESTION_CHARS:], limits)
    if canonical(answer) not in standing:
        return False
    return gold is None or canonical(gold) not in standing


def _exempt(node: Node) -> bool:
    while node[0] == "neg":
        node = node[1]
    return node[0] in ("num", "sym", "text", "based")


@lru_cache(maxsize=256)
def _expressions(question: str, limits: Limits) -> frozenset[str]:
    """Canonical strings of every expression of a question, parts included."""
    found: set[str] = set()
    formulas = [next(filter(None, m.groups()), "") for m in _FORMULA.finditer(question)]
    runs = [m.group().strip(" .,;:!?") for m in _RUN.finditer(question)]
    for text in (*formulas, *(run for run in runs if any("0" <= c <= "9" for c in run))):
        for trial in (text, text.lstrip("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ ")):
            try:
                stack = [parse(tokenize(trial, limits), limits)]
            except Refused:
                continue
            while stack:
                node = stack.pop()
                if not _exempt(node):
                    found.add(canonical(node))
                stack += children(node)
    return frozenset(found)
