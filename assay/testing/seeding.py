"""Contract §13.2: the same seed gives the same episode, everywhere, and nothing else does."""

from __future__ import annotations

import os
import random
from collections.abc import Callable

import numpy as np

from assay.core.env import TaskEnv
from assay.core.errors import AssayError
from assay.testing.cases import Case, ContractViolation, require
from assay.testing.episodes import choices, play, random_play, same, world_digest
from assay.testing.probe import digests, probe

_OTHER_HASH_SEEDS = ("0", "4242")
_FAR_INDEX = 123_457


def check_same_seed_same_episode(case: Case) -> None:
    """One seed, one episode: in a used environment, in a new one, and after others were played."""
    seeds = range(case.count(8, 60))
    first = digests(case, seeds)
    require(
        digests(case, seeds) == first,
        f"{case}: the same seeds gave other episodes in a second environment: draw only from "
        "self.rng, and let nothing live outside self.world.",
    )
    with case.open() as env:
        backwards = [play(env, random_play(s), seed=s).digest() for s in reversed(seeds)]
        again = [play(env, random_play(s), seed=s).digest() for s in seeds]
    require(
        backwards[::-1] == again,
        f"{case}: what was played before changes an episode: reset() must forget all of it.",
    )


def check_different_seeds_differ(case: Case) -> None:
    """Seeds are not ignored, and `reset()` without one goes on to new episodes."""
    with case.open() as env:
        seen = {_start(env, env.reset(seed=seed)[0]) for seed in range(24)}
        size = env.n_problems(env.config.split)
        least = 2 if (size is not None and size < 24) or case.card.shared_instances else 12
        require(
            len(seen) >= least,
            f"{case}: 24 seeds gave {len(seen)} different starts: draw the world from rng.init.",
        )
        unseeded = {_start(env, env.reset(seed=5 if k == 0 else None)[0]) for k in range(24)}
        require(
            len(unseeded) >= least,
            f"{case}: reset() without a seed keeps giving the same {len(unseeded)} episodes.",
        )


def _start(env: TaskEnv, obs: object) -> str:
    return f"{world_digest(env)} {obs!r}"


def check_same_in_other_processes(case: Case) -> None:
    """Fresh processes under other hash seeds play the same episodes."""
    seeds = list(range(case.count(6, 60)))
    here = digests(case, seeds)
    for hash_seed in _OTHER_HASH_SEEDS:
        there = probe(hash_seed).ask(case, "digests", seeds=seeds)
        require(
            there == here,
            f"{case}: a fresh process with PYTHONHASHSEED={hash_seed} plays other episodes "
            "(this one "
            f"has {os.environ.get('PYTHONHASHSEED', 'random')}): something depends on hash(), "
            "on the "
            "order of a set, or on object identity.",
        )


def check_global_random_state(case: Case) -> None:
    """Module-level random state is neither set nor read."""
    saved = random.getstate(), np.random.get_state()
    try:
        found: list[list[str]] = []
        for state in (1, 2):
            random.seed(state)
            np.random.seed(state)
            before = random.getstate(), _numpy_state()
            found.append(digests(case, range(3)))
            require(
                random.getstate() == before[0],
                f"{case}: the state of the module `random` was touched: draw from self.rng.",
            )
            require(
                _numpy_state() == before[1],
                f"{case}: the global state of numpy.random was touched: draw from self.rng.",
            )
        require(found[0] == found[1], f"{case}: episodes follow global random state.")
    finally:
        random.setstate(saved[0])
        np.random.set_state(saved[1])


def _numpy_state() -> tuple[object, ...]:
    kind, keys, *rest = np.random.get_state()
    return kind, np.asarray(keys).tobytes(), *rest


