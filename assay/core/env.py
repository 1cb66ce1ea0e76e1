"""`TaskEnv`: where verdicts are made, limits end episodes, and the reward-free mode begins.

An environment is a world, a task and a verifier, built in this order; nothing flows back. With
`reward_free=` the last two are never built, so they cannot leak (`contract.md` §§1-7).
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Generator, Hashable, Mapping
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar, cast, final

import gymnasium
from gymnasium.spaces import Space
from gymnasium.utils import seeding

from assay.core.config import TaskConfig, build_config
from assay.core.encoding import derive_seed, digest
from assay.core.errors import (
    EpisodeOver,
    NoSuchRenderMode,
    NotReset,
    OptionError,
    PhaseError,
    SourceExhausted,
    bad_value,
    unknown_option,
)
from assay.core.judging import ask
from assay.core.legality import judge_action
from assay.core.problems import check_index, check_split, is_whole, split_of, value_key
from assay.core.registry import card_of
from assay.core.state import EpisodeState, read_state, write_state
from assay.core.streams import Streams, index_of
from assay.core.types import ActionStatus, EnvCard, Level, Problem, Split, Verdict, Verifier

Obs = TypeVar("Obs")
Act = TypeVar("Act")
Solution = Generator[Any, Any, None]

_MAX_ATTEMPTS = 2_000  # draws of a world before giving up; a split owns at least a tenth of them
_NO_CARD = EnvCard(id="", entry_point="assay.core.env:TaskEnv", family="", summary="")


class TaskEnv(gymnasium.Env[Obs, Act], Generic[Obs, Act]):
    """Base of every environment; `reset` and `step` are final, subclasses write the hooks.

    A subclass sets `Config` and writes `spaces`, `draw_world`, `draw_task`, `make_verifier`,
    `observe`, `apply` and `outcome`; the other hooks have defaults. Whatever moves lives in
    `self.world`, one dataclass with nothing of the task in it; the task is `self.problem`, None in
    reward-free mode.

    Attributes:
        config: the checked options.
        card: what the registry knows of this id (defaults when it is not registered).
        level: None with a task, else the reward-free level, `task` or `verdict`.
        split, index: which problem this episode is.
        rng: the four named streams.
        over: set by `apply` and `idle` when the dynamics end.
        n_steps: steps taken in this episode.
        replayable: True for worlds that cannot be written down (browsers, simulators): the same
            seed and actions give the same episode, but there is no snapshot.
    """

    Config: ClassVar[type[TaskConfig]] = TaskConfig
    metadata: dict[str, Any] = {"render_modes": ["ansi"], "render_fps": 4}  # noqa: RUF012
    replayable: ClassVar[bool] = False

    world: Any
    problem: Problem | None

    # ------------------------------------------------------------------ what a subclass writes

    @abstractmethod
    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        """Observation and action space, from `self.config`."""

    @abstractmethod
    def draw_world(self, rng: Streams) -> Any:
        """A world from `rng.init`, `self.config`, `self.split` and `self.index`; sets nothing."""

    def admits(self) -> bool:
        """Whether `self.world` is fit to be played; looks at the world alone."""
        return True

    def world_key(self) -> int | None:
        """64-bit key that gives this world to a split; None where the material is split already."""
        return value_key(self.world)

    def n_problems(self, split: str) -> int | None:
        """How many problems a split holds; None where there is no end."""
        return None

    @abstractmethod
    def draw_task(self, rng: Streams) -> Problem:
        """A task from `rng.task` and `self.world`; never called in reward-free mode."""

    @abstractmethod
    def make_verifier(self) -> Verifier:
        """The verifier; never called in reward-free mode."""

    @abstractmethod
    def observe(self) -> Obs:
        """The observation of `self.world`; neutral where `self.problem` is None."""

    def admit(self, action: Any) -> tuple[bool, Any]:
        """Whether an action is legal by value, and the value to apply."""
        return judge_action(self.action_space, action)

    @abstractmethod
    def apply(self, action: Any) -> ActionStatus:
        """Move `self.world`; sets `self.over` when the dynamics end."""

    def idle(self) -> None:
        """The world's own motion when an action was refused."""

    @abstractmethod
    def outcome(self) -> object:
        """What the verifier is given."""

    def settled(self) -> bool:
        """Whether success is established or out of reach; cheap."""
        return False

    def facts(self) -> dict[str, Any]:
        """Further `info` keys, each declared by the card; fresh objects."""
        return {}

    def native_reward(self) -> float:
        """The reward of this step where `reward_mode` is `native` or `goal`."""
        raise OptionError(f"{type(self).__name__} has no native reward: use reward_mode='verdict'.")

    def picture(self, mode: str) -> Any:
        """What `render()` returns in this mode; default: the observation, for `ansi` as text."""
        seen: Any = self.observe()
        return str(seen) if mode == "ansi" else seen

    def open(self) -> None:
        """Open files, browsers, simulators: called in the first reset."""

    def release(self) -> None:
        """Release what `open` opened."""

    # ------------------------------------------------------------------ construction

    def __init__(self, **options: Any) -> None:
        found = card_of(type(self), options)
        self.card = found or _NO_CARD
        self.name = self.card.id or type(self).__name__
        self.config: Any = build_config(self.Config, options, self.name)
        self.render_mode = self.config.render_mode
        if self.render_mode is not None and self.render_mode not in self.metadata["render_modes"]:
            allowed = ", ".join(map(repr, self.metadata["render_modes"]))
            raise NoSuchRenderMode(
                f"{self.name}: render_mode={self.render_mode!r} is not valid: expected None or one "
                f"of {allowed}."
            )
        check_split(self.config.split, self.card.splits)
        self.level = self._resolve_level(options)
        self.split: Split = self.config.split
        self.index = 0
        self.rng = Streams()
        self.over = False
        self.n_steps = 0
        self.world = None
        self.problem = None
        self._generator: Any = None
        self._state = "new"  # new | running | ended
        self._judged: Verdict | None = None
        self._opened = False
        self.observation_space, self.action_space = self.spaces()
        self.verifier: Verifier | None = None if self.level else self.make_verifier()

    def _resolve_level(self, options: Mapping[str, Any]) -> Level | None:
        wanted = self.config.reward_free
        if wanted is False:
            return None
        levels = self.card.reward_free_levels
        level = cast("Level", levels[0] if wanted is True else wanted)
        if level not in levels:
            offered = " or ".join(map(repr, levels))
            raise bad_value(f"{self.name}: reward_free", level, f"True or {offered}")
        if level == "task":
            named = [name for name in self.card.task_options if name in options]
            if named:
                raise OptionError(
                    f"{self.name}: '{named[0]}' names a task, and reward_free='task' leaves the "
                    "task out: drop the option, or use reward_free='verdict'."
                )
        return level

    # ------------------------------------------------------------------ randomness

    @property
    def _np_random(self) -> Any:
        if self._generator is None:  # seeding costs 7 us, so it waits for its first use
            self._generator, self._np_random_seed = seeding.np_random(self._np_random_seed)
        return self._generator

    @_np_random.setter
    def _np_random(self, value: Any) -> None:  # pyright: ignore[reportIncompatibleVariableOverride]
        self._generator = value

    def _entropy(self, seed: Any) -> int:
        if seed is None:
            return int(self._np_random.bit_generator.random_raw()) >> 1
        if not is_whole(seed):
            raise bad_value("seed", seed, "an integer of at least 0")
        self._np_random_seed, self._generator = int(seed), None
        return int(seed)

    # ------------------------------------------------------------------ an episode

    @final
    def reset(
        self, *, seed: int | None = None, options: Mapping[str, Any] | None = None
    ) -> tuple[Obs, dict[str, Any]]:
        """Start an episode.

        Args:
            seed: the episode's entropy; None draws one from `np_random`.
            options: `{"split": s, "index": i}` names the problem; without an index it follows from
                the entropy.

        Raises:
            UnknownName, NoSuchProblem, OptionError: a split or index that is not there.
        """
        entropy = self._entropy(seed)
        if not self._opened:
            self.open()
            self._opened = True
        self.split, self.index = self._place(entropy, options)
        self._draw(entropy)
        self.over, self.n_steps = False, 0
        self._judged, self._state = None, "running"
        if self.level is None:
            self.problem = self._new_problem()
            info = {"problem_id": self.problem.id, "split": self.split}
            info.update(self.facts())
        else:
            self.problem = None
            info = self._explore_info()
        return self.observe(), info

    def _new_problem(self) -> Problem:
        problem = self.draw_task(self.rng)
        return problem if problem.id else replace(problem, id=f"{self.split}/{self.index}")

    def _place(self, entropy: int, options: Mapping[str, Any] | None) -> tuple[Split, int]:
        split: Split = self.config.split
        index = None
        if options:
            for name in options:
                if name not in ("split", "index"):
                    raise unknown_option("reset", name, ("split", "index"))
            split = check_split(options.get("split", split), self.card.splits)
            index = options.get("index")
        size = self.n_problems(split)
        if index is not None:
            return split, check_index(index, split, size)
        if size == 0:
            raise SourceExhausted(f"{self.name}: the split '{split}' holds no problem.")
        index = index_of(entropy)
        return split, index if size is None else index % size

    def _draw(self, entropy: int) -> None:
        for attempt in range(_MAX_ATTEMPTS):
            self.rng.key(self.split, self.index, attempt, entropy)
            self.world = self.draw_world(self.rng)
            key = None if self.card.shared_instances else self.world_key()
            if key is not None and split_of(key) != self.split:
                continue  # asked first, since `admits` may have to search
            if self.admits():
                return
        raise SourceExhausted(
            f"{self.name}: no fit world for split '{self.split}' in {_MAX_ATTEMPTS} draws: "
            "use options that allow more worlds."
        )

    @final
    def step(self, action: Act) -> tuple[Obs, float, bool, bool, dict[str, Any]]:
        """Act once.

        Never raises because of the action. The verdict is in `info` of the last step only.

        Raises:
            EpisodeOver: the episode has ended. NotReset: none has begun.
        """
        if self._state != "running":
            self._refuse_step()
        self._judged = None
        legal, value = self.admit(action)
        if legal:
            status = self.apply(value)
        else:
            status = "illegal"
            self.idle()
        self.n_steps += 1
        if self.level is not None:
            return self._explore_step(status)
        over = bool(self.over or self.settled())
        over = over or (self._judged is not None and self._judged.is_error)
        truncated = not over and self.n_steps >= self.config.max_steps
        info: dict[str, Any] = {"action_status": status}
        info.update(self.facts())
        reward = 0.0
        if over or truncated:
            self._state = "ended"
            verdict = self.judge_now()
            if verdict.is_error:
                over, truncated = True, False
                info.update(verdict=verdict, reward_valid=False)
            else:
                reward = 1.0 if verdict.passed else 0.0
                info.update(verdict=verdict, reward_valid=True, is_success=verdict.passed)
        mode = getattr(self.config, "reward_mode", "verdict")
        if mode != "verdict":
            reward = 0.0 if mode == "none" else float(self.native_reward())
        return self.observe(), reward, over, truncated, info

    def _explore_step(self, status: ActionStatus) -> tuple[Obs, float, bool, bool, dict[str, Any]]:
        terminated = bool(self.over)
        truncated = not terminated and self.n_steps >= self.config.max_steps
        if terminated or truncated:
            self._state = "ended"
        info = {"action_status": status, **self._explore_info()}
        return self.observe(), 0.0, terminated, truncated, info

    def _explore_info(self) -> dict[str, Any]:
        keys = self.card.explore_info_keys
        if not keys:
            return {}
        facts = self.facts()
        return {key: facts[key] for key in keys if key in facts}

    def _refuse_step(self) -> None:
        if self._state == "ended":
            raise EpisodeOver(f"{self.name}: the episode has ended: call reset() before step().")
        raise NotReset(f"{self.name}: no episode has begun: call reset() before step().")

    # ------------------------------------------------------------------ verdicts

    @final
    def judge_now(self) -> Verdict:
        """The verdict about the outcome as it is; remembered until the next action.

        Raises:
            PhaseError: reward-free: there is no verifier.
            VerifierError: it could not decide, and `on_error` is `raise`.
        """
        if self.level is not None:
            raise PhaseError(f"{self.name} was built with reward_free: it has no verifier to ask.")
        if self._state == "new":
            raise NotReset(f"{self.name}: no episode has begun: call reset() before judge_now().")
        if self._judged is None:
            self._judged = ask(
                cast("Verifier", self.verifier),
                self.outcome,
                self.problem,
                on_error=self.config.on_error,
                name=self.name,
            )
        return self._judged

    # ------------------------------------------------------------------ state

    def snapshot(self) -> bytes:
        """The state of the episode as canonical bytes; holds nothing of the task.

        Raises:
            NotReset: no episode has begun. PhaseError: the environment is only `replayable`.
        """
        self._need_snapshots()
        if self._state == "new":
            raise NotReset(f"{self.name}: no episode has begun: call reset() first.")
        streams = self.rng.snapshot()
        return write_state(
            EpisodeState(
                self.split, self.index, streams, self.n_steps, self.over, self._state, self.world
            )
        )

    def restore(self, state: bytes) -> None:
        """Continue from a snapshot of this environment, made with the same options.

        No episode need have begun.

        Raises:
            DataError: these bytes are no snapshot of it. PhaseError: it is only `replayable`.
        """
        self._need_snapshots()
        found = read_state(state, type(self), self.name)
        if not self._opened:
            self.open()
            self._opened = True
        here = (self.split, self.index, self.rng.attempt)
        elsewhere = self._state == "new" or here != (
            found.split,
            found.index,
            found.streams["key"][2],
        )
        self.split, self.index = cast("Split", found.split), found.index
        if self.level is None and elsewhere:
            self.rng.key(*found.streams["key"])
            self.world = self.draw_world(self.rng)  # a task is drawn from its first world
            self.problem = self._new_problem()
        self.world = found.world
        self.rng.restore(found.streams)
        self.n_steps, self.over, self._state = found.n_steps, found.over, found.phase
        self._judged = None

    def _need_snapshots(self) -> None:
        if self.replayable:
            raise PhaseError(
                f"{self.name} has no snapshots: the same seed and actions give the same episode."
            )

    def state_key(self) -> Hashable:
        """Names the state, for counting what was visited; default: a digest of the world."""
        return digest(self.world)

    def episode_seed(self, *parts: object) -> int:
        """A 63-bit seed for a named part of this episode, for simulators that want an int."""
        return derive_seed(self.split, self.index, self.rng.attempt, *parts)

    # ------------------------------------------------------------------ rendering and closing

    @final
    def render(self) -> Any:
        """The picture in `render_mode`; None, with Gymnasium's warning, where none was chosen."""
        if self.render_mode is None:
            gymnasium.logger.warn(
                f"{self.name}: render() needs a render_mode: make it with "
                f"render_mode={self.metadata['render_modes'][0]!r}."
            )
            return None
        if self._state == "new":
            raise NotReset(f"{self.name}: no episode has begun: call reset() before render().")
        return self.picture(self.render_mode)

    @final
    def close(self) -> None:
        """Release what `open` opened; a second call does nothing."""
        if self._opened:
            self._opened = False
            self.release()
