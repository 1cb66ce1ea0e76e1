"""Random draws that follow from names: four streams for an episode, and a counter hash for arrays.

An episode's entropy is an integer. `init` and `task` are keyed by (split, index, attempt), so a
problem is a pure function of (split, index); `dynamics` and `observation` are keyed by the entropy.
Nothing here reads or sets global random state.
"""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np
from numpy.random import Generator, Philox

from assay.core.encoding import derive_seed
from assay.core.errors import bad_value
from assay.core.problems import split_of

T = TypeVar("T")

_MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15  # 2**64 / golden ratio: the increment of splitmix64
_MIX_1 = 0xBF58476D1CE4E5B9
_MIX_2 = 0x94D049BB133111EB
_BY_11, _BY_27, _BY_30, _BY_31 = np.uint64(11), np.uint64(27), np.uint64(30), np.uint64(31)
_GOLDEN_64, _MIX_1_64, _MIX_2_64 = np.uint64(GOLDEN), np.uint64(_MIX_1), np.uint64(_MIX_2)
_UNIT = 2.0**-53
_SPAN = 2**50  # the widest range of which one draw picks without a visible bias

STREAMS = ("init", "dynamics", "observation", "task")
_BY_PROBLEM = frozenset({"init", "task"})


def mix64(value: int) -> int:
    """A 64-bit bijection that scatters its input (splitmix64's finaliser; Steele et al. 2014)."""
    value = ((value ^ (value >> 30)) * _MIX_1) & _MASK
    value = ((value ^ (value >> 27)) * _MIX_2) & _MASK
    return value ^ (value >> 31)


def mix64_array(values: np.ndarray) -> np.ndarray:
    """`mix64` of each element of a uint64 array."""
    values = values ^ (values >> _BY_30)
    values *= _MIX_1_64
    values ^= values >> _BY_27
    values *= _MIX_2_64
    values ^= values >> _BY_31
    return values


@lru_cache(maxsize=256)
def _salt(name: str, split: str) -> int:
    return derive_seed("counter", name, split, bits=64)


@lru_cache(maxsize=256)
def _parts(size: int, n: int) -> tuple[tuple[int, int], ...]:
    """How `n` picks below `size` are drawn: for each draw its picks, and in how many ways."""
    parts: list[tuple[int, int]] = []
    while n > 0:
        fit, span = 1, size
        while fit < n and size > 1 and span * size <= _SPAN:
            fit, span = fit + 1, span * size
        parts.append((fit, span))
        n -= fit
    return tuple(parts)


def index_of(entropy: int) -> int:
    """The problem index (63 bits) that an episode's entropy stands for when none was named."""
    return mix64((entropy & _MASK) ^ 0xA55A5E1EC7ED1DEA) >> 1


def index_of_array(entropy: np.ndarray) -> np.ndarray:
    """`index_of` for each element of a uint64 array."""
    return mix64_array(entropy ^ np.uint64(0xA55A5E1EC7ED1DEA)) >> np.uint64(1)


class CounterStream:
    """Draws by a counter hash: the k-th draw is `mix64(key + k * golden)`.

    Quick to key (under a microsecond), and equal element by element to `CounterArray`.

    Attributes:
        wanted: the split that a question is drawn for, where its key decides; None: any will do.
    """

    __slots__ = ("state", "wanted")

    def __init__(self, name: str, split: str, index: int, attempt: int = 0) -> None:
        self.wanted: str | None = None
        self.state = mix64(mix64(_salt(name, split) ^ (index & _MASK)) ^ attempt)

    def bits(self) -> int:
        """The next 64 bits, uniform."""
        self.state = state = (self.state + GOLDEN) & _MASK
        return mix64(state)

    def integers(self, low: int, high: int) -> int:
        """A uniform integer from `low` to `high - 1`; the range spans at most 2**50."""
        return low + int((self.bits() >> 11) * _UNIT * (high - low))

    def random(self) -> float:
        """A uniform float64 in [0, 1)."""
        return (self.bits() >> 11) * _UNIT

    def choice(self, options: Sequence[T]) -> T:
        """One of `options`, uniform."""
        return options[self.integers(0, len(options))]

    def choices(self, options: Sequence[T], n: int) -> list[T]:
        """`n` of `options`, uniform, with replacement; one draw serves all that fit in 50 bits."""
        size = len(options)
        out: list[T] = []
        for several, span in _parts(size, n):
            number = self.integers(0, span)
            for _ in range(several):
                out.append(options[number % size])
                number //= size
        return out

    def several(self, low: int, high: int, n: int) -> list[int]:
        """`n` uniform integers from `low` to `high - 1`, as `choices` draws them."""
        return self.choices(range(low, high), n)

    def owns(self, key: int) -> bool:
        """Whether a question with this key may be asked; others are drawn again in any case."""
        return self.wanted is None or split_of(key) == self.wanted

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """A uniform permutation of `items` (Fisher and Yates, from the end)."""
        out = list(items)
        for i in range(len(out) - 1, 0, -1):
            j = self.integers(0, i + 1)
            out[i], out[j] = out[j], out[i]
        return out


