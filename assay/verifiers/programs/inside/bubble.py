"""The same room as with namespaces of our own, made by bubblewrap where only that may make them."""

from __future__ import annotations

import os
import shutil
import sys

from assay.verifiers.programs.inside import rooms


def command(tools: bool) -> list[str]:
    """The command line that starts this Python in a sandbox, up to the code that it is to run.

    Raises:
        OSError: bubblewrap is not installed.
    """
    program = shutil.which("bwrap", path="/usr/local/bin:/usr/bin:/bin")
    if program is None:
        raise OSError("bwrap is not installed")
    words = [program, "--unshare-all", "--die-with-parent", "--new-session", "--clearenv"]
    words += ["--cap-drop", "ALL", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "HOME", "/tmp"]
    words += ["--setenv", "LANG", "C.UTF-8", "--setenv", "PYTHONHASHSEED", "0"]
    words += ["--setenv", "MALLOC_ARENA_MAX", "2"]
    for path in rooms.folders(tools):
        if os.path.islink(path) and not path.startswith("/etc/"):
            words += ["--symlink", os.readlink(path), path]
        else:
            words += ["--ro-bind", path, path]
    for path in rooms.hidden():
        words += ["--tmpfs", path, "--remount-ro", path]
    python = os.path.realpath(sys.executable)
    words += ["--ro-bind", python, python, "--dev", "/dev", "--remount-ro", "/dev"]
    words += ["--size", str(rooms.SCRATCH_MB << 20), "--tmpfs", "/tmp", "--remount-ro", "/"]
    return [*words, "--chdir", "/tmp", python, "-s", "-P", "-S", "-c"]
