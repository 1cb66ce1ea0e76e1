"""`TaskEnv`: verdicts, ends, options, places, state and the reward-free mode."""

from __future__ import annotations

import gymnasium
import numpy as np
import pytest

from assay.core.errors import (
    AssayError,
    EpisodeOver,
    NoSuchProblem,
    NotReset,
    OptionError,
    PhaseError,
    SourceExhausted,
    UnknownName,
    UnknownOption,
    VerifierError,
)
from assay.core.types import Verdict
from assay.testing.originals import LEFT, RIGHT, WAIT, CorridorEnv, PaperEnv, SameNumber


class Scripted:
    """A verifier that returns what it was given, in order, and raises exceptions among it."""

    def __init__(self, *answers):
        self.answers, self.asked = list(answers), 0

    def verify(self, outcome, task):
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer


YES = Verdict.accept("yes", "Yes.")
NO = Verdict.reject("no", "No.")
FAULT = Verdict.error("fault", "Broken.")


def corridor(verifier=None, **options) -> CorridorEnv:
    env = CorridorEnv(**options)
    if verifier is not None:
        env.verifier = verifier
    env.reset(seed=3)
    return env


def test_success_terminates_with_the_verdict():
    env = corridor(Scripted(NO, YES))
    assert env.step(WAIT)[1:4] == (0.0, False, False)
    _, reward, terminated, truncated, info = env.step(WAIT)
    assert (reward, terminated, truncated) == (1.0, True, False)
    assert info["verdict"] is YES and info["is_success"] is True and info["reward_valid"] is True


def test_the_limit_truncates_with_a_verdict():
    env = corridor(Scripted(NO), max_steps=2)
    assert env.step(WAIT)[2:4] == (False, False)
    _, reward, terminated, truncated, info = env.step(WAIT)
    assert (reward, terminated, truncated) == (0.0, False, True)
    assert info["verdict"] is NO and info["is_success"] is False


def test_success_at_the_limit_is_no_truncation():
    env = corridor(Scripted(NO, YES), max_steps=2)
    env.step(WAIT)
    assert env.step(WAIT)[1:4] == (1.0, True, False)


def test_the_verifier_is_asked_once_a_step():
    verifier = Scripted(NO)
    env = corridor(verifier, max_steps=3)
    for _ in range(3):
        env.step(WAIT)
    assert env.judge_now() is NO
    assert verifier.asked == 3


@pytest.mark.parametrize("fault", [FAULT, RuntimeError("boom")])
def test_a_fault_ends_the_episode_as_an_error_not_a_failure(fault):
    env = corridor(Scripted(fault))
    _, reward, terminated, truncated, info = env.step(WAIT)
    assert (reward, terminated, truncated) == (0.0, True, False)
    assert info["reward_valid"] is False and "is_success" not in info
    assert info["verdict"].status == "verifier_error"


def test_a_fault_is_retried_once():
    env = corridor(Scripted(RuntimeError("once"), YES))
    assert env.step(WAIT)[1] == 1.0


def test_a_fault_is_not_retried_when_masked():
    env = corridor(Scripted(FAULT, YES), on_error="mask")
    assert env.step(WAIT)[4]["reward_valid"] is False


def test_a_fault_is_raised_when_asked_for():
    env = corridor(Scripted(FAULT), on_error="raise")
    with pytest.raises(VerifierError, match="fault"):
        env.step(WAIT)


def test_a_fault_at_the_limit_is_terminated_not_truncated():
    class Lazy(CorridorEnv):
        def settled(self):
            return False

    env = Lazy(max_steps=1)
    env.verifier = Scripted(FAULT)
    env.reset(seed=0)
    assert env.step(WAIT)[2:4] == (True, False)


def test_no_step_before_a_reset_or_after_the_end():
    env = CorridorEnv()
    with pytest.raises(NotReset, match="call reset"):
        env.step(WAIT)
    with pytest.raises(gymnasium.error.ResetNeeded):
        env.judge_now()
    env.verifier = Scripted(YES)
    env.reset(seed=0)
    env.step(WAIT)
    with pytest.raises(EpisodeOver, match="call reset"):
        env.step(WAIT)
    env.reset()
    env.step(WAIT)


@pytest.mark.parametrize("action", [3, -1, None, "left", float("nan"), np.array([0, 1]), True])
def test_refused_actions_cost_a_step_and_the_world_goes_on(action):
    env = corridor(Scripted(NO))
    before = env.world.position
    info = env.step(action)[4]
    assert info["action_status"] == "illegal"
    assert (env.world.position, env.world.clock, env.n_steps) == (before, 1, 1)


