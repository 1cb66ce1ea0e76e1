"""What a verifier answered to every trial, counted: its false positives and false negatives."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assay.core.types import Verdict, Verifier
from assay.testing.attacks.target import Target
from assay.testing.attacks.trials import Trial
from assay.verifiers.base import type_name

SPARE_S = 0.5  # beyond the CPU budget: a verdict must be there (`verifiers.md` §17)
Answer = Literal["accepted", "refused", "error", "raised", "slow", "lost"]


class Heard(NamedTuple):
    """What came back of one trial.

    Attributes:
        answer: `accepted` and `refused` are decisions; `error` an error verdict; `raised` an
            exception; `slow` a verdict past the CPU budget; `lost` none at all: the process that
            judged had to be killed, or died.
        said: status and code, or the exception.
        cpu_s: CPU seconds that it took, of this process.
    """

    answer: Answer
    said: str
    cpu_s: float


def ask(verifier: Verifier, outcome: Any, task: Any) -> Heard:
    """One verdict, as it would be counted."""
    budget = getattr(getattr(verifier, "limits", None), "cpu_s", 2.0) + SPARE_S
    start = time.process_time()
    try:
        verdict: object = verifier.verify(outcome, task)
    except Exception as error:  # a user's verifier may break anywhere: that is what is measured
        return Heard("raised", _of_error(error), time.process_time() - start)
    took = time.process_time() - start
    if type(verdict) is not Verdict:
        return Heard("raised", f"returned a {type_name(verdict)}, which is no Verdict", took)
    said = f"{verdict.status} ({verdict.code})"
    if verdict.is_error:
        return Heard("error", f"{said}: {verdict.reason}", took)
    if took > budget and not verdict.passed:
        return Heard("slow", f"{took:.1f} s of CPU time, then {said}", took)
    return Heard("accepted" if verdict.passed else "refused", said, took)


def _of_error(error: Exception) -> str:
    try:
        return f"{type_name(error)}: {error}"[:200]
    except Exception:  # an exception that cannot be written
        return type_name(error)


class Fault(NamedTuple):
    """A trial that did not go as it must."""

    kind: Literal["false positive", "false negative", "error"]
    trial: Trial
    said: str


@dataclass
class Report:
    """The counts of one verifier.

    Attributes:
        asked, faulty: trials and faults by id: `gold`, `wrong`, an attack's id, `fuzz`, `junk`.
        faults: each trial that went wrong.
        unlabelled: junk that was accepted: nobody knows whether rightly, so have a look.
        slowest_s: the longest CPU time of one verdict.
    """

    name: str
    asked: Counter[str] = field(default_factory=Counter[str])
    faulty: Counter[str] = field(default_factory=Counter[str])
    faults: list[Fault] = field(default_factory=list[Fault])
    unlabelled: list[str] = field(default_factory=list[str])
    right: int = 0
    wrong: int = 0
    slowest_s: float = 0.0

    def add(self, trial: Trial, heard: Heard) -> None:
        """Count one answer."""
        self.asked[trial.id] += 1
        self.slowest_s = max(self.slowest_s, heard.cpu_s)
        self.right += trial.group == "gold"
        self.wrong += trial.group in ("wrong", "attack", "fuzz")
        fault = _fault(trial, heard)
        if fault is not None:
            self.faulty[trial.id] += 1
            self.faults.append(fault)
        elif trial.group == "junk" and heard.answer == "accepted" and not trial.known:
            self.unlabelled.append(trial.outcome)

    def count(self, kind: str) -> int:
        """How many faults of a kind there were."""
        return sum(fault.kind == kind for fault in self.faults)

    @property
    def false_positives(self) -> int:
        """Wrong outcomes that were accepted."""
        return self.count("false positive")

    @property
    def false_negatives(self) -> int:
        """Right outcomes that were refused."""
        return self.count("false negative")

    @property
    def errors(self) -> int:
        """Outcomes on which the verifier raised, erred, was late or was lost."""
        return self.count("error")


def _fault(trial: Trial, heard: Heard) -> Fault | None:
    if heard.answer in ("error", "raised", "slow", "lost"):
        return Fault("error", trial, heard.said)
    if trial.group == "gold" and heard.answer == "refused":
        return Fault("false negative", trial, heard.said)
    if trial.group in ("wrong", "attack", "fuzz") and heard.answer == "accepted":
        return Fault("false positive", trial, heard.said)
    return None


def measured(
    name: str, verifier: Verifier, targets: list[Target], planned: Iterable[Trial]
) -> Report:
    """The report of a verifier that is asked in this process."""
    report = Report(name)
    for trial, heard in answers(verifier, targets, planned):
        report.add(trial, heard)
    return report


def answers(
    verifier: Verifier, targets: list[Target], planned: Iterable[Trial]
) -> Iterator[tuple[Trial, Heard]]:
    """Each trial with its answer."""
    for trial in planned:
        yield trial, ask(verifier, trial.outcome, targets[trial.target].task)
