"""Where children run: what a keeper sets up once, and what each run adds to it.

Ways: `plain` (level 1), `landlock` and `namespaces` (level 2); `bwrap` and `runner` start another
program that makes the room, and therefore set up little here.
"""

from __future__ import annotations

import contextlib
import glob
import os
import shutil
import stat
import sys
import tempfile
from dataclasses import dataclass, field
from typing import cast

from assay.verifiers.programs.inside import kernel, landlock, processes, seccomp

DEVICES = ("/dev/null", "/dev/zero", "/dev/random", "/dev/urandom")
_LIBRARIES = ("/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib")
_DATA = ("/usr/share/zoneinfo", "/etc/ld.so.cache", "/etc/localtime")
_TOOLS = (
    *("/bin", "/usr/bin", "/usr/local/bin", "/usr/include", "/usr/libexec", "/usr/share"),
    *("/etc/alternatives", "/etc/ssl/openssl.cnf", "/usr/local/include"),
)
_FILTERS = {"plain": "memory", "landlock": "alone", "namespaces": "sealed"}
SCRATCH_MB = 16
_FIRST_UID = 0x70000000  # far from any real user; one for each supervisor's process id
LIBRARY_FD = 4  # in the child: the library's folder, where its path is closed to other users
RULESET_FD = 5  # in the child, until it is sealed


@dataclass
class Room:
    """What a keeper knows about its sandbox.

    Attributes:
        as_root: children become users of their own.
        proc: a descriptor of `/proc`, or -1.
        scratch: the folder that scratch folders are made in; empty where each run mounts its own.
        ruleset: a descriptor of a Landlock ruleset, or -1.
        library: a descriptor of the library's folder where other users cannot reach it, or -1.
    """

    way: str
    as_root: bool
    proc: int
    scratch: str = ""
    ruleset: int = -1
    library: int = -1
    library_path: str = ""
    keeper: int = field(default_factory=os.getpid)


def prepare(way: str, tools: bool) -> Room:
    """Set this process up as a keeper.

    Raises:
        OSError: the machine does not offer that way; the message says what was refused.
    """
    os.umask(0o022)
    as_root = os.geteuid() == 0
    room = Room(way, as_root, processes.open_proc())
    if seccomp.can_filter() and way in ("plain", "namespaces"):
        seccomp.prepare(_FILTERS[way])
    if way == "namespaces":
        _enter_namespaces(as_root, tools)
        kernel.bound_capabilities()
        return room
    room.scratch = _scratch_root(as_root)
    if way in ("bwrap", "runner"):
        return room
    if as_root and not _open_to_others(_library()):
        room.library_path = os.path.dirname(_library())
        room.library = os.open(room.library_path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    if way == "landlock":
        if not seccomp.can_filter():
            raise OSError(f"the system calls of {kernel.MACHINE} are not known")
        room.ruleset = landlock.files_domain(folders(tools), hidden(), DEVICES, room.scratch)
    elif landlock.landlock_version() >= 1:
        room.ruleset = landlock.bare_domain()
    return room


def close(room: Room) -> None:
    """Remove what the keeper made."""
    if room.scratch:
        shutil.rmtree(room.scratch, ignore_errors=True)


def uid_for_run(room: Room) -> int | None:
    """A user id that nothing else on the machine has; None where children stay who they are.

    Inside a container that maps few ids one from the upper half of those is taken.
    """
    if not room.as_root:
        return None
    highest = 0
    for line in processes.read_at(room.proc, "self/uid_map").splitlines():
        first, _, count = map(int, line.split())
        highest = max(highest, first + count)
    if highest == 0 or highest > _FIRST_UID + (1 << 22):
        return _FIRST_UID + os.getpid()
    half = highest // 2
    return half + os.getpid() % (half - 1) if half > 2 else None


def scratch_for_run(room: Room, uid: int | None) -> str:
    """A private empty folder for one run; for `namespaces` in new namespaces that go with it."""
    owner = os.getuid() if uid is None else uid
    if room.way == "namespaces":
        kernel.unshare(kernel.NEW_NS | kernel.NEW_PID | kernel.NEW_IPC)
        group = os.getgid() if uid is None else uid
        options = f"size={SCRATCH_MB}m,nr_inodes=2k,mode=0700,uid={owner},gid={group}"
        kernel.mount("scratch", "/tmp", "tmpfs", kernel.NO_SUID | kernel.NO_DEVICES, options)
        return "/tmp"
    folder = tempfile.mkdtemp(prefix="run-", dir=room.scratch)
    if uid is not None:
        os.chown(folder, uid, uid)
    return folder


def remove_scratch(room: Room, folder: str) -> None:
    """Remove a scratch folder, however deep and wide it was made; only when nothing runs in it.

    The working folder is another one afterwards.
    """
    if room.way == "namespaces":
        return  # the mount goes with its namespace
    os.chmod(folder, 0o700)
    _remove_tree(folder)


def reach_library(room: Room) -> None:
    """In the child: let imports go through the descriptor where the library's path is closed."""
    if room.library < 0:
        return
    start, through = room.library_path, f"/proc/self/fd/{LIBRARY_FD}"

    def moved(path: str) -> str:
        return through + path[len(start) :] if path.startswith(f"{start}/") else path

    sys.path[:] = [moved(path) for path in sys.path]
    sys.path_importer_cache.clear()
    for module in list(sys.modules.values()):
        places = getattr(module, "__path__", None)
        if type(places) is list:
            module.__path__ = [moved(str(path)) for path in cast(list[object], places)]


def become(uid: int | None) -> None:
    """Become a user and nothing else, for good."""
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)


