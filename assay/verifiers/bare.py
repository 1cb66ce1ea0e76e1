"""The last mathematical span of a response without box or marker (`verifiers.md` §5 rule 5)."""

import re
from typing import NamedTuple

from assay.verifiers.doubt import (
    denied,
    doubt_after,
    doubt_before,
    doubtful_remark,
)
from assay.verifiers.units import KNOWN_UNITS, SCALE_WORDS
from assay.verifiers.wording import doubtful, sentence_end, sentence_start

_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_PROSE = re.compile(r"(?<![A-Za-z\\])[A-Za-z]{2,}")
_WORD = re.compile(r"(?:\\[a-z]+\{[^{}\n]{0,60}\}|\S)+")
_COMMAND_WORDS = re.compile(r"\\[a-z]+\{[^{}\n]{0,60}\}")
_OPERATOR = re.compile(r"(?:x|[-+*/=^<>×÷·−±]|\\times|\\cdot|\\div|\\pm)+")
_DIGITS = re.compile(r"\$?[0-9]{1,3}")
_GROUP_OR_FRACTION = re.compile(r"[0-9]{3}(?![0-9])|[0-9]+/[0-9]+|\\[dt]?frac|[½⅓⅔¼¾]")
# "2 and 3" is two answers and "2 to 3" none, not a 3.
_LISTING = frozenset({"and", "&", "to", "through"})
_LEAD = re.compile(r"=(?!=)(?=\s*[^\s=])")  # "= 84"
_FENCE = re.compile(r"\s*`{3,}[A-Za-z]*\s*")
_REMARK = re.compile(r"\s\(([^()]*[A-Za-z]{2}[^()]*)\)[.!\s*_]*$")
_SENTENCE_WORD = re.compile(r"(?:I|A|[A-Za-z][a-z]*['’]?[a-z]+)[,:]?\s+(?!=)")
_BULLET = re.compile(r"(?:[-*•]|\d{1,3}[.)])[ \t]+")
_EDGE = " \t\r\n*_`'\"“”,;:!?."
_NEAR = 160  # characters looked at first; the last number is mostly there
READ_CHARS = 20_000  # of the last paragraph; an answer is far shorter


class Bare(NamedTuple):
    """Where a bare answer stands; `formula` is False for words without mathematics."""

    start: int
    end: int
    status: str = "found"
    trouble: str = ""
    formula: bool = True


def last_bare(text: str) -> Bare | None:
    """The last formula, number or expression of the last paragraph, or None for blank text."""
    end = len(text.rstrip())
    if end == 0:
        return None
    floor = max(0, end - READ_CHARS)
    start = floor
    for blank in _BLANK_LINE.finditer(text, floor, end):
        start = blank.end()
    start += len(text[start:end]) - len(text[start:end].lstrip())
    if start == floor and floor > 0 and not re.search(r"\s", text[start:end]):
        return Bare(0, end)  # one endless word: over the limit, whatever it is
    whole = text[start:end]
    outside = _COMMAND_WORDS.sub("", whole) if "\\" in whole else whole
    if not _PROSE.search(outside):
        return _unless_doubted(text, _last_line(text, start, end))
    remark = _remark_at_end(text, start, end)
    end = remark or end
    formula = _last_formula(text, start, end)
    run = _last_run(text, formula.end if formula else start, end)
    found = run or formula
    if found is None:
        return _unless_doubted(text, _edges(text, start, end)._replace(formula=False))
    sentence = text[sentence_start(text, found.start) : sentence_end(text, found.end)]
    if doubtful(sentence):
        return found._replace(
            status="ambiguous", trouble="The sentence of the answer denies or hedges it."
        )
    word = denied(sentence) or doubt_before(text, found.start)
    return _doubted(found, word) if word else _unless_doubted(text, found)


def only_number(text: str, start: int, end: int) -> Bare | None:
    """The number of a sentence that holds one and opens with words; None for any other text."""
    if end - start > 400 or not _SENTENCE_WORD.match(text, start, end):
        return None
    formula = _last_formula(text, start, end)
    found = _last_run(text, formula.end if formula else start, end) or formula
    if found is None:
        return None
    before, behind = text[start : found.start], text[found.end : end]
    if any("0" <= char <= "9" or char in "\\=" for char in before + behind):
        return None
    word = denied(before) or doubt_before(text, found.start)
    if doubtful(before) or doubtful(behind) or word:
        return _doubted(found, word or before.strip()[-40:])
    return found


def _unless_doubted(text: str, found: Bare) -> Bare:
    word = doubt_after(text, found.end, text[found.start : found.end])
    return _doubted(found, word) if word else found


def _doubted(found: Bare, word: str) -> Bare:
    return found._replace(status="ambiguous", trouble=f"The answer stands next to '{word}'.")


def _remark_at_end(text: str, start: int, end: int) -> int:
    """Where a harmless remark in parentheses begins that ends the text behind a number, or 0."""
    if text[end - 1] not in ").!*_" or not text[end - 3 : end].rstrip(".!*_ ").endswith(")"):
        return 0
    begin = sentence_start(text, end - 1)
    remark = _REMARK.search(text, max(start, begin, end - 200), end)
    said = text[max(start, begin) : remark.start()] if remark else ""
    if remark is None or not any("0" <= char <= "9" for char in said):
        return 0
    return 0 if doubtful_remark(remark[1], said) else remark.start()


