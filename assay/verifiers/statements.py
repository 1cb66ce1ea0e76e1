"""Sentences that choose a label, as a closed grammar (`verifiers.md` §7).

A sentence that merely names a label may as well warn of it ("I'd avoid B", "B is a trap"), and
there is no end of ways to do so. So only statements that say in so many words that the label is the
answer count; whatever else names one is ambiguous.
"""

import re

LABEL = "@"  # stands for the label in the sentences that are read here


def _one_of(*phrases: str) -> str:
    """A pattern for any of these phrases; a phrase may be a small pattern itself."""
    return f"(?:{'|'.join(phrases)})"


_SURE = (
    r"(?:(?:very|quite|fairly|absolutely|pretty|completely) )?(?:confident|certain|sure|convinced)"
)
_OPENING = _one_of(
    *"so thus hence therefore then and ok okay well yes now clearly obviously definitely certainly "
    "surely sure absolutely undoubtedly evidently indeed overall finally consequently accordingly "
    "ultimately meaning that".split(),
    "of course", "without (?:a |any )?doubt", "no doubt", "in (?:conclusion|summary|short)",
    "as a result", "for this reason", "by (?:(?:the )?process of )?elimination",
    "based on (?:this|the above)", f"i(?: am|'m) {_SURE}", "i (?:think|believe|know|conclude|find)",
    "i(?:'d| would) (?:say|argue)",
    "we (?:(?:can )?(?:see|conclude)|find|know)", "it follows", "it(?: is|'s) clear",
    "(?:this|which) (?:means|shows|implies|suggests)",
)  # fmt: skip
_LEAD = rf"(?:{_OPENING}\b[,:]? )*"
_ADJECTIVE = _one_of(
    *"correct right best true valid good better final only likely plausible suitable accurate "
    "appropriate reasonable sensible logical fitting apt closest proper intended strongest".split()
)
_MORE = rf"(?:(?:very|clearly|obviously|definitely|indeed|also|single|most|more|{_ADJECTIVE}) )*"
_NOUN = _one_of(
    *"answer choice option one pick selection statement response match fit solution "
    "conclusion".split()
)
_IS = _one_of(
    " is", "'s", " was", " (?:would|must|has to|should|can only) be", " (?:remains|becomes)"
)
_PLACE = _one_of(
    " that (?:is|fits|works|applies)(?: true| correct| right| best)?", " here", " overall",
    " of (?:these|those|them|all|the (?:four|three|five|given))(?: options| choices)?",
    " among (?:these|them|the options)", " (?:to|for) (?:this|the) question", " in this case",
    " given", " (?:i|we) (?:choose|chose|pick|picked|select|would choose|would pick)",
)  # fmt: skip
_CHOOSING = (
    r"(?:you (?:should|must|can) |let's |to |"
    r"(?:i|we)(?:'d| would|'ll| will|'m| am|'ve| have| can| must| should)? )?"
    + _one_of(
        *"choose choosing chose chosen pick picking picked select selecting selected take taking "
        "say answer mark get have think believe trust".split(),
        "(?:go|going|went) with",
        "opt(?:ing)? for",
        "settle (?:on|for)",
        "decide on",
        "vote for",
        "lean(?:ing)? towards?",
    )
    + " "
)
_POINTING = (
    _one_of(*"that this which it everything".split(), "the evidence", "the process of elimination")
    + "(?: only| clearly)? "
    + _one_of(
        *"leaves gives gets yields means matches fits supports favors favours selects implies "
        "indicates suggests describes".split(),
        "corresponds to",
        "points to",
        "leads to",
        "makes it",
        "agrees with",
    )
    + "(?: us)?(?: with)?(?: only)? "
)
_NAMING = rf"(?:(?:the|my|our|a|an) )?{_MORE}{_NOUN}{_PLACE}?{_IS}? ?[:=]? ?"
_IT_IS = rf"(?:it|this|that|there|the (?:answer|result)){_IS} "
# The label is named last: "I choose @", "it must be @", "that leaves @", "the best answer: @".
_OBJECT = (
    _one_of(_CHOOSING, _IT_IS, _POINTING, _NAMING, "only ", "just ", "-> ", "→ ", "=> ")
    + "?(?:clearly |definitely |only |therefore |thus )?@"
)
_QUALITY = (
    rf"(?:{_IS}| (?:seems|looks|appears|feels|sounds))(?: to be)?"
    rf"(?: clearly| definitely| obviously| indeed| therefore| thus)?(?: (?:the|my|our|a|an))? "
    rf"{_MORE}(?:{_ADJECTIVE}|{_NOUN}|it)"
)
_VERB = (
    " (?:fits|works|matches|holds|wins|applies|follows|remains|is left|it is|agrees|satisfies)"
    "(?: (?:best|well|perfectly|exactly|true|only|all (?:of )?(?:it|them|the conditions)))?"
)
_BEST_VERB = (
    " (?:best|correctly|accurately|most accurately) (?:describes|fits|matches|explains|answers|"
    "represents|captures|completes|states|shows|reflects|summari[sz]es) [^@]*"
)
_SENSE = " makes (?:the most |most |more |perfect |the best )?sense"
# The label comes first: "@ is correct", "@ fits best", "that makes @ the right answer".
_SUBJECT = (
    r"(?:only |just )?@(?: here| clearly| definitely| obviously| indeed| alone)?"
    + _one_of(_QUALITY, _VERB, _BEST_VERB, _SENSE)
    + rf"{_PLACE}?|(?:this|that|which|it) makes @ (?:the )?{_MORE}(?:{_ADJECTIVE}|{_NOUN})"
)
_REASON = (
    r"(?:,? ?(?:(?:because|since|given that|due to|as(?! (?:well|long|far)\b)|that|which|and it|"
    r"it)\b|- |— |– ).*)?"
)
_STATEMENT = re.compile(
    rf"(?:{_LEAD})(?:{_OBJECT}|{_SUBJECT})(?:{_PLACE})?(?: (?:best|then))?{_REASON}[.!]*"
)
# A premise before the statement: "grass is green, so @", "since grass is green, @ is right".
_TURN = re.compile(
    r"(?:[,;:.—–-] ?|->|→|=>| )(?=(?:so|thus|hence|therefore|then|which means|meaning|making it)\b)"
    r"|[,;] |->|→|=>"
)
_SUPPOSING = re.compile(r"\b(?:if|unless|suppose|supposing|imagine|were|would|wish)\b")
# What speaks against a label inside a sentence that is otherwise of these forms.
_AGAINST = re.compile(
    r"\b(?:avoid|trap|trick|decoy|distractor|red herring|tempting|exclud|reject|dismiss|discard|"
    r"rul(?:e|es|ed|ing) (?:it |this )?out|cross(?:ed)? out|stay away|beware|worst|mistake|fool|"
    r"eliminat(?!ion|ing (?:all )?(?:the )?(?:other|rest|wrong|incorrect))|hate|ignor|forget|"
    r"nobody|no one|anything but|all but|far from|opposite|kidding|joke|lies?\b|deny|unlikely|"
    r"(?<!no )(?<!a )(?<!any )(?<!out )doubt|instead|rather|other than|wait|oops|scratch|"
    r"fails?\b|failed|loses|lost)"
)


def states_choice(sentence: str) -> bool:
    """Whether a sentence says that the label, written as `@`, is the answer."""
    said = " ".join(sentence.replace("’", "'").split()).lower().strip(" *_`\"'")
    if len(said) > 600 or "?" in said or _AGAINST.search(said):
        return False
    if _STATEMENT.fullmatch(said):
        return True
    first = said.find(LABEL)
    for turn in _TURN.finditer(said, 0, first):
        premise, rest = said[: turn.start()], said[turn.end() :].strip()
        if LABEL in premise or _SUPPOSING.search(premise):
            return False
        bare = rest.strip(".! ") == LABEL and turn.group().strip() in (",", ";")
        if not bare and _STATEMENT.fullmatch(rest):
            return True
    return False


def takes_back(text: str) -> bool:
    """Whether the words behind a label speak against it ("B) is a trap")."""
    said = " ".join(text.replace("’", "'").split()).lower()
    return "?" in said or _AGAINST.search(said) is not None