def enter(room: Room, uid: int | None) -> None:
    """In the child, last of all: become the user, give up all rights, and seal."""
    become(uid)
    kernel.drop_capabilities()
    kernel.no_new_privileges()
    kernel.die_with_parent()
    if room.ruleset >= 0:
        landlock.restrict(room.ruleset)
        os.close(room.ruleset)
    if seccomp.can_filter():
        seccomp.refuse_calls(_FILTERS[room.way])


def folders(tools: bool) -> list[str]:
    """The system's folders that a sealed child may read."""
    wanted = [*_LIBRARIES, os.path.dirname(_library()), *_DATA, *(_TOOLS if tools else ())]
    return [path for path in dict.fromkeys(wanted) if os.path.exists(path)]


def hidden() -> list[str]:
    """Installed packages, which are no part of Python's own library, and may be anything."""
    places = {os.path.dirname(_library()), "/usr/lib", "/usr/local/lib"}
    found: set[str] = set()
    for place in places:
        for name in ("site-packages", "dist-packages"):
            found.update(glob.glob(f"{place}/python*/{name}"))
    return sorted(path for path in found if os.path.isdir(path))


def _library() -> str:
    return os.path.dirname(os.path.realpath(os.__file__))


def _open_to_others(folder: str, needed: int = stat.S_IROTH | stat.S_IXOTH) -> bool:
    """Whether a user who owns nothing has these rights on a folder and can get there."""
    folder = os.path.realpath(folder)
    while True:
        if os.stat(folder).st_mode & needed != needed:
            return False
        if folder == "/":
            return True
        folder, needed = os.path.dirname(folder), stat.S_IXOTH


def _scratch_root(as_root: bool) -> str:
    for place in dict.fromkeys((tempfile.gettempdir(), "/tmp", "/var/tmp")):
        if as_root and not _open_to_others(place, stat.S_IXOTH):
            continue
        with contextlib.suppress(OSError):
            made = tempfile.mkdtemp(prefix="assay-sandbox-", dir=place)
            os.chmod(made, 0o711)
            return made
    raise OSError("there is no temporary folder that other users can pass through")


def _enter_namespaces(as_root: bool, tools: bool) -> None:
    uid, gid = os.getuid(), os.getgid()
    flags = kernel.NEW_NS | kernel.NEW_NET | kernel.NEW_IPC | kernel.NEW_UTS
    kernel.unshare(flags if as_root else flags | kernel.NEW_USER)
    if not as_root:
        for name, text in (
            ("setgroups", "deny"),
            ("uid_map", f"{uid} {uid} 1"),
            ("gid_map", f"{gid} {gid} 1"),
        ):
            with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
                file.write(text)
    kernel.mount(None, "/", None, kernel.RECURSIVE | kernel.PRIVATE)
    shown = folders(tools)
    base = _mount_point(shown)
    kernel.mount("root", base, "tmpfs", kernel.NO_SUID, "size=1m,mode=0755")
    for path in shown:
        _show(base, path, kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES)
    for path in DEVICES:
        if os.path.exists(path):
            _show(base, path, kernel.NO_SUID)
    for path in hidden():
        if os.path.isdir(base + path):
            flags = kernel.READ_ONLY | kernel.NO_SUID | kernel.NO_DEVICES
            kernel.mount("hidden", base + path, "tmpfs", flags, "size=4k,mode=0755")
    os.makedirs(f"{base}/tmp")
    os.symlink("/tmp", f"{base}/dev/shm")  # where semaphores of several processes are files
    os.makedirs(f"{base}/old")
    kernel.pivot_root(base, f"{base}/old")
    os.chdir("/")
    kernel.detach("/old")
    os.rmdir("/old")
    kernel.mount(None, "/", None, kernel.REMOUNT | kernel.BIND | kernel.READ_ONLY | kernel.NO_SUID)


def _mount_point(shown: list[str]) -> str:
    """A folder of the host that covers nothing that is to be shown."""
    real = [os.path.realpath(path) + "/" for path in shown]
    for place in ("/tmp", "/mnt", "/srv", "/var", "/home", "/sys"):
        if os.path.isdir(place) and not any(path.startswith(f"{place}/") for path in real):
            return place
    raise OSError("there is no folder to build the sandbox in")


def _show(base: str, path: str, attributes: int) -> None:
    """Bind a folder or file of the host to the same path of the new root."""
    target = base + path
    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.islink(path) and not path.startswith("/etc/"):
        os.symlink(os.readlink(path), target)
        return
    if os.path.isdir(path):
        os.makedirs(target, exist_ok=True)
    elif not os.path.exists(target):
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY | os.O_CLOEXEC, 0o644))
    kernel.mount(path, target, None, kernel.BIND | kernel.RECURSIVE)
    kernel.seal_mount(target, attributes)


def _remove_tree(folder: str) -> None:
    """Remove a tree however deep it is: by walking in it, since no path may be long enough."""
    os.chdir(folder)
    walked: list[str] = []
    waiting = [_remove_files()]
    while waiting:
        if waiting[-1]:
            name = waiting[-1].pop()
            os.chmod(name, 0o700)
            os.chdir(name)
            walked.append(name)
            waiting.append(_remove_files())
            continue
        waiting.pop()
        if walked:
            os.chdir("..")
            os.rmdir(walked.pop())
    os.chdir("/")
    os.rmdir(folder)


def _remove_files() -> list[str]:
    """Remove what is no folder here; the names of the folders."""
    os.chmod(".", 0o700)
    inner: list[str] = []
    for entry in list(os.scandir(".")):
        if entry.is_dir(follow_symlinks=False):
            inner.append(entry.name)
        else:
            os.unlink(entry.name)
    return inner
