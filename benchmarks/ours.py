"""The rows of assay: made by id as any user would, every episode with a verdict."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np

import assay
from assay.core.types import DECIDED
from benchmarks import peers
from benchmarks.measure import Case, Work
from benchmarks.peers import N_ENVS, PORTION, REPLIES, endless

ONE_TURN_SINGLE, ONE_TURN_NATIVE, ARRAYS, EPISODES = 50_000.0, 100_000.0, 1_000_000.0, 5_000.0
N_ARRAY_ENVS = 1024
IMPORT_CPU_S = 0.4

WORDS = ("answer abc", "the cat is")
VALUES = ("10+20+30+4", "1+2*3-40/5")
NUMBERS = tuple(f"{n:10d}" for n in range(1, 21))
CODES = ("A, B, C, D", "B, C, D, E", "C, D, E, F", "F, E, D, C", "E, C, A, B", "D, B, F, A")
MOVES = ("go north", "go south", "go east", "go west")


def single(name: str, replies: Sequence[Any], **options: Any) -> Work:
    """`gymnasium.make` with its usual wrappers, reset when an episode ends."""
    env = gymnasium.make(name, **options)
    env.reset(seed=0)
    reply = endless(replies)
    _, _, _, _, info = env.step(reply())
    if info["action_status"] not in ("ok", "noop"):
        raise ValueError(f"a reply of this case is {info['action_status']}: it would be measured")
    env.reset()

    def work() -> int:
        for _ in range(PORTION):
            _, _, terminated, truncated, _ = env.step(reply())
            if terminated or truncated:
                env.reset()
        return PORTION

    return work


def vector(name: str, mode: str, replies: Sequence[Any], n: int = N_ENVS, **options: Any) -> Work:
    """`assay.make_vec` with the autoreset that it has by default."""
    envs = assay.make_vec(name, n, mode=mode, **options)
    envs.reset(seed=0)
    reply = endless(replies)
    discrete = isinstance(replies[0], int)
    rows = [[reply() for _ in range(n)] for _ in range(len(replies))]
    actions = [np.array(row) if discrete else tuple(row) for row in rows]
    infos = envs.step(actions[0])[-1]
    verdicts = infos.get("final_info", {}).get("verdict", ())
    if "final_info" in infos and not all(v.status in DECIDED for v in verdicts):
        raise ValueError("a row that ended has no decided verdict")

    def work() -> int:
        for action in actions:
            envs.step(action)
        return len(actions) * n

    return work


def scoring(name: str, replies: Sequence[str], **options: Any) -> Work:
    """Verdicts about replies to one problem, without an environment around them."""
    env: Any = gymnasium.make(name, **options).unwrapped
    env.reset(seed=0)
    verifier, problem, reply = env.verifier, env.problem, endless(replies)

    def work() -> int:
        for _ in range(PORTION):
            verifier.verify(reply(), problem)
        return PORTION

    return work


def inline_evaluation(n: int = 2_000) -> Work:
    """Whole evaluations, planned, run, stored and summarised, of `random` on Compare."""
    folder = tempfile.TemporaryDirectory(prefix="assay-bench-")
    run = itertools.count().__next__

    def work(_keep: Any = folder) -> int:
        out = Path(folder.name) / f"{run()}.db"
        assay.evaluate("random", ["assay/Compare-v0"], n=n, seed=0, backend="inline", out=out)
        return n

    return work


def import_cpu_s(repeats: int = 3) -> float:
    """CPU-seconds of a fresh process that imports assay, NumPy and Gymnasium included; median."""
    code = "import time; import assay; print(time.process_time())"
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    times = [
        float(subprocess.run([sys.executable, "-c", code], env=env, stdout=-1, check=True).stdout)
        for _ in range(repeats)
    ]
    return sorted(times)[repeats // 2]


def our_cases() -> list[Case]:
    """Every row of assay."""
    sums: dict[str, Any] = {"digits": 2, "terms": 4, "operators": "+-"}
    four: dict[str, Any] = {"n_numbers": 4}
    guess: dict[str, Any] = {"low": 1, "high": 50, "tries": 7}
    choices: dict[str, Any] = {"answers": "discrete"}
    sync, native, wide = f"sync × {N_ENVS}", f"native × {N_ENVS}", f"native × {N_ARRAY_ENVS}"
    rows: list[tuple[str, str, Callable[[], Work], float | None]] = []

    def one_turn(task: str, name: str, replies: Sequence[str], **options: Any) -> None:
        rows.extend(
            [
                (task, "single", partial(single, name, replies, **options), ONE_TURN_SINGLE),
                (task, sync, partial(vector, name, "sync", replies, **options), None),
                (
                    task,
                    native,
                    partial(vector, name, "native", replies, **options),
                    ONE_TURN_NATIVE,
                ),
                (task, "scoring", partial(scoring, name, replies, **options), None),
            ]
        )

    one_turn(peers.SUM, "assay/Arithmetic-v0", REPLIES, **sums)
    one_turn(peers.COMPARE, "assay/Compare-v0", REPLIES)
    pairs = partial(vector, "assay/Compare-v0", "native", (0, 1), N_ARRAY_ENVS, **choices)
    rows.append((peers.COMPARE_ARRAYS, wide, pairs, ARRAYS))
    one_turn(peers.FIRST, "assay/FirstLetter-v0", WORDS)
    one_turn(peers.LETTERS, "assay/CountLetters-v0", REPLIES)
    one_turn(peers.REVERSE, "assay/ReverseWord-v0", WORDS)
    one_turn(peers.SORT, "assay/SortLetters-v0", WORDS)
    one_turn(peers.COUNTDOWN, "assay/Countdown-v0", VALUES, **four)
    for task, name, replies, options in (
        (peers.GUESS, "assay/GuessNumber-v0", NUMBERS, guess),
        (peers.CODE, "assay/Mastermind-v0", CODES, {}),
        (peers.GRID, "assay/TextGrid-v0", MOVES, {}),
    ):
        rows.append((task, "single", partial(single, name, replies, **options), None))
        rows.append((task, sync, partial(vector, name, "sync", replies, **options), None))
    rows.append((peers.EVALUATION, "inline", inline_evaluation, EPISODES))
    return [
        Case(task=task, library="assay", mode=mode, build=build, target=target)
        for task, mode, build, target in rows
    ]
