"""What the rows of one environment add up to, and that they are such as assay writes.

Only what costs nothing on the way is checked here: types, statuses and keys. Whether a row is true
to its episode is for `verify`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from assay.evaluation.columns import Wrong, damaged, unplanned, wrong_column
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.stopping import WHERE_ENV, Place
from assay.evaluation.store import Store


class Sums(NamedTuple):
    """Totals over the rows of one status and reason.

    Attributes:
        last_return, last_wall_ms, first_sample, last_sample: in SQLite's order, in which a text
            comes after every number.
    """

    status: EpisodeStatus
    passed: int
    reason: str
    rows: int
    returns: float
    n_returns: int
    n_steps: int
    prompt_tokens: int
    completion_tokens: int
    wall_ms: float
    last_return: float | None
    last_wall_ms: float
    first_sample: Any
    last_sample: Any


# `sum` gives an integer where all were integers, by which a text in such a column is noticed
_SUMS = f"""
SELECT status, passed, reason, count(*), total("return"), count("return"), sum(n_steps),
    sum(prompt_tokens), sum(completion_tokens), total(wall_ms),
    max("return"), max(wall_ms), min(sample), max(sample)
FROM episodes {WHERE_ENV} GROUP BY status, passed, reason"""
_ENDS = f"SELECT min(episode), max(episode) FROM episodes {WHERE_ENV}"
_NEXT_ENV = """
SELECT env_id, env_digest, policy_id, split FROM episodes
WHERE run = ? AND (env_id, env_digest, policy_id, split) > (?, ?, ?, ?)
ORDER BY env_id, env_digest, policy_id, split LIMIT 1"""


def totals(store: Store, place: Place, n: int, samples: int) -> list[Sums]:
    """Totals over the rows of one environment, in one pass.

    Raises:
        StoreError: a row holds what assay never writes, or is beyond `n` episodes of `samples`.
    """
    found = [Sums(*row) for row in store.query(_SUMS, place)]
    ends = store.query(_ENDS, place)[0]
    wrong = next(filter(None, map(_wrong_sums, found)), None) or _beyond(found, ends, n, samples)
    if wrong is not None:
        raise damaged(store.path, place.env_id, *wrong)
    return found


def check_envs(store: Store, run: int, identity: Mapping[str, Any]) -> None:
    """Rows of environments that the plan has not got would be counted nowhere.

    Raises:
        StoreError: there are some.
    """
    about = identity["policy"]["id"], identity["split"]
    known = {(env["id"], env["digest"], *about) for env in identity["envs"]}
    found: list[tuple[Any, ...]] = store.query(_NEXT_ENV, (run, "", "", "", ""))
    while found:
        if found[0] not in known:
            env_id, digest, policy, split = found[0]
            what = f"rows of {env_id} ({digest}, split {split}) by {policy}"
            raise unplanned(store.path, what)
        found = store.query(_NEXT_ENV, (run, *found[0]))


def _wrong_sums(row: Sums) -> Wrong | None:
    for name in ("n_steps", "prompt_tokens", "completion_tokens"):
        if not isinstance(getattr(row, name), int):
            return name, "something else", "a whole number"
    if row.passed and row.status != "finished":
        return "passed", row.passed, f"0, which goes with {row.status}"
    return wrong_column({
        "status": row.status, "passed": row.passed, "reason": row.reason,
        "return": row.last_return, "wall_ms": row.last_wall_ms, "sample": row.last_sample,
    })  # fmt: skip


def _beyond(found: Sequence[Sums], ends: Sequence[Any], n: int, samples: int) -> Wrong | None:
    """The first key that the plan has not got."""
    for episode in ends:
        if episode is not None and not (isinstance(episode, int) and 0 <= episode < n):
            return "episode", episode, f"a number below {n}"
    for sample in (sample for row in found for sample in (row.first_sample, row.last_sample)):
        if not (isinstance(sample, int) and 0 <= sample < samples):
            return "sample", sample, f"a number below {samples}"
    return None
