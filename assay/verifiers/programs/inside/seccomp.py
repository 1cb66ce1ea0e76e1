"""What a sealed process may not ask of the kernel: a seccomp filter.

It holds for the process and all its descendants, and nothing takes it off again.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from collections.abc import Iterable, Iterator
from functools import cache

from assay.verifiers.programs.inside import kernel

# name: (x86_64, aarch64); None where an architecture has no such call.
_CALLS: dict[str, tuple[int | None, int | None]] = {
    "acct": (163, 89),
    "add_key": (248, 217),
    "adjtimex": (159, 171),
    "bpf": (321, 280),
    "chroot": (161, 51),
    "clock_adjtime": (305, 266),
    "clock_settime": (227, 112),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "finit_module": (313, 273),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fsopen": (430, 430),
    "fspick": (433, 433),
    "init_module": (175, 105),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "io_uring_setup": (425, 425),
    "ioperm": (173, None),
    "iopl": (172, None),
    "kcmp": (312, 272),
    "kexec_file_load": (320, 294),
    "kexec_load": (246, 104),
    "keyctl": (250, 219),
    "lookup_dcookie": (212, 18),
    "migrate_pages": (256, 238),
    "modify_ldt": (154, None),
    "mount": (165, 40),
    "mount_setattr": (442, 442),
    "move_mount": (429, 429),
    "move_pages": (279, 239),
    "name_to_handle_at": (303, 264),
    "nfsservctl": (180, 42),
    "open_by_handle_at": (304, 265),
    "open_tree": (428, 428),
    "perf_event_open": (298, 241),
    "personality": (135, 92),
    "pidfd_getfd": (438, 438),
    "pidfd_open": (434, 434),
    "pidfd_send_signal": (424, 424),
    "pivot_root": (155, 41),
    "process_madvise": (440, 440),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "ptrace": (101, 117),
    "quotactl": (179, 60),
    "reboot": (169, 142),
    "request_key": (249, 218),
    "setdomainname": (171, 162),
    "sethostname": (170, 161),
    "setns": (308, 268),
    "settimeofday": (164, 170),
    "socket": (41, 198),
    "swapoff": (168, 225),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "umount2": (166, 39),
    "unshare": (272, 97),
    "userfaultfd": (323, 282),
    "vhangup": (153, 58),
}
# Ways into the memory of other processes; refused on level 1 as well.
_MEMORY = ("ptrace", "process_vm_readv", "process_vm_writev", "pidfd_getfd", "kcmp")
# Ways to reach other processes of the same user where nothing else is between them and this one.
_REACH: dict[str, tuple[int | None, int | None]] = {
    "ioprio_set": (251, 30),
    "mq_open": (240, 180),
    "msgget": (68, 186),
    "rt_sigqueueinfo": (129, 138),
    "rt_tgsigqueueinfo": (297, 240),
    "sched_setattr": (314, 274),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "semget": (64, 190),
    "setpriority": (141, 140),
    "shmat": (30, 196),
    "shmget": (29, 194),
    "tkill": (200, 130),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_OWN_ONLY = ((62, 129), (234, 131))  # kill, tgkill: allowed where the first argument is oneself
_PRLIMIT, _AFFINITY = (302, 261), (203, 122)  # allowed for 0, which is oneself, and one's number
_FCNTL = (72, 25)
_OWNER_COMMANDS = (8, 10, 15)  # F_SETOWN, F_SETSIG, F_SETOWN_EX: signals through a descriptor
_NEW_NAMESPACES = 0x7E020080  # every CLONE_NEW… flag
_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_X32 = 0x40000000

_LOAD, _JEQ, _JGE, _JSET, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL = 0x7FFF0000, 0x80000000
_REFUSE = 0x00050000 | errno.EPERM
_MISSING = 0x00050000 | errno.ENOSYS
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_AT, _SECOND_AT = 0, 4, 16, 24

Step = tuple[int, int, int, int]  # code, jump if true, jump if false, operand
_STEP = struct.Struct("HBBI")


def can_filter() -> bool:
    """Whether the numbers of this machine's system calls are known here."""
    return kernel.MACHINE in _ARCHITECTURES


