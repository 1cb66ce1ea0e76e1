"""Which planned episodes of a run are not stored, and whether it says that it was ended."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from assay.evaluation.plan import env_label
from assay.evaluation.runs import OpenRun
from assay.evaluation.shard import read_shard, shares
from assay.evaluation.stopping import Place, stopped_early

KEPT = 10  # missing episodes that are named


class Missing(NamedTuple):
    """A planned episode without a row."""

    env: str
    split: str
    episode: int
    sample: int


class Gaps(NamedTuple):
    """What a run lacks.

    Attributes:
        planned: rows that there should be. n: how many of them are missing. first: a few of those.
        claimed: whether the run was once complete, by its own word.
    """

    planned: int
    n: int
    first: tuple[Missing, ...]
    claimed: bool


def gaps(run: OpenRun) -> Gaps:
    """The planned episodes of a run that have no row."""
    identity, settings = run.info.identity, run.info.settings
    shard = settings.get("shard")
    parts = shares([env["n"] for env in identity["envs"]], shard and read_shard(shard))
    planned = n = 0
    first: list[Missing] = []
    for env, part in zip(identity["envs"], parts, strict=True):
        wanted, missing = _env_gaps(run, env, part)
        planned += wanted
        label = env_label(env["id"], env["options"])
        for episode, sample in missing:
            n += 1
            if len(first) < KEPT:
                first.append(Missing(label, identity["split"], episode, sample))
    return Gaps(planned, n, tuple(first), settings.get("complete") is True)


def _env_gaps(
    run: OpenRun, env: dict[str, Any], part: range
) -> tuple[int, Iterator[tuple[int, int]]]:
    """How many rows of one environment there should be, and the (episode, sample) that are not."""
    identity = run.info.identity
    samples, until_ci = identity["samples"], identity.get("until_ci")
    place = Place(run.run, env["id"], env["digest"], run.policy, identity["split"])
    stored = bytearray(env["n"] * samples)
    n_stored = 0
    for episode, sample, *_ in run.store.statuses(*place):
        if _whole(episode, env["n"]) and _whole(sample, samples):
            stored[episode * samples + sample] = 1
            n_stored += 1
    if until_ci is not None:
        last = stored.rfind(1)
        if stopped_early(run.store, place, env["n"], samples, until_ci):
            return n_stored, iter(())
        inside = range(last // samples + 1)
        if 0 < stored.count(1, 0, last + 1) < last + 1:  # a hole: more was not needed, perhaps
            part = inside
    found = (
        (episode, sample)
        for episode in part
        for sample in range(samples)
        if not stored[episode * samples + sample]
    )
    return len(part) * samples, found


def _whole(value: Any, end: int) -> bool:
    """Whether a key column holds a number of the plan."""
    return type(value) is int and 0 <= value < end
