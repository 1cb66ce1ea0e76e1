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
from assay.core.streams import CounterStream, mix64, picks
from assay.core.types import Verifier
from assay.verifiers import CountdownVerifier

OPERATORS = "+-*/"
SHAPES = 40  # expressions tried over the same numbers, before others are drawn
KEPT = 10_000  # shapes of a kind that are not worked out again
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
        return ask(draw(rng, config), config, rng.owns)

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


class Shapes(dict[int, tuple[tuple[int, str], ...]]):
    """For each number of a shape its joins, each a place and the signs in the order of their trial.

    Neighbours are joined until one value is left. What was worked out once is kept.

    Attributes:
        size: how many there are; larger numbers begin anew.
    """

    def __init__(self, n: int, operators: str) -> None:
        orders = [operators[k:] + operators[:k] for k in range(len(operators))]
        self._steps = [
            tuple(itertools.product(range(places), orders)) for places in range(n - 1, 0, -1)
        ]
        self.size = prod(map(len, self._steps))

    def __missing__(self, shape: int) -> tuple[tuple[int, str], ...]:
        joins: list[tuple[int, str]] = []
        rest = shape
        for choices in self._steps:
            rest, place = divmod(rest, len(choices))
            joins.append(choices[place])
        made = tuple(joins)
        if len(self) < KEPT:
            self[shape] = made
        return made


class Plan(NamedTuple):
    """What follows from the count of numbers and the signs.

    Attributes:
        shapes: of expressions.
        limit: no product is larger.
        pattern: of the question's text.
    """

    shapes: Shapes
    limit: float
    pattern: str


@lru_cache(maxsize=64)
def plan_of(n: int, operators: str) -> Plan:
    """The plan for `n` numbers."""
    shown = ", ".join(["%d"] * n)
    return Plan(
        Shapes(n, operators),
        limit=inf if operators == "*" else LARGEST,
        pattern=f"Make %d from the numbers {shown} with the signs {' '.join(operators)}.",
    )


def draw(rng: Any, config: CountdownConfig) -> list[Any]:
    """The numbers, and the first shape of an expression over them."""
    n, top = config.n_numbers, config.max_number
    drawn = picks(rng.integers(0, top**n), top, n, 1)  # one draw for all of them
    drawn.append(rng.integers(0, plan_of(n, config.operators).shapes.size))
    return drawn


def ask(
    drawn: Sequence[int], config: CountdownConfig, owns: Callable[[int], bool]
) -> Question | None:
    """The question with the value of the first shape that is fit."""
    *values, first = drawn
    numbers, operators = tuple(values), config.operators
    plan = plan_of(len(numbers), operators)
    total, product = sum(numbers), prod(numbers)
    unfit = (0, total, product) if len(numbers) > 2 and len(operators) > 1 else (0,)
    for shape in range(first, first + SHAPES):
        target, kinds = combined([*numbers], shape, plan)
        if target in unfit:
            continue
        key = mix64((product * 1_024 + total) * 1_024 + target)  # the same in every order
        if owns(key):
            text = plan.pattern % (target, *numbers)
            difficulty = float(2 * len(numbers) + kinds)
            return Question.made(text, (numbers, target, operators), difficulty, key)
    return None


CountdownVectorEnv = answer_vector(CountdownEnv, text=QuestionForm(draw, ask))


def combined(values: list[int], shape: int, plan: Plan) -> tuple[int, int]:
    """The value of the expression that `shape` spells, and how many kinds of signs it has.

    Since the values were drawn alike, joining neighbours reaches every shape. A sign that does not
    fit gives way to the next. Value 0: none fits. `values` are used up.
    """
    used: set[str] = set()
    limit = plan.limit
    for at, signs in plan.shapes[shape]:
        two, one = values.pop(at), values[at]
        if one < two:
            one, two = two, one
        for sign in signs:
            if sign == "+":
                value = one + two
                break
            if sign == "-":
                value = one - two
                if value:
                    break
            elif sign == "*":
                value = one * two
                if value <= limit:
                    break
            elif not one % two:
                value = one // two
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
