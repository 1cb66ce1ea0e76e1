"""Verifiers for the tests of `judge`: steady, and faulty where a response says so."""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from assay.core.types import Limits, Verdict
from assay.verifiers import BaseVerifier, verifier


@dataclass(frozen=True)
class Faulty(BaseVerifier):
    """Passes what equals the reference; a response in capitals names the fault to commit.

    Attributes:
        pause_s: taken over each. log: a file in which each try at a fault is noted.
    """

    name = "faulty"
    version = "3"

    pause_s: float = 0.0
    log: str = ""
    limits: Limits = field(default=Limits(), kw_only=True)

    def judge(self, outcome: Any, task: Any) -> Verdict:
        if self.pause_s:
            time.sleep(self.pause_s)
        if isinstance(outcome, str) and outcome.isupper():
            if self.log:
                with open(self.log, "a") as file:
                    file.write(f"{outcome}\n")
            _FAULTS[outcome]()
        if outcome == "details":
            return Verdict.reject("toy.odd", "Odd.", details={"set": {1}, ("a", "b"): 2})
        if outcome == task.reference:
            return Verdict.accept("toy.same", "Same.", expected_canonical=f"gold {task.reference}")
        return Verdict.reject("toy.different", "Different.", details={"params": dict(task.params)})


def _fail() -> None:
    raise RuntimeError("the toy was told to fail")


_FAULTS = {
    "KILL": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "LEAVE": lambda: os._exit(7),
    "EXIT": lambda: sys.exit(3),
    "HANG": lambda: time.sleep(600),
    "RAISE": _fail,
    "PRINT": lambda: print("this is no data", flush=True),
}


class Careless:
    """Keeps no promise of the protocol but the method's name."""

    def verify(self, outcome: Any, task: Any) -> Any:
        if outcome == "RAISE":
            raise ValueError("careless")
        return True


def same(outcome: Any, task: Any) -> bool:
    """A plain function is a verifier too."""
    return outcome == task.reference


@verifier
def decorated(outcome: Any, task: Any) -> bool:
    return outcome == task.reference


def make_faulty(pause_s: float = 0.0) -> Faulty:
    """A factory."""
    return Faulty(pause_s)


NOT_ONE = 5
