"""Pictures of an episode: which environments have one, and its bytes."""

from __future__ import annotations

import inspect
import io
from typing import Any

import gymnasium
import numpy as np

from assay.core.registry import card, load

PICTURE_MODE = "rgb_array"


def has_picture(env_id: str) -> bool:
    """Whether an environment can be made with a picture, by its metadata.

    A function that makes an environment has no metadata; it says so by taking `render_mode`.
    """
    made_by: Any = load(card(env_id).entry_point, what=env_id)
    metadata: Any = getattr(made_by, "metadata", None)
    if metadata is not None:
        return PICTURE_MODE in metadata.get("render_modes", ())
    return "render_mode" in inspect.signature(made_by).parameters


def png_of(env: gymnasium.Env[Any, Any]) -> bytes | None:
    """What `env` shows now, as a PNG; None where it was not made with a picture.

    Encoded at once, since the frames of a long episode would not fit in memory as they come.
    """
    if env.render_mode != PICTURE_MODE:
        return None
    from PIL import Image

    out = io.BytesIO()
    Image.fromarray(np.asarray(env.render(), dtype=np.uint8)).save(out, format="png")
    return out.getvalue()
