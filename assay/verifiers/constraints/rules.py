"""Every named constraint: its arguments, checked once, and whether a response holds to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, nearest, shorten
from assay.core.types import Limits
from assay.verifiers.characters import Refused
from assay.verifiers.constraints.language import checked_code, spoken
from assay.verifiers.constraints.units import (
    checked_relation,
    compared,
    lines,
    occurrences,
    paragraphs,
    sentences,
    words,
)
from assay.verifiers.documents import read_json, unfenced

_QUOTES = {'"': '"', "“": "”", "„": "“", "«": "»", "＂": "＂"}
_COMMAS = frozenset(",，、،﹐﹑､")
_BULLET = re.compile(r"\s*+[*-](?:\s++\S|[^\s*-])")
_BRACKETS = re.compile(r"\[([^\[\]\n]*+)\]")
_HIGHLIGHT = re.compile(r"(\*{1,3}+)(?![\s*])([^*\n]++)(?<!\s)\1(?!\*)")
_HEADING_MARKS = " \t#*_"
_JSON_ENTRIES = Limits(entries=100_000, total_digits=100_000)


class Asked(NamedTuple):
    """A response as a constraint sees it: stripped, not blank, with the question it answers."""

    text: str
    question: str


class Finding(NamedTuple):
    """Whether a constraint holds (None: it cannot be told), and a sentence about it."""

    holds: bool | None
    reason: str


Rule = Callable[[Asked, Mapping[str, Any]], Finding]
Check = Callable[[Any], Any]


class Kind(NamedTuple):
    """A rule with the check of each argument, and the values of those that may be left out."""

    rule: Rule
    arguments: Mapping[str, Check]
    defaults: Mapping[str, Any]


@dataclass(frozen=True)
class Constraint:
    """One constraint by name, with its arguments."""

    name: str
    arguments: tuple[tuple[str, Any], ...] = ()


KINDS: dict[str, Kind] = {}


def constraint(given: Any, kinds: Mapping[str, Kind] = KINDS) -> Constraint:
    """A constraint out of a task's data.

    Args:
        given: a name, a pair `(name, {argument: value})`, or a mapping with the keys `constraint`
            and `arguments`.
        kinds: those that there are.

    Raises:
        TaskError: there is no such constraint, or an argument is missing, unknown or wrong.
    """
    if isinstance(given, Constraint):
        given = (given.name, dict(given.arguments))
    if isinstance(given, Mapping):
        body = cast("Mapping[str, Any]", given)
        if not set(body) <= {"constraint", "arguments"}:
            raise TaskError(f"{shorten(body)} is no constraint: it has other fields.")
        given = (body.get("constraint"), body.get("arguments") or {})
    if isinstance(given, str):
        given = (given, {})
    pair = tuple(cast("list[Any]", given)) if isinstance(given, list | tuple) else ()
    if len(pair) != 2 or not isinstance(pair[0], str) or not isinstance(pair[1], Mapping):
        raise TaskError(f"{shorten(pair)} is no constraint: expected (name, arguments).")
    name, arguments = pair[0], cast("Mapping[str, Any]", pair[1])
    if name not in kinds:
        raise TaskError(f"There is no constraint '{name}'.{nearest(name, kinds)}")
    return Constraint(name, _arguments(name, kinds[name], arguments))


def _arguments(name: str, kind: Kind, given: Mapping[str, Any]) -> tuple[tuple[str, Any], ...]:
    values = {**kind.defaults, **given}
    for argument in values:
        if argument not in kind.arguments:
            raise TaskError(
                f"The constraint '{name}' has no argument '{argument}'."
                f"{nearest(str(argument), kind.arguments)}"
            )
    missing = [argument for argument in kind.arguments if argument not in values]
    if missing:
        raise TaskError(f"The constraint '{name}' needs the argument '{missing[0]}'.")
    return tuple((key, check(values[key])) for key, check in kind.arguments.items())


def number(value: Any) -> int:
    """A whole number from 0."""
    if type(value) is int and value >= 0:
        return value
    if type(value) is float and value >= 0 and value.is_integer():
        return int(value)  # tables of records turn 3 into 3.0
    raise TaskError(f"{shorten(value)} is not a whole number of at least 0.")


def phrase(value: Any) -> str:
    """A text with something in it."""
    if type(value) is not str or not value.strip():
        raise TaskError(f"{shorten(value)} is not a text with something in it.")
    return value.strip()


def phrases(value: Any) -> tuple[str, ...]:
    """A list of such texts, at least one."""
    items = list(cast("list[Any]", value)) if isinstance(value, list | tuple) else []
    if not items:
        raise TaskError("A list of texts, at least one, was expected.")
    return tuple(map(phrase, items))


def optional(check: Check) -> Check:
    """The same check for a value that may be None."""
    return lambda value: None if value is None else check(value)


def _letter(value: Any) -> str:
    if type(value) is not str or len(value) != 1 or value.isspace():
        raise TaskError(f"{shorten(value)} is not one character.")
    return value


def _named(arguments: Mapping[str, Check] | None = None, **defaults: Any) -> Callable[[Rule], Rule]:
    def add(rule: Rule) -> Rule:
        KINDS[rule.__name__] = Kind(rule, arguments or {}, defaults)
        return rule

    return add


_COUNT: dict[str, Check] = {"relation": checked_relation, "n": number}


def _counted(count: int, given: Mapping[str, Any], what: str) -> Finding:
    holds = compared(count, given["relation"], given["n"])
    return Finding(holds, f"Counted: {count} {what}; wanted: {given['relation']} {given['n']}.")


@_named(_COUNT)
def word_count(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of words."""
    return _counted(len(words(asked.text)), given, "words")


