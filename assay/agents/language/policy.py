"""Language models as policies: `smollm2`, and any model of transformers by folder or hub name."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from assay.agents.language.generate import Sampling, generate
from assay.agents.language.models import LanguageModel, load
from assay.agents.language.turns import Turns
from assay.agents.parts.messages import Shots, opening_of
from assay.agents.parts.settings import need_text, need_text_action, read_settings
from assay.core.encoding import derive_seed
from assay.core.errors import bad_value
from assay.core.registry import require
from assay.evaluation.episode import ContextFull


@dataclass(frozen=True, kw_only=True)
class LanguageSettings(Sampling):
    """Settings of a language policy."""

    shots: Shots = "turns"  # worked examples as earlier turns, or inline in one message
    system: str = ""  # a system message before the conversation
    template: str = "chat"  # chat: the model's own; plain: text as it is; or a jinja file
    device: str = "auto"  # auto: a GPU where there is one
    dtype: str = "auto"  # auto: float32 on a CPU, the checkpoint's own elsewhere
    threads: int = 0  # of torch, 0: as many as it takes by itself
    max_context: int = 0  # longest conversation in tokens, 0: the model's own limit

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("threads", "max_context"):
            if getattr(self, name) < 0:
                raise bad_value(name, getattr(self, name), "an integer of at least 0")


@dataclass
class Conversation:
    """One episode as the model sees it."""

    rng: np.random.Generator
    ids: list[int] = field(default_factory=list)
    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True)
class _Single:
    """The key of the episode that `reset` and `act` speak of."""

    policy_seed: int


class LanguagePolicy:
    """A language model that plays text environments, many episodes at once.

    Each episode is one growing conversation. Sampled text depends on the batch in its last bits, so
    the policy is not deterministic, though each row draws from its own seed.
    """

    deterministic = False
    heavy = True

    def __init__(self, lm: LanguageModel, settings: LanguageSettings | None = None) -> None:
        self.lm = lm
        self.settings = settings or LanguageSettings()
        self._turns = Turns(lm)
        self._talks: dict[Hashable, Conversation] = {}
        self._single = _Single(0)
        limit = self.settings.max_context
        self._context = min(lm.context, limit) if limit else lm.context

    def describe(self) -> dict[str, Any]:
        """Model and settings, as they enter the fingerprint of a run."""
        chosen = vars(self.settings) | {"stop": list(self.settings.stop)}
        hidden = ("device", "dtype", "threads")  # the model says what they came to
        return self.lm.describe() | {k: v for k, v in chosen.items() if k not in hidden}

    def offer(self, action_space: Any, choices: Sequence[Any] | None = None) -> None:
        """Refuse what is not played in text; choices are for the environment to show."""
        need_text_action(action_space, self.lm.name)

    def reset(self, *, seed: int) -> None:
        """A new episode for `act`."""
        self.end(self._single)
        self._single = _Single(seed)

    def act(self, observation: Any, info: Mapping[str, Any]) -> str:
        """The reply to one observation."""
        action = self.act_batch([observation], [info], [self._single])[0]
        if isinstance(action, Exception):
            raise action
        return action

    def act_batch(
        self,
        observations: Sequence[Any],
        infos: Sequence[Mapping[str, Any]],
        keys: Sequence[Any],
    ) -> list[Any]:
        """A reply for each episode, or `ContextFull` where its conversation has become too long."""
        heard = [self._heard(key, text) for key, text in zip(keys, observations, strict=True)]
        asked = [(talk, ids) for talk, ids in heard if len(ids) + self._reserve <= self._context]
        replies = iter(
            generate(self.lm, [i for _, i in asked], [t.rng for t, _ in asked], self.settings)
        )
        answers: list[Any] = []
        for key, (talk, ids) in zip(keys, heard, strict=True):
            if len(ids) + self._reserve > self._context:
                answers.append(self._too_long(len(ids)))
                continue
            reply = next(replies)
            self._talks[key] = talk
            talk.ids = ids + reply.ids
            talk.prompt_tokens += len(ids)
            talk.completion_tokens += reply.n_drawn
            answers.append(reply.text.strip(" "))
        return answers

    def _heard(self, key: Any, observation: Any) -> tuple[Conversation, list[int]]:
        """The conversation, and its ids with the observation; nothing is kept before the reply."""
        text = need_text(observation, self.lm.name)
        talk = self._talks.get(key)
        if talk is not None:
            return talk, self._turns.grow(talk.ids, text)
        rng = np.random.Generator(np.random.Philox(key=derive_seed("reply", key.policy_seed)))
        shots, system = self.settings.shots, self.settings.system
        opening = opening_of(
            text, shots=shots if self.lm.template else "inline", system=system, labels=True
        )
        return Conversation(rng), self._turns.begin(opening)

    @property
    def _reserve(self) -> int:
        return self.settings.max_new_tokens

    def _too_long(self, n_tokens: int) -> ContextFull:
        return ContextFull(
            f"The conversation has {n_tokens} tokens, and with a reply of {self._reserve} it "
            f"passes the {self._context} that {self.lm.name} reads."
        )

    def take_usage(self, key: Hashable) -> dict[str, int]:
        """Tokens read and written for an episode since this was last asked."""
        talk = self._talks.get(key)
        if talk is None:
            return {"prompt_tokens": 0, "completion_tokens": 0}
        used = {"prompt_tokens": talk.prompt_tokens, "completion_tokens": talk.completion_tokens}
        talk.prompt_tokens = talk.completion_tokens = 0
        return used

    def end(self, key: Hashable) -> None:
        """Forget an episode."""
        self._talks.pop(key, None)

    def close(self) -> None:
        """Forget every episode, and let the weights go."""
        self._talks.clear()


def from_hub(name: str, **settings: Any) -> LanguagePolicy:
    """The policy `hf:NAME`: a model folder, or a name on the Hugging Face hub.

    Raises:
        UnknownOption, OptionError: settings that it does not take.
        MissingExtra, MissingFile, PolicyError: as `models.load` says.
    """
    chosen = read_settings(LanguageSettings, settings, name)
    lm = load(name, template=chosen.template, device=chosen.device, dtype=chosen.dtype)
    if chosen.threads:
        require("torch", extra="llm", what=name).set_num_threads(chosen.threads)
    return LanguagePolicy(lm, chosen)


def smollm2(**settings: Any) -> LanguagePolicy:
    """The policy `smollm2`: SmolLM2-135M-Instruct, from weights that need no network."""
    return from_hub("smollm2", **settings)
