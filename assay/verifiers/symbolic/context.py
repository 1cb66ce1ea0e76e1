"""What a comparison goes by, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any, NamedTuple

from assay.verifiers.symbolic.arithmetic import Setting, Sizes, Value


class Decision(NamedTuple):
    """Whether two answers are equal; None where that was neither shown nor refuted.

    Attributes:
        method: the rule that decided.
        code: why not, where they are not.
        numeric: it rests on an agreement of intervals at a great many digits, not on proof.
    """

    equal: bool | None
    method: str
    code: str = "math.not_equal"
    numeric: bool = False


class Refusal(Exception):
    """The answer cannot be compared; its status and code say why."""

    def __init__(self, status: str, code: str, reason: str) -> None:
        """Word the refusal."""
        super().__init__(reason)
        self.status, self.code = status, code


class Context(NamedTuple):
    """The settings of one comparison.

    Attributes:
        decimals: "rounded", "exact", or (absolute, relative) tolerance.
        log_base: of a logarithm without one.
    """

    decimals: str | tuple[Fraction, Fraction] = "rounded"
    units: str = "optional"
    percent: str = "symmetric"
    domain: str = "real"
    answer_type: str = "auto"
    log_base: int = 10
    sizes: Sizes = Sizes()

    @property
    def real(self) -> bool:
        """Whether names stand for real numbers, and odd roots are real."""
        return self.domain == "real"

    def setting(
        self, bits: int, values: Mapping[str, Value] | None = None, *, strict: bool = False
    ) -> Setting:
        """How to evaluate at a precision."""
        return Setting(values or {}, bits, strict, self.real, self.log_base, self.sizes)


def context_of(payload: Mapping[str, Any]) -> Context:
    """The settings out of a request."""
    decimals = payload["decimals"]
    if not isinstance(decimals, str):
        absolute, relative = decimals
        decimals = (Fraction(absolute), Fraction(relative))
    return Context(
        decimals,
        payload["units"],
        payload["percent"],
        payload["domain"],
        payload["answer_type"],
        sizes=Sizes(**payload["limits"]),
    )


def equal(method: str, *, numeric: bool = False) -> Decision:
    """Shown to be equal."""
    return Decision(True, method, numeric=numeric)


def unequal(method: str, code: str = "math.not_equal") -> Decision:
    """Shown to differ."""
    return Decision(False, method, code)


def unproven(method: str = "none") -> Decision:
    """Neither shown nor refuted."""
    return Decision(None, method, "math.unproven")


def all_of(decisions: list[Decision], method: str) -> Decision:
    """Equal where all are; one that differs decides, before one that is not known."""
    for decision in decisions:
        if decision.equal is False:
            return unequal(method, decision.code)
    if any(decision.equal is None for decision in decisions):
        return unproven(method)
    return equal(method, numeric=any(decision.numeric for decision in decisions))
