"""The worker lane of `MathVerifier`: the comparison table of `verifiers.md` §6.2, row by row."""

from fractions import Fraction
from typing import Any

import pytest

from assay.core.types import Verdict
from assay.verifiers import MathVerifier, Tolerance

MATH = MathVerifier()


def judged(gold: str, answer: str, **settings: Any) -> Verdict:
    return MathVerifier(**settings).verify(f"\\boxed{{{answer}}}", gold)


NUMBERS = [
    # roots, powers, functions: algebra
    (r"4\sqrt{5}", r"\sqrt{80}"),
    (r"\sqrt{3+2\sqrt2}", r"1+\sqrt{2}"),
    ("1", r"\sqrt[3]{2+\sqrt5}+\sqrt[3]{2-\sqrt5}"),
    ("0", r"\sqrt{3+2\sqrt2}-1-\sqrt2"),
    (r"\frac{\sqrt6-\sqrt2}{4}", r"\sin 15^\circ"),
    (r"\frac{1+\sqrt5}{4}", r"\cos\frac{\pi}{5}"),
    (r"\frac12", r"\cos\frac{\pi}{7}-\cos\frac{2\pi}{7}+\cos\frac{3\pi}{7}"),
    (r"\sqrt2-1", r"|1-\sqrt2|"),
    (r"\frac{\sqrt3}{3}", r"\tan 30^{\circ}"),
    ("0", r"\cos\frac{\pi}{2}"),
    ("-1", r"\tan 135^\circ"),
    (r"-\frac12", r"\sin\left(-\frac{\pi}{6}\right)"),
    (r"-\frac12", r"\cos\frac{8\pi}{3}"),
    (r"2\sqrt[3]{2}", r"\sqrt[3]{16}"),
    (r"2\sqrt[3]{2}", r"16^{1/3}"),
    ("-2", r"\sqrt[3]{-8}"),
    (r"\frac{\sqrt2}{2}", r"2^{-\frac12}"),
    # logarithms and other functions
    (r"3\ln 2", r"\ln 8"),
    ("3", r"\log_2 8"),
    (r"\ln 6", r"\ln 2+\ln 3"),
    (r"\log_{10} 2", r"\frac{\ln 2}{\ln 10}"),
    (r"\log 8", r"3\log 2"),
    (r"\frac{\pi}{4}", r"\arctan 1"),
    (r"\frac{\pi}{4}", r"\tan^{-1}(1)"),
    ("5", r"e^{\ln 5}"),
    ("0", r"\arctan 1-\frac{\pi}{4}"),
    (r"\sinh 1", r"\frac{e-e^{-1}}{2}"),
    (r"\frac{1}{2}\ln 3", r"\operatorname{arctanh}\left(\frac12\right)"),
    # whole numbers
    ("10", r"\binom{5}{2}"),
    ("10", r"{5 \choose 3}"),
    ("6", r"\gcd(12,18)"),
    ("36", r"\operatorname{lcm}(12,18)"),
    ("2", r"17 \bmod 5"),
    ("3", r"\lfloor \pi \rfloor"),
    ("4", r"\left\lceil \pi \right\rceil"),
    ("385", r"\sum_{k=1}^{10} k^2"),
    ("120", r"\prod_{k=1}^{5} k"),
    ("15", "5!!"),
    ("-2", r"\begin{vmatrix}1&2\\3&4\end{vmatrix}"),
    # complex numbers
    ("1+7i", "(2+i)(1+i)+4i"),
    ("2i", r"\sqrt{-4}"),
    ("-1", "e^{i\\pi}"),
    ("i", r"\frac{1+i}{1-i}"),
    ("-i", "i^3"),
    # as it is written
    (r"\pi", "pi"),
    (r"\sqrt{2}/2", "sqrt(2)/2"),
    (r"\frac13", r"0.\overline{3}"),
    (r"\frac{1}{6}", r"0.1\overline{6}"),
    (r"3\sqrt2", r"3\times\sqrt2"),
    (r"x=\sqrt2", r"\sqrt2"),
    (r"\sqrt2", r"x=\frac{2}{\sqrt2}=\sqrt2"),
    (r"\frac12", r"\int_0^1 x\,dx = \frac12"),
    (r"\sqrt{2}", r"\left|AB\right| = \sqrt 2"),
    (r"\frac{\pi}{3}", r"m\angle ABC = \frac{\pi}{3}"),
    # decimals of irrational numbers
    (r"\sqrt2", "1.414213"),
    (r"\sqrt2", "1.414214"),
    (r"-\pi", "-3.14159"),
    (r"\pi", r"x = 3.141592654"),
    ("e", "2.71828"),
    ("e", r"\exp(1)"),
    ("i", r"\sqrt{-1}"),
]
NOT_NUMBERS = [
    (r"\sqrt2", "1.41421 4"),
    (r"\sqrt2", "1.41423"),
    (r"\sqrt2", "1.4142"),
    (r"\sqrt2", "1.414215"),
    (r"\pi", "3.14160"),
    (r"\pi", r"\frac{355}{113}"),
    (r"1000\sqrt2", "1414"),
    (r"-\pi", "3.14159"),
    (r"\pi", "3.14159265358979323846264338327950288419716939937510583"),
    (r"e^{\pi}-\pi", "20"),
    ("262537412640768744", r"e^{\pi\sqrt{163}}"),
    ("10^{250}", r"\sqrt{10^{500}+1}"),
    (r"\sqrt2", r"\sqrt2+10^{-190}"),
    ("1", r"1+e^{-1000}"),
    ("1", r"\tanh 500"),
    ("1", r"\cos(10^{-250})"),
    ("1", r"\tan 90^\circ"),
    ("0", r"e^{-5000}"),
    ("0", r"\sin(10^{-300})"),
    (r"\sqrt2", r"-\sqrt2"),
    (r"\sqrt2", r"\sqrt3"),
    (r"\sqrt2", r"\frac{1}{\sqrt2}"),
    (r"\ln 2", r"\log_{10} 2"),
    (r"\log 2", r"\ln 2"),
    ("2", r"\log 100"),
    (r"\sin 30^\circ", r"\sin 30"),
    ("1+7i", "1-7i"),
    ("2i", "2"),
    (r"\sqrt2", r"\sqrt2 x"),
    (r"\sqrt2", r"\sqrt2, \sqrt3"),
    (r"\sqrt2", r"\{\sqrt2\}"),
    (r"\sqrt2", r"x > \sqrt2"),
    (r"\sqrt2", r"\sqrt2=\sqrt3"),
    (r"\sqrt2", r"\sqrt3=\sqrt2"),
    (r"\sqrt2", r"x^2=2"),
    (r"\sqrt2", r"\sqrt2 \text{ or } -\sqrt2"),
    ("385", r"\sum_{k=1}^{10} k^3"),
    ("7", r"\int_0^7 1\,dx"),
    ("5", r"\frac{5(\sqrt2\sqrt3-\sqrt6)}{\sqrt2\sqrt3-\sqrt6}"),
    ("7", r"\ln 0"),
    (r"\frac{\pi}{2}", r"\arcsin 2"),
]


