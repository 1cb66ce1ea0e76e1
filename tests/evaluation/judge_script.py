"""`python judge_script.py FILE OUT WORKERS`: a judgement that another process may kill."""

import sys

from assay.evaluation import judge as module

if __name__ == "__main__":
    module.source_revision = lambda: None  # a commit made meanwhile is none of this test's business
    found = module.judge(
        sys.argv[1],
        "judge_toys:Faulty",
        verifier_settings={"pause_s": 0.0005},
        out=sys.argv[2],
        workers=int(sys.argv[3]),
    )
    print(found.exit_code, found.done, found.passed)
    sys.exit(found.exit_code)
