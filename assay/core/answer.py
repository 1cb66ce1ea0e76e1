"""`AnswerEnv`: one-turn tasks from two pure functions and a verifier.

The world is the question. `question(rng, config)` makes it, `answer(question)` solves it (never
called in reward-free mode); prompts, worked examples, splits, finite sources and native vectors
follow from these two.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any, ClassVar

from gymnasium.spaces import Space

from assay.core.config import TaskConfig, option_types
from assay.core.env import Solution, TaskEnv
from assay.core.errors import bad_value
from assay.core.problems import (
    FiniteSource,
    Question,
    divide,
    enumerate_questions,
    question_key,
    split_of,
)
from assay.core.spaces import Unicode
from assay.core.streams import CounterStream, Streams
from assay.core.types import ActionStatus, Problem

MAX_SHOTS = 8
_NOT_CONTENT = ("render_mode", "reward_free", "max_steps", "split", "on_error", "n_shots")
_SHOT_DRAWS = 2_000
_ANSWER_LABEL = "A:"


@dataclass(frozen=True, kw_only=True)
class AnswerConfig(TaskConfig):
    """Options that every one-turn text task has."""

    max_steps: int = 1  # one answer, one step
    n_shots: int = 0  # solved examples from the train split before the question, 0..8
    max_chars: int = 4_096  # longest answer the action space holds, >= 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.n_shots <= MAX_SHOTS:
            raise bad_value("n_shots", self.n_shots, f"an integer from 0 to {MAX_SHOTS}")
        if self.max_chars < 1:
            raise bad_value("max_chars", self.max_chars, "an integer of at least 1")


@dataclass(slots=True)
class Asked:
    """The world of a one-turn task: the question, the examples before it, and the reply."""

    question: Question
    shots: tuple[Question, ...] = ()
    reply: str | None = None


class AnswerEnv(TaskEnv[str, str]):
    """Base of one-turn tasks: a subclass writes `question`, `answer` and `make_verifier`.

    Both are static and pure. `question` may return None for a draw that is not fit, and then is
    called again. Whatever is sent ends the episode, and is judged; what is not text is `illegal`
    and judged as such.

    Attributes:
        instruction: how to answer, said once after the question or before the examples.
        prompt_chars: an upper bound on the length of one question with its answer.
    """

    Config: ClassVar[type[TaskConfig]] = AnswerConfig
    instruction: ClassVar[str] = ""
    prompt_chars: ClassVar[int] = 600

    @staticmethod
    def question(rng: CounterStream, config: Any) -> Question | None:
        """A question from `rng` and the options, or None to draw again.

        It is drawn again anyway where its key belongs to another split; `rng.owns(key)` tells so
        before the text is made.
        """
        raise NotImplementedError

    @staticmethod
    def answer(question: Question) -> Any:
        """The reference for a question; None where the verifier recomputes from `question.data`."""
        raise NotImplementedError

    @staticmethod
    def reply(question: Question, reference: Any) -> str:
        """A right reply as a policy would write it, for gold and for worked examples."""
        return str(reference)

    @staticmethod
    def params(question: Question) -> dict[str, Any]:
        """What the verifier may know beside the reference."""
        return {}

    def reference(self, question: Question) -> Any:
        """The reference of the question being asked."""
        return self.answer(question)

    @property
    def plain_class(self) -> type[AnswerEnv]:
        """The class whose hooks do no more than `AnswerEnv`'s with the options of this environment.

        Native vectors do inline what such hooks do. A class that overrides hooks for some options
        only gives itself for the others.
        """
        return AnswerEnv

    # ------------------------------------------------------------------ the source

    @cached_property
    def source(self) -> FiniteSource[Question] | None:
        """All questions of these options by split, or None where there are 10,000 or more."""
        return finite_source(type(self), content_of(self.config))

    def n_problems(self, split: str) -> int | None:
        """How many questions a split holds; None where there is no end."""
        return None if self.source is None else self.source.size(split)

    def draw_world(self, rng: Streams) -> Asked | None:
        """The question at (split, index), with its examples."""
        source = self.source
        if source is not None:
            question = source.get(self.split, self.index)
        else:
            stream = rng.counter("init")
            stream.wanted = None if self.card.shared_instances else self.split
            question = self.question(stream, self.config)
            if question is None:
                return None
        if not self.config.n_shots:
            return Asked(question)
        return Asked(question, self.draw_shots(question, source))

    def draw_shots(
        self, question: Question, source: FiniteSource[Question] | None
    ) -> tuple[Question, ...]:
        """Examples of the train split, all different, never the question itself."""
        rng = CounterStream("shots", self.split, self.index)
        rng.wanted = "train"
        taken = {question_key(question)}
        shots: list[Question] = []
        wanted = self.config.n_shots
        if source is not None:
            wanted = min(wanted, source.size("train") - (self.split == "train"))
        for _ in range(_SHOT_DRAWS):
            if len(shots) >= wanted:
                break
            if source is not None:
                shot = source.get("train", rng.integers(0, source.size("train")))
            else:
                shot = self.question(rng, self.config)
            if shot is None or question_key(shot) in taken:
                continue
            if source is None and split_of(question_key(shot)) != "train":
                continue
            taken.add(question_key(shot))
            shots.append(shot)
        return tuple(shots)

    def admits(self) -> bool:
        """False where the draw was not fit."""
        return self.world is not None

    def world_key(self) -> int | None:
        """The question's key; None for a finite source, which is divided already."""
        if self.source is not None or self.world is None:
            return None
        return question_key(self.world.question)

    # ------------------------------------------------------------------ the episode

    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        """Text in, text out."""
        longest = self.prompt_chars * (1 + self.config.n_shots) + len(self.instruction) + 50
        return Unicode(longest), Unicode(self.config.max_chars)

    def draw_task(self, rng: Streams) -> Problem:
        """The question with its reference; the prompt shows the worked examples."""
        question = self.world.question
        return problem_of(
            question,
            self.prompt(),
            self.reference(question),
            self.params(question),
            f"{self.split}/{self.index}",
        )

    def observe(self) -> str:
        """The prompt; without a task, the same without worked examples."""
        problem = self.problem
        return problem.prompt if problem is not None else self.plain_prompt(self.world.question)

    def picture(self, mode: str) -> str:
        """The question as text, in whatever form it is observed."""
        problem = self.problem
        return problem.prompt if problem is not None else self.plain_prompt(self.world.question)

    def plain_prompt(self, question: Question) -> str:
        """Question and instruction."""
        return f"{question.text}\n{self.instruction}" if self.instruction else question.text

    def prompt(self) -> str:
        """The question after its worked examples, if there are any."""
        question, shots = self.world.question, self.world.shots
        if not shots:
            return self.plain_prompt(question)
        parts = [self.instruction] if self.instruction else []
        for shot in shots:
            solved = self.reply(shot, self.shot_reference(shot))
            parts.append(f"Q: {shot.text}\n{_ANSWER_LABEL} {solved}")
        parts.append(f"Q: {question.text}\n{_ANSWER_LABEL}")
        return "\n\n".join(parts)

    def shot_reference(self, question: Question) -> Any:
        """The reference of a worked example."""
        return self.answer(question)

    def admit(self, action: Any) -> tuple[bool, Any]:
        """Any text is an answer; a text of any length is judged."""
        return issubclass(type(action), str), action  # __class__ can lie, type() cannot

    def apply(self, action: str) -> ActionStatus:
        """Take the answer; the episode is over."""
        self.world.reply = action if type(action) is str else str.__str__(action)
        self.over = True
        return "ok"

    def idle(self) -> None:
        """Something that is no text was sent: the one try is used up."""
        self.over = True

    def outcome(self) -> str | None:
        """The reply, or None when no text was sent."""
        return judged_reply(self.world)


