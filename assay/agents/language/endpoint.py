"""Served language models: any endpoint that speaks OpenAI's chat completions.

The standard library alone: a request is short beside what it waits for. `client.py` holds one
exchange with its retries; here are conversations and concurrency.
"""

from __future__ import annotations

import os
import time
from collections.abc import Hashable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from assay.agents.language.client import Address, ChatClient, Completion, NoReply
from assay.agents.language.generate import Sampling
from assay.agents.parts.messages import Message, Shots, opening_of
from assay.agents.parts.settings import need_text, need_text_action, read_settings
from assay.core.encoding import derive_seed
from assay.core.errors import PolicyError, PolicyUnavailable, bad_value
from assay.evaluation.episode import ContextFull

_FAILURES = 8  # replies in a row that could not be had: then it is the server's doing
KEY_VARIABLE = "ASSAY_API_KEY"


@dataclass(frozen=True, kw_only=True)
class EndpointSettings(Sampling):
    """Settings of a served model."""

    shots: Shots = "turns"  # worked examples as earlier turns, or inline in one message
    system: str = ""  # a system message before the conversation
    concurrency: int = 8  # requests under way at a time, >= 1
    timeout_s: float = 120.0  # one request, from connecting to the last byte
    deadline_s: float = 600.0  # one reply, with all its retries and waits
    episode_deadline_s: float = 3_600.0  # all replies of one episode
    tries: int = 6  # requests for one reply, >= 1
    tokens_field: str = "max_tokens"  # some servers ask for max_completion_tokens

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("concurrency", "tries"):
            if getattr(self, name) < 1:
                raise bad_value(name, getattr(self, name), "an integer of at least 1")
        for name in ("timeout_s", "deadline_s", "episode_deadline_s"):
            if not 0 < getattr(self, name) < 1e6:
                raise bad_value(name, getattr(self, name), "a positive number of seconds")


@dataclass
class _Talk:
    """One episode as the server sees it, and what is asked of it now."""

    messages: list[Message] = field(default_factory=list)
    n_replies: int = 0
    began: float = field(default_factory=time.monotonic)
    prompt_tokens: int = 0
    completion_tokens: int = 0
    asked: str = ""


@dataclass(frozen=True)
class _Single:
    policy_seed: int


