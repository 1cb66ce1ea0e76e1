"""What a run's row says about it, read back and checked, so that nobody counts with a damaged plan.

The identity is what the fingerprint covers (`engine.py` makes it); the settings say where and in
what part it ran.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple, cast

from assay.core.errors import OptionError, StoreError, shorten
from assay.core.types import SPLITS
from assay.evaluation.shard import read_shard

MAX_EPISODES = 10**9  # of an environment; more is a slip of the pen, and would fill the memory

_NEEDED: Any = object()
Is = Callable[[Any], bool]


class StoredRun(NamedTuple):
    """One run of a results file. identity: what the fingerprint covers. settings: the rest."""

    run: int
    created: str
    fingerprint: str
    identity: dict[str, Any]
    settings: dict[str, Any]


def read_run(
    path: Path | None, run: int, created: Any, fingerprint: Any, identity: Any, settings: Any
) -> StoredRun:
    """A run from the columns of its row.

    Raises:
        StoreError: what it says about itself is damaged.
    """
    try:
        if not (isinstance(created, str) and isinstance(fingerprint, str)):
            raise ValueError("its date or fingerprint is no text")
        found = read_identity(identity), read_settings(settings)
    except ValueError as err:
        raise StoreError(
            f"Run {run} of '{path}' is damaged ({err}): copy the file again, or measure into "
            "another."
        ) from err
    return StoredRun(run, created, fingerprint, *found)


def read_identity(text: Any) -> dict[str, Any]:
    """The stored identity of a run.

    Raises:
        ValueError: it is not as the engine writes it; what is wrong, in a few words.
    """
    found = _object(text, "identity")
    policy = _part(found, "policy", _is_object, "an object")
    _part(policy, "id", _is_text, "a text", "policy")
    _part(policy, "deterministic", _is_flag, "true or false", "policy")
    for name in ("settings", "describe"):
        _part(policy, name, _is_object, "an object", "policy")
    for place, env in enumerate(_part(found, "envs", _is_list, "a list")):
        _check_env(env, f"envs.{place}")
    _part(found, "split", lambda value: value in SPLITS, f"one of {', '.join(SPLITS)}")
    _part(found, "seed", _is_int, "an integer of at least 0")
    _part(found, "samples", lambda value: _is_int(value) and value > 0, "an integer above 0")
    limits = _part(found, "limits", _is_object, "an object")
    for name in ("time_s", "steps", "tokens"):
        _part(limits, name, _or_none(_is_number), "a number or null", "limits")
    versions = _part(found, "versions", _is_object, "an object")
    for name in versions:
        _part(versions, name, _is_text, "a text", "versions")
    suite = _part(found, "suite", _or_none(_is_object), "an object or null")
    if suite is not None:
        _part(suite, "name", _is_text, "a text", "suite")
        _part(suite, "version", lambda value: _is_int(value) or _is_text(value), "a text", "suite")
    _part(found, "revision", _or_none(_is_text), "a text or null")
    if "until_ci" in found:
        _part(found, "until_ci", lambda v: _is_number(v) and 0 < v < 1, "a width from 0 to 1")
    return found


def read_settings(text: Any) -> dict[str, Any]:
    """The stored settings of a run; what is not there was not said.

    Raises:
        ValueError: something in them cannot be what it should be.
    """
    found = _object(text, "settings")
    _part(found, "shards", _or_none(_is_list), "a list or null", default=None)
    for shard in (found.get("shard"), *(found.get("shards") or ())):
        if shard is not None:
            try:
                read_shard(shard)
            except OptionError:
                raise _wrong("shard", shard, "a part such as 3/16, or null") from None
    _part(found, "envs", _is_texts, "a list of ids", default=[])
    _part(found, "suite", _or_none(_is_text), "a text or null", default=None)
    _part(found, "machine", _is_object, "an object", default={})
    return found


def _check_env(env: Any, where: str) -> None:
    if not _is_object(env):
        raise _wrong(where, env, "an object")
    for name in ("id", "digest"):
        _part(env, name, _is_text, "a text", where)
    _part(env, "options", _is_object, "an object", where)
    few = f"an integer from 0 to {MAX_EPISODES:,}"
    _part(env, "n", lambda value: _is_int(value) and value <= MAX_EPISODES, few, where)
    _part(env, "size", _or_none(_is_int), "an integer or null", where)
    _part(env, "shared_instances", _is_flag, "true or false", where)


def _object(text: Any, what: str) -> dict[str, Any]:
    try:
        found: Any = json.loads(text)
    except (ValueError, TypeError, RecursionError) as err:
        raise ValueError(f"{what} is no JSON ({err})") from None
    if not _is_object(found):
        raise _wrong(what, found, "an object")
    return found


def _part(
    found: Mapping[str, Any],
    name: str,
    test: Is,
    expected: str,
    within: str = "",
    default: Any = _NEEDED,
) -> Any:
    where = f"{within}.{name}" if within else name
    value = found.get(name, default)
    if value is _NEEDED:
        raise ValueError(f"{where} is missing")
    if not test(value):
        raise _wrong(where, value, expected)
    return value


def _wrong(where: str, value: Any, expected: str) -> ValueError:
    return ValueError(f"{where} is {shorten(value, 60)} instead of {expected}")


def _is_object(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(map(_is_text, cast("list[Any]", value)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _or_none(test: Is) -> Is:
    return lambda value: value is None or test(value)
