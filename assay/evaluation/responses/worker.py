"""The process that judges: `python -m assay.evaluation.responses.worker FD`.

A process of its own rather than one of `multiprocessing`: it starts from any script, thread and
notebook. It ends when its link is closed, whatever it is doing.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import threading
import time
from multiprocessing.connection import Connection
from typing import Any

from assay.core.errors import AssayError
from assay.evaluation.responses.lines import Line
from assay.evaluation.responses.rows import LineJudge, Recipe, Row

FLUSH_S = 0.2  # finished rows travel at least this often, so that a kill loses few


def serve(link: Connection) -> None:
    """Build the judge, then judge what comes."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupt is the parent's to handle
    threading.Thread(target=_leave_with_parent, args=(link.fileno(),), daemon=True).start()
    recipe: Recipe = pickle.loads(link.recv_bytes())  # our own parent wrote it
    try:
        judge = recipe.build()
    except Exception as err:
        text = str(err) if isinstance(err, AssayError) else f"{type(err).__name__}: {err}"
        _send(link, "failed", text)
        return
    _send(link, "ready", None)
    while True:
        _judge(link, judge, pickle.loads(link.recv_bytes()))


def _judge(link: Connection, judge: LineJudge, lines: list[Line]) -> None:
    rows: list[Row] = []
    sent = time.monotonic()
    for at, line in enumerate(lines, start=1):
        rows.append(judge.judge(line))
        now = time.monotonic()
        if now - sent >= FLUSH_S or at == len(lines):
            _send(link, "rows", rows)
            rows, sent = [], now


def _send(link: Connection, word: str, what: Any) -> None:
    link.send_bytes(pickle.dumps((word, what), protocol=pickle.HIGHEST_PROTOCOL))


def _leave_with_parent(fd: int) -> None:
    """End this process when its link is closed at the other end.

    That is at once, also in the middle of a verdict, which nobody waits for any more.
    """
    waiter = select.poll()
    waiter.register(fd, select.POLLHUP)
    waiter.poll()
    os._exit(1)


if __name__ == "__main__":
    try:
        serve(Connection(int(sys.argv[1])))
    except (EOFError, OSError):  # the parent closed the link
        pass
