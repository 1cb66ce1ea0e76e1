"""One-turn tasks whose questions are made and judged by arithmetic on arrays.

For tasks that are seen as a few integers and answered by a choice. The class gives the array twins
of its scalar functions (`ArrayForm`); all episodes of a vector are drawn together, attempt by
attempt over those rows whose world does not fit the split yet.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, cast

import numpy as np
from gymnasium.spaces import Box, Discrete

from assay.core.answer import AnswerEnv
from assay.core.columns import add_decisions, objects, put, reset_infos
from assay.core.drawn import codes_of
from assay.core.episodes import Judged, Parked, Whole, as_list
from assay.core.streams import CounterArray
from assay.core.types import Verdict

_PATIENCE = 2_000  # attempts, as the scalar environment makes


class ArrayForm(NamedTuple):
    """The array twins of a class's `question` and verifier.

    Attributes:
        draw: from a `CounterArray` and the options to the rows' observations, an integer array
            (n, k), and their split keys, uint64 (n,); key 0 where the draw is not fit.
        judge: from the actions, int64 (n,), all legal, and the observations to what passed,
            bool (n,). The verdict may depend on nothing else.
    """

    draw: Callable[[CounterArray, Any], tuple[np.ndarray, np.ndarray]]
    judge: Callable[[np.ndarray, np.ndarray], np.ndarray]


class ArrayEpisodes:
    """All episodes of a vector as columns."""

    @staticmethod
    def fits(env: AnswerEnv) -> bool:
        """Whether these options are seen as integers, answered by a choice, and have no end."""
        return (
            isinstance(env.observation_space, Box)
            and isinstance(env.action_space, Discrete)
            and env.source is None
            and not env.config.n_shots
        )

    def __init__(self, env: AnswerEnv, n: int, form: ArrayForm) -> None:
        self._env, self._n, self._form = env, n, form
        self._parked = Parked(env, n)
        self._alone: set[int] = set()  # rows whose parked episode is newer than the columns
        self._split = "train"
        self._splits: list[str] = []
        self._actions: np.ndarray | None = None  # with which all rows ended
        self._indexes: list[int] = []
        self._entropies: Whole = []
        self._data = np.zeros((n, *(env.observation_space.shape or ())), dtype=np.int64)
        self._ids: list[str] = []
        self._constants: dict[bool, Verdict] = {}

    def begin(self, split: str, indexes: Whole, entropies: Whole, group: int) -> None:
        """Begin anew in every row; each index serves `group` rows."""
        codes = indexes if isinstance(indexes, np.ndarray) else codes_of(indexes)
        indexes = as_list(indexes)
        self._split, self._entropies, self._actions = split, entropies, None
        self._splits = [split] * self._n
        self._alone.clear()
        start = f"{split}/"
        ids = [f"{start}{index}" for index in indexes] if self._env.level is None else []
        data = self._draw(split, codes)
        if group > 1:
            data = np.repeat(data, group, axis=0)
            indexes = [index for index in indexes for _ in range(group)]
            ids = [name for name in ids for _ in range(group)]
        self._data, self._indexes, self._ids = data, indexes, ids

    def _draw(self, split: str, codes: np.ndarray) -> np.ndarray:
        data, fit = self._attempt(split, codes, 0)
        pending = np.flatnonzero(~fit)
        for attempt in range(1, _PATIENCE):
            if not len(pending):
                return data
            found, fit = self._attempt(split, codes[pending], attempt)
            data[pending[fit]] = found[fit]
            pending = pending[~fit]
        self._env.reset(options={"split": split, "index": int(codes[pending[0]])})
        raise AssertionError("the scalar environment found what arrays did not")

    def _attempt(
        self, split: str, codes: np.ndarray, attempt: int
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = CounterArray("init", split, codes, attempt)
        data, keys = self._form.draw(rows, self._env.config)
        fit = keys != 0
        if not self._env.card.shared_instances:
            residue = keys % np.uint64(10)
            if split == "train":
                fit &= residue < 8
            else:
                fit &= residue == (8 if split == "eval" else 9)
        return data, fit

    def observations(self) -> np.ndarray:
        """The batched observation, fresh."""
        return self._data.astype(self._env.observation_space.dtype)

    def each(self) -> list[Any]:
        """The observation of every row."""
        return list(self.observations())

    def infos(self) -> dict[str, Any]:
        """The infos of the reset."""
        if self._env.level is not None:
            return {}
        infos = reset_infos(self._ids, ())
        infos["split"] = np.full(self._n, self._split, dtype=object)
        infos["_split"] = np.ones(self._n, dtype=np.bool_)
        return infos

    def judge(self, actions: Any) -> Judged | None:
        """One step in every row; None where an action is no integer of a NumPy array."""
        if not self._all_legal(actions):
            return None
        self._alone.clear()
        obs = objects(self.observations())
        infos = put({}, "action_status", np.full(self._n, "ok", dtype=object))
        self._actions = actions.copy()
        if self._env.level is not None:
            return Judged(obs, np.zeros(self._n), infos)
        passed = self._form.judge(actions.astype(np.int64), self._data)
        put(infos, "verdict", self._verdicts(actions, passed))
        rewards = add_decisions(infos, passed, np.ones(self._n, dtype=np.bool_))
        return Judged(obs, rewards, infos)

    def _all_legal(self, actions: Any) -> bool:
        if not isinstance(actions, np.ndarray):
            return False
        sent, space = cast("np.ndarray[Any, Any]", actions), cast("Any", self._env.action_space)
        if sent.dtype.kind not in "iu" or sent.shape != (self._n,):
            return False
        return bool(((sent >= space.start) & (sent < space.start + space.n)).all())

    def _verdicts(self, actions: np.ndarray, passed: np.ndarray) -> np.ndarray:
        """Two shared verdicts, learned from the scalar environment's verifier."""
        for word in (True, False):
            if word not in self._constants:
                rows = np.flatnonzero(passed == word)
                if len(rows):
                    self._constants[word] = self._ask(int(rows[0]), actions)
        yes, no = self._constants.get(True), self._constants.get(False)
        return np.where(passed, np.array(yes, dtype=object), np.array(no, dtype=object))

    def _ask(self, row: int, actions: np.ndarray) -> Verdict:
        self._rebuild(row)
        return self._env.step(cast("Any", int(actions[row])))[4]["verdict"]

    def _rebuild(self, row: int) -> None:
        place = {"split": self._splits[row], "index": self._indexes[row]}
        self._env.reset(seed=int(self._entropies[row]), options=place)

    def load(self, row: int) -> None:
        """Put a row's episode into the environment."""
        if not self._indexes or row in self._alone:
            self._parked.load(row)
            return
        self._rebuild(row)
        if self._actions is not None:
            self._env.step(cast("Any", int(self._actions[row])))

    def save(self, row: int) -> None:
        """Take it out again, into the columns too, if there are any."""
        env = self._env
        self._parked.save(row)
        self._alone.add(row)
        if self._indexes:
            self._splits[row], self._indexes[row] = env.split, env.index
            self._entropies = as_list(self._entropies)
            self._entropies[row], self._data[row] = env.rng.entropy, env.world.question.data
