"""`CounterStream`s whose first draws were made by arrays: the same numbers, quicker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import length_hint
from typing import Any

import numpy as np

from assay.core.streams import GOLDEN, CounterArray, CounterStream, mix64

_AHEAD = 4  # draws made ahead at each attempt; the rest are hashed one by one
_MOST_AHEAD = 32
_BLOCK = 256  # streams made at once: arrays cost the same for one as for some hundred
_MOST_TRIES = 4  # attempts among them; at the fifth hardly any row is left
_FEW = 8  # rows below which arrays cost more than they save
_UNIT = 2.0**-53
_MASK = (1 << 64) - 1


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


class Drawer:
    """Makes the `init` streams of many rows, for some attempts in a row at once."""

    def __init__(self) -> None:
        self._stream = DrawnStream()  # one object, keyed anew for each row
        self._ahead = _AHEAD
        self._split = "train"
        self._indexes: list[int] = []
        self._first = 0
        self._units, self._states = np.zeros((0, 0, 0)), np.zeros((0, 0), dtype=np.uint64)

    def draw(self, split: str, indexes: list[int], attempt: int, wanted: str | None) -> range:
        """Make ready for these problems' next attempts; returns which attempts these are.

        Args:
            split, indexes: the rows' problems.
            attempt: the first.
            wanted: what the streams say that is wanted.
        """
        self._split, self._indexes, self._first = split, indexes, attempt
        self._stream.wanted = wanted
        if len(indexes) < _FEW:
            return range(attempt, attempt + 1)
        if self._stream.dry:  # these questions take more draws than were made for the last ones
            self._stream.dry, self._ahead = False, min(2 * self._ahead, _MOST_AHEAD)
        tries = min(max(_BLOCK // len(indexes), 1), _MOST_TRIES)
        attempts = range(attempt, attempt + tries)
        rows = CounterArray("init", split, codes_of(indexes), np.array(attempts)[:, None])
        self._units = (rows.ahead(self._ahead) >> np.uint64(11)).astype(np.float64) * _UNIT
        self._states = rows.state
        return attempts

    def streams(self, attempt: int, places: Sequence[int]) -> Iterator[CounterStream]:
        """The streams of the rows at these places, in turn, at an attempt that was made ready."""
        stream = self._stream
        if len(self._indexes) < _FEW:
            for place in places:
                plain = CounterStream("init", self._split, self._indexes[place], attempt)
                plain.wanted = stream.wanted
                yield plain
            return
        units, states = self._units[attempt - self._first], self._states[attempt - self._first]
        if len(places) < len(states):
            units, states = units[places], states[places]
        for row, state in zip(units.tolist(), states.tolist(), strict=True):
            stream.ahead, stream.state = iter(row), state
            yield stream


def codes_of(indexes: list[int]) -> np.ndarray:
    """Indexes as uint64, cut as `CounterStream` cuts them."""
    try:
        return np.array(indexes, dtype=np.uint64)
    except OverflowError:
        return np.array([index & _MASK for index in indexes], dtype=np.uint64)
