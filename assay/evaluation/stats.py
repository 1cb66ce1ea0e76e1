"""Intervals and comparisons that a reviewer accepts; each function cites its source.

SciPy has most methods; it takes about a CPU-second to import, and is imported when it is first
needed. All intervals are two-sided, 95 % unless `level` says otherwise.
"""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from assay.core.encoding import derive_seed
from assay.core.errors import OptionError, bad_value

_RESAMPLES = 10_000
_CHUNK_CELLS = 4_000_000  # resampled numbers held at once: 32 MB


class Interval(NamedTuple):
    """An estimate with its lower and upper bound."""

    estimate: float
    low: float
    high: float


class PassRate(NamedTuple):
    """An interval of a pass rate, and the name of the method behind it."""

    interval: Interval
    method: str


class Comparison(NamedTuple):
    """The difference of two paired policies: estimate, interval and number of tasks."""

    difference: float
    low: float
    high: float
    n_tasks: int


# ---------------------------------------------------------------------- pass rates


def wilson(passed: int, n: int, level: float = 0.95) -> Interval:
    """Pass rate with one sample a task; the estimate of 0 of 0 is NaN, its interval 0 to 1.

    Source: Wilson 1927; coverage compared by Brown, Cai and DasGupta 2001.
    """
    if not 0 <= passed <= n:
        raise bad_value("passed", passed, f"an integer from 0 to n={n}")
    if n == 0:
        return Interval(math.nan, 0.0, 1.0)
    found = _scipy("stats").binomtest(passed, n).proportion_ci(level, method="wilson")
    return Interval(passed / n, float(found.low), float(found.high))


def clustered(passed: ArrayLike, counts: ArrayLike, level: float = 0.95) -> Interval:
    """Pass rate with several samples a task: t interval over tasks.

    The standard error is that of a ratio of sums, clustered by task; with equally many samples a
    task this is the t interval over task means. Where no two tasks differ there is no variance to
    estimate from, and the interval is Wilson's with the tasks as the sample.

    Args:
        passed: how many samples of each task passed.
        counts: how many were taken; tasks with none are left out.
    Source: Cochran 1977, §6.4 (ratio estimate, clusters of unequal size); Miller 2024,
        arXiv:2411.00640, §2.2 (the same for language-model evaluations).
    """
    hits, sizes = _samples(passed, counts)
    n_tasks = len(sizes)
    if n_tasks == 0:
        return Interval(math.nan, 0.0, 1.0)
    rate = float(hits.sum() / sizes.sum())
    if n_tasks == 1:
        return Interval(rate, 0.0, 1.0)
    residual = hits - rate * sizes
    error = math.sqrt(n_tasks / (n_tasks - 1) * float(residual @ residual)) / float(sizes.sum())
    if error < 1e-12:
        bounds = _wilson_of_rate(rate, n_tasks, level)
        return Interval(rate, *bounds)
    half = float(_scipy("stats").t.ppf((1 + level) / 2, n_tasks - 1)) * error
    return Interval(rate, max(0.0, rate - half), min(1.0, rate + half))


def pass_rate(passed: ArrayLike, counts: ArrayLike, samples: int = 1) -> PassRate:
    """Pass rate with the interval that the data ask for: Wilson's, or over tasks.

    Args:
        passed, counts: as for `clustered`.
        samples: how many a task were planned; several make it a matter of tasks from the start.
    """
    hits, sizes = _samples(passed, counts)
    if samples == 1 and float(sizes.max(initial=0.0)) <= 1:
        return PassRate(wilson(int(hits.sum()), len(sizes)), "wilson")
    return PassRate(clustered(hits, sizes), "t over tasks")