def refuse_calls(kind: str) -> None:
    """Install the filter; the process must have given up new privileges before.

    Args:
        kind: "memory": only what reads other processes (level 1). "sealed": all of level 2 for a
            process in namespaces of its own. "alone": the same, and no signal, limit or priority
            for any other process, for one that shares its view of processes with others.
    """
    code = program(kind) if kind == "alone" else _prepared(kind)
    buffer = ctypes.create_string_buffer(code, len(code))
    header = struct.pack("HxxxxxxP", len(code) // _STEP.size, ctypes.addressof(buffer))
    held = ctypes.create_string_buffer(header, len(header))
    zero = ctypes.c_ulong(0)
    made = kernel.libc.prctl(22, ctypes.c_ulong(2), held, zero, zero)
    kernel.check(made, "seccomp filter")


@cache
def _prepared(kind: str) -> bytes:
    return program(kind)


def prepare(kind: str) -> None:
    """Translate a filter in advance, for all that is forked from here."""
    _prepared(kind)


def program(kind: str) -> bytes:
    """A filter in the form that the kernel reads; "alone" is for this very process."""
    column = 0 if kernel.MACHINE == "x86_64" else 1
    return b"".join(_STEP.pack(*step) for step in _steps(kind, column))


def _steps(kind: str, column: int) -> list[Step]:
    steps: list[Step] = [
        (_LOAD, 0, 0, _ARCHITECTURE_AT),
        (_JEQ, 1, 0, _ARCHITECTURES[kernel.MACHINE]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER_AT),
    ]
    if kernel.MACHINE == "x86_64":  # the second numbering of this architecture has calls too
        steps += [(_JGE, 0, 1, _X32), (_RETURN, 0, 0, _REFUSE)]
    names = _MEMORY if kind == "memory" else tuple(_CALLS)
    for name in names:
        steps += _when(_CALLS[name][column], [(_RETURN, 0, 0, _REFUSE)])
    if kind == "memory":
        return [*steps, (_RETURN, 0, 0, _ALLOW)]
    steps += _when(_CLONE3[column], [(_RETURN, 0, 0, _MISSING)])  # its flags are out of reach
    new = [(_LOAD, 0, 0, _FIRST_AT), (_JSET, 0, 1, _NEW_NAMESPACES), (_RETURN, 0, 0, _REFUSE)]
    steps += _when(_CLONE[column], [*new, (_RETURN, 0, 0, _ALLOW)])
    if kind == "alone":
        steps += _alone(column)
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _alone(column: int) -> Iterator[Step]:
    own = os.getpid()
    for numbers in _REACH.values():
        yield from _when(numbers[column], [(_RETURN, 0, 0, _REFUSE)])
    for numbers in _OWN_ONLY:
        yield from _when(numbers[column], _only_for((own,)))
    for numbers in (_PRLIMIT, _AFFINITY):
        yield from _when(numbers[column], _only_for((0, own)))
    owner: list[Step] = [(_LOAD, 0, 0, _SECOND_AT)]
    for command in _OWNER_COMMANDS:
        owner += [(_JEQ, 0, 1, command), (_RETURN, 0, 0, _REFUSE)]
    yield from _when(_FCNTL[column], [*owner, (_RETURN, 0, 0, _ALLOW)])


def _only_for(values: Iterable[int]) -> list[Step]:
    steps: list[Step] = [(_LOAD, 0, 0, _FIRST_AT)]
    for value in values:
        steps += [(_JEQ, 0, 1, value), (_RETURN, 0, 0, _ALLOW)]
    return [*steps, (_RETURN, 0, 0, _REFUSE)]


def _when(number: int | None, then: list[Step]) -> list[Step]:
    """`then`, which ends in a return, for one call; others go on behind it."""
    return [] if number is None else [(_JEQ, 0, len(then), number), *then]
