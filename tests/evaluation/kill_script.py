"""`python kill_script.py OUT N`: an evaluation that another process may kill at any moment."""

import sys

from evaluation_toys import Adder

from assay.evaluation import engine


class Steady(Adder):
    """Takes a moment, so that kills land everywhere."""

    def act(self, observation, info):
        sum(range(15_000))
        return super().act(observation, info)


if __name__ == "__main__":
    engine.source_revision = lambda: None  # a commit made meanwhile is none of this test's business
    results = engine.evaluate(Steady(), "toy/Sum-v0", n=int(sys.argv[2]), out=sys.argv[1])
    print(results.digest, results.exit_code, results[0].done)
    sys.exit(results.exit_code)
