"""Golden digests: what every id gave when its version was cut, so that a change by accident shows.

For each id: problems 0-4 of each split, and one episode of fixed actions (of one-turn tasks,
of several fixed replies). Where a difference is
meant, the id's version rises; only for a new id is the file written anew:

    python -m assay.testing.golden --write
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
from gymnasium.spaces import Discrete

from assay.core import registry
from assay.core.encoding import derive_seed, digest
from assay.core.env import TaskEnv
from assay.core.spaces import Unicode
from assay.core.types import Verdict
from assay.testing.cases import Case, cases_of
from assay.testing.episodes import choices, play, world_digest

_FILE = Path("tests/data/golden.json")
N_PROBLEMS, N_MOVES, SEED = 5, 25, 2024
_TEXTS = ("0", "1", "7", "42", "a", "", "one two", "x" * 50)

SEED_PARTS: tuple[tuple[Any, ...], ...] = (
    (),
    (0,),
    ("0",),
    (0.0,),
    (False,),
    (7, "env", "test", "assay/Compare-v0", 3),
    ("é", None, (1, 2), -1, 2**70),
)


def seeds() -> dict[str, list[int]]:
    """Golden values of `derive_seed`, with 63, 32 and 64 bits."""
    return {repr(p): [derive_seed(*p, bits=b) for b in (63, 32, 64)] for p in SEED_PARTS}


def golden_of(case: Case) -> dict[str, Any]:
    """The digests of one id."""
    found: dict[str, Any] = {}
    with case.open() as env:
        for split in case.card.splits:
            size = env.n_problems(split)
            count = N_PROBLEMS if size is None else min(size, N_PROBLEMS)
            found[split] = [_problem(env, split, index) for index in range(count)]
        n_episodes = len(_TEXTS) if case.one_turn else 1
        found["episode"] = digest([_episode(env, k) for k in range(n_episodes)])
    return found


def _problem(env: TaskEnv, split: str, index: int) -> str:
    env.reset(seed=0, options={"split": split, "index": index})
    assert env.problem is not None
    world = "" if env.replayable else world_digest(env)
    return digest((env.problem.digest, world))


def _episode(env: TaskEnv, first: int) -> list[Any]:
    """What one episode shows; in a one-turn task, what one reply brings."""
    episode = play(env, lambda env: _fixed_actions(env, first), seed=SEED + first, limit=N_MOVES)
    seen: list[Any] = [(_seen(env, episode.first_obs), _told(episode.first_info))]
    seen += [(_seen(env, m.obs), m[2:5], _told(m.info)) for m in episode.moves]
    return [*seen, _told({"verdict": env.judge_now()})]


def _fixed_actions(env: TaskEnv, first: int) -> Generator[Any, Any, None]:
    """Actions that follow from a count alone, so that no generator's history matters."""
    space = env.action_space
    for k in range(first, first + N_MOVES):
        offered = choices(env)
        if offered:
            yield offered[(7 * k + 3) % len(offered)]
        elif isinstance(space, Unicode):
            yield _TEXTS[k % len(_TEXTS)]
        elif isinstance(space, Discrete):
            yield int(space.start) + (7 * k + 3) % int(space.n)
        else:
            space.seed(k)
            yield space.sample()


def _seen(env: TaskEnv, obs: Any) -> Any:
    """An observation; pictures of simulators differ by machine and are left out."""
    return None if env.replayable and isinstance(obs, np.ndarray) else obs


def _told(info: dict[str, Any]) -> dict[str, Any]:
    """`info` with the decision of a verdict only: its wording may improve."""
    return {
        k: (v.passed, v.status, v.code) if isinstance(v, Verdict) else v for k, v in info.items()
    }


def current(ids: list[str]) -> dict[str, Any]:
    """The content of the golden file as it would be now; an id stands for its first variant."""
    return {"seeds": seeds(), "ids": {i: golden_of(cases_of(i)[0]) for i in ids}}


def _main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m assay.testing.golden",
        description="Print the golden digests of every id of assay as they are now.",
    )
    parser.add_argument("--write", action="store_true", help="write them to the file instead")
    parser.add_argument("file", nargs="?", type=Path, default=_FILE, help=f"default: {_FILE}")
    flags = parser.parse_args()
    ids = [i for i in registry.ids() if i.startswith("assay/")]
    text = json.dumps(current(ids), indent=1, sort_keys=True) + "\n"
    if not flags.write:
        sys.stdout.write(text)
    elif flags.file.parent.is_dir():
        flags.file.write_text(text, encoding="utf-8")
    else:
        parser.error(f"no folder '{flags.file.parent}' here: run it from the repository's root")


if __name__ == "__main__":
    _main()
