"""Mathematical text as tokens: the closed alphabet of `verifiers.md` §6.1.

What is not listed here or in `vocabulary.py` is refused; nothing is skipped because it is not
understood.
"""

import re
from typing import NamedTuple

from assay.core.types import Limits
from assay.verifiers.characters import Refused, plain_math, too_big
from assay.verifiers.vocabulary import (
    ALIASES,
    BINOMIALS,
    CLOSING,
    COMMANDS,
    CONSTANTS,
    DOTS,
    FRACTIONS,
    FUNCTIONS,
    GREEK,
    MATRICES,
    OPENING,
    OPERATORS,
    PLAIN_FUNCTIONS,
    SYNONYMS,
    UNREAD,
)


class Token(NamedTuple):
    """One token. `spaced`: white space stood before it.

    Kinds: `num` (text is digits and a point, separators taken out), `rep` (a repeating decimal,
    `0.1(6)`), `sym` (a letter or a named symbol), `word` (letters in a row), `text` (contents of a
    text command), `fn` (a function's name), `op`, `cmd`, `begin` and `finish` (of a matrix), `set`
    (a set's symbol), `inf`, `dots`, `later` (what is read and never decided).
    """

    kind: str
    text: str
    spaced: bool = False


_THOUSANDS = re.compile(
    r"[0-9]{1,3}(\{,\}|\\,|,\\!|,|[ ~])[0-9]{3}(?:\1[0-9]{3})*(?![0-9])(?:\.[0-9]+)?"
)
_COMMA_RUN = re.compile(r"[0-9]+(?:,[0-9]+)+")
_COMMA_THOUSANDS = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+")
_NUMBER = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_REPEATING = re.compile(r"([0-9]*\.[0-9]*)\\(?:overline|bar|dot)[ ]?(?:\{([0-9]+)\}|([0-9]))")
_SPACE = re.compile(
    r"(?:[ \t\r\n~]|\\[,;:! ]|\\(?:left|right)(?![A-Za-z])(?![ ]?(?:\||\\[lr]?vert|\\\|))|"
    r"\\(?:middle|displaystyle|textstyle|scriptstyle|q?quad|[bB]igg?[lr]?|limits|nolimits)"
    r"(?![A-Za-z]))+"
)
_BAR = re.compile(r"\\(left|right)[ ]?(?:\||\\vert(?![a-z])|\\[lr]vert|\\\|)")
_TEXT = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|textsf|mathrm|mathbf|mathit|mathsf|boldsymbol|"
    r"mbox|operatorname\*?)[ ]?\{([^{}\\$]*)\}"
)
_LETTER = re.compile(
    r"\\(?:(mathbf|boldsymbol|bm)|mathit|mathsf|mathcal|mathrm(?=[ ]?\{[dei]\}))[ ]?\{([A-Za-z])\}"
)
_SET = re.compile(r"\\mathbb[ ]?(?:\{([RQZNC])\}|([RQZNC])(?![A-Za-z]))")
_FENCE = re.compile(r"\\(begin|end)[ ]?\{([A-Za-z]+)\}(\{[clr| ]*\})?")
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[{}%$|])")
_PRICE = re.compile(r"\s*-?\s*\$\s*-?\s*[0-9.]")
_PRICE_BEHIND = re.compile(r"\s*(-?)\s*([0-9][0-9.,]*)\s*\$\s*")
_BEFORE_FRACTION = re.compile(r"\s*(?:/|\\[dtc]?frac)")
# "48 + 24 = **72**"; behind a digit or bracket it would be a power as programs write it.
_EMPHASIS = re.compile(r"(?<![^\s=(])\*\*([^*\s][^*]*)(?:\*\*(?![^\s.,;:)])|$)")
_HALF_DAY = re.compile(r"([ap])\.[ ]?m(?:\.|(?![A-Za-z]))")
_LETTERS = re.compile(r"[A-Za-z]+")
_SIGNS = frozenset("+-*/^_()[]{},;:=<>|!%'&")
_WITH_BODY = frozenset(
    r"\text \textbf \textit \textrm \textnormal \textsf \mathrm \mathbf \mathit \mathsf \mathcal "
    r"\boldsymbol \bm \mbox \operatorname \mathbb \begin \end".split()
)
_SPELLED = {"sqrt": ("cmd", r"\sqrt"), "pi": ("sym", r"\pi"), "infinity": ("inf", r"\infty")}
_SIDES = (r"\left", r"\right")
_PAIRS = {"<=": "<=", ">=": ">=", "!=": "!="}


