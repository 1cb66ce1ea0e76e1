"""The attack library as one check of the contract suite."""

from __future__ import annotations

from assay.core.errors import shorten
from assay.testing.attacks.guarded import planned
from assay.testing.attacks.measure import measured
from assay.testing.attacks.subject import Subject, unfit
from assay.testing.attacks.trials import Plan
from assay.testing.cases import Case, ContractViolation, NotApplicable

FUZZ, FUZZ_THOROUGH = 200, 20_000


def check_attacks_fail(case: Case) -> None:
    """No attack of the library passes, nor any wrong reply in random words; gold does."""
    reason = unfit(case)
    if reason:
        raise NotApplicable(reason)
    subject = Subject(
        name=case.id, settings=dict(case.options), is_env=True, episodes=case.count(2, 20)
    )
    verifier, targets = subject.open()
    plan = Plan(fuzz=case.count(FUZZ, FUZZ_THOROUGH), loads=case.thorough)
    report = measured(case.id, verifier, targets, planned(verifier, targets, plan))
    if report.faults:
        kind, trial, said = report.faults[0]
        raise ContractViolation(
            f"{case}: {len(report.faults)} of {report.asked.total()} replies were judged wrongly, "
            f"first a {kind} on '{trial.id}' ({trial.name}): {shorten(trial.outcome, 120)} was "
            f"{said}. Mend the verifier; `assay check {case}` lists them all."
        )
