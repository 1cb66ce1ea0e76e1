"""`make_vec` and `SyncVector`: Gymnasium's structure, rows alone, groups, choice of mode."""

import gymnasium as gym
import numpy as np
import pytest
import vector_toys as toys
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from same import assert_same

import assay
from assay.core.errors import EpisodeOver, NotReset, OptionError, UnknownName, UnknownOption
from assay.core.rows import RowVector
from assay.wrappers.process_vector import ProcessVector
from assay.wrappers.vector import SyncVector, choose_mode, make_vec

pytestmark = pytest.mark.core

MODES = list(AutoresetMode)
ONE_TURN = [
    "Arithmetic", "Compare", "FirstLetter", "CountLetters", "ReverseWord", "SortLetters",
    "Countdown",
]  # fmt: skip


def gym_sync(env_id, n, mode, **options):
    return SyncVectorEnv(
        [lambda: gym.make(env_id, disable_env_checker=True, **options)] * n, autoreset_mode=mode
    )


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
@pytest.mark.parametrize("options", [{}, {"reward_free": True}], ids=str)
def test_sync_equals_gymnasium(mode, options):
    ours = make_vec(toys.COUNT, 4, "sync", autoreset_mode=mode, **options)
    theirs = gym_sync(toys.COUNT, 4, mode, **options)
    assert ours.metadata == theirs.metadata
    assert_same(ours.reset(seed=3), theirs.reset(seed=3))
    rng = np.random.default_rng(0)
    for turn in range(40):
        actions = [("up", "stop", "noop", None, 7, "up")[k] for k in rng.integers(0, 6, size=4)]
        got, want = ours.step(actions), theirs.step(actions)
        assert_same(got, want, f"step {turn}")
        over = got[2] | got[3]
        if mode is AutoresetMode.DISABLED and over.any():
            assert_same(
                ours.reset(options={"reset_mask": over}), theirs.reset(options={"reset_mask": over})
            )
        elif turn == 20:
            mask = np.array([True, False, False, True])
            assert_same(
                ours.reset(seed=9, options={"reset_mask": mask, "split": "test"}),
                theirs.reset(seed=9, options={"reset_mask": mask, "split": "test"}),
            )


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
@pytest.mark.parametrize("name", ONE_TURN)
def test_native_equals_sync_for_every_id(name, mode):
    env_id = f"assay/{name}-v0"
    for options in assay.card(env_id).variants:
        native = make_vec(env_id, 3, autoreset_mode=mode, **options)
        sync = make_vec(env_id, 3, "sync", autoreset_mode=mode, **options)
        assert_same(native.reset(seed=5), sync.reset(seed=5))
        for turn in range(4):
            right = [env.unwrapped for env in sync.envs]
            right = [next(_gold(env_id, env)) for env in right]
            actions = [right, [right[0], "no", None], ["\ud800", b"x", right[2]], right][turn]
            assert_same(native.step(actions), sync.step(actions), f"{options} {turn}")
            if mode is AutoresetMode.DISABLED:
                assert_same(native.reset(), sync.reset())
            elif mode is AutoresetMode.NEXT_STEP:
                assert_same(native.step(actions), sync.step(actions))


def _gold(env_id, env):
    from assay.core.registry import load

    return load(assay.card(env_id).function("solution"))(env)


def test_discrete_compare_by_arrays():
    native = make_vec("assay/Compare-v0", 500, answers="discrete")
    sync = make_vec("assay/Compare-v0", 500, "sync", answers="discrete")
    assert_same(native.reset(seed=5), sync.reset(seed=5))
    rng = np.random.default_rng(1)
    for _ in range(4):
        actions = rng.integers(0, 2, size=500)
        got = native.step(actions)
        assert_same(got, sync.step(actions))
    assert len({id(v) for v in got[4]["final_info"]["verdict"]}) == 2


