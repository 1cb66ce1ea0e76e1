import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest

from assay.core.errors import OptionError
from assay.evaluation import stats

pytestmark = pytest.mark.core
DATA = Path(__file__).resolve().parent.parent / "data"


@pytest.mark.parametrize(
    ("passed", "n", "low", "high"),
    [
        (8, 10, 0.4902, 0.9433),
        (0, 10, 0.0, 0.2775),
        (10, 10, 0.7225, 1.0),
        (1, 30, 0.0059, 0.1667),
        (0, 0, 0.0, 1.0),
    ],
)
def test_wilson_has_the_published_values(passed, n, low, high):
    found = stats.wilson(passed, n)
    assert (found.low, found.high) == pytest.approx((low, high), abs=5e-5)
    assert math.isnan(found.estimate) if n == 0 else found.estimate == passed / n


@pytest.mark.parametrize("n", [10, 30, 100])
def test_wilson_covers_at_least_nine_times_in_ten(n):
    from scipy.stats import binom

    bounds = np.array([stats.wilson(c, n)[1:] for c in range(n + 1)])
    for p in np.arange(2, 100) / 100:
        inside = (bounds[:, 0] <= p) & (p <= bounds[:, 1])
        assert binom.pmf(np.arange(n + 1), n, p)[inside].sum() >= 0.90, p


def tasks_of_mixed_difficulty(rng, n_tasks=30, samples=8):
    return rng.binomial(samples, rng.beta(0.5, 0.5, n_tasks)), np.full(n_tasks, samples)


def test_the_interval_over_tasks_covers_what_it_says():
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(1_500):
        _, low, high = stats.clustered(*tasks_of_mixed_difficulty(rng))
        hits += low <= 0.5 <= high
    assert 0.92 <= hits / 1_500 <= 0.98


def test_the_bootstrap_over_tasks_covers_nearly_as_well():
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(600):
        _, low, high = stats.clustered_bootstrap(*tasks_of_mixed_difficulty(rng), resamples=500)
        hits += low <= 0.5 <= high
    assert 0.90 <= hits / 600 <= 0.98


def test_the_interval_over_tasks_is_the_t_interval_of_their_means():
    from scipy import stats as reference

    passed, counts = tasks_of_mixed_difficulty(np.random.default_rng(3))
    means = passed / counts
    half = reference.t.ppf(0.975, 29) * means.std(ddof=1) / math.sqrt(30)
    found = stats.clustered(passed, counts)
    assert found == pytest.approx((means.mean(), means.mean() - half, means.mean() + half))


def test_tasks_of_unequal_size_are_weighed_by_their_samples():
    found = stats.clustered([4, 0, 1], [4, 4, 2])
    assert found.estimate == pytest.approx(0.5)
    assert found.low == 0.0 and found.high == 1.0
    assert stats.clustered([4, 0, 1, 0], [4, 4, 2, 0]) == found


