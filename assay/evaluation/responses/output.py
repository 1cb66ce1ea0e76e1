"""The file of verdicts: appended line by line, bound to its input by a side file.

`OUT` holds verdicts and nothing else; `OUT.meta.json` says of which input, by which verifier. A
line that a kill tore is dropped when the file is opened again.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from assay.core.errors import MissingFile, StoreError
from assay.evaluation.fingerprint import difference
from assay.evaluation.locking import DriverLock
from assay.evaluation.store import DiskFull

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Memory:
    """Verdicts that are kept in a list."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, text: bytes) -> None:
        """Add some lines."""
        self.lines.extend(text.splitlines(keepends=True))


class VerdictFile:
    """A file of verdicts, held against other writers until it is closed.

    Raises:
        StoreError: it is being written, or cannot be. MissingFile: there is no folder for it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.side = path.with_name(path.name + ".meta.json")
        if not path.parent.is_dir():
            raise MissingFile(
                f"No folder '{path.parent}' to write '{path.name}' in: make it first."
            )
        self._lock = DriverLock(path)
        self._file: int | None = None
        try:
            self._lock.acquire()
        except OSError as err:
            raise StoreError(f"'{path}' cannot be written ({err}): give another --out.") from err

    def known(self) -> dict[str, Any] | None:
        """What the side file says; None for a fresh start.

        Raises:
            StoreError: there is a file, and it is none of ours.
        """
        if not self.path.exists() or self.path.stat().st_size == 0:
            return None
        try:
            found: Any = json.loads(self.side.read_text(encoding="utf-8"))
            if found["format"] == 1 and isinstance(found["identity"], dict):
                return cast("dict[str, Any]", found)
            trouble = "is of another version"
        except FileNotFoundError:
            trouble = "is not there"
        except (OSError, ValueError, TypeError, KeyError):
            trouble = "cannot be read"
        raise StoreError(
            f"'{self.path}' exists, and '{self.side.name}', which says what it holds, {trouble}: "
            "give another --out, or --overwrite."
        )

    def must_match(self, known: Mapping[str, Any], identity: Mapping[str, Any]) -> None:
        """Refuse to go on with other verdicts.

        Raises:
            StoreError: they differ; says where.
        """
        changed = difference(known["identity"], identity)
        if changed:
            raise StoreError(
                f"'{self.path}' holds other verdicts ({changed}): give another --out, or "
                "--overwrite."
            )

    def begin(self, identity: Mapping[str, Any], counts: Mapping[str, int]) -> None:
        """Start anew: the side file first, so that no verdicts stand without it.

        Args:
            identity: of what these are the verdicts, plain JSON values.
            counts: how many lines there are to judge and to pass over.
        """
        with self._writing():
            self.path.unlink(missing_ok=True)
            fresh = self.side.with_name(self.side.name + ".new")
            text = json.dumps({"format": 1, "identity": identity, **counts}, indent=1)
            with fresh.open("w", encoding="utf-8") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, self.side)

    def kept(self) -> Iterator[dict[str, Any]]:
        """The whole verdicts there are, in order; what is torn after them is cut off at the end."""
        if not self.path.exists():
            return
        whole = 0
        with self.path.open("rb") as file:
            for raw in file:
                row = _read(raw)
                if row is None:
                    break
                whole += len(raw)
                yield row
        if self.path.stat().st_size > whole:
            with self._writing():
                os.truncate(self.path, whole)

    def write(self, text: bytes) -> None:
        """Append whole lines.

        Raises:
            DiskFull: there is no room; what was written before is kept.
        """
        with self._writing():
            if self._file is None:
                flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
                self._file = os.open(self.path, flags, 0o644)
            view = memoryview(text)
            while view:
                view = view[os.write(self._file, view) :]

    def close(self) -> None:
        """Make what was written safe, and let others write."""
        try:
            if self._file is not None:
                with self._writing():
                    os.fsync(self._file)
        finally:
            if self._file is not None:
                os.close(self._file)
                self._file = None
            self._lock.release()

    def _writing(self) -> _Writing:
        return _Writing(self.path)


class _Writing:
    """A context that words what a disk refuses."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, err: BaseException | None, trace: object) -> None:
        if not isinstance(err, OSError):
            return
        if err.errno in _NO_ROOM:
            raise DiskFull(
                f"No room to write '{self.path}' ({err}): free some space and run the same command "
                "again; every verdict written so far is kept."
            ) from err
        raise StoreError(f"'{self.path}' cannot be written ({err}): give another --out.") from err


def _read(raw: bytes) -> dict[str, Any] | None:
    """A whole line, or None for a torn one."""
    if not raw.endswith(b"\n"):
        return None
    try:
        row: Any = json.loads(raw)
        return row if isinstance(row["verdict"]["status"], str) else None
    except (ValueError, TypeError, KeyError):
        return None
