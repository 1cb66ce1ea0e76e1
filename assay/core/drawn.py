"""`CounterStream`s whose first draws were made by arrays: the same numbers, quicker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any

import numpy as np

from assay.core.streams import GOLDEN, CounterArray, CounterStream, mix64

_AHEAD = 8  # draws made ahead for each row; the rest are hashed one by one
_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


class DrawnStream(CounterStream):
    """A `CounterStream` with some draws made ahead, as floats in [0, 1).

    Attributes:
        ahead: the draws that are left of these.
        state: after the last draw made ahead.
    """

    __slots__ = ("ahead",)

    def __init__(self) -> None:
        self.ahead: Iterator[float] = iter(())
        self.state = 0
        self.wanted = None

    def bits(self) -> int:
        """The next 64 bits, uniform."""
        left = length_hint(self.ahead)
        if not left:
            return super().bits()
        next(self.ahead)
        return mix64((self.state - (left - 1) * GOLDEN) & _MASK)

    def random(self) -> float:
        """A uniform float64 in [0, 1)."""
        for unit in self.ahead:
            return unit
        return (super().bits() >> 11) * _UNIT

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


def drawn_streams(rows: CounterArray, wanted: str | None = None) -> Iterator[DrawnStream]:
    """The streams of these rows in turn, with their first draws made: one object, keyed anew."""
    units = (rows.ahead(_AHEAD) >> np.uint64(11)).astype(np.float64) * _UNIT
    stream = DrawnStream()
    stream.wanted = wanted
    for row, state in zip(units.tolist(), rows.state.tolist(), strict=True):
        stream.ahead, stream.state = iter(row), state
        yield stream


def codes_of(indexes: list[int]) -> np.ndarray:
    """Indexes as uint64, cut as `CounterStream` cuts them."""
    try:
        return np.array(indexes, dtype=np.uint64)
    except OverflowError:
        return np.array([index & _MASK for index in indexes], dtype=np.uint64)
