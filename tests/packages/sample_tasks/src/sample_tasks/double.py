"""A task from a function."""

import assay
from assay.verifiers import NumberVerifier


@assay.task("sample/Double-v0", verifier=NumberVerifier())
def double(rng, split):
    """Double a number."""
    n = int(rng.integers(1, 1_000_000))
    return assay.Problem(prompt=f"2 * {n} = ?", reference=2 * n)
