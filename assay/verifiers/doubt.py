"""What takes an answer back or makes another value of it: one rule for all answers.

"half of 84" names 42, "84 (or 85)" two values, "84? No." none. Prose is no closed language, so
these are lists: of words that turn the value right behind them, of openings that take back what was just
said, of remarks that give another value. A doubt that is raised wrongly costs one answer; one that
is missed is learnt by a policy. Only a bounded part of the text around an answer is looked at.
"""

import re

from assay.verifiers.wording import (
    HEDGES,
    claim,
    hedges,
    is_negation,
    negates,
    only_possible,
    sentence_end,
    sentence_start,
    words,
)

_NEAR = 160  # characters looked at on either side
_BREAK = re.compile(r"[,;:.!?()\n]")
_FORMAT = " \t\n\r$*_`([{:,;~\\"
_TRAILING = " \t$*_`)]}"
_BETWEEN = _TRAILING + ".,;:!…\n\r\"'”—–-"

# Before an answer. The words after the last verb that states a value ("one less than 85 is 84").
_CLAIMS = frozenset(
    "is are was were be being equals gives give giving makes make making get gets got getting "
    "yields becomes leaves leaving has have had having totals".split()
)
_FILLERS = frozenset("a an the only just exactly all some number value it that".split())
ROUGHLY = frozenset("about around roughly approximately approx nearly almost circa".split())
_TURNERS = frozenset(
    "minus plus times negative half twice thrice double triple quadruple than least most "
    "under over above below beneath beyond near within exceeds exceeding from but avoid "
    "avoiding except excluding without besides unlike against sqrt root log ln lg sin cos tan "
    "exp mod modulo ignore ignoring forget reject discard dismiss skip eliminate vs versus "
    "neither".split()
)
# "X of 84", "X to 84", "X by 84", "X as 84" for these X.
_OPERANDS = {
    "of": frozenset(
        "half third quarter fourth fifth sixth eighth tenth hundredth percent percentage fraction "
        "double twice triple square cube root power opposite negative negation inverse reciprocal "
        "factorial logarithm log sine cosine tangent multiple multiples factor factors divisor "
        "divisors successor predecessor remainder complement digit digits instead out short shy "
        "ahead one two some most each any part portion majority minority place beware".split()
    ),
    "to": frozenset(
        "close closer closest next nearest near prior compared opposed contrary similar adjacent "
        "proportional superior inferior".split()
    ),
    "by": frozenset("multiplied divided".split()),
    "as": frozenset("much many".split()),
    "and": frozenset({"between"}),
    **dict.fromkeys(
        ("after", "before", "following", "preceding", "past"),
        frozenset("number integer prime value one option half just right immediately".split()),
    ),
}
_SUMMED = frozenset("add adds adding added sum sums summing summed total totals come comes".split())
_PART_OF = re.compile(r"[0-9%½⅓⅔¼¾][^\sA-Za-z]*\s+(?:[A-Za-z]+\s+)?of\s+(?:the\s+)?[$*_`(\\]*$")
_DENIAL = re.compile(
    r"\b(?:den(?:y|ies|ying)|refut(?:e|es|ing)|disagrees?|disput(?:e|es|ing)|nobody|no one|"
    r"unlikely|hardly|scarcely|supposedly|allegedly|pretend(?:s|ing)?|refuses? to|used to be|"
    r"(?:is|be|was) (?:an? |the |just |only )?(?:mistake|trap|lie|joke|trick|distractor|decoy)|"
    r"doubt(?:s|ful)?)\b",
    re.I,
)
_NO_DOUBT = re.compile(r"\b(?:no|without(?: an?y?)?|beyond(?: an?y?| all)?) doubt\b", re.I)
_HEARSAY = re.compile(
    r"(\S+)\s+(?:(?:would|might|may|could) )?(?:say|says|said|claims?|claimed|thinks?|thought|"
    r"believes?|believed|guess(?:es|ed)?)(?: that)?"
    r"(?: (?:the|my|his|her|its|their|it|this))?(?: (?:is|was|equals))?\s*$",
    re.I,
)
_OWN = frozenset("i we i'd we'd can to must so therefore".split())
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|imagine|worst|worse|bad|poor|least|naive|tempting|"
    r"silly|stupid|mistaken|opposite|unlikely|trick|decoy)(?: that)?(?: (?:the|my|an?))?"
    r"(?: (?:likely|correct|final|right))?\s*$",
    re.I,
)
# A sign, function or relation written right before a box, and what changes it right behind one.
_SIGNED = re.compile(
    r"(?:(?:^|[\s=(:{\[,])[-−]\$?|[=(:]\s*[-−]\s*\$?|(?:^|\s)[<>]\s*|[≤≥≠±√]\s*|[0-9]|"
    r"\\(?:pm|mp|sqrt|[dt]?frac|ln|log|sin|cos|tan|neq?|[lg]t|[lg]eq?)\s*\{?\s*)$"
)
_CHANGED = re.compile(
    r"\^(?!\s*\{?\\circ)|_[0-9{]|/\s*[0-9\\]|\.?[0-9]|\\(?:[dt]?frac|sqrt)|-?ish\b"
)

