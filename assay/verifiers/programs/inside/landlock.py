"""Landlock: which files a sealed process may open, and a wall around its signals and memory.

It holds for the process and all its descendants, and nothing takes it off again.
"""

from __future__ import annotations

import ctypes
import errno
import os
import stat
import struct
from collections.abc import Iterable, Iterator

from assay.verifiers.programs.inside import kernel

# The access rights of each version, in the order of their bits.
_CREATE, _ADD, _RESTRICT = 444, 445, 446  # the same numbers on every architecture
_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR, _MAKE_BLOCK = 1, 2, 4, 8, 1 << 11
_TRUNCATE = 1 << 14
_RIGHTS = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_RIGHTS = (1 << 16) - 1  # from version 5 on, with control of devices
_SCOPES = 3  # abstract sockets and signals, from version 6 on
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_FILE_RIGHTS = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE


def landlock_version() -> int:
    """The version of Landlock that the kernel speaks; 0 for none."""
    try:
        return kernel.syscall(_CREATE, "landlock", None, 0, 1)
    except OSError:
        return 0


def bare_domain() -> int:
    """A ruleset that takes away next to nothing, but puts other processes' memory out of reach.

    A process in a domain cannot trace, or read the memory of, one outside it; from version 6 on it
    cannot signal it either.
    """
    return _ruleset(_MAKE_BLOCK)


def files_domain(
    folders: Iterable[str], without: Iterable[str], devices: Iterable[str], scratch: str
) -> int:
    """A ruleset: `folders` can be read but for what is `without`, and only `scratch` written.

    Names in folders that are left out can be listed, as importing needs; their files are closed.
    """
    handled = _RIGHTS.get(landlock_version(), _ALL_RIGHTS)
    ruleset = _ruleset(handled)
    hidden = [os.path.realpath(path) for path in without]
    for folder in dict.fromkeys(os.path.realpath(path) for path in folders):
        _allow(ruleset, folder, _READ_DIR)
        for path in _all_but(folder, hidden):
            _allow(ruleset, path, _READ)
    for device in devices:
        _allow(ruleset, device, _READ_FILE | _WRITE_FILE)
    _allow(ruleset, scratch, handled)
    return ruleset


def restrict(ruleset: int) -> None:
    """Put this process under a ruleset."""
    kernel.syscall(_RESTRICT, "landlock_restrict_self", ruleset, 0)


def _ruleset(handled: int) -> int:
    version = landlock_version()
    if version < 1:
        raise OSError(errno.ENOSYS, "Landlock is not there.")
    words = struct.pack("=QQQ", handled, 0, _SCOPES if version >= 6 else 0)
    size = 24 if version >= 6 else 8
    buffer = ctypes.create_string_buffer(words, len(words))
    return kernel.syscall(_CREATE, "landlock_create_ruleset", buffer, size, 0)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # not there, or closed to us: nothing to allow
    try:
        if not stat.S_ISDIR(os.fstat(fd).st_mode):
            rights &= _FILE_RIGHTS
        if rights:
            rule = struct.pack("=Qi", rights, fd)
            buffer = ctypes.create_string_buffer(rule, len(rule))
            kernel.syscall(_ADD, "landlock_add_rule", ruleset, 1, buffer, 0)
    finally:
        os.close(fd)


def _all_but(folder: str, hidden: list[str]) -> Iterator[str]:
    """The folder, or the parts of it that together make all but what is hidden."""
    if folder in hidden:
        return
    inside = [path for path in hidden if path.startswith(f"{folder}/")]
    if not inside:
        yield folder
        return
    with os.scandir(folder) as entries:
        names = sorted(entry.path for entry in entries if not entry.is_symlink())
    for path in names:
        yield from _all_but(path, inside)
