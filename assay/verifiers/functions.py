"""A verifier made of a plain function, which a worker process asks where it can be found there."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib import import_module
from typing import Any, Literal, cast, get_args, overload

from assay.core.errors import OptionError, bad_value, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name, unusable
from assay.verifiers.workers.pending import Pending, ask_worker
from assay.verifiers.workers.plain import NotPlain, from_plain, to_plain

Isolation = Literal["auto", "worker", "in_process"]
Decides = Callable[[Any, Any], bool]
_HERE = __name__


@dataclass(frozen=True)
class FunctionVerifier(BaseVerifier):
    """A verifier made of a function `f(outcome, task) -> bool`; see `verifier`.

    Only a `bool` is a decision: 1, "yes" and arrays are refused with an error verdict, and so is
    whatever the function raises on an outcome that it was given.

    It is called in a worker process, where it can be imported: under `limits.cpu_s`, `wall_s` and
    `memory_mb`, with an empty environment, where it can write no file and nobody sees what it
    prints. In this process nothing limits its time or memory: what it does with 4,000 characters
    must be cheap. The verdict's `isolation` says where it was.

    Attributes:
        function: decides.
        limits: a text longer than `limits.answer_chars` is `over_limit` without asking.
        any_outcome: False: the function is given texts only, and anything else is `unparsable`.
            True: it is given whatever comes, of any type and size, and answers for what it
            raises; for outcomes that an environment makes, not a policy.
        isolation: `worker`: there, or an error verdict that says why not. `in_process`: here.
            `auto`: a worker, but here for a function that a worker cannot import (a lambda, one
            defined in a function or in the script itself), a task that is not plain data, and
            `any_outcome`.
        title, release: name and version in the verdict; by default the function's name and "1".
    """

    function: Callable[[Any, Any], bool]
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)
    any_outcome: bool = field(default=False, kw_only=True)
    isolation: Isolation = field(default="auto", kw_only=True)
    title: str = field(default="", kw_only=True)
    release: str = field(default="1", kw_only=True)

    def __post_init__(self) -> None:
        """Refuse what cannot be called."""
        if not callable(self.function):
            raise TypeError(f"@verifier needs a function, not {shorten(self.function)}.")
        if self.isolation not in get_args(Isolation):
            raise bad_value("isolation", self.isolation, f"one of {', '.join(get_args(Isolation))}")
        if self.isolation == "worker" and _hidden(self.function):
            raise OptionError(_hidden(self.function))
        name = self.title or getattr(self.function, "__name__", "function")
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "version", self.release)

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Ask the function, unless the outcome is nothing that it could be asked about."""
        if not self.any_outcome:
            refused = unusable(outcome, self.limits)
            if refused is None:
                refused = _too_long(outcome, self.limits)
            if refused is not None:
                return refused
        if self.isolation == "in_process" or (self.isolation == "auto" and self.any_outcome):
            return _decided(_told(self.function(outcome, task)))
        address, why_not = self._address
        if address:
            try:
                payload = {"outcome": to_plain(outcome), "task": to_plain(task)}
            except NotPlain as error:
                why_not = str(error)
            else:
                return ask_worker(
                    f"{_HERE}:in_worker({address})", payload, _decided, limits=self.limits
                )
        if self.isolation == "worker":
            return Verdict.error("function.not_in_worker", why_not)
        return _decided(_told(self.function(outcome, task)))

    @cached_property
    def _address(self) -> tuple[str, str]:
        """`module:name` under which a worker finds the function; else nothing, and the reason."""
        function: Any = self.function
        hidden = _hidden(function)
        if hidden:
            return "", hidden
        module, name = function.__module__, function.__qualname__
        if not _imports(module):
            return "", f"A worker cannot import the module '{module}' of '{name}' by its name."
        found = _unwrapped(f"{module}:{name}")
        if found is not function:
            return "", f"Under '{module}:{name}' stands something else than the function."
        return f"{module}:{name}", ""

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


