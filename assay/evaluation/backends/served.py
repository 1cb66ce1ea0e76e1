"""One policy for all workers: what a worker has in its place, and the process that holds it.

A worker asks with a question, `(notes, observations, infos, keys)`, where the notes say which
episodes began, what they were offered and which ended since the last question. The driver carries
questions and replies, and gives the server all that wait at once, which become one batch.
"""

from __future__ import annotations

import logging
import os
import pickle
from collections.abc import Callable, Mapping, Sequence
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

from assay.core.errors import PolicyError, PolicyUnavailable
from assay.core.types import Policy
from assay.evaluation.backends.wire import make_policy, unpack_job
from assay.evaluation.episode import ContextFull
from assay.wrappers.processes import end_copy, portable, print_on_stderr

_log = logging.getLogger("assay")
HOOKS = ("begin", "end", "offer", "take_usage")


class Note(NamedTuple):
    """Something that a policy is told: `begin`, `offer` or `end` of an episode."""

    what: str
    key: Any
    more: tuple[Any, ...] = ()


class ServedPolicy:
    """Stands in a worker for the policy that another process holds; asked in batches only.

    An exception of `begin` or `offer` comes with the first action of its episode, one of `end` is
    lost: they travel with the next question.

    Args:
        ask: from a question to its reply, in bytes.
        hooks: which of `HOOKS` the policy has.
    """

    def __init__(self, ask: Callable[[bytes], bytes], hooks: frozenset[str]) -> None:
        self._ask = ask
        self._notes: list[Note] = []
        self._begun: Any = None
        self._usage: dict[Any, Mapping[str, int]] = {}
        self.offer = self._offer if "offer" in hooks else None
        self.take_usage = self._take_usage if "take_usage" in hooks else None

    def begin(self, key: Any) -> None:
        """Note that an episode starts."""
        self._begun = key
        self._notes.append(Note("begin", key))

    def _offer(self, action_space: Any, choices: Any = None) -> None:
        self._notes.append(Note("offer", self._begun, (action_space, choices)))

    def end(self, key: Any) -> None:
        """Note that it is over."""
        self._usage.pop(key, None)
        self._notes.append(Note("end", key))

    def _take_usage(self, key: Any) -> Mapping[str, int]:
        return self._usage.pop(key, {})

    def act_batch(
        self, observations: Sequence[Any], infos: Sequence[Mapping[str, Any]], keys: Sequence[Any]
    ) -> list[Any]:
        """What the server replies; an exception in the place of an action is its episode's own."""
        question = pickle.dumps((self._notes, observations, infos, keys))
        self._notes = []
        actions: list[Any] = []
        for key, (action, usage) in zip(keys, pickle.loads(self._ask(question)), strict=True):
            self._usage[key] = usage
            actions.append(action)
        return actions


class Desk:
    """The server's side: one policy, and questions of many workers."""

    def __init__(self, policy: Policy) -> None:
        self._act_batch: Any = getattr(policy, "act_batch", None)
        self._hooks: dict[str, Any] = {name: getattr(policy, name, None) for name in HOOKS}
        self._failed: dict[Any, Exception] = {}  # by begin or offer, until the first action

    @property
    def hooks(self) -> frozenset[str]:
        """Those that the policy has."""
        return frozenset(name for name, hook in self._hooks.items() if hook is not None)

    def answer(self, questions: Sequence[bytes], forgotten: Sequence[Any]) -> list[bytes]:
        """A reply for each question, from one call of the policy where that works.

        Args:
            forgotten: keys of episodes whose worker is gone.
        """
        for key in forgotten:
            self._tell(Note("end", key))
        asked: list[tuple[Any, Any, Any]] = []
        sizes: list[int] = []
        for question in questions:
            notes, observations, infos, keys = pickle.loads(question)
            for note in notes:
                self._tell(note)
            asked += zip(observations, infos, keys, strict=True)
            sizes.append(len(keys))
        answers = iter(self._answers(asked))
        return [_pack([next(answers) for _ in range(size)]) for size in sizes]

    def _tell(self, note: Note) -> None:
        hook = self._hooks[note.what]
        try:
            if note.what == "offer":
                hook(*note.more)
            elif hook is not None:
                hook(note.key)
        except BaseException as err:
            if note.what == "end":
                _log.warning("end() of the policy raised %s: %s", type(err).__name__, err)
            else:
                self._failed.setdefault(note.key, _as_error(err))
        if note.what == "end":
            self._failed.pop(note.key, None)

    def _answers(self, asked: Sequence[tuple[Any, Any, Any]]) -> list[tuple[Any, Any]]:
        well = [one for one in asked if one[2] not in self._failed]
        actions = iter(self._actions(well))
        take_usage = self._hooks["take_usage"]
        found: list[tuple[Any, Any]] = []
        for _, _, key in asked:
            action = self._failed[key] if key in self._failed else next(actions)
            usage: Any = {}
            if take_usage is not None:
                try:
                    usage = dict(take_usage(key) or {})
                except BaseException as err:
                    action = _as_error(err)
            found.append((action, usage))
        return found

    def _actions(self, asked: Sequence[tuple[Any, Any, Any]]) -> list[Any]:
        """An action for each; where the call fails, each alone, to see whose doing it was."""
        if not asked:
            return []
        observations, infos, keys = (list(part) for part in zip(*asked, strict=True))
        try:
            actions = list(self._act_batch(observations, infos, keys))
            if len(actions) == len(asked):
                return actions
            raise PolicyError(
                f"act_batch gave {len(actions)} actions for {len(asked)} observations."
            )
        except BaseException as err:
            error = _as_error(err)
        if isinstance(error, PolicyUnavailable) or len(asked) == 1:
            return [error] * len(asked)
        found: list[Any] = []
        for one in asked:
            (action,) = self._actions([one])
            if isinstance(action, PolicyUnavailable):  # nor would it answer the rest
                return found + [action] * (len(asked) - len(found))
            found.append(action)
        return found


def _as_error(err: BaseException) -> Exception:
    """What was raised, in a form that travels and is not taken for an answer."""
    if isinstance(err, Exception) and not isinstance(err, ContextFull):
        return portable(err)
    return PolicyError(f"The policy raised {type(err).__name__}: {err}")


def _pack(answers: list[tuple[Any, Any]]) -> bytes:
    try:
        return pickle.dumps(answers)
    except Exception:
        return pickle.dumps([(_sendable(action), usage) for action, usage in answers])


def _sendable(action: Any) -> Any:
    try:
        pickle.dumps(action)
    except Exception as err:
        return PolicyError(f"An action of type {type(action).__name__} cannot be sent: {err}")
    return action


def serve_policy(pipe: Connection) -> None:
    """The main function of the process that holds the policy.

    Messages to it: the job, then `(questions, forgotten keys)`, and None to end. Messages from it:
    `("ready", hooks)` or `("failed", exception)`, then lists of replies.
    """
    print_on_stderr()
    home = os.getpid()
    policy: Any = None
    try:
        try:
            policy = make_policy(unpack_job(pickle.loads(pipe.recv_bytes())))
            desk = Desk(policy)
        except Exception as err:
            pipe.send_bytes(pickle.dumps(("failed", portable(err))))
            return
        pipe.send_bytes(pickle.dumps(("ready", desk.hooks)))
        while (message := pickle.loads(pipe.recv_bytes())) is not None:
            replies = desk.answer(*message)
            end_copy(home)
            pipe.send_bytes(pickle.dumps(("replies", replies)))
    except (EOFError, OSError):  # the driver is gone
        pass
    finally:
        close: Any = getattr(policy, "close", None)
        if close is not None:
            close()
