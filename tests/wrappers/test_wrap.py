"""`assay.wrap`: a verdict, a text face and the reward-free seat for any Gymnasium environment."""

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete
from gymnasium.wrappers import TimeLimit

import assay
from assay.core.errors import (
    EpisodeOver,
    NotReset,
    OptionError,
    PhaseError,
    UnknownName,
    VerifierError,
)
from assay.core.types import Problem, Verdict
from assay.verifiers import verifier
from assay.wrappers.task import TextFace, VerdictEnv, wrap

pytestmark = pytest.mark.core


class Corridor(gym.Env):
    """Walk from 0 to 3; its own `info` has keys of our names."""

    observation_space = Box(-9, 9, (1,), np.float32)
    action_space = Discrete(3, start=-1)

    def __init__(self):
        self.at = np.zeros(1, dtype=np.float32)
        self.moves = []

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.options = options
        self.at[0] = 0
        self.moves = []
        self.luck = float(self.np_random.random())
        return self.at, {"luck": self.luck, "is_success": 0.0}

    def step(self, action):
        assert self.action_space.contains(action), action
        self.moves.append(int(action))
        self.at[0] += action  # the same array each time
        there = bool(self.at[0] >= 3)
        info = {"is_success": float(there), "verdict": "mine", "cells": int(self.at[0])}
        return self.at, 0.5, there, False, info


def there(run):
    return bool(run.final_observation[0] >= 3)


def play(env, actions, **reset):
    env.reset(**reset)
    for action in actions:
        last = env.step(action)
    return last


def survived(n):
    return wrap(gym.make("CartPole-v1"), lambda run: len(run.steps) >= n)


def cartpole(env, seed=0, policy=lambda obs: int(obs[2] + obs[3] > 0)):
    obs, _ = env.reset(seed=seed)
    rewards = []
    while True:
        obs, reward, terminated, truncated, info = env.step(policy(obs))
        rewards.append(reward)
        if terminated or truncated:
            return rewards, terminated, truncated, info
        assert not {"verdict", "reward_valid", "is_success"} & set(info)
        assert info["action_status"] == "ok"


def test_cartpole_is_judged_by_steps_survived():
    env = survived(100)
    rewards, terminated, truncated, info = cartpole(env, policy=lambda obs: 0)
    assert terminated and not any(rewards)
    assert info["verdict"].status == "incorrect" and info["is_success"] is False
    rewards, terminated, truncated, info = cartpole(env)
    assert len(rewards) > 100 and rewards[-1] == 1.0 and not any(rewards[:-1])
    assert info["reward_valid"] is True and info["is_success"] is True
    assert type(terminated) is bool and type(truncated) is bool and type(rewards[-1]) is float
    with pytest.raises(EpisodeOver):
        env.step(0)
    assert isinstance(env, VerdictEnv) and assay.wrap is wrap


def test_same_seed_same_episode_as_bare():
    bare, env = gym.make("CartPole-v1"), survived(10)
    for seed in (3, 4):
        first, _ = bare.reset(seed=seed)
        got, info = env.reset(seed=seed)
        assert (first == got).all() and info["problem_id"] == f"seed/{seed}"
        for action in (0, 1, 1, 0):
            assert (bare.step(action)[0] == env.step(action)[0]).all()
    assert (bare.reset()[0] == env.reset()[0]).all()


def test_problems_by_split_and_index():
    env = survived(10)
    first, info = env.reset(seed=1, options={"split": "test", "index": 4})
    assert info["problem_id"] == "test/4" and info["split"] == "test"
    again, _ = survived(10).reset(seed=2, options={"split": "test", "index": 4})
    other, _ = env.reset(options={"split": "eval", "index": 4})
    assert (first == again).all() and (first != other).any()
    assert env.reset(seed=9, options={"split": "eval"})[1]["problem_id"].startswith("eval/")
    with pytest.raises(UnknownName):
        env.reset(options={"split": "tset", "index": 1})
    with pytest.raises(OptionError):
        env.reset(options={"split": "test"})
    inner = Corridor()
    wrap(inner, there).reset(options={"split": "eval", "index": 1, "depth": 2})
    assert inner.options == {"depth": 2}


