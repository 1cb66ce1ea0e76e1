"""The driver's side of the policy server: collects questions, hands out replies."""

from __future__ import annotations

import math
import time
from typing import Any

from assay.core.errors import AssayError
from assay.evaluation.backends.seat import Child, Seat, refusal
from assay.evaluation.backends.served import serve_policy
from assay.evaluation.plan import EpisodeKey

LINGER_S = 0.005  # for workers that have not asked yet, so that they come into one batch


class Clerk(Child):
    """The process that holds the policy, and the questions that wait for it."""

    def __init__(self, context: Any, packed: bytes) -> None:
        super().__init__(context, serve_policy, (), "policy server", threads=0)
        self.packed = packed
        self.send(packed)
        self.hooks: frozenset[str] = frozenset()
        self._questions: list[tuple[Seat, bytes]] = []
        self._asked: list[Seat] | None = None  # whose questions it is answering
        self._forgotten: list[EpisodeKey] = []
        self.refused: AssayError | None = None
        self._since = 0.0  # when the first question came

    def ask(self, seat: Seat, question: bytes) -> None:
        """Put a worker's question to the others."""
        if not self._questions:
            self._since = time.monotonic()
        self._questions.append((seat, question))

    def forget(self, seat: Seat) -> None:
        """A worker is gone: neither its questions nor its episodes matter any more."""
        self._questions = [(who, what) for who, what in self._questions if who is not seat]
        self._forgotten += seat.keys()

    def patience_s(self, n_playing: int) -> float:
        """How long to wait for more before the questions are passed on."""
        if self._asked is not None or not self._questions:
            return math.inf
        if len(self._questions) >= n_playing:
            return 0.0
        return max(0.0, self._since + LINGER_S - time.monotonic())

    def pass_on(self, n_playing: int) -> None:
        """Give the server all questions at once, when it is free and it is time."""
        if self.ready and self._questions and self.patience_s(n_playing) == 0.0:
            self._asked = [seat for seat, _ in self._questions]
            self.send(([question for _, question in self._questions], self._forgotten))
            self._questions, self._forgotten = [], []

    def hear(self) -> None:
        """Hand out what it replied."""
        for kind, data in self.messages():
            if kind == "ready":
                self.ready, self.hooks = True, data
            elif kind == "failed":
                self.refused = refusal(data)
            else:
                for seat, reply in zip(self._asked or (), data, strict=True):
                    seat.send(("reply", reply))
                self._asked = None

    def close(self) -> None:
        """It is not needed any more."""
        self.kill()
        self.pipe.close()
