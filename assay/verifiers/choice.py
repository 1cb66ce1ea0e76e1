"""One label out of a task's set (`verifiers.md` §7)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, cast

from assay.core.errors import OptionError, TaskError, shorten
from assay.core.types import Limits, TaskProblem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import has_invisible
from assay.verifiers.extraction import Extraction, Found, after_think
from assay.verifiers.numeric import no_answer
from assay.verifiers.statements import LABEL, states_choice, takes_back
from assay.verifiers.tasks import params_of, reference_of
from assay.verifiers.wording import hedges, negates

_MARKED = Extraction(mode="marked", sentences=True)
_COMMAND = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mbox)\s?\{([^{}]*)\}")
_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=\S)|\n+")
_EMPHASIS = " \t\r\n*_`$"
_EVERYTHING = re.compile(
    r"\b(?:both|all of (?:the above|them)|none of (?:the above|them)|any of)\b", re.I
)
_AROUND = re.compile(
    r"(?:\b(?:option|choice|statement|letter|alternative|candidate|response)\s+)?"
    rf"[(\[\"'“*_`$]*{LABEL}[)\]\"'”*_`$]*",
    re.I,
)
_BEHIND = re.compile(rf"{LABEL}\s?[,;:.)(–—-]")
_WORD_LABELS = frozenset({"A", "I", "a", "i", "O"})  # these can be words


class Choices(NamedTuple):
    """The labels of a task in order, and the text of each (empty where only labels are given)."""

    labels: tuple[str, ...]
    texts: tuple[str, ...]


class Read(NamedTuple):
    """What a text says: a label, or the status and sentence of why it names none."""

    label: str | None
    status: str = "found"
    trouble: str = ""


@dataclass(frozen=True)
class ChoiceVerifier(BaseVerifier):
    """Whether a response chooses the reference's label.

    Accepted: the label alone, `(B)`, `B.`, `B)`, in text commands, "option B", a label at the
    start of a line with its text behind it, or exactly the text of one choice. Prose without box
    or marker is judged by its last sentence, which must name one label in a form that is no word,
    and say that it is the answer: "I choose B", "B is correct", "so it must be B". What only names
    a label ("I'd avoid B", "B is a trap") is ambiguous.

    Attributes:
        choices: labels, or a mapping from labels to their texts; None: the task's
            `params["choices"]`.
        allow_text: the text of a choice stands for its label.
    """

    name = "choice"
    version = "1.0"
    claim = "reference"
    reads_boxes = True

    choices: Sequence[str] | Mapping[str, str] | None = None
    allow_text: bool = True
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse labels that are not ASCII, blank or there twice."""
        if self.choices is not None:
            try:
                read_choices(self.choices)
            except TaskError as error:
                raise OptionError(str(error)) from error

    def judge(self, outcome: object, task: object) -> Verdict:
        """Read one label and compare."""
        choices = self._choices(task)
        gold = _label_of(reference_of(task), choices)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = _MARKED.find(response, self.limits)
        if found.how == "none":
            if found.trouble.startswith("The reasoning"):
                return no_answer(found, start, details, "choice")
            begin = after_think(response)
            found = _last_sentence(response[begin:], choices, self.limits)
            found = found._replace(start=found.start + begin, end=found.end + begin)
        if found.status != "found":
            return no_answer(found, start, details, "choice")
        read = self._read(found, choices)
        if read.label is None:
            trouble = found._replace(status=cast(Any, read.status), trouble=read.trouble)
            return no_answer(trouble, start, details, "choice")
        passed = read.label == gold
        decide = Verdict.accept if passed else Verdict.reject
        return decide(
            "choice.equal" if passed else "choice.different",
            f"Read the choice {read.label[:80]}.",
            extracted=found.text,
            span=(found.start + start, found.end + start),
            canonical=read.label,
            expected_canonical=gold,
            method="label",
            certainty="exact",
            verifier=self.label,
            details=details,
        )

    def task_problems(self, task: Any) -> list[TaskProblem]:
        """Too few choices, and texts that cannot be told apart."""
        choices = self._choices(task)
        texts = [text for text in map(_form, choices.texts) if text]
        if len(texts) != len(set(texts)):
            return [TaskProblem(code="task.duplicate", message="Two choices have the same text.")]
        if len(choices.labels) < 2:
            return [TaskProblem(code="task.choices", message="A choice needs two labels or more.")]
        return []

    def _choices(self, task: object) -> Choices:
        given = self.choices if self.choices is not None else params_of(task).get("choices")
        if given is None:
            raise TaskError('No choices: give them to ChoiceVerifier or as params["choices"].')
        return read_choices(given)

    def _read(self, found: Found, choices: Choices) -> Read:
        if len(found.texts) > 1:
            return Read(None, "ambiguous", "Several boxes are given.")
        text = found.text
        exactly = _by_form(text, choices, self.allow_text)
        if exactly is not None:
            return exactly
        if found.how == "boxed":
            trouble = "The box holds something else than one choice."
            named = _by_mention(text, choices, found.how)
            return Read(None, "ambiguous" if named.status == "ambiguous" else "unparsable", trouble)
        return _by_mention(text, choices, found.how)


