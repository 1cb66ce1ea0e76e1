"""The episodes of a vector of one-turn tasks, played by one environment.

All that moves in an `AnswerEnv` is its world, so one environment can stand in for many: an episode
is put into it, stepped, and taken out again. `Parked` does that for any of them. `Episodes` are
begun and judged all together: texts in `text_episodes`, integers in `array_episodes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np

from assay.core.answer import AnswerEnv

_FIELDS = ("split", "index", "world", "problem", "over", "n_steps", "_judged", "_state")
Whole = np.ndarray | list[int]  # uint64, or Python's integers where they may be larger
NEW_EPISODE = ("train", 0, None, None, False, 0, None, "new")


class Judged(NamedTuple):
    """All episodes after their one step: observations as an object array, rewards, infos."""

    obs: np.ndarray
    rewards: np.ndarray
    infos: dict[str, Any]


class Episodes(Protocol):
    """Episodes that are begun and judged all together."""

    def begin(self, split: str, indexes: Whole, entropies: Whole, group: int) -> None:
        """Begin anew in every row; each index serves `group` rows."""
        ...

    def observations(self) -> Any:
        """The batched observation, fresh."""
        ...

    def each(self) -> list[Any]:
        """The observation of every row."""
        ...

    def infos(self) -> dict[str, Any]:
        """The infos of the reset."""
        ...

    def judge(self, actions: Any) -> Judged | None:
        """One step in every row; None where the actions have to be taken one by one."""
        ...

    def load(self, row: int) -> None:
        """Put a row's episode into the environment."""
        ...

    def save(self, row: int) -> None:
        """Take it out again."""
        ...


class Parked:
    """Rows' episodes as they were taken out of the one environment that plays them all."""

    def __init__(self, env: AnswerEnv, n: int) -> None:
        self._env = env
        self._states: list[tuple[Any, ...] | None] = [None] * n

    def load(self, row: int) -> None:
        """Put a row's episode into the environment; a row without one makes `step` refuse."""
        state = self._states[row]
        put_state(self._env, *(state or ((), NEW_EPISODE)))

    def save(self, row: int) -> None:
        """Take it out again."""
        rng = self._env.rng
        key = (rng.split, rng.index, rng.attempt, rng.entropy)
        self._states[row] = (key, tuple(getattr(self._env, name) for name in _FIELDS))


def as_list(whole: Whole) -> list[int]:
    """As Python's integers."""
    return whole.tolist() if isinstance(whole, np.ndarray) else whole


def put_state(env: AnswerEnv, key: tuple[Any, ...], values: Sequence[Any]) -> None:
    """Make `env` stand where another episode stood."""
    if key:
        env.rng.key(*key)
    for name, value in zip(_FIELDS, values, strict=True):
        setattr(env, name, value)
