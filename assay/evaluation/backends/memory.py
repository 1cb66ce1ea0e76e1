"""How much memory a process holds, and how much there is."""

from __future__ import annotations

import math
import os
import resource
from dataclasses import dataclass
from pathlib import Path

from assay.core.errors import OptionError

_MIB = 1 << 20
_SHARE = 0.6  # of all memory, over all workers; half again of it is nine tenths
_ROOM_MIB, _STEP_MIB = 32, 16  # for a small environment, in the limit that is proposed
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

    def check(self, held_mib: float) -> None:
        """Refuse a limit that a worker is over before it plays: it would be replaced for ever.

        Raises:
            OptionError: says which limit leaves room to play.
        """
        if self.absolute and held_mib > self.mib:
            least = _STEP_MIB * math.ceil((held_mib + _ROOM_MIB) / _STEP_MIB)
            raise OptionError(
                f"memory_mib={self.mib:g} is less than a fresh worker of this run holds "
                f"({math.ceil(held_mib)} MiB): give at least {least}, or leave it out for a share "
                "of the machine's memory."
            )

    def soft_mib(self, held_mib: float) -> float:
        """The limit of a worker that held so much when it began."""
        return self.mib if self.absolute else held_mib + self.mib

    def hard_mib(self, held_mib: float) -> float:
        """Half again of what it may."""
        return 1.5 * self.mib if self.absolute else held_mib + 1.5 * self.mib
