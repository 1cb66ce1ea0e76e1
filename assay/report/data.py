"""What the report page says above its episodes: plain values, read from stored runs.

Every run is asked a few questions of one pass each, so that a million stored episodes are
summarised in seconds.
"""

from __future__ import annotations

import json
import shlex
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from assay.core.errors import shorten
from assay.evaluation import stats
from assay.evaluation.config import COUNTED, DEFECTS
from assay.evaluation.plan import env_label
from assay.evaluation.results import EnvResult, env_results
from assay.evaluation.runs import OpenRun
from assay.report.metrics import Metrics, read_metrics

MAX_POINTS = 7  # difficulties shown one by one; more are put together
_BINS = 6
_VALUE_CHARS = 300
_PLACE = "run = ? AND env_id = ? AND env_digest = ? AND policy_id = ? AND split = ?"
_IS_COUNTED = f"status IN ({', '.join(repr(status) for status in COUNTED)})"


class EnvKey(NamedTuple):
    """What makes two runs' episodes the same ones: id, digest of all options, split."""

    env_id: str
    digest: str
    split: str


@dataclass(frozen=True)
class PageEnv:
    """An environment of the page.

    Attributes:
        label: the id with its options; slug: the label where that is unique, for addresses.
        play: the command that plays an episode of it, up to the seed.
    """

    key: EnvKey
    label: str
    slug: str
    play: str


@dataclass(frozen=True)
class PageRun:
    """A run of the page: its table, and what is to be said first.

    Attributes:
        planned: rows there will be. rows: what came out; none in an outline.
        envs: position in the page's environments of each row.
        warnings: sentences about what is missing or wrong.
    """

    label: str
    policy: str
    created: str
    planned: int
    rows: tuple[EnvResult, ...] = ()
    envs: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """Rows there are."""
        return sum(row.done for row in self.rows)


@dataclass(frozen=True)
class Reason:
    """Why episodes did not pass, with how many of each run."""

    status: str
    code: str
    counts: tuple[int, ...]


class Point(NamedTuple):
    """Pass rate at one difficulty, or in a range of difficulties; None where nothing counts."""

    label: str
    n: int
    rate: float | None
    low: float
    high: float


class Line(NamedTuple):
    """The points of one run; `number` is its place among the page's runs."""

    number: int
    label: str
    points: tuple[Point, ...]


@dataclass(frozen=True)
class Curve:
    """Pass rate by difficulty of one environment: a line a run, all at the same difficulties."""

    env: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class ComparedEnv:
    """Two policies on the episodes that both met.

    Attributes: p, p_holm: McNemar's exact test, and the same over the whole table; None with
        several samples a task.
    """

    env: str
    first_rate: float
    second_rate: float
    difference: float
    low: float
    high: float
    n_tasks: int
    only_first: int
    only_second: int
    p: float | None = None
    p_holm: float | None = None


@dataclass(frozen=True)
class Compared:
    """A run beside the first one; the difference is `second - first`."""

    first: str
    second: str
    rows: tuple[ComparedEnv, ...]


@dataclass(frozen=True)
class Setting:
    """A line of the configuration: one value where all runs agree, else one for each."""

    name: str
    values: tuple[str, ...]
    same: bool


@dataclass(frozen=True)
class PageData:
    """All that the page says above its episodes."""

    runs: tuple[PageRun, ...]
    envs: tuple[PageEnv, ...]
    settings: Mapping[str, tuple[Setting, ...]]
    reasons: tuple[Reason, ...] = ()
    curves: tuple[Curve, ...] = ()
    comparisons: tuple[Compared, ...] = ()
    metrics: tuple[Metrics, ...] = ()


def outline(runs: Sequence[OpenRun]) -> PageData:
    """What is known without reading a row: names, plans and settings."""
    made = [
        PageRun(
            label=run.label,
            policy=run.policy,
            created=run.info.created,
            planned=sum(env["n"] for env in run.info.identity["envs"])
            * run.info.identity["samples"],
        )
        for run in runs
    ]
    return PageData(runs=tuple(made), envs=page_envs(runs), settings=_settings(runs))


def page_data(runs: Sequence[OpenRun], comparisons: Sequence[Any] = ()) -> PageData:
    """Read everything; `comparisons` as for `write_page`."""
    data = outline(runs)
    places = {env.key: i for i, env in enumerate(data.envs)}
    compared = [_given(c) for c in comparisons] or [
        _compare(runs[0], other, data.envs) for other in runs[1:]
    ]
    return replace(
        data,
        runs=tuple(_filled(page, run, places) for page, run in zip(data.runs, runs, strict=True)),
        reasons=_reasons(runs),
        curves=tuple(c for env in data.envs if (c := _curve(runs, env)) is not None),
        comparisons=tuple(c for c in compared if c.rows),
        metrics=read_metrics(runs),
    )


