"""Verifiers by name: of the catalogue, of this package, or `module:attribute` of anybody's."""

from __future__ import annotations

import inspect
import json
import typing
from collections.abc import Mapping
from dataclasses import is_dataclass
from importlib import import_module
from typing import Any, cast

from assay.core.config import build_config, option_types, options_from_text
from assay.core.errors import AssayError, OptionError, UnknownName, nearest, shorten
from assay.core.registry import load
from assay.core.types import Verifier
from assay.verifiers.catalogue import VERIFIERS
from assay.verifiers.functions import FunctionVerifier


def verifier_names() -> list[str]:
    """The names of the catalogue."""
    return sorted(VERIFIERS)


def load_verifier(spec: str, settings: Mapping[str, Any] | None = None) -> Verifier:
    """The verifier that a user names, made with these settings.

    Args:
        spec: a name of the catalogue (`math`), a class of this package (`MathVerifier`), or
            `module:attribute`: a verifier, a class or function that makes one, or a plain
            function `f(outcome, task) -> bool`.
        settings: keyword arguments; any of them may still be text (`"0.01"`, `"[1,2]"`), and a
            dict stands for a settings object (`extraction={"mode": "boxed"}`).

    Raises:
        UnknownName: no such name, module or attribute.
        UnknownOption, OptionError: a setting that it does not take, or no verifier.
    """
    values = dict(settings or {})
    found = load(_target(spec), what=f"the verifier '{spec}'")
    if isinstance(found, type):
        return _checked(_make(cast("type[Any]", found), spec, values), spec)
    if callable(getattr(found, "verify", None)):
        if values:
            raise OptionError(
                f"The verifier '{spec}' is made already and takes no settings: "
                f"drop {', '.join(sorted(values))}."
            )
        return _checked(found, spec)
    if not callable(found):
        raise OptionError(
            f"'{spec}' is {shorten(found)}, which is no verifier: expected one, a class or "
            "function that makes one, or a function of (outcome, task)."
        )
    if not values and _decides(found):
        return FunctionVerifier(cast("Any", found))
    return _checked(_make(found, spec, values), spec)


def _target(spec: str) -> str:
    if spec in VERIFIERS:
        return VERIFIERS[spec].path
    if ":" in spec:
        return spec
    package: Any = import_module("assay.verifiers")
    classes = [name for name in package.__all__ if name.endswith(("Verifier", "Text"))]
    if spec in classes:
        return f"assay.verifiers:{spec}"
    raise UnknownName(
        f"No verifier '{spec}'.{nearest(spec, [*VERIFIERS, *classes])} Expected one of "
        f"{', '.join(verifier_names())}, or module:attribute."
    )


def _decides(function: Any) -> bool:
    """Whether a function takes an outcome and a task, and so is a verifier but for its form."""
    try:
        inspect.signature(function).bind(None, None)
    except (TypeError, ValueError):
        return False
    return True


def _make(kind: Any, spec: str, values: dict[str, Any]) -> Any:
    """`kind(**values)`, its failures as one sentence."""
    owner = f"The verifier '{spec}'"
    try:
        if isinstance(kind, type) and is_dataclass(kind):
            try:
                option_types(kind)
            except NameError:  # annotations that only its own module can read
                return cast("Any", kind)(**_plain(values))
            return cast("Any", build_config(kind, _typed(kind, values, owner), owner))
        return cast("Any", kind)(**_plain(values))
    except AssayError:
        raise
    except Exception as err:
        raise OptionError(f"{owner} could not be made: {type(err).__name__}: {err}") from err


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Text as JSON where it is JSON: `3`, `true`, `[1,2]`."""
    out: dict[str, Any] = {}
    for name, value in values.items():
        try:
            out[name] = json.loads(value) if isinstance(value, str) else value
        except ValueError:
            out[name] = value
    return out


def _typed(kind: type, values: Mapping[str, Any], owner: str) -> dict[str, Any]:
    """Settings of a dataclass, read by the types of its fields."""
    text = {name: value for name, value in values.items() if isinstance(value, str)}
    found: dict[str, Any] = {**values, **options_from_text(kind, text, owner)}
    hints = option_types(kind)
    for name, value in found.items():
        if isinstance(value, dict) and name in hints:
            made_of = _settings_type(hints[name])
            if made_of is not None:
                found[name] = build_config(made_of, cast("dict[str, Any]", value), name)
        elif isinstance(value, list):
            found[name] = tuple(cast("list[Any]", value))
    return found


def _settings_type(hint: Any) -> type | None:
    """The dataclass that a field holds, or may hold."""
    for part in (hint, *typing.get_args(hint)):
        if isinstance(part, type) and is_dataclass(part):
            return part
    return None


def _checked(value: Any, spec: str) -> Verifier:
    if isinstance(value, type) or not callable(getattr(value, "verify", None)):
        raise OptionError(
            f"'{spec}' gives {shorten(value)}, which is no verifier: it needs a method "
            "verify(outcome, task)."
        )
    return value


def verifier_label(verifier: Any) -> str:
    """`name@version`, or the name of its type."""
    name = getattr(verifier, "name", None) or type(verifier).__name__
    version = getattr(verifier, "version", None)
    return f"{name}@{version}" if version is not None else str(name)
