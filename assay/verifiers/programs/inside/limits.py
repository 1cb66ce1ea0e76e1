"""Resource limits of a child; what is set here nobody in it can raise again."""

from __future__ import annotations

import math
import resource
from typing import Any

OUTPUT_BYTES = 1_000_000  # of standard output; more is read and thrown away
FILE_BYTES = 10_000_000
OPEN_FILES = 32
TASKS = 32  # processes and threads


def confine(request: dict[str, Any], tasks: int) -> None:
    """Set all limits: processor time, memory, files, processes, no core files."""
    limits = request["limits"]
    batch = max(1, len(request.get("inputs", ())))
    seconds = math.ceil(limits["cpu_s"])
    # A batch renews its soft limit before each input, up to the hard one.
    _set(resource.RLIMIT_CPU, seconds, math.ceil(limits["cpu_s"] * batch) + 1)
    if request.get("address_space", True):
        memory = limits["memory_mb"] << 20
        _set(resource.RLIMIT_AS, memory, memory)
    _set(resource.RLIMIT_FSIZE, FILE_BYTES, FILE_BYTES)
    _set(resource.RLIMIT_NOFILE, OPEN_FILES, OPEN_FILES)
    _set(resource.RLIMIT_NPROC, tasks, tasks)
    _set(resource.RLIMIT_CORE, 0, 0)
    _set(resource.RLIMIT_MEMLOCK, 0, 0)
    _set(resource.RLIMIT_MSGQUEUE, 0, 0)


def _set(which: int, soft: int, hard: int) -> None:
    """Set a limit, or keep what is tighter already."""
    ceiling = resource.getrlimit(which)[1]
    if ceiling != resource.RLIM_INFINITY:
        soft, hard = min(soft, ceiling), min(hard, ceiling)
    resource.setrlimit(which, (soft, hard))
