"""A leaderboard: a file of JSON lines, a row a run with all that is needed to measure it again."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from assay.core.errors import AssayError, DataError, OptionError, StoreError, UnknownName
from assay.core.registry import policy_target
from assay.evaluation.locking import DriverLock
from assay.evaluation.runs import OpenRun
from assay.evaluation.suites import load_suite
from assay.report.files import written_whole

_OWN_FLAGS = ("temperature", "max_new_tokens", "concurrency")  # of policies, in `assay evaluate`


def leaderboard_row(run: OpenRun) -> dict[str, Any]:
    """One run as plain values.

    Raises:
        OptionError: it is not complete: a part of a run would be ranked beside whole ones.
        StoreError: its settings are damaged.
    """
    results, identity, settings = run.results, run.info.identity, run.info.settings
    if settings.get("shard") is not None:
        raise OptionError(
            f"{run.label} is shard {settings['shard']} of a run: name the other shards too."
        )
    if not results.complete:
        done, planned = sum(r.done for r in results), sum(r.planned for r in results)
        raise OptionError(
            f"{run.label} has {done} of {planned} planned episodes: finish it before it enters a "
            "leaderboard (the same `assay evaluate` again continues it)."
        )
    lacking = [name for name in ("envs", "suite", "n", "machine") if name not in settings]
    if lacking:
        raise StoreError(
            f"{run.name} does not say how it was made ({', '.join(lacking)} missing in its "
            "settings): copy the file again, or measure anew."
        )
    policy = identity["policy"]
    return {
        "suite": _suite(run),
        "policy": policy["id"],
        "policy_settings": policy["settings"],
        "policy_describe": policy["describe"],
        "deterministic": policy["deterministic"],
        "results": [row.to_dict() for row in results],
        "split": identity["split"],
        "seed": identity["seed"],
        "samples": identity["samples"],
        "until_ci": identity.get("until_ci"),
        "limits": identity["limits"],
        "findings": results.findings,
        "digest": results.digest,
        "fingerprint": run.info.fingerprint,
        "versions": identity["versions"],
        "revision": identity["revision"],
        "machine": settings["machine"],
        "created": run.info.created,
        "command": command(run),
    }


def _suite(run: OpenRun) -> dict[str, Any] | None:
    """Name and version, and whether it was run as its file says (None where that is not known)."""
    identity, settings = run.info.identity, run.info.settings
    named = identity["suite"]
    if named is None:
        return None
    as_published: bool | None = None
    try:
        suite = load_suite(settings["suite"])
    except AssayError:
        suite = None
    if suite is not None and suite.version == named["version"]:
        limits = any(value is not None for value in identity["limits"].values())
        as_published = (settings["n"], identity["split"], identity["seed"]) == (
            suite.n, suite.split, suite.seed,
        ) and not limits and "until_ci" not in identity  # fmt: skip
    return {**named, "as_published": as_published}


def command(run: OpenRun) -> str | None:
    """The command that measures the same again; None for a policy that has no name there."""
    identity, settings = run.info.identity, run.info.settings
    policy = identity["policy"]
    try:
        policy_target(policy["id"])
    except UnknownName:
        return None
    words = ["assay", "evaluate", policy["id"]]
    if settings["suite"] is not None:
        words += ["--suite", settings["suite"]]
    else:
        words += ["--envs", *settings["envs"]]
    words += ["-n", str(settings["n"]), "--split", identity["split"]]
    words += ["--seed", str(identity["seed"]), "--samples", str(identity["samples"])]
    for name in ("until_ci", "time_limit_s", "step_limit", "token_limit"):
        if settings.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(settings[name])]
    return shlex.join([*words, *_policy_words(policy["settings"])])


def _policy_words(settings: Mapping[str, Any]) -> list[str]:
    words: list[str] = []
    for name, value in settings.items():
        text = value if isinstance(value, str) else json.dumps(value)
        if name in _OWN_FLAGS:
            words += [f"--{name.replace('_', '-')}", text]
        else:
            words += ["--policy-arg", f"{name}={text}"]
    return words


def add_row(path: Path, row: Mapping[str, Any]) -> bool:
    """Append a row to a leaderboard; False where the same run with the same outcome is in it.

    Raises:
        DataError: the file holds something else. OptionError: it cannot be written.
        StoreError: another program writes it at this moment.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with DriverLock(path):
        lines = _lines(path)
        for number, line in enumerate(lines, 1):
            known = _read(path, number, line)
            if all(known[name] == row[name] for name in ("fingerprint", "digest")):
                return False
        with written_whole(path) as part:
            part.write_text("\n".join([*lines, json.dumps(row)]) + "\n", encoding="utf-8")
    return True


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as err:
        raise DataError(f"The leaderboard '{path}' cannot be read ({err}).") from err


def _read(path: Path, number: int, line: str) -> Mapping[str, Any]:
    try:
        row = json.loads(line)
        if isinstance(row, dict) and {"fingerprint", "digest"} <= row.keys():
            return row
    except ValueError:
        pass
    raise DataError(
        f"'{path}' is no leaderboard: line {number} is no JSON object with a fingerprint and a "
        "digest; give another file."
    )
