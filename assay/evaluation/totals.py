"""What the rows of one environment add up to, and that they are such as assay writes.

Only what costs nothing on the way is checked here: types, statuses and keys. Whether a row is true
to its episode is for `verify`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assay.evaluation.columns import Wrong, damaged, unplanned, wrong_column
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.stopping import WHERE_ENV, Place
from assay.evaluation.store import Store


class Sums(NamedTuple):
    """Totals over the rows of one difficulty, outcome and reason.

    Attributes:
        difficulty: None too where difficulties are not told apart.
        last_return, last_wall_ms, last_sample: the last in SQLite's order, in which a text comes
            after every number; so is first_sample the first.
    """

    difficulty: float | None
    passed: int
    reason: str
    status: EpisodeStatus
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


class Totals(NamedTuple):
    """What the rows of one environment add up to.

    Attributes:
        by_difficulty: whether the sums tell difficulties apart: not where too many are different.
    """

    sums: list[Sums]
    by_difficulty: bool


_STRETCH = 8_192  # episodes grouped at a time: SQLite sorts few rows in half the time of many
_MAX_STRETCHES = 400  # SQLite takes 500 SELECTs in one statement
_MANY = 256  # difficulties in the first stretch; so many are hardly ever the same twice
_NAMES = ("env_id", "env_digest", "policy_id", "split")  # of an environment, in the key's order
_ENDS = f"SELECT min(episode), max(episode) FROM episodes {WHERE_ENV}"
_DIFFERENT = f"SELECT count(DISTINCT difficulty) FROM episodes {WHERE_ENV} AND episode < ?"
# `sum` gives an integer where all were integers, by which a text in such a column is noticed.
_GROUPS = """
SELECT {difficulty} AS difficulty, passed, reason, status, count(*) AS n, total("return") AS ret,
    count("return") AS n_ret, sum(n_steps) AS steps, sum(prompt_tokens) AS prompt,
    sum(completion_tokens) AS completion, total(wall_ms) AS ms, max("return") AS last_ret,
    max(wall_ms) AS last_ms, min(sample) AS low, max(sample) AS high
FROM episodes WHERE run = ?1 AND env_id = ?2 AND env_digest = ?3 AND policy_id = ?4 AND split = ?5
    AND episode >= {first} AND episode < {end} GROUP BY {difficulty}, passed, reason, status"""
_TOGETHER = """
SELECT difficulty, passed, reason, status, sum(n), total(ret), sum(n_ret), sum(steps), sum(prompt),
    sum(completion), total(ms), max(last_ret), max(last_ms), min(low), max(high)
FROM ({groups}) GROUP BY difficulty, passed, reason, status"""


def totals(store: Store, place: Place, n: int, samples: int) -> Totals:
    """Totals over the rows of one environment, of which each is read once.

    It is one statement that gives few rows, so that a thread which imports what a page needs
    meanwhile is not in its way at each of them.

    Raises:
        StoreError: a row holds what assay never writes, or is beyond `n` episodes of `samples`.
    """
    first, last = store.query(_ENDS, place)[0]
    if first is None:
        return Totals([], True)
    for episode in (first, last):
        if not (isinstance(episode, int) and 0 <= episode < n):
            raise damaged(store.path, place.env_id, "episode", episode, f"a number below {n}")
    ((different,),) = store.query(_DIFFERENT, (*place, first + _STRETCH))
    by_difficulty = different <= _MANY
    step = max(_STRETCH, (last - first) // _MAX_STRETCHES + 1)
    groups = [
        _GROUPS.format(
            difficulty="difficulty" if by_difficulty else "NULL", first=start, end=start + step
        )
        for start in range(first, last + 1, step)
    ]
    sql = _TOGETHER.format(groups=" UNION ALL ".join(groups))
    found = [Sums(*row) for row in store.query(sql, place)]
    wrong = next(filter(None, map(_wrong_sums, found)), None) or _wrong_sample(found, samples)
    if wrong is not None:
        raise damaged(store.path, place.env_id, *wrong)
    return Totals(found, by_difficulty)


def check_envs(store: Store, run: int, identity: Mapping[str, Any]) -> None:
    """Rows of environments that the plan has not got would be counted nowhere.

    Raises:
        StoreError: there are some.
    """
    about = identity["policy"]["id"], identity["split"]
    known = {(env["id"], env["digest"], *about) for env in identity["envs"]}
    for found in _stored_envs(store, (run,)):
        if found not in known:
            env_id, digest, policy, split = found
            what = f"rows of {env_id} ({digest}, split {split}) by {policy}"
            raise unplanned(store.path, what)


def _stored_envs(store: Store, prefix: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """The names of each environment with a row, by a look into the key's index for each."""
    if len(prefix) > len(_NAMES):
        yield prefix[1:]
        return
    name = _NAMES[len(prefix) - 1]
    same = " AND ".join(f"{column} = ?" for column in ("run", *_NAMES[: len(prefix) - 1]))
    least = f"SELECT min({name}) FROM episodes WHERE {same}"
    (found,) = store.query(least, prefix)[0]
    while found is not None:
        yield from _stored_envs(store, (*prefix, found))
        (found,) = store.query(f"{least} AND {name} > ?", (*prefix, found))[0]


def _wrong_sums(row: Sums) -> Wrong | None:
    for name in ("n_steps", "prompt_tokens", "completion_tokens"):
        if not isinstance(getattr(row, name), int):
            return name, "something else", "a whole number"
    if row.passed and row.status != "finished":
        return "passed", row.passed, f"0, which goes with {row.status}"
    return wrong_column({
        "status": row.status, "passed": row.passed, "reason": row.reason,
        "return": row.last_return, "wall_ms": row.last_wall_ms, "difficulty": row.difficulty,
    })  # fmt: skip


def _wrong_sample(found: Sequence[Sums], samples: int) -> Wrong | None:
    for sample in (sample for row in found for sample in (row.first_sample, row.last_sample)):
        if not (isinstance(sample, int) and 0 <= sample < samples):
            return "sample", sample, f"a number below {samples}"
    return None
