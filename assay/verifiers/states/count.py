"""How many: a whole number, as an agent counts things in a picture."""

from __future__ import annotations

from dataclasses import dataclass

from assay.core.errors import TaskError, shorten
from assay.core.types import Verdict
from assay.verifiers.numeric import NumberVerifier
from assay.verifiers.tasks import reference_of


@dataclass(frozen=True, kw_only=True)
class CountVerifier(NumberVerifier):
    """Whether a response gives the count, as `NumberVerifier` reads numbers.

    The reference is an integer of at least 0, and there is no tolerance.

    Example:
        >>> CountVerifier().verify("There are 3.", 3).passed
        True
    """

    name = "count"
    version = "1.0"

    def judge(self, outcome: object, task: object) -> Verdict:
        """Refuse references that count nothing, then compare."""
        reference = reference_of(task)
        if type(reference) is not int or reference < 0:
            raise TaskError(f"The reference {shorten(reference)} is no count: an integer >= 0.")
        if self.tolerance is not None:
            raise TaskError("A count has no tolerance.")
        return super().judge(outcome, task)
