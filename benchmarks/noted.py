"""`MathVerifier`, which keeps count of its answers where another process can read it."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any

from assay.verifiers import MathVerifier

FOLDER = "ASSAY_JUDGE_KILLS"  # in the environment: where the counts are kept


class Noted(MathVerifier):
    """The verifier `math`; a file with the number of its process grows by a byte an answer."""

    def judge(self, outcome: object, task: object) -> Any:
        """As `MathVerifier` does."""
        os.write(_file(os.getpid()), b".")
        return super().judge(outcome, task)


@lru_cache(maxsize=1)
def _file(pid: int) -> int:
    path = Path(os.environ[FOLDER], str(pid))
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)


def answers(folder: Path, pid: int) -> int:
    """How many answers a process has begun."""
    try:
        return (folder / str(pid)).stat().st_size
    except FileNotFoundError:
        return 0
