"""Messages between verifier, keeper and driver: a length in eight hex digits, then JSON."""

from __future__ import annotations

import json
import os
from typing import Any

HEADER = 8
MAX_BYTES = 64_000_000  # a longer message is a fault, not a message


def pack(message: dict[str, Any]) -> bytes:
    """One message as bytes; ASCII only, so that any text survives, lone surrogates included."""
    body = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(body) > MAX_BYTES:
        raise ValueError(f"A message of {len(body)} bytes is too long.")
    return b"%08x" % len(body) + body


def length_of(header: bytes) -> int:
    """The length that a header announces.

    Raises:
        ValueError: it is no header.
    """
    length = int(header, 16)
    if not 0 < length <= MAX_BYTES:
        raise ValueError("The message has an impossible length.")
    return length


def write_all(fd: int, data: bytes) -> None:
    """Write all of it, however small the pieces that the descriptor takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def read_exactly(fd: int, count: int) -> bytes:
    """So many bytes, or fewer where the other side has closed."""
    parts: list[bytes] = []
    while count:
        part = os.read(fd, min(count, 1 << 20))
        if not part:
            break
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


def send(fd: int, message: dict[str, Any]) -> None:
    """Send one message."""
    write_all(fd, pack(message))


def receive(fd: int) -> dict[str, Any] | None:
    """The next message; None where the other side has closed.

    Raises:
        ValueError: what came is no message.
    """
    header = read_exactly(fd, HEADER)
    if not header:
        return None
    length = length_of(header)
    body = read_exactly(fd, length)
    if len(body) != length:
        return None
    return json.loads(body)
