"""Answers behind a marker such as `#### 84` or "the answer is 84" (`verifiers.md` §5 rule 3)."""

import re
from typing import NamedTuple

from assay.verifiers.bare import only_number
from assay.verifiers.doubt import doubt_after, doubt_before
from assay.verifiers.wording import claim, hedges, negates, sentence_end, sentence_start

_MARKER = re.compile(
    r"####|[Ff][Ii][Nn][Aa][Ll] [Aa][Nn][Ss][Ww][Ee][Rr]"
    r"|[Aa][Nn][Ss][Ww][Ee][Rr](?:[*_ ]{0,4}:|(?i:s? (?:is|are))\b)"
)
_SKIP = re.compile(r"[\s*_`:=>]{0,40}")
_SAME_LINE = re.compile(r"[ \t*_`:=>]{0,40}")
# What must follow "final answer" for it to announce one: "the final answer makes sense" does not.
_ANNOUNCES = re.compile(
    r"[*_`]{0,4}(?:\s(?:to|for|of|in)\s[^.:\n]{1,80}?)?[*_` ]{0,4}"
    r"(?:\s{0,2}[:=]|\s{0,2}(?:is|are)\b|\n|$|(?=\s{0,2}[$\\(\[\d+\-.{]|\s(?-i:[A-Z])\b))",
    re.I,
)
_LEADING = re.compile(
    r"\s*(?:(?:so|thus|hence|therefore),? )?(?:the |my |our )?(?:correct |final |right )?"
    r"answer(?: is\b|\s?:)[\s*_`:=]{0,40}",
    re.I,
)
# "The answer is therefore 84", "… is equal to 84": words that change nothing of what follows.
_FILLER = re.compile(
    r"(?:(?:therefore|thus|hence|then|so|simply|just|exactly|precisely|clearly|indeed|now|only|"
    r"equal to|equals|given by|found to be|(?:an? |the )?(?:grand )?(?:total|sum) of)\b"
    r",?[\s*_`:=]{1,20}){1,3}",
    re.I,
)
# "84 because …": the reason is no part of the answer. "84 as well as 85" gives no reason.
_REASON = re.compile(
    r"(?<!well)[,;]?\s+(?:[—–-]+\s+)?(?:because|since|given that|due to|"
    r"which (?:is|was|equals|makes|means|matches|agrees|follows|we)|"
    r"as(?! (?:well|long|far|much|many|little|few)\b))\b",
    re.I,
)
_OR = re.compile(r"\bor(?: (?:the|my|an?))?\s*$", re.I)  # "the answer is 73 or the answer is 72"
_OPENERS = {"$$": "$$", "$": "$", r"\(": r"\)", r"\[": r"\]"}
_REMARK = re.compile(r"\s\((?!\s*mod)[^()]*[A-Za-z]{2}[^()]*\)$")
_EMPHASIS = " \t\r\n*_`"
_CLOSE = "</answer>"


class Marked(NamedTuple):
    """Where a marked answer stands. `trouble` says why it is none; `status` is then its status."""

    start: int
    end: int
    status: str = "found"
    trouble: str = ""


def last_marked(text: str, *, whole: bool = False) -> Marked | None:
    """The answer behind the last marker, or None when the text has no marker.

    Args:
        text: the response, without its reasoning.
        whole: a sentence behind a marker stays whole ("Answer: She makes $18."); else its one
            number is the answer.
    """
    if "nswer" not in text and "NSWER" not in text and "####" not in text:
        return None
    tag = last_tag(text)
    if tag is not None and tag.status != "found":
        return tag
    after = text.rfind(_CLOSE) + len(_CLOSE) if tag is not None else 0
    for marker in reversed(list(_MARKER.finditer(text, after))):
        word = marker.group()
        if word == "####":
            return _on_line(text, marker, whole)
        if word.lower() != "final answer" or _ANNOUNCES.match(text, marker.end()):
            return _in_sentence(text, marker, whole)
    return None if tag is None else _in_tag(text, tag, whole)


def last_tag(text: str) -> Marked | None:
    """What the last `<answer>` tag holds; one that is opened and not closed is unparsable."""
    opened = text.rfind("<answer>")
    if opened < 0:
        return None
    closed = text.find(_CLOSE, opened)
    if closed < 0:
        return Marked(opened, len(text), "unparsable", "The last <answer> tag is never closed.")
    return Marked(opened + len("<answer>"), closed)


