"""What a verifier may know of a task: its reference, parameters and question."""

from typing import Any

from assay.core.errors import TaskError
from assay.core.types import Problem


def reference_of(task: object) -> Any:
    """The gold answer of a task: of a `Problem`, or the bare value itself.

    Raises:
        TaskError: there is none.
    """
    reference = task.reference if isinstance(task, Problem) else task
    if reference is None:
        raise TaskError("The task has no reference: give a Problem with one, or a bare value.")
    return reference


def solution_text(task: object) -> str | None:
    """The task's own solution, where its reference is one; for verifiers that recompute."""
    reference = task.reference if isinstance(task, Problem) else None
    return reference if type(reference) is str else None


def params_of(task: object) -> dict[str, Any]:
    """The parameters of a task; empty for a bare reference or None."""
    return dict(task.params) if isinstance(task, Problem) else {}


def question_of(task: object) -> str:
    """The question of a task; empty where it carries none."""
    return task.prompt if isinstance(task, Problem) else ""
