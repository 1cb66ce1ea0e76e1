"""The results file: SQLite in WAL mode, one writer, one row for each planned episode.

A batch of rows is one transaction, so that whatever stops the program, no acknowledged row is lost
and none is there in part. Key columns and other text hold assay's own words only; what policies and
environments said is in compressed payloads (`record.py`).
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from hashlib import blake2b
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple

from assay.core.errors import StoreError
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.locking import DriverLock, refuse_network_disk
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import Row
from assay.evaluation.schema import (
    APPLICATION_ID,
    COLUMNS,
    CONFLICTS,
    COPY,
    INSERT,
    INSERT_FINDING,
    INSERT_STEPS,
    KEY,
    KEYS,
    SCHEMA,
    SCHEMA_VERSION,
    VALUES,
    WHERE_KEY,
)
from assay.evaluation.storage import DiskFull, cannot_write, instead, refuse_truncated, worded

__all__ = ["BATCH_ROWS", "BATCH_S", "DiskFull", "Store", "StoredRun"]

BATCH_ROWS = 64
BATCH_S = 0.5


class StoredRun(NamedTuple):
    """One run of a results file. identity: what the fingerprint covers. settings: the rest."""

    run: int
    created: str
    fingerprint: str
    identity: dict[str, Any]
    settings: dict[str, Any]


class Store:
    """A results file, open for its one writer (or for readers, with `read_only`).

    Args:
        path: the file, made when it is not there; None for a temporary one that is never named.

    Raises:
        StoreError: it is another program's, damaged, newer, in use, or on a network disk.
    """

    def __init__(self, path: str | os.PathLike[str] | None, *, read_only: bool = False) -> None:
        self.path = None if path is None else Path(path)
        self.place = (
            None if self.path is None else self.path.absolute()
        )  # a policy may go elsewhere
        self.read_only = read_only
        self._pending: list[tuple[int, Row]] = []
        self._replace: set[tuple[object, ...]] = set()
        self._flushed = time.monotonic()
        self._lock: DriverLock | None = None
        self._logging = False
        if self.path is not None:
            self._prepare(self.path)
        try:
            self._db = self._connect()
        except BaseException:
            if self._lock is not None:
                self._lock.release()
            raise

    def _prepare(self, path: Path) -> None:
        if path.is_dir():
            raise StoreError(
                f"'{path}' is a folder: give the name of a file, such as {path}/run.db."
            )
        if self.read_only:
            if not path.exists():
                raise StoreError(f"No results file '{path}': check the path.")
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            refuse_network_disk(path)
            lock = DriverLock(path)
            lock.acquire()
        except OSError as err:
            raise cannot_write(path, err) from err
        self._lock = lock

    def _connect(self) -> sqlite3.Connection:
        with self._worded():
            name = ""
            if self.path is not None:
                refuse_truncated(self.path, self.read_only)
                name = file_uri(self.path, self.read_only)
            db = sqlite3.connect(name, uri=True, isolation_level=None, check_same_thread=False)
            try:
                self._open(db)
            except BaseException:
                db.close()
                raise
        return db

    def _open(self, db: sqlite3.Connection) -> None:
        owner = db.execute("PRAGMA application_id").fetchone()[0]
        version = db.execute("PRAGMA user_version").fetchone()[0]
        tables = db.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        otherwise = instead(self.read_only)
        if (owner, version, tables) == (0, 0, 0):
            if self.read_only:
                raise StoreError(f"'{self.path}' is empty: no run was stored in it.")
            db.executescript(
                f"BEGIN IMMEDIATE; PRAGMA application_id = {APPLICATION_ID}; "
                f"PRAGMA user_version = {SCHEMA_VERSION}; {SCHEMA} COMMIT;"
            )
        elif owner != APPLICATION_ID:
            raise StoreError(f"'{self.path}' is a database of another program: {otherwise}.")
        elif version > SCHEMA_VERSION:
            raise StoreError(
                f"'{self.path}' was written by a newer assay (format {version}, this one reads "
                f"{SCHEMA_VERSION}): upgrade assay, or {otherwise}."
            )

    @contextmanager
    def _worded(self) -> Generator[None]:
        """SQLite's errors as sentences."""
        try:
            yield
        except sqlite3.Error as err:
            raise worded(err, self.path, self.read_only) from err

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """All of what is written inside, or nothing."""
        db = self._db
        with self._worded():
            self._write_ahead()
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:
                    with suppress(sqlite3.Error):  # the file undoes it when it is opened next
                        db.execute("ROLLBACK")
                raise

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        err: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Write what is pending, and let go of the file; a second call does nothing."""
        try:
            self.flush()
        finally:
            self._rest()
            self._db.close()
            if self._lock is not None:
                self._lock.release()
                self._lock = None

    def _write_ahead(self) -> None:
        """Before the first write of this process, so that a refused file stays as it was."""
        if self._logging or self.path is None:
            return
        mode = self._db.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise StoreError(
                f"'{self.path}' is on a disk without shared memory, which a results file needs: "
                "write to a local disk."
            )
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._logging = True

    def _rest(self) -> None:
        """Leave one plain file, which can be read from a read-only place and copied as it is.

        A reader that has the file open, or a full disk, prevents it; the log then stays beside it,
        which every SQLite reader understands.
        """
        if self._logging:
            with suppress(sqlite3.Error):
                self._db.execute("PRAGMA journal_mode = DELETE")

    # ------------------------------------------------------------------ runs

    def runs(self) -> list[StoredRun]:
        """Every run of the file, oldest first."""
        with self._worded():
            rows = self._db.execute(
                "SELECT run, created, fingerprint, identity, settings FROM runs ORDER BY run"
            ).fetchall()
        return [StoredRun(r[0], r[1], r[2], json.loads(r[3]), json.loads(r[4])) for r in rows]

    def new_run(
        self, fingerprint: str, identity: Mapping[str, Any], settings: Mapping[str, Any]
    ) -> int:
        """Begin a run; its number."""
        created = _now()
        values = (created, fingerprint, json.dumps(identity), json.dumps(settings))
        with self._worded():
            self._write_ahead()
            cursor = self._db.execute(
                "INSERT INTO runs (created, fingerprint, identity, settings) VALUES (?, ?, ?, ?)",
                values,
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def set_settings(self, run: int, settings: Mapping[str, Any]) -> None:
        """Write down anew where and in what part a run was done."""
        with self._transaction() as db:
            db.execute("UPDATE runs SET settings = ? WHERE run = ?", (json.dumps(settings), run))

    def statuses(
        self, run: int, env_id: str, env_digest: str, policy_id: str, split: str
    ) -> Iterator[tuple[int, int, EpisodeStatus, bool]]:
        """(episode, sample, status, passed) of each stored row of one environment."""
        with self._worded():
            yield from self._db.execute(
                "SELECT episode, sample, status, passed FROM episodes WHERE run = ? AND env_id = ? "
                "AND env_digest = ? AND policy_id = ? AND split = ?",
                (run, env_id, env_digest, policy_id, split),
            )

    # ------------------------------------------------------------------ writing

    def add(self, run: int, rows: Sequence[Row], *, replace: bool = False) -> None:
        """Take rows; they are written in batches of 64, or when half a second has passed.

        Args:
            replace: keep a stored row of the same key in `superseded`, and put this in its place.
        """
        for row in rows:
            self._pending.append((run, row))
            if replace:
                self._replace.add(_key_values(run, row.key))
        self.tick()

    def tick(self) -> None:
        """Write what is pending when it is time to."""
        full = len(self._pending) >= BATCH_ROWS
        if self._pending and (full or time.monotonic() - self._flushed >= BATCH_S):
            self.flush()

    def flush(self) -> None:
        """Write all pending rows in one transaction."""
        self._flushed = time.monotonic()
        if not self._pending:
            return
        rows, self._pending = self._pending, []
        replaced, self._replace = self._replace, set()
        values = [_row_values(run, row) for run, row in rows]
        steps = [(*_key_values(run, row.key), row.codec, row.steps) for run, row in rows]
        blobs = [blob for _, row in rows for blob in row.blobs]
        with self._transaction() as db:
            for key in replaced:
                self._supersede(key)
            before = db.total_changes
            db.executemany(INSERT, values)
            if db.total_changes - before != len(values):
                self._note_conflicts(values)
            db.executemany(INSERT_STEPS, steps)
            if blobs:
                db.executemany("INSERT INTO blobs VALUES (?, ?) ON CONFLICT DO NOTHING", blobs)

    def _supersede(self, key: tuple[object, ...]) -> None:
        columns = ", ".join(f'e."{name}"' for name in (*KEY, *VALUES))
        where = " AND ".join(f"e.{name} = ?" for name in KEY)
        self._db.execute(
            f"INSERT INTO superseded SELECT {columns}, t.codec, t.steps, ? FROM episodes e "
            f"LEFT JOIN trajectories t USING ({KEYS}) WHERE {where}",
            (_now(), *key),
        )
        for table in ("episodes", "trajectories"):
            self._db.execute(f"DELETE FROM {table} WHERE {WHERE_KEY}", key)

    def _note_conflicts(self, values: Sequence[tuple[object, ...]]) -> None:
        """A second row for a key with other content is a finding, never dropped in silence."""
        for row in values:
            key, digest = row[: len(KEY)], row[-1]
            stored = self._db.execute(
                f"SELECT payload_digest FROM episodes WHERE {WHERE_KEY}", key
            ).fetchone()[0]
            if stored != digest:
                self._db.execute(INSERT_FINDING, (*key, stored, digest, _now()))

    def copy_run(self, source: Path, number: int, run: int) -> None:
        """Add run `number` of another results file to `run`, in one transaction.

        What is there stays, and a second row with other content is a finding; unless one of the two
        is what the other file's run has replaced on request: then the later one stands.
        """
        names = {"source": number, "run": run}
        with self._worded():
            self._db.execute("ATTACH ? AS other", (file_uri(source, read_only=True),))
            try:
                with self._transaction() as db:
                    conflicts = db.execute(CONFLICTS, names).fetchall()
                    for *key, stored, digest, stored_is_old, other_is_old in conflicts:
                        if stored_is_old and not other_is_old:
                            for table in ("episodes", "trajectories"):
                                db.execute(f"DELETE FROM main.{table} WHERE {WHERE_KEY}", key)
                        elif not (other_is_old and not stored_is_old):
                            db.execute(INSERT_FINDING, (*key, stored, digest, _now()))
                    for statement in COPY:
                        db.execute(statement, names)
            finally:
                self._db.execute("DETACH other")

    # ------------------------------------------------------------------ reading

    def query(self, sql: str, values: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        """The rows of a SELECT over the stored tables (pending rows are not among them)."""
        with self._worded():
            return self._db.execute(sql, tuple(values)).fetchall()

    def stream(self, sql: str, values: Sequence[object] = ()) -> Iterator[tuple[Any, ...]]:
        """The same, one row after another: for more rows than should be held at once."""
        with self._worded():
            yield from self._db.execute(sql, tuple(values))

    def episodes(self, run: int) -> Iterator[dict[str, Any]]:
        """Every row of a run in the order of keys, as column -> value, without its payload."""
        names = (*KEY, *VALUES)
        with self._worded():
            for row in self._db.execute(
                f"SELECT {COLUMNS} FROM episodes WHERE run = ? ORDER BY {KEYS}", (run,)
            ):
                yield dict(zip(names, row, strict=True))

    def payload(self, run: int, key: EpisodeKey) -> bytes:
        """The compressed payload of one episode; `record.read_payload` reads it."""
        found = self.query(
            f"SELECT steps FROM trajectories WHERE {WHERE_KEY}", _key_values(run, key)
        )
        if not found:
            raise StoreError(f"'{self.path}' holds no episode {key.episode} of {key.env_id}.")
        return found[0][0]

    def blob(self, digest: str) -> bytes:
        """The compressed bytes of a blob."""
        found = self.query("SELECT bytes FROM blobs WHERE digest = ?", (digest,))
        if not found:
            raise StoreError(f"'{self.path}' lacks the stored text or image {digest}.")
        return found[0][0]

    def n_findings(self, run: int) -> int:
        """How many second rows disagreed with the first."""
        return self.query("SELECT count(*) FROM findings WHERE run = ?", (run,))[0][0]

    def digest(self, run: int) -> str:
        """One digest of a run's keys, outcomes and steps; timing and attempts are left out."""
        total = blake2b(digest_size=16)
        with self._worded():
            for row in self._db.execute(
                "SELECT env_id, env_digest, policy_id, split, episode, sample, status, passed, "
                f"reason, payload_digest FROM episodes WHERE run = ? ORDER BY {KEYS}",
                (run,),
            ):
                total.update(repr(row).encode())
        return total.hexdigest()


def file_uri(path: Path, read_only: bool) -> str:
    """How SQLite is told to open a file: always by URI, so that any name is taken literally."""
    return f"{path.resolve().as_uri()}?mode={'ro' if read_only else 'rwc'}"


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def _key_values(run: int, key: EpisodeKey) -> tuple[object, ...]:
    return (
        run, key.env_id, key.env_digest, key.policy_id, key.split, key.episode, key.sample
    )  # fmt: skip


def _row_values(run: int, row: Row) -> tuple[object, ...]:
    key = row.key
    return (
        run, key.env_id, key.env_digest, key.policy_id, key.split, key.episode, key.sample,
        key.index, key.env_seed, key.policy_seed, row.status, int(row.passed), row.reason, row.cut,
        row.total_reward, row.n_steps, row.prompt_tokens, row.completion_tokens, row.wall_ms,
        row.attempts, row.world, row.difficulty, row.payload_digest,
    )  # fmt: skip
