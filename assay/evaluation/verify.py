"""`verify`: whether a stored run is what its environments and verifiers say it is."""

from __future__ import annotations

import random
import re
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from types import TracebackType
from typing import Any, Literal, NamedTuple

from assay.core.errors import AssayError, DataError, StoreError, bad_value
from assay.core.registry import make
from assay.evaluation.columns import wrong_column
from assay.evaluation.completeness import Missing, gaps
from assay.evaluation.consistency import first_wrong, inconsistency
from assay.evaluation.fingerprint import difference, fingerprint, versions
from assay.evaluation.plan import EpisodeKey, PlannedEnv, probe
from assay.evaluation.pool import EnvPool, close_quietly
from assay.evaluation.record import as_text
from assay.evaluation.replay import Difference, Replayed, StoredEpisode, read_stored, replay
from assay.evaluation.runs import OpenRun
from assay.evaluation.schema import KEYS
from assay.evaluation.store import Store

MORE_REPLAYS = 2  # of an episode that differs, to tell a changed record from a changing environment
_BLOB = re.compile(r'"(?:\$long|blob)":"([0-9a-f]{32})"')

Finding = Literal["same", "different", "partly", "nothing"]
OnChecked = Callable[[int, int], object]


class Checked(NamedTuple):
    """One episode after its replay.

    Attributes:
        finding: `same`; `different`; `partly`: something had no stored form, the rest is the same;
            `nothing`: nothing came back of the episode that could be replayed.
        difference: the first one. unstored: what had no stored form.
        nondeterministic: replays of the same actions differ from each other.
    """

    env: str
    split: str
    episode: int
    sample: int
    finding: Finding
    difference: Difference | None = None
    nondeterministic: bool = False
    unstored: str = ""


@dataclass
class Verification:
    """What was found in one run.

    Attributes:
        name: the file. stored: rows there are. planned: rows there should be.
        missing: planned rows that are not there. missing_episodes: the first of them.
        claimed_complete: the run says that it had all of them once.
        plan_changed: the stored plan is not the one of its fingerprint.
        shard: the part of the plan that it says it is, or None.
        counts: episodes by finding. different: those that differ, in order.
        unproven: of those with `nothing` to replay, how many of each status.
        orphans: payloads without a row. findings: rows that disagreed when they were written.
        changed: environments whose options resolve otherwise now than when it was recorded.
        other_versions: versions that differ from the recorded ones, or empty.
    """

    name: str
    policy: str
    stored: int
    planned: int
    missing: int
    missing_episodes: tuple[Missing, ...]
    claimed_complete: bool
    plan_changed: bool
    shard: str | None
    orphans: int
    findings: int
    changed: tuple[str, ...]
    other_versions: str
    counts: Counter[Finding] = field(default_factory=Counter[Finding])
    different: list[Checked] = field(default_factory=list[Checked])
    unproven: Counter[str] = field(default_factory=Counter[str])

    @property
    def checked(self) -> int:
        """Episodes looked at."""
        return sum(self.counts.values())

    @property
    def exit_code(self) -> int:
        """1 where anything is not as it should be."""
        lost = self.missing and self.claimed_complete
        wrong = self.different or self.orphans or self.findings or self.plan_changed or lost
        return int(bool(wrong))

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run": self.name,
            "policy": self.policy,
            "stored": self.stored,
            "planned": self.planned,
            "checked": self.checked,
            **{name: self.counts[name] for name in ("same", "different", "partly", "nothing")},
            "unproven": dict(self.unproven),
            "missing": self.missing,
            "missing_episodes": [missing._asdict() for missing in self.missing_episodes],
            "claimed_complete": self.claimed_complete,
            "plan_changed": self.plan_changed,
            "shard": self.shard,
            "orphans": self.orphans,
            "findings": self.findings,
            "changed_envs": list(self.changed),
            "other_versions": self.other_versions,
            "differences": [
                {
                    "env": found.env, "split": found.split, "episode": found.episode,
                    "sample": found.sample, **(found.difference._asdict() if found.difference
                    else {}), "nondeterministic": found.nondeterministic,
                }
                for found in self.different
            ],
        }  # fmt: skip


