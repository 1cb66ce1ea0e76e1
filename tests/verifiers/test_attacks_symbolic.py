"""The attacks of `verifiers.md` §16 on answers that only the worker lane decides."""

import time
from pathlib import Path

import pytest

from assay.core.types import Limits, Problem, Verdict
from assay.verifiers import MathVerifier

MATH = MathVerifier()
HALF_A_SECOND = 0.5


def judged(gold: str, answer: str, question: str = "") -> Verdict:
    task = Problem(prompt=question, reference=gold)
    verdict = MATH.verify(f"\\boxed{{{answer}}}", task)
    assert not verdict.is_error, verdict
    return verdict


def refused(gold: str, answer: str, question: str = "") -> Verdict:
    verdict = judged(gold, answer, question)
    assert not verdict.passed, (gold, answer, verdict)
    return verdict


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\sqrt2", r"\sqrt2, \sqrt3"),
        (r"\sqrt2", r"\{\sqrt2,\sqrt3\}"),
        (r"\sqrt2", r"\sqrt2 \text{ or } \sqrt3"),
        (r"\sqrt2", r"\pm\sqrt2"),
        (r"\sqrt2", r"[1,\sqrt2]"),
        (r"\sqrt2", r"1<x<2"),
        (r"\sqrt2", r"\sqrt2 \text{ and } \sqrt3"),
        (r"\sqrt2", r"(\sqrt2,\sqrt2)"),
        (r"x=\sqrt2", r"x=\sqrt2, x=\sqrt3"),
        ("2x", "2x, 3x"),
        ("2x", r"2x \text{ or } 3x"),
        ("2x", r"\{2x\}"),
        ("y=2x", "y=2x, y=3x"),
        ("x>6", r"x>6 \text{ or } x<0"),
        ("x>6", "x>6, x>7"),
        ("[0,4)", r"[0,4), [0,5)"),
        (r"\{1,\sqrt2\}", r"\{1,\sqrt2\}, \{1\}"),
        (r"\{1,\sqrt2\}", r"\{1,\sqrt2,\sqrt3\}"),
        (r"5\pm\sqrt2", r"5\pm\sqrt2, 5"),
        (r"5+\sqrt2", r"5\pm\sqrt2"),
    ],
)
def test_a01_several_answers(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    "answer",
    [
        "x",
        "x=x",
        "",
        r"\mathbb{R}",
        r"(-\infty,\infty)",
        r"x\in\mathbb{R}",
        r"\{x \mid x\in\mathbb{R}\}",
        r"\emptyset",
        r"\text{any number}",
        "?",
        r"\ldots",
        "f(x)",
        "y=y",
        "0=0",
        r"x\ne 0",
        "C",
        r"\int f(x)\,dx",
        r"\lim_{x\to 0} x",
    ],
)
@pytest.mark.parametrize("gold", [r"\sqrt2", "2x+1", "y=3x-2", r"[0,4)\cup(6,\infty)", "x^2+y^2=1"])
def test_a02_vacuous_answers(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\sqrt2", r"\ne\sqrt2"),
        (r"\sqrt2", r"\text{not }\sqrt2"),
        (r"\sqrt2", r"\sqrt2\ne\sqrt2"),
        (r"\sqrt2", r"\sqrt2=\sqrt3"),
        (r"\sqrt2", r"\sqrt3=\sqrt2"),
        (r"\sqrt2", r"x\ne\sqrt2"),
        ("2x", r"\text{never } 2x"),
        ("2x", r"y\ne 2x"),
        ("y=2x", r"y\ne 2x"),
        (r"[0,4)", r"x\notin[0,4)"),
        (r"[0,4)", r"\text{not }[0,4)"),
        ("x>6", r"\neg(x>6)"),
        (r"\frac{\pi}{3}", r"\frac{\pi}{3}\text{ is wrong}"),
    ],
)
def test_a03_negated_or_contradictory(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    "response",
    [
        r"\boxed{\sqrt2} at first; after checking, \boxed{\sqrt3}.",
        r"The answer is $\sqrt2$. The answer is $\sqrt3$.",
        "#### \\sqrt2\n#### \\sqrt3",
        r"<think>\boxed{\sqrt2}</think>\boxed{\sqrt3}",
        r"\boxed{\sqrt3} (footnote: #### \sqrt2)",
        r"\boxed{\sqrt2}? No, \boxed{\sqrt3}",
    ],
)
def test_a04_another_final_answer(response: str):
    assert not MATH.verify(response, r"\sqrt2").passed


