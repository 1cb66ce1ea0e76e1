"""Which sandbox a run gets: the ways, what each of them guarantees, and which are there.

The strongest way that the machine offers is taken and named in the verdict. A level that is
demanded and cannot be had is an error, never a weaker run.
"""

from __future__ import annotations

import os
import shlex
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from assay.core.errors import bad_value
from assay.core.types import Limits
from assay.verifiers.programs.keepers import KeeperLost, KeeperRefused, Kind, default_python, pool

Way = Literal["runner", "namespaces", "bwrap", "landlock", "plain"]
WAYS: tuple[Way, ...] = ("runner", "namespaces", "bwrap", "landlock", "plain")  # strongest first
LEVELS: dict[str, int] = {"runner": 3, "namespaces": 2, "bwrap": 2, "landlock": 2, "plain": 1}
RUNNER_VARIABLE = "ASSAY_SANDBOX_RUNNER"
PYTHON_VARIABLE = "ASSAY_SANDBOX_PYTHON"
_PROBE = "def probe(n):\n    import colorsys, csv, zlib\n    return n + 1\n"

_REMEDIES: dict[str, str] = {
    "runner": f"set {RUNNER_VARIABLE} to a command with {{boot}} in it; see docs/programs.md",
    "namespaces": (
        "allow user namespaces: sysctl user.max_user_namespaces=10000 (on Ubuntu also "
        "kernel.apparmor_restrict_unprivileged_userns=0; in Docker --security-opt "
        "seccomp=unconfined --security-opt systempaths=unconfined)"
    ),
    "bwrap": "apt install bubblewrap (or your system's package of it)",
    "landlock": "boot a Linux kernel of at least 5.13 with landlock in its lsm= list",
    "plain": f"run on Linux, with an interpreter that this user may start ({PYTHON_VARIABLE})",
}


class NoSandbox(Exception):
    """No way that satisfies the demand is offered by this machine."""


@dataclass(frozen=True, kw_only=True)
class Sandbox:
    """Where submissions run.

    Attributes:
        way: `auto`, the strongest that is there; or that one and no other.
        runner: the command of way `runner`, word by word, with `{boot}` where the code for
            `python -S -c` goes; empty: from the environment variable ASSAY_SANDBOX_RUNNER.
        python: the interpreter that runs submissions; empty: from ASSAY_SANDBOX_PYTHON, else the
            one that runs here.
    """

    way: Literal["auto"] | Way = "auto"
    runner: tuple[str, ...] = ()
    python: str = ""

    def __post_init__(self) -> None:
        """Refuse ways that do not exist, and runners that could not start anything."""
        if self.way not in ("auto", *WAYS):
            raise bad_value("way", self.way, f"'auto' or one of {', '.join(WAYS)}")
        object.__setattr__(self, "runner", tuple(self.runner))
        if self.runner and "{boot}" not in self.runner:
            raise bad_value("runner", self.runner, "words of a command, one of them '{boot}'")

    def kind(self, way: Way, tools: bool) -> Kind:
        """What a keeper for that way is set up for."""
        python = self.python or os.environ.get(PYTHON_VARIABLE, "") or default_python()
        runner = self.runner or tuple(shlex.split(os.environ.get(RUNNER_VARIABLE, "")))
        return Kind(way, tools, python, runner if way == "runner" else ())


class Offer(NamedTuple):
    """Whether a way is there; why not, and what would change that."""

    way: Way
    level: int
    available: bool
    reason: str = ""
    remedy: str = ""


_known: dict[Kind, Offer] = {}


def offer(way: Way, sandbox: Sandbox | None = None, *, tools: bool = False) -> Offer:
    """Whether a way works here; found out by a real run, once a process.

    Raises:
        KeeperLost: that could not be found out.
    """
    kind = (sandbox or Sandbox()).kind(way, tools)
    if kind in _known:
        return _known[kind]
    level = LEVELS[way]
    try:
        trouble = _probe(kind)
    except KeeperRefused as error:
        trouble = str(error)
    if trouble:
        found = Offer(way, level, False, trouble, _remedy(way, trouble))
    else:
        found = Offer(way, level, True)
    return _known.setdefault(kind, found)


def _remedy(way: Way, trouble: str) -> str:
    """What would change that."""
    if way in ("bwrap", "plain") and ("Permission denied" in trouble or "may not" in trouble):
        return f"name an interpreter that every user can read: {PYTHON_VARIABLE}=/usr/bin/python3"
    if way == "bwrap" and ("not permitted" in trouble or "namespace" in trouble):
        return _REMEDIES["namespaces"]
    return _REMEDIES[way]


def _probe(kind: Kind) -> str:
    """What is wrong with a way; empty where a function was run and could import modules."""
    if kind.way == "runner":
        if not kind.runner:
            return "no runner is configured"
        if "{boot}" not in kind.runner:
            return "the runner has no {boot} in it"
    request: dict[str, Any] = {
        "kind": "calls",
        "source": _PROBE,
        "entry": "probe",
        "inputs": ["[1]"],
        "limits": limits_of(Limits(cpu_s=5.0, wall_s=30.0, memory_mb=512)),
    }
    with pool().turn(), pool().lend(kind) as keeper:
        report = keeper.ask(request, 120.0) or {}
    frames = report.get("frames", [])
    if frames == ['{"value":2}']:
        return ""
    if not report.get("ready") and frames:
        return str(frames[0]).removeprefix('{"trouble":"').removesuffix('"}')
    if report.get("passing") or report.get("over", "") not in ("", "setup"):
        raise KeeperLost(f"a first program was not judged: {report.get('broken', 'no time')}")
    told = report.get("broken") or report.get("complaint")
    if told:
        return str(told)
    return "a first program did not run there, or could not import Python's library"


def choose(sandbox: Sandbox, min_level: int, *, tools: bool = False) -> Way:
    """The way for a run.

    Raises:
        NoSandbox: the machine does not offer what is demanded.
        KeeperLost: that could not be found out.
    """
    reasons: list[str] = []
    for way in WAYS if sandbox.way == "auto" else (sandbox.way,):
        if LEVELS[way] < min_level:
            continue
        found = offer(way, sandbox, tools=tools)
        if found.available:
            return way
        reasons.append(f"{way}: {found.reason}")
    known = "; ".join(reasons) or f"way {sandbox.way} is level {LEVELS.get(sandbox.way, 0)}"
    raise NoSandbox(f"A sandbox of level {min_level} cannot be had here ({known}).")


def offers(sandbox: Sandbox | None = None) -> list[Offer]:
    """Every way with what is known of it on this machine, strongest first."""
    return [offer(way, sandbox) for way in WAYS]


def limits_of(limits: Limits) -> dict[str, float]:
    """The limits that a child runs under."""
    return {"cpu_s": limits.cpu_s, "wall_s": limits.wall_s, "memory_mb": limits.memory_mb}
