"""The table: one row for each policy and environment, with every count that stands behind it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assay.core.registry import require
from assay.evaluation import stats
from assay.evaluation.config import COUNTED, DEFECTS, STATUSES, EpisodeStatus
from assay.evaluation.plan import env_label
from assay.evaluation.record import read_payload
from assay.evaluation.schema import KEYS
from assay.evaluation.shard import read_shard, shares
from assay.evaluation.stopping import WHERE_ENV, Place, stopped_early, task_counts
from assay.evaluation.store import Store


class Fault(NamedTuple):
    """An episode that ended in an exception: where, and the exception's own line."""

    env_id: str
    status: str
    episode: int
    error: str


_FIRST_FAULTS = f"""
SELECT env_id, status, min(episode), steps
FROM episodes JOIN trajectories USING ({KEYS})
WHERE run = ? AND status IN ('policy_error', 'env_error', 'crashed')
GROUP BY env_id, env_digest, status ORDER BY env_id, status"""


def _last_line(trace: str) -> str:
    lines = trace.strip().splitlines()
    return lines[-1] if lines else "no message"


@dataclass(frozen=True)
class EnvResult:
    """One policy on one environment.

    Attributes:
        env: the id, with its options as a query where there are any.
        counts: rows of each status. planned: rows there will be, or at most with `until_ci`.
        until_ci: the width of the interval at which episodes were no longer added, or None.
        stopped_early: that width was reached before all planned rows were played; the interval
            decided when to stop, so it is not one of a fixed number of episodes.
        n_worlds: distinct worlds among the counted rows, where the card says that instances are
            shared; then these are the tasks. Else None.
        task_passed, task_samples: per task, of the counted rows, in no promised order.
    """

    policy: str
    env: str
    env_id: str
    options: Mapping[str, Any]
    split: str
    planned: int
    passed: int
    counts: Mapping[EpisodeStatus, int]
    samples: int
    n_worlds: int | None
    prompt_tokens: int
    completion_tokens: int
    mean_return: float | None
    mean_steps: float | None
    wall_s: float
    until_ci: float | None
    stopped_early: bool
    task_passed: NDArray[np.int64] = field(repr=False)
    task_samples: NDArray[np.int64] = field(repr=False)

    @property
    def done(self) -> int:
        """Rows there are."""
        return sum(self.counts.values())

    @property
    def complete(self) -> bool:
        """Whether all rows that were wanted are there."""
        return self.done == self.planned or self.stopped_early

    @property
    def n(self) -> int:
        """Rows that count: finished, policy_error and timeout."""
        return sum(self.counts[status] for status in COUNTED)

    @property
    def n_failures(self) -> int:
        """Rows that say nothing about the policy: env_error, verifier_error and crashed."""
        return sum(self.counts[status] for status in DEFECTS)

    @property
    def n_tasks(self) -> int:
        """Distinct tasks among the counted rows."""
        return len(self.task_samples)

    @property
    def pass_rate(self) -> float | None:
        """Passed of counted; None where nothing counts."""
        return self.passed / self.n if self.n else None

    @cached_property
    def _rate(self) -> stats.PassRate:
        return stats.pass_rate(self.task_passed, self.task_samples, self.samples)

    @property
    def interval(self) -> stats.Interval:
        """95 % interval: Wilson's with one sample a task, else over tasks."""
        return self._rate.interval

    @property
    def method(self) -> str:
        """How the interval was made."""
        return self._rate.method

    @property
    def low(self) -> float:
        """Lower end of the interval."""
        return self.interval.low

    @property
    def high(self) -> float:
        """Upper end of the interval."""
        return self.interval.high

    @property
    def range(self) -> tuple[float, float] | None:
        """The pass rate if all failures of the machine had failed, and if all had passed."""
        if not self.n_failures:
            return None
        total = self.n + self.n_failures
        return self.passed / total, (self.passed + self.n_failures) / total

    def pass_at(self, k: int) -> float:
        """Mean over tasks of pass@k; needs at least `k` counted samples of each task."""
        pairs = zip(self.task_samples.tolist(), self.task_passed.tolist(), strict=True)
        values = [stats.pass_at_k(n, c, k) for n, c in pairs]
        return math.fsum(values) / len(values) if values else math.nan

    def pass_hat(self, k: int) -> float:
        """Mean over tasks of pass^k; needs at least `k` counted samples of each task."""
        pairs = zip(self.task_samples.tolist(), self.task_passed.tolist(), strict=True)
        values = [stats.pass_hat_k(n, c, k) for n, c in pairs]
        return math.fsum(values) / len(values) if values else math.nan

    def to_dict(self) -> dict[str, Any]:
        """Plain values, one object an environment."""
        bounds = self.range
        return {
            "policy": self.policy,
            "env": self.env,
            "split": self.split,
            "pass_rate": self.pass_rate,
            "low": self.low,
            "high": self.high,
            "interval": self.method,
            "n": self.n,
            "passed": self.passed,
            "planned": self.planned,
            "until_ci": self.until_ci,
            "stopped_early": self.stopped_early,
            "tasks": self.n_tasks,
            "samples": self.samples,
            "worlds": self.n_worlds,
            **{status: self.counts[status] for status in STATUSES},
            "range_low": None if bounds is None else bounds[0],
            "range_high": None if bounds is None else bounds[1],
            "mean_return": self.mean_return,
            "mean_steps": self.mean_steps,
            "prompt_tokens": self.prompt_tokens,
            "completion_tokens": self.completion_tokens,
            "wall_s": round(self.wall_s, 3),
        }


