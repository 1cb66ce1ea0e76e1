"""Stored episodes played again without their policy, and compared step by step.

Recorded actions go into the environment, reset with the recorded seed and problem; whatever comes
back is compared in its stored form, so that equal means equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, cast

from assay.core.errors import AssayError, DataError
from assay.core.types import Verdict
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.pool import Env, Traits
from assay.evaluation.record import (
    Unstored,
    as_text,
    from_json,
    json_value,
    read_json,
    reason_of,
    verdict_json,
)
from assay.evaluation.rollout import drawn

_STEP = ("observation", "reward", "terminated", "truncated", "action_status")
BARE_STATUSES = ("crashed", "timeout", "env_error")  # of which perhaps nothing came back
_UNSTORED = '{"$repr":'  # cannot stand in a JSON string, where quotes are escaped
# Why an episode stops in its midst: its status, and the reason that goes with it.
_BROKEN_OFF = {
    "policy_error": "policy.raised",
    "env_error": "env.raised",
    "verifier_error": "verifier.raised",
}
_TOLD_BY_AN_ERROR = ("passed", "status", "code")  # its reason may hold paths and times


class Difference(NamedTuple):
    """The first thing that is not as recorded: where, what was stored, and what came now."""

    where: str
    stored: str
    now: str


class Replayed(NamedTuple):
    """What a replay found.

    Attributes:
        unstored: what had no stored form and so could not be compared (or, an action, be sent).
        complete: whether the recorded end was reached.
    """

    difference: Difference | None = None
    unstored: str = ""
    complete: bool = True


@dataclass(frozen=True)
class StoredEpisode:
    """A row with its payload.

    Attributes:
        row: column -> value. payload: plain JSON values. actions: as they were sent.
    """

    key: EpisodeKey
    row: Mapping[str, Any]
    payload: Mapping[str, Any]
    actions: tuple[Any, ...]

    @property
    def steps(self) -> list[Mapping[str, Any]]:
        """The steps as plain JSON values."""
        return self.payload["steps"]

    @property
    def verdict(self) -> Mapping[str, Any] | None:
        """The verdict as plain JSON values."""
        return self.payload["verdict"]

    @property
    def bare(self) -> bool:
        """Whether nothing came back of it that could be replayed: no step, and no observation."""
        empty = not self.steps and self.payload["final_observation"] is None
        return empty and self.row["status"] in BARE_STATUSES


def read_stored(
    key: EpisodeKey, row: Mapping[str, Any], data: bytes, fetch: Callable[[str], bytes]
) -> StoredEpisode:
    """A stored episode, its actions decoded.

    Args:
        fetch: gives the raw bytes of a blob.

    Raises:
        DataError: the payload is not what `to_row` writes.
    """
    payload = read_json(data)
    try:
        actions = tuple(from_json(step["action"], fetch) for step in payload["steps"])
    except AssayError:
        raise
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as err:
        raise DataError(f"A stored episode cannot be read ({type(err).__name__}: {err}).") from err
    return StoredEpisode(key, row, payload, actions)


def replay(env: Env, traits: Traits, stored: StoredEpisode) -> Replayed:
    """Play a stored episode again in `env`, up to the first difference."""
    return _Replay(env, stored).run(traits)


class _Found(Exception):
    """Ends a replay at its first difference."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.where)
        self.difference = difference


