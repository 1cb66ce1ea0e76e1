"""What a run has done so far, for whoever shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from assay.evaluation.config import STATUSES, EpisodeStatus


@dataclass(frozen=True, slots=True)
class Progress:
    """One environment at one moment.

    Attributes:
        env_id: the id, with its options as a query where there are any.
        done, planned: rows there are, and rows there will be.
        resumed: rows that were there before.
        passed: rows that passed. counts: rows of each status.
        elapsed_s: since this command began. tokens: prompt and completion tokens of new rows.
    """

    env_id: str
    done: int
    planned: int
    passed: int
    counts: Mapping[EpisodeStatus, int]
    elapsed_s: float
    tokens: int
    resumed: int = 0


def _no_counts() -> dict[EpisodeStatus, int]:
    return dict.fromkeys(STATUSES, 0)


@dataclass(slots=True)
class Tally:
    """Running counts of one environment."""

    planned: int
    passed: int = 0
    resumed: int = 0
    tokens: int = 0
    counts: dict[EpisodeStatus, int] = field(default_factory=_no_counts)

    def count(self, status: EpisodeStatus, passed: bool) -> None:
        """One more row."""
        self.counts[status] += 1
        self.passed += passed

    def stop(self) -> None:
        """No more rows are to come."""
        self.planned = sum(self.counts.values())

    def snapshot(self, label: str, elapsed_s: float) -> Progress:
        """These counts as they are now."""
        return Progress(
            env_id=label,
            done=sum(self.counts.values()),
            planned=self.planned,
            passed=self.passed,
            counts=dict(self.counts),
            elapsed_s=elapsed_s,
            tokens=self.tokens,
            resumed=self.resumed,
        )
