"""A shorthand for verdicts about submissions, with limits that keep tests short."""

from typing import Any

from assay.core.types import DECIDED, Limits, Verdict
from assay.verifiers import PythonFunctionVerifier, Sandbox

QUICK = Limits(cpu_s=0.5, wall_s=60, memory_mb=256)
HONEST = "def square(n):\n    return n * n\n"
SQUARES = [[[3], 9], [[-4], 16], [[0], 0]]


def judge(way: Any, source: str, tests: Any = SQUARES, **settings: Any) -> Verdict:
    """The verdict about a submission that defines `square`, unless `entry_point` says otherwise."""
    settings = {"limits": QUICK, "sandbox": Sandbox(way=way), **settings}
    entry = settings.pop("entry_point", "square")
    return PythonFunctionVerifier(entry, tests, **settings).verify(source)


def refused(verdict: Verdict, *codes: str) -> None:
    """Assert that a submission was refused for what it is, with one of these codes if any."""
    assert verdict.status in DECIDED - {"correct"}, verdict
    if codes:
        assert verdict.code in codes, verdict
