"""Named suites: environments, counts and a seed that stay fixed within a version.

A suite is a TOML file: `name`, `version`, `summary`, `n` (a number or "all"), `split`, `seed`,
`envs` (ids with queries, as on the command line), and `cap = true` where a finite split that holds
fewer than `n` problems is taken whole.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assay.core.config import build_config
from assay.core.errors import AssayError, DataError, MissingFile, UnknownName, bad_value, nearest
from assay.core.types import SPLITS, Split

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, kw_only=True)
class Suite:
    """A fixed set of environments; the version rises whenever a result could change."""

    name: str  # how it is asked for
    version: int  # rises when a result could change
    envs: tuple[str, ...]  # ids with queries
    summary: str = ""  # one line for a list
    n: int | Literal["all"] = 100  # episodes an environment
    cap: bool = False  # all of a finite split that holds fewer than n
    split: Split = "test"  # problems of train, eval or test
    seed: int = 0  # of the plan

    def __post_init__(self) -> None:
        if not self.envs:
            raise bad_value("envs", self.envs, "at least one environment")
        if self.split not in SPLITS:
            raise bad_value("split", self.split, "one of 'train', 'eval', 'test'")


def suite_names() -> list[str]:
    """The suites that come with assay, sorted."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def load_suite(name: str) -> Suite:
    """A suite by its name, or from a path that ends in `.toml`.

    Raises:
        UnknownName: no suite of that name. MissingFile: no such file.
        DataError: a file that is not TOML, or no suite.
    """
    path = Path(name) if name.endswith(".toml") else _FOLDER / f"{name}.toml"
    if not name.endswith(".toml") and name not in suite_names():
        raise UnknownName(
            f"No suite '{name}'.{nearest(name, suite_names())} Expected one of "
            f"{', '.join(suite_names())}, or a file that ends in .toml."
        )
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as err:
        raise MissingFile(f"No suite file '{path}': check the path.") from err
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise DataError(f"The suite file '{path}' is not valid TOML: {err}.") from err
    try:
        return build_config(Suite, values, f"the suite '{name}'")
    except AssayError as err:
        raise DataError(f"The suite file '{path}' is not a suite: {err}") from err
