"""Questions of the served page to the stores: rows by filter and order, and single episodes.

Every file is attached read-only to one connection, so that runs of several files are compared in
SQL. Orders and filters are chosen from tables of our own text; what a browser sends is only ever a
bound value.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assay.core.errors import DataError, OptionError, StoreError
from assay.evaluation.config import COUNTED, STATUSES
from assay.evaluation.runs import OpenRun
from assay.evaluation.schema import KEY
from assay.evaluation.store import file_uri
from assay.report.data import EnvKey, PageEnv
from assay.report.episodes import (
    COLUMNS,
    Stored,
    as_row,
    as_stored,
    blobs_of,
    finite,
    outcome,
    record,
    snippets,
)

MAX_FILES = 10  # that SQLite attaches to a connection
MAX_ROWS = 200  # of a page
SEARCH_S = 1.0  # a text search says how far it came in this time
_TEXT_CHARS = 400
_COUNT_CAP = 10_000  # flipped episodes are counted up to here: each costs a look-up
_PLACE = ("env_id", "env_digest", "split", "episode", "sample")
_SELECT = ", ".join(f'a."{name}"' for name in COLUMNS)
_IS_COUNTED = f"status IN ({', '.join(repr(status) for status in COUNTED)})"
_STATUS = "CASE WHEN a.passed THEN -1 {} END".format(
    " ".join(f"WHEN a.status = '{status}' THEN {i}" for i, status in enumerate(STATUSES))
)
ORDERS: Mapping[str, str] = {
    "plan": "",
    "status": _STATUS,
    "reason": "a.reason",
    "steps": "a.n_steps",
    "ret": 'a."return"',
    "difficulty": "a.difficulty",
    "tokens": "a.completion_tokens",
    "ms": "a.wall_ms",
}
_KEY_ORDER = ", ".join(f"a.{name}" for name in KEY)


@dataclass(frozen=True, kw_only=True)
class RowQuery:
    """Which rows, in which order; `run` is the one whose outcomes are meant.

    Attributes:
        env: a place among the page's environments. status: `passed`, or a status that did not pass.
        scan: for a text search, how many rows were searched before.
    """

    run: int = 0
    env: int | None = None
    status: str = ""
    reason: str = ""
    flipped: bool = False
    text: str = ""
    sort: str = "plan"
    down: bool = False
    offset: int = 0
    limit: int = 50
    scan: int = 0

    def __post_init__(self) -> None:
        if self.sort not in ORDERS:
            raise OptionError(f"sort={self.sort!r}: expected one of {', '.join(ORDERS)}.")
        if self.status and self.status not in ("passed", *STATUSES):
            raise OptionError(
                f"status={self.status!r}: expected 'passed' or one of {', '.join(STATUSES)}."
            )
        if not 1 <= self.limit <= MAX_ROWS or self.offset < 0 or self.scan < 0:
            raise OptionError(
                f"limit={self.limit}, offset={self.offset}, scan={self.scan}: expected a limit "
                f"from 1 to {MAX_ROWS} and no negative number."
            )


class Questions:
    """A connection to the files of these runs.

    Raises:
        StoreError: more files than can be opened at once.
    """

    def __init__(self, runs: Sequence[OpenRun], envs: Sequence[PageEnv]) -> None:
        self.runs, self.envs = runs, envs
        files = list(dict.fromkeys(run.store.path for run in runs))
        if None in files:
            raise StoreError(
                "Shards cannot be served before they are one file: put them together with "
                "`assay merge`, and serve that."
            )
        if len(files) > MAX_FILES:
            raise StoreError(
                f"{len(files)} results files cannot be served at once: name at most {MAX_FILES}."
            )
        self._db = sqlite3.connect(
            "file::memory:", uri=True, isolation_level=None, check_same_thread=False
        )
        for i, path in enumerate(files):
            assert path is not None
            self._db.execute(f"ATTACH ? AS s{i}", (file_uri(path, True),))
        self._db.execute("PRAGMA query_only = ON")
        self._schema = [f"s{files.index(run.store.path)}" for run in runs]

    def close(self) -> None:
        """Let go of the files."""
        self._db.close()

    def rows(self, query: RowQuery) -> dict[str, Any]:
        """A page of rows in the page's short form, with how many there are."""
        self._check_run(query.run)
        where, values = self._where(query)
        source = f"FROM {self._schema[query.run]}.episodes a WHERE {where}"
        total, capped = self._count(source, values, query.flipped)
        found = self._db.execute(
            f"SELECT {_SELECT} {source} ORDER BY {_order(query)} LIMIT ? OFFSET ?",
            (
                *values,
                -1 if query.text else query.limit,
                query.scan if query.text else query.offset,
            ),
        )
        if not query.text:
            shown = [self._short(query.run, as_row(row)) for row in found]
            return {"rows": shown, "total": total, "capped": capped}
        return self._search(query, found, total)

    def row(self, env: int, episode: int, sample: int) -> list[Any] | None:
        """One row by its key; None where no run has it."""
        key = self._env(env)
        for at in range(len(self.runs)):
            stored = self._stored(at, (*key, episode, sample))
            if stored is not None:
                return self._short(at, stored.row, stored)
        return None

    def episode(self, run: int, env: int, episode: int, sample: int) -> str:
        """JSON text of an episode: its columns, its payload, its blobs."""
        self._check_run(run)
        stored = self._stored(run, (*self._env(env), episode, sample))
        if stored is None:
            raise DataError(f"{self.runs[run].label} has no episode {episode}.{sample} of it.")
        blobs = json.dumps(self._blobs(run, stored))
        return f'{record(stored)[:-1]},"blobs":{blobs}}}'

    def all_rows(self, run: int) -> Iterator[dict[str, Any]]:
        """Every row of a run as column -> value, in the order of keys."""
        self._check_run(run)
        source = f"FROM {self._schema[run]}.episodes a WHERE a.run = ? ORDER BY {_KEY_ORDER}"
        for row in self._db.execute(f"SELECT {_SELECT} {source}", (self.runs[run].run,)):
            yield as_row(row)

    # ------------------------------------------------------------------ one row

    def _short(self, run: int, row: Mapping[str, Any], stored: Stored | None = None) -> list[Any]:
        place = tuple(row[name] for name in _PLACE)
        asked = ""
        outcomes: list[Any] = []
        for at in range(len(self.runs)):
            other = stored if at == run and stored else self._stored(at, place)
            if other is None:
                outcomes.append(None)
                continue
            prompt, answer = snippets(other, self._blobs(at, other), _TEXT_CHARS)
            asked = prompt if at == run else asked or prompt
            outcomes.append(outcome(other.row, other.row["reason"], answer))
        env = next(
            i for i, env in enumerate(self.envs) if env.key == EnvKey(*place[:3])
        )  # fmt: skip
        return [env, row["episode"], row["sample"], finite(row["difficulty"]), asked, outcomes]

    def _stored(self, run: int, place: Sequence[object]) -> Stored | None:
        schema, opened = self._schema[run], self.runs[run]
        found = self._db.execute(
            f"SELECT {_SELECT}, t.codec, t.steps FROM {schema}.episodes a "
            f"LEFT JOIN {schema}.trajectories t USING ({', '.join(KEY)}) WHERE a.run = ? "
            "AND a.policy_id = ? AND a.env_id = ? AND a.env_digest = ? AND a.split = ? "
            "AND a.episode = ? AND a.sample = ?",
            (opened.run, opened.policy, *place),
        ).fetchone()
        return None if found is None else as_stored(found)

    def _blobs(self, run: int, stored: Stored) -> dict[str, Any]:
        def blob(digest: str) -> bytes:
            found = self._db.execute(
                f"SELECT bytes FROM {self._schema[run]}.blobs WHERE digest = ?", (digest,)
            ).fetchone()
            if found is None:
                raise DataError(f"The stored text or image {digest} is missing.")
            return found[0]

        return blobs_of(stored.payload, blob)

    # ------------------------------------------------------------------ many rows

    def _check_run(self, run: int) -> None:
        if not 0 <= run < len(self.runs):
            raise OptionError(f"run={run}: expected a number from 0 to {len(self.runs) - 1}.")

    def _env(self, env: int) -> EnvKey:
        if not 0 <= env < len(self.envs):
            raise OptionError(f"env={env}: expected a number from 0 to {len(self.envs) - 1}.")
        return self.envs[env].key

    def _where(self, query: RowQuery) -> tuple[str, list[object]]:
        parts, values = ["a.run = ?"], [self.runs[query.run].run]
        bound: list[object] = [*values]
        if query.env is not None:
            key = self._env(query.env)
            parts.append("a.env_id = ? AND a.env_digest = ? AND a.policy_id = ? AND a.split = ?")
            bound += [key.env_id, key.digest, self.runs[query.run].policy, key.split]
        if query.status == "passed":
            parts.append("a.passed = 1")
        elif query.status:
            parts.append("a.passed = 0 AND a.status = ?")
            bound.append(query.status)
        if query.reason:
            parts.append("a.reason = ?")
            bound.append(query.reason)
        if query.flipped:
            differs, others = self._flipped(query.run)
            parts.append(differs)
            bound += others
        return " AND ".join(parts), bound

    def _flipped(self, run: int) -> tuple[str, list[object]]:
        """Some other run came out otherwise, where both outcomes count."""
        same = " AND ".join(f"b.{name} = a.{name}" for name in _PLACE)
        tests: list[str] = []
        bound: list[object] = []
        for at, other in enumerate(self.runs):
            if at != run:
                tests.append(
                    f"EXISTS (SELECT 1 FROM {self._schema[at]}.episodes b WHERE b.run = ? AND "
                    f"b.policy_id = ? AND {same} AND b.passed <> a.passed AND b.{_IS_COUNTED})"
                )
                bound += [other.run, other.policy]
        return f"a.{_IS_COUNTED} AND ({' OR '.join(tests) or '0'})", bound

    def _count(self, source: str, values: Sequence[object], flipped: bool) -> tuple[int, bool]:
        if not flipped:
            return self._db.execute(f"SELECT count(*) {source}", values).fetchone()[0], False
        some = f"SELECT count(*) FROM (SELECT 1 {source} LIMIT {_COUNT_CAP + 1})"
        n = self._db.execute(some, values).fetchone()[0]
        return min(n, _COUNT_CAP), n > _COUNT_CAP

    def _search(self, query: RowQuery, found: sqlite3.Cursor, total: int) -> dict[str, Any]:
        """Rows whose prompt or answer holds the text, as far as the time allows."""
        needle, end = query.text.casefold(), time.monotonic() + SEARCH_S
        rows: list[list[Any]] = []
        searched = query.scan
        more = False
        for values in found:
            late = time.monotonic() > end and searched > query.scan  # each call gets somewhere
            if late or len(rows) == query.limit:
                more = True
                break
            searched += 1
            row = as_row(values)
            stored = self._stored(query.run, [row[name] for name in _PLACE])
            if stored is None:
                continue
            texts = snippets(stored, self._blobs(query.run, stored), _TEXT_CHARS)
            if any(needle in text.casefold() for text in texts):
                rows.append(self._short(query.run, row, stored))
        found.close()
        return {
            "rows": rows, "total": total, "from": query.scan, "scanned": searched,
            "next": searched if more else None,
        }  # fmt: skip


def _order(query: RowQuery) -> str:
    by = ORDERS[query.sort]
    way = "DESC" if query.down else "ASC"
    if not by:
        return ", ".join(f"a.{name} {way}" for name in KEY)
    return f"{by} IS NULL, {by} {way}, {_KEY_ORDER}"
