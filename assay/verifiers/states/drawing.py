r"""A closed subset of SVG, read and drawn by this package: no scripts, links, fonts or entities.

Elements: `svg` (with width and height, or a viewBox from the origin), `g`, `rect`, `circle`,
`ellipse`, `line`, `polyline`, `polygon`, and `path` with M L H V C Q Z in both cases. Attributes:
coordinates as plain numbers, `fill` and `stroke` (`none`, a basic colour name, `#rgb`, `#rrggbb`),
`stroke-width`. Everything else is outside the language.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

MAX_CHARS = 100_000
MAX_SHAPES = 2_000
MAX_POINTS = 20_000
MAX_SIDE = 1_024
SUPERSAMPLING = 4
_CURVE_STEPS = 16

_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,6}(?:\.[0-9]{0,6})?|\.[0-9]{1,6})(?:[eE][+-]?[0-9]{1,2})?")
_LENGTH = re.compile(rf"({_NUMBER.pattern})(?:px)?")
_PATH_TOKEN = re.compile(rf"[MmLlHhVvCcQqZz]|{_NUMBER.pattern}|[\s,]+")
_COLOURS: Mapping[str, tuple[int, int, int]] = {
    "black": (0, 0, 0), "white": (255, 255, 255), "red": (255, 0, 0), "lime": (0, 255, 0),
    "blue": (0, 0, 255), "yellow": (255, 255, 0), "cyan": (0, 255, 255), "aqua": (0, 255, 255),
    "magenta": (255, 0, 255), "fuchsia": (255, 0, 255), "green": (0, 128, 0),
    "gray": (128, 128, 128),
    "grey": (128, 128, 128), "silver": (192, 192, 192), "maroon": (128, 0, 0), "navy": (0, 0, 128),
    "olive": (128, 128, 0), "purple": (128, 0, 128), "teal": (0, 128, 128), "orange": (255, 165, 0),
}  # fmt: skip
_PAINT = frozenset({"fill", "stroke", "stroke-width"})
_SHAPES: Mapping[str, frozenset[str]] = {
    "rect": frozenset({"x", "y", "width", "height"}),
    "circle": frozenset({"cx", "cy", "r"}),
    "ellipse": frozenset({"cx", "cy", "rx", "ry"}),
    "line": frozenset({"x1", "y1", "x2", "y2"}),
    "polyline": frozenset({"points"}),
    "polygon": frozenset({"points"}),
    "path": frozenset({"d"}),
    "g": frozenset(),
}
_ROOT = frozenset({"width", "height", "viewBox", "xmlns", "version"})
_NAMESPACE = "http://www.w3.org/2000/svg"
_ARGUMENTS = {"M": 2, "L": 2, "H": 1, "V": 1, "C": 6, "Q": 4}

Point = tuple[float, float]
Colour = tuple[int, int, int]


class NotDrawn(Exception):
    """A text outside the language, or beyond its limits (`over`)."""

    def __init__(self, reason: str, *, over: bool = False) -> None:
        super().__init__(reason)
        self.over = over


class Shape(NamedTuple):
    """Outlines in user units, and how they are painted."""

    outlines: tuple[tuple[Point, ...], ...]
    closed: bool
    fill: Colour | None
    stroke: Colour | None
    stroke_width: float


class Drawing(NamedTuple):
    """A picture's size in pixels, and its shapes from back to front."""

    width: int
    height: int
    shapes: tuple[Shape, ...]


def read_svg(text: str) -> Drawing:
    """The drawing that a text describes.

    Raises:
        NotDrawn: it is outside the language, or too large.
    """
    if len(text) > MAX_CHARS:
        raise NotDrawn(
            f"the drawing is {len(text)} characters long; {MAX_CHARS} are read", over=True
        )
    reader = _Reader()
    parser = expat.ParserCreate()
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.characters
    parser.ProcessingInstructionHandler = _refuse("a processing instruction")
    parser.StartDoctypeDeclHandler = _refuse("a document type")
    try:
        parser.Parse(text.encode("utf-8", "surrogatepass"), True)
    except expat.ExpatError as error:
        raise NotDrawn(f"it is no well-formed XML ({error})") from None
    return reader.drawing()


def _refuse(what: str) -> Any:
    def refuse(*_: Any) -> None:
        raise NotDrawn(f"{what} is outside the language")

    return refuse