def _last_line(text: str, start: int, end: int) -> Bare:
    """The last line of a text without prose, the fences of a code block and a lead "=" left out."""
    while True:
        line = text.rfind("\n", start, end) + 1 or start
        if line <= start or not _FENCE.fullmatch(text, line, end):
            break
        end = start + len(text[start : line - 1].rstrip())
    found = _edges(text, max(line, start), end)
    lead = _LEAD.match(text, found.start, found.end)
    return _edges(text, lead.end(), found.end) if lead else found


def _edges(text: str, start: int, end: int) -> Bare:
    """Without outer space, emphasis and punctuation; a decimal point in front stays."""
    body = text[start:end]
    left = len(body) - len(body.lstrip(_EDGE.replace(".", "")))
    right = len(body.rstrip(_EDGE.replace("!", ""))) if len(body) > left else left
    if right <= left:
        return Bare(start, end)
    return Bare(start + left, start + right)


def _last_formula(text: str, start: int, end: int) -> Bare | None:
    r"""The last `$…$`, `\(…\)` or `\[…\]`. Dollars pair as in Pandoc, so that prices do not."""
    best: Bare | None = None
    for opener, closer in ((r"\(", r"\)"), (r"\[", r"\]")):
        closed = text.rfind(closer, start, end)
        opened = text.rfind(opener, start, closed) if closed >= 0 else -1
        if opened >= 0 and (best is None or closed + 2 > best.end):
            best = Bare(opened, closed + 2)
    opened = -1
    at = text.find("$", start, end)
    while at >= 0:
        width = 2 if text.startswith("$$", at) else 1
        if text[at - 1 : at] == "\\":
            pass
        elif opened < 0:
            opened = at if text[at + width : at + width + 1].strip() or width == 2 else -1
        elif width == 2 or (text[at - 1 : at].strip() and not text[at + 1 : at + 2].isdigit()):
            if best is None or at + width > best.end:
                best = Bare(opened, at + width)
            opened = -1
        else:
            opened = at if text[at + width : at + width + 1].strip() else -1
        at = text.find("$", at + width, end)
    return best


def _last_run(text: str, start: int, end: int) -> Bare | None:
    """The last words that hold a digit or a command, joined over operators."""
    near = max(start, end - _NEAR)
    for begin in (near, start) if near > start else (start,):
        words = list(_WORD.finditer(text, begin, end))
        last = next((i for i in range(len(words) - 1, -1, -1) if _mathy(words[i].group())), -1)
        first = _first_of_run(text, words, last)
        if first > 1 or begin == start:  # else the run may have begun before the near part
            return _bounds(text, words, first, last) if last >= 0 else None
    return None


def _first_of_run(text: str, words: list[re.Match[str]], last: int) -> int:
    first = last
    while first > 0 and "\n" not in text[words[first - 1].end() : words[first].start()]:
        before, here = words[first - 1].group(), words[first].group()
        if before.endswith((".", ";", ":", "!", "?")):
            break
        if _OPERATOR.fullmatch(before) and first > 1 and _operand(words[first - 2].group()):
            first -= 2
        elif _OPERATOR.fullmatch(before) or _joined(before, here):
            first -= 1
        elif before in _LISTING and first > 1 and _mathy(words[first - 2].group()):
            first -= 2
        else:
            break
    return first


def _bounds(text: str, words: list[re.Match[str]], first: int, last: int) -> Bare:
    if (
        _BULLET.match(text, words[first].start())
        and first < last
        and _line_start(text, words[first].start())
    ):
        first += 1
    while first < last and words[first].group() == "=":
        first += 1
    stop = words[last].end()
    if last + 1 < len(words) and not words[last].group().endswith((".", ",", ";", ")")):
        noun = words[last + 1].group().rstrip(".,;:!?*").lower()
        inches = noun != "in" or last + 2 == len(words)  # "84 in total" is not a length
        if (noun in KNOWN_UNITS and inches) or noun in SCALE_WORDS:
            stop = words[last + 1].end()
    found = _edges(text, words[first].start(), stop)
    if text.startswith("!", found.end - 1) and _ends_sentence(text, stop):
        found = _edges(text, found.start, len(text[: found.end].rstrip("!")))
    body = text[found.start : found.end]
    if body.endswith(")") and body.count(")") > body.count("("):
        found = found._replace(end=found.end - 1)
    if body.startswith("(") and body.count("(") > body.count(")"):
        found = found._replace(start=found.start + 1)
    return found


def _ends_sentence(text: str, at: int) -> bool:
    """Whether an exclamation mark before `at` can end a sentence and so is no factorial."""
    following = text[at : at + 20].lstrip(" \t*_`\"”'")
    return not following or following[0] == "\n" or following[0].isupper()


def _line_start(text: str, at: int) -> bool:
    return at > 0 and text[text.rfind("\n", 0, at) + 1 : at].strip() == ""


def _mathy(word: str) -> bool:
    return (
        "\\" in word
        or any("0" <= char <= "9" for char in word)
        or (not word.isascii() and any(char.isnumeric() or char in "π∞√" for char in word))
    )


def _operand(word: str) -> bool:
    return _mathy(word) or (len(word) == 1 and word.isalpha())


def _joined(before: str, here: str) -> bool:
    """Whether two words are one number (`1 234`, `2 1/3`), a sum, or parts of one formula."""
    if here[0] in "+*/=<>" and _operand(before):
        return True
    if _DIGITS.fullmatch(before) and _GROUP_OR_FRACTION.match(here):
        return True
    return _mathy(before) and (before.endswith(",") or "\\" in before + here)
