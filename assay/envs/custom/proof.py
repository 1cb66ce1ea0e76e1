"""What both kinds of users' tasks share: soundness on registering, room for text, counterfeits."""

from collections.abc import Iterable, Iterator

from assay.core.answer import AnswerEnv
from assay.core.errors import TaskError
from assay.core.spaces import Unicode
from assay.core.types import Problem, Verifier

_PROMPT_CHARS = 20_000  # longest question of a user's task, in characters


def refuse_unsound(env_id: str, verifier: Verifier, problems: Iterable[Problem]) -> None:
    """Raise `TaskError` for the first problem that `check_task` finds fault with."""
    for problem in problems:
        found = verifier.check_task(problem)
        if found:
            said = "; ".join(f"{p.code}: {p.message}" for p in found[:3])
            raise TaskError(
                f"{env_id} cannot be judged soundly on {problem.prompt[:80]!r}: {said}. "
                "Mend the task, or pass allow_problems=True."
            )


def roomy_spaces(env: AnswerEnv) -> tuple[Unicode, Unicode]:
    """Text in, text out, with room for long questions and their worked examples."""
    return Unicode(_PROMPT_CHARS * (1 + env.config.n_shots)), Unicode(env.config.max_chars)


def as_actions(replies: Iterable[tuple[str, str]]) -> Iterator[tuple[str, list[str]]]:
    """Named replies as the one-action episodes that the contract suite plays."""
    for name, text in replies:
        yield name, [text]
