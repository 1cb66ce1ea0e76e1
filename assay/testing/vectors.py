"""Contract §13.7, first half: vectors of every kind are equal, step by step, to the environment."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from typing import Any, cast

import gymnasium
import numpy as np
from gymnasium.spaces import Dict, Space, Tuple
from gymnasium.vector import AutoresetMode, VectorEnv

from assay.core.env import TaskEnv
from assay.core.spaces import Unicode
from assay.core.types import Verdict
from assay.testing.cases import Case, NotApplicable, require
from assay.testing.data import filled
from assay.testing.episodes import gold, plain, random_play, same
from assay.wrappers.vector import make_vec

MODES = (AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP, AutoresetMode.DISABLED)
ROWS, SEED = 3, 11
JUNK = ("\0 junk", "", "\ud800", "7 or 8", -1, 10**30, 0.5, float("nan"), b"7", [], {})


def check_vectors_agree(case: Case) -> None:
    """Gymnasium's vector, assay's own and the native one, in the three autoreset modes."""
    kinds = ["gymnasium", "sync", *(["native"] if case.card.vector_entry_point else [])]
    n_steps = case.count(16 if case.one_turn else 60, 150)
    for mode in MODES:
        for kind in kinds:
            _compare(case, kind, mode, n_steps)


def check_worker_processes_agree(case: Case) -> None:
    """The same with worker processes."""
    for mode in MODES:
        _compare(case, "process", mode, case.count(12 if case.one_turn else 30, 60))


def build(case: Case, kind: str, mode: AutoresetMode, n: int = ROWS, **more: Any) -> VectorEnv:
    """A vector of one kind."""
    options = {**filled(case.options), **more}
    if kind == "gymnasium":
        return gymnasium.make_vec(
            case.id,
            n,
            vectorization_mode="sync",
            vector_kwargs={"autoreset_mode": mode},
            **options,
        )
    return make_vec(case.id, n, mode=cast("Any", kind), autoreset_mode=mode, **options)


def _compare(case: Case, kind: str, mode: AutoresetMode, n_steps: int) -> None:
    where = f"{case}: the {kind} vector in mode {mode.value}"
    with closing(build(case, kind, mode)) as vector:
        rows = [_Row(case.make(), SEED + i, mode) for i in range(ROWS)]
        try:
            declared = vector.metadata.get("autoreset_mode")
            require(declared == mode, f"{where} declares {declared} in its metadata.")
            require(
                vector.single_observation_space == rows[0].env.observation_space
                and vector.single_action_space == rows[0].env.action_space,
                f"{where} has other single spaces than the environment.",
            )
            obs, infos = vector.reset(seed=SEED)
            for i, row in enumerate(rows):
                _match(
                    where, "reset", i, (row.obs, row.info), (_obs(vector, obs, i), _info(infos, i))
                )
            for step in range(n_steps):
                _step(where, step, vector, rows, mode)
        finally:
            for row in rows:
                row.env.close()


def _step(where: str, step: int, vector: VectorEnv, rows: list[_Row], mode: AutoresetMode) -> None:
    actions = [row.choose() for row in rows]
    text = isinstance(vector.single_action_space, Unicode)
    obs, rewards, terminated, truncated, infos = vector.step(tuple(actions) if text else actions)
    for i, row in enumerate(rows):
        expected = row.step(actions[i])
        found = (_obs(vector, obs, i), rewards[i], terminated[i], truncated[i], _info(infos, i))
        _match(where, f"step {step} ({actions[i]!r:.40})", i, expected, found)
    if mode == AutoresetMode.DISABLED and any(row.ended for row in rows):
        mask = np.array([row.ended for row in rows])
        obs, infos = vector.reset(options={"reset_mask": mask})
        for i, row in enumerate(rows):
            if mask[i]:
                row.begin()
                found = (_obs(vector, obs, i), _info(infos, i))
                _match(where, f"reset after step {step}", i, (row.obs, row.info), found)


def _match(where: str, when: str, row: int, expected: Any, found: Any) -> None:
    for k, (a, b) in enumerate(zip(expected, found, strict=True)):
        name = ("observation", "reward", "terminated", "truncated", "info")[k if k == 0 or len(
            expected) == 5 else 4]  # fmt: skip
        require(
            same(_loose(a), _loose(b)),
            f"{where} differs at {when}, row {row}, in its {name}: {b!r:.300}; the environment "
            "gives "
            f"{a!r:.300}.",
        )


class _Row:
    """One environment, stepped as Gymnasium's vectors step theirs."""

    def __init__(self, env: TaskEnv[Any, Any], seed: int, mode: AutoresetMode) -> None:
        self.env, self.mode, self.seed = env, mode, seed
        self.n_episodes, self.ended = 0, False
        self.actions: Generator[Any, Any, None] | None = None
        self.begin(seed)

    def begin(self, seed: int | None = None) -> None:
        self.obs, self.info = self.env.reset(seed=seed)
        self.ended = False
        self.actions = None
        self.n_episodes += 1

    def choose(self) -> Any:
        """Gold, a random action, or junk, by turns of the row's episodes."""
        kind = (self.seed + self.n_episodes) % 5
        if self.ended or kind == 2:
            return None
        if kind == 3:
            return JUNK[self.n_episodes % len(JUNK)]
        if self.actions is None:
            driver = gold if kind == 0 and self.env.card.proof != "none" else random_play(self.seed)
            self.actions = driver(self.env)
            return next(self.actions)
        try:
            return self.actions.send(self.obs)
        except StopIteration:
            return None

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        if self.mode == AutoresetMode.NEXT_STEP and self.ended:
            self.begin()
            return self.obs, 0.0, False, False, self.info
        self.obs, reward, terminated, truncated, info = self.env.step(action)
        self.ended = terminated or truncated
        if self.mode == AutoresetMode.SAME_STEP and self.ended:
            final = {"final_obs": self.obs, "final_info": info}
            self.begin()
            info = {**self.info, **final}
        return self.obs, float(reward), terminated, truncated, info


