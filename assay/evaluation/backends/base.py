"""What a backend is: units of work in, events out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assay.core.errors import UnknownName, nearest
from assay.core.registry import load
from assay.core.types import Policy
from assay.evaluation.config import Frames
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import Row
from assay.evaluation.rollout import EpisodeLimits

# A table of strings, so that a backend's libraries are imported when it is asked for.
_BACKENDS = {"inline": "assay.evaluation.backends.inline:InlineBackend"}


@dataclass(frozen=True)
class Job:
    """What a worker must know to play any unit of a run.

    Attributes:
        policy: checked and ready, in this process.
        policy_spec, policy_settings: how another process makes its own; None for an object.
        options: options of each (env id, digest) of the plan.
        batch: episodes side by side.
    """

    policy: Policy
    options: Mapping[tuple[str, str], Mapping[str, Any]]
    policy_spec: str | None = None
    policy_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: EpisodeLimits = field(default_factory=EpisodeLimits)
    batch: int = 1
    frames: Frames = "none"
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Unit:
    """A short list of episodes that travel together; `attempt` counts from 1."""

    number: int
    keys: tuple[EpisodeKey, ...]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """Rows of a unit: all of them, or those that were ready when the backend was closed."""

    unit: Unit
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """A unit whose worker is gone; the driver decides whether to try again."""

    unit: Unit
    why: str


Event = Finished | Lost


class Backend(Protocol):
    """Moves units of work; made from a `Job`."""

    def capacity(self) -> int:
        """Units that may be submitted now."""
        ...

    def submit(self, unit: Unit) -> None:
        """Take a unit; one event about it will follow."""
        ...

    def events(self, timeout_s: float) -> list[Event]:
        """What happened; waits for something at most this long, as far as it can."""
        ...

    def close(self) -> None:
        """Stop. Rows that are ready still come from one last `events(0)`."""
        ...


def backend_names() -> list[str]:
    """The backends there are."""
    return sorted(_BACKENDS)


def find_backend(name: str) -> Callable[[Job], Backend]:
    """The class of a backend.

    Raises:
        UnknownName: no such backend. MissingExtra: its library is not installed.
    """
    if name not in _BACKENDS:
        raise UnknownName(
            f"No backend '{name}'.{nearest(name, _BACKENDS)} Expected one of "
            f"{', '.join(backend_names())}."
        )
    return load(_BACKENDS[name], what=f"the backend '{name}'")
