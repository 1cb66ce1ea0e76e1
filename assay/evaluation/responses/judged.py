"""What `judge` gives back: counts, the pass rate with its interval, and the verdicts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from assay.core.types import ERRORS
from assay.evaluation import stats
from assay.evaluation.config import STATUSES
from assay.evaluation.progress import Progress

_FIRST_ERRORS = 3  # error verdicts whose reason is kept


@dataclass
class Judged:
    """What came out: counts, the pass rate with its interval, and the verdicts.

    Attributes:
        name: of the input. verifier: who decided, `name@version`, or "environments".
        planned: lines there are to judge. resumed: verdicts that were there before.
        statuses, codes: verdicts by status, and by (status, code).
        n_bad: lines that were passed over; the first few are named in `bad`.
        errors: reasons of the first error verdicts, by code.
        tasks: (passed, decided) of each task, where the field of the task is known.
        out: the file of verdicts, or None.
    """

    name: str
    verifier: str
    planned: int = 0
    resumed: int = 0
    passed: int = 0
    statuses: Counter[str] = field(default_factory=Counter[str])
    codes: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    n_bad: int = 0
    bad: list[str] = field(default_factory=list[str])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    tasks: dict[str, tuple[int, int]] = field(default_factory=dict[str, tuple[int, int]])
    out: str | None = None
    elapsed_s: float = 0.0
    lines: list[bytes] = field(default_factory=list[bytes], repr=False)

    @property
    def done(self) -> int:
        """Verdicts there are."""
        return self.statuses.total()

    @property
    def n_errors(self) -> int:
        """Verdicts that say nothing about the response: task_error and verifier_error."""
        return sum(self.statuses[status] for status in ERRORS)

    @property
    def n(self) -> int:
        """Verdicts that decide."""
        return self.done - self.n_errors

    @property
    def pass_rate(self) -> float | None:
        """Passed of decided; None where nothing was decided."""
        return self.passed / self.n if self.n else None

    @property
    def interval(self) -> stats.Interval:
        """95 % interval: over tasks where several lines answer one, else Wilson's."""
        if any(n > 1 for _, n in self.tasks.values()):
            passed, counts = zip(*self.tasks.values(), strict=True)
            return stats.clustered(passed, counts)
        return stats.wilson(self.passed, self.n)

    @property
    def exit_code(self) -> int:
        """3 where verdicts are missing, 1 where some are errors or no line was usable, else 0."""
        if self.done < self.planned:
            return 3
        return int(self.n_errors > 0 or self.none_usable)

    @property
    def none_usable(self) -> bool:
        """Whether every line was passed over."""
        return self.planned == 0 and self.n_bad > 0

    def rows(self) -> Iterator[dict[str, Any]]:
        """The output, line by line: `{"id": …, "verdict": {…}}`."""
        if self.out is None:
            yield from map(json.loads, self.lines)
        elif Path(self.out).exists():
            with open(self.out, "rb") as file:
                yield from map(json.loads, file)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, for `--json`."""
        known = self.n > 0
        return {
            "file": self.name, "verifier": self.verifier, "out": self.out,
            "pass_rate": self.pass_rate,
            "low": self.interval.low if known else None,
            "high": self.interval.high if known else None,
            "n": self.n, "passed": self.passed, "n_errors": self.n_errors,
            "n_tasks": len(self.tasks) or None,
            "done": self.done, "planned": self.planned, "skipped": self.n_bad,
            "statuses": dict(sorted(self.statuses.items())),
            "codes": {f"{s}/{c}": n for (s, c), n in sorted(self.codes.items())},
        }  # fmt: skip

    def count(self, status: str, code: str, task: str, text: Callable[[], Any]) -> None:
        """One more verdict; `text` gives its reason."""
        passed = status == "correct"
        self.passed += passed
        self.statuses[status] += 1
        self.codes[status, code] += 1
        if status in ERRORS:
            if code not in self.errors and len(self.errors) < _FIRST_ERRORS:
                self.errors[code] = text()
        elif task:
            before = self.tasks.get(task, (0, 0))
            self.tasks[task] = (before[0] + passed, before[1] + 1)

    def moment(self) -> Progress:
        """A snapshot for whoever shows it; a decided verdict counts as finished."""
        counts = dict.fromkeys(STATUSES, 0)
        counts["finished"], counts["verifier_error"] = self.n, self.n_errors
        return Progress(
            env_id=self.name, done=self.done, planned=self.planned, passed=self.passed,
            counts=counts, elapsed_s=self.elapsed_s, tokens=0, resumed=self.resumed,
        )  # fmt: skip
