"""Whom to ask, in plain values, so that a fresh process finds the same verifier and tasks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from assay.core.env import TaskEnv
from assay.core.errors import AssayError, OptionError, TaskError, shorten
from assay.core.registry import load
from assay.core.spaces import Unicode
from assay.core.types import EnvCard, Verifier
from assay.testing.attacks.target import Target, from_catalogue, from_record, target_of, usual
from assay.testing.cases import Case
from assay.verifiers.catalogue import VERIFIERS
from assay.verifiers.named import load_verifier


@dataclass(frozen=True, kw_only=True)
class Subject:
    """A verifier by name with its tasks, or the verifier of a one-turn environment.

    Attributes:
        name: of the catalogue, `module:attribute`, or an environment's id.
        settings: of the verifier, or options of the environment.
        records: tasks of a user's verifier, as `from_record` reads them.
        is_env: `name` is an id.
        episodes: how many problems of the environment are used.
        cards: environments that were registered by hand.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    records: tuple[Mapping[str, Any], ...] = ()
    is_env: bool = False
    episodes: int = 5
    cards: tuple[EnvCard, ...] = ()

    @property
    def label(self) -> str:
        """The name, with the options of an environment as a query."""
        return str(Case(self.name, dict(self.settings))) if self.is_env else self.name

    def open(self) -> tuple[Verifier, list[Target]]:
        """The verifier and its targets.

        Raises:
            UnknownName, OptionError, TaskError: one sentence about what cannot be used.
        """
        if self.is_env:
            return _of_env(Case(self.name, dict(self.settings)), self.episodes)
        registered = self.name in VERIFIERS and not self.settings and not self.records
        if registered:
            return VERIFIERS[self.name].make(), from_catalogue(self.name)
        verifier = load_verifier(self.name, self.settings)
        targets = [_numbered(verifier, k, record) for k, record in enumerate(self.records, 1)]
        targets = targets or usual(verifier)
        if not targets:
            raise OptionError(
                f"No task is known for '{self.name}': it accepts none of the usual references as "
                "their own answer. Give --reference TEXT, or --tasks FILE with one JSON object a "
                'line, such as {"reference": "84", "accepted": ["84"], "rejected": ["85"]}.'
            )
        return verifier, targets


def _numbered(verifier: Verifier, number: int, record: Mapping[str, Any]) -> Target:
    try:
        return from_record(verifier, record)
    except AssayError as error:
        raise TaskError(f"Task {number} ({shorten(dict(record), 60)}): {error}") from error


def unfit(case: Case) -> str:
    """Why the verifier of an environment cannot be asked about texts; empty where it can."""
    if not case.one_turn:
        return "several turns: its verifier judges no single reply"
    if case.card.proof == "none":
        return "proof='none': the card promises no gold"
    with case.open() as env:
        return "" if isinstance(env.action_space, Unicode) else "its answers are no texts"


def _of_env(case: Case, episodes: int) -> tuple[Verifier, list[Target]]:
    """Problems of a one-turn environment with its own gold and counterfeits."""
    reason = unfit(case)
    if reason:
        raise OptionError(f"{case}: {reason}")
    targets: list[Target] = []
    with case.open() as env:
        for seed in range(episodes):
            env.reset(seed=seed)
            targets.append(_problem_of(case, env))
        verifier = env.verifier
    assert verifier is not None  # reward-free mode was not asked for
    return verifier, targets


def _problem_of(case: Case, env: TaskEnv[Any, Any]) -> Target:
    reply = next(iter(load(case.card.function("solution"))(env)))
    fakes = load(case.card.function("counterfeits"))(env)
    problem = env.problem
    target = target_of(env.verifier, problem, [reply], ())
    wrong = [(f"counterfeit: {name}", next(iter(actions))) for name, actions in fakes]
    return Target(problem, target.golds, (*wrong, *target.wrongs))
