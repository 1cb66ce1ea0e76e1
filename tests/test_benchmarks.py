"""The benchmark's own rules: what is missing is a row and exit code 1, figures are of real work."""

import json
import sys

import pytest

from benchmarks import ours, text_envs
from benchmarks.measure import Case, measure
from benchmarks.peers import TASKS, library, peer_cases


def case(build, library="somebody") -> Case:
    return Case(task=TASKS[0], library=library, mode="single", build=build)


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(
        sys, "argv", ["text_envs", "--seconds", "0.001", "--repeats", "1", *arguments]
    )
    code = text_envs.main()
    return code, capsys.readouterr().out


def absent():
    return library("a_library_that_nobody_has")


def broken():
    raise RuntimeError("out of order")


def test_a_missing_or_broken_library_is_a_row_and_hides_no_other():
    missing, failed, well = measure([case(absent), case(broken), case(lambda: lambda: 1)], 0.001, 1)
    assert "pip install -r benchmarks/requirements.txt" in missing.problem
    assert failed.problem == "failed: RuntimeError: out of order"
    assert missing.per_cpu_s is None
    assert failed.per_cpu_s is None
    assert well.per_cpu_s is not None and well.per_cpu_s > 0


@pytest.mark.parametrize("build, expected", [(absent, 1), (lambda: lambda: 1, 0)])
def test_exit_code_says_whether_every_library_took_part(monkeypatch, capsys, build, expected):
    monkeypatch.setattr(text_envs, "peer_cases", lambda: [case(build, "somebody")])
    monkeypatch.setattr(text_envs, "our_cases", lambda: [case(lambda: lambda: 1, "assay")])
    code, table = run(monkeypatch, capsys)
    assert code == expected
    assert "somebody" in table
    assert ("requirements.txt" in table) == bool(expected)


def test_every_case_of_ours_measures_something(monkeypatch, capsys):
    monkeypatch.setattr(ours.inline_evaluation, "__defaults__", (20,))
    code, out = run(monkeypatch, capsys, "--only", "assay", "--json")
    rows = json.loads(out)["rows"]
    assert [row for row in rows if row["problem"]] == []
    assert code == 0
    assert {row["task"] for row in rows} == set(TASKS) - {"CartPole"}


def test_tasks_have_the_names_that_order_the_table():
    assert {c.task for c in [*peer_cases(), *ours.our_cases()]} == set(TASKS)
