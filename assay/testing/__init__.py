"""The contract suite, for any author: checks, their table, and a one-line pytest test.

    from assay.testing import contract_tests

    test_contract = contract_tests("my/Double-v0", "my/Exam-v0")

`run_checks(id)` does the same without pytest, and is what `assay check` prints. The names are found
on first use, because pytest imports this package for its plug-in in every run.
"""

import importlib
from typing import Any

_PUBLIC = {
    "CHECKS": "assay.testing.suite",
    "Case": "assay.testing.cases",
    "ContractViolation": "assay.testing.cases",
    "Finding": "assay.testing.suite",
    "NotApplicable": "assay.testing.cases",
    "cases_of": "assay.testing.cases",
    "contract_tests": "assay.testing.suite",
    "run_check": "assay.testing.suite",
    "run_checks": "assay.testing.suite",
}

__all__ = list(_PUBLIC)  # pyright: ignore[reportUnsupportedDunderAll]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'assay.testing' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)
