"""`Unicode` in Gymnasium's hands; legality of actions by value."""

from __future__ import annotations

import pickle

import gymnasium
import numpy as np
import pytest
from gymnasium.spaces import Box, Discrete, MultiBinary, MultiDiscrete
from gymnasium.vector.utils import batch_differing_spaces, batch_space, concatenate, iterate

from assay.core.errors import OptionError
from assay.core.legality import judge_action
from assay.core.spaces import Unicode


@pytest.mark.parametrize("text", ["", "a", "\ud800", "🙂" * 10, "\0", "x" * 10])
def test_any_text_up_to_the_length_is_inside(text):
    assert Unicode(10).contains(text)


@pytest.mark.parametrize("value", ["x" * 11, b"a", 1, None, ["a"], np.array(["a"])])
def test_nothing_else_is(value):
    assert not Unicode(10).contains(value)


def test_samples_are_seeded_readable_and_inside():
    space = Unicode(12, seed=3)
    samples = [space.sample() for _ in range(200)]
    assert all(space.contains(s) and s.strip() for s in samples)
    assert len(set(samples)) > 100
    space.seed(3)
    assert [space.sample() for _ in range(200)] == samples
    assert max(map(len, samples)) == 12


@pytest.mark.parametrize("length", [0, -1, 1.5, True, "9"])
def test_bad_lengths(length):
    with pytest.raises(OptionError, match="max_length"):
        Unicode(length)


def test_equality_hash_pickle_and_json():
    space = Unicode(9)
    assert space == Unicode(9) != Unicode(8) and hash(space) == hash(Unicode(9))
    assert pickle.loads(pickle.dumps(space)) == space
    assert Unicode.from_json(space.to_json()) == space
    assert space.from_jsonable(space.to_jsonable(["a", "\ud800"])) == ["a", "\ud800"]


def test_gymnasiums_vector_functions_work():
    space = Unicode(9)
    batch = batch_space(space, 2)
    assert list(iterate(batch, ("ab", "c"))) == ["ab", "c"]
    assert concatenate(space, ["ab", "c"], None) == ("ab", "c")
    assert len(batch_differing_spaces([Unicode(3), Unicode(4)]).spaces) == 2
    with pytest.raises(gymnasium.error.CustomSpaceError):
        gymnasium.vector.utils.create_shared_memory(space)


BOX = Box(-1, 1, (2,), np.float32)


@pytest.mark.parametrize(
    ("space", "action", "value"),
    [
        (Discrete(3), 2, 2),
        (Discrete(3), np.int64(2), 2),
        (Discrete(3), 2.0, 2),
        (Discrete(3), np.array([2]), 2),
        (Discrete(3, start=-1), -1, -1),
        (BOX, np.array([0.5, -1.0]), [0.5, -1.0]),
        (BOX, [1, 0], [1.0, 0.0]),
        (BOX, [1.0000005, 0], [1.0, 0.0]),
        (MultiDiscrete([2, 3]), [1, 2.0], [1, 2]),
        (MultiBinary(2), [1, 0], [1, 0]),
        (Unicode(3), "abc", "abc"),
    ],
    ids=repr,
)
def test_legal_by_value(space, action, value):
    legal, cast = judge_action(space, action)
    assert legal and space.contains(cast)
    assert np.array_equal(cast, value)


class Nasty:
    def __array__(self, *args, **kwargs):
        raise RuntimeError("no")

    def __eq__(self, other):
        return True


@pytest.mark.parametrize(
    ("space", "action"),
    [
        *[
            (Discrete(3), a)
            for a in (3, -1, 0.5, True, "1", None, b"1", np.nan, np.inf, [0, 1], 10**400, Nasty())
        ],
        *[
            (BOX, a)
            for a in ([0, 1.1], [0, np.nan], [0], 0.5, "ab", None, [[0, 0]], [True, None], Nasty())
        ],
        (MultiDiscrete([2, 3]), [2, 0]),
        (MultiDiscrete([2, 3]), [0.5, 0]),
        (MultiBinary(2), [2, 0]),
        (MultiBinary(2), [np.nan, 0]),
        (Unicode(3), "abcd"),
        (Unicode(3), 5),
    ],
)
def test_illegal_by_value_and_never_an_exception(space, action):
    assert judge_action(space, action)[0] is False
