"""`evaluate`: from a policy and environments to a table, through a plan and a results file."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, replace
from typing import Any

from assay.core.errors import OptionError, PolicyUnavailable, StoreError, shorten
from assay.core.types import Policy, Split
from assay.evaluation.backends.base import Backend, Job, find_backend
from assay.evaluation.backends.choice import choose_place
from assay.evaluation.config import (
    DEFAULT_N,
    EpisodeStatus,
    EvalConfig,
    Frames,
    PolicyServer,
)
from assay.evaluation.driver import Driver, Interrupts, OnProgress
from assay.evaluation.episode import EpisodeLimits
from assay.evaluation.fingerprint import (
    difference,
    fingerprint,
    machine,
    source_revision,
    versions,
)
from assay.evaluation.pictures import has_picture
from assay.evaluation.plan import (
    EnvOptions,
    Plan,
    env_label,
    make_plan,
    resolve_envs,
)
from assay.evaluation.policies import describe_policy, load_policy, policy_id
from assay.evaluation.results import Results, summarise
from assay.evaluation.shard import read_shard
from assay.evaluation.store import Store
from assay.evaluation.suites import Suite, load_suite

_log = logging.getLogger("assay")


def evaluate(
    policy: str | Policy,
    envs: str | Iterable[str | EnvOptions] = (),
    *,
    suite: str | None = None,
    n: int | str | None = None,
    split: Split | None = None,
    seed: int | None = None,
    until_ci: float | None = None,
    samples: int = 1,
    out: str | os.PathLike[str] | None = None,
    shard: str | None = None,
    backend: str | None = None,
    workers: int | None = None,
    policy_server: PolicyServer = "auto",
    memory_mib: int | None = None,
    unit: int | None = None,
    batch: int | None = None,
    new_run: bool = False,
    retry: Iterable[EpisodeStatus] = (),
    time_limit_s: float | None = None,
    step_limit: int | None = None,
    token_limit: int | None = None,
    frames: Frames = "none",
    progress: OnProgress | None = None,
    policy_settings: Mapping[str, Any] | None = None,
) -> Results:
    """Measure a policy: each planned episode becomes one row, and the rows a table.

    Args:
        policy: a name (`random`, `hf:PATH`, `module:attribute`, …) or a policy.
        envs: ids, globs (`assay/*Letter*`), ids with options (`'assay/X-v0?n_shots=3'`), or
            (id, options) pairs.
        suite: a named set of environments instead of `envs`.
        n: episodes an environment, or "all" of a finite split; default 100, or what the suite says.
        split, seed: default `test` and 0, or what the suite says.
        until_ci: adds episodes to an environment, `n` at most, until its 95 % interval is no wider
            than this (upper end less lower end); `stopped_early` marks such rows.
        out: a file for the rows; the same call again continues it. None keeps nothing.
        shard: `"3/16"` plays the third of sixteen parts of the plan; `merge` puts them together.
        progress: called with a `Progress` about ten times a second.
        policy_settings: keyword arguments for a policy made by name.

    The other settings are those of `EvalConfig`.

    Raises:
        AssayError: a setting, name or file that cannot be used; nothing has been written then.
        DiskFull: what was stored before is kept.
        WorkerLost: worker processes end before they can play.
        KeyboardInterrupt: a second interrupt; after the first the results so far are returned.
    """
    pairs = resolve_envs(envs)
    config = EvalConfig(
        policy=policy_id(policy),
        envs=tuple(env_label(*pair) for pair in pairs),
        suite=suite,
        n=n,  # pyright: ignore[reportArgumentType] - checked there
        split=split,
        seed=seed,
        until_ci=until_ci,
        samples=samples,
        out=None if out is None else os.fspath(out),
        shard=shard,
        backend=backend,
        workers=workers,
        policy_server=policy_server,
        memory_mib=memory_mib,
        unit=unit,
        batch=batch,
        new_run=new_run,
        retry=tuple(retry),
        time_limit_s=time_limit_s,
        step_limit=step_limit,
        token_limit=token_limit,
        frames=frames,
    )
    if backend is not None:
        find_backend(backend)
    chosen = load_suite(suite) if suite is not None else None
    config, plan = _plan(config, pairs, chosen)
    loaded = load_policy(policy, **(policy_settings or {}))
    spec = policy if isinstance(policy, str) else None
    try:
        identity = _identity(config, plan, loaded, policy_settings or {}, chosen)
        place = choose_place(config, loaded, spec, plan)
        elsewhere = place.backend != "inline" and spec is not None
        job = Job(
            policy=None if elsewhere else loaded,
            options={(env.env_id, env.digest): env.options for env in plan.envs},
            policy_spec=spec,
            policy_settings=policy_settings or {},
            limits=EpisodeLimits(time_limit_s, step_limit, token_limit),
            batch=place.batch,
            frames=frames,
            workers=place.workers,
            served=place.served,
            threads=place.threads,
            memory_mib=memory_mib,
        )
    except BaseException:
        _close_policy(loaded, spec)
        raise
    if elsewhere:  # what this process made was for a look; a model would be held twice
        _close_policy(loaded, spec)
        del loaded
    config = replace(config, backend=place.backend, workers=place.workers)
    try:
        return _run(config, plan, identity, job, find_backend(place.backend), progress)
    finally:
        if job.policy is not None:
            _close_policy(job.policy, spec)


def _close_policy(policy: Policy, spec: str | None) -> None:
    """Close a policy that was made here by name."""
    close: Any = getattr(policy, "close", None)
    if spec is not None and close is not None:
        close()


def _plan(
    config: EvalConfig, pairs: list[EnvOptions], suite: Suite | None
) -> tuple[EvalConfig, Plan]:
    """The plan, and the settings with what the suite (or the default) says filled in."""
    if suite is not None:
        pairs = resolve_envs(suite.envs)
    elif not pairs:
        raise OptionError("Nothing to evaluate on: name environments (envs=) or a suite.")
    asked = config.n is not None
    config = replace(
        config,
        n=config.n if config.n is not None else (suite.n if suite else DEFAULT_N),
        split=config.split or (suite.split if suite else "test"),
        seed=config.seed if config.seed is not None else (suite.seed if suite else 0),
    )
    assert config.n is not None and config.split is not None and config.seed is not None
    plan = make_plan(
        pairs,
        config.policy,
        n=config.n,
        split=config.split,
        seed=config.seed,
        samples=config.samples,
        cap=suite.cap if suite is not None else not asked,
    )
    if config.shard is not None:
        plan = replace(plan, shard=read_shard(config.shard))
    if config.frames != "none":
        _note_without_picture(plan, config.frames)
    return config, plan


def _note_without_picture(plan: Plan, frames: Frames) -> None:
    bare = [env.label for env in plan.envs if not has_picture(env.env_id)]
    if bare:
        _log.warning(
            "frames=%s keeps nothing of what has no picture: %s.", frames, ", ".join(bare)
        )  # fmt: skip


def _identity(
    config: EvalConfig,
    plan: Plan,
    policy: Policy,
    policy_settings: Mapping[str, Any],
    suite: Suite | None,
) -> dict[str, Any]:
    """All that may change a result: what the fingerprint is made of."""
    envs = [
        {
            "id": env.env_id,
            "options": dict(env.options),
            "digest": env.digest,
            "n": env.n,
            "size": env.size,
            "shared_instances": env.shared_instances,
        }
        for env in plan.envs
    ]
    identity: dict[str, Any] = {
        "policy": {
            "id": plan.policy_id,
            "deterministic": policy.deterministic,
            "settings": dict(policy_settings),
            "describe": dict(describe_policy(policy)),
        },
        "envs": envs,
        "suite": None if suite is None else {"name": suite.name, "version": suite.version},
        "split": config.split,
        "seed": config.seed,
        "samples": plan.samples,
        "limits": {
            "time_s": config.time_limit_s,
            "steps": config.step_limit,
            "tokens": config.token_limit,
        },
        "versions": versions(),
        "revision": source_revision(),
    }
    if config.until_ci is not None:
        identity["until_ci"] = config.until_ci
    return json.loads(json.dumps(identity, default=shorten))  # as it will be read back


def _run(
    config: EvalConfig,
    plan: Plan,
    identity: dict[str, Any],
    job: Job,
    make_backend: Callable[[Job], Backend],
    progress: OnProgress | None,
) -> Results:
    with Interrupts() as interrupt:
        store = Store(config.out)
        try:
            run = _find_run(store, config, identity)
            retry = frozenset(config.retry)
            driver = Driver(
                plan, store, run, retry, progress, config.until_ci, config.unit, job.workers
            )
            if driver.unfinished:
                driver.drive(make_backend(job), interrupt)
            store.flush()
        except PolicyUnavailable as err:
            store.close()
            raise PolicyUnavailable(f"{err} {_kept(config)}") from err
        except BaseException:
            store.close()
            raise
    try:
        results = summarise(store, run)
    except BaseException:
        store.close()
        raise
    if config.out is not None:
        store.close()
    return results


def _kept(config: EvalConfig) -> str:
    if config.out is None:
        return "Nothing was kept: with out= (--out FILE) a run can be continued."
    return "What was played before is kept: run the same again when it answers."


def _find_run(store: Store, config: EvalConfig, identity: dict[str, Any]) -> int:
    """The run to continue, or a new one.

    Raises:
        StoreError: the file holds only other runs, and no new one was asked for.
    """
    print_ = fingerprint(identity)
    runs = store.runs()
    if not config.new_run:
        same = [known for known in reversed(runs) if known.fingerprint == print_]
        for known in same:
            if known.settings.get("shard") == config.shard:
                return known.run
        if same:
            raise StoreError(
                f"'{config.out}' holds {_part(same[0].settings.get('shard'))} of this run, not "
                f"{_part(config.shard)}: give each shard its own --out, and put them together "
                "with `assay merge`."
            )
        if runs:
            changed = difference(runs[-1].identity, identity)
            raise StoreError(
                f"'{config.out}' holds another run ({changed}): give another --out, or --new-run "
                "to start one beside it."
            )
    settings = {**asdict(config), "machine": machine()}
    return store.new_run(print_, identity, settings)


def _part(shard: str | None) -> str:
    return "the whole" if shard is None else f"shard {shard}"
