"""What travels between the driver and its workers, in a form that costs little to pickle."""

from __future__ import annotations

import pickle
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import PolicyError
from assay.core.registry import policy_names, policy_target, register, register_policies
from assay.core.types import EnvCard, Policy
from assay.evaluation.backends.base import Job, Unit
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.policies import load_policy
from assay.evaluation.record import Row
from assay.wrappers.processes import own_cards


@dataclass(frozen=True)
class Setup:
    """All that a fresh process needs before its first unit.

    Attributes:
        cards, policies: what this program registered by hand, and the row behind the policy's name.
        job: the job, pickled by itself, since reading it may need what stands above.
    """

    cards: Sequence[EnvCard]
    policies: Mapping[str, str]
    job: bytes


def pack_job(job: Job) -> bytes:
    """The first message to a worker.

    Raises:
        PolicyError: a policy object that cannot be sent.
    """
    spec = job.policy_spec
    policies: dict[str, str] = {}
    if spec is not None:
        name = spec if spec in policy_names() else f"{spec.partition(':')[0]}:"
        if name in policy_names():
            policies[name] = policy_target(spec)[0]
    try:
        packed = pickle.dumps(job)
    except Exception as err:  # whatever an object of a user's may raise
        raise PolicyError(
            f"The policy {type(job.policy).__name__} cannot be sent to another process ({err}): "
            "define it in a module and name it 'module:attribute', or choose the backend inline."
        ) from err
    return pickle.dumps(Setup(own_cards(), policies, packed))


def unpack_job(packed: bytes) -> Job:
    """The job in a fresh process, what it needs registered.

    Raises:
        PolicyError: a policy object that cannot be rebuilt here.
    """
    setup: Setup = pickle.loads(packed)  # our own parent wrote it
    for row in setup.cards:
        register(row, replace=True)
    register_policies(setup.policies)
    try:
        return pickle.loads(setup.job)
    except Exception as err:
        raise PolicyError(
            f"The policy cannot be rebuilt in another process ({type(err).__name__}: {err}): "
            "define it in a module and name it 'module:attribute', or choose the backend inline."
        ) from err


def make_policy(job: Job) -> Policy:
    """The policy of a job, made in this process.

    Raises:
        AssayError: as `load_policy` says.
    """
    if job.policy_spec is not None:
        return load_policy(job.policy_spec, **job.policy_settings)
    if job.policy is None:
        raise PolicyError("The job of this process came without a policy.")
    return job.policy


# ---------------------------------------------------------------------- units


Work = tuple[int, int, tuple[str, str, str, str], list[tuple[int, int, int, int, int]]]


def pack_unit(unit: Unit) -> Work:
    """A unit as plain values; its keys share their first fields."""
    first = unit.keys[0]
    shared = (first.env_id, first.env_digest, first.policy_id, first.split)
    keys = [(k.episode, k.sample, k.index, k.env_seed, k.policy_seed) for k in unit.keys]
    return unit.number, unit.attempt, shared, keys


def unpack_unit(work: Work) -> Unit:
    """The inverse."""
    number, attempt, shared, keys = work
    return Unit(number, tuple(EpisodeKey(*shared, *key) for key in keys), attempt)


# ---------------------------------------------------------------------- rows


def pack_row(ordinal: int, row: Row) -> tuple[Any, ...]:
    """A row as plain values; the driver knows its key by the ordinal."""
    return (
        ordinal, row.status, row.passed, row.reason, row.total_reward, row.n_steps,
        row.payload_digest, row.steps, row.cut, row.world, row.difficulty, row.prompt_tokens,
        row.completion_tokens, row.wall_ms, row.attempts, row.codec, row.blobs,
    )  # fmt: skip


def unpack_row(key: EpisodeKey, values: tuple[Any, ...]) -> Row:
    """The inverse."""
    return Row(key, *values[1:])
