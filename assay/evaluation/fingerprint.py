"""What a run was made with, and whether another would be the same.

The fingerprint covers all that may change a result: policy, environments, counts, seeds, limits,
versions and source revision. Where it ran (backend, workers, batch, machine) is kept beside it.
"""

from __future__ import annotations

import platform
import subprocess
import sys
from collections.abc import Mapping
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, cast

from assay.core.encoding import digest
from assay.core.errors import shorten

DECIDING = ("numpy", "gymnasium", "sympy", "math-verify")  # versions that a verdict can depend on
BESIDE = ("scipy", "torch", "transformers", "stable-baselines3", "mujoco", "pillow")
_ROOT = Path(__file__).resolve().parents[2]
_ABSENT = "absent"
_SHOWN = 6  # differences named in a message


def versions() -> dict[str, str]:
    """Python, assay and the packages that a verdict can depend on."""
    own: Any = sys.modules["assay"]
    found = {"python": platform.python_version(), "assay": str(own.__version__)}
    return found | {name: _version(name) for name in DECIDING}


def machine() -> dict[str, str]:
    """Where it ran: kept in the run's row, no part of the fingerprint."""
    found = {"platform": platform.platform(), "machine": platform.machine()}
    return found | {name: _version(name) for name in BESIDE}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return _ABSENT


@lru_cache(maxsize=1)
def source_revision() -> str | None:
    """The commit of assay's own checkout when it was first asked; None for an installed package."""
    if not (_ROOT / ".git").exists():
        return None
    try:
        found = subprocess.run(
            ["git", "-C", str(_ROOT), "rev-parse", "HEAD"],
            capture_output=True, text=True, timeout=10, check=True,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def fingerprint(identity: Mapping[str, Any]) -> str:
    """The digest by which two runs are the same."""
    return digest(identity)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> str:
    """Where two identities differ, as `name: old -> new`, a few of them, in one line."""
    before, after = _flat(old), _flat(new)
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    parts = [f"{n}: {_word(before, n)} -> {_word(after, n)}" for n in sorted(names)[:_SHOWN]]
    if len(names) > _SHOWN:
        parts.append(f"and {len(names) - _SHOWN} more")
    return ", ".join(parts)


def _word(values: Mapping[str, Any], name: str) -> str:
    return shorten(values[name], 60) if name in values else _ABSENT


def _flat(value: Any, prefix: str = "") -> dict[str, Any]:
    parts: Any
    if isinstance(value, Mapping) and value:
        parts = cast("Mapping[Any, Any]", value).items()
    elif isinstance(value, list | tuple) and value:
        parts = enumerate(cast("list[Any]", value))
    else:
        return {prefix: value} if prefix else {}
    out: dict[str, Any] = {}
    for name, item in parts:
        out.update(_flat(item, f"{prefix}.{name}" if prefix else str(name)))
    return out