def test_modes_are_chosen_by_cost():
    assert choose_mode("assay/Arithmetic-v0", assay.card("assay/Arithmetic-v0"), {}) == "native"
    assert choose_mode(toys.COUNT, assay.card(toys.COUNT), {}) == "sync"
    assert choose_mode(toys.COUNT, assay.card(toys.COUNT), {"slow_s": 0.01}) == "process"
    assert choose_mode("CartPole-v1", None, {}) == "sync"
    assert isinstance(make_vec(toys.ECHO, 2), SyncVector)
    slow = make_vec(toys.COUNT, 1, slow_s=0.01)
    assert isinstance(slow, ProcessVector)
    slow.close()


def test_autoreset_by_default():
    assert make_vec("assay/Arithmetic-v0", 2).autoreset_mode is AutoresetMode.SAME_STEP
    assert make_vec(toys.ECHO, 2).autoreset_mode is AutoresetMode.SAME_STEP
    assert make_vec(toys.COUNT, 2).autoreset_mode is AutoresetMode.NEXT_STEP
    assert make_vec("CartPole-v1", 2).metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP


def test_ids_and_options():
    vector = assay.make_vec("assay/ReverseWord-v0?length=7", 2, split="test")
    _, infos = vector.reset(seed=0)
    assert infos["split"].tolist() == ["test", "test"]
    assert all(len(q.data[0]) == 7 for q in (w.question for w in vector.get_attr("world")))
    assert isinstance(assay.make_vec("assay:assay/Arithmetic-v0", 2), RowVector)
    with pytest.raises(UnknownName, match="Did you mean 'assay/Arithmetic-v0'"):
        make_vec("assay/Arithmetik-v0", 2)
    with pytest.raises(UnknownOption, match="digits"):
        make_vec("assay/Arithmetic-v0", 2, digit=1)
    with pytest.raises(OptionError, match="no native vector"):
        make_vec(toys.COUNT, 2, "native")
    with pytest.raises(OptionError, match="mode='asink'"):
        make_vec(toys.COUNT, 2, "asink")
    with pytest.raises(OptionError, match="n=0"):
        make_vec(toys.COUNT, 0)


@pytest.mark.parametrize(("env_id", "mode"), [("assay/Arithmetic-v0", None), (toys.COUNT, "sync")])
def test_spec_rebuilds_a_like_vector(env_id, mode):
    vector = make_vec(env_id, 3, mode, autoreset_mode="Disabled")
    again = gym.make_vec(vector.spec)
    assert again.num_envs == 3 and again.metadata == vector.metadata
    assert_same(again.reset(seed=1), vector.reset(seed=1))


def test_made_by_gymnasium():
    native = gym.make_vec("assay/Arithmetic-v0", 3, autoreset_mode="NextStep", digits=1)
    assert native.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
    sync = gym.make_vec("assay/Arithmetic-v0", 3, vectorization_mode="sync", digits=1)
    assert type(sync) is SyncVectorEnv
    assert_same(native.reset(seed=1), sync.reset(seed=1))
    assert_same(native.step(["1"] * 3), sync.step(["1"] * 3))


def test_gymnasium_async_needs_no_shared_memory():
    vector = gym.make_vec(
        "assay/ReverseWord-v0",
        2,
        vectorization_mode="async",
        vector_kwargs={"shared_memory": False},
    )
    try:
        first, _ = vector.reset(seed=1)
        assert (
            isinstance(first, tuple)
            and first == make_vec("assay/ReverseWord-v0", 2).reset(seed=1)[0]
        )
        vector.step(["a", "b"])
        second = vector.step(["a", "b"])[0]
        assert first != second
    finally:
        vector.close()
    with pytest.raises(ValueError, match="shared_memory=False"):
        gym.make_vec("assay/ReverseWord-v0", 2, vectorization_mode="async")


