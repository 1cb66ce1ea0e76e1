"""The contract (specs/contract.md §13), for every id, variant and check."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import assay
from assay.testing import contract_tests, golden
from assay.testing.cases import cases_of

IDS = [env_id for env_id in assay.ids() if env_id.startswith("assay/")]
GOLDEN = json.loads((Path(__file__).parent / "data" / "golden.json").read_text(encoding="utf-8"))

test_contract = contract_tests(*IDS)
test_contract_at_length = contract_tests(*IDS, slow=True)


def test_an_old_index_gives_the_old_problem(registered_id):
    stored = GOLDEN["ids"].get(registered_id)
    assert stored is not None, (
        f"{registered_id} is new: python -m assay.testing.golden --write tests/data/golden.json"
    )
    assert golden.golden_of(cases_of(registered_id)[0]) == stored, (
        f"{registered_id} gives other problems or verdicts than when its version was cut: "
        "raise the version, or take the change back"
    )


def test_no_id_was_lost():
    assert set(GOLDEN["ids"]) <= set(IDS), "old versions stay registered while they are cheap"


@pytest.mark.parametrize("parts", golden.SEED_PARTS, ids=repr)
def test_derived_seeds_never_change(parts):
    assert golden.seeds()[repr(parts)] == GOLDEN["seeds"][repr(parts)]