@pytest.mark.parametrize(("gold", "answer"), NUMBERS)
def test_closed_numbers_that_are_equal(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("gold", "answer"), NOT_NUMBERS)
def test_closed_numbers_that_are_not(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert not verdict.passed and not verdict.is_error, verdict


EXPRESSIONS = [
    ("6x^2+5x-4", "(2x-1)(3x+4)"),
    ("x+1", r"\frac{x^2-1}{x-1}"),
    (r"\frac{1}{x}+\frac{1}{y}", r"\frac{x+y}{xy}"),
    ("(x+y)^2", "x^2+2xy+y^2"),
    ("(x+iy)^2", "x^2-y^2+2ixy"),
    (r"\sqrt2 x", r"\frac{2x}{\sqrt2}"),
    (r"\pi r^2", r"r\cdot r\pi"),
    (r"|x|", r"\sqrt{x^2}"),
    (r"\sin 2x", r"2\sin x\cos x"),
    (r"\cos^2 x-\sin^2 x", r"\cos 2x"),
    (r"\tan x", r"\frac{\sin x}{\cos x}"),
    (r"e^{2x}", "(e^x)^2"),
    ("2^{n+1}-2", "2(2^n-1)"),
    (r"\frac{n(n+1)}{2}", r"\binom{n+1}{2}"),
    ("n!", r"n\cdot(n-1)!"),
    (r"\log_2 x", r"\frac{\ln x}{\ln 2}"),
    (r"2\ln x", r"\ln(x^2)"),
    (r"\sqrt{x^2+1}+x", r"\frac{1}{\sqrt{x^2+1}-x}"),
    (r"x^{1/3}", r"\sqrt[3]{x}"),
    (r"a_1 a_2", r"a_2 a_1"),
    (r"\frac{3}{2}AB", r"1.5\,AB"),
    (r"2\theta+1", r"1+\theta+\theta"),
    ("y=3x-2", "3x-2"),
    ("3x-2", "y=3x-2"),
    ("y=3x-2", "3x-2=y"),
    ("f(x)=2x", "f(t)=2t"),
    ("f(x)=2x", "2x"),
    ("f(x)=x^2-1", "f(x)=(x-1)(x+1)"),
    ("P(x)=x^2-1", "P(x)=(x-1)(x+1)"),
    ("(x+1)^2", "(x+1)^2=x^2+2x+1"),
    (r"\frac{x^2}{2}+C", r"C+\frac12 x^2"),
    (r"\frac{dy}{dx}", r"\dfrac{dy}{dx}"),
    (r"2\int_0^1 f(x)\,dx", r"\int_0^1 f(t)\,dt+\int_0^1 f(x)\,dx"),
    (r"\sum_{k=1}^{n} a_k", r"\sum_{j=1}^{n} a_j"),
    (r"x\cdot\lfloor x\rfloor", r"\lfloor x\rfloor x"),
]
NOT_EXPRESSIONS = [
    ("6x^2+5x-4", "6x^2+5x+4"),
    ("x", r"\sqrt{x^2}"),
    ("x", r"(\sqrt{x})^2"),
    ("x", r"e^{\ln x}"),
    ("x+10^9", r"|x+10^9|"),
    ("x+1000", r"\sqrt{(x+1000)^2}"),
    ("x", r"x+10^{-70}\sin x"),
    ("x", r"x+\lfloor 10^{-40}x^2\rfloor"),
    ("2x", "2y"),
    ("2x", "2"),
    ("x", "x+y-y"),
    ("2x", "x=2x"),
    (r"\pi r^2", "3.14159r^2"),
    (r"\ln(x^2)", r"2\ln x"),
    ("f(x)=2x", "f(x)=3x"),
    ("f(x)=2x", "g(x)=2x"),
    ("f(x)=2x", "f(t)=2x"),
    ("y=3x-2", "x=3x-2"),
    ("y=3x-2", "3y-2"),
    ("3x-2", "3x-2=0"),
    (r"\frac{dy}{dx}", r"\frac{y}{x}"),
    (r"\frac{y}{x}", r"\frac{dy}{dx}"),
    (r"\int_0^1 f(x)\,dx", r"\int_0^2 f(x)\,dx"),
    (r"\int f(x)\,dx", r"\int f(t)\,dt"),
    ("2x+1", "2x+1, 3"),
    ("ab", "AB"),
    (r"\sin x", r"\sin(x+10^{-30})"),
    (r"\frac{1}{2x}", "1/2x"),
]


@pytest.mark.parametrize(("gold", "answer"), EXPRESSIONS)
def test_expressions_that_are_equal(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("gold", "answer"), NOT_EXPRESSIONS)
def test_expressions_that_are_not(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert not verdict.passed and not verdict.is_error, verdict


RELATIONS = [
    ("y=3x-2", "3x-y=2"),
    ("y=3x-2", "x=\\frac{y+2}{3}"),
    ("x^2+y^2=1", "1=y^2+x^2"),
    ("x^2+y^2=1", "2x^2+2y^2-2=0"),
    (r"\frac{x}{2}+\frac{y}{3}=1", "3x+2y=6"),
    ("y=\\frac1x", "xy=1"),
    ("\\sqrt2 x+y=0", "2x+\\sqrt2 y=0"),
    ("a+3z=0", "3z=-a"),
    ("x>6", "6<x"),
    ("x>6", "(6,\\infty)"),
    ("x>6", "2x>12"),
    ("x>6", "-x<-6"),
    ("x>2", "2x+1>5"),
    (r"x\ge\sqrt8", r"x\in[2\sqrt2,\infty)"),
    ("0<x<1", "1>x>0"),
    ("0<x<1", "x>0 \\text{ and } x<1"),
    ("x<1 \\text{ or } x>3", "(-\\infty,1)\\cup(3,\\infty)"),
    ("x\\ne 2", "(-\\infty,2)\\cup(2,\\infty)"),
    ("x+y<2", "2>y+x"),
    ("x+y<2", "-2x-2y>-4"),
    ("a<b<c", "c>b>a"),
    ("[0,4)\\cup(6,\\infty)", "x\\in(6,\\infty)\\cup[0,4)"),
    ("[0,4)", "0\\le x<4"),
    ("[0,4]", "0\\le x\\le 4"),
    ("(-\\infty,0)\\cup(0,\\infty)", "\\mathbb{R}\\setminus\\{0\\}"),
    ("(-\\infty,0)\\cup(0,\\infty)", "(-\\infty,0) U (0,\\infty)"),
    ("(-\\infty,0)\\cup(0,\\infty)", "\\{x \\mid x\\ne 0\\}"),
    ("[2,\\infty)", "\\{x\\in\\mathbb{R} : x\\ge 2\\}"),
    ("(0,2]\\cup[2,3)", "(0,3)"),
    ("[1,2]", "[0,2]\\cap[1,5]"),
    ("\\mathbb{R}", "(-\\infty,\\infty)"),
    ("\\{1,2\\}", "\\{1\\}\\cup\\{2\\}"),
    ("\\emptyset", "\\{\\}"),
    ("x\\equiv 3\\pmod 7", "x\\equiv 10\\pmod{7}"),
]
NOT_RELATIONS = [
    ("y=3x-2", "y=3x+2"),
    ("y=3x-2", "z=3x-2"),
    ("x^2+3=0", "x^2+5=0"),
    ("x^2+3=0", "1=2"),
    ("x^2=4", "x=2"),
    ("x^2=4", "(x^2-4)(x^2+1)=0"),
    ("xy=x", "y=1"),
    ("y=1", "xy=x"),
    ("x+y=1", "(\\sqrt{3+2\\sqrt2}-1-\\sqrt2)(x^2+y)=0"),
    ("x=6", "2x=12"),
    ("x=6", "3x-1=17"),
    ("x+y=1", "0=0"),
    ("x+y=1", "x+y"),
    ("a+3z=0", "0"),
    ("x>6", "x\\ge 6"),
    ("x>6", "x<6"),
    ("x>6", "y>6"),
    ("x>6", "-x>-6"),
    ("x>6", "6"),
    ("x>6", "[6,\\infty)"),
    ("x>2", "x^2>4"),
    ("x+y<2", "x+y\\le 2"),
    ("x+y<2", "x+y=2"),
    ("a<b<c", "a<c<b"),
    ("[0,4)", "[0,4]"),
    ("[0,4)", "0\\le x\\le 4"),
    ("[0,4)", "0,4"),
    ("(1,2)", "1<x<2"),
    ("[0,4)\\cup(6,\\infty)", "[0,4)"),
    ("[0,4)\\cup(6,\\infty)", "[0,4)\\cap(6,\\infty)"),
    ("(0,1)\\cap(2,3)", "(4,5)\\cap(6,7)"),
    ("\\emptyset", "(1,2)\\cap(3,4)"),
    ("(0,2)\\cup(2,3)", "(0,3)"),
    ("\\mathbb{R}", "\\mathbb{Q}"),
    ("x\\equiv 3\\pmod 7", "x\\equiv 4\\pmod 7"),
    ("x\\equiv 3\\pmod 7", "x\\equiv 3\\pmod 8"),
    ("x\\equiv 3\\pmod 7", "3"),
]


@pytest.mark.parametrize(("gold", "answer"), RELATIONS)
def test_relations_and_sets_of_numbers_that_are_equal(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("gold", "answer"), NOT_RELATIONS)
def test_relations_and_sets_of_numbers_that_are_not(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert not verdict.passed and not verdict.is_error, verdict


COLLECTIONS = [
    (r"5\pm\sqrt{2}", r"5-\sqrt2,\;5+\sqrt2"),
    (r"5-\sqrt2, 5+\sqrt2", r"5\pm\sqrt2"),
    (r"\frac{-1\pm\sqrt5}{2}", r"\frac{\sqrt5-1}{2}, \frac{-1-\sqrt5}{2}"),
    (r"\{-2,-1,1,2\}", r"\{\pm 1,\pm 2\}"),
    (r"x=\pm\sqrt2", r"\{\sqrt2,-\sqrt2\}"),
    (r"\{\sqrt8,\pi\}", r"\{\pi,2\sqrt2\}"),
    (r"\{\sqrt8,\pi\}", r"x\in\{\pi,2\sqrt2\}"),
    (r"\{x,2x\}", r"2x, x"),
    (r"(\sqrt8,\pi)", r"(2\sqrt2,\pi)"),
    (r"(\sqrt8,\pi)", r"(x,y)=(2\sqrt2,\pi)"),
    (r"(\sqrt8,\pi)", r"\langle 2\sqrt2,\pi\rangle"),
    (r"\{(1,\sqrt4),(0,\pi)\}", r"(0,\pi), (1,2)"),
    (r"\begin{pmatrix}2&0\\1&\frac32\end{pmatrix}", r"\begin{bmatrix}2&0\\1&1.5\end{bmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\frac12\begin{bmatrix}2\\4\end{bmatrix}"),
    (
        r"\begin{pmatrix}19&22\\43&50\end{pmatrix}",
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}5&6\\7&8\end{pmatrix}",
    ),
    ("3:4", "6:8"),
    ("3:4", r"\frac{3}{4}"),
    ("1:2:3", "2:4:6"),
    (r"\sqrt2:1", r"2:\sqrt2"),
    ("3:45", "3:45"),
    (r"3:05\text{ p.m.}", r"3:05 \text{ pm}"),
    (r"7:30\text{ a.m.}", "7:30 a.m."),
    (r"84\text{ km/h}", "84 kph"),
    ("1A_{16}", "1A_{16}"),
    (r"50\sqrt2\%", r"\frac{\sqrt2}{2}"),
    (r"8\sqrt2\text{ cm}", r"\sqrt{128}\text{ centimetres}"),
    (r"8\sqrt2\text{ cm}", r"\sqrt{128}"),
    (r"\sqrt2", r"\sqrt2 \text{ cm}"),
    (r"36\text{ m}^2", "36 m^2"),
    (r"5\text{ m/s}", "5 m/s"),
    (r"30^\circ", "30"),
    ("1,2,\\ldots,10", "1, 2, \\dots, 10"),
]
NOT_COLLECTIONS = [
    (r"5\pm\sqrt{2}", r"5+\sqrt2"),
    (r"5\pm\sqrt{2}", r"5\pm\sqrt3"),
    (r"5\pm\sqrt{2}", r"5+\sqrt2, 5+\sqrt2"),
    (r"\{-2,-1,1,2\}", r"\{\pm 1,2\}"),
    (r"\{\sqrt8,\pi\}", r"\{\pi,2\sqrt2,1\}"),
    (r"\{\sqrt8,\pi\}", r"\{\pi\}"),
    (r"\{\sqrt8,\sqrt8,\pi\}", r"\{\pi,\pi,\sqrt8\}"),
    (r"\{\sqrt8,\pi\}", r"(\sqrt8,\pi)"),
    (r"(\sqrt8,\pi)", r"(\pi,\sqrt8)"),
    (r"(\sqrt8,\pi)", r"[\sqrt8,\pi]"),
    (r"(\sqrt8,\pi)", r"(\sqrt8,\pi,0)"),
    (r"(1,2),(3,4)", r"(1,2)"),
    (r"\begin{pmatrix}2&0\\1&1\end{pmatrix}", r"\begin{pmatrix}2&1\\0&1\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"\begin{pmatrix}1&2\end{pmatrix}"),
    (r"\begin{pmatrix}1\\2\end{pmatrix}", r"(1,2)"),
    (
        r"\begin{pmatrix}1&2\\3&4\end{pmatrix}\begin{pmatrix}5&6\\7&8\end{pmatrix}",
        r"\begin{pmatrix}5&6\\7&8\end{pmatrix}\begin{pmatrix}1&2\\3&4\end{pmatrix}",
    ),
    ("3:4", "4:3"),
    ("3:4", r"\frac43"),
    ("3:4", "0:0"),
    ("0:0", "3:4"),
    ("0:5:7", "0:1:1"),
    ("1:2:3", "1:2"),
    ("3:45", "1:15"),
    ("3:45", r"\frac{1}{15}"),
    (r"3:05\text{ p.m.}", r"3:05 \text{ am}"),
    ("1A_{16}", "1B_{16}"),
    ("1A_{16}", "26"),
    (r"50\sqrt2\%", r"5\sqrt2\%"),
    (r"50\sqrt2", r"50\sqrt2\%"),
    (r"8\sqrt2\text{ cm}", r"8\sqrt2\text{ mm}"),
    (r"36\text{ m}^2", "36 m^3"),
    (r"36\text{ m}^2", "36 x^2"),
    (r"30^\circ", r"\frac{\pi}{6}"),
    ("1,2,\\ldots,10", "1,2,3,10"),
    ("1,2,3,10", "1,2,\\ldots,10"),
]


@pytest.mark.parametrize(("gold", "answer"), COLLECTIONS)
def test_collections_and_quantities_that_are_equal(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert verdict.passed, verdict


@pytest.mark.parametrize(("gold", "answer"), NOT_COLLECTIONS)
def test_collections_and_quantities_that_are_not(gold: str, answer: str):
    verdict = judged(gold, answer)
    assert not verdict.passed and not verdict.is_error, verdict


@pytest.mark.parametrize(
    ("gold", "answer", "settings", "passed"),
    [
        (r"(1,2)", "1<x<2", {"answer_type": "interval"}, True),
        (r"(1,2)", "[1,2]", {"answer_type": "interval"}, False),
        (r"\begin{pmatrix}1\\2\end{pmatrix}", "(1,2)", {"answer_type": "vector"}, True),
        ("(1,2)", r"\begin{pmatrix}1\\2\end{pmatrix}", {"answer_type": "vector"}, True),
        ("(1,2)", r"\begin{pmatrix}2\\1\end{pmatrix}", {"answer_type": "vector"}, False),
        ("(1,2)", "[1,2]", {"answer_type": "vector"}, True),
        ("3:45", "1:15", {"answer_type": "ratio"}, True),
        ("3:45", "1:15", {"answer_type": "time"}, False),
        ("3:45", "03:45", {"answer_type": "time"}, True),
        (r"2\text{ m}", r"200\text{ cm}", {"units": "convert"}, True),
        (r"2\sqrt2\text{ m}", r"\sqrt{80000}\text{ cm}", {"units": "convert"}, True),
        (r"2\text{ m}", r"200\text{ mm}", {"units": "convert"}, False),
        (r"2\text{ m}", r"2\text{ kg}", {"units": "convert"}, False),
        (r"2\text{ m}", r"2", {"units": "convert"}, False),
        (r"36\text{ km/h}", r"10\text{ m/s}", {"units": "convert"}, True),
        (r"1\text{ m}^2", r"10000\text{ cm}^2", {"units": "convert"}, True),
        (r"180^\circ", r"\pi\text{ rad}", {"units": "convert"}, True),
        (r"\sqrt2", "1.41", {"decimals": Tolerance(abs=Fraction(1, 100))}, True),
        (r"\sqrt2", "1.43", {"decimals": Tolerance(abs=Fraction(1, 100))}, False),
        (r"100\sqrt2", "141", {"decimals": Tolerance(rel=Fraction(1, 100))}, True),
        (r"\sqrt2", "1.414214", {"decimals": "exact"}, False),
        (r"\frac{1+\sqrt3 i}{2}", r"(-1)^{1/3}", {"domain": "complex"}, True),
        (r"\frac{1+\sqrt3 i}{2}", r"(-1)^{1/3}", {}, False),
        ("x", r"\sqrt{x^2}", {"domain": "complex"}, False),
        ("x", r"(\sqrt{x})^2", {"domain": "complex"}, True),
        ("-2", r"\sqrt[3]{-8}", {"domain": "complex"}, False),
        (r"1+\sqrt3 i", r"\sqrt[3]{-8}", {"domain": "complex"}, True),
        ("1.5", "1,5", {"decimal_comma": True}, True),
        ("1.5", "1,5", {}, False),
        (r"\sqrt2", r"\sqrt2\text{ m}", {"answer_type": "number"}, True),
        ("x^2+3=0", "3+x^2=0", {"answer_type": "equation"}, True),
    ],
)
def test_settings(gold: str, answer: str, settings: dict[str, Any], passed: bool):
    verdict = judged(gold, answer, **settings)
    assert verdict.passed is passed and not verdict.is_error, verdict


@pytest.mark.parametrize(
    ("gold", "answer_type"),
    [
        (r"\sqrt2", "tuple"), ("(1,2)", "number"), ("x>1", "equation"), ("x=1", "inequality"),
        ("2x", "number"), ("2x", "matrix"), (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", "vector"),
        ("1:2", "time"), ("101_2", "number"), (r"\{1,2\}", "interval"), ("3", "expression2"),
    ],
)  # fmt: skip
def test_a_reference_of_another_type_is_the_tasks_fault(gold: str, answer_type: str):
    if answer_type == "expression2":
        with pytest.raises(ValueError, match="expression2"):
            MathVerifier(answer_type=answer_type)  # pyright: ignore
        return
    assert judged(gold, "1", answer_type=answer_type).status == "task_error"


@pytest.mark.parametrize("gold", [r"\frac{1}{\sqrt2-\sqrt2}", r"\ln 0", r"\sqrt2+\arcsin 2"])
def test_a_reference_without_a_value_is_the_tasks_fault(gold: str):
    assert judged(gold, r"\sqrt2").status == "task_error"


@pytest.mark.parametrize(
    ("gold", "answer", "method", "certainty"),
    [
        (r"\sqrt8", r"2\sqrt2", "algebraic", "exact"),
        ("-1", r"e^{i\pi}", "interval_arithmetic", "numeric"),
        ("(x+1)^2", "x^2+2x+1", "rational_function", "exact"),
        (r"\sin 2x", r"2\sin x\cos x", "points", "numeric"),
        (r"\sqrt2", "1.414214", "rounding", "exact"),
        ("y=3x-2", "3x-y=2", "multiple", "exact"),
    ],
)
def test_the_verdict_says_how_it_was_decided(gold: str, answer: str, method: str, certainty: str):
    verdict = judged(gold, answer)
    assert (verdict.method, verdict.certainty) == (method, certainty)
    assert verdict.isolation == "worker"
    assert verdict.canonical and verdict.expected_canonical
    assert verdict.verifier == MATH.label


@pytest.mark.parametrize(
    "answer", ["84", r"\frac{168}{2}", "83", r"\{84\}", "x=84", "84x", r"x>84", r"[1,2)", "2:3"]
)
def test_ordinary_answers_ask_no_worker(answer: str):
    verdict = judged("84", answer)
    assert verdict.isolation == "in_process" or answer == "2:3"
