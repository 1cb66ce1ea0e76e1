"""`python endpoint_script.py WHERE`: an evaluation of a served model that somebody interrupts."""

import sys

from assay.evaluation.engine import evaluate

if __name__ == "__main__":
    results = evaluate(f"endpoint:{sys.argv[1]}", "assay/Compare-v0", n=8)
    sys.exit(results.exit_code)
