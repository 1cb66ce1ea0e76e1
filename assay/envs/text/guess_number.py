"""GuessNumber: find a secret number from the answers 'higher' and 'lower' (text, a few tries)."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any

from gymnasium.spaces import Space

from assay.core.config import TaskConfig
from assay.core.env import TaskEnv
from assay.core.errors import bad_value
from assay.core.spaces import Unicode
from assay.core.streams import Streams
from assay.core.types import ActionStatus, Problem, Verifier
from assay.envs.goals import GoalVerifier

_WHOLE = re.compile(r"\s*([+-]?[0-9]{1,12})\s*\.?\s*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class GuessNumberConfig(TaskConfig):
    low: int = 1  # smallest number that may be the secret, 0..10**9
    high: int = 100  # largest, above low, at most 10**9
    tries: int = 7  # guesses, 1..100

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.low < 10**9:
            raise bad_value("low", self.low, "an integer from 0 to 999,999,999")
        if not self.low < self.high <= 10**9:
            raise bad_value("high", self.high, "an integer above low, at most 1,000,000,000")
        if not 1 <= self.tries <= 100:
            raise bad_value("tries", self.tries, "an integer from 1 to 100")


@dataclass
class Hidden:
    """The world: the secret, what is left of the tries, and what the last one brought."""

    secret: int
    tries_left: int
    guess: int | None = None
    said: tuple[tuple[int, str], ...] = ()  # guesses and what was answered
    news: str = ""


class GuessNumberEnv(TaskEnv[str, str]):
    """Find a secret number from the answers 'higher' and 'lower'.

    Description:
        A whole number from `low` to `high` is hidden. Every guess is answered: the secret is
        higher, lower, or this is it. With the defaults halving always finds it; with fewer tries
        than that (`low=1, high=8, tries=3`) the end takes luck.

    Observations:
        Text: the rules, all guesses with their answers, and the tries left.

    Actions:
        Text: a whole number and nothing else. A number outside the range is a guess like any other,
        and answered. What is no number is `unparsable`: it costs a try and is answered by nothing.

    Verdict:
        Passed when the last guess is the secret (`GoalVerifier` over the state).

    Episode end:
        When the secret is guessed or no try is left; that is the world's own end. `max_steps` cuts
        longer games off.

    Options:
        `low`, `high`: the range. `tries`: how many guesses. Wider ranges and fewer tries are
        harder.

    Seeding:
        The secret is drawn from `init`. Splits share the secrets and differ by seed only: a secret
        held out would teach a policy what never wins. The secret is part of the world, so without
        a task the answers stay, and the verdict is left out.

    Example:
        >>> env = GuessNumberEnv(low=1, high=8, tries=3)
        >>> observation, info = env.reset(seed=0)
        >>> env.step(str(env.world.secret))[1]
        1.0

    Versions:
        0: first.
    """

    Config = GuessNumberConfig

    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        return Unicode(300 + 60 * self.config.tries), Unicode(64)

    def make_verifier(self) -> Verifier:
        return GoalVerifier()

    def draw_world(self, rng: Streams) -> Hidden:
        secret = rng.counter("init").integers(self.config.low, self.config.high + 1)
        return Hidden(secret, self.config.tries)

    def draw_task(self, rng: Streams) -> Problem:
        span = (self.config.high - self.config.low + 1).bit_length()
        return Problem(
            prompt=self.rules(),
            params={"goal": {"guess": self.world.secret}},
            difficulty=span / self.config.tries,
        )

    def rules(self) -> str:
        """What the game is, in two sentences."""
        low, high = self.config.low, self.config.high
        return f"Guess the secret number from {low} to {high}. Answer with a number only."

    def observe(self) -> str:
        world = self.world
        lines = [f"{guess}: {answer}" for guess, answer in world.said]
        return "\n".join([self.rules(), *lines, f"{world.news}Tries left: {world.tries_left}."])

    def apply(self, action: str) -> ActionStatus:
        world = self.world
        found = _WHOLE.fullmatch(action)
        if found is None:
            self.idle()
            return "unparsable"
        guess = int(found[1])
        world.guess, world.news = guess, ""
        self.over = guess == world.secret
        answer = "this is it" if self.over else "higher" if world.secret > guess else "lower"
        world.said = (*world.said, (guess, answer))
        self.spend()
        return "ok"

    def idle(self) -> None:
        self.world.guess, self.world.news = None, "That was refused. "
        self.spend()

    def spend(self) -> None:
        """A try is gone."""
        self.world.tries_left -= 1
        self.over = self.over or self.world.tries_left == 0

    def outcome(self) -> dict[str, object]:
        return {"guess": self.world.guess}


def choices(env: GuessNumberEnv) -> range | list[str]:
    """Every number of the range, as text; nothing for ranges of more than ten thousand."""
    low, high = env.config.low, env.config.high
    return [str(n) for n in range(low, high + 1)] if high - low < 10_000 else []


def solution(env: GuessNumberEnv) -> Generator[str, Any, None]:
    """Gold: halve the range; with the last try it says the secret, which it reads."""
    low, high = env.config.low, env.config.high
    while True:
        middle = (low + high) // 2 if env.world.tries_left > 1 else env.world.secret
        yield str(middle)
        if middle < env.world.secret:
            low = middle + 1
        else:
            high = middle - 1


def counterfeits(env: GuessNumberEnv) -> Iterator[tuple[str, list[str]]]:
    """Ways of playing this game that must not pass."""
    secret, tries = env.world.secret, env.config.tries
    yield "one too many, always", [str(secret + 1)] * tries
    yield "one too few, always", [str(secret - 1)] * tries
    yield "a single near miss", [str(secret + 1)]
    yield "closer and closer", [str(secret + tries - k) for k in range(tries)]
    yield "ten times the secret", [f"{secret or 1}0"] * tries
    yield "several numbers at once", [f"{secret} {secret + 1}"] * tries
    yield "the secret in a sentence", [f"I guess {secret}"] * tries
    yield "the answer given back", ["this is it"] * tries