@pytest.mark.parametrize("action", [np.int64(1), np.array(1), np.array([1]), 1.0, np.float32(1)])
def test_legality_is_judged_by_value(action):
    env = corridor(Scripted(NO))
    before = env.world.position
    assert env.step(action)[4]["action_status"] == "ok"
    assert env.world.position == before + 1


def test_a_seed_names_the_episode_and_an_index_the_problem():
    env = CorridorEnv()
    assert env.reset(seed=5) == env.reset(seed=5)
    first = env.reset(seed=5, options={"split": "test", "index": 7})
    other = env.reset(seed=6, options={"split": "test", "index": 7})
    assert first == other
    assert (
        first[1] == {"problem_id": "test/7", "split": "test", "clock": 0}
        or first[1]["problem_id"] == "test/7"
    )


def test_reset_without_a_seed_goes_on_from_the_last_one():
    env, twin = CorridorEnv(), CorridorEnv()
    env.reset(seed=5)
    twin.reset(seed=5)
    later = [env.reset()[1]["problem_id"] for _ in range(5)]
    assert later == [twin.reset()[1]["problem_id"] for _ in range(5)]
    assert len(set(later)) == 5


def test_np_random_follows_gymnasium():
    env = CorridorEnv()
    env.reset(seed=5)
    assert env.np_random_seed == 5
    assert env.np_random.random() == gymnasium.utils.seeding.np_random(5)[0].random()


@pytest.mark.parametrize(
    ("options", "error"),
    [
        ({"split": "dev"}, UnknownName),
        ({"index": -1}, OptionError),
        ({"index": True}, OptionError),
        ({"place": 3}, UnknownOption),
    ],
)
def test_places_that_are_not_there(options, error):
    with pytest.raises(error):
        CorridorEnv().reset(seed=0, options=options)


@pytest.mark.parametrize("seed", [-1, 0.5, "1", True])
def test_bad_seeds(seed):
    with pytest.raises(OptionError, match="seed"):
        CorridorEnv().reset(seed=seed)


def test_options_are_checked_once_with_the_nearest_name():
    with pytest.raises(TypeError, match="Did you mean 'max_steps'"):
        CorridorEnv(max_step=3)
    with pytest.raises(ValueError, match="max_steps=0 is not valid"):
        CorridorEnv(max_steps=0)
    with pytest.raises(ValueError, match="render_mode"):
        CorridorEnv(render_mode="human")
    with pytest.raises(ValueError, match="split"):
        CorridorEnv(split="dev")


def test_a_world_that_never_fits_is_an_error_that_says_so():
    class Nowhere(CorridorEnv):
        def admits(self):
            return False

    with pytest.raises(SourceExhausted, match="no fit world"):
        Nowhere().reset(seed=0)


def test_an_index_beyond_a_finite_source():
    class Small(PaperEnv):
        @staticmethod
        def question(rng, config):
            return PaperEnv.question(_Narrow(rng), config)

    env = Small()
    size = env.n_problems("test")
    assert size is not None and 0 < size < 100
    env.reset(seed=0, options={"split": "test", "index": size - 1})
    with pytest.raises(NoSuchProblem, match=f"holds {size} problems"):
        env.reset(seed=0, options={"split": "test", "index": size})


class _Narrow:
    def __init__(self, rng):
        self.rng = rng

    def integers(self, low, high):
        return self.rng.integers(0, 20)


def test_reward_free_has_no_task_no_verdict_and_no_reward():
    env = CorridorEnv(reward_free=True, max_steps=3)
    obs, info = env.reset(seed=0)
    assert info == {} and "Go to" not in obs
    steps = [env.step(RIGHT) for _ in range(3)]
    assert [s[1:4] for s in steps] == [(0.0, False, False)] * 2 + [(0.0, False, True)]
    assert all(s[4] == {"action_status": "ok"} for s in steps)
    with pytest.raises(PhaseError):
        env.judge_now()


def test_unknown_levels_are_refused():
    with pytest.raises(OptionError, match="reward_free"):
        PaperEnv(reward_free="task")
    with pytest.raises(OptionError, match="reward_free"):
        PaperEnv(reward_free="yes")


