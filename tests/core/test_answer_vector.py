"""Native vectors equal Gymnasium's `SyncVectorEnv` over the scalar environment."""

from dataclasses import dataclass
from typing import Literal

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.vector import AutoresetMode, SyncVectorEnv

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.drawers import StreamDrawer
from assay.core.entropies import Entropies
from assay.core.errors import EpisodeOver, NoSuchProblem, NotReset, OptionError, UnknownOption
from assay.core.legality import judge_action
from assay.core.problems import Question
from assay.core.streams import CounterArray, CounterStream, mix64, mix64_array
from assay.core.types import Verdict

pytestmark = pytest.mark.core

MODES = list(AutoresetMode)
LETTERS = "abcdefghijklmnopqrstuvwxyz"


class Exact:
    """A verifier with every outcome: right, wrong, no text, undecided, broken."""

    def verify(self, outcome, task):
        if type(outcome) is not str:
            return Verdict.reject("word.no_text", "No text.", status="unparsable")
        if outcome == "undecided":
            return Verdict.error("word.undecided", "Nobody knows.")
        if outcome == "broken":
            raise ZeroDivisionError("the verifier broke")
        decide = Verdict.accept if outcome == task.reference else Verdict.reject
        return decide("word.compared", "Compared.", extracted=outcome)


@dataclass(frozen=True, kw_only=True)
class SpellConfig(AnswerConfig):
    length: int = 6


class SpellEnv(AnswerEnv):
    """Write a word backwards; `length=1` is finite, a draw with 'q' is not fit."""

    Config = SpellConfig
    instruction = "Answer with the word only."

    @staticmethod
    def question(rng, config):
        word = "".join([rng.choice(LETTERS) for _ in range(config.length)])
        return None if "q" in word else Question(f"Turn {word} round.", (word,), 1.0)

    @staticmethod
    def answer(question):
        return question.data[0][::-1]

    def make_verifier(self):
        return Exact()


class ForgetfulEnv(SpellEnv):
    """Overrides hooks that are done inline elsewhere."""

    def observe(self):
        reply = self.world.reply
        return f"{super().observe()} ({'nothing' if reply is None else len(reply)})"

    def params(self, question):
        return {"length": len(question.data[0])}

    def reference(self, question):
        return question.data[0][::-1]


@dataclass(frozen=True, kw_only=True)
class PickConfig(AnswerConfig):
    answers: Literal["text", "discrete"] = "discrete"


class Pick:
    RIGHT = Verdict.accept("pick.right", "Right.")
    WRONG = Verdict.reject("pick.wrong", "Wrong.")
    NONE = Verdict.reject("pick.none", "No choice.", status="unparsable")

    def verify(self, outcome, task):
        if outcome not in ("0", "1"):
            return self.NONE
        return self.RIGHT if int(outcome) == task.reference else self.WRONG


class PickEnv(AnswerEnv):
    """Which of two numbers is larger, seen as numbers."""

    Config = PickConfig

    def spaces(self):
        if self.config.answers == "text":
            return super().spaces()
        return Box(0, 999, (2,), np.int64), Discrete(2)

    @staticmethod
    def question(rng, config):
        pair = (rng.integers(0, 1000), rng.integers(0, 1000))
        key = mix64(mix64(min(pair) + 1) ^ max(pair)) | 1 << 63
        return Question(str(pair), pair, 1.0, key) if pair[0] != pair[1] else None

    @staticmethod
    def answer(question):
        return int(question.data[1] > question.data[0])

    def make_verifier(self):
        return Pick()

    def observe(self):
        if self.config.answers == "text":
            return super().observe()
        return np.array(self.world.question.data, dtype=np.int64)

    def admit(self, action):
        if self.config.answers == "text":
            return super().admit(action)
        legal, value = judge_action(self.action_space, action)
        return legal, str(value)


