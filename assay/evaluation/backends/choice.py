"""Where a run is played: which backend, how many workers, and who holds the policy."""

from __future__ import annotations

import os
from multiprocessing import current_process
from typing import Any, NamedTuple

from assay.core.errors import OptionError, PolicyError
from assay.core.registry import card
from assay.core.types import Policy
from assay.evaluation.config import DEFAULT_BATCH, EvalConfig
from assay.evaluation.plan import Plan

_MAIN, _LOCAL = "__main__", "<locals>"


class Place(NamedTuple):
    """What `EvalConfig` leaves open, decided.

    Attributes:
        batch: episodes side by side in each worker.
        served: one process holds the policy for all workers.
        threads: of BLAS and OpenMP, for each worker.
    """

    backend: str
    workers: int
    batch: int
    served: bool
    threads: int


def choose_place(config: EvalConfig, policy: Policy, spec: str | None, plan: Plan) -> Place:
    """Decide where to play.

    Args:
        spec: the name that the policy was made by; None for an object.

    Raises:
        PolicyError: processes were asked for, and policy or tasks exist in this one only.
        OptionError: settings that exclude each other.
    """
    batches = getattr(policy, "act_batch", None) is not None
    many = (config.workers or 1) > 1 or config.policy_server == "on"
    obstacle = _obstacle(policy, spec, plan)
    backend = config.backend
    if backend is None:
        at_home = spec is None or obstacle or (batches and config.workers is None)
        backend = "inline" if at_home and not many else "process"
    if backend == "inline":
        if many:
            raise OptionError(
                "The backend inline has one worker, which is this process: drop workers and "
                "policy_server, or choose the backend process."
            )
        workers = 1
    elif obstacle and backend == "process":
        raise PolicyError(obstacle)
    else:
        by_itself = 1 if batches and config.policy_server != "on" else n_cores()
        workers = config.workers or max(1, min(by_itself, plan.n_episodes))
    heavy = bool(getattr(policy, "heavy", False))
    served = backend == "process" and (
        config.policy_server == "on" or (config.policy_server == "auto" and heavy and workers > 1)
    )
    if served:
        _check_served(policy, config.policy)
    return Place(
        backend=backend,
        workers=workers,
        batch=(config.batch or DEFAULT_BATCH) if batches else 1,
        served=served,
        threads=max(1, n_cores() // workers) if heavy and not served else 1,
    )


def n_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _obstacle(policy: Policy, spec: str | None, plan: Plan) -> str:
    """Why no other process can play this, or nothing."""
    if current_process().daemon:
        return (
            "This process is a daemon of multiprocessing, which may start no others: choose the "
            "backend inline."
        )
    name = spec if spec is not None else f"{type(policy).__module__}:{type(policy).__qualname__}"
    if name.startswith(f"{_MAIN}:"):
        return (
            f"The policy '{name}' was defined in a script's __main__, which exists in that process "
            "only: move it to a module that can be imported and name it 'module:attribute', or "
            "choose the backend inline."
        )
    for env in plan.envs:
        found = card(env.env_id)
        for target in (found.entry_point, str(found.kwargs.get("source", ""))):
            if target.startswith(f"{_MAIN}:") or _LOCAL in target:
                return (
                    f"The task '{target}' was defined in a script's __main__ or in a function, "
                    "which exists in that process only: move it to a module that can be imported, "
                    "or choose the backend inline."
                )
    return ""


def _check_served(policy: Policy, name: str) -> None:
    lacks: Any = getattr(policy, "act_batch", None) is None
    if lacks:
        raise PolicyError(
            f"A policy server answers many episodes at once, and {name} has no act_batch: drop "
            "policy_server, and each worker makes its own."
        )
    if getattr(policy, "bind", None) is not None:
        raise PolicyError(
            f"{name} is bound to the environment itself, so it cannot be in another process: drop "
            "policy_server."
        )
