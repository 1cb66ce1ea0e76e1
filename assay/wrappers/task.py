"""`wrap`: a verdict at the end of every episode of any live Gymnasium environment.

For environments that assay does not own. The world stays theirs; task, verdict, the text face and
the reward-free seat are put around it. Registered ids are `TaskEnv` subclasses instead, whose
reward-free mode is structural; here it is `best_effort`: what the world itself shows of its task
in observations or endings stays visible.
"""

from __future__ import annotations

import copy
import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple, cast

import gymnasium
import numpy as np

from assay.core.encoding import derive_seed
from assay.core.env import TaskEnv
from assay.core.errors import (
    EpisodeOver,
    NotReset,
    OptionError,
    PhaseError,
    bad_value,
)
from assay.core.judging import OnError, ask
from assay.core.legality import judge_action
from assay.core.problems import check_index, check_split, is_whole
from assay.core.spaces import Unicode
from assay.core.streams import index_of
from assay.core.types import (
    ActionStatus,
    EnvCard,
    Level,
    Problem,
    Split,
    Step,
    Trajectory,
    Verdict,
    Verifier,
)
from assay.verifiers import FunctionVerifier

RewardMode = Literal["verdict", "native", "none"]
Outcome = Literal["trajectory", "final_info"] | Callable[[gymnasium.Env[Any, Any]], Any]
_OURS = ("verdict", "reward_valid", "is_success", "action_status", "problem_id", "split")
_REWARD_MODES = ("verdict", "native", "none")
_ON_ERROR = ("retry", "mask", "raise")


class TextFace(NamedTuple):
    """Text in the place of other spaces.

    Attributes:
        show: an observation as text.
        read: a text as an action, or None where it is none.
        max_chars: longest text of either kind.
    """

    show: Callable[[Any], str]
    read: Callable[[str], Any]
    max_chars: int = 10_000


def wrap(
    env: gymnasium.Env[Any, Any], verifier: Verifier | Callable[..., bool], **options: Any
) -> VerdictEnv:
    """Give a live environment a verdict at the end of each episode.

    Args:
        env: any Gymnasium environment that has no verdicts yet; used up by this call.
        verifier: a verifier, or a plain function of the outcome (and the task) that returns a bool.
        **options: those of `VerdictEnv`: `outcome`, `task`, `solution`, `levels`, `reward_mode`,
            `reward_free`, `text` and more.

    Example:
        >>> env = wrap(gymnasium.make("CartPole-v1"), lambda run: len(run.steps) >= 100)
        >>> _, info = env.reset(seed=0)
        >>> over = False
        >>> while not over:
        ...     _, reward, terminated, truncated, info = env.step(0)
        ...     over = terminated or truncated
        >>> reward, info["verdict"].code
        (0.0, 'function.refused')
    """
    return VerdictEnv(env, verifier, **options)


