"""The settings of an evaluation: keywords of `evaluate` and flags of `assay evaluate`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal, get_args

from assay.core.errors import OptionError, bad_value
from assay.core.types import SPLITS, Split
from assay.evaluation.shard import read_shard

EpisodeStatus = Literal[
    "finished", "policy_error", "timeout", "env_error", "verifier_error", "crashed"
]
STATUSES: tuple[EpisodeStatus, ...] = get_args(EpisodeStatus)
COUNTED: tuple[EpisodeStatus, ...] = ("finished", "policy_error", "timeout")  # the denominator
DEFECTS: tuple[EpisodeStatus, ...] = ("env_error", "verifier_error", "crashed")

Frames = Literal["none", "last", "all"]
PolicyServer = Literal["auto", "on", "off"]

DEFAULT_N = 100
DEFAULT_BATCH = 16  # for policies that answer many episodes at once


@dataclass(frozen=True, kw_only=True)
class EvalConfig:
    """What is measured, on what, and within which limits; checked once, here.

    `n`, `split` and `seed` left out mean what the suite says, and 100, `test` and 0 without one.
    With `until_ci`, `n` is the most that is played.
    """

    policy: str  # a name, module:attribute, hf:PATH, sb3:FILE, endpoint:MODEL@ADDRESS
    envs: tuple[str, ...] = ()  # ids or globs; options follow as a query: 'assay/X-v0?n_shots=3'
    suite: str | None = None  # a named set of environments, or a TOML file with one
    n: int | Literal["all"] | None = None  # episodes an environment, or all of a finite split
    split: Split | None = None  # problems of train, eval or test
    seed: int | None = None  # the same seed meets the same episodes, whatever the policy
    until_ci: float | None = None  # stop an environment once its 95 % interval is so narrow (width)
    samples: int = 1  # tries at each episode, each with its own policy seed
    out: str | None = None  # the file that keeps every episode; given again, the run resumes
    shard: str | None = None  # only this part of the plan, such as 3/16, into its own file
    backend: str | None = None  # where episodes run: process or inline (default: process if it can)
    workers: int | None = None  # processes (default: one a core, one if the policy answers many)
    policy_server: PolicyServer = "auto"  # one process holds the policy and answers all workers
    memory_mib: int | None = None  # above it a worker is replaced (default: a share of the machine)
    unit: int | None = None  # episodes sent to a worker at a time (default: a second's worth)
    batch: int | None = None  # episodes side by side where the policy answers many (default 16)
    new_run: bool = False  # start another run in a file that holds one
    retry: tuple[EpisodeStatus, ...] = ()  # run rows with these statuses again
    time_limit_s: float | None = None  # wall-clock seconds an episode may take, then `timeout`
    step_limit: int | None = None  # steps an episode may take before it is cut and judged
    token_limit: int | None = None  # completion tokens before an episode is cut and judged
    frames: Frames = "none"  # pictures kept of an episode: none, the last, or all

    def __post_init__(self) -> None:
        if not self.envs and self.suite is None:
            raise OptionError("Nothing to evaluate on: name environments (envs=) or a suite.")
        if self.envs and self.suite is not None:
            raise OptionError("envs and suite were both given: choose one of them.")
        if self.n is not None and self.n != "all":
            _at_least("n", self.n, 1, " or 'all'")
        if self.split is not None and self.split not in SPLITS:
            raise bad_value("split", self.split, "one of 'train', 'eval', 'test'")
        if self.seed is not None:
            _at_least("seed", self.seed, 0)
        _at_least("samples", self.samples, 1)
        for name in ("workers", "batch", "step_limit", "token_limit", "memory_mib", "unit"):
            if getattr(self, name) is not None:
                _at_least(name, getattr(self, name), 1)
        if self.shard is not None:
            read_shard(self.shard)
        width: Any = self.until_ci
        if width is not None and not (isinstance(width, int | float) and 0 < width < 1):
            raise bad_value(
                "until_ci", width, "a width of the interval between 0 and 1, such as 0.1"
            )
        if self.until_ci is not None and self.shard is not None:
            raise OptionError(
                "until_ci and shard were both given: a shard cannot see the interval of the whole; "
                "choose one of them."
            )
        limit: Any = self.time_limit_s
        if limit is not None and not (isinstance(limit, int | float) and 0 < limit < math.inf):
            raise bad_value("time_limit_s", limit, "a positive number of seconds")
        if self.policy_server not in get_args(PolicyServer):
            raise bad_value("policy_server", self.policy_server, "'auto', 'on' or 'off'")
        if self.frames not in get_args(Frames):
            raise bad_value("frames", self.frames, "'none', 'last' or 'all'")
        for status in self.retry:
            if status not in STATUSES:
                raise bad_value("retry", status, f"one of {', '.join(STATUSES)}")


def _at_least(name: str, value: Any, least: int, more: str = "") -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise bad_value(name, value, f"an integer of at least {least}{more}")
