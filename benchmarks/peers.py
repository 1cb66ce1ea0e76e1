"""The like work in other libraries, each used as its own documentation shows.

A portion is a fixed number of steps; an environment that ends is reset inside the timed loop, for
everybody. Each builder imports its library itself, so that one that is missing costs one row.
"""

from __future__ import annotations

import importlib
import itertools
import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from benchmarks.measure import Case, NotInstalled, Work

PORTION = 200
N_ENVS = 64
# Ten characters each, as a model would answer; now and then one of them is right.
REPLIES = tuple(f"answer: {n:2d}" for n in range(20))
BOXED = tuple(rf"\boxed{{{n:02d}}}" for n in range(1, 21))
BRACKETED = tuple(f"guess [{n:02d}]" for n in range(1, 21))
CODES = ("1 2 3 4", "2 3 4 5", "3 4 5 6", "6 5 4 3", "5 3 1 2", "4 2 6 1", "1 5 2 6")
BOXED_CODES = tuple(rf"\boxed{{{code}}}" for code in CODES)
BRACKETED_CODES = tuple(f"[{code}]" for code in CODES)

SUM, COMPARE, COMPARE_ARRAYS = "sum of a few numbers", "larger of two", "larger of two, arrays"
FIRST, LETTERS = "first letter", "letters in a word or text"
REVERSE, SORT, COUNTDOWN = "word backwards", "letters in order", "countdown, 4 numbers"
GUESS, CODE, GRID = "guess a number to 50", "mastermind, 4 places", "text grid"
CARTPOLE, EVALUATION = "CartPole", "evaluation, 1-turn episodes"
TASKS = (CARTPOLE, SUM, COMPARE, COMPARE_ARRAYS, FIRST, LETTERS, REVERSE, SORT, COUNTDOWN)
TASKS += (GUESS, CODE, GRID, EVALUATION)


def library(name: str) -> Any:
    """A module of a peer, or `NotInstalled` with the way to get it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotInstalled(
            f"not installed ({error}): pip install -r benchmarks/requirements.txt"
        ) from error


def endless(replies: Sequence[str]) -> Callable[[], str]:
    """The replies in turn, for ever."""
    return itertools.cycle(replies).__next__


# ------------------------------------------------------------------ Gymnasium itself


def cartpole_single() -> Work:
    """`CartPole-v1` under one action after another."""
    import gymnasium

    env = gymnasium.make("CartPole-v1")
    env.reset(seed=0)
    action = itertools.cycle((0, 1)).__next__

    def work() -> int:
        for _ in range(PORTION):
            _, _, terminated, truncated, _ = env.step(action())
            if terminated or truncated:
                env.reset()
        return PORTION

    return work


def cartpole_vector(mode: str) -> Work:
    """`CartPole-v1` in one of Gymnasium's vectors."""
    import gymnasium
    import numpy as np

    envs = gymnasium.make_vec("CartPole-v1", N_ENVS, vectorization_mode=mode)
    envs.reset(seed=0)
    actions = [np.full(N_ENVS, 0), np.full(N_ENVS, 1)]

    def work() -> int:
        for _ in range(10):
            envs.step(actions[0])
            envs.step(actions[1])
        return 20 * N_ENVS

    return work


# ------------------------------------------------------------------ reasoning-gym


def reasoning_gym_turn(dataset: str, replies: Sequence[str], **options: Any) -> Work:
    """An item drawn and a reply to it scored: what one episode of one turn is there."""
    data = library("reasoning_gym").create_dataset(dataset, seed=0, size=1_000_000, **options)
    index, reply = itertools.count().__next__, endless(replies)

    def work() -> int:
        for _ in range(PORTION):
            entry = data[index()]
            data.score_answer(answer=reply(), entry=entry)
        return PORTION

    return work


def reasoning_gym_scoring(dataset: str, replies: Sequence[str], **options: Any) -> Work:
    """Replies to one item scored."""
    data = library("reasoning_gym").create_dataset(dataset, seed=0, size=1_000_000, **options)
    entry, reply = data[0], endless(replies)

    def work() -> int:
        for _ in range(PORTION):
            data.score_answer(answer=reply(), entry=entry)
        return PORTION

    return work


# ------------------------------------------------------------------ GEM


