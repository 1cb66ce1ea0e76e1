"""Episodes as rows: plain JSON for what was seen and done, compressed, with a digest.

Steps are ASCII JSON, so that any text a policy can emit comes back exactly, lone surrogates
included. What JSON lacks stands in an object with a `$` key: `$text`, `$float`, `$int`, `$bytes`,
`$tuple`, `$dict`, `$scalar`, `$array`, `$long`, `$repr`. Long texts and large arrays are blobs.
"""

from __future__ import annotations

import base64
import json
import math
import re
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, cast

import numpy as np

from assay.core.errors import DataError, shorten
from assay.core.types import Step, Verdict
from assay.evaluation.config import EpisodeStatus
from assay.evaluation.episode import Episode
from assay.evaluation.plan import EpisodeKey

CODEC = "json+zlib"
LONG_TEXT_CHARS = 4_096  # longer texts are blobs
SMALL_ARRAY_BYTES = 512  # larger arrays are blobs
_REPR_CHARS = 2_000
_REASON_CHARS = 100
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")  # JSON would read two surrogates as one
_dumps = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode

Blobs = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class Row:
    """One episode as it is stored, and as it travels from a worker to the driver.

    Attributes:
        reason: the verdict's code, or a short word for what went wrong: our words, never a
            policy's.
        cut: the limit that ended the episode from outside, or empty.
        world: key of the world where the card says that instances are shared, or empty.
        payload_digest: of steps and outcome; timing and tokens are left out.
        steps: the compressed payload. blobs: (digest, compressed bytes) that it refers to.
    """

    key: EpisodeKey
    status: EpisodeStatus
    passed: bool
    reason: str
    total_reward: float
    n_steps: int
    payload_digest: str
    steps: bytes
    cut: str = ""
    world: str = ""
    difficulty: float | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    wall_ms: float = 0.0
    attempts: int = 1
    codec: str = CODEC
    blobs: tuple[tuple[str, bytes], ...] = ()


def to_row(episode: Episode, attempts: int = 1) -> Row:
    """The row of a played episode."""
    blobs: Blobs = {}
    seen = _steps_json(episode, blobs)
    frames = [_keep(frame, blobs) for frame in episode.frames]
    about: dict[str, Any] = {"verdict": verdict_json(episode.verdict, blobs)}
    if episode.error:
        about["error"] = json_value(episode.error, blobs)
    if frames:
        about["frames"] = frames
    text = f"{{{seen},{_dumps(about)[1:]}"
    return Row(
        key=episode.key,
        status=episode.status,
        passed=episode.passed,
        reason=reason_of(episode.code),
        total_reward=episode.total_reward,
        n_steps=len(episode.steps),
        payload_digest=_digest(
            seen,
            episode.status,
            episode.passed,
            episode.code,
            episode.total_reward,
            len(episode.steps),
        ),
        steps=zlib.compress(text.encode("ascii"), 1),
        cut=episode.cut,
        world=episode.world,
        difficulty=episode.difficulty,
        prompt_tokens=episode.prompt_tokens,
        completion_tokens=episode.completion_tokens,
        wall_ms=episode.wall_ms,
        attempts=attempts,
        blobs=tuple(blobs.items()),
    )


def _digest(
    seen: str, status: str, passed: bool, code: object, total_reward: float, n_steps: int
) -> str:
    """Of steps and outcome; `seen` is the JSON text of the steps and the last observation."""
    outcome = f"\0{status}\0{passed}\0{_ascii(str(code))}\0{total_reward!r}\0{n_steps}"
    return blake2b((seen + outcome).encode("ascii"), digest_size=16).hexdigest()


def payload_digest(
    payload: Mapping[str, Any], status: str, passed: bool, code: str, total_reward: float
) -> str:
    """The digest that `to_row` gave a row with this payload (`read_json`) and this outcome."""
    steps = payload["steps"]
    seen = as_text({"steps": steps, "final_observation": payload["final_observation"]})[1:-1]
    return _digest(seen, status, passed, code, total_reward, len(steps))


def as_text(value: Any) -> str:
    """Plain JSON values as ASCII text; equal texts stand for equal values."""
    return _dumps(value)


def reason_of(code: object) -> str:
    """A code as the column `reason` holds it."""
    return _ascii(str(code))[:_REASON_CHARS]


