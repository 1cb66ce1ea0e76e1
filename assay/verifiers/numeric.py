"""Exactly one number, read out of a response and compared exactly or within a tolerance."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property, lru_cache
from numbers import Integral, Rational, Real
from typing import Any

from assay.core.errors import TaskError, bad_value, shorten
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.extraction import Extraction, Found
from assay.verifiers.grammar import parse
from assay.verifiers.rational import write
from assay.verifiers.tasks import reference_of
from assay.verifiers.tokens import tokenize
from assay.verifiers.trees import Node, is_inequality
from assay.verifiers.units import KNOWN_UNITS
from assay.verifiers.values import Number, Tolerance, fold

# A short whole number, alone or behind the commonest markers, needs no extraction.
_plain = re.compile(
    r"(?:(?:Final )?[Aa]nswer: {1,4}|The answer is |#### )?([+-]?[0-9]{1,17})"
).fullmatch
_PLAIN_CHARS = 32
_SIMPLE = re.compile(r"[+-]?[0-9]{1,17}(?:\.[0-9]{1,17})?")
_EXTRACTION = Extraction()
_PERCENT = frozenset({"%", "percent"})


def read_number(text: str, limits: Limits = DEFAULT_LIMITS) -> Number:
    """One number of `verifiers.md` §6.1, with its unit, percent sign or name (`x = 84`).

    A chain (`17·24 = 408`) is read as its last number where every link is true.

    Raises:
        Refused: it is not one number; the refusal's status and message say what it is.
    """
    if text[:1] == "$" == text[-1:]:
        text = text[1:-1] or text
    if len(text) <= min(limits.literal_digits, limits.total_digits) and _SIMPLE.fullmatch(text):
        return Number(Fraction(text), text.lstrip("+") if "." in text else "")
    node = parse(tokenize(text, limits), limits)
    if is_inequality(node):
        raise Refused("A relation stands where a number is expected.", "incorrect", "math.relation")
    value = fold(node, limits)
    last = node[2][-1] if node[0] == "rel" else node
    if node[0] == "rel" and not is_literal(last):
        last = node[2][0]  # `84 = x`
    if not isinstance(value, Number) or not is_literal(last):
        raise Refused("The answer is not one number.", code="number.unparsable")
    return value


def is_literal(node: Node) -> bool:
    """Whether a tree is a number as numbers are written, not an expression to be worked out."""
    kind = node[0]
    if kind == "num":
        return True
    if kind in ("neg", "pct", "unit"):
        return is_literal(node[1])
    if kind == "div":  # 5/8, and \frac{-7}{3}
        return all(
            part[0] == "num" or (part[0] == "neg" and part[1][0] == "num") for part in node[1:3]
        )
    if kind == "add":  # a mixed number; 2+1/3 has the same tree and the same value
        return node[1][0] == "num" and node[2][0] == "div" and is_literal(node[2])
    if kind == "mul":  # 2.5×10^{6}
        return node[1][0] == "num" and node[2][0] == "pow" and is_literal(node[2])
    ten = kind == "pow" and node[1][0] == "num" and node[1][1] == 10
    return ten and (node[2][0] == "num" or (node[2][0] == "neg" and node[2][1][0] == "num"))


def exact(value: Any) -> Fraction:
    """A task author's number as a fraction; a float counts as the decimal it prints as.

    Raises:
        TaskError: it is no finite number, or a text that does not hold one.
    """
    try:
        if isinstance(value, bool):
            raise TaskError("The reference is a bool; a number was expected.")
        if isinstance(value, Integral):
            return Fraction(int(value))
        if isinstance(value, Rational):
            return Fraction(int(value.numerator), int(value.denominator))
        if isinstance(value, Decimal):
            return Fraction(value)
        if isinstance(value, Real):
            return Fraction(repr(float(value)))
        if type(value) is str:
            return _from_text(value)
    except (ValueError, OverflowError) as error:
        if isinstance(error, TaskError):
            raise
    raise TaskError(f"The reference {shorten(value)} is not one finite number.")


@lru_cache(maxsize=4096)
def _from_text(text: str) -> Fraction:
    number = read_number(text)
    return number.value


@dataclass(frozen=True, kw_only=True)
class NumberVerifier(BaseVerifier):
    """Whether a response holds exactly the reference number.

    Reads one number as `verifiers.md` §6.1 writes them; a unit or count noun behind it is reported
    and not judged. NaN and infinities are `unparsable`, several numbers are not one number.

    Attributes:
        tolerance: None for exact; a number for an absolute tolerance, or a `Tolerance`.
        unit: what the reference is counted in. Then another unit is `incorrect`, none is fine, and
            with "percent" `40%` reads as 40.
        extraction: where in the response the answer is looked for.

    Example:
        >>> NumberVerifier().verify("The answer is 1,234.", 1234).passed
        True
    """

    name = "number"
    version = "1.0"
    claim = "reference"
    reads_boxes = True

    tolerance: float | Fraction | Tolerance | None = None
    unit: str | None = None
    extraction: Extraction = _EXTRACTION
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse tolerances that are negative or no number."""
        if self.tolerance is None or isinstance(self.tolerance, Tolerance):
            return
        try:
            negative = exact(self.tolerance) < 0
        except TaskError:
            negative = True
        if negative:
            raise bad_value("tolerance", self.tolerance, "a number of at least 0, or a Tolerance")

    @cached_property
    def _quick(self) -> bool:
        """Whether a reply that is nothing but a short integer needs no extraction."""
        plain = self.tolerance is None and self.extraction.mode == "any" and self.unit is None
        limits = self.limits
        return (
            plain
            and min(
                limits.answer_chars,
                limits.literal_digits,
                limits.total_digits,
                limits.response_chars,
            )
            >= _PLAIN_CHARS
        )

    @cached_property
    def _allowed(self) -> Tolerance | None:
        if self.tolerance is None or isinstance(self.tolerance, Tolerance):
            return self.tolerance
        return Tolerance(exact(self.tolerance))

    def judge(self, outcome: object, task: object) -> Verdict:
        """Compare the one number of a response with the reference."""
        gold = task.reference if isinstance(task, Problem) else task
        if (
            type(gold) is int
            and type(outcome) is str
            and len(outcome) <= _PLAIN_CHARS
            and self._quick
            and (plain := _plain(outcome))
        ):
            text = plain[1]
            value = int(text)
            shown, passed = str(value), value == gold
            return Verdict.decided(
                passed,
                "number.equal" if passed else "number.different",
                f"Read {shown}.",
                extracted=text,
                span=plain.span(1),
                canonical=shown,
                expected_canonical=shown if passed else write(gold),
                method="rational",
                certainty="exact",
                verifier=self.label,
            )
        return self.judge_at_length(outcome, task)

    def judge_at_length(self, outcome: object, task: object) -> Verdict:
        """The same verdict without the short cut for short integers (tests compare the two)."""
        reference = exact(reference_of(task))
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = self.extraction.find(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, "number")
        span = (found.start + start, found.end + start)
        if found.how == "prose":
            return Verdict.reject(
                "number.none", "No number was found.", status="no_answer", details=details
            )
        try:
            number = read_number(found.text, self.limits)
        except Refused as refusal:
            return refusal_verdict(refusal, found, span, details)
        value = number.value
        if self.unit is not None:
            if number.percent and self.unit in _PERCENT:
                value *= 100
            elif number.percent or number.unit not in ("", self._unit_name):
                return self._verdict(
                    False, found.text, span, str(number), write(reference), details, "number.unit"
                )
        if number.unit:
            details = {**details, "unit": number.unit}
        if self._allowed is not None:
            details = {**details, "tolerance": str(self.tolerance)}
            passed = self._allowed.covers(value, reference)
        else:
            passed = value == reference
        return self._verdict(passed, found.text, span, write(value), write(reference), details)

    @cached_property
    def _unit_name(self) -> str:
        return KNOWN_UNITS.get(self.unit or "", self.unit or "")

    def _verdict(
        self,
        passed: bool,
        text: str,
        span: tuple[int, int],
        canonical: str,
        expected: str,
        details: dict[str, Any],
        code: str = "number.different",
    ) -> Verdict:
        return Verdict.decided(
            passed,
            "number.equal" if passed else code,
            f"Read {canonical[:80]}.",
            extracted=text,
            span=span,
            canonical=canonical,
            expected_canonical=expected,
            method="rational" if self.tolerance is None else "tolerance",
            certainty="exact",
            verifier=self.label,
            details=details,
        )


def no_answer(found: Found, start: int, details: dict[str, Any], family: str) -> Verdict:
    """The verdict where extraction gave no single readable answer."""
    status = "verifier_error" if found.status == "found" else found.status
    if status in ("verifier_error", "task_error"):
        return Verdict.error("extraction.fault", found.trouble or "Extraction failed.")
    code = "limit.size" if status == "over_limit" else f"{family}.{status}"
    return Verdict.reject(
        code,
        found.trouble,
        status=status,
        extracted=found.text or None,
        span=(found.start + start, found.end + start) if found.end else None,
        details=details,
    )


def refusal_verdict(
    refusal: Refused, found: Found, span: tuple[int, int], details: dict[str, Any]
) -> Verdict:
    """The verdict about an answer that was found and refused by a parser."""
    return Verdict.reject(
        refusal.code,
        str(refusal),
        status=refusal.status,
        extracted=found.text,
        span=span,
        details=details,
    )
