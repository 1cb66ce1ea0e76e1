"""Patterns and documents: what is proven linear, what a worker matches, what numbers are."""

from __future__ import annotations

import json
import re
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import MissingExtra, OptionError
from assay.core.types import Limits, Problem
from assay.verifiers import JsonMatch, RegexMatch
from assay.verifiers.characters import Refused
from assay.verifiers.documents import read_json, same_json, unfenced
from assay.verifiers.patterns import schemas
from assay.verifiers.patterns.classes import letters_of
from assay.verifiers.patterns.linear import why_not_linear
from assay.verifiers.patterns.probe import probes
from assay.verifiers.patterns.tree import parsed

LINEAR = [
    r"[A-Z]{2}\d+", r"(a|b)*c", r"(ab)*", r"\w+@\w+\.com", r"\d{4}-\d{2}-\d{2}", r"(?:x|y)?z",
    r"[a-z]+(?:-[a-z]+)*", r"\s*\d+\s*", r"(?=a)b", r"#[0-9a-f]{6}", r"yes|no|maybe", r"a{3}a",
    r"(?:\d{1,3}\.){3}\d{1,3}", r"[^,]+(?:,[^,]+)*", r"^abc$", r"\(\d{3}\) \d{3}-\d{4}", r"a++b",
    r"(?>a+)b", r"(?:a|ab)c", r"[+-]?\d+(?:\.\d+)?(?:e\d+)?", r'"(?:[^"\\]|\\.)*"', r"", r"a?",
]  # fmt: skip
NOT_PROVEN = [
    r"(a+)+b", r"a*a*", r"(a|a)*b", r".*foo", r"(a*)*", r"(a?){20}a{20}", r"(?i)k+K", r"(a)\1",
    r"(x+x+)+y", r"\w+\d", r"(a|ab)(c|bcd)(d*)", r"(?:a?|b?)c", r"(?<=a)b|(?=.*z)y", r"a{0,9}a",
    r"(?:a|b|ab)*c", r"[^x]*[^y]*", r"(\d+)?\d", r"(?i)[^k]*\u212a",
]  # fmt: skip
EXPONENTIAL = [r"(a+)+b", r"(a*)*b", r"(?:a|b|ab)*c"]


@pytest.mark.parametrize("pattern", LINEAR)
def test_proven_linear(pattern: str):
    assert why_not_linear(pattern, re.ASCII) == ""


@pytest.mark.parametrize("pattern", NOT_PROVEN)
def test_not_proven_linear(pattern: str):
    assert why_not_linear(pattern, re.ASCII)


def test_a_search_is_linear_only_from_one_place_or_over_few_characters():
    assert why_not_linear("^[a-z]+$", search=True) == ""
    assert why_not_linear(r"\A[a-z]+", search=True) == ""
    assert why_not_linear("[A-Z]{3}", search=True) == ""
    assert why_not_linear("[a-z]+x?1", search=True)
    assert why_not_linear("(?m)^[a-z]+$", search=True)


@pytest.mark.parametrize("pattern", EXPONENTIAL)
def test_a13_exponential_patterns_are_refused_when_they_are_registered(pattern: str):
    with pytest.raises(OptionError, match="exponentially"):
        RegexMatch(pattern)


def test_a13_exponential_patterns_of_a_task_are_its_fault_and_looked_at_once():
    task = Problem(prompt="?", params={"pattern": EXPONENTIAL[0]})
    for _ in range(50):
        assert RegexMatch().verify("aaaa", task).status == "task_error"


def test_a_worker_matches_what_is_not_proven_linear():
    judge = RegexMatch(r"\w+\d")
    assert judge.verify("abc1").passed
    assert judge.verify("abc1").isolation == "worker"
    verdict = judge.verify("abc")
    assert (verdict.status, verdict.isolation, verdict.extracted) == ("incorrect", "worker", "abc")
    verdicts = judge.verify_batch([("abc1", None), ("abc", None), ("", None)])
    assert [v.status for v in verdicts] == ["correct", "incorrect", "no_answer"]
    assert RegexMatch(r"[a-z]+\d").verify("abc1").isolation == "in_process"


def test_a_slow_match_is_over_limit_in_the_worker_and_the_next_is_answered():
    slow = RegexMatch("(?:a*)(?:a*)(?:a*)(?:a*)(?:a*)b", limits=Limits(cpu_s=0.3))
    assert slow.verify("a" * 3_999).status == "over_limit"
    assert slow.verify("aaab").passed


