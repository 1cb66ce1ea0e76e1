import pytest

from assay.core.encoding import derive_seed
from assay.core.errors import OptionError, UnknownName, UnknownOption
from assay.core.registry import register, unregister
from assay.core.types import EnvCard
from assay.evaluation.plan import make_plan, resolve_envs

pytestmark = pytest.mark.core


def plan(*envs, n=10, split="test", seed=0, samples=1, cap=False, policy="p"):
    pairs = resolve_envs(envs)
    return make_plan(pairs, policy, n=n, split=split, seed=seed, samples=samples, cap=cap)


def test_seeds_are_derived_from_names():
    key = list(plan("toy/Walk-v0", n=3, samples=2, seed=7).keys())[5]
    assert (key.episode, key.sample) == (2, 1)
    assert key.env_seed == derive_seed(7, "env", "test", "toy/Walk-v0", 2)
    assert key.policy_seed == derive_seed(7, "policy", "test", "toy/Walk-v0", 2, 1)


def test_golden_seeds():
    key = next(iter(plan("toy/Walk-v0").keys()))
    assert (key.env_seed, key.policy_seed, key.index) == GOLDEN


GOLDEN = (8105560099413306050, 1157741930345693343, 4897077911554908300)


def test_policies_and_samples_meet_the_same_episodes():
    first = list(plan("toy/Walk-v0", policy="a", samples=2).keys())
    second = list(plan("toy/Walk-v0", policy="b").keys())
    assert [(k.index, k.env_seed) for k in first[::2]] == [(k.index, k.env_seed) for k in second]
    assert [(k.index, k.env_seed) for k in first[1::2]] == [(k.index, k.env_seed) for k in second]
    assert len({k.policy_seed for k in first}) == 20


def test_no_split_environment_or_episode_shares_a_seed():
    keys = [
        key
        for split in ("train", "eval", "test")
        for key in plan("toy/Walk-v0", "toy/Sum-v0", "toy/Secret-v0", n=10_000, split=split).keys()
    ]
    assert len(keys) == 90_000
    assert len({k.env_seed for k in keys} | {k.policy_seed for k in keys}) == 2 * len(keys)


def test_a_finite_split_is_visited_without_repetition():
    whole = plan("toy/Sum-v0?digits=1", n="all")
    size = whole.envs[0].size
    order = [key.index for key in whole.keys()]
    assert sorted(order) == list(range(size)) and order != sorted(order)
    part = [key.index for key in plan("toy/Sum-v0?digits=1", n=size // 2).keys()]
    assert part == order[: size // 2]
    other = [key.index for key in plan("toy/Sum-v0?digits=1", n="all", seed=1).keys()]
    assert other != order and sorted(other) == sorted(order)


def test_more_than_there_is_says_the_size():
    size = plan("toy/Sum-v0?digits=1", n="all").envs[0].size
    with pytest.raises(OptionError, match=rf"n=500 is not valid: expected at most {size}"):
        plan("toy/Sum-v0?digits=1", n=500)
    assert plan("toy/Sum-v0?digits=1", n=500, cap=True).envs[0].n == size


def test_all_of_an_endless_source_is_an_error():
    with pytest.raises(OptionError, match="toy/Walk-v0 has no end"):
        plan("toy/Walk-v0", n="all")


def test_globs_queries_and_pairs_give_one_environment_each_once():
    pairs = resolve_envs(["toy/S*", "toy/Sum-v0?digits=2", ("toy/Sum-v0", {"digits": 2})])
    assert pairs == [("toy/Secret-v0", {}), ("toy/Sum-v0", {}), ("toy/Sum-v0", {"digits": 2})]
    assert resolve_envs("toy/W*?length=3") == [("toy/Walk-v0", {"length": 3})]
    assert [e.label for e in plan("toy/Sum-v0?digits=3").envs] == ["toy/Sum-v0?digits=3"]


def test_the_same_options_said_twice_are_one_environment():
    assert len(plan("toy/Sum-v0", "toy/Sum-v0?digits=4").envs) == 1  # 4 is the default


def test_the_digest_follows_the_resolved_options():
    default, same, other = (
        plan(e).envs[0].digest
        for e in ("toy/Sum-v0", ("toy/Sum-v0", {"digits": 4}), "toy/Sum-v0?digits=3")
    )
    assert default == same != other


@pytest.mark.parametrize("name", ["split=train", "reward_free=true", "render_mode=ansi"])
def test_reserved_options_are_refused_in_a_query(name):
    with pytest.raises(OptionError, match=name.split("=")[0]):
        resolve_envs([f"toy/Sum-v0?{name}"])
    with pytest.raises(OptionError, match=name.split("=")[0]):
        resolve_envs([("toy/Sum-v0", dict([name.split("=")]))])


def test_unknown_names_are_named_with_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'toy/Walk-v0'"):
        plan("toy/Wolk-v0")
    with pytest.raises(UnknownName, match="matches 'toy/Q"):
        plan("toy/Q*")
    with pytest.raises(UnknownOption, match="Did you mean 'digits'"):
        plan("toy/Sum-v0?digit=3")
    with pytest.raises(UnknownOption, match="length"):
        plan(("toy/Walk-v0", {"lenght": 3}))
    with pytest.raises(UnknownName, match="No split 'tset'"):
        plan("toy/Walk-v0", split="tset")


def test_a_plan_of_a_million_is_not_a_list():
    big = plan("toy/Walk-v0", n=1_000_000, samples=4)
    assert big.n_episodes == 4_000_000
    assert next(iter(big.keys())).episode == 0


def test_a_glob_leaves_out_what_needs_an_option(caplog):
    pairs = resolve_envs("assay/G*")
    assert ("assay/GuessNumber-v0", {}) in pairs
    assert "assay/GSM8K-v0" not in [env_id for env_id, _ in pairs]
    assert "assay/GSM8K-v0 is left out: it needs the option 'path'." in caplog.messages
    assert resolve_envs("assay/GSM8K-v0") == [("assay/GSM8K-v0", {})]  # asked for by name
    with pytest.raises(OptionError, match="needs the option 'path'"):
        resolve_envs("assay/GSM*")


def test_what_is_no_id_is_told_how_to_become_one():
    with pytest.raises(OptionError, match=r"evaluated by id.*assay\.wrap"):
        resolve_envs([object()])
    with pytest.raises(UnknownName, match=r"Gymnasium alone.*assay\.wrap"):
        resolve_envs(["CartPole-v1"])


def stubborn():
    raise RuntimeError("no display")


def test_an_environment_that_cannot_be_made_is_one_sentence():
    broken = {"toy/Absent-v0": "nomod:Env", "toy/Stubborn-v0": f"{__name__}:stubborn"}
    for env_id, entry_point in broken.items():
        register(EnvCard(id=env_id, entry_point=entry_point, family="toy", summary=""))
    try:
        with pytest.raises(UnknownName, match="No module 'nomod' for toy/Absent-v0"):
            plan("toy/Absent-v0")
        with pytest.raises(
            OptionError, match="Stubborn-v0 could not be made: RuntimeError: no dis"
        ):
            plan("toy/Stubborn-v0")
    finally:
        for env_id in broken:
            unregister(env_id)
