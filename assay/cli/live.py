"""Progress on standard error: a bar on a terminal, a line every ten seconds elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

from assay.cli.show import note, printable
from assay.evaluation.progress import Progress as Moment
from assay.evaluation.stats import wilson

LINE_EVERY_S = 10.0


class Display:
    """How far something is; a context, so that a bar is always taken down.

    Args:
        what: named before each line.
        every_s: seconds between lines off a terminal.
        stays: whether the bars are left standing at the end.
    """

    def __init__(self, what: str, every_s: float = LINE_EVERY_S, *, stays: bool = True) -> None:
        self.what, self.every_s = printable(what), every_s
        self._began: dict[str, float] = {}
        self._tasks: dict[str, TaskID] = {}
        self._last_line = time.monotonic()
        self._bar: Progress | None = None
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}", markup=False),
                BarColumn(bar_width=12),
                MofNCompleteColumn(),
                TextColumn("{task.fields[more]}", markup=False),
                console=Console(stderr=True),
                transient=not stays,
            )

    def __enter__(self) -> Display:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, moment: Moment) -> None:
        """One environment as it is now, as `evaluate` and `judge` report it."""
        began = self._began.setdefault(moment.env_id, moment.elapsed_s)
        label = f"{self.what} {printable(moment.env_id)}"
        self._show(label, moment.done, moment.planned, describe(moment, began))

    def count(self, done: int, total: int) -> None:
        """So many are done, where nothing is measured."""
        self._show(self.what, done, total, "")

    def _show(self, label: str, done: int, total: int, more: str) -> None:
        if self._bar is not None:
            if label not in self._tasks:
                short = label if len(label) < 48 else f"{label[:46]}…"
                self._tasks[label] = self._bar.add_task(short, total=total, more="")
            self._bar.update(self._tasks[label], completed=done, more=more)
        elif time.monotonic() - self._last_line >= self.every_s:
            self._last_line = time.monotonic()
            note(f"{label} {done}/{total}  {more}".rstrip())


def describe(moment: Moment, began_s: float) -> str:
    """Speed, time left and the running rate, which is provisional until all episodes are there."""
    parts: list[str] = []
    played, seconds = moment.done - moment.resumed, moment.elapsed_s - began_s
    left = moment.planned - moment.done
    if played > 1 and seconds > 0.5:
        rate = played / seconds
        parts.append(f"{rate:.1f}/s")
        if left:
            parts.append(f"left {clock(left / rate)}")
    counted = sum(moment.counts[s] for s in ("finished", "policy_error", "timeout"))
    if counted:
        rate, low, high = wilson(moment.passed, counted)
        name = "so far" if left else "pass"
        parts.append(f"{name} {rate:.2f} [{low:.2f}, {high:.2f}]")
    parts += [f"{n} {s}" for s, n in moment.counts.items() if n and s != "finished"]
    return "  ".join(parts)


def clock(seconds: float) -> str:
    """`mm:ss`, with hours where there are some."""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes:02}:{rest:02}"
