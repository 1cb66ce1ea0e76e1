"""One-turn text tasks made and judged for a whole vector, with little Python for each row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np

from assay.core.answer import AnswerEnv, Asked, judged_reply, problem_of
from assay.core.columns import add_verdicts, objects, put, reset_infos
from assay.core.drawers import ColumnDrawer, Drawer, StreamDrawer
from assay.core.drawn import QuestionForm
from assay.core.env import TaskEnv
from assay.core.episodes import NEW_EPISODE, Judged, Whole, as_list, put_state
from assay.core.problems import Question, residues_of, text_key
from assay.core.types import ERRORS, Problem, Verdict

_PATIENCE = 40  # attempts after which the environment itself goes on looking for the last worlds
_FEW = 8  # so many are the last


class TextEpisodes:
    """Questions and answers, made and judged in loops over plain lists.

    Hooks that a class leaves as `AnswerEnv` wrote them are done inline; those it overrides are
    called. Equal to the scalar environment in every verdict, observation and info.
    """

    @staticmethod
    def fits(env: AnswerEnv) -> bool:
        """Whether the class keeps the hooks that one-turn tasks have no reason to change."""
        reward_mode = getattr(env.config, "reward_mode", "verdict")
        return reward_mode == "verdict" and keeps(env, TaskEnv, "settled", "facts", "episode_seed")

    def __init__(self, env: AnswerEnv, n: int, form: QuestionForm | None = None) -> None:
        self._env = env
        self._n = n
        plain = not env.config.n_shots
        self._quick_worlds = plain and keeps(
            env, env.plain_class, "draw_world", "admits", "world_key", "n_problems", "source"
        )
        self._quick_tasks = plain and keeps(
            env, env.plain_class, "draw_task", "reference", "observe", "prompt", "plain_prompt"
        )
        self._quick_replies = keeps(
            env, env.plain_class, "admit", "apply", "idle", "outcome", "observe"
        )
        self._drawer: Drawer = (
            StreamDrawer(type(env).question, env.config)
            if form is None
            else ColumnDrawer(type(env).question, form, env.config)
        )
        self._splits: list[str] = [""] * n
        self._indexes: list[int] = [0] * n
        self._attempts: list[int] = [0] * n
        self._entropies: list[int] = [0] * n
        self._worlds: list[Any] = [None] * n
        self._problems: list[Problem | None] = [None] * n
        self._prompts: list[Any] = [None] * n
        self._ended: list[bool] = [False] * n

    # ------------------------------------------------------------------ beginning

    def begin(self, split: str, indexes: Whole, entropies: Whole, group: int) -> None:
        """Begin anew in every row; each index serves `group` rows."""
        n, indexes = self._n, as_list(indexes)
        self._entropies = as_list(entropies)
        self._splits = [split] * n
        self._ended = [False] * n
        if self._quick_worlds:
            questions, attempts = self._questions(split, indexes)
            self._attempts = _repeat(attempts, group)
            worlds: list[Any] = [Asked(question) for question in _repeat(questions, group)]
            self._indexes = _repeat(indexes, group)
        else:
            self._indexes = _repeat(indexes, group)
            worlds = [self._draw(row) for row in range(n)]
        self._worlds = worlds
        self._tasks(split, indexes, group)

    def _questions(self, split: str, indexes: list[int]) -> tuple[list[Question], list[int]]:
        source = self._env.source
        if source is not None:
            items = source.items[split]
            return [items[i] for i in indexes], [0] * len(indexes)
        found: list[Question | None] = [None] * len(indexes)
        attempts = [0] * len(indexes)
        wanted = None if self._env.card.shared_instances else split
        residues = residues_of(wanted)
        drawer, rows, first = self._drawer, list(range(len(indexes))), 0
        while rows:
            if first > _PATIENCE and len(rows) < _FEW:
                self._search(split, indexes, rows, found, attempts)
                break
            turns = drawer.draw(split, [indexes[k] for k in rows], first, wanted)
            places = list(range(len(rows)))
            for attempt in turns:
                missed: list[int] = []
                drawn = drawer.questions(attempt, places)
                for place, question in zip(places, drawn, strict=True):
                    if question is not None and (
                        (question.key or text_key(question.text)) % 10 in residues
                    ):
                        found[rows[place]], attempts[rows[place]] = question, attempt
                    else:
                        missed.append(place)
                places = missed
                if not places:
                    break
            rows, first = [rows[place] for place in places], turns.stop
        return cast("list[Question]", found), attempts

    def _search(
        self,
        split: str,
        indexes: list[int],
        pending: list[int],
        found: list[Question | None],
        attempts: list[int],
    ) -> None:
        for k in pending:  # raises where the scalar environment would
            self._env.reset(options={"split": split, "index": indexes[k]})
            found[k], attempts[k] = self._env.world.question, self._env.rng.attempt

    def _draw(self, row: int) -> Any:
        """A world by the class's own hooks."""
        env = self._env
        place = {"split": self._splits[row], "index": self._indexes[row]}
        env.reset(seed=self._entropies[row], options=place)
        self._attempts[row], self._problems[row] = env.rng.attempt, env.problem
        return env.world

    def _tasks(self, split: str, indexes: list[int], group: int) -> None:
        env, worlds = self._env, self._worlds
        if not self._quick_tasks:
            for row, world in enumerate(worlds):
                if self._quick_worlds:
                    self._place(row)
                    self._problems[row] = self._task()
                self._prompts[row] = self._look(row, world)
            return
        said = f"\n{env.instruction}" if env.instruction else ""
        firsts = [world.question for world in worlds[::group]]
        prompts = [f"{question.text}{said}" for question in firsts]
        self._prompts = _repeat(prompts, group)
        if env.level is not None:
            self._problems = [None] * self._n
            return
        answer, params, start = env.answer, env.params, f"{split}/"
        problems = [
            problem_of(question, prompt, answer(question), params(question), f"{start}{index}")
            for prompt, question, index in zip(prompts, firsts, indexes, strict=True)
        ]
        self._problems = _repeat(cast("list[Problem | None]", problems), group)

    def _place(self, row: int) -> None:
        env, split, index = self._env, self._splits[row], self._indexes[row]
        env.split, env.index = cast("Any", split), index
        env.rng.key(split, index, self._attempts[row], self._entropies[row])
        env.world = self._worlds[row]

    def _task(self) -> Problem | None:
        env = self._env
        if env.level is not None:
            return None
        problem = env.draw_task(env.rng)
        return problem if problem.id else replace(problem, id=f"{env.split}/{env.index}")

    def _look(self, row: int, world: Any) -> Any:
        self._env.world, self._env.problem = world, self._problems[row]
        return self._env.observe()

    def observations(self) -> Any:
        """The batched observation: a tuple of texts."""
        return tuple(self._prompts)

    def each(self) -> list[Any]:
        """The observation of every row."""
        return list(self._prompts)

    def infos(self) -> dict[str, Any]:
        """The infos of the reset."""
        if self._env.level is not None:
            return {}
        ids = [cast("Problem", problem).id for problem in self._problems]
        return reset_infos(ids, self._splits)

    # ------------------------------------------------------------------ judging

    def judge(self, actions: Any) -> Judged | None:
        """One step in every row."""
        statuses = self._apply(actions)
        self._ended = [True] * self._n
        if not self._quick_replies:
            self._prompts = [self._look(row, world) for row, world in enumerate(self._worlds)]
        obs = objects(self._prompts)
        infos: dict[str, Any] = {}
        put(infos, "action_status", objects(statuses))
        if self._env.level is not None:
            return Judged(obs, np.zeros(self._n), infos)
        rewards = add_verdicts(infos, self._verdicts(actions))
        return Judged(obs, rewards, infos)

    def _apply(self, actions: Sequence[Any]) -> list[str]:
        statuses = ["ok"] * self._n
        if self._quick_replies:
            for row, (world, action) in enumerate(zip(self._worlds, actions, strict=True)):
                if type(action) is str:
                    world.reply = action
                elif issubclass(type(action), str):
                    world.reply = str.__str__(action)
                else:
                    statuses[row] = "illegal"
            return statuses
        env = self._env
        for row, (world, action) in enumerate(zip(self._worlds, actions, strict=True)):
            env.world, env.over = world, False
            legal, value = env.admit(action)
            if legal:
                statuses[row] = env.apply(value)
            else:
                statuses[row] = "illegal"
                env.idle()
            if not env.over:
                raise RuntimeError(
                    f"{env.name}: apply() and idle() of a one-turn task have to set `over`."
                )
        return statuses

    def _verdicts(self, actions: Sequence[Any]) -> list[Verdict]:
        env, verdicts = self._env, cast("list[Verdict]", [])
        verify: Callable[[Any, Any], Verdict] = cast("Any", env.verifier).verify
        plain, errors = self._quick_replies, ERRORS
        for row, (world, problem) in enumerate(zip(self._worlds, self._problems, strict=True)):
            if plain:
                outcome = judged_reply(world) if world.shots else world.reply
            else:
                env.world, env.problem = world, problem
                outcome = env.outcome()
            try:
                verdict = verify(outcome, problem)
            except Exception:
                verdict = None
            if verdict is None or verdict.status in errors:
                verdict = self._ask_again(row)
            verdicts.append(verdict)
        return verdicts

    def _ask_again(self, row: int) -> Verdict:
        """What could not be decided is asked by the environment, which does as `on_error` says."""
        self.load(row)
        return self._env.judge_now()

    # ------------------------------------------------------------------ one row alone

    def load(self, row: int) -> None:
        """Put a row's episode into the environment."""
        if self._worlds[row] is None:
            put_state(self._env, (), NEW_EPISODE)
            return
        ended = self._ended[row]
        place = (self._splits[row], self._indexes[row])
        put_state(
            self._env,
            (*place, self._attempts[row], self._entropies[row]),
            (*place, self._worlds[row], self._problems[row], ended, int(ended), None,
             "ended" if ended else "running"),
        )  # fmt: skip

    def save(self, row: int) -> None:
        """Take it out again."""
        env = self._env
        self._splits[row], self._indexes[row] = env.split, env.index
        self._attempts[row], self._entropies[row] = env.rng.attempt, env.rng.entropy
        self._worlds[row], self._problems[row], self._ended[row] = env.world, env.problem, env.over
        self._prompts[row] = env.observe()


def _repeat(items: list[Any], times: int) -> list[Any]:
    return items if times == 1 else [item for item in items for _ in range(times)]


def keeps(env: AnswerEnv, base: type, *hooks: str) -> bool:
    """Whether the environment's class has these hooks as `base` wrote them."""
    return all(getattr(type(env), name) is getattr(base, name) for name in hooks)
