"""A submitted Python function, judged by tests whose results it never meets."""

from __future__ import annotations

import asyncio
import keyword
import os
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from assay.core.errors import OptionError, TaskError, bad_value, shorten
from assay.core.types import Cost, Limits, TaskProblem, Verdict
from assay.verifiers.base import BaseVerifier
from assay.verifiers.programs.cases import Case, read_cases, rules_from, tolerance_from
from assay.verifiers.programs.check import check_program_task
from assay.verifiers.programs.claims import claim_verdict, no_result, overall, run_verdict
from assay.verifiers.programs.compare import Compare, Rules
from assay.verifiers.programs.runs import Place, Run, place_for, run
from assay.verifiers.programs.sandbox import Sandbox
from assay.verifiers.programs.source import Source, find_source
from assay.verifiers.programs.testcode import check_by_code
from assay.verifiers.tasks import params_of
from assay.verifiers.values import Tolerance

PROGRAM_LIMITS = Limits(cpu_s=5.0, wall_s=10.0, memory_mb=512)
_MAX_SOURCE = 200_000  # characters
_LEAST_MB = 64
# What a program is told once, not for each input: it was never started.
_NOT_STARTED = {"program.unparsable", "program.no_function", "limit.size"}


class SandboxedVerifier(BaseVerifier):
    """What verifiers of programs share: their batches run side by side, each run in a sandbox."""

    min_level: int = 1
    sandbox: Sandbox = Sandbox()

    @property
    def longest_s(self) -> float:
        """How long one failed test may take: two tries on a machine that gives them no time."""
        return 2 * self.limits.wall_s + 10

    def verify_batch(
        self, pairs: Iterable[tuple[Any, Any]], *, workers: int | None = None
    ) -> list[Verdict]:
        """Verdicts in the order of the pairs, `workers` at a time (None: one a core, up to 4)."""
        threads = workers or min(4, os.cpu_count() or 1)
        with ThreadPoolExecutor(threads, thread_name_prefix="assay-programs") as executor:
            return list(executor.map(self._verify_pair, pairs))

    def _verify_pair(self, pair: tuple[Any, Any]) -> Verdict:
        return self.verify(*pair)

    async def averify(self, outcome: Any, task: Any = None) -> Verdict:
        """`verify` in a thread, so that the loop goes on."""
        return await asyncio.to_thread(self.verify, outcome, task)

    def check_task(self, task: Any) -> list[TaskProblem]:
        """What is wrong with a task (`verifiers.md` §15)."""
        return check_program_task(self, task)

    def program_in(self, outcome: object) -> Source | Verdict:
        """The program in a response."""
        found = find_source(outcome, self.limits)
        if isinstance(found, Source) and len(found.text) > _MAX_SOURCE:
            return Verdict.reject(
                "limit.size",
                f"The program is {len(found.text)} characters long; {_MAX_SOURCE} are read.",
                status="over_limit",
                details=found.details,
            )
        return found


