"""Canonical bytes: equal for equal data everywhere, and readable again."""

from __future__ import annotations

import math
import subprocess
import sys
from collections import OrderedDict, namedtuple
from dataclasses import dataclass, field

import numpy as np
import pytest

from assay.core.encoding import EncodingError, decode, derive_seed, digest, encode, seed_series

Pair = namedtuple("Pair", "left right")


@dataclass
class Box:
    name: str
    items: list = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Slotted:
    value: float


VALUES = [
    None,
    True,
    False,
    0,
    -1,
    2**200,
    -(2**200),
    0.0,
    -0.0,
    math.inf,
    5e-324,
    1 + 2j,
    "",
    "héllo \0 🙂",
    "\ud800",
    b"",
    b"\xff\0",
    (),
    (1, (2,)),
    [],
    [1, [2]],
    {},
    {"b": 1, "a": [2], 3: None},
    {1, 2},
    frozenset({"x", "y"}),
    Pair(1, "2"),
    Box("b", [Slotted(1.5)]),
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_round_trip_keeps_value_and_type(value):
    back = decode(encode(value), [Pair, Box, Slotted])
    assert back == value and type(back) is type(value)
    assert encode(back) == encode(value)


@pytest.mark.parametrize(
    "array",
    [
        np.arange(6, dtype=np.uint8).reshape(2, 3),
        np.array([1.5, np.nan]),
        np.array(7, dtype=np.int16),
        np.zeros((0, 4)),
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.arange(10)[::2],
        np.array([True]),
        np.arange(3, dtype=">i4"),
    ],
    ids=str,
)
def test_arrays_keep_dtype_shape_and_bytes(array):
    back = decode(encode(array))
    np.testing.assert_array_equal(back, array)
    assert back.shape == array.shape and back.dtype == array.dtype.newbyteorder("=")
    back[...] = back  # writable, not a view of the bytes


def test_numpy_scalars_are_not_numbers_of_python():
    assert type(decode(encode(np.float32(0)))) is np.float32
    forms = [
        0,
        0.0,
        -0.0,
        False,
        None,
        "0",
        np.int64(0),
        np.float32(0),
        np.float64(0),
        "",
        b"",
        (),
        [],
    ]
    assert len({encode(form) for form in forms}) == len(forms)


def test_order_of_keys_and_members_does_not_matter():
    assert encode({"a": 1, "b": 2}) == encode({"b": 2, "a": 1}) == encode(OrderedDict(b=2, a=1))
    assert encode(set("abcdef")) == encode(set("fedcba"))


@pytest.mark.parametrize(
    "value", [object(), lambda: 0, np.array([None]), {"k": object()}, range(3)]
)
def test_what_has_no_canonical_form_is_named(value):
    with pytest.raises(EncodingError):
        encode(value)


def test_only_types_handed_over_are_built():
    with pytest.raises(EncodingError, match="Box"):
        decode(encode(Box("b")), [Pair])


def test_mutilated_bytes_are_refused():
    raw = encode({"a": [1, "two", 3.0, np.arange(3)], "b": Box("x")})
    for cut in range(len(raw)):
        with pytest.raises(EncodingError):
            decode(raw[:cut], [Box])
    with pytest.raises(EncodingError, match="more than one"):
        decode(raw + b"N", [Box])


def test_parts_of_a_seed_are_typed_and_separate():
    parts = [(1,), ("1",), (1.0,), (True,), (1, 1), (11,), ((1, 1),), (), (None,), ("",)]
    assert len({derive_seed(*p) for p in parts}) == len(parts)


def test_a_series_gives_the_seeds_of_its_parts_written_out():
    one, two = seed_series(7, "env", "test"), seed_series(more=2)
    for part in (0, 1, 2**40, -1, "1", 1.0, True, None, ("a", 2)):
        assert one(part) == derive_seed(7, "env", "test", part)
        assert two("x", part) == derive_seed("x", part)
    with pytest.raises(EncodingError, match="2 parts are not valid: expected 1"):
        one(1, 2)


@pytest.mark.parametrize("bits", [1, 31, 32, 63, 64])
def test_seeds_fill_their_bits(bits):
    drawn = [derive_seed("bits", i, bits=bits) for i in range(200)]
    assert max(drawn).bit_length() == bits and min(drawn) >= 0


@pytest.mark.parametrize("bits", [0, 65, -1])
def test_seeds_of_other_widths_are_refused(bits):
    with pytest.raises(EncodingError, match="bits"):
        derive_seed(1, bits=bits)


def test_bytes_do_not_depend_on_the_hash_seed():
    code = (
        "from assay.core.encoding import digest;"
        "print(digest({'s': set('qwertyuiop'), 'd': {c: c for c in 'zyx'}}))"
    )
    runs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1", "77")
    }
    assert len(runs) == 1
    here = digest({"s": set("qwertyuiop"), "d": {c: c for c in "zyx"}})
    assert runs == {here + "\n"}
