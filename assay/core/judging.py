"""Asking a verifier on an environment's behalf: a verifier that fails is an error, never a no."""

import traceback
from collections.abc import Callable
from typing import Any, Literal

from assay.core.errors import VerifierError, shorten
from assay.core.types import Problem, Verdict, Verifier

OnError = Literal["retry", "mask", "raise"]


def ask(
    verifier: Verifier,
    outcome: Callable[[], Any],
    problem: Problem | None,
    *,
    on_error: OnError,
    name: str,
) -> Verdict:
    """The verdict about `outcome()`; an error is asked once more, kept or raised, by `on_error`.

    Args:
        verifier: who decides.
        outcome: gives what is judged; its faults are the verifier's side of the matter.
        problem: the task.
        on_error: `retry` once then keep, `mask` (keep) or `raise`.
        name: of the environment, for the message.

    Raises:
        VerifierError: no decision, and `on_error` is `raise`.
    """
    verdict = _once(verifier, outcome, problem)
    if not verdict.is_error:
        return verdict
    if on_error == "retry":
        return _once(verifier, outcome, problem)
    if on_error == "raise":
        raise VerifierError(f"{name}: {verdict.code}: {verdict.reason}")
    return verdict


def _once(verifier: Verifier, outcome: Callable[[], Any], problem: Problem | None) -> Verdict:
    try:
        verdict: Any = verifier.verify(outcome(), problem)
    except Exception as err:  # a verifier that raises must not look like a wrong answer
        trace = "".join(traceback.format_exception(err))[-2_000:]
        return Verdict.error(
            "verifier.raised",
            f"{type(verifier).__name__} raised {type(err).__name__}: {err}",
            details={"traceback": trace},
        )
    if isinstance(verdict, Verdict):
        return verdict
    return Verdict.error(
        "verifier.no_verdict",
        f"{type(verifier).__name__} gave {shorten(verdict)}, which is no Verdict.",
    )
