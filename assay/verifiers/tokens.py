"""Mathematical text as tokens: the closed alphabet of `verifiers.md` §6.1.

What is not listed here is refused; nothing is skipped because it is not understood.
"""

import re
from typing import NamedTuple

from assay.core.types import Limits
from assay.verifiers.characters import Refused, plain_math, too_big


class Token(NamedTuple):
    """One token. `spaced`: white space stood before it.

    Kinds: `num` (text is digits and a point, separators taken out), `sym` (a letter or a named
    symbol), `word` (letters in a row), `text` (contents of a text command), `op`, `cmd`.
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
_SPACE = re.compile(
    r"(?:[ \t\r\n~]|\\[,;:! ]|\\(?:left|right|displaystyle|textstyle|q?quad|[bB]igg?[lr]?|limits)"
    r"(?![A-Za-z]))+"
)
_TEXT = re.compile(
    r"\\(?:text|textbf|textit|textrm|textnormal|mathrm|mathbf|mathit|mathsf|boldsymbol|mbox)"
    r"[ ]?\{([^{}\\$]*)\}"
)
_COMMAND = re.compile(r"\\(?:[A-Za-z]+|[{}%$|])")
_PRICE = re.compile(r"\s*-?\s*\$\s*-?\s*[0-9.]")
_PRICE_BEHIND = re.compile(r"\s*(-?)\s*([0-9][0-9.,]*)\s*\$\s*")
# "48 + 24 = **72**"; behind a digit or bracket it would be a power as programs write it.
_EMPHASIS = re.compile(r"(?<![^\s=(])\*\*([^*\s][^*]*)(?:\*\*(?![^\s.,;:)])|$)")
_LETTERS = re.compile(r"[A-Za-z]+")
_SIGNS = frozenset("+-*/^_()[]{},;:=<>|!%")
_ALIASES = {
    r"\times": "*", r"\cdot": "*", r"\ast": "*", r"\div": "/", r"\%": "%", r"\lt": "<",
    r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\lbrack": "[", r"\rbrack": "]", r"\colon": ":", r"\degree": r"\circ", r"\vert": "|",
    r"\lvert": "|", r"\rvert": "|", r"\|": "|",
}  # fmt: skip
_OPERATORS = frozenset({r"\{", r"\}", r"\pm", r"\mp", r"\$"})
_FRACTIONS = frozenset({r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"})
GREEK = frozenset(
    r"\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa "
    r"\lambda \mu \nu \xi \rho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta "
    r"\Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell".split()
)
CONSTANTS = frozenset({r"\pi", "e", "i"})
# In the language of section 6.1, and beyond the fast lane.
_LATER = frozenset(
    r"\sin \cos \tan \cot \sec \csc \arcsin \arccos \arctan \sinh \cosh \tanh \ln \log \exp \lg "
    r"\binom \dbinom \tbinom \choose \gcd \lcm \bmod \pmod \mod \lfloor \rfloor \lceil \rceil "
    r"\sum \prod \lim \int \cup \cap \setminus \in \to \infty \begin \end \overline \bar \vec "
    r"\hat \angle \triangle \mathbb \operatorname \max \min \det \mid \langle \rangle "
    r"\approx \equiv \ldots \dots \cdots \partial \prime \forall \exists \notin \subset \parallel "
    r"\perp \sim \cong \therefore \implies \Rightarrow \iff \pounds \emptyset \varnothing".split()
)


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
        commas: `1,234` outside brackets is one number (`thousands`) or two entries (`entries`).

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
    return _scan(text, limits, commas)


def _scan(text: str, limits: Limits, commas: str) -> list[Token]:
    out: list[Token] = []
    at, depth, digits, spaced = 0, 0, 0, False
    while at < len(text):
        char = text[at]
        space = _SPACE.match(text, at)
        if space:
            at, spaced = space.end(), True
            continue
        if char in "0123456789" or (char == "." and text[at + 1 : at + 2].isdigit()):
            tokens, at = _number(text, at, commas if depth == 0 else "entries", spaced)
            sizes = [len(token.text) for token in tokens if token.kind == "num"]
            digits += sum(sizes)
            if max(sizes) > min(limits.literal_digits, 4_000) or digits > limits.total_digits:
                raise too_big("The answer has too many digits.")
            out += tokens
        elif char == "\\":
            at, depth = _command(text, at, out, spaced, depth, limits)
        elif char.isascii() and char.isalpha():
            letters = _LETTERS.match(text, at)
            run = letters.group() if letters else char
            out.append(Token("sym" if len(run) == 1 else "word", run, spaced))
            at += len(run)
        else:
            at, depth = _sign(text, at, out, spaced, depth)
        spaced = False
        if len(out) > limits.nodes:
            raise too_big("The answer has too many parts.")
    return out


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
        if grouped.group(1) in " ~" and re.compile(r"\s*(?:/|\\[dtc]?frac)").match(
            text, grouped.end()
        ):
            raise Refused("A spaced number before a fraction can be read in two ways.")
        number = re.sub(r"[^0-9.]", "", grouped.group())
        return [Token("num", number, spaced)], grouped.end()
    plain = _NUMBER.match(text, at)
    if plain is None:
        raise Refused("A point stands where a number was expected.")
    return [Token("num", plain.group(), spaced)], plain.end()


def _sign(text: str, at: int, out: list[Token], spaced: bool, depth: int) -> tuple[int, int]:
    char = text[at]
    pair = text[at : at + 2]
    if pair in ("<=", ">=", "!="):
        out.append(Token("op", pair, spaced))
        return at + 2, depth
    if char == "&":
        out.append(Token("later", char, spaced))
    elif char in "€£":
        out.append(Token("op", char, spaced))
    elif char in _SIGNS:
        out.append(Token("op", char, spaced))
        depth += (char in "([{") - (char in ")]}")
    else:
        raise Refused("The answer holds a character outside the language of mathematics.")
    return at + 1, max(depth, 0)


def _command(
    text: str, at: int, out: list[Token], spaced: bool, depth: int, limits: Limits
) -> tuple[int, int]:
    words = _TEXT.match(text, at)
    if words:
        body = words.group(1)
        if any("0" <= char <= "9" for char in body):
            inner = _scan(body, limits, "thousands")
            out += [inner[0]._replace(spaced=True), *inner[1:]] if inner else []
        else:
            out.append(Token("text", body.replace("~", " ").strip(), spaced))
        return words.end(), depth
    if text.startswith("\\\\", at):  # a row of a matrix ends
        out.append(Token("later", "\\\\", spaced))
        return at + 2, depth
    command = _COMMAND.match(text, at)
    if command is None:
        raise Refused("A backslash stands alone.")
    name = command.group()
    name = _ALIASES.get(name, name)
    if name[0] != "\\" or name in _OPERATORS:
        out.append(Token("op", name, spaced))
        depth += (name in (r"\{", "[", "(")) - (name in (r"\}", "]", ")"))
    elif name in _FRACTIONS:
        out.append(Token("cmd", r"\frac", spaced))
    elif name in (r"\sqrt", r"\circ"):
        out.append(Token("cmd", name, spaced))
    elif name in GREEK or name in CONSTANTS:
        out.append(Token("sym", name, spaced))
    elif name in _LATER:
        out.append(Token("later", name, spaced))
    else:
        raise Refused("The answer holds a command outside the language of mathematics.")
    return command.end(), max(depth, 0)