def undelimited(text: str) -> str:
    r"""Without the delimiters of formulas; a lone dollar before a number stays, as `\$`.

    Raises:
        Refused: an odd number of dollars that is no price.
    """
    for delimiter in (r"\(", r"\)", r"\[", r"\]"):
        text = text.replace(delimiter, " ")
    bare = text.replace(r"\$", "")
    if "$" not in bare:
        return text
    if bare.count("$") == 1 and r"\$" not in text:
        if _PRICE.match(text):
            return text.replace("$", r"\$")
        behind = _PRICE_BEHIND.fullmatch(text)
        if behind:
            return rf"{behind[1]}\${behind[2]}"
    if bare.count("$") % 2 and len(re.findall(r"\$(?=[0-9.])", bare)) != bare.count("$"):
        raise Refused("A dollar sign opens a formula that is not closed.")
    return re.sub(r"(?<!\\)\$", " ", text)


def tokenize(text: str, limits: Limits, *, commas: str = "thousands") -> list[Token]:
    """The tokens of one answer.

    Args:
        text: as it stood in the response.
        limits: sizes; beyond them `Refused` with status `over_limit`.
        commas: `1,234` outside brackets is one number (`thousands`), two entries (`entries`), or
            with `decimal` the comma is a decimal point.

    Raises:
        Refused: a character or command outside the language.
    """
    if len(text) > limits.answer_chars:
        raise too_big("The answer is too long.")
    text = undelimited(_EMPHASIS.sub(r" \1 ", plain_math(text))).strip()
    if text.startswith("~"):
        raise Refused("'~' says that the value is only near.", "ambiguous", "math.ambiguous")
    if text.endswith(".") and not text.endswith(".."):
        text = text[:-1].rstrip()
    if commas == "decimal":
        text = re.sub(r"(?<=[0-9])(?:,|\{,\})(?=[0-9])", ".", text)
    return _scan(text, limits, commas)


def _scan(text: str, limits: Limits, commas: str) -> list[Token]:
    out: list[Token] = []
    at, depth, digits, spaced = 0, 0, 0, False
    while at < len(text):
        char = text[at]
        bar = _BAR.match(text, at) if text.startswith(_SIDES, at) else None
        if bar:
            out.append(Token("op", r"\lvert" if bar[1] == "left" else r"\rvert", spaced))
            at, spaced = bar.end(), False
            continue
        space = _SPACE.match(text, at)
        if space:
            at, spaced = space.end(), True
            continue
        if char in "0123456789" or (char == "." and text[at + 1 : at + 2].isdigit()):
            tokens, at = _number(text, at, commas if depth == 0 else "entries", spaced)
            sizes = [len(token.text) for token in tokens if token.kind in ("num", "rep")]
            digits += sum(sizes)
            if max(sizes) > min(limits.literal_digits, 4_000) or digits > limits.total_digits:
                raise too_big("The answer has too many digits.")
            out += tokens
        elif char == "\\":
            at, depth = _command(text, at, out, spaced, depth, limits)
        elif char.isascii() and char.isalpha():
            half = _HALF_DAY.match(text, at) if char in "ap" else None
            if half:
                out.append(Token("text", half[1] + "m", spaced))
                at, spaced = half.end(), False
                continue
            letters = _LETTERS.match(text, at)
            run = letters.group() if letters else char
            out.append(_letters(run, spaced))
            at += len(run)
        else:
            at, depth = _sign(text, at, out, spaced, depth)
        spaced = False
        if len(out) > limits.nodes:
            raise too_big("The answer has too many parts.")
    return out


def _letters(run: str, spaced: bool) -> Token:
    if len(run) == 1:
        return Token("sym", run, spaced)
    if run in PLAIN_FUNCTIONS:
        return Token("fn", run, spaced)
    if run in _SPELLED:
        return Token(*_SPELLED[run], spaced)
    return Token("word", run, spaced)


def _number(text: str, at: int, commas: str, spaced: bool) -> tuple[list[Token], int]:
    run = _COMMA_RUN.match(text, at)
    if run and (commas == "entries" or not _COMMA_THOUSANDS.fullmatch(run.group())):
        tokens: list[Token] = []
        *heads, _ = run.group().split(",")
        for place, digits in enumerate(heads):
            tokens += [Token("num", digits, spaced and place == 0), Token("op", ",")]
            at += len(digits) + 1
        last = _NUMBER.match(text, at)
        if last is None:  # unreachable: the run ends in digits
            raise Refused("A number ends in a comma.")
        return [*tokens, Token("num", last.group())], last.end()
    grouped = _THOUSANDS.match(text, at)
    if grouped:
        if grouped.group(1) in " ~" and _BEFORE_FRACTION.match(text, grouped.end()):
            raise Refused("A spaced number before a fraction can be read in two ways.")
        number = re.sub(r"[^0-9.]", "", grouped.group())
        return [Token("num", number, spaced)], grouped.end()
    repeating = _REPEATING.match(text, at) if "\\" in text else None
    if repeating:
        digits = f"{repeating[1]}({repeating[2] or repeating[3]})"
        return [Token("rep", digits, spaced)], repeating.end()
    plain = _NUMBER.match(text, at)
    if plain is None:
        raise Refused("A point stands where a number was expected.")
    return [Token("num", plain.group(), spaced)], plain.end()