class VerdictEnv(gymnasium.Wrapper[Any, Any, Any, Any]):
    """The environment that `wrap` returns.

    On the last step, and on no other, `info` holds `verdict`, `reward_valid` and `is_success`; the
    environment's own keys of these names are told as `native_…`. An episode is named by its seed,
    or by `reset(options={"split": s, "index": i})`: then the environment is seeded by that name.

    A refused action (illegal by value; in a text face, unparsable) costs a step and is never
    replaced by a policy's other action. An environment of somebody else cannot move without one:
    with `noop` it makes that move, else it stands still, its observation is repeated, and only
    `max_steps` ends an episode of nothing but junk.

    A `TimeLimit` inside ends the episode here, with a verdict on what was reached; one outside cuts
    it, and `get_wrapper_attr("judge_now")()` asks for the verdict.

    Args:
        env: any Gymnasium environment that has no verdicts yet.
        verifier: a verifier, or a plain function of the outcome (and the task) that returns a bool.
        outcome: what it judges: the `Trajectory` (its `seed` and `index` -1 where they are not
            known), the last `info` as the environment gave it, or what a function makes of it.
        task: what the verifier compares with: a `Problem`, a reference, or a function that makes
            either from the environment after each reset.
        solution: gold, kept for those who ask (`get_wrapper_attr("solution")`).
        levels: reward-free levels that make sense for this world.
        reward_mode: `verdict` (0 or 1, on the last step), `native` (the environment's own) or
            `none` (always 0.0; the verdict is still made).
        reward_free: build it without task and verifier; True takes the first of `levels`.
        explore_info_keys: the keys of the environment's `info` that are kept then.
        on_error: when the verifier cannot decide: ask again, mask the reward, or raise.
        max_steps: a limit of our own, verdict included, that counts refused actions too; default
            that of a `TimeLimit` inside.
        noop: the neutral action, if there is one.
        text: a text face, `(show, read)`.

    Raises:
        OptionError: the environment has verdicts already, or an option is outside its range.

    Attributes:
        card: what is known of it, `guarantee="best_effort"`.
        level: None with a task, else the reward-free level.
        problem, verifier: None in reward-free mode.
        split, index: which episode this is; index -1 where only a seed, or nothing, named it.
    """

    problem: Problem | None

    def __init__(
        self,
        env: gymnasium.Env[Any, Any],
        verifier: Verifier | Callable[..., bool],
        *,
        outcome: Outcome = "trajectory",
        task: Any = None,
        solution: Callable[[Any], Any] | None = None,
        levels: Sequence[Level] = ("verdict",),
        reward_mode: RewardMode = "verdict",
        reward_free: bool | Level = False,
        explore_info_keys: Sequence[str] = (),
        on_error: OnError = "retry",
        max_steps: int | None = None,
        noop: Any = None,
        text: TextFace | tuple[Callable[[Any], str], Callable[[str], Any]] | None = None,
    ) -> None:
        super().__init__(env)
        if isinstance(env.unwrapped, TaskEnv) or env.has_wrapper_attr("judge_now"):
            raise OptionError("This environment has verdicts already: use it as it is.")
        _check("outcome", outcome, ("trajectory", "final_info"), callable(outcome))
        _check("reward_mode", reward_mode, _REWARD_MODES)
        _check("on_error", on_error, _ON_ERROR)
        self.level = _level(reward_free, levels)
        spec = env.spec
        self.name = spec.id if spec is not None else type(env.unwrapped).__name__
        self.max_steps = max_steps if max_steps is not None else _limit_inside(env)
        if self.max_steps is not None and (not is_whole(self.max_steps) or self.max_steps < 1):
            raise bad_value("max_steps", self.max_steps, "None or an integer of at least 1")
        if noop is not None and not judge_action(env.action_space, noop)[0]:
            raise bad_value("noop", noop, f"None or an action of {env.action_space}")
        self.card = EnvCard(
            id=self.name,
            entry_point="assay.wrappers.task:VerdictEnv",
            family="wrapped",
            summary=f"{self.name} with a verdict.",
            proof="none" if solution is None else "always",
            reward_free_levels=tuple(levels),
            guarantee="best_effort",
            explore_info_keys=tuple(explore_info_keys),
        )
        self.verifier: Verifier | None = None if self.level else _as_verifier(verifier)
        self.solution = solution
        self.reward_mode = reward_mode
        self.on_error: OnError = on_error
        self._outcome, self._task, self._noop = outcome, task, noop
        self._text = None if text is None else TextFace(*text)  # pyright: ignore[reportArgumentType]
        if self._text is not None:
            self.observation_space = Unicode(self._text.max_chars)
            self.action_space = Unicode(self._text.max_chars)
        self.problem = None
        self.split: Split = "train"
        self.index = -1
        self._seed = -1
        self._state = "new"  # new | running | ended
        self._judged: Verdict | None = None
        self._n_steps = 0
        self._raw: Any = None  # the last observation as the environment gave it
        self._info: dict[str, Any] = {}
        self._steps: list[Step] = []

    # ------------------------------------------------------------------ an episode

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: handed on to the environment.
            options: `split` and `index` name the episode, whose seed follows from them; the rest is
                handed on.
        """
        rest = dict(options or {})
        seed, name = self._place(seed, rest.pop("split", None), rest.pop("index", None))
        self._raw, info = self.env.reset(seed=seed, options=rest or None)
        self._info, self._steps, self._n_steps = info, [], 0
        self._seed = -1 if seed is None else seed
        self._state, self._judged, self.problem = "running", None, None
        if self.level is not None:
            return self._seen(), self._kept(info)
        self.problem = self._make_problem(name)
        told = self._told(info)
        if name:
            told.update(problem_id=self.problem.id, split=self.split)
        return self._seen(), told

    def _place(self, seed: int | None, split: Any, index: Any) -> tuple[int | None, str]:
        if split is None and index is None:
            self.split, self.index = "train", -1
            return seed, "" if seed is None else f"seed/{seed}"
        self.split = check_split("train" if split is None else split)
        if index is None and seed is None:
            raise OptionError("options={'split': …} needs an index beside it, or a seed.")
        self.index = index_of(cast("int", seed)) if index is None else check_index(index, "", None)
        return derive_seed("wrap", self.split, self.index, bits=31), f"{self.split}/{self.index}"

    def _make_problem(self, name: str) -> Problem:
        task = self._task(self.env) if callable(self._task) else self._task
        if isinstance(task, Problem):
            return task if task.id else replace(task, id=name)
        return Problem(prompt=f"Succeed in {self.name}.", reference=task, id=name)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        """Act once; the verdict is in `info` of the last step only.

        Raises:
            EpisodeOver: the episode has ended. NotReset: none has begun.
        """
        if self._state == "ended":
            raise EpisodeOver(f"{self.name}: the episode has ended: call reset() before step().")
        if self._state == "new":
            raise NotReset(f"{self.name}: no episode has begun: call reset() before step().")
        self._judged = None
        status, native, terminated, truncated = self._move(action)
        self._n_steps += 1
        if self.max_steps is not None and self._n_steps >= self.max_steps and not terminated:
            truncated = True
        if terminated or truncated:
            self._state = "ended"
        if self.level is not None:
            info = {"action_status": status, **self._kept(self._info)}
            return self._seen(), 0.0, terminated, truncated, info
        info = {**self._told(self._info), "action_status": status}
        reward = 0.0
        if terminated or truncated:
            verdict = self.judge_now()
            if verdict.is_error:
                terminated, truncated = True, False
                info.update(verdict=verdict, reward_valid=False)
            else:
                reward = verdict.reward
                info.update(verdict=verdict, reward_valid=True, is_success=verdict.passed)
        if self.reward_mode != "verdict":
            reward = native if self.reward_mode == "native" else 0.0
        return self._seen(), reward, terminated, truncated, info

    def _move(self, action: Any) -> tuple[ActionStatus, float, bool, bool]:
        """Move the environment by an action, by `noop`, or not at all."""
        status, value = self._read(action)
        native, terminated, truncated = 0.0, False, False
        recording = self._outcome == "trajectory" and self.level is None
        before = _kept_safe(self._raw) if recording else None  # some change it in place
        if status == "ok" or self._noop is not None:
            sent = value if status == "ok" else self._noop
            self._raw, native, terminated, truncated, self._info = self.env.step(sent)
        if recording:
            self._steps.append(
                Step(
                    observation=before,
                    action=_kept_safe(action),
                    reward=float(native),
                    terminated=bool(terminated),
                    truncated=bool(truncated),
                    action_status=status,
                )
            )
        return status, float(native), bool(terminated), bool(truncated)

    def _read(self, action: Any) -> tuple[ActionStatus, Any]:
        if self._text is not None:
            if not issubclass(type(action), str):
                return "illegal", None
            try:
                action = self._text.read(str.__str__(action))
            except Exception:  # whatever a policy writes can lose; it cannot raise
                action = None
            if action is None:
                return "unparsable", None
        legal, value = judge_action(self.env.action_space, action)
        return ("ok", value) if legal else ("illegal", None)

    def _seen(self) -> Any:
        return self._raw if self._text is None else self._text.show(self._raw)

    def _kept(self, info: Mapping[str, Any]) -> dict[str, Any]:
        return {key: info[key] for key in self.card.explore_info_keys if key in info}

    def _told(self, info: Mapping[str, Any]) -> dict[str, Any]:
        return {(f"native_{key}" if key in _OURS else key): info[key] for key in info}

    # ------------------------------------------------------------------ verdicts

    def outcome(self) -> Any:
        """What the verifier is given."""
        if self._outcome == "final_info":
            return dict(self._info)
        if self._outcome != "trajectory":
            return cast("Callable[[Any], Any]", self._outcome)(self.env)
        return Trajectory(
            env_id=self.name,
            split=self.split,
            index=self.index,
            seed=self._seed,
            steps=tuple(self._steps),
            final_observation=_kept_safe(self._raw),
        )

    def judge_now(self) -> Verdict:
        """The verdict about the episode as it is; remembered until the next action.

        Raises:
            PhaseError: reward-free: there is no verifier.
            NotReset: no episode has begun.
            VerifierError: it could not decide, and `on_error` is `raise`.
        """
        if self.level is not None:
            raise PhaseError(f"{self.name} was wrapped reward_free: it has no verifier to ask.")
        if self._state == "new":
            raise NotReset(f"{self.name}: no episode has begun: call reset() before judge_now().")
        if self._judged is None:
            self._judged = ask(
                cast("Verifier", self.verifier),
                self.outcome,
                self.problem,
                on_error=self.on_error,
                name=self.name,
            )
        return self._judged

    def n_problems(self, split: str) -> int | None:
        """None: there is an episode for every index."""
        return None


def _limit_inside(env: gymnasium.Env[Any, Any]) -> int | None:
    limits: list[int] = []
    while isinstance(env, gymnasium.Wrapper):
        if isinstance(env, gymnasium.wrappers.TimeLimit):
            limits.append(env._max_episode_steps)
        env = env.env
    return min(limits, default=None)


def _check(name: str, value: Any, allowed: Sequence[str], fine: bool = False) -> None:
    if not fine and value not in allowed:
        raise bad_value(name, value, f"one of {', '.join(map(repr, allowed))}")


def _level(wanted: bool | Level, levels: Sequence[Level]) -> Level | None:
    if not levels or any(level not in ("task", "verdict") for level in levels):
        raise bad_value("levels", levels, "'task', 'verdict' or both")
    if wanted is False:
        return None
    level = levels[0] if wanted is True else wanted
    _check("reward_free", level, levels)
    return level


def _as_verifier(given: Verifier | Callable[..., bool]) -> Verifier:
    if hasattr(given, "verify"):
        return cast("Verifier", given)
    if not callable(given):
        raise bad_value("verifier", given, "a verifier, or a function of the outcome")
    if _n_parameters(given) > 1:
        return cast("Verifier", FunctionVerifier(given, any_outcome=True))

    @functools.wraps(given)
    def of_outcome(outcome: Any, task: Any) -> bool:
        return given(outcome)

    return cast("Verifier", FunctionVerifier(of_outcome, any_outcome=True))


def _n_parameters(function: Callable[..., Any]) -> int:
    try:
        return len(inspect.signature(function).parameters)
    except ValueError:  # some built-in functions do not say
        return 1


def _kept_safe(value: Any) -> Any:
    """A copy that the environment cannot change any more."""
    if isinstance(value, np.ndarray):
        return value.copy()
    if value is None or isinstance(value, str | int | float):
        return value
    try:
        return copy.deepcopy(value)
    except Exception:  # a hostile action that cannot be copied
        return f"<{type(value).__name__}>"