def verify(
    run: OpenRun, *, sample: int | None = None, seed: int = 0, progress: OnChecked | None = None
) -> Verification:
    """Replay a stored run without its policy.

    Args:
        sample: only so many episodes, drawn with `seed`; None for all.
        progress: called with episodes done and to do.

    Raises:
        AssayError: an environment that cannot be made here.
    """
    store, identity = run.store, run.info.identity
    lacks = gaps(run)
    with Replayer(run) as replayer:
        found = Verification(
            name=run.name,
            policy=run.policy,
            stored=_count(store, "episodes", run.run),
            planned=lacks.planned,
            missing=lacks.n,
            missing_episodes=lacks.first,
            claimed_complete=lacks.claimed,
            plan_changed=fingerprint(identity) != run.info.fingerprint,
            shard=run.info.settings.get("shard"),
            orphans=_orphans(store, run.run),
            findings=store.n_findings(run.run),
            changed=replayer.changed_envs(),
            other_versions=difference(identity["versions"], versions()),
        )
        for row in sampled(run, found.stored, sample, seed, progress):
            checked = replayer.check(row)
            found.counts[checked.finding] += 1
            if checked.finding == "nothing":
                found.unproven[row["status"]] += 1
            if checked.finding == "different":
                found.different.append(checked)
    return found


def sampled(
    run: OpenRun, stored: int, sample: int | None, seed: int, progress: OnChecked | None
) -> Iterator[dict[str, Any]]:
    """The rows of a run, or a seeded sample of them, in the order of keys."""
    if sample is not None and sample < 1:
        raise bad_value("sample", sample, "an integer of at least 1")
    chosen: Iterable[int] = range(stored)
    if sample is not None and sample < stored:
        chosen = sorted(random.Random(seed).sample(range(stored), sample))
    total, wanted = min(stored, sample or stored), iter(chosen)
    following, done = next(wanted, None), 0
    for number, row in enumerate(run.store.episodes(run.run)):
        if number == following:
            yield row
            following, done = next(wanted, None), done + 1
            if progress is not None:
                progress(done, total)
        if following is None:
            return


def _count(store: Store, table: str, run: int) -> int:
    return store.query(f"SELECT count(*) FROM {table} WHERE run = ?", (run,))[0][0]


def _orphans(store: Store, run: int) -> int:
    both = f"episodes JOIN trajectories USING ({KEYS})"
    return _count(store, "trajectories", run) - _count(store, both, run)


