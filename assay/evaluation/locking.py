"""One driver at a time for a results file, and a local disk under it."""

from __future__ import annotations

import errno
import os
import re
import socket
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType

from assay.core.errors import StoreError

try:
    import fcntl
except ImportError:  # pragma: no cover - Windows, which is not supported
    fcntl = None

# SQLite's write-ahead log needs shared memory, which these do not give.
NETWORK_SYSTEMS = frozenset(
    "nfs nfs4 cifs smb3 smbfs afs ceph glusterfs lustre beegfs gpfs fuse.sshfs fuse.s3fs "
    "fuse.gcsfuse fuse.glusterfs fuse.rclone".split()
)
_MOUNTS = Path("/proc/mounts")
_ESCAPED = re.compile(r"\\([0-7]{3})")  # how that file writes a space, tab, newline or backslash


class DriverLock:
    """A lock on the side file `PATH.lock`, held while a run writes; it dies with its process."""

    def __init__(self, store: Path) -> None:
        store = store.resolve()  # the same lock by whatever link the file is reached
        self.path = store.with_name(store.name + ".lock")
        self._file: int | None = None

    def __enter__(self) -> DriverLock:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def acquire(self) -> None:
        """Take the lock.

        Raises:
            StoreError: another driver holds it; the message names it.
        """
        if fcntl is None:
            return
        while self._file is None:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                current = os.stat(self.path).st_ino == os.fstat(file).st_ino
            except FileNotFoundError:
                current = False
            except OSError as err:
                holder = os.pread(file, 200, 0).decode("utf-8", "replace").strip()
                os.close(file)
                if err.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                    raise
                raise StoreError(
                    f"'{self.path.with_suffix('')}' is being written by {holder or 'another run'}: "
                    "wait for it, or give another --out."
                ) from err
            if not current:  # released and removed by its holder between our two calls
                os.close(file)
                continue
            self._file = file
        started = time.strftime("%Y-%m-%d %H:%M:%S")
        note = f"process {os.getpid()} on {socket.gethostname()} (since {started})"
        with suppress(OSError):  # on a full disk the lock still holds, without a name in it
            os.ftruncate(self._file, 0)
            os.pwrite(self._file, note.encode(), 0)

    def release(self) -> None:
        """Give the lock back and remove the side file."""
        if self._file is not None:
            self.path.unlink(missing_ok=True)
            os.close(self._file)
            self._file = None


def refuse_network_disk(path: Path, mounts: str | None = None) -> None:
    """Say so when `path` lies on a network file system.

    Args:
        mounts: the text of /proc/mounts; read where there is one.

    Raises:
        StoreError: it does.
    """
    if mounts is None:
        try:
            mounts = _MOUNTS.read_text(encoding="utf-8", errors="replace")
        except OSError:
            return
    kind, longest = "", -1
    folder = str(path.resolve().parent) + "/"
    for line in mounts.splitlines():
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        point = _ESCAPED.sub(lambda found: chr(int(found[1], 8)), fields[1]).rstrip("/") + "/"
        if folder.startswith(point) and len(point) >= longest:
            kind, longest = fields[2], len(point)
    if kind in NETWORK_SYSTEMS:
        raise StoreError(
            f"'{path}' lies on a network file system ({kind}), which can damage a results file: "
            "write to a local disk, and copy what `assay report --export` gives."
        )
