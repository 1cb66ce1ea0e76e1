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
from assay.evaluation.compare import RunComparison, compare_runs
from assay.evaluation.config import DEFECTS
from assay.evaluation.plan import env_label
from assay.evaluation.results import EnvResult
from assay.evaluation.runs import OpenRun
from assay.report import breakdown
from assay.report.metrics import Metrics, read_metrics

_VALUE_CHARS = 300


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
    comparisons: tuple[RunComparison, ...] = ()
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


def page_data(runs: Sequence[OpenRun], comparisons: Sequence[RunComparison] = ()) -> PageData:
    """Read everything; without comparisons each run is compared with the first."""
    data = outline(runs)
    places = {env.key: i for i, env in enumerate(data.envs)}
    compared = comparisons or compare_runs(runs[0], runs[1:])
    return replace(
        data,
        runs=tuple(_filled(page, run, places) for page, run in zip(data.runs, runs, strict=True)),
        reasons=_reasons(runs),
        curves=tuple(c for env in data.envs if (c := _curve(runs, env)) is not None),
        comparisons=tuple(compared),
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


def _filled(page: PageRun, run: OpenRun, places: Mapping[EnvKey, int]) -> PageRun:
    """The run with its table, and what is to be said about it."""
    rows = run.table
    findings = run.store.n_findings(run.run)
    done, planned = sum(row.done for row in rows), sum(row.planned for row in rows)
    failures = sum(row.n_failures for row in rows)
    warnings: list[str] = []
    if not all(row.complete for row in rows):
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
        planned=planned,
        rows=rows,
        envs=tuple(places[key] for key in _keys_of(run)),
        warnings=tuple(warnings),
    )


# ---------------------------------------------------------------------- why, and where


def _reasons(runs: Sequence[OpenRun]) -> tuple[Reason, ...]:
    """Status and code of what did not pass, most frequent first."""
    counts: dict[tuple[str, str], list[int]] = {}
    for i, run in enumerate(runs):
        for _, status, code, n in breakdown.reasons(run):
            counts.setdefault((status, code), [0] * len(runs))[i] += n
    found = [Reason(status, code, tuple(n)) for (status, code), n in counts.items()]
    return tuple(sorted(found, key=lambda r: (-sum(r.counts), r.status, r.code)))


def _curve(runs: Sequence[OpenRun], env: PageEnv) -> Curve | None:
    """None where the environment names no difficulty, or only one."""
    found: list[tuple[int, breakdown.Difficulties]] = []
    rows: dict[float, int] = defaultdict(int)
    for i, run in enumerate(runs):
        for planned, key in zip(run.info.identity["envs"], _keys_of(run), strict=True):
            if key == env.key:
                counts = breakdown.difficulties(run, breakdown.place_of(run, planned), planned)
                found.append((i, counts))
                for difficulty, n in counts.sizes().items():
                    rows[difficulty] += n
    if len(rows) < 2:
        return None
    levels = breakdown.together(rows)
    lines = [
        Line(i, runs[i].label, tuple(_point(level, counts) for level in levels))
        for i, counts in found
    ]
    return Curve(env.label, tuple(lines))


def _point(level: Sequence[float], counts: breakdown.Difficulties) -> Point:
    n, (rate, low, high) = counts.rate(level)
    label = f"{level[0]:g}" if len(level) == 1 else f"{level[0]:g}–{level[-1]:g}"
    return Point(label, n, rate if n else None, low, high)


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
