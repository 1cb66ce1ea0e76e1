"""Under which keys a record holds its response, its reference and the rest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, cast

from assay.core.errors import AssayError, DataError, OptionError
from assay.core.problems import is_whole
from assay.core.registry import make, parse_env
from assay.core.types import SPLITS

# Tried in this order where the user names none; the first record decides.
COMMON: Mapping[str, tuple[str, ...]] = {
    "response": ("response", "completion", "output"),
    "reference": ("reference", "answer", "gold", "target"),
    "question": ("question", "prompt", "problem"),
    "params": ("params",),
    "id": ("id",),
    "env": ("env", "env_id"),
    "split": ("split",),
    "index": ("index", "problem_id"),
    "seed": ("seed",),
}
_BY_VERIFIER = ("reference", "question", "params")
_BY_ENV = ("env", "split", "index", "seed")
_ABSENT = object()


@dataclass(frozen=True, kw_only=True)
class Fields:
    """Keys of a record; a dotted one (`reward_model.ground_truth`) reaches into objects.

    None: the common names are tried.
    """

    response: str | None = None  # what the policy said, or the list of its actions
    reference: str | None = None  # the gold answer
    question: str | None = None  # what was asked
    params: str | None = None  # an object with what else the verifier needs
    id: str | None = None  # the id that the verdict carries (without one: the line number)
    task: str | None = None  # what names the task, where several lines are samples of one
    env: str | None = None  # the environment of a line
    split: str | None = None  # the split of its problem
    index: str | None = None  # the index of its problem, or `split/index`
    seed: str | None = None  # the seed of its episode (default 0)


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Settled keys, and what stands for a line that does not say.

    Attributes:
        by_env: each line is judged by an environment, not by one verifier for all.
        env, split: of lines without their own.
    """

    keys: Fields
    by_env: bool
    env: str | None = None
    split: str | None = None

    def of(self, record: Mapping[str, Any], name: str, default: Any = None) -> Any:
        """What a record holds under the key of this name."""
        key = getattr(self.keys, name)
        return default if key is None else look_up(record, key, default)

    def identity(self, record: Mapping[str, Any], number: int) -> Any:
        """The id of a record: its own, or its line number."""
        return self.of(record, "id", number)


def look_up(record: Mapping[str, Any], key: str, default: Any = None) -> Any:
    """The value of a key, or of a dotted path where there is no such key."""
    if key in record:
        return record[key]
    value: Any = record
    for part in key.split("."):
        if not isinstance(value, Mapping) or part not in value:
            return default
        value = cast("Mapping[str, Any]", value)[part]
    return value


def settle(
    wanted: Fields, record: Mapping[str, Any], where: str, *, by_env: bool, env: str | None,
    split: str | None,
) -> Layout:  # fmt: skip
    """The layout of a file, from its first record.

    Raises:
        DataError: the record has none of the names that are needed.
        OptionError: a field was named that the other way of judging uses.
    """
    for name in _BY_VERIFIER if by_env else _BY_ENV:
        if getattr(wanted, name) is not None:
            other = "without --verifier" if not by_env else "with --verifier"
            raise OptionError(f"The field {flag_of(name)} is used {other} only: drop it.")
    found: dict[str, str | None] = {}
    unused = _BY_VERIFIER if by_env else _BY_ENV
    for f in fields(Fields):
        named = getattr(wanted, f.name)
        if named is None and f.name not in unused:
            names = COMMON.get(f.name, ())
            named = next((n for n in names if look_up(record, n, _ABSENT) is not _ABSENT), None)
        found[f.name] = named
    layout = Layout(keys=Fields(**found), by_env=by_env, env=env, split=split)
    needed = ["response"]
    if by_env:
        needed += [*(["env"] if env is None else []), "index"]
    for name in needed:
        if found[name] is None:
            raise DataError(
                f"{where} has none of the keys {', '.join(COMMON[name])} (its keys: "
                f"{_names(record)}): name the field of the {name}{_how(name)}."
            )
    return layout


def _how(name: str) -> str:
    if name == "env":
        return ", give one environment for all lines (--env), or name a verifier (--verifier)"
    return f" ({flag_of(name)})"


def flag_of(name: str) -> str:
    """What a field is called on the command line, where `--env` is an environment."""
    return f"--{name}-key" if name in _BY_ENV else f"--{name}"


def _names(record: Mapping[str, Any]) -> str:
    return ", ".join(map(repr, record)) or "none"


class Checker:
    """Says what is wrong with a record, before anything is judged."""

    def __init__(self, layout: Layout, *, keep: bool) -> None:
        self.layout, self.keep = layout, keep
        self._known: dict[str, str] = {}  # environments that were looked at, with their trouble

    def trouble(self, record: Mapping[str, Any]) -> str:
        """What is wrong, or empty."""
        layout = self.layout
        needed = ["response", "reference", "params", "id", "task"]
        for name in needed:
            key = getattr(layout.keys, name)
            if key is not None and look_up(record, key, _ABSENT) is _ABSENT:
                return f"has no key '{key}' (its keys: {_names(record)})"
        params = layout.of(record, "params")
        if params is not None and not isinstance(params, Mapping):
            return f"has params that are no object: '{layout.keys.params}'"
        if self.keep and "verdict" in record:
            return "has a key 'verdict' already, which --keep would overwrite: rename that key"
        return self._env_trouble(record) if layout.by_env else ""

    def _env_trouble(self, record: Mapping[str, Any]) -> str:
        env = self.layout.of(record, "env", self.layout.env)
        if not isinstance(env, str):
            return "names no environment: add the key, or give one for all lines (--env)"
        if env not in self._known:
            self._known[env] = _made_wrongly(env)
        if self._known[env]:
            return f"cannot be judged: {self._known[env]}"
        try:
            place_of(self.layout, record)
        except DataError as err:
            return str(err)
        return ""


def _made_wrongly(env: str) -> str:
    try:
        env_id, options = parse_env(env)
        make(env_id, **options).close()
    except (AssayError, ValueError) as err:
        return str(err)
    return ""


def place_of(layout: Layout, record: Mapping[str, Any]) -> tuple[str, int, int]:
    """Split, index and seed of the problem that a record answers.

    Raises:
        DataError: it does not say, or says it wrongly; the message goes on after the line's name.
    """
    index, split = layout.of(record, "index"), layout.of(record, "split", layout.split)
    if isinstance(index, str):  # as `info["problem_id"]` has it
        before, slash, digits = index.rpartition("/")
        if slash:
            split = before
        index = int(digits) if digits.isascii() and digits.isdigit() else None
    if not is_whole(index):
        return _refuse("index", layout.of(record, "index"), "a whole number, or 'split/index'")
    if split is None:
        raise DataError("does not say its split: add the key, or give one for all (--split)")
    if split not in SPLITS:
        return _refuse("split", split, f"one of {', '.join(SPLITS)}")
    seed = layout.of(record, "seed", 0)
    if not is_whole(seed):
        return _refuse("seed", seed, "a whole number")
    return split, cast("int", index), seed


def _refuse(name: str, value: object, expected: str) -> Any:
    raise DataError(f"has {name}={value!r:.60}: expected {expected}")


def said(value: Any) -> Any:
    """The text of a conversation's last message; anything else as it is."""
    if isinstance(value, list):
        messages = cast("list[Any]", value)
        if messages and all(
            isinstance(m, Mapping) and {"role", "content"} <= m.keys() for m in messages
        ):
            return cast("Mapping[str, Any]", messages[-1])["content"]
        return messages
    return value
