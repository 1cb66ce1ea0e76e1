"""Playing episodes: one loop for evaluation and for trainers.

A `Player` advances up to `batch` independent scalar environments side by side and asks one policy
for their actions together. Whatever goes wrong in one episode is its result and nobody else's.
"""

from __future__ import annotations

import copy
import logging
import math
import os
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import PolicyError, PolicyUnavailable, VerifierError
from assay.core.types import Policy, Step, Verdict
from assay.evaluation.config import EpisodeStatus, Frames
from assay.evaluation.episode import ContextFull, Episode, EpisodeLimits
from assay.evaluation.pictures import png_of
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.pool import Env, EnvPool, Traits, close_quietly
from assay.wrappers.processes import end_copy

_log = logging.getLogger("assay")
_TRACE_CHARS = 8_000
_MACHINE_FAULTS: tuple[EpisodeStatus, ...] = ("env_error", "crashed")


@dataclass(slots=True)
class _Running:
    """An episode in progress."""

    key: EpisodeKey
    env: Env
    traits: Traits
    observation: Any
    info: Mapping[str, Any]
    started: float
    steps: list[Step] = field(default_factory=list[Step])
    total_reward: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    world: str = ""
    difficulty: float | None = None
    frames: list[bytes] = field(default_factory=list[bytes])


