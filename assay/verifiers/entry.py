"""One row of the catalogue: a verifier by its path, with accepted and rejected examples."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Example:
    """One outcome and its task; `task` is a reference, a `Problem`, or None."""

    outcome: Any
    task: Any = None


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One verifier: where it lives, settings for its examples, and the examples.

    Attributes:
        path: `"module:Class"`.
        accepted, rejected: examples; the rejected ones are near misses where they can be.
    """

    path: str
    summary: str
    accepted: tuple[Example, ...]
    rejected: tuple[Example, ...]
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])

    def load(self) -> type[Any]:
        """The class."""
        module, _, name = self.path.partition(":")
        return getattr(import_module(module), name)

    def make(self) -> Any:
        """A verifier with the settings of the examples."""
        return self.load()(**self.settings)


def examples(task: Any, *outcomes: Any) -> tuple[Example, ...]:
    """An example of each outcome for one task."""
    return tuple(Example(outcome=outcome, task=task) for outcome in outcomes)
