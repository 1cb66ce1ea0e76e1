"""Stored episodes played again without their policy, and compared step by step.

Recorded actions go into the environment, reset with the recorded seed and problem; whatever comes
back is compared in its stored form, so that equal means equal to the last bit.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, NoReturn, cast

from assay.core.errors import DataError, VerifierError
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
_UNSTORED = '{"$repr":'  # cannot stand in a JSON string, where quotes are escaped
_JUDGED = ("finished", "verifier_error")  # statuses that say what a verifier did
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
        """Whether nothing came back of it: no step, and no observation."""
        return not self.steps and self.payload["final_observation"] is None


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
        steps, verdict = payload["steps"], payload["verdict"]
        actions = tuple(from_json(step["action"], fetch) for step in steps)
        missing = [name for step in steps for name in _STEP if name not in step]
        if missing or not (verdict is None or {"passed", "status", "code"} <= set(verdict)):
            raise ValueError(f"its {missing[0] if missing else 'verdict'} is not whole")
    except (KeyError, TypeError, ValueError, AttributeError) as err:
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
        row = self.stored.row
        verdict, raised = self._judge(ended, info)
        if raised:
            self._outcome("verifier_error", False, "verifier.raised")
            return
        self._verdict(verdict)
        if verdict is not None:
            status = "verifier_error" if verdict.is_error else "finished"
            self._outcome(status, verdict.passed, verdict.code)
        elif row["cut"]:
            self._outcome("finished", False, row["cut"])
        elif row["status"] == "finished":
            self._differ("end", "an end that was judged", "no end after the last step")

    def _judge(self, ended: bool, info: Mapping[str, Any]) -> tuple[Verdict | None, bool]:
        """The verdict, and whether asking for it raised: as `Player` asks."""
        cut = self.stored.row["cut"]
        if ended and "verdict" in info:
            self._compare("cut", cut, "")
            return info["verdict"], False
        if not (ended or cut) or cut == "limit.time" or not self.env.has_wrapper_attr("judge_now"):
            return None, False
        try:
            return self.env.get_wrapper_attr("judge_now")(), False
        except VerifierError:
            return None, True
        except Exception as err:
            self._differ("verdict", "a verdict", _raised(err))

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
        row = self.stored.row
        if row["status"] in _JUDGED:
            self._compare("status", row["status"], status)
            self._compare("passed", bool(row["passed"]), passed)
            self._compare("reason", row["reason"], reason_of(code))
        elif row["passed"]:
            self._differ("passed", "true", f"false, with status {row['status']}")

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