def _in_tag(text: str, tag: Marked, whole: bool) -> Marked:
    leading = _LEADING.match(text, tag.start, tag.end)
    found = _read(text, leading.end() if leading else tag.start, tag.end, whole)
    opened = text.rfind("<", 0, tag.start)
    outside = doubt_before(text, opened) or doubt_after(text, tag.end + len(_CLOSE))
    if found.status == "found" and outside:
        return _doubted(found, outside)
    return found


def _on_line(text: str, marker: re.Match[str], whole: bool) -> Marked:
    skipped = _SAME_LINE.match(text, marker.end())
    start = skipped.end() if skipped else marker.end()
    found = _read(text, start, sentence_end(text, start), whole)
    word = doubt_before(text, marker.start()) if found.status == "found" else ""
    return _doubted(found, word) if word else found


def _in_sentence(text: str, marker: re.Match[str], whole: bool) -> Marked:
    at = marker.end()
    announced = _ANNOUNCES.match(text, at) if marker.group().lower() == "final answer" else None
    if announced:
        at = announced.end()
    skipped = _SKIP.match(text, at)
    start = skipped.end() if skipped else at
    filler = _FILLER.match(text, start)
    start = filler.end() if filler else start
    end = _content_end(text, start)
    found = _read(text, start, end, whole)
    if found.status == "no_answer":
        return found
    said = claim(text, sentence_start(text, marker.start()), marker.start())
    if negates(said) or negates(text[marker.end() : end][:400]):
        return found._replace(status="ambiguous", trouble="The marked sentence denies its answer.")
    if hedges(said.replace(" or ", " ")) or _OR.search(said):
        return found._replace(status="ambiguous", trouble="The marked answer is hedged.")
    word = doubt_before(text, marker.start(), boxed=True) if found.status == "found" else ""
    return _doubted(found, word) if word else found


def _doubted(found: Marked, word: str) -> Marked:
    trouble = f"The marked answer stands next to '{word}'."
    return found._replace(status="ambiguous", trouble=trouble)


def _read(text: str, start: int, end: int, whole: bool) -> Marked:
    """The answer of a marked text: without its reason and remark, or the one number of it."""
    reason = _REASON.search(text, _formula_end(text, start) or start, min(end, start + 2_000))
    found = _trimmed(text, start, reason.start() if reason and reason.start() > start else end)
    if found.status != "found":
        return found
    number = None if whole else only_number(text, found.start, found.end)
    if number is not None:
        if number.status != "found":
            return found._replace(status=number.status, trouble=number.trouble)
        found = Marked(number.start, number.end)
    word = doubt_after(text, found.end, text[found.start : found.end])
    return _doubted(found, word) if word else found


def _content_end(text: str, start: int) -> int:
    """The end of the sentence; one that opens with a formula goes on at least to its end."""
    return sentence_end(text, _formula_end(text, start) or start)


def _formula_end(text: str, start: int) -> int:
    """Where the formula that begins at `start` ends; 0 where none begins."""
    for opener, closer in _OPENERS.items():
        if text.startswith(opener, start):
            closed = text.find(closer, start + len(opener))
            return closed + len(closer) if closed >= 0 else 0
    return 0


def _trimmed(text: str, start: int, end: int) -> Marked:
    """Without emphasis, outer space, a full stop and a remark in parentheses."""
    long = end - start > 20_000  # over every limit anyway; do not copy and search it
    content = text[start:end] if not long else text[start : start + 20_000]
    remark = _REMARK.search(content) if len(content) < 1_000 and content.endswith(")") else None
    if remark:
        content = content[: remark.start()]
    body = content.rstrip(_EMPHASIS)
    if body.endswith((".", ",", ";", "!", "?")) and not body.endswith(("!!", r"\!", r"\,", r"\;")):
        body = body[:-1].rstrip(_EMPHASIS) if not body.endswith("!") else body
    lead = len(body) - len(body.lstrip(_EMPHASIS))
    body = body.strip(_EMPHASIS)
    if not body:
        return Marked(start, end, "no_answer", "Nothing follows the answer's marker.")
    return Marked(start + lead, start + lead + len(body))
