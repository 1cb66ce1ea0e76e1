"""Sources: splits that cannot overlap, enumeration by odometer, finite and endless."""

from __future__ import annotations

import itertools

import pytest

from assay.core.errors import NoSuchProblem, OptionError, UnknownName
from assay.core.problems import (
    FINITE_BELOW,
    Question,
    check_index,
    check_split,
    divide,
    enumerate_questions,
    question_key,
    split_of,
    text_key,
    value_key,
    visiting_order,
)
from assay.core.streams import CounterStream
from assay.core.types import SPLITS


def test_residues_own_the_splits():
    owners = [split_of(key) for key in range(10)]
    assert owners == ["train"] * 8 + ["eval", "test"]
    assert split_of(2**64 - 1) == owners[(2**64 - 1) % 10]


def test_every_item_belongs_to_one_split():
    items = [f"item {i}" for i in range(5_000)]
    source = divide(items, text_key)
    parts = {split: [source.get(split, i) for i in range(source.size(split))] for split in SPLITS}
    assert sorted(itertools.chain(*parts.values())) == sorted(items)
    assert [round(len(parts[split]) / 500) for split in SPLITS] == [8, 1, 1]


def test_beyond_the_end_the_size_is_said():
    source = divide(range(100), lambda k: k)
    assert source.get("test", 9) == 99
    with pytest.raises(NoSuchProblem, match="holds 10 problems: use 0 to 9"):
        source.get("test", 10)


@pytest.mark.parametrize("index", [-1, 1.0, True, "1", None])
def test_an_index_is_a_whole_number(index):
    with pytest.raises(OptionError, match="index"):
        check_index(index, "train", None)


def test_an_unknown_split_names_the_nearest():
    with pytest.raises(UnknownName, match="Did you mean 'train'"):
        check_split("trian")


def two_digits(rng) -> Question | None:
    a, b = rng.integers(0, 10), rng.integers(0, 10)
    return None if a == b else Question(f"{a} {b}")


def test_the_odometer_finds_exactly_what_can_be_drawn():
    found = enumerate_questions(two_digits)
    assert found is not None and len(found) == 90
    drawn = {two_digits(CounterStream("init", "train", i)) for i in range(5_000)} - {None}
    assert drawn == set(found)


def test_branches_of_different_lengths_are_enumerated():
    def draw(rng):
        length = rng.integers(1, 4)
        return Question("".join(rng.choice("ab") for _ in range(length)))

    found = enumerate_questions(draw)
    assert found is not None
    assert sorted(q.text for q in found) == sorted(
        "".join(w) for n in (1, 2, 3) for w in itertools.product("ab", repeat=n)
    )


def test_permutations_are_enumerated():
    found = enumerate_questions(lambda rng: Question("".join(rng.shuffled("abcd"))))
    assert found is not None and len(found) == 24


@pytest.mark.parametrize(
    "draw",
    [
        lambda rng: Question(str(rng.random())),
        lambda rng: Question(str(rng.integers(0, FINITE_BELOW))),
        lambda rng: Question(str([rng.integers(0, 2) for _ in range(40)])),
    ],
    ids=["a float", "as many as the limit", "far too many"],
)
def test_what_has_no_small_end_is_endless(draw):
    assert enumerate_questions(draw) is None


def test_one_below_the_limit_is_finite():
    found = enumerate_questions(lambda rng: Question(str(rng.integers(0, FINITE_BELOW - 1))))
    assert found is not None and len(found) == FINITE_BELOW - 1


def test_mirror_images_share_a_split():
    assert question_key(Question("a", key=7)) == question_key(Question("b", key=7)) == 7
    assert question_key(Question("a")) == text_key("a") != text_key("b")


def test_keys_are_wide_and_stable():
    assert text_key("Which is larger?") == GOLDEN_TEXT_KEY
    assert value_key(("a", 1)) == GOLDEN_VALUE_KEY
    assert text_key("\ud800") != text_key("\ud801")


GOLDEN_TEXT_KEY = 16511474831850243040
GOLDEN_VALUE_KEY = 1582203307952603399


def test_the_visiting_order_is_a_seeded_permutation():
    order = visiting_order(100, 1, "test")
    assert sorted(order.tolist()) == list(range(100))
    assert order.tolist() == visiting_order(100, 1, "test").tolist()
    assert order.tolist() != visiting_order(100, 2, "test").tolist()
