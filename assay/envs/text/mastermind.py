"""Mastermind: break a secret colour code from black and white pegs (text, a few tries)."""

from __future__ import annotations

from collections import Counter
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

LETTERS = "ABCDEFGHI"
_APART = str.maketrans("", "", " ,-\t")


@dataclass(frozen=True, kw_only=True)
class MastermindConfig(TaskConfig):
    colours: int = 6  # how many colours there are, 2..9
    pegs: int = 4  # length of the code, 2..8; at least 64 codes
    tries: int = 10  # guesses, 1..100
    consistent_only: bool = False  # whether a guess must fit every answer so far

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 2 <= self.colours <= 9:
            raise bad_value("colours", self.colours, "an integer from 2 to 9")
        if not 2 <= self.pegs <= 8 or self.colours**self.pegs < 64:
            raise bad_value("pegs", self.pegs, "an integer from 2 to 8 that allows 64 codes")
        if not 1 <= self.tries <= 100:
            raise bad_value("tries", self.tries, "an integer from 1 to 100")


@dataclass
class Board:
    """The world: the code, the guesses with their pegs, and the tries left."""

    code: str
    tries_left: int
    rows: tuple[tuple[str, int, int], ...] = ()  # guess, black pegs, white pegs
    news: str = ""


class MastermindEnv(TaskEnv[str, str]):
    """Break a secret colour code from black and white pegs.

    Description:
        A code of `pegs` letters is hidden, each one of the first `colours` letters; letters may
        repeat. Every guess is answered with black pegs (right letter, right place) and white pegs
        (right letter, wrong place).

    Observations:
        Text: the rules, all guesses with their pegs, and the tries left.

    Actions:
        Text: a code such as `ABCA`, upper or lower case, spaces and commas between letters allowed.
        What is no code is `unparsable`. With `consistent_only`, a guess that could not be the code
        by what was answered before is `illegal`. Both cost a try and are answered by nothing.

    Verdict:
        Passed when the last guess is the code (`GoalVerifier` over the state).

    Episode end:
        When the code is guessed or no try is left; that is the world's own end. `max_steps` cuts
        longer games off.

    Options:
        `colours`, `pegs`: more of them mean more codes. `tries`: how many guesses.
        `consistent_only`: as said above; it forbids guesses that only gather information.

    Seeding:
        The code is drawn from `init`. Splits share the codes and differ by seed only: a code held
        out would teach a policy what never wins. The code is part of the world, so without a task
        the pegs stay, and the verdict is left out.

    Example:
        >>> env = MastermindEnv()
        >>> observation, info = env.reset(seed=0)
        >>> env.step(env.world.code)[1]
        1.0

    Versions:
        0: first.
    """

    Config = MastermindConfig

    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        return Unicode(500 + 60 * self.config.tries), Unicode(64)

    def make_verifier(self) -> Verifier:
        return GoalVerifier()

    def draw_world(self, rng: Streams) -> Board:
        draw = rng.counter("init")
        code = "".join(
            [LETTERS[draw.integers(0, self.config.colours)] for _ in range(self.config.pegs)]
        )
        return Board(code, self.config.tries)

    def draw_task(self, rng: Streams) -> Problem:
        codes = self.config.colours**self.config.pegs
        return Problem(
            prompt=self.rules(),
            params={"goal": {"guess": self.world.code}},
            difficulty=codes.bit_length() / self.config.tries,
        )

    def rules(self) -> str:
        """What the game is, in a few sentences."""
        letters = LETTERS[: self.config.colours]
        fitting = " Each guess must fit all answers so far." if self.config.consistent_only else ""
        return (
            f"Guess the secret code: {self.config.pegs} letters, each one of {' '.join(letters)}. "
            "Black counts right letters in the right place, white right letters in a wrong place."
            f"{fitting} Answer with a code such as {(letters * 8)[: self.config.pegs]} only."
        )

    def observe(self) -> str:
        world = self.world
        lines = [f"{guess}: {black} black, {white} white" for guess, black, white in world.rows]
        return "\n".join([self.rules(), *lines, f"{world.news}Tries left: {world.tries_left}."])

    def apply(self, action: str) -> ActionStatus:
        world = self.world
        guess = action.strip().translate(_APART).upper()
        if len(guess) != self.config.pegs or not set(guess) <= set(LETTERS[: self.config.colours]):
            self.idle()
            return "unparsable"
        if self.config.consistent_only and not fits(guess, world.rows):
            self.idle()
            return "illegal"
        black, white = pegs(guess, world.code)
        world.rows, world.news = (*world.rows, (guess, black, white)), ""
        self.over = guess == world.code
        self.spend()
        return "ok"

    def idle(self) -> None:
        self.world.news = "That was refused. "
        self.spend()

    def spend(self) -> None:
        """A try is gone."""
        self.world.tries_left -= 1
        self.over = self.over or self.world.tries_left == 0

    def outcome(self) -> dict[str, object]:
        return {"guess": self.world.rows[-1][0] if self.world.rows else None}


def pegs(guess: str, code: str) -> tuple[int, int]:
    """Black and white pegs of a guess."""
    black = sum(a == b for a, b in zip(guess, code, strict=True))
    return black, (Counter(guess) & Counter(code)).total() - black


def fits(guess: str, rows: tuple[tuple[str, int, int], ...]) -> bool:
    """Whether a code could be the secret by what was answered before."""
    return all(pegs(earlier, guess) == (black, white) for earlier, black, white in rows)


def solution(env: MastermindEnv) -> Generator[str, Any, None]:
    """Gold: an opening of two colours if there are two tries, then the code, which it reads."""
    if env.config.tries > 1:
        half = env.config.pegs // 2
        yield LETTERS[0] * half + LETTERS[1] * (env.config.pegs - half)
    yield env.world.code


def counterfeits(env: MastermindEnv) -> Iterator[tuple[str, list[str]]]:
    """Ways of playing this game that must not pass."""
    code, tries = env.world.code, env.config.tries
    other = LETTERS[(LETTERS.index(code[-1]) + 1) % env.config.colours]
    near = code[:-1] + other
    yield "one letter wrong", [near]
    yield "one letter wrong, always", [near] * tries
    yield "backwards or rotated", [code[::-1] if code[::-1] != code else near]
    yield "one colour", [LETTERS[0] * len(code) if len(set(code)) > 1 else near]
    yield "a letter too many", [code + other] * tries
    yield "a letter too few", [code[:-1]] * tries
    yield "the code in a sentence", [f"The code is {code}"] * tries
    yield "a near miss, then nonsense", [near, *["??"] * (tries - 1)]
