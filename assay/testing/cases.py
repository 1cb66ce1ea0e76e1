"""A case is an id with one set of options; a check takes a case and raises when it is broken."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass, field
from typing import Any

from assay.core import registry
from assay.core.answer import AnswerEnv
from assay.core.env import TaskEnv
from assay.core.types import EnvCard
from assay.testing.data import filled


class ContractViolation(AssertionError):
    """The contract does not hold; the message says what was seen, and what to change."""


class NotApplicable(Exception):
    """This check says nothing about this case; the message is the reason, worded to be counted."""


@dataclass(frozen=True)
class Case:
    """An id with one of its option sets.

    Attributes:
        id: a registered id.
        options: keyword arguments on top of the card's own; placeholders for data files filled in.
        thorough: whether checks take their large sample (minutes) or their small one (seconds).
    """

    id: str
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    thorough: bool = False

    @property
    def card(self) -> EnvCard:
        """The card of the id."""
        return registry.card(self.id)

    @property
    def one_turn(self) -> bool:
        """Whether any text is an answer and ends the episode."""
        return issubclass(registry.env_kind(self.card), AnswerEnv)

    def make(self, **more: Any) -> TaskEnv[Any, Any]:
        """The environment itself, without Gymnasium's wrappers; `more` wins over the options."""
        env = registry.make(self.id, **{**filled(self.options), **more}).unwrapped
        if not isinstance(env, TaskEnv):
            raise ContractViolation(
                f"{self.id} is a {type(env).__name__}, which is no TaskEnv: verdicts, limits and "
                "the reward-free mode live in that base class, so derive from it."
            )
        return env

    def open(self, **more: Any) -> closing[TaskEnv[Any, Any]]:
        """`make` for a `with` statement, which closes it."""
        return closing(self.make(**more))

    def count(self, small: int, large: int) -> int:
        """How many samples to take: `small`, or `large` when thorough."""
        return large if self.thorough else small

    def wire(self) -> dict[str, Any]:
        """The case as JSON values, from which another process makes the same one."""
        return {"card": asdict(self.card), "options": filled(self.options)}

    def __str__(self) -> str:
        query = "&".join(f"{k}={_flat(v)}" for k, v in self.options.items())
        return f"{self.id}?{query}" if query else self.id


Check = Callable[[Case], None]


def _flat(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def cases_of(env_id: str, *, thorough: bool = False) -> list[Case]:
    """One case for each variant that the card names; the first stands for the id."""
    card = registry.card(env_id)
    return [Case(card.id, dict(v), thorough) for v in (card.variants or ({},))]


def require(condition: object, message: str) -> None:
    """Raise `ContractViolation` with `message` unless the condition holds."""
    __tracebackhide__ = True  # pytest then shows the check's own line
    if not condition:
        raise ContractViolation(message)
