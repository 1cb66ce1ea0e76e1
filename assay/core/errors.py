"""The AssayError family, and the functions that word its messages.

A message says what was given, what was expected and what to do next, in one sentence or two. Every
exception holds one message string and nothing else, so that it survives pickling.
"""

import difflib
from collections.abc import Iterable

import gymnasium


class AssayError(Exception):
    """Anything that assay refuses on purpose; subclasses also refine a built-in."""


class OptionError(AssayError, ValueError):
    """An option has a value that its environment, verifier or command cannot use."""


class NoSuchRenderMode(OptionError, TypeError):
    """A `render_mode` that the environment does not have.

    A TypeError too: libraries that ask every environment for pictures (Stable-Baselines3) take that
    as the sign to make it without.
    """


class UnknownOption(AssayError, TypeError):
    """A keyword argument that nobody reads."""


class UnknownName(AssayError, LookupError):
    """An id, policy, suite or split that is not registered."""


class NoSuchProblem(AssayError, IndexError):
    """An index beyond the end of a finite source."""


class MissingExtra(AssayError, ImportError):
    """A library is needed that belongs to an optional extra."""


class MissingFile(AssayError, FileNotFoundError):
    """A data file, model folder or store that is not where it was said to be."""


class DataError(AssayError, ValueError):
    """A data file that is there but cannot be read as what it should be."""


class TaskError(AssayError, ValueError):
    """A task that cannot be judged soundly: its author's mistake, found before anyone plays it."""


class EpisodeOver(AssayError, RuntimeError):
    """A step after the end of an episode."""


class NotReset(AssayError, gymnasium.error.ResetNeeded):
    """A step, snapshot or judgement before the first reset."""


class PhaseError(AssayError, RuntimeError):
    """Something that needs a task was asked of an environment built without one."""


class VerifierError(AssayError, RuntimeError):
    """A verifier could not decide; says nothing about the outcome it was given."""


class SourceExhausted(AssayError, RuntimeError):
    """No world of the wanted split could be drawn in a bounded number of attempts."""


class PolicyError(AssayError, RuntimeError):
    """A policy that cannot be loaded or does not keep its protocol."""


class PolicyUnavailable(PolicyError):
    """A policy cannot be asked at all, through no doing of its own: a run stops, and can go on.

    Raised by `act`, or returned by `act_batch` in place of an action: a served model that is gone
    or refuses the key says nothing about any episode, so none of them is written down.
    """

    exit_code = 3


class StoreError(AssayError, RuntimeError):
    """A results file that belongs to another run, another program or another driver."""


class WorkerLost(AssayError, RuntimeError):
    """A worker process ended while it was needed."""


def nearest(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'x'?"` for the nearest known name, or nothing."""
    match = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean '{match[0]}'?" if match else ""


def shorten(value: object, limit: int = 80) -> str:
    """A repr that fits in a message, whatever the value and its length."""
    try:
        text = repr(value)
    except Exception:  # a hostile or broken __repr__ must not replace the error being worded
        text = f"<{type(value).__name__}>"
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def bad_value(name: str, value: object, expected: str) -> OptionError:
    """The error for an option outside its range: `lines=0 is not valid: expected …`."""
    return OptionError(f"{name}={shorten(value)} is not valid: expected {expected}.")


def unknown_option(owner: str, name: str, known: Iterable[str]) -> UnknownOption:
    """The error for a keyword argument that `owner` does not have."""
    names = sorted(known)
    hint = nearest(name, names) or f" Its options are: {', '.join(names)}."
    return UnknownOption(f"{owner} has no option '{name}'.{hint}")


def missing_extra(what: str, extra: str) -> MissingExtra:
    """The error for a library of an optional extra that is not installed."""
    return MissingExtra(f'{what} needs the {extra} extra: pip install "assay[{extra}]".')
