"""The whole contract suite on this package's ids."""

import assay.testing

test_contract = assay.testing.contract_tests(
    "sample/Double-v0", "sample/Exam-v0", "sample/Staircase-v0"
)
