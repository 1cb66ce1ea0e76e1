"""Environments and policies for the tests of evaluation: small, and faulty on request."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gymnasium
import numpy as np
from gymnasium.spaces import Box, Discrete

from assay.core.answer import AnswerConfig, AnswerEnv, solution  # noqa: F401 - gold by its name
from assay.core.config import TaskConfig
from assay.core.env import TaskEnv
from assay.core.errors import PolicyUnavailable
from assay.core.problems import Question
from assay.core.registry import register
from assay.core.spaces import Unicode
from assay.core.types import EnvCard, Limits, Problem, Verdict
from assay.evaluation.episode import ContextFull
from assay.wrappers.task import wrap


class SameText:
    """Passes the text that equals the reference; raises or errs where a task says so."""

    name, version, limits, deterministic = "same-text", "1", Limits(), True

    def verify(self, outcome: object, task: Any) -> Verdict:
        fault = task.params.get("fault")
        if fault == "verdict":
            return Verdict.error("toy.undecided", "The toy was told to err.")
        passed = str(outcome) == str(task.reference)
        if passed:
            return Verdict.accept("text.same", "It is the same.", extracted=str(outcome))
        return Verdict.reject("text.different", f"Read {outcome!r}.", extracted=str(outcome))


@dataclass(frozen=True, kw_only=True)
class SumConfig(AnswerConfig):
    digits: int = 4  # of each number


class SumEnv(AnswerEnv):
    """Adds two numbers; finite with one or two digits, endless with more."""

    Config = SumConfig

    @staticmethod
    def question(rng: Any, config: SumConfig) -> Question:
        top = 10**config.digits
        a, b = rng.integers(0, top), rng.integers(0, top)
        return Question(f"{a} + {b} = ?", (a, b), float(config.digits))

    @staticmethod
    def answer(question: Question) -> int:
        return sum(question.data)

    def make_verifier(self) -> SameText:
        return SameText()


@dataclass(frozen=True, kw_only=True)
class WalkConfig(TaskConfig):
    max_steps: int = 40
    length: int = 6  # cells to go
    fault: str = ""  # reset, step, verdict, leave, quit: what goes wrong
    every: int = 3  # in every so-manieth problem
    image: bool = False  # observe a picture


@dataclass
class Walk:
    at: int
    goal: int
    slips: int = 0


class WalkEnv(TaskEnv[Any, int]):
    """Walk right to the goal; a step slips one time in four."""

    Config = WalkConfig
    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def spaces(self):
        seen = Box(0, 255, (8, 8, 3), np.uint8) if self.config.image else Box(0, 99, (1,), np.int64)
        return seen, Discrete(3)

    def world_key(self) -> None:
        return None

    def draw_world(self, rng):
        return Walk(0, int(rng.init.integers(2, self.config.length + 1)))

    def draw_task(self, rng):
        if self.faulty("reset"):
            raise RuntimeError("the toy was told to fail in reset")
        fault = "verdict" if self.faulty("verdict") else ""
        return Problem(prompt="Walk.", reference="yes", params={"fault": fault}, difficulty=1.0)

    def faulty(self, where: str) -> bool:
        return self.config.fault == where and self.index % self.config.every == 0

    def make_verifier(self):
        return SameText()

    def observe(self):
        if self.config.image:
            return self.picture("rgb_array")
        return np.array([self.world.at], dtype=np.int64)

    def apply(self, action: int):
        if self.faulty("step"):
            raise RuntimeError("the toy was told to fail in step")
        if self.faulty("leave"):
            raise SystemExit(0)
        if self.faulty("quit"):
            raise KeyboardInterrupt
        if self.rng.dynamics.random() < 0.25:
            self.world.slips += 1
        else:
            self.world.at = max(0, self.world.at + action - 1)
        return "ok"

    def settled(self) -> bool:
        return self.world.at >= self.world.goal

    def outcome(self) -> str:
        return "yes" if self.world.at >= self.world.goal else "no"

    def facts(self):
        return {"distance": self.world.goal - self.world.at, "slips": self.world.slips}

    def picture(self, mode: str):
        picture = np.zeros((8, 8, 3), np.uint8)
        picture[0, : self.world.at + 1] = 255
        return picture


class SecretEnv(WalkEnv):
    """One of four worlds, whatever the split."""

    def world_key(self) -> int:
        return self.world.goal

    def draw_world(self, rng):
        return Walk(0, int(rng.init.integers(2, 6)))


@dataclass
class Road:
    left: int
    sum: int = 0


class RoadEnv(TaskEnv[Any, int]):
    """One step, or a thousand; passes where the sum of what was done is even."""

    Config = TaskConfig

    def spaces(self):
        return Box(0, 1_000, (1,), np.int64), Discrete(3)

    def world_key(self) -> None:
        return None

    def draw_world(self, rng):
        return Road(1_000 if rng.init.random() < 0.5 else 1)

    def draw_task(self, rng):
        return Problem(prompt="Go.", reference="even")

    def make_verifier(self):
        return SameText()

    def observe(self):
        return np.array([self.world.left], dtype=np.int64)

    def apply(self, action: int):
        self.world.left, self.world.sum = self.world.left - 1, self.world.sum + action
        return "ok"

    def settled(self) -> bool:
        return self.world.left == 0

    def outcome(self) -> str:
        return "odd" if self.world.sum % 2 else "even"


def directions(env: WalkEnv) -> list[int]:
    """What `random` may do."""
    return [0, 2]


CARDS = (
    EnvCard(id="toy/Sum-v0", entry_point="evaluation_toys:SumEnv", family="toy", summary="Add."),
    EnvCard(
        id="toy/Walk-v0",
        entry_point="evaluation_toys:WalkEnv",
        family="toy",
        summary="Walk.",
        proof="none",
        choices="evaluation_toys:directions",
        info_keys=("distance", "slips"),
        privileged_info=("distance",),
    ),
    EnvCard(
        id="toy/Road-v0",
        entry_point="evaluation_toys:RoadEnv",
        family="toy",
        summary="Go a short way or a long one.",
        proof="none",
    ),
    EnvCard(
        id="toy/Secret-v0",
        entry_point="evaluation_toys:SecretEnv",
        family="toy",
        summary="Walk a secret way.",
        proof="none",
        shared_instances=True,
        info_keys=("distance", "slips"),
    ),
)
for _card in CARDS:
    register(_card)


class Adder:
    """Adds rightly, except for about one question in three, by its seed."""

    deterministic = True
    name = "adder"

    def __init__(self, wrong: float = 0.35) -> None:
        self.wrong = wrong
        self.rng = np.random.default_rng(0)

    def reset(self, *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def act(self, observation, info):
        return self.answer(observation, self.rng)

    def answer(self, observation: str, rng: np.random.Generator) -> str:
        a, b = observation.removesuffix(" = ?").split(" + ")
        return str(int(a) + int(b) + int(rng.random() < self.wrong))


class BatchAdder(Adder):
    """The same, many at once."""

    def __init__(self, wrong: float = 0.35) -> None:
        super().__init__(wrong)
        self.widths: list[int] = []
        self.open: set[Any] = set()

    def act_batch(self, observations, infos, keys):
        self.widths.append(len(keys))
        assert set(keys) <= self.open
        return [
            self.answer(o, np.random.default_rng(k.policy_seed))
            for o, k in zip(observations, keys, strict=True)
        ]

    def begin(self, key) -> None:
        self.open.add(key)

    def end(self, key) -> None:
        self.open.remove(key)

    def take_usage(self, key):
        return {"prompt_tokens": 5, "completion_tokens": 2}


class Perilous(Adder):
    """Adds, and in some episodes does what no policy should.

    Args:
        deeds: by the number of the episode, one of exit, kill, hang, stuck, eat, leak, raise,
            leave, quit, vanish, nest, odd, gone; `*` stands for all others.
        folder: where each process that makes one, and each that one starts, leaves a file with its
            number.
    """

    def __init__(self, deeds=None, wrong=0.35, folder=""):
        super().__init__(wrong)
        self.deeds, self.hoard, self.episode = dict(deeds or {}), [], -1
        self.folder = folder
        if folder:
            Path(folder, str(os.getpid())).touch()

    def begin(self, key):
        self.episode = key.episode

    def act(self, observation, info):
        self.do(self.episode)
        return super().act(observation, info)

    def do(self, episode):
        deed = self.deeds.get(str(episode), self.deeds.get("*", ""))
        if deed == "exit":
            os._exit(7)
        elif deed == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        elif deed == "hang":
            time.sleep(600)
        elif deed == "stuck":  # no other thread of the process runs meanwhile
            re.match("(a+)+$", "a" * 60 + "b")
        elif deed == "eat":
            for _ in range(200):
                self.hoard.append(bytearray(20 << 20))
                time.sleep(0.02)
        elif deed == "leak":
            self.hoard.append(bytearray(40 << 20))
        elif deed == "raise":
            raise ValueError("the toy was told to raise")
        elif deed == "leave":
            raise SystemExit(3)
        elif deed == "gone" and Path(self.folder, "gone").exists():
            raise PolicyUnavailable("The toy is gone.")
        elif deed == "quit":
            raise KeyboardInterrupt
        elif deed == "vanish":
            raise GeneratorExit
        elif deed == "nest":
            child = subprocess.Popen(["sleep", "600"])
            Path(self.folder, str(child.pid)).touch()
            os._exit(7)


class BatchPerilous(Perilous):
    """The same, many at once: its deeds hit whoever is asked about at the same time."""

    def begin(self, key):
        pass

    def act_batch(self, observations, infos, keys):
        for key in keys:
            self.do(key.episode)
        return [
            object.__new__(Unsendable)
            if self.deeds.get(str(k.episode)) == "odd"
            else self.answer(o, np.random.default_rng(k.policy_seed))
            for o, k in zip(observations, keys, strict=True)
        ]


class Unsendable:
    """An action that does not survive pickling."""

    def __reduce__(self):
        raise TypeError("not to be sent")


class Choosy(BatchAdder):
    """Refuses walks as soon as it sees what may be done there."""

    def offer(self, action_space, choices):
        if isinstance(action_space, Discrete):
            raise ValueError("no walks")


class HeavyPerilous(BatchPerilous):
    """One that should be held once."""

    heavy = True


class OnlyIn(Adder):
    """Can be made in one process only."""

    def __init__(self, process, exits=False):
        super().__init__()
        if process != os.getpid():
            if exits:
                os.kill(os.getpid(), signal.SIGKILL)
            raise RuntimeError("not here")


def from_words(words: str) -> Adder:
    """A factory that takes an argument."""
    return Adder(float(words))


class Walker:
    """Draws a direction for each step; goes right more often than not."""

    deterministic = True

    def __init__(self, pause_s: float = 0.0) -> None:
        self.pause_s = pause_s
        self.infos: list[dict[str, Any]] = []

    def reset(self, *, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def act(self, observation, info):
        self.infos.append(dict(info))
        if self.pause_s:
            time.sleep(self.pause_s)
        return int(self.rng.choice([0, 1, 2, 2, 2]))


class BatchWalker(Walker):
    """The same with a generator for each episode, kept from `begin` to `end`."""

    def __init__(self) -> None:
        super().__init__()
        self.rngs: dict[Any, np.random.Generator] = {}

    def begin(self, key) -> None:
        self.rngs[key] = np.random.default_rng(key.policy_seed)

    def end(self, key) -> None:
        del self.rngs[key]

    def act_batch(self, observations, infos, keys):
        return [int(self.rngs[key].choice([0, 1, 2, 2, 2])) for key in keys]


class Scripted:
    """Returns what a list says, in turn, whatever it sees."""

    deterministic = True

    def __init__(self, *actions: Any) -> None:
        self.actions, self.at = actions, 0

    def reset(self, *, seed: int) -> None:
        self.at = 0

    def act(self, observation, info):
        self.at += 1
        action = self.actions[(self.at - 1) % len(self.actions)]
        if isinstance(action, ContextFull):
            raise action
        if isinstance(action, BaseException) or (
            isinstance(action, type) and issubclass(action, BaseException)
        ):
            raise action
        return action


def make_adder(wrong: float = 0.35) -> Adder:
    """A factory, for policies by name."""
    return Adder(wrong)


ADDER = Adder()


class DriftEnv(WalkEnv):
    """Walks, and shows a number that no seed decides."""

    n_shown = 0

    def observe(self):
        type(self).n_shown += 1
        drift = self.n_shown % 50 if self.world.at else 0
        return np.array([self.world.at + drift], dtype=np.int64)


class FickleEnv(WalkEnv):
    """Walks, and judges by the mood of the moment."""

    n_judged = 0

    def outcome(self) -> str:
        type(self).n_judged += 1
        return ("yes", "no")[self.n_judged % 2]


class RepeatEnv(TaskEnv[str, str]):
    """Says back what it hears, whatever that is."""

    Config = WalkConfig

    def spaces(self):
        return Unicode(2_000_000), Unicode(2_000_000)

    def draw_world(self, rng):
        return Heard()

    def world_key(self) -> None:
        return None

    def draw_task(self, rng):
        return Problem(prompt="Talk.", reference="bye")

    def make_verifier(self) -> SameText:
        return SameText()

    def observe(self):
        return self.world.last

    def apply(self, action: str):
        self.world.last = action
        return "ok"

    def settled(self) -> bool:
        return self.world.last == "bye"

    def outcome(self) -> str:
        return self.world.last


@dataclass
class Heard:
    last: str = "hello"


for _name in ("Drift", "Fickle", "Repeat"):
    register(
        EnvCard(
            id=f"toy/{_name}-v0",
            entry_point=f"evaluation_toys:{_name}Env",
            family="toy",
            summary=_name,
            proof="none",
        )
    )


def wrapped_walk(render_mode: str | None = None):
    """Somebody else's environment with a verdict, made by a function: its entry point."""
    return wrap(CornerEnv(render_mode), lambda run: len(run.steps) < 6, max_steps=8)


class CornerEnv(gymnasium.Env):
    """Ends when 2 was sent twice; draws a dot."""

    metadata = {"render_modes": ["rgb_array"], "render_fps": 4}  # noqa: RUF012

    def __init__(self, render_mode: str | None = None) -> None:
        self.render_mode = render_mode
        self.observation_space, self.action_space = Discrete(3), Discrete(3)
        self.at = 0

    def reset(self, *, seed=None, options=None):
        super().reset(seed=seed)
        self.at = 0
        return 0, {}

    def step(self, action):
        self.at += action == 2
        return self.at, 0.0, self.at == 2, False, {}

    def render(self):
        picture = np.zeros((4, 4, 3), np.uint8)
        picture[self.at] = 255
        return picture


register(
    EnvCard(
        id="toy/Corner-v0",
        entry_point="evaluation_toys:wrapped_walk",
        family="toy",
        summary="A corner.",
        proof="none",
    )
)