def read_choices(given: object) -> Choices:
    """Labels and texts out of a list of labels or a mapping from labels to texts.

    Raises:
        TaskError: labels are missing, blank, repeated, or not ASCII.
    """
    if isinstance(given, Mapping):
        pairs = [(label, text) for label, text in cast(Mapping[Any, Any], given).items()]
    elif isinstance(given, Sequence) and not isinstance(given, str | bytes):
        pairs = [(label, "") for label in cast(Sequence[Any], given)]
    else:
        raise TaskError(f"choices={shorten(given)} is neither a list of labels nor a mapping.")
    if not all(type(label) is str and type(text) is str for label, text in pairs):
        raise TaskError("Choices are texts: labels, or labels with their texts.")
    labels = tuple(label for label, _ in pairs)
    good = labels and all(label.isascii() and label.strip() == label != "" for label in labels)
    if not good or len(set(labels)) != len(labels):
        raise TaskError(f"The labels {shorten(labels)} are not different ASCII texts.")
    return Choices(labels, tuple(text for _, text in pairs))


def _label_of(reference: Any, choices: Choices) -> str:
    if reference in choices.labels:
        return reference
    if reference in choices.texts:
        return choices.labels[choices.texts.index(reference)]
    raise TaskError(f"The reference {shorten(reference)} is none of {shorten(choices.labels)}.")


def _form(text: str) -> str:
    return " ".join(text.split()).strip(" .").casefold()


def _last_sentence(response: str, choices: Choices, limits: Limits) -> Found:
    """The whole of a short reply that chooses by its form, else the last sentence."""
    body = response.strip()
    start = len(response) - len(response.lstrip())
    if not body:
        return Found("no_answer", trouble="The response is empty.")
    if "\n" not in body and len(body) <= limits.answer_chars and _by_form(body, choices, True):
        return Found("found", (body,), start, start + len(body), "whole")
    tail = body[-limits.answer_chars :]
    offset = start + len(body) - len(tail)
    begin = 0
    for stop in _SENTENCE.finditer(tail):
        if re.search(r"[A-Za-z0-9]", tail[stop.end() :]):
            begin = stop.end()
    body, offset = tail[begin:], offset + begin
    found = Found("found", (body,), offset, offset + len(body), "prose")
    if has_invisible(body):
        return found._replace(
            status="unparsable", trouble="The sentence holds invisible characters."
        )
    return found


def _bare(text: str) -> str:
    """Without text commands, dollars and emphasis."""
    for _ in range(4):
        text, n = _COMMAND.subn(r"\1", text)
        if not n:
            break
    return text.strip(_EMPHASIS)