def crashed_row(key: EpisodeKey, why: str, attempts: int) -> Row:
    """The row of an episode whose workers were lost each time."""
    episode = Episode(key=key, status="crashed", passed=False, code="worker.lost", error=why)
    return to_row(episode, attempts)


def overdue_row(key: EpisodeKey, seconds: float, attempts: int) -> Row:
    """The row of an episode that did not come back by itself and was ended with its worker."""
    why = f"No answer for {seconds:.1f} s: its worker was ended."
    episode = Episode(
        key=key, status="timeout", passed=False, code="limit.time", cut="limit.time", error=why,
        wall_ms=seconds * 1_000,
    )  # fmt: skip
    return to_row(episode, attempts)


def _steps_json(episode: Episode, blobs: Blobs) -> str:
    steps = [
        {
            "observation": json_value(step.observation, blobs),
            "action": json_value(step.action, blobs),
            "reward": json_value(step.reward, blobs),
            "terminated": bool(step.terminated),
            "truncated": bool(step.truncated),
            "action_status": json_value(step.action_status, blobs),
        }
        for step in episode.steps
    ]
    final = json_value(episode.final_observation, blobs)
    return _dumps({"steps": steps, "final_observation": final})[1:-1]


def verdict_json(verdict: Verdict | None, blobs: Blobs) -> Any:
    """A verdict as plain values; fields that say nothing are left out."""
    if verdict is None:
        return None
    values = verdict.to_dict()
    if verdict.cost.wall_s == verdict.cost.cpu_s == 0.0:
        del values["cost"]
    return {
        name: json_value(value, blobs)
        for name, value in values.items()
        if value or name == "passed"
    }


def json_value(value: Any, blobs: Blobs) -> Any:
    """`value` in a form that `json` writes and `from_json` reads back; never raises."""
    if value is None or value is True or value is False:
        return value
    if type(value) is str and len(value) <= LONG_TEXT_CHARS and (value.isascii() or _plain(value)):
        return value
    try:
        return _encode(value, blobs)
    except Exception:  # any object may stand where an action should, and must not stop the run
        return {"$repr": _ascii(shorten(value, _REPR_CHARS))}


def _encode(value: Any, blobs: Blobs) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if type(value) is str and value.isascii() and len(value) <= LONG_TEXT_CHARS:
        return value
    if isinstance(value, np.generic):
        array: np.ndarray[Any, Any] = np.asarray(cast(Any, value))
        return {"$scalar": array.dtype.str, "data": _base64(array.tobytes())}
    if isinstance(value, str):
        return _encode_text(str.__str__(value), blobs)
    if isinstance(value, int):
        number = int(value)
        return number if abs(number) < 2**53 else {"$int": hex(number)}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
    if isinstance(value, bytes | bytearray):
        return {"$bytes": _base64(bytes(value))}
    if isinstance(value, np.ndarray):
        return _encode_array(cast("np.ndarray[Any, Any]", value), blobs)
    if isinstance(value, list):
        return [_encode(item, blobs) for item in cast("list[Any]", value)]
    if isinstance(value, tuple):
        return {"$tuple": [_encode(item, blobs) for item in cast("tuple[Any, ...]", value)]}
    if isinstance(value, Mapping):
        items = list(cast("Mapping[Any, Any]", value).items())
        if all(type(k) is str and not k.startswith("$") and _plain(k) for k, _ in items):
            return {k: _encode(v, blobs) for k, v in items}
        return {"$dict": [[_encode(k, blobs), _encode(v, blobs)] for k, v in items]}
    return {"$repr": _ascii(shorten(value, _REPR_CHARS))}


def _plain(text: str) -> bool:
    return _PAIR.search(text) is None


