"""The plan: every episode that will be counted, fixed before anything runs.

Seeds are derived from names, so that no two splits, environments or episodes share one, and every
policy meets the same episodes. Keys are made when asked for: a plan of a million is no list.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, cast
from urllib.parse import urlencode

import numpy as np
from numpy.typing import NDArray

from assay.core.config import resolved
from assay.core.encoding import digest, seed_series
from assay.core.errors import AssayError, OptionError, bad_value, shorten
from assay.core.problems import check_split, visiting_order
from assay.core.registry import card, make, matching, missing_options, parse_env
from assay.evaluation.shard import Shard, shares

_log = logging.getLogger("assay")

RESERVED = {
    "split": "the split of an evaluation is its own setting (--split)",
    "reward_free": "without a task there is no verdict to count",
    "render_mode": "pictures are asked for by --frames",
}

EnvOptions = tuple[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class EpisodeKey:
    """Names one episode of a plan; equal by its first six fields, from which the rest follows.

    Attributes:
        index: the problem of `split` that is asked.
        env_seed, policy_seed: 63-bit seeds of the environment and of the policy.
    """

    env_id: str
    env_digest: str
    policy_id: str
    split: str
    episode: int
    sample: int
    index: int = field(default=0, compare=False)
    env_seed: int = field(default=0, compare=False)
    policy_seed: int = field(default=0, compare=False)


@dataclass(frozen=True)
class PlannedEnv:
    """One environment of a plan, and how many of its episodes are played.

    Attributes:
        options: as the user gave them. digest: of all options, defaults included.
        size: problems in the split; None where there is no end.
        shared_instances: the card's word that intervals are taken over distinct worlds.
    """

    env_id: str
    options: Mapping[str, Any]
    digest: str
    split: str
    seed: int
    n: int
    size: int | None
    shared_instances: bool

    @property
    def label(self) -> str:
        """The id, with its options as a query where there are any."""
        return env_label(self.env_id, self.options)

    @cached_property
    def _order(self) -> NDArray[np.int64] | None:
        if self.size is None or self.shared_instances:
            return None
        return visiting_order(self.size, self.seed, self.split, self.env_id)

    def _seeds(self, name: str, more: int = 1) -> Callable[..., int]:
        return seed_series(self.seed, name, self.split, self.env_id, more=more)

    @cached_property
    def _endless_index(self) -> Callable[..., int]:
        return self._seeds("index")

    @cached_property
    def _env_seed(self) -> Callable[..., int]:
        return self._seeds("env")

    @cached_property
    def _policy_seed(self) -> Callable[..., int]:
        return self._seeds("policy", more=2)

    def index(self, episode: int) -> int:
        """The problem of an episode: from a seeded permutation, or a derived number."""
        if self._order is not None:
            return int(self._order[episode])
        index = self._endless_index(episode)
        return index if self.size is None else index % self.size

    def key(self, policy_id: str, episode: int, sample: int) -> EpisodeKey:
        """The key of one episode, with its seeds."""
        return EpisodeKey(
            self.env_id,
            self.digest,
            policy_id,
            self.split,
            episode,
            sample,
            self.index(episode),
            self._env_seed(episode),
            self._policy_seed(episode, sample),
        )


@dataclass(frozen=True)
class Plan:
    """All episodes of a run: environments in order, episodes in order, samples in order.

    Attributes:
        shard: the part that this run does; None for all of it.
    """

    envs: tuple[PlannedEnv, ...]
    policy_id: str
    samples: int
    shard: Shard | None = None

    @property
    def shares(self) -> list[range]:
        """The episodes of each environment that this run does."""
        return shares([env.n for env in self.envs], self.shard)

    @property
    def n_episodes(self) -> int:
        """How many rows the run will have."""
        return sum(map(len, self.shares)) * self.samples

    def keys(self) -> Iterator[EpisodeKey]:
        """Every key once."""
        for env, episodes in zip(self.envs, self.shares, strict=True):
            for episode in episodes:
                for sample in range(self.samples):
                    yield env.key(self.policy_id, episode, sample)


def env_label(env_id: str, options: Mapping[str, Any]) -> str:
    """`id?name=value&…` as `parse_env` reads it."""
    return f"{env_id}?{urlencode(options, safe='/+:,')}" if options else env_id


def resolve_envs(envs: Iterable[str | EnvOptions]) -> list[EnvOptions]:
    """Ids with their options from ids, globs and queries, or (id, options) pairs; no doubles.

    Raises:
        UnknownName, UnknownOption, OptionError: an id or an option that is not there, or one that
            is not for a query.
    """
    found: list[EnvOptions] = []
    entries: Any = [envs] if isinstance(envs, str) else envs
    for entry in entries:
        if isinstance(entry, str):
            pattern, mark, query = entry.partition("?")
            _refuse_reserved(part.partition("=")[0] for part in query.split("&"))
            pairs = [parse_env(f"{env_id}{mark}{query}") for env_id in matching(pattern)]
            if any(sign in pattern for sign in "*?["):
                pairs = _ready(pattern, pairs)
        elif isinstance(entry, tuple):
            env_id, options = cast("EnvOptions", entry)
            pairs = [(card(env_id).id, dict(options))]
        else:
            raise OptionError(
                f"{shorten(entry)} is no id: environments are evaluated by id, so that they can be "
                "made anew. For one of your own, register a card whose entry point is a function "
                "that returns it (assay.wrap(…) gives it a verdict)."
            )
        for pair in pairs:
            _refuse_reserved(pair[1])
            if pair not in found:
                found.append(pair)
    return found


def _ready(pattern: str, pairs: list[EnvOptions]) -> list[EnvOptions]:
    """Of what a glob matched, the environments that can be made with the options given."""
    lacking = {
        env_id: names for env_id, given in pairs if (names := missing_options(env_id, given))
    }
    for env_id, names in lacking.items():
        _log.warning("%s is left out: it needs the option '%s'.", env_id, names[0])
    ready = [pair for pair in pairs if pair[0] not in lacking]
    if not ready:
        env_id, names = next(iter(lacking.items()))
        raise OptionError(f"'{pattern}' matches {env_id}, which needs the option '{names[0]}'.")
    return ready


def _refuse_reserved(names: Iterable[str]) -> None:
    for name in names:
        if name in RESERVED:
            raise OptionError(
                f"'{name}' is not an option to evaluate with: {RESERVED[name]}: drop it."
            )


def make_plan(
    envs: Sequence[EnvOptions],
    policy_id: str,
    *,
    n: int | Literal["all"],
    split: str,
    seed: int,
    samples: int,
    cap: bool = False,
) -> Plan:
    """The plan for these environments; each is made once, to learn its options and its size.

    Args:
        cap: where a finite split holds fewer than `n` problems, take all of them.

    Raises:
        OptionError: more episodes than a finite split holds, or all of an endless one.
    """
    planned: dict[tuple[str, str], PlannedEnv] = {}
    for env_id, options in envs:
        found = card(env_id)
        check_split(split, found.splits)
        options_digest, size = probe(env_id, options, split)
        env = PlannedEnv(
            env_id=env_id,
            options=options,
            digest=options_digest,
            split=split,
            seed=seed,
            n=_count(env_label(env_id, options), n, split, size, found.shared_instances, cap),
            size=size,
            shared_instances=found.shared_instances,
        )
        planned.setdefault((env_id, options_digest), env)
    return Plan(tuple(planned.values()), policy_id, samples)


def probe(env_id: str, options: Mapping[str, Any], split: str) -> tuple[str, int | None]:
    """Digest of the resolved options, and the size of the split."""
    try:
        env = make(env_id, **options)
    except AssayError:
        raise
    except Exception as err:
        raise OptionError(
            f"{env_label(env_id, options)} could not be made: {type(err).__name__}: {err}"
        ) from err
    try:
        config: Any = None
        if env.has_wrapper_attr("config"):
            config = env.get_wrapper_attr("config")
        values = resolved(config) if hasattr(config, "__dataclass_fields__") else dict(options)
        size: int | None = None
        if env.has_wrapper_attr("n_problems"):
            size = env.get_wrapper_attr("n_problems")(split)
    finally:
        env.close()
    for name in RESERVED:
        values.pop(name, None)
    return digest(values), size


def _count(
    label: str, n: int | Literal["all"], split: str, size: int | None, shared: bool, cap: bool
) -> int:
    if size == 0:
        raise OptionError(f"{label}: the split '{split}' holds no problem: choose another split.")
    if size is None or shared:
        if n == "all":
            raise OptionError(
                f"{label} has no end, so 'all' of it cannot be taken: give a number of episodes."
            )
        return n
    if n == "all" or (cap and n > size):
        return size
    if n > size:
        raise bad_value(
            f"{label}: n", n, f"at most {size}, which is all that the split '{split}' holds"
        )
    return n
