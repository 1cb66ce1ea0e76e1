"""TextGrid: walk through rooms with keys and doors to a tile or a thing (text, many steps)."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal

from gymnasium.spaces import Discrete, Space

from assay.core.config import TaskConfig
from assay.core.env import TaskEnv
from assay.core.errors import bad_value
from assay.core.problems import value_key
from assay.core.spaces import Unicode
from assay.core.streams import Streams
from assay.core.types import ActionStatus, Problem, Verifier
from assay.envs.goals import GoalVerifier
from assay.envs.text.grid_plan import plan
from assay.envs.text.grid_rooms import COMMANDS, MOVES, Cell, Rooms, beside, build, drawing, pixels

KINDS = ("reach", "fetch", "bring", "open")
NO_TASK = "Task: none. Look around."


@dataclass(frozen=True, kw_only=True)
class TextGridConfig(TaskConfig):
    size: int = 4  # side of each room in cells, 3..9
    n_rooms: int = 2  # rooms in a row with a door between neighbours, 1..5
    locks: int = 1  # doors that need a key, 0..4; never more than there are doors
    task: Literal["any", "reach", "fetch", "bring", "open"] = "any"  # what kind of goal is drawn
    actions: Literal["text", "discrete"] = "text"  # commands, or their numbers
    cat: bool = True  # whether a cat wanders about

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 3 <= self.size <= 9:
            raise bad_value("size", self.size, "an integer from 3 to 9")
        if not 1 <= self.n_rooms <= 5:
            raise bad_value("n_rooms", self.n_rooms, "an integer from 1 to 5")
        if not 0 <= self.locks <= 4:
            raise bad_value("locks", self.locks, "an integer from 0 to 4")
        if self.task == "open" and self.n_rooms < 3:
            raise bad_value(
                "n_rooms", self.n_rooms, "at least 3 for task='open': two doors or more"
            )


class TextGridEnv(TaskEnv[str, Any]):
    """Walk through rooms with keys and doors to a tile or a thing.

    Description:
        Square rooms stand in a row, each joined to the next by a door. Doors are shut, some locked;
        the key of a locked door has its colour and lies where one can get without passing it.
        Coloured tiles and things to carry lie about, and a cat wanders around without being in the
        way. One of several goals is drawn: stand on a tile (`reach`), pick a thing up (`fetch`),
        stand on a tile with a thing in hand (`bring`), open a door (`open`).

    Observations:
        Text: a map with its legend, what is carried, what just happened, and the task.

    Actions:
        Text: `go north`, `go south`, `go east`, `go west`, `take`, `open`, `wait`; after `take` and
        `open` the thing or door may be named (`take red key`, `open red door`). Things are taken
        from the cell one stands on, doors are opened from a cell beside them. With
        `actions="discrete"` the numbers 0 to 6, in this order. What has no effect is `noop`.

    Verdict:
        Passed when the state meets the goal (`GoalVerifier`): where one stands, what is carried and
        which doors are open, never what was said.

    Episode end:
        When the goal is met, or after `max_steps`. Without a task only `max_steps` ends it.

    Options:
        `size`, `n_rooms`, `locks`: larger worlds with more locks take longer. `task`: the kind of
        goal. `actions`: as said above. `cat`: whether there is one.

    Seeding:
        The world is drawn from `init`, the goal from `task` among those that can be met within
        `max_steps`; the cat walks by `dynamics`, whatever is done. Equal worlds belong to the same
        split.

    Example:
        >>> env = TextGridEnv()
        >>> observation, info = env.reset(seed=0)
        >>> for command in plan(env.world, env.problem.params["goal"]):
        ...     observation, reward, *_ = env.step(command)
        >>> reward
        1.0

    Versions:
        0: first.
    """

    Config = TextGridConfig
    metadata = {"render_modes": ["ansi", "rgb_array"], "render_fps": 4}  # noqa: RUF012

    def spaces(self) -> tuple[Space[Any], Space[Any]]:
        c = self.config
        longest = (c.n_rooms * (c.size + 1) + 2) * (c.size + 2) + 40 * (5 * c.n_rooms + 5) + 300
        actions = Unicode(100) if c.actions == "text" else Discrete(len(COMMANDS))
        return Unicode(longest), actions

    def make_verifier(self) -> Verifier:
        return GoalVerifier()

    # ------------------------------------------------------------------ world and task

    def draw_world(self, rng: Streams) -> Rooms:
        c = self.config
        draw = rng.counter("init")
        return build(draw, size=c.size, n_rooms=c.n_rooms, locks=c.locks, with_cat=c.cat)

    def admits(self) -> bool:
        fitting = (goal for goal in self.goals() if self.in_time(goal))
        return next(fitting, None) is not None and next(fitting, None) is not None

    def world_key(self) -> int:
        return value_key(self.world)

    def draw_task(self, rng: Streams) -> Problem:
        goals = rng.counter("task").shuffled(self.goals())
        goal = next(goal for goal in goals if self.in_time(goal))
        steps = len(plan(self.world, goal))
        return Problem(prompt=wording(goal), params={"goal": goal}, difficulty=float(steps))

    def goals(self) -> list[dict[str, str]]:
        """Every goal of the wanted kind; none is met at the start."""
        world, kind = self.world, self.config.task
        tiles, doors = sorted(world.tiles), sorted(world.doors)
        things = [name for name in sorted(world.things) if not name.endswith("key")]
        kinds = {
            "reach": [{"on": tile} for tile in tiles],
            "fetch": [{"carries": thing} for thing in things],
            "bring": [{"carries": thing, "on": tile} for thing in things for tile in tiles],
            "open": [{"open": door} for door in doors],
        }
        return [goal for name in KINDS if kind in ("any", name) for goal in kinds[name]]

    def in_time(self, goal: dict[str, str]) -> bool:
        """Whether a goal can be met within the limit; planned only where that is in doubt."""
        c = self.config
        walks = c.n_rooms + 1 + min(c.locks, c.n_rooms - 1)  # to each door, each key, and two more
        longest = walks * (2 * c.n_rooms * c.size + 1)
        return longest <= c.max_steps or len(plan(self.world, goal)) <= c.max_steps

    # ------------------------------------------------------------------ the episode

    def observe(self) -> str:
        world = self.world
        shown, legend = drawing(world)
        held, on = ", ".join(world.carried) or "nothing", world.state()["on"]
        here = f"You stand on the {on}. " if on else ""
        task = NO_TASK if self.problem is None else f"Task: {self.problem.prompt}"
        lines = [
            "\n".join(shown),
            "; ".join(legend),
            f"{here}You carry: {held}. {world.news}",
            task,
        ]
        return "\n".join(lines)

    def apply(self, action: str | int) -> ActionStatus:
        command = read_command(action) if isinstance(action, str) else (COMMANDS[action], "")
        if command is None or not self.world.act(*command):
            self.idle()
            return "unparsable" if command is None else "noop"
        self.world.news = "Done."
        self.move_cat()
        return "ok"

    def idle(self) -> None:
        self.world.news = "Nothing happens."
        self.move_cat()

    def move_cat(self) -> None:
        """The cat stays, or goes to a free cell beside it; never through a door."""
        world = self.world
        if world.cat is not None:
            cell = (*beside(world.cat), world.cat)[int(self.rng.dynamics.integers(5))]
            if world.free(cell, ()):
                world.cat = cell

    def outcome(self) -> dict[str, Any]:
        return self.world.state()

    def settled(self) -> bool:
        return self.judge_now().passed

    def facts(self) -> dict[str, Any]:
        found: dict[str, Any] = {"position": list(self.world.agent)}
        if self.problem is not None:
            found["goal_at"] = list(self.next_place(self.problem.params["goal"]))
        return found

    def next_place(self, goal: dict[str, str]) -> Cell:
        """Where the goal is pursued next, as the crow flies."""
        world = self.world
        if goal.get("carries") in world.things:
            return world.things[goal["carries"]]
        if "on" in goal:
            return world.tiles[goal["on"]]
        return world.doors[goal["open"]] if "open" in goal else world.agent

    def state_key(self) -> tuple[object, ...]:
        world = self.world
        return (self.split, self.index, world.agent, world.carried, world.opened)

    def picture(self, mode: str) -> Any:
        return self.observe() if mode == "ansi" else pixels(self.world)


def wording(goal: dict[str, str]) -> str:
    """A goal as a sentence."""
    if "open" in goal:
        return f"Open the {goal['open']} door."
    if "on" not in goal:
        return f"Pick up the {goal['carries']}."
    held = f" with the {goal['carries']} in hand" if "carries" in goal else ""
    return f"Stand on the {goal['on']}{held}."


def read_command(text: str) -> tuple[str, str] | None:
    """The command and the name after it, or None when it is none."""
    words = " ".join(text.casefold().split()).removesuffix(".")
    if words in COMMANDS:
        return words, ""
    if words in MOVES:
        return f"go {words}", ""
    verb, _, name = words.partition(" ")
    return (verb, name.removeprefix("the ")) if verb in ("take", "open") and name else None


def choices(env: TextGridEnv) -> list[Any]:
    """The seven commands, or their numbers."""
    text = env.config.actions == "text"
    return list(COMMANDS) if text else list(range(len(COMMANDS)))


def as_action(env: TextGridEnv, command: str) -> Any:
    """A command in the form that this environment takes."""
    return command if env.config.actions == "text" else COMMANDS.index(command)


def solution(env: TextGridEnv) -> Generator[Any, Any, None]:
    """Gold: the plan, found by breadth-first search over what is open so far."""
    assert env.problem is not None
    for command in plan(env.world, env.problem.params["goal"]):
        yield as_action(env, command)


def counterfeits(env: TextGridEnv) -> Iterator[tuple[str, list[Any]]]:
    """Ways of playing this episode that must not pass."""
    assert env.problem is not None
    goal = env.problem.params["goal"]
    right = plan(env.world, goal)
    others = (plan(env.world, other) for other in env.goals() if other != goal)
    missed = next((commands for commands in others if misses(env, commands)), ["wait"])
    ways = {
        "nothing at all": ["wait"] * 3,
        "all but the last step": [*right[:-1], "wait"],
        "the last step alone": [right[-1] if len(right) > 1 else "wait"],
        "taking on the spot": ["take"] * 3,
        "another goal of the same world": missed,
    }
    for name, commands in ways.items():
        yield name, [as_action(env, command) for command in commands]
    claim = wording(goal) if env.config.actions == "text" else len(COMMANDS)
    yield "saying that it is done", [claim] * 3


def misses(env: TextGridEnv, commands: list[str]) -> bool:
    """Whether these commands never meet the goal on their way."""
    assert env.problem is not None and env.verifier is not None
    world = replace(env.world, things=dict(env.world.things))
    for command in commands:
        world.act(command, "")
        if env.verifier.verify(world.state(), env.problem).passed:
            return False
    return True