def problem_of(
    question: Question, prompt: str, reference: Any, params: dict[str, Any], name: str
) -> Problem:
    """The `Problem` of a question, in a fraction of a frozen class's time (`Verdict.decided`)."""
    twin: Any = _OpenProblem()
    twin.prompt, twin.reference, twin.params = prompt, reference, params
    twin.difficulty, twin.id = question.difficulty, name
    twin.__class__ = Problem
    return twin


class _OpenProblem:
    """A `Problem` while it is being made, whose fields can be written."""


def judged_reply(world: Asked) -> str | None:
    """What is judged: the reply, without the `A:` that worked examples teach a model to repeat."""
    reply = world.reply
    if world.shots and reply is not None:
        return reply.lstrip().removeprefix(_ANSWER_LABEL)
    return reply


def content_of(config: TaskConfig) -> TaskConfig:
    """The options with those that do not change the questions set back to their defaults."""
    kind = type(config)
    values = {name: getattr(config, name) for name in option_types(kind)}
    return kind(**{name: v for name, v in values.items() if name not in _NOT_CONTENT})


@lru_cache(maxsize=128)
def finite_source(kind: type[AnswerEnv], config: TaskConfig) -> FiniteSource[Question] | None:
    """The enumerated questions of a class and its options, made once a process."""
    items = enumerate_questions(lambda rng: kind.question(rng, config))
    return None if items is None else divide(items, question_key)


def solution(env: AnswerEnv) -> Solution:
    """Gold of any one-turn task: the reply made from the reference."""
    question = env.world.question
    yield env.reply(question, env.reference(question))
