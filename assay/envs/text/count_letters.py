"""CountLetters: count how often a letter occurs in a word or in several words (one-turn text)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from string import ascii_lowercase

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.errors import bad_value
from assay.core.problems import Question
from assay.core.streams import CounterStream
from assay.core.types import Verifier
from assay.envs.text.words import REPEATING
from assay.verifiers import NumberVerifier


@dataclass(frozen=True, kw_only=True)
class CountLettersConfig(AnswerConfig):
    n_words: int = 1  # how many words are searched, 1..20

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.n_words <= 20:
            raise bad_value("n_words", self.n_words, "an integer from 1 to 20")


class CountLettersEnv(AnswerEnv):
    """Count how often a letter occurs in a word or in several words.

    Description:
        English words are shown, each with some letter more than once. The letter that is asked for
        may be missing, stand there once, or several times: the count is drawn first, then the
        letter, so that "1" is no safe guess.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples.

    Actions:
        Text: the count.

    Verdict:
        Passed when the reply holds exactly one number and it is the count (`NumberVerifier`).

    Episode end:
        After one reply.

    Options:
        `n_words`: how many words are searched; more are harder.

    Seeding:
        Words and letter are drawn from `init`. For one word all questions are enumerated.

    Example:
        >>> env = CountLettersEnv()
        >>> observation, info = env.reset(seed=0)
        >>> letter, words = env.world.question.data
        >>> env.step(str(words.count(letter)))[1]
        1.0

    Versions:
        0: first.
    """

    Config = CountLettersConfig
    instruction = "Answer with the number only."
    prompt_chars = 400

    def make_verifier(self) -> Verifier:
        return NumberVerifier()

    @staticmethod
    def question(rng: CounterStream, config: CountLettersConfig) -> Question:
        drawn = [rng.integers(0, len(REPEATING)) for _ in range(config.n_words)]
        words = " ".join([REPEATING[i] for i in drawn])
        by_count: dict[int, list[str]] = {}
        for letter in ascii_lowercase:
            by_count.setdefault(words.count(letter), []).append(letter)
        letters = by_count[rng.choice(sorted(by_count))]
        # The words say which of these letters, so that enumerated questions, which count once each,
        # hold every count of a word as often as draws do.
        letter = letters[sum(drawn) % len(letters)]
        where = "the word" if config.n_words == 1 else "these words:"
        text = f"How many times does the letter '{letter}' occur in {where} '{words}'?"
        return Question(text, (letter, words), float(len(words)))

    @staticmethod
    def answer(question: Question) -> int:
        letter, words = question.data
        return words.count(letter)


CountLettersVectorEnv = answer_vector(CountLettersEnv)


def counterfeits(env: CountLettersEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current question that must not pass."""
    letter, words = env.world.question.data
    right = words.count(letter)
    yield "one too many", [str(right + 1)]
    yield "one too few", [str(right - 1)]
    yield "all letters", [str(len(words.replace(" ", "")))]
    yield "ten times as many", [str(10 * right + 10)]
    yield "a half more", [f"{right}.5"]
    yield "the letters themselves", [letter * right or "none"]
    yield "two answers", [f"{right} or {right + 1}"]
