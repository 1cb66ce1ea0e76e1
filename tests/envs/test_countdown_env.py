"""Countdown: every instance can be solved, and only by solving it."""

import time
from collections import Counter

import pytest

from assay.core import registry
from assay.core.problems import split_of
from assay.core.streams import CounterStream
from assay.core.types import SPLITS
from assay.envs.math.countdown import CountdownConfig, CountdownEnv, combined, plan_of, search


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
    assert combined([4, 4], 0, plan_of(2, "-")) == (0, 0)
    assert combined([4, 4], 0, plan_of(2, "-+")) == (8, 1)
    assert combined([100, 50], 0, plan_of(2, "*+")) == (150, 1)  # no product beyond 999
    assert combined([100, 50], 0, plan_of(2, "*")) == (5_000, 1)  # unless nothing else is allowed
    assert combined([2, 6], 0, plan_of(2, "/")) == (3, 1)


def test_every_place_and_sign_is_a_way_to_join():
    plan = plan_of(3, "+-")
    assert plan.shapes.size == (2 * 2) * (1 * 2)
    values = {combined([9, 5, 1], shape, plan)[0] for shape in range(plan.shapes.size)}
    assert values == {15, 13, 5, 3}  # 9+5+1, 9+5-1, 9-5+1 or 9-(5-1), 9-5-1 or 9-(5+1)


def test_the_order_of_the_numbers_does_not_change_the_key():
    by_problem: dict[tuple, set[int]] = {}
    for question in questions(20_000, n_numbers=3, max_number=4):
        numbers, target, _ = question.data
        by_problem.setdefault((target, *sorted(numbers)), set()).add(question.key)
    keys = [key for keys in by_problem.values() for key in keys]
    assert len(keys) == len(set(keys)) == len(by_problem) > 40


@pytest.mark.parametrize("split", SPLITS)
def test_expressions_are_tried_until_one_belongs_to_the_split(split):
    found = 0
    for index in range(100):
        stream = CounterStream("init", split, index)
        stream.wanted = split
        question = CountdownEnv.question(stream, CountdownConfig())
        found += question is not None and split_of(question.key) == split
    assert found > 50  # one draw in ten would be, without trying


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