class _Replay:
    """One stored episode in one environment."""

    def __init__(self, env: Env, stored: StoredEpisode) -> None:
        self.env, self.stored = env, stored
        self.unstored = ""

    def run(self, traits: Traits) -> Replayed:
        try:
            observation = self._reset(traits)
            ended, info = False, cast("Mapping[str, Any]", {})
            for number, step in enumerate(self.stored.steps, start=1):
                self._compare(f"step {number}, observation", step["observation"], observation)
                action = self.stored.actions[number - 1]
                if _UNSTORED in as_text(step["action"]):
                    what = action.text if isinstance(action, Unstored) else "a part of it"
                    return Replayed(None, f"step {number}, action: {what}", complete=False)
                observation, ended, info = self._step(number, step, action)
            self._compare("last observation", self.stored.payload["final_observation"], observation)
            self._end(ended, info)
        except _Found as found:
            return Replayed(found.difference, self.unstored)
        return Replayed(None, self.unstored)

    def _reset(self, traits: Traits) -> Any:
        key, row = self.stored.key, self.stored.row
        try:
            options = {"split": key.split, "index": key.index}
            observation, _ = self.env.reset(seed=key.env_seed, options=options)
            world, difficulty = drawn(self.env, traits)
        except Exception as err:
            self._differ("reset", "an episode that began", _raised(err))
        self._compare("world", row["world"], world)
        self._compare("difficulty", row["difficulty"], difficulty)
        return observation

    def _step(
        self, number: int, step: Mapping[str, Any], action: Any
    ) -> tuple[Any, bool, Mapping[str, Any]]:
        try:
            observation, reward, terminated, truncated, info = self.env.step(action)
            reward, terminated, truncated = float(reward), bool(terminated), bool(truncated)
        except Exception as err:
            self._differ(f"step {number}", "an action that was taken", _raised(err))
        now = (reward, terminated, truncated, info.get("action_status", "ok"))
        for name, value in zip(_STEP[1:], now, strict=True):
            self._compare(f"step {number}, {name}", step[name], value)
        return observation, terminated or truncated, info

    # ------------------------------------------------------------------ the end

    def _end(self, ended: bool, info: Mapping[str, Any]) -> None:
        """What the last step led to, as `Player` would have written it down."""
        cut = self.stored.row["cut"]
        verdict, raised = self._judge(ended, info)
        self._verdict(verdict)
        if raised:
            self._outcome("verifier_error", False, "verifier.raised")
        elif verdict is not None:
            status = "verifier_error" if verdict.is_error else "finished"
            self._outcome(status, verdict.passed, verdict.code)
        elif cut == "limit.time":
            self._outcome("timeout", False, cut)
        elif cut:
            self._outcome("finished", False, cut)
        elif ended:
            self._outcome("env_error", False, "verdict.missing")
        else:
            self._broken_off()

    def _judge(self, ended: bool, info: Mapping[str, Any]) -> tuple[Verdict | None, bool]:
        """The verdict, and whether asking for it raised: as `Player` asks."""
        cut = self.stored.row["cut"]
        if ended:
            by_itself = "verdict" in info or not self.stored.steps[-1]["truncated"]
            self._compare("cut", cut, "" if by_itself else "limit.outside")
            if "verdict" in info:
                return info["verdict"], False
        if not (ended or cut) or cut == "limit.time" or not self.env.has_wrapper_attr("judge_now"):
            return None, False
        try:
            return self.env.get_wrapper_attr("judge_now")(), False
        except Exception:
            return None, True

    def _verdict(self, now: Verdict | None) -> None:
        then = self.stored.verdict
        if then is None or now is None:
            self._compare("verdict", then, None if now is None else now.to_dict())
            return
        new = verdict_json(now, _NAMES)
        names = [*then, *(name for name in new if name not in then)]
        for name in _TOLD_BY_AN_ERROR if now.is_error else names:
            if name != "cost":
                self._compare(f"verdict, {name}", then.get(name), _Json(new.get(name)))

    def _outcome(self, status: str, passed: bool, code: str) -> None:
        """How an episode that came to its end counts."""
        if status == "finished" and self.stored.row["status"] == "policy_error":
            # a policy may raise when it is told of the end: its doing, which no replay shows
            status, passed, code = "policy_error", False, _BROKEN_OFF["policy_error"]
        self._compare("status", self.stored.row["status"], status)
        self._compare("passed", bool(self.stored.row["passed"]), passed)
        self._compare("reason", self.stored.row["reason"], reason_of(code))

    def _broken_off(self) -> None:
        """No end after the last step: only an exception, which no replay shows, leaves it there."""
        row = self.stored.row
        reason = _BROKEN_OFF.get(row["status"])
        if reason is None:
            what = "an end that was judged" if row["status"] == "finished" else row["status"]
            self._differ("end", what, "no end after the last step")
        self._outcome(row["status"], False, reason)

    # ------------------------------------------------------------------ comparing

    def _compare(self, where: str, stored: Any, now: Any) -> None:
        then = as_text(stored)
        current = as_text(now.value if isinstance(now, _Json) else json_value(now, _NAMES))
        if then == current:
            return
        if _UNSTORED in then:
            self.unstored = self.unstored or where
            return
        raise _Found(Difference(where, then, current))

    def _differ(self, where: str, stored: str, now: str) -> NoReturn:
        raise _Found(Difference(where, stored, now))


class _Json(NamedTuple):
    """A value in its stored form already."""

    value: Any


class _Names(dict[str, bytes]):
    """Blobs of which only the names are wanted: none is kept, so none is compressed."""

    def __contains__(self, key: object) -> bool:
        return True


_NAMES = _Names()


def _raised(err: BaseException) -> str:
    return f"{type(err).__name__}: {err}"
