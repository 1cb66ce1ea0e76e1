"""What a child sends: frames with a nonce, made of what was captured before the submission ran.

The nonce keeps stray writes from being taken for results. It is no secret from a submission that
searches this process for it, and needs to be none: a forged frame is a claim about its own result.
"""

from __future__ import annotations

import builtins
import os
from collections.abc import Callable

Send = Callable[[str], None]


def make_sender(nonce: str, fd: int) -> Send:
    """Writes frames: the nonce, the length in eight hex digits, the payload. In this process only.

    A fork of the submission that comes back here ends instead of sending a second result.
    """
    write, get_pid, leave, own = os.write, os.getpid, os._exit, os.getpid()
    encode, length, view, hexadecimal = str.encode, len, memoryview, format

    def send(payload: str) -> None:
        if get_pid() != own:
            leave(0)
        body = encode(payload, "ascii")
        data = view(encode(nonce + hexadecimal(length(body), "08x"), "ascii") + body)
        while length(data):
            data = data[write(fd, data) :]

    return send


# Every built-in exception with its name; a type is looked for by identity, which runs no code.
EXCEPTIONS: list[tuple[type[BaseException], str]] = [
    (value, name)
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
]


def make_describer() -> Callable[[BaseException], str]:
    """A function that words an exception as a frame: its name where it is a built-in one."""
    get_type, known = type, EXCEPTIONS

    def describe(error: BaseException) -> str:
        kind = get_type(error)
        for other, name in known:
            if other is kind:
                return '{"raised":"' + name + '"}'
        return '{"raised":"other"}'

    return describe


def quoted(kind: str, text: str) -> str:
    """A frame with a text of the submission's, cut and made harmless."""
    safe = "".join(char for char in text if char.isascii() and (char.isalnum() or char in " _"))
    return '{"' + kind + '":"' + safe[:60] + '"}'
