"""Where expressions with names are compared: seeded rational points of many sizes and signs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from hashlib import blake2b

from assay.verifiers.symbolic import enclosure as box
from assay.verifiers.symbolic.arithmetic import Value
from assay.verifiers.symbolic.evaluate import exact_value
from assay.verifiers.trees import Node, canonical, children, free_names
from assay.verifiers.vocabulary import CONSTANTS

_SIZES = (
    1, Fraction(1, 3), 3, 10**15, 10, Fraction(1, 20), 1, 1_000, 100, 10**40, 5, 10**6, 2, 30,
)  # fmt: skip
_CONSTANTS = 8
_GRAIN = 9_973  # denominators of the points: prime, so that they meet no special value


class Draw:
    """A stream of numbers from a text, the same on every machine."""

    def __init__(self, seed: str) -> None:
        self.seed, self.count = seed, 0

    def whole(self, below: int) -> int:
        """The next number, from 0 on."""
        self.count += 1
        digest = blake2b(f"{self.count}:{self.seed}".encode(), digest_size=8).digest()
        return int.from_bytes(digest, "big") % below

    def share(self) -> Fraction:
        """The next number between 0 and 1, neither of them."""
        return Fraction(1 + self.whole(_GRAIN - 2), _GRAIN)

    def sign(self) -> int:
        """1 or -1."""
        return 1 if self.whole(2) else -1


def points(
    gold: Node, side: Node, names: Sequence[str], *, real: bool, whole: bool, count: int
) -> Iterator[Mapping[str, Value]]:
    """Values for the names, drawn from what the task is.

    Every other point lies near the constants that occur in either tree: where absolute values,
    roots and logarithms turn. With `whole`, the points are positive whole numbers.
    """
    draw = Draw(canonical(gold))
    constants = _constants(gold, side)
    for number in range(count):
        values: dict[str, Value] = {}
        for place, name in enumerate(names):
            if whole:
                values[name] = Fraction(1 + draw.whole(6 + number // 2))
                continue
            value = _one(draw, number, place, constants)
            other = Fraction(0) if real else _one(draw, number, place + 1, constants)
            values[name] = value if real else _complex(value, other)
        yield values


def _one(draw: Draw, number: int, place: int, constants: Sequence[Fraction]) -> Fraction:
    if number % 2 and constants:
        centre = constants[draw.whole(len(constants))]
        if draw.whole(4) == 0:
            return draw.sign() * centre * (1 + 2 * draw.share())
        return draw.sign() * (centre + draw.sign() * draw.share())
    index = number // 2 + place
    sign = draw.sign() if place else (-1) ** (index + index // len(_SIZES))
    return sign * _SIZES[index % len(_SIZES)] * (Fraction(1, 4) + draw.share())


def _constants(gold: Node, side: Node) -> list[Fraction]:
    """The sizes of the closed parts of two trees, where they are rational and no exponents."""
    found: set[Fraction] = set()
    stack = [gold, side]
    while stack and len(found) < 4 * _CONSTANTS:
        part = stack.pop()
        if free_names(part, CONSTANTS):
            stack += children(part)
        elif value := exact_value(part):
            found.add(abs(value))
    return sorted(found, reverse=True)[:_CONSTANTS]


def _complex(real: Fraction, imaginary: Fraction) -> Value:
    bits = 2_000
    return box.Box(box.enclosed(real, bits).re, box.enclosed(imaginary, bits).re)
