"""Environments with one planted fault each: the suite has to flag every one of them.

Each class says its fault in its docstring. `MUTANTS` names, for each, the check that must find it;
`card_of_mutant` makes its card. `CLEAN` are the originals, which no check may flag.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assay.core import registry
from assay.testing.mutants import interface, proofs, reports, seeds, states
from assay.testing.mutants.table import CLEAN, MUTANTS, card_of_mutant

__all__ = [
    "CLEAN",
    "MUTANTS",
    "card_of_mutant",
    "interface",
    "proofs",
    "registered",
    "reports",
    "seeds",
    "states",
]


@contextmanager
def registered() -> Iterator[list[str]]:
    """The ids of originals and mutants exist inside a `with` statement."""
    cards = [*CLEAN, *map(card_of_mutant, MUTANTS)]
    for card in cards:
        registry.register(card, replace=True)
    try:
        yield [card.id for card in cards]
    finally:
        for card in cards:
            registry.unregister(card.id)