def test_time_limit_inside_ends_with_a_verdict():
    env = wrap(TimeLimit(Corridor(), 2), there, max_steps=50)
    *_, terminated, truncated, info = play(env, [1, 1])
    assert (terminated, truncated) == (False, True)
    assert info["verdict"].status == "incorrect" and info["reward_valid"] is True


def test_time_limit_outside_cuts_and_judge_now_tells():
    inner = wrap(Corridor(), there)
    env = TimeLimit(inner, 2)
    _, reward, terminated, truncated, info = play(env, [1, 1])
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert "verdict" not in info
    verdict = env.get_wrapper_attr("judge_now")()
    assert not verdict.passed and verdict is inner.judge_now()
    env.step(1)
    assert inner.judge_now().passed


def test_a_limit_of_our_own():
    env = wrap(Corridor(), there, max_steps=2)
    *_, terminated, truncated, info = play(env, [1, 1])
    assert (terminated, truncated) == (False, True) and "verdict" in info
    assert survived(1).max_steps == 500
    assert wrap(gym.make("CartPole-v1").unwrapped, there).max_steps is None


def test_keys_of_our_names_are_renamed():
    env = wrap(Corridor(), there)
    _, info = env.reset(seed=0)
    assert info["native_is_success"] == 0.0 and "is_success" not in info
    info = env.step(1)[-1]
    assert info["native_verdict"] == "mine" and "verdict" not in info and info["cells"] == 1
    info = play(env, [1, 1, 1])[-1]
    assert info["is_success"] is True and info["verdict"].passed


@pytest.mark.parametrize(
    ("outcome", "judge"),
    [
        ("trajectory", lambda run: [s.action for s in run.steps] == [1, 0, 1, 1]),
        ("trajectory", lambda run: [float(s.observation[0]) for s in run.steps] == [0, 1, 1, 2]),
        ("final_info", lambda info: info["is_success"] == 1.0),
        (lambda env: env.unwrapped.moves, lambda moves: moves == [1, 0, 1, 1]),
    ],
)
def test_outcomes(outcome, judge):
    env = wrap(Corridor(), judge, outcome=outcome)
    assert play(env, [1, 0, 1, 1])[1] == 1.0
    trajectory = wrap(Corridor(), there)
    play(trajectory, [1, 1, 1], seed=6)
    run = trajectory.outcome()
    assert (run.env_id, run.seed, run.split, run.index) == ("Corridor", 6, "train", -1)
    assert run.steps[-1].terminated and run.steps[-1].reward == 0.5


def test_tasks_reach_the_verifier():
    class Same:
        def verify(self, outcome, task):
            assert isinstance(task, Problem)
            decide = Verdict.accept if outcome["cells"] == task.reference else Verdict.reject
            return decide("cells", "Compared.")

    assert play(wrap(Corridor(), Same(), outcome="final_info", task=3), [1, 1, 1])[1] == 1.0
    named = Problem(prompt="Go to four.", reference=4)
    assert play(wrap(Corridor(), Same(), outcome="final_info", task=named), [1, 1, 1])[1] == 0.0
    env = wrap(
        Corridor(), Same(), outcome="final_info", task=lambda e: round(e.unwrapped.luck * 0 + 3)
    )
    assert play(env, [1, 1, 1], seed=2)[1] == 1.0 and env.problem.id == "seed/2"

    @verifier(any_outcome=True)
    def two(outcome, task):
        return outcome["cells"] == task.reference

    assert play(wrap(Corridor(), two, outcome="final_info", task=3), [1, 1, 1])[1] == 1.0
    assert play(wrap(Corridor(), lambda o, t: t.reference == 3, task=3), [1, 1, 1])[1] == 1.0


def test_reward_modes():
    native = wrap(Corridor(), there, reward_mode="native")
    assert play(native, [1, 1])[1] == 0.5
    *_, info = play(native, [1, 1, 1])
    assert info["verdict"].passed
    assert play(wrap(Corridor(), there, reward_mode="none"), [1, 1, 1])[1] == 0.0


