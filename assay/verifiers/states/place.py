"""A point or a box in a picture, as an agent names it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from assay.core.errors import TaskError, bad_value, shorten
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name
from assay.verifiers.extraction import Extraction

Scale = Literal["pixels", "unit"]
_EXTRACTION = Extraction(mode="any")
_NUMBER = r"-?[0-9]{1,9}(?:\.[0-9]{1,9})?"
_LIST = re.compile(rf"[(\[]?\s*({_NUMBER}(?:\s*,\s*{_NUMBER}){{1,3}})\s*[)\]]?", re.ASCII)
_HUGE = 10**9
_PAIRED = {"(": ")", "[": "]"}
_KEYS = {2: ("x", "y"), 4: ("x1", "y1", "x2", "y2")}


@dataclass(frozen=True, kw_only=True)
class _PlaceVerifier(BaseVerifier):
    """What points and boxes share: the grammar, and the scale.

    The outcome is a text (`(12, 34)`, `[12, 34]`, `12, 34`, or JSON with the keys `x`, `y`; in a
    box, an answer tag, or alone) or a tuple of finite numbers.
    """

    version = "1.0"
    claim = "place"
    outcome_kind = "place"

    scale: Scale = "pixels"
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse scales that do not exist."""
        if self.scale not in ("pixels", "unit"):
            raise bad_value("scale", self.scale, "'pixels' or 'unit' (0 to 1 across the picture)")

    def _numbers(self, outcome: object, count: int) -> tuple[Fraction, ...] | Verdict:
        """Exactly `count` finite numbers, or the verdict about what is not."""
        if isinstance(outcome, tuple | list):
            return _of_sequence(cast("Sequence[Any]", outcome), count)
        if type(outcome) is not str:
            return _unparsable(
                f"The outcome is of type {type_name(outcome)}; a place was expected.",
                "outcome.not_text",
            )
        found = _whole_or_marked(outcome, self.limits)
        if isinstance(found, Verdict):
            return found
        return _of_text(found, count)

    def _scaled(self, numbers: tuple[Fraction, ...], size: tuple[int, int]) -> tuple[Fraction, ...]:
        if self.scale == "pixels":
            return numbers
        return tuple(number * size[k % 2] for k, number in enumerate(numbers))


def _whole_or_marked(outcome: str, limits: Limits) -> str | Verdict:
    text = outcome.strip()
    if len(text) > limits.response_chars:
        return Verdict.reject(
            "limit.size", "The reply is too long to be read.", status="over_limit"
        )
    if not text:
        return Verdict.reject("place.none", "There is no answer.", status="no_answer")
    if len(text) <= 200 and (text[:1] == "{" or _LIST.fullmatch(text)):
        return text
    found = _EXTRACTION.find(text, limits)
    marked = found.how in ("boxed", "marked")
    if found.status == "found" and not marked:
        return _unparsable("The reply is no place, and marks none.")
    if found.status != "found":
        trouble = found.trouble or "No place was found."
        return Verdict.reject("place.unclear", trouble, status=found.status)
    return found.text.strip().strip("$")


def _of_sequence(values: Sequence[Any], count: int) -> tuple[Fraction, ...] | Verdict:
    if len(values) != count:
        return _ambiguous(len(values), count)
    if not all(map(_is_finite, values)):
        return _unparsable("A coordinate is no finite number.")
    return tuple(Fraction(value.item() if hasattr(value, "item") else value) for value in values)


def _is_finite(value: Any) -> bool:
    if type(value) is int:
        return abs(value) < _HUGE
    kinds = (float, np.float32, np.float64, np.int32, np.int64)
    return type(value) in kinds and bool(abs(value) < _HUGE)


def _of_text(text: str, count: int) -> tuple[Fraction, ...] | Verdict:
    if text[:1] == "{":
        return _of_json(text, count)
    listed = _LIST.fullmatch(text)
    if listed is None or _PAIRED.get(text[0], "") != (text[-1] if text[-1] in ")]" else ""):
        return _unparsable("The answer is no list of numbers.")
    parts = listed.group(1).split(",")
    if len(parts) != count:
        return _ambiguous(len(parts), count)
    return tuple(Fraction(part.strip()) for part in parts)


