"""Which characters mean what in mathematics (`verifiers.md` §5 rule 7), and which are refused.

A closed table: what it does not list keeps its own meaning, and later parsers refuse what they do
not know. NFC only; NFKC would turn 3² into 32.
"""

import re
import unicodedata
from collections.abc import Mapping

from assay.core.errors import AssayError
from assay.core.types import Status

_SIGNS: Mapping[str, str] = {
    "−": "-",
    "×": r"\times ",
    "·": r"\cdot ",
    "⋅": r"\cdot ",
    "÷": "/",
    "√": r"\sqrt ",
    "π": r"\pi ",
    "∞": r"\infty ",
    "≤": r"\le ",
    "≥": r"\ge ",
    "≠": r"\ne ",
    "±": r"\pm ",
    "∪": r"\cup ",
    "∩": r"\cap ",
    "∈": r"\in ",
    "°": r"^\circ ",
    "½": r"\frac{1}{2}",
    "⅓": r"\frac{1}{3}",
    "⅔": r"\frac{2}{3}",
    "¼": r"\frac{1}{4}",
    "¾": r"\frac{3}{4}",
    "⅕": r"\frac{1}{5}",
    "⅖": r"\frac{2}{5}",
    "⅗": r"\frac{3}{5}",
    "⅘": r"\frac{4}{5}",
    "⅙": r"\frac{1}{6}",
    "⅚": r"\frac{5}{6}",
    "⅛": r"\frac{1}{8}",
    "⅜": r"\frac{3}{8}",
    "⅝": r"\frac{5}{8}",
    "⅞": r"\frac{7}{8}",
}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_RAISED = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻]+")
_BASE = re.compile(r"[0-9A-Za-z)\]}]")
# Blank-looking characters that Unicode does not class as format controls.
_BLANKS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u2800\u3164\uffa0") | {
    chr(code) for code in range(0xFE00, 0xFE10)
}


class Refused(AssayError, ValueError):
    """Text that is not read, or not decided; the message says why in one sentence.

    Attributes:
        status: `unparsable` (outside the language), `ambiguous`, `over_limit`, `unproven` (inside
            the language, beyond what exact rational arithmetic shows), or `incorrect`.
        code: the verdict's code.
    """

    def __init__(
        self, message: str, status: Status = "unparsable", code: str = "math.unparsable"
    ) -> None:
        """Word the refusal."""
        super().__init__(message)
        self.status: Status = status
        self.code = code


def too_big(message: str) -> Refused:
    """Over a size limit."""
    return Refused(message, "over_limit", "limit.size")


def symbolic(what: str) -> Refused:
    """Inside the language, but for the worker lane."""
    return Refused(
        f"{what} is not decided by exact rational arithmetic.", "unproven", "math.symbolic"
    )


def has_invisible(text: str) -> bool:
    """Whether a character is there that a reader cannot see, or that turns reading order round."""
    if text.isascii():
        return False
    return any(unicodedata.category(char) == "Cf" or char in _BLANKS for char in set(text))


def plain_math(text: str) -> str:
    """`text` in NFC, its mathematical signs spelled in LaTeX and its Unicode spaces as spaces.

    Meant for extracted answers: NFC is not linear on a million combining marks.

    Raises:
        Refused: invisible or bidirectional controls, digits other than ASCII, or a superscript
            that raises nothing.
    """
    if text.isascii():
        return text
    if has_invisible(text):
        raise Refused("The answer holds invisible or bidirectional control characters.")
    text = unicodedata.normalize("NFC", text)
    text = _RAISED.sub(_raise, text)
    out: list[str] = []
    for char in text:
        if char.isascii():
            out.append(char)
        elif char in _SIGNS:
            out.append(_SIGNS[char])
        elif unicodedata.category(char) == "Zs":
            out.append(" ")
        elif unicodedata.category(char)[0] == "N":
            raise Refused("The answer holds digits other than ASCII ones.")
        else:
            out.append(char)
    return "".join(out)


def _raise(match: re.Match[str]) -> str:
    before = match.string[match.start() - 1] if match.start() else ""
    if not _BASE.match(before) and before != "π":
        raise Refused("A superscript stands after nothing that it could raise.")
    return "^{" + match.group().translate(_SUPERSCRIPTS) + "}"
