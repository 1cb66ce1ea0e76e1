"""The same verdicts, asked for in three ways; the tests compare them between places."""

import asyncio
import json
import sys
from typing import Any

import gymnasium
import numpy as np
from test_verifier_cases import MINE, judged, response
from worker_calls import Remote, shouts, slow

from assay.core.types import Verdict
from assay.verifiers import All, Not

IN_WORKERS = [
    (Remote(), "a", None),
    (Remote(), "a", "ca97"),
    (Remote(), "a", "ca98"),
    (Remote(), "fast", None),
    (Remote(), "die", None),
    (Remote(), "finish fails", None),
    (shouts, "HELLO", None),
    (shouts, "hello", None),
    (slow, "\ud800", "\ud800"),
    (slow, "deep", None),
    (All(shouts, Remote(), Not(slow)), "HELLO", "3733"),
    (All(shouts, Remote(), Not(slow)), "HELLO", "HELLO"),
]


def questions() -> list[tuple[Any, Any, Any]]:
    """Verifier, outcome, task: the public cases, and what only a worker decides."""
    cases = [(judged(case), response(case)) for case in MINE]
    return [(made, text, task) for (made, task), text in cases] + IN_WORKERS


def told(verdict: Verdict) -> list[Any]:
    children = [told(child) for child in verdict.children]
    return [verdict.status, verdict.code, verdict.isolation, verdict.extracted, children]


def verdicts() -> list[Any]:
    """One list, from `verify`; `verify_batch` and `averify` must say the same."""
    asked = questions()
    found = [told(made.verify(text, task)) for made, text, task in asked]
    batched = [told(made.verify_batch([(text, task)])[0]) for made, text, task in asked]

    async def all_at_once() -> list[Verdict]:
        return await asyncio.gather(*(made.averify(text, task) for made, text, task in asked))

    assert batched == found
    assert [told(verdict) for verdict in asyncio.run(all_at_once())] == found
    return json.loads(json.dumps(found))


class Asking(gymnasium.Env[Any, Any]):
    """An environment whose every step asks a worker."""

    observation_space = gymnasium.spaces.Discrete(2)
    action_space = gymnasium.spaces.Discrete(2)

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        return np.int64(0), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        verdict = Remote().verify("a", "ca97" if action else "no")
        return np.int64(0), verdict.reward, False, False, {}


if __name__ == "__main__":
    print(json.dumps(verdicts()))
    sys.stdout.flush()
