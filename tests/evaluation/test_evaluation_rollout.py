import logging
import math

import gymnasium
import numpy as np
import pytest
from evaluation_toys import Adder, BatchAdder, BatchWalker, Scripted, Walker

from assay.core.errors import PolicyError, PolicyUnavailable
from assay.core.registry import make
from assay.evaluation.episode import ContextFull, EpisodeLimits
from assay.evaluation.plan import make_plan
from assay.evaluation.pool import EnvPool
from assay.evaluation.rollout import Player

pytestmark = pytest.mark.core


def play(policy, env="toy/Sum-v0", n=6, batch=1, limits=None, frames="none", pool=None, **options):
    plan = make_plan([(env, options)], "p", n=n, split="test", seed=0, samples=1)
    pool = pool or EnvPool({(e.env_id, e.digest): e.options for e in plan.envs}, frames)
    player = Player(policy, pool, limits, batch, frames)
    episodes = sorted(player.play(plan.keys()), key=lambda e: e.key.episode)
    assert [e.key.episode for e in episodes] == list(range(n))
    assert player.n_running == 0
    return episodes


def test_an_episode_records_what_was_seen_and_done():
    (episode,) = play(Adder(wrong=0.0), n=1)
    (step,) = episode.steps
    assert episode.status == "finished" and episode.passed and episode.code == "text.same"
    assert step.observation.endswith("= ?") and step.action.isdigit()
    assert (step.reward, step.terminated, step.truncated) == (1.0, True, False)
    assert episode.total_reward == 1.0 and episode.difficulty == 4.0 and episode.wall_ms > 0


def test_an_episode_follows_from_its_key_alone():
    first = play(Walker(), "toy/Walk-v0", n=20)
    alone = play(Walker(), "toy/Walk-v0", n=21)[:20]
    for a, b in zip(first, alone, strict=True):
        assert [s.action for s in a.steps] == [s.action for s in b.steps]
        assert (a.passed, a.final_observation) == (b.passed, b.final_observation)


def test_side_by_side_or_one_by_one_gives_the_same_episodes():
    single = play(BatchWalker(), "toy/Walk-v0", n=30, batch=1)
    for batch in (4, 16, 64):
        side = play(BatchWalker(), "toy/Walk-v0", n=30, batch=batch)
        assert [[s.action for s in e.steps] for e in side] == [
            [s.action for s in e.steps] for e in single
        ]
        assert [e.passed for e in side] == [e.passed for e in single]
    assert {len(e.steps) for e in single} > {2, 3}


def test_an_ended_episode_is_replaced_at_once():
    policy = BatchAdder()
    play(policy, n=40, batch=8)
    assert policy.widths == [8] * 5 and not policy.open


def test_privileged_info_does_not_reach_the_policy():
    policy = Walker()
    play(policy, "toy/Walk-v0")
    assert all("distance" not in info for info in policy.infos)
    assert any(info.get("slips") for info in policy.infos)


def test_tokens_are_counted():
    assert [(e.prompt_tokens, e.completion_tokens) for e in play(BatchAdder(), n=2)] == [(5, 2)] * 2


class Leaving(BatchAdder):
    """Is gone from its third episode on, where it is not asked about several at once."""

    def act_batch(self, observations, infos, keys):
        if len(keys) > 1:
            raise RuntimeError("one at a time")
        if keys[0].episode >= 2:
            raise PolicyUnavailable("It left.")
        return super().act_batch(observations, infos, keys)


def test_what_was_answered_before_a_policy_left_is_handed_over_first():
    policy, plan = Leaving(), make_plan([("toy/Sum-v0", {})], "p", n=6, split="test", seed=0,
                                        samples=1)  # fmt: skip
    pool = EnvPool({(e.env_id, e.digest): e.options for e in plan.envs})
    player, played = Player(policy, pool, batch=5), []
    with pytest.raises(PolicyUnavailable, match=r"It left\."):
        for episode in player.play(plan.keys()):
            played.append((episode.key.episode, episode.status))
    assert played == [(0, "finished"), (1, "finished")]
    assert len(policy.widths) == 2 and player.room == 0


class Curious(Walker):
    """Notes the order of what it is told."""

    def __init__(self):
        super().__init__()
        self.calls = []

    def reset(self, *, seed):
        super().reset(seed=seed)
        self.calls.append("reset")

    def bind(self, env):
        assert env.unwrapped.world.at == 0
        self.calls.append("bind")

    def begin(self, key):
        assert key.policy_seed
        self.calls.append("begin")

    def offer(self, action_space, choices):
        self.calls.append(("offer", str(action_space), choices))

    def end(self, key):
        self.calls.append("end")


def test_hooks_come_in_the_documented_order():
    policy = Curious()
    play(policy, "toy/Walk-v0", n=1)
    assert policy.calls == ["bind", "reset", "begin", ("offer", "Discrete(3)", [0, 2]), "end"]


# ---------------------------------------------------------------------- faults


