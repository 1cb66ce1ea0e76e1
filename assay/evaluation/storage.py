"""What can be wrong with a results file or the disk under it, as sentences."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

from assay.core.errors import StoreError

_MAGIC = b"SQLite format 3\0"
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_AGAIN = "run the same command again; every episode stored so far is kept"


class DiskFull(StoreError):
    """The disk takes no more; what was stored before is intact, and the run resumes from it."""

    exit_code = 3


def cannot_write(path: Path, err: OSError) -> StoreError:
    """The error for a file or folder that the system did not let us make."""
    if err.errno in _NO_ROOM:
        return DiskFull(
            f"No room to write '{path}' ({err.strerror}): free some space and {_AGAIN}."
        )
    return StoreError(f"'{path}' cannot be written: {err.strerror or err}.")


def worded(err: sqlite3.Error, path: Path | None, read_only: bool) -> StoreError:
    """SQLite's error as a sentence of ours."""
    where = "the temporary results file" if path is None else f"'{path}'"
    name = getattr(err, "sqlite_errorname", "") or ""
    if name == "SQLITE_FULL":
        return DiskFull(f"No room to write {where} ({err}): free some space and {_AGAIN}.")
    if name.startswith("SQLITE_IOERR") and not read_only:
        return DiskFull(
            f"The disk did not take what was written to {where} ({err}): see that it has room and "
            f"is in order, and {_AGAIN}."
        )
    if name in ("SQLITE_NOTADB", "SQLITE_CORRUPT") or name.startswith("SQLITE_CORRUPT_"):
        return StoreError(
            f"{where} is no results file, or a damaged one ({err}): {instead(read_only)}."
        )
    if name.startswith(("SQLITE_CANTOPEN", "SQLITE_READONLY", "SQLITE_PERM")):
        if read_only:
            return StoreError(
                f"{where} cannot be read where it lies ({err}): its run was stopped before it was "
                f"closed, so copy it with {path and path.name}-wal to a folder that can be written."
            )
        return StoreError(f"{where} cannot be opened for writing ({err}).")
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
        return StoreError(
            f"{where} is held by another program: close it and run the same command again."
        )
    return StoreError(f"{where} failed: {err}.")


def instead(read_only: bool) -> str:
    """What to do about a file that cannot be used."""
    return "check the path" if read_only else "give another --out"


def refuse_truncated(path: Path, read_only: bool) -> None:
    """Compare the length that the header states with the file's own, where no log is pending.

    Protects against a file cut short by a copy that stopped; SQLite itself would find out only when
    it comes to the missing pages, perhaps after writing.

    Raises:
        StoreError: it is shorter, or no SQLite file at all.
    """
    real = path.resolve()
    log = real.with_name(real.name + "-wal")
    if not path.exists() or path.stat().st_size == 0 or (log.exists() and log.stat().st_size > 0):
        return
    with path.open("rb") as file:
        head = file.read(100)
    if not head.startswith(_MAGIC):
        raise StoreError(f"'{path}' is no results file of assay: {instead(read_only)}.")
    page = int.from_bytes(head[16:18], "big")
    stated = int.from_bytes(head[28:32], "big") * (65_536 if page == 1 else page)
    if len(head) < 100 or path.stat().st_size < stated:
        raise StoreError(
            f"'{path}' is cut short ({path.stat().st_size:,} of {stated:,} bytes): copy it again"
            f"{'' if read_only else ', or give another --out'}."
        )
