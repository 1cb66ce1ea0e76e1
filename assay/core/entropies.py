"""The entropies of many rows' episodes, drawn ahead in blocks.

A scalar environment draws the entropy of each unseeded episode from its `np_random`. Here every row
has the same generator, read some hundred draws at a time, so that the draws are the scalar's while
a whole vector takes them by one NumPy operation.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from gymnasium.utils import seeding

from assay.core.errors import bad_value
from assay.core.problems import is_whole

_BLOCK = 256  # draws made ahead for a row: 2 kB


class Entropies:
    """One generator for each row; `draw` equals successive scalar draws."""

    def __init__(self, n: int) -> None:
        self.seeds: list[int | None] = [None] * n
        self._generators: list[np.random.Generator | None] = [None] * n
        self._blocks = np.zeros((n, _BLOCK), dtype=np.uint64)
        self._at = np.full(n, _BLOCK)

    def seed(self, row: int, seed: int) -> int:
        """The entropy of an episode that begins with `seed`; later draws follow from it.

        Raises:
            OptionError: no integer of at least 0.
        """
        if not is_whole(seed):
            raise bad_value("seed", seed, "an integer of at least 0")
        self.seeds[row], self._generators[row], self._at[row] = int(seed), None, _BLOCK
        return int(seed)

    def draw(self, rows: Sequence[int] | np.ndarray) -> np.ndarray:
        """The next entropy of each of these rows, uint64."""
        at = np.asarray(rows)
        spent = at[self._at[at] >= _BLOCK]
        for row in spent.tolist():
            self._blocks[row] = self._generator(row).bit_generator.random_raw(_BLOCK)
            self._at[row] = 0
        drawn = self._blocks[at, self._at[at]] >> np.uint64(1)
        self._at[at] += 1
        return drawn

    def begin(self, rows: Sequence[int], seeds: Sequence[int | None]) -> list[int]:
        """The entropies of episodes that begin with these seeds; None draws one."""
        out = [0 if s is None else self.seed(r, s) for r, s in zip(rows, seeds, strict=True)]
        unseeded = [k for k, s in enumerate(seeds) if s is None]
        if unseeded:
            drawn = self.draw([rows[k] for k in unseeded]).tolist()
            for k, entropy in zip(unseeded, drawn, strict=True):
                out[k] = entropy
        return out

    def generator(self, row: int) -> np.random.Generator:
        """The row's `np_random` where a scalar environment's would stand."""
        generator = self._generator(row)
        ahead = _BLOCK - int(self._at[row])
        if ahead:
            generator.bit_generator.advance(-ahead)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType]
            self._at[row] = _BLOCK
        return generator

    def _generator(self, row: int) -> np.random.Generator:
        generator = self._generators[row]
        if generator is None:
            generator, self.seeds[row] = seeding.np_random(self.seeds[row])
            self._generators[row] = generator
        return generator
