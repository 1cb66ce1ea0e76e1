"""Constraints: each by name, records of instruction-following sets, and what counts as what."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assay.core.errors import MissingExtra, OptionError, TaskError
from assay.core.types import Problem
from assay.verifiers import ConstraintVerifier
from assay.verifiers.constraints import language
from assay.verifiers.constraints.compatible import COMPATIBLE
from assay.verifiers.constraints.ifeval import INSTRUCTIONS
from assay.verifiers.constraints.rules import KINDS
from assay.verifiers.constraints.units import occurrences, sentences, words


def count(relation: str, n: int, **more: Any) -> dict[str, Any]:
    return {"relation": relation, "n": n, **more}


CASES: list[tuple[str, dict[str, Any], str, bool]] = [
    ("word_count", count("exactly", 3), "Don't stop me", True),
    ("word_count", count("exactly", 3), "well-known fact", True),
    ("word_count", count("exactly", 2), "x_y", True),
    ("word_count", count("exactly", 2), "नमस्ते दुनिया", True),
    ("word_count", count("at most", 2), "one two three", False),
    ("word_count", count("more than", 2), "one two three", True),
    ("word_count", count("less than", 3), "one two three", False),
    ("word_count", count("at least", 4), "one two three", False),
    ("sentence_count", count("exactly", 2), "It rained. We left!", True),
    ("sentence_count", count("exactly", 1), "Dr. A. Smith of St. Ives left.", True),
    ("sentence_count", count("exactly", 2), 'He said "Go." Then he left.', True),
    ("sentence_count", count("exactly", 1), "It cost 3.50 euros...", True),
    ("sentence_count", count("exactly", 2), "It rained. We left", False),
    ("sentence_count", count("at least", 1), "no full stop", False),
    ("sentence_count", count("less than", 1), "no full stop", False),
    ("sentence_count", count("exactly", 2), "I said no. See fig. 5 and no. 7.", True),
    ("sentence_count", count("exactly", 2), "你好。再见。", True),
    ("sentence_count", count("exactly", 1), "We like tea, coffee, etc.", True),
    ("paragraph_count", count("exactly", 2), "one\n\ntwo", True),
    ("paragraph_count", count("exactly", 2), "one\n \t\n\n\ntwo\nstill two", True),
    ("paragraph_count", count("exactly", 2, separator="***"), "one\n***\ntwo", True),
    ("paragraph_count", count("exactly", 2, separator="***"), "one\n***\n***\ntwo", False),
    ("paragraph_count", count("exactly", 1, separator="***"), "one\n***\n", False),
    ("character_count", count("exactly", 3), "  abc\n", True),
    ("keywords_all", {"words": ["New York"]}, "i love NEW  york.", True),
    ("keywords_all", {"words": ["New York"]}, "New Yorkers", False),
    ("keywords_all", {"words": ["c++"]}, "I write C++.", True),
    ("keywords_all", {"words": ["a.c"]}, "abc", False),
    ("keywords_none", {"words": ["cat"]}, "cat's", True),
    ("keywords_none", {"words": ["cat"]}, "a 'cat'", False),
    ("keywords_none", {"words": ["cat"]}, "a c\u200bat", False),
    ("keywords_all", {"words": ["cat"]}, "a c\u200bat", False),
    ("keywords_none", {"words": ["café"]}, "the cafe\u0301", False),
    ("keyword_frequency", count("exactly", 2, word="the"), "The end of the other", True),
    ("keyword_frequency", count("at least", 1, word="end"), "ending", False),
    ("letter_frequency", count("exactly", 3, letter="A"), "Abracad", True),
    ("letter_frequency", count("less than", 2, letter="#"), "# one # two", False),
    ("paragraph_first_word", {"n": 2, "k": 2, "word": "Then"}, "First.\n\n**then** it ended", True),
    ("paragraph_first_word", {"n": 2, "k": 2, "word": "Then"}, "First.\n\nThenceforth", False),
    ("paragraph_first_word", {"n": 1, "k": 2, "word": "Then"}, "Then", False),
    ("paragraph_first_word", {"n": 2, "k": 1, "word": "Then"}, "Then\n\na\n\nb", False),
    ("bullets", count("exactly", 2), "* one\n- two\n***\n---\n**bold** line", True),
    ("bullets", count("at least", 1), "no -bullet here", False),
    ("bullets", count("exactly", 1), "text\n  -nested", True),
    ("bullets", count("exactly", 0), "* \n-", True),
    ("placeholders", count("exactly", 2), "[name] and [the address]", True),
    ("placeholders", count("at least", 1), "[] [ ] [\n]", False),
    ("highlights", count("exactly", 2), "*one* and **two words**", True),
    ("highlights", count("exactly", 0), "2 * 3 * 4\n* bullet\n* other", True),
    ("highlights", count("at least", 1), "no stars", False),
    ("highlights", count("exactly", 0), "** ** and *\n*", True),
    ("sections", {"marker": "Part", **count("exactly", 2)}, "Part 1\na\n## Part 2: b", True),
    ("sections", {"marker": "Part"}, "Part 2\na", False),
    ("sections", {"marker": "Part"}, "Part 1\na\nPart 3\nb", False),
    ("sections", {"marker": "Part"}, "see Part 1", False),
    ("title", {}, "# <<A title>>\ntext", True),
    ("title", {}, "say <<A title>> here", False),
    ("title", {}, "<<A\ntitle>>", False),
    ("json", {}, '{"a": [1, 2.5]}', True),
    ("json", {}, '{"a": 1, "a": 2}', False),
    ("json", {}, '{"a": NaN}', False),
    ("json", {}, 'Here: {"a": 1}', False),
    ("json", {}, "```\n[1]\n```", True),
    ("all_lowercase", {}, "straße 1", True),
    ("all_lowercase", {}, "123", False),
    ("all_lowercase", {}, "one Ǆ", False),
    ("all_uppercase", {}, "ÄÖ 1", True),
    ("all_uppercase", {}, "ÄÖß", False),
    ("all_uppercase", {}, "ONE ǅ", False),
    ("capital_words", count("exactly", 3), "I saw NASA and DON'T Care", True),
    ("capital_words", count("less than", 2), "BIG NEWS", False),
    ("no_comma", {}, "one， two", False),
    ("no_comma", {}, "une、deux", False),
    ("no_comma", {}, "one; two", True),
    ("starts_with", {"text": "Dear"}, "\n Dear Ada", True),
    ("starts_with", {"text": "Dear"}, "dear Ada", False),
    ("ends_with", {"text": "Bye."}, "Go. Bye.\n", True),
    ("ends_with", {"text": "Bye."}, "Go. Bye. x", False),
    ("quoted", {}, '"all of it"', True),
    ("quoted", {}, "“all of it”", True),
    ("quoted", {}, "“all of it\"", False),
    ("quoted", {}, '" "', False),
    ("quoted", {}, '"', False),
    ("repeats_prompt", {"prompt": "Why?"}, "Why? Because.", True),
    ("repeats_prompt", {"prompt": "Why?"}, "Why?", False),
    ("repeats_prompt", {"prompt": "Why?"}, "why? Because.", False),
    ("one_of", {"options": ["yes", "no"]}, " yes\n", True),
    ("one_of", {"options": ["yes", "no"]}, "yes or no", False),
    ("two_responses", {}, "one\n******\ntwo", True),
    ("two_responses", {}, "one\n******\none", False),
    ("two_responses", {}, "one\n******\n", False),
    ("two_responses", {"separator": "--"}, "a--b--c", False),
    ("postscript", {"marker": "P.S."}, "Text.\n\nP.S. More", True),
    ("postscript", {"marker": "P.S."}, "Text.\nP.S.\nMore", True),
    ("postscript", {"marker": "P.S."}, "P.S. First\n\nthen more", False),
    ("postscript", {"marker": "P.S."}, "Text.\n\nP.S.", False),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "arguments", "text", "holds"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)]
)
def test_constraints(name: str, arguments: dict[str, Any], text: str, holds: bool):
    verdict = ConstraintVerifier([(name, arguments)]).verify(text)
    assert verdict.passed is holds, verdict
    assert [child.passed for child in verdict.children] == [holds]
    assert not verdict.is_error


def test_every_constraint_is_tested_both_ways():
    seen = {(name, holds) for name, _, _, holds in CASES}
    for name in set(KINDS) - {"language", "character_count"}:
        assert {(name, True), (name, False)} <= seen, name


ARGUMENTS: dict[str, Any] = {name: arguments for name, arguments, _, _ in CASES}


@pytest.mark.parametrize("text", ["", " \n\t ", "<think>words</think>", "\u200b\u200e", "<think>x"])
def test_an_empty_response_fails_every_constraint_also_the_negative_ones(text: str):
    names = sorted(set(KINDS) - {"language"})
    verdict = ConstraintVerifier([(name, ARGUMENTS[name]) for name in names]).verify(text)
    assert verdict.status == "no_answer"
    assert len(verdict.children) == len(names)
    assert not any(child.passed for child in verdict.children)


def test_every_constraint_must_hold_and_has_a_verdict_of_its_own():
    three = [("no_comma", {}), ("word_count", count("at least", 3)), "all_lowercase"]
    verdict = ConstraintVerifier(three).verify("one, two three")
    assert [child.code for child in verdict.children] == [
        "constraint.no_comma", "constraint.word_count", "constraint.all_lowercase",
    ]  # fmt: skip
    assert [child.passed for child in verdict.children] == [False, True, True]
    assert verdict.code == "constraint.no_comma"
    assert verdict.details["held"] == 2
    assert ConstraintVerifier(three).verify("one two three").passed


def test_forms_in_which_constraints_are_given():
    for form in ("no_comma", ("no_comma", {}), {"constraint": "no_comma"},
                 {"constraint": "no_comma", "arguments": {}}):  # fmt: skip
        assert ConstraintVerifier([form]).verify("fine").passed
    task = Problem(prompt="Why?", params={"constraints": ["no_comma", "repeats_prompt"]})
    assert ConstraintVerifier().verify("Why? Because.", task).passed
    assert ConstraintVerifier([]).verify("text").status == "task_error"
    assert ConstraintVerifier().verify("text").status == "task_error"
    for bad in (
        ["no_commas"], [("no_comma", {"n": 1})], [("word_count", {"n": 1})], [3],
        [("word_count", count("about", 3))], [("word_count", count("exactly", -1))],
        [("keywords_all", {"words": []})], [("keywords_all", {"words": "cat"})],
        [("letter_frequency", count("exactly", 1, letter="ab"))], [{"name": "no_comma"}],
        "no_comma", ["no_comma"] * 101,
    ):  # fmt: skip
        with pytest.raises(OptionError):
            ConstraintVerifier(bad)  # pyright: ignore
        task = Problem(prompt="?", params={"constraints": bad})
        assert ConstraintVerifier().verify("text", task).status == "task_error"
    assert ConstraintVerifier(["repeats_prompt"]).verify("text").status == "task_error"


def test_reasoning_is_not_judged_and_a_response_beyond_the_limit_is_refused_whole():
    assert ConstraintVerifier(["no_comma"]).verify("<think>a, b</think>fine").passed
    assert ConstraintVerifier(["no_comma"]).verify("x" * 1_000_001).status == "over_limit"
    piled = "a" + "\u0301" * 100_000
    assert ConstraintVerifier(["no_comma"]).verify(piled).status == "over_limit"


# --------------------------------------------------------------------- language

GERMAN = "Das ist ein ganz gewöhnlicher deutscher Satz, und er hört hier auf."
ENGLISH = "This is an entirely ordinary English sentence, and it ends here."


def test_language():
    pytest.importorskip("langdetect")
    german = ConstraintVerifier([("language", {"code": "de"})])
    assert german.verify(GERMAN).passed
    assert german.verify(GERMAN.upper()).passed
    assert german.verify(ENGLISH).status == "incorrect"
    assert german.verify("Guten Tag").status == "unproven"
    assert german.verify("12345 67890 12345 67890 123").status == "unproven"
    assert german.verify(GERMAN * 150 + ENGLISH * 150).status == "incorrect"
    assert german.verify(GERMAN * 2_000).status == "over_limit"
    assert [german.verify(f"{GERMAN} {ENGLISH}").to_dict() for _ in range(3)].count(
        german.verify(f"{GERMAN} {ENGLISH}").to_dict()
    ) == 3
    with pytest.raises(OptionError, match="no language"):
        ConstraintVerifier([("language", {"code": "klingon"})])
    both = ConstraintVerifier(["no_comma", ("language", {"code": "de"})])
    assert both.verify("Guten Tag").status == "unproven"
    assert both.verify("Guten, Tag").status == "incorrect"


def test_a_detector_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(language, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match=r"assay\[text\]"):
        ConstraintVerifier([("language", {"code": "de"})])


# -------------------------------------------------- instruction-following records

RECORDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "keywords:existence": ({"keywords": ["tea"]}, "some tea", "some coffee"),
    "keywords:frequency": (
        {"keyword": "tea", "frequency": 2, "relation": "at least"}, "tea, tea", "tea",
    ),
    "keywords:forbidden_words": ({"forbidden_words": ["tea"]}, "steam", "tea"),
    "keywords:letter_frequency": (
        {"letter": "t", "let_frequency": 2, "let_relation": "less than"}, "tea", "tea time",
    ),
    "language:response_language": ({"language": "de"}, GERMAN, ENGLISH),
    "length_constraints:number_sentences": (
        {"num_sentences": 2, "relation": "at least"}, "One. Two.", "One.",
    ),
    "length_constraints:number_paragraphs": ({"num_paragraphs": 2}, "a\n***\nb", "a\n\nb"),
    "length_constraints:number_words": (
        {"num_words": 3, "relation": "less than"}, "two words", "now three words",
    ),
    "length_constraints:nth_paragraph_first_word": (
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "b"}, "a\n\nb c", "b\n\na c",
    ),
    "detectable_content:number_placeholders": ({"num_placeholders": 1}, "[name]", "name"),
    "detectable_content:postscript": (
        {"postscript_marker": "P.S."}, "text\n\nP.S. more", "text\n\nPS more",
    ),
    "detectable_format:number_bullet_lists": ({"num_bullets": 2}, "* a\n* b", "* a"),
    "detectable_format:constrained_response": ({}, "My answer is no.", "No."),
    "detectable_format:number_highlighted_sections": ({"num_highlights": 1}, "*a b*", "a b"),
    "detectable_format:multiple_sections": (
        {"section_spliter": "Day", "num_sections": 2}, "Day 1\na\nDay 2\nb", "Day 1",
    ),
    "detectable_format:json_format": ({}, '```json\n{"a": 1}\n```', "{a: 1}"),
    "detectable_format:title": ({}, "<<T>>\ntext", "<T>\ntext"),
    "combination:two_responses": ({}, "a\n******\nb", "a\n******\na"),
    "combination:repeat_prompt": ({"prompt_to_repeat": "Why?"}, "Why? So.", "So."),
    "startend:end_checker": ({"end_phrase": "Bye."}, "Go. Bye.", "Bye. Go."),
    "startend:quotation": ({}, '"all"', 'not "all"'),
    "change_case:capital_word_frequency": (
        {"capital_frequency": 2, "capital_relation": "at least"}, "BIG NEWS", "BIG news",
    ),
    "change_case:english_capital": ({}, ENGLISH.upper(), ENGLISH),
    "change_case:english_lowercase": ({}, ENGLISH.lower(), ENGLISH),
    "punctuation:no_comma": ({}, "a b", "a, b"),
}  # fmt: skip


def record(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    # Tables of records have every column in every row, empty where it means nothing.
    kwargs = {"unused_column": None, **arguments}
    return {"key": 1, "prompt": "?", "instruction_id_list": [name], "kwargs": [kwargs]}


def test_there_are_25_instructions_and_each_has_a_case():
    assert len(INSTRUCTIONS) == 25
    assert set(RECORDS) == set(INSTRUCTIONS)
    assert {f"ifeval.{name}" for name in INSTRUCTIONS} == set(COMPATIBLE)


@pytest.mark.parametrize("mode", ["strict", "compatible"])
@pytest.mark.parametrize("name", RECORDS)
def test_records(name: str, mode: Any):
    pytest.importorskip("langdetect")
    arguments, good, bad = RECORDS[name]
    verifier = ConstraintVerifier.from_ifeval(record(name, arguments), mode)
    assert verifier.verify(good).passed, verifier.verify(good)
    assert not verifier.verify(bad).passed
    assert not verifier.verify("").passed


@pytest.mark.parametrize(
    ("name", "arguments", "text"),
    [
        ("keywords:existence", {"keywords": ["tea"]}, "steam"),
        ("keywords:frequency",
         {"keyword": "tea", "frequency": 2, "relation": "at least"}, "teatea"),
        ("detectable_content:number_placeholders", {"num_placeholders": 1}, "[]"),
        ("detectable_format:constrained_response", {}, "Well. My answer is yes. Maybe."),
        ("detectable_format:number_highlighted_sections", {"num_highlights": 1}, "* a * b"),
        ("detectable_format:multiple_sections",
         {"section_spliter": "SECTION", "num_sections": 1}, "in SECTION 7 and SECTION 9"),
        ("detectable_format:json_format", {}, '{"a": NaN}'),
        ("detectable_format:title", {}, "see <<T>> there"),
        ("combination:repeat_prompt", {"prompt_to_repeat": "Why?"}, "WHY?"),
        ("combination:two_responses", {}, "******a******b"),
        ("detectable_content:postscript", {"postscript_marker": "P.S."}, "p.s. x\n\ny"),
        ("startend:end_checker", {"end_phrase": "Bye."}, 'go BYE."'),
        ("startend:quotation", {}, '""'),
        ("length_constraints:number_paragraphs", {"num_paragraphs": 1}, "***a***"),
        ("length_constraints:number_sentences",
         {"num_sentences": 1, "relation": "at least"}, "no stop"),
        ("punctuation:no_comma", {}, "a， b"),
    ],
)  # fmt: skip
def test_the_reference_counts_more_loosely_and_only_compatible_mode_follows_it(
    name: str, arguments: dict[str, Any], text: str
):
    pytest.importorskip("langdetect")
    one = record(name, arguments)
    assert ConstraintVerifier.from_ifeval(one, "compatible").verify(text).passed
    assert not ConstraintVerifier.from_ifeval(one).verify(text).passed


def test_loose_scores_look_at_other_forms_of_the_response():
    ends = record("startend:end_checker", {"end_phrase": "Bye."})
    text = "Sure, here it is:\nGo. Bye.\nAnything else?"
    assert not ConstraintVerifier.from_ifeval(ends, "compatible").verify(text).passed
    assert ConstraintVerifier.from_ifeval(ends, "compatible", loose=True).verify(text).passed
    bold = record("detectable_format:title", {})
    loose = ConstraintVerifier.from_ifeval(bold, "compatible", loose=True)
    assert loose.verify("*<*<T>*>*").passed
    with pytest.raises(OptionError):
        ConstraintVerifier.from_ifeval(ends, loose=True)


@pytest.mark.parametrize(
    "bad",
    [
        {}, None, {"instruction_id_list": ["punctuation:no_comma"], "kwargs": []},
        {"instruction_id_list": ["punctuation:no_commas"], "kwargs": [{}]},
        {"instruction_id_list": ["keywords:existence"], "kwargs": [{}]},
        {"instruction_id_list": "punctuation:no_comma", "kwargs": [{}]},
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["strict", "compatible"])
def test_faulty_records_are_refused(bad: Any, mode: Any):
    with pytest.raises((TaskError, OptionError)):
        ConstraintVerifier.from_ifeval(bad, mode)


# ------------------------------------------------------------------- properties

plain_words = st.lists(st.text("abcdeä", min_size=1, max_size=5), min_size=1, max_size=20)


@settings(deadline=None)
@given(plain_words, st.sampled_from([" ", "\n", ", ", " – ", "! "]))
def test_words_are_counted_whatever_stands_between(some: list[str], glue: str):
    text = glue.join(some)
    assert words(text) == some
    assert ConstraintVerifier([("word_count", count("exactly", len(some)))]).verify(text).passed
    assert (
        not ConstraintVerifier([("word_count", count("exactly", len(some) + 1))])
        .verify(text)
        .passed
    )
    assert occurrences(some[0], text) == some.count(some[0])


@given(
    st.lists(
        st.sampled_from(["It rains.", "Why?", "We left!", "Ask Dr. No.", "See no. 5."]), max_size=8
    )
)
def test_sentences_are_counted(some: list[str]):
    assert sentences(" ".join(some)) == (len(some), len(some))
    assert sentences(" ".join([*some, "and so on"])) == (len(some), len(some) + 1)


everything = ConstraintVerifier([(n, ARGUMENTS[n]) for n in sorted(set(KINDS) - {"language"})])
compatible = ConstraintVerifier(
    [
        (f"ifeval.{n}", a)
        for n, (a, _, _) in RECORDS.items()
        if "language" not in n and "engl" not in n
    ]
)


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=200) | st.text("*[]<>#-.,\"'\n aA1", max_size=200))
def test_fuzz_never_errs(text: str):
    for verifier in (everything, compatible):
        verdict = verifier.verify(text)
        assert not verdict.is_error
        assert len(verdict.children) == len(verifier.constraints or ())


@pytest.mark.parametrize(
    "unit", ["a", "a ", "*", "[", "<<", "'", "\n", "- ", "a.", "é", "«", "{", "P.S."]
)
def test_a13_half_a_megabyte_is_judged_whole(unit: str):
    text = (unit * 500_000)[:500_000]
    for verifier in (everything, compatible):
        assert not verifier.verify(text).is_error
