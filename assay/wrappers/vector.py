"""`make_vec`: a vector of any id, in the way that costs least, with defaults safe for text.

In every mode: three autoreset modes with Gymnasium's own structure of infos, `reset_at`, `step_at`
and group mode (`assay.core.rows`). Texts never go through shared memory.
"""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, cast

import gymnasium
import numpy as np
from gymnasium.envs.registration import EnvSpec
from gymnasium.envs.registration import registry as gym_registry
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from assay.core.answer import AnswerEnv
from assay.core.errors import OptionError, bad_value
from assay.core.registry import card, env_kind, ids, load, parse_env
from assay.core.rows import Batch, Begun, Reset, RowVector, Step, Stepped, autoreset
from assay.core.types import EnvCard
from assay.wrappers.process_vector import ProcessVector
from assay.wrappers.worker import play

Mode = Literal["sync", "process", "native"]
MODES: tuple[Mode, ...] = ("sync", "process", "native")
PROCESS_ABOVE_S = 1e-3  # a pipe costs some 0.2 ms a row; below this much work it does not pay


class SyncVector(RowVector, SyncVectorEnv[Any, Any]):
    """Gymnasium's `SyncVectorEnv` with rows that can be reset and stepped alone or in groups.

    Args:
        env_fns: one function for each row, that makes its environment.
        autoreset_mode: when a row that ended begins anew.
        group: so many rows side by side play one problem.
    """

    def __init__(
        self,
        env_fns: Sequence[Callable[[], gymnasium.Env[Any, Any]]],
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.NEXT_STEP,
        group: int = 1,
    ) -> None:
        SyncVectorEnv.__init__(self, env_fns, autoreset_mode=autoreset_mode)
        self._start(autoreset_mode, group)
        self._last = self._env_obs

    def step(self, actions: Any) -> Batch:
        """Act in every row; without groups, by Gymnasium's own loop."""
        if self.group > 1:
            return RowVector.step(self, actions)
        self._split_actions(actions)  # refuses a wrong number before any row has moved
        if self.autoreset_mode == AutoresetMode.DISABLED and self._ended.any():
            self._refuse(range(self.num_envs))
        self._autoreset_envs = self._ended
        result = SyncVectorEnv.step(self, actions)
        if self.autoreset_mode != AutoresetMode.SAME_STEP:
            self._ended = result[2] | result[3]
        return result

    def _run(self, jobs: Sequence[Reset | Step]) -> list[Begun | Stepped]:
        return [play(self.envs[job.row], job) for job in jobs]


def make_vec(
    env_id: str,
    n: int = 1,
    mode: Mode | None = None,
    *,
    autoreset_mode: str | AutoresetMode | None = None,
    group: int = 1,
    vector_kwargs: Mapping[str, Any] | None = None,
    **options: Any,
) -> RowVector:
    """A vector of `n` environments.

    Args:
        env_id: any id, also with a query (`assay/Countdown-v0?n_numbers=2`).
        n: how many rows.
        mode: `native` (arrays; where the card has it), `sync` (a loop in this process), `process`
            (a process for each row). None takes native where there is one; else it times a step
            and takes processes above a millisecond of work.
        autoreset_mode: None is `SAME_STEP` for one-turn tasks, where `NEXT_STEP` would waste every
            other step, else `NEXT_STEP`.
        group: so many rows side by side play one problem; `n` is a multiple of it.
        vector_kwargs: further arguments of the vector itself, such as `timeout_s` of `process`.
        **options: those of the environment.

    Raises:
        UnknownName: no such id. OptionError: a mode that there is not, or not for this id.
    """
    env_id, options = _resolve(env_id, options)
    found = card(env_id) if env_id in ids() else None
    if mode is not None and mode not in MODES:
        raise bad_value("mode", mode, f"None or one of {', '.join(map(repr, MODES))}")
    if isinstance(n, bool) or not isinstance(n, int | np.integer) or n < 1:
        raise bad_value("n", n, "an integer of at least 1")
    n = int(n)
    chosen = mode or choose_mode(env_id, found, options)
    if autoreset_mode is None:
        one_turn = found is not None and issubclass(env_kind(found), AnswerEnv)
        autoreset_mode = AutoresetMode.SAME_STEP if one_turn else AutoresetMode.NEXT_STEP
    shape = {"autoreset_mode": autoreset(autoreset_mode), "group": group}
    extra = {**shape, **(vector_kwargs or {})}
    if chosen == "native":
        vector = _native(env_id, found)(num_envs=n, **extra, **_all_options(found, options))
    elif chosen == "process":
        vector = ProcessVector(env_id, n, options=options, **extra)
    else:
        vector = SyncVector([lambda: _make(env_id, options)] * n, **extra)
    vector.spec = _spec(env_id, n, chosen, shape, options)
    return vector


def choose_mode(env_id: str, found: EnvCard | None, options: Mapping[str, Any]) -> Mode:
    """Native where the card has it; else by the wall-clock cost of a step."""
    if found is not None and found.vector_entry_point:
        return "native"
    return "process" if step_cost_s(env_id, options) > PROCESS_ABOVE_S else "sync"


def step_cost_s(env_id: str, options: Mapping[str, Any]) -> float:
    """Seconds of wall clock that a step takes, or a step and a reset where it ends the episode.

    The least of three, after one that warms up caches.
    """
    env = _make(env_id, options)
    try:
        env.action_space.seed(0)
        env.reset(seed=0)
        costs: list[float] = []
        for _ in range(4):
            action = env.action_space.sample()
            start = time.perf_counter()
            _, _, terminated, truncated, _ = env.step(action)
            if terminated or truncated:
                env.reset()
            costs.append(time.perf_counter() - start)
        return min(costs[1:])
    finally:
        env.close()


def _resolve(env_id: str, options: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    if "?" in env_id:
        env_id, named = parse_env(env_id)
        return env_id, {**named, **options}
    known = ids()
    if env_id in known or env_id in gym_registry:
        return env_id, dict(options)
    module, colon, name = env_id.partition(":")
    if colon and module != "assay":
        return env_id, dict(options)  # gymnasium imports the module
    return card(name if colon else env_id).id, dict(options)


def _make(env_id: str, options: Mapping[str, Any]) -> gymnasium.Env[Any, Any]:
    return gymnasium.make(env_id, disable_env_checker=True, **options)


def _all_options(found: EnvCard | None, options: Mapping[str, Any]) -> dict[str, Any]:
    return {**(found.kwargs if found is not None else {}), **options}


def _native(env_id: str, found: EnvCard | None) -> Callable[..., RowVector]:
    if found is None or not found.vector_entry_point:
        raise OptionError(f"{env_id} has no native vector: use mode='sync' or mode='process'.")
    return cast(
        "Callable[..., RowVector]", load(found.vector_entry_point, what=f"{env_id}'s vector")
    )


def _spec(
    env_id: str, n: int, mode: Mode, shape: Mapping[str, Any], options: Mapping[str, Any]
) -> EnvSpec | None:
    """The spec from which `gymnasium.make_vec` makes a like vector (without processes)."""
    base = gym_registry.get(env_id)
    if base is None:
        return None
    spec = copy.deepcopy(base)
    autoreset = cast("AutoresetMode", shape["autoreset_mode"]).value
    spec.kwargs = {**spec.kwargs, **options, "num_envs": n}
    if mode == "native":
        spec.kwargs.update(vectorization_mode="vector_entry_point", autoreset_mode=autoreset)
    else:
        spec.kwargs.update(vectorization_mode="sync", vector_kwargs={"autoreset_mode": autoreset})
    return spec
