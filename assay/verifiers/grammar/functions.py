"""Functions with their arguments, sums and products with bounds, limits, integrals, derivatives."""

from fractions import Fraction

from assay.verifiers.characters import Refused, symbolic
from assay.verifiers.grammar.cursor import Cursor, node
from assay.verifiers.tokens import Token
from assay.verifiers.trees import Node, canonical
from assay.verifiers.vocabulary import INVERSES, OF_SEVERAL

_ONE: Node = ("num", Fraction(1), "1")
_DIFFERENTIALS = frozenset({"d", r"\partial"})


class Functions(Cursor):
    """What a name or a big sign makes of the operands behind it."""

    # Functions

    def function(self) -> Node:
        r"""`\sin x`, `\sin^2(x)`, `\log_{2} 8`, `\gcd(12,18)`.

        Without brackets the argument is the product that stands there, up to the next sign or
        function. What could be read in two ways, such as `\sin x/2`, is left undecided.
        """
        name = self.here.text
        self.at += 1
        base = exponent = None
        for _ in range(2):
            if self.op("_") and base is None:
                self.at += 1
                base = self.argument()
            elif self.op("^") and exponent is None:
                self.at += 1
                exponent = self.argument()
        if base is not None and name != "log":
            raise Refused("A subscript stands behind a function that takes none.")
        if exponent is not None and canonical(exponent) in ("-1", "(neg 1)"):
            if name not in INVERSES:
                raise symbolic("An inverse function")
            name, exponent = INVERSES[name], None
        value = self.applied(name, base)
        return value if exponent is None else node("pow", value, exponent)

    def applied(self, name: str, base: Node | None) -> Node:
        """The function of this name with the argument that stands here."""
        self.deeper()
        if name in OF_SEVERAL:
            arguments = self.arguments()
        elif self.op("(", "{"):
            bracket = self.here.text
            arguments = (self.atom(),)
            if arguments[0][0] in ("tuple", "list"):
                raise Refused("A function of one argument is given several.")
            if bracket == "(" and self.op("^", "!", "%"):
                raise symbolic("A power behind the argument of a function")
        elif self.op(r"\lvert", "|") or self.here.kind == "begin":
            arguments = (self.atom(),)
        else:
            arguments = (self.bare_argument(),)
        self.shallower()
        if name == "lg":
            name, base = "log", ("num", Fraction(10), "10")
        return node("fn", name, arguments if base is None else (base, *arguments))

    def arguments(self) -> tuple[Node, ...]:
        """Several arguments in round brackets."""
        if not self.op("("):
            raise self.unread()
        inner = self.atom()
        if inner[0] == "tuple":
            if inner[1:3] != ("(", ")"):
                raise Refused("Arguments stand in round brackets.")
            return inner[3]
        return (inner,)

    def bare_argument(self) -> Node:
        """An argument without brackets: factors side by side."""
        if self.op("-"):
            raise symbolic("A function of a negative argument without brackets")
        argument = self.power()
        while self.here.kind == "sym" or self.cmd(r"\frac", r"\sqrt") or self.short_word():
            self.longer()
            argument = node("mul", argument, self.power())
        if self.op("(", "[", "/", "!", "|", r"\lvert", r"\pm"):
            raise symbolic("A function's argument without brackets")
        return argument

    def short_word(self) -> bool:
        """Whether letters in a row stand here that are a product of names."""
        raise NotImplementedError

    # Sums, products, limits

    def big(self) -> Node:
        r"""`\sum_{k=1}^{10} k^2` and `\prod`; the body is the product behind it."""
        kind = self.here.text.removeprefix("\\")
        self.at += 1
        self.deeper()
        self.take("_")
        self.take("{")
        name = self.bound_name()
        self.take("=")
        low = self.sum()
        self.take("}")
        self.take("^")
        high = self.argument()
        body = self.term()
        self.shallower()
        return node(kind, name, low, high, body)

    def bound_name(self) -> str:
        """The name of a bound variable."""
        if self.here.kind != "sym":
            raise self.unread()
        self.at += 1
        return self.tokens[self.at - 1].text

    def limit(self) -> Node:
        r"""`\lim_{x\to 0^+} f`: read, and never worked out."""
        self.at += 1
        self.deeper()
        self.take("_")
        end = self.behind_closing(self.at)
        self.take("{")
        name = self.bound_name()
        self.take(r"\to")
        tokens = self.tokens[self.at : end - 1]
        side = ""
        if len(tokens) > 2 and tokens[-2].text == "^" and tokens[-1].text in ("+", "-"):
            side, tokens = tokens[-1].text, tokens[:-2]
        if len(tokens) > 4 and tokens[-4].text == "^" and tokens[-2].text in ("+", "-"):
            side, tokens = tokens[-2].text, tokens[:-4]
        target = self.nested(tokens)
        self.at = end
        body = self.term()
        self.shallower()
        return node("lim", name, target, side, body)

    def integral(self) -> Node:
        r"""`\int_0^1 x^2\,dx`: read, and never worked out."""
        self.at += 1
        self.deeper()
        low = high = ("text", "")
        for _ in range(2):
            if self.op("_", "^"):
                lower = self.op("_")
                self.at += 1
                bound = self.argument()
                low, high = (bound, high) if lower else (low, bound)
        body, name = self.integrand()
        self.shallower()
        return node("int", name, low, high, body)

    def integrand(self) -> tuple[Node, str]:
        """The tokens up to the differential, and its variable."""
        start, depth = self.at, 0
        for place in range(start, len(self.tokens)):
            token, following = self.tokens[place], self.tokens[place + 1 : place + 2]
            depth += (token.text in ("(", "{", "[")) - (token.text in (")", "}", "]"))
            if depth < 0:
                break
            if depth == 0 and token.kind == "sym" and token.text == "d" and following:
                if following[0].kind == "sym":
                    self.at = place + 2
                    return self.body(self.tokens[start:place]), following[0].text
            if depth == 0 and token.kind == "word" and token.text[-2] == "d":
                self.at = place + 1
                before = [Token("sym", letter) for letter in token.text[:-2]]
                return self.body([*self.tokens[start:place], *before]), token.text[-1]
        raise symbolic("An integral without a differential behind it")

    def body(self, tokens: list[Token]) -> Node:
        """The sum under an integral; nothing at all is 1."""
        return self.nested(tokens) if tokens else _ONE

    # Derivatives

    def is_derivative(self) -> bool:
        r"""Whether the fraction here is `\frac{d}{dx}`, `\frac{dy}{dx}` or one with `\partial`."""
        above, below = self.ahead(1), self.ahead(2)
        if above.text != "{":
            return False
        end = self.behind_closing(self.at + 1)
        if end < 0 or end + 1 >= len(self.tokens) or self.tokens[end].text != "{":
            return False
        first, second = self.tokens[end + 1], self.tokens[end + 2 : end + 3]
        return _differential(below, None) and _differential(first, second[0] if second else None)

    def derivative(self) -> Node:
        """A derivative with what it is taken of, which is the product behind it if need be."""
        self.at += 1
        self.deeper()
        above, below = self.argument(), self.argument()
        alone = above[0] == "sym" or above[0] == "pow"
        operand = self.term() if alone else _ONE
        self.shallower()
        return node("deriv", above, below, operand)


def _differential(token: Token, following: Token | None) -> bool:
    if token.kind == "word":
        return token.text[0] == "d" and len(token.text) == 2
    if token.kind != "sym" or token.text not in _DIFFERENTIALS:
        return False
    return following is None or following.kind == "sym"