@_named(_COUNT)
def sentence_count(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of sentences.

    Words behind the last full stop are neither surely a sentence nor surely none, so the relation
    must hold with and without them.
    """
    ended, all_of_them = sentences(asked.text)
    one, two = (_counted(count, given, "sentences") for count in (ended, all_of_them))
    return one if not one.holds else two


@_named({**_COUNT, "separator": optional(phrase)}, separator=None)
def paragraph_count(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of paragraphs, none of which may be empty."""
    parts = paragraphs(asked.text, given["separator"])
    if not all(parts):
        return Finding(False, "A paragraph is empty.")
    return _counted(len(parts), given, "paragraphs")


@_named(_COUNT)
def character_count(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of characters between outer white space."""
    return _counted(len(asked.text), given, "characters")


@_named({"words": phrases})
def keywords_all(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Every keyword is there."""
    for word in given["words"]:
        if not occurrences(word, asked.text):
            return Finding(False, f"The keyword '{word}' is not there.")
    return Finding(True, "Every keyword is there.")


@_named({"words": phrases})
def keywords_none(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """No keyword is there."""
    for word in given["words"]:
        if occurrences(word, asked.text):
            return Finding(False, f"The word '{word}' is there.")
    return Finding(True, "None of the words is there.")


@_named({"word": phrase, **_COUNT})
def keyword_frequency(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """How often a keyword is there."""
    return _counted(occurrences(given["word"], asked.text), given, "times the keyword")


@_named({"letter": _letter, **_COUNT})
def letter_frequency(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """How often a letter is there, in either case."""
    count = asked.text.casefold().count(given["letter"].casefold())
    return _counted(count, given, "times the letter")


@_named({"n": number, "k": number, "word": phrase})
def paragraph_first_word(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """A number of paragraphs, the k-th of which begins with a word."""
    parts, k = paragraphs(asked.text), int(given["k"])
    if len(parts) != given["n"]:
        return Finding(False, f"Counted: {len(parts)} paragraphs; wanted: {given['n']}.")
    first = words(parts[k - 1])[:1] if 0 < k <= len(parts) else []
    holds = [word.casefold() for word in first] == [given["word"].casefold()]
    return Finding(holds, f"Paragraph {k} begins with {first[0] if first else 'no word'}.")


@_named(_COUNT)
def bullets(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of bullet points."""
    return _counted(sum(bool(_BULLET.match(line)) for line in lines(asked.text)), given, "bullets")


@_named(_COUNT)
def placeholders(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of `[…]` with content."""
    count = sum(bool(inner.strip()) for inner in _BRACKETS.findall(asked.text))
    return _counted(count, given, "placeholders")


@_named(_COUNT)
def highlights(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of `*…*` and `**…**` with content on one line."""
    return _counted(sum(1 for _ in _HIGHLIGHT.finditer(asked.text)), given, "highlights")


@_named({"marker": phrase, "relation": checked_relation, "n": number}, relation="at least", n=1)
def sections(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Headings `marker k` at the beginning of lines, numbered from 1 without gaps."""
    marker = given["marker"]
    numbers: list[str] = []
    for line in lines(asked.text):
        heading = line.lstrip(_HEADING_MARKS)
        if heading.startswith(marker):
            found = re.match(r"[ \t]{0,4}([0-9]{1,9})(?![0-9A-Za-z])", heading[len(marker) :])
            if found is not None:
                numbers.append(found.group(1))
    if not numbers or numbers != [str(k + 1) for k in range(len(numbers))]:
        return Finding(False, "The sections are not numbered 1, 2, 3 without gaps.")
    return _counted(len(numbers), given, "sections")


@_named()
def title(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """A line `<<…>>` with content."""
    for line in lines(asked.text):
        body = line.strip(_HEADING_MARKS + "\f\v")
        if body.startswith("<<") and body.endswith(">>") and body.strip("<> \t"):
            return Finding(True, "A title is there.")
    return Finding(False, "No line is a title in double angle brackets.")


@_named()
def json(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The whole response is one JSON document; one Markdown fence may stand around it."""
    try:
        read_json(unfenced(asked.text), _JSON_ENTRIES)
    except Refused as refusal:
        return Finding(False, str(refusal))
    return Finding(True, "The response is one JSON document.")


@_named()
def all_lowercase(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Letters, none of them a capital."""
    holds = any(map(str.islower, asked.text)) and not any(map(_is_capital, asked.text))
    return Finding(holds, "All letters are small." if holds else "A letter is not small.")


@_named()
def all_uppercase(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Letters, all of them capitals."""
    small = any(char.islower() or char.istitle() != char.isupper() for char in asked.text)
    holds = any(map(str.isupper, asked.text)) and not small
    return Finding(holds, "All letters are capitals." if holds else "A letter is no capital.")


def _is_capital(char: str) -> bool:
    return char.isupper() or char.istitle()


@_named(_COUNT)
def capital_words(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The number of words all in capitals."""
    return _counted(sum(map(str.isupper, words(asked.text))), given, "words in capitals")


@_named()
def no_comma(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """No comma of any script."""
    holds = _COMMAS.isdisjoint(asked.text)
    return Finding(holds, "There is no comma." if holds else "There is a comma.")


@_named({"text": phrase})
def starts_with(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The first characters."""
    holds = asked.text.startswith(given["text"])
    return Finding(holds, f"The response begins {'' if holds else 'not '}as it must.")


@_named({"text": phrase})
def ends_with(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The last characters."""
    holds = asked.text.endswith(given["text"])
    return Finding(holds, f"The response ends {'' if holds else 'not '}as it must.")


@_named()
def quoted(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Matching double quotes around all of it, with something between them."""
    text = asked.text
    holds = _QUOTES.get(text[0]) == text[-1] and bool(text[1:-1].strip())
    return Finding(holds, f"The response stands {'' if holds else 'not '}in double quotes.")


@_named({"prompt": optional(phrase)}, prompt=None)
def repeats_prompt(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The prompt first, and more behind it."""
    prompt = given["prompt"] or asked.question.strip()
    if not prompt:
        raise TaskError("'repeats_prompt' needs the argument 'prompt', or a task with a question.")
    holds = asked.text.startswith(prompt) and len(asked.text) > len(prompt)
    return Finding(holds, f"The response {'repeats' if holds else 'does not repeat'} the prompt.")


@_named({"options": phrases})
def one_of(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The whole response is one of the options."""
    holds = asked.text in given["options"]
    return Finding(holds, f"The response is {'one' if holds else 'none'} of the options.")


@_named({"separator": phrase}, separator="******")
def two_responses(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """Two parts, not empty and not equal, with the separator between them."""
    parts = paragraphs(asked.text, given["separator"])
    if len(parts) != 2 or not all(parts):
        return Finding(False, "The response is not two parts with the separator between them.")
    return Finding(parts[0] != parts[1], "There are two parts.")


@_named({"marker": phrase}, marker="P.S.")
def postscript(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """A last block that begins with the marker at the beginning of a line, and says something."""
    marker = given["marker"]
    rows = list(lines(paragraphs(asked.text)[-1]))
    for at, row in enumerate(rows):
        body = row.lstrip(_HEADING_MARKS)
        if body.startswith(marker):
            says = any(map(str.isalnum, " ".join([body[len(marker) :], *rows[at + 1 :]])))
            return Finding(says, "There is a postscript." if says else "The postscript is empty.")
    return Finding(False, "The last block is no postscript.")


@_named({"code": checked_code})
def language(asked: Asked, given: Mapping[str, Any]) -> Finding:
    """The language of all of it."""
    held = spoken(asked.text, given["code"])
    if held is None:
        return Finding(None, "The language cannot be told.")
    return Finding(held, f"The language is {'' if held else 'not '}'{given['code']}'.")
