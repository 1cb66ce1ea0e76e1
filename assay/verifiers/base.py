"""What all verifiers share: they never raise because of the outcome, and say who decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, cast, overload

from assay.core.errors import TaskError, shorten
from assay.core.types import Limits, TaskProblem, Verdict
from assay.verifiers.check import check_task
from assay.verifiers.tasks import params_of, reference_of

__all__ = [
    "DEFAULT_LIMITS",
    "BaseVerifier",
    "FunctionVerifier",
    "as_verdict",
    "params_of",
    "reference_of",
    "searched",
    "type_name",
    "unusable",
    "verifier",
]

DEFAULT_LIMITS = Limits()
_NAME = type.__dict__["__name__"]


class BaseVerifier:
    r"""The contract of `verifiers.md` §2 around one method, `judge`.

    A verifier is a frozen dataclass of settings that defines `judge(outcome, task)`. `judge` may
    raise `TaskError` for a faulty task; anything else that it raises is a fault of the verifier.
    Both become error verdicts, which say nothing about the outcome. KeyboardInterrupt, SystemExit
    and other exceptions that are no `Exception` pass through.

    Attributes:
        deterministic: same outcome, task and limits, same verdict.
        claim: what is judged; verifiers of one claim are alternatives under `Any`.
        reads_boxes: finds an answer in `\boxed{…}`.
        outcome_kind: what is judged: `text`; `answer`, `state` or `image` for what an environment
            takes of its world or an agent hands over; anything else is `unparsable`.
        isolation: where `judge` runs. The fast lane knows only `in_process`; the worker lane takes
            its place here.
    """

    name: str = "verifier"
    version: str = "1"
    deterministic: bool = True
    claim: str = ""
    reads_boxes: bool = False
    outcome_kind: str = "text"
    isolation: str = "in_process"
    limits: Limits = DEFAULT_LIMITS

    @cached_property
    def label(self) -> str:
        """`name@version`, as verdicts carry it."""
        return f"{self.name}@{self.version}"

    def judge(self, outcome: object, task: object) -> Verdict:
        """Decide. The one method a verifier writes."""
        raise NotImplementedError

    def verify(self, outcome: Any, task: Any = None) -> Verdict:
        """The verdict about one outcome; never raises because of it.

        Args:
            outcome: anything at all.
            task: a `Problem`, a bare reference, or None where the constructor holds the task.
        """
        try:
            verdict = self.judge(outcome, task)
        except Exception as error:
            verdict = as_verdict(error)
        return verdict if verdict.verifier else replace(verdict, verifier=self.label)

    def verify_batch(
        self, pairs: Iterable[tuple[Any, Any]], *, workers: int | None = None
    ) -> list[Verdict]:
        """Verdicts for (outcome, task) pairs, in their order. `workers` is for the worker lane."""
        return [self.verify(outcome, task) for outcome, task in pairs]

    async def averify(self, outcome: Any, task: Any = None) -> Verdict:
        """`verify` for asyncio; yields to the loop first, so that a batch stays responsive."""
        await asyncio.sleep(0)
        return self.verify(outcome, task)

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


@dataclass(frozen=True)
class FunctionVerifier(BaseVerifier):
    """A verifier made of a function `f(outcome, task) -> bool`; see `verifier`.

    Only a `bool` is a decision: 1, "yes" and arrays are refused with an error verdict, and so is
    whatever the function raises on an outcome that it was given. It runs in this process, and
    nothing limits its time or memory there: what it does with 4,000 characters must be cheap.

    Attributes:
        function: decides.
        limits: a text longer than `limits.answer_chars` is `over_limit` without asking.
        any_outcome: False: the function is given texts only, and anything else is `unparsable`.
            True: it is given whatever comes, of any type and size, and answers for what it
            raises; for outcomes that an environment makes, not a policy.
        title, release: name and version in the verdict; by default the function's name and "1".
    """

    function: Callable[[Any, Any], bool]
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)
    any_outcome: bool = field(default=False, kw_only=True)
    title: str = field(default="", kw_only=True)
    release: str = field(default="1", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what cannot be called."""
        if not callable(self.function):
            raise TypeError(f"@verifier needs a function, not {shorten(self.function)}.")
        name = self.title or getattr(self.function, "__name__", "function")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "version", self.release)

    def judge(self, outcome: object, task: object) -> Verdict:
        """Ask the function, unless the outcome is nothing that it could be asked about."""
        if not self.any_outcome:
            refused = unusable(outcome, self.limits)
            if refused is None:
                refused = _too_long(outcome, self.limits)
            if refused is not None:
                return refused
        answer = cast(object, self.function(outcome, task))
        if type(answer) is not bool:
            return Verdict.error(
                "verifier.not_bool",
                f"The function returned a {type_name(answer)}; only True and False decide.",
            )
        decide = Verdict.accept if answer else Verdict.reject
        word = "accepted" if answer else "refused"
        return decide(f"function.{word}", f"The function {word} the outcome.", method="function")

    def __call__(self, outcome: Any, task: Any = None) -> Verdict:
        """`verify`, so that the decorated name is still called like a function."""
        return self.verify(outcome, task)


def _too_long(outcome: object, limits: Limits) -> Verdict | None:
    length = len(cast(str, outcome))
    if length <= limits.answer_chars:
        return None
    return Verdict.reject(
        "limit.size",
        f"The outcome is {length} characters long; {limits.answer_chars} are read.",
        status="over_limit",
    )


Decides = Callable[[Any, Any], bool]


@overload
def verifier(function: Decides) -> FunctionVerifier: ...


@overload
def verifier(
    function: None = None, *, any_outcome: bool = False, limits: Limits = DEFAULT_LIMITS
) -> Callable[[Decides], FunctionVerifier]: ...


def verifier(
    function: Decides | None = None, *, any_outcome: bool = False, limits: Limits = DEFAULT_LIMITS
) -> FunctionVerifier | Callable[[Decides], FunctionVerifier]:
    """Turn `f(outcome, task) -> bool` into a verifier.

    The function is asked about texts of up to `limits.answer_chars` characters (4,000); anything
    else is refused before, so that a policy cannot leave the pass rate by sending what breaks the
    function. What it raises on such a text is an error of the verifier. There is no time limit in
    process: see `FunctionVerifier`.

    Args:
        function: decides; or give options and no function: `@verifier(any_outcome=True)`.
        any_outcome: also ask about outcomes that are no text, and about texts of any length.
        limits: `limits.answer_chars` is the longest text that is asked about.

    Example:
        >>> @verifier
        ... def shouts(outcome, task):
        ...     return outcome.isupper()
        >>> shouts.verify("HELLO").passed
        True
        >>> shouts.verify(None).status
        'unparsable'
    """
    if function is not None:
        return FunctionVerifier(function, any_outcome=any_outcome, limits=limits)
    return lambda decides: FunctionVerifier(decides, any_outcome=any_outcome, limits=limits)
