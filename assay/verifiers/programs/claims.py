"""What a run says about one test, as a verdict; never with inputs or results in its reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from assay.core.types import Verdict
from assay.verifiers.programs.cases import Case
from assay.verifiers.programs.compare import Malformed, same, single
from assay.verifiers.programs.inside.frames import EXCEPTIONS
from assay.verifiers.programs.runs import Run

EXCEPTION_NAMES = frozenset(name for _, name in EXCEPTIONS)
_OVER = {
    "cpu": ("limit.cpu", "It used up its processor time."),
    "memory": ("limit.memory", "It used up its memory."),
    "wall": ("limit.wall", "It did not end in time, and was not kept from its processor time."),
}


def fault_verdict(run: Run) -> Verdict:
    """The verdict where the machine failed."""
    return Verdict.error(run.fault_code, run.fault, cost=run.cost)


def run_verdict(run: Run) -> Verdict | None:
    """The verdict that a run gives whatever was expected of it; None where it sent a frame."""
    if run.fault:
        return fault_verdict(run)
    if run.lost:
        reason = "The processes around it were ended, twice."
        return Verdict.reject("program.killed_supervisor", reason, cost=run.cost)
    if run.over:
        code, reason = _OVER[run.over]
        return Verdict.reject(code, reason, status="over_limit", cost=run.cost)
    if run.malformed:
        reason = "Something else came where its result was to come."
        return Verdict.reject("program.malformed", reason, cost=run.cost)
    return None


def no_result(run: Run) -> Verdict:
    """The verdict where a child ended and sent nothing."""
    if run.exit is not None and run.exit < 0:
        reason = f"It was ended by signal {-run.exit} before it gave a result."
    else:
        reason = "It ended before it gave a result."
    return Verdict.reject("program.no_result", reason, cost=run.cost)


def claim_verdict(frame: str, case: Case) -> Verdict:
    """The verdict about one frame of a submission."""
    try:
        kind, _ = single(frame)
        body = frame[len(kind) + 4 : -1]  # {"kind":body}
        if kind == "value" and frame.startswith('{"value":'):
            return _value_verdict(body, case)
    except (Malformed, TypeError):
        reason = "Its result is not in the form of one."
        return Verdict.reject("program.malformed", reason)
    if kind == "raised":
        return _raised_verdict(body.strip('"'), case)
    return trouble_verdict(kind, body)


def _value_verdict(claimed: str, case: Case) -> Verdict:
    if case.expected is None:
        return Verdict.reject("program.no_exception", "It raised nothing where it was to raise.")
    if same(case.expected, claimed, case.rules):
        certainty = "exact" if case.rules.tolerance is None else "numeric"
        return Verdict.accept(
            "program.equal", "The result is the expected one.", certainty=certainty
        )
    return Verdict.reject("program.different", "The result is not the expected one.")


def _raised_verdict(name: str, case: Case) -> Verdict:
    if case.raises is not None and name == case.raises:
        return Verdict.accept("program.raised_expected", "It raised what it was to raise.")
    if name == "MemoryError":
        return Verdict.reject("limit.memory", "It used up its memory.", status="over_limit")
    what = name if name in EXCEPTION_NAMES else "an exception of its own"
    return Verdict.reject("program.raised", f"It raised {what}.")


def trouble_verdict(kind: str, name: Any) -> Verdict:
    """The verdict about a submission that could not be asked, or gave nothing plain."""
    if kind == "unparsable":
        reason = "The program cannot be read as one of its language."
        return Verdict.reject("program.unparsable", reason, status="unparsable")
    if kind == "no_function":
        reason = "The program does not define the function that is asked for."
        return Verdict.reject("program.no_function", reason, status="no_answer")
    if kind == "too_big":
        reason = "The program or its result is bigger than is read."
        return Verdict.reject("limit.size", reason, status="over_limit")
    if kind == "not_plain":
        told = "".join(c for c in str(name)[:80] if c.isascii() and (c.isalnum() or c in " _"))
        reason = f"The result is or holds {told or 'something'}, which is no plain value."
        return Verdict.reject("program.not_plain", reason)
    return Verdict.reject("program.malformed", "Its result is not in the form of one.")


def overall(children: list[Verdict], total: int, details: dict[str, Any], **fields: Any) -> Verdict:
    """The verdict over all tests: passed where every one of them ran and passed."""
    details = {**details, "tests": total, "ran": len(children)}
    if total > len(children):
        details["skipped"] = total - len(children)
    parts = tuple(replace(child, isolation=fields["isolation"]) for child in children)
    fields = {**fields, "children": parts, "details": details, "method": "tests"}
    failed = next((k for k, child in enumerate(parts) if not child.passed), None)
    if failed is None:
        assert len(parts) == total > 0
        numeric = any(child.certainty == "numeric" for child in parts)
        certainty = "numeric" if numeric else "exact"
        reason = f"All {total} tests passed." if total > 1 else "The one test passed."
        return Verdict.accept("program.passed", reason, certainty=certainty, **fields)
    child = parts[failed]
    reason = f"Test {failed + 1} of {total}: {child.reason}"
    if child.is_error:
        return Verdict.error(child.code, reason, **fields)
    return Verdict.reject(child.code, reason, status=child.status, **fields)
