"""Stored runs for the tests of reports: every row is written by the store itself."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from PIL import Image

from assay.core.types import Step, Verdict
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.episode import Episode
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import to_row
from assay.evaluation.store import Store

ENVS = (("assay/Arithmetic-v0", {"digits": 2}), ("assay/GuessNumber-v0", {}))
DIGESTS = {env_id: f"{i:032x}" for i, (env_id, _) in enumerate(ENVS)}


def identity(policy: str, envs=ENVS, n: int = 30, samples: int = 1) -> dict[str, Any]:
    """What a run's row says, in the engine's form."""
    return {
        "policy": {"id": policy, "deterministic": True, "settings": {}, "describe": {}},
        "envs": [
            {
                "id": env_id, "options": options, "digest": DIGESTS[env_id], "n": n, "size": None,
                "shared_instances": False,
            }
            for env_id, options in envs
        ],
        "suite": None, "split": "test", "seed": 0, "samples": samples,
        "limits": {"time_s": None, "steps": None, "tokens": None},
        "versions": {"python": "3", "assay": "1"}, "revision": None,
    }  # fmt: skip


def key(policy: str, env_id: str, episode: int, sample: int = 0) -> EpisodeKey:
    seed = 7_000_000_000_000_000_000 + episode
    return EpisodeKey(
        env_id, DIGESTS[env_id], policy, "test", episode, sample, 1000 + episode, seed, seed + 1
    )


def episode(
    place: EpisodeKey,
    passed: bool,
    *,
    status: EpisodeStatus = "finished",
    seen: Iterable[Any] = ("What is 40 + 2?",),
    done: Iterable[Any] | None = None,
    code: str | None = None,
    **more: Any,
) -> Episode:
    """An episode whose last action is judged; `seen` and `done` are its observations, actions."""
    actions = list(done if done is not None else ["The answer is 42." if passed else "It is 41."])
    steps = [
        Step(
            observation=o, action=a, reward=float(passed and i == len(actions) - 1),
            terminated=i == len(actions) - 1, truncated=False, action_status="ok",
        )
        for i, (o, a) in enumerate(zip(seen, actions, strict=False))
    ]  # fmt: skip
    verdict = None
    if status == "finished":
        span = (14, 16) if passed else (6, 8)
        make = Verdict.accept if passed else Verdict.reject
        found = "42" if passed else "41"
        verdict = make(
            code or ("number.equal" if passed else "number.different"),
            f"Read {found}.", extracted=found, span=span, verifier="number@1", details={"tries": 1},
        )  # fmt: skip
    word = verdict.code if verdict is not None else code or "policy.raised"
    return Episode(
        key=place, status=status, passed=passed and status == "finished",
        code=word, verdict=verdict, steps=steps,
        final_observation=list(seen)[-1], total_reward=float(passed), wall_ms=12.5,
        difficulty=float(1 + place.episode % 4), completion_tokens=len(actions) * 3,
        prompt_tokens=9, error="" if verdict is not None else "ValueError: told to fail", **more,
    )  # fmt: skip


def picture(shade: int) -> bytes:
    """A small grey PNG, as a run keeps its frames."""
    out = io.BytesIO()
    Image.new("RGB", (6, 4), (shade, shade, shade)).save(out, format="png")
    return out.getvalue()


def write_run(
    path: Path,
    policy: str,
    *,
    passes: Callable[[int], bool] = lambda e: True,
    n: int = 30,
    envs=ENVS,
    episodes: Iterable[Episode] | None = None,
    planned: int | None = None,
) -> Path:
    """A results file with one run; episode 5 of the second environment is a policy error."""
    rows = list(episodes or _usual(policy, passes, n, envs))
    with Store(path) as store:
        run = store.new_run(
            f"print of {policy}", identity(policy, envs, planned or n), {"out": str(path)}
        )
        store.add(run, [to_row(row) for row in rows])
    return path


def make_two_runs(folder: Path) -> list[Path]:
    """Two policies on the same 60 episodes; `new` also passes every sixth one of each 30."""
    first = write_run(folder / "old.db", "old", passes=lambda e: e % 3 != 0)
    second = write_run(folder / "new.db", "new", passes=lambda e: e % 3 != 0 or e % 2 == 0)
    return [first, second]


def _usual(policy: str, passes: Callable[[int], bool], n: int, envs) -> Iterable[Episode]:
    for env_id, _ in envs:
        for e in range(n):
            place = key(policy, env_id, e)
            if env_id == ENVS[1][0]:
                status: EpisodeStatus = "policy_error" if e == 5 else "finished"
                yield episode(
                    place, passes(e), status=status, seen=[f"Guess {k}." for k in range(4)],
                    done=["50", "25", "37", "The answer is 42." if passes(e) else "It is 41."],
                )  # fmt: skip
            else:
                yield episode(place, passes(e), seen=[f"What is {e} + {42 - e}?\nAnswer:"])