def test_an_environment_that_raises_is_not_the_policys_doing():
    for where in ("reset", "step"):
        episodes = play(Walker(), "toy/Walk-v0", n=12, fault=where)
        failed = [e for e in episodes if e.status == "env_error"]
        assert failed == [e for e in episodes if e.key.index % 3 == 0] and 0 < len(failed) < 12
        assert all(f"told to fail in {where}" in e.error and not e.passed for e in failed)
        assert all(e.status == "finished" for e in episodes if e not in failed)


def test_a_verdict_that_is_an_error_is_a_status_of_its_own():
    episodes = play(Walker(), "toy/Walk-v0", n=12, fault="verdict")
    failed = [e for e in episodes if e.status == "verifier_error"]
    assert failed == [e for e in episodes if e.key.index % 3 == 0] != []
    assert failed[0].code == "toy.undecided" and failed[0].verdict.is_error
    raising = play(Walker(), "toy/Walk-v0", n=12, fault="verdict", on_error="raise")
    assert [e.status for e in raising] == [e.status for e in episodes]
    assert raising[failed[0].key.episode].code == "verifier.raised"


@pytest.mark.parametrize("error", [ValueError("bad"), SystemExit(3), MemoryError, RecursionError])
def test_a_policy_that_raises_or_exits_has_not_passed(error):
    for episode in play(Scripted(error)):
        assert (episode.status, episode.code, episode.passed) == (
            "policy_error", "policy.raised", False,
        )  # fmt: skip
        assert "Traceback" in episode.error


def test_one_bad_episode_of_a_batch_spares_its_neighbours():
    class Picky(BatchAdder):
        def act_batch(self, observations, infos, keys):
            if any(k.episode == 3 for k in keys):
                raise ValueError("not that one")
            return super().act_batch(observations, infos, keys)

    usual = play(BatchAdder(), n=8, batch=8)
    episodes = play(Picky(), n=8, batch=8)
    assert [e.status == "policy_error" for e in episodes] == [k == 3 for k in range(8)]
    for a, b in zip(usual, episodes, strict=True):
        assert a.key.episode == 3 or a.steps == b.steps


def test_an_exception_among_the_actions_of_a_batch_is_its_episodes_own():
    class Handing(BatchAdder):
        def act_batch(self, observations, infos, keys):
            actions = super().act_batch(observations, infos, keys)
            bad = ValueError("not that one")
            return [bad if k.episode == 3 else a for k, a in zip(keys, actions, strict=True)]

    episodes = play(Handing(), n=8, batch=8)
    assert [e.status == "policy_error" for e in episodes] == [k == 3 for k in range(8)]
    assert "not that one" in episodes[3].error


def test_too_few_actions_of_a_batch_are_named():
    class Short(BatchAdder):
        def act_batch(self, observations, infos, keys):
            return ["1"] * 2

    episodes = play(Short(), n=3, batch=3)
    assert all("gave 2 actions for 1 observations" in e.error for e in episodes)


@pytest.mark.parametrize(
    "action", [None, 3.5, [], object(), "x" * 10**6, math.nan, "\ud800", {"a": 1}, np.zeros(3)]
)
def test_an_action_of_any_type_is_judged_by_the_environment(action):
    for env in ("toy/Sum-v0", "toy/Walk-v0"):
        episodes = play(Scripted(action), env, n=2)
        assert all(e.status == "finished" and not e.passed for e in episodes)
        if not isinstance(action, str) or env == "toy/Walk-v0":
            assert episodes[0].steps[0].action_status == "illegal"


def test_interrupts_pass_through():
    with pytest.raises(KeyboardInterrupt):
        play(Scripted(KeyboardInterrupt()))


def test_a_failing_environment_is_closed_and_not_used_again(monkeypatch):
    made = []
    monkeypatch.setattr(
        "assay.evaluation.pool.make", lambda *a, **k: made.append(make(*a, **k)) or made[-1]
    )
    episodes = play(Walker(), "toy/Walk-v0", n=12, fault="step")
    assert len(made) == 1 + sum(e.status == "env_error" for e in episodes[:-1])


# ---------------------------------------------------------------------- limits


def test_a_step_limit_cuts_and_judges():
    episodes = play(Scripted(2), "toy/Walk-v0", n=20, limits=EpisodeLimits(steps=4))
    assert {e.status for e in episodes} == {"finished"}
    cut = [e for e in episodes if e.cut]
    assert cut and all(
        e.cut == "limit.outside" and len(e.steps) == 4 and e.code == "text.different" for e in cut
    )
    assert any(e.passed for e in episodes if not e.cut)


def test_a_time_limit_is_the_policys_doing():
    episodes = play(Walker(pause_s=0.2), "toy/Walk-v0", n=3, limits=EpisodeLimits(time_s=0.3))
    assert {(e.status, e.code, e.passed) for e in episodes} == {("timeout", "limit.time", False)}
    assert all(len(e.steps) <= 2 for e in episodes)


