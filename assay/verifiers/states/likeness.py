"""How alike two pictures of one size are: numbers from 0 to 1 (`verifiers.md` §12)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

_WINDOW = 7
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_GREY = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601

Picture = NDArray[np.uint8]


def pixels_within(one: Picture, other: Picture, tolerance: int) -> float:
    """The share of pixels that differ by at most `tolerance` in every channel."""
    apart = np.abs(one.astype(np.int16) - other.astype(np.int16)).max(axis=2)
    return float((apart <= tolerance).mean())


def mask_iou(
    one: Picture, other: Picture, background: tuple[int, int, int], tolerance: int
) -> float:
    """Intersection over union of what differs from the background; two empty masks give 0."""
    plain = np.array(background, dtype=np.int16)
    masks = [
        np.abs(picture.astype(np.int16) - plain).max(axis=2) > tolerance for picture in (one, other)
    ]
    union = np.logical_or(*masks).sum()
    return float(np.logical_and(*masks).sum() / union) if union else 0.0


def structural(one: Picture, other: Picture) -> float:
    """Mean structural similarity of the grey values, with uniform windows of 7 × 7.

    Source: Wang, Bovik, Sheikh and Simoncelli 2004, equation 13, C1 = (0.01 L)², C2 = (0.03 L)².
    Sample variances are used. Pictures smaller than a window are one window.
    """
    x, y = one @ _GREY, other @ _GREY
    size = min(_WINDOW, *x.shape)
    n = size * size
    scale = n / (n - 1) if n > 1 else 1.0
    mean_x, mean_y = _box_mean(x, size), _box_mean(y, size)
    var_x = scale * (_box_mean(x * x, size) - mean_x**2)
    var_y = scale * (_box_mean(y * y, size) - mean_y**2)
    cov = scale * (_box_mean(x * y, size) - mean_x * mean_y)
    light = (2 * mean_x * mean_y + _C1) / (mean_x**2 + mean_y**2 + _C1)
    shape = (2 * cov + _C2) / (var_x + var_y + _C2)
    return float(np.clip((light * shape).mean(), 0.0, 1.0))


def _box_mean(values: NDArray[Any], size: int) -> NDArray[np.float64]:
    """Means over all windows of size × size that lie inside."""
    sums = np.zeros((values.shape[0] + 1, values.shape[1] + 1))
    sums[1:, 1:] = values.cumsum(axis=0).cumsum(axis=1)
    boxes = sums[size:, size:] - sums[:-size, size:] - sums[size:, :-size] + sums[:-size, :-size]
    return boxes / (size * size)