@pytest.mark.parametrize("passed", [0, 8])
def test_tasks_that_all_agree_do_not_give_an_interval_of_no_width(passed):
    found = stats.clustered([passed] * 10, [8] * 10)
    assert found == pytest.approx(stats.wilson(10 * passed // 8, 10))
    for n_tasks in range(2, 40):
        rate, low, high = stats.clustered([passed] * n_tasks, [8] * n_tasks)
        assert low <= rate <= high, n_tasks
    assert stats.clustered([3], [8]) == (3 / 8, 0.0, 1.0)
    assert stats.clustered([], [])[1:] == (0.0, 1.0)


@pytest.mark.parametrize(
    ("n", "c", "k", "value"),
    [(10, 3, 1, 0.3), (10, 3, 5, 0.916667), (16, 1, 8, 0.5), (5, 0, 3, 0.0), (4, 3, 2, 1.0)],
)
def test_pass_at_k_has_the_published_values(n, c, k, value):
    assert stats.pass_at_k(n, c, k) == pytest.approx(value, abs=1e-6)


def test_more_tries_than_samples_is_an_error():
    for function in (stats.pass_at_k, stats.pass_hat_k):
        with pytest.raises(OptionError, match="the 4 samples that were taken"):
            function(4, 2, 5)
        with pytest.raises(OptionError, match="c=6"):
            function(4, 6, 1)


def test_pass_at_k_and_pass_hat_k_equal_their_definition():
    for n in range(1, 13):
        for c in range(n + 1):
            outcomes = [1] * c + [0] * (n - c)
            for k in {1, 2, n // 2, n} - {0}:
                if k > n:
                    continue
                subsets = list(itertools.combinations(outcomes, k))
                every = sum(map(all, subsets)) / len(subsets)
                some = sum(map(any, subsets)) / len(subsets)
                assert stats.pass_hat_k(n, c, k) == pytest.approx(every)
                assert stats.pass_at_k(n, c, k) == pytest.approx(some)


def test_the_interval_follows_the_data():
    one_each = stats.pass_rate([1, 0, 1], [1, 1, 1])
    assert one_each == (stats.wilson(2, 3), "wilson")
    several = stats.pass_rate([2, 0, 1], [2, 2, 2], samples=2)
    assert several == (stats.clustered([2, 0, 1], [2, 2, 2]), "t over tasks")
    assert stats.pass_rate([3, 0], [4, 1]).method == "t over tasks", "worlds that came up again"
    assert stats.pass_rate([1, 0], [1, 1], samples=2).method == "t over tasks", (
        "the rest is to come"
    )
    assert stats.pass_rate([], []).interval[1:] == (0.0, 1.0)


def test_mcnemar_is_exact():
    assert stats.mcnemar(10, 2) == pytest.approx(0.03857, abs=5e-6)
    assert stats.mcnemar(2, 10) == stats.mcnemar(10, 2)
    assert stats.mcnemar(0, 0) == 1.0


def test_paired_difference_is_narrower_than_two_intervals():
    rng = np.random.default_rng(4)
    difficulty = rng.random(200)
    first = (rng.random(200) < 0.3 + 0.6 * difficulty).astype(float)
    second = np.where(rng.random(200) < 0.1, 0.0, first)
    found = stats.paired_difference(first, second)
    assert found.difference == pytest.approx(np.mean(first - second))
    assert 0 < found.low < found.difference < found.high < 0.2
    assert found == stats.paired_difference(first, second)  # seeded
    with pytest.raises(OptionError, match="shapes"):
        stats.paired_difference([1], [1, 0])
    assert stats.paired_difference([], []).n_tasks == 0


def test_resampling_equal_tasks_together_is_the_bootstrap_over_tasks():
    rng = np.random.default_rng(7)
    first, second = rng.random(60) < 0.6, rng.random(60) < 0.4
    difference = first.astype(float) - second
    chosen = rng.integers(60, size=(20_000, 60))
    low, high = np.percentile(difference[chosen].mean(axis=1), [2.5, 97.5])
    found = stats.paired_difference(first, second)
    assert found[1:3] == pytest.approx((low, high), abs=0.02)


def test_a_paired_difference_of_passes_is_one_of_rates():
    found = stats.paired_difference([8, 1, 3], [4, 1, 0], [8, 2, 5])
    assert found.difference == pytest.approx((12 - 5) / 15)
    assert found.low <= found.difference <= found.high


def test_policies_that_never_differ_do_not_give_an_interval_of_no_width():
    unseen = stats.wilson(0, 20).high
    same = stats.paired_difference([1] * 20, [1] * 20)
    assert same == pytest.approx((0.0, -unseen, unseen, 20))
    better = stats.paired_difference([1] * 20, [0] * 20)
    assert better == pytest.approx((1.0, 1.0 - unseen, 1.0, 20))


def test_iqm_is_the_trimmed_mean():
    from scipy.stats import trim_mean

    rng = np.random.default_rng(5)
    for n in (1, 2, 3, 4, 7, 40, 101):
        values = rng.normal(size=n)
        assert stats.iqm(values) == pytest.approx(trim_mean(values, 0.25))


def test_iqm_interval_holds_the_estimate():
    found = stats.iqm_interval(np.random.default_rng(6).normal(size=(10, 50)))
    assert found.low < found.estimate < found.high
    assert found.high - found.low < 0.3
    constant = stats.iqm_interval(np.ones((5, 4)), resamples=50)
    assert constant == pytest.approx((1.0, 1.0, 1.0))


def test_iqm_intervals_agree_with_the_usual_library():
    oracle = json.loads((DATA / "rliable.json").read_text(encoding="utf-8"))
    for case in oracle["cases"]:
        found = stats.iqm_interval(case["scores"])
        assert found.estimate == pytest.approx(case["iqm"], abs=1e-12)
        assert found[1:] == pytest.approx((case["low"], case["high"]), abs=0.006)


def test_holm_steps_down():
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([0.9, 0.8]) == [1.0, 1.0]
    assert stats.holm([]) == []
