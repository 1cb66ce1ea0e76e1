"""`python kill_script.py OUT N WORKERS`: an evaluation that anybody may kill at any moment.

With 0 workers it is played inline. WORK in the environment says how long each answer takes.
"""

import os
import signal
import sys
import threading
from pathlib import Path

from evaluation_toys import Adder

from assay.core.encoding import derive_seed
from assay.evaluation import engine


class Steady(Adder):
    """Takes a moment, so that kills land everywhere."""

    def act(self, observation, info):
        sum(range(int(os.environ.get("WORK", 0))))
        return super().act(observation, info)


class Mortal(Adder):
    """Kills its process in some episodes, once in each: at once, or a moment later.

    Args:
        folder: gets a file for each kill. one_in: episodes. seed: of which, and when.
    """

    def __init__(self, folder, one_in, seed):
        super().__init__()
        self.folder, self.one_in, self.seed, self.episode = Path(folder), one_in, seed, 0

    def begin(self, key):
        self.episode = key.episode

    def act(self, observation, info):
        fate = derive_seed(self.seed, self.episode)
        if fate % self.one_in == 0:
            try:
                (self.folder / str(self.episode)).touch(exist_ok=False)
            except FileExistsError:
                return super().act(observation, info)
            delay_s = fate // self.one_in % 2 * (fate // self.one_in % 1_000) * 1e-6
            if not delay_s:
                os.kill(os.getpid(), signal.SIGKILL)
            threading.Timer(delay_s, os.kill, (os.getpid(), signal.SIGKILL)).start()
        return super().act(observation, info)


if __name__ == "__main__":
    engine.source_revision = lambda: None  # a commit made meanwhile is none of this test's business
    out, n, workers = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    place = {"backend": "process", "workers": workers} if workers else {"backend": "inline"}
    results = engine.evaluate("kill_script:Steady", "toy/Sum-v0", n=n, out=out, **place)
    print(results.digest, results.exit_code, results[0].done)
    sys.exit(results.exit_code)
