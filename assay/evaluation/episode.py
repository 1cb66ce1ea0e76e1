"""What becomes of one episode, and what may end it from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import AssayError
from assay.core.types import Step, Verdict
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.plan import EpisodeKey


class Stopped(KeyboardInterrupt):
    """Somebody wants the run to stop now; raised through whatever is running."""


class ContextFull(AssayError, RuntimeError):
    """Raised by `act`, or returned by `act_batch` in place of an action: there is no room left."""


@dataclass(frozen=True)
class EpisodeLimits:
    """Where an episode is cut from outside; None for no limit."""

    time_s: float | None = None
    steps: int | None = None
    tokens: int | None = None


@dataclass(slots=True)
class Episode:
    """An episode that is over.

    Attributes:
        code: the verdict's code, or a short word for what went wrong.
        cut: the limit that ended it from outside, or empty.
        error: a traceback, or empty.
        world: key of the world where the card says that instances are shared, or empty.
        frames: pictures as PNG bytes, where they were asked for.
    """

    key: EpisodeKey
    status: EpisodeStatus
    passed: bool
    code: str
    verdict: Verdict | None = None
    steps: list[Step] = field(default_factory=list[Step])
    final_observation: Any = None
    total_reward: float = 0.0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    wall_ms: float = 0.0
    cut: str = ""
    error: str = ""
    world: str = ""
    difficulty: float | None = None
    frames: list[bytes] = field(default_factory=list[bytes])
