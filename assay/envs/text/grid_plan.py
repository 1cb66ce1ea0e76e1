"""Plans for TextGrid: breadth-first ways, opening what stands between."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from assay.envs.text.grid_rooms import COMMANDS, Cell, Rooms, beside


def routes(world: Rooms, start: Cell, opened: tuple[str, ...]) -> dict[Cell, list[str]]:
    """Shortest ways, as commands, to every cell that can be reached (breadth first)."""
    ways: dict[Cell, list[str]] = {start: []}
    queue = deque([start])
    while queue:
        here = queue.popleft()
        for command, cell in zip(COMMANDS, beside(here), strict=False):
            if cell not in ways and world.free(cell, opened):
                ways[cell] = [*ways[here], command]
                queue.append(cell)
    return ways


@dataclass
class _Walk:
    """A plan in the making: where it has come to, and the commands so far."""

    world: Rooms
    at: Cell
    opened: tuple[str, ...]
    carried: tuple[str, ...]
    commands: list[str] = field(default_factory=list)

    def go(self, wanted: list[Cell]) -> bool:
        """Walk to the nearest of these cells, if one can be reached as things are."""
        ways = routes(self.world, self.at, self.opened)
        near = min(
            (cell for cell in wanted if cell in ways), key=lambda c: len(ways[c]), default=None
        )
        if near is None:
            return False
        self.commands += ways[near]
        self.at = near
        return True

    def get(self, wanted: list[Cell]) -> None:
        """Walk to one of these cells, opening what is in the way."""
        while not self.go(wanted):
            self.clear_way()

    def clear_way(self) -> None:
        """Open the nearest door that can be opened, else fetch the nearest key in reach."""
        shut = [door for door in self.world.doors if door not in self.opened]
        ready = [d for d in shut if d not in self.world.locked or f"{d} key" in self.carried]
        ways = routes(self.world, self.at, self.opened)
        reach = [d for d in ready if any(c in ways for c in beside(self.world.doors[d]))]
        if reach:
            self.open(min(reach, key=lambda d: self.distance(ways, beside(self.world.doors[d]))))
            return
        keys = [k for d in shut if (k := f"{d} key") not in self.carried and k in self.world.things]
        self.take(min(keys, key=lambda k: self.distance(ways, (self.world.things[k],))))

    def distance(self, ways: dict[Cell, list[str]], cells: tuple[Cell, ...]) -> int:
        """Steps to the nearest of these cells; very many where none is in reach."""
        return min((len(ways[cell]) for cell in cells if cell in ways), default=10**6)

    def open(self, door: str) -> None:
        """Go beside a door and open it, with its key where it is locked."""
        if door in self.opened:
            return
        key = f"{door} key"
        if door in self.world.locked and key not in self.carried:
            self.take(key)
        self.get([cell for cell in beside(self.world.doors[door]) if self.world.free(cell, ())])
        self.opened = (*self.opened, door)
        self.commands.append("open")

    def take(self, thing: str) -> None:
        """Go to a thing and take it."""
        if thing not in self.carried:
            self.get([self.world.things[thing]])
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
        walk.get([world.tiles[goal["on"]]])
    return walk.commands
