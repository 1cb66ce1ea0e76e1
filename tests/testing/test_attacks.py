"""The attack library: it finds what errs, survives what dies, and counts honestly."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from fractions import Fraction
from pathlib import Path

import pytest

from assay.core.errors import OptionError, TaskError, UnknownName
from assay.core.types import Problem
from assay.testing.attacks.fuzz import junk_replies, wrong_replies
from assay.testing.attacks.guarded import measure_guarded, planned
from assay.testing.attacks.measure import ask, measured
from assay.testing.attacks.subject import Subject
from assay.testing.attacks.target import Target, from_record, target_of, usual
from assay.testing.attacks.texts import MAKES, text_attacks
from assay.testing.attacks.trials import Plan, trials
from assay.verifiers import ExactText, NumberVerifier, verifier
from assay.verifiers.catalogue import VERIFIERS

pytestmark = pytest.mark.core
HERE = __name__


# ---------------------------------------------------------------------- verifiers that err


@verifier
def last_number(outcome, task):
    """What many a training run uses."""
    found = "".join(c if c.isdigit() else " " for c in outcome).split()
    return bool(found) and found[-1] == str(task)


@verifier
def contains(outcome, task):
    """Lenient beyond use."""
    return str(task) in outcome


@verifier
def too_strict(outcome, task):
    """Refuses white space."""
    return outcome == task


@verifier(isolation="in_process")
def fragile(outcome, task):
    """Raises, ends the process, or never comes back."""
    if "eval" in outcome:
        raise RuntimeError("no evaluation here")
    if "x=x" in outcome:
        os._exit(3)
    return outcome.strip() == task


def sleeper(outcome, task):
    """Hangs on one outcome."""
    if "2000!" in outcome:
        time.sleep(600)
    return outcome.strip() == task


class Impatient(NumberVerifier):
    """A verifier with a short wall limit, so that the test need not wait."""

    def verify(self, outcome, task=None):
        if type(outcome) is str and "R" in outcome and "mathbb" in outcome:
            time.sleep(600)
        return super().verify(outcome, task)


def impatient():
    from assay.core.types import Limits

    return Impatient(limits=Limits(wall_s=0.1))


# ---------------------------------------------------------------------- the library


@pytest.mark.parametrize("name", sorted(VERIFIERS))
def test_no_registered_verifier_errs(name):
    report = measure_guarded(Subject(name=name), Plan(fuzz=300))
    assert [(f.kind, f.trial.name, f.said) for f in report.faults] == []
    assert report.wrong > 20


def test_a_lenient_verifier_is_found_out_by_the_attacks_it_falls_for():
    report = measure_guarded(
        Subject(name=f"{HERE}:last_number", records=({"reference": "84"},)), Plan(loads=False)
    )
    fooled = {f.trial.id for f in report.faults if f.kind == "false positive"}
    assert {"A01", "A03", "A04", "A08", "A11", "A27", "fuzz"} <= fooled
    assert report.false_negatives == report.errors == 0
    assert report.false_positives == sum(report.faulty.values())
    worse = measure_guarded(
        Subject(name=f"{HERE}:contains", records=({"reference": "84"},)), Plan(loads=False)
    )
    assert worse.false_positives > 1.5 * report.false_positives


def test_a_strict_verifier_is_found_out_by_gold():
    report = measured_of(too_strict, target_of(None, "84", (), ()))
    assert {f.kind for f in report.faults} == {"false negative"}
    assert {f.trial.name for f in report.faults} == {"a right reply among white space"}


def test_a_verifier_that_ends_its_process_costs_one_verdict():
    subject = Subject(name=f"{HERE}:fragile", records=({"reference": "84"},))
    report = measure_guarded(subject, Plan(fuzz=100, loads=False))
    verifier_, targets = subject.open()
    assert report.asked.total() == len(
        list(planned(verifier_, targets, Plan(fuzz=100, loads=False)))
    )
    ended = [f for f in report.faults if "ended" in f.said]
    raised = [f for f in report.faults if "verifier.exception" in f.said]
    assert ended and all("x=x" in f.trial.outcome for f in ended)
    assert raised and all("eval" in f.trial.outcome for f in raised)
    assert {f.kind for f in report.faults} == {"error"}


def test_a_verdict_that_never_comes_is_an_error_and_the_rest_is_asked(monkeypatch):
    monkeypatch.setattr("assay.testing.attacks.guarded.SPARE_WALL_S", 2.0)
    subject = Subject(name=f"{HERE}:impatient", records=({"reference": 84},))
    report = measure_guarded(subject, Plan(fuzz=0, loads=False))
    hung = [f for f in report.faults if "killed" in f.said]
    assert [f.trial.id for f in hung] == ["A02"] and len(report.faults) == 1
    assert report.asked["A27"] > 0, "attacks behind it were asked"


def measured_of(judge, *targets, fuzz=50):
    planned_ = planned(judge, list(targets), Plan(fuzz=fuzz, loads=False))
    return measured("mine", judge, list(targets), planned_)


def test_junk_has_no_label():
    anything = verifier(lambda outcome, task: True)
    report = measured_of(anything, target_of(None, "84", (), ()), fuzz=100)
    assert len(report.unlabelled) > 30
    assert not any(f.trial.group == "junk" for f in report.faults)
    assert report.false_positives == report.wrong


def test_a_verifier_that_returns_no_verdict_is_told_so():
    class Wrong:
        def verify(self, outcome, task):
            return outcome == task

    heard = ask(Wrong(), "84", "84")  # type: ignore[arg-type]
    assert heard.answer == "raised" and "bool" in heard.said


# ---------------------------------------------------------------------- what is sent


def test_every_attack_holds_what_it_must_and_is_no_gold():
    task = Problem(prompt="What is $12\\cdot 7$?", reference="84", params={"choices": ["84", "85"]})
    target = target_of(None, task, (), ())
    made = list(text_attacks(target))
    counts = Counter(attack.id for attack in made)
    assert set(counts) == set(MAKES) and min(counts.values()) >= 3
    assert not any(target.is_gold(attack.outcome) for attack in made)
    assert len({attack.outcome for attack in made}) > 0.9 * len(made)


def test_the_same_seed_makes_the_same_replies():
    target = target_of(None, "84", (), ())
    once = [*wrong_replies(target, 50, 3), *junk_replies(target, 50, 3)]
    assert once == [*wrong_replies(target, 50, 3), *junk_replies(target, 50, 3)]
    assert once != [*wrong_replies(target, 50, 4), *junk_replies(target, 50, 4)]


def test_wrong_replies_are_wrong_by_another_hand():
    target = target_of(None, "84", (), ())
    for _, text in wrong_replies(target, 300, 0):
        numbers = re.findall(r"-?[0-9]+(?:/[0-9]+)?", text)
        assert Fraction(numbers[-1]) != 84, text


def test_skipped_attacks_and_loads_are_left_out():
    target = target_of(None, "84", (), ())
    ids = {t.id for t in trials([target], Plan(skip=frozenset({"A05", "A12", "A28"})), boxes=True)}
    assert "A12" not in ids and "A28" not in ids and "A13" in ids
    quick = {t.id for t in trials([target], Plan(loads=False), boxes=True)}
    assert not quick & {"A12", "A13", "A14", "A15", "A28"}
    form = {t.id for t in trials([target], Plan(words=False, loads=False), boxes=True)}
    assert form == {"gold", "wrong", "junk"}


def test_gold_is_taken_out_of_its_box():
    assert Target(None, (r"\boxed{84}",)).gold == "84"
    assert Target(None, ("<answer>84</answer>",)).gold == "84"
    assert Target(None, (r"\boxed{1} and \boxed{2}",)).gold == r"\boxed{1} and \boxed{2}"


# ---------------------------------------------------------------------- subjects


def test_records_are_read_or_refused_by_name():
    target = from_record(None, {"reference": "84", "accepted": ["84.0"], "rejected": ["86"]})
    assert target.golds == ("84.0",) and ("a wrong reply that was given", "86") in target.wrongs
    asked = from_record(None, {"prompt": "2+2?", "reference": 4})
    assert asked.question == "2+2?" and asked.gold == "4"
    for record, said in (
        ({"refrence": 1}, "refrence"),
        ({"reference": 1, "accepted": "84"}, "list"),
        ({"reference": None}, "No right reply"),
        ({"prompt": 3, "reference": 1}, "no text"),
    ):
        with pytest.raises(TaskError, match=said):
            from_record(None, record)


def test_usual_references_are_those_that_a_verifier_takes():
    assert [t.reference for t in usual(NumberVerifier())] == ["84", "-3/7"]
    assert len(usual(ExactText())) == 5


def test_a_subject_that_cannot_be_asked_says_why():
    never = Subject(name=f"{HERE}:never")
    with pytest.raises(OptionError, match="--reference"):
        never.open()
    with pytest.raises(UnknownName):
        Subject(name="nothing").open()
    with pytest.raises(TaskError, match="Task 2"):
        Subject(name="number", records=({"reference": 1}, {"x": 1})).open()
    with pytest.raises(OptionError, match="several turns"):
        Subject(name="assay/Mastermind-v0", is_env=True).open()


def never(outcome, task):
    return False


# ---------------------------------------------------------------------- the command


def check(capsys, *words):
    from assay.cli.main import main

    code = main(["check", *words])
    return code, capsys.readouterr()


def test_check_counts_for_a_users_verifier(capsys, tmp_path: Path):
    tasks = tmp_path / "tasks.jsonl"
    tasks.write_text('{"reference": "84"}\n\n{"reference": "olleh", "rejected": ["hello"]}\n')
    code, said = check(capsys, f"{HERE}:contains", "--tasks", str(tasks), "--json", "--fuzz", "20")
    (found,) = map(json.loads, said.out.splitlines())
    assert code == 1 and found["false_positives"] > 10 and found["false_negatives"] == 0
    assert found["false_positives"] == len(found["faults"])
    assert sum(found["asked"].values()) == found["right"] + found["wrong"] + found["asked"]["junk"]
    code, said = check(capsys, "number", "--fuzz", "20")
    assert code == 0 and "No error in" in said.out


def test_check_says_what_it_cannot_use(capsys, tmp_path: Path):
    bad = tmp_path / "bad.jsonl"
    bad.write_text('{"reference": 1}\n{broken\n')
    for words, said in (
        ((f"{HERE}:contains", "--tasks", str(bad)), "line 2"),
        ((f"{HERE}:contains", "--tasks", str(tmp_path / "none")), "cannot be read"),
        (("assay/Compare-v0", "--reference", "84"), "none is named"),
        (("numbr",), "Did you mean 'number'"),
    ):
        code, printed = check(capsys, *words)
        assert code == 2 and said in printed.err and printed.out == ""
        assert "Traceback" not in printed.err