class _Reader:
    def __init__(self) -> None:
        self.size: tuple[int, int] | None = None
        self.shapes: list[Shape] = []
        self.paint: list[dict[str, str]] = []
        self.points = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if not self.paint:
            if name != "svg":
                raise NotDrawn(f"the root is <{name[:20]}>, not <svg>")
            self.size = _size(attributes)
            own = {k: v for k, v in attributes.items() if k in _PAINT}
            self.paint.append({"fill": "black", "stroke": "none", "stroke-width": "1", **own})
            return
        known = _SHAPES.get(name)
        if known is None:
            raise NotDrawn(f"<{name[:20]}> is outside the language")
        unknown = sorted(set(attributes) - known - _PAINT)
        if unknown:
            raise NotDrawn(f"the attribute '{unknown[0][:20]}' of <{name}> is outside the language")
        paint = {**self.paint[-1], **{k: v for k, v in attributes.items() if k in _PAINT}}
        self.paint.append(paint)
        if len(self.paint) > 32:
            raise NotDrawn("groups are nested deeper than 32", over=True)
        if name != "g":
            self._add(name, attributes, paint)

    def _add(self, name: str, attributes: dict[str, str], paint: dict[str, str]) -> None:
        shape = _shape(name, attributes, paint)
        self.points += sum(map(len, shape.outlines))
        self.shapes.append(shape)
        if len(self.shapes) > MAX_SHAPES or self.points > MAX_POINTS:
            raise NotDrawn("the drawing has too many shapes or points", over=True)

    def end(self, name: str) -> None:
        if len(self.paint) > 1:
            self.paint.pop()

    def characters(self, text: str) -> None:
        if text.strip():
            raise NotDrawn("text between elements is outside the language")

    def drawing(self) -> Drawing:
        if self.size is None:
            raise NotDrawn("there is no <svg>")
        return Drawing(*self.size, tuple(self.shapes))


def _size(attributes: Mapping[str, str]) -> tuple[int, int]:
    unknown = sorted(set(attributes) - _ROOT - _PAINT)
    if unknown or attributes.get("xmlns", _NAMESPACE) != _NAMESPACE:
        raise NotDrawn(f"the attribute '{(unknown or ['xmlns'])[0][:20]}' of <svg> is not allowed")
    sides = [_length(attributes[k]) for k in ("width", "height") if k in attributes]
    if "viewBox" in attributes:
        box = [_number(part) for part in attributes["viewBox"].replace(",", " ").split()]
        if len(box) != 4 or box[:2] != [0, 0] or (sides and sides != box[2:]):
            raise NotDrawn("the viewBox has to begin at 0 0 and have the size of the drawing")
        sides = box[2:]
    if len(sides) != 2 or not all(side == int(side) and 1 <= side <= MAX_SIDE for side in sides):
        raise NotDrawn(f"width and height have to be whole numbers from 1 to {MAX_SIDE}")
    return int(sides[0]), int(sides[1])


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text.strip()):
        raise NotDrawn(f"'{text[:20]}' is no number of the language")
    value = float(text)
    if abs(value) > 1e6:
        raise NotDrawn(f"'{text[:20]}' is too large", over=True)
    return value


def _length(text: str) -> float:
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise NotDrawn(f"'{text[:20]}' is no length of the language")
    return _number(found.group(1))


def _colour(text: str) -> Colour | None:
    name = text.strip().lower()
    if name == "none":
        return None
    if name in _COLOURS:
        return _COLOURS[name]
    if re.fullmatch(r"#[0-9a-f]{3}", name):
        return int(name[1] * 2, 16), int(name[2] * 2, 16), int(name[3] * 2, 16)
    if re.fullmatch(r"#[0-9a-f]{6}", name):
        return int(name[1:3], 16), int(name[3:5], 16), int(name[5:7], 16)
    raise NotDrawn(f"'{text[:20]}' is no colour of the language")


def _shape(name: str, attributes: Mapping[str, str], paint: Mapping[str, str]) -> Shape:
    def at(key: str, default: str | None = "0") -> float:
        text = attributes.get(key, default)
        if text is None:
            raise NotDrawn(f"<{name}> lacks '{key}'")
        return _length(text)

    closed = name in ("rect", "circle", "ellipse", "polygon")
    if name == "rect":
        x, y, w, h = at("x"), at("y"), at("width", None), at("height", None)
        outlines = [[(x, y), (x + w, y), (x + w, y + h), (x, y + h)]]
        _positive(name, w, h)
    elif name in ("circle", "ellipse"):
        rx, ry = (at("r", None),) * 2 if name == "circle" else (at("rx", None), at("ry", None))
        _positive(name, rx, ry)
        outlines = [_ellipse(at("cx"), at("cy"), rx, ry)]
    elif name == "line":
        outlines = [[(at("x1"), at("y1")), (at("x2"), at("y2"))]]
    elif name == "path":
        outlines = _path(attributes.get("d", ""))
    else:
        outlines = [_points(attributes.get("points", ""))]
    width = _length(paint["stroke-width"])
    fill = None if name == "line" else _colour(paint["fill"])
    return Shape(
        tuple(map(tuple, outlines)), closed, fill, _colour(paint["stroke"]), max(0.0, width)
    )