def _wilson_of_rate(rate: float, n: int, level: float) -> tuple[float, float]:
    """Wilson's bounds for a rate that need not be a whole number of successes."""
    z = float(_scipy("special").ndtri((1 + level) / 2))
    centre = (rate + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(rate * (1 - rate) / n + z * z / (4 * n * n))
    # rounding must not put the bound of 0 or of 1 on the wrong side of it
    return max(0.0, min(rate, centre - half)), min(1.0, max(rate, centre + half))


def clustered_bootstrap(
    passed: ArrayLike, counts: ArrayLike, level: float = 0.95, resamples: int = _RESAMPLES
) -> Interval:
    """The second opinion on `clustered`: percentile bootstrap over tasks, seeded.

    Source: Efron and Tibshirani 1993, §13.3, with the task as the unit.
    """
    hits, sizes = _samples(passed, counts)
    if len(sizes) == 0:
        return Interval(math.nan, 0.0, 1.0)
    rates = _resampled_ratio(hits, sizes, resamples, _generator("clustered", len(sizes)))
    return Interval(float(hits.sum() / sizes.sum()), *_percentiles(rates, level))


def pass_at_k(n: int, c: int, k: int) -> float:
    """Chance that at least one of `k` of the `n` samples, `c` of which passed, did: unbiased.

    Source: Chen et al. 2021, arXiv:2107.03374, eq. 1: 1 - C(n-c, k) / C(n, k).
    """
    _check_k(n, c, k)
    if n - c < k:
        return 1.0
    return 1.0 - math.prod((n - c - i) / (n - i) for i in range(k))


def pass_hat_k(n: int, c: int, k: int) -> float:
    """Chance that all of `k` of the `n` samples, `c` of which passed, did (pass^k): unbiased.

    Source: Yao et al. 2024, arXiv:2406.12045, §3: C(c, k) / C(n, k).
    """
    _check_k(n, c, k)
    return math.comb(c, k) / math.comb(n, k)


def _check_k(n: int, c: int, k: int) -> None:
    if not 0 <= c <= n:
        raise bad_value("c", c, f"an integer from 0 to n={n}")
    if not 1 <= k <= n:
        raise bad_value("k", k, f"an integer from 1 to the {n} samples that were taken")


# ---------------------------------------------------------------------- comparisons


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    counts: ArrayLike | None = None,
    level: float = 0.95,
    resamples: int = _RESAMPLES,
) -> Comparison:
    """Mean of `first - second` over tasks that both met: percentile bootstrap over tasks, seeded.

    Where all tasks differ alike there is nothing to resample, and the bounds are as far away as
    Wilson's upper bound for a thing that was seen on none of so many tasks.

    Args:
        first, second: score of each task (its pass, or its passes with `counts`), same order.
        counts: paired samples of each task; the difference is then one of pass rates over samples.
    Source: Efron and Tibshirani 1993, §13.3; pairing as in Miller 2024, arXiv:2411.00640, §4.
    """
    a, b = np.asarray(first, dtype=np.float64), np.asarray(second, dtype=np.float64)
    sizes = np.ones_like(a) if counts is None else np.asarray(counts, dtype=np.float64)
    if a.ndim != 1 or not a.shape == b.shape == sizes.shape:
        raise OptionError(
            f"Paired scores have shapes {a.shape} and {b.shape}: expected one score a task in both."
        )
    n_tasks = len(a)
    if n_tasks == 0:
        return Comparison(math.nan, -1.0, 1.0, 0)
    difference = a - b
    mean = float(difference.sum() / sizes.sum())
    if np.allclose(difference, mean * sizes, atol=1e-12):
        unseen = wilson(0, n_tasks, level).high
        return Comparison(mean, max(-1.0, mean - unseen), min(1.0, mean + unseen), n_tasks)
    means = _resampled_ratio(difference, sizes, resamples, _generator("paired", n_tasks))
    return Comparison(mean, *_percentiles(means, level), n_tasks)


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided p that two policies pass equally often, from the tasks on which they disagree.

    Source: McNemar 1947, in its exact binomial form (Liddell 1983).
    """
    if only_first + only_second == 0:
        return 1.0
    return float(_scipy("stats").binomtest(only_first, only_first + only_second, 0.5).pvalue)


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given: step-down, valid under any dependence.

    Source: Holm 1979.
    """
    adjusted = [0.0] * len(p_values)
    highest = 0.0
    for rank, i in enumerate(sorted(range(len(p_values)), key=lambda j: p_values[j])):
        highest = max(highest, min(1.0, p_values[i] * (len(p_values) - rank)))
        adjusted[i] = highest
    return adjusted


# ---------------------------------------------------------------------- returns


