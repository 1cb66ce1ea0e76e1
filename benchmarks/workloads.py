"""What verdicts per CPU-second are measured on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.sets import Item

N_INTEGERS, N_EQUIVALENCES, RESPONSE_CHARS = 200, 100, 500
_SENTENCES = (
    "First we count the rows that are full.",
    "Each of them holds the same number of seats, so we multiply.",
    "Then the seats that were taken away are subtracted again.",
    "Counting by columns must give the same total, which is a useful check.",
    "Nothing else in the problem changes that number.",
)


@dataclass(frozen=True)
class Workload:
    """Items to judge again and again.

    Attributes:
        target: verdicts per CPU-second that the project set itself, or None.
        times_peer: how many times the peer's rate it set itself, or None.
    """

    name: str
    items: Callable[[Sequence[Item]], list[Item]]
    target: float | None = None
    times_peer: float | None = None


def integers(_: Sequence[Item]) -> list[Item]:
    """Responses of exactly 500 characters that end in a boxed integer, half of them right."""
    rng, made = Random(0), []
    for at in range(N_INTEGERS):
        gold = rng.randint(0, 99_999)
        answer = rf"\boxed{{{gold + at % 2}}}"
        text = ""
        while len(text) < RESPONSE_CHARS:
            text += rng.choice(_SENTENCES) + " "
        response = text[: RESPONSE_CHARS - len(answer) - 1] + "\n" + answer
        made.append(
            Item(
                id=f"int-{at}",
                set="integers",
                category="",
                gold=str(gold),
                response=response,
                label=at % 2 == 0,
            )
        )
    return made


def contest(items: Sequence[Item]) -> list[Item]:
    """Mixed answers of contest mathematics, right and wrong ones."""
    return [item for item in items if item.set == "contest"]


def equivalences(items: Sequence[Item]) -> list[Item]:
    """Expressions that are equal and do not look it."""
    equal = [item for item in items if item.set == "trees" and item.label]
    return equal[:: max(1, len(equal) // N_EQUIVALENCES)]


WORKLOADS = (
    Workload("integer answers, 500 characters", integers, target=20_000.0),
    Workload("mixed contest answers", contest, times_peer=3.0),
    Workload("equivalent expressions", equivalences),
)
