"""Whether a stored row agrees with its own payload and with the limits of its run.

A replay shows what an environment and its verifier do; this is the rest: what each status is
written with, and columns that are derived from the payload.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.types import DECIDED
from assay.evaluation.record import payload_digest, reason_of
from assay.evaluation.replay import Difference, StoredEpisode

_NEEDS_ERROR = ("policy_error", "env_error", "crashed")
_CRASHED: Mapping[str, Any] = {  # what the driver writes when the workers are gone
    "reason": "worker.lost", "cut": "", "world": "", "difficulty": None, "n_steps": 0,
    "prompt_tokens": 0, "completion_tokens": 0,
}  # fmt: skip
# Reasons of an episode of which nothing came back: its environment did not begin, or it hung.
_BARE_REASONS = {"crashed": "worker.lost", "env_error": "env.raised", "timeout": "limit.time"}


def inconsistency(stored: StoredEpisode, limits: Mapping[str, Any]) -> Difference | None:
    """Where a row does not agree with its payload; `now` is what the payload gives.

    Args:
        limits: of the run: `time_s`, `steps`, `tokens`; None for none.
    """
    return (
        _status_wrong(stored)
        or _cut_wrong(stored, limits)
        or _derived_wrong(stored)
    )  # fmt: skip


def first_wrong(row: Mapping[str, Any], wanted: Mapping[str, Any]) -> Difference | None:
    """The first column that is not as it should be."""
    for name, value in wanted.items():
        if row[name] != value:
            return Difference(name, repr(row[name]), repr(value))
    return None


def _status_wrong(stored: StoredEpisode) -> Difference | None:
    """A status that does not go with what is stored beside it."""
    status, verdict = stored.row["status"], stored.verdict
    if status == "crashed":
        if not stored.bare or verdict is not None or stored.payload.get("frames"):
            return Difference("status", status, "an episode that came back")
        if wrong := first_wrong(stored.row, _CRASHED):
            return wrong
    if verdict is not None:
        decided = verdict["status"] in DECIDED
        fits = ("finished", "policy_error") if decided else ("verifier_error",)
        if status not in fits:
            return Difference("status", status, f"a verdict: {verdict['status']}")
    error = stored.payload.get("error")
    needed = status in _NEEDS_ERROR or (status == "verifier_error" and verdict is None)
    if not error and (needed or (status == "timeout" and stored.bare)):
        return Difference("status", status, "no error stored with it")
    if error and status == "finished":
        return Difference("status", status, "an error stored with it")
    if stored.bare:
        return first_wrong(stored.row, {"reason": _BARE_REASONS[status]})
    return None


def _cut_wrong(stored: StoredEpisode, limits: Mapping[str, Any]) -> Difference | None:
    """A limit that ended it, and that its run did not have or that it had not reached."""
    row = stored.row
    cut, steps, tokens = row["cut"], limits.get("steps"), limits.get("tokens")
    reached = {
        "": True,
        "limit.context": True,  # the policy's own word
        "limit.time": limits.get("time_s") is not None,
        "limit.tokens": tokens is not None and row["completion_tokens"] >= tokens,
        "limit.outside": len(stored.steps) == steps
        or bool(stored.steps and stored.steps[-1]["truncated"]),
    }
    if not reached.get(cut, False):
        return Difference("cut", repr(cut), "no such limit was reached")
    if (row["status"] == "timeout") is not (cut == "limit.time"):
        return Difference("cut", repr(cut), f"an episode with status {row['status']}")
    if steps is not None and len(stored.steps) > steps:
        return Difference("n_steps", repr(row["n_steps"]), f"at most {steps}")
    return None


def _derived_wrong(stored: StoredEpisode) -> Difference | None:
    """A column that says something else than the payload."""
    row, verdict, steps = stored.row, stored.verdict, stored.steps
    total = 0.0
    for step in steps:
        total += as_float(step["reward"])
    judged = verdict is not None and bool(verdict["passed"])
    passed = row["status"] == "finished" and judged
    wanted: dict[str, Any] = {"n_steps": len(steps), "passed": int(passed)}
    if total == total:  # SQLite has no NaN: it is stored as nothing
        wanted["return"] = total
    wrong = first_wrong(row, wanted)
    if wrong is not None:
        return wrong
    code = row["reason"]
    if verdict is not None and reason_of(verdict["code"]) == code:
        code = verdict["code"]  # the column may hold less of it
    digest = payload_digest(stored.payload, row["status"], bool(row["passed"]), code, total)
    return first_wrong(row, {"payload_digest": digest})


def as_float(value: Any) -> float:
    """A stored number: JSON's own, or an object that stands for one that JSON lacks."""
    return float(value["$float"] if isinstance(value, dict) else value)  # pyright: ignore[reportUnknownArgumentType]
