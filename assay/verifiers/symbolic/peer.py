"""math-verify in a worker, as it is: for those who want its exact semantics."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

_SHOWN = 200


def warm_up() -> None:
    """Load the library before the first request is timed."""
    decide({"gold": "$1$", "response": "$1$"})


def decide(payload: Mapping[str, Any]) -> dict[str, Any]:
    """What math-verify says about a response.

    Its own time limits are switched off: they rest on signals, and the worker has better ones.

    Args:
        payload: `gold` and `response`, texts.

    Returns:
        `passed`, and what was parsed of each side, as texts.
    """
    library = cast(Any, import_module("math_verify"))
    gold = library.parse(payload["gold"], parsing_timeout=None)
    answer = library.parse(payload["response"], parsing_timeout=None)
    passed = library.verify(gold, answer, timeout_seconds=None) if gold and answer else False
    return {"passed": bool(passed), "gold": _shown(gold), "response": _shown(answer)}


def _shown(parsed: list[Any]) -> list[str]:
    """The parsed forms, cut before they are long; some sizes cannot be printed at all."""
    out: list[str] = []
    for item in parsed:
        try:
            out.append(str(item)[:_SHOWN])
        except (ValueError, RecursionError):
            out.append(f"a {type(item).__name__} too large to show")
    return out
