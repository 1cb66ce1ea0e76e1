"""`python endpoint_script.py WHERE [OUT BACKEND]`: somebody interrupts this evaluation."""

import sys

from assay.evaluation.engine import evaluate

if __name__ == "__main__":
    where, out, backend = (*sys.argv[1:], None, None)[:3]
    results = evaluate(
        f"endpoint:{where}", "assay/Compare-v0", n=8, out=out, backend=backend, unit=8
    )
    sys.exit(results.exit_code)
