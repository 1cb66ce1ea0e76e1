"""What a child does once it is confined: the job of its request."""

from __future__ import annotations

import builtins
import os
import random
import sys
from typing import Any

from assay.verifiers.programs.inside import kernel, limits, seccomp, wire
from assay.verifiers.programs.inside.calls import run_calls
from assay.verifiers.programs.inside.checks import run_checks, run_shared
from assay.verifiers.programs.inside.frames import make_sender, quoted
from assay.verifiers.programs.inside.scripts import contain, run_command, run_script


def main(first: dict[str, Any]) -> None:
    """Where another program has made the room: confine what it leaves open, and do the job.

    The job comes by standard input, frames go out by standard output.
    """
    hide()
    job = wire.receive(0)
    if job is None:
        return
    os.dup2(1, 3)
    null = os.open(os.devnull, os.O_RDWR)
    for number in (1, 2) if job["kind"] == "checks" else (0, 1, 2):
        os.dup2(null, number)
    os.closerange(4, 64)
    try:
        os.umask(0o077)
        limits.confine(job, job["tasks"])
        kernel.no_new_privileges()
        kernel.die_with_parent()
        if seccomp.can_filter():
            seccomp.refuse_calls("sealed")
    except OSError as error:
        make_sender(job["nonce"], 3)(quoted("trouble", str(error)))
        return
    if job["kind"] in ("script", "command") and not contain(job, make_sender(job["nonce"], 3)):
        return
    start(job, 3)


def hide() -> None:
    """Take what is ours out of the modules that a submission sees."""
    for name in [name for name in sys.modules if name.split(".")[0] == "assay"]:
        del sys.modules[name]


def start(job: dict[str, Any], fd: int) -> None:
    """Do a job; frames go to `fd`. Returns only for a script, whose end is the process's own."""
    builtins.exit = builtins.quit = sys.exit  # `site` adds them elsewhere, and programs use them
    random.seed(0)  # the same for every run, whatever the keeper drew
    send = make_sender(job.pop("nonce"), fd)
    kind = job["kind"]
    if kind == "script":
        run_script(job, send, fd)
        return
    run = {"command": run_command, "checks": run_checks, "shared": run_shared}
    run.get(kind, run_calls)(job, send)
    os._exit(0)
