"""Native vectors of one-turn tasks: `ArithmeticVectorEnv = answer_vector(ArithmeticEnv)`.

Equal to `SyncVectorEnv` over the scalar environment, step by step, in every autoreset mode and for
any action, at a fraction of its cost: all rows are reset and judged together, by one environment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

import numpy as np
from gymnasium.vector import AutoresetMode
from gymnasium.vector.utils import batch_space

from assay.core.answer import AnswerEnv
from assay.core.array_episodes import ArrayEpisodes, ArrayForm
from assay.core.columns import same_step_infos
from assay.core.drawn import QuestionForm, codes_of
from assay.core.entropies import Entropies
from assay.core.episodes import Episodes, Parked, Whole
from assay.core.errors import bad_value
from assay.core.problems import is_whole
from assay.core.rows import Batch, Begun, Reset, RowVector, Step, Stepped
from assay.core.streams import index_of_array
from assay.core.text_episodes import TextEpisodes


def answer_vector(
    kind: type[AnswerEnv],
    *,
    draw: Callable[..., tuple[np.ndarray, np.ndarray]] | None = None,
    judge: Callable[[np.ndarray, np.ndarray], np.ndarray] | None = None,
    text: QuestionForm | None = None,
) -> type[AnswerVector]:
    """The vector class of a one-turn task, for the card's `vector_entry_point`.

    Args:
        kind: the scalar class.
        draw, judge: its array twins (`ArrayForm`), where some options allow them.
        text: its `question` in two steps, where it has them.
    """
    name = f"{kind.__name__.removesuffix('Env')}VectorEnv"
    form = ArrayForm(draw, judge) if draw is not None and judge is not None else None
    body = {
        "kind": kind,
        "form": form,
        "question_form": text,
        "__module__": kind.__module__,
        "__doc__": f"`{kind.__name__}` in many rows at once.",
    }
    return cast("type[AnswerVector]", type(name, (AnswerVector,), body))


class AnswerVector(RowVector):
    """A vector of one-turn tasks; made by `answer_vector`.

    Args:
        num_envs: how many rows.
        autoreset_mode: when a row that ended begins anew.
        group: so many rows side by side play one problem.
        options: those of the environment.
    """

    kind: ClassVar[type[AnswerEnv]]
    form: ClassVar[ArrayForm | None] = None
    question_form: ClassVar[QuestionForm | None] = None

    def __init__(
        self,
        num_envs: int = 1,
        *,
        autoreset_mode: str | AutoresetMode = AutoresetMode.SAME_STEP,
        group: int = 1,
        **options: Any,
    ) -> None:
        if not is_whole(num_envs) or num_envs < 1:
            raise bad_value("num_envs", num_envs, "an integer of at least 1")
        self._env = env = self.kind(**options)
        self.num_envs = int(num_envs)
        self.render_mode = env.render_mode
        self.single_observation_space = env.observation_space
        self.single_action_space = env.action_space
        self.observation_space = batch_space(env.observation_space, self.num_envs)
        self.action_space = batch_space(env.action_space, self.num_envs)
        self._start(autoreset_mode, group)
        self.metadata = {**env.metadata, "autoreset_mode": self.autoreset_mode}
        self._entropies = Entropies(self.num_envs)
        self._all_rows = list(range(self.num_envs))
        self._every = np.arange(self.num_envs)
        self._begun = False  # whether all rows have been reset together
        self._together = self._make_episodes()
        self._episodes: Parked | Episodes = self._together or Parked(env, self.num_envs)

    def _make_episodes(self) -> Episodes | None:
        env = self._env
        if self.form is not None and ArrayEpisodes.fits(env):
            return ArrayEpisodes(env, self.num_envs, self.form)
        if TextEpisodes.fits(env):
            return TextEpisodes(env, self.num_envs, self.question_form)
        return None

    # ------------------------------------------------------------------ all rows together

    def reset(
        self,
        *,
        seed: int | Sequence[int | None] | None = None,
        options: dict[str, Any] | None = None,
    ) -> tuple[Any, dict[str, Any]]:
        """Begin an episode in every row, or in those of `options["reset_mask"]`."""
        if self._together is None or "reset_mask" in (options or {}):
            return super().reset(seed=seed, options=options)
        seeds = self._seeds(self._all_rows, seed)
        entropies = self._entropies.begin(self._all_rows, seeds)
        env = self._env
        env.reset(seed=entropies[0], options=options or None)  # opens it; refuses bad options
        named = (options or {}).get("index") is not None
        self._begin_all(entropies, env.split, env.index if named else None)
        return self._together.observations(), self._together.infos()

    def _begin_all(self, entropies: Whole, split: str, index: int | None = None) -> None:
        episodes, n_problems = cast("Episodes", self._together), self._env.n_problems(split)
        if index is None:
            leaders = entropies[:: self.group]
            codes = leaders if isinstance(leaders, np.ndarray) else codes_of(leaders)
            indexes = index_of_array(codes)
            if n_problems is not None:
                indexes %= np.uint64(n_problems)
        else:
            indexes = [index] * (self.num_envs // self.group)
        episodes.begin(split, indexes, entropies, self.group)
        self._begun = True
        self._ended = np.zeros(self.num_envs, dtype=np.bool_)

    def _renew_all(self) -> None:
        self._begin_all(self._entropies.draw(self._every), self._env.config.split)

    def step(self, actions: Any) -> Batch:
        """Answer in every row; every answer ends its episode."""
        n_ended = int(np.count_nonzero(self._ended))
        episodes, mode = self._together, self.autoreset_mode
        if episodes is None or not self._begun or 0 < n_ended < self.num_envs:
            return self._one_by_one(actions)
        zeros = np.zeros(self.num_envs)
        if n_ended:
            if mode == AutoresetMode.DISABLED:
                self._refuse(self._all_rows)
            self._split_actions(actions)
            self._renew_all()
            flags = np.zeros((2, self.num_envs), dtype=np.bool_)
            return episodes.observations(), zeros, flags[0], flags[1], episodes.infos()
        judged = episodes.judge(self._split_actions(actions) if self._is_text else actions)
        if judged is None:
            return self._one_by_one(actions)
        infos = judged.infos
        if mode == AutoresetMode.SAME_STEP:
            self._renew_all()
            infos = same_step_infos(judged.obs, infos, episodes.infos())
        else:
            self._ended = np.ones(self.num_envs, dtype=np.bool_)
        terminated = np.ones(self.num_envs, dtype=np.bool_)
        return episodes.observations(), judged.rewards, terminated, ~terminated, infos

    @property
    def _is_text(self) -> bool:
        return isinstance(self._together, TextEpisodes)

    # ------------------------------------------------------------------ rows alone

    def _one_by_one(self, actions: Any) -> Batch:
        self._look()
        return super().step(actions)

    def _reset_rows(
        self,
        rows: list[int],
        seeds: list[int | None],
        options: Sequence[Mapping[str, Any] | None],
    ) -> tuple[Any, dict[str, Any]]:
        self._look()
        return super()._reset_rows(rows, seeds, options)

    def _advance(self, rows: list[int], actions: list[Any]) -> Batch:
        self._look()
        return super()._advance(rows, actions)

    def _look(self) -> None:
        if self._begun and self._together is not None:
            self._last = self._together.each()

    def _run(self, jobs: Sequence[Reset | Step]) -> list[Begun | Stepped]:
        results: list[Begun | Stepped] = []
        for job in jobs:
            if isinstance(job, Reset):
                results.append(self._reset_one(job))
                continue
            self._episodes.load(job.row)
            stepped = Stepped(*self._env.step(job.action))
            self._episodes.save(job.row)
            if job.renew and (stepped.terminated or stepped.truncated):
                stepped = stepped._replace(begun=self._reset_one(Reset(job.row)))
            results.append(stepped)
        return results

    def _reset_one(self, job: Reset) -> Begun:
        entropy = self._entropies.begin([job.row], [job.seed])[0]
        env = self._env
        obs, info = env.reset(seed=entropy, options=job.options)
        self._episodes.save(job.row)
        return Begun(obs, info, (env.split, env.index))

    # ------------------------------------------------------------------ looking inside

    @property
    def np_random(self) -> tuple[np.random.Generator, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The rows' generators, each where a scalar environment's would stand."""
        return tuple(self._entropies.generator(row) for row in self._all_rows)

    @property
    def np_random_seed(self) -> tuple[int | None, ...]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """The rows' seeds; None where a row has none yet."""
        return tuple(self._entropies.seeds)

    def call(self, name: str, *args: Any, **kwargs: Any) -> tuple[Any, ...]:
        """What an attribute of each row's environment is, or returns when it is called."""
        if name in ("np_random", "np_random_seed"):
            return getattr(self, name)
        out: list[Any] = []
        for row in self._all_rows:
            self._episodes.load(row)
            value = self._env.get_wrapper_attr(name)
            if callable(value):
                value = value(*args, **kwargs)
                if self._env.world is not None:
                    self._episodes.save(row)
            out.append(value)
        return tuple(out)

    def get_attr(self, name: str) -> tuple[Any, ...]:
        """An attribute of each row's environment."""
        return self.call(name)

    def render(self) -> tuple[Any, ...]:
        """Each row's picture."""
        return self.call("render")

    def close_extras(self, **kwargs: Any) -> None:
        """Release what the environment opened."""
        self._env.close()
