"""Attacks on time, memory and types (`verifiers.md` §16: A12 to A15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from assay.testing.attacks.target import Target
from assay.testing.attacks.texts import Attack
from assay.testing.hostile import WRONG_TYPES

_TOWERS = (
    "9^{9^{9^{9^{9}}}}", "(9!)!!!", "99999!", "((((9^9)^9)^9)^9)^9", "10^{10000000}",
    "2^{-99999999}",
    "1" + "*99999999999999999999" * 150, "9!" * 500, "2000!" + "*2000!" * 300,
    r"\binom{99999}{50000}", r"\sum_{n=1}^{10^{12}} \frac{1}{n}", r"\prod_{n=1}^{99999999} n",
    "(x+1)^{99999}", "(a+b+c+d)^{400}", r"\sqrt{" * 60 + "2" + "}" * 60, "9**9**9**9",
)  # fmt: skip
_DEEP = (
    "(" * 5_000, "(" * 5_000 + "1" + ")" * 5_000, "(" * 1_900 + "1" + ")" * 1_900,
    "{" * 1_900 + "1" + "}" * 1_900, "-" * 3_900 + "1", "1" + "+1" * 1_900,
    "1" + "^{1" * 900 + "}" * 900,
    r"\frac{1}{" * 400 + "1" + "}" * 400, r"\left" * 800, "|" * 3_999, "1 " * 1_900,
    "a" * 3_999 + "!",
    "[" * 3_000, '{"a":' * 900, "$" * 3_999, "1," * 1_999 + "1", r"\text{" * 700,
    "(" + "a|" * 1_900,
)  # fmt: skip
_REPEATED = (r"\boxed{", "7", "(", r"\frac{1}{", "#### ", "the answer is ", "or ", "A ", "<answer>")
MEGABYTE = 1_000_000


class Sly(str):
    """A text that says it is equal to any other."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def load_attacks(target: Target) -> Iterator[Attack]:
    """Texts that cost much to read: towers, depth, length, memory; then things that are no text."""
    for text in _TOWERS:
        yield Attack("A12", f"a tower: {text[:30]}", rf"\boxed{{{text}}}")
        yield Attack("A12", f"a bare tower: {text[:30]}", text)
    for text in _DEEP:
        yield Attack("A13", f"deep or unbalanced: {text[:20]}", rf"\boxed{{{text}}}")
        yield Attack("A13", f"bare, deep or unbalanced: {text[:20]}", text)
    for unit in _REPEATED:
        text = (unit * (MEGABYTE // len(unit) + 1))[:MEGABYTE]
        yield Attack("A13", f"a megabyte of {unit!r}", text)
    yield Attack("A14", "a number of a million digits", "9" * MEGABYTE)
    yield Attack("A14", "a box of a million digits", rf"\boxed{{{'9' * MEGABYTE}}}")
    yield Attack("A14", "ten megabytes", "ab " * (10 * MEGABYTE // 3))
    yield Attack("A14", "a wide matrix", _matrix(300))
    for name, value in _odd_types(target).items():
        yield Attack("A15", f"{name} for an outcome", value)


def _matrix(n: int) -> str:
    row = " & ".join(["1"] * n)
    body = r" \\ ".join([row] * n)
    return rf"\boxed{{\begin{{pmatrix}} {body} \end{{pmatrix}}}}"


def _odd_types(target: Target) -> Mapping[str, Any]:
    gold = target.gold
    odd: dict[str, Any] = dict(WRONG_TYPES)
    if type(gold) is str:
        odd["the gold in bytes"] = gold.encode("utf-8", "surrogatepass")
        odd["the gold in a list"] = [gold]
        odd["a text equal to everything"] = Sly("another text")
    return odd