def test_a_token_limit_cuts_after_the_step_that_reached_it():
    class Talker(BatchWalker):
        def take_usage(self, key):
            return {"completion_tokens": 3}

    episodes = play(Talker(), "toy/Walk-v0", n=5, limits=EpisodeLimits(tokens=6))
    assert all(len(e.steps) == 2 for e in episodes)
    assert {e.cut for e in episodes} <= {"", "limit.tokens"} and "limit.tokens" in {
        e.cut for e in episodes
    }


def test_a_full_context_ends_the_episode():
    for episode in play(Scripted(2, ContextFull("no room")), "toy/Walk-v0", n=3):
        assert (episode.status, episode.cut, len(episode.steps)) == ("finished", "limit.context", 1)

    class Full(BatchWalker):
        def act_batch(self, observations, infos, keys):
            return [ContextFull("no room") if k.episode == 1 else 2 for k in keys]

    assert [bool(e.cut) for e in play(Full(), "toy/Walk-v0", n=3, batch=3)] == [False, True, False]


def test_a_time_limit_of_gymnasium_is_judged(monkeypatch):
    monkeypatch.setattr(
        "assay.evaluation.pool.make",
        lambda *a, **k: gymnasium.wrappers.TimeLimit(make(*a, **k), max_episode_steps=3),
    )
    episodes = play(Scripted(2), "toy/Walk-v0", n=20)
    assert {e.status for e in episodes} == {"finished"}
    cut = [e for e in episodes if e.cut == "limit.outside"]
    assert cut and all(e.verdict is not None and len(e.steps) == 3 for e in cut)


class NoVerdict(gymnasium.Wrapper):
    """Hides what makes an environment judge."""

    def step(self, action):
        *rest, info = super().step(action)
        info.pop("verdict", None)
        return (*rest, info)

    def has_wrapper_attr(self, name):
        return name != "judge_now" and super().has_wrapper_attr(name)


def test_an_end_without_a_verdict_is_a_fault_and_a_cut_without_one_is_not_passed(monkeypatch):
    monkeypatch.setattr("assay.evaluation.pool.make", lambda *a, **k: NoVerdict(make(*a, **k)))
    for episode in play(Adder(), n=2):
        assert (episode.status, episode.code) == ("env_error", "verdict.missing")
    for episode in play(Scripted(0), "toy/Walk-v0", n=2, limits=EpisodeLimits(steps=3)):
        assert (episode.status, episode.code, episode.passed) == (
            "finished",
            "limit.outside",
            False,
        )


# ---------------------------------------------------------------------- pictures, pools


@pytest.mark.parametrize(("frames", "extra"), [("none", None), ("last", 1), ("all", "steps")])
def test_frames_are_kept_as_asked(frames, extra):
    for episode in play(Walker(), "toy/Walk-v0", n=3, frames=frames):
        wanted = {None: 0, 1: 1, "steps": 1 + len(episode.steps)}[extra]
        assert len(episode.frames) == wanted
    for episode in play(Adder(), n=2, frames=frames):  # text has no picture
        assert episode.frames == []


def test_observations_are_kept_as_they_were_seen():
    for episode in play(Walker(), "toy/Walk-v0", n=5, image=True):
        seen = [int(step.observation.sum()) for step in episode.steps]
        assert seen[0] == 3 * 255 and len(set(seen)) > 1


def test_the_pool_uses_environments_again_and_closes_them(monkeypatch, caplog):
    closed, made = [], []

    class Noted(gymnasium.Wrapper):
        def close(self):
            closed.append(self)
            raise OSError("close failed")

    def noted(*args, **kwargs):
        made.append(Noted(make(*args, **kwargs)))
        return made[-1]

    monkeypatch.setattr("assay.evaluation.pool.make", noted)
    plan = make_plan([("toy/Sum-v0", {})], "p", n=1, split="test", seed=0, samples=1)
    pool = EnvPool({(e.env_id, e.digest): e.options for e in plan.envs})
    play(BatchAdder(), n=30, batch=5, pool=pool)
    assert len(made) == 5 and not closed
    with caplog.at_level(logging.WARNING, "assay"):
        pool.close()
    assert len(closed) == 5 and "close failed" in caplog.text
    pool.close()


def test_the_batch_is_one_for_a_policy_that_answers_one_at_a_time():
    plan = make_plan([("toy/Sum-v0", {})], "p", n=1, split="test", seed=0, samples=1)
    pool = EnvPool({(e.env_id, e.digest): e.options for e in plan.envs})
    assert Player(Adder(), pool, batch=16).batch == 1
    assert Player(BatchAdder(), pool, batch=16).batch == 16


def test_distinct_worlds_are_noted_where_the_card_says_so():
    worlds = {e.world for e in play(Walker(), "toy/Secret-v0", n=30)}
    assert len(worlds) == 4 and "" not in worlds
    assert {e.world for e in play(Walker(), "toy/Walk-v0", n=3)} == {""}


def test_a_hook_that_raises_is_the_policys_doing():
    for name in ("bind", "begin", "offer", "end", "take_usage"):
        policy = Walker()

        def broken(*args):
            raise PolicyError(f"{args} broke")

        setattr(policy, name, broken)
        assert {e.status for e in play(policy, "toy/Walk-v0", n=2)} == {"policy_error"}, name
