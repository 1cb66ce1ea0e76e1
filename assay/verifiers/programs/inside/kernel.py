"""The system calls that Python has no function for: namespaces, mounts, capabilities, prctl."""

from __future__ import annotations

import ctypes
import os
import platform

NEW_NS, NEW_UTS, NEW_IPC = 0x00020000, 0x04000000, 0x08000000
NEW_USER, NEW_PID, NEW_NET = 0x10000000, 0x20000000, 0x40000000

READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
REMOUNT, BIND, RECURSIVE, PRIVATE = 32, 4096, 16384, 1 << 18
DETACH = 2

_PDEATHSIG, _DUMPABLE, _SUBREAPER, _NO_NEW_PRIVS = 1, 4, 36, 38
_CAPBSET_DROP, _CAP_AMBIENT, _AMBIENT_CLEAR_ALL = 24, 47, 4
_CAPABILITY_V3 = 0x20080522
_AT_RECURSIVE = 0x8000
_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}
_CAPSET = {"x86_64": 126, "aarch64": 91}
_MOUNT_SETATTR = 442  # the same number on every architecture

MACHINE = platform.machine()
libc = ctypes.CDLL(None, use_errno=True)


def check(result: int, what: str) -> int:
    """The result of a call, or the error that the kernel gave.

    Raises:
        OSError: with `what` failed in its message.
    """
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def syscall(number: int, what: str, *arguments: int | ctypes.Array[ctypes.c_char] | None) -> int:
    """A system call by number."""
    ready = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    return check(libc.syscall(ctypes.c_long(number), *ready), what)


def prctl(option: int, value: int, what: str) -> None:
    """`prctl` with one argument."""
    zero = ctypes.c_ulong(0)
    check(libc.prctl(option, ctypes.c_ulong(value), zero, zero, zero), what)


def no_new_privileges() -> None:
    """No program that is started from here gains rights, set-user-id or not."""
    prctl(_NO_NEW_PRIVS, 1, "no_new_privs")


def die_with_parent() -> None:
    """SIGKILL for this process when the one that forked it ends."""
    prctl(_PDEATHSIG, 9, "parent-death signal")


def adopt_orphans() -> None:
    """Descendants whose parent has ended become children of this process."""
    prctl(_SUBREAPER, 1, "child subreaper")


def hide_memory(hidden: bool = True) -> None:
    """Refuse other processes of this user a look into this one (and undo it: False)."""
    prctl(_DUMPABLE, 0 if hidden else 1, "dumpable")


def unshare(flags: int) -> None:
    """Leave namespaces for new ones."""
    check(libc.unshare(flags), "unshare")


def mount(
    source: str | None, target: str, kind: str | None, flags: int, options: str | None = None
) -> None:
    """`mount(2)`."""
    texts = [None if t is None else os.fsencode(t) for t in (source, target, kind, options)]
    made = libc.mount(texts[0], texts[1], texts[2], ctypes.c_ulong(flags), texts[3])
    check(made, f"mount {target}")


def seal_mount(target: str, attributes: int) -> None:
    """Set attributes (read-only, no devices, …) on a mount and all below it; Linux 5.12."""
    words = (ctypes.c_uint64 * 4)(attributes, 0, 0, 0)
    buffer = ctypes.cast(words, ctypes.POINTER(ctypes.c_char * 32)).contents
    path = ctypes.create_string_buffer(os.fsencode(target))
    name = f"mount_setattr {target}"
    syscall(_MOUNT_SETATTR, name, -100, path, _AT_RECURSIVE, buffer, 32)


def pivot_root(new: str, old: str) -> None:
    """Make `new` the root; the old one is found at `old`."""
    if MACHINE not in _PIVOT_ROOT:
        raise OSError(f"pivot_root is not known for {MACHINE}.")
    paths = [ctypes.create_string_buffer(os.fsencode(p)) for p in (new, old)]
    syscall(_PIVOT_ROOT[MACHINE], "pivot_root", *paths)


def detach(target: str) -> None:
    """Take a mount out of the tree, busy or not."""
    check(libc.umount2(os.fsencode(target), DETACH), f"umount {target}")


def bound_capabilities() -> None:
    """Make sure that no program started from here, or by a descendant, regains a capability."""
    zero = ctypes.c_ulong(0)
    for capability in range(64):  # beyond the last one the kernel says no, which is as good
        libc.prctl(_CAPBSET_DROP, ctypes.c_ulong(capability), zero, zero, zero)
    libc.prctl(_CAP_AMBIENT, ctypes.c_ulong(_AMBIENT_CLEAR_ALL), zero, zero, zero)


def drop_capabilities() -> None:
    """Give up every capability that this process has."""
    if MACHINE not in _CAPSET:
        raise OSError(f"capset is not known for {MACHINE}.")
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_V3, 0)
    data = (ctypes.c_uint32 * 6)(0, 0, 0, 0, 0, 0)
    head = ctypes.cast(header, ctypes.POINTER(ctypes.c_char * 8)).contents
    body = ctypes.cast(data, ctypes.POINTER(ctypes.c_char * 24)).contents
    syscall(_CAPSET[MACHINE], "capset", head, body)