def _positive(name: str, *sides: float) -> None:
    if any(side < 0 for side in sides):
        raise NotDrawn(f"<{name}> has a negative size")


def _ellipse(cx: float, cy: float, rx: float, ry: float) -> list[Point]:
    steps = 96
    turns = (2 * math.pi * k / steps for k in range(steps))
    return [(cx + rx * math.cos(t), cy + ry * math.sin(t)) for t in turns]


def _points(text: str) -> list[Point]:
    numbers = [_number(part) for part in text.replace(",", " ").split()]
    if len(numbers) < 4 or len(numbers) % 2:
        raise NotDrawn("points have to be two or more pairs of numbers")
    return list(zip(numbers[::2], numbers[1::2], strict=True))


def _tokens(d: str) -> Iterator[str]:
    at = 0
    while at < len(d):
        found = _PATH_TOKEN.match(d, at)
        if found is None:
            raise NotDrawn(f"'{d[at : at + 10]}' in a path is outside the language")
        at = found.end()
        if found.group().strip(" ,\t\r\n"):
            yield found.group()


def _path(d: str) -> list[list[Point]]:
    """The outlines of a path; curves are cut into straight pieces."""
    outlines: list[list[Point]] = []
    tokens = list(_tokens(d))
    at, command, drawn = 0, "", 0
    here: Point = (0.0, 0.0)
    while at < len(tokens):
        if tokens[at].isalpha():
            command = tokens[at]
            at += 1
            if command in "Zz":
                if not outlines:
                    raise NotDrawn("a path has to begin with M")
                outlines[-1].append(outlines[-1][0])
                here = outlines[-1][0]
                command = ""
                continue
        count = _ARGUMENTS.get(command.upper(), 0)
        if not count or (not outlines and command.upper() != "M"):
            raise NotDrawn("a path has to begin with M, and numbers have to follow a command")
        numbers = tokens[at : at + count]
        if len(numbers) < count or any(token.isalpha() for token in numbers):
            raise NotDrawn(f"'{command}' in a path needs {count} numbers")
        at += count
        made = _segment(command, [_number(token) for token in numbers], here)
        if command in "Mm":
            outlines.append([])
            command = "L" if command == "M" else "l"
        elif not outlines[-1] or outlines[-1][-1] != here:
            outlines.append([here])
        outlines[-1] += made
        here = made[-1]
        drawn += len(made)
        if drawn > MAX_POINTS:
            raise NotDrawn("a path has too many points", over=True)
    return [outline for outline in outlines if outline]


def _segment(command: str, numbers: list[float], here: Point) -> list[Point]:
    """The points of one command after where the pen stands."""
    x, y = here if command.islower() else (0.0, 0.0)
    kind = command.upper()
    if kind == "H":
        return [(numbers[0] + x, here[1])]
    if kind == "V":
        return [(here[0], numbers[0] + y)]
    pairs = [(a + x, b + y) for a, b in zip(numbers[::2], numbers[1::2], strict=True)]
    if kind in "ML":
        return pairs
    return [_bezier([here, *pairs], k / _CURVE_STEPS) for k in range(1, _CURVE_STEPS + 1)]


def _bezier(points: list[Point], t: float) -> Point:
    while len(points) > 1:
        points = [(a[0] + t * (b[0] - a[0]), a[1] + t * (b[1] - a[1])) for a, b in pairwise(points)]
    return points[0]


def painted(drawing: Drawing, background: Colour) -> NDArray[np.uint8]:
    """The drawing as pixels (height, width, 3), with the edges smoothed by supersampling."""
    from PIL import Image, ImageDraw

    k = SUPERSAMPLING
    image = Image.new("RGB", (drawing.width * k, drawing.height * k), background)
    draw = ImageDraw.Draw(image)
    for shape in drawing.shapes:
        outlines = [[(x * k - 0.5, y * k - 0.5) for x, y in line] for line in shape.outlines]
        if shape.fill is not None:
            for line in outlines:
                if len(line) > 2:
                    draw.polygon(line, fill=shape.fill)
        if shape.stroke is not None and shape.stroke_width:
            width = max(1, round(shape.stroke_width * k))
            for line in outlines:
                ends = [*line, line[0]] if shape.closed else line
                draw.line(ends, fill=shape.stroke, width=min(width, 8_192), joint="curve")
    small = image.resize((drawing.width, drawing.height), Image.Resampling.BOX)
    return np.asarray(small)