def page_envs(runs: Iterable[OpenRun]) -> tuple[PageEnv, ...]:
    """Every environment once, in the order of the plans."""
    labels: dict[EnvKey, str] = {}
    for run in runs:
        for env in run.info.identity["envs"]:
            key = EnvKey(env["id"], env["digest"], run.info.identity["split"])
            labels.setdefault(key, env_label(env["id"], env["options"]))
    uses: dict[str, int] = defaultdict(int)
    for label in labels.values():
        uses[label] += 1
    return tuple(
        PageEnv(
            key,
            label if uses[label] == 1 else f"{label} ({key.split}, {key.digest[:6]})",
            label if uses[label] == 1 else f"{label}@{key.split}-{key.digest[:6]}",
            f"assay play {shlex.quote(label)}",
        )
        for key, label in labels.items()
    )


def _keys_of(run: OpenRun) -> list[EnvKey]:
    identity = run.info.identity
    return [EnvKey(env["id"], env["digest"], identity["split"]) for env in identity["envs"]]


def _place(run: OpenRun, key: EnvKey) -> tuple[object, ...]:
    return (run.run, key.env_id, key.digest, run.policy, key.split)


def _filled(page: PageRun, run: OpenRun, places: Mapping[EnvKey, int]) -> PageRun:
    """The run with its table, and what is to be said about it."""
    rows = env_results(run.store, run.run)
    findings = run.store.n_findings(run.run)
    done, planned = sum(row.done for row in rows), page.planned
    failures = sum(row.n_failures for row in rows)
    warnings: list[str] = []
    if done < planned:
        warnings.append(
            f"{done:,} of {planned:,} planned episodes are stored: the run is not finished, and "
            "its rates are provisional."
        )
    if failures:
        warnings.append(
            f"{failures:,} episode{'s' * (failures > 1)} ended in {', '.join(DEFECTS)}: they say "
            "nothing about the policy and are left out of its rates; the range beside a rate "
            "covers what they could change."
        )
    if findings:
        warnings.append(
            f"{findings:,} episode{'s' * (findings > 1)} came out differently when played again: "
            "the policy or the environment is not deterministic."
        )
    return replace(
        page,
        rows=rows,
        envs=tuple(places[key] for key in _keys_of(run)),
        warnings=tuple(warnings),
    )


# ---------------------------------------------------------------------- reasons, difficulty


def _reasons(runs: Sequence[OpenRun]) -> tuple[Reason, ...]:
    """Status and code of what did not pass, most frequent first."""
    counts: dict[tuple[str, str], list[int]] = {}
    for i, run in enumerate(runs):
        for key in _keys_of(run):
            for status, code, n in run.store.query(
                f"SELECT status, reason, count(*) FROM episodes WHERE {_PLACE} AND passed = 0 "
                "GROUP BY status, reason",
                _place(run, key),
            ):
                counts.setdefault((status, code), [0] * len(runs))[i] += n
    found = [Reason(status, code, tuple(n)) for (status, code), n in counts.items()]
    return tuple(sorted(found, key=lambda r: (-sum(r.counts), r.status, r.code)))


Tally = dict[float, list[tuple[int, int]]]
"""Difficulty -> (passed, counted) of each of its tasks, or of all of them in one pair."""


def _curve(runs: Sequence[OpenRun], env: PageEnv) -> Curve | None:
    """None where the environment names no difficulty, or only one."""
    tallies = [
        (i, *_by_difficulty(run, env.key)) for i, run in enumerate(runs) if env.key in _keys_of(run)
    ]
    rows: dict[float, int] = defaultdict(int)
    for _, tally, _ in tallies:
        for difficulty, pairs in tally.items():
            rows[difficulty] += sum(n for _, n in pairs)
    bins = _bins(rows)
    if len(bins) < 2:
        return None
    lines = tuple(
        Line(i, runs[i].label, tuple(_point(chosen, tally, single) for chosen in bins))
        for i, tally, single in tallies
    )
    return Curve(env.label, lines)


def _by_difficulty(run: OpenRun, key: EnvKey) -> tuple[Tally, bool]:
    """Counts by difficulty, and whether each row is a task of its own."""
    planned = next(
        env for env in run.info.identity["envs"] if (env["id"], env["digest"]) == key[:2]
    )
    single = run.info.identity["samples"] == 1 and not planned["shared_instances"]
    task = "" if single else ", CASE WHEN world = '' THEN episode ELSE world END"
    tally: Tally = defaultdict(list)
    for difficulty, passed, n in run.store.query(
        f"SELECT difficulty, sum(passed), count(*) FROM episodes WHERE {_PLACE} AND {_IS_COUNTED} "
        f"AND difficulty IS NOT NULL GROUP BY difficulty{task}",
        _place(run, key),
    ):
        tally[difficulty].append((passed, n))
    return tally, single


def _bins(rows: Mapping[float, int]) -> list[list[float]]:
    """Difficulties by themselves where they are few, else in about equally many rows each."""
    ordered = sorted(rows)
    if len(ordered) <= MAX_POINTS:
        return [[d] for d in ordered]
    share = sum(rows.values()) / _BINS
    bins: list[list[float]] = [[]]
    filled = 0
    for difficulty in ordered:
        if bins[-1] and filled >= share * len(bins):
            bins.append([])
        bins[-1].append(difficulty)
        filled += rows[difficulty]
    return bins


