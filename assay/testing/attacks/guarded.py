"""Asking in a process of its own, which may hang, eat memory or end: the count goes on."""

from __future__ import annotations

import multiprocessing
import resource
import traceback
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

from assay.core.errors import AssayError
from assay.core.registry import register
from assay.core.types import Verifier
from assay.testing.attacks.measure import Heard, Report, ask
from assay.testing.attacks.subject import Subject
from assay.testing.attacks.target import Target
from assay.testing.attacks.trials import Plan, Trial, trials

SPARE_WALL_S = 5.0
_START_S = 120.0
_MIB = 1 << 20


def planned(verifier: Verifier, targets: list[Target], plan: Plan) -> Iterator[Trial]:
    """The trials for a verifier, in the order that every process agrees on."""
    return trials(targets, plan, boxes=bool(getattr(verifier, "reads_boxes", False)))


def measure_guarded(
    subject: Subject, plan: Plan, progress: Callable[[int, int], None] | None = None
) -> Report:
    """The report of a subject; a verdict that never comes is an error, and the rest goes on.

    Args:
        progress: called with (trials done, trials in all).

    Raises:
        UnknownName, OptionError, TaskError: the subject cannot be used.
    """
    verifier, targets = subject.open()
    listed = list(planned(verifier, targets, plan))
    limits = getattr(verifier, "limits", None)
    twice = 2 * getattr(limits, "wall_s", 10.0)  # a slow worker is asked twice
    patience = getattr(verifier, "longest_s", twice) + SPARE_WALL_S
    report = Report(subject.label)
    while report.asked.total() < len(listed):
        _one_life(subject, plan, listed, patience, report, progress)
    return report


def _one_life(
    subject: Subject,
    plan: Plan,
    listed: list[Trial],
    patience: float,
    report: Report,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Ask until all is asked, or until the process has to be given up."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    start = report.asked.total()
    process = context.Process(target=_serve, args=(theirs, subject, plan, start), daemon=False)
    process.start()
    theirs.close()
    try:
        _expect_start(ours)
        for index in range(start, len(listed)):
            heard = _next_answer(ours, patience)
            report.add(listed[index], heard)
            if progress is not None:
                progress(index + 1, len(listed))
            if heard.answer == "lost":
                return
    finally:
        process.kill()
        process.join()
        ours.close()


def _expect_start(pipe: Connection) -> None:
    try:
        error = pipe.recv() if pipe.poll(_START_S) else "it did not start in two minutes"
    except EOFError:
        error = "it ended while it was started"
    if error is not None:
        raise AssayError(f"The process that judges could not be used: {error}")


def _next_answer(pipe: Connection, patience: float) -> Heard:
    if not pipe.poll(patience):
        return Heard("lost", f"no verdict after {patience:.0f} s; the process was killed", patience)
    try:
        return Heard(*pipe.recv())
    except EOFError:
        return Heard("lost", "the process that judged ended", 0.0)


def _serve(pipe: Connection, subject: Subject, plan: Plan, start: int) -> None:
    """Judge, from trial `start` on, and tell; what is printed here goes nowhere."""
    try:
        for card in subject.cards:
            register(card)
        verifier, targets = subject.open()
        _limit_memory(getattr(getattr(verifier, "limits", None), "memory_mb", 1_024))
    except BaseException:  # told to the parent, which ends this process
        pipe.send(traceback.format_exc(limit=-1).strip().splitlines()[-1])
        return
    pipe.send(None)
    for index, trial in enumerate(planned(verifier, targets, plan)):
        if index >= start:
            pipe.send(tuple(ask(verifier, trial.outcome, targets[trial.target].task)))


def _limit_memory(megabytes: int) -> None:
    """Let data grow by the verifier's own limit and no further; Linux only."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return
    held = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmData"))
    limit = held * 1024 + megabytes * _MIB
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
