"""The state of an episode as canonical bytes, and back."""

import sys
from dataclasses import dataclass
from typing import Any

from assay.core.encoding import decode, encode
from assay.core.errors import DataError


@dataclass(frozen=True)
class EpisodeState:
    """All that an episode goes on from; nothing of the task."""

    split: str
    index: int
    streams: dict[str, Any]
    n_steps: int
    over: bool
    phase: str
    world: Any


def write_state(state: EpisodeState) -> bytes:
    """The state in the canonical encoding: equal states, equal bytes."""
    return encode(state)


def read_state(data: bytes, kind: type, name: str) -> EpisodeState:
    """The state that `write_state` was given, for an environment of class `kind`.

    Raises:
        DataError: the bytes are no snapshot of this environment.
    """
    try:
        state = decode(data, [EpisodeState, *world_types(kind)])
    except TypeError as err:
        raise DataError(f"{name}: these bytes are no snapshot of this environment ({err})") from err
    if not isinstance(state, EpisodeState):
        raise DataError(f"{name}: these bytes are no snapshot of an environment.")
    return state


def world_types(kind: type) -> list[type]:
    """Dataclasses and named tuples of the modules that an environment class is made of."""
    modules = {sys.modules[base.__module__] for base in kind.__mro__}
    found: list[Any] = [value for module in modules for value in vars(module).values()]
    marks = ("__dataclass_fields__", "_fields")
    return [k for k in found if isinstance(k, type) and any(hasattr(k, m) for m in marks)]