def check_problems_by_index(case: Case) -> None:
    """A problem is a function of (split, index): whatever the seed, the history and the mode."""
    with case.open() as env:
        for split in case.card.splits:
            for index in _indices(env, split):
                place = {"split": split, "index": index}
                env.reset(seed=1, options=place)
                expected, problem = world_digest(env), _problem(env)
                play(env, random_play(7), seed=7)
                env.reset(seed=2, options=place)
                where = f"{case}: problem {index} of '{split}'"
                require(
                    world_digest(env) == expected and _problem(env) == problem,
                    f"{where} is another one under another seed: draw worlds from rng.init and "
                    "tasks from rng.task, not from rng.dynamics.",
                )
                require(
                    (env.split, env.index) == (split, index)
                    and env.problem is not None
                    and env.problem.id == f"{split}/{index}",
                    f"{where} calls itself {env.problem.id if env.problem else None}.",
                )
                for level in case.card.reward_free_levels:
                    _same_world(case, level, place, env, where)
        _refuses_bad_places(case, env)


def _indices(env: TaskEnv, split: str) -> list[int]:
    size = env.n_problems(split)
    if size is None:
        return [0, 1, 2, _FAR_INDEX, 2**62]
    return sorted({i for i in (0, 1, size // 2, size - 1) if 0 <= i < size})


def _problem(env: TaskEnv) -> str | None:
    return env.problem.digest if env.problem is not None else None


def _same_world(case: Case, level: str, place: dict, env: TaskEnv, where: str) -> None:
    options = {k: v for k, v in case.options.items() if k not in case.card.task_options}
    if env.replayable or (level == "task" and len(options) != len(case.options)):
        return
    with Case(case.id, options).open(reward_free=level) as free:
        free.reset(seed=3, options=place)
        require(
            world_digest(free) == world_digest(env),
            f"{where} has another world with reward_free={level!r}: draw_world, admits and "
            "world_key must not look at the task.",
        )


def _refuses_bad_places(case: Case, env: TaskEnv) -> None:
    bad: list[dict] = [{"split": "validation"}, {"index": -1}, {"index": 0.5}, {"indx": 0}]
    size = env.n_problems(env.config.split)
    if size is not None:
        bad.append({"index": size})
    for options in bad:
        try:
            env.reset(seed=0, options=options)
        except AssayError:
            continue
        raise ContractViolation(
            f"{case}: reset(options={options}) was accepted: a place that is not there is an error."
        )


def check_splits_are_disjoint(case: Case) -> None:
    """No instance occurs in two splits; a finite split holds no instance twice."""
    if case.card.shared_instances:
        return
    owner: dict[str, str] = {}
    with case.open(**({"n_shots": 0} if case.one_turn else {})) as env:
        for split in case.card.splits:
            size = env.n_problems(split)
            wanted = case.count(300 if case.one_turn else 100, 10_000)
            count = wanted if size is None else min(size, wanted)
            here: set[str] = set()
            for index in range(count):
                obs, _ = env.reset(seed=0, options={"split": split, "index": index})
                key = _instance(env, obs)
                require(
                    owner.setdefault(key, split) == split,
                    f"{case}: problem {index} of '{split}' is also one of '{owner[key]}': "
                    "world_key() must be a function of the world alone.",
                )
                here.add(key)
            require(
                size is None or len(here) == count,
                f"{case}: {count} indices of the finite split '{split}' hold {len(here)} problems.",
            )


def _instance(env: TaskEnv, obs: object) -> str:
    if env.world_key() is None or env.replayable:
        return f"{_problem(env)} {obs!r}"
    question = getattr(env.world, "question", None)
    return question.text if question is not None else world_digest(env)


def check_options_change_problems(case: Case) -> None:
    """Options of a variant have an effect: they change what is seen, or what may be done."""
    plain = {k: v for k, v in case.options.items() if k in ("path",)}
    if len(plain) == len(case.options):
        return
    with case.open() as env, Case(case.id, plain).open() as default:
        for seed in range(20):
            a, b = env.reset(seed=seed)[0], default.reset(seed=seed)[0]
            differs: list[Callable[[], bool]] = [
                lambda a=a, b=b: not same(a, b),
                lambda: env.config.max_steps != default.config.max_steps,
                lambda: env.action_space != default.action_space,
                lambda: choices(env) != choices(default),
            ]
            if any(test() for test in differs):
                return
    raise ContractViolation(f"{case}: these options change nothing in 20 problems: are they read?")
