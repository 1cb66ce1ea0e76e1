"""The looser counting of the published instruction-following reference, rule by rule.

Meant for reproducing published scores. Known differences: its keywords are patterns and ours are
literal texts; its sentences and words in capitals come from a trained tokenizer, ours from rules.
Where it cannot tell a language it counts the instruction as followed, and so does this.

Source: Zhou et al. 2023, "Instruction-Following Evaluation for Large Language Models".
"""

from __future__ import annotations

import json as standard_json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from assay.verifiers.constraints.language import checked_code, probabilities
from assay.verifiers.constraints.rules import Asked, Check, Finding, Kind, number, phrase, phrases
from assay.verifiers.constraints.units import checked_relation, compared, sentences

PREFIX = "ifeval."
_TOKEN = re.compile(r"[^\W_](?:[\w&/+-]|[.'’](?=\w))*+\.?+")
_CONTRACTED = re.compile(r"[A-Z]++(?:N[’']T|[’'](?:S|M|D|LL|RE|VE))")
_FENCES = ("```json", "```Json", "```JSON", "```")

COMPATIBLE: dict[str, Kind] = {}


def loosened(text: str) -> Iterator[str]:
    """The other forms of a response under which the reference's loose score also looks."""
    rows = text.split("\n")
    forms = [text] + ["\n".join(cut).strip() for cut in (rows[1:], rows[:-1], rows[1:-1])]
    for form in (*forms[1:], *(form.replace("*", "") for form in forms)):
        if form.strip():
            yield form


def _rule(
    name: str, arguments: Mapping[str, Check] | None = None
) -> Callable[[Callable[..., bool]], Callable[..., bool]]:
    def add(decides: Callable[..., bool]) -> Callable[..., bool]:
        def rule(asked: Asked, given: Mapping[str, Any]) -> Finding:
            holds = decides(asked.text, **given)
            word = "followed" if holds else "not followed"
            return Finding(holds, f"The instruction '{name}' is {word}.")

        COMPATIBLE[PREFIX + name] = Kind(rule, arguments or {}, {})
        return decides

    return add


@_rule("keywords:existence", {"keywords": phrases})
def _existence(text: str, keywords: tuple[str, ...]) -> bool:
    body = text.lower()
    return all(word.lower() in body for word in keywords)


@_rule("keywords:frequency", {"keyword": phrase, "frequency": number, "relation": checked_relation})
def _frequency(text: str, keyword: str, frequency: int, relation: str) -> bool:
    return compared(text.lower().count(keyword.lower()), relation, frequency)


@_rule("keywords:forbidden_words", {"forbidden_words": phrases})
def _forbidden(text: str, forbidden_words: tuple[str, ...]) -> bool:
    body = text.lower()
    return not any(_between_others(word.lower(), body) for word in forbidden_words)


def _between_others(word: str, body: str) -> bool:
    """Whether a word stands where letters, digits and underscores end at both its sides."""
    at = body.find(word)
    while at >= 0:
        around = body[at - 1 : at], word[0], word[-1], body[at + len(word) :][:1]
        before, first, last, after = (bool(re.match(r"\w", char)) for char in around)
        if before != first and last != after:
            return True
        at = body.find(word, at + 1)
    return False


@_rule(
    "keywords:letter_frequency",
    {"letter": phrase, "let_frequency": number, "let_relation": checked_relation},
)
def _letters(text: str, letter: str, let_frequency: int, let_relation: str) -> bool:
    return compared(text.lower().count(letter.lower()), let_relation, let_frequency)


@_rule("language:response_language", {"language": checked_code})
def _language(text: str, language: str) -> bool:
    found = probabilities(text)
    return found is None or next(iter(found), "unknown") == language


@_rule(
    "length_constraints:number_sentences",
    {"num_sentences": number, "relation": checked_relation},
)
def _sentences(text: str, num_sentences: int, relation: str) -> bool:
    return compared(sentences(text)[1], relation, num_sentences)


@_rule("length_constraints:number_paragraphs", {"num_paragraphs": number})
def _paragraphs(text: str, num_paragraphs: int) -> bool:
    parts = [part.strip() for part in text.split("***")]
    outer = (not parts[0]) + (len(parts) > 1 and not parts[-1])
    return all(parts[1:-1]) and len(parts) - outer == num_paragraphs


@_rule("length_constraints:number_words", {"num_words": number, "relation": checked_relation})
def _words(text: str, num_words: int, relation: str) -> bool:
    return compared(len(re.findall(r"\w+", text)), relation, num_words)


