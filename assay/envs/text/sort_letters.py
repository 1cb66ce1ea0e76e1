"""SortLetters: put the letters of a word in alphabetical order (one-turn text)."""

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
from assay.verifiers import NormalisedText


@dataclass(frozen=True, kw_only=True)
class SortLettersConfig(AnswerConfig):
    length: int = 5  # letters to sort, 2..40

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.length <= 40:
            raise bad_value("length", self.length, "an integer from 2 to 40")


class SortLettersEnv(AnswerEnv):
    """Put the letters of a word in alphabetical order.

    Description:
        Random letters, such as `qbeab`, are shown; the same letters are wanted from a to z, each as
        often as it was there. Letters that are in order already are never asked.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples.

    Actions:
        Text: the sorted letters, without spaces between them.

    Verdict:
        Passed when the reply is the sorted letters and nothing else, upper or lower case, outer
        punctuation aside (`NormalisedText`).

    Episode end:
        After one reply.

    Options:
        `length`: how many letters; more are harder.

    Seeding:
        The letters are drawn from `init`. All orders of the same letters belong to the same split.
        Two letters are enumerated: there are 325 pairs.

    Example:
        >>> env = SortLettersEnv(length=4)
        >>> observation, info = env.reset(seed=0)
        >>> env.step("".join(sorted(env.world.question.data[0])))[1]
        1.0

    Versions:
        0: first.
    """

    Config = SortLettersConfig
    instruction = "Answer with the sorted letters only."
    prompt_chars = 200

    def make_verifier(self) -> Verifier:
        return NormalisedText(articles=False)

    @staticmethod
    def question(rng: CounterStream, config: SortLettersConfig) -> Question | None:
        return ask(draw(rng, config), config, rng.owns)

    @staticmethod
    def answer(question: Question) -> str:
        return "".join(sorted(question.data[0]))


def draw(rng: Any, config: SortLettersConfig) -> list[Any]:
    """The letters, as their codes in ASCII."""
    return rng.several(ord("a"), ord("z") + 1, config.length)


def ask(
    drawn: Sequence[int], config: SortLettersConfig, owns: Callable[[int], bool]
) -> Question | None:
    """The question about these letters."""
    letters, ordered = bytes(drawn).decode(), bytes(sorted(drawn)).decode()
    if letters == ordered:
        return None
    text = f"Sort the letters of '{letters}' from a to z."
    return Question.made(text, (letters,), float(config.length), text_key(ordered))


SortLettersVectorEnv = answer_vector(SortLettersEnv, text=QuestionForm(draw, ask))


def counterfeits(env: SortLettersEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current question that must not pass."""
    letters = env.world.question.data[0]
    right = "".join(sorted(letters))
    yield "the letters as they were", [letters]
    yield "from z to a", [right[::-1]]
    yield "a letter left out", [right[1:]]
    yield "a letter twice", [right[0] + right]
    yield "two letters swapped", [right[-1] + right[1:-1] + right[0]]
    yield "another last letter", [right[:-1] + ("z" if right[-1] != "z" else "y")]
    yield "both orders", [f"{letters} {right}"]
    yield "inside a sentence", [f"Sorted it reads {right}, of course"]
