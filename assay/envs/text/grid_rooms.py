"""The world of TextGrid: rooms in a row, how they are drawn at random, and how they look."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from assay.core.streams import CounterStream

Cell = tuple[int, int]  # column from the west, row from the north
MOVES: dict[str, Cell] = {"north": (0, -1), "south": (0, 1), "east": (1, 0), "west": (-1, 0)}
COMMANDS = (*(f"go {name}" for name in MOVES), "take", "open", "wait")
COLOURS = ("red", "green", "blue", "yellow", "purple", "grey")
THINGS = ("ball", "book", "coin", "cup", "lamp")


@dataclass
class Rooms:
    """The world. Names are such as `red tile`, `blue ball`, `green key`; doors go by colour."""

    walls: tuple[str, ...]  # `#` or `.`, row by row; door cells are `.`
    agent: Cell
    cat: Cell | None
    tiles: dict[str, Cell]
    things: dict[str, Cell]  # what lies about, keys included
    doors: dict[str, Cell]
    locked: tuple[str, ...]  # doors that need their key
    opened: tuple[str, ...] = ()
    carried: tuple[str, ...] = ()
    news: str = ""

    def door_at(self, cell: Cell) -> str | None:
        """The colour of the door in a cell."""
        return next((name for name, place in self.doors.items() if place == cell), None)

    def free(self, cell: Cell, opened: tuple[str, ...]) -> bool:
        """Whether one can stand there with these doors open."""
        if self.walls[cell[1]][cell[0]] == "#":
            return False
        door = self.door_at(cell)
        return door is None or door in opened

    def act(self, verb: str, name: str) -> bool:
        """Do what was said, if it can be done here; False and no change where it cannot."""
        if verb == "take":
            found = next((n for n, cell in self.things.items() if cell == self.agent), None)
            if found is None or name not in ("", found):
                return False
            self.carried = (*self.carried, found)
            del self.things[found]
            return True
        if verb == "open":
            door = next((d for d in map(self.door_at, beside(self.agent)) if d), None)
            if door is None or door in self.opened or name not in ("", f"{door} door"):
                return False
            if door in self.locked and f"{door} key" not in self.carried:
                return False
            self.opened = (*self.opened, door)
            return True
        if verb == "wait":
            return False
        east, south = MOVES[verb.removeprefix("go ")]
        cell = (self.agent[0] + east, self.agent[1] + south)
        if not self.free(cell, self.opened):
            return False
        self.agent = cell
        return True

    def state(self) -> dict[str, Any]:
        """What a goal may be about: the tile underfoot, what is carried, which doors are open."""
        on = next((name for name, cell in self.tiles.items() if cell == self.agent), "")
        return {"on": on, "carries": self.carried, "open": self.opened}


def beside(cell: Cell) -> tuple[Cell, ...]:
    """The four cells around a cell, in the order of `MOVES`."""
    x, y = cell
    return (x, y - 1), (x, y + 1), (x + 1, y), (x - 1, y)


def build(draw: CounterStream, *, size: int, n_rooms: int, locks: int, with_cat: bool) -> Rooms:
    """A world in which every door can be opened and every thing reached.

    From the first room on, rooms are joined one by one at either end; a key is put where one has
    been before its door. The smallest rooms hold nine cells, of which an agent, two tiles and four
    keys leave some.
    """
    spare = [
        draw.shuffled(
            [(room * (size + 1) + 1 + x, 1 + y) for x in range(size) for y in range(size)]
        )
        for room in range(n_rooms)
    ]
    first = draw.integers(0, n_rooms)
    agent = spare[first].pop()
    colours = draw.shuffled(COLOURS)
    doors = {
        colours[k]: ((k + 1) * (size + 1), 1 + draw.integers(0, size)) for k in range(n_rooms - 1)
    }
    locked = tuple(sorted(draw.shuffled(list(doors))[:locks]))
    tiles = {
        f"{colour} tile": spare[room % n_rooms].pop()
        for room, colour in enumerate(draw.shuffled(COLOURS)[: n_rooms + 1])
    }
    things: dict[str, Cell] = {}
    low = high = first
    while low > 0 or high < n_rooms - 1:
        left = high == n_rooms - 1 or (low > 0 and draw.integers(0, 2) == 0)
        door = colours[low - 1 if left else high]
        if door in locked:
            things[f"{door} key"] = spare[draw.integers(low, high + 1)].pop()
        low, high = (low - 1, high) if left else (low, high + 1)
    for name in draw.shuffled([f"{c} {t}" for c in COLOURS for t in THINGS])[: n_rooms + 1]:
        things[name] = draw.choice([cells for cells in spare if cells]).pop()
    cat = draw.choice([cell for room in spare for cell in room]) if with_cat else None
    line = "#" + ("." * size + "#") * n_rooms
    rows = [list("#" * len(line)), *(list(line) for _ in range(size)), list("#" * len(line))]
    for x, y in doors.values():
        rows[y][x] = "."
    walls = tuple("".join(row) for row in rows)
    return Rooms(walls, agent, cat, tiles, things, doors, locked)


def drawing(world: Rooms) -> tuple[list[str], list[str]]:
    """The map line by line, and the meaning of its signs; a dict's order is not part of a state."""
    rows = [list(row) for row in world.walls]
    legend = ["@ you"]
    for number, (name, (x, y)) in enumerate(sorted(world.tiles.items()), start=1):
        rows[y][x] = str(number)
        legend.append(f"{number} {name}")
    for sign, (name, (x, y)) in zip("ABCDE", sorted(world.doors.items()), strict=False):
        rows[y][x] = sign
        shut = "locked" if name in world.locked else "shut"
        legend.append(f"{sign} {name} door ({'open' if name in world.opened else shut})")
    for sign, (name, (x, y)) in zip("abdefghijklmnop", sorted(world.things.items()), strict=False):
        rows[y][x] = sign
        legend.append(f"{sign} {name}")
    if world.cat is not None:
        rows[world.cat[1]][world.cat[0]] = "c"
        legend.append("c cat")
    rows[world.agent[1]][world.agent[0]] = "@"
    return ["".join(row) for row in rows], legend


