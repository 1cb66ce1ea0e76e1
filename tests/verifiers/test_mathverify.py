"""math-verify behind the contract: its own semantics, under the worker's limits."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from assay.core.errors import MissingExtra
from assay.verifiers import MathVerifyVerifier, mathverify
from assay.verifiers.named import load_verifier

PEER = MathVerifyVerifier()


@pytest.mark.parametrize(
    ("gold", "response", "passed"),
    [
        (r"\frac58", r"So it is $\boxed{0.625}$.", True),
        (r"4\sqrt5", r"\boxed{\sqrt{80}}", True),
        ("$x>6$", r"$(6,\infty)$", True),
        ("84", "The answer is $85$.", False),
        (84, r"\boxed{84}", True),
        # its own semantics, not those of MathVerifier
        (r"\frac{2}{7}", r"$0.285714$", True),
        ("84", r"Either \boxed{84} or \boxed{86}.", False),
    ],
)
def test_it_decides_as_math_verify_does(gold: object, response: str, passed: bool):
    verdict = PEER.verify(response, gold)
    assert verdict.passed is passed and not verdict.is_error, verdict
    assert (verdict.isolation, verdict.verifier) == ("worker", PEER.label)
    assert verdict.canonical and verdict.method == "math-verify"


def test_the_library_called_directly_says_the_same():
    math_verify = pytest.importorskip("math_verify")
    for gold, response in (("$x^2$", "$x\\cdot x$"), ("$x^2$", "$x^3$"), ("$\\{1,2\\}$", "$2,1$")):
        direct = math_verify.verify(math_verify.parse(gold), math_verify.parse(response))
        assert PEER.verify(response, gold).passed is bool(direct)


def test_it_works_off_the_main_thread():
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda n: PEER.verify(f"\\boxed{{{n}}}", "3"), range(6)))
    assert [verdict.passed for verdict in found] == [n == 3 for n in range(6)]


def test_refusals_and_faults_keep_the_contract():
    assert PEER.verify("", "84").status == "no_answer"
    assert PEER.verify("no mathematics here", "84").status == "no_answer"
    assert PEER.verify(None, "84").status == "unparsable"
    assert PEER.verify("84", None).status == "task_error"
    assert PEER.verify("84", r"$\text{}$").status == "task_error"


def test_what_costs_too_much_is_stopped_from_outside():
    verdict = PEER.verify(r"\boxed{7^{7^{7^{7^{7}}}}}", "84")
    assert not verdict.passed and not verdict.is_error, verdict
    assert verdict.cost.cpu_s <= PEER.limits.cpu_s + 0.5


def test_it_is_found_by_name_and_says_where_the_library_is_missing(monkeypatch: pytest.MonkeyPatch):
    assert load_verifier("MathVerifyVerifier") == PEER
    monkeypatch.setattr(mathverify, "find_spec", lambda name: None)
    with pytest.raises(MissingExtra, match="pip install math-verify"):
        MathVerifyVerifier()
