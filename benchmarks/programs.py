"""What a test of a submitted function takes in each sandbox, beside a bare interpreter for each.

    python -m benchmarks.programs [--verdicts N] [--tests N] [--json]

Every verdict is about a right `square` with so many tests. Wall time is a median over verdicts; CPU
time is that of all processes that took part, keepers and their starts included, divided by the
tests. The bare row starts `python -I -S` once a test, with nothing to hold the program.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from assay.verifiers import PythonFunctionVerifier, Sandbox
from assay.verifiers.programs.keepers import default_python, shut_down
from assay.verifiers.programs.sandbox import WAYS, offer

SOURCE = "def square(n):\n    return n * n\n"
BARE = f"{SOURCE}import json\nprint(json.dumps(square(json.loads(input()))))\n"


def cpu_s() -> float:
    """Processor time of this process and of all children that have ended."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in found)


def measured(name: str, judge: Callable[[], bool], verdicts: int, tests: int) -> dict[str, Any]:
    """One row: milliseconds of wall and CPU time for each test."""
    shut_down()
    before = cpu_s()
    walls: list[float] = []
    for _ in range(verdicts):
        start = time.perf_counter()
        if not judge():
            raise SystemExit(f"{name}: a right program was refused")
        walls.append(time.perf_counter() - start)
    shut_down()  # its time counts once it has ended
    return {
        "way": name,
        "wall_ms": round(statistics.median(walls) / tests * 1e3, 2),
        "cpu_ms": round((cpu_s() - before) / verdicts / tests * 1e3, 2),
    }


def bare(tests: int) -> bool:
    """The tests without any sandbox: an interpreter each."""
    words = [default_python(), "-I", "-S", "-c", BARE]
    return all(
        subprocess.run(words, input=str(n), capture_output=True, text=True).stdout == f"{n * n}\n"
        for n in range(tests)
    )


def _passes(verifier: PythonFunctionVerifier) -> bool:
    return verifier.verify(SOURCE).passed


def rows(verdicts: int, tests: int) -> list[dict[str, Any]]:
    """The bare interpreter and every way that is offered here, each test alone and all together."""
    cases = [[[n], n * n] for n in range(tests)]
    found = [measured("bare interpreter", lambda: bare(tests), verdicts, tests)]
    for way in WAYS:
        if not offer(way).available:
            continue
        for alone in (True, False):
            verifier = PythonFunctionVerifier(
                "square", cases, sandbox=Sandbox(way=way), each_alone=alone
            )
            name = f"{way}, {'a child each' if alone else 'one child'}"
            found.append(measured(name, partial(_passes, verifier), verdicts, tests))
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What a test costs in each sandbox.")
    parser.add_argument("--verdicts", type=int, default=50)
    parser.add_argument("--tests", type=int, default=5)
    parser.add_argument("--json", action="store_true")
    flags = parser.parse_args()
    found = rows(flags.verdicts, flags.tests)
    if flags.json:
        print(json.dumps({"tests": flags.tests, "verdicts": flags.verdicts, "rows": found}))
        return 0
    print(f"Python {sys.version.split()[0]}, {flags.tests} tests a verdict\n")
    print(f"{'sandbox':32} {'wall ms/test':>13} {'CPU ms/test':>13}")
    for row in found:
        print(f"{row['way']:32} {row['wall_ms']:13.2f} {row['cpu_ms']:13.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
