"""How much memory a process holds, and how much there is."""

from __future__ import annotations

import os
import resource
from dataclasses import dataclass
from pathlib import Path

_MIB = 1 << 20
_SHARE = 0.6  # of all memory, over all workers; half again of it is nine tenths
_PAGE = os.sysconf("SC_PAGE_SIZE")
_GROUP_LIMITS = ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")


def resident_mib(pid: int | None = None) -> float:
    """What a process holds in memory; 0 where that cannot be known. Default: this process."""
    try:
        with open(f"/proc/{pid or 'self'}/statm", "rb") as file:
            return int(file.read().split()[1]) * _PAGE / _MIB
    except (OSError, ValueError, IndexError):
        if pid is not None:
            return 0.0
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine_mib() -> float:
    """Memory of the machine, or of the container that this runs in."""
    whole = os.sysconf("SC_PHYS_PAGES") * _PAGE
    for name in _GROUP_LIMITS:
        try:
            whole = min(whole, int(Path(name).read_text(encoding="ascii")))
        except (OSError, ValueError):  # no such group, or "max"
            continue
    return whole / _MIB


@dataclass(frozen=True)
class MemoryLimit:
    """How much a worker may hold: above it is replaced after its episode, above half again killed.

    Attributes:
        mib: an absolute number where a user said so, else what may come on top of the beginning.
    """

    mib: float
    absolute: bool

    @classmethod
    def of(cls, mib: int | None, workers: int) -> MemoryLimit:
        """What was asked for, or a share of this machine's memory for each worker."""
        if mib is not None:
            return cls(mib, True)
        return cls(_SHARE * machine_mib() / workers, False)

    def soft_mib(self, held_mib: float) -> float:
        """The limit of a worker that held so much when it began."""
        return self.mib if self.absolute else held_mib + self.mib

    def hard_mib(self, held_mib: float) -> float:
        """Half again of what it may."""
        return 1.5 * self.mib if self.absolute else held_mib + 1.5 * self.mib
