"""What all verifiers share: they never raise because of the outcome, and say who decided."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import replace
from functools import cached_property
from typing import Any

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits, TaskProblem, Verdict
from assay.verifiers.check import check_task
from assay.verifiers.tasks import params_of, reference_of
from assay.verifiers.workers.pending import Pending
from assay.verifiers.workers.pool import open_questions
from assay.verifiers.workers.requests import Answer
from assay.verifiers.workers.settle import asettle, settle, settle_all

__all__ = [
    "DEFAULT_LIMITS",
    "BaseVerifier",
    "Pending",
    "as_verdict",
    "params_of",
    "reference_of",
    "searched",
    "type_name",
    "unusable",
]

DEFAULT_LIMITS = Limits()
_NAME = type.__dict__["__name__"]


class BaseVerifier:
    r"""The contract of `verifiers.md` §2 around one method, `judge`.

    A verifier is a frozen dataclass of settings that defines `judge(outcome, task)`. `judge` may
    raise `TaskError` for a faulty task; anything else that it raises is a fault of the verifier.
    Both become error verdicts, which say nothing about the outcome. KeyboardInterrupt, SystemExit
    and other exceptions that are no `Exception` pass through.

    Where deciding may take long, `judge` returns what `ask_worker` makes, and a worker process
    decides under `limits`; `verify_batch` and `averify` then keep several of them busy.

    Attributes:
        deterministic: same outcome, task and limits, same verdict.
        claim: what is judged; verifiers of one claim are alternatives under `Any`.
        reads_boxes: finds an answer in `\boxed{…}`.
        outcome_kind: what is judged: `text`; `answer`, `state` or `image` for what an environment
            takes of its world or an agent hands over; anything else is `unparsable`.
    """

    name: str = "verifier"
    version: str = "1"
    deterministic: bool = True
    claim: str = ""
    reads_boxes: bool = False
    outcome_kind: str = "text"
    limits: Limits = DEFAULT_LIMITS

    @cached_property
    def label(self) -> str:
        """`name@version`, as verdicts carry it."""
        return f"{self.name}@{self.version}"

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Decide, or say what to ask a worker. The one method a verifier writes."""
        raise NotImplementedError

    def verify(self, outcome: Any, task: Any = None) -> Verdict:
        """The verdict about one outcome; never raises because of it.

        Args:
            outcome: anything at all.
            task: a `Problem`, a bare reference, or None where the constructor holds the task.
        """
        try:
            found = self.judge(outcome, task)
        except Exception as error:
            found = as_verdict(error)
        if type(found) is Verdict:
            return found if found.verifier else replace(found, verifier=self.label)
        return settle(self._signed(found))

    def begin(self, outcome: Any, task: Any = None) -> Verdict | Pending:
        """`verify` up to where a worker is needed; for those who ask about several at a time."""
        try:
            found = self.judge(outcome, task)
        except Exception as error:
            found = as_verdict(error)
        return self._signed(found)

    def verify_batch(
        self, pairs: Iterable[tuple[Any, Any]], *, workers: int | None = None
    ) -> list[Verdict]:
        """Verdicts for (outcome, task) pairs, in their order.

        Args:
            pairs: drawn from as fast as verdicts come.
            workers: processes at once for what needs one; None: as many as the pool has.
        """
        return settle_all((self.begin(outcome, task) for outcome, task in pairs), workers)

    async def averify(self, outcome: Any, task: Any = None) -> Verdict:
        """`verify` for asyncio: the loop goes on while a worker decides.

        It yields first, so that a batch stays responsive. Beyond 64 at a time, further ones wait
        before they read their outcome.
        """
        await asyncio.sleep(0)
        async with open_questions():
            return await asettle(self.begin(outcome, task))

    def _signed(self, found: Verdict | Pending) -> Verdict | Pending:
        if isinstance(found, Verdict):
            return found if found.verifier else replace(found, verifier=self.label)

        def then(answer: Answer) -> Verdict | Pending:
            try:
                return self._signed(found.then(answer))
            except Exception as error:
                return self._signed(as_verdict(error))

        return Pending(found.request, then)

    def check_task(self, task: Any) -> list[TaskProblem]:
        """What is wrong with a task (`verifiers.md` §15); empty when nothing is."""
        return check_task(self, task)


def as_verdict(error: Exception) -> Verdict:
    """The error verdict for what a verifier raised: the task's fault, or its own."""
    if isinstance(error, TaskError):
        return Verdict.error("task.faulty", str(error), status="task_error")
    return Verdict.error(
        "verifier.exception",
        f"The verifier failed with {type_name(error)}; nothing was decided.",
        details={"exception": shorten(error, 200)},
    )


def type_name(value: object) -> str:
    """The name of a value's type, read past whatever its metaclass says."""
    name = str(_NAME.__get__(type(value)))
    return name if len(name) <= 80 else f"{name[:79]}…"


def unusable(outcome: object, limits: Limits) -> Verdict | None:
    """The verdict about an outcome that is no text, or None when it can be read.

    Exactly `str`: a subclass may answer `==` as it likes. A response longer than
    `limits.response_chars` can be read in part; `searched` cuts it.
    """
    if type(outcome) is str:
        return None
    return Verdict.reject(
        "outcome.not_text",
        f"The outcome is of type {type_name(outcome)}; a text was expected.",
        status="unparsable",
    )


def searched(response: str, limits: Limits) -> tuple[str, int, dict[str, Any]]:
    """The part of a response that is read, where it starts, and the note for `details`."""
    if len(response) <= limits.response_chars:
        return response, 0, {}
    start = max(0, len(response) - limits.searched_chars)
    return response[start:], start, {"response_chars": len(response), "searched_from": start}
