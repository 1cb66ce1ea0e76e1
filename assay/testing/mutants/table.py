"""The table that mutants enter themselves in, and the cards of the originals."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from assay.core.types import EnvCard
from assay.testing.originals import PaperEnv

_ORIGINALS = "assay.testing.originals"

CLEAN = (
    EnvCard(
        id="clean/Paper-v0",
        entry_point=f"{_ORIGINALS}:PaperEnv",
        family="mutants",
        summary="Add two numbers.",
        solution=f"{_ORIGINALS}:paper_solution",
        counterfeits=f"{_ORIGINALS}:paper_counterfeits",
        variants=({}, {"n_shots": 2}),
    ),
    EnvCard(
        id="clean/Corridor-v0",
        entry_point=f"{_ORIGINALS}:CorridorEnv",
        family="mutants",
        summary="Walk to a cell.",
        solution=f"{_ORIGINALS}:corridor_solution",
        counterfeits=f"{_ORIGINALS}:corridor_counterfeits",
        reward_free_levels=("task", "verdict"),
        guess_rate=0.5,  # the goal is to the left or to the right
        info_keys=("clock",),
        explore_info_keys=("clock",),
        variants=({}, {"max_steps": 20, "farthest": 8}),
    ),
)


class Mutant(NamedTuple):
    """A faulty environment, the check that must flag it, and how its card differs."""

    kind: type
    check: str
    card: dict[str, Any]


MUTANTS: dict[str, Mutant] = {}


def mutant(check: str, **card: Any) -> Any:
    """Put a class into the table."""

    def add(kind: type) -> type:
        MUTANTS[kind.__name__] = Mutant(kind, check, card)
        return kind

    return add


def card_of_mutant(name: str) -> EnvCard:
    """The card of a mutant: that of its original, with another class."""
    kind, _, changes = MUTANTS[name]
    original = CLEAN[0] if issubclass(kind, PaperEnv) else CLEAN[1]
    return replace(
        original,
        **{
            "id": f"mutant/{name}-v0",
            "entry_point": f"{kind.__module__}:{name}",
            "variants": ({},),
            **changes,
        },
    )
