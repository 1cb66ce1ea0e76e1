"""What is wrong with a task about programs, found before anyone plays it (`verifiers.md` §15)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

from assay.core.errors import AssayError
from assay.core.types import Limits, Problem, TaskProblem
from assay.verifiers.check import NULL_OUTCOMES
from assay.verifiers.tasks import params_of

if TYPE_CHECKING:
    from assay.verifiers.programs.function import SandboxedVerifier

_CONSTANTS = ("None", "0", "1", "True", "False", "''", "[]", "args[0] if args else None")


def check_program_task(verifier: SandboxedVerifier, task: Any) -> list[TaskProblem]:
    """The reference solution passes within half of the limits; null programs do not pass."""
    probe = verifier.verify("", task)
    if probe.status == "task_error":
        return [TaskProblem(code="task.faulty", message=probe.reason)]
    problems: list[TaskProblem] = []
    if isinstance(task, Problem) and type(task.reference) is str:
        limits = verifier.limits
        half = replace(limits, cpu_s=limits.cpu_s / 2, memory_mb=max(64, limits.memory_mb // 2))
        verdict = _with_limits(verifier, half).verify(task.reference, task)
        if not verdict.passed:
            said = f"{verdict.status} ({verdict.code})"
            message = f"The reference solution is not accepted: {said}. {verdict.reason}"
            code = "task.faulty" if verdict.status == "task_error" else "task.gold_refused"
            problems.append(TaskProblem(code=code, message=message))
    for name, program in _null_programs(verifier, task):
        if verifier.verify(program, task).passed:
            message = f"A program that does nothing is accepted: {name}."
            problems.append(TaskProblem(code="task.null_accepted", message=message))
    return problems


def _with_limits(verifier: SandboxedVerifier, limits: Limits) -> SandboxedVerifier:
    made: Any = verifier
    return replace(made, limits=limits)


def _null_programs(verifier: SandboxedVerifier, task: Any) -> Iterator[tuple[str, str]]:
    yield from NULL_OUTCOMES
    yield "exit", "import sys\nsys.exit(0)\n"
    yield "leaving at once", "import os\nos._exit(0)\n"
    if isinstance(task, Problem):
        yield "the question", task.prompt
    entry = _entry(verifier, task)
    if entry is None:
        yield "echo", "import sys\nsys.stdout.write(sys.stdin.read())\n"
        yield "a constant", _constant_output(verifier, task)
        return
    for value in dict.fromkeys((*_CONSTANTS, *_first_results(verifier, task))):
        yield f"the constant {value[:40]}", f"def {entry}(*args):\n    return {value}\n"


def _entry(verifier: SandboxedVerifier, task: Any) -> str | None:
    ask = getattr(verifier, "entry_of", None)
    return None if ask is None else str(ask(task))


def _tests(verifier: SandboxedVerifier, task: Any) -> list[Any]:
    own = getattr(verifier, "tests", None)
    return list(own if own is not None else params_of(task).get("tests", ()))


def _part(test: Any, key: str) -> Any:
    return cast(Mapping[str, Any], test).get(key) if isinstance(test, Mapping) else test[1]


def _first_results(verifier: SandboxedVerifier, task: Any) -> Iterator[str]:
    """The first test's result as source, where it is short: a function may be nothing but it."""
    for test in _tests(verifier, task)[:1]:
        value = _part(test, "returns")
        text = repr(value)
        if len(text) < 1_000:
            yield text


def _constant_output(verifier: SandboxedVerifier, task: Any) -> str:
    try:
        first = _tests(verifier, task)[0]
    except (AssayError, LookupError):
        return ""
    expected = _part(first, "output")
    return f"import sys\nsys.stdout.write({expected!r})\n"