def _ascii(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode("ascii")


def _encode_text(text: str, blobs: Blobs) -> Any:
    if len(text) > LONG_TEXT_CHARS:
        return {"$long": _keep(text.encode("utf-8", "surrogatepass"), blobs)}
    return text if _plain(text) else {"$text": _base64(text.encode("utf-8", "surrogatepass"))}


def _encode_array(value: np.ndarray[Any, Any], blobs: Blobs) -> Any:
    if value.dtype.hasobject:
        return {"$repr": _ascii(shorten(value, _REPR_CHARS))}
    raw = value.tobytes()
    out = {"$array": value.dtype.str, "shape": list(value.shape)}
    if len(raw) <= SMALL_ARRAY_BYTES:
        return {**out, "data": _base64(raw)}
    return {**out, "blob": _keep(raw, blobs)}


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")


def _keep(raw: bytes, blobs: Blobs) -> str:
    name = blake2b(raw, digest_size=16).hexdigest()
    if name not in blobs:
        blobs[name] = zlib.compress(raw, 1)
    return name


# ---------------------------------------------------------------------- reading back


@dataclass(frozen=True)
class Recorded:
    """What a stored payload holds.

    Attributes: frames: PNG bytes. error: the traceback, or empty.
    """

    steps: tuple[Step, ...]
    final_observation: Any
    verdict: Verdict | None
    error: str
    frames: tuple[bytes, ...]


def read_payload(data: bytes, blob: Callable[[str], bytes]) -> Recorded:
    """A payload as `to_row` wrote it; `blob` gives the stored (compressed) bytes of a digest.

    Raises:
        DataError: bytes that are no payload.
    """

    def fetch(name: str) -> bytes:
        return zlib.decompress(blob(name))

    try:
        values = read_json(data)
        steps = tuple(
            Step(**{name: from_json(value, fetch) for name, value in step.items()})
            for step in values["steps"]
        )
        verdict = from_json(values["verdict"], fetch)
        return Recorded(
            steps,
            from_json(values["final_observation"], fetch),
            None if verdict is None else Verdict.from_dict(verdict),
            from_json(values.get("error", ""), fetch),
            tuple(fetch(name) for name in values.get("frames", ())),
        )
    except (zlib.error, ValueError, KeyError, TypeError) as err:
        raise DataError(f"A stored episode cannot be read ({type(err).__name__}: {err}).") from err


def read_json(data: bytes) -> dict[str, Any]:
    """A payload as plain JSON values, undecoded.

    Raises:
        DataError: bytes that are no payload.
    """
    try:
        values = json.loads(zlib.decompress(data))
        if not {"steps", "final_observation", "verdict"} <= set(values):
            raise ValueError("its parts are not all there")
    except (zlib.error, ValueError, TypeError) as err:
        raise DataError(f"A stored episode cannot be read ({type(err).__name__}: {err}).") from err
    return values


def from_json(value: Any, fetch: Callable[[str], bytes]) -> Any:
    """The inverse of `json_value`; `fetch` gives the raw bytes of a blob."""
    if isinstance(value, list):
        return [from_json(item, fetch) for item in cast("list[Any]", value)]
    if not isinstance(value, dict):
        return value
    found = cast("dict[str, Any]", value)
    mark = next(iter(found), "")
    if not mark.startswith("$"):
        return {name: from_json(item, fetch) for name, item in found.items()}
    return _MARKED[mark](found, fetch)


def _array(found: dict[str, Any], fetch: Callable[[str], bytes]) -> np.ndarray[Any, Any]:
    raw = base64.b64decode(found["data"]) if "data" in found else fetch(found["blob"])
    return np.frombuffer(raw, dtype=found["$array"]).reshape(found["shape"]).copy()


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogatepass")


_MARKED: dict[str, Callable[[dict[str, Any], Callable[[str], bytes]], Any]] = {
    "$text": lambda found, fetch: _text(base64.b64decode(found["$text"])),
    "$long": lambda found, fetch: _text(fetch(found["$long"])),
    "$float": lambda found, fetch: float(found["$float"]),
    "$int": lambda found, fetch: int(found["$int"], 16),
    "$bytes": lambda found, fetch: base64.b64decode(found["$bytes"]),
    "$tuple": lambda found, fetch: tuple(from_json(found["$tuple"], fetch)),
    "$dict": lambda found, fetch: {
        _hashable(from_json(k, fetch)): from_json(v, fetch) for k, v in found["$dict"]
    },
    "$scalar": lambda found, fetch: np.frombuffer(
        base64.b64decode(found["data"]), dtype=found["$scalar"]
    )[0],
    "$array": _array,
    "$repr": lambda found, fetch: Unstored(found["$repr"]),
}


def _hashable(value: Any) -> Any:
    return value if not isinstance(value, list | dict) else repr(cast(Any, value))


@dataclass(frozen=True)
class Unstored:
    """Stands for an object that has no stored form; its repr tells what it was."""

    text: str
