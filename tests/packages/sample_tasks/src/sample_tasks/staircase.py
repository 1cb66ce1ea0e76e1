"""A task from a class: several turns, world and task apart."""

from dataclasses import dataclass

from gymnasium.spaces import Discrete

from assay import Problem, TaskConfig, TaskEnv, Unicode
from assay.verifiers import verifier


@verifier(any_outcome=True)  # the outcome is made by the environment, not sent by a policy
def rung_at_goal(outcome, task):
    """Whether the bell was rung on the step that was asked for."""
    height, rung = outcome
    return rung and height == task.params["goal"]


@dataclass(frozen=True, kw_only=True)
class StaircaseConfig(TaskConfig):
    max_steps: int = 12  # time limit in steps, >= 1
    steps: int = 6  # steps of the staircase, 2..8


@dataclass
class Stairs:
    top: int
    height: int
    rung: bool = False


class StaircaseEnv(TaskEnv[str, int]):
    """Descend (0) or climb (1) to the asked step and ring the bell there (2)."""

    Config = StaircaseConfig

    def spaces(self):
        return Unicode(100), Discrete(3)

    def make_verifier(self):
        return rung_at_goal

    def draw_world(self, rng):
        return Stairs(self.config.steps, int(rng.init.integers(self.config.steps + 1)))

    def draw_task(self, rng):
        others = [step for step in range(self.world.top + 1) if step != self.world.height]
        goal = int(rng.task.choice(others))
        return Problem(prompt=f"Ring the bell on step {goal}.", params={"goal": goal})

    def observe(self):
        task = self.problem.prompt if self.problem else "Look around."
        return f"{task} You stand on step {self.world.height} of {self.world.top}."

    def apply(self, action):
        world = self.world
        if action == 2:
            world.rung = self.over = True
            return "ok"
        height = world.height + (1 if action == 1 else -1)
        if not 0 <= height <= world.top:
            return "noop"
        world.height = height
        return "ok"

    def outcome(self):
        return self.world.height, self.world.rung

    def facts(self):
        return {"height": self.world.height}


def _walk(env, goal):
    distance = goal - env.world.height
    return [1 if distance > 0 else 0] * abs(distance)


def solution(env):
    """Walk to the goal and ring; each action is answered by the next observation."""
    for action in [*_walk(env, env.problem.params["goal"]), 2]:
        _observation = yield action


def counterfeits(env):
    """Near misses: the bell rung elsewhere, or not at all."""
    goal, top = env.problem.params["goal"], env.world.top
    way = _walk(env, goal)
    yield "rung at once", [2]
    yield "one step short", [*way[:-1], 2]
    yield "never rung", way
    yield "rung on the next step", [*_walk(env, goal + 1 if goal < top else goal - 1), 2]
    yield "rung at the mirrored step", [*_walk(env, top - goal), 2] if 2 * goal != top else [2]
    yield "junk", ["up", None, 7]
