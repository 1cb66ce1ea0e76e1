"""FirstLetter: name the first letter of a word, or of several words in order (one-turn text)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.errors import bad_value
from assay.core.problems import Question
from assay.core.streams import CounterStream
from assay.core.types import Verifier
from assay.envs.text.words import WORDS
from assay.verifiers import NormalisedText


@dataclass(frozen=True, kw_only=True)
class FirstLetterConfig(AnswerConfig):
    n_words: int = 1  # how many words, 1..20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_words <= 20:
            raise bad_value("n_words", self.n_words, "an integer from 1 to 20")


class FirstLetterEnv(AnswerEnv):
    """Name the first letter of a word, or of several words in order.

    Description:
        Common English words are shown; their first letters are wanted, in order and joined.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples.

    Actions:
        Text: one letter for each word, such as `t`, or `tor` for three words.

    Verdict:
        Passed when the reply is these letters and nothing else, upper or lower case, outer
        punctuation aside (`NormalisedText`).

    Episode end:
        After one reply.

    Options:
        `n_words`: how many words; more are harder.

    Seeding:
        The words are drawn from `init`. One word: the list is enumerated, so the words of `eval`
        and `test` are never asked in `train`. No letter begins more than one word in twenty, so a
        fixed letter does not pass more often than that.

    Example:
        >>> env = FirstLetterEnv()
        >>> observation, info = env.reset(seed=0)
        >>> env.step(env.world.question.data[0][0].upper())[1]
        1.0

    Versions:
        0: first.
    """

    Config = FirstLetterConfig
    instruction = "Answer with letters only."
    prompt_chars = 400

    def make_verifier(self) -> Verifier:
        return NormalisedText(articles=False)  # "a" is an answer here, not an article

    @staticmethod
    def question(rng: CounterStream, config: FirstLetterConfig) -> Question:
        if config.n_words == 1:
            word = rng.choice(WORDS)
            return Question(f"What is the first letter of the word '{word}'?", (word,), 1.0)
        words = tuple([rng.choice(WORDS) for _ in range(config.n_words)])
        text = f"Write the first letters of these words without spaces: {', '.join(words)}."
        return Question(text, words, float(config.n_words))

    @staticmethod
    def answer(question: Question) -> str:
        return "".join([word[0] for word in question.data])


FirstLetterVectorEnv = answer_vector(FirstLetterEnv)


def counterfeits(env: FirstLetterEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current question that must not pass."""
    words = env.world.question.data
    right = env.answer(env.world.question)
    following = "b" if right[-1] == "a" else "a"
    yield "another letter", [right[:-1] + following]
    yield "the words themselves", [" ".join(words)]
    yield "a letter twice", [right + right[-1]]
    yield "the beginning", [right + words[-1][1]]
    yield "an article and another letter", [f"a {following * len(right)}"]
    yield "two answers", [f"{right} or {following}"]
    yield "inside a sentence", [f"It begins with {right} I think"]
