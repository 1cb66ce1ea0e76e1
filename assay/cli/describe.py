"""`assay describe ID`: what an environment is, and an episode of it with its solution."""

from __future__ import annotations

import inspect
from dataclasses import MISSING, dataclass, fields
from typing import Annotated, Any

import tyro

from assay.cli.flags import Common, flag
from assay.cli.show import print_json, printable, say, table
from assay.core.config import option_help, option_types, type_name
from assay.core.env import TaskEnv
from assay.core.errors import AssayError, MissingFile, OptionError, shorten
from assay.core.registry import card, env_kind, load, make, parse_env
from assay.core.types import EnvCard

_MOST_ACTIONS = 40  # of the sample episode that are shown
_MOST_CHARS = 4_000  # of an observation that are shown


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """One environment: rules, spaces, options, verifier, and an episode with its solution."""

    env: Annotated[
        tyro.conf.Positional[str], flag("an id, with options as a query: 'ID?n_shots=3'", "ID")
    ]
    seed: Annotated[int, flag("which episode is shown (default: 0)", "N")] = 0


def run(flags: Flags, words: list[str]) -> int:
    """Print the page."""
    page = page_of(*parse_env(flags.env), seed=flags.seed)
    if flags.json:
        print_json(page)
    else:
        _print(page)
    return 0


def page_of(env_id: str, options: dict[str, Any], *, seed: int = 0) -> dict[str, Any]:
    """All that is told of an environment: plain values, but for the first observation."""
    found = card(env_id)
    kind: Any = env_kind(found)
    page: dict[str, Any] = {
        "id": found.id,
        "family": found.family,
        "summary": found.summary,
        "proof": found.proof,
        "extras": list(found.extras),
        "splits": list(found.splits),
        "reward_free": list(found.reward_free_levels),
        "documentation": inspect.cleandoc(kind.__doc__ or ""),
        "options": option_rows(kind, found, options),
    }
    try:
        env: Any = make(env_id, **options).unwrapped
    except (OptionError, MissingFile) as err:
        if options:
            raise
        page["needs"] = str(err)  # the rest of the page helps to find out how to give it
    else:
        try:
            page |= _instance(env)
            page["episode"] = sample_episode(env, seed)
        finally:
            env.close()
    return page


def option_rows(kind: Any, found: EnvCard, given: dict[str, Any]) -> list[dict[str, Any]]:
    """Each option with its type, its value here and its help, the environment's own first."""
    config = getattr(kind, "Config", None)
    if config is None:
        return []
    hints, help_of = option_types(config), option_help(config)
    own = [name for name in hints if name in vars(config).get("__annotations__", {})]
    values = {f.name: f.default for f in fields(config) if f.default is not MISSING}
    values |= {**found.kwargs, **given}
    rows: list[dict[str, Any]] = []
    for name in [*own, *(n for n in hints if n not in own)]:
        row = {"name": name, "type": type_name(hints[name]), "help": help_of[name]}
        rows.append(row | ({"value": values[name]} if name in values else {"required": True}))
    return rows


def _instance(env: Any) -> dict[str, Any]:
    verifier = getattr(env, "verifier", None)
    about = inspect.getdoc(type(verifier)) if verifier is not None else None
    limit = getattr(getattr(env, "config", None), "max_steps", None)
    return {
        "observation": str(env.observation_space),
        "action": str(env.action_space),
        "max_steps": limit,
        "verifier": None if verifier is None else type(verifier).__name__,
        "verifier_about": (about or "").split("\n\n")[0].replace("\n", " "),
    }


def sample_episode(env: Any, seed: int) -> dict[str, Any]:
    """An episode of the split `train` as gold plays it, or why there is none."""
    observation, info = env.reset(seed=seed)
    episode: dict[str, Any] = {
        "seed": seed,
        "problem": info.get("problem_id"),
        "first_observation": observation,
        "actions": [],
        "verdict": None,
    }
    if not isinstance(env, TaskEnv) or not env.card.id:
        return episode
    try:
        gold = load(env.card.function("solution"), what=f"the solution of {env.card.id}")(env)
    except AssayError as err:
        return episode | {"note": str(err)}
    action = next(gold, None)
    while action is not None:
        observation, _, terminated, truncated, info = env.step(action)
        episode["actions"].append(action)
        if terminated or truncated:
            episode["verdict"] = info["verdict"].to_dict()
            break
        try:
            action = gold.send(observation)
        except StopIteration:
            break
    gold.close()
    return episode


def _print(page: dict[str, Any]) -> None:
    say(f"{page['id']} · {page['family']}\n")
    say(page["documentation"] or page["summary"])
    if "needs" in page:
        say(f"\nNo episode can be shown: {page['needs']}")
    else:
        say(f"\nObservation: {page['observation']}\nAction: {page['action']}")
        say(f"Verifier: {page['verifier']}: {page['verifier_about']}")
    say()
    table(
        ("option", "value", "type", "about"),
        [
            (
                row["name"],
                "(required)" if row.get("required") else shorten(row["value"], 40),
                row["type"], row["help"],
            )
            for row in page["options"]
        ],
    )  # fmt: skip
    if "episode" in page:
        _print_episode(page["id"], page["episode"])


def _print_episode(env_id: str, episode: dict[str, Any]) -> None:
    say(f"\nAn episode (seed {episode['seed']}, problem {episode['problem']}):\n")
    say(indented(cut(episode["first_observation"])))
    if "note" in episode:
        say(f"\nNo solution is known: {episode['note']}")
        return
    shown = episode["actions"][:_MOST_ACTIONS]
    say("\nIts solution:\n")
    for action in shown:
        say(indented(cut(action)))
    if len(episode["actions"]) > len(shown):
        say(f"  … and {len(episode['actions']) - len(shown)} actions more")
    verdict = episode["verdict"]
    if verdict is not None:
        outcome = "passed" if verdict["passed"] else verdict["status"]
        say(f"\nVerdict: {outcome} ({verdict['code']}): {verdict['reason']}")


def cut(value: Any) -> str:
    """A value as text of a bearable length."""
    text = value if isinstance(value, str) else repr(value)
    if len(text) <= _MOST_CHARS:
        return printable(text)
    return printable(text[:_MOST_CHARS]) + f"… ({len(text)} characters)"


def indented(text: str) -> str:
    """Text that stands two columns in."""
    return "\n".join(f"  {line}" for line in text.split("\n"))