@pytest.mark.parametrize("pattern", ["(", "a{2,1}", "[z-a]", "a" * 5_001, "(?P<n>a)(?P<n>b)"])
def test_patterns_that_cannot_be_used(pattern: str):
    with pytest.raises(OptionError):
        RegexMatch(pattern)
    task = Problem(prompt="?", params={"pattern": pattern})
    assert RegexMatch().verify("a", task).status == "task_error"


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("AB-12", "correct"),
        (" AB-12\n", "correct"),
        ("<think>AB-1</think>AB-12", "correct"),
        ("It is <answer>AB-12</answer>.", "correct"),
        ("AB-12.", "incorrect"),
        ("AB-12\nAB-13", "incorrect"),
        ("AB-12 or AB-13", "incorrect"),
        ("ab-12", "incorrect"),
        ("AB-1٢", "incorrect"),
        ("AB-1２", "incorrect"),
        ("АB-12", "incorrect"),
        ("AB-\u200b12", "unparsable"),
        ("AB-1\u202e2", "unparsable"),
        ("", "no_answer"),
        ("<think>AB-12", "no_answer"),
        ("A" * 5_000, "over_limit"),
    ],
)
def test_a09_the_whole_text_must_match(text: str, status: str):
    assert RegexMatch(r"[A-Z]{2}-\d{2}").verify(text).status == status


def test_digits_of_other_scripts_count_where_the_task_says_so():
    assert RegexMatch(r"\d+", ascii=False).verify("١٢").passed
    assert not RegexMatch(r"\d+").verify("١٢").passed
    assert RegexMatch(r"(?i)yes").verify("YES").passed


# Patterns out of a few pieces: the proof must never call one linear that takes squares.
pieces = st.recursive(
    st.sampled_from(["a", "b", "c", "[ab]", "[^a]", ".", r"\w", r"\d"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{1,3}", "*?"])).map(
            lambda t: f"(?:{t[0]}){t[1]}"
        ),
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda t: f"(?:{t[0]}|{t[1]})"),
    ),
    max_leaves=6,
)


class Steps:
    """Counts what a backtracking matcher tries, for patterns of the pieces above."""

    def __init__(self) -> None:
        self.n = 0

    def match(self, nodes: list[Any], text: str, at: int, then: Any) -> bool:
        self.n += 1
        if self.n > 60_000:
            raise OverflowError
        if not nodes:
            return then(at)
        (op, argument), rest = nodes[0], nodes[1:]
        name = str(op)
        if name in ("MAX_REPEAT", "MIN_REPEAT"):
            return self.repeat(argument, 0, text, at, lambda e: self.match(rest, text, e, then))
        if name == "BRANCH":
            return any(self.match([*part, *rest], text, at, then) for part in argument[1])
        if name == "SUBPATTERN":
            return self.match([*argument[3], *rest], text, at, then)
        return (
            at < len(text)
            and self.one(op, argument, text[at])
            and self.match(rest, text, at + 1, then)
        )

    def repeat(self, argument: Any, done: int, text: str, at: int, then: Any) -> bool:
        low, high, inner = argument
        if done < high and self.match(
            list(inner),
            text,
            at,
            lambda e: e > at and self.repeat(argument, done + 1, text, e, then),
        ):
            return True
        return done >= low and then(at)

    def one(self, op: Any, argument: Any, char: str) -> bool:
        return bool(letters_of(op, argument, re.ASCII).ascii >> ord(char) & 1)


@settings(max_examples=300, deadline=None)
@given(pieces, st.text("abc1", min_size=1, max_size=6))
def test_what_is_proven_linear_takes_steps_in_proportion(pattern: str, unit: str):
    if why_not_linear(pattern, re.ASCII):
        return
    tree, _ = parsed(pattern, re.ASCII)
    size = len(pattern)
    for text in (unit * 8, unit * 16, "a" * 90, unit * 8 + "!"):
        steps, length = Steps(), len(text)
        found = steps.match(list(tree), text, 0, lambda end, n=length: end == n)
        assert found == (re.fullmatch(pattern, text, re.ASCII) is not None)
        assert steps.n <= 12 * size * (len(text) + 1)


