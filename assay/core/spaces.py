"""`Unicode`: a Gymnasium space for any text up to a length.

Not `gymnasium.spaces.Text`: that one has a closed character set (without a space by default), tests
membership character by character, and is read once only from shared memory by `AsyncVectorEnv`.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from gymnasium import Space
from gymnasium.spaces import Tuple
from gymnasium.vector.utils import (
    batch_differing_spaces,  # pyright: ignore[reportUnknownVariableType]
)

from assay.core.errors import bad_value

_SYLLABLES = (
    "ba be bi bo bu da de di do du ka ke ki ko ku la le li lo lu ma me mi mo mu na ne ni no nu "
    "ra re ri ro ru sa se si so su ta te ti to tu"
).split()


class Unicode(Space[str]):
    """Every `str` of at most `max_length` characters, lone surrogates included.

    `contains` takes constant time. `sample` draws a few readable words. Of Gymnasium's vector
    functions it registers `batch_differing_spaces` only: the others already work for any space, and
    without `create_shared_memory` an asynchronous vector asks for `shared_memory=False` by itself.

    Args:
        max_length: longest text, in characters, >= 1.
        seed: of `sample`.
    """

    def __init__(self, max_length: Any, seed: int | np.random.Generator | None = None) -> None:
        if isinstance(max_length, bool) or not isinstance(max_length, int) or max_length < 1:
            raise bad_value("max_length", max_length, "an integer of at least 1")
        self.max_length: int = max_length
        super().__init__(shape=None, dtype=None, seed=seed)

    @property
    def is_np_flattenable(self) -> bool:
        """False: text has no fixed-size array form."""
        return False

    def contains(self, x: Any) -> bool:
        """True for a `str` that is not too long."""
        return issubclass(type(x), str) and len(x) <= self.max_length  # __class__ can lie

    def sample(self, mask: None = None, probability: None = None) -> str:
        """One to eight made-up words, cut to `max_length`."""
        if mask is not None or probability is not None:
            raise bad_value("mask", mask if mask is not None else probability, "None for text")
        rng: Any = self.np_random
        words: list[str] = []
        for _ in range(int(rng.integers(1, 9))):
            picks: list[int] = rng.integers(len(_SYLLABLES), size=rng.integers(1, 4)).tolist()
            words.append("".join(_SYLLABLES[i] for i in picks))
        return " ".join(words)[: self.max_length]

    def to_json(self) -> dict[str, Any]:
        """`{"type": "Unicode", "max_length": n}`."""
        return {"type": "Unicode", "max_length": self.max_length}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Unicode:
        """The inverse of the method `to_json`."""
        return cls(data["max_length"])

    def to_jsonable(self, sample_n: Iterable[str]) -> list[str]:
        """A batch of texts as JSON values: themselves."""
        return list(sample_n)

    def from_jsonable(self, sample_n: list[str]) -> list[str]:
        """The inverse of `to_jsonable`."""
        return list(sample_n)

    def __repr__(self) -> str:
        return f"Unicode({self.max_length})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Unicode) and other.max_length == self.max_length

    def __hash__(self) -> int:
        return hash(("Unicode", self.max_length))


@batch_differing_spaces.register(Unicode)
def _batch_differing(spaces: list[Unicode]) -> Tuple[Any]:
    return Tuple(spaces)
