"""Right and wrong verdicts counted, with intervals; percentiles of what they took."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from assay.evaluation.stats import wilson
from benchmarks.libraries import Judged

COPIES = ("copies of the question", "copy of the question", "A05 the question given back")
PERCENTILES = (50, 90, 99, 100)


@dataclass
class Matrix:
    """A confusion matrix: what should be accepted and was, or was not, and the others."""

    true_positives: int = 0
    false_negatives: int = 0
    false_positives: int = 0
    true_negatives: int = 0

    def add(self, label: bool, accepted: bool) -> None:
        """Count one answer."""
        self.true_positives += label and accepted
        self.false_negatives += label and not accepted
        self.false_positives += not label and accepted
        self.true_negatives += not label and not accepted

    @property
    def positives(self) -> int:
        """Answers that should be accepted."""
        return self.true_positives + self.false_negatives

    @property
    def negatives(self) -> int:
        """Answers that should be refused."""
        return self.false_positives + self.true_negatives

    def as_dict(self) -> dict[str, Any]:
        """Counts and Wilson's 95 % intervals of both error rates."""
        rates = {
            "false_negative_rate": wilson(self.false_negatives, self.positives)[1:],
            "false_positive_rate": wilson(self.false_positives, self.negatives)[1:],
        }
        return asdict(self) | rates


def matrix(found: Iterable[Judged], *, source_labels: bool = False) -> Matrix:
    """The matrix of some verdicts.

    Args:
        source_labels: count by the labels of the cases' sources, where these differ.
    """
    counted = Matrix()
    for judged in found:
        item = judged.item
        counted.add(item.source_label if source_labels else item.label, judged.accepted)
    return counted


def grouped(found: Sequence[Judged]) -> dict[tuple[str, str], list[Judged]]:
    """Verdicts by set and category, in the order in which they come."""
    groups: dict[tuple[str, str], list[Judged]] = {}
    for judged in found:
        groups.setdefault((judged.item.set, judged.item.category), []).append(judged)
    return groups


def statuses(found: Iterable[Judged]) -> dict[str, int]:
    """How often each status was given, the frequent ones first."""
    return dict(Counter(judged.status for judged in found).most_common())


def percentiles(values: Sequence[float]) -> dict[str, float] | None:
    """Nearest-rank percentiles, the last of which is the maximum; None of nothing."""
    if not values:
        return None
    ordered = sorted(values)
    return {f"p{p}": ordered[max(0, -(-p * len(ordered) // 100) - 1)] for p in PERCENTILES}


def errors(found: Iterable[Judged]) -> list[dict[str, Any]]:
    """Each verdict that is wrong by its label."""
    return [
        {
            "id": judged.item.id,
            "category": judged.item.category,
            "label": judged.item.label,
            "gold": judged.item.gold,
            "response": judged.item.response[-300:],
            "status": judged.status,
            "code": judged.code,
        }
        for judged in found
        if judged.accepted is not judged.item.label
    ]


def without_copies(found: Iterable[Judged]) -> list[Judged]:
    """Verdicts but those that depend on knowing the question."""
    return [judged for judged in found if judged.item.category not in COPIES]


def compared(ours: Mapping[str, Matrix], peer: Mapping[str, Matrix], adversarial: str) -> list[str]:
    """What the project demands of accuracy and does not have, in words; empty where it has all."""
    missed: list[str] = []
    for name, mine in ours.items():
        other = peer[name]
        for kind in ("false_positives", "false_negatives"):
            if getattr(mine, kind) > getattr(other, kind):
                missed.append(f"more {kind.replace('_', ' ')} than the peer on {name}")
    for kind in ("false_positives", "false_negatives"):
        total, others = (sum(getattr(m, kind) for m in ms.values()) for ms in (ours, peer))
        if total >= others:
            missed.append(f"not fewer {kind.replace('_', ' ')} than the peer in all")
    if adversarial in ours:
        mine, other = ours[adversarial].false_positives, peer[adversarial].false_positives
        if 10 * mine > other:
            missed.append(f"more than a tenth of the peer's false positives on {adversarial}")
    return missed
