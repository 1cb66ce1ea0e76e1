"""How a function in a worker says what it is at, so that each part has a budget of its own."""

from __future__ import annotations

from collections.abc import Callable

GOLD, CANDIDATE = "gold", "candidate"

_announce: Callable[[str], object] | None = None  # the worker's own process puts it here


def phase(name: str) -> None:
    """What follows is another part of the work: it has all of the CPU, wall and memory limits.

    A limit that is reached in the phase "gold" makes the verdict a `task_error`; in any other, and
    before the first, it is the outcome's fault. Outside of a worker this does nothing.
    """
    if _announce is not None:
        _announce(name)


def on_phase(announce: Callable[[str], object] | None) -> Callable[[str], object] | None:
    """Have announcements sent somewhere; returns where they went before. For the worker itself."""
    global _announce
    before, _announce = _announce, announce
    return before
