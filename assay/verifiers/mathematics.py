"""Mathematical answers (`verifiers.md` §6): the fast lane, and the way to the worker lane.

Decided here, exactly and without sympy: numbers and closed rational expressions, percents, tuples,
sets and lists of these, ± pairs, based numerals, units, words and letters, names (`x = 84`) and
chains. For everything else in the language a worker is asked (`symbolic/compare.py`), which is
given both sides as trees.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, NamedTuple

from assay.core.errors import TaskError, bad_value, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.check import perturbed
from assay.verifiers.extraction import Extraction, Found
from assay.verifiers.misses import near_misses
from assay.verifiers.names import loose_symbols
from assay.verifiers.numeric import no_answer, refusal_verdict
from assay.verifiers.question import copied
from assay.verifiers.reading import Parsed, read, read_answer, read_gold
from assay.verifiers.shapes import ANSWER_TYPES, SEVERAL, types_of
from assay.verifiers.tasks import question_of, reference_of
from assay.verifiers.trees import Node, canonical, is_inequality, packed
from assay.verifiers.units import letters_as_unit
from assay.verifiers.values import Many, Number, Rules, Tolerance, Value, Words, equal, fold
from assay.verifiers.workers.pending import Pending, ask_worker

AnswerType = Literal[
    "auto", "number", "expression", "equation", "inequality", "interval", "tuple", "vector", "set",
    "matrix", "ratio", "time", "based", "text",
]  # fmt: skip
_EXTRACTION = Extraction()
_COMMA_DIGIT = re.compile(r"[0-9],[0-9]")
_CONSTANT_LETTERS: tuple[Node, ...] = (("sym", "e"), ("sym", "i"))
_COMPARE = "assay.verifiers.symbolic.compare:compare"


@dataclass(frozen=True, kw_only=True)
class MathVerifier(BaseVerifier):
    r"""Whether a response's answer is mathematically the reference.

    Attributes:
        answer_type: what the reference is; "auto" reads it off the reference. A reference of
            another type is a `task_error`. "interval", "tuple", "ratio" and "time" settle how
            `(1,2)` and `3:05` are meant; with "vector" a row equals a column.
        decimals: "rounded" accepts a decimal with at least 6 significant digits that is a
            non-terminating reference correctly rounded or cut off; "exact" never does; a
            `Tolerance` accepts what it covers.
        units: "optional" lets a bare number stand for a quantity; "required" does not; "convert"
            does not, and accepts the same quantity in another unit, by exact factors.
        percent: "symmetric" lets a bare `40` stand for `40\%`; "strict" does not.
        domain: of free variables; in "real", odd roots of negative numbers are real.
        decimal_comma: a comma between digits is a decimal point.
        extraction: where in the response the answer is looked for.

    Example:
        >>> MathVerifier().verify(r"So it is \boxed{0.625}.", r"\frac58").passed
        True
    """

    name = "math"
    version = "1.1"
    claim = "reference"
    reads_boxes = True

    answer_type: AnswerType = "auto"
    decimals: Literal["rounded", "exact"] | Tolerance = "rounded"
    units: Literal["optional", "required", "convert"] = "optional"
    percent: Literal["symmetric", "strict"] = "symmetric"
    domain: Literal["real", "complex"] = "real"
    decimal_comma: bool = False
    extraction: Extraction = _EXTRACTION
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse settings that mean nothing."""
        for name, allowed in (
            ("answer_type", ANSWER_TYPES),
            ("units", ("optional", "required", "convert")),
            ("percent", ("symmetric", "strict")),
            ("domain", ("real", "complex")),
            ("decimal_comma", (False, True)),
        ):
            if getattr(self, name) not in allowed:
                shown = ", ".join(map(str, allowed))
                raise bad_value(name, getattr(self, name), f"one of {shown}")
        if self.decimals not in ("rounded", "exact") and type(self.decimals) is not Tolerance:
            raise bad_value("decimals", self.decimals, "'rounded', 'exact' or a Tolerance")

    @cached_property
    def rules(self) -> Rules:
        """What the equality of values depends on."""
        return Rules(self.decimals, self.units, self.percent)

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
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
        side = read_answer(found, self.limits, decimal_comma=self.decimal_comma)
        common: dict[str, Any] = {
            "extracted": found.text,
            "span": span,
            "canonical": side.shown,
            "expected_canonical": gold.shown,
            "verifier": self.label,
            "details": details,
        }
        return _Comparison(self, gold, side, found, common).verdict(question_of(task))

    def near_misses(self, task: Any) -> Iterator[tuple[str, str]]:
        """Answers that are nearly the reference and must be refused (`verifiers.md` §15)."""
        reference = reference_of(task)
        return perturbed(reference) if self._as_text else near_misses(reference, self.limits)

    @property
    def _as_text(self) -> bool:
        return self.answer_type == "text" or self.decimal_comma

    def _gold(self, reference: Any) -> Parsed:
        wanted = self.answer_type
        gold = read_gold(
            reference, self.limits, as_words=wanted == "text", decimal_comma=self.decimal_comma
        )
        if wanted in ("auto", "text") or gold.node is None:
            return gold
        if wanted in types_of(gold.node):
            return gold
        raise TaskError(f"The reference {shorten(reference)} is not of answer_type '{wanted}'.")