class Replayer:
    """Plays the episodes of one run again; a context, so that environments are closed."""

    def __init__(self, run: OpenRun) -> None:
        identity = run.info.identity
        self._store, self._run, self._policy = run.store, run.run, run.policy
        self._split, self._samples = identity["split"], identity["samples"]
        self._limits: Mapping[str, Any] = identity["limits"]
        self._envs = {
            (env["id"], env["digest"]): PlannedEnv(
                env_id=env["id"], options=env["options"], digest=env["digest"],
                split=identity["split"], seed=identity["seed"], n=env["n"], size=env["size"],
                shared_instances=env["shared_instances"],
            )
            for env in identity["envs"]
        }  # fmt: skip
        self.pool = EnvPool({name: env.options for name, env in self._envs.items()})
        self._sound: set[str] = set()

    def __enter__(self) -> Replayer:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.pool.close()

    def changed_envs(self) -> tuple[str, ...]:
        """Environments whose options resolve otherwise now."""
        return tuple(
            env.label
            for env in self._envs.values()
            if probe(env.env_id, env.options, env.split)[0] != env.digest
        )

    # ------------------------------------------------------------------ one episode

    def check(self, row: Mapping[str, Any]) -> Checked:
        """Compare one stored row with a replay, and with its own payload."""
        about = (self.label(row), row["split"], row["episode"], row["sample"])
        column = wrong_column(row)
        if column is not None:
            name, value, expected = column
            return Checked(*about, "different", Difference(name, repr(value), expected))
        wrong = self._misplaced(row)
        if wrong is not None:
            return Checked(*about, "different", wrong)
        try:
            stored = self.read(row)
        except AssayError as err:
            return Checked(
                *about, "different", Difference("payload", "an episode that can be read", str(err))
            )
        if stored.bare:
            wrong = inconsistency(stored, self._limits)
            return Checked(*about, "different" if wrong else "nothing", wrong)
        found = self.replay(stored)
        if found.difference is not None:
            return Checked(*about, "different", found.difference, self._moody(stored, found))
        wrong = inconsistency(stored, self._limits)
        if wrong is not None:
            return Checked(*about, "different", wrong)
        return Checked(
            *about, "partly" if found.unstored else "same", unstored=found.unstored
        )  # fmt: skip

    def read(self, row: Mapping[str, Any]) -> StoredEpisode:
        """A row with its payload, whose blobs are what their names say.

        Raises:
            DataError, StoreError: it cannot be read, or a blob is missing or another.
        """
        key = EpisodeKey(
            row["env_id"], row["env_digest"], row["policy_id"], row["split"], row["episode"],
            row["sample"], row["problem"], row["env_seed"], row["policy_seed"],
        )  # fmt: skip
        data = self._store.payload(self._run, key)
        stored = read_stored(key, row, data, self._fetch)
        for name in _BLOB.findall(as_text(stored.payload)):
            self._fetch(name)
        for name in stored.payload.get("frames", ()):
            self._fetch(name)
        return stored

    def replay(self, stored: StoredEpisode) -> Replayed:
        """Play a stored episode again in an environment of the pool."""
        env = self.pool.take(stored.key)
        found = replay(env, self.pool.traits(stored.key.env_id), stored)
        if found.difference is None:
            self.pool.give_back(stored.key, env)
        else:
            close_quietly(env)
        return found

    def _moody(self, stored: StoredEpisode, first: Replayed) -> bool:
        """Whether further replays, in environments of their own, give something else again."""
        key = stored.key
        for _ in range(MORE_REPLAYS):
            env = make(key.env_id, **self._envs[key.env_id, key.env_digest].options)
            try:
                again = replay(env, self.pool.traits(key.env_id), stored)
            finally:
                close_quietly(env)
            if again.difference != first.difference:
                return True
        return False

    def _fetch(self, name: str) -> bytes:
        """The raw bytes of a blob; its name is the digest of its content."""
        compressed = self._store.blob(name)
        try:
            raw = zlib.decompress(compressed)
        except zlib.error as err:
            raise DataError(f"The stored text or image {name} is damaged ({err}).") from err
        if name not in self._sound:
            if blake2b(raw, digest_size=16).hexdigest() != name:
                raise StoreError(f"The stored text or image {name} has another content.")
            self._sound.add(name)
        return raw

    def label(self, row: Mapping[str, Any]) -> str:
        """The environment of a row, with its options."""
        env = self._envs.get((row["env_id"], row["env_digest"]))
        return row["env_id"] if env is None else env.label

    def _misplaced(self, row: Mapping[str, Any]) -> Difference | None:
        """A row that the plan does not hold, or with another problem or seed than it says."""
        env = self._envs.get((row["env_id"], row["env_digest"]))
        at = f"episode {row['episode']}, sample {row['sample']}"
        inside = (
            env is not None
            and row["policy_id"] == self._policy
            and row["split"] == self._split
            and 0 <= row["episode"] < env.n
            and 0 <= row["sample"] < self._samples
        )
        if env is None or not inside:
            return Difference("key", at, "no such episode in the plan")
        key = env.key(self._policy, row["episode"], row["sample"])
        wanted = {
            "problem": key.index, "env_seed": key.env_seed, "policy_seed": key.policy_seed
        }  # fmt: skip
        return first_wrong(row, wanted)
