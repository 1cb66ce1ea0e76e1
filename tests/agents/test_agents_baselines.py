from __future__ import annotations

import numpy as np
import pytest
from gymnasium import spaces

from assay.agents.baselines import RandomPolicy, ScriptedPolicy
from assay.core import registry
from assay.core.encoding import derive_seed
from assay.core.errors import PolicyError
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.rollout import EnvPool, Player
from assay.testing.cases import cases_of


def draws(policy: RandomPolicy, seed: int, space, choices=None, n: int = 5) -> list:
    policy.reset(seed=seed)
    policy.offer(space, choices)
    return [policy.act("", {}) for _ in range(n)]


@pytest.mark.parametrize("choices", [None, list("abcdefghijklmnop")])
def test_random_is_a_function_of_its_seed(choices):
    one, other = RandomPolicy(), RandomPolicy()
    space = spaces.Discrete(1000)
    assert draws(one, 5, space, choices) == draws(other, 5, spaces.Discrete(1000), choices)
    assert draws(one, 5, space, choices) == draws(one, 5, space, choices)
    assert draws(one, 5, space, choices) != draws(one, 6, space, choices)


def test_random_begins_each_episode_with_a_generator_like_a_new_one():
    policy, choices = RandomPolicy(), list(range(1_000))
    for seed, n in ((5, 3), (6, 1), (5, 7)):
        rng = np.random.Generator(np.random.Philox(key=derive_seed("random", seed)))
        expected = [int(rng.integers(1_000)) for _ in range(n)]
        assert draws(policy, seed, spaces.Discrete(2), choices, n) == expected


def test_random_draws_from_the_choices_where_there_are_some():
    policy = RandomPolicy()
    seen = [a for seed in range(200) for a in draws(policy, seed, spaces.Discrete(2), "xyz", 3)]
    counts = [seen.count(c) for c in "xyz"]
    assert sum(counts) == 600
    assert min(counts) > 150
    assert set(draws(policy, 1, spaces.Discrete(2), [], 30)) <= {0, 1}, "no choices: the space"


def test_random_leaves_the_environments_own_space_alone():
    space = spaces.Box(0, 1, (3,), seed=4)
    expected = spaces.Box(0, 1, (3,), seed=4).sample()
    draws(RandomPolicy(), 9, space)
    assert np.array_equal(space.sample(), expected)


def test_random_says_when_it_was_told_nothing():
    policy = RandomPolicy()
    policy.reset(seed=0)
    with pytest.raises(PolicyError, match="offer"):
        policy.act("", {})


def test_scripted_passes_every_id(registered_id):
    card = registry.card(registered_id)
    if card.proof != "always":
        pytest.skip("its gold does not always pass")
    for case in cases_of(registered_id):
        options = case.wire()["options"]
        keys = [_key(registered_id, index) for index in range(5)]
        pool = EnvPool({(registered_id, ""): options})
        episodes = list(Player(ScriptedPolicy(), pool).play(keys))
        pool.close()
        assert [(e.status, e.passed) for e in episodes] == [("finished", True)] * 5, (
            episodes[0].error or episodes[0].verdict
        )


def _key(env_id: str, index: int) -> EpisodeKey:
    seed = derive_seed("test", index)
    return EpisodeKey(
        env_id, "", "scripted", "test", index, 0, index=index, env_seed=seed, policy_seed=seed
    )


class _Bare:
    """What `bind` needs of an environment."""

    def __init__(self, card):
        self.card = card
        self.unwrapped = self


def _card(name: str) -> object:
    return registry.EnvCard(
        id="test/Gold-v0",
        entry_point=f"{__name__}:_Bare",
        family="test",
        summary="",
        solution=f"{__name__}:{name}",
    )


def stops_early(env):
    yield "one"
    yield "two"


def a_list(env):
    return ["one"]


def test_gold_that_stops_early_is_named():
    policy = ScriptedPolicy()
    policy.bind(_Bare(_card("stops_early")))
    assert [policy.act("", {}), policy.act("", {})] == ["one", "two"]
    with pytest.raises(PolicyError, match=r"test/Gold-v0 stopped after 2 actions"):
        policy.act("", {})


@pytest.mark.parametrize(
    ("env", "said"),
    [
        (_Bare(None), "has no card"),
        (_Bare(_card("nowhere")), "needs a solution"),
        (_Bare(_card("a_list")), "expected a generator"),
    ],
)
def test_scripted_says_why_there_is_no_gold(env, said):
    with pytest.raises(PolicyError, match=said):
        ScriptedPolicy().bind(env)


def test_scripted_must_be_bound():
    policy = ScriptedPolicy()
    with pytest.raises(PolicyError, match="bind"):
        policy.act("", {})
    policy.bind(_Bare(_card("stops_early")))
    policy.end("key")
    with pytest.raises(PolicyError, match="bind"):
        policy.act("", {})