@_rule(
    "length_constraints:nth_paragraph_first_word",
    {"num_paragraphs": number, "nth_paragraph": number, "first_word": phrase},
)
def _first_word(text: str, num_paragraphs: int, nth_paragraph: int, first_word: str) -> bool:
    parts = [part.strip() for part in text.split("\n\n")]
    if sum(map(bool, parts)) != num_paragraphs or not 0 < nth_paragraph <= num_paragraphs:
        return False
    part = parts[nth_paragraph - 1]
    if not part:
        return False
    word = re.split(r"[.,?!'\"]", part.split()[0].lstrip("'").lstrip('"'))[0]
    return word.lower() == first_word.lower()


@_rule("detectable_content:number_placeholders", {"num_placeholders": number})
def _placeholders(text: str, num_placeholders: int) -> bool:
    count = 0
    for line in text.split("\n"):
        at = line.find("[")
        while at >= 0 and (closed := line.find("]", at)) >= 0:
            count += 1
            at = line.find("[", closed)
    return count >= num_placeholders


@_rule("detectable_content:postscript", {"postscript_marker": phrase})
def _postscript(text: str, postscript_marker: str) -> bool:
    known = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}
    pattern = known.get(postscript_marker) or re.escape(postscript_marker.lower())
    return re.search(pattern, text.lower()) is not None


@_rule("detectable_format:number_bullet_lists", {"num_bullets": number})
def _bullets(text: str, num_bullets: int) -> bool:
    rows = [line.lstrip() for line in text.split("\n")]
    stars = sum(row.startswith("*") and not row.startswith("**") for row in rows)
    return stars + sum(row.startswith("-") for row in rows) == num_bullets


@_rule("detectable_format:constrained_response")
def _constrained(text: str) -> bool:
    return any(f"My answer is {word}." in text for word in ("yes", "no", "maybe"))


@_rule("detectable_format:number_highlighted_sections", {"num_highlights": number})
def _highlights(text: str, num_highlights: int) -> bool:
    single = sum(bool(found.strip("*").strip()) for found in re.findall(r"\*[^\n*]*+\*", text))
    double = sum(bool(inner.strip()) for inner in re.findall(r"\*\*([^\n*]*+)\*\*", text))
    return single + double >= num_highlights


@_rule("detectable_format:multiple_sections", {"section_spliter": phrase, "num_sections": number})
def _sections(text: str, section_spliter: str, num_sections: int) -> bool:
    return len(re.findall(re.escape(section_spliter) + r"\s?\d+", text)) >= num_sections


@_rule("detectable_format:json_format")
def _json(text: str) -> bool:
    body = text.strip()
    for fence in _FENCES:
        body = body.removeprefix(fence)
    try:
        standard_json.loads(body.removesuffix("```").strip())
    except (ValueError, RecursionError):
        return False
    return True


@_rule("detectable_format:title")
def _title(text: str) -> bool:
    for line in text.split("\n"):
        opened, closed = line.find("<<"), line.rfind(">>")
        if 0 <= opened < closed - 2 and line[opened : closed + 2].lstrip("<").rstrip(">").strip():
            return True
    return False


@_rule("combination:two_responses")
def _two_responses(text: str) -> bool:
    parts = [part.strip() for part in text.split("******")]
    full = [part for part in parts if part]
    return all(parts[1:-1]) and len(full) == 2 and full[0] != full[1]


@_rule("combination:repeat_prompt", {"prompt_to_repeat": phrase})
def _repeats(text: str, prompt_to_repeat: str) -> bool:
    return text.strip().lower().startswith(prompt_to_repeat.lower())


@_rule("startend:end_checker", {"end_phrase": phrase})
def _ends(text: str, end_phrase: str) -> bool:
    return text.strip().strip('"').lower().endswith(end_phrase.lower())


@_rule(
    "change_case:capital_word_frequency",
    {"capital_frequency": number, "capital_relation": checked_relation},
)
def _capital_words(text: str, capital_frequency: int, capital_relation: str) -> bool:
    count = 0
    for token in _TOKEN.findall(text):
        # "DON'T" is two words there, both in capitals.
        count += token.isupper() + (_CONTRACTED.fullmatch(token) is not None)
    return compared(count, capital_relation, capital_frequency)


@_rule("change_case:english_capital")
def _capital(text: str) -> bool:
    return text.isupper() and _language(text, "en")


@_rule("change_case:english_lowercase")
def _lowercase(text: str) -> bool:
    return text.islower() and _language(text, "en")


@_rule("punctuation:no_comma")
def _no_comma(text: str) -> bool:
    return "," not in text


@_rule("startend:quotation")
def _quotation(text: str) -> bool:
    body = text.strip()
    return len(body) > 1 and body[0] == body[-1] == '"'
