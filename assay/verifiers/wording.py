"""Where sentences begin and end, and which words deny or hedge (`verifiers.md` §5).

Linear scans over word lists that are closed on purpose: a missed hedge costs one answer's doubt,
a rule that guesses would cost soundness elsewhere.
"""

import re

HEDGES = frozenset(
    "or either maybe possibly alternatively perhaps probably presumably vs versus".split()
)
NEGATIONS = frozenset(
    {"not", "never", "cannot", "neither", "nor", "except", "wrong", "incorrect", "false", "isnt"}
)
_WORD = re.compile(r"[A-Za-z]+(?:['’][A-Za-z]+)?")
_STOP = re.compile(r"[.!?](?=\s)|\n")
_END = re.compile(r"[.!?](?=\s|$)|\n")
_SUBORDINATE = re.compile(r"\W*(?:since|because|as|given|although|though|while|when|if)\b", re.I)
_MAYBE = re.compile(r"\b(?:could|might|may) (?:(?:also|well|just|equally) )?be\b", re.I)
_NEARER = 100  # looked at first; most sentences begin within it
NEAR_CHARS = 400  # a sentence longer than this is looked at in part, from its answer outwards


def words(text: str) -> list[str]:
    """The words of a text in lower case; contractions stay whole."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def is_negation(word: str) -> bool:
    """Whether a lower-case word denies what it stands with."""
    return word in NEGATIONS or word.endswith("n't")


def negates(text: str) -> bool:
    """Whether any word of a text denies."""
    return _any_negation(words(text), text)


def _any_negation(said: list[str], text: str) -> bool:
    if not NEGATIONS.isdisjoint(said):
        return True
    return ("'" in text or "’" in text) and any(word.endswith("n't") for word in said)


def hedges(text: str) -> bool:
    """Whether any word of a text offers an alternative or withholds a claim."""
    return not HEDGES.isdisjoint(words(text))


def only_possible(text: str) -> str:
    """The words by which a text says what could be and not what is, or nothing."""
    found = _MAYBE.search(text)
    return found.group() if found else ""


def doubtful(text: str) -> bool:
    """Whether any word of a text denies or hedges, or it only says what could be."""
    said = words(text)
    if "be" in said and only_possible(text):
        return True
    return not HEDGES.isdisjoint(said) or _any_negation(said, text)


def sentence_start(text: str, at: int) -> int:
    """Where the sentence around `at` begins; a line break ends a sentence.

    Not after a line whose last word denies or hedges: "It is not⏎84" stays one sentence.
    """
    for floor in (max(0, at - _NEARER), max(0, at - 10 * NEAR_CHARS)):
        start = _last_start(text, floor, at)
        if start > floor or floor == 0:
            return start
    return max(0, at - 10 * NEAR_CHARS)


def _last_start(text: str, floor: int, at: int) -> int:
    start = floor
    for stop in _STOP.finditer(text, floor, at):
        if stop.group() == "\n":
            before = words(text[max(0, stop.start() - 40) : stop.start()])
            if before and (is_negation(before[-1]) or before[-1] in HEDGES):
                continue
        start = stop.end()
    return start


def sentence_end(text: str, at: int) -> int:
    """Where the sentence or line around `at` ends, its stop not included."""
    stop = _END.search(text, at)
    return stop.start() if stop else len(text)


def claim(text: str, start: int, at: int) -> str:
    """What the sentence from `start` says before `at`, without an opening "since …," clause."""
    before = text[start:at]
    if _SUBORDINATE.match(before) and "," in before:
        return before[before.rindex(",") + 1 :]
    return before