@dataclass(frozen=True)
class PythonFunctionVerifier(SandboxedVerifier):
    r"""Whether a submitted Python function passes every test, each in a process of its own.

    The program is the last fenced block of the response, else all of it. It gets one input at a
    time in a sandboxed child, and its result is compared here, where the expected one is.

    Attributes:
        entry_point: the function's name; None: from the task's `params`.
        tests: `[arguments, result]` each, or objects with `args` and `returns` or `raises`; None:
            from `params`. There tasks can also declare `compare`, `tolerance` and `unordered`,
            which go before the settings here, a `prefix` (source that goes before the
            response's), and `checks` with `setup` and `integrity`: test code instead of tests.
        compare: "exact": equal and of the same types. "equal": as Python's `==`.
        limits: processor time, wall time and memory of each test.
        tolerance: for floats in results: a number, or an object with `abs` and `rel`.
        unordered: the entries of the result count in any order.
        min_level: the weakest sandbox that will do; 2 for anything that a model in training wrote.
        sandbox: which way of isolation, and whose interpreter.
        each_alone: a child for each test; False: one child for all, which is faster.
        stop_early: the first failed test decides, and those behind it are not run.

    Example:
        >>> square = PythonFunctionVerifier("square", [[[3], 9], [[-4], 16]])
        >>> square.verify("def square(n):\n    return n * n").passed
        True
    """

    name = "python_function"
    version = "1.0"
    claim = "program"

    entry_point: str | None = None
    tests: Sequence[Any] | None = None
    compare: Compare = "exact"
    limits: Limits = PROGRAM_LIMITS
    tolerance: float | Mapping[str, Any] | Tolerance | None = field(default=None, kw_only=True)
    unordered: bool = field(default=False, kw_only=True)
    min_level: int = field(default=1, kw_only=True)
    sandbox: Sandbox = field(default=Sandbox(), kw_only=True)
    each_alone: bool = field(default=True, kw_only=True)
    stop_early: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse settings that no task could be judged by."""
        check_settings(self.min_level, self.limits)
        if self.entry_point is not None:
            _entry(self.entry_point, OptionError)
        rules = self._rules()
        if self.tests is not None:
            try:
                read_cases(self.tests, rules)
            except TaskError as error:
                raise OptionError(str(error)) from error

    def _rules(self) -> Rules:
        try:
            tolerance = tolerance_from(self.tolerance)
        except (TypeError, ValueError) as error:
            raise OptionError(str(error)) from error
        return Rules(compare=self.compare, tolerance=tolerance, unordered=self.unordered)

    def cases(self, task: object) -> list[Case]:
        """The tests of a task.

        Raises:
            TaskError: it has none, or they cannot be read.
        """
        params = params_of(task)
        tests = self.tests if self.tests is not None else params.get("tests")
        return read_cases(tests, rules_from(params, self._rules()))

    def entry_of(self, task: object) -> str:
        """The name of the function that a task asks for.

        Raises:
            TaskError: it names none.
        """
        entry = self.entry_point
        return _entry(params_of(task).get("entry_point") if entry is None else entry, TaskError)

    def judge(self, outcome: object, task: object) -> Verdict:
        """Find the program, run it on every input, compare what comes back."""
        params = params_of(task)
        entry = self.entry_of(task)
        by_code = self.tests is None and "checks" in params
        cases = [] if by_code else self.cases(task)
        found = self.program_in(outcome)
        if isinstance(found, Verdict):
            return found
        place = place_for(self.sandbox, self.min_level)
        if isinstance(place, Run):
            return Verdict.error(place.fault_code, place.fault)
        job = {"source": found.text, "prefix": _prefix(params), "entry": entry}
        if by_code:
            verdict = check_by_code(job, params, place, self.limits)
        elif self.each_alone:
            verdict = self._alone(job, cases, place)
        else:
            verdict = self._together(job, cases, place)
        return _shown(verdict, found, place)

    def _alone(self, job: dict[str, Any], cases: list[Case], place: Place) -> Verdict:
        children: list[Verdict] = []
        for case in cases:
            request = {**job, "kind": "calls", "inputs": [case.arguments]}
            child = _judged(run(request, place, self.limits), [case])[0]
            children.append(child)
            if not child.passed and (self.stop_early or child.is_error):
                break
        fields = {"isolation": place.isolation, "cost": total_cost(children)}
        return overall(children, len(cases), {}, **fields)

    def _together(self, job: dict[str, Any], cases: list[Case], place: Place) -> Verdict:
        children: list[Verdict] = []
        while len(children) < len(cases):
            rest = cases[len(children) :]
            request = {**job, "kind": "calls", "inputs": [case.arguments for case in rest]}
            children += _judged(run(request, place, self.limits), rest)
            failed = next((k for k, child in enumerate(children) if not child.passed), None)
            if failed is not None and (self.stop_early or children[-1].is_error):
                del children[failed + 1 :]
                break
        fields = {"isolation": place.isolation, "cost": total_cost(children)}
        return overall(children, len(cases), {}, **fields)


def check_settings(min_level: int, limits: Limits) -> None:
    """Refuse levels that do not exist, and memory in which no interpreter could start.

    Raises:
        OptionError: naming the setting.
    """
    if min_level not in (1, 2, 3):
        raise bad_value("min_level", min_level, "1, 2 or 3")
    if limits.memory_mb < _LEAST_MB:
        raise bad_value("memory_mb", limits.memory_mb, f"a number of at least {_LEAST_MB}")


def _entry(entry: Any, error: type[OptionError] | type[TaskError]) -> str:
    if type(entry) is not str or not entry.isidentifier() or keyword.iskeyword(entry):
        raise error(f"entry_point={shorten(entry)} is not valid: expected a function's name.")
    return entry


def _prefix(params: Mapping[str, Any]) -> str:
    prefix = params.get("prefix", "")
    if type(prefix) is not str:
        raise TaskError(f"The task's prefix is {shorten(prefix)}: expected source code.")
    return prefix if not prefix or prefix.endswith("\n") else f"{prefix}\n"


def _judged(result: Run, cases: list[Case]) -> list[Verdict]:
    """A verdict for each test that a run got to: at least one, the last of them where it ended."""
    pairs = zip(result.frames, cases, strict=False)
    verdicts = [claim_verdict(frame, case) for frame, case in pairs]
    trouble = run_verdict(result)
    if trouble is None and len(result.frames) > len(cases):
        trouble = Verdict.reject("program.malformed", "It sent more than one result.")
    unread = len(verdicts) == 1 and verdicts[0].code in _NOT_STARTED
    if trouble is None and len(verdicts) < len(cases) and not unread:
        trouble = no_result(result)
    if trouble is not None:
        verdicts = [*verdicts[: len(cases) - 1], trouble]
    verdicts[-1] = replace(verdicts[-1], cost=result.cost)
    return verdicts


def total_cost(children: list[Verdict]) -> Cost:
    """What all runs took together."""
    return Cost(
        wall_s=sum(child.cost.wall_s for child in children),
        cpu_s=sum(child.cost.cpu_s for child in children),
        queue_s=sum(child.cost.queue_s for child in children),
        peak_mb=max(child.cost.peak_mb for child in children),
    )


def _shown(verdict: Verdict, found: Source, place: Place) -> Verdict:
    """The verdict with what was judged, and where."""
    details = {**found.details, **verdict.details, "sandbox": place.way}
    span = (found.start, found.end)
    return replace(
        verdict, extracted=found.text, span=span, details=details, isolation=place.isolation
    )
