"""`RegexMatch`: the task's pattern against the whole answer."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from assay.core.errors import OptionError, TaskError, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import has_invisible
from assay.verifiers.extraction import answer_text
from assay.verifiers.numeric import no_answer
from assay.verifiers.patterns.safety import Pattern, checked_pattern
from assay.verifiers.tasks import params_of
from assay.verifiers.workers.pending import Pending, ask_worker


@dataclass(frozen=True)
class RegexMatch(BaseVerifier):
    r"""Whether the whole answer matches the task's pattern.

    Judged is what the last `<answer>` tag holds, else the whole response after its reasoning,
    without outer white space. A pattern that is proven to take linear time is matched here, any
    other in a worker under limits; one that backtracks exponentially on a probe is refused.

    Attributes:
        pattern: in Python's syntax, with inline flags such as `(?i)` where they are wanted; None:
            from the task's `params`.
        ascii: `\d`, `\w`, `\s` and `\b` know ASCII characters only.

    Example:
        >>> RegexMatch(r"[A-Z]{2}\d+").verify("AB12").passed
        True
    """

    name = "regex"
    version = "1.0"
    claim = "pattern"

    pattern: str | None = None
    ascii: bool = field(default=True, kw_only=True)
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a pattern that cannot be used."""
        if self.pattern is None:
            return
        try:
            self._checked(self.pattern)
        except TaskError as error:
            raise OptionError(str(error)) from error

    def _checked(self, pattern: Any) -> Pattern:
        if type(pattern) is not str:
            raise TaskError(f"pattern={shorten(pattern)} is not a text.")
        return checked_pattern(pattern, int(re.ASCII) if self.ascii else 0)

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Match, here or in a worker."""
        given = params_of(task).get("pattern") if self.pattern is None else self.pattern
        if given is None:
            raise TaskError("The task has no pattern: give it to RegexMatch or in its params.")
        pattern = self._checked(given)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = answer_text(response, self.limits)
        if found.status == "found" and has_invisible(found.text) and not has_invisible(given):
            trouble = "The text holds characters that cannot be seen."
            found = found._replace(status="unparsable", trouble=trouble)
        elif found.status == "found" and not found.text:
            found = found._replace(status="no_answer", trouble="The response holds no text.")
        if found.status != "found":
            return no_answer(found, start, details, "regex")
        fields: dict[str, Any] = {
            "extracted": found.text,
            "span": (found.start + start, found.end + start),
            "details": details,
            "method": "pattern",
        }
        if not pattern.reason:
            matched = re.compile(pattern.text, pattern.flags).fullmatch(found.text) is not None
            return _verdict(matched, fields)
        return ask_worker(
            "assay.verifiers.patterns.probe:match",
            {"pattern": pattern.text, "flags": pattern.flags, "text": found.text},
            lambda result: _verdict(result["matched"] is True, fields),
            limits=self.limits,
            fields=fields,
        )


def _verdict(matched: bool, fields: dict[str, Any]) -> Verdict:
    if matched:
        reason = "The whole text matches the pattern."
        return Verdict.accept("regex.matched", reason, certainty="exact", **fields)
    reason = "The text does not match the pattern as a whole."
    return Verdict.reject("regex.unmatched", reason, certainty="exact", **fields)