class CounterArray:
    """`CounterStream` for many (index, attempt) pairs at once.

    Attributes:
        state: of every stream, uint64; its shape is that of what is drawn.
    """

    __slots__ = ("_ready", "state")

    def __init__(self, name: str, split: str, index: np.ndarray, attempt: np.ndarray | int) -> None:
        first = mix64_array(index.astype(np.uint64) ^ np.uint64(_salt(name, split)))
        self.state = mix64_array(first ^ np.asarray(attempt, dtype=np.uint64))
        self._ready: Iterator[np.ndarray] = iter(())

    def bits(self) -> np.ndarray:
        """The next 64 bits of every stream, uint64."""
        for drawn in self._ready:
            return drawn
        self.state = self.state + _GOLDEN_64
        return mix64_array(self.state)

    def ahead(self, n: int) -> np.ndarray:
        """The next `n` draws of every stream together, uint64 with these along the first axis."""
        steps = np.arange(1, n + 1, dtype=np.uint64) * _GOLDEN_64
        states = np.add.outer(steps, self.state)
        self.state = states[-1]
        return mix64_array(states)

    def prepare(self, n: int) -> None:
        """Make the next `n` draws together, which is quicker, and keep them until they are due."""
        self._ready = iter(self.ahead(n))

    def integers(self, low: int, high: int) -> np.ndarray:
        """Uniform integers from `low` to `high - 1`, int64."""
        scaled = (self.bits() >> _BY_11) * (_UNIT * (high - low))  # a power of two: exact as ever
        whole = scaled.astype(np.int64)
        return whole + low if low else whole

    def several(self, low: int, high: int, n: int) -> list[np.ndarray]:
        """`n` times uniform integers from `low` to `high - 1`."""
        out: list[np.ndarray] = []
        for several, span in _parts(high - low, n):
            out += picks(self.integers(0, span), high - low, several, low)
        return out


def picks(number: Any, size: int, n: int, low: int = 0) -> list[Any]:
    """The `n` picks from `low` on, of `size` each, that a number below `size**n` stands for.

    Of an array of numbers they are arrays.
    """
    out: list[Any] = []
    for _ in range(n):
        out.append(low + number % size)
        number = number // size
    return out


class Streams:
    """The four named generators of an environment, re-keyed in place at every reset.

    `init`, `dynamics`, `observation` and `task` are NumPy generators over Philox, keyed by
    blake2b of their name and key parts, and made on first use. `counter(name)` is the quick
    `CounterStream` with the same key parts.
    """

    def __init__(self) -> None:
        self.split, self.index, self.attempt, self.entropy = "train", 0, 0, 0
        self._generators: dict[str, Generator] = {}
        self._fresh: set[str] = set()

    def key(self, split: str, index: int, attempt: int, entropy: int) -> None:
        """Start all streams anew for this episode (and this attempt at drawing its world)."""
        self.split, self.index, self.attempt, self.entropy = split, index, attempt, entropy
        self._fresh.clear()

    @property
    def init(self) -> Generator:
        """Draws the world; keyed by (split, index, attempt)."""
        return self._get("init")

    @property
    def task(self) -> Generator:
        """Draws the task; keyed by (split, index, attempt)."""
        return self._get("task")

    @property
    def dynamics(self) -> Generator:
        """Moves the world; keyed by the entropy."""
        return self._get("dynamics")

    @property
    def observation(self) -> Generator:
        """Noise in what is seen; keyed by the entropy."""
        return self._get("observation")

    def counter(self, name: str) -> CounterStream:
        """A new counter stream for `init` or `task`, at its first draw."""
        if name not in _BY_PROBLEM:
            raise bad_value("name", name, "'init' or 'task'")
        return CounterStream(name, self.split, self.index, self.attempt)

    def _get(self, name: str) -> Generator:
        generator = self._generators.get(name)
        if name in self._fresh and generator is not None:
            return generator
        if name in _BY_PROBLEM:
            parts = f"{name}\0{self.split}\0{self.index}\0{self.attempt}"
        else:
            parts = f"{name}\0{self.entropy}"
        key = np.frombuffer(blake2b(parts.encode(), digest_size=16).digest(), dtype=np.uint64)
        if generator is None:
            generator = self._generators[name] = Generator(Philox(key=key))
        else:
            generator.bit_generator.state = _philox_state(key)
        self._fresh.add(name)
        return generator

    def snapshot(self) -> dict[str, Any]:
        """Plain data from which `restore` continues every stream at its next draw."""
        return {
            "key": (self.split, self.index, self.attempt, self.entropy),
            "used": {name: self._generators[name].bit_generator.state for name in self._fresh},
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continue from `snapshot`."""
        self.key(*state["key"])
        for name, saved in state["used"].items():
            self._get(name).bit_generator.state = saved


_ZERO = np.zeros(4, dtype=np.uint64)


def _philox_state(key: np.ndarray) -> dict[str, Any]:
    return {
        "bit_generator": "Philox",
        "state": {"counter": _ZERO, "key": key},
        "buffer": _ZERO,
        "buffer_pos": 4,
        "has_uint32": 0,
        "uinteger": 0,
    }