# Behind an answer.
_TURNED_BEHIND = re.compile(
    r"\s*(?:[a-z]+\s+)?(?:below\b|minus\b|plus\b|squared\b|cubed\b|and\s+an?\s+(?:half|third|quarter)|"
    r"point\b|at\s+(?:least|most)\b|divided\b|multiplied\b|factorial\b|"
    r"(?:is|was|are|were|seems|looks)\s+(?:far\s+|much\s+|a\s+bit\s+)?"
    r"(?:too|close|near|nearly|off|almost)\b)",
    re.I,
)
_TAKEN_BACK = re.compile(
    r"(?:no|nope|nah|not|wrong|false|incorrect|never)(?=\s*(?:$|[.,;:!?)\n—–-])|\s+\S*[0-9])|"
    r"(?:oops|sorry|scratch|correction|(?:just\s+)?kidding|wait|rather|i\s+(?:mean|meant)|"
    r"make\s+that|on\s+second\s+thou?ghts?|actually|vs|versus)\b",
    re.I,
)
_REMARK = re.compile(r"\(([^()]{0,120})\)")
_OTHER_VALUE = re.compile(
    r"\b(?:i\.?e\.?|means?|meant|meaning|actually|really|rather|instead|correction|edit|sorry|oops|"
    r"wait|equals?|makes?|should|truly|now|but|is)(?![a-z])",
    re.I,
)
_OPENS_WITH_NUMBER = re.compile(r"\s*[$]?[-−]?[0-9][0-9.,]*\s*(?![-+*/×·=0-9])")
_NUMBER = re.compile(r"[0-9][0-9.,]*")


def doubt(text: str, start: int, end: int, *, boxed: bool = False) -> str:
    """What near the answer at `start` to `end` takes it back or changes it; empty if nothing does.

    Args:
        text: the response.
        start, end: the answer's place.
        boxed: it stands in a box. Signs and digits glued to the box count then, and words such as
            "about" do not: the box says which value is meant.
    """
    if boxed:
        glued = _SIGNED.search(text[max(0, start - 16) : start])
        glued = glued or _CHANGED.match(text, end, end + 8)
        if glued and glued.group().strip():
            return glued.group().strip()
    return doubt_before(text, start, boxed=boxed) or doubt_after(text, end, text[start:end])


def doubt_before(text: str, at: int, *, boxed: bool = False) -> str:
    """The word before `at` that denies, hedges or turns what stands there, or nothing.

    Of a line above, only the last word counts: "It is not⏎84" is one sentence, and "two are not
    red⏎84" is two.
    """
    before = text[max(0, at - 120) : at]
    near = before.rstrip(_FORMAT)
    line_above = "\n" in before[len(near) :]
    breaks = [found.end() for found in _BREAK.finditer(near)]
    said = words(near[breaks[-1] if breaks else 0 :])
    for place, word in enumerate(reversed(said[-1:] if line_above else said[-3:])):
        if is_negation(word) or (word in HEDGES and (word != "or" or place == 0)):
            return word
    if line_above:
        return ""
    word = _turner(said)
    if word and not (boxed and word in ROUGHLY):
        return word
    part = _PART_OF.search(before)
    return part.group().strip() if part else ""


