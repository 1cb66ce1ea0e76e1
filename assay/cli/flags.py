"""Flags from dataclasses: parsing, help pages and errors of one sentence."""

from __future__ import annotations

import contextlib
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Any, TypeVar

import tyro

from assay.cli.verbs import VERBS
from assay.core.errors import AssayError, OptionError, nearest

F = TypeVar("F")

_FRAME, _RULE = "╭╮╰╯│|+ ", "─- "
_CONFIG = (tyro.conf.FlagCreatePairsOff,)


class UsageError(AssayError, ValueError):
    """Words on the command line that cannot be used."""


class HelpShown(Exception):
    """A help page has been printed; there is nothing else to do."""


Json = Annotated[bool, tyro.conf.arg(help="print JSON, one object a line", help_behavior_hint="")]
Import = Annotated[
    tyro.conf.UseAppendAction[tuple[str, ...]],
    tyro.conf.arg(
        name="import",
        metavar="MODULE",
        help="import this first: a module of yours that registers environments",
        help_behavior_hint="(repeatable)",
    ),
]
PolicyArg = Annotated[
    tyro.conf.UseAppendAction[tuple[str, ...]],
    tyro.conf.arg(
        metavar="KEY=VALUE",
        help="a setting of the policy, such as temperature=0.7 or template=plain",
        help_behavior_hint="(repeatable)",
    ),
]


@dataclass(frozen=True, kw_only=True)
class Common:
    """Flags that every verb has."""

    json: Json = False
    imports: Import = ()


def flag(text: str, metavar: str | None = None, *, short: str = "", name: str | None = None) -> Any:
    """What tyro is told of a flag: its help, how its value is called, its short form."""
    return tyro.conf.arg(
        name=name,
        metavar=metavar,
        help=text,
        help_behavior_hint="",
        aliases=[short] if short else None,
    )


def parse(kind: type[F], verb: str, words: Sequence[str]) -> F:
    """The flags of a verb.

    Raises:
        UsageError: they cannot be read; one sentence. HelpShown: help was asked for.
    """
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said):
            return tyro.cli(
                kind,
                prog=f"assay {verb}",
                description=_description(kind, verb),
                args=list(words),
                config=_CONFIG,
            )
    except SystemExit as end:
        if not end.code:
            raise HelpShown from None
        raise UsageError(_sentence(said.getvalue(), kind, verb)) from None
    except AssayError as err:  # a dataclass that checks itself
        raise UsageError(str(err)) from None


def _description(kind: type, verb: str) -> str:
    about = " ".join((kind.__doc__ or "").split("\n\n")[0].split())
    return f"{about}\n\nExample:\n  {VERBS[verb].example}"


def _sentence(box: str, kind: type, verb: str) -> str:
    """The gist of tyro's framed message: what stands between its frame and the next rule."""
    said = ""
    for line in box.splitlines()[1:]:
        inner = line.strip(_FRAME).strip()
        if not inner.strip(_RULE):  # below the title too, where boxes cannot be drawn
            if said:
                break
            continue
        said = f"{said} {inner}".strip()
    more = f"`assay {verb} --help` shows what there is."
    unknown = re.match(r"Unrecognized options: (\S+?)(?:,|$)", said)
    if unknown is None:
        return f"{said.rstrip('.') or 'These words cannot be read'}. {more}"
    word = unknown[1]
    if word.startswith("-"):
        return f"`assay {verb}` has no flag {word}.{nearest(word, flags_of(kind))} {more}"
    return f"`assay {verb}` does not know what to do with '{word}'. {more}"


def flags_of(kind: type) -> list[str]:
    """The long flags of a dataclass."""
    names = {"imports": "import"}
    return [f"--{names.get(f.name, f.name).replace('_', '-')}" for f in fields(kind)]  # pyright: ignore[reportArgumentType]


def key_values(words: Sequence[str], flag_name: str) -> Mapping[str, str]:
    """`{"key": "value"}` from `key=value` words."""
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            raise OptionError(f"{flag_name} {word}: expected key=value, such as temperature=0.7.")
        found[key] = value
    return found
