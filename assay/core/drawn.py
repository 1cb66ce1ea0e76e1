"""What questions are drawn from where there are many: the draws of `CounterStream`, quicker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from operator import length_hint
from typing import Any, NamedTuple

import numpy as np

from assay.core.problems import Question
from assay.core.streams import GOLDEN, CounterStream, mix64

_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


class QuestionForm(NamedTuple):
    """A question made in two steps, of which the first takes many rows at once.

    Attributes:
        draw: from a stream and the options to the integers that a question is made of. Of a
            `CounterArray` they are arrays, each with a value for every row.
        ask: from these integers of one row, the options, and whether a key belongs to the split
            that is wanted, to the question, or None to draw again.
    """

    draw: Callable[[Any, Any], Sequence[Any]]
    ask: Callable[[Sequence[int], Any, Callable[[int], bool]], Question | None]


class DrawnStream(CounterStream):
    """A `CounterStream` with some draws made ahead, as floats in [0, 1).

    Attributes:
        ahead: the draws that are left of these.
        state: after the last draw made ahead.
        dry: whether more draws were asked for than had been made.
    """

    __slots__ = ("ahead", "dry")

    def __init__(self) -> None:
        self.ahead: Iterator[float] = iter(())
        self.state = 0
        self.wanted = None
        self.dry = False

    def bits(self) -> int:
        """The next 64 bits, uniform."""
        left = length_hint(self.ahead)
        if not left:
            self.dry = True
            return super().bits()
        next(self.ahead)
        return mix64((self.state - (left - 1) * GOLDEN) & _MASK)

    def random(self) -> float:
        """A uniform float64 in [0, 1)."""
        for unit in self.ahead:
            return unit
        return super().random()

    def integers(self, low: int, high: int) -> int:
        """A uniform integer from `low` to `high - 1`; the range spans at most 2**50."""
        for unit in self.ahead:
            return low + int(unit * (high - low))
        return super().integers(low, high)

    def choice(self, options: Sequence[Any]) -> Any:
        """One of `options`, uniform."""
        for unit in self.ahead:
            return options[int(unit * len(options))]
        return super().choice(options)


def codes_of(indexes: Sequence[int]) -> np.ndarray:
    """Indexes as uint64, cut as `CounterStream` cuts them."""
    try:
        return np.array(indexes, dtype=np.uint64)
    except OverflowError:
        return np.array([index & _MASK for index in indexes], dtype=np.uint64)
