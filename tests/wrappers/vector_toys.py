"""Toy environments for the tests of vectors; imported by worker processes too."""

import os
import re
import signal
import time
from dataclasses import dataclass

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.config import TaskConfig
from assay.core.env import TaskEnv
from assay.core.problems import Question
from assay.core.registry import register
from assay.core.spaces import Unicode
from assay.core.types import EnvCard, Problem, Verdict


class ToyError(RuntimeError):
    """Raised by a toy; survives pickling."""


class Reached:
    def verify(self, outcome, task):
        decide = Verdict.accept if outcome == task.reference else Verdict.reject
        return decide("toy.compared", f"Got {outcome}.", details={"total": outcome})


@dataclass(frozen=True, kw_only=True)
class CountConfig(TaskConfig):
    max_steps: int = 6
    slow_s: float = 0.0


@dataclass
class Tally:
    start: int
    total: int
    noise: int = 0


class CountEnv(TaskEnv[str, str]):
    """Count from a start to a target; `die`, `hang`, `stuck`, `fail` break the environment."""

    Config = CountConfig

    def spaces(self):
        return Unicode(100), Unicode(2_000_000)

    def draw_world(self, rng):
        start = int(rng.init.integers(1_000_000))
        return Tally(start, start)

    def draw_task(self, rng):
        return Problem(prompt="Go up.", reference=self.world.start + int(rng.task.integers(2, 5)))

    def make_verifier(self):
        return Reached()

    def observe(self):
        return f"{self.world.total} {self.world.noise}"

    def environment(self):
        return dict(os.environ)

    def apply(self, action):
        if action == "die":
            os.kill(os.getpid(), signal.SIGKILL)
        if action == "hang":
            time.sleep(600)
        if action == "stuck":  # no other thread of the process runs meanwhile
            re.match("(a+)+$", "a" * 60 + "b")
        if action == "fail":
            raise ToyError("the toy broke")
        if self.config.slow_s:
            time.sleep(self.config.slow_s)
        self.world.noise = int(self.rng.dynamics.integers(1000))
        if action == "up":
            self.world.total += 1
            return "ok"
        self.over = action == "stop"
        return "ok" if self.over else "noop"

    def idle(self):
        self.world.noise += 1

    def outcome(self):
        return self.world.total

    def settled(self):
        return self.world.total == self.problem.reference

    def facts(self):
        return {"total": self.world.total, "where": {"noise": self.world.noise}}


@dataclass(frozen=True, kw_only=True)
class EchoConfig(AnswerConfig):
    at_reset: str = ""  # a file; while it is there, a reset kills the process


class EchoEnv(AnswerEnv):
    """One turn: say the number."""

    Config = EchoConfig

    @staticmethod
    def question(rng, config):
        number = rng.integers(0, 10**9)
        return Question(f"Say {number}.", (number,))

    @staticmethod
    def answer(question):
        return str(question.data[0])

    def make_verifier(self):
        return Reached()

    def draw_world(self, rng):
        path = self.config.at_reset
        if path and os.path.exists(path):
            os.remove(path)
            os.kill(os.getpid(), signal.SIGKILL)
        return super().draw_world(rng)


COUNT, ECHO = "toy/Count-v0", "toy/Echo-v0"
for _id, _kind in ((COUNT, "CountEnv"), (ECHO, "EchoEnv")):
    register(EnvCard(
        id=_id, entry_point=f"{__name__}:{_kind}", family="toy", summary="A toy.",
        info_keys=("total", "where"), explore_info_keys=("total",),
    ))  # fmt: skip
