"""Which language a text is in, by langdetect (an extra), with a fixed seed and order."""

from __future__ import annotations

import os
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

from assay.core.errors import TaskError, missing_extra, shorten
from assay.verifiers.characters import too_big

LETTERS = 20  # fewer say nothing
PROBABILITY = 0.9
_PIECE = 10_000  # the detector reads no more at once
_LONGEST = 100_000  # about half a second


def require_detector() -> None:
    """Check that the detector is installed.

    Raises:
        MissingExtra: it is not.
    """
    if find_spec("langdetect") is None:
        raise missing_extra("The constraint 'language'", "text")


def checked_code(code: object) -> str:
    """A code that the detector knows, such as `en` or `zh`.

    Raises:
        MissingExtra: there is no detector.
        TaskError: it knows no such language.
    """
    require_detector()
    known = cast("list[str]", _factory().get_lang_list())
    if not isinstance(code, str) or not any(_is_of(name, code) for name in known):
        raise TaskError(f"code={shorten(code)} is no language that can be told: {sorted(known)}.")
    return code


def spoken(text: str, code: str) -> bool | None:
    """Whether every part of a text is in a language; None where that cannot be told.

    Raises:
        Refused: the text is too long.
    """
    if len(text) > _LONGEST:
        raise too_big(f"The language of up to {_LONGEST} characters is judged.")
    if sum(map(str.isalpha, text)) < LETTERS:
        return None
    if text.isupper():
        text = text.lower()  # the detector knows words in capitals as abbreviations only
    held: bool | None = True
    for start in range(0, len(text), _PIECE):
        piece = text[start : start + _PIECE]
        if start and sum(map(str.isalpha, piece)) < LETTERS:
            continue
        found = probabilities(piece)
        if found is None or max(found.values(), default=0.0) < PROBABILITY:
            held = None
        elif sum(p for name, p in found.items() if _is_of(name, code)) < PROBABILITY:
            return False
    return held


def probabilities(text: str) -> dict[str, float] | None:
    """Languages that a text may be in, the likeliest first; None where it has no features."""
    detector: Any = _factory().create()
    detector.append(text[:_PIECE])
    try:
        return {found.lang: found.prob for found in detector.get_probabilities()}
    except Exception as error:
        if type(error).__name__ == "LangDetectException":
            return None
        raise


def _is_of(name: str, code: str) -> bool:
    return name == code or name.startswith(f"{code}-")


@lru_cache(maxsize=1)
def _factory() -> Any:
    """The library's profiles, read once. Its own loader follows the order of the folder."""
    from langdetect import detector_factory  # pyright: ignore

    factory: Any = detector_factory.DetectorFactory()
    folder = Path(detector_factory.PROFILES_DIRECTORY)
    names = sorted(name for name in os.listdir(folder) if not name.startswith("."))
    factory.load_json_profile([(folder / name).read_text("utf-8") for name in names])
    factory.set_seed(0)
    return factory
