"""Countdown: reach a target with all of the given numbers, each used once (one-turn text)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import inf, prod
from typing import Any, NamedTuple

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.answer_vector import answer_vector
from assay.core.drawn import QuestionForm
from assay.core.errors import bad_value
from assay.core.problems import Question
from assay.core.streams import CounterStream, mix64
from assay.core.types import Verifier
from assay.verifiers import CountdownVerifier

OPERATORS = "+-*/"
SHAPES = 40  # expressions tried over the same numbers, before others are drawn
LARGEST = 999  # no product on the way is larger, as long as another operator fits


@dataclass(frozen=True, kw_only=True)
class CountdownConfig(AnswerConfig):
    n_numbers: int = 4  # how many numbers, 2..6
    max_number: int = 20  # the largest of them, 4..100
    operators: str = "+-*/"  # which of + - * / may be used

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.n_numbers <= 6:
            raise bad_value("n_numbers", self.n_numbers, "an integer from 2 to 6")
        if not 4 <= self.max_number <= 100:
            raise bad_value("max_number", self.max_number, "an integer from 4 to 100")
        chosen = set(self.operators)
        if not chosen & set("+-*") or not chosen <= set(OPERATORS):
            raise bad_value("operators", self.operators, "some of '+-*/', not '/' alone")
        if len(chosen) != len(self.operators):
            raise bad_value("operators", self.operators, "each sign at most once")


class CountdownEnv(AnswerEnv):
    """Reach a target with all of the given numbers, each used exactly once.

    Description:
        A few whole numbers and a target are shown; wanted is an expression over all of the numbers
        with that value. The target is the value of a random expression, which is then forgotten, so
        every instance can be solved, often in several ways.

    Observations:
        Text: numbers, target, the signs that may be used and how to answer, after `n_shots` worked
        examples.

    Actions:
        Text: one expression of the numbers, `+ - * /` and parentheses.

    Verdict:
        Passed when the expression has exactly the target's value, worked out with fractions, and
        uses every number exactly once (`CountdownVerifier`). An equation is no expression.

    Episode end:
        After one reply.

    Options:
        `n_numbers`: how many; the search grows more than tenfold with each. `max_number`: each is
        drawn from 1 to this. `operators`: which signs may be used.

    Seeding:
        Numbers and expression are drawn from `init`; an expression that is not fit, or whose target
        belongs to another split, gives way to another over the same numbers. The same numbers in
        another order with the same target belong to the same split. With two numbers the instances
        are enumerated. From three numbers on, the plain sum and the plain product are no targets,
        unless the options allow nothing else.

    Example:
        >>> env = CountdownEnv(n_numbers=3)
        >>> observation, info = env.reset(seed=0)
        >>> numbers, target, operators = env.world.question.data
        >>> env.step(search(numbers, target, operators))[1]
        1.0

    Versions:
        0: first.
    """

    Config = CountdownConfig
    instruction = (
        "Use each number exactly once. Answer with one expression only, without an equals sign."
    )
    prompt_chars = 300

    def make_verifier(self) -> Verifier:
        return CountdownVerifier(operators=self.config.operators)

    @staticmethod
    def question(rng: CounterStream, config: CountdownConfig) -> Question | None:
        return QUESTION.question(rng, config)

    @staticmethod
    def answer(question: Question) -> None:
        return None

    @staticmethod
    def params(question: Question) -> dict[str, Any]:
        numbers, target, _ = question.data
        return {"numbers": list(numbers), "target": target}

    @staticmethod
    def reply(question: Question, reference: Any) -> str:
        return search(*question.data)


class Plan(NamedTuple):
    """What follows from the count of numbers and the signs.

    Attributes:
        steps: neighbours are joined until one value is left; for each join all its choices: a
            place, and the signs in the order of their trial.
        size: in how many ways all joins together can be chosen.
        limit: no product is larger.
        pattern: of the question's text.
    """

    steps: tuple[tuple[tuple[int, str], ...], ...]
    size: int
    limit: float
    pattern: str


@lru_cache(maxsize=64)
def plan_of(n: int, operators: str) -> Plan:
    """The plan for `n` numbers."""
    orders = [operators[k:] + operators[:k] for k in range(len(operators))]
    steps = tuple(tuple(itertools.product(range(places), orders)) for places in range(n - 1, 0, -1))
    shown = ", ".join(["%d"] * n)
    return Plan(
        steps,
        size=prod(map(len, steps)),
        limit=inf if operators == "*" else LARGEST,
        pattern=f"Make %d from the numbers {shown} with the signs {' '.join(operators)}.",
    )


def draw(rng: Any, config: CountdownConfig) -> list[Any]:
    """The numbers, and the first shape of an expression over them."""
    n, top = config.n_numbers, config.max_number
    drawn: list[Any] = []
    number = rng.integers(0, top**n)  # one draw for all of them
    for _ in range(n):
        drawn.append(number % top + 1)
        number //= top
    drawn.append(rng.integers(0, plan_of(n, config.operators).size))
    return drawn


def ask(
    drawn: Sequence[int], config: CountdownConfig, owns: Callable[[int], bool]
) -> Question | None:
    """The question with the value of the first shape that is fit."""
    *numbers, first = drawn
    n, operators = config.n_numbers, config.operators
    plan = plan_of(n, operators)
    total, product = sum(numbers), prod(numbers)
    unfit = (0, total, product) if n > 2 and len(operators) > 1 else (0,)
    for shape in range(first, first + SHAPES):
        target, kinds = combined(numbers.copy(), shape, plan)
        key = mix64((product * 1_024 + total) * 1_024 + target)  # the same in every order
        if target not in unfit and owns(key):
            data = (tuple(numbers), target, operators)
            return Question(plan.pattern % (target, *numbers), data, float(2 * n + kinds), key)
    return None


QUESTION = QuestionForm(draw, ask)
CountdownVectorEnv = answer_vector(CountdownEnv, text=QUESTION)


def combined(values: list[int], shape: int, plan: Plan) -> tuple[int, int]:
    """The value of the expression that `shape` spells, and how many kinds of signs it has.

    Since the values were drawn alike, joining neighbours reaches every shape. A sign that does not
    fit gives way to the next. Value 0: none fits. `values` are used up.
    """
    used: set[str] = set()
    for choices in plan.steps:
        at, signs = choices[shape % len(choices)]
        shape //= len(choices)
        two, one = values.pop(at), values[at]
        if one < two:
            one, two = two, one
        for sign in signs:
            if sign == "+":
                value = one + two
            elif sign == "-":
                value = one - two
            elif sign == "*":
                value = one * two if one * two <= plan.limit else 0
            else:
                value = 0 if one % two else one // two
            if value:
                break
        else:
            return 0, 0
        values[at] = value
        used.add(sign)
    return values[0], len(used)


@lru_cache(maxsize=4_096)
def search(numbers: tuple[int, ...], target: int, operators: str = OPERATORS) -> str:
    """An expression over all numbers with the value `target`, or "" where there is none.

    Only positive whole numbers are met on the way, which is enough for instances made here.
    """
    found = _search(tuple(sorted((n, str(n)) for n in numbers)), target, operators, set())
    return found[1:-1] if found.startswith("(") else found


def _search(
    parts: tuple[tuple[int, str], ...], target: int, operators: str, seen: set[tuple[int, ...]]
) -> str:
    """Depth first over pairs to join; each multiset of values is met once."""
    if len(parts) == 1:
        return parts[0][1] if parts[0][0] == target else ""
    for j in range(1, len(parts)):
        for i in range(j):
            rest = parts[:i] + parts[i + 1 : j] + parts[j + 1 :]
            for value, text in _joined(parts[j], parts[i], operators):
                if not rest:
                    if value == target:
                        return text
                    continue
                joined = tuple(sorted((*rest, (value, text))))
                values = tuple([part[0] for part in joined])
                if values not in seen:
                    seen.add(values)
                    found = _search(joined, target, operators, seen)
                    if found:
                        return found
    return ""


def _joined(
    large: tuple[int, str], small: tuple[int, str], operators: str
) -> Iterator[tuple[int, str]]:
    (a, left), (b, right) = large, small
    if "*" in operators:
        yield a * b, f"({left} * {right})"
    if "+" in operators:
        yield a + b, f"({left} + {right})"
    if "-" in operators and a != b:
        yield a - b, f"({left} - {right})"
    if "/" in operators and a % b == 0:
        yield a // b, f"({left} / {right})"


def counterfeits(env: CountdownEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current instance that must not pass."""
    numbers, target, operators = env.world.question.data
    right, sign = search(numbers, target, operators), operators[0]
    first, *others = numbers
    folds = {"+": sum(numbers), "*": prod(numbers), "-": first - sum(others)}
    other = next((s for s in operators if folds.get(s, target) != target), "")
    yield "the target itself", [str(target)]
    yield "one number twice", [f"({right}) {sign} {first}"]
    yield "one number left out", [f" {sign} ".join(map(str, others))]
    yield "a foreign number", [f"({right}) {sign} 0"]
    yield "another value", [f" {other} ".join(map(str, numbers)) if other else f"{target + 1}"]
    yield "an equation", [f"{right} = {target}"]
    yield "two expressions", [f"{right} or {right}"]
    yield "in words", [f"{target} can be reached"]