def _sign(text: str, at: int, out: list[Token], spaced: bool, depth: int) -> tuple[int, int]:
    char = text[at]
    pair = _PAIRS.get(text[at : at + 2])
    if pair:
        out.append(Token("op", pair, spaced))
        return at + 2, depth
    if char in "€£":
        out.append(Token("op", char, spaced))
    elif text.startswith("...", at):
        out.append(Token("dots", "...", spaced))
        return at + 3, depth
    elif char in _SIGNS:
        out.append(Token("op", char, spaced))
        depth += (char in "([{") - (char in ")]}")
    else:
        raise Refused("The answer holds a character outside the language of mathematics.")
    return at + 1, max(depth, 0)


def _command(
    text: str, at: int, out: list[Token], spaced: bool, depth: int, limits: Limits
) -> tuple[int, int]:
    command = _COMMAND.match(text, at)
    if command is None:
        if not text.startswith("\\\\", at):
            raise Refused("A backslash stands alone.")
        out.append(Token("op", "\\\\", spaced))  # a row of a matrix ends
        return at + 2, depth
    name = command.group()
    if name in _WITH_BODY:
        read = _with_body(text, at, out, spaced, depth, limits)
        if read:
            return read
    token = _named(name, spaced)
    out.append(token)
    if token.kind == "op":
        depth += (token.text in OPENING) - (token.text in CLOSING)
    return command.end(), max(depth, 0)


def _with_body(
    text: str, at: int, out: list[Token], spaced: bool, depth: int, limits: Limits
) -> tuple[int, int] | None:
    """Words, a letter in a font, a set's symbol or the fence of a matrix; None for neither."""
    letter = _LETTER.match(text, at)
    if letter:
        bold = letter[1] and letter[2] in CONSTANTS  # a unit vector, not the imaginary unit
        out.append(Token("sym", rf"\mathbf {letter[2]}" if bold else letter[2], spaced))
        return letter.end(), depth
    numbers = _SET.match(text, at)
    if numbers:
        out.append(Token("set", numbers[1] or numbers[2], spaced))
        return numbers.end(), depth
    words = _TEXT.match(text, at)
    if words:
        _words(words.group(1), out, spaced, limits)
        return words.end(), depth
    fence = _FENCE.match(text, at)
    return (fence.end(), _fence(fence, out, spaced, depth)) if fence else None


def _words(body: str, out: list[Token], spaced: bool, limits: Limits) -> None:
    name = SYNONYMS.get(body.strip(), body.strip())
    if any("0" <= char <= "9" for char in body):
        inner = _scan(body, limits, "thousands")
        out += [inner[0]._replace(spaced=True), *inner[1:]] if inner else []
    elif name in FUNCTIONS:
        out.append(Token("fn", name, spaced))
    else:
        out.append(Token("text", body.replace("~", " ").strip(), spaced))


def _fence(fence: re.Match[str], out: list[Token], spaced: bool, depth: int) -> int:
    name = fence[2]
    if name not in MATRICES:
        raise Refused("The answer holds an environment outside the language of mathematics.")
    out.append(Token("begin" if fence[1] == "begin" else "finish", name, spaced))
    return max(depth + (1 if fence[1] == "begin" else -1), 0)


def _named(name: str, spaced: bool) -> Token:
    name = ALIASES.get(name, name)
    if name[0] != "\\" or name in OPERATORS:
        return Token("op", name, spaced)
    if name in FRACTIONS:
        return Token("cmd", r"\frac", spaced)
    if name in BINOMIALS:
        return Token("cmd", r"\binom", spaced)
    if name in COMMANDS:
        return Token("cmd", name, spaced)
    if name in GREEK or name in CONSTANTS:
        return Token("sym", name, spaced)
    plain = SYNONYMS.get(name[1:], name[1:])
    if plain in FUNCTIONS:
        return Token("fn", plain, spaced)
    if name == r"\infty":
        return Token("inf", name, spaced)
    if name in (r"\emptyset", r"\varnothing"):
        return Token("set", "", spaced)
    if name in DOTS:
        return Token("dots", "...", spaced)
    if name in UNREAD:
        return Token("later", name, spaced)
    raise Refused("The answer holds a command outside the language of mathematics.")