def _by_form(text: str, choices: Choices, allow_text: bool) -> Read | None:
    """The label of a text that is one in an accepted form, or None."""
    bare = _bare(text)
    if bare in choices.labels:
        return Read(bare)
    if allow_text and _form(bare):
        same = [name for name, t in zip(*choices, strict=True) if t and _form(t) == _form(bare)]
        if len(same) == 1:
            return Read(same[0])
    match = _alone(choices.labels).fullmatch(bare)
    if match:
        return Read(match.group(1))
    match = _with_text(choices.labels).fullmatch(bare)
    if match is None:
        return None
    label, rest = match.group(1), match.group(2)
    own = choices.texts[choices.labels.index(label)]
    if own and _form(own) == _form(rest):
        return Read(label)
    others = [
        t
        for name, t in zip(*choices, strict=True)
        if name != label and t and _form(t) == _form(rest)
    ]
    named = {m.group(1) for m in _standing(choices.labels).finditer(rest)} - {label}
    against = negates(rest) or hedges(rest) or _EVERYTHING.search(rest) or takes_back(rest)
    if others or named or against:
        return Read(
            None, "ambiguous", "The text behind the label names another one or takes it back."
        )
    return Read(label)


def _by_mention(text: str, choices: Choices, how: str) -> Read:
    """The one label that a sentence names and says to be the answer."""
    if len(text) > 2_000:
        return Read(None, "unparsable", "The sentence is too long to name one choice.")
    bare = _COMMAND.sub(r"\1", text)
    if LABEL in bare:
        return Read(None, "unparsable", f"'{LABEL}' has no meaning in a sentence with a choice.")
    mentions = [
        mention
        for mention in _standing(choices.labels).finditer(bare)
        if mention[1] not in _WORD_LABELS or _no_word(bare, mention.start(), mention.end())
    ]
    named = {mention[1] for mention in mentions}
    if len(named) > 1:
        return Read(None, "ambiguous", "The sentence names several choices.")
    if negates(bare) or hedges(bare) or _EVERYTHING.search(bare):
        if named:
            return Read(None, "ambiguous", "The sentence denies or hedges its choice.")
    if not named:
        return Read(None, "no_answer", "The sentence names no choice.")
    label = named.pop()
    own = choices.texts[choices.labels.index(label)]
    said = _with_placeholder(bare, mentions, own)
    marked = how == "marked" and _BEHIND.match(said) and not takes_back(said)
    if marked or states_choice(said):
        return Read(label)
    return Read(
        None, "ambiguous", "The sentence names a choice and does not say that it is the answer."
    )


def _with_placeholder(text: str, mentions: list[re.Match[str]], own: str) -> str:
    """A sentence with `@` for its label, brackets, "option" and the label's own text included."""
    parts: list[str] = []
    at = 0
    for mention in mentions:
        parts.append(text[at : mention.start()])
        at = mention.end()
    said = _AROUND.sub(LABEL, LABEL.join([*parts, text[at:]]))
    if own.strip():
        words = r"\s+".join(map(re.escape, own.strip(" .").split()))
        said = re.sub(rf"{LABEL}[).:,;–—-]*\s*\(?{words}\)?", LABEL, said, flags=re.I)
    return said


def _no_word(text: str, start: int, end: int) -> bool:
    """Whether a label that could be a word stands as a label: in brackets, marked, or last."""
    before, after = text[:start].rstrip(" *_\"'("), text[end:]
    marked = text[max(0, start - 1) : start] in ("(", "*", '"', "'") and bool(after[:1])
    if marked and after[0] in ")*\"'":
        return True
    cue = re.search(
        r"(?:option|choice|answer|answer is|pick|choose|select|is|:)$", before[-20:], re.I
    )
    last = re.match(r"[*_\"')]*\s*(?:[.,;:!?)]|$|and\b|or\b)", after)
    return bool(last) or (cue is not None and not re.match(r"\s+[a-z]", after))


@lru_cache(maxsize=64)
def _alone(labels: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?:(?i:option|choice|answer)\s+)?[(\[]?({_any(labels)})[)\]]?[.):]?")


@lru_cache(maxsize=64)
def _with_text(labels: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"\(?({_any(labels)})[).:]{{1,2}}\s+(\S.*)", re.S)


@lru_cache(maxsize=64)
def _standing(labels: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(rf"(?<![A-Za-z0-9'’-])({_any(labels)})(?![A-Za-z0-9'’-])")


def _any(labels: tuple[str, ...]) -> str:
    """The task's labels as literal alternatives, longest first; nothing from a candidate."""
    return "|".join(re.escape(label) for label in sorted(labels, key=len, reverse=True))
