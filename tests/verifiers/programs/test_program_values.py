"""Values on their way out of a child, and their comparison; forged and broken ones included."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.verifiers.programs.compare import Malformed, Rules, canonical, parse, same, single
from assay.verifiers.programs.inside.plain import ENCODE, Unsendable, decode
from assay.verifiers.values import Tolerance

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(10**500), 10**500)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
    | st.complex_numbers(allow_nan=False, allow_infinity=False)
)
hashable = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3).map(tuple) | st.frozensets(inner, max_size=3)
)
values = st.recursive(
    scalars | hashable,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.sets(hashable, max_size=4)
        | st.dictionaries(hashable, inner, max_size=4)
    ),
    max_leaves=12,
)


def typed(value):
    """A text that tells values apart by type as well."""
    if isinstance(value, list | tuple):
        return f"{type(value).__name__}{[typed(item) for item in value]}"
    if isinstance(value, set | frozenset):
        return f"{type(value).__name__}{sorted(typed(item) for item in value)}"
    if isinstance(value, dict):
        return f"dict{sorted((typed(k), typed(v)) for k, v in value.items())}"
    if isinstance(value, float | complex):
        return f"{type(value).__name__}{value + 0.0!r}"
    return f"{type(value).__name__}{value!r}"


@settings(max_examples=300, deadline=None)
@given(values)
def test_values_come_back_as_they_were(value):
    text = ENCODE(value)
    assert text.isascii()
    assert typed(decode(__import__("json").loads(text))) == typed(value)


@settings(max_examples=300, deadline=None)
@given(values, values)
def test_same_exactly_where_type_and_value_are(one, other):
    a, b = ENCODE(one), ENCODE(other)
    assert same(a, a, Rules())
    assert same(a, b, Rules()) is same(b, a, Rules()) is (typed(one) == typed(other))


@settings(max_examples=300, deadline=None)
@given(values, values)
def test_equal_follows_python(one, other):
    rules = Rules(compare="equal")
    assert same(ENCODE(one), ENCODE(one), rules)
    assert same(ENCODE(one), ENCODE(other), rules) is (one == other)


@pytest.mark.parametrize(
    ("one", "other", "exact", "equal"),
    [
        (1, 1.0, False, True),
        (1, True, False, True),
        (0, False, False, True),
        (0.0, -0.0, True, True),
        ([1], (1,), False, False),
        ({1}, frozenset({1}), False, True),
        ({1: "a"}, {True: "a"}, False, True),
        ({1: "a"}, {"1": "a"}, False, False),
        (2**70, float(2**70), False, True),
        (2**70 + 1, float(2**70), False, False),
        (1 + 0j, 1, False, True),
        ("1", 1, False, False),
        ("a", b"a", False, False),
        (None, 0, False, False),
        ([], None, False, False),
        ("é", "e\u0301", False, False),
        ([[1, 2], 3], [1, [2, 3]], False, False),
        (["a,b"], ["a", "b"], False, False),
    ],
)
def test_pairs(one, other, exact, equal):
    assert same(ENCODE(one), ENCODE(other), Rules()) is exact
    assert same(ENCODE(one), ENCODE(other), Rules(compare="equal")) is equal


BROKEN = [
    "", "nan", "NaN", "Infinity", "-Infinity", "1e999", "[1", "{}", '{"x":1}', '{"t":1}',
    '{"t":[1],"s":[2]}', '{"i":"5"}', '{"i":"0x_1"}', '{"i":5}', '{"b":"zz"}', '{"b":"abc"}',
    '{"c":[1,2]}', '{"c":[1.0]}', '{"d":[[1]]}', '{"d":[1]}', '{"d":{"t":[]}}', "1 2", "'a'",
    "[" * 100 + "]" * 100, "[" * 200_000, '{"t":' * 5_000, "9" * 5_000,
    '{"value":1}', "[,]", "tru",
]  # fmt: skip


@pytest.mark.parametrize("text", BROKEN, ids=lambda text: text[:20])
@pytest.mark.parametrize("rules", [Rules(), Rules(compare="equal"), Rules(unordered=True)])
def test_what_is_no_encoded_value_is_malformed(text, rules):
    with pytest.raises(Malformed):
        same("[1]", text, rules)
    with pytest.raises(Malformed):
        canonical(parse(text), "exact")


def test_frames_have_one_key():
    assert single('{"value":[1]}') == ("value", [1])
    for text in ("1", "[]", "{}", '{"a":1,"b":2}', '[["value",1]]', '{"value":', "null", '"value"'):
        with pytest.raises(Malformed):
            single(text)


def test_members_that_collide_as_hashes_cost_nothing_here():
    """The verifier hashes nothing of a submission's, so 40,000 equal hashes are just texts."""
    claimed = '{"s":[' + ",".join(str(k * (2**61 - 1)) for k in range(40_000)) + "]}"
    assert not same('{"s":[1]}', claimed, Rules())


def test_tolerance_reaches_floats_and_nothing_else():
    rules = Rules(tolerance=Tolerance(abs=Tolerance().abs + 1))
    assert same("[1.5]", "[2.5]", rules)
    assert same('{"d":[["a",1.5]]}', '{"d":[["a",2.0]]}', rules)
    assert same('{"t":[1.5,["x",0.0]]}', '{"t":[0.5,["x",1.0]]}', rules)
    for claimed in (
        "[2.6]",
        "[2]",
        "[1.5,1.5]",
        "[]",
        '{"t":[1.5]}',
        '["1.5"]',
        "[true]",
        "[null]",
    ):
        assert not same("[1.5]", claimed, rules)
    assert not same("[1]", "[1.5]", rules)
    assert not same("[1]", "[2]", rules)
    assert not same('{"d":[["a",1.5]]}', '{"d":[["b",1.5]]}', rules)
    with pytest.raises(Malformed):
        same('{"d":[["a",1.5]]}', '{"d":[["a"]]}', rules)


def test_the_encoder_refuses_by_exact_type():
    class Own(int):
        pass

    class Text(str):
        pass

    for value in (
        Own(1),
        [Own(1)],
        {"a": Text("x")},
        {Text("a"): 1},
        object(),
        float("nan"),
        1e400,
    ):
        with pytest.raises(Unsendable):
            ENCODE(value)
