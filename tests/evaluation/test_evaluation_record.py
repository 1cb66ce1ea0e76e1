import json
import math
import zlib

import numpy as np
import pytest

from assay.core.errors import DataError
from assay.core.types import Cost, Step, Verdict
from assay.evaluation.episode import Episode
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import Unstored, read_payload, to_row

pytestmark = pytest.mark.core

KEY = EpisodeKey("toy/Sum-v0", "d", "p", "test", 0, 0)
LONG = "é" * 5_000 + "\ud83d\ude00"


def episode(observation="o", action="a", **changes):
    step = Step(
        observation=observation, action=action, reward=1.0, terminated=True, truncated=False
    )
    verdict = Verdict.accept("text.same", "It is the same.", extracted="a")
    values = {
        "key": KEY, "status": "finished", "passed": True, "code": "text.same", "verdict": verdict,
        "steps": [step], "final_observation": observation, "total_reward": 1.0,
    }  # fmt: skip
    return Episode(**{**values, **changes})


def round_trip(row):
    return read_payload(row.steps, dict(row.blobs).__getitem__)


@pytest.mark.parametrize(
    "value",
    [
        None, True, 0, -(2**63), 10**40, 1.5, "", "plain", "naïve 😀 \0 </script>", "\ud800 alone",
        "\ud83d\ude00 a pair of halves", LONG, b"\0\xff", [1, [2, "x"]], (1, ("a", None)),
        {"a": 1, "b": {"c": [1.0]}}, {"$array": 1, "x": 2}, {1: "int key", (2, 3): "tuple key"},
    ],
    ids=lambda v: repr(v)[:20],
)  # fmt: skip
def test_plain_values_come_back_exactly(value):
    back = round_trip(to_row(episode(value, value)))
    assert back.final_observation == value and back.steps[0].action == value
    assert type(back.final_observation) is type(value)


@pytest.mark.parametrize("value", [math.inf, -math.inf, math.nan])
def test_floats_outside_json_come_back(value):
    row = to_row(episode(value, total_reward=value))
    back = round_trip(row).final_observation
    assert back == value or (math.isnan(back) and math.isnan(value))
    json.loads(zlib.decompress(row.steps), parse_constant=pytest.fail)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.int16).reshape(2, 3), np.zeros((64, 64, 3), np.uint8),
        np.array([0.1, np.nan], np.float32), np.array(3.0), np.zeros((0, 2)),
    ],
    ids=lambda a: str(a.shape),
)  # fmt: skip
def test_arrays_come_back_with_type_and_shape(array):
    back = round_trip(to_row(episode({"image": array}, array))).steps[0]
    for found in (back.action, back.observation["image"]):
        assert found.dtype == array.dtype and found.shape == array.shape
        np.testing.assert_array_equal(found, array)


def test_numpy_scalars_come_back_with_their_type():
    for value in (np.int64(3), np.float32(0.1), np.bool_(True)):
        back = round_trip(to_row(episode("o", value))).steps[0].action
        assert back == value and back.dtype == value.dtype


class Hostile:
    def __repr__(self):
        raise RuntimeError("no repr for you")


def test_what_has_no_stored_form_is_named():
    nested = []
    nested.append(nested)
    for value in (Hostile(), nested, np.array([object()], dtype=object), {1, 2}, lambda: 0):
        back = round_trip(to_row(episode("o", value))).steps[0].action
        assert isinstance(back, Unstored)


def test_images_and_long_texts_are_kept_once():
    image = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    step = Step(observation=image, action=LONG, reward=0.0, terminated=False, truncated=False)
    row = to_row(episode(image, LONG, steps=[step] * 50))
    assert len(row.blobs) == 2 and len(row.steps) < 2_000


def test_the_payload_is_ascii_json():
    text = zlib.decompress(to_row(episode(LONG, "\ud800")).steps)
    assert text.isascii() and json.loads(text)["verdict"]["status"] == "correct"


def test_the_digest_covers_steps_and_outcome_and_nothing_of_time():
    base = to_row(episode()).payload_digest
    slow = Verdict.accept("text.same", "x", extracted="a", cost=Cost(wall_s=3.0))
    assert to_row(episode(wall_ms=99.0, verdict=slow, prompt_tokens=7)).payload_digest == base
    changes = (
        {"action": "b"}, {"observation": "q"}, {"passed": False}, {"code": "text.other"},
        {"status": "timeout"}, {"total_reward": 0.0}, {"steps": []},
    )  # fmt: skip
    digests = {to_row(episode(**change)).payload_digest for change in changes}
    assert len(digests) == len(changes) and base not in digests


def test_a_verdict_and_an_error_come_back():
    verdict = Verdict.error("v.raised", "It broke: \ud800", details={"traceback": "…", "n": [1]})
    row = to_row(episode(status="verifier_error", passed=False, verdict=verdict, error="Trace\n\0"))
    back = round_trip(row)
    assert back.verdict == verdict and back.error == "Trace\n\0"


def test_a_reason_is_never_free_text():
    assert to_row(episode(code="\ud800" + "x" * 500)).reason.isascii()


def test_damaged_bytes_are_named():
    with pytest.raises(DataError, match="cannot be read"):
        read_payload(b"junk", dict[str, bytes]().__getitem__)