def _of_json(text: str, count: int) -> tuple[Fraction, ...] | Verdict:
    try:
        pairs: Any = json.loads(
            text, object_pairs_hook=list, parse_float=Fraction, parse_int=Fraction
        )
    except (ValueError, RecursionError, ZeroDivisionError):
        return _unparsable("The answer is no JSON object.")
    found = dict(pairs) if all(len(pair) == 2 for pair in pairs) else {}
    if sorted(found) != sorted(_KEYS[count]) or len(found) != len(pairs):
        return _unparsable(f"An object with exactly {', '.join(_KEYS[count])} was expected.")
    values = [found[key] for key in _KEYS[count]]
    if not all(type(value) is Fraction for value in values):
        return _unparsable("A coordinate is no finite number.")
    return tuple(values)


def _unparsable(reason: str, code: str = "place.unparsable") -> Verdict:
    return Verdict.reject(code, reason, status="unparsable")


def _ambiguous(given: int, wanted: int) -> Verdict:
    return Verdict.reject(
        "place.count", f"{given} numbers were given; {wanted} make one place.", status="ambiguous"
    )


@dataclass(frozen=True, kw_only=True)
class PointVerifier(_PlaceVerifier):
    """One point, inside the picture and inside the mask.

    The mask is the reference: an array of truth values (height × width), or a list of rows of 0
    and 1. The point (x, y) lies in the pixel of column floor(x) and row floor(y).

    Example:
        >>> PointVerifier().verify("(1, 0)", [[0, 1], [0, 0]]).passed
        True
    """

    name = "point"

    def judge(self, outcome: object, task: object) -> Verdict:
        """Read the point, look it up."""
        mask = _mask(task)
        numbers = self._numbers(outcome, 2)
        if isinstance(numbers, Verdict):
            return numbers
        height, width = mask.shape
        x, y = self._scaled(numbers, (width, height))
        shown = f"({float(x):g}, {float(y):g})"
        if not (0 <= x < width and 0 <= y < height):
            return Verdict.reject(
                "place.outside", "The point lies outside the picture.", canonical=shown
            )
        inside = bool(mask[int(y), int(x)])
        decide = Verdict.accept if inside else Verdict.reject
        return decide(
            "place.hit" if inside else "place.missed",
            "The point lies in the region." if inside else "The point lies beside the region.",
            canonical=shown,
        )

    def gold_text(self, task: Any) -> str:
        """The middle of the first pixel of the mask."""
        return self._written(_mask(task), inside=True)

    def near_misses(self, task: Any) -> Iterator[tuple[str, str]]:
        """A pixel beside the mask, places beyond the picture, and two places."""
        mask = _mask(task)
        gold = self._written(mask, inside=True)
        if not mask.all():
            yield "a pixel beside the region", self._written(mask, inside=False)
        yield "a place beyond the picture", "(-1, -1)"
        yield "a place far beyond", "(99999999, 0)"
        yield "two places", f"{gold}, {gold}"

    def _written(self, mask: NDArray[np.bool_], *, inside: bool) -> str:
        row, column = map(int, np.argwhere(mask == inside)[0])
        if self.scale == "pixels":
            return f"({column}.5, {row}.5)"
        height, width = mask.shape
        return f"({(column + 0.5) / width:.8f}, {(row + 0.5) / height:.8f})"


