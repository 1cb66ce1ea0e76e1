"""Where problems come from: a problem for every (split, index), in splits that cannot overlap.

A *key* is a 64-bit number made from a world alone. Its residue modulo 10 says which split the world
belongs to: 0-7 train, 8 eval, 9 test. An endless source draws until the key fits; a finite one is
enumerated once and divided. Neither ever looks at a task or a reference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, Generic, TypeVar, cast

import numpy as np

from assay.core.encoding import derive_seed, encode
from assay.core.errors import NoSuchProblem, UnknownName, bad_value, nearest
from assay.core.types import SPLITS, Split

T = TypeVar("T")

FINITE_BELOW = 10_000  # generated sources with fewer distinct worlds are enumerated (contract §3)
_LEAF_BUDGET = 60_000  # draws tried before a source is taken for endless
_OWNER: tuple[Split, ...] = ("train",) * 8 + ("eval", "test")


@dataclass(frozen=True, slots=True)
class Question:
    """The world of a one-turn task: what is asked, and nothing of the answer.

    Attributes:
        text: the question in words, without instructions on format.
        data: the plain values it was made from; what `answer` and a verifier compute with.
        difficulty: grows with difficulty.
        key: 64-bit key for the splits, 0 for the default (a digest of `text`). Questions that are
            the same problem in another order share one, so that no split holds a mirror image.
    """

    text: str
    data: tuple[Any, ...] = ()
    difficulty: float = 0.0
    key: int = 0

    @staticmethod
    def made(text: str, data: tuple[Any, ...], difficulty: float, key: int) -> Question:
        """A question, in a third of the constructor's time (as `Verdict.decided`)."""
        twin: Any = _OpenQuestion()
        twin.text, twin.data = text, data
        twin.difficulty, twin.key = difficulty, key
        twin.__class__ = Question
        return twin


class _OpenQuestion:
    """A `Question` while it is being made: the same slots, nothing frozen."""

    __slots__ = Question.__slots__


def text_key(text: str) -> int:
    """64-bit key of a text."""
    raw = text.encode() if text.isascii() else text.encode("utf-8", "surrogatepass")
    return int.from_bytes(blake2b(raw, digest_size=8).digest(), "little")


def value_key(value: object) -> int:
    """64-bit key of any plain value."""
    return int.from_bytes(blake2b(encode(value), digest_size=8).digest(), "little")


def split_of(key: int) -> Split:
    """The split that owns a key."""
    return _OWNER[key % 10]


def residues_of(split: str | None) -> frozenset[int]:
    """The residues modulo 10 of the keys that a split owns; None: of all keys."""
    return frozenset(n for n, owner in enumerate(_OWNER) if split in (owner, None))


def check_split(split: object, splits: Sequence[str] = SPLITS) -> Split:
    """`split` itself, or an error that names the splits there are."""
    if split not in splits:
        hint = nearest(str(split), splits)
        raise UnknownName(f"No split {split!r} here: expected one of {', '.join(splits)}.{hint}")
    return split  # pyright: ignore[reportReturnType]


def is_whole(value: object) -> bool:
    """Whether a value is an integer of at least 0 (Python's or NumPy's, but no bool)."""
    if type(value) is int:
        return value >= 0
    return isinstance(value, np.integer) and int(cast("np.integer[Any]", value)) >= 0


def check_index(index: Any, split: str, size: int | None) -> int:
    """`index` as an int within its split, or an error that says the size."""
    if not is_whole(index):
        raise bad_value("index", index, "an integer of at least 0")
    if size is not None and index >= size:
        raise NoSuchProblem(
            f"index={index} is beyond the split '{split}', which holds {size} problems: "
            f"use 0 to {size - 1}."
        )
    return int(index)


def visiting_order(size: int, *seed_parts: object) -> np.ndarray:
    """A seeded permutation of `range(size)`, int64: the order of visiting a finite split."""
    rng = np.random.Generator(np.random.Philox(key=derive_seed("order", *seed_parts)))
    return rng.permutation(size)


@dataclass(frozen=True)
class FiniteSource(Generic[T]):
    """Items divided into splits; index `i` of a split is its `i`-th item."""

    items: Mapping[str, Sequence[T]] = field(repr=False)

    def size(self, split: str) -> int:
        """How many items the split holds."""
        return len(self.items[split])

    def get(self, split: str, index: int) -> T:
        """One item; `NoSuchProblem` beyond the end."""
        return self.items[split][check_index(index, split, self.size(split))]


def divide(items: Iterable[T], key: Callable[[T], int]) -> FiniteSource[T]:
    """Items divided by their keys, in the order in which they come."""
    parts: dict[str, list[T]] = {split: [] for split in SPLITS}
    for item in items:
        parts[split_of(key(item))].append(item)
    return FiniteSource(parts)


class Odometer:
    """A stand-in for `CounterStream` that takes every branch of a pure function of its draws.

    Running a function once for each setting of the wheels enumerates all it can return, as long as
    it draws only bounded integers, so that nobody writes an enumeration beside a generator.
    """

    def __init__(self) -> None:
        self.wheels: list[list[int]] = []  # [value, size] in drawing order
        self.at = 0

    def advance(self) -> bool:
        """Turn to the next setting; False when all have been seen."""
        self.at = 0
        while self.wheels and self.wheels[-1][0] + 1 >= self.wheels[-1][1]:
            self.wheels.pop()
        if not self.wheels:
            return False
        self.wheels[-1][0] += 1
        return True

    def leaves_at_least(self) -> int:
        """The number of settings if every branch drew like this one."""
        product = 1
        for _, size in self.wheels:
            product *= size
        return product

    def integers(self, low: int, high: int) -> int:
        """The wheel's value, offset by `low`."""
        if self.at == len(self.wheels):
            self.wheels.append([0, high - low])
        value, _ = self.wheels[self.at]
        self.at += 1
        return low + value

    def choice(self, options: Sequence[T]) -> T:
        """The option that the wheel points at."""
        return options[self.integers(0, len(options))]

    def choices(self, options: Sequence[T], n: int) -> list[T]:
        """`n` options, a wheel for each."""
        return [self.choice(options) for _ in range(n)]

    def several(self, low: int, high: int, n: int) -> list[int]:
        """`n` values, a wheel for each."""
        return [self.integers(low, high) for _ in range(n)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The permutation that the wheels spell."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.integers(0, i + 1)
            out[i], out[j] = out[j], out[i]
        return out

    def owns(self, key: int) -> bool:
        """Always: what is enumerated is divided afterwards."""
        return True

    def random(self) -> float:
        """A float is drawn from: the source has no end."""
        raise EndlessSource


class EndlessSource(Exception):
    """Raised inside an enumeration by a draw that cannot be enumerated."""


def enumerate_questions(draw: Callable[[Any], Question | None]) -> list[Question] | None:
    """All distinct questions that `draw` can make, or None when there are 10,000 or more.

    `draw` takes a stream and returns a question, or None for a draw that is not fit. Order is that
    of the wheels; duplicates by text are dropped.
    """
    wheel = Odometer()
    seen: dict[str, Question] = {}
    try:
        for leaf in range(_LEAF_BUDGET):
            question = draw(wheel)
            if leaf == 0 and wheel.leaves_at_least() > 50 * _LEAF_BUDGET:
                return None
            if question is not None:
                seen.setdefault(question.text, question)
            if len(seen) >= FINITE_BELOW:
                return None
            if not wheel.advance():
                return list(seen.values())
    except EndlessSource:
        pass
    return None


def question_key(question: Question) -> int:
    """The key by which a question is given to a split."""
    return question.key or text_key(question.text)
