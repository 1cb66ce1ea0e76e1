"""Text that must be the reference: exactly, or up to case, articles and outer punctuation."""

from __future__ import annotations

import string
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from assay.core.errors import TaskError, bad_value, shorten
from assay.core.types import Limits, Problem, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import has_invisible
from assay.verifiers.extraction import answer_text
from assay.verifiers.numeric import no_answer
from assay.verifiers.tasks import reference_of

_ARTICLES = ("the ", "a ", "an ")
_OUTER = string.punctuation + "“”‘’…«» "


@dataclass(frozen=True, kw_only=True)
class ExactText(BaseVerifier):
    """Whether the answer is the reference, character by character.

    Judged is what the last `<answer>` tag holds, else the whole response after its reasoning,
    without outer white space; nothing else is forgiven.

    Example:
        >>> ExactText().verify("olleh", "olleh").passed
        True
    """

    name = "exact_text"
    version = "1.0"
    claim = "reference"

    limits: Limits = DEFAULT_LIMITS

    def judge(self, outcome: object, task: object) -> Verdict:
        """Compare."""
        gold = task.reference if isinstance(task, Problem) else task
        if (
            type(outcome) is str
            and "<" not in outcome
            and len(outcome) <= self._quick_chars
            and type(gold) is str
        ):
            body = outcome.strip()
            expected = gold.strip()
            if body and expected:
                start = 0 if body == outcome else outcome.index(body)
                return self._verdict(body, expected, start, start + len(body), {})
        return self.judge_at_length(outcome, task)

    @cached_property
    def _quick_chars(self) -> int:
        return min(self.limits.answer_chars, self.limits.response_chars)

    def judge_at_length(self, outcome: object, task: object) -> Verdict:
        """The same verdict without the short cut for responses that hold no tag."""
        expected = gold_text_of(task)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = answer_text(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, "text")
        if not found.text:
            return _empty(details)
        return self._verdict(found.text, expected, found.start + start, found.end + start, details)

    def _verdict(
        self, body: str, expected: str, start: int, end: int, details: dict[str, Any]
    ) -> Verdict:
        passed = body == expected
        return Verdict.decided(
            passed,
            "text.equal" if passed else "text.different",
            "The text is the reference." if passed else "The text is not the reference.",
            extracted=body,
            span=(start, end),
            canonical=body,
            expected_canonical=expected,
            method="exact",
            certainty="exact",
            verifier=self.label,
            details=details,
        )


@dataclass(frozen=True, kw_only=True)
class NormalisedText(BaseVerifier):
    """Whether the answer is the reference or a declared alias, up to small differences of form.

    NFC; inner white space collapsed. Containing the reference is never enough.

    Attributes:
        casefold: upper and lower case are the same.
        articles: one leading "the", "a" or "an" does not count.
        punctuation: punctuation at either end does not count.
        aliases: further accepted texts; the verdict names the one that matched.
    """

    name = "normalised_text"
    version = "1.0"
    claim = "reference"

    casefold: bool = True
    articles: bool = True
    punctuation: bool = True
    aliases: Sequence[str] = ()
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse aliases that are no texts, or that nothing is left of."""
        if isinstance(self.aliases, str) or not all(
            type(alias) is str and self.normal(alias) for alias in self.aliases
        ):
            raise bad_value("aliases", self.aliases, "a list of texts that are not empty")

    def normal(self, text: str) -> str:
        """The form in which texts are compared."""
        text = " ".join(unicodedata.normalize("NFC", text).split())
        if self.casefold:
            text = unicodedata.normalize("NFC", text.casefold())
        if self.punctuation:
            text = text.strip(_OUTER)
        return self._without_article(text) if self.articles else text

    @staticmethod
    def _without_article(text: str) -> str:
        lowered = text.lower()
        article = next((a for a in _ARTICLES if lowered.startswith(a)), "")
        return text[len(article) :].lstrip(" ")

    def judge(self, outcome: object, task: object) -> Verdict:
        """Compare with the reference, then with each alias."""
        gold = task.reference if isinstance(task, Problem) else task
        if type(outcome) is str and type(gold) is str and not self.aliases:
            if (
                gold.isascii()
                and outcome.isascii()
                and outcome.isprintable()
                and "<" not in outcome
                and len(outcome) <= self._quick_chars
            ):
                text = outcome.strip()
                body, expected = self._normal_ascii(text), self._normal_ascii(gold)
                if body and expected:
                    start = 0 if len(text) == len(outcome) else outcome.index(text)
                    span = (start, start + len(text))
                    return self._verdict(text, span, body, expected, body == expected, {})
        return self.judge_at_length(outcome, task)

    @cached_property
    def _quick_chars(self) -> int:
        return min(self.limits.answer_chars, self.limits.response_chars)

    def _normal_ascii(self, text: str) -> str:
        """`normal` for ASCII, where NFC changes nothing and casefolding is lower case."""
        if text.isalnum():
            return text.lower() if self.casefold else text
        text = " ".join(text.split())
        if self.casefold:
            text = text.lower()
        if self.punctuation and not (text[:1].isalnum() and text[-1:].isalnum()):
            text = text.strip(_OUTER)
        return self._without_article(text) if self.articles else text

    def judge_at_length(self, outcome: object, task: object) -> Verdict:
        """The same verdict without the short cut for plain ASCII."""
        expected = self.normal(gold_text_of(task))
        if not expected:
            raise TaskError("Nothing is left of the reference after normalising it.")
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = answer_text(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, "text")
        if has_invisible(found.text) and not has_invisible(expected):
            found = found._replace(
                status="unparsable", trouble="The text holds characters that cannot be seen."
            )
            return no_answer(found, start, details, "text")
        body = self.normal(found.text)
        if not body:
            return _empty(details)
        matched = "reference" if body == expected else self._alias(body)
        if matched is not None and matched != "reference":
            details = {**details, "alias": matched}
        span = (found.start + start, found.end + start)
        return self._verdict(found.text, span, body, expected, matched is not None, details)

    def _alias(self, body: str) -> str | None:
        return next((alias for alias in self.aliases if self.normal(alias) == body), None)

    def _verdict(
        self,
        text: str,
        span: tuple[int, int],
        body: str,
        expected: str,
        passed: bool,
        details: dict[str, Any],
    ) -> Verdict:
        return Verdict.decided(
            passed,
            "text.equal" if passed else "text.different",
            "The text is the reference." if passed else "The text is not the reference.",
            extracted=text,
            span=span,
            canonical=body,
            expected_canonical=expected,
            method="normalised",
            certainty="exact",
            verifier=self.label,
            details=details,
        )

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """Aliases that repeat the reference or each other."""
        forms = [self.normal(alias) for alias in self.aliases]
        if len(set(forms)) == len(forms) and self.normal(gold_text_of(task)) not in forms:
            return []
        return [TaskProblem(code="task.duplicate", message="An alias is there twice.")]


def gold_text_of(task: object) -> str:
    """The reference as a text that is not blank.

    Raises:
        TaskError: it is no text, or blank.
    """
    reference = reference_of(task)
    if type(reference) is not str or not reference.strip():
        raise TaskError(f"The reference {shorten(reference)} is not a text with something in it.")
    return reference.strip()


def _empty(details: dict[str, Any]) -> Verdict:
    return Verdict.reject(
        "text.none", "The response holds no text.", status="no_answer", details=details
    )