class Player:
    """Plays episodes with one policy, up to `batch` at a time.

    Args:
        policy: one that has `act_batch` answers for all at once, any other for one at a time.
        pool: where environments come from.
        batch: episodes side by side; 1 for a policy without `act_batch`.
        stop: what ends play when it comes from a policy or an environment. Anything else that they
            raise is their episode's own, wishes to end the process included.
    """

    def __init__(
        self,
        policy: Policy,
        pool: EnvPool,
        limits: EpisodeLimits | None = None,
        batch: int = 1,
        frames: Frames = "none",
        stop: type[BaseException] = KeyboardInterrupt,
    ) -> None:
        self.policy, self.pool, self._stop = policy, pool, stop
        self.limits = limits or EpisodeLimits()
        self.frames: Frames = frames
        self._act_batch: Any = getattr(policy, "act_batch", None)
        self.batch = batch if self._act_batch is not None else 1
        self._running: list[_Running] = []
        self._blind: set[str] = set()  # environments whose picture failed
        self._gone: PolicyUnavailable | None = None
        hooks = ("bind", "begin", "end", "offer", "take_usage")
        self._bind, self._begin, self._end, self._offer, self._take_usage = (
            getattr(policy, name, None) for name in hooks
        )

    @property
    def room(self) -> int:
        """How many more episodes may be started now; none when the policy is gone."""
        return 0 if self._gone is not None else self.batch - len(self._running)

    @property
    def n_running(self) -> int:
        """How many episodes are in progress."""
        return len(self._running)

    def play(self, keys: Iterable[EpisodeKey]) -> Iterator[Episode]:
        """Every episode once, in the order in which they end.

        Raises:
            PolicyUnavailable: as `advance` does.
        """
        waiting = iter(keys)
        more = True
        while more or self._running:
            while more and self.room:
                key = next(waiting, None)
                more = key is not None
                if key is not None and (failed := self.start(key)) is not None:
                    yield failed
            yield from self.advance()

    def start(self, key: EpisodeKey) -> Episode | None:
        """Begin an episode; one that fails at once is returned."""
        home = os.getpid()
        failed = self._start(key)
        end_copy(home)
        return failed

    def _start(self, key: EpisodeKey) -> Episode | None:
        started = time.perf_counter()
        env: Env | None = None
        try:
            env = self.pool.take(key)
            options = {"split": key.split, "index": key.index}
            observation, info = env.reset(seed=key.env_seed, options=options)
            run = _Running(
                key, env, self.pool.traits(key.env_id), observation, info, started
            )  # fmt: skip
            self._note_world(run)
            choices = self._choices(run)
        except BaseException as err:
            self._let_through(err)
            if env is not None:
                close_quietly(env)
            return Episode(
                key, "env_error", False, "env.raised", error=_trace(err), wall_ms=_since(started)
            )
        try:
            if self._bind is not None:
                self._bind(env)
            if self._act_batch is None:
                self.policy.reset(seed=key.policy_seed)
            if self._begin is not None:
                self._begin(key)
            if self._offer is not None:
                self._offer(env.action_space, choices)
        except PolicyUnavailable:
            raise
        except BaseException as err:
            self._let_through(err)
            return self._over(run, "policy_error", "policy.raised", error=_trace(err))
        self._running.append(run)
        return None

    def _let_through(self, err: BaseException) -> None:
        if isinstance(err, self._stop):
            raise err

    def _note_world(self, run: _Running) -> None:
        if self.frames == "all":
            self._picture(run)
        run.world, run.difficulty = drawn(run.env, run.traits)

    def _choices(self, run: _Running) -> Any:
        if self._offer is None or not run.traits.choices:
            return None
        return self.pool.chooser(run.traits.choices)(run.env.unwrapped)

    def advance(self) -> list[Episode]:
        """One action for every running episode; those that are over are returned.

        Raises:
            PolicyUnavailable: the policy is gone. Episodes that its last actions ended have been
                returned before, so that none is lost.
        """
        if self._gone is not None:
            raise self._gone
        running, self._running = self._running, []
        if not running:
            return []
        done: list[Episode] = []
        home = os.getpid()
        actions = self._actions(running)
        end_copy(home)
        for run, action in zip(running, actions, strict=True):
            if isinstance(action, PolicyUnavailable):
                self._gone = self._gone or action
                ended = None
            else:
                ended = self._step(run, action)
            if ended is None:
                self._running.append(run)
            else:
                done.append(ended)
        end_copy(home)
        if self._gone is not None and not done:
            raise self._gone
        return done

    # ------------------------------------------------------------------ one action

    def _actions(self, running: list[_Running]) -> list[Any]:
        """An action for each, or the exception that stands for it: `_Raised`, or it is gone."""
        if self._act_batch is not None:
            try:
                return self._ask_batch(running)
            except PolicyUnavailable as err:
                return [err] * len(running)
            except BaseException as err:
                self._let_through(err)
                if len(running) == 1:
                    return [_Raised(err)]
        actions: list[Any] = []
        for run in running:  # after a batch that failed: find out whose doing it was
            action = self._act(run) if self._act_batch is None else self._actions([run])[0]
            if isinstance(action, PolicyUnavailable):
                return actions + [action] * (len(running) - len(actions))
            actions.append(action)
        return actions

    def _act(self, run: _Running) -> Any:
        try:
            return self.policy.act(run.observation, _visible(run.info, run.traits.private))
        except (ContextFull, PolicyUnavailable) as err:
            return err
        except BaseException as err:
            self._let_through(err)
            return _Raised(err)

    def _ask_batch(self, running: list[_Running]) -> list[Any]:
        actions = list(
            self._act_batch(
                [run.observation for run in running],
                [_visible(run.info, run.traits.private) for run in running],
                [run.key for run in running],
            )
        )
        if len(actions) != len(running):
            raise PolicyError(
                f"act_batch gave {len(actions)} actions for {len(running)} observations."
            )
        return [_as_raised(action) for action in actions]

    def _step(self, run: _Running, action: Any) -> Episode | None:
        """Apply one action; the episode, if that ended it."""
        if isinstance(action, _Raised):
            return self._over(run, "policy_error", "policy.raised", error=_trace(action.error))
        if self._take_usage is not None and (failed := self._count_tokens(run)) is not None:
            return failed
        limit = self.limits.time_s
        if limit is not None and time.perf_counter() - run.started > limit:
            return self._over(run, "timeout", "limit.time", cut="limit.time")
        if isinstance(action, ContextFull):
            return self._cut(run, "limit.context")
        try:
            observation, reward, terminated, truncated, info = run.env.step(action)
            kept = Step(
                observation=_frozen(run.observation),
                action=_frozen(action),
                reward=float(reward),
                terminated=bool(terminated),
                truncated=bool(truncated),
                action_status=info.get("action_status", "ok"),
            )
            run.steps.append(kept)
            run.total_reward += kept.reward
            run.observation, run.info = observation, info
            if self.frames == "all":
                self._picture(run)
        except VerifierError as err:
            return self._over(run, "verifier_error", "verifier.raised", error=_trace(err))
        except BaseException as err:
            self._let_through(err)
            return self._over(run, "env_error", "env.raised", error=_trace(err))
        if kept.terminated or kept.truncated:
            if "verdict" in info:
                return self._judged(run, info["verdict"])
            return self._cut(run, "limit.outside" if kept.truncated else "")
        return self._limited(run)

    def _limited(self, run: _Running) -> Episode | None:
        limits = self.limits
        if limits.steps is not None and len(run.steps) >= limits.steps:
            return self._cut(run, "limit.outside")
        if limits.tokens is not None and run.completion_tokens >= limits.tokens:
            return self._cut(run, "limit.tokens")
        if limits.time_s is not None and time.perf_counter() - run.started > limits.time_s:
            return self._over(run, "timeout", "limit.time", cut="limit.time")
        return None

    def _count_tokens(self, run: _Running) -> Episode | None:
        try:
            usage = self._take_usage(run.key)  # pyright: ignore[reportOptionalCall]
            if usage:
                run.prompt_tokens += int(usage.get("prompt_tokens", 0))
                run.completion_tokens += int(usage.get("completion_tokens", 0))
        except BaseException as err:
            self._let_through(err)
            return self._over(run, "policy_error", "policy.raised", error=_trace(err))
        return None

    def _picture(self, run: _Running) -> None:
        if run.key.env_id in self._blind:
            return
        try:
            picture = png_of(run.env)
        except BaseException as err:  # a picture is an extra; the episode and its verdict stand
            self._let_through(err)
            self._blind.add(run.key.env_id)
            what = f"{type(err).__name__}: {err}"
            _log.warning("A picture of %s failed (%s): no more are made.", run.key.env_id, what)
            return
        if picture is not None:
            run.frames.append(picture)

    # ------------------------------------------------------------------ the end

    def _cut(self, run: _Running, cut: str) -> Episode:
        """An end from outside, or without a word: what was reached is judged, where it can be."""
        try:
            if run.env.has_wrapper_attr("judge_now"):
                return self._judged(run, run.env.get_wrapper_attr("judge_now")(), cut)
        except BaseException as err:
            self._let_through(err)
            return self._over(run, "verifier_error", "verifier.raised", cut=cut, error=_trace(err))
        if not cut:
            what = "The environment ended an episode without a verdict."
            return self._over(run, "env_error", "verdict.missing", error=what)
        return self._over(run, "finished", cut, cut=cut)

    def _judged(self, run: _Running, verdict: Verdict, cut: str = "") -> Episode:
        status: EpisodeStatus = "verifier_error" if verdict.is_error else "finished"
        return self._over(run, status, verdict.code, verdict=verdict, cut=cut)

    def _over(
        self,
        run: _Running,
        status: EpisodeStatus,
        code: str,
        *,
        verdict: Verdict | None = None,
        cut: str = "",
        error: str = "",
    ) -> Episode:
        if self._end is not None:
            try:
                self._end(run.key)
            except BaseException as err:
                self._let_through(err)
                if status == "finished":
                    status, code, error = "policy_error", "policy.raised", _trace(err)
        if self.frames == "last":
            self._picture(run)
        if status in _MACHINE_FAULTS:
            close_quietly(run.env)
        else:
            self.pool.give_back(run.key, run.env)
        return Episode(
            key=run.key,
            status=status,
            passed=status == "finished" and verdict is not None and verdict.passed,
            code=code,
            verdict=verdict,
            steps=run.steps,
            final_observation=_frozen(run.observation),
            total_reward=run.total_reward,
            prompt_tokens=run.prompt_tokens,
            completion_tokens=run.completion_tokens,
            wall_ms=_since(run.started),
            cut=cut,
            error=error,
            world=run.world,
            difficulty=run.difficulty,
            frames=run.frames,
        )


