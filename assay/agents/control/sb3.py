"""Policies that Stable-Baselines3 trained and saved (the `control` extra)."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

from assay.core.errors import MissingFile, PolicyError, bad_value, shorten
from assay.core.registry import require

# The file does not name its algorithm; these attributes of it are found in no other (SB3 2.9).
_MARKS = (
    ("PPO", "clip_range"),
    ("DQN", "exploration_fraction"),
    ("SAC", "target_entropy"),
    ("TD3", "target_policy_noise"),
    ("A2C", "gae_lambda"),
)
ALGORITHMS = ("A2C", "DDPG", "DQN", "PPO", "SAC", "TD3")


class SB3Policy:
    """`sb3:FILE`: a model that `model.save(FILE)` wrote, acting by its likeliest action.

    Such a file holds pickled Python, which runs when it is loaded: open only what you trust.

    Args:
        file: the zip file; `.zip` may be left out.
        algorithm: `auto`, or the name of the algorithm where it cannot be told.
        device: as torch names it.
    """

    deterministic = True

    def __init__(self, file: str, *, algorithm: str = "auto", device: str = "cpu") -> None:
        path = find_file(file)
        library: Any = require("stable_baselines3", extra="control", what=f"sb3:{file}")
        if algorithm != "auto" and algorithm.upper() not in ALGORITHMS:
            raise bad_value("algorithm", algorithm, f"auto or one of {', '.join(ALGORITHMS)}")
        self.algorithm = detect(path) if algorithm == "auto" else algorithm.upper()
        try:
            self.model = getattr(library, self.algorithm).load(path, device=device)
        except Exception as err:  # whatever a foreign file makes the library raise is about it
            said = " ".join(str(err).split())[:200]
            raise PolicyError(
                f"{path} cannot be loaded as {self.algorithm} ({type(err).__name__}: {said}): "
                "name another with --policy-arg algorithm=NAME, or check the version of "
                "stable-baselines3 that wrote it."
            ) from err
        self._file = path

    def describe(self) -> dict[str, Any]:
        """Algorithm and a digest of the file."""
        data = self._file.read_bytes()
        return {"algorithm": self.algorithm, "file": blake2b(data, digest_size=8).hexdigest()}

    def offer(self, action_space: Any, choices: Sequence[Any] | None = None) -> None:
        """Refuse an environment with other actions than the model was trained on."""
        if action_space != self.model.action_space:
            raise PolicyError(
                f"{self._file.name} was trained for actions {self.model.action_space}, and this "
                f"environment takes {action_space}."
            )

    def reset(self, *, seed: int) -> None:
        """Nothing is drawn."""

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """The likeliest action.

        Raises:
            PolicyError: the observation does not fit the model.
        """
        try:
            action, _ = self.model.predict(observation, deterministic=True)
        except (ValueError, TypeError, AssertionError, KeyError, AttributeError) as err:
            raise PolicyError(
                f"{self._file.name} was trained on observations {self.model.observation_space}, "
                f"and cannot read {shorten(observation)} ({err})."
            ) from err
        return action.item() if getattr(action, "shape", None) == () else action


def find_file(file: str) -> Path:
    """The file of that name, with `.zip` or without.

    Raises:
        MissingFile: there is none.
    """
    for path in (Path(file).expanduser(), Path(f"{file}.zip").expanduser()):
        if path.is_file():
            return path
    raise MissingFile(f"No file '{file}': expected what a Stable-Baselines3 model's save() wrote.")


def detect(path: Path) -> str:
    """The algorithm that a file belongs to.

    Raises:
        PolicyError: it is no such file, or of another algorithm.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            data = json.loads(archive.read("data"))
    except (zipfile.BadZipFile, KeyError, ValueError, OSError) as err:
        raise PolicyError(
            f"{path} is no Stable-Baselines3 model ({err}): expected what model.save() wrote."
        ) from err
    for name, mark in _MARKS:
        if mark in data:
            return name
    raise PolicyError(
        f"{path} does not tell its algorithm: add --policy-arg algorithm=NAME with one of "
        f"{', '.join(ALGORITHMS)}."
    )