@dataclass(frozen=True)
class Results:
    """What an evaluation found.

    Attributes:
        policy: the one that was measured.
        rows: one for each environment, in the order of the plan.
        digest: of all keys, outcomes and steps: equal runs have equal digests.
        run: its number in the file. out: the file, or None.
        findings: second rows that disagreed with a stored one.
    """

    policy: str
    rows: tuple[EnvResult, ...]
    digest: str
    run: int
    out: str | None
    findings: int
    _store: Store | None = field(default=None, repr=False, compare=False)
    _place: Path | None = field(default=None, repr=False, compare=False)

    @property
    def complete(self) -> bool:
        """Whether every planned episode has its row, or was not needed any more."""
        return all(row.complete for row in self.rows)

    @property
    def exit_code(self) -> int:
        """0 done; 1 a defect was found; 3 interrupted, resumable."""
        if not self.complete:
            return 3
        return int(self.findings > 0 or any(row.n_failures for row in self.rows))

    def __iter__(self) -> Iterator[EnvResult]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, env: int | str) -> EnvResult:
        """A row by position, by id with query, or by an id that stands for one row."""
        if isinstance(env, int):
            return self.rows[env]
        found = [r for r in self.rows if r.env == env] or [r for r in self.rows if r.env_id == env]
        if len(found) != 1:
            raise KeyError(f"{env}: expected one of {', '.join(row.env for row in self.rows)}")
        return found[0]

    def episodes(self) -> Iterator[dict[str, Any]]:
        """Every stored row as a dict, in the order of keys, without its steps."""
        with self.opened() as store:
            yield from store.episodes(self.run)

    def faults(self) -> list[Fault]:
        """For each environment and each status with an exception behind it, the first of them."""
        with self.opened() as store:
            found = store.query(_FIRST_FAULTS, (self.run,))
            return [
                Fault(env, status, episode, _last_line(read_payload(steps, store.blob).error))
                for env, status, episode, steps in found
            ]

    def opened(self) -> AbstractContextManager[Store]:
        """The file with the rows, open for reading."""
        if self._store is not None:
            return nullcontext(self._store)
        return Store(self._place or self.out, read_only=True)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "policy": self.policy,
            "results": [row.to_dict() for row in self.rows],
            "digest": self.digest,
            "run": self.run,
            "out": self.out,
            "findings": self.findings,
            "complete": self.complete,
            "exit_code": self.exit_code,
        }

    def to_pandas(self) -> Any:
        """A DataFrame with a line for each environment.

        Raises:
            MissingExtra: pandas is not installed.
        """
        pandas: Any = require("pandas", extra="report", what="Results.to_pandas()")
        return pandas.DataFrame([row.to_dict() for row in self.rows])


