"""`ConstraintVerifier`: every constraint must hold, and each has a verdict of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from assay.core.errors import MissingExtra, OptionError, TaskError, bad_value, shorten
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.constraints.compatible import COMPATIBLE, loosened
from assay.verifiers.constraints.ifeval import compatible_constraints, strict_constraints
from assay.verifiers.constraints.rules import KINDS, Asked, Constraint, Finding, constraint
from assay.verifiers.constraints.units import normal, without_invisible
from assay.verifiers.extraction import after_think

_ALL_KINDS = {**KINDS, **COMPATIBLE}
_COUNT = 100  # constraints of one task


@dataclass(frozen=True)
class ConstraintVerifier(BaseVerifier):
    """Whether a response is written as it was told to be; not whether it is right.

    Judged is the whole response after its reasoning. It must hold every constraint as it stands
    and as it looks, without characters that nobody can see. An empty response holds none.

    Attributes:
        constraints: each a name, a pair `(name, arguments)`, or `{"constraint": name, "arguments":
            {…}}`; None: from the task's `params`.
        loose: a constraint also holds if it does without the first line, without the last, without
            asterisks, or several of these (the published reference's loose scores).

    Example:
        >>> few = ("word_count", {"relation": "at most", "n": 3})
        >>> brief = ConstraintVerifier([few, "no_comma"])
        >>> brief.verify("Short and sweet.").passed
        True
    """

    name = "constraint"
    version = "1.0"
    claim = "constraints"

    constraints: list[Any] | tuple[Any, ...] | None = None
    loose: bool = field(default=False, kw_only=True)
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse constraints that do not exist, and those whose extra is not installed."""
        if self.constraints is None:
            return
        try:
            object.__setattr__(self, "constraints", _read(self.constraints))
        except TaskError as error:
            raise OptionError(str(error)) from error

    @classmethod
    def from_ifeval(
        cls,
        record: Mapping[str, Any],
        mode: Literal["strict", "compatible"] = "strict",
        *,
        loose: bool = False,
    ) -> ConstraintVerifier:
        """A verifier for one record of an instruction-following set.

        Args:
            record: has `instruction_id_list` and `kwargs`.
            mode: "strict": the constraints of this package. "compatible": the published
                reference's counting, so that published scores can be reproduced.
            loose: with "compatible", its loose scores.

        Raises:
            TaskError: the record names an instruction that there is not, or lacks an argument.
        """
        if mode not in ("strict", "compatible") or (loose and mode == "strict"):
            raise bad_value("mode", mode, "'strict' or 'compatible'; loose=True is for the second")
        read = strict_constraints if mode == "strict" else compatible_constraints
        return cls(tuple(read(record)), loose=loose)

    def judge(self, outcome: object, task: object) -> Verdict:
        """Ask every constraint."""
        given = self._given(task)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response = str(outcome)
        if len(response) > self.limits.response_chars:
            return Verdict.reject(
                "limit.size",
                f"The response is {len(response)} characters long; constraints are judged on all "
                f"of it, up to {self.limits.response_chars}.",
                status="over_limit",
            )
        start = after_think(response)
        text = response[start:].strip() if start >= 0 else ""
        try:
            as_it_stands = normal(text)
        except Refused as refusal:
            return Verdict.reject(refusal.code, str(refusal), status=refusal.status)
        question = task.prompt if isinstance(task, Problem) else ""
        bodies = dict.fromkeys((as_it_stands, without_invisible(as_it_stands)))
        forms = [Asked(body, question) for body in bodies]
        return _whole([self._child(item, forms) for item in given], text)

    def _given(self, task: object) -> tuple[Constraint, ...]:
        given: Any = self.constraints
        if given is None:
            given = task.params.get("constraints") if isinstance(task, Problem) else None
        if given is None:
            raise TaskError("The task has no constraints: give them in its params.")
        read = cast("tuple[Constraint, ...]", given) if given is self.constraints else _read(given)
        if not read:
            raise TaskError("The list of constraints is empty.")
        return read

    def _child(self, item: Constraint, forms: list[Asked]) -> Verdict:
        code = f"constraint.{item.name}"
        fields: dict[str, Any] = {"verifier": self.label, "method": item.name}
        if not all(form.text.strip() for form in forms):
            reason = "The response is empty."
            return Verdict.reject(code, reason, status="no_answer", **fields)
        try:
            findings = [self._finding(item, form) for form in forms]
        except Refused as refusal:
            return Verdict.reject(refusal.code, str(refusal), status=refusal.status, **fields)
        finding = next((f for f in findings if not f.holds), findings[0])
        if finding.holds is None:
            return Verdict.reject(code, finding.reason, status="unproven", **fields)
        if finding.holds:
            return Verdict.accept(code, finding.reason, **fields)
        return Verdict.reject(code, finding.reason, **fields)

    def _finding(self, item: Constraint, asked: Asked) -> Finding:
        rule, arguments = _ALL_KINDS[item.name].rule, dict(item.arguments)
        finding = rule(asked, arguments)
        if finding.holds or not self.loose:
            return finding
        for variant in loosened(asked.text):
            other = rule(asked._replace(text=variant), arguments)
            if other.holds:
                return other
        return finding


def _read(given: Any) -> tuple[Constraint, ...]:
    if not isinstance(given, list | tuple):
        raise TaskError(f"constraints={shorten(given)} is not a list.")
    items = cast("list[Any]", given)
    if len(items) > _COUNT:
        raise TaskError(f"The task has {len(items)} constraints; {_COUNT} can be judged.")
    try:
        return tuple(constraint(item, _ALL_KINDS) for item in items)
    except MissingExtra:
        raise
    except TaskError as error:
        raise TaskError(f"constraints: {error}") from error


def _whole(children: list[Verdict], text: str) -> Verdict:
    held = sum(child.passed for child in children)
    fields: dict[str, Any] = {"children": tuple(children), "details": {"held": held}}
    if held == len(children):
        return Verdict.accept("constraint.all_hold", "Every constraint holds.", **fields)
    failed = [child for child in children if not child.passed]
    first = next((child for child in failed if child.status != "unproven"), failed[0])
    reason = f"{len(failed)} of {len(children)} constraints do not hold. {first.reason}"
    return Verdict.reject(first.code, reason, status=first.status, **fields)
