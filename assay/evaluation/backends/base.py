"""What a backend is: units of work in, events out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from assay.core.errors import UnknownName, nearest
from assay.core.registry import load
from assay.core.types import Policy
from assay.evaluation.config import Frames
from assay.evaluation.episode import EpisodeLimits
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import Row

# A table of strings, so that a backend's libraries are imported when it is asked for.
_BACKENDS = {
    "inline": "assay.evaluation.backends.inline:InlineBackend",
    "process": "assay.evaluation.backends.process:ProcessBackend",
}
CLOSING_S = 2.0  # for workers to hand over what is ready when a run is interrupted


@dataclass(frozen=True)
class Job:
    """What a worker must know to play any unit of a run.

    Attributes:
        policy: checked and ready, in this process; None where only other processes hold one.
        policy_spec, policy_settings: how another process makes its own; None for an object.
        options: options of each (env id, digest) of the plan.
        batch: episodes side by side.
        served: one process holds the policy and answers all workers.
        threads: of BLAS and OpenMP, for each worker.
        memory_mib: a worker that holds more is replaced; None for a share of the machine's.
    """

    policy: Policy | None
    options: Mapping[tuple[str, str], Mapping[str, Any]]
    policy_spec: str | None = None
    policy_settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    limits: EpisodeLimits = field(default_factory=EpisodeLimits)
    batch: int = 1
    frames: Frames = "none"
    workers: int = 1
    served: bool = False
    threads: int = 1
    memory_mib: int | None = None


@dataclass(frozen=True, slots=True)
class Unit:
    """A short list of episodes that travel together; `attempt` counts from 1."""

    number: int
    keys: tuple[EpisodeKey, ...]
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """Rows of a unit: some of them, as they come; each comes once."""

    unit: Unit
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """Episodes whose worker is gone: a unit, or the part of it (by its number) that was lost.

    The driver decides whether to try again.
    """

    unit: Unit
    why: str


Event = Finished | Lost


class Backend(Protocol):
    """Moves units of work; made from a `Job`.

    A unit that was tried before (`attempt` above 1) is played alone: what shares a process with an
    episode that kills it would be lost as well.
    """

    def capacity(self) -> int:
        """Units that may be submitted now."""
        ...

    def submit(self, unit: Unit) -> None:
        """Take a unit; each of its episodes will be in one event."""
        ...

    def events(self, timeout_s: float) -> list[Event]:
        """What happened; waits for something at most this long, as far as it can."""
        ...

    def interrupt(self) -> None:
        """Do not let `events` wait any longer than it said; called in a signal handler."""
        ...

    def close(self, wait_s: float = CLOSING_S) -> None:
        """Stop, within about this time; rows that are ready come from one last `events(0)`."""
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
