"""Environments that are made when an episode needs one, and used again by the next."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import gymnasium

from assay.core.registry import card, load, make
from assay.core.types import EnvCard
from assay.evaluation.config import Frames
from assay.evaluation.pictures import PICTURE_MODE, has_picture
from assay.evaluation.plan import EpisodeKey

_log = logging.getLogger("assay")
_IDLE_ENVS = 64  # environments kept open for reuse; beyond this the longest unused is closed

Env = gymnasium.Env[Any, Any]


class Traits(NamedTuple):
    """What the loop needs of a card."""

    private: frozenset[str]
    choices: str
    shared_instances: bool


def _traits(found: EnvCard) -> Traits:
    return Traits(frozenset(found.privileged_info), found.choices, found.shared_instances)


class EnvPool:
    """Environments by (id, digest of options), made when needed and used again.

    Args:
        options: the options of each (id, digest).
        frames: whether to make them with a picture, where they have one.
    """

    def __init__(
        self, options: Mapping[tuple[str, str], Mapping[str, Any]], frames: Frames = "none"
    ) -> None:
        self._options, self._frames = options, frames
        self._traits: dict[str, Traits] = {}
        self._choosers: dict[str, Callable[[Any], Any]] = {}
        self._idle: OrderedDict[int, tuple[tuple[str, str], Env]] = OrderedDict()
        self._taken = 0

    def take(self, key: EpisodeKey) -> Env:
        """An environment for this episode; nobody else has it until it is given back."""
        wanted = (key.env_id, key.env_digest)
        for number in reversed(self._idle):
            name, env = self._idle[number]
            if name == wanted:
                del self._idle[number]
                return env
        options = dict(self._options[wanted])
        if self._frames != "none" and has_picture(key.env_id):
            options["render_mode"] = PICTURE_MODE
        return make(key.env_id, **options)

    def give_back(self, key: EpisodeKey, env: Env) -> None:
        """Keep it for a later episode."""
        self._taken += 1
        self._idle[self._taken] = ((key.env_id, key.env_digest), env)
        if len(self._idle) > _IDLE_ENVS:
            _, (_, oldest) = self._idle.popitem(last=False)
            close_quietly(oldest)

    def traits(self, env_id: str) -> Traits:
        """What the loop needs of the card."""
        if env_id not in self._traits:
            self._traits[env_id] = _traits(card(env_id))
        return self._traits[env_id]

    def chooser(self, name: str) -> Callable[[Any], Any]:
        """The function of a card that gives an environment's legal answers, by `Traits.choices`."""
        if name not in self._choosers:
            self._choosers[name] = load(name)
        return self._choosers[name]

    def close(self) -> None:
        """Close every idle environment."""
        while self._idle:
            _, (_, env) = self._idle.popitem()
            close_quietly(env)


def close_quietly(env: Env) -> None:
    """Close an environment whose own failure to close says nothing about an episode."""
    try:
        env.close()
    except (Exception, SystemExit) as err:
        _log.warning("Closing an environment raised %s: %s", type(err).__name__, err)