def _obs(vector: VectorEnv, obs: Any, row: int) -> Any:
    return _part(vector.single_observation_space, obs, row)


def _part(space: Space[Any], batch: Any, row: int) -> Any:
    if isinstance(space, Dict):
        return {name: _part(space[name], batch[name], row) for name in space}
    if isinstance(space, Tuple):
        return tuple(_part(s, part, row) for s, part in zip(space, batch, strict=True))
    return batch[row]


def _info(infos: dict[str, Any], row: int) -> dict[str, Any]:
    """One row's info, out of Gymnasium's arrays with their masks."""
    found: dict[str, Any] = {}
    for key, value in infos.items():
        mask = infos.get(f"_{key}")
        if mask is not None and mask[row]:
            found[key] = _info(value, row) if isinstance(value, dict) else value[row]
    return found


def _loose(value: Any) -> Any:
    """A value without the types that batching changes."""
    if isinstance(value, Verdict):
        return plain(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, dict):
        return {k: _loose(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_loose(part) for part in value]
    return value


def check_groups_share_a_problem(case: Case) -> None:
    """In group mode rows stand side by side at one problem, and go on to the next together."""
    with closing(build(case, "sync", AutoresetMode.SAME_STEP, 4, group=2)) as vector:
        _, infos = vector.reset(seed=SEED)
        met = [_pairs(case, infos)]
        for _ in range(30 if case.one_turn else 200):
            actions: list[Any] = [None] * 4
            _, _, _, _, infos = vector.step(
                tuple(actions) if isinstance(vector.single_action_space, Unicode) else actions
            )
            if "problem_id" in infos and any(infos["_problem_id"]):
                met.append(_pairs(case, infos))
        size = _size(case)
        if len(met) < 3:
            raise NotApplicable("episodes are too long for the group test")
        require(
            len({pair for pairs in met for pair in pairs}) > (2 if size is None or size > 8 else 0),
            f"{case}: in group mode the same problems come again and again.",
        )


def _pairs(case: Case, infos: dict[str, Any]) -> list[str]:
    ids, told = infos["problem_id"], infos["_problem_id"]
    found: list[str] = []
    for first in (0, 2):
        if told[first] or told[first + 1]:
            require(
                told[first] and told[first + 1] and ids[first] == ids[first + 1],
                f"{case}: rows {first} and {first + 1} of a group play {ids[first]} and "
                f"{ids[first + 1]}.",
            )
            found.append(str(ids[first]))
    return found


def _size(case: Case) -> int | None:
    """How many problems the case's split holds; None where there is no end."""
    with case.open() as env:
        return env.n_problems(env.config.split)