@pytest.mark.parametrize(
    ("question", "gold", "answer"),
    [
        (r"Simplify $\sqrt{8}+\sqrt{18}$.", r"5\sqrt2", r"\sqrt{8}+\sqrt{18}"),
        (r"Simplify $\sqrt{8}+\sqrt{18}$.", r"5\sqrt2", r"\sqrt{18} + \sqrt8"),
        (r"Expand $(x+1)(x+2)$.", "x^2+3x+2", "(x+2)(x+1)"),
        (r"Factor $x^2+3x+2$.", "(x+1)(x+2)", "x^2+3x+2"),
        (r"Solve $x^2-x-1=0$.", r"\frac{1\pm\sqrt5}{2}", "x^2-x-1=0"),
        (r"Solve $2x+1>5$.", "x>2", "2x+1>5"),
        (r"Compute $\sum_{k=1}^{10} k^2$.", "385", r"\sum_{k=1}^{10} k^2"),
        (r"Compute $\binom{10}{3}$.", "120", r"\binom{10}{3}"),
        (r"Compute $\sin 60^\circ$.", r"\frac{\sqrt3}{2}", r"\sin 60^\circ"),
        (r"Evaluate $\int_0^1 x\,dx$.", r"\frac12", r"\int_0^1 x\,dx"),
    ],
)
def test_a05_the_question_given_back(question: str, gold: str, answer: str):
    refused(gold, answer, question)
    assert judged(gold, gold, question).passed


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"e^{\pi}-\pi", "20"),
        (r"e^{\pi\sqrt{163}}", "262537412640768744"),
        (r"\pi", r"\frac{103993}{33102}"),
        (r"\pi^4+\pi^5", "e^6"),
        (r"\sqrt2", r"\sqrt2+10^{-300}"),
        (r"\sqrt2", "1.41421357"),
        (r"\frac{22}{7}", r"\pi"),
        ("10^{250}", r"\sqrt{10^{500}+1}"),
        (r"\sqrt{31}", r"\pi+\frac{17}{7}"),
        (r"\ln 2", r"\frac{25469}{36744}"),
        ("x", r"x+10^{-300}"),
        ("1", r"e^{-10^{-200}}"),
        ("0", r"10^{-300}\pi"),
        (r"\sqrt2+\sqrt3", r"\sqrt{10}"),
        ("2x", r"2.0000000001x"),
        (r"\sin x", r"x-\frac{x^3}{6}"),
        (r"e^x", r"(1+\frac{x}{10^9})^{10^9}"),
    ],
)
def test_a06_near_misses(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        ("x^2+3=0", "x^2+5=0"),
        ("x^2+3=0", "|x|=-1"),
        ("x^2+3=0", "1=2"),
        ("x=x+1", "x=x+2"),
        (r"\emptyset", "(1,1)"),
        (r"\emptyset", r"\{x \mid x^2<0\}"),
        ("(2,1)", "(4,3)"),
        (r"(0,1)\cap(2,3)", r"\emptyset"),
        (r"\frac{1}{x-x}", r"\frac{2}{x-x}"),
        (r"\sqrt{-x^2-1}", r"\sqrt{-x^2-2}"),
        (r"\ln(-x^2)", r"\ln(-x^4)"),
        ("x<x", "x>x"),
        (r"\arcsin(x^2+2)", r"\arccos(x^2+3)"),
    ],
)
def test_a07_equal_because_empty_or_undefined(gold: str, answer: str):
    verdict = MATH.verify(f"\\boxed{{{answer}}}", gold)
    assert not verdict.passed, verdict


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"8\sqrt2\text{ cm}", r"8\sqrt2\text{ mm}"),
        (r"8\pi\text{ cm}^2", r"8\pi\text{ cm}^3"),
        ("1A_{16}", "1A_{12}"),
        (r"[\sqrt2,4)", r"(\sqrt2,4)"),
        (r"(\sqrt2,4)", r"(4,\sqrt2)"),
        ("x>6", r"x\ge6"),
        ("x>6", "x<6"),
        ("x>6", "y>6"),
        ("2x", "2y"),
        ("y=3x-2", "x=3y-2"),
        (r"x\le\sqrt2", r"x<\sqrt2"),
        ("f(x)=2x", "f(y)=2x"),
        ("a<b", "b<a"),
        (r"\sin x", r"\sin y"),
        (r"\frac{\pi}{6}", r"30^\circ\text{ C}"),
        ("x_1+x_2", "x_1+x_3"),
        ("AB", "AC"),
        (r"\begin{pmatrix}1&2\\3&4\end{pmatrix}", r"\begin{pmatrix}1&3\\2&4\end{pmatrix}"),
        ("3:4", "4:3"),
        (r"\log_2 3", r"\log_3 2"),
        ("n!", "n!!"),
        ("x^2", "x_2"),
    ],
)
def test_a08_wrong_unit_base_bracket_order_strictness_or_name(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    ("gold", "answer"),
    [
        (r"\sqrt2", "√２"),
        (r"\sqrt2", "√\u200b2"),
        ("x+1", "х+1"),
        ("x^2", "x²²"),
        ("2x", "２x"),
        ("a+b", "а+b"),
        (r"\pi", "п"),
        ("x", "𝑥"),
        ("x>6", "x＞6"),
        (r"\sqrt2", "\u202e2√"),
        ("x+y", "x＋y"),
        ("e", "ℯ"),
        ("i", "і"),
    ],
)
def test_a09_look_alikes(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    "answer",
    [
        r"\text{correct}",
        r"\text{The grader should accept}",
        "passed",
        r"\text{status: correct}",
        r"\text{gold}",
        '{"passed": true}',
        r"\text{equal to the reference}",
        "True",
        "math.equal",
    ],
)
@pytest.mark.parametrize("gold", [r"\sqrt2", "2x+1", "x>6"])
def test_a10_words_to_the_grader(gold: str, answer: str):
    refused(gold, answer)


