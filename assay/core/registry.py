"""Cards and policies by name, over Gymnasium's own registry.

The tables hold strings only, so that registering loads nothing. Policies and agents are found here
by name, so that evaluation imports no agent.
"""

from __future__ import annotations

import fnmatch
import importlib
from collections.abc import Iterable, Mapping
from types import ModuleType
from typing import Any, cast
from urllib.parse import parse_qsl

import gymnasium
from gymnasium.envs.registration import registry as gym_registry

from assay.core.config import TaskConfig, options_from_text, required_options
from assay.core.errors import (
    AssayError,
    OptionError,
    UnknownName,
    bad_value,
    missing_extra,
    nearest,
)
from assay.core.types import EnvCard

_cards: dict[str, EnvCard] = {}
_by_entry: dict[str, list[EnvCard]] = {}
_policies: dict[str, str] = {}


def register(card: EnvCard, *, replace: bool = False) -> EnvCard:
    """Make an id exist, here and in Gymnasium.

    Args:
        card: what is known of it.
        replace: whether an id that exists may be given another card.

    Raises:
        OptionError: the id exists with another card, or is no id.
    """
    known = _cards.get(card.id)
    if known == card:
        return card
    if known is not None and not replace:
        raise OptionError(
            f"'{card.id}' is registered already, for {known.entry_point}: "
            "raise the version in the id, or pass replace=True."
        )
    if "/" not in card.id or "-v" not in card.id:
        raise bad_value("id", card.id, "namespace/PascalCase-vN, such as 'my/Maze-v0'")
    if known is not None:
        _by_entry[known.entry_point].remove(known)
    gym_registry.pop(card.id, None)
    gymnasium.register(  # pyright: ignore[reportUnknownMemberType]
        id=card.id,
        entry_point=card.entry_point,
        kwargs=dict(card.kwargs),
        nondeterministic=card.nondeterministic,
        vector_entry_point=card.vector_entry_point or None,
    )
    _cards[card.id] = card
    _by_entry.setdefault(card.entry_point, []).append(card)
    return card


def unregister(env_id: str) -> None:
    """Make an id cease to exist, here and in Gymnasium (for tests and notebooks)."""
    known = _cards.pop(card(env_id).id)
    _by_entry[known.entry_point].remove(known)
    gym_registry.pop(known.id, None)


def card(env_id: str) -> EnvCard:
    """The card of an id.

    Raises:
        UnknownName: no such id; the nearest one is named.
    """
    name = env_id.split(":", 1)[1] if env_id.startswith("assay:") else env_id
    if name not in _cards:
        if name in gym_registry:
            raise UnknownName(
                f"'{env_id}' is registered with Gymnasium alone and has no verdict: register a "
                "card whose entry point is a function that returns assay.wrap(…) around it."
            )
        raise UnknownName(
            f"No environment '{env_id}'.{nearest(name, _cards)} `assay list` shows every id."
        )
    return _cards[name]


def ids(*, family: str | None = None) -> list[str]:
    """Every registered id, sorted; of one family if asked."""
    return sorted(i for i, c in _cards.items() if family is None or c.family == family)


def families() -> list[str]:
    """The families there are."""
    return sorted({c.family for c in _cards.values()})


def matching(pattern: str) -> list[str]:
    """Ids that match a glob such as `assay/*Letter*`; an exact id matches itself.

    Raises:
        UnknownName: nothing matches.
    """
    if not any(sign in pattern for sign in "*?["):
        return [card(pattern).id]
    found = fnmatch.filter(ids(), pattern)
    if not found:
        raise UnknownName(f"No environment matches '{pattern}'. `assay list` shows every id.")
    return found


def card_of(kind: type, options: Mapping[str, Any]) -> EnvCard | None:
    """The card of `kind(**options)`: the one with the most kwargs that the options contain."""
    candidates: list[EnvCard] = []
    for base in kind.__mro__:
        candidates = _by_entry.get(f"{base.__module__}:{base.__qualname__}", [])
        if candidates:
            break
    fitting = [
        c for c in candidates if all(options.get(k, _ABSENT) == v for k, v in c.kwargs.items())
    ]
    return max(fitting, key=lambda c: len(c.kwargs), default=None)


_ABSENT = object()


