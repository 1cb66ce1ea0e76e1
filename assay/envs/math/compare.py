"""Compare: say which of two numbers is larger (one-turn; text, or arrays and a choice of two)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from gymnasium.spaces import Box, Discrete, Space

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.drawn import QuestionForm
from assay.core.errors import OptionError, bad_value
from assay.core.legality import judge_action
from assay.core.problems import Question
from assay.core.streams import CounterArray, CounterStream, mix64, mix64_array
from assay.core.types import Problem, Verdict, Verifier
from assay.envs.math.comparison import ASKED, LargerVerifier
from assay.verifiers import BaseVerifier


@dataclass(frozen=True, kw_only=True)
class CompareConfig(AnswerConfig):
    digits: int = 3  # digits of each number, 1..15
    answers: Literal["text", "discrete"] = "text"  # a written number, or 0 for the first, 1 second

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.digits <= 15:
            raise bad_value("digits", self.digits, "an integer from 1 to 15")
        if self.answers == "discrete" and self.n_shots:
            raise OptionError(
                "n_shots needs answers='text': a pair of numbers has no room for worked examples."
            )


class CompareEnv(AnswerEnv):
    """Say which of two numbers is larger.

    Description:
        Two different numbers with the same count of digits are shown; the larger one is wanted.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples. With
        `answers="discrete"`: the two numbers, int64 of shape (2,).

    Actions:
        Text: the larger number. With `answers="discrete"`: 0 for the first, 1 for the second.

    Verdict:
        Passed when the reply is the larger number, or says that it is: "789 > 557", "557 is smaller
        than 789". A comparison counts by what it claims, whichever number comes last; other replies
        with several numbers are ambiguous (`LargerVerifier`). With `answers="discrete"`: passed
        when the choice points at the larger one. Guessing passes half of the episodes.

    Episode end:
        After one reply.

    Options:
        `digits`: every number has so many (one digit: 0 to 9); more are harder to read off.
        `answers`: as said above; `discrete` takes no `n_shots`.

    Seeding:
        Both numbers are drawn from `init`. A pair and its mirror image belong to the same split.
        Up to two digits the pairs are enumerated: with `digits=1` there are 90.

    Example:
        >>> env = CompareEnv(answers="discrete")
        >>> pair, info = env.reset(seed=0)
        >>> env.step(int(pair[1] > pair[0]))[1]
        1.0

    Versions:
        0: first.
    """

    Config = CompareConfig
    instruction = "Answer with the number only."
    prompt_chars = 120

    @property
    def plain_class(self) -> type[AnswerEnv]:
        return CompareEnv if self.config.answers == "text" else AnswerEnv

    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        if self.config.answers == "text":
            return super().spaces()
        return Box(0, 10**self.config.digits - 1, (2,), np.int64), Discrete(2)

    def make_verifier(self) -> Verifier:
        return LargerVerifier() if self.config.answers == "text" else PickVerifier()

    @staticmethod
    def question(rng: CounterStream, config: CompareConfig) -> Question | None:
        return ask(draw(rng, config), config, rng.owns)

    @staticmethod
    def answer(question: Question) -> int:
        return max(question.data)

    def reference(self, question: Question) -> int:
        first, second = question.data
        return max(first, second) if self.config.answers == "text" else int(second > first)

    def draw_task(self, rng: Any) -> Problem:
        if self.config.answers == "text":
            return super().draw_task(rng)
        question = self.world.question
        return Problem(prompt=question.text, reference=self.reference(question))

    def observe(self) -> Any:
        if self.config.answers == "text":
            return super().observe()
        return np.array(self.world.question.data, dtype=np.int64)

    def admit(self, action: Any) -> tuple[bool, Any]:
        if self.config.answers == "text":
            return super().admit(action)
        legal, value = judge_action(self.action_space, action)
        return legal, str(value)


def draw_pair(rng: Any, digits: int) -> tuple[Any, Any]:
    """Two different numbers, from a `CounterStream` as ints or a `CounterArray` as int64 arrays.

    The second is one of the values that are left, moved up past the first, so that no draw is
    thrown away.
    """
    low, high = (0, 10) if digits == 1 else (10 ** (digits - 1), 10**digits)
    first = rng.integers(low, high)
    second = rng.integers(low, high - 1)
    return first, second + (second >= first)


def draw(rng: Any, config: CompareConfig) -> tuple[Any, Any]:
    """The two numbers."""
    return draw_pair(rng, config.digits)


def pair_key(small: int, large: int) -> int:
    """The key by which a pair is given to a split, whichever number comes first; never 0."""
    return mix64(mix64(small + 1) ^ large) | 1 << 63


def ask(drawn: Sequence[int], config: CompareConfig, owns: Callable[[int], bool]) -> Question:
    """The question which of two numbers is larger."""
    first, second = drawn
    small, large = (first, second) if first < second else (second, first)
    text = ASKED.format(first, second)
    return Question.made(text, (first, second), float(config.digits), pair_key(small, large))


def draw_pairs(rng: CounterArray, digits: int) -> tuple[np.ndarray, np.ndarray]:
    """`draw_pair` and `pair_key` for every row: int64 (n, 2) and uint64 (n,)."""
    pairs = np.stack(draw_pair(rng, digits), axis=1)
    small = pairs.min(axis=1).astype(np.uint64)
    large = pairs.max(axis=1).astype(np.uint64)
    keys = mix64_array(mix64_array(small + np.uint64(1)) ^ large) | np.uint64(1 << 63)
    return pairs, keys


_RIGHT = Verdict.accept("pick.right", "The larger number was picked.", verifier="pick@1")
_WRONG = Verdict.reject("pick.wrong", "The smaller number was picked.", verifier="pick@1")
_NONE = Verdict.reject(
    "pick.none", "Neither 0 nor 1 was picked.", status="unparsable", verifier="pick@1"
)


@dataclass(frozen=True)
class PickVerifier(BaseVerifier):
    """Whether the place that was picked is the right one; three shared verdicts.

    `pick_array` judges many picks at once: the same rule as one comparison of two arrays.
    """

    name = "pick"

    def judge(self, outcome: object, task: object) -> Verdict:
        if type(outcome) is not str or outcome not in ("0", "1"):
            return _NONE
        right = task.reference if isinstance(task, Problem) else task
        return _RIGHT if (outcome == "1") == right else _WRONG


def pick_array(picks: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Which picks (int, 0 or 1) point at the larger number of their pair, bool (n,)."""
    return picks == (pairs[:, 1] > pairs[:, 0])