def test_rows_alone():
    vector = make_vec(toys.COUNT, 4, "sync", autoreset_mode="Disabled")
    with pytest.raises(NotReset, match="all of them"):
        vector.reset_at([1])
    first, _ = vector.reset(seed=0)
    obs, infos = vector.reset_at([2, 0], seed=[5, 6], options={"split": "test", "index": 3})
    assert (obs[1], obs[3]) == (first[1], first[3]) and obs[0] == obs[2]
    assert infos["problem_id"].tolist() == ["test/3", None, "test/3", None]
    got = vector.step_at([3, 1], ["up", "stop"])
    assert len(got[0]) == 2 and got[2].tolist() == [False, True]
    assert got[4]["_verdict"].tolist() == [False, True]
    with pytest.raises(EpisodeOver, match=r"rows \[1\]"):
        vector.step(["up"] * 4)
    vector.reset_at([1])
    assert not vector.step(["noop"] * 4)[2].any()


def test_groups_share_a_problem_but_not_their_luck():
    vector = make_vec(toys.COUNT, 4, "sync", group=2)
    obs, infos = vector.reset(seed=0)
    assert obs[0] == obs[1] and obs[2] == obs[3] and obs[0] != obs[2]
    assert infos["problem_id"][0] == infos["problem_id"][1]
    alone = make_vec(toys.COUNT, 4, "sync").reset(seed=0)[0]
    assert (obs[0], obs[2]) == (alone[0], alone[2])
    after = vector.step(["noop"] * 4)[0]
    assert after[0] != after[1]


@pytest.mark.parametrize("mode", ["NextStep", "SameStep"])
def test_groups_go_on_together(mode):
    vector = make_vec(toys.COUNT, 4, "sync", group=2, autoreset_mode=mode)
    first, _ = vector.reset(seed=0)
    obs, _, terminated, _, infos = vector.step(["stop", "noop", "noop", "noop"])
    assert terminated.tolist() == [True, False, False, False]
    ended = infos["final_info"] if mode == "SameStep" else infos
    assert ended["_verdict"].tolist() == [True, False, False, False]
    last = obs[0]
    obs, _, terminated, _, infos = vector.step(["up", "noop", "noop", "noop"])
    assert obs[0] == last and not terminated.any()
    assert infos["waiting"].tolist() == [True, False, False, False]
    obs, _, terminated, _, infos = vector.step(["up", "stop", "noop", "noop"])
    assert terminated.tolist() == [False, True, False, False]
    if mode == "NextStep":
        assert infos["_verdict"].tolist() == [False, True, False, False]
        obs, _, terminated, _, infos = vector.step(["up", "up", "noop", "noop"])
        assert not terminated.any()
    assert obs[0] == obs[1] != first[0]
    assert infos["_problem_id"].tolist() == [True, True, False, False]
    assert infos["problem_id"][0] == infos["problem_id"][1]


def test_groups_need_problems():
    vector = make_vec("CartPole-v1", 2, group=2)
    with pytest.raises(OptionError, match="group=1"):
        vector.reset(seed=0)


def test_foreign_environments():
    ours = make_vec("CartPole-v1", 3, "sync", autoreset_mode="SameStep")
    theirs = gym_sync("CartPole-v1", 3, "SameStep")
    assert_same(ours.reset(seed=2), theirs.reset(seed=2))
    for turn in range(60):
        actions = np.array([turn % 2, 1, 0])
        assert_same(ours.step(actions), theirs.step(actions))


@pytest.mark.parametrize("kind", ["sync", "process", "native"])
def test_a_wrong_number_of_actions_moves_no_row(kind):
    vector = make_vec("assay/Compare-v0", 3, kind, autoreset_mode=AutoresetMode.DISABLED)
    vector.reset(seed=0)
    for wrong in (["1"] * 2, ["1"] * 4, "123"):
        with pytest.raises(OptionError, match="for 3 rows"):
            vector.step(wrong)
    assert vector.step(["1"] * 3)[2].all()
    vector.close()


def test_an_unknown_autoreset_mode_names_those_there_are():
    with pytest.raises(OptionError, match="'NextStep', 'SameStep', 'Disabled'"):
        make_vec("assay/Compare-v0", 2, autoreset_mode="foo")
