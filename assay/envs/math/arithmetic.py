"""Arithmetic: work out a sum, difference or product of whole numbers (one-turn text)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Any, NamedTuple

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.drawn import QuestionForm
from assay.core.errors import bad_value
from assay.core.problems import Question, text_key
from assay.core.streams import CounterStream
from assay.core.types import Verifier
from assay.verifiers import NumberVerifier

OPERATORS = "+-*"


@dataclass(frozen=True, kw_only=True)
class ArithmeticConfig(AnswerConfig):
    digits: int = 2  # digits of each number, 1..9
    terms: int = 2  # how many numbers, 2..8
    operators: str = "+"  # what may stand between them: some of + - *

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 1 <= self.digits <= 9:
            raise bad_value("digits", self.digits, "an integer from 1 to 9")
        if not 2 <= self.terms <= 8:
            raise bad_value("terms", self.terms, "an integer from 2 to 8")
        chosen = set(self.operators)
        if not chosen or not chosen <= set(OPERATORS) or len(chosen) != len(self.operators):
            raise bad_value("operators", self.operators, "some of '+-*', each at most once")


class ArithmeticEnv(AnswerEnv):
    """Work out a sum, difference or product of whole numbers.

    Description:
        An expression such as `17 + 45` is shown; its value is wanted. Products are worked out
        before sums, as usual.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked examples.

    Actions:
        Text: the value.

    Verdict:
        Passed when the reply holds exactly one number and it is the value (`NumberVerifier`). The
        expression given back is no value.

    Episode end:
        After one reply.

    Options:
        `digits`: every number has so many digits (one digit: 0 to 9). `terms`: how many numbers.
        `operators`: each sign is drawn from these. Larger values are harder.

    Seeding:
        Numbers and signs are drawn from `init`. Sums and products of the same numbers in another
        order belong to the same split. Fewer than 10,000 expressions are enumerated: with
        `digits=1` there are 100.

    Example:
        >>> env = ArithmeticEnv()
        >>> observation, info = env.reset(options={"split": "train", "index": 0})
        >>> env.step(str(env.problem.reference))[1]
        1.0

    Versions:
        0: first.
    """

    Config = ArithmeticConfig
    instruction = "Answer with the number only."
    prompt_chars = 200

    def make_verifier(self) -> Verifier:
        return NumberVerifier()

    @staticmethod
    def question(rng: CounterStream, config: ArithmeticConfig) -> Question | None:
        return ask(draw(rng, config), config, rng.owns)

    @staticmethod
    def answer(question: Question) -> int:
        numbers, signs = question.data
        return value(numbers, signs)


class Signs(NamedTuple):
    """What may stand between the numbers.

    Attributes:
        signs: one after each number but the last.
        pattern: of the question.
        difficulty: of the question.
        order_free: `+` or `*` where all signs are this one, so that the order does not matter.
    """

    signs: str
    pattern: str
    difficulty: float
    order_free: str


@lru_cache(maxsize=64)
def sign_rows(digits: int, terms: int, operators: str) -> tuple[Signs, ...]:
    """Every row of signs that the options allow, so that one draw picks all of it."""
    rows: list[Signs] = []
    for signs in map("".join, product(operators, repeat=terms - 1)):
        pattern = f"What is %d{''.join(f' {sign} %d' for sign in signs)}?"
        difficulty = float(digits * (len(signs) + signs.count("*")))
        alike = signs[0] != "-" and len(set(signs)) == 1
        rows.append(Signs(signs, pattern, difficulty, signs[0] if alike else ""))
    return tuple(rows)


def draw(rng: Any, config: ArithmeticConfig) -> list[Any]:
    """The numbers, and the place of a row of signs."""
    low, high = (0, 10) if config.digits == 1 else (10 ** (config.digits - 1), 10**config.digits)
    numbers = rng.several(low, high, config.terms)
    return [*numbers, rng.integers(0, len(config.operators) ** (config.terms - 1))]


def ask(drawn: Sequence[int], config: ArithmeticConfig, owns: Callable[[int], bool]) -> Question:
    """The question about the numbers with the signs between them."""
    *numbers, place = drawn
    row = sign_rows(config.digits, config.terms, config.operators)[place]
    key = text_key(f"{row.order_free}{sorted(numbers)}") if row.order_free else 0
    shown = tuple(numbers)
    return Question.made(row.pattern % shown, (shown, row.signs), row.difficulty, key)


ArithmeticVectorEnv = answer_vector(ArithmeticEnv, text=QuestionForm(draw, ask))


def value(numbers: tuple[int, ...], signs: str) -> int:
    """The value of the expression, products before sums."""
    rest = iter(numbers)
    total, term = 0, next(rest)
    for sign, number in zip(signs, rest, strict=True):
        if sign == "*":
            term *= number
        else:
            total += term
            term = number if sign == "+" else -number
    return total + term


def counterfeits(env: ArithmeticEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current question that must not pass."""
    numbers, signs = env.world.question.data
    right = value(numbers, signs)
    changed = value((*numbers[:-1], numbers[-1] + 2), signs)
    yield "one too many", [str(right + 1)]
    yield "one too few", [str(right - 1)]
    yield "a power of ten away", [str(right + 10 ** len(str(abs(right))))]
    yield "the wrong sign", [str(-right or 10)]
    yield "another last number", [str(changed if changed != right else right + 2)]
    yield "a decimal close by", [f"{right}.5"]
    yield "the expression given back", [env.world.question.text[8:-1]]
    yield "two answers", [f"{right} or {right + 1}"]
