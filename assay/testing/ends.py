"""Contract §13.6: how episodes end, what comes after, and what `close` gives back."""

from __future__ import annotations

import gc
import multiprocessing
import os
import threading
from pathlib import Path
from typing import Any

import gymnasium

from assay.core.env import TaskEnv
from assay.core.errors import EpisodeOver
from assay.testing.cases import Case, ContractViolation, NotApplicable, require
from assay.testing.episodes import Driver, forever, play, random_play

SHORT = 5


def check_step_after_the_end(case: Case) -> None:
    """A step after the end raises `EpisodeOver`, one before the first reset `ResetNeeded`."""
    with case.open() as env:
        action = env.action_space.sample()
        try:
            env.step(action)
        except gymnasium.error.ResetNeeded:
            pass
        else:
            raise ContractViolation(f"{case}: a step before the first reset was accepted.")
        for seed in range(3):
            play(env, random_play(seed), seed=seed)
            for _ in range(2):
                try:
                    env.step(action)
                except EpisodeOver:
                    continue
                raise ContractViolation(
                    f"{case}: a step after the end was accepted: it raises EpisodeOver."
                )
            require(
                not play(env, random_play(seed), seed=seed).first_info.get("verdict"), f"{case}"
            )


def check_truncation(case: Case) -> None:
    """`truncated` comes exactly at `max_steps`; one-turn tasks end with `terminated` instead."""
    if case.one_turn:
        with case.open() as env:
            for seed in range(3):
                last = play(env, random_play(seed), seed=seed).moves[-1]
                require(
                    last.terminated and not last.truncated and env.n_steps == 1,
                    f"{case}: a one-turn task ends with terminated=True after one step.",
                )
        return
    with case.open() as env:
        reached = _reaches_limit(case, env)
        if reached or "max_steps" in case.options:
            return
    with _short(case) as env:
        if not _reaches_limit(case, env):
            raise NotApplicable("no episode lasts until max_steps: the world's own end comes first")


def _short(case: Case) -> Any:
    try:
        return case.open(max_steps=SHORT)
    except (TypeError, ValueError):
        raise NotApplicable("max_steps follows from the other options") from None


def _reaches_limit(case: Case, env: TaskEnv) -> bool:
    """Play junk, waiting and random actions; whether any episode reached the limit."""
    limit, reached = env.config.max_steps, False
    drivers: list[Driver] = [forever(None), forever("\0"), random_play(1), random_play(2)]
    for seed, driver in enumerate(drivers * 3):
        episode = play(env, driver, seed=seed, limit=limit + 2)
        require(
            episode.ended and len(episode.moves) <= limit,
            f"{case}: an episode of {len(episode.moves)} steps, with max_steps={limit}.",
        )
        last = episode.moves[-1]
        require(
            not last.truncated or len(episode.moves) == limit,
            f"{case}: truncated after {len(episode.moves)} steps, with max_steps={limit}.",
        )
        reached |= last.truncated
    return reached


def check_close_frees(case: Case) -> None:
    """`close` twice is fine, before a reset too; files, threads and processes are given back."""
    case.make().close()
    counts: list[dict[str, int]] = []
    for _ in range(3):  # the first round may fill caches that stay
        env = case.make()
        env.reset(seed=0)
        env.step(env.action_space.sample())
        env.close()
        env.close()
        del env
        gc.collect()
        counts.append(_open_things())
    grown = {k: n for k, n in counts[2].items() if n > counts[1][k]}
    require(
        not grown,
        f"{case}: close() leaves {grown} behind (before: {counts[1]}): release() gives back what "
        "open() took.",
    )


def _open_things() -> dict[str, int]:
    descriptors = Path("/proc/self/fd")
    return {
        "descriptors": len(os.listdir(descriptors)) if descriptors.is_dir() else 0,
        "threads": threading.active_count(),
        "processes": len(multiprocessing.active_children()),
    }
