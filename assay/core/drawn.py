"""`CounterStream`s whose first draws were made by arrays: the same numbers, quicker."""

from __future__ import annotations

from collections.abc import Sequence
from operator import length_hint
from typing import Any

import numpy as np

from assay.core.streams import CounterArray, CounterStream

_AHEAD = 8  # draws made ahead for each row; the rest are hashed one by one
_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


class DrawnStream(CounterStream):
    """A `CounterStream` with some draws made ahead, as floats in [0, 1)."""

    __slots__ = ("_ahead", "_key")

    def __init__(self, units: list[float], key: int, state: int) -> None:
        self._ahead = iter(units)
        self._key = key  # the state before the first draw
        self.state = state  # the state after the last draw made ahead

    def bits(self) -> int:
        """The next 64 bits, uniform."""
        left = length_hint(self._ahead)
        if not left:
            return super().bits()
        next(self._ahead)
        again = CounterStream.__new__(CounterStream)
        again.state = self._key
        for _ in range(_AHEAD - left):
            again.bits()
        return again.bits()

    def random(self) -> float:
        """A uniform float64 in [0, 1)."""
        for unit in self._ahead:
            return unit
        return (super().bits() >> 11) * _UNIT

    def integers(self, low: int, high: int) -> int:
        """A uniform integer from `low` to `high - 1`; the range spans at most 2**50."""
        for unit in self._ahead:
            return low + int(unit * (high - low))
        return super().integers(low, high)

    def choice(self, options: Sequence[Any]) -> Any:
        """One of `options`, uniform."""
        for unit in self._ahead:
            return options[int(unit * len(options))]
        return super().choice(options)


def drawn_streams(rows: CounterArray) -> list[DrawnStream]:
    """The streams of these rows, with their first draws made."""
    keys = rows.state.tolist()
    units = (rows.ahead(_AHEAD) >> np.uint64(11)).astype(np.float64) * _UNIT
    return list(map(DrawnStream, units.tolist(), keys, rows.state.tolist()))


def codes_of(indexes: list[int]) -> np.ndarray:
    """Indexes as uint64, cut as `CounterStream` cuts them."""
    try:
        return np.array(indexes, dtype=np.uint64)
    except OverflowError:
        return np.array([index & _MASK for index in indexes], dtype=np.uint64)
