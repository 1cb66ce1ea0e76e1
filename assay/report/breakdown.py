"""Where a policy fails: reasons counted, and pass rate by difficulty."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from assay.evaluation import stats
from assay.evaluation.columns import damaged
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
        Reason(row.env, status, code, n)
        for row in run.table
        for (status, code), n in sorted(row.failed.items(), key=lambda one: (-one[1], one[0]))
    ]


def by_difficulty(run: OpenRun) -> list[Level]:
    """Pass rates of the environments whose problems have more than one difficulty."""
    return [
        level for label, place, env in _places(run) for level in _levels(run, label, place, env)
    ]


def _places(run: OpenRun) -> Iterator[tuple[str, Place, Mapping[str, Any]]]:
    for env in run.info.identity["envs"]:
        yield env_label(env["id"], env["options"]), place_of(run, env), env


def place_of(run: OpenRun, env: Mapping[str, Any]) -> Place:
    """An environment of the run's identity, as its rows name it."""
    return Place(run.run, env["id"], env["digest"], run.policy, run.info.identity["split"])


def _levels(run: OpenRun, label: str, place: Place, env: Mapping[str, Any]) -> Iterator[Level]:
    found = difficulties(run, place, env)
    if len(found.tasks) < 2:
        return
    for level in together(found.sizes()):
        n, rate = found.rate(level)
        yield Level(label, level[0], level[-1], n, *rate)


class Difficulties(NamedTuple):
    """Counts by difficulty of one environment.

    Attributes:
        tasks: difficulty -> (passed, counted) of each of its tasks; with `single` of all of them
            in one pair, since each row is then a task.
    """

    tasks: Mapping[float, Sequence[tuple[int, int]]]
    single: bool
    samples: int

    def sizes(self) -> dict[float, int]:
        """Counted rows of each difficulty."""
        return {difficulty: sum(n for _, n in pairs) for difficulty, pairs in self.tasks.items()}

    def rate(self, level: Sequence[float]) -> tuple[int, stats.Interval]:
        """Counted rows of these difficulties, and their pass rate with its interval."""
        pairs = [pair for difficulty in level for pair in self.tasks.get(difficulty, ())]
        passed, n = sum(p for p, _ in pairs), sum(n for _, n in pairs)
        if self.single:
            return n, stats.wilson(passed, n)
        rate = stats.pass_rate([p for p, _ in pairs], [n for _, n in pairs], self.samples)
        return n, stats.Interval(passed / n if n else rate.interval.estimate, *rate.interval[1:])


def difficulties(run: OpenRun, place: Place, env: Mapping[str, Any]) -> Difficulties:
    """What is stored about one environment, by difficulty."""
    samples = run.info.identity["samples"]
    # rows that are tasks of their own are summed with the table: equal ones need no line each
    single = samples == 1 and not env["shared_instances"]
    table = zip(run.table, run.info.identity["envs"], strict=True)
    known = next(row.difficulties for row, planned in table if planned == env)
    if single and known is not None:
        return Difficulties({level: (counts,) for level, counts in known.items()}, single, samples)
    rows = run.store.query(
        f"SELECT difficulty, sum(passed), count(*) FROM episodes {WHERE_ENV} AND status IN "
        f"({_COUNTED}) AND difficulty IS NOT NULL GROUP BY difficulty"
        + ("" if single else f", {TASK}"),
        place,
    )
    tasks: dict[float, list[tuple[int, int]]] = {}
    for difficulty, passed, n in rows:
        if not isinstance(difficulty, int | float):
            raise damaged(run.store.path, place.env_id, "difficulty", difficulty, "a number")
        tasks.setdefault(difficulty, []).append((passed, n))
    return Difficulties(tasks, single, samples)


def together(rows: Mapping[float, int]) -> Sequence[Sequence[float]]:
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
