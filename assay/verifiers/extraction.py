"""Which part of a response is the answer (`verifiers.md` §5).

Every scan is linear and bounded. What is found is shown as it stood, with its place; characters
are judged here (invisible ones make an answer unreadable), their meaning in `characters.py`.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple, cast

from assay.core.errors import bad_value
from assay.core.types import Limits, Status
from assay.verifiers.bare import last_bare
from assay.verifiers.base import DEFAULT_LIMITS
from assay.verifiers.boxes import Boxes, contents, last_group
from assay.verifiers.characters import has_invisible
from assay.verifiers.doubt import doubt_after, doubt_before
from assay.verifiers.json_reply import last_json
from assay.verifiers.markers import last_marked, last_tag
from assay.verifiers.wording import sentence_start

Mode = Literal["boxed", "marked", "json", "any"]
How = Literal["boxed", "marked", "json", "bare", "prose", "whole", "none"]


class Found(NamedTuple):
    """What an extraction gives.

    Attributes:
        status: `found`, or the status of the verdict: `no_answer`, `ambiguous`, `unparsable`,
            `over_limit`.
        texts: the answer as written; several for a group of boxes.
        start, end: its place in the response.
        how: the rule that found it; `prose` means words without any mathematics.
        trouble: a sentence for people where the status is not `found`.
    """

    status: Literal["found"] | Status
    texts: tuple[str, ...] = ()
    start: int = 0
    end: int = 0
    how: How = "none"
    trouble: str = ""

    @property
    def text(self) -> str:
        """The answer as one text; a group of boxes as a list."""
        return self.texts[0] if len(self.texts) == 1 else ", ".join(self.texts)


@dataclass(frozen=True, kw_only=True)
class Extraction:
    r"""How an answer is read out of a response.

    Each mode knows the ones before it: `boxed` reads `\boxed{…}` only; `marked` also `#### x`,
    `<answer>x</answer>`, "final answer" and "the answer is"; `any` also the last bare formula or
    number. A box beats a marker and a marker beats a bare span, wherever they stand. `json` reads
    the value of `key` in the last JSON object.
    """

    mode: Mode = "any"
    key: str = "answer"  # for mode "json"
    think: tuple[str, str] = ("<think>", "</think>")  # reasoning at the start is not searched
    sentences: bool = False  # a marked sentence stays whole; else its one number is the answer

    def __post_init__(self) -> None:
        """Refuse modes that do not exist."""
        if self.mode not in ("boxed", "marked", "json", "any"):
            raise bad_value("mode", self.mode, "'boxed', 'marked', 'json' or 'any'")
        if not (self.think[0] and self.think[1]):
            raise bad_value("think", self.think, "two delimiters that are not empty")

    def find(self, response: str, limits: Limits = DEFAULT_LIMITS) -> Found:
        """The answer in a response; linear in its length."""
        start = after_think(response, self.think)
        if start < 0:
            return Found("no_answer", trouble="The reasoning is opened and never closed.")
        text = response[start:] if start else response
        if self.mode == "json":
            return _shift(_from_json(text, self.key, limits), start)
        boxes = last_group(text) if "box" in text else None
        if boxes is not None:
            return _shift(_from_boxes(text, boxes, limits), start)
        if self.mode == "boxed":
            return Found("no_answer", trouble=r"The response holds no \boxed{…}.")
        found = _from_marker(text, limits, self.sentences)
        if found is None and self.mode == "any":
            found = _from_bare(text, limits)
        if found is None:
            return Found("no_answer", trouble="The response holds no answer.")
        return _shift(found, start)


_BOXED = Extraction(mode="boxed")


def after_think(response: str, think: tuple[str, str] = ("<think>", "</think>")) -> int:
    """Where the response begins after its leading reasoning; -1 if that is never closed."""
    at = 0
    while True:
        begin = _skip_space(response, at)
        if not response.startswith(think[0], begin):
            return at
        closed = response.find(think[1], begin + len(think[0]))
        if closed < 0:
            return -1
        at = closed + len(think[1])


def answer_text(response: str, limits: Limits = DEFAULT_LIMITS) -> Found:
    """What text verifiers judge: the last `<answer>` tag, else all of it after the reasoning."""
    start = after_think(response)
    if start < 0:
        return Found("no_answer", trouble="The reasoning is opened and never closed.")
    end, how = len(response), "whole"
    tag = last_tag(response[start:] if start else response) if "<answer>" in response else None
    if tag is not None:
        if tag.status != "found":
            return Found("unparsable", (), start, end, "marked", tag.trouble)
        start, end, how = tag.start + start, tag.end + start, "marked"
        word = _doubt_beside_tag(response, start, end)
        if word:
            trouble = f"The answer's tag stands next to '{word}'."
            return Found("ambiguous", (response[start:end].strip(),), start, end, how, trouble)
    body = response[start:end]
    start += len(body) - len(body.lstrip())
    body = body.strip()
    end = start + len(body)
    if len(body) > limits.answer_chars:
        return _too_long(body, start, end, how, limits)
    return Found("found", (body,), start, end, how)


def boxed_or_text(response: str, limits: Limits = DEFAULT_LIMITS) -> Found:
    """The last box, else what `answer_text` finds: for answers that are a text of a grammar."""
    if "box" in response:
        boxed = _BOXED.find(response, limits)
        if boxed.how == "boxed":
            return boxed
    return answer_text(response, limits)


def _doubt_beside_tag(response: str, start: int, end: int) -> str:
    """What stands right before or behind an answer's tag and makes it no answer; or nothing."""
    opened, closed = response.rfind("<", 0, start), response.find(">", end) + 1
    return doubt_before(response, opened, boxed=True) or doubt_after(response, closed)


