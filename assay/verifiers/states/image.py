"""A picture against a picture, decoded under limits."""

from __future__ import annotations

import io
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from assay.core.encoding import derive_seed
from assay.core.errors import TaskError, bad_value
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name
from assay.verifiers.states.likeness import mask_iou, pixels_within, structural

Metric = Literal["exact", "pixels", "iou", "ssim"]
Picture = NDArray[np.uint8]

MAX_BYTES = 10_000_000
MAX_PIXELS = 4_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
_WHITE = (255, 255, 255)


@dataclass(frozen=True, kw_only=True)
class ImageVerifier(BaseVerifier):
    """Whether a picture is the reference.

    The outcome is an encoded picture in bytes (PNG, JPEG, BMP, WebP) or an array (height, width,
    3 or 4) of uint8. Size and the number of frames are read from the header and checked before
    anything is decoded; metadata are not read. Transparency is laid on `background`.

    Attributes:
        metric: "exact": all pixels equal. "pixels": the share of pixels within `tolerance` in every
            channel. "iou": intersection over union of the pixels that differ from the background.
            "ssim": mean structural similarity of the grey values.
        threshold: the least value of the metric; "exact" has none.
        tolerance: steps of a channel, for "pixels" and "iou".
        resize: bring another size to the reference's before comparing; False: another size fails.
    """

    name = "image"
    version = "1.0"
    claim = "image"
    outcome_kind = "image"

    metric: Metric = "exact"
    threshold: float = 1.0
    tolerance: int = 0
    resize: bool = False
    background: tuple[int, int, int] = _WHITE
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse settings that accept everything, or mean nothing."""
        if self.metric not in get_args(Metric):
            raise bad_value("metric", self.metric, f"one of {', '.join(get_args(Metric))}")
        if not 0 < self.threshold <= 1:
            raise bad_value("threshold", self.threshold, "above 0, to 1")
        if not 0 <= self.tolerance <= 128:
            raise bad_value("tolerance", self.tolerance, "an integer from 0 to 128")

    def judge(self, outcome: object, task: object) -> Verdict:
        """Decode, bring to one size, compare."""
        gold = reference_picture(task, self.background)
        picture = decoded(outcome, self.background)
        if isinstance(picture, Verdict):
            return picture
        return self.compared(picture, gold)

    def compared(self, picture: Picture, gold: Picture) -> Verdict:
        """The verdict about a decoded picture."""
        if picture.shape != gold.shape:
            if not self.resize:
                return Verdict.reject(
                    "image.size", f"The picture is {_size(picture)}; {_size(gold)} was expected."
                )
            picture = _resized(picture, gold.shape[1], gold.shape[0])
        value = self._value(picture, gold)
        least = 1.0 if self.metric == "exact" else self.threshold
        decide = Verdict.accept if value >= least else Verdict.reject
        return decide(
            "image.same" if value >= least else "image.different",
            f"The metric '{self.metric}' is {value:.4f}; at least {least:g} is asked for.",
            method=self.metric,
            certainty="exact" if self.metric == "exact" else "numeric",
            details={"value": value},
        )

    def _value(self, picture: Picture, gold: Picture) -> float:
        if self.metric == "exact":
            return float(np.array_equal(picture, gold))
        if self.metric == "pixels":
            return pixels_within(picture, gold, self.tolerance)
        if self.metric == "iou":
            return mask_iou(picture, gold, self.background, self.tolerance)
        return structural(picture, gold)

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """Pictures that show nothing, the input and the previous frame must not pass."""
        gold = reference_picture(task, self.background)
        trials = null_pictures(gold)
        params: Mapping[str, Any] = task.params if isinstance(task, Problem) else {}
        for name in ("input", "previous"):
            if name in params:
                trials[f"the {name}"] = _array(params[name], self.background)
        problems: list[TaskProblem] = []
        if not self.compared(gold, gold).passed:
            problems.append(TaskProblem(code="task.gold_refused", message="The gold is refused."))
        for name, picture in trials.items():
            if self.compared(picture, gold).passed:
                message = f"A null outcome is accepted: {name}. Raise the threshold."
                problems.append(TaskProblem(code="task.null_accepted", message=message))
        return problems


def null_pictures(gold: Picture) -> dict[str, Picture]:
    """Constant pictures and noise in the size of the gold."""
    rng = np.random.default_rng(derive_seed("null pictures", gold.shape))
    made: dict[str, Picture] = {}
    for name, value in (("white", 255), ("black", 0), ("grey", 128)):
        made[f"a {name} picture"] = np.full_like(gold, value)
    mean = gold.reshape(-1, 3).mean(axis=0).round().astype(np.uint8)
    made["a picture of the mean colour"] = np.broadcast_to(mean, gold.shape).copy()
    made["noise"] = rng.integers(0, 256, gold.shape, dtype=np.uint8)
    return made


def reference_picture(task: object, background: tuple[int, int, int]) -> Picture:
    """The reference as an array.

    Raises:
        TaskError: it is no picture.
    """
    return _array(task.reference if isinstance(task, Problem) else task, background)


def _array(value: Any, background: tuple[int, int, int]) -> Picture:
    found = decoded(value, background)
    if isinstance(found, Verdict):
        raise TaskError(f"The reference is no picture: {found.reason}")
    return found


def decoded(outcome: object, background: tuple[int, int, int]) -> Picture | Verdict:
    """A picture as an array (height, width, 3), or the verdict about what is none."""
    if type(outcome) is np.ndarray:
        return _from_array(outcome, background)
    if type(outcome) is bytes:
        return _from_bytes(outcome, background)
    return Verdict.reject(
        "outcome.not_image",
        f"The outcome is of type {type_name(outcome)}; a picture was expected.",
        status="unparsable",
    )


def _from_array(array: NDArray[Any], background: tuple[int, int, int]) -> Picture | Verdict:
    if array.ndim != 3 or array.shape[2] not in (3, 4) or array.dtype != np.uint8 or not array.size:
        return _no_picture("An array (height, width, 3 or 4) of uint8 was expected.")
    if array.shape[0] * array.shape[1] > MAX_PIXELS:
        return _too_large(f"{array.shape[1]} × {array.shape[0]} pixels")
    return _flat(array, background)


def _from_bytes(data: bytes, background: tuple[int, int, int]) -> Picture | Verdict:
    from PIL import Image

    if not data:
        return Verdict.reject("image.none", "There is no picture.", status="no_answer")
    if len(data) > MAX_BYTES:
        return _too_large(f"{len(data)} bytes")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=_FORMATS) as image:
                width, height = image.size
                if width * height > MAX_PIXELS:
                    return _too_large(f"{width} × {height} pixels")
                if getattr(image, "n_frames", 1) != 1:
                    return _too_large("several frames")
                return _flat(np.asarray(image.convert("RGBA")), background)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return _too_large("too many pixels")
    except MemoryError:
        return _too_large("too much memory")
    except Exception:  # decoders raise whatever a damaged file makes them raise
        return _no_picture("The bytes are no picture that can be decoded.")


def _flat(array: NDArray[Any], background: tuple[int, int, int]) -> Picture:
    """Colours on the background, in whole numbers: rounded to the nearest."""
    if array.shape[2] == 3:
        return array
    alpha = array[..., 3:].astype(np.uint32)
    under = np.array(background, dtype=np.uint32)
    mixed = (array[..., :3].astype(np.uint32) * alpha + under * (255 - alpha) + 127) // 255
    return mixed.astype(np.uint8)


def _resized(picture: Picture, width: int, height: int) -> Picture:
    from PIL import Image

    return np.asarray(Image.fromarray(picture).resize((width, height), Image.Resampling.BOX))


def _size(picture: Picture) -> str:
    return f"{picture.shape[1]} × {picture.shape[0]}"


def _no_picture(reason: str) -> Verdict:
    return Verdict.reject("image.unreadable", reason, status="unparsable")


def _too_large(what: str) -> Verdict:
    return Verdict.reject(
        "limit.size", f"The picture is too large to be judged: {what}.", status="over_limit"
    )