def _point(chosen: list[float], tally: Tally, single: bool) -> Point:
    pairs = [pair for difficulty in chosen for pair in tally.get(difficulty, ())]
    passed, n = sum(p for p, _ in pairs), sum(n for _, n in pairs)
    label = f"{chosen[0]:g}" if len(chosen) == 1 else f"{chosen[0]:g}–{chosen[-1]:g}"
    if not n:
        return Point(label, 0, None, 0.0, 1.0)
    found = (
        stats.wilson(passed, n)
        if single
        else stats.clustered([p for p, _ in pairs], [n for _, n in pairs])
    )
    return Point(label, n, passed / n, found.low, found.high)


# ---------------------------------------------------------------------- comparison


def _compare(first: OpenRun, second: OpenRun, envs: Sequence[PageEnv]) -> Compared:
    rows: list[ComparedEnv] = []
    for env in envs:
        if env.key in _keys_of(first) and env.key in _keys_of(second):
            a, b = _scores(first, env.key), _scores(second, env.key)
            common = [task for task in a if task in b]
            if common:
                rows.append(_compare_env(env.label, [a[t] for t in common], [b[t] for t in common]))
    tested = [row.p for row in rows if row.p is not None]
    adjusted = iter(stats.holm(tested))
    return Compared(
        first.label,
        second.label,
        tuple(
            row if row.p is None else replace(row, p_holm=next(adjusted)) for row in rows
        ),
    )  # fmt: skip


def _scores(run: OpenRun, key: EnvKey) -> dict[object, tuple[int, int]]:
    """(passed, counted) of each task."""
    found = run.store.query(
        "SELECT CASE WHEN world = '' THEN episode ELSE world END AS task, sum(passed), count(*) "
        f"FROM episodes WHERE {_PLACE} AND {_IS_COUNTED} GROUP BY task",
        _place(run, key),
    )
    return {task: (passed, n) for task, passed, n in found}


def _compare_env(
    env: str, first: Sequence[tuple[int, int]], second: Sequence[tuple[int, int]]
) -> ComparedEnv:
    a, b = [p / n for p, n in first], [p / n for p, n in second]
    found = stats.paired_difference(b, a)
    one_each = all(n == 1 for _, n in (*first, *second))
    only_first = sum(x > y for x, y in zip(a, b, strict=True))
    only_second = sum(x < y for x, y in zip(a, b, strict=True))
    return ComparedEnv(
        env=env,
        first_rate=sum(a) / len(a),
        second_rate=sum(b) / len(b),
        difference=found.difference,
        low=found.low,
        high=found.high,
        n_tasks=found.n_tasks,
        only_first=only_first,
        only_second=only_second,
        p=stats.mcnemar(only_first, only_second) if one_each else None,
    )


def _given(comparison: Any) -> Compared:
    """A comparison that was made elsewhere, by its attributes' names."""
    names = ComparedEnv.__dataclass_fields__
    return Compared(
        comparison.first,
        comparison.second,
        tuple(
            ComparedEnv(**{name: getattr(row, name) for name in names if hasattr(row, name)})
            for row in comparison.rows
        ),
    )


# ---------------------------------------------------------------------- configuration


def _settings(runs: Sequence[OpenRun]) -> dict[str, tuple[Setting, ...]]:
    """The resolved configuration in groups, with what differs between runs told apart."""
    groups: dict[str, dict[str, list[str]]] = {}
    for i, run in enumerate(runs):
        for group, values in _grouped(run).items():
            for name, value in values.items():
                line = groups.setdefault(group, {}).setdefault(name, ["–"] * len(runs))
                line[i] = value
    return {
        group: tuple(
            Setting(name, tuple(values), len(set(values)) == 1) for name, values in lines.items()
        )
        for group, lines in groups.items()
    }


def _grouped(run: OpenRun) -> dict[str, dict[str, str]]:
    identity, settings = run.info.identity, run.info.settings
    policy, suite = identity["policy"], identity.get("suite")
    plan: dict[str, Any] = {
        "suite": None if not suite else f"{suite['name']} {suite['version']}",
        **{name: identity.get(name) for name in ("split", "seed", "samples")},
        **{f"episodes of {env_label(e['id'], e['options'])}": e["n"] for e in identity["envs"]},
        "limits": identity.get("limits", {}),
    }
    where = {
        "file": settings.get("out"),
        "started": run.info.created,
        **{n: settings.get(n) for n in ("backend", "workers", "batch", "frames", "machine")},
    }
    groups: dict[str, Mapping[str, Any]] = {
        "Policy": policy,
        "Plan": plan,
        "Versions": {**identity.get("versions", {}), "revision": identity.get("revision")},
        "Where it ran": where,
        "Fingerprint": {"fingerprint": run.info.fingerprint},
    }
    return {name: dict(_flat(values)) for name, values in groups.items()}


def _flat(values: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, str]]:
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name} ")
        elif value is not None and value != [] and value != "":
            text = value if isinstance(value, str) else json.dumps(value, default=str)
            shown = text if len(text) <= _VALUE_CHARS else shorten(text, _VALUE_CHARS)
            yield f"{prefix}{name}".replace("_", " "), shown
