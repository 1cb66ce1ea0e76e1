"""Named streams: keyed by names, equal in scalar and array form, blind to global state."""

from __future__ import annotations

import numpy as np
import pytest

from assay.core.drawers import StreamDrawer
from assay.core.errors import OptionError
from assay.core.problems import Odometer
from assay.core.streams import (
    STREAMS,
    CounterArray,
    CounterStream,
    Streams,
    index_of,
    index_of_array,
    mix64,
    mix64_array,
)

EDGES = [0, 1, 2, 63, 2**31, 2**32 - 1, 2**62, 2**63 - 1]


def draws(streams: Streams) -> dict[str, list[int]]:
    return {name: getattr(streams, name).integers(0, 2**40, 3).tolist() for name in STREAMS}


def keyed(*key) -> Streams:
    streams = Streams()
    streams.key(*key)
    return streams


def test_the_key_decides_every_stream():
    assert draws(keyed("train", 3, 0, 9)) == draws(keyed("train", 3, 0, 9))


@pytest.mark.parametrize(
    ("key", "moved"),
    [
        (("test", 3, 0, 9), {"init", "task"}),
        (("train", 4, 0, 9), {"init", "task"}),
        (("train", 3, 1, 9), {"init", "task"}),
        (("train", 3, 0, 10), {"dynamics", "observation"}),
    ],
)
def test_each_part_of_the_key_moves_its_own_streams(key, moved):
    base, other = draws(keyed("train", 3, 0, 9)), draws(keyed(*key))
    assert {name for name in STREAMS if base[name] != other[name]} == moved


def test_streams_differ_from_one_another():
    values = draws(keyed("train", 3, 0, 9)).values()
    assert len({tuple(v) for v in values}) == 4


def test_keying_again_starts_anew_whatever_was_drawn():
    streams = keyed("train", 3, 0, 9)
    first = draws(streams)
    streams.init.random(1001)
    streams.task.integers(0, 5, dtype=np.int32)
    streams.key("train", 3, 0, 9)
    assert draws(streams) == first


def test_a_snapshot_continues_every_stream_at_its_next_draw():
    streams = keyed("train", 3, 0, 9)
    streams.dynamics.integers(0, 7, dtype=np.int32)  # leaves half a word buffered
    streams.init.random(5)
    state = streams.snapshot()
    expected = draws(streams)
    other = Streams()
    other.restore(state)
    assert draws(other) == expected


def test_global_random_state_is_neither_read_nor_set():
    np.random.seed(1)
    before = np.random.get_state()[1].copy()
    first = draws(keyed("train", 0, 0, 0))
    assert (np.random.get_state()[1] == before).all()
    np.random.seed(2)
    assert draws(keyed("train", 0, 0, 0)) == first


def test_golden_draws():
    stream = CounterStream("init", "train", 0)
    assert [stream.integers(0, 1000) for _ in range(5)] == GOLDEN_COUNTER
    assert keyed("train", 0, 0, 0).init.integers(0, 1000, 5).tolist() == GOLDEN_INIT
    assert [index_of(seed) for seed in (0, 1, 2)] == GOLDEN_INDEX


GOLDEN_COUNTER = [511, 615, 909, 247, 776]
GOLDEN_INIT = [81, 275, 259, 510, 657]
GOLDEN_INDEX = [3327223233706438005, 3288180507614813604, 7008195066292185597]


@pytest.mark.parametrize("attempt", [0, 1, 5])
def test_scalar_and_array_forms_agree(attempt):
    index = np.array(EDGES, dtype=np.uint64)
    array = CounterArray("init", "eval", index, attempt)
    scalars = [CounterStream("init", "eval", i, attempt) for i in EDGES]
    for low, high in ((0, 2), (0, 10), (-50, 100), (0, 2**50)):
        assert array.integers(low, high).tolist() == [s.integers(low, high) for s in scalars]
    assert array.bits().tolist() == [s.bits() for s in scalars]


@pytest.mark.parametrize(("low", "high", "n"), [(0, 26, 5), (-3, 4, 40), (5, 6, 3), (0, 2**50, 2)])
def test_several_integers_are_choices_of_a_range_one_row_or_many(low, high, n):
    index = np.array(EDGES, dtype=np.uint64)
    array = CounterArray("init", "eval", index, np.arange(3)[:, None])
    array.prepare(2)
    drawn = np.array(array.several(low, high, n))
    assert drawn.shape == (n, 3, len(EDGES))
    for attempt in range(3):
        for place, i in enumerate(EDGES):
            stream = CounterStream("init", "eval", i, attempt)
            again = CounterStream("init", "eval", i, attempt)
            wanted = stream.several(low, high, n)
            assert drawn[:, attempt, place].tolist() == wanted
            assert wanted == again.choices(range(low, high), n) and stream.state == again.state
    assert array.bits()[-1, -1] == stream.bits()


def test_hashes_of_scalars_and_arrays_agree():
    values = np.array(EDGES, dtype=np.uint64)
    assert mix64_array(values).tolist() == [mix64(v) for v in EDGES]
    assert index_of_array(values).tolist() == [index_of(v) for v in EDGES]
    assert all(0 <= index_of(v) < 2**63 for v in EDGES)


def test_counter_draws_are_uniform():
    drawn = np.array([CounterStream("task", "train", i).integers(0, 10) for i in range(20_000)])
    counts = np.bincount(drawn, minlength=10)
    assert counts.sum() == 20_000 and ((counts - 2000) ** 2 / 2000).sum() < 33.7  # p = 1e-4, 9 df


def test_shuffled_is_a_permutation_and_reaches_all():
    seen = {tuple(CounterStream("init", "train", i).shuffled("abc")) for i in range(200)}
    assert len(seen) == 6


def test_a_stream_owns_the_keys_of_the_split_that_is_wanted():
    stream = CounterStream("init", "eval", 0)
    assert all(stream.owns(key) for key in range(10))
    stream.wanted = "eval"
    assert [key for key in range(20) if stream.owns(key)] == [8, 18]
    for rows in (3, 30):
        drawer = StreamDrawer(lambda rng, _: [k for k in range(20) if rng.owns(k)], None)
        drawer.draw("test", list(range(rows)), 0, "test")
        assert list(drawer.questions(0, range(rows))) == [[9, 19]] * rows
    assert Odometer().owns(8)


def test_counters_belong_to_the_problem():
    with pytest.raises(OptionError, match="'init' or 'task'"):
        keyed("train", 0, 0, 0).counter("dynamics")
