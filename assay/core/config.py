"""Options: frozen dataclasses, checked once where they enter.

A field is the single source of an option: its name is the keyword, the query key, the TOML key and
the flag; the comment beside it is its help text.
"""

import inspect
import io
import json
import tokenize
import types
import typing
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from typing import Any, Literal, TypeVar, cast

from assay.core.errors import OptionError, bad_value, unknown_option
from assay.core.types import SPLITS, Split

C = TypeVar("C")


@dataclass(frozen=True, kw_only=True)
class TaskConfig:
    """Options that every environment has."""

    render_mode: str | None = None  # what render() returns: one of the environment's render_modes
    reward_free: bool | Literal["task", "verdict"] = False  # build it without task and verifier
    max_steps: int = 100  # time limit in steps, >= 1
    split: Split = "train"  # where problems come from: train, eval or test
    on_error: Literal["retry", "mask", "raise"] = "retry"  # when a verifier cannot decide

    def __post_init__(self) -> None:
        if self.max_steps < 1:
            raise bad_value("max_steps", self.max_steps, "an integer of at least 1")
        if self.split not in SPLITS:
            raise bad_value("split", self.split, "one of 'train', 'eval', 'test'")


def build_config(kind: type[C], options: Mapping[str, Any], owner: str) -> C:
    """`kind(**options)`, with every name and type checked first.

    Lists become tuples, ints become floats where a float is wanted; nothing else is converted.

    Raises:
        UnknownOption: a name that `kind` does not have.
        OptionError: a value of the wrong type or outside its range, or a required one left out.
    """
    hints = option_types(kind)
    values: dict[str, Any] = {}
    value: Any
    for name, value in options.items():
        if name not in hints:
            raise unknown_option(owner, name, hints)
        if isinstance(value, list):
            value = tuple(cast("list[Any]", value))
        if not _fits(value, hints[name]):
            raise bad_value(name, value, f"a value of type {type_name(hints[name])}")
        values[name] = float(value) if hints[name] is float and type(value) is int else value
    for name in required_options(kind):
        if name not in values:
            raise OptionError(f"{owner} needs the option '{name}': {option_help(kind)[name]}.")
    return kind(**values)


@lru_cache(maxsize=512)
def required_options(kind: type) -> tuple[str, ...]:
    """Names of the options without a default."""
    return tuple(
        f.name
        for f in fields(kind)  # pyright: ignore[reportArgumentType]
        if f.default is MISSING and f.default_factory is MISSING
    )


def options_from_text(kind: type, raw: Mapping[str, str], owner: str) -> dict[str, Any]:
    """Option values read from text, as they come in a query or a flag.

    A text option is taken as it is; anything else is read as JSON (`true`, `3`, `[1,2]`), and a
    bare word stays a word.
    """
    hints = option_types(kind)
    values: dict[str, Any] = {}
    for name, text in raw.items():
        if name not in hints:
            raise unknown_option(owner, name, hints)
        values[name] = text if _fits(text, hints[name]) else _from_json(text)
    return values


def _from_json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return {"True": True, "False": False, "None": None}.get(text, text)


def resolved(config: Any) -> dict[str, Any]:
    """Every option with its value, as plain JSON values."""
    out: dict[str, Any] = {}
    for f in fields(config):
        value = getattr(config, f.name)
        out[f.name] = list(cast("tuple[Any, ...]", value)) if isinstance(value, tuple) else value
    return out


@lru_cache(maxsize=512)
def option_types(kind: type) -> dict[str, Any]:
    """Name and annotated type of every option, in the order in which they are declared."""
    hints = typing.get_type_hints(kind)
    return {f.name: hints[f.name] for f in fields(kind)}  # pyright: ignore[reportArgumentType]


def type_name(hint: Any) -> str:
    """A type as a person would write it."""
    if typing.get_origin(hint) is Literal:
        return " | ".join(repr(value) for value in typing.get_args(hint))
    if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union:
        return " | ".join(type_name(part) for part in typing.get_args(hint))
    if hint is type(None):
        return "None"
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")


def _fits(value: Any, hint: Any) -> bool:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin is Literal:
        return any(type(value) is type(option) and value == option for option in args)
    if isinstance(hint, types.UnionType) or origin is typing.Union:
        return any(_fits(value, part) for part in args)
    if hint is float:
        return type(value) in (int, float)
    if hint is int:
        return type(value) is int
    if origin is tuple:
        item = args[0] if args else Any
        return isinstance(value, tuple) and all(
            _fits(part, item) for part in cast("tuple[Any, ...]", value)
        )
    plain = origin or hint
    return isinstance(value, plain) if isinstance(plain, type) else True


@lru_cache(maxsize=512)
def option_help(kind: type) -> dict[str, str]:
    """The comment beside each option's field, through all base classes; empty where there is none.

    Source is read when help is asked for only; without it (a frozen program) the texts are empty.
    """
    out = dict.fromkeys(option_types(kind), "")
    for base in reversed(kind.__mro__):
        if base is not object:
            out.update(_comments(base))
    return out


def _comments(kind: type) -> dict[str, str]:
    try:
        source = inspect.getsource(kind)
    except (OSError, TypeError):
        return {}
    found: dict[str, str] = {}
    line: list[str] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(inspect.cleandoc(source)).readline):
            if token.type == tokenize.COMMENT and len(line) > 1 and line[1] == ":":
                found[line[0]] = token.string.lstrip("# ").rstrip(".")
            if token.type in (tokenize.NEWLINE, tokenize.NL):
                line = []
            elif token.type in (tokenize.NAME, tokenize.OP):
                line.append(token.string)
    except (tokenize.TokenError, IndentationError):
        pass
    names = getattr(kind, "__dataclass_fields__", {})
    return {name: text for name, text in found.items() if name in names}