def gem_module() -> Any:
    """GEM, whose import sets up logging for the whole process; that is taken back."""
    handlers, level = list(logging.root.handlers), logging.root.level
    gem = library("gem")
    library("gem.envs")
    logging.root.handlers[:], logging.root.level = handlers, level
    return gem


def gem_single(name: str, replies: Sequence[str], **options: Any) -> Work:
    """One environment, reset when it ends."""
    env = gem_module().make(name, **options)
    env.reset()
    reply = endless(replies)

    def work() -> int:
        for _ in range(PORTION):
            _, _, terminated, truncated, _ = env.step(reply())
            if terminated or truncated:
                env.reset()
        return PORTION

    return work


def gem_sync(name: str, replies: Sequence[str]) -> Work:
    """GEM's own synchronous vector, in the autoreset mode that it comes with."""
    envs = gem_module().make_vec([name] * N_ENVS)
    envs.reset()
    reply = endless(replies)
    actions = [[reply()] * N_ENVS for _ in range(20)]

    def work() -> int:
        for action in actions:
            envs.step(action)
        return len(actions) * N_ENVS

    return work


# ------------------------------------------------------------------ TextArena


def textarena_single(name: str, replies: Sequence[str]) -> Work:
    """A game with its default wrappers: the observation is read, then a reply is sent.

    Each game is made anew: the wrapper that gathers the conversation keeps it over a reset, so that
    observations, and the time they take, would grow with every game.
    """
    textarena, reply = library("textarena"), endless(replies)

    def begin() -> Any:
        env = textarena.make(name)
        env.reset(num_players=1)
        return env

    env = begin()

    def work() -> int:
        nonlocal env
        for _ in range(PORTION):
            env.get_observation()
            done, _ = env.step(action=reply())
            if done:
                env.close()
                env = begin()
        return PORTION

    return work


def peer_cases() -> list[Case]:
    """Every row that is not ours; the names of tasks are shared with `ours.py`."""
    rg, rg_score, gem, arena = (
        reasoning_gym_turn,
        reasoning_gym_scoring,
        gem_single,
        textarena_single,
    )
    numbers, words = REPLIES, ("answer abc", "the cat is")
    values = ("10+20+30+4", "1+2*3-40/5")
    four = {"min_numbers": 4, "max_numbers": 4}
    sync, native = f"sync × {N_ENVS}", f"native × {N_ENVS}"
    rows: list[tuple[str, str, str, Callable[[], Work]]] = [
        (CARTPOLE, "gymnasium", "single", cartpole_single),
        (CARTPOLE, "gymnasium", sync, partial(cartpole_vector, "sync")),
        (CARTPOLE, "gymnasium", native, partial(cartpole_vector, "vector_entry_point")),
        (SUM, "reasoning-gym", "single", partial(rg, "chain_sum", numbers)),
        (SUM, "reasoning-gym", "scoring", partial(rg_score, "chain_sum", numbers)),
        (SUM, "gem-llm", "single", partial(gem, "rg:chain_sum", BOXED)),
        (SUM, "gem-llm", sync, partial(gem_sync, "rg:chain_sum", BOXED)),
        (LETTERS, "reasoning-gym", "single", partial(rg, "letter_counting", numbers)),
        (LETTERS, "gem-llm", "single", partial(gem, "rg:letter_counting", BOXED)),
        (REVERSE, "reasoning-gym", "single", partial(rg, "spell_backward", words)),
        (COUNTDOWN, "reasoning-gym", "single", partial(rg, "countdown", values, **four)),
        (COUNTDOWN, "reasoning-gym", "scoring", partial(rg_score, "countdown", values, **four)),
        (GUESS, "gem-llm", "single", partial(gem, "game:GuessTheNumber-v0-hard", BOXED)),
        (GUESS, "gem-llm", sync, partial(gem_sync, "game:GuessTheNumber-v0-hard", BOXED)),
        (GUESS, "textarena", "single", partial(arena, "GuessTheNumber-v0-hardcore", BRACKETED)),
        (CODE, "gem-llm", "single", partial(gem, "game:Mastermind-v0-hard", BOXED_CODES)),
        (CODE, "textarena", "single", partial(arena, "Mastermind-v0", BRACKETED_CODES)),
    ]
    return [
        Case(task=task, library=library, mode=mode, build=build)
        for task, library, mode, build in rows
    ]
