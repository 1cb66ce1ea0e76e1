"""Comparing what vectors return, types and all."""

import numpy as np


def assert_same(left, right, where=""):
    assert type(left) is type(right), (where, type(left), type(right))
    if isinstance(left, dict):
        assert left.keys() == right.keys(), (where, left.keys(), right.keys())
        for key in left:
            assert_same(left[key], right[key], f"{where}.{key}")
    elif isinstance(left, np.ndarray):
        assert left.dtype == right.dtype and left.shape == right.shape, (where, left, right)
        for one, other in zip(left.ravel(), right.ravel(), strict=True):
            if isinstance(one, np.ndarray):
                assert_same(one, other, where)
            else:
                assert one is other or one == other or one != one, (where, one, other)
    elif isinstance(left, tuple):
        assert len(left) == len(right), where
        for one, other in zip(left, right, strict=True):
            assert_same(one, other, where)
    else:
        assert left == right, (where, left, right)