def draw_pairs(rng: CounterArray, config):
    pairs = np.stack([rng.integers(0, 1000), rng.integers(0, 1000)], axis=1)
    small, large = pairs.min(axis=1).astype(np.uint64), pairs.max(axis=1).astype(np.uint64)
    keys = mix64_array(mix64_array(small + np.uint64(1)) ^ large) | np.uint64(1 << 63)
    return pairs, np.where(small == large, np.uint64(0), keys)


def judge_pairs(actions, pairs):
    return actions == (pairs[:, 1] > pairs[:, 0])


SpellVectorEnv = answer_vector(SpellEnv)
ForgetfulVectorEnv = answer_vector(ForgetfulEnv)
PickVectorEnv = answer_vector(PickEnv, draw=draw_pairs, judge=judge_pairs)

CASES = [
    (SpellVectorEnv, {}),
    (SpellVectorEnv, {"length": 1}),
    (SpellVectorEnv, {"split": "test"}),
    (SpellVectorEnv, {"n_shots": 2}),
    (SpellVectorEnv, {"length": 1, "n_shots": 2, "split": "eval"}),
    (SpellVectorEnv, {"reward_free": True}),
    (SpellVectorEnv, {"on_error": "mask", "render_mode": "ansi"}),
    (ForgetfulVectorEnv, {}),
    (ForgetfulVectorEnv, {"n_shots": 1}),
    (PickVectorEnv, {}),
    (PickVectorEnv, {"split": "eval"}),
    (PickVectorEnv, {"reward_free": "verdict"}),
    (PickVectorEnv, {"answers": "text"}),
]


class Text(str):
    __slots__ = ()


class Liar:
    __class__ = str  # type: ignore[assignment]


HOSTILE = [
    None, b"abc", 3, 1.5, "", "\0", "x" * 1_000_000, "\ud800", "🙂", Text("abc"), ["a"], {},
    object(), "undecided", "broken", np.str_("abc"), True, float("nan"), np.int64(1), 7, -1,
    2**70, Liar(),
]  # fmt: skip


def assert_same(left, right, where=""):
    assert type(left) is type(right), (where, type(left), type(right))
    if isinstance(left, dict):
        assert left.keys() == right.keys(), where
        for key in left:
            assert_same(left[key], right[key], f"{where}.{key}")
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype and left.shape == right.shape, (where, left, right)
        for one, other in zip(left.ravel(), right.ravel(), strict=True):
            if isinstance(one, np.ndarray):
                assert_same(one, other, where)
            else:
                assert one is other or one == other or one != one, (where, one, other)
    elif isinstance(left, tuple):
        assert len(left) == len(right), where
        for one, other in zip(left, right, strict=True):
            assert_same(one, other, where)
    else:
        assert left == right, (where, left, right)


def pair_of(kind, options, mode, n=6):
    sync = SyncVectorEnv([lambda: kind.kind(**options)] * n, autoreset_mode=mode)
    return kind(n, autoreset_mode=mode, **options), sync


def right_actions(sync):
    out = []
    for env in sync.envs:
        problem = env.problem
        out.append("" if problem is None else problem.reference)
    return out


