"""The last group of boxes in a response, by one linear scan (`verifiers.md` §5 rule 2)."""

import re
from typing import NamedTuple

from assay.verifiers.doubt import doubt
from assay.verifiers.wording import hedges

_BOX = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{")
_TOKEN = re.compile(r"\\(?:boxed|fbox)\s{0,8}\{|\\[{}]|\\\\(?!boxed|fbox)|[{}]")
_GLUE = re.compile(r"(?:[\s,;$*~&]++|\\[,;:! ()\[\]]|\\q?quad\b|\band\b|\\text\{ ?and ?\})*+")
_UNWRAPPED = 8  # boxes taken off around one answer, and the reason why this stays linear
_SENTENCE = re.compile(r"[.!?]\s")
# "\\boxed{70} to \\boxed{72}" and "\\boxed{70} / \\boxed{72}" are no answer.
_VERSUS = re.compile(
    r"[\s$,;]*(?:\\text\s?\{\s*)?(?:/|\||\\mid|and/or|to|through|[-–—+]|\.{2,3}|\\l?dots|but also|"
    r"also|as well as|plus)\s*\}?[\s$,]*"
)


class Box(NamedTuple):
    """Where a box stands in its text: with its command, and its contents alone."""

    start: int
    inner_start: int
    inner_end: int
    end: int


class Boxes(NamedTuple):
    """The last group of boxes. `trouble` is a sentence that says why it is no answer, or empty."""

    found: tuple[Box, ...]
    trouble: str
    unclosed: bool


def last_group(text: str) -> Boxes | None:
    """The last group of boxes, or None when the text has no box."""
    first = _BOX.search(text)
    if first is None:
        return None
    closed, unclosed_at = _scan(text, first.start())
    if not closed or unclosed_at > closed[-1].start:
        return Boxes((), "The last box is never closed.", True)
    first_of_group = len(closed) - 1
    while first_of_group and _glued(text, closed[first_of_group - 1], closed[first_of_group]):
        first_of_group -= 1
    group = closed[first_of_group:]
    before = closed[first_of_group - 1] if first_of_group else None
    return Boxes(tuple(group), _doubt(text, before, group), False)


def _scan(text: str, start: int) -> tuple[list[Box], int]:
    """The outermost closed boxes in order, and where the last unclosed box starts (or -1)."""
    stack: list[tuple[int, int]] = []  # (start of a box or -1 for a plain brace, start of contents)
    boxes: list[Box] = []
    for token in _TOKEN.finditer(text, start):
        kind = token.group()
        if kind == "}":
            if stack:
                opened, inner = stack.pop()
                if opened >= 0:
                    while boxes and boxes[-1].start > opened:
                        boxes.pop()  # nested in the one that closes here
                    boxes.append(Box(opened, inner, token.start(), token.end()))
        elif kind == "{":
            stack.append((-1, token.end()))
        elif len(kind) > 2:
            stack.append((token.start(), token.end()))
    return boxes, max((opened for opened, _ in stack), default=-1)


def _glued(text: str, left: Box, right: Box) -> bool:
    near = right.start - left.end < 400
    return near and _GLUE.fullmatch(text, left.end, right.start) is not None


def _doubt(text: str, before: Box | None, group: list[Box]) -> str:
    first, last = group[0], group[-1]
    if before is not None:
        between = text[before.end : first.start]
        near = len(between) < 400 and not _SENTENCE.search(between)
        if near and (hedges(between) or _VERSUS.fullmatch(between)):
            return "Several boxes are offered as alternatives."
    word = doubt(text, first.start, last.end, boxed=True)
    return f"The boxed answer stands next to '{word}'." if word else ""


def contents(text: str, box: Box) -> tuple[str, int, int]:
    """What a box holds, boxes around the whole of it taken off, and where that stands."""
    start, end = box.inner_start, box.inner_end
    for _ in range(_UNWRAPPED):
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        nested = _BOX.match(text, start, end)
        if nested is None or text[end - 1] != "}":
            return text[start:end], start, end
        inner, _ = _scan(text[start:end], 0)
        if len(inner) != 1 or inner[0].start != 0 or inner[0].end != end - start:
            return text[start:end], start, end
        start, end = nested.end(), end - 1
    return text[start:end], start, end
