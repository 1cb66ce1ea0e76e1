"""Words, sentences and paragraphs of a response (`verifiers.md` §8); every scan is linear."""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Callable, Iterator
from functools import lru_cache

from assay.core.errors import TaskError, shorten
from assay.verifiers.characters import has_invisible, too_big

RELATIONS: dict[str, Callable[[int, int], bool]] = {
    "at least": lambda count, n: count >= n,
    "at most": lambda count, n: count <= n,
    "less than": lambda count, n: count < n,
    "more than": lambda count, n: count > n,
    "exactly": lambda count, n: count == n,
}
ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof sr jr st mt vs etc e.g i.e eg ie cf approx inc ltd co "
    "corp dept est a.m p.m u.s u.k u.n e.u ph.d gen col lt sgt capt rev hon gov sen rep jan feb "
    "mar apr jun jul aug sep sept oct nov dec al".split()
)
BEFORE_NUMBERS = frozenset("no nos vol fig figs p pp ch sec eq".split())  # else they are words
_ENDS = re.compile(r"[.!?]++[\"'”’»)\]*_]*+(?=\s|\Z)|[。！？]++")
_LAST_WORD = re.compile(r"[^\s(\[\"“'‘]*+\Z")
_BLANK_LINE = re.compile(r"\n[ \t\r\f\v]*+\n")
_ASCII_WORD = re.compile(r"[0-9A-Za-z]++(?:['’][0-9A-Za-z]++)*+")
_COMBINING_RUN = 60  # more marks on one letter than any script has; composing them takes squares


def normal(text: str) -> str:
    """A text in composed form (NFC).

    Raises:
        Refused: `over_limit`: an endless run of combining marks.
    """
    if text.isascii() or unicodedata.is_normalized("NFC", _checked_runs(text)):
        return text
    return unicodedata.normalize("NFC", text)


def without_invisible(text: str) -> str:
    """The text as it looks: without characters that nobody can see."""
    if not has_invisible(text):
        return text
    hidden = {ord(char): None for char in set(text) if has_invisible(char)}
    return text.translate(hidden)


def words(text: str) -> list[str]:
    """Maximal runs of letters and digits, with apostrophes inside."""
    pattern = _ASCII_WORD if text.isascii() else _word_pattern()
    return pattern.findall(text)


def occurrences(phrase: str, text: str) -> int:
    """How often whole words say a phrase, in any case; never as a pattern, never overlapping."""
    sought, body = " ".join(phrase.casefold().split()), text.casefold()
    if " " in sought:
        body = " ".join(body.split())
    count = 0
    at = body.find(sought)
    while at >= 0:
        end = at + len(sought)
        if _edge(body, at, -1) and _edge(body, end - 1, 1):
            count += 1
            at = body.find(sought, end)
        else:
            at = body.find(sought, at + 1)
    return count


def sentences(text: str) -> tuple[int, int]:
    """How many sentences there are, without and with words that stand behind the last full stop.

    A full stop ends none after an abbreviation or an initial, unless the text ends there.
    """
    count = 0
    begin = 0
    for end in _ENDS.finditer(text):
        last = end.end() == len(text.rstrip())
        if text[end.start()] == "." and not last and _abbreviates(text, begin, end.start()):
            continue
        if not _says(text[begin : end.start()]):
            continue
        count += 1
        begin = end.end()
    return count, count + _says(text[begin:])


def paragraphs(text: str, separator: str | None = None) -> list[str]:
    """Blocks between blank lines, or between separators; those may be empty."""
    if separator is not None:
        return [part.strip() for part in text.split(separator)]
    return [part.strip() for part in _BLANK_LINE.split(text) if part.strip()]


def lines(text: str) -> Iterator[str]:
    """The lines of a text; only line feeds and carriage returns end one."""
    return iter(re.split(r"\r\n|\n|\r", text))


def compared(count: int, relation: str, n: int) -> bool:
    """Whether a count stands in a relation to n."""
    return RELATIONS[relation](count, n)


def checked_relation(relation: object) -> str:
    """A relation that exists.

    Raises:
        TaskError: it does not.
    """
    if not isinstance(relation, str) or relation not in RELATIONS:
        raise TaskError(f"relation={shorten(relation)} is none of {', '.join(RELATIONS)}.")
    return relation


def _edge(text: str, at: int, step: int) -> bool:
    """Whether a match that begins or ends at this character begins or ends a word there."""
    if not _in_word(text[at]):
        return True
    beside = at + step
    if not 0 <= beside < len(text):
        return True
    if text[beside] in "'’":
        beside += step
        return not (0 <= beside < len(text) and _in_word(text[beside]))
    return not _in_word(text[beside])


def _in_word(char: str) -> bool:
    return char.isalnum() or (not char.isascii() and unicodedata.category(char)[0] == "M")


def _says(text: str) -> bool:
    return any(map(str.isalnum, text))


def _abbreviates(text: str, begin: int, stop: int) -> bool:
    last = _LAST_WORD.search(text, max(begin, stop - 20), stop)
    word = last.group() if last else ""
    if word.casefold() in BEFORE_NUMBERS:
        return text[stop + 1 : stop + 4].lstrip()[:1].isdigit()
    return word.casefold() in ABBREVIATIONS or (len(word) == 1 and word.isupper())


def _checked_runs(text: str) -> str:
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run > _COMBINING_RUN:
            raise too_big("The response piles up combining marks.")
    return text


@lru_cache(maxsize=1)
def _word_pattern() -> re.Pattern[str]:
    """Python's letters leave out vowel signs and other marks of many scripts: listed here."""
    marks = [c for c in range(128, sys.maxunicode) if unicodedata.category(chr(c))[0] == "M"]
    ranges: list[list[int]] = []
    for code in marks:
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    inside = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
    letter = f"(?:[^\\W_]|[{inside}])"
    return re.compile(f"{letter}++(?:['’]{letter}++)*+")
