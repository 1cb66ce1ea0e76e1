"""Where a policy fails: reasons counted, and pass rate by difficulty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assay.evaluation import stats
from assay.evaluation.config import COUNTED
from assay.evaluation.plan import env_label
from assay.evaluation.runs import OpenRun
from assay.evaluation.stopping import TASK, WHERE_ENV, Place

MAX_LEVELS = 7  # difficulties shown one by one; more are put together
_BINS = 6
_COUNTED = ", ".join(repr(status) for status in COUNTED)


class Reason(NamedTuple):
    """How many episodes of an environment did not pass for one and the same reason."""

    env: str
    status: str
    reason: str
    episodes: int


class Level(NamedTuple):
    """Pass rate at one difficulty, or over neighbouring ones (`easiest` to `hardest`)."""

    env: str
    easiest: float
    hardest: float
    n: int
    pass_rate: float
    low: float
    high: float

    @property
    def difficulty(self) -> str:
        """The difficulty, or the range of them, in a word."""
        alone = self.easiest == self.hardest
        return f"{self.easiest:g}" if alone else f"{self.easiest:g}–{self.hardest:g}"


def reasons(run: OpenRun) -> list[Reason]:
    """Why episodes did not pass: by environment, the commonest first."""
    return [
        Reason(label, *row)
        for label, place, _ in _places(run)
        for row in run.store.query(
            f"SELECT status, reason, count(*) AS n FROM episodes {WHERE_ENV} AND passed = 0 "
            "GROUP BY status, reason ORDER BY n DESC, status, reason",
            place,
        )
    ]


def by_difficulty(run: OpenRun) -> list[Level]:
    """Pass rates of the environments whose problems have more than one difficulty."""
    return [
        level for label, place, env in _places(run) for level in _levels(run, label, place, env)
    ]


def _places(run: OpenRun) -> Iterator[tuple[str, Place, Mapping[str, Any]]]:
    identity = run.info.identity
    for env in identity["envs"]:
        place = Place(run.run, env["id"], env["digest"], run.policy, identity["split"])
        yield env_label(env["id"], env["options"]), place, env


def _levels(run: OpenRun, label: str, place: Place, env: Mapping[str, Any]) -> Iterator[Level]:
    samples = run.info.identity["samples"]
    # rows that are tasks of their own are summed by the database: equal ones need no line each
    single = samples == 1 and not env["shared_instances"]
    rows = run.store.query(
        f"SELECT difficulty, sum(passed), count(*) FROM episodes {WHERE_ENV} AND status IN "
        f"({_COUNTED}) AND difficulty IS NOT NULL GROUP BY difficulty"
        + ("" if single else f", {TASK}"),
        place,
    )
    counts: dict[float, list[tuple[int, int]]] = {}
    for difficulty, passed, n in rows:
        counts.setdefault(difficulty, []).append((passed, n))
    if len(counts) < 2:
        return
    for level in _together({d: sum(n for _, n in found) for d, found in counts.items()}):
        tasks = [task for difficulty in level for task in counts[difficulty]]
        passed, n = sum(p for p, _ in tasks), sum(n for _, n in tasks)
        if single:
            found = stats.wilson(passed, n)
        else:
            found = stats.pass_rate([p for p, _ in tasks], [n for _, n in tasks], samples).interval
        yield Level(label, level[0], level[-1], n, passed / n, found.low, found.high)


def _together(rows: Mapping[float, int]) -> Sequence[Sequence[float]]:
    """Difficulties by themselves where they are few, else in about equally many rows each."""
    ordered = sorted(rows)
    if len(ordered) <= MAX_LEVELS:
        return [[difficulty] for difficulty in ordered]
    share = sum(rows.values()) / _BINS
    bins: list[list[float]] = [[]]
    filled = 0
    for difficulty in ordered:
        if bins[-1] and filled >= share * len(bins):
            bins.append([])
        bins[-1].append(difficulty)
        filled += rows[difficulty]
    return bins
