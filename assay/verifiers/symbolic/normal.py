"""Exact normal forms: quotients of polynomials in names and in what algebra treats as a name.

Roots, powers with a variable exponent, logarithms and functions become generators, with the
relations that hold wherever they are defined (√a² = a, i² = -1, sin² = 1 - cos²). Two trees with
one normal form are equal wherever both have a value; two without need not differ, except where only
free names are left (`Form.is_rational`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from assay.verifiers.symbolic.arithmetic import NATURAL
from assay.verifiers.symbolic.evaluate import exact_value
from assay.verifiers.symbolic.forms import Algebra, Form, Opaque
from assay.verifiers.symbolic.polynomials import (
    ONE,
    Poly,
    TooLarge,
    added,
    common,
    constant,
    generator,
    leading,
    scaled,
    written,
)
from assay.verifiers.trees import Node, canonical, every

_PRIMES_BELOW = 2_000  # taken out of radicands and logarithms
_INDEX = 60
_TRIG = ("sin", "cos")


class Normaliser(Algebra):
    """Turns trees into forms; both sides of a comparison use one, so that generators agree.

    Attributes:
        log_base: of a logarithm without one.
        real_roots: odd roots of negative numbers are real.
    """

    def __init__(self, log_base: int = 10, *, real_roots: bool = True) -> None:
        super().__init__()
        self.log_base, self.real_roots = log_base, real_roots

    # Trees

    def of(self, node: Node) -> Form:
        """The normal form of a tree.

        Raises:
            Opaque: a part has no place in it, or divides by zero.
            TooLarge: it would grow beyond what is worked with.
        """
        self.budget.spend(1)
        step = _BY_KIND.get(node[0])
        return step(self, node) if step else self.atom(node)

    def atom(self, node: Node) -> Form:
        """A part that stands for itself, such as a limit: a generator under its own text."""
        if node[0] not in _ATOMS:
            raise Opaque
        if not any(part[0] in ("sym", "call") for part in every(node)):
            value = exact_value(node)
            if value is not None:
                return Form(constant(value), constant(1))
        return Form(generator(f"o{canonical(node)}"), constant(1))

    def symbol(self, node: Node) -> Form:
        """A name or constant as a generator."""
        name = node[1]
        if name == "e":
            return self.exponential(Form(constant(1), constant(1)))
        if name == "i":
            return Form(generator("i"), constant(1))
        return Form(generator("p" if name == "\\pi" else f"v{name}"), constant(1))

    def sum(self, node: Node) -> Form:
        """A sum of any number of terms."""
        total = self.of(node[1])
        for part in node[2:]:
            total = self.plus(total, self.of(part))
        return total

    def factors(self, node: Node) -> Form:
        """A product of any number of factors."""
        total = self.of(node[1])
        for part in node[2:]:
            total = self.product(total, self.of(part))
        return total

    def quotient(self, node: Node) -> Form:
        """A quotient."""
        above, below = self.of(node[1]), self.of(node[2])
        return self.product(above, self.form(below.below, below.above))

    def power(self, node: Node) -> Form:
        """A power, by what its exponent is."""
        exponent = self.of(node[2])
        if node[1] == ("sym", "e"):
            return self.exponential(exponent)
        base, number = self.of(node[1]), exponent.number
        if number is None:
            return self.general_power(base, exponent)
        if number.denominator == 1:
            if not base.above:
                if number <= 0:
                    raise Opaque
                return base
            return self.raised(base, number.numerator)
        return self.raised(self.root(base, number.denominator), number.numerator)

    def radical(self, node: Node) -> Form:
        """A root with its index."""
        index = self.of(node[1]).number
        if index is None or index.denominator != 1 or index < 2:
            raise Opaque
        return self.root(self.of(node[2]), index.numerator)

    # Roots and exponentials

    def root(self, radicand: Form, index: int) -> Form:
        """A root as a product of roots of primes and one of what is left."""
        if index > _INDEX:
            raise Opaque
        if not radicand.above:
            return radicand
        number, _ = common(radicand.above)
        below, _ = common(radicand.below)
        number /= below
        if set(radicand.above) == set(radicand.below) == {ONE}:
            return self.number_root(radicand.above[ONE] / radicand.below[ONE], index)
        rest = self.scaled(radicand, 1 / number)
        name = f"r{index}:{written(rest.above)}/{written(rest.below)}"
        if name not in self.reductions:
            if set(rest.below) != {ONE}:
                raise Opaque
            self.reductions[name] = (index, scaled(rest.above, 1 / rest.below[ONE]))
        return self.product(self.number_root(number, index), Form(generator(name), constant(1)))

    def number_root(self, value: Fraction, index: int) -> Form:
        """A root of a rational number."""
        sign = Form(constant(1), constant(1))
        if value < 0:
            if index == 2:
                sign = Form(generator("i"), constant(1))
            elif index % 2 and self.real_roots:
                sign = Form(constant(-1), constant(1))
            else:
                raise Opaque
        whole = abs(value.numerator) * value.denominator ** (index - 1)
        if whole.bit_length() > 2_000:
            raise TooLarge
        form = self.scaled(sign, Fraction(1, value.denominator))
        for prime, power in factored(whole).items():
            form = self.product(form, self.prime_power(prime, Fraction(power, index)))
        return form

    def prime_power(self, prime: int, exponent: Fraction) -> Form:
        """A prime to a rational power: its whole part worked out, the rest a generator's power."""
        whole = exponent.numerator // exponent.denominator
        rest = exponent - whole
        form = self.raised(Form(constant(prime), constant(1)), whole)
        if not rest:
            return form
        name = f"r{rest.denominator}:{prime}"
        self.reductions[name] = (rest.denominator, constant(prime))
        return self.product(form, Form(generator(name, rest.numerator), constant(1)))

    def exponential(self, exponent: Form) -> Form:
        """E to a form: one generator for each term of the exponent."""
        return self.term_powers("e", exponent)

    def general_power(self, base: Form, exponent: Form) -> Form:
        """A base to an exponent with names in it."""
        if set(base.above) == set(base.below) == {ONE}:
            number = base.above[ONE] / base.below[ONE]
            if number <= 0:
                raise Opaque
            form = Form(constant(1), constant(1))
            for part, sign in ((number.numerator, 1), (number.denominator, -1)):
                for prime, power in factored(part).items():
                    scale = Fraction(sign * power)
                    form = self.product(
                        form, self.term_powers(str(prime), self.scaled(exponent, scale))
                    )
            return form
        return self.term_powers(f"({written(base.above)})/({written(base.below)})", exponent, base)

    def term_powers(self, base: str, exponent: Form, value: Form | None = None) -> Form:
        """`base` to a sum is the product of its powers to the sum's terms."""
        if set(exponent.below) != {ONE}:
            raise Opaque
        total = Form(constant(1), constant(1))
        for monomial, coefficient in exponent.above.items():
            coefficient /= exponent.below[ONE]
            whole, share = coefficient.numerator, coefficient.denominator
            if monomial == ONE and base != "e":
                if value is None:
                    part = self.prime_power(int(base), coefficient)
                elif share == 1:
                    part = self.raised(value, whole)
                else:
                    raise Opaque
            else:
                part = Form(generator(f"x{base}^{monomial}/{share}"), constant(1))
                part = self.raised(part, whole)
            total = self.product(total, part)
        return total

    # Functions

    def function(self, node: Node) -> Form:
        """A function of one or more arguments."""
        name, arguments = node[1], node[2]
        if name == "log":
            value = self.logarithm(self.of(arguments[-1]))
            if len(arguments) == 2:
                return self.over(value, self.logarithm(self.of(arguments[0])))
            if self.log_base == NATURAL:
                return value
            return self.over(value, self.logarithm(Form(constant(self.log_base), constant(1))))
        if name == "ln":
            return self.logarithm(self.of(arguments[0]))
        if name == "exp":
            return self.exponential(self.of(arguments[0]))
        if name in _RATIOS:
            return _RATIOS[name](self, self.angle(arguments[0]))
        if name in ("gcd", "lcm", "max", "min", "mod", "sign", "det"):
            return self.atom(node)
        return self.odd_or_even(name, self.angle(arguments[0]))

    def angle(self, node: Node) -> Form:
        """An argument; degrees become radians."""
        if node[0] == "unit" and node[2] == "deg":
            half_turns = self.scaled(self.of(node[1]), Fraction(1, 180))
            return self.product(half_turns, Form(generator("p"), constant(1)))
        return self.of(node)

    def over(self, above: Form, below: Form) -> Form:
        """A quotient of forms."""
        return self.product(above, self.form(below.below, below.above))

    def logarithm(self, form: Form) -> Form:
        """Ln of a positive rational as a sum over primes; ln e^x for one term x; else itself."""
        number = form.number
        if number is not None:
            if number <= 0:
                raise Opaque
            total: Poly = {}
            for part, sign in ((number.numerator, 1), (number.denominator, -1)):
                for prime, power in factored(part).items():
                    total = added(total, scaled(generator(f"l{prime}"), Fraction(sign * power)))
            return Form(total, constant(1))
        euler = "xe^()/1"
        if form.above == {((euler, 1),): Fraction(1)} and form.below == constant(1):
            return Form(constant(1), constant(1))
        return self.named("ln", form)

    def named(self, name: str, argument: Form) -> Form:
        """A function's value as a generator."""
        key = f"f{name}:{written(argument.above)}/{written(argument.below)}"
        if name == "sin":
            cosine = f"fcos{key[4:]}"
            square = added(constant(1), scaled(generator(cosine, 2), Fraction(-1)))
            self.reductions[key] = (2, square)
        return Form(generator(key), constant(1))

    def odd_or_even(self, name: str, argument: Form) -> Form:
        """A function whose argument's sign can be taken out, where it is one."""
        flipped = leading(argument.above) < 0
        if flipped and name in _ODD:
            return self.scaled(
                self.odd_or_even(name, self.scaled(argument, Fraction(-1))), Fraction(-1)
            )
        if flipped and name in _EVEN:
            argument = self.scaled(argument, Fraction(-1))
        if not argument.above and name in _AT_ZERO:
            return Form(constant(_AT_ZERO[name]), constant(1))
        return self.named(name, argument)

    def hyperbolic(self, argument: Form, sign: int) -> Form:
        """Half of e^x + e^-x, or of their difference."""
        up = self.exponential(argument)
        down = self.exponential(self.scaled(argument, Fraction(-1)))
        return self.scaled(self.plus(up, self.scaled(down, Fraction(sign))), Fraction(1, 2))

    def absolute(self, node: Node) -> Form:
        """An absolute value, up to the sign of what is inside."""
        inner = self.of(node[1])
        number = inner.number
        if number is not None:
            return Form(constant(abs(number)), constant(1))
        if leading(inner.above) < 0:
            inner = self.scaled(inner, Fraction(-1))
        return self.named("abs", inner)


