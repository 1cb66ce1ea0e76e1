"""Plans for TextGrid: breadth-first ways, opening what stands between."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from assay.envs.text.grid_rooms import COMMANDS, Cell, Rooms, beside


class Ways:
    """Shortest ways to every cell that can be reached, breadth first."""

    def __init__(self, world: Rooms, start: Cell, opened: tuple[str, ...]) -> None:
        shut = {cell for door, cell in world.doors.items() if door not in opened}
        self.steps = {start: 0}
        self.before: dict[Cell, tuple[Cell, str]] = {}
        queue = deque([start])
        while queue:
            here = queue.popleft()
            for command, cell in zip(COMMANDS, beside(here), strict=False):
                x, y = cell
                if cell not in self.steps and world.walls[y][x] == "." and cell not in shut:
                    self.steps[cell] = self.steps[here] + 1
                    self.before[cell] = here, command
                    queue.append(cell)

    def distance(self, cells: Iterable[Cell]) -> int:
        """Steps to the nearest of these cells; very many where none is in reach."""
        return min((self.steps.get(cell, _FAR) for cell in cells), default=_FAR)

    def to(self, cell: Cell) -> list[str]:
        """The commands that lead to a cell."""
        commands: list[str] = []
        while cell in self.before:
            cell, command = self.before[cell]
            commands.append(command)
        return commands[::-1]


_FAR = 10**6


@dataclass
class _Walk:
    """A plan in the making: where it has come to, and the commands so far."""

    world: Rooms
    at: Cell
    opened: tuple[str, ...]
    carried: tuple[str, ...]
    commands: list[str] = field(default_factory=list)

    def go(self, wanted: list[Cell]) -> None:
        """Walk to the nearest of these cells, opening what is in the way."""
        while (ways := Ways(self.world, self.at, self.opened)).distance(wanted) == _FAR:
            self.clear_way(ways)
        self.at = min(wanted, key=lambda cell: ways.distance([cell]))
        self.commands += ways.to(self.at)

    def clear_way(self, ways: Ways) -> None:
        """Open the nearest door that can be opened, else fetch the nearest key in reach."""
        world = self.world
        shut = [door for door in sorted(world.doors) if door not in self.opened]
        ready = [d for d in shut if d not in world.locked or f"{d} key" in self.carried]
        door = min(ready, key=lambda d: ways.distance(beside(world.doors[d])), default=None)
        if door is not None and ways.distance(beside(world.doors[door])) < _FAR:
            self.open(door)
            return
        keys = [key for d in shut if (key := f"{d} key") in world.things]
        keys = [key for key in keys if key not in self.carried]
        self.take(min(keys, key=lambda key: ways.distance([world.things[key]])))

    def open(self, door: str) -> None:
        """Go beside a door and open it, with its key where it is locked."""
        if door in self.opened:
            return
        key = f"{door} key"
        if door in self.world.locked and key not in self.carried:
            self.take(key)
        self.go([cell for cell in beside(self.world.doors[door]) if self.world.free(cell, ())])
        self.opened = (*self.opened, door)
        self.commands.append("open")

    def take(self, thing: str) -> None:
        """Go to a thing and take it."""
        if thing not in self.carried:
            self.go([self.world.things[thing]])
            self.carried = (*self.carried, thing)
            self.commands.append("take")


def plan(world: Rooms, goal: dict[str, str]) -> list[str]:
    """Commands that meet a goal from where the world stands; not always the fewest."""
    walk = _Walk(world, world.agent, world.opened, world.carried)
    if "open" in goal:
        walk.open(goal["open"])
    if "carries" in goal:
        walk.take(goal["carries"])
    if "on" in goal:
        walk.go([world.tiles[goal["on"]]])
    return walk.commands
