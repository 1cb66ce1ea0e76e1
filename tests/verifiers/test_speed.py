"""The fast lane is fast: coarse floors that a tenfold slowdown would break."""

import time
from collections.abc import Callable

from assay.verifiers import ExactText, MathVerifier, NumberVerifier


def micros(call: Callable[[], object], n: int = 2_000) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.process_time()
        for _ in range(n):
            call()
        best = min(best, (time.process_time() - start) / n * 1e6)
    return best


def test_short_replies():
    number, text = NumberVerifier(), ExactText()
    assert number.verify("42", 42).passed
    assert micros(lambda: number.verify("42", 42)) < 15
    assert micros(lambda: text.verify("olleh", "olleh")) < 15


def test_integer_answers_in_responses_of_500_characters():
    response = "We have 12 rows with 7 seats each, so we multiply. " * 9 + "So it is \\boxed{84}."
    for judge in (NumberVerifier(), MathVerifier()):
        assert judge.verify(response, "84").passed
        assert micros(lambda judge=judge: judge.verify(response, "84"), 500) < 150