def factored(number: int) -> dict[int, int]:
    """Prime factors below a bound with their powers; what is left counts as one factor."""
    out: dict[int, int] = {}
    candidate = 2
    while candidate < _PRIMES_BELOW and candidate * candidate <= number:
        while number % candidate == 0:
            out[candidate] = out.get(candidate, 0) + 1
            number //= candidate
        candidate += 1 if candidate == 2 else 2
    if number > 1:
        out[number] = out.get(number, 0) + 1
    return out


_ATOMS = frozenset("sum prod lim int deriv floor ceil fact dfact binom fn call dots based".split())
_ODD = frozenset("sin arcsin arctan arcsinh arctanh".split())
_EVEN = frozenset({"cos"})
_AT_ZERO = {"sin": 0, "cos": 1, "arcsin": 0, "arctan": 0, "arcsinh": 0, "arctanh": 0}
_RATIOS: Mapping[str, Callable[[Normaliser, Form], Form]] = {
    "tan": lambda n, x: n.over(n.odd_or_even("sin", x), n.odd_or_even("cos", x)),
    "cot": lambda n, x: n.over(n.odd_or_even("cos", x), n.odd_or_even("sin", x)),
    "sec": lambda n, x: n.over(Form(constant(1), constant(1)), n.odd_or_even("cos", x)),
    "csc": lambda n, x: n.over(Form(constant(1), constant(1)), n.odd_or_even("sin", x)),
    "sinh": lambda n, x: n.hyperbolic(x, -1),
    "cosh": lambda n, x: n.hyperbolic(x, 1),
    "tanh": lambda n, x: n.over(n.hyperbolic(x, -1), n.hyperbolic(x, 1)),
    "coth": lambda n, x: n.over(n.hyperbolic(x, 1), n.hyperbolic(x, -1)),
    "sech": lambda n, x: n.over(Form(constant(1), constant(1)), n.hyperbolic(x, 1)),
    "csch": lambda n, x: n.over(Form(constant(1), constant(1)), n.hyperbolic(x, -1)),
}
_BY_KIND: Mapping[str, Callable[[Normaliser, Node], Form]] = {
    "num": lambda n, node: Form(constant(node[1]), constant(1)),
    "sym": Normaliser.symbol,
    "add": Normaliser.sum,
    "mul": Normaliser.factors,
    "neg": lambda n, node: n.scaled(n.of(node[1]), Fraction(-1)),
    "div": Normaliser.quotient,
    "pow": Normaliser.power,
    "sqrt": Normaliser.radical,
    "pct": lambda n, node: n.scaled(n.of(node[1]), Fraction(1, 100)),
    "abs": Normaliser.absolute,
    "fn": Normaliser.function,
}
