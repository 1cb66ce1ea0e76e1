"""`RowVector`: what assay's vectors share beyond Gymnasium's own.

Rows are reset and stepped alone, together or in groups. A subclass says how one batch of jobs is
done (in a loop, by worker processes, by arrays); when rows begin anew, and what the caller is told,
is decided here once and equals `gymnasium.vector.SyncVectorEnv`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import concatenate, create_empty_array, iterate

from assay.core.errors import EpisodeOver, NotReset, OptionError, bad_value

Batch = tuple[Any, np.ndarray, np.ndarray, np.ndarray, dict[str, Any]]
Place = tuple[str, int]  # split and index


class Reset(NamedTuple):
    """A row is to begin an episode."""

    row: int
    seed: int | None = None
    options: Mapping[str, Any] | None = None


class Step(NamedTuple):
    """A row is to act; with `renew`, and if that ends its episode, to begin the next."""

    row: int
    action: Any
    renew: bool = False


class Begun(NamedTuple):
    """What a reset gave; `place` is the problem, None where the environment has none."""

    obs: Any
    info: dict[str, Any]
    place: Place | None = None


class Stepped(NamedTuple):
    """What a step gave, and the episode begun after it, if any."""

    obs: Any
    reward: float
    terminated: bool
    truncated: bool
    info: dict[str, Any]
    begun: Begun | None = None


def autoreset(mode: str | AutoresetMode) -> AutoresetMode:
    """When rows that ended begin anew, as Gymnasium names it.

    Raises:
        OptionError: no such mode.
    """
    try:
        return AutoresetMode(mode)
    except ValueError:
        known = ", ".join(repr(one.value) for one in AutoresetMode)
        raise bad_value("autoreset_mode", mode, f"one of {known}") from None


class RowVector(VectorEnv[Any, Any, np.ndarray]):
    """A vector whose rows can be reset and stepped one by one, and stand in groups.

    In group mode (`group=G`) rows `g*G .. g*G + G-1` play one problem: that of the first of them,
    drawn as always; the others begin with a seed of their own and its split and index. A group is
    reset as a whole. With autoreset it goes on when all its rows have ended; a row that waits for
    the others ignores its action, repeats its observation with reward 0.0 and both flags False, and
    is marked in `infos["waiting"]`.
    """

    autoreset_mode: AutoresetMode
    group: int
    action_space: Any
    single_observation_space: Any

    def _start(self, autoreset_mode: str | AutoresetMode, group: int) -> None:
        """Set up the bookkeeping; `num_envs` and the spaces are known by now."""
        self.autoreset_mode = autoreset(autoreset_mode)
        if isinstance(group, bool) or group < 1 or self.num_envs % group:
            raise bad_value("group", group, f"a divisor of the number of rows, {self.num_envs}")
        self.group = group
        self._ended = np.zeros(self.num_envs, dtype=np.bool_)
        self._last: list[Any] = [None] * self.num_envs

    # ------------------------------------------------------------------ what a subclass writes

    @abstractmethod
    def _run(self, jobs: Sequence[Reset | Step]) -> list[Begun | Stepped]:
        """Do the jobs, at most one a row, and return their results in the same order."""

    # ------------------------------------------------------------------ resetting

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every row, or in those of `options["reset_mask"]`.

        Args:
            seed: an int `s` gives row `i` the seed `s + i`; a sequence holds one for each row.
            options: what every row is reset with.
        """
        options = dict(options or {})
        mask = options.pop("reset_mask", None)
        rows = range(self.num_envs) if mask is None else self._masked(mask)
        seeds = self._seeds(range(self.num_envs), seed)
        return self._reset_rows(
            list(rows), [seeds[row] for row in rows], [options or None] * len(rows)
        )

    def reset_at(
        self,
        indices: Sequence[int],
        *,
        seed: int | Sequence[int | None] | None = None,
        options: Mapping[str, Any] | Sequence[Mapping[str, Any] | None] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in some rows; in group mode, in whole groups.

        Args:
            indices: the rows.
            seed: an int `s` gives row `i` the seed `s + i`; a sequence holds one for each index.
            options: for all of them, or one for each index.

        Returns:
            The observations of all rows, and the infos of those named, under their masks.
        """
        rows = self._rows(indices)
        if options is None or isinstance(options, Mapping):
            each: list[Mapping[str, Any] | None] = [options] * len(rows)
        else:
            each = list(options)
            if len(each) != len(rows):
                raise bad_value("options", options, f"one mapping for each of {len(rows)} indices")
        return self._reset_rows(rows, self._seeds(rows, seed), each)

    def _reset_rows(
        self,
        rows: list[int],
        seeds: list[int | None],
        options: Sequence[Mapping[str, Any] | None],
    ) -> tuple[Any, dict[str, Any]]:
        self._whole_groups(rows, "reset")
        if len(rows) < self.num_envs and any(obs is None for obs in self._last):
            raise NotReset("Some rows have no episode yet: call reset() for all of them once.")
        begun = self._begin(
            [Reset(row, s, o) for row, s, o in zip(rows, seeds, options, strict=True)]
        )
        infos: dict[str, Any] = {}
        for row in sorted(rows):
            infos = self._add_info(infos, begun[row].info, row)
        return self._batch(self._last), infos

    def _begin(
        self, resets: Sequence[Reset], others: Sequence[Step] = ()
    ) -> dict[int, Begun | Stepped]:
        """Reset rows, groups by their first row; `others` are done beside them."""
        size = self.group
        if size == 1:
            return self._do([*resets, *others])
        leaders = [job for job in resets if job.row % size == 0]
        followers = [job for job in resets if job.row % size]
        options = {job.row // size: job.options for job in leaders}
        for job in followers:
            if job.options != options[job.row // size]:
                raise OptionError("The rows of a group play one problem: give them equal options.")
        done = self._do([*leaders, *others])
        placed: list[Reset] = []
        for job in followers:
            place = done[job.row - job.row % size].place
            if place is None:
                raise OptionError(
                    "Group mode needs an environment with problems by split and index: use group=1."
                )
            placed.append(job._replace(options={"split": place[0], "index": place[1]}))
        done.update(self._do(placed))
        return done

    def _do(self, jobs: Sequence[Reset | Step]) -> dict[int, Any]:
        results = self._run(jobs) if jobs else []
        done: dict[int, Any] = {}
        for job, result in zip(jobs, results, strict=True):
            done[job.row] = result
            if isinstance(result, Begun):
                self._ended[job.row], self._last[job.row] = False, result.obs
            elif result.begun is not None:
                self._ended[job.row], self._last[job.row] = False, result.begun.obs
            else:
                self._ended[job.row] = result.terminated or result.truncated
                self._last[job.row] = result.obs
        return done

    # ------------------------------------------------------------------ stepping

    def step(self, actions: Any) -> Batch:
        """Act in every row."""
        return self._advance(list(range(self.num_envs)), self._split_actions(actions))

    def step_at(self, indices: Sequence[int], actions: Sequence[Any]) -> Batch:
        """Act in some rows; in group mode with autoreset, in whole groups.

        Args:
            indices: the rows, in any order.
            actions: one for each index.

        Returns:
            As `step`, of length `len(indices)` and in their order.
        """
        rows, sent = self._rows(indices), list(actions)
        if len(sent) != len(rows):
            raise bad_value("actions", len(sent), f"{len(rows)} actions, one for each index")
        if self.autoreset_mode != AutoresetMode.DISABLED:
            self._whole_groups(rows, "step")
        return self._advance(rows, sent)

    def _split_actions(self, actions: Any) -> list[Any]:
        if isinstance(actions, str):
            raise OptionError(f"Got one text for {self.num_envs} rows: expected a list, one a row.")
        sent = list(iterate(self.action_space, actions))
        if len(sent) != self.num_envs:
            raise OptionError(
                f"Got {len(sent)} actions for {self.num_envs} rows: one for each row."
            )
        return sent

    def _advance(self, rows: list[int], actions: list[Any]) -> Batch:
        mode, size = self.autoreset_mode, self.group
        same_step = mode == AutoresetMode.SAME_STEP
        ended, all_ended = self._ended.copy(), self._all_ended()
        if mode == AutoresetMode.DISABLED and ended[rows].any():
            self._refuse(rows)
        due = [Reset(row) for row in rows if all_ended[row]]
        moves = [
            Step(row, action, same_step and size == 1)
            for row, action in zip(rows, actions, strict=True)
            if not ended[row]
        ]
        done = self._begin(due, moves)
        renewed: dict[int, Begun | Stepped] = {}
        if same_step and size > 1:
            all_ended = self._all_ended()
            renewed = self._begin([Reset(row) for row in rows if all_ended[row]])
        return self._report(rows, done, renewed)

    def _all_ended(self) -> np.ndarray:
        """For every row, whether its whole group has ended."""
        if self.group == 1:
            return self._ended
        return np.repeat(self._ended.reshape(-1, self.group).all(axis=1), self.group)

    def _report(
        self,
        rows: list[int],
        done: Mapping[int, Begun | Stepped],
        renewed: Mapping[int, Begun | Stepped],
    ) -> Batch:
        n = len(rows)
        same_step = self.autoreset_mode == AutoresetMode.SAME_STEP
        rewards = np.zeros(n, dtype=np.float64)
        terminated, truncated = np.zeros(n, dtype=np.bool_), np.zeros(n, dtype=np.bool_)
        gather, infos = _Gather(n), cast("dict[str, Any]", {})
        for k, row in enumerate(rows):
            result = done.get(row)
            if result is None:
                infos = gather.add(infos, {"waiting": True}, k)
            elif isinstance(result, Begun):
                infos = gather.add(infos, result.info, k)
            else:
                rewards[k], terminated[k], truncated[k] = result[1:4]
                info = result.info
                if same_step and (result.terminated or result.truncated):
                    infos = gather.add(infos, {"final_obs": result.obs, "final_info": info}, k)
                    info = result.begun.info if result.begun is not None else {}
                infos = gather.add(infos, info, k)
            if row in renewed:
                infos = gather.add(infos, renewed[row].info, k)
        return self._batch([self._last[row] for row in rows]), rewards, terminated, truncated, infos

    def _batch(self, observations: Sequence[Any]) -> Any:
        space = self.single_observation_space
        return concatenate(space, observations, create_empty_array(space, n=len(observations)))

    # ------------------------------------------------------------------ checks

    def _rows(self, indices: Sequence[int]) -> list[int]:
        rows = [int(i) for i in indices]
        if len(set(rows)) != len(rows) or any(not 0 <= row < self.num_envs for row in rows):
            raise bad_value(
                "indices", indices, f"different row numbers from 0 to {self.num_envs - 1}"
            )
        return rows

    def _masked(self, mask: Any) -> list[int]:
        if not isinstance(mask, np.ndarray):
            raise TypeError("options['reset_mask'] must be a NumPy array of bool.")
        mask = cast("np.ndarray[Any, Any]", mask)
        if mask.dtype != np.bool_:
            raise TypeError("options['reset_mask'] must be a NumPy array of bool.")
        if mask.shape != (self.num_envs,) or not mask.any():
            raise ValueError(
                f"options['reset_mask'] must have shape ({self.num_envs},) and one True at least."
            )
        return np.flatnonzero(mask).tolist()

    def _seeds(
        self, rows: Sequence[int], seed: int | Sequence[int | None] | None
    ) -> list[int | None]:
        if seed is None:
            return [None] * len(rows)
        if isinstance(seed, int | np.integer):
            return [int(seed) + row for row in rows]
        if len(seed) != len(rows):
            raise ValueError(f"Got {len(seed)} seeds for {len(rows)} rows: one for each row.")
        return list(seed)

    def _whole_groups(self, rows: Sequence[int], verb: str) -> None:
        if self.group == 1:
            return
        groups = {row // self.group for row in rows}
        if len(groups) * self.group != len(rows):
            raise OptionError(
                f"In group mode rows {verb} in whole groups of {self.group}: name all of them."
            )

    def _refuse(self, rows: Sequence[int]) -> None:
        over = [row for row in rows if self._ended[row]]
        raise EpisodeOver(
            f"The episodes of rows {over[:8]} have ended: reset them before the next step "
            "(autoreset is disabled)."
        )


class _Gather(VectorEnv[Any, Any, np.ndarray]):
    """Gymnasium's own way of putting infos together, for any number of rows."""

    def __init__(self, n: int) -> None:
        self.num_envs = n

    def add(self, infos: dict[str, Any], info: dict[str, Any], k: int) -> dict[str, Any]:
        return self._add_info(infos, info, k)
