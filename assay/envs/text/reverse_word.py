"""ReverseWord: write a made-up word backwards (one-turn text)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.drawn import QuestionForm
from assay.core.errors import bad_value
from assay.core.problems import Question, text_key
from assay.core.streams import CounterStream
from assay.core.types import Verifier
from assay.envs.text.words import draw_word, spoken_word
from assay.verifiers import NormalisedText


@dataclass(frozen=True, kw_only=True)
class ReverseWordConfig(AnswerConfig):
    length: int = 5  # letters of the word, 2..40

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.length <= 40:
            raise bad_value("length", self.length, "an integer from 2 to 40")


class ReverseWordEnv(AnswerEnv):
    """Write a made-up word backwards.

    Description:
        A word that can be spoken and means nothing, such as `tanid`, is shown; its letters are
        wanted in reverse order. Words that read the same both ways are never asked.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples.

    Actions:
        Text: the reversed word.

    Verdict:
        Passed when the reply is the reversed word and nothing else, upper or lower case, outer
        punctuation aside (`NormalisedText`).

    Episode end:
        After one reply.

    Options:
        `length`: how many letters; longer words are harder.

    Seeding:
        The letters are drawn from `init`. A word and its mirror image belong to the same split. Up
        to four letters the words are enumerated: with `length=2` there are 85.

    Example:
        >>> env = ReverseWordEnv(length=4)
        >>> observation, info = env.reset(seed=0)
        >>> env.step(env.world.question.data[0][::-1])[1]
        1.0

    Versions:
        0: first.
    """

    Config = ReverseWordConfig
    instruction = "Answer with the reversed word only."
    prompt_chars = 200

    def make_verifier(self) -> Verifier:
        return NormalisedText(articles=False)

    @staticmethod
    def question(rng: CounterStream, config: ReverseWordConfig) -> Question | None:
        return ask(draw(rng, config), config, rng.owns)

    @staticmethod
    def answer(question: Question) -> str:
        return question.data[0][::-1]


def draw(rng: Any, config: ReverseWordConfig) -> list[Any]:
    """The word, as the places of its parts."""
    return draw_word(rng, config.length)


def ask(
    drawn: Sequence[int], config: ReverseWordConfig, owns: Callable[[int], bool]
) -> Question | None:
    """The question about this word."""
    word = spoken_word(drawn, config.length)
    mirrored = word[::-1]
    if word == mirrored:
        return None
    key = text_key(min(word, mirrored))
    return Question.made(f"Write '{word}' backwards.", (word,), float(config.length), key)


ReverseWordVectorEnv = answer_vector(ReverseWordEnv, text=QuestionForm(draw, ask))


def counterfeits(env: ReverseWordEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current question that must not pass."""
    word = env.world.question.data[0]
    right = word[::-1]
    yield "the word itself", [word]
    yield "a letter left out", [right[1:]]
    yield "a letter twice", [right[0] + right]
    yield "another last letter", [right[:-1] + ("b" if right[-1] != "b" else "d")]
    yield "rotated", [right + right[0]]
    yield "both ways", [f"{word} {right}"]
    yield "inside a sentence", [f"Backwards it reads {right}, of course"]
    yield "the other way if wrong", [f"{right} or {word}"]
