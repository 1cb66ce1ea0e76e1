"""What takes an answer back or makes another value of it: one rule for all answers.

"half of 84" names 42, "84 (or 85)" two values, "84? No." none. Prose is no closed language, so
these are lists: of words that turn the value right behind them, of openings that take back what
was just said, of remarks that give another value. A doubt that is raised wrongly costs one answer;
one that is missed is learnt by a policy. Only a bounded part of the text is looked at.
"""

import re

from assay.verifiers.wording import (
    HEDGES,
    NEGATIONS,
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
_BREAKS = ",;:.!?()\n"
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
    "under over above below beneath beyond near within exceed exceeds exceeding from but avoid "
    "avoiding except excluding without besides unlike against sqrt root log ln lg sin cos tan "
    "exp mod modulo ignore ignoring forget reject discard dismiss skip eliminate vs versus "
    "neither".split()
)
_BOUNDS = frozenset("minimum maximum upwards".split())  # "a minimum of 84"
# "X of 84", "X to 84", "X by 84", "X as 84" for these X.
_OPERANDS = {
    "of": frozenset(
        "half third quarter fourth fifth sixth eighth tenth hundredth percent percentage fraction "
        "double twice triple square cube root power opposite negative negation inverse reciprocal "
        "factorial logarithm log sine cosine tangent multiple multiples factor factors divisor "
        "divisors successor predecessor remainder complement digit digits instead out short shy "
        "ahead one two some most each any part portion majority minority place beware neighborhood "
        "neighbourhood vicinity region derivative antiderivative integral limit gradient conjugate "
        "norm modulus".split()
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
    r"unlikely|hardly|scarcely|supposedly|allegedly|lied|pretend(?:s|ing)?|refuses? to|used to be|"
    r"no (?:idea|clue)|unclear|uncertain|unsure|who knows|"
    r"(?:is|are|was|be) (?:excluded|rejected|ruled out|extraneous|invalid|inadmissible)|"
    r"(?:is|be|was) (?:an? |the |just |only )?(?:mistake|trap|lie|joke|trick|distractor|decoy)|"
    r"doubt(?:s|ful)?)\b",
    re.I,
)
# Each denial has one of these words in it; most statements have none and need no closer look.
_DENYING = frozenset(
    "deny denies denying refute refutes refuting disagree disagrees dispute disputes "
    "disputing nobody one idea clue unlikely hardly lied scarcely supposedly allegedly pretend "
    "pretends pretending refuse refuses used unclear uncertain unsure who excluded rejected "
    "ruled extraneous invalid inadmissible mistake trap lie joke trick distractor decoy doubt "
    "doubts doubtful".split()
)
_NO_DOUBT = re.compile(r"\b(?:no|without(?: an?y?)?|beyond(?: an?y?| all)?) doubt\b", re.I)
_SUBJECT = r"(?: that)?(?: (?:the|my|an?|his|her|its|their))?(?: (?:it|this|x))?"
_HEARSAY = re.compile(
    r"(\S+)\s+(?:(?:would|might|may|could) )?(?:say|says|said|claims?|claimed|thinks?|thought|"
    rf"believes?|believed|guess(?:es|ed)?){_SUBJECT}(?:'s| is| was| equals)?\s*$",
    re.I,
)
_PAST = re.compile(r"\b(?:said|claimed|thought|believed|guessed)\b", re.I)  # "I thought it was 84"
_OWN = frozenset("i we i'd we'd can to must so therefore".split())
_SUPPOSED = re.compile(
    r"\b(?:if|whether|unless|suppose|supposing|imagine|assume|worst|worse|bad|poor|least|naive|"
    r"tempting|silly|stupid|mistaken|opposite|unlikely|trick|decoy|second|old|previous|earlier|"
    rf"former|initial|runner-up){_SUBJECT}(?: (?:likely|correct|final|right|best))?"
    r"(?:'s| is| was| were| be| equals)?\s*$",
    re.I,
)
_SUSPECT = (  # every rule about what stands before an answer needs one of these words
    HEDGES
    | NEGATIONS
    | ROUGHLY
    | _TURNERS
    | _DENYING
    | frozenset(_OPERANDS)
    | frozenset(
        "say says said claim claims claimed think thinks thought believe believes believed guess "
        "guesses guessed if whether unless suppose supposing imagine assume worst worse bad poor "
        "naive tempting silly stupid mistaken opposite second old previous earlier former initial "
        "runner".split()
    )
)
# A sign, function or relation written right before a box, and what changes it right behind one.
_SIGNED = re.compile(
    r"(?:(?:^|[\s=(:{\[,$])[-−]\$?|(?:^|[=(:\n])\s*[-−]\s*\$?|(?:^|\s)[<>]\s*|[≤≥≠±√]\s*|[0-9]\.?|"
    r"\\(?:pm|mp|sqrt|[dt]?frac|ln|log|sin|cos|tan|neq?|[lg]t|[lg]eq?)\s*\{?\s*)$"
)
_CHANGED = re.compile(
    r"\^(?!\s*\{?\\circ)|_[0-9{]|/\s*[0-9\\]|\.?[0-9]|\\(?:[dt]?frac|sqrt)|-?ish\b|\s*(?:±|\\pm\b|[|/]\s*[0-9\\])"
)

# Behind an answer.
_TEXT_COMMAND = re.compile(r"\\(?:text|textrm|mathrm|mbox)\s?\{\s*|\\(?:q?quad|[,;:! ])\s*")
_TURNED_BEHIND = re.compile(
    r"\s*(?:[a-z]+\s+)?(?:below\b|minus\b|plus\b|squared\b|cubed\b|point\b|divided\b|multiplied\b|"
    r"factorial\b|fails?\b|but\b|less\s+(?!than\b)|take\s+away\b|tops\b|doubled\b|halved\b|tripled\b|"
    r"times\s+(?:two|three|four|five|six|seven|eight|nine|ten|that|it|as)\b|short\s+of\b|shy\s+of\b|"
    r"at\s+(?:least|most)\b|and\s+(?:an?\s+(?:half|third|quarter)|\w+\s+more|change|some)\b|"
    r"(?:is|was|are|were|seems|looks)\s+(?:far\s+|much\s+|a\s+bit\s+)?"
    r"(?:too|close|near|nearly|off|almost)\b)",
    re.I,
)
_TAKEN_BACK = re.compile(
    r"(?:no|nope|nah|not|wrong|false|incorrect|never)(?=\s*(?:$|[.,;:!?)\n—–-])|\s+\S*[0-9])|"
    r"no,?\s+(?:wait|sorry|actually|it|that|i)\b|not\s+(?:really|quite|so|at\s+all|correct|right|true|sure)\b|"
    r"(?:that|this)(?:'s|\s+(?:is|was|would\s+be))\s+(?:an?\s+|just\s+|all\s+|completely\s+)?"
    r"(?:wrong|incorrect|false|untrue|lie|joke|mistake|guess|not\s+(?:right|correct|true|it))\b|"
    r"(?:a\s+)?(?:lie|joke|trick|mistake)\b|i\s+take\s+(?:that|it)\s+back|then\s+again|"
    r"but\s+(?:it|that|this|wait|no|maybe|perhaps|actually)\b|(?:strike|ignore)\s+(?:that|this|it)|"
    r"(?:oops|sorry|scratch|correction|(?:just\s+)?kidding|psych|wait|hmm+|rather|i\s+(?:mean|meant)|"
    r"make\s+that|on\s+second\s+thou?ghts?|actually|vs|versus)\b",
    re.I,
)
_ANOTHER = re.compile(
    r"\b(?:it|that|this|answer|value) (?:could|might|may) (?:(?:also|well|just) )?be\b|"
    r"\b(?:could|might|may) (?:(?:also|well|just) )?be \S*[0-9]",
    re.I,
)
_REMARK = re.compile(r"\(([^()]{0,120})\)")
_CORRECTS = re.compile(
    r"\?|\b(?:should be|i mean|meant|actually|really|rather|instead|correction|sorry|oops|wait|"
    r"kidding|edit)\b",
    re.I,
)
_SAYS_ANOTHER = re.compile(
    r"\b(?:i\.?e\.?|means?|meaning|equals?|makes?|truly|now|but|is)(?![a-z])", re.I
)
_OPENS_WITH_NUMBER = re.compile(r"\s*[$]?[-−]?[0-9][0-9.,]*\s*(?![-+*/×·=0-9])")
_VALUE = re.compile(r"[0-9][0-9.,]*|\b[B-HJ-Z]\b")  # a number, or a letter that labels a choice


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
    before = doubt_before(text, start, boxed=boxed)
    return before or doubt_after(text, end, text[start:end])


def doubt_before(text: str, at: int, *, boxed: bool = False) -> str:
    """What before `at` denies, hedges, supposes, merely reports or turns what stands there."""
    window = text[max(0, at - _NEAR) : at].rstrip(_FORMAT)
    window = window[max(window.rfind(". "), window.rfind("\n")) + 1 :]
    if _SUSPECT.isdisjoint(words(window)) and "'" not in window and "’" not in window:
        return ""
    return _word_before(text, at, boxed) or _denied_before(text, at)


def _word_before(text: str, at: int, boxed: bool) -> str:
    """The word before `at` that denies, hedges or turns what stands there, or nothing.

    Of a line above, only the last word counts: "It is not⏎84" is one sentence, and "two are not
    red⏎84" is two.
    """
    before = text[max(0, at - 120) : at]
    near = before.rstrip(_FORMAT)
    line_above = "\n" in before[len(near) :]
    said = words(near[max(map(near.rfind, _BREAKS)) + 1 :])
    for place, word in enumerate(reversed(said[-1:] if line_above else said[-3:])):
        if is_negation(word) or (word in HEDGES and (word != "or" or place == 0)):
            return word
    if line_above:
        return ""
    word = _turner(said)
    if word and not (boxed and (word in ROUGHLY or word in _BOUNDS)):
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
    if last == "of" and said[-2:-1] and said[-2] in _BOUNDS:
        return said[-2]
    if last == "to" and "up" in said[-2:-1]:
        return "" if _SUMMED.intersection(said[-4:-2]) else "up to"
    operands = _OPERANDS.get(last)
    if operands is None:
        return ""
    return next((word for word in said[-4:-1] if word in operands), "")


def denied(said: str) -> str:
    """The words of a statement by which it denies what it goes on to say, or nothing."""
    if _DENYING.isdisjoint(words(said)):
        return ""
    found = _DENIAL.search(said)
    if found is None:
        return ""
    if found.group().lower().startswith("doubt") and _NO_DOUBT.search(said):
        return ""
    return found.group()


def _denied_before(text: str, at: int) -> str:
    """What the sentence says before `at` to deny, suppose or merely report what follows."""
    said = claim(text, sentence_start(text, at), at)[-_NEAR:]
    word = denied(said)
    if word:
        return word
    near = said[-80:].rstrip("$*_`({[ ").replace("’", "'")
    supposed = _SUPPOSED.search(near)
    if supposed:
        return supposed.group().strip()
    hearsay = _HEARSAY.search(near)
    own = hearsay and hearsay[1].lower() in _OWN and not _PAST.search(hearsay.group())
    return hearsay.group().strip() if hearsay and not own else ""


def doubt_after(text: str, at: int, answer: str = "") -> str:
    """The word right after `at` that denies, hedges or turns what stood there, or nothing.

    A remark in parentheses may give another value; a next sentence that opens with a hedge ("Or
    85.") or takes back ("No, 85.") counts as well; so does a question mark.
    """
    near = text[at : at + _NEAR].lstrip(_TRAILING)
    command = _TEXT_COMMAND.match(near)
    if command:
        near = near[command.end() :]
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
    if not opening:
        return ""
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
    another = _ANOTHER.search(sentence)
    word = another.group() if another else denied(sentence)
    if word:
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
    back = _TAKEN_BACK.match(remark.strip()) or _CORRECTS.search(remark)
    if back:
        return back.group()
    values = _VALUE.findall(remark)
    if not values or values[-1].rstrip(".,") in _VALUE.findall(answer):
        return ""
    opens = len(values) == 1 and _OPENS_WITH_NUMBER.match(remark)
    return remark.strip() if opens or _SAYS_ANOTHER.search(remark) else ""