def summarise(store: Store, run: int) -> Results:
    """The results of a stored run, from the file alone."""
    policy = next(known.identity for known in store.runs() if known.run == run)["policy"]["id"]
    return Results(
        policy=policy,
        rows=env_results(store, run),
        digest=store.digest(run),
        run=run,
        out=None if store.path is None else str(store.path),
        findings=store.n_findings(run),
        _store=store if store.path is None else None,
        _place=store.place,
    )


def env_results(store: Store, run: int) -> tuple[EnvResult, ...]:
    """The rows of the table alone: without the digest, which reads every row once more."""
    known = next(known for known in store.runs() if known.run == run)
    identity, shard = known.identity, known.settings.get("shard")
    parts = shares([env["n"] for env in identity["envs"]], shard and read_shard(shard))
    return tuple(
        _env_result(store, run, identity, env, len(part))
        for env, part in zip(identity["envs"], parts, strict=True)
    )


class _Sums(NamedTuple):
    """Totals over the rows of one status."""

    status: EpisodeStatus
    rows: int
    passed: int
    returns: float
    n_returns: int
    steps: float
    prompt_tokens: float
    completion_tokens: float
    wall_ms: float


_SUMS = """
SELECT status, count(*), sum(passed), total("return"), count("return"), total(n_steps),
    total(prompt_tokens), total(completion_tokens), total(wall_ms)
FROM episodes"""


def _env_result(
    store: Store, run: int, identity: Mapping[str, Any], env: Mapping[str, Any], n: int
) -> EnvResult:
    policy, split, samples = identity["policy"]["id"], identity["split"], identity["samples"]
    place = Place(run, env["id"], env["digest"], policy, split)
    sums = [_Sums(*row) for row in store.query(f"{_SUMS} {WHERE_ENV} GROUP BY status", place)]
    counted = [row for row in sums if row.status in COUNTED]
    counts: dict[EpisodeStatus, int] = dict.fromkeys(STATUSES, 0)
    counts.update((row.status, row.rows) for row in sums)
    n_counted, passed = sum(row.rows for row in counted), sum(row.passed for row in counted)
    n_returns = sum(row.n_returns for row in counted)
    if samples == 1 and not env["shared_instances"]:  # each row is a task of its own
        table = np.stack([np.arange(n_counted) < passed, np.ones(n_counted)], axis=1)
    else:
        table = task_counts(store, place)
    table = table.astype(np.int64)
    until_ci = identity.get("until_ci")
    return EnvResult(
        policy=policy,
        env=env_label(env["id"], env["options"]),
        env_id=env["id"],
        options=env["options"],
        split=split,
        planned=n * samples,
        passed=passed,
        counts=counts,
        samples=samples,
        n_worlds=len(table) if env["shared_instances"] else None,
        prompt_tokens=int(sum(row.prompt_tokens for row in sums)),
        completion_tokens=int(sum(row.completion_tokens for row in sums)),
        mean_return=sum(row.returns for row in counted) / n_returns if n_returns else None,
        mean_steps=sum(row.steps for row in counted) / n_counted if n_counted else None,
        wall_s=sum(row.wall_ms for row in sums) / 1_000,
        until_ci=until_ci,
        stopped_early=until_ci is not None
        and stopped_early(store, place, env["n"], samples, until_ci),
        task_passed=table[:, 0],
        task_samples=table[:, 1],
    )
