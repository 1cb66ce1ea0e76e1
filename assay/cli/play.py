"""`assay play ID`: an episode in the terminal, for a person or for a policy that is watched."""

from __future__ import annotations

import json
import secrets
import shlex
import sys
from dataclasses import dataclass
from typing import Annotated, Any

import gymnasium
import numpy as np
import tyro

from assay.cli.describe import cut, indented
from assay.cli.flags import Common, PolicyArg, flag, key_values
from assay.cli.show import note, print_json, say
from assay.core.encoding import derive_seed
from assay.core.errors import AssayError, OptionError, PolicyError, bad_value
from assay.core.registry import make, parse_env
from assay.core.spaces import Unicode
from assay.core.types import Verdict
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.policies import load_policy
from assay.evaluation.rollout import EnvPool, Player


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Play an episode: type an action a line, or name a policy and watch it. End-of-file leaves."""

    env: Annotated[
        tyro.conf.Positional[str], flag("an id, with options as a query: 'ID?n_shots=3'", "ID")
    ]
    seed: Annotated[int | None, flag("the episode's seed (default: a new one)", "N")] = None
    index: Annotated[
        int | None, flag("the problem's number (default: follows from the seed)", "I")
    ] = None
    split: Annotated[
        str | None, flag("problems of train, eval or test (default: train)", "SPLIT")
    ] = None
    policy: Annotated[str | None, flag("watch this policy instead of playing", "POLICY")] = None
    policy_arg: PolicyArg = ()


def run(flags: Flags, words: list[str]) -> int:
    """Play one episode."""
    env_id, options = parse_env(flags.env)
    seed = secrets.randbelow(1 << 31) if flags.seed is None else flags.seed
    if seed < 0:
        raise bad_value("--seed", seed, "an integer of at least 0")
    env = make(env_id, **options)
    try:
        place = {"split": flags.split, "index": flags.index}
        observation, _ = env.reset(
            seed=seed, options={k: v for k, v in place.items() if v is not None} or None
        )
        bare: Any = env.unwrapped
        split, index = getattr(bare, "split", ""), getattr(bare, "index", None)
        episode: dict[str, Any] = {"env": flags.env, "seed": seed, "split": split, "index": index}
        if flags.policy is None:
            episode |= _person(env, observation, flags.json)
        else:
            key = EpisodeKey(
                env_id, "", flags.policy, split, 0, 0,
                index=index or 0, env_seed=seed, policy_seed=derive_seed("play", seed),
            )  # fmt: skip
            episode |= _watch(key, options, flags)
    finally:
        env.close()
    episode["again"] = _again(flags, seed, split, index)
    if flags.json:
        print_json(episode)
    else:
        _print_end(episode)
    return 0


def _again(flags: Flags, seed: int, split: str, index: int | None) -> str:
    words = ["assay", "play", flags.env, "--seed", str(seed)]
    if split:
        words += ["--split", split]
    if index is not None and flags.index is not None:
        words += ["--index", str(index)]
    if flags.policy is not None:
        words += ["--policy", flags.policy]
    for name in flags.imports:
        words += ["--import", name]
    for setting in flags.policy_arg:
        words += ["--policy-arg", setting]
    return shlex.join(words)


# ---------------------------------------------------------------------- a person


def _person(env: gymnasium.Env[Any, Any], observation: Any, quiet: bool) -> dict[str, Any]:
    """Ask for actions until the episode is over or the input is."""
    tell = note if quiet else say
    tell(cut(observation))
    actions: list[Any] = []
    while True:
        if sys.stdin.isatty():
            print("> ", end="", file=sys.stderr, flush=True)
        line = sys.stdin.readline()
        if not line:
            return {"actions": actions, "verdict": None, "ended": False}
        try:
            action = read_action(line.rstrip("\r\n"), env.action_space)
        except OptionError as err:
            note(str(err))
            continue
        observation, _, terminated, truncated, info = env.step(action)
        actions.append(action)
        if terminated or truncated:
            found = info.get("verdict")
            shown = found.to_dict() if isinstance(found, Verdict) else None
            return {"actions": actions, "verdict": shown, "ended": True}
        if info.get("action_status", "ok") not in ("ok", "noop"):
            tell(f"({info['action_status']})")
        tell(cut(observation))


def read_action(line: str, space: Any) -> Any:
    """An action as a person types it: text as it is, anything else as a number or JSON.

    Raises:
        OptionError: it is neither.
    """
    if isinstance(space, Unicode | gymnasium.spaces.Text):
        return line
    text = line.strip()
    if isinstance(space, gymnasium.spaces.Box) and not text.startswith("["):
        text = f"[{','.join(text.replace(',', ' ').split())}]"
    try:
        value = json.loads(text)
    except ValueError as err:
        raise OptionError(f"'{line}' is no action: type one of {space}, as JSON.") from err
    if not isinstance(space, gymnasium.spaces.Box):
        return value
    try:
        return np.asarray(value, dtype=space.dtype).reshape(space.shape)
    except (ValueError, TypeError) as err:
        raise OptionError(f"'{line}' is no action: type one of {space}.") from err


# ---------------------------------------------------------------------- a policy


def _watch(key: EpisodeKey, options: dict[str, Any], flags: Flags) -> dict[str, Any]:
    """A policy's episode, shown when it is over."""
    policy = load_policy(str(flags.policy), **key_values(flags.policy_arg, "--policy-arg"))
    pool = EnvPool({(key.env_id, key.env_digest): options})
    try:
        episode = next(iter(Player(policy, pool).play([key])))
    finally:
        pool.close()
        close: Any = getattr(policy, "close", None)
        if close is not None:
            close()
    if not flags.json:
        for step in episode.steps:
            say(f"{cut(step.observation)}\n")
            say(f"{indented(f'> {cut(step.action)}')}\n")
    if episode.error:
        last = episode.error.strip().splitlines()[-1]
        kind = PolicyError if episode.status == "policy_error" else AssayError
        raise kind(f"{episode.status} after {len(episode.steps)} steps: {last}")
    return {
        "policy": key.policy_id,
        "actions": [step.action for step in episode.steps],
        "verdict": None if episode.verdict is None else episode.verdict.to_dict(),
        "ended": True,
        "cut": episode.cut,
    }


def _print_end(episode: dict[str, Any]) -> None:
    verdict = episode["verdict"]
    if verdict is not None:
        outcome = "PASSED" if verdict["passed"] else "NOT PASSED"
        if verdict["status"] in ("task_error", "verifier_error"):
            outcome = "NO VERDICT"
        say(f"{outcome} ({verdict['code']}): {verdict['reason']}")
    elif episode["ended"]:
        say(f"The episode ended without a verdict. {episode.get('cut', '')}".rstrip())
    else:
        say(f"Left after {len(episode['actions'])} actions: no verdict.")
    say(f"Again: {episode['again']}")
