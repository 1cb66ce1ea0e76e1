"""Which part of a plan a run is to do, so that several jobs can share one plan."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from assay.core.errors import bad_value

_FORM = re.compile(r"([0-9]{1,9})/([0-9]{1,9})")


class Shard(NamedTuple):
    """Part `part` of `parts`, counted from 1: `3/16`."""

    part: int
    parts: int

    def __str__(self) -> str:
        return f"{self.part}/{self.parts}"


def read_shard(text: str) -> Shard:
    """`3/16` as numbers.

    Raises:
        OptionError: it is no such pair.
    """
    found = _FORM.fullmatch(text) if isinstance(text, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if found is None or not 1 <= int(found[1]) <= int(found[2]):
        raise bad_value("shard", text, "a part of so many, such as 3/16, from 1/16 to 16/16")
    return Shard(int(found[1]), int(found[2]))


def shares(counts: Sequence[int], shard: Shard | None) -> list[range]:
    """The episodes of each environment that belong to a shard; all of them without one.

    Every so-manieth episode, counted through all environments: so each shard gets its part of the
    quick ones and of the slow ones, and all samples of an episode stay together.
    """
    if shard is None:
        return [range(n) for n in counts]
    found: list[range] = []
    before = 0
    for n in counts:
        found.append(range((shard.part - 1 - before) % shard.parts, n, shard.parts))
        before += n
    return found
