"""Whether an action is legal, judged by value.

Never by dtype or `space.contains`, since `Box(float32)` does not contain a float64 array. Numbers
are cast; NaN, a wrong shape, or a value beyond the bounds by more than 1e-6 is illegal.
"""

from typing import Any

import numpy as np
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete, Space

from assay.core.spaces import Unicode

BOUND_SLACK = 1e-6


def judge_action(space: Space[Any], action: Any) -> tuple[bool, Any]:
    """`(legal, value)`: the value is what `apply` is given, cast to the space's own type.

    Never raises, whatever the action. Spaces other than text, numbers and arrays of these are asked
    by `contains`.
    """
    try:
        numbers: Any = space
        if isinstance(space, Unicode):
            return space.contains(action), action
        if isinstance(space, Discrete):
            return _judge_discrete(numbers, action)
        if isinstance(space, Box):
            return _judge_box(numbers, action)
        if isinstance(space, MultiDiscrete | MultiBinary):
            return _judge_whole(numbers, action)
        return bool(space.contains(action)), action
    except Exception:  # an object that raises when it is looked at is no action
        return False, None


def _numbers(action: Any) -> np.ndarray | None:
    if isinstance(action, str | bytes | bool | np.bool_) or action is None:
        return None
    array = np.asarray(action)
    return array if array.dtype.kind in "iuf" else None


def _judge_discrete(space: Discrete, action: Any) -> tuple[bool, Any]:
    if type(action) is int:
        return bool(space.start <= action < space.start + space.n), action
    array = _numbers(action)
    if array is None or array.size != 1 or not np.isfinite(array).all():
        return False, None
    number = array.reshape(()).item()
    whole = int(number)
    return whole == number and bool(space.start <= whole < space.start + space.n), whole


def _judge_box(space: Box, action: Any) -> tuple[bool, Any]:
    array = _numbers(action)
    if array is None or array.shape != space.shape or not np.isfinite(array).all():
        return False, None
    low, high = space.low.astype(np.float64), space.high.astype(np.float64)
    wide = array.astype(np.float64)
    if (wide < low - BOUND_SLACK).any() or (wide > high + BOUND_SLACK).any():
        return False, None
    return True, np.clip(wide, low, high).astype(space.dtype)


def _judge_whole(space: MultiDiscrete | MultiBinary, action: Any) -> tuple[bool, Any]:
    array = _numbers(action)
    if array is None or array.shape != space.shape or not np.isfinite(array).all():
        return False, None
    cast = array.astype(space.dtype)
    return bool((cast == array).all() and space.contains(cast)), cast