_INKS = {
    "red": (210, 50, 50),
    "green": (50, 160, 70),
    "blue": (60, 90, 210),
    "yellow": (220, 200, 60),
    "purple": (150, 70, 180),
    "grey": (130, 130, 130),
}
_CELL_PX = 16


def pixels(world: Rooms) -> np.ndarray:
    """The map as a picture, uint8 (height, width, 3): tiles fill a cell, things its middle."""
    wall = np.array([[cell == "#" for cell in row] for row in world.walls])
    image = np.where(wall[..., None], np.uint8(60), np.uint8(240)).repeat(3, axis=2)
    image = image.repeat(_CELL_PX, axis=0).repeat(_CELL_PX, axis=1)

    def paint(cell: Cell, ink: tuple[int, int, int], margin: int) -> None:
        x, y = cell[0] * _CELL_PX, cell[1] * _CELL_PX
        inner = slice(margin, _CELL_PX - margin)
        image[y : y + _CELL_PX, x : x + _CELL_PX][inner, inner] = ink

    for name, cell in world.tiles.items():
        paint(cell, _INKS[name.split()[0]], 0)
    for name, cell in world.doors.items():
        paint(cell, _INKS[name], 0)
        paint(cell, (240, 240, 240), 2 if name in world.opened else 7)
    for name, cell in world.things.items():
        paint(cell, (240, 240, 240), 3)
        paint(cell, _INKS[name.split()[0]], 6 if name.endswith("key") else 4)
    if world.cat is not None:
        paint(world.cat, (200, 120, 30), 5)
    paint(world.agent, (20, 20, 20), 3)
    return image
