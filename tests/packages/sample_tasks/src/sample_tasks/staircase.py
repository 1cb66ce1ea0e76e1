"""A task from a class: several turns, world and task apart."""

from dataclasses import dataclass

from gymnasium.spaces import Discrete

from assay import Problem, TaskConfig, TaskEnv, Unicode
from assay.verifiers import verifier


@verifier
def at_goal(outcome, task):
    """Whether the climber stands on the step that was asked for."""
    return outcome == task.params["goal"]


@dataclass(frozen=True, kw_only=True)
class StaircaseConfig(TaskConfig):
    max_steps: int = 12  # time limit in steps, >= 1
    steps: int = 4  # steps of the staircase, 2..8


@dataclass
class Stairs:
    top: int
    height: int = 0


class StaircaseEnv(TaskEnv[str, int]):
    """Climb (1) or descend (0) to the asked step; stepping off the staircase ends the episode."""

    Config = StaircaseConfig

    def spaces(self):
        return Unicode(100), Discrete(2)

    def make_verifier(self):
        return at_goal

    def draw_world(self, rng):
        return Stairs(top=self.config.steps)

    def draw_task(self, rng):
        goal = int(rng.task.integers(1, self.world.top + 1))
        return Problem(prompt=f"Climb to step {goal}.", params={"goal": goal})

    def observe(self):
        task = self.problem.prompt if self.problem else "Look around."
        return f"{task} You stand on step {self.world.height}."

    def apply(self, action):
        self.world.height += 1 if action == 1 else -1
        self.over = not 0 <= self.world.height <= self.world.top
        return "ok"

    def outcome(self):
        return self.world.height

    def settled(self):
        return self.judge_now().passed

    def facts(self):
        return {"height": self.world.height}


def solution(env):
    """Climb until the verdict comes."""
    while True:
        yield 1


def counterfeits(env):
    """Episodes that end somewhere else."""
    goal = env.problem.params["goal"]
    yield "one step short", [1] * (goal - 1)
    yield "fell off at once", [0]
    yield "nothing", []
    yield "up and down", [1, 0] if goal > 1 else [0]
    yield "junk", ["up", None, 7]