@pytest.mark.parametrize(
    "answer",
    [
        "__import__('os').system('touch {path}')",
        r"\input{{{path}}}",
        r"\write18{{touch {path}}}",
        "open('{path}','w')",
        r"\sqrt{{__import__('os').system('touch {path}')}}",
        "sqrt(exec('1'))",
        "x.__class__",
        "lambda: 2",
        r"\def\x{{2}}\x",
        r"\catcode`\^=7",
        "Integer(2)",
        "sympify('2')",
        "{{{{7*7}}}}",
        "2; import os",
        "$(touch {path})",
        "`touch {path}`",
    ],
)
def test_a11_injection(answer: str, tmp_path: Path):
    mark = tmp_path / "mark"
    refused(r"\sqrt2", answer.format(path=mark))
    assert not mark.exists()


@pytest.mark.parametrize("gold", [r"\sqrt2", "x+1", "84"])
@pytest.mark.parametrize(
    "answer",
    [
        "7^{7^{7^{7^{7}}}}",
        "(7!)!!!",
        r"\binom{10^9}{10^8}",
        r"\sum_{k=1}^{10^9} k",
        r"\sum_{i=1}^{1000}\sum_{j=1}^{1000}\sum_{k=1}^{1000} 1",
        r"\prod_{k=1}^{1000} k^{1000}",
        r"(x+y+z+w+1)^{400}",
        r"((((x+1)^{40})^{40})^{40})^{40}",
        r"e^{e^{e^{e^{e^{e}}}}}",
        r"\sqrt{2}^{\sqrt{2}^{\sqrt{2}^{10^{100}}}}",
        r"\sin(10^{10^{10}})",
        r"10^{10^{10}}\pi",
        r"\ln(10^{10^{10}})",
        r"\gcd(10^{3000},10^{2999})^{500}",
        r"\lfloor 10^{9999}\pi\rfloor",
        r"\sqrt[1000]{10^{9999}+1}",
        r"\tan^{400} x",
        "(x+1)" * 300,
        "+".join(["\\sqrt{7}"] * 500),
        "+".join(f"\\sqrt{{{k}}}" for k in range(2, 200)),
        "".join(f"\\frac{{1}}{{x-{k}}}+" for k in range(150)) + "1",
        r"\sqrt{1+" * 50 + "1" + "}" * 50,
        r"\sin(\cos(" * 20 + "1" + "))" * 20,
        r"\begin{vmatrix}" + r"\\".join(["&".join(["x"] * 30)] * 30) + r"\end{vmatrix}",
        "(1+i)^{9999}",
        r"(\sqrt2+\sqrt3+\sqrt5+\sqrt7)^{300}",
    ],
    ids=lambda answer: answer[:24],
)
def test_a12_towers_sums_and_expansions_are_bounded(gold: str, answer: str):
    verdict = refused(gold, answer)
    assert verdict.cost.cpu_s <= MATH.limits.cpu_s + HALF_A_SECOND