@settings(max_examples=100, deadline=None)
@given(pieces)
def test_probes_are_bounded(pattern: str):
    found = list(probes(pattern, re.ASCII))
    assert len(found) <= 240
    assert all(len(text) <= 2_001 for text in found)


# -------------------------------------------------------------------- documents

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)
ROOMY = Limits(literal_digits=2_000, total_digits=20_000)


@settings(deadline=None)
@given(values, values)
def test_documents_are_equal_by_what_they_hold(one: Any, two: Any):
    text = json.dumps(one, ensure_ascii=False)
    judge = JsonMatch(limits=ROOMY)
    task = Problem(prompt="?", params={"value": one})
    assert judge.verify(text, task).passed
    assert judge.verify(json.dumps(one, indent=2, sort_keys=True), task).passed
    other = judge.verify(json.dumps(two), task).passed
    assert other is same_json(read_json(text, ROOMY), read_json(json.dumps(two), ROOMY))
    if other:
        assert one == two


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1e2", Fraction(100)),
        ("-0.0", Fraction(0)),
        ("12345678901234567891", 12345678901234567891),
        ('"\\u0041"', "A"),
    ],
)
def test_numbers_are_exact(text: str, value: Any):
    assert read_json(text, Limits()) == value


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("NaN", "unparsable"),
        ("Infinity", "unparsable"),
        ("-Infinity", "unparsable"),
        ("1.", "unparsable"),
        ("01", "unparsable"),
        ("１", "unparsable"),
        ("{'a': 1}", "unparsable"),
        ('{"a": 1,}', "unparsable"),
        ("[1] // two", "unparsable"),
        ("[1][2]", "unparsable"),
        ('{"a": 1, "\\u0061": 1}', "unparsable"),
        ('{"b": {"a": 1, "a": 1}}', "unparsable"),
        ('"\n"', "unparsable"),
        ("[" * 65 + "]" * 65, "over_limit"),
        ("[" * 100_000, "over_limit"),
        ("[" + "1," * 1_500 + "1]", "over_limit"),
        ("9" * 1_001, "over_limit"),
        ("1e1001", "over_limit"),
        ("1e-1001", "over_limit"),
        ("1e999999999999", "over_limit"),
        ("1e" + "9" * 3_000, "over_limit"),
    ],
)
def test_a14_documents_that_are_refused(text: str, status: str):
    with pytest.raises(Refused) as caught:
        read_json(text, Limits())
    assert caught.value.status == status


def test_one_fence_around_all_of_it_does_not_count():
    assert unfenced("```json\n[1]\n```") == "[1]"
    assert unfenced("````\n```\n[1]\n```\n````") == "```\n[1]\n```"
    for text in ("```json\n[1]", "```\n[1]\n```\n```\n[2]\n```", "x\n```\n[1]\n```", "```[1]```"):
        assert unfenced(text) == text


def test_a_value_comes_from_the_constructor_the_params_or_the_reference():
    assert JsonMatch(value={"a": 1}).verify('{"a": 1}').passed
    assert JsonMatch().verify("null", Problem(prompt="?", params={"value": None})).passed
    assert JsonMatch().verify("[1]", Problem(prompt="?", reference=[1])).passed
    assert JsonMatch().verify("[1]", "[1.0]").passed
    assert JsonMatch().verify("[1]", None).status == "task_error"
    assert JsonMatch().verify("[1]", "[1").status == "task_error"
    assert JsonMatch().verify("[1]", {"a": {1}}).status == "task_error"
    for bad in ({"value": {1}}, {"value": float("nan")}, {"value": 1, "schema": {}}):
        with pytest.raises(OptionError):
            JsonMatch(**bad)  # pyright: ignore
    assert JsonMatch(value=[True]).verify("[1]").status == "incorrect"
    assert JsonMatch(value=[1]).verify("[true]").status == "incorrect"


# ---------------------------------------------------------------------- schemas