def in_worker(address: str) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """What a worker calls: the function at `module:name`, between plain values."""
    function: Any = _unwrapped(address)

    def answer(payload: Mapping[str, Any]) -> dict[str, Any]:
        return _told(function(from_plain(payload["outcome"]), from_plain(payload["task"])))

    return answer


def _told(answer: object) -> dict[str, Any]:
    """What a function returned, as plain data."""
    return {"decision": answer} if type(answer) is bool else {"type": type_name(answer)}


def _decided(told: Mapping[str, Any]) -> Verdict:
    if "decision" not in told:
        return Verdict.error(
            "verifier.not_bool",
            f"The function returned a {told['type']}; only True and False decide.",
        )
    passed = bool(told["decision"])
    decide = Verdict.accept if passed else Verdict.reject
    word = "accepted" if passed else "refused"
    return decide(f"function.{word}", f"The function {word} the outcome.", method="function")


def _hidden(function: Any) -> str:
    """Why no other process can find a function by its name, or nothing."""
    name = getattr(function, "__qualname__", None)
    module = getattr(function, "__module__", None)
    if type(name) is not str or type(module) is not str or "<" in name:
        return (
            f"A worker cannot import {shorten(function, 60)}, which has no name in a module: "
            "define it with def at the top of a module, or give isolation='in_process'."
        )
    if module == "__main__":
        return (
            f"A worker does not run the user's script again, and '{name}' is defined in it: "
            "put it into a module, or give isolation='in_process'."
        )
    return ""


def _imports(name: str) -> bool:
    """Whether importing a module by name would give the one that is loaded here."""
    module = sys.modules.get(name)
    spec = getattr(module, "__spec__", None)
    parent = name.rpartition(".")[0]
    if spec is None or (parent and not _imports(parent)):
        return False
    path = getattr(sys.modules.get(parent), "__path__", None)
    for finder in sys.meta_path:
        found = finder.find_spec(name, path)
        if found is not None:
            return found.origin == spec.origin
    return False


def _unwrapped(address: str) -> object:
    """What stands at `module:name`, out of the verifier that the decorator made of it."""
    module, _, name = address.partition(":")
    found: Any = sys.modules.get(module) or import_module(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found.function if isinstance(found, FunctionVerifier) else found


@overload
def verifier(function: Decides) -> FunctionVerifier: ...


@overload
def verifier(
    function: None = None,
    *,
    any_outcome: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    isolation: Isolation = "auto",
) -> Callable[[Decides], FunctionVerifier]: ...


def verifier(
    function: Decides | None = None,
    *,
    any_outcome: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    isolation: Isolation = "auto",
) -> FunctionVerifier | Callable[[Decides], FunctionVerifier]:
    """Turn `f(outcome, task) -> bool` into a verifier.

    The function is asked about texts of up to `limits.answer_chars` characters (4,000); anything
    else is refused before, so that a policy cannot leave the pass rate by sending what breaks the
    function. What it raises on such a text is an error of the verifier. A function at the top of a
    module is called in a worker process, which is killed when it is over its limits: see
    `FunctionVerifier`.

    Args:
        function: decides; or give options and no function: `@verifier(any_outcome=True)`.
        any_outcome: also ask about outcomes that are no text, and about texts of any length.
        limits: `answer_chars` is the longest text that is asked about; in a worker `cpu_s`,
            `wall_s` and `memory_mb` of each verdict.
        isolation: `auto`, `worker` or `in_process`.

    Example:
        >>> @verifier
        ... def shouts(outcome, task):
        ...     return outcome.isupper()
        >>> shouts.verify("HELLO").passed
        True
        >>> shouts.verify(None).status
        'unparsable'
    """

    def made(decides: Decides) -> FunctionVerifier:
        return FunctionVerifier(
            decides, any_outcome=any_outcome, limits=limits, isolation=isolation
        )

    return made if function is None else made(function)