def iqm(scores: ArrayLike, axis: int | None = None) -> Any:
    """Interquartile mean: the mean of the middle half (a quarter is trimmed at each end).

    Source: Agarwal et al. 2021, arXiv:2108.13264, §4.3.
    """
    values = np.asarray(scores, dtype=np.float64)
    if axis is None:
        values, axis = values.reshape(-1), 0
    n = values.shape[axis]
    cut = n // 4
    ordered = np.partition(values, (cut, n - cut - 1), axis=axis) if n > 1 else values
    middle = np.take(ordered, np.arange(cut, n - cut), axis=axis)
    return middle.mean(axis=axis)


def iqm_interval(scores: ArrayLike, level: float = 0.95, resamples: int = _RESAMPLES) -> Interval:
    """Interquartile mean over runs × tasks; percentile bootstrap stratified by task, seeded.

    Args:
        scores: shape (runs, tasks); runs are resampled within each task.
    Source: Agarwal et al. 2021, arXiv:2108.13264, §4.1 and §4.3.
    """
    values = np.asarray(scores, dtype=np.float64)
    if values.ndim != 2 or 0 in values.shape:
        raise OptionError(f"scores have shape {values.shape}: expected (runs, tasks).")
    n_runs, n_tasks = values.shape
    # float32 and uint8 suffice for resampling, and halve the time; the estimate is float64
    flat = values.T.astype(np.float32).reshape(-1)
    starts = np.repeat(n_runs * np.arange(n_tasks, dtype=np.int64), n_runs)
    rng = _generator("iqm", n_runs, n_tasks)
    found: list[NDArray[np.float64]] = []
    small = np.uint8 if n_runs <= 255 else np.int64
    for rows in _chunks(resamples, n_runs * n_tasks):
        chosen = rng.integers(n_runs, size=(rows, n_runs * n_tasks), dtype=small)
        found.append(iqm(flat[chosen + starts], axis=1))
    low, high = _percentiles(np.concatenate(found), level)
    return Interval(float(iqm(values)), low, high)


# ---------------------------------------------------------------------- shared


def _scipy(name: str) -> Any:
    """A module of SciPy, imported when it is first wanted."""
    return importlib.import_module(f"scipy.{name}")


def _samples(
    passed: ArrayLike, counts: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    hits = np.asarray(passed, dtype=np.float64)
    sizes = np.asarray(counts, dtype=np.float64)
    if hits.shape != sizes.shape or hits.ndim != 1 or (hits > sizes).any() or (hits < 0).any():
        raise OptionError("passed and counts need one number a task each, passed <= counts.")
    taken = sizes > 0
    return hits[taken], sizes[taken]


def _resampled_ratio(
    values: NDArray[np.float64],
    sizes: NDArray[np.float64],
    resamples: int,
    rng: np.random.Generator,
) -> NDArray[np.float64]:
    """Sums of values over sums of sizes, of tasks drawn with replacement.

    Equal tasks are drawn together: how often each kind comes up is multinomial, which is the same
    bootstrap in a time that does not grow with the number of tasks.
    """
    kinds, repeats = np.unique(np.stack([values, sizes]), axis=1, return_counts=True)
    n_tasks = len(values)
    ratios: list[NDArray[np.float64]] = []
    for rows in _chunks(resamples, kinds.shape[1]):
        drawn = rng.multinomial(n_tasks, repeats / n_tasks, size=rows).astype(np.float64)
        ratios.append((drawn @ kinds[0]) / (drawn @ kinds[1]))
    return np.concatenate(ratios)


def _chunks(resamples: int, width: int) -> list[int]:
    """Sizes of the batches in which resamples are drawn, so that memory stays small."""
    at_once = max(1, min(resamples, _CHUNK_CELLS // max(1, width)))
    whole, rest = divmod(resamples, at_once)
    return [at_once] * whole + [rest] * bool(rest)


def _percentiles(values: NDArray[np.float64], level: float) -> tuple[float, float]:
    low, high = np.percentile(values, [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def _generator(*parts: object) -> np.random.Generator:
    """A generator that gives the same resamples for the same question, on every machine."""
    return np.random.Generator(np.random.Philox(key=derive_seed("bootstrap", *parts)))
