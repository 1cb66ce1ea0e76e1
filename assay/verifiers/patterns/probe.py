"""Texts that show exponential backtracking where a pattern has it, and the work done in a worker.

Each repeat of the pattern is run round many times, with a character behind that cannot match.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from assay.verifiers.patterns.classes import letters_of
from assay.verifiers.patterns.tree import ONE, REPEATS, ops, parsed
from assay.verifiers.workers.phases import phase

_TURNS = 32  # two ways at each turn are 4 billion; a cubic pattern needs 33 thousand steps
_TAILS = ("\0", "!", "é", "")
_VARIANTS = 3
_TEXTS = 240
_CHARS = 2_000


def match(payload: Mapping[str, Any]) -> dict[str, Any]:
    """In a worker: whether a pattern matches all of a text."""
    phase("gold")
    pattern = re.compile(payload["pattern"], payload["flags"])
    phase("candidate")
    return {"matched": pattern.fullmatch(payload["text"]) is not None}


def probe(payload: Mapping[str, Any]) -> dict[str, Any]:
    """In a worker: run a pattern over its probes; an exponential one does not come back."""
    pattern = re.compile(payload["pattern"], payload["flags"])
    run = pattern.search if payload["search"] else pattern.fullmatch
    count = 0
    for text in probes(payload["pattern"], payload["flags"]):
        run(text)
        count += 1
    return {"probes": count}


def probes(pattern: str, flags: int) -> Iterator[str]:
    """Texts that a pattern takes long to refuse, if it is exponential on any."""
    tree, effective = parsed(pattern, flags)
    seen: set[str] = set()
    for target in range(_count_repeats(tree)):
        for variant in range(_VARIANTS):
            stem = _Writer(target, variant, effective).written(tree)[:_CHARS]
            for tail in _TAILS:
                if stem + tail not in seen and len(seen) < _TEXTS:
                    seen.add(stem + tail)
                    yield stem + tail


def _count_repeats(nodes: Any) -> int:
    return sum((op in REPEATS) + sum(map(_count_repeats, _inner(op, a))) for op, a in nodes)


def _inner(op: Any, argument: Any) -> list[Any]:
    if op in REPEATS:
        return [argument[2]]
    if op is ops.BRANCH:
        return list(argument[1])
    if op is ops.SUBPATTERN:
        return [argument[3]]
    if op is ops.ATOMIC_GROUP:
        return [argument]
    return []


class _Done(Exception):
    """The text is written up to and with the repeat that was to be run round."""


class _Writer:
    """Writes a text that a pattern matches, up to one of its repeats.

    Attributes:
        target: the number of the repeat, in the order in which repeats begin.
        variant: which alternative to take, counted round.
    """

    def __init__(self, target: int, variant: int, flags: int) -> None:
        self.target, self.variant, self.flags = target, variant, flags
        self.number = -1

    def written(self, nodes: Any) -> str:
        out: list[str] = []
        try:
            self.write(nodes, out)
        except _Done:
            pass
        return "".join(out)

    def write(self, nodes: Any, out: list[str]) -> None:
        for op, argument in nodes:
            if op in ONE:
                out.append(letters_of(op, argument, self.flags).sample())
            elif op in REPEATS:
                low, _, inner = argument
                self.repeat(low, inner, out)
            elif op is ops.BRANCH:
                self.branch(list(argument[1]), out)
            else:
                for inner in _inner(op, argument):
                    self.write(inner, out)

    def branch(self, parts: list[Any], out: list[str]) -> None:
        """Write one alternative; the one with the target in it, if any has it."""
        first = self.number + 1
        taken = self.variant % len(parts)
        for at, part in enumerate(parts):
            inside = _count_repeats(part)
            if first <= self.target < first + inside:
                taken = at
            first += inside
        for at, part in enumerate(parts):
            if at == taken:
                self.write(part, out)
            else:
                self.number += _count_repeats(part)

    def repeat(self, low: int, inner: Any, out: list[str]) -> None:
        self.number += 1
        if self.number == self.target:
            body: list[str] = []
            self.number += 10**9  # a repeat inside is not the target
            self.write(inner, body)
            out.append("".join(body) * max(_TURNS, int(low)))
            raise _Done
        start = self.number
        self.write(inner, out)
        for _ in range(1, min(int(low), _TURNS)):
            self.number = start
            self.write(inner, out)
