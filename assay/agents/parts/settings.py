"""Settings of a policy, from Python values or from the text of a command line."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from assay.core.config import build_config, options_from_text
from assay.core.errors import PolicyError
from assay.core.spaces import Unicode

C = TypeVar("C")


def read_settings(kind: type[C], values: Mapping[str, Any], owner: str) -> C:
    """A checked `kind` from values of which any may still be text (`"0.7"`, `"[1,2]"`).

    Raises:
        UnknownOption, OptionError: a name or value that `kind` does not take.
    """
    text = {name: value for name, value in values.items() if isinstance(value, str)}
    return build_config(kind, {**values, **options_from_text(kind, text, owner)}, owner)


def need_text_action(action_space: Any, owner: str) -> None:
    """Refuse an environment that is not played in text.

    Raises:
        PolicyError: its actions are not text.
    """
    if not isinstance(action_space, Unicode) and type(action_space).__name__ != "Text":
        raise PolicyError(
            f"{owner} writes text, and this environment takes {action_space}: choose an "
            "environment whose actions are text (`assay list` shows the action of each)."
        )


def need_text(observation: Any, owner: str) -> str:
    """The observation itself if it is text.

    Raises:
        PolicyError: it is not.
    """
    if not isinstance(observation, str):
        raise PolicyError(
            f"{owner} reads text, and this observation is a {type(observation).__name__}: choose "
            'an environment with text observations, or its option observation="text" if it has it.'
        )
    return observation