def _skip_space(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _shift(found: Found, by: int) -> Found:
    return found._replace(start=found.start + by, end=found.end + by) if by else found


def _checked(found: Found, context: str, limits: Limits) -> Found:
    """An answer that was found, unless it is too long or has characters nobody can see near it."""
    if sum(map(len, found.texts)) > limits.answer_chars:
        return _too_long(found.texts[0], found.start, found.end, found.how, limits)
    if not context.isascii() and has_invisible(context):
        return found._replace(
            status="unparsable",
            trouble="The answer stands among invisible or bidirectional control characters.",
        )
    return found


def _too_long(text: str, start: int, end: int, how: How, limits: Limits) -> Found:
    return Found(
        "over_limit",
        (text[: limits.answer_chars],),
        start,
        end,
        how,
        f"The answer is {end - start} characters long; {limits.answer_chars} are read.",
    )


def _from_boxes(text: str, boxes: Boxes, limits: Limits) -> Found:
    if boxes.unclosed:
        return Found("unparsable", trouble=boxes.trouble, how="boxed")
    first, last = boxes.found[0], boxes.found[-1]
    if len(boxes.found) > limits.entries:
        return Found(
            "over_limit", (), first.start, last.end, "boxed", "Too many boxes stand in one group."
        )
    longest = max(box.inner_end - box.inner_start for box in boxes.found)
    if longest > limits.answer_chars:
        body = text[first.inner_start : first.inner_start + longest]
        return _too_long(body, first.start, first.start + longest, "boxed", limits)
    inner = [contents(text, box) for box in boxes.found]
    texts = tuple(body for body, _, _ in inner)
    if len(set(texts)) == 1:
        texts = texts[:1]  # the same box repeated is one answer
    if boxes.trouble:
        return Found("ambiguous", texts, inner[0][1], inner[-1][2], "boxed", boxes.trouble)
    if not all(texts):
        return Found("no_answer", (), first.start, last.end, "boxed", "A box is empty.")
    context = "" if text.isascii() else text[sentence_start(text, first.start) : last.end]
    found = Found("found", texts, inner[0][1], inner[-1][2], "boxed")
    return _checked(found, context, limits)


def _from_marker(text: str, limits: Limits, sentences: bool) -> Found | None:
    marked = last_marked(text, whole=sentences)
    if marked is None:
        return None
    body = text[marked.start : min(marked.end, marked.start + limits.answer_chars + 1)]
    if marked.status != "found":
        status = cast(Status, marked.status)
        texts = (body[: limits.answer_chars],) if status == "ambiguous" else ()
        return Found(status, texts, marked.start, marked.end, "marked", marked.trouble)
    return _near(text, Found("found", (body,), marked.start, marked.end, "marked"), limits)


def _from_bare(text: str, limits: Limits) -> Found | None:
    bare = last_bare(text)
    if bare is None:
        return None
    body = text[bare.start : min(bare.end, bare.start + limits.answer_chars + 1)]
    how: How = "bare" if bare.formula else "prose"
    if bare.status != "found":
        status = cast(Status, bare.status)
        return Found(status, (body,), bare.start, bare.end, how, bare.trouble)
    return _near(text, Found("found", (body,), bare.start, bare.end, how), limits)


def _near(text: str, found: Found, limits: Limits) -> Found:
    context = "" if text.isascii() else text[sentence_start(text, found.start) : found.end]
    return _checked(found, context, limits)


def _from_json(text: str, key: str, limits: Limits) -> Found:
    answer = last_json(text, key)
    if answer is None:
        return Found("no_answer", trouble=f"No JSON object of the response has the key '{key}'.")
    if answer.status != "found":
        status = cast(Status, answer.status)
        return Found(status, (), answer.start, answer.end, "json", answer.trouble)
    if not answer.text.strip():
        return Found("no_answer", (), answer.start, answer.end, "json", "The value is empty.")
    found = Found("found", (answer.text.strip(),), answer.start, answer.end, "json")
    return _checked(found, answer.text, limits)