@dataclass(frozen=True, kw_only=True)
class BoxVerifier(_PlaceVerifier):
    """One box [x1, y1, x2, y2] that covers what the reference box covers.

    Attributes:
        iou: the least ratio of the boxes' intersection to their union, above 0, to 1.
        size: width and height of the picture; else `params["size"]` of the problem.

    Example:
        >>> BoxVerifier(size=(20, 20)).verify("[0, 0, 10, 9]", (0, 0, 10, 10)).passed
        True
    """

    name = "box"

    iou: float = 0.5
    size: tuple[int, int] | None = None

    def __post_init__(self) -> None:
        """Refuse thresholds that everything or nothing meets."""
        super().__post_init__()
        if not 0 < self.iou <= 1:
            raise bad_value("iou", self.iou, "above 0, to 1")

    @cached_property
    def _least(self) -> Fraction:
        return Fraction(str(self.iou))

    def judge(self, outcome: object, task: object) -> Verdict:
        """Exact areas, no rounding."""
        gold, size = self._gold(task)
        numbers = self._numbers(outcome, 4)
        if isinstance(numbers, Verdict):
            return numbers
        box = self._scaled(numbers, size)
        shown = "[" + ", ".join(f"{float(number):g}" for number in box) + "]"
        if not (box[0] < box[2] and box[1] < box[3]):
            return Verdict.reject(
                "place.no_box", "The corners are not ordered: x1 < x2 and y1 < y2 were expected.",
                canonical=shown,
            )  # fmt: skip
        if box[0] < 0 or box[1] < 0 or box[2] > size[0] or box[3] > size[1]:
            return Verdict.reject(
                "place.outside", "The box reaches beyond the picture.", canonical=shown
            )
        ratio = _iou(gold, box)
        decide = Verdict.accept if ratio >= self._least else Verdict.reject
        return decide(
            "place.covers" if ratio >= self._least else "place.missed",
            f"Intersection over union is {float(ratio):.3f}; at least {self.iou:g} is asked for.",
            canonical=shown,
            details={"iou": float(ratio)},
        )

    def gold_text(self, task: Any) -> str:
        """The reference box itself."""
        gold, size = self._gold(task)
        if self.scale == "unit":
            gold = tuple(number / size[k % 2] for k, number in enumerate(gold))
        return "[" + ", ".join(f"{float(number):.8g}" for number in gold) + "]"

    def near_misses(self, task: Any) -> Iterator[tuple[str, tuple[float, ...]]]:
        """Boxes beside the gold, as large as the picture, without area, or turned around."""
        gold, (width, height) = self._gold(task)
        x1, y1, x2, y2 = map(float, gold)
        trials = {
            "its corners swapped": (x2, y2, x1, y1),
            "no width": (x1, y1, x1, y2),
            "a place beyond the picture": (x1, y1, width + 1.0, y2),
            "the size of the whole picture": (0.0, 0.0, float(width), float(height)),
            "another place": (x2, y1, x2 + (x2 - x1), y2),
        }
        across = (width, height) if self.scale == "unit" else (1, 1)
        for name, box in trials.items():
            exact = tuple(map(Fraction, box))
            if name.startswith("the size") and _iou(gold, exact) >= self._least:
                continue  # the gold nearly fills the picture: this one is right
            yield name, tuple(number / across[k % 2] for k, number in enumerate(box))

    def _gold(self, task: object) -> tuple[tuple[Fraction, ...], tuple[int, int]]:
        reference: Any = task.reference if isinstance(task, Problem) else task
        listed = isinstance(reference, list | tuple)
        numbers = _of_sequence(cast("Sequence[Any]", reference), 4) if listed else None
        if not isinstance(numbers, tuple) or not (
            numbers[0] < numbers[2] and numbers[1] < numbers[3]
        ):
            raise TaskError(
                f"The reference {shorten(cast('object', reference))} is no box [x1, y1, x2, y2]."
            )
        size: Any = self.size
        if size is None and isinstance(task, Problem):
            size = task.params.get("size")
        if not isinstance(size, tuple | list) or len(cast("Sequence[Any]", size)) != 2:
            raise TaskError("The picture's size is not known: give size=(width, height).")
        width, height = cast("Sequence[Any]", size)
        return numbers, (int(width), int(height))


def _iou(one: tuple[Fraction, ...], other: tuple[Fraction, ...]) -> Fraction:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    shared = width * height if width > 0 and height > 0 else Fraction(0)
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return shared / (sum(areas) - shared)


def _mask(task: object) -> NDArray[np.bool_]:
    reference: Any = task.reference if isinstance(task, Problem) else task
    if isinstance(reference, Mapping) or reference is None or isinstance(reference, str):
        raise TaskError("The reference is no mask: an array of truth values was expected.")
    try:
        mask = np.asarray(reference)
    except ValueError as error:
        raise TaskError(f"The reference is no mask: {error}.") from error
    if mask.ndim != 2 or mask.size == 0 or mask.dtype.kind not in "biu" or mask.max() > 1:
        raise TaskError("The reference is no mask: height × width truth values were expected.")
    if not mask.any():
        raise TaskError("The mask is empty: no point could pass.")
    return mask.astype(np.bool_)
