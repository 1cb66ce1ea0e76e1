"""Countdown: every instance can be solved, and only by solving it."""

import time
from collections import Counter

import pytest

from assay.core import registry
from assay.core.streams import CounterStream
from assay.core.types import SPLITS
from assay.envs.math.countdown import CountdownConfig, CountdownEnv, combined, search


def questions(n, **options):
    config = CountdownConfig(**options)
    drawn = (CountdownEnv.question(CounterStream("init", "train", i), config) for i in range(n))
    return [question for question in drawn if question is not None]


@pytest.mark.parametrize(
    "options",
    [
        {"n_numbers": 2, "max_number": 4},
        {"n_numbers": 3},
        {"n_numbers": 4, "operators": "+-"},
        {"n_numbers": 5, "max_number": 50},
        {"n_numbers": 5, "operators": "*/"},
        {"n_numbers": 6, "max_number": 100},
    ],
    ids=str,
)
def test_a_solution_is_found_quickly(options):
    found = questions(150, **options)
    assert len(found) > 30
    begin = time.process_time()
    for question in found:
        numbers, target, operators = question.data
        assert target >= 1 and search(numbers, target, operators)
    assert (time.process_time() - begin) / len(found) < 0.5


def test_the_plain_sum_is_no_target():
    for question in questions(500, n_numbers=3):
        numbers, target, _ = question.data
        assert target not in (sum(numbers), numbers[0] * numbers[1] * numbers[2])


def test_two_numbers_have_many_targets():
    env = registry.make("assay/Countdown-v0", n_numbers=2, max_number=10).unwrapped
    assert all(env.n_problems(split) > 20 for split in SPLITS)
    kinds: Counter[str] = Counter()
    for question in env.source.items["train"]:
        kinds[search(*question.data).split()[1]] += 1
    assert set(kinds) == set("+-*/") and max(kinds.values()) < 0.5 * kinds.total()


def test_signs_that_do_not_fit_give_way():
    assert combined([4, 4], 0, "-") == (0, 0)
    assert combined([4, 4], 0, "-+") == (8, 1)
    assert combined([100, 50], 0, "*+") == (150, 1)  # no product beyond 999
    assert combined([100, 50], 0, "*") == (5_000, 1)  # unless nothing else is allowed
    assert combined([2, 6], 0, "/") == (3, 1)


def test_search_says_when_there_is_none():
    assert search((1, 1), 5, "+-*/") == ""
    assert search((1, 3, 4, 6), 24, "+*") == ""


def test_the_prompt_says_all_that_counts():
    env = registry.make("assay/Countdown-v0", operators="+-").unwrapped
    observation, _ = env.reset(seed=0)
    numbers, target, _ = env.world.question.data
    for part in (f"Make {target} ", ", ".join(map(str, numbers)), "exactly once", "signs + -."):
        assert part in observation


@pytest.mark.parametrize(
    ("reply", "passes"),
    [
        ("{right}", True),
        ("\\boxed{{{right}}}", True),
        ("{right} = {target}", False),
        ("{right} + 0", False),
        ("{target}", False),
        ("{right}; {right}", False),
    ],
)
def test_replies(reply, passes):
    env = registry.make("assay/Countdown-v0").unwrapped
    for seed in range(20):
        env.reset(seed=seed)
        numbers, target, operators = env.world.question.data
        text = reply.format(right=search(numbers, target, operators), target=target)
        assert env.step(text)[4]["is_success"] is passes


def test_the_expression_is_forgotten():
    env = registry.make("assay/Countdown-v0").unwrapped
    env.reset(seed=0)
    numbers, target, _ = env.world.question.data
    assert env.problem.reference is None
    assert env.problem.params == {"numbers": list(numbers), "target": target}