def load(target: str, *, what: str = "") -> Any:
    """The object that `"module:name"` names.

    Raises:
        UnknownName: no such module or attribute, said with what it was wanted for.
        AssayError: whatever the module itself refuses, such as a missing extra.
    """
    module_name, _, attribute = target.partition(":")
    purpose = f" for {what}" if what else ""
    if not module_name or not attribute:
        raise bad_value("target", target, f"'module:name'{purpose}")
    try:
        module = importlib.import_module(module_name)
    except AssayError:
        raise
    except ModuleNotFoundError as err:
        if err.name and (module_name == err.name or module_name.startswith(f"{err.name}.")):
            raise UnknownName(
                f"No module '{module_name}'{purpose}: install its package, or put its folder on "
                "PYTHONPATH."
            ) from err
        raise
    value: Any = module
    for part in attribute.split("."):
        if not hasattr(value, part):
            raise UnknownName(
                f"Module '{module_name}' has no '{attribute}'{purpose}."
                f"{nearest(attribute, dir(module))}"
            )
        value = getattr(value, part)
    return value


def require(module: str, *, extra: str, what: str) -> ModuleType:
    """An optional library, or the sentence that says which extra brings it.

    Raises:
        MissingExtra: the library is not installed.
    """
    try:
        return importlib.import_module(module)
    except ImportError as err:
        raise missing_extra(what, extra) from err


def parse_env(text: str) -> tuple[str, dict[str, Any]]:
    """An id and its options from `'assay/GSM8K-v0?path=data&n_shots=4'`.

    Values are read by the type of the option they are for.

    Raises:
        UnknownName, UnknownOption, OptionError: as `card` and `options_from_text` say.
    """
    env_id, _, query = text.partition("?")
    found = card(env_id)
    plain = query.replace("+", "%2B")  # forms write a space so; here a plus is a plus
    try:
        raw = dict(parse_qsl(plain, keep_blank_values=True, strict_parsing=bool(query)))
    except ValueError:
        raise OptionError(
            f"'?{query}' is no list of options: expected name=value pairs with & between."
        ) from None
    if not raw:
        return found.id, {}
    kind = load(found.entry_point, what=found.id)
    config = getattr(kind, "Config", TaskConfig)
    return found.id, options_from_text(config, raw, found.id)


def missing_options(env_id: str, options: Mapping[str, Any]) -> list[str]:
    """Names of the options that an id needs, and that neither its card nor `options` give."""
    found = card(env_id)
    kind = getattr(load(found.entry_point, what=found.id), "Config", TaskConfig)
    return [name for name in required_options(kind) if name not in {**found.kwargs, **options}]


def make(env_id: str, **options: Any) -> gymnasium.Env[Any, Any]:
    """`gymnasium.make` without its passive checker, for loops that are ours."""
    found = card(env_id)
    load(found.entry_point, what=found.id)  # Gymnasium's own words for what is missing are fewer
    return gymnasium.make(found.id, disable_env_checker=True, **options)


def register_policies(table: Mapping[str, str]) -> None:
    """Add policies by name; a name that ends in `:` takes an argument (`hf:PATH`)."""
    _policies.update(table)


def policy_names() -> Iterable[str]:
    """Every registered policy name."""
    return sorted(_policies)


def policy_target(spec: str) -> tuple[str, str]:
    """`("module:name", argument)` for a policy as a user writes it.

    `random` and other names stand for themselves, `hf:PATH` hands `PATH` over, and
    `module:attribute` is anybody's own.

    Raises:
        UnknownName: neither a name nor `module:attribute`.
    """
    if spec in _policies:
        return _policies[spec], ""
    scheme, colon, argument = spec.partition(":")
    if colon and f"{scheme}:" in _policies:
        return _policies[f"{scheme}:"], argument
    if colon and argument:
        return spec, ""
    raise UnknownName(
        f"No policy '{spec}'.{nearest(spec, _policies)} Expected one of "
        f"{', '.join(policy_names())}, or module:attribute."
    )


def env_kind(found: EnvCard) -> type[gymnasium.Env[Any, Any]]:
    """The class behind a card."""
    return cast("type[gymnasium.Env[Any, Any]]", load(found.entry_point, what=found.id))
