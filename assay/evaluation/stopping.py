"""Measured enough: `until_ci` stops an environment once its interval is narrow, in fixed places.

The interval is looked at after 32, 64, 96 … episodes of the plan, all of them, whichever worker
played them: so the episodes that count are the same on every backend and after every interruption.
An interval that decided when to stop is not one of a fixed number of episodes; results say so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from assay.evaluation import stats
from assay.evaluation.config import COUNTED
from assay.evaluation.store import Store

FIRST_LOOK = 32  # episodes; before this a lucky start would pass for certainty
_COUNTED = ", ".join(repr(status) for status in COUNTED)
TASK = "CASE WHEN world = '' THEN episode ELSE world END"
WHERE_ENV = "WHERE run = ? AND env_id = ? AND env_digest = ? AND policy_id = ? AND split = ?"


class Place(NamedTuple):
    """One environment of a run, as its rows name it."""

    run: int
    env_id: str
    env_digest: str
    policy_id: str
    split: str


def looks(n: int) -> Iterator[int]:
    """Numbers of episodes after which the interval is looked at; the last is `n`, where all ends.

    By 32 up to 256 and by about a quarter after that: few looks, and few episodes too many.
    """
    at = FIRST_LOOK
    while at < n:
        yield at
        at += max(FIRST_LOOK, at // 4 // FIRST_LOOK * FIRST_LOOK)
    yield n


def task_counts(store: Store, place: Place, episodes: int | None = None) -> NDArray[np.int64]:
    """(passed, counted) of each task, a row each; of the first `episodes` only, where given.

    A task is an episode of the plan, or a world where the card says that instances are shared.
    """
    first = "" if episodes is None else f" AND episode < {episodes:d}"
    rows = store.query(
        f"SELECT sum(passed), count(*) FROM episodes {WHERE_ENV} AND status IN ({_COUNTED}){first} "
        f"GROUP BY {TASK} ORDER BY {TASK}",
        place,
    )
    return np.array(rows, dtype=np.int64).reshape(-1, 2)


def narrow(store: Store, place: Place, episodes: int, samples: int, width: float) -> bool:
    """Whether the 95 % interval after so many episodes is no wider than `width`."""
    table = task_counts(store, place, episodes)
    _, low, high = stats.pass_rate(table[:, 0], table[:, 1], samples).interval
    return high - low <= width


def stopped_early(store: Store, place: Place, n: int, samples: int, width: float) -> bool:
    """Whether what is stored of an environment ends where its interval had become narrow."""
    found = store.query(f"SELECT count(*), max(episode) FROM episodes {WHERE_ENV}", place)[0]
    if not found[0]:
        return False
    episodes = found[1] + 1
    at_a_look = episodes < n and episodes in looks(n)
    whole = found[0] == episodes * samples
    return at_a_look and whole and narrow(store, place, episodes, samples, width)


class Frontier:
    """How far into one environment its episodes may be sent out now.

    Args:
        stored: episodes up to the last of which a row is stored; the first look is not before it.
        width: of the interval that is enough; None plays all `n` at once.
    """

    def __init__(
        self, store: Store, place: Place, n: int, samples: int, width: float | None, stored: int = 0
    ) -> None:
        self._store, self._place, self._samples, self._width = store, place, samples, width
        self._looks = iter((n,)) if width is None else (at for at in looks(n) if at >= stored)
        self.n = n
        self.limit = next(self._looks)

    @property
    def final(self) -> bool:
        """Whether all `n` may be sent out."""
        return self.limit == self.n

    def move(self) -> bool:
        """When all up to the limit is there: go on to the next look, or False for enough."""
        if self.final:
            return False
        assert self._width is not None
        self._store.flush()
        if narrow(self._store, self._place, self.limit, self._samples, self._width):
            return False
        self.limit = next(self._looks)
        return True