class _Comparison(NamedTuple):
    """One answer beside its reference, from the cheapest rule to the dearest."""

    settings: MathVerifier
    gold: Parsed
    side: Parsed
    found: Found
    common: dict[str, Any]

    def verdict(self, question: str) -> Verdict | Pending:
        """Identity, copies of the question, exact values; else a worker is asked."""
        gold, side = self.gold, self.side
        identical = self.identical()
        if identical is not None:
            return identical
        if (
            side.node is not None
            and question
            and copied(question, side.node, gold.node, self.settings.limits)
        ):
            return self.reject(
                "math.copied_question", "The answer stands in the question unworked."
            )
        if side.refusal is not None and not side.undecidable:
            span = self.common["span"]
            return refusal_verdict(side.refusal, self.found, span, self.common["details"])
        if side.value is None or gold.value is None:
            return self.undecided()
        return self.by_value(gold.value, side.value)

    def identical(self) -> Verdict | None:
        """Whether the answer is the reference as written, or up to spelling and order."""
        gold, side = self.gold, self.side
        method, reason = "identical", "The answer is the reference as written."
        if not (side.tokens and side.tokens == gold.tokens):
            if side.node is None or gold.node is None or (gold.value and side.value):
                return None
            if canonical(side.node) != canonical(gold.node):
                return None
            method, reason = "canonical", "The answer is the reference up to spelling and order."
        return Verdict.accept(
            "math.identical", reason, method=method, certainty="exact", **self.common
        )

    def by_value(self, gold: Value, side: Value) -> Verdict | Pending:
        """Both sides have exact values."""
        rules = self.settings.rules
        try:
            result = equal(gold, side, rules)
            if not result.equal and isinstance(gold, Many) and (other := self.other_reading()):
                if other.value is not None:
                    result = equal(gold, other.value, rules)
        except Refused as refusal:
            if refusal.status == "unproven":
                return self.undecided()
            return refusal_verdict(refusal, self.found, self.common["span"], self.common["details"])
        if not result.equal and self.may_meet(side):
            return self.undecided()
        common = self.noted(side)
        decide = Verdict.accept if result.equal else Verdict.reject
        return decide(
            "math.equal" if result.equal else result.code,
            f"Read {(self.side.shown or '')[:80]}.",
            method=result.method,
            certainty="exact",
            **common,
        )

    def undecided(self) -> Verdict | Pending:
        """What exact rational arithmetic cannot say: refused for its type, or asked of a worker."""
        gold, side = self.gold, self.side
        if side.node is None or gold.node is None:
            reason = "The answer was read, and nothing in the language decides about it."
            return self.reject("math.unproven", reason, status="unproven")
        if gold.value is not None:
            quantity = self.as_quantity()
            if quantity is not None:
                return self._replace(side=quantity[0]).by_value(gold.value, quantity[1])
            refused = self.wrong_type(gold.value, side.node)
            if refused is not None:
                return refused
        return self.ask(gold.node, side.node)

    def as_quantity(self) -> tuple[Parsed, Value] | None:
        """`36 m^2` where the reference is a quantity: a number with its unit in letters."""
        if not (isinstance(self.gold.value, Number) and self.gold.value.unit and self.side.node):
            return None
        read_so = letters_as_unit(self.side.node)
        if read_so is None:
            return None
        node = ("unit", *read_so)
        try:
            value = fold(node, self.settings.limits)
        except Refused:
            return None
        return Parsed((), node, value), value

    def wrong_type(self, gold: Value, side: Node) -> Verdict | None:
        """The refusal of an answer that no rule of the table compares with such a reference."""
        if not isinstance(gold, Many) and self.gold.node and self.gold.node[0] != "sym":
            if is_inequality(side):
                reason = "A relation stands where a value is expected."
                return self.reject("math.relation", reason)
            if side[0] in SEVERAL:
                return self.reject("math.type", "The answer is of another type.")
        if isinstance(gold, Number | Many) and loose_symbols(side):
            reason = "The answer has names in it that the reference lacks."
            return self.reject("math.free_symbol", reason)
        return None

    def ask(self, gold: Node, side: Node) -> Pending:
        """The comparison in a worker."""
        settings, other = self.settings, self.other_reading()
        decimals = settings.decimals
        sides = [side] if other is None or other.node is None else [side, other.node]
        payload: dict[str, Any] = {
            "gold": packed(gold),
            "sides": [packed(node) for node in sides],
            "decimals": [str(decimals.abs), str(decimals.rel)]
            if isinstance(decimals, Tolerance)
            else decimals,
            "units": settings.units,
            "percent": settings.percent,
            "domain": settings.domain,
            "answer_type": settings.answer_type,
            "limits": {
                "power_bits": settings.limits.power_bits,
                "factorial_argument": settings.limits.factorial_argument,
                "entries": settings.limits.entries,
            },
        }
        return ask_worker(
            _COMPARE, payload, self.decided, limits=settings.limits, fields=self.common
        )

    def decided(self, result: Mapping[str, Any]) -> Verdict:
        """The verdict for what the worker found."""
        fields = {**self.noted(None), "method": result["method"]}
        if self.side.node is not None and self.side.node[0] == "unit":
            fields["details"] = {**fields["details"], "unit": self.side.node[2]}
        if result["status"] == "correct":
            return Verdict.accept(
                "math.equal", result["reason"], certainty=result["certainty"], **fields
            )
        return Verdict.reject(result["code"], result["reason"], status=result["status"], **fields)

    def may_meet(self, side: Value) -> bool:
        """Whether values of different types here can be equal: vectors, and the letters e and i."""
        if self.settings.answer_type == "vector":
            return True
        return self.gold.node in _CONSTANT_LETTERS and isinstance(side, Number)

    def other_reading(self) -> Parsed | None:
        """`1,234` as two entries, for a reference that has several."""
        if not _COMMA_DIGIT.search(self.found.text) or self.settings.decimal_comma:
            return None
        return read(self.found.text, self.settings.limits, "entries")

    def noted(self, side: Value | None) -> dict[str, Any]:
        """The verdict's fields, with what was forgiven in the details."""
        details = self.common["details"]
        if isinstance(side, Number) and side.unit:
            details = {**details, "unit": side.unit}
        if isinstance(self.settings.decimals, Tolerance):
            details = {**details, "tolerance": str(self.settings.decimals)}
        return {**self.common, "details": details}

    def reject(self, code: str, reason: str, **fields: Any) -> Verdict:
        """A refusal with the common fields."""
        return Verdict.reject(code, reason, **fields, **self.common)
