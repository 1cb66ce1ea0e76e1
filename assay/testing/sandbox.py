"""Contract §13.9: no network, and no writes outside a temporary folder."""

from __future__ import annotations

from assay.testing.cases import Case, require
from assay.testing.probe import probe


def check_no_network_no_writes(case: Case) -> None:
    """Whole episodes in a process whose connections and writes are noted.

    Seen is what raises a Python audit event. Not seen: a C library that opens files by itself, and
    child processes. What a module does when it is first imported counts.
    """
    seen = probe("0", watch=True).ask(case, "watch", seeds=list(range(case.count(3, 30))))
    require(
        not seen,
        f"{case}: playing it did {seen[:5]}: environments use no network and write under "
        "tempfile.gettempdir() only.",
    )
