"""Vector infos made column by column, as Gymnasium makes them row by row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.core.types import ERRORS, Verdict


def objects(items: Sequence[Any] | np.ndarray) -> np.ndarray:
    """An object array that holds each item as it is, arrays too."""
    return np.fromiter(items, dtype=object, count=len(items))


def put(
    infos: dict[str, Any], key: str, values: Any, mask: np.ndarray | None = None
) -> dict[str, Any]:
    """Add one key with its mask (default: every row has it)."""
    infos[key] = values
    infos[f"_{key}"] = np.ones(len(values), dtype=np.bool_) if mask is None else mask
    return infos


def reset_infos(ids: Sequence[str], splits: Sequence[str]) -> dict[str, Any]:
    """What a reset with a task tells."""
    infos = put({}, "problem_id", objects(ids))
    return put(infos, "split", objects(splits))


def add_verdicts(infos: dict[str, Any], verdicts: Sequence[Verdict]) -> np.ndarray:
    """Add what the last step of an episode tells, and return the rewards.

    `is_success` is absent where nothing was decided, and `reward_valid` is False there.
    """
    n = len(verdicts)
    put(infos, "verdict", objects(verdicts))
    passed = np.fromiter([verdict.passed for verdict in verdicts], np.bool_, n)
    valid = np.fromiter([verdict.status not in ERRORS for verdict in verdicts], np.bool_, n)
    return add_decisions(infos, passed, valid)


def add_decisions(infos: dict[str, Any], passed: np.ndarray, valid: np.ndarray) -> np.ndarray:
    """Add `reward_valid` and `is_success`, and return the rewards."""
    put(infos, "reward_valid", valid)
    if valid.any():
        put(infos, "is_success", passed, valid.copy())
    return passed.astype(np.float64)


def same_step_infos(obs: np.ndarray, last: dict[str, Any], begun: dict[str, Any]) -> dict[str, Any]:
    """The infos of a step with which every row ended and began anew."""
    n = len(obs)
    infos: dict[str, Any] = {}
    put(infos, "final_obs", obs)
    put(infos, "final_info", last, np.ones(n, dtype=np.bool_))
    infos.update(begun)
    return infos
