"""The commands and names of the language of mathematics (`verifiers.md` §6.1), by their part.

The alphabet is closed: a command that stands in none of these tables is refused.
"""

from collections.abc import Mapping

ALIASES: Mapping[str, str] = {
    r"\times": "*", r"\cdot": "*", r"\ast": "*", r"\div": "/", r"\%": "%", r"\lt": "<",
    r"\gt": ">", r"\le": "<=", r"\leq": "<=", r"\leqslant": "<=", r"\ge": ">=", r"\geq": ">=",
    r"\geqslant": ">=", r"\ne": "!=", r"\neq": "!=", r"\lbrace": r"\{", r"\rbrace": r"\}",
    r"\lbrack": "[", r"\rbrack": "]", r"\colon": ":", r"\degree": r"\circ", r"\vert": "|",
    r"\lvert": r"\lvert", r"\rvert": r"\rvert", r"\|": "|", r"\bmod": "mod", r"\mod": "mod",
    r"\backslash": r"\setminus", r"\smallsetminus": r"\setminus", r"\rightarrow": r"\to",
    r"\thickapprox": r"\approx", r"\prime": "'", r"\pounds": "£",
}  # fmt: skip
OPERATORS = frozenset(
    r"\{ \} \pm \mp \$ \cup \cap \setminus \in \to \approx \equiv \mid \langle \rangle \lfloor "
    r"\rfloor \lceil \rceil \lvert \rvert \choose".split()
)
OPENING = frozenset(["(", "[", "{", r"\{", r"\langle", r"\lfloor", r"\lceil", r"\lvert"])
CLOSING = frozenset([")", "]", "}", r"\}", r"\rangle", r"\rfloor", r"\rceil", r"\rvert"])
FRACTIONS = frozenset({r"\frac", r"\dfrac", r"\tfrac", r"\cfrac"})
BINOMIALS = frozenset({r"\binom", r"\dbinom", r"\tbinom"})
COMMANDS = frozenset(
    r"\sqrt \circ \sum \prod \lim \int \pmod \overline \bar \vec \hat \widehat \overrightarrow "
    r"\overleftrightarrow \angle \measuredangle \triangle".split()
)
ACCENTS = frozenset(
    r"\overline \bar \vec \hat \widehat \overrightarrow \overleftrightarrow".split()
)
FIGURES = frozenset(r"\angle \measuredangle \triangle".split())
GREEK = frozenset(
    r"\alpha \beta \gamma \delta \epsilon \varepsilon \zeta \eta \theta \vartheta \iota \kappa "
    r"\lambda \mu \nu \xi \rho \sigma \tau \upsilon \phi \varphi \chi \psi \omega \Gamma \Delta "
    r"\Theta \Lambda \Xi \Pi \Sigma \Upsilon \Phi \Psi \Omega \ell \partial".split()
)
CONSTANTS = frozenset({r"\pi", "e", "i"})
DOTS = frozenset(r"\ldots \dots \cdots \dotsc \dotsb".split())
# Functions of one argument, and by the second table the names that they are also known by.
ELEMENTARY = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan arccot arcsec arccsc sinh cosh tanh coth sech "
    "csch arcsinh arccosh arctanh ln log exp".split()
)
SYNONYMS: Mapping[str, str] = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "tg": "tan", "ctg": "cot",
    "arctg": "arctan", "arcctg": "arccot", "cosec": "csc", "arsinh": "arcsinh",
    "arcosh": "arccosh", "artanh": "arctanh", "sh": "sinh", "ch": "cosh", "th": "tanh",
    "sgn": "sign", "lg": "lg",
}  # fmt: skip
OF_SEVERAL = frozenset({"gcd", "lcm", "max", "min"})
FUNCTIONS = ELEMENTARY | OF_SEVERAL | frozenset({"det", "lg", "sign"})
INVERSES: Mapping[str, str] = {
    name.removeprefix("arc"): name for name in ELEMENTARY if name.startswith("arc")
}
# Functions and names that are read without a backslash too; no product of letters looks like them.
PLAIN_FUNCTIONS = frozenset(
    "sin cos tan cot sec csc arcsin arccos arctan sinh cosh tanh ln log exp gcd lcm".split()
)
MATRICES = frozenset("matrix pmatrix bmatrix Bmatrix vmatrix Vmatrix smallmatrix array".split())
# In use in answers, and no part of the language that can be decided.
UNREAD = frozenset(
    r"\approxeq \notin \subset \subseteq \supset \supseteq \parallel \perp \sim \simeq \cong "
    r"\propto \therefore \because \implies \Rightarrow \Longrightarrow \iff \Leftrightarrow "
    r"\forall \exists \neg \land \lor \wedge \vee \iint \oint \nabla \star \bullet \checkmark "
    r"\limsup \liminf \sup \inf \dim \ker \arg \Re \Im \deg \Pr \longrightarrow \mapsto "
    r"\leftarrow \uparrow \downarrow \square \Box \underline \overbrace \underbrace \tilde".split()
)
# Short runs of letters that are words, so that they are no product of variables.
SHORT_WORDS = frozenset(
    "no yes on odd even none am pm is or and not the of if to in it at by we so be as he up red "
    "blue true east west left both all any only one two six ten zero new old top low high day "
    "dog cat boy girl man men women sum mean mode area time half more less most each same same "
    "pink gold gray grey tie win loss sat sun mon tue wed thu fri jan feb mar apr may june july "
    "jun jul aug sep oct nov dec always never per an us my me his her its our".split()
)
LETTERS_IN_PRODUCT = 4  # a longer run of letters is a word
