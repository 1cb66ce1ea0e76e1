"""Two runs on the same episodes: what changed, by how much, and on which of them.

Runs are paired by episode: same environment with the same options, split, seed, episode and sample,
in which every policy meets the same problem in the same world. Differences are second less first.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from assay.core.errors import OptionError
from assay.core.registry import require
from assay.evaluation import stats
from assay.evaluation.columns import damaged, wrong_column
from assay.evaluation.config import DEFECTS
from assay.evaluation.merge import merged
from assay.evaluation.plan import env_label
from assay.evaluation.results import Results
from assay.evaluation.runs import OpenRun, open_runs
from assay.evaluation.stopping import WHERE_ENV, Place

_SHOWN = 4  # names in a message


class Flip(NamedTuple):
    """An episode that one run passed and the other did not."""

    env: str
    episode: int
    sample: int
    first_passed: bool
    second_passed: bool
    first_reason: str
    second_reason: str


@dataclass(frozen=True)
class EnvComparison:
    """Two policies on one environment.

    Attributes:
        n: episodes that count in both. left_out: pairs in which a machine failed.
        unpaired: episodes that only one run has stored.
        n_tasks: distinct tasks among them: worlds where the card says that instances are shared.
        first_passed, second_passed, only_first, only_second: of `n`.
        difference, low, high: pass rate of the second less that of the first, with its 95 %
            interval over tasks; None where nothing is paired.
        p: exact McNemar, where each task has one sample, else None. p_holm: the same, adjusted for
            all rows that were compared together.
        flips: those of only_first and only_second, in order.
    """

    env: str
    split: str
    n: int
    n_tasks: int
    left_out: int
    unpaired: int
    first_passed: int
    second_passed: int
    only_first: int
    only_second: int
    difference: float | None
    low: float
    high: float
    p: float | None
    p_holm: float | None
    flips: tuple[Flip, ...]

    @property
    def first_rate(self) -> float | None:
        """Pass rate of the first on the pairs; None where there is none."""
        return self.first_passed / self.n if self.n else None

    @property
    def second_rate(self) -> float | None:
        """Pass rate of the second on the pairs; None where there is none."""
        return self.second_passed / self.n if self.n else None

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        values = {name: getattr(self, name) for name in self.__dataclass_fields__}
        values["flips"] = [flip._asdict() for flip in self.flips]
        return values | {"first_rate": self.first_rate, "second_rate": self.second_rate}


@dataclass(frozen=True)
class RunComparison:
    """Two runs, environment by environment.

    Attributes:
        first, second: their labels.
        rows: one for each environment that both runs met; empty where they share no episode.
        apart: why they share none, in one sentence; else empty.
        only_first, only_second: environments that the other run has not got.
    """

    first: str
    second: str
    rows: tuple[EnvComparison, ...]
    apart: str
    only_first: tuple[str, ...]
    only_second: tuple[str, ...]

    def __iter__(self) -> Iterator[EnvComparison]:
        return iter(self.rows)

    def __len__(self) -> int:
        return len(self.rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "first": self.first,
            "second": self.second,
            "rows": [row.to_dict() for row in self.rows],
            "apart": self.apart,
            "only_first": list(self.only_first),
            "only_second": list(self.only_second),
        }

    def to_pandas(self) -> Any:
        """A DataFrame with a line for each environment, without the flips.

        Raises:
            MissingExtra: pandas is not installed.
        """
        pandas: Any = require("pandas", extra="report", what="RunComparison.to_pandas()")
        lines = [{"first": self.first, "second": self.second, **row.to_dict()} for row in self.rows]
        return pandas.DataFrame(lines).drop(columns="flips", errors="ignore")


def compare(
    first: str | os.PathLike[str] | Results, second: str | os.PathLike[str] | Results
) -> RunComparison:
    """Compare two runs on the episodes that both have.

    Args:
        first, second: results files (`FILE#2` for run 2 of several), or what `evaluate` returned.

    Raises:
        StoreError: no such file or run.
        OptionError: a file holds several runs, or the two runs share no episode.
    """
    with ExitStack() as stack:
        runs = [_opened(stack, given) for given in (first, second)]
        if runs[0].label == runs[1].label:
            runs = [OpenRun(f"{r.label} ({i})", r.store, r.info) for i, r in enumerate(runs, 1)]
        (found,) = compare_runs(runs[0], runs[1:])
    if found.apart:
        raise OptionError(found.apart)
    return found


def _opened(stack: ExitStack, given: str | os.PathLike[str] | Results) -> OpenRun:
    if isinstance(given, Results):
        store = stack.enter_context(given.opened())
        info = next(known for known in store.runs() if known.run == given.run)
        return OpenRun(given.policy, store, info)
    runs = stack.enter_context(merged(stack.enter_context(open_runs([given]))))
    if len(runs) != 1:
        raise OptionError(
            f"'{os.fspath(given)}' holds {len(runs)} runs: say which, as in '{runs[0].name}'."
        )
    return runs[0]


def compare_runs(first: OpenRun, others: Sequence[OpenRun]) -> list[RunComparison]:
    """Each of the others with the first; p values are adjusted over all of their rows together."""
    found = [_compare(first, other) for other in others]
    tested = [row for one in found for row in one.rows if row.p is not None]
    adjusted = iter(stats.holm([row.p for row in tested if row.p is not None]))
    return [
        replace(
            one,
            rows=tuple(
                row if row.p is None else replace(row, p_holm=next(adjusted)) for row in one.rows
            ),
        )
        for one in found
    ]


def _compare(first: OpenRun, second: OpenRun) -> RunComparison:
    ours, theirs = _envs(first), _envs(second)
    apart = _why_apart(first, second)
    shared = [] if apart else [name for name in ours if name in theirs]
    rows = [_compare_env(first, second, ours[name]) for name in shared]
    rows = [row for row in rows if row.n + row.left_out]
    if not rows and not apart:
        apart = "no episode of theirs is stored in both"
    both = {row.env for row in rows}
    return RunComparison(
        first=first.label,
        second=second.label,
        rows=tuple(rows),
        apart=f"{first.label} and {second.label} cannot be compared: {apart}." if apart else "",
        only_first=tuple(label for env in ours.values() if (label := _label(env)) not in both),
        only_second=tuple(label for env in theirs.values() if (label := _label(env)) not in both),
    )


def _envs(run: OpenRun) -> dict[tuple[str, str], Mapping[str, Any]]:
    return {(env["id"], env["digest"]): env for env in run.info.identity["envs"]}


def _label(env: Mapping[str, Any]) -> str:
    return env_label(env["id"], env["options"])


def _why_apart(first: OpenRun, second: OpenRun) -> str:
    """What makes it impossible that the runs share an episode, or nothing."""
    a, b = first.info.identity, second.info.identity
    for name in ("split", "seed"):
        if a[name] != b[name]:
            return f"their {name}s are {a[name]} and {b[name]}, so they met different episodes"
    ours, theirs = _envs(first), _envs(second)
    if ours.keys() & theirs.keys():
        return ""
    same = sorted({env_id for env_id, _ in ours} & {env_id for env_id, _ in theirs})
    if same:
        return f"{', '.join(same[:_SHOWN])} had other options in each"
    return "they have no environment in common"


# ---------------------------------------------------------------------- pairs


class _Side(NamedTuple):
    """What is compared of a stored row."""

    episode: int
    sample: int
    env_seed: int
    problem: int
    status: str
    passed: bool
    reason: str
    world: str


def _rows(run: OpenRun, env: Mapping[str, Any]) -> Iterator[_Side]:
    identity = run.info.identity
    place = Place(run.run, env["id"], env["digest"], identity["policy"]["id"], identity["split"])
    columns = ", ".join(_Side._fields)
    for row in run.store.stream(
        f"SELECT {columns} FROM episodes {WHERE_ENV} ORDER BY episode, sample", place
    ):
        side = _Side(*row)
        wrong = wrong_column(side._asdict())
        if wrong is not None:
            raise damaged(run.store.path, _label(env), *wrong)
        yield side


def _pairs(first: Iterator[_Side], second: Iterator[_Side]) -> Iterator[tuple[_Side, _Side] | None]:
    """Rows of the same episode, by merging two ordered streams; None for one without its like."""
    a, b = next(first, None), next(second, None)
    while a is not None or b is not None:
        if a is None or b is None or a[:4] != b[:4]:
            yield None
            if b is None or (a is not None and a[:4] < b[:4]):
                a = next(first, None)
            else:
                b = next(second, None)
        else:
            yield a, b
            a, b = next(first, None), next(second, None)


class _Pairs:
    """What the pairs of one environment add up to.

    Attributes:
        cells: how often (first passed, second passed).
        tasks: (pairs, first passed, second passed) of each task; kept only where a task can come
            more than once.
    """

    def __init__(self, label: str, repeated: bool) -> None:
        self.label, self.repeated = label, repeated
        self.left_out = self.unpaired = 0
        self.cells: Counter[tuple[bool, bool]] = Counter()
        self.tasks: dict[int | str, list[int]] = {}
        self.flips: list[Flip] = []

    def add(self, pair: tuple[_Side, _Side] | None) -> None:
        """Count one pair, or a row without its like."""
        if pair is None:
            self.unpaired += 1
            return
        a, b = pair
        if a.status in DEFECTS or b.status in DEFECTS:
            self.left_out += 1
            return
        passed = bool(a.passed), bool(b.passed)
        self.cells[passed] += 1
        if self.repeated:
            task = self.tasks.setdefault(a.world or a.episode, [0, 0, 0])
            for i, more in enumerate((1, *passed)):
                task[i] += more
        if passed[0] != passed[1]:
            self.flips.append(Flip(self.label, a.episode, a.sample, *passed, a.reason, b.reason))

    def table(self) -> NDArray[np.int64]:
        """Shape (tasks, 3): pairs, first passed, second passed."""
        if self.repeated:
            rows = np.array(list(self.tasks.values()), dtype=np.int64)
        else:
            kinds = np.array([[1, *cell] for cell in self.cells], dtype=np.int64).reshape(-1, 3)
            rows = np.repeat(kinds, list(self.cells.values()), axis=0)
        return rows.reshape(-1, 3)


def _compare_env(first: OpenRun, second: OpenRun, env: Mapping[str, Any]) -> EnvComparison:
    samples = max(run.info.identity["samples"] for run in (first, second))
    pairs = _Pairs(_label(env), samples > 1 or env["shared_instances"])
    for pair in _pairs(_rows(first, env), _rows(second, env)):
        pairs.add(pair)
    table, n = pairs.table(), pairs.cells.total()
    change = stats.paired_difference(table[:, 2], table[:, 1], table[:, 0])
    both, only_first, only_second = (
        pairs.cells[cell] for cell in ((True, True), (True, False), (False, True))
    )
    one_each = n > 0 and int(table[:, 0].max()) == 1
    return EnvComparison(
        env=pairs.label,
        split=first.info.identity["split"],
        n=n,
        n_tasks=len(table),
        left_out=pairs.left_out,
        unpaired=pairs.unpaired,
        first_passed=both + only_first,
        second_passed=both + only_second,
        only_first=only_first,
        only_second=only_second,
        difference=change.difference if n else None,
        low=change.low,
        high=change.high,
        p=stats.mcnemar(only_first, only_second) if one_each else None,
        p_holm=None,
        flips=tuple(pairs.flips),
    )