def test_the_world_is_the_same_with_and_without_a_task():
    with_task, without = CorridorEnv(), CorridorEnv(reward_free=True)
    for index in range(20):
        place = {"split": "train", "index": index}
        with_task.reset(seed=1, options=place)
        without.reset(seed=2, options=place)
        assert with_task.world == without.world


def test_snapshots_branch_and_carry_their_problem():
    env = CorridorEnv()
    env.reset(seed=1)
    env.step(LEFT)
    state, goal = env.snapshot(), env.problem.params["goal"]
    first = [env.step(RIGHT) for _ in range(3)]
    env.reset(seed=2)
    env.restore(state)
    assert env.problem.params["goal"] == goal
    assert [env.step(RIGHT) for _ in range(3)] == first
    with pytest.raises(NotReset):
        CorridorEnv().snapshot()


def test_bytes_that_are_no_snapshot():
    env = CorridorEnv()
    env.reset(seed=1)
    for junk in (b"", b"N", b"junk", env.snapshot()[:-1], env.snapshot() + b"N"):
        with pytest.raises(AssayError):
            env.restore(junk)


def test_snapshots_do_not_hold_the_task():
    env = PaperEnv()
    env.reset(seed=1)
    assert str(env.problem.reference).encode() not in env.snapshot()


def test_close_releases_once_and_reset_opens_again():
    class Counted(CorridorEnv):
        opened = released = 0

        def open(self):
            self.opened += 1

        def release(self):
            self.released += 1

    env = Counted()
    env.close()
    assert (env.opened, env.released) == (0, 0)
    env.reset(seed=0)
    env.reset(seed=0)
    env.close()
    env.close()
    assert (env.opened, env.released) == (1, 1)
    env.reset(seed=0)
    assert env.opened == 2


def test_render_says_what_it_needs():
    env = CorridorEnv(render_mode="ansi")
    with pytest.raises(NotReset, match="render"):
        env.render()
    env.reset(seed=0)
    assert "The cat" in env.render()


@pytest.mark.parametrize("reward_free", [False, True])
def test_a_question_renders_as_text_in_whatever_form_it_is_observed(reward_free):
    class Numbers(PaperEnv):
        def spaces(self):
            return gymnasium.spaces.Box(0, 100_000, (2,), np.int64), super().spaces()[1]

        def observe(self):
            return np.array(self.world.question.data)

    env = Numbers(render_mode="ansi", reward_free=reward_free)
    env.reset(seed=0)
    assert env.render() == env.world.question.text


def test_worked_examples_come_from_train_and_never_ask_the_question():
    env = PaperEnv(n_shots=4)
    for index in range(30):
        obs, _ = env.reset(seed=0, options={"split": "test", "index": index})
        shots = env.world.shots
        assert len({s.text for s in shots} | {env.world.question.text}) == 5
        assert obs.count("Q: ") == 5 and obs.endswith(f"Q: {env.world.question.text}\nA:")
        for shot in shots:
            assert f"Q: {shot.text}\nA: {sum(shot.data)}" in obs


def test_an_answer_is_judged_whatever_it_is():
    env = PaperEnv()
    assert isinstance(env.verifier, SameNumber)
    for reply, status in (("x" * 10_000, "ok"), (None, "illegal"), (b"1", "illegal"), ("", "ok")):
        env.reset(seed=0)
        _, reward, terminated, truncated, info = env.step(reply)
        assert (reward, terminated, truncated) == (0.0, True, False)
        assert info["action_status"] == status and not info["verdict"].passed


def test_a_render_mode_that_is_not_there_is_also_a_type_error():
    """The sign by which Stable-Baselines3 tries again without pictures."""
    with pytest.raises(TypeError, match="expected None or one of 'ansi'") as caught:
        CorridorEnv(render_mode="rgb_array")
    assert isinstance(caught.value, OptionError)


def test_an_array_is_rendered_as_text():
    class Numbers(CorridorEnv):
        def observe(self):
            return np.array([1, 2])

        picture = CorridorEnv.__mro__[1].picture

    env = Numbers(render_mode="ansi")
    env.reset(seed=0)
    assert env.render() == "[1 2]"


def test_a_fresh_environment_can_be_restored():
    env = corridor()
    env.step(RIGHT)
    kept = env.snapshot()
    twin = CorridorEnv()
    twin.restore(kept)
    assert twin.problem == env.problem
    assert twin.snapshot() == kept
    assert twin.step(RIGHT)[:4] == env.step(RIGHT)[:4]