def batches(vector, sync):
    """Right, wrong and hostile actions, in the forms in which callers send them."""
    right = right_actions(sync)
    n = vector.num_envs
    yield list(right)
    if isinstance(vector.single_action_space, Discrete):
        yield np.array([0, 1] * (n // 2))
        yield np.array([0, 1, 5, -1, 0, 1])
        yield np.array([0.0, 1.0, 0.5, np.nan, 0, 1])
        yield np.array([True, False] * (n // 2))
    else:
        yield tuple(["wrong"] * (n - 1) + [right[-1]])
        yield np.array(["wrong"] * n)
    for start in range(0, len(HOSTILE), n):
        yield (HOSTILE + HOSTILE)[start : start + n]
    yield vector.action_space.sample()


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
@pytest.mark.parametrize(("kind", "options"), CASES, ids=lambda v: str(getattr(v, "__name__", v)))
def test_equals_sync(kind, options, mode):
    vector, sync = pair_of(kind, options, mode)
    assert vector.metadata == sync.metadata and vector.render_mode == sync.render_mode
    assert vector.single_observation_space == sync.single_observation_space
    assert vector.action_space == sync.action_space
    assert vector.observation_space == sync.observation_space
    assert_same(vector.reset(seed=11), sync.reset(seed=11), "reset")
    rounds = 0
    for actions in batches(vector, sync):
        assert_same(vector.step(actions), sync.step(actions), f"step {rounds}")
        if mode is AutoresetMode.DISABLED:
            assert_same(vector.reset(), sync.reset(), "reset")
        elif mode is AutoresetMode.NEXT_STEP:
            assert_same(vector.step(actions), sync.step(actions), f"renewal {rounds}")
        rounds += 1
    assert rounds >= 6
    vector.close()


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
@pytest.mark.parametrize("kind", [SpellVectorEnv, PickVectorEnv])
def test_equals_sync_when_rows_go_their_own_ways(kind, mode):
    vector, sync = pair_of(kind, {}, mode)
    vector.reset(seed=3), sync.reset(seed=3)
    mask = np.array([True, False, True, False, False, False])
    for turn in range(8):
        if turn % 3 == 1 or mode is AutoresetMode.DISABLED:
            mask = np.roll(mask, 1) if mode is not AutoresetMode.DISABLED else np.ones(6, bool)
            seeds = [turn * 10 + i if i % 2 else None for i in range(6)]
            got = vector.reset(seed=seeds, options={"reset_mask": mask, "split": "eval"})
            want = sync.reset(seed=seeds, options={"reset_mask": mask, "split": "eval"})
            assert_same(got, want, f"reset {turn}")
        actions = right_actions(sync)
        if turn % 2 and kind is PickVectorEnv:
            actions = np.array(actions)
        assert_same(vector.step(actions), sync.step(actions), f"step {turn}")
    snapshots = vector.call("snapshot")
    assert snapshots == sync.call("snapshot")
    assert_same(vector.reset(), sync.reset(), "all again")
    assert_same(vector.step(actions), sync.step(actions), "step after")


def test_named_problems_equal_sync():
    for kind in (SpellVectorEnv, PickVectorEnv):
        vector, sync = pair_of(kind, {}, "SameStep")
        for options in ({"split": "test", "index": 4}, {"index": 2**63 + 5}, {"index": 2**70}):
            got, want = vector.reset(options=options), sync.reset(options=dict(options))
            assert len(set(got[1]["problem_id"])) == 1
            assert got[1]["problem_id"][0] == want[1]["problem_id"][0]
            assert str(got[0][0]) == str(want[0][0])


def test_generators_stand_where_the_scalar_ones_do():
    vector, sync = pair_of(SpellVectorEnv, {}, "SameStep")
    vector.reset(seed=5), sync.reset(seed=5)
    for _ in range(3):
        vector.step([""] * 6), sync.step([""] * 6)
    drawn = [[g.random() for g in v.np_random] for v in (vector, sync)]
    assert drawn[0] == drawn[1]
    assert vector.np_random_seed == sync.np_random_seed == (5, 6, 7, 8, 9, 10)
    assert_same(vector.step([""] * 6), sync.step([""] * 6))


def test_attributes_of_rows_equal_sync():
    for kind in (SpellVectorEnv, PickVectorEnv):
        vector, sync = pair_of(kind, {"render_mode": "ansi"}, "NextStep")
        vector.reset(seed=5), sync.reset(seed=5)
        for name in ("index", "split", "n_steps", "problem", "over"):
            assert vector.get_attr(name) == sync.get_attr(name)
        assert vector.call("snapshot") == sync.call("snapshot")
        assert str(vector.render()) == str(sync.render())
        actions = right_actions(sync)
        if kind is PickVectorEnv:
            actions = np.array(actions)
        vector.step(actions), sync.step(actions)
        assert vector.call("judge_now") == sync.call("judge_now")
        assert vector.get_attr("n_steps") == sync.get_attr("n_steps") == (1,) * 6


@pytest.mark.parametrize("kind", [SpellVectorEnv, PickVectorEnv])
def test_snapshots_go_back_into_rows(kind):
    vector, sync = pair_of(kind, {}, "Disabled")
    vector.reset(seed=5), sync.reset(seed=5)
    there = sync.envs[2].snapshot()
    for v in (vector, sync):
        v.call("restore", there)
    assert vector.get_attr("index") == sync.get_attr("index") == (sync.envs[2].index,) * 6
    actions = np.array([0, 1] * 3) if kind is PickVectorEnv else right_actions(sync)
    got, want = vector.step(actions), sync.step(actions)
    assert got[1].tolist() == want[1].tolist()
    assert list(got[4]["verdict"]) == list(want[4]["verdict"])


def test_reset_at_takes_seed_and_options_for_each():
    vector = SpellVectorEnv(4)
    first, _ = vector.reset(seed=0)
    obs, infos = vector.reset_at([3, 1], seed=[8, 9], options=[{"split": "test", "index": 7}, None])
    assert infos["_problem_id"].tolist() == [False, True, False, True]
    assert infos["problem_id"][3] == "test/7" and infos["problem_id"][0] is None
    assert (obs[0], obs[2]) == (first[0], first[2])
    scalar = SpellEnv()
    assert obs[3] == scalar.reset(seed=8, options={"split": "test", "index": 7})[0]
    assert obs[1] == scalar.reset(seed=9)[0]
    everything, _ = vector.reset_at([0, 1], seed=40)
    assert everything[1] == scalar.reset(seed=41)[0]


def test_step_at_takes_part_of_the_rows():
    vector = SpellVectorEnv(4, autoreset_mode="Disabled")
    obs, _ = vector.reset(seed=0)
    right = [problem.reference for problem in vector.get_attr("problem")]
    got, rewards, terminated, truncated, infos = vector.step_at([2, 0], [right[2], "no"])
    assert got == (obs[2], obs[0])
    assert rewards.tolist() == [1.0, 0.0] and terminated.all() and not truncated.any()
    assert infos["is_success"].tolist() == [True, False]
    with pytest.raises(EpisodeOver):
        vector.step(right)
    assert vector.step_at([3, 1], [right[3], right[1]])[1].tolist() == [1.0, 1.0]


@pytest.mark.parametrize("kind", [SpellVectorEnv, PickVectorEnv])
@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
def test_groups_play_one_problem(kind, mode):
    vector = kind(6, autoreset_mode=mode, group=3)
    lone = SyncVectorEnv([kind.kind] * 6, autoreset_mode=mode)
    lone.reset(seed=2)
    vector.reset(seed=2)
    seen = set()
    for _ in range(4):
        indexes = vector.get_attr("index")
        assert indexes[0] == indexes[1] == indexes[2] and indexes[3] == indexes[4] == indexes[5]
        assert indexes[::3] == lone.get_attr("index")[::3]
        seen.add(indexes)
        actions = np.array([0, 1] * 3) if kind is PickVectorEnv else ["a"] * 6
        for v in (vector, lone):
            v.step(actions)
            if mode is AutoresetMode.DISABLED:
                v.reset()
            elif mode is AutoresetMode.NEXT_STEP:
                v.step(actions)
    assert len(seen) == 4


def test_groups_are_whole():
    vector = SpellVectorEnv(6, group=2)
    vector.reset(seed=0)
    obs, _ = vector.reset_at([2, 3], seed=[5, 6])
    assert obs[2] == obs[3] == SpellEnv().reset(seed=5)[0]
    with pytest.raises(OptionError, match="whole groups of 2"):
        vector.reset_at([1, 2])
    with pytest.raises(OptionError, match="whole groups of 2"):
        vector.step_at([1], ["a"])
    with pytest.raises(OptionError, match="equal options"):
        vector.reset_at([0, 1], options=[{"index": 1}, {"index": 2}])
    with pytest.raises(OptionError, match="group=4"):
        SpellVectorEnv(6, group=4)


def test_reward_free_builds_no_task(monkeypatch):
    def refuse(*_):
        raise AssertionError("asked for in reward-free mode")

    for name in ("draw_task", "answer", "make_verifier", "reference"):
        monkeypatch.setattr(SpellEnv, name, refuse)
    vector = SpellVectorEnv(4, reward_free=True)
    _, infos = vector.reset(seed=0)
    assert infos == {}
    _, rewards, terminated, _, infos = vector.step(["a"] * 4)
    assert not rewards.any() and terminated.all()
    assert set(infos["final_info"]) == {"action_status", "_action_status"}


def test_bad_input():
    vector = SpellVectorEnv(3, length=1)
    with pytest.raises(NotReset):
        vector.step(["a"] * 3)
    with pytest.raises(NoSuchProblem):
        vector.reset(options={"index": 1000})
    with pytest.raises(UnknownOption, match="reset"):
        vector.reset(options={"indx": 1})
    with pytest.raises(OptionError, match="seed"):
        vector.reset(seed=-9)
    with pytest.raises(OptionError, match="num_envs"):
        SpellVectorEnv(0)
    with pytest.raises(UnknownOption, match="lenght"):
        SpellVectorEnv(3, lenght=4)
    vector.reset(seed=0)
    with pytest.raises(ValueError, match="actions"):
        vector.step(["a"] * 2)
    with pytest.raises(OptionError, match="indices"):
        vector.step_at([0, 0], ["a", "b"])


def test_made_by_gymnasium():
    gym.register(id="test/Spell-v0", entry_point=SpellEnv, vector_entry_point=SpellVectorEnv)
    try:
        vector = gym.make_vec("test/Spell-v0", 3, length=4, autoreset_mode="NextStep")
        assert isinstance(vector, SpellVectorEnv)
        assert vector.metadata["autoreset_mode"] is AutoresetMode.NEXT_STEP
        assert vector.spec is not None and vector.spec.kwargs["length"] == 4
        assert gym.make_vec("test/Spell-v0", 2).autoreset_mode is AutoresetMode.SAME_STEP
        sync = gym.make_vec("test/Spell-v0", 3, vectorization_mode="sync", length=4)
        assert_same(vector.reset(seed=1), sync.reset(seed=1))
        vector.close()
        vector.close()
    finally:
        gym.registry.pop("test/Spell-v0")


ASKED_OF_A_STREAM = (
    lambda s: s.integers(-5, 2**49),
    lambda s: s.choice(LETTERS),
    lambda s: s.bits(),
    lambda s: s.random(),
    lambda s: s.choices(LETTERS, 25),
    lambda s: s.shuffled(range(9)),
)


def all_of(stream, _config=None):
    return [ask(stream) for turn in range(6) for ask in ASKED_OF_A_STREAM[turn:]]


@pytest.mark.parametrize("rows", [3, 12, 300])
def test_draws_made_ahead_are_the_stream(rows):
    drawer, indexes = StreamDrawer(all_of, None), list(range(rows))
    for first in (0, 3, 7):  # each time more is drawn ahead
        for attempt in drawer.draw("eval", indexes, first, None):
            for places in (indexes, indexes[1::2]):
                drawn = list(drawer.questions(attempt, places))
                streams = [CounterStream("init", "eval", i, attempt) for i in places]
                assert drawn == [all_of(stream) for stream in streams]


def test_entropies_equal_scalar_draws():
    entropies, scalars = Entropies(3), [SpellEnv() for _ in range(3)]
    for row, env in enumerate(scalars):
        entropies.seed(row, 70 + row)
        env.reset(seed=70 + row)
    for turn in range(600):
        rows = [0, 2] if turn % 3 else [1, 0]
        wanted = [int(scalars[row].np_random.bit_generator.random_raw()) >> 1 for row in rows]
        assert entropies.draw(rows).tolist() == wanted
