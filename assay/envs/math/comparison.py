"""Replies to "which of two numbers is larger": a number, or a comparison that says which it is.

A reply to this question easily names both numbers, and then the last one says nothing: "789 is
bigger than 557" ends in the smaller one. So a reply that compares is read by a small closed
grammar, and its claim counts; one that names several numbers in any other way is ambiguous.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from assay.core.types import Verdict
from assay.verifiers.base import searched
from assay.verifiers.extraction import Extraction, after_think
from assay.verifiers.markers import last_marked
from assay.verifiers.numeric import NumberVerifier
from assay.verifiers.tasks import question_of, reference_of

ASKED = "Which is bigger: {} or {}?"
_ASKED = re.compile(re.escape(ASKED).replace(r"\{\}", "([0-9]+)"))
_SENTENCES = Extraction(sentences=True)
_READ_CHARS = 400  # of the last paragraph; a comparison is far shorter
_PARAGRAPH = re.compile(r"\n[ \t\r]*\n")
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?")
_GROUPED = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+")
# Emphasis and delimiters of formulas; between two digits they are none.
_FORMAT = re.compile(r"\\[()\[\]]|(?<![0-9*_`$])[*_`$]+|[*_`$]+(?![0-9*_`$])|</?answer>")
_OF_TWO = re.compile(r"\bof (?:the|these|those) (?:two numbers|two|numbers|pair)\b|\bof them\b")
_TOKEN = re.compile(r"[0-9]+(?:,[0-9]+)*(?:\.[0-9]+)?|[a-z]+|'s\b|####|\\[lg]t\b|\S")
_SMALLER = re.compile(
    r"\b(?:small(?:er|est)?|less(?:er)?|least|low(?:er|est)?|fewer|fewest|tiny|tinier|short(?:er)?|"
    r"min(?:imum)?|second|loser|loses|behind|than)\b",
    re.I,
)
# What every word of the grammar stands for; "n" is a number, ";" begins a new clause.
_SYMBOLS: Mapping[str, str] = {
    symbol: kind
    for kind, symbols in {
        "b": "bigger larger greater higher more biggest largest greatest highest maximum max",
        "s": "smaller less lesser lower smallest least lowest minimum min",
        "v": "is 's :",
        "t": "than",
        "o": "number one value integer",
        "p": "between of from comparing",
        "&": "and",
        "x": "it that this",
        "w": "which",
        "a": "answer ####",
        "l": "so thus hence therefore then clearly obviously definitely i think believe we see",
        ";": ", ; . ! ( ) because since as",
        ">": r"> \gt",
        "<": r"< \lt",
        "": "the a an final correct right my our out two numbers",
    }.items()
    for symbol in symbols.split()
}
_TOPIC = re.compile(r"pn&n")
_CLAUSES = (  # which number a clause says is larger: its first, its second, the other one
    (re.compile(r"o?n(?:>o?n|v?bto?n)"), "first"),
    (re.compile(r"o?n(?:<o?n|v?sto?n)"), "second"),
    (re.compile(r"o?nvbo?"), "first"),
    (re.compile(r"o?nvso?"), "other"),
    (re.compile(r"o?bo?o?vo?n"), "first"),
    (re.compile(r"o?so?o?vo?n"), "other"),
    (re.compile(r"(?:xv)?o?n"), "first"),
    (re.compile(r"[wx]vbtn"), "smaller"),  # "789, which is bigger than 557"
    (re.compile(r"[wx]vstn"), "first"),
)


@dataclass(frozen=True, kw_only=True)
class LargerVerifier(NumberVerifier):
    """Whether a reply says which of two numbers is larger.

    The two are those of the task's question, the last that its prompt asks (`ASKED`).

    One number is judged by its value, as `NumberVerifier` does, boxed and marked ones too. A reply
    that compares ("789 > 557", "557 is smaller than 789", "the larger number is 789 because 789 is
    bigger than 557") is judged by its claim, and all its claims must agree. One that names several
    numbers and is no such comparison, or calls its number the smaller one otherwise, is ambiguous.

    Example:
        >>> from assay.core.types import Problem
        >>> pair = Problem(prompt="Which is bigger: 557 or 789?", reference=789)
        >>> LargerVerifier().verify("789 is bigger than 557.", pair).passed
        True
        >>> LargerVerifier().verify("557 is bigger than 789.", pair).status
        'incorrect'
    """

    name = "larger"
    version = "1.0"

    extraction: Extraction = _SENTENCES

    def judge_at_length(self, outcome: object, task: object) -> Verdict:
        """The verdict about a reply that is not simply a number."""
        pair = numbers_asked(question_of(task))
        if type(outcome) is not str or not pair:
            return super().judge_at_length(outcome, task)
        response, offset, details = searched(outcome, self.limits)
        begin = after_think(response)
        text = response[begin:]
        if begin < 0 or r"\boxed" in text or r"\fbox" in text:
            return super().judge_at_length(outcome, task)
        start, end = _last_paragraph(text)
        marked = last_marked(text, whole=True)
        if marked is not None and marked.end <= start:
            return super().judge_at_length(outcome, task)
        paragraph = text[start:end]
        claims = read_comparison(paragraph, pair) if len(paragraph) <= _READ_CHARS else None
        if claims is None and marked is not None:
            return super().judge_at_length(outcome, task)
        if claims is None:
            numbers = set(_NUMBER.findall(paragraph))
            if len(numbers) < 2 and not _SMALLER.search(paragraph):
                return super().judge_at_length(outcome, task)
        span = (offset + begin + start, offset + begin + end)
        if claims is None or len(claims) != 1:
            return Verdict.reject(
                "larger.ambiguous",
                "The reply names numbers and does not say in one way which is larger.",
                status="ambiguous",
                extracted=paragraph[: self.limits.answer_chars],
                span=span,
                details=details,
            )
        claim, gold = claims.pop(), reference_of(task)
        return self._verdict(claim == gold, paragraph, span, str(claim), str(gold), details)


def numbers_asked(prompt: str) -> tuple[int, ...]:
    """The two numbers of the last question in a prompt; none where it asks no such question."""
    asked = _ASKED.findall(prompt)
    return tuple(map(int, asked[-1])) if asked else ()


def _last_paragraph(text: str) -> tuple[int, int]:
    end = len(text.rstrip())
    start = 0
    for blank in _PARAGRAPH.finditer(text, 0, end):
        start = blank.end()
    return start + len(text[start:end]) - len(text[start:end].lstrip()), end


def read_comparison(text: str, pair: tuple[int, ...]) -> set[int] | None:
    """The numbers of the pair that a text claims to be the larger; None where it is no comparison.

    Contradictions give both. Every word and sign of the text is accounted for by the grammar.
    """
    kinds: list[str] = []
    numbers: list[int] = []
    text = _OF_TWO.sub("one", _FORMAT.sub("", text).lower().replace("’", "'"))
    for token in _TOKEN.findall(text):
        if token[0].isascii() and token[0].isdigit():
            if not _GROUPED.fullmatch(token) or len(token) > 30:
                return None
            numbers.append(int(token.replace(",", "")))
            kinds.append("n")
        elif token in _SYMBOLS:
            kinds.append(_SYMBOLS[token])
        else:
            return None
    if not set(numbers) <= set(pair):
        return None
    return _claims("".join(kinds), numbers, pair)


def _claims(said: str, numbers: list[int], pair: tuple[int, ...]) -> set[int] | None:
    found: set[int] = set()
    for clause, own in _clauses(said, numbers):
        rule = next((rule for shape, rule in _CLAUSES if shape.fullmatch(clause)), "")
        if not rule or (len(own) == 2 and own[0] == own[1]):
            return None
        if rule in ("other", "smaller"):
            found |= set(pair) - {own[0]}
        else:
            found.add(own[rule == "second"])
    if not found <= set(numbers):
        return set(pair)  # "557 is smaller" only implies the other one
    return found or None


def _clauses(said: str, numbers: list[int]) -> Iterator[tuple[str, list[int]]]:
    """The clauses of a text in symbols with their numbers; what it compares is left out."""
    kept: list[int] = []
    at = passed = 0
    for topic in _TOPIC.finditer(said):
        count = said[at : topic.start()].count("n")
        kept += numbers[passed : passed + count]
        at, passed = topic.end(), passed + count + 2
    kept += numbers[passed:]
    at = 0
    for part in re.split(r"[;&]", _TOPIC.sub("", said)):
        clause = re.sub(r"^[lv]*(?:av)?l*", "", "" if part == "p" else part)
        count = clause.count("n")
        if clause:
            yield clause, kept[at : at + count]
        at += count