RECORD: dict[str, Any] = {
    "type": "object",
    "required": ["n"],
    "properties": {
        "n": {"type": "integer", "multipleOf": 3, "minimum": 0},
        "price": {"type": "number", "multipleOf": 0.01, "exclusiveMaximum": 0.3},
        "code": {"type": "string", "pattern": "^[a-z]+$"},
        "tags": {"type": "array", "uniqueItems": True},
    },
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("text", "passes"),
    [
        ('{"n": 3}', True),
        ('{"n": 3.0}', True),
        ('{"n": 3e0}', True),
        ('{"n": 9007199254740993}', True),
        ('{"n": 9007199254740992}', False),
        ('{"n": 3.5}', False),
        ('{"n": true}', False),
        ('{"n": "3"}', False),
        ('{"n": -3}', False),
        ("{}", False),
        ('{"n": 3, "m": 1}', False),
        ('{"n": 3, "price": 0.29}', True),
        ('{"n": 3, "price": 0.295}', False),
        ('{"n": 3, "price": 0.30}', False),
        ('{"n": 3, "price": 0.2999999999999999999999}', False),
        ('{"n": 3, "code": "abc"}', True),
        ('{"n": 3, "code": "aBc"}', False),
        ('{"n": 3, "tags": [1, "1", true, [1], {"a": 1}]}', True),
        ('{"n": 3, "tags": [1, 1.0]}', False),
        ('{"n": 3, "tags": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}', False),
        ('{"n": 3, "n": 3}', False),
        ('```json\n{"n": 3}\n```', True),
        ('{"n": 3} {"n": 3}', False),
        ("[]", False),
        ("NaN", False),
    ],
)
def test_schema(text: str, passes: bool):
    pytest.importorskip("jsonschema")
    verdict = JsonMatch(RECORD).verify(text)
    assert verdict.passed is passes, verdict
    assert verdict.isolation == "in_process"
    assert not verdict.is_error


def test_schemas_that_refer_to_themselves_are_judged_in_a_worker():
    pytest.importorskip("jsonschema")
    tree = {"type": "array", "items": {"$ref": "#"}}
    verdict = JsonMatch(tree).verify("[[], [[]]]")
    assert (verdict.passed, verdict.isolation) == (True, "worker")
    assert JsonMatch(tree).verify("[[], [1]]").status == "incorrect"
    assert JsonMatch(tree).verify("[[], [").status == "unparsable"
    assert JsonMatch(tree).verify('[{"a": 1, "a": 2}]').status == "unparsable"


def test_a13_a_schema_that_doubles_its_work_at_each_depth_is_stopped():
    pytest.importorskip("jsonschema")
    either = {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#"}}}
    twice = {"anyOf": [either, {**either, "minProperties": 1}, {"const": 5}]}
    judge = JsonMatch(twice, limits=Limits(cpu_s=0.5))
    assert judge.verify('{"a": {"a": 5}}').passed
    deep = '{"a":' * 40 + "1" + "}" * 40
    assert judge.verify(deep).status == "over_limit"


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "http://localhost/other.json"},
        {"properties": {"a": {"$ref": "other.json#/x"}}},
        {"type": "integr"},
        {"minimum": "3"},
        {"pattern": "("},
        {"pattern": "(a+)+$"},
        {"patternProperties": {"(a+)+$": {}}},
        {"$schema": "http://localhost/nothing"},
        {"const": {1, 2}},
        {"maximum": float("inf")},
        {"$ref": "#/$defs/none", "$defs": {}, "description": "x" * 100_001},
        [],
    ],
    ids=range(12),
)
def test_schemas_that_cannot_be_used(schema: Any):
    pytest.importorskip("jsonschema")
    with pytest.raises(OptionError):
        JsonMatch(schema)
    task = Problem(prompt="?", params={"schema": schema})
    assert JsonMatch().verify("{}", task).status == "task_error"


def test_a_reference_to_nowhere_decides_nothing():
    pytest.importorskip("jsonschema")
    assert JsonMatch({"$ref": "#/$defs/none"}).verify("{}").is_error


def test_a_schema_without_its_library_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(schemas, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"assay\[text\]"):
        JsonMatch({"type": "object"})
    assert JsonMatch(value=[1]).verify("[1]").passed


def test_the_reason_names_the_rule_and_the_place_and_not_what_was_wanted():
    pytest.importorskip("jsonschema")
    verdict = JsonMatch({"properties": {"a": {"const": 12345}}}).verify('{"a": 1}')
    assert "$.a" in verdict.reason
    assert "12345" not in verdict.reason


@settings(deadline=None)
@given(st.text(max_size=60) | st.text('{}[]",:01ea.-\\ ', max_size=60))
def test_fuzz_never_errs(text: str):
    for judge in (JsonMatch(value={"a": 1}), RegexMatch(r"[a-z]+(?:,[a-z]+)*")):
        assert not judge.verify(text).is_error
