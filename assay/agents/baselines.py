"""The two policies that every result is read against: chance, and the task's own gold."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assay.core.encoding import derive_seed, seed_series
from assay.core.errors import AssayError, PolicyError
from assay.core.registry import load
from assay.core.types import EnvCard

_episode_seed = seed_series("random")


class _Restarted:
    """One generator that begins anew: what a new one costs would be a tenth of a short episode."""

    def __init__(self) -> None:
        self._rng = np.random.Generator(np.random.Philox(key=0))
        self._fresh: Any = self._rng.bit_generator.state

    def at(self, seed: int) -> np.random.Generator:
        """As `Generator(Philox(key=seed))`, for a seed below 2**64; the one before is void."""
        self._fresh["state"]["key"][0] = seed
        self._rng.bit_generator.state = self._fresh
        return self._rng


class RandomPolicy:
    """Draws among the legal answers that the card offers, else from the action space."""

    deterministic = True

    def __init__(self) -> None:
        self._generator = _Restarted()
        self._rng: np.random.Generator | None = None
        self._seed = 0
        self._choices: Sequence[Any] = ()
        self._offered: Any = None  # the space as the environment holds it …
        self._space: Any = None  # … and our copy, so that drawing leaves the environment's alone

    def describe(self) -> dict[str, Any]:
        """Nothing to set."""
        return {"policy": "random"}

    def reset(self, *, seed: int) -> None:
        """A new episode: all draws follow from `seed`."""
        self._seed = _episode_seed(seed)
        self._rng = None

    def offer(self, action_space: Any, choices: Sequence[Any] | None = None) -> None:
        """What may be done in this episode."""
        self._choices = list(choices) if choices is not None else ()
        if self._choices:
            return
        if action_space is not self._offered:
            self._offered, self._space = action_space, copy.deepcopy(action_space)
        self._space.seed(derive_seed("space", self._seed, bits=31))

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """A uniform draw."""
        if self._choices:
            if self._rng is None:
                self._rng = self._generator.at(self._seed)
            return self._choices[int(self._rng.integers(len(self._choices)))]
        if self._space is None:
            raise PolicyError("random was not told what may be done: call offer(action_space).")
        return self._space.sample()


class ScriptedPolicy:
    """Plays a task's own gold, which passes every episode of an id whose proof is `always`.

    The one policy that is bound to the environment: the gold may read its state.
    """

    deterministic = True

    def __init__(self) -> None:
        self._name = ""
        self._gold: Any = None
        self._n_actions = 0

    def describe(self) -> dict[str, Any]:
        """Nothing to set."""
        return {"policy": "scripted"}

    def bind(self, env: Any) -> None:
        """Take the gold of an environment that has just been reset.

        Raises:
            PolicyError: it has none.
        """
        bare = env.unwrapped
        card = getattr(bare, "card", None)
        if not isinstance(card, EnvCard) or not card.id:
            raise PolicyError(
                f"scripted plays a task's own gold, and {type(bare).__name__} has no card that "
                "names one: register it, or evaluate another policy."
            )
        self._name = card.id
        try:
            self._gold = load(card.function("solution"), what=f"the solution of {card.id}")(bare)
        except AssayError as err:
            raise PolicyError(
                f"scripted needs a solution, and the proof of {card.id} is '{card.proof}': {err}"
            ) from err
        self._n_actions = 0
        if not hasattr(self._gold, "send"):
            raise PolicyError(
                f"The solution of {card.id} gave a {type(self._gold).__name__}: expected a "
                "generator that yields actions and is sent observations."
            )

    def reset(self, *, seed: int) -> None:
        """Nothing is drawn."""

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """The next action of the gold.

        Raises:
            PolicyError: it stopped before the episode ended.
        """
        if self._gold is None:
            raise PolicyError("scripted is bound to no environment: call bind(env) after reset().")
        try:
            action = self._gold.send(observation if self._n_actions else None)
        except StopIteration:
            raise PolicyError(
                f"The solution of {self._name} stopped after {self._n_actions} actions, before "
                "the episode ended: it must yield until the verdict."
            ) from None
        self._n_actions += 1
        return action

    def end(self, key: object) -> None:
        """Let the gold go."""
        if self._gold is not None:
            self._gold.close()
        self._gold = None
