"""Questions of many rows together, as `AnswerEnv.question` makes them one by one."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from assay.core.drawn import DrawnStream, QuestionForm, codes_of
from assay.core.problems import Question, residues_of
from assay.core.streams import CounterArray, CounterStream

_AHEAD = 4  # draws made ahead at each attempt; the rest are hashed one by one
_MOST_AHEAD = 32
_USUAL = 2  # draws of a form: all numbers by one, and one more
_BLOCK = 256  # streams made at once: arrays cost the same for one as for some hundred
_MOST_TRIES = 4  # attempts among them; at the fifth hardly any row is left
_FEW = 8  # rows below which arrays cost more than they save
_UNIT = 2.0**-53

Draw = Callable[[Any, Any], Question | None]


class Drawer(ABC):
    """Draws for many rows, and some attempts in a row, before the first question is asked.

    Args:
        question: what makes one question from a stream and the options.
        config: the options.
    """

    def __init__(self, question: Draw, config: Any) -> None:
        self._question, self._config = question, config
        self._split, self._first = "train", 0
        self._wanted: str | None = None
        self._indexes: Sequence[int] = ()

    def draw(self, split: str, indexes: Sequence[int], first: int, wanted: str | None) -> range:
        """Make ready for the next attempts at these problems; returns which attempts these are.

        Args:
            split, indexes: the rows' problems.
            first: the first attempt.
            wanted: the split that questions are drawn for; None: any will do.
        """
        self._split, self._indexes, self._wanted = split, indexes, wanted
        self._first = first
        if len(indexes) < _FEW:
            return range(first, first + 1)
        tries = min(max(_BLOCK // len(indexes), 1), _MOST_TRIES)
        attempts = range(first, first + tries)
        self._draw(CounterArray("init", split, codes_of(indexes), np.array(attempts)[:, None]))
        return attempts

    def questions(self, attempt: int, places: Sequence[int]) -> Iterator[Question | None]:
        """The questions of the rows at these places, in turn, at an attempt that was made ready."""
        if len(self._indexes) < _FEW:
            return self._one_by_one(attempt, places)
        return self._drawn(attempt - self._first, places)

    def _one_by_one(self, attempt: int, places: Sequence[int]) -> Iterator[Question | None]:
        for place in places:
            stream = CounterStream("init", self._split, self._indexes[place], attempt)
            stream.wanted = self._wanted
            yield self._question(stream, self._config)

    @abstractmethod
    def _draw(self, rows: CounterArray) -> None:
        """Draw from the streams of attempts (first axis) at rows (second)."""

    @abstractmethod
    def _drawn(self, turn: int, places: Sequence[int]) -> Iterator[Question | None]:
        """The questions of these rows at this one of the attempts."""


class StreamDrawer(Drawer):
    """Calls `question` for each row, with a stream whose first draws are made."""

    def __init__(self, question: Draw, config: Any) -> None:
        super().__init__(question, config)
        self._stream = DrawnStream()  # one object, keyed anew for each row
        self._ahead = _AHEAD
        self._units, self._states = np.zeros((0, 0, 0)), np.zeros((0, 0), dtype=np.uint64)

    def _draw(self, rows: CounterArray) -> None:
        if self._stream.dry:  # these questions take more draws than were made for the last ones
            self._stream.dry, self._ahead = False, min(2 * self._ahead, _MOST_AHEAD)
        self._units = (rows.ahead(self._ahead) >> np.uint64(11)).astype(np.float64) * _UNIT
        self._states, self._stream.wanted = rows.state, self._wanted

    def _drawn(self, turn: int, places: Sequence[int]) -> Iterator[Question | None]:
        units, states = self._units[:, turn].T, self._states[turn]
        if len(places) < len(states):
            units, states = units[places], states[places]
        stream, question, config = self._stream, self._question, self._config
        for row, state in zip(units.tolist(), states.tolist(), strict=True):
            stream.ahead, stream.state = iter(row), state
            yield question(stream, config)


class ColumnDrawer(Drawer):
    """Draws for all rows at once, and asks about each row's values."""

    def __init__(self, question: Draw, form: QuestionForm, config: Any) -> None:
        super().__init__(question, config)
        self._form = form
        self._columns: Sequence[np.ndarray] = []

    def _draw(self, rows: CounterArray) -> None:
        rows.prepare(_USUAL)
        self._columns = self._form.draw(rows, self._config)

    def _drawn(self, turn: int, places: Sequence[int]) -> Iterator[Question | None]:
        columns = [column[turn] for column in self._columns]
        if len(places) < len(self._indexes):
            columns = [column[places] for column in columns]
        ask, config, residues = self._form.ask, self._config, residues_of(self._wanted)

        def owns(key: int) -> bool:
            return key % 10 in residues

        for values in zip(*[column.tolist() for column in columns], strict=True):
            yield ask(values, config, owns)
