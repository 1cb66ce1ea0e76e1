"""Sentences that choose a label, as a closed grammar (`verifiers.md` §7).

A sentence that merely names a label may as well warn of it ("I'd avoid B", "B is a trap"), and
there is no end of ways to do so. So only statements that say in so many words that the label is the
answer count; whatever else names one is ambiguous.
"""

import re

LABEL = "@"  # stands for the label in the sentences that are read here

_SURE = (
    r"(?:(?:very|quite|fairly|absolutely|pretty|completely) )?(?:confident|certain|sure|convinced)"
)
_LEAD = (
    r"(?:(?:so|thus|hence|therefore|then|and|ok|okay|well|yes|now|clearly|obviously|definitely|"
    r"certainly|surely|evidently|indeed|overall|finally|consequently|accordingly|ultimately|"
    r"in conclusion|in summary|in short|as a result|by elimination|for this reason|"
    r"by process of elimination|by the process of elimination|based on this|based on the above|"
    rf"i am {_SURE}|i'm {_SURE}|i (?:think|believe|know|conclude|say|find)|"
    r"we (?:see|find|conclude|know|can conclude|can see)|it follows|it is clear|it's clear|"
    r"this (?:means|shows|implies|suggests)|which (?:means|shows|implies)|meaning|that)\b[,:]? )*"
)
_ADJECTIVE = (
    r"(?:correct|right|best|true|valid|good|better|final|only|likely|plausible|suitable|accurate|"
    r"appropriate|reasonable|sensible|logical|fitting|apt|closest|proper|intended|strongest)"
)
_MORE = rf"(?:(?:very|clearly|obviously|definitely|indeed|also|single|most|more|{_ADJECTIVE}) )*"
_NOUN = (
    r"(?:answer|choice|option|one|pick|selection|statement|response|match|fit|solution|conclusion)"
)
_IS = r"(?: is|'s| was| would be| must be| has to be| should be| can only be| remains| becomes)"
_MODAL = r"(?:'d| would|'ll| will|'m| am|'ve| have| can| must| should)?"
_CHOOSE = (
    r"(?:choose|choosing|chose|chosen|pick|picking|picked|select|selecting|selected|take|taking|"
    r"go with|going with|went with|opt for|opting for|settle on|settle for|decide on|vote for|"
    r"say|answer|mark|get|have|think|believe|trust|lean towards?|leaning towards?)"
)
_PLACE = (
    r"(?: (?:here|of (?:these|those|them|all|the (?:four|three|five|given))(?: options| choices)?|"
    r"among (?:these|them|the options)|overall|to (?:this|the) question|for (?:this|the) question|"
    r"in this case|given))"
)
_OBJECT = (
    rf"(?:"
    rf"(?:i{_MODAL} |we{_MODAL} |let's |to )?{_CHOOSE} "
    rf"|(?:it|this|that|there|the (?:answer|result)){_IS} "
    r"|(?:that|this|which|it|everything|the evidence)(?: only| clearly)? (?:leaves|gives|gets|"
    r"yields|means|matches|fits|corresponds to|points to|supports|favou?rs|leads to|selects|"
    r"implies|indicates|suggests|makes it|agrees with|describes)(?: us)?(?: with)?(?: only)? "
    rf"|(?:(?:the|my|our|a|an) )?{_MORE}{_NOUN}{_PLACE}?(?:{_IS}| ?:)? ?:? ?"
    r"|only |just |-> |→ |=> "
    r")?(?:clearly |definitely |only |therefore |thus )?@"
)
_SUBJECT = (
    rf"(?:only |just )?@(?: here| clearly| definitely| obviously| indeed| alone)?"
    rf"(?:(?:{_IS}| seems| looks| appears| feels| sounds)(?: to be)?"
    rf"(?: clearly| definitely| obviously| indeed| therefore| thus)?(?: (?:the|my|our|a|an))? "
    rf"{_MORE}(?:{_ADJECTIVE}|{_NOUN}|it)"
    r"| (?:fits|works|matches|holds|wins|applies|follows|remains|is left|it is|agrees|satisfies)"
    r"(?: (?:best|well|perfectly|exactly|true|only|all (?:of )?(?:it|them|the conditions)))?"
    r"| makes (?:the most |most |more |perfect |the best )?sense"
    rf"){_PLACE}?"
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
_AGAINST = re.compile(
    r"\b(?:avoid|trap|trick|decoy|distractor|red herring|tempting|rul(?:e|es|ed|ing) out|"
    r"eliminat(?!ion)|exclud|reject|dismiss|discard|cross(?:ed)? out|stay away|beware|worst|"
    r"mistake|fool|hate|ignor|forget|nobody|no one|anything but|all but|far from|opposite|"
    r"kidding|joke|lies?\b|doubt|deny|unlikely|instead|rather|other than|wait|oops|scratch|"
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
        premise, rest = said[: turn.start()], said[turn.end() :]
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