def _turner(said: list[str]) -> str:
    """The word among these, the last before a value, that makes another value of it."""
    said = said[-6:]
    for place in range(len(said) - 1, -1, -1):
        if said[place] in _CLAIMS:
            said = said[place + 1 :]
            break
    while said and said[-1] in _FILLERS:
        said.pop()
    if not said:
        return ""
    last = said[-1]
    if last in _TURNERS or last in ROUGHLY:
        return last
    if last == "to" and "up" in said[-2:-1]:
        return "" if _SUMMED.intersection(said[-4:-2]) else "up to"
    operands = _OPERANDS.get(last)
    if operands is None:
        return ""
    return next((word for word in said[-4:-1] if word in operands), "")


def denied(said: str) -> str:
    """The words of a statement by which it denies what it goes on to say, or nothing."""
    found = _DENIAL.search(said)
    if found is None:
        return ""
    if found.group().lower().startswith("doubt") and _NO_DOUBT.search(said):
        return ""
    return found.group()


def denied_before(text: str, at: int) -> str:
    """What the sentence says before `at` to deny, suppose or merely report what follows."""
    said = claim(text, sentence_start(text, at), at)[-400:]
    word = denied(said)
    if word:
        return word
    near = said[-80:].rstrip("$*_`({[ ")
    supposed = _SUPPOSED.search(near)
    if supposed:
        return supposed.group().strip()
    hearsay = _HEARSAY.search(near)
    return hearsay.group().strip() if hearsay and hearsay[1].lower() not in _OWN else ""


def doubt_after(text: str, at: int, answer: str = "") -> str:
    """The word right after `at` that denies, hedges or turns what stood there, or nothing.

    A remark in parentheses may give another value; a next sentence that opens with a hedge ("Or
    85.") or takes back ("No, 85.") counts as well; so does a question mark.
    """
    near = text[at : at + _NEAR].lstrip(_TRAILING)
    remark = _REMARK.match(near)
    if remark:
        if word := doubtful_remark(remark[1], answer):
            return word
        near = near[remark.end() :].lstrip(_TRAILING)
    if not near:
        return ""
    if near[0] in "?？":
        return "?"
    opening = near[:60].lstrip(_BETWEEN)
    back = _TAKEN_BACK.match(opening)
    if back:
        return back.group()
    following = words(opening)[:1]
    if following and following[0] in HEDGES and following[0] != "either":
        return following[0]
    turned = _TURNED_BEHIND.match(near.lstrip(", "))
    if turned:
        return turned.group().strip()
    sentence = near[: sentence_end(near, 0)]
    if near[len(sentence) : len(sentence) + 1] == "?":
        return "?"
    if not sentence:
        return ""
    if word := only_possible(sentence) or denied(sentence):
        return word
    comma = near.startswith(",")
    near = near.lstrip(", ") if comma else near
    stop = _BREAK.search(near)
    head = words(near[: stop.start() if stop else len(near)])[:4]
    if head and head[0] in HEDGES:
        return head[0]
    return next((word for word in head if is_negation(word)), "") if not comma else ""


def doubtful_remark(remark: str, answer: str = "") -> str:
    """What a remark in parentheses behind an answer says against it, or nothing.

    "in dollars", "7 rows of 12" and "7·12 = 84" say nothing against 84; "or 85", "wrong", "no: 85",
    "actually 85" and "85" do.
    """
    if hedges(remark) or negates(remark) or only_possible(remark) or denied(remark):
        return remark.strip()
    back = _TAKEN_BACK.match(remark.strip())
    if back:
        return back.group()
    numbers = _NUMBER.findall(remark)
    if not numbers or numbers[-1].rstrip(".,") in _NUMBER.findall(answer):
        return ""
    opens = len(numbers) == 1 and _OPENS_WITH_NUMBER.match(remark)
    return remark.strip() if opens or _OTHER_VALUE.search(remark) else ""