class EndpointPolicy:
    """`MODEL@ADDRESS`: a model behind an OpenAI-compatible address, asked concurrently.

    The key, if one is needed, comes from the environment variable `ASSAY_API_KEY`.
    """

    deterministic = False

    def __init__(self, where: str, **settings: Any) -> None:
        self.settings = read_settings(EndpointSettings, settings, f"endpoint:{where}")
        self.model, found, address = where.rpartition("@")
        if "://" in self.model:  # http://name:password@host
            self.model, _, address = where.partition("@")
        if not found or not self.model or not address:
            raise PolicyError(
                f"endpoint:{where} names no model and address: expected "
                "endpoint:MODEL@ADDRESS, such as endpoint:my-model@http://localhost:8000/v1."
            )
        self._client = ChatClient(
            Address.parse(address),
            key=os.environ.get(KEY_VARIABLE, ""),
            timeout_s=self.settings.timeout_s,
            deadline_s=self.settings.deadline_s,
            tries=self.settings.tries,
        )
        self._client.knock()
        self._talks: dict[Hashable, _Talk] = {}
        self._single = _Single(0)
        self._pool: ThreadPoolExecutor | None = None
        self._failures = 0  # in a row

    def describe(self) -> dict[str, Any]:
        """Model, address and sampling, as they enter the fingerprint of a run; never the key."""
        s = self.settings
        return {
            "model": self.model, "address": str(self._client.address), "shots": s.shots,
            "system": s.system, "temperature": s.temperature, "top_p": s.top_p,
            "max_new_tokens": s.max_new_tokens, "stop": list(s.stop),
        }  # fmt: skip

    def offer(self, action_space: Any, choices: Sequence[Any] | None = None) -> None:
        """Refuse what is not played in text."""
        need_text_action(action_space, self.model)

    def reset(self, *, seed: int) -> None:
        """A new episode for `act`."""
        self.end(self._single)
        self._single = _Single(seed)

    def act(self, observation: Any, info: Mapping[str, Any]) -> str:
        """The reply to one observation."""
        answer = self.act_batch([observation], [info], [self._single])[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def act_batch(
        self,
        observations: Sequence[Any],
        infos: Sequence[Mapping[str, Any]],
        keys: Sequence[Any],
    ) -> list[Any]:
        """A reply for each episode, or in its place what came instead of one.

        That is `ContextFull`, a `PolicyError` of this one request, or `PolicyUnavailable` where the
        server, and no single request, is to blame: the replies beside it are good.
        """
        if self._pool is None:
            self._pool = ThreadPoolExecutor(self.settings.concurrency, "assay-endpoint")
        asked = [
            self._ask(key, observation) for key, observation in zip(keys, observations, strict=True)
        ]
        answers = [_result(one) if isinstance(one, Future) else one for one in asked]
        self._look_for_blame(answers)
        return [self._take(key, answer) for key, answer in zip(keys, answers, strict=True)]

    def _ask(self, key: Any, observation: Any) -> Future[Completion] | PolicyError:
        """Begin a request, or say why there can be none."""
        talk = self._talks.setdefault(key, _Talk())
        try:
            talk.asked = need_text(observation, self.model)
        except PolicyError as err:
            return err
        left_s = self.settings.episode_deadline_s - (time.monotonic() - talk.began)
        if left_s <= 0:
            return PolicyError(
                f"The episode's {self.settings.episode_deadline_s:g} s are over "
                "(episode_deadline_s)."
            )
        assert self._pool is not None
        body = self._body(talk, talk.asked, key.policy_seed)
        return self._pool.submit(self._client.ask, body, left_s)

    def _look_for_blame(self, answers: list[Completion | Exception]) -> None:
        """Count the replies in a row that could not be had; of too many none is an episode's own.

        Those of earlier batches have become rows by now.
        """
        told = self._failures
        for answer in answers:
            if isinstance(answer, NoReply):
                self._failures += 1
            else:  # a refusal of this request says nothing of the next
                self._failures = told = 0
        if self._failures < _FAILURES:
            return
        last = next(answer for answer in reversed(answers) if isinstance(answer, NoReply))
        said = f"{self._failures} replies in a row could not be had; the last: {last}"
        if told:
            said += f" {told} of them stand as policy_error: --retry policy_error plays them again."
        for at, answer in enumerate(answers):
            if isinstance(answer, NoReply):
                answers[at] = PolicyUnavailable(said)

    def _body(self, talk: _Talk, text: str, policy_seed: int) -> dict[str, Any]:
        s = self.settings
        if not talk.n_replies:
            talk.messages = list(opening_of(text, shots=s.shots, system=s.system).messages)
            messages = talk.messages
        else:
            messages = [*talk.messages, {"role": "user", "content": text}]
        body: dict[str, Any] = {
            "model": self.model,
            "messages": messages,
            "temperature": s.temperature,
            "top_p": s.top_p,
            s.tokens_field: s.max_new_tokens,
        }
        if s.stop:
            body["stop"] = list(s.stop)
        if s.temperature:
            body["seed"] = derive_seed("reply", policy_seed, talk.n_replies, bits=31)
        return body

    def _take(self, key: Hashable, answer: Completion | Exception) -> Any:
        if not isinstance(answer, Completion):
            return answer
        talk = self._talks[key]
        if talk.n_replies:
            talk.messages.append({"role": "user", "content": talk.asked})
        talk.messages.append({"role": "assistant", "content": answer.text})
        talk.n_replies += 1
        talk.prompt_tokens += answer.prompt_tokens
        talk.completion_tokens += answer.completion_tokens
        return answer.text

    def take_usage(self, key: Hashable) -> dict[str, int]:
        """Tokens that the server counted for an episode since this was last asked."""
        talk = self._talks.get(key, _Talk())
        used = {"prompt_tokens": talk.prompt_tokens, "completion_tokens": talk.completion_tokens}
        talk.prompt_tokens = talk.completion_tokens = 0
        return used

    def end(self, key: Hashable) -> None:
        """Forget an episode."""
        self._talks.pop(key, None)

    def interrupt(self) -> None:
        """Cut the requests under way: `act_batch` returns what has been answered."""
        self._client.stop()

    def go_on(self) -> None:
        """The end of an interrupt."""
        self._client.go_on()

    def close(self) -> None:
        """Cut the requests under way, and let the threads go."""
        if self._pool is not None:
            self._client.stop()
            self._pool.shutdown(cancel_futures=True)
            self._pool = None
        self._client.go_on()


def _result(future: Future[Completion]) -> Completion | Exception:
    try:
        return future.result()
    except (ContextFull, PolicyError) as err:
        return err
