"""Running a submitted program: standard input in, standard output out."""

from __future__ import annotations

import binascii
import os
import select
import sys
import types
from typing import Any

from assay.verifiers.programs.inside import kernel, limits, wire
from assay.verifiers.programs.inside.frames import Send


def run_script(job: dict[str, Any], send: Send, fd: int) -> None:
    """Run a program that reads standard input and writes standard output."""
    os.set_inheritable(fd, False)
    send('{"ready":true}')
    try:
        code = _compiled(job["source"])
    except MemoryError:
        send('{"too_big":"the program"}')
        os._exit(1)
    except (SyntaxError, ValueError, RecursionError, OverflowError):
        send('{"unparsable":true}')
        os._exit(1)
    job.clear()
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        number = ("stdin", "stdout", "stderr").index(name)
        stream = open(number, mode, encoding="utf-8", closefd=False)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)
    sys.argv = ["main.py"]
    module = types.ModuleType("__main__")
    sys.modules["__main__"] = module
    try:
        exec(code, module.__dict__)
    except MemoryError:
        send('{"too_big":"the memory of the program"}')
        os._exit(1)


def _compiled(source: str) -> types.CodeType:
    """The code of a program; white space around it is no part of it."""
    try:
        return compile(source, "main.py", "exec", dont_inherit=True)
    except IndentationError:
        return compile(source.strip(), "main.py", "exec", dont_inherit=True)


def run_command(job: dict[str, Any], send: Send) -> None:
    """Write the source down, compile it where the language asks for that, and become it."""
    send('{"ready":true}')
    with open(job["file"], "w", encoding="utf-8", errors="surrogatepass") as file:
        file.write(job["source"])
    if job["compile"]:
        pid = os.fork()
        if pid == 0:
            try:
                null = os.open(os.devnull, os.O_RDWR)
                for number in (0, 1, 2):
                    os.dup2(null, number)
                os.execv(job["compile"][0], job["compile"])
            finally:
                os._exit(127)
        if os.waitpid(pid, 0)[1] != 0:
            send('{"unparsable":true}')
            return
    os.closerange(3, 64)
    os.execv(job["run"][0], job["run"])


def contain(job: dict[str, Any], send: Send) -> bool:
    """Where output has no way out of its own: fork, collect it here, and send it as a frame.

    True in the fork, which is to run the job; does not return here.
    """
    source = os.memfd_create("stdin", os.MFD_CLOEXEC)
    wire.write_all(source, job.pop("stdin").encode("utf-8", "surrogatepass"))
    os.lseek(source, 0, os.SEEK_SET)
    out, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(source, 0)
        os.dup2(write, 1)
        return True
    kernel.hide_memory()
    os.close(write)
    output = bytearray()
    status = None
    while status is None:
        ready, _, _ = select.select([out], [], [], 0.02)
        if ready:
            data = os.read(out, 1 << 16)
            output += data[: max(0, limits.OUTPUT_BYTES + 1 - len(output))]
            if not data:
                status = os.waitpid(pid, 0)[1]
        else:
            ended, found = os.waitpid(pid, os.WNOHANG)
            status = found if ended else None
    text = binascii.b2a_base64(output, newline=False).decode("ascii")
    code = os.waitstatus_to_exitcode(status)
    send(f'{{"done":[{code},{len(output)},"{text}"]}}')
    os._exit(0)
