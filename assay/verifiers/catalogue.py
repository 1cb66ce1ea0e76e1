"""Every verifier by name, with accepted and rejected examples; strings only, nothing is loaded.

The shared contract tests run over this table, and so does `assay check verifiers`.
"""

from collections.abc import Mapping

from assay.core.errors import UnknownName, nearest
from assay.core.types import Problem
from assay.verifiers.constraints.entries import ENTRIES as CONSTRAINTS
from assay.verifiers.entry import Entry, Example, examples
from assay.verifiers.patterns.entries import ENTRIES as PATTERNS
from assay.verifiers.programs.entries import ENTRIES as PROGRAMS
from assay.verifiers.puzzles.entries import ENTRIES as PUZZLES
from assay.verifiers.states.entries import ENTRIES as STATES

__all__ = ["VERIFIERS", "Entry", "Example", "entry"]


def entry(name: str) -> Entry:
    """The entry of a verifier.

    Raises:
        UnknownName: there is none of that name.
    """
    if name not in VERIFIERS:
        raise UnknownName(f"There is no verifier '{name}'.{nearest(name, VERIFIERS)}")
    return VERIFIERS[name]


_COLOURS = Problem(
    prompt="Which is the colour of grass? A) red B) green C) blue",
    reference="B",
    params={"choices": {"A": "red", "B": "green", "C": "blue"}},
)
_COUNTDOWN = Problem(
    prompt="Reach 24 with 4, 7, 8, 8.", params={"numbers": [4, 7, 8, 8], "target": 24}
)
_PRODUCT = Problem(prompt=r"Compute $17\cdot 24$.", reference="408")

VERIFIERS: Mapping[str, Entry] = {
    "number": Entry(
        path="assay.verifiers.numeric:NumberVerifier",
        summary="One number, exactly or within a tolerance.",
        accepted=examples(1234, "1234", "The answer is 1,234.", r"\boxed{1{,}234}", "#### 1234")
        + examples(0.5, "1/2", r"\boxed{\frac12}", "0.50", "50%"),
        rejected=examples(1234, "1235", "-1234", "1234 or 1235", "not 1234", "12 34", "1234x")
        + examples(1234, "", "nan", "inf", "1,2,34", "the sum", "1/1234", "12340", "1.234"),
    ),
    "math": Entry(
        path="assay.verifiers.mathematics:MathVerifier",
        summary="A mathematical answer: number, expression, equation, interval, set, matrix …",
        accepted=examples(r"\frac{5}{8}", r"\boxed{0.625}", "5/8", r"x = \dfrac58")
        + examples(r"\{2,4,9\}", r"\boxed{9, 2, 4}", r"$\{4,9,2\}$")
        + examples("(3,-1)", r"\boxed{(x,y)=(3,-1)}")
        + examples(r"8 \text{ cm}", r"\boxed{8\text{ centimeters}}")
        + examples(_PRODUCT, r"\boxed{408}", r"$17\cdot 24 = 408$")
        + examples(r"4\sqrt5", r"\boxed{\sqrt{80}}", r"\boxed{\frac{20}{\sqrt5}}")
        + examples("6x^2+5x-4", r"\boxed{(2x-1)(3x+4)}")
        + examples(r"[0,4)\cup(6,\infty)", r"\boxed{x\in(6,\infty)\cup[0,4)}")
        + examples("y=3x-2", r"\boxed{3x-y=2}"),
        rejected=examples(
            r"\frac{5}{8}", r"\boxed{8/5}", "-5/8", "0.62", r"\boxed{5/8 \text{ or } 1}"
        )
        + examples(r"\{2,4,9\}", r"\boxed{\{2,4\}}", r"\boxed{(2,4,9)}", r"\boxed{9}")
        + examples("(3,-1)", r"\boxed{(-1,3)}", r"\boxed{[3,-1]}")
        + examples(r"8 \text{ cm}", r"\boxed{8\text{ mm}}")
        + examples(_PRODUCT, r"\boxed{17\cdot 24}", r"\boxed{24\cdot 17}", r"\boxed{407}")
        + examples(r"4\sqrt5", r"\boxed{\sqrt{75}}", r"\boxed{-4\sqrt5}", "8.94")
        + examples("6x^2+5x-4", r"\boxed{(2x+1)(3x-4)}", r"\boxed{6y^2+5y-4}")
        + examples(r"[0,4)\cup(6,\infty)", r"\boxed{[0,4]\cup(6,\infty)}", r"\boxed{[0,4)}")
        + examples("y=3x-2", r"\boxed{y=3x+2}", r"\boxed{x=3y-2}"),
    ),
    "exact_text": Entry(
        path="assay.verifiers.text:ExactText",
        summary="The reference, character by character.",
        accepted=examples("olleh", "olleh", " olleh\n", "<answer>olleh</answer>")
        + examples("olleh", "<think>hello</think>olleh"),
        rejected=examples("olleh", "hello", "Olleh", "olleh.", "olle", "olleh olleh", ""),
    ),
    "normalised_text": Entry(
        path="assay.verifiers.text:NormalisedText",
        summary="The reference up to case, articles and outer punctuation.",
        accepted=examples("Lake Victoria", "lake victoria", "The Lake  Victoria."),
        rejected=examples(
            "Lake Victoria", "Victoria", "not Lake Victoria", "Lake Victoria or Malawi"
        )
        + examples("Lake Victoria", "Lake Vіctoria", "", "the"),
    ),
    "choice": Entry(
        path="assay.verifiers.choice:ChoiceVerifier",
        summary="One label out of the task's choices.",
        accepted=examples(_COLOURS, "B", "(B)", r"\boxed{\text{B}}", "green", "The answer is B.")
        + examples(_COLOURS, "B) green", "I choose option B."),
        rejected=examples(
            _COLOURS,
            "C",
            "(A)",
            "red",
            "The answer is C.",
            "A or B",
            "not B",
            "A B C",
            "both A and B",
            "",
            "Β",
        )
        + examples(_COLOURS, "B) red", "green or blue", r"\boxed{A, B}"),
    ),
    "countdown": Entry(
        path="assay.verifiers.countdown:CountdownVerifier",
        summary="An expression over given numbers that reaches a target.",
        accepted=examples(_COUNTDOWN, "(7-8/8)*4", r"\boxed{(7-8\div 8)\times 4}")
        + examples(_COUNTDOWN, "<answer>4*(7-8/8)</answer>"),
        rejected=examples(_COUNTDOWN, "4*7-8/8", "24", "(7-8/8)*4=24", "(7-1)*4", "(7-8//8)*4")
        + examples(_COUNTDOWN, "(7-8/8)*4+0", "(7-8/8)*(4)(1)", "", "8/(8-8)+7*4"),
    ),
    **CONSTRAINTS,
    **PATTERNS,
    **PUZZLES,
    **PROGRAMS,
    **STATES,
}
