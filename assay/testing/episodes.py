"""Playing an episode and writing down all that came back.

A driver is a generator function of the environment, with the protocol of `solution`: it yields an
action and is sent the next observation. So gold, random play and a fixed list are one kind.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from assay.core import registry
from assay.core.encoding import derive_seed, digest, encode
from assay.core.env import TaskEnv
from assay.core.types import Verdict

Driver = Callable[[TaskEnv[Any, Any]], Generator[Any, Any, None]]


class Move(NamedTuple):
    """One action and all that `step` returned."""

    action: Any
    obs: Any
    reward: Any
    terminated: Any
    truncated: Any
    info: dict[str, Any]


@dataclass
class Episode:
    """What `reset` returned, and every move after it."""

    first_obs: Any
    first_info: dict[str, Any]
    moves: list[Move] = field(default_factory=list)

    @property
    def ended(self) -> bool:
        """Whether the last move ended it."""
        return bool(self.moves) and bool(self.moves[-1].terminated or self.moves[-1].truncated)

    @property
    def verdict(self) -> Verdict | None:
        """The verdict that the last move brought."""
        return self.moves[-1].info.get("verdict") if self.moves else None

    @property
    def passed(self) -> bool:
        """Whether that verdict is a pass."""
        return self.verdict is not None and self.verdict.passed

    @property
    def actions(self) -> list[Any]:
        """What was done."""
        return [move.action for move in self.moves]

    def bytes(self) -> bytes:
        """All that came back, in canonical bytes; measured costs are left out."""
        return encode(
            (
                plain(self.first_obs),
                plain(self.first_info),
                [tuple(plain(part) for part in move[1:]) for move in self.moves],
            )
        )

    def digest(self) -> str:
        """Hex digest of `bytes`."""
        return digest(self.bytes())


def plain(value: Any) -> Any:
    """`value` with verdicts as dicts without cost, so that equal episodes have equal bytes."""
    if isinstance(value, Verdict):
        return plain({k: v for k, v in value.to_dict().items() if k != "cost"})
    if isinstance(value, Mapping):
        return {k: plain(v) for k, v in value.items() if not (k == "cost" and "status" in value)}
    if isinstance(value, list | tuple) and not hasattr(value, "_fields"):
        return type(value)(plain(part) for part in value)
    return value


def play(
    env: TaskEnv[Any, Any],
    driver: Driver,
    *,
    seed: int | None = None,
    options: Mapping[str, Any] | None = None,
    limit: int = 10_000,
) -> Episode:
    """Reset, then act until the episode or the driver ends, or `limit` moves were made."""
    obs, info = env.reset(seed=seed, options=options)
    episode = Episode(obs, info)
    go_on(env, driver, episode, limit)
    return episode


def go_on(env: TaskEnv[Any, Any], driver: Driver, episode: Episode, limit: int = 10_000) -> None:
    """Let a driver act from where `env` stands; the moves are added to `episode`."""
    actions = driver(env)
    try:
        action = next(actions)
        for _ in range(limit):
            move = Move(action, *env.step(action))
            episode.moves.append(move)
            if move.terminated or move.truncated:
                return
            action = actions.send(move.obs)
    except StopIteration:
        return
    finally:
        actions.close()


def fixed(actions: Iterable[Any]) -> Driver:
    """A driver that plays a list."""

    def driver(env: TaskEnv[Any, Any]) -> Generator[Any, Any, None]:
        for action in actions:  # noqa: UP028 - a list cannot be sent an observation
            yield action

    return driver


def forever(action: Any) -> Driver:
    """A driver that repeats one action."""

    def driver(env: TaskEnv[Any, Any]) -> Generator[Any, Any, None]:
        while True:
            yield action

    return driver


def random_play(seed: int) -> Driver:
    """A driver that draws from the card's `choices` where declared, else from the action space."""

    def driver(env: TaskEnv[Any, Any]) -> Generator[Any, Any, None]:
        rng = random.Random(seed)
        env.action_space.seed(derive_seed("random play", seed, bits=31))
        while True:
            options = choices(env)
            yield rng.choice(options) if options else env.action_space.sample()

    return driver


def gold(env: TaskEnv[Any, Any]) -> Generator[Any, Any, None]:
    """The card's own solution, as a driver."""
    return registry.load(env.card.function("solution"), what=f"the gold of {env.name}")(env)


def has(env_card: Any, name: str) -> bool:
    """Whether a card's solution or counterfeits can be found."""
    try:
        registry.load(env_card.function(name))
    except registry.UnknownName:
        return False
    return True


def choices(env: TaskEnv[Any, Any]) -> list[Any]:
    """The legal answers or actions of this episode, where the card declares them; else empty."""
    if not env.card.choices:
        return []
    return list(registry.load(env.card.choices, what=f"the choices of {env.name}")(env))


def world_digest(env: TaskEnv[Any, Any]) -> str:
    """Digest of the world; of the observation where a world cannot be written down."""
    return digest(plain(env.observe()) if env.replayable else env.world)


def same(a: Any, b: Any) -> bool:
    """Equality of observations and actions of any kind, arrays included."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return np.array_equal(np.asarray(a), np.asarray(b))
    if isinstance(a, Mapping) and isinstance(b, Mapping):
        return a.keys() == b.keys() and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple) and isinstance(b, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)