CompareVectorEnv = answer_vector(
    CompareEnv,
    draw=lambda rng, config: draw_pairs(rng, config.digits),
    judge=pick_array,
    text=QuestionForm(draw, ask),
)


def choices(env: CompareEnv) -> list[Any]:
    """The two numbers as replies, or the two places."""
    if env.config.answers == "discrete":
        return [0, 1]
    return [str(number) for number in env.world.question.data]


def solution(env: CompareEnv) -> Generator[Any, Any, None]:
    """Gold: the larger number, or its place."""
    right = env.reference(env.world.question)
    yield right if env.config.answers == "discrete" else str(right)


def counterfeits(env: CompareEnv) -> Iterator[tuple[str, list[Any]]]:
    """Near misses of the current question that must not pass."""
    small, large = sorted(env.world.question.data)
    if env.config.answers == "discrete":
        place = env.reference(env.world.question)
        yield "the smaller number", [1 - place]
        yield "the place before", [place - 1 if place else 2]
        yield "the smaller one as a float", [float(1 - place)]
        yield "the smaller one as an array", [np.int64(1 - place)]
        yield "the number itself", [large + 2]
        yield "both", [[0, 1]]
        return
    yield "the smaller number", [str(small)]
    yield "one too many", [str(large + 1)]
    yield "the larger one negated", [str(-large)]
    yield "their sum", [str(small + large + (small == 0))]
    yield "a digit too many", [f"{large}0"]
    yield "both, the larger first", [f"{large} and {small}"]
    yield "both, the larger last", [f"{small}, {large}"]
    yield "either", [f"{large} or {small}"]
    yield "the smaller is bigger", [f"{small} is bigger than {large}"]
    yield "the larger is smaller", [f"{large} is smaller"]
    yield "the wrong sign", [f"{large} < {small}"]
    yield "in words only", ["the larger one"]