def drawn(env: Env, traits: Traits) -> tuple[str, float | None]:
    """What was drawn: the world's key where instances are shared, and how hard the problem is."""
    bare: Any = env.unwrapped
    difficulty = _number(getattr(getattr(bare, "problem", None), "difficulty", None))
    key = bare.world_key() if traits.shared_instances else None
    return "" if key is None else f"{key:016x}", difficulty


@dataclass(frozen=True)
class _Raised:
    """Stands in a list of actions for the exception that a policy raised."""

    error: BaseException


def _as_raised(action: Any) -> Any:
    """An exception in a batch of actions counts as raised for its own episode."""
    if isinstance(action, Exception) and not isinstance(action, ContextFull | PolicyUnavailable):
        return _Raised(action)
    return action


def _visible(info: Mapping[str, Any], private: frozenset[str]) -> Mapping[str, Any]:
    if not private:
        return info
    return {name: value for name, value in info.items() if name not in private}


def _frozen(value: Any) -> Any:
    """A copy that later steps cannot change."""
    if isinstance(value, str | int | float | bool | bytes | None):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # an object that cannot be copied is recorded as it is
        return value


def _number(value: Any) -> float | None:
    usable = isinstance(value, int | float) and not math.isnan(value)
    return float(value) if usable else None


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1_000


def _trace(err: BaseException) -> str:
    return "".join(traceback.format_exception(err))[-_TRACE_CHARS:]