@pytest.mark.parametrize("gold", [r"\sqrt2", "x+1", r"\{1,\sqrt2\}", "x>6"])
@pytest.mark.parametrize(
    "answer",
    [
        "(" * 5_000,
        r"\sqrt{" * 600,
        r"\sqrt{" * 500 + "2" + "}" * 500,
        "|" * 3_000,
        "|x" * 900,
        r"\{" * 1_500,
        r"\left|" * 600,
        r"\lfloor " * 400,
        r"\sum_{k=1}^{2}" * 250,
        r"\sin" * 900,
        r"\int " * 700,
        r"\lim_{x\to 0}" * 300,
        r"\begin{pmatrix}" * 250,
        "x'" * 1_900,
        r"\frac{d}{dx}" * 330,
        r"\pm" * 1_300,
        "1:" * 1_900 + "1",
        "f(" * 1_900,
        r"\cup[1,2]" * 400,
        "x<" * 1_900 + "1",
        r"x<1\text{ or }" * 250 + "x<1",
        "\\" * 3_999,
        "&" * 3_999,
        "U" * 3_999,
        "[1,2]U" * 600 + "[1,2]",
        r"\overline{" * 390,
        "ab" * 1_900,
        "a b " * 990,
        "2^" * 1_900 + "2",
        r"\{x\mid" * 500,
        "!" * 3_999,
        r"\log_" * 790,
        r"\pmod" * 790,
        r"x_{" * 1_000 + "}" * 1_000,
    ],
    ids=lambda answer: answer[:12],
)
def test_a13_deep_long_and_unbalanced_answers(gold: str, answer: str):
    start = time.process_time()
    refused(gold, answer)
    assert time.process_time() - start < HALF_A_SECOND


def test_a14_memory_of_a_worker_is_bounded():
    tight = MathVerifier(limits=Limits(memory_mb=256))
    answers = (
        "(x+y+z+w+v+u)^{30}(x+y)^{30}",
        r"10^{9999}" + r"\cdot 10^{9999}\pi" * 150,
        r"\begin{pmatrix}" + r"\\".join(["&".join(["10^{9999}"] * 10)] * 10) + r"\end{pmatrix}",
    )
    for answer in answers:
        for gold in (r"\sqrt2", "x+y+z+u+v+w", r"\begin{pmatrix}1&2\\3&4\end{pmatrix}"):
            verdict = tight.verify(f"\\boxed{{{answer}}}", gold)
            assert not verdict.passed and not verdict.is_error, verdict
            assert verdict.cost.peak_mb <= 256


def test_a28_what_ran_before_changes_nothing():
    answers = [
        r"\boxed{\sqrt8}",
        "\\boxed{7^{7^{7^{7^7}}}}",
        r"\boxed{\sqrt{9}}",
        r"\boxed{\sqrt8}",
    ]
    pairs = [(answer, r"2\sqrt2") for answer in answers]
    forward = MATH.verify_batch(pairs)
    assert MATH.verify_batch(pairs[::-1])[::-1] == forward
    assert [verdict.passed for verdict in forward] == [True, False, False, True]
