"""A budget of steps for exact searches: the same on every machine, unlike a clock."""

from collections.abc import Callable, Sized
from typing import TypeVar

from assay.core.errors import TaskError

STEPS = 300_000  # under a second
SEARCHED = 200  # an optimum is computed for no larger task
T = TypeVar("T")


class OutOfBudget(Exception):
    """A search was stopped before it was complete; nothing follows from it."""


class Budget:
    """Counts steps down.

    Attributes:
        left: steps that may still be taken.
    """

    def __init__(self, steps: int) -> None:
        """Begin with so many."""
        self.left = steps

    def spend(self, steps: int = 1) -> None:
        """Take steps.

        Raises:
            OutOfBudget: there are none left.
        """
        self.left -= steps
        if self.left < 0:
            raise OutOfBudget


def optimum(parts: Sized, search: Callable[[Budget], T]) -> T:
    """What an exact search finds for a task of these parts.

    Raises:
        TaskError: the task is too large, so that its author must give a bound.
    """
    if len(parts) <= SEARCHED:
        try:
            return search(Budget(STEPS))
        except OutOfBudget:
            pass
    raise TaskError("The task is too large to compute its optimum: give it a bound.")


def none_below(parts: Sized, least: Callable[[Budget], int], most: int) -> int | None:
    """0 where the least possible is more than the most allowed; None where there may be any."""
    if len(parts) > SEARCHED:
        return None
    try:
        return 0 if least(Budget(STEPS)) > most else None
    except OutOfBudget:
        return None
