"""The named peer, math-verify, behind the contract of verifiers: unchanged, and in a worker."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from assay.core.errors import MissingExtra, TaskError, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.tasks import reference_of
from assay.verifiers.workers.pending import Pending, ask_worker

_DECIDE = "assay.verifiers.symbolic.peer:decide"
_DELIMITERS = ("$", r"\(", r"\[", r"\boxed")


@dataclass(frozen=True, kw_only=True)
class MathVerifyVerifier(BaseVerifier):
    r"""What math-verify decides about a response, with its own extraction, parser and equality.

    For comparison with published results. It is not held to the rules of `MathVerifier`: it
    accepts answers that these refuse, and refuses some that they accept. Only its time limits are
    replaced, by those of the worker: it works from any thread, and a spent budget is `over_limit`.

    The reference is LaTeX; without delimiters it is put between dollars.

    Example:
        >>> MathVerifyVerifier().verify(r"So it is $\boxed{0.625}$.", r"\frac58").passed
        True
    """

    name = "math-verify"
    version = "1.0"
    claim = "reference"
    reads_boxes = True

    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Say at once where the library is missing."""
        if find_spec("math_verify") is None:
            raise MissingExtra("MathVerifyVerifier needs math-verify: pip install math-verify.")

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Ask the library in a worker."""
        gold = reference_of(task)
        if type(gold) in (int, float):
            gold = str(gold)
        if type(gold) is not str or not gold.strip():
            raise TaskError(
                f"The reference {shorten(gold)} is no text that math-verify could read."
            )
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        if not response.strip():
            reason = "The response is empty."
            return Verdict.reject("math.none", reason, status="no_answer", details=details)
        if not any(mark in gold for mark in _DELIMITERS):
            gold = f"${gold}$"
        common: dict[str, Any] = {
            "details": {**details, "searched_from": start} if start else details,
            "verifier": self.label,
        }

        def finish(result: Mapping[str, Any]) -> Verdict:
            if not result["gold"]:
                raise TaskError(f"math-verify reads nothing in the reference {shorten(gold)}.")
            if not result["response"]:
                reason = "math-verify found no answer."
                return Verdict.reject("math.none", reason, status="no_answer", **common)
            shown = {"canonical": "; ".join(result["response"]), "method": "math-verify"}
            shown["expected_canonical"] = "; ".join(result["gold"])
            if result["passed"]:
                reason = "math-verify accepts the response."
                return Verdict.accept("math.equal", reason, certainty="numeric", **shown, **common)
            reason = "math-verify refuses the response."
            return Verdict.reject("math.not_equal", reason, **shown, **common)

        payload = {"gold": gold, "response": response}
        return ask_worker(_DECIDE, payload, finish, limits=self.limits, fields=common)
