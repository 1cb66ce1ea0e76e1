"""The suite is tested by environments with one planted fault each, and by two without any."""

from __future__ import annotations

import pytest

import assay
from assay.core import registry
from assay.testing import CHECKS, ContractViolation, NotApplicable, cases_of, mutants, run_checks
from assay.testing.suite import pairs_of


@pytest.fixture(scope="module", autouse=True)
def registered():
    """The ids of mutants, for this module only."""
    before = set(assay.ids())
    with mutants.registered():
        yield
    assert set(assay.ids()) == before


@pytest.mark.parametrize("name", mutants.MUTANTS)
def test_every_mutant_is_flagged_by_its_check(name):
    check = mutants.MUTANTS[name].check
    with pytest.raises(ContractViolation) as caught:
        CHECKS[check](cases_of(f"mutant/{name}-v0")[0])
    message = str(caught.value)
    assert message.startswith(f"mutant/{name}-v0"), "the message names the case"
    assert len(message.split()) >= 6, "the message teaches"


def clean_pairs():
    with mutants.registered():
        return pairs_of([case for card in mutants.CLEAN for case in cases_of(card.id)])


@pytest.mark.parametrize(("case", "check"), clean_pairs(), ids=str)
def test_the_originals_are_flagged_by_none(case, check):
    try:
        CHECKS[check](case)
    except NotApplicable as reason:
        assert str(reason), "a skip says why"


def test_every_check_has_a_mutant_that_only_it_has_to_find():
    missing = set(CHECKS) - {m.check for m in mutants.MUTANTS.values()}
    assert not missing, f"no mutant shows that these checks can fail: {sorted(missing)}"


def test_findings_say_what_was_skipped_and_what_failed():
    found = {f.check: f for f in run_checks("mutant/Guessable-v0")}
    assert list(found) == list(CHECKS)
    assert found["guess_rate"].status == "failed" and "55555" in found["guess_rate"].message
    assert found["junk_is_no_pause"].status == "skipped" and found["junk_is_no_pause"].message
    assert found["card"].status == "ok" and found["card"].message == ""
    assert all(f.case == "mutant/Guessable-v0" and f.seconds >= 0 for f in found.values())


def test_a_check_that_breaks_is_a_finding_not_a_crash():
    registry.card("mutant/RaisesOnJunk-v0")
    found = {f.check: f for f in run_checks("mutant/RaisesOnJunk-v0")}
    assert found["hostile_actions"].status == "failed"
    assert found["same_seed_same_episode"].status == "failed"