def test_a_verifier_that_cannot_decide():
    asked = []

    def broken(run):
        asked.append(run)
        raise ZeroDivisionError("oh")

    env = wrap(TimeLimit(Corridor(), 1), broken)
    _, reward, terminated, truncated, info = play(env, [1])
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info["verdict"].is_error and info["reward_valid"] is False and "is_success" not in info
    assert len(asked) == 2
    play(wrap(TimeLimit(Corridor(), 1), broken, on_error="mask"), [1])
    assert len(asked) == 3
    with pytest.raises(VerifierError):
        play(wrap(TimeLimit(Corridor(), 1), broken, on_error="raise"), [1])


def test_the_reward_free_seat():
    def never(*_):
        raise AssertionError("asked for in reward-free mode")

    env = wrap(
        Corridor(), never, task=never, reward_free=True, explore_info_keys=("cells",),
        levels=("task", "verdict"), reward_mode="native",
    )  # fmt: skip
    assert env.level == "task" and env.card.guarantee == "best_effort"
    assert env.reset(seed=0)[1] == {}
    _, reward, terminated, _, info = play(env, [1, 1, 1])
    assert (reward, terminated, info) == (0.0, True, {"action_status": "ok", "cells": 3})
    assert env.problem is None and env.verifier is None
    with pytest.raises(PhaseError):
        env.judge_now()
    with pytest.raises(OptionError, match="reward_free='task'"):
        wrap(Corridor(), never, reward_free="task")


HOSTILE = ["x" * 1_000_000, "\0", None, b"1", float("nan"), 17, -2, [1, 2], object(), {}, 2**80]


def test_hostile_actions_cost_a_step_and_move_nothing():
    env = wrap(Corridor(), there, max_steps=len(HOSTILE))
    env.reset(seed=0)
    for action in HOSTILE:
        obs, reward, terminated, truncated, info = env.step(action)
        assert obs[0] == 0 and reward == 0.0 and info["action_status"] == "illegal"
    assert truncated and not terminated and not info["verdict"].passed
    assert env.unwrapped.moves == []
    moving = wrap(Corridor(), there, noop=-1)
    moving.reset(seed=0)
    obs, *_, info = moving.step("junk")
    assert obs[0] == -1 and info["action_status"] == "illegal"
    assert moving.step(1.0)[-1]["action_status"] == "ok"


def test_a_text_face():
    words = {"right": 1, "left": -1, "stay": 0, "far": 5}
    face = TextFace(lambda obs: f"You are at {int(obs[0])}.", lambda t: words[t], max_chars=80)
    env = wrap(Corridor(), there, text=face, max_steps=9)
    assert env.observation_space == assay.Unicode(80) == env.action_space
    obs, _ = env.reset(seed=0)
    assert obs == "You are at 0."
    statuses = [env.step(t)[-1]["action_status"] for t in ("right", "nonsense", 7, "far")]
    assert statuses == ["ok", "unparsable", "illegal", "illegal"]
    env.step("right")
    obs, reward, terminated, _, info = env.step("right")
    assert (obs, reward, terminated) == ("You are at 3.", 1.0, True) and info["verdict"].passed
    pair = wrap(Corridor(), there, text=(str, words.get), noop=0)
    assert play(pair, ["nowhere"])[-1]["action_status"] == "unparsable"
    assert pair.unwrapped.moves == [0]


def test_refusals():
    with pytest.raises(NotReset):
        wrap(Corridor(), there).step(1)
    with pytest.raises(NotReset):
        wrap(Corridor(), there).judge_now()
    with pytest.raises(OptionError, match="verdicts already"):
        wrap(gym.make("assay/Arithmetic-v0"), there)
    with pytest.raises(OptionError, match="verdicts already"):
        wrap(wrap(Corridor(), there), there)
    for options in ({"outcome": "end"}, {"reward_mode": "both"}, {"noop": 9}, {"max_steps": 0}):
        with pytest.raises(OptionError, match=next(iter(options))):
            wrap(Corridor(), there, **options)
    with pytest.raises(TypeError, match="outcom"):
        wrap(Corridor(), there, outcom="trajectory")


def test_in_vectors():
    vector = gym.vector.SyncVectorEnv(
        [lambda: wrap(Corridor(), there)] * 2, autoreset_mode="SameStep"
    )
    vector.reset(seed=0)
    for _ in range(3):
        _, rewards, _, _, infos = vector.step(np.array([1, 0]))
    assert rewards.tolist() == [1.0, 0.0]
    assert infos["final_info"]["verdict"][0].passed
