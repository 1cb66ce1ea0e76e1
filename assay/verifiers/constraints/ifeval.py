"""Records of instruction-following sets (`instruction_id_list`, `kwargs`) as constraints."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from assay.core.errors import TaskError, shorten
from assay.verifiers.constraints.compatible import PREFIX

Given = Mapping[str, Any]
Named = tuple[str, dict[str, Any]]


def _exactly(n: Any) -> dict[str, Any]:
    return {"relation": "exactly", "n": n}


def _at_least(n: Any) -> dict[str, Any]:
    return {"relation": "at least", "n": n}


_STRICT: Mapping[str, Callable[[Given], list[Named]]] = {
    "keywords:existence": lambda k: [("keywords_all", {"words": k["keywords"]})],
    "keywords:frequency": lambda k: [
        (
            "keyword_frequency",
            {"word": k["keyword"], "relation": k["relation"], "n": k["frequency"]},
        )
    ],
    "keywords:forbidden_words": lambda k: [("keywords_none", {"words": k["forbidden_words"]})],
    "keywords:letter_frequency": lambda k: [
        (
            "letter_frequency",
            {"letter": k["letter"], "relation": k["let_relation"], "n": k["let_frequency"]},
        )
    ],
    "language:response_language": lambda k: [("language", {"code": k["language"]})],
    "length_constraints:number_sentences": lambda k: [
        ("sentence_count", {"relation": k["relation"], "n": k["num_sentences"]})
    ],
    "length_constraints:number_paragraphs": lambda k: [
        ("paragraph_count", {**_exactly(k["num_paragraphs"]), "separator": "***"})
    ],
    "length_constraints:number_words": lambda k: [
        ("word_count", {"relation": k["relation"], "n": k["num_words"]})
    ],
    "length_constraints:nth_paragraph_first_word": lambda k: [
        (
            "paragraph_first_word",
            {"n": k["num_paragraphs"], "k": k["nth_paragraph"], "word": k["first_word"]},
        )
    ],
    "detectable_content:number_placeholders": lambda k: [
        ("placeholders", _at_least(k["num_placeholders"]))
    ],
    "detectable_content:postscript": lambda k: [("postscript", {"marker": k["postscript_marker"]})],
    "detectable_format:number_bullet_lists": lambda k: [("bullets", _exactly(k["num_bullets"]))],
    "detectable_format:constrained_response": lambda k: [
        ("one_of", {"options": [f"My answer is {word}." for word in ("yes", "no", "maybe")]})
    ],
    "detectable_format:number_highlighted_sections": lambda k: [
        ("highlights", _at_least(k["num_highlights"]))
    ],
    "detectable_format:multiple_sections": lambda k: [
        ("sections", {"marker": k["section_spliter"], **_exactly(k["num_sections"])})
    ],
    "detectable_format:json_format": lambda k: [("json", {})],
    "detectable_format:title": lambda k: [("title", {})],
    "combination:two_responses": lambda k: [("two_responses", {})],
    "combination:repeat_prompt": lambda k: [("repeats_prompt", {"prompt": k["prompt_to_repeat"]})],
    "startend:end_checker": lambda k: [("ends_with", {"text": k["end_phrase"]})],
    "startend:quotation": lambda k: [("quoted", {})],
    "change_case:capital_word_frequency": lambda k: [
        ("capital_words", {"relation": k["capital_relation"], "n": k["capital_frequency"]})
    ],
    "change_case:english_capital": lambda k: [("all_uppercase", {}), ("language", {"code": "en"})],
    "change_case:english_lowercase": lambda k: [
        ("all_lowercase", {}),
        ("language", {"code": "en"}),
    ],
    "punctuation:no_comma": lambda k: [("no_comma", {})],
}
INSTRUCTIONS = tuple(_STRICT)


def strict_constraints(record: Any) -> list[Named]:
    """The constraints of this package that a record's instructions stand for.

    Raises:
        TaskError: the record names an instruction that there is not, or lacks an argument.
    """
    found: list[Named] = []
    for name, arguments in _instructions(record):
        try:
            found += _STRICT[name](arguments)
        except KeyError as error:
            raise TaskError(f"The instruction '{name}' lacks the argument {error}.") from error
    return found


def compatible_constraints(record: Any) -> list[Named]:
    """One constraint of the reference's own counting for each instruction of a record.

    Raises:
        TaskError: the record names an instruction that there is not.
    """
    return [(PREFIX + name, arguments) for name, arguments in _instructions(record)]


def _instructions(record: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    names, rows = _list(record, "instruction_id_list"), _list(record, "kwargs")
    if len(names) != len(rows):
        raise TaskError("The record does not have one entry of 'kwargs' for each instruction.")
    for name, row in zip(names, rows, strict=True):
        if not isinstance(name, str) or name not in _STRICT:
            raise TaskError(f"There is no instruction {shorten(name)}.")
        given = dict(cast("Mapping[str, Any]", row or {}))
        yield name, {key: value for key, value in given.items() if value is not None}


def _list(record: Any, key: str) -> list[Any]:
    found = cast("Mapping[str, Any]", record).get(key) if isinstance(record, Mapping) else None
    if not isinstance(found, list | tuple):
        raise TaskError(f"The record has no list '{key}'.")
    return list(cast("list[Any]", found))
