"""The stored JSON of an episode, read as plain values of the shape that `record.py` writes."""

from __future__ import annotations

import json
from typing import Any, NoReturn, cast

from assay.core.errors import DataError

_PARTS = {"steps", "final_observation", "verdict"}
_STEP = {"observation", "action", "reward", "terminated", "truncated", "action_status"}


def payload_values(text: str) -> dict[str, Any]:
    """The JSON text of a payload as plain values of the shape that `to_row` writes.

    Raises:
        DataError: another shape, or no JSON.
    """
    try:
        values = json.loads(text, parse_constant=_no_json)
        _check_shape(values)
    except (ValueError, RecursionError) as err:
        raise unreadable(err) from err
    return values


def unreadable(err: Exception) -> DataError:
    """The error for a payload that is not what it should be."""
    return DataError(f"A stored episode cannot be read ({type(err).__name__}: {err}).")


def _no_json(word: str) -> NoReturn:
    raise ValueError(f"{word} is no JSON")


def _check_shape(values: Any) -> None:
    """Everything but observations, actions and texts, which may be any value."""
    if not isinstance(values, dict) or not _PARTS <= cast("dict[str, Any]", values).keys():
        raise ValueError("its parts are not all there")
    found = cast("dict[str, Any]", values)
    steps, verdict = found["steps"], found["verdict"]
    if not (isinstance(steps, list) and all(map(_is_step, cast("list[Any]", steps)))):
        raise ValueError("its steps are not whole")
    if verdict is not None and not _is_verdict(verdict):
        raise ValueError("its verdict is not whole")
    frames = found.get("frames", [])
    if not (
        isinstance(frames, list) and all(isinstance(f, str) for f in cast("list[Any]", frames))
    ):
        raise ValueError("its frames are no list of names")
    if not isinstance(found.get("error", ""), str | dict):
        raise ValueError("its error is no text")


def _is_step(step: Any) -> bool:
    return (
        isinstance(step, dict)
        and cast("dict[str, Any]", step).keys() == _STEP
        and _is_number(step["reward"])
        and isinstance(step["terminated"], bool)
        and isinstance(step["truncated"], bool)
    )


def _is_number(value: Any) -> bool:
    if isinstance(value, dict):
        found = cast("dict[str, Any]", value)
        return list(found) == ["$float"] and found["$float"] in ("nan", "inf", "-inf")
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_verdict(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    found = cast("dict[str, Any]", value)
    words = (found.get("status"), found.get("code"))
    return isinstance(found.get("passed"), bool) and all(isinstance(word, str) for word in words)
