"""Episodes as the page keeps them: a short row each, and their steps in compressed chunks.

Steps pass through as they are stored (`evaluation/record.py`); the page reads that form itself.
What a policy or an environment said is in base64 of gzip of ASCII JSON and nowhere else, so that
no text of theirs can be read as markup.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from assay.core.errors import StoreError
from assay.evaluation.columns import damaged, wrong_column
from assay.evaluation.config import STATUSES
from assay.evaluation.record import CODEC, payload_values
from assay.evaluation.runs import OpenRun
from assay.evaluation.schema import KEYS
from assay.report.data import EnvKey, PageEnv

CHUNK_BYTES = 512_000  # of JSON: a few milliseconds to unpack when an episode is opened
CHUNK_EPISODES = 128
_WINDOW = 500  # episodes read at once
_TEXT_BUDGET = 12_000_000  # characters of prompts and answers that the page can search
_TEXT_CHARS = 400  # of a prompt or an answer, at most
_LONG = re.compile(r'"\$long":"([0-9a-f]{32})"')
_RAW = re.compile(r'"\$array":"[^"]*","shape":\[[\d,]*\],"blob":"([0-9a-f]{32})"')
_FRAMES = re.compile(r'"frames":\[((?:"[0-9a-f]{32}",?)+)\]\}$')
COLUMNS: tuple[str, ...] = (
    "env_id", "env_digest", "policy_id", "split", "episode", "sample", "problem", "env_seed",
    "policy_seed", "status", "passed", "reason", "cut", "return", "n_steps", "prompt_tokens",
    "completion_tokens", "wall_ms", "attempts", "world", "difficulty", "payload_digest",
)  # fmt: skip
_LIST = ", ".join(f'"{name}"' for name in COLUMNS)
_STORED = f"""
SELECT {_LIST}, codec, steps FROM episodes LEFT JOIN trajectories USING ({KEYS})
WHERE run = ? AND env_id = ? AND env_digest = ? AND policy_id = ? AND split = ?
    AND episode >= ? AND episode < ? ORDER BY episode, sample"""


class Stored(NamedTuple):
    """One episode.

    Attributes:
        row: its columns. payload: JSON text (`null` where there is none). values: the same, read.
    """

    row: dict[str, Any]
    payload: str
    values: Mapping[str, Any] | None


def stored_episodes(run: OpenRun, key: EnvKey, n: int) -> Iterator[Stored]:
    """Every stored episode of one environment in order, a window at a time."""
    place = (run.run, key.env_id, key.digest, run.policy, key.split)
    for start in range(0, n, _WINDOW):
        for values in run.store.query(_STORED, (*place, start, start + _WINDOW)):
            yield as_stored(values)


def as_stored(values: Sequence[Any]) -> Stored:
    """The columns of `COLUMNS`, then codec and steps.

    Raises:
        StoreError: a column or steps that cannot be read.
    """
    row = as_row(values)
    codec, steps = values[len(COLUMNS) :]
    if steps is None:
        return Stored(row, "null", None)
    place = f"episode {row['episode']} of {row['env_id']}"
    if codec != CODEC:
        raise StoreError(
            f"The steps of {place} are stored as '{codec}', which this assay does not read."
        )
    try:
        payload = zlib.decompress(steps).decode("ascii")
        return Stored(row, payload, payload_values(payload))
    except (zlib.error, ValueError, TypeError) as err:
        raise StoreError(f"The steps of {place} are damaged ({err}).") from err


def as_row(values: Sequence[Any]) -> dict[str, Any]:
    """The columns of `COLUMNS`.

    Raises:
        StoreError: one of them holds what assay never writes.
    """
    row = dict(zip(COLUMNS, values, strict=False))
    wrong = wrong_column(row)
    if wrong is not None:
        raise damaged(None, f"{row['env_id']}, episode {row['episode']},", *wrong)
    return row


def record(stored: Stored) -> str:
    """JSON text of an episode: every column (seeds as text: they exceed JavaScript's), payload."""
    row = {name: finite(value) for name, value in stored.row.items()}
    for name in ("env_seed", "policy_seed", "problem"):
        row[name] = str(row[name])
    return f'{{"row":{json.dumps(row)},"payload":{stored.payload}}}'


def blobs_of(payload: str, blob: Callable[[str], bytes]) -> dict[str, Any]:
    """The long texts, arrays and pictures that a payload refers to, as JSON values.

    Raises:
        StoreError: one of them is damaged.
    """
    found: dict[str, Any] = {}
    frames = _FRAMES.search(payload)
    others = re.findall(r"[0-9a-f]{32}", frames[1]) if frames else []
    digest = ""
    try:
        for digest in _LONG.findall(payload):
            text = zlib.decompress(blob(digest)).decode("utf-8", "surrogatepass")
            found[digest] = {"text": text}
        for digest in (*_RAW.findall(payload), *others):
            raw = zlib.decompress(blob(digest))
            found[digest] = {"base64": base64.b64encode(raw).decode("ascii")}
    except (zlib.error, ValueError, TypeError) as err:
        raise StoreError(f"The stored text or image {digest} is damaged ({err}).") from err
    return found


# ---------------------------------------------------------------------- short texts


def snippets(stored: Stored, blobs: Mapping[str, Any], limit: int = _TEXT_CHARS) -> tuple[str, str]:
    """What was asked (the first observation) and what was answered (the last action), cut.

    Raises:
        StoreError: one of them is not as assay writes it.
    """
    if stored.values is None:
        return "", ""
    steps = stored.values["steps"]
    asked = steps[0]["observation"] if steps else stored.values["final_observation"]
    answered = steps[-1]["action"] if steps else ""
    try:
        return shortened(plain(asked, blobs), limit), shortened(plain(answered, blobs), limit)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as err:
        place = f"episode {stored.row['episode']} of {stored.row['env_id']}"
        raise StoreError(f"The steps of {place} are damaged ({err!r}).") from err


def shortened(text: str, limit: int) -> str:
    """The beginning and, where the question of a long prompt stands, more of the end."""
    if len(text) <= limit:
        return text
    head = limit // 3
    return f"{text[:head]} … {text[head - limit :]}"


def plain(value: Any, blobs: Mapping[str, Any]) -> str:
    """A stored value as one text, to be searched and shown in a line."""
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return " ".join(plain(item, blobs) for item in cast("list[Any]", value))
    if not isinstance(value, dict):
        return json.dumps(value)
    found = cast("dict[str, Any]", value)
    mark = next(iter(found), "")
    if mark == "$text":
        return base64.b64decode(found["$text"]).decode("utf-8", "surrogatepass")
    if mark == "$long":
        return blobs[found["$long"]]["text"]
    if mark == "$array":
        return f"array {'×'.join(map(str, found['shape']))} {found['$array']}"
    if mark == "$scalar":
        return f"{found['$scalar']} number"
    if mark.startswith("$"):
        return plain(found[mark], blobs)
    return " ".join(f"{name}: {plain(item, blobs)}" for name, item in found.items())


# ---------------------------------------------------------------------- the page's own form


@dataclass
class Chunks:
    """Collects episodes into chunks, and hands each to `sink` as base64 of gzip of JSON.

    A blob is kept once: later chunks that need it say in which it is.
    """

    sink: Callable[[str], None]
    n: int = 0
    _episodes: list[str] = field(default_factory=list[str])
    _blobs: dict[str, Any] = field(default_factory=dict[str, Any])
    _elsewhere: dict[str, int] = field(default_factory=dict[str, int])
    _home: dict[str, int] = field(default_factory=dict[str, int])
    _bytes: int = 0

    def add(self, text: str, blobs: Mapping[str, Any]) -> tuple[int, int]:
        """The chunk of an episode, and its place there."""
        self._episodes.append(text)
        self._bytes += len(text)
        for digest, value in blobs.items():
            home = self._home.setdefault(digest, self.n)
            if home != self.n:
                self._elsewhere[digest] = home
            elif digest not in self._blobs:
                self._blobs[digest] = value
                self._bytes += len(value.get("text") or value.get("base64", ""))
        place = self.n, len(self._episodes) - 1
        if self._bytes >= CHUNK_BYTES or len(self._episodes) >= CHUNK_EPISODES:
            self.flush()
        return place

    def flush(self) -> None:
        """Hand over what was collected."""
        if not self._episodes:
            return
        rest = json.dumps({"blobs": self._blobs, "elsewhere": self._elsewhere})
        self.sink(packed(f'{{"episodes":[{",".join(self._episodes)}],{rest[1:]}'))
        self.n += 1
        self._bytes = 0
        self._episodes.clear()
        self._blobs.clear()
        self._elsewhere.clear()


def packed(text: str) -> str:
    """ASCII JSON as the page unpacks it."""
    return base64.b64encode(gzip.compress(text.encode("ascii"), 6, mtime=0)).decode("ascii")


def page_rows(
    runs: Sequence[OpenRun], envs: Sequence[PageEnv], chunks: Chunks
) -> tuple[dict[str, Any], int]:
    """Every episode as a short row, its steps given to `chunks`; and the characters of each text.

    A row is [environment, episode, sample, difficulty, prompt, outcomes]; an outcome, one a run,
    is null or [status, passed, reason, steps, return, prompt tokens, completion tokens, ms, answer,
    chunk, place]. Reasons, prompts and answers are places in `reasons` and `texts`.
    """
    total = sum(e["n"] * r.info.identity["samples"] for r in runs for e in r.info.identity["envs"])
    limit = max(40, min(_TEXT_CHARS, _TEXT_BUDGET // max(1, 2 * total)))
    texts, reasons = _Words(), _Words()
    rows: dict[tuple[int, int, int], list[Any]] = {}
    for at, run in enumerate(runs):
        for env, key, n in _planned(run, envs):
            for stored in stored_episodes(run, key, n):
                blobs = blobs_of(stored.payload, run.store.blob)
                asked, answered = snippets(stored, blobs, limit)
                row = stored.row
                place = chunks.add(record(stored), blobs)
                entry = rows.setdefault(
                    (env, row["episode"], row["sample"]),
                    [
                        env, row["episode"], row["sample"], finite(row["difficulty"]),
                        texts[asked], [None] * len(runs),
                    ],
                )  # fmt: skip
                entry[5][at] = [*outcome(row, reasons[row["reason"]], texts[answered]), *place]
    chunks.flush()
    ordered = [rows[key] for key in sorted(rows)]
    return {"rows": ordered, "texts": list(texts), "reasons": list(reasons)}, limit


def outcome(row: Mapping[str, Any], reason: Any, answer: Any) -> list[Any]:
    """How one run fared on an episode, in the page's short form."""
    return [
        STATUSES.index(row["status"]), row["passed"], reason, row["n_steps"],
        finite(row["return"]), row["prompt_tokens"], row["completion_tokens"],
        round(row["wall_ms"], 1), answer,
    ]  # fmt: skip


def finite(value: Any) -> Any:
    """A value as JSON has it: an infinite number becomes its name."""
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _planned(run: OpenRun, envs: Sequence[PageEnv]) -> Iterator[tuple[int, EnvKey, int]]:
    identity = run.info.identity
    counts = {(env["id"], env["digest"]): env["n"] for env in identity["envs"]}
    for place, env in enumerate(envs):
        if env.key.split == identity["split"] and env.key[:2] in counts:
            yield place, env.key, counts[env.key[:2]]


class _Words(dict[str, int]):
    """Numbers texts in the order in which they come."""

    def __missing__(self, text: str) -> int:
        self[text] = len(self)
        return self[text]
