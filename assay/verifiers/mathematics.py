"""Mathematical answers: the fast lane of `verifiers.md` §6, and the seat of the worker lane.

Decided here, exactly and without sympy: numbers and closed rational expressions, percents, tuples,
sets and lists of these, ± pairs, based numerals, units, words and letters, names (`x = 84`) and
chains. Everything else ends in `unproven` or `unparsable`, never in `correct`, except an answer
that is token by token the reference itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, lru_cache
from numbers import Real
from typing import Any, Literal, NamedTuple, get_args

from assay.core.errors import TaskError, bad_value, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.extraction import Extraction, Found
from assay.verifiers.grammar import parse
from assay.verifiers.numeric import exact, no_answer, refusal_verdict
from assay.verifiers.question import copied
from assay.verifiers.tasks import question_of, reference_of
from assay.verifiers.tokens import Token, tokenize
from assay.verifiers.trees import Node, canonical
from assay.verifiers.values import (
    Many,
    Number,
    Rules,
    Tolerance,
    Value,
    Words,
    equal,
    fold,
    free_symbols,
)

AnswerType = Literal["auto", "number", "tuple", "set", "text"]
_EXTRACTION = Extraction()
_INTEGER = re.compile(r"-?[0-9]{1,17}")
_COMMA_DIGIT = re.compile(r"[0-9],[0-9]")
_KINDS: Mapping[str, str] = {"number": "Number", "text": "Words"}


class Parsed(NamedTuple):
    """One side of a comparison. `value` is None for what only the worker lane can evaluate."""

    tokens: tuple[tuple[str, str], ...]
    node: Node | None
    value: Value | None
    refusal: Refused | None = None

    @property
    def shown(self) -> str | None:
        """Canonical text for people, or None where nothing was parsed."""
        if self.value is not None:
            return str(self.value)
        return canonical(self.node) if self.node is not None else None


@dataclass(frozen=True, kw_only=True)
class MathVerifier(BaseVerifier):
    r"""Whether a response's answer is mathematically the reference.

    Attributes:
        answer_type: what the reference is; "auto" reads it off the reference. A reference of
            another type is a `task_error`.
        decimals: "rounded" accepts a decimal with at least 6 significant digits that is a
            non-terminating reference correctly rounded or cut off; "exact" never does; a
            `Tolerance` accepts what it covers.
        units: "optional" lets a bare number stand for a quantity; "required" does not.
        percent: "symmetric" lets a bare `40` stand for `40\%`; "strict" does not.
        domain: of free variables; for the worker lane.
        extraction: where in the response the answer is looked for.

    Example:
        >>> MathVerifier().verify(r"So it is \boxed{0.625}.", r"\frac58").passed
        True
    """

    name = "math"
    version = "1.0"
    claim = "reference"
    reads_boxes = True

    answer_type: AnswerType = "auto"
    decimals: Literal["rounded", "exact"] | Tolerance = "rounded"
    units: Literal["optional", "required"] = "optional"
    percent: Literal["symmetric", "strict"] = "symmetric"
    domain: Literal["real", "complex"] = "real"
    extraction: Extraction = _EXTRACTION
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        for name, allowed in (
            ("answer_type", get_args(AnswerType)),
            ("units", ("optional", "required")),
            ("percent", ("symmetric", "strict")),
            ("domain", ("real", "complex")),
        ):
            if getattr(self, name) not in allowed:
                raise bad_value(name, getattr(self, name), f"one of {', '.join(allowed)}")
        if self.decimals not in ("rounded", "exact") and type(self.decimals) is not Tolerance:
            raise bad_value("decimals", self.decimals, "'rounded', 'exact' or a Tolerance")

    @cached_property
    def _rules(self) -> Rules:
        return Rules(self.decimals, self.units, self.percent)

    def judge(self, outcome: object, task: object) -> Verdict:
        """Extract, parse both sides, compare."""
        gold = self._gold(reference_of(task))
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = self.extraction.find(response, self.limits)
        if found.status != "found":
            return no_answer(found, start, details, "math")
        span = (found.start + start, found.end + start)
        if found.how == "prose" and not isinstance(gold.value, Words):
            return Verdict.reject(
                "math.none",
                "No mathematical answer was found.",
                status="no_answer",
                details=details,
            )
        side = _short_integer(found, self.limits) or _parsed_boxes(found, self.limits)
        return self._compared(gold, side, found, span, question_of(task), details)

    def _gold(self, reference: Any) -> Parsed:
        if type(reference) is int:
            number = Number(Fraction(reference))
            return Parsed((("num", str(reference)),), ("num", number.value, str(reference)), number)
        gold = _gold_from(reference, self.answer_type == "text", self.limits)
        wanted, kind = self.answer_type, type(gold.value).__name__
        if wanted == "auto" or gold.value is None or _KINDS.get(wanted) == kind:
            return gold
        if isinstance(gold.value, Many) and (wanted == "tuple") == (gold.value.kind == "tuple"):
            return gold
        raise TaskError(f"The reference {shorten(reference)} is not of answer_type '{wanted}'.")

    def _compared(
        self,
        gold: Parsed,
        side: Parsed,
        found: Found,
        span: tuple[int, int],
        question: str,
        details: dict[str, Any],
    ) -> Verdict:
        common: dict[str, Any] = {
            "extracted": found.text,
            "span": span,
            "canonical": side.shown,
            "expected_canonical": gold.shown,
            "verifier": self.label,
            "details": details,
        }
        if side.tokens and side.tokens == gold.tokens:
            return Verdict.accept(
                "math.identical", "The answer is the reference as written.",
                method="identical", certainty="exact", **common,
            )  # fmt: skip
        if (
            side.node is not None
            and gold.node is not None
            and not (gold.value is not None and side.value is not None)
            and canonical(side.node) == canonical(gold.node)
        ):
            return Verdict.accept(
                "math.identical",
                "The answer is the reference up to spelling and order.",
                method="canonical",
                certainty="exact",
                **common,
            )
        if (
            side.node is not None
            and question
            and copied(question, side.node, gold.node, self.limits)
        ):
            return Verdict.reject(
                "math.copied_question", "The answer stands in the question unworked.", **common
            )
        if side.refusal is not None and side.refusal.status != "unproven":
            return refusal_verdict(side.refusal, found, span, details)
        if side.value is None or gold.value is None:
            return self._undecided(gold, side, common)
        try:
            result = equal(gold.value, side.value, self._rules)
            if (
                not result.equal
                and isinstance(gold.value, Many)
                and _COMMA_DIGIT.search(found.text)
            ):
                entries = _parsed(found.text, self.limits, "entries")
                if entries.value is not None:
                    result = equal(gold.value, entries.value, self._rules)
        except Refused as refusal:
            return refusal_verdict(refusal, found, span, details)
        if isinstance(side.value, Number) and side.value.unit:
            common["details"] = {**details, "unit": side.value.unit}
        if isinstance(self.decimals, Tolerance):
            common["details"] = {**common["details"], "tolerance": str(self.decimals)}
        decide = Verdict.accept if result.equal else Verdict.reject
        return decide(
            "math.equal" if result.equal else result.code,
            f"Read {(side.shown or '')[:80]}.",
            method=result.method,
            certainty="exact",
            **common,
        )

    def _undecided(self, gold: Parsed, side: Parsed, common: dict[str, Any]) -> Verdict:
        """What exact rational arithmetic cannot say. The worker lane takes its seat here.

        It will be given `gold.node`, `side.node`, the settings and the limits, all plain data, and
        answers with a verdict of its own (`isolation="worker"`).
        """
        rational = isinstance(gold.value, Number | Many)
        if rational and side.node is not None and free_symbols(side.node):
            return Verdict.reject(
                "math.free_symbol", "The answer has names in it that the reference lacks.", **common
            )
        return Verdict.reject(
            "math.unproven",
            "The answer was understood, and exact rational arithmetic cannot decide about it.",
            status="unproven",
            **common,
        )


def _short_integer(found: Found, limits: Limits) -> Parsed | None:
    text = found.texts[0]
    if text[:1] == "$" == text[-1:]:
        text = text[1:-1]
    fits = len(text) <= min(limits.literal_digits, limits.total_digits)
    if fits and len(found.texts) == 1 and _INTEGER.fullmatch(text):
        value = Number(Fraction(int(text)))
        return Parsed((), ("num", value.value, text), value)
    return None


def _parsed_boxes(found: Found, limits: Limits) -> Parsed:
    """The answer; a group of boxes is the list of its contents."""
    sides = [_parsed(text, limits) for text in found.texts]
    if len(sides) == 1:
        return sides[0]
    refusal = next((side.refusal for side in sides if side.refusal is not None), None)
    nodes = [side.node for side in sides if side.node is not None]
    values = [side.value for side in sides if side.value is not None]
    node = ("list", tuple(nodes)) if len(nodes) == len(sides) else None
    value = Many("several", tuple(values)) if len(values) == len(sides) else None
    return Parsed((), node, value, refusal)


def _parsed(text: str, limits: Limits, commas: str = "thousands") -> Parsed:
    try:
        tokens = tokenize(text, limits, commas=commas)
    except Refused as refusal:
        return Parsed((), None, None, refusal)
    plain = _plain(tokens)
    node: Node | None = None
    try:
        node = parse(tokens, limits)
        return Parsed(plain, node, fold(node, limits))
    except Refused as refusal:
        return Parsed(plain, node, None, refusal)


def _plain(tokens: list[Token]) -> tuple[tuple[str, str], ...]:
    return tuple((token.kind, token.text) for token in tokens)


def _gold_from(reference: Any, as_words: bool, limits: Limits) -> Parsed:
    if type(reference) is str:
        return _gold_from_text(reference, as_words, limits)
    value = _gold_value(reference, limits)
    node: Node | None = None
    if isinstance(value, Number):
        node = ("num", value.value, str(value.value))
    return Parsed((), node, value)


@lru_cache(maxsize=4096)
def _gold_from_text(text: str, as_words: bool, limits: Limits) -> Parsed:
    if as_words:
        return Parsed((), None, Words(" ".join(text.split()).casefold()))
    gold = _parsed(text, limits)
    if gold.refusal is not None and gold.refusal.status != "unproven":
        raise TaskError(f"The reference {shorten(text)} cannot be read: {gold.refusal}")
    return gold


def _gold_value(reference: Any, limits: Limits) -> Value:
    if isinstance(reference, AnySet) or (
        isinstance(reference, Sequence) and not isinstance(reference, str | bytes)
    ):
        items = tuple(_gold_value(item, limits) for item in reference)  # pyright: ignore
        return (
            Many("tuple", items, "()") if isinstance(reference, tuple) else Many("several", items)
        )
    if isinstance(reference, str):
        value = _gold_from_text(str(reference), False, limits).value
        if value is None:
            raise TaskError(f"The entry {shorten(reference)} of the reference cannot be evaluated.")
        return value
    decimal = repr(reference) if isinstance(reference, Real) and "." in repr(reference) else ""
    return Number(exact(reference), decimal if decimal.replace(".", "").isdigit() else "")
