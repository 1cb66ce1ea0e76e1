"""A drawing in SVG, rendered here, against the reference picture."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np

from assay.core.errors import TaskError, bad_value
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, unusable
from assay.verifiers.states.drawing import Drawing, NotDrawn, painted, read_svg
from assay.verifiers.states.image import ImageVerifier, Picture, reference_picture

_IMAGE = ImageVerifier(metric="ssim", threshold=0.95)


@dataclass(frozen=True, kw_only=True)
class RenderVerifier(BaseVerifier):
    """Whether SVG in a closed subset draws the reference.

    The subset is that of `assay.verifiers.states.drawing`: shapes, paths and plain colours. The
    reference is a drawing in the same subset, which is rendered alike, or a picture. The reply is
    the SVG alone, or in one Markdown fence.

    Attributes:
        image: how the two pictures are compared.
    """

    name = "render"
    version = "1.0"
    claim = "image"

    image: ImageVerifier = field(default=_IMAGE)
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse what cannot compare."""
        if type(self.image) is not ImageVerifier:
            raise bad_value("image", self.image, "an ImageVerifier")

    def judge(self, outcome: object, task: object) -> Verdict:
        """Read, draw, compare."""
        gold = self._gold(task)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        text = _source(cast("str", outcome))
        if not text:
            return Verdict.reject("render.none", "There is no drawing.", status="no_answer")
        try:
            drawing: Drawing = read_svg(text)
        except NotDrawn as error:
            return Verdict.reject(
                "render.over_limit" if error.over else "render.unparsable",
                f"The drawing cannot be read: {error}.",
                status="over_limit" if error.over else "unparsable",
            )
        if (
            drawing.width * drawing.height != gold.shape[0] * gold.shape[1]
            and not self.image.resize
        ):
            return Verdict.reject("image.size", "The drawing has another size than the reference.")
        return self.image.compared(painted(drawing, self.image.background), gold)

    def _gold(self, task: object) -> Picture:
        reference: Any = task.reference if isinstance(task, Problem) else task
        if type(reference) is str:
            try:
                return painted(read_svg(reference), self.image.background)
            except NotDrawn as error:
                raise TaskError(f"The reference cannot be drawn: {error}.") from error
        return reference_picture(task, self.image.background)

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """The same as of a picture: what shows nothing must not pass."""
        return self.image.task_problems(np.ascontiguousarray(self._gold(task)))


def _source(outcome: str) -> str:
    """The reply without one Markdown fence around it."""
    text = outcome.strip()
    if text.startswith("```") and text.endswith("```") and text.count("```") == 2:
        return text[3:-3].partition("\n")[2].strip()
    return text
