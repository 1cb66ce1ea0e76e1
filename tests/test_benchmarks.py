"""The benchmark's own rules: what is missing is a row and exit code 1, figures are of real work."""

import importlib.util
import json
import sys

import pytest

from benchmarks import eval_cases, evaluation, ours, programs, text_envs, worker_pool
from benchmarks.episodes import questions, reply
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


# ---------------------------------------------------------------------- whole evaluations

SMALL = ("--n", "40", "--peer-n", "5", "--repeats", "1")
NO_PARTS = ("--busy-n", "0", "--memory-n", "0", "--kill-n", "0")
HAS_INSPECT = importlib.util.find_spec("inspect_ai") is not None


def evaluations(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["evaluation", *SMALL, *arguments])
    code = evaluation.main()
    return code, capsys.readouterr().out


def figures(problem: str = "", **more):
    """A case that took a second for a thousand episodes, or that has a problem."""
    made = {"n": 1_000, "wall_s": 1.0, "cpu_s": 0.1, **more}
    return lambda case, n: {"n": n, "problem": problem} if problem in case and problem else made


def test_every_evaluation_of_ours_measures_something(monkeypatch, capsys):
    arguments = ("--busy-n", "4", "--memory-n", "40", "--kill-n", "20", "--only", "assay", "--json")
    code, out = evaluations(monkeypatch, capsys, *arguments)
    result = json.loads(out)
    assert code == 0
    assert [row["mode"] for row in result["rates"] if row["per_s"] <= 0 or row["cpu_ms"] <= 0] == []
    assert {row["task"] for row in result["rates"]} == {row.task for row in evaluation.RATES}
    assert result["scaling"]["speedup"] > 0 and result["scaling"]["bare_speedup"] > 0
    assert list(result["memory"]["resident_mib"]) == ["4", "20", "40"]
    (kept,) = result["kills"]
    assert 10 <= kept["answered"] < 20 and 0 <= kept["kept"] <= kept["answered"]


@pytest.mark.skipif(not HAS_INSPECT, reason="inspect-ai is a peer of the benchmarks alone")
def test_inspect_answers_the_same_questions(monkeypatch, capsys):
    code, out = evaluations(monkeypatch, capsys, *NO_PARTS, "--only", "inspect-ai", "--json")
    rows = json.loads(out)["rates"]
    assert code == 0 and len(rows) == 2
    assert all(row["per_s"] > 0 for row in rows)


def test_a_missing_inspect_is_a_row_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(evaluation, "in_process", figures(problem="inspect"))
    code, table = evaluations(monkeypatch, capsys, *NO_PARTS)
    assert code == 1
    assert table.count("inspect-ai") >= 2 and "10,000" in table
    assert evaluation.problems({"rates": []}) == []


def test_a_library_that_is_not_there_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(eval_cases.CASES, "absent", lambda n: absent())
    printed: list[str] = []
    monkeypatch.setattr("builtins.print", printed.append)
    monkeypatch.setattr(sys, "argv", ["eval_cases", "absent", "3"])
    eval_cases.main()
    assert "pip install -r benchmarks/requirements.txt" in json.loads(printed[0])["problem"]


def test_a_case_that_breaks_is_a_problem_and_no_figure():
    found = eval_cases.in_process("sums inline", 0)
    assert "n=0 is not valid" in found["problem"]
    assert "wall_s" not in found


@pytest.mark.parametrize("cpu_s, word", [(0.06, "met"), (0.061, "MISSED")])
def test_targets_are_met_up_to_their_number(monkeypatch, capsys, cpu_s, word):
    monkeypatch.setattr(evaluation, "in_process", figures(cpu_s=cpu_s))
    _, table = evaluations(monkeypatch, capsys, *NO_PARTS, "--only", "assay")
    assert f"≤ 0.06 ms {word}" in table


def test_a_busy_machine_is_said_beside_the_speedup():
    about = {
        "n": 9, "speedup": 1.2, "bare_speedup": 1.3, "cores": 2, "cores_in_use_before": 1.5,
        "load_before": 3.0, "load_after": 3.5, **evaluation.target(1.2, 1.8),
    }  # fmt: skip
    assert "not idle" in "\n".join(evaluation.scaling_lines(about))
    quiet = about | {"cores_in_use_before": 0.02}
    assert "not idle" not in "\n".join(evaluation.scaling_lines(quiet))


def test_questions_for_the_peer_have_right_answers_two_times_in_three():
    asked = questions(90)
    right = sum(reply(prompt) == answer for prompt, answer in asked)
    assert len({prompt for prompt, _ in asked}) > 80 and 45 <= right <= 75
    assert all(int(reply(prompt)) - int(answer) in (0, 1) for prompt, answer in asked)


# ---------------------------------------------------------------------- workers


def test_workers_are_measured_and_late_ones_are_seen_to_die(monkeypatch, capsys):
    monkeypatch.setattr(
        sys, "argv", ["worker_pool", "--n", "20", "--starts", "1", "--kills", "1", "--json"]
    )
    worker_pool.main()
    rows = {row["what"]: row["value"] for row in json.loads(capsys.readouterr().out)["figures"]}
    assert len(rows) == 10 and all(value > 0 for value in rows.values())
    assert worker_pool.quantile([3.0, 1.0, 2.0, 4.0], 0.5) == 2.0


@pytest.mark.parametrize("value, code", [(0.2, 0), (0.25, 1)])
def test_a_worker_that_dies_late_is_a_missed_target(monkeypatch, capsys, value, code):
    late = worker_pool.Figure("dead after its CPU time, slowest", value, "s", worker_pool.KILL_S)
    monkeypatch.setattr(worker_pool, "run", lambda bench: [late])
    monkeypatch.setattr(sys, "argv", ["worker_pool"])
    assert worker_pool.main() == code
    assert "0.25 s" in capsys.readouterr().out


def test_programs_are_measured_in_every_sandbox_that_is_there(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["programs", "--verdicts", "1", "--tests", "2", "--json"])
    assert programs.main() == 0
    found = json.loads(capsys.readouterr().out)["rows"]
    offered = [way for way in programs.WAYS if programs.offer(way).available]
    assert len(found) == 1 + 2 * len(offered)
    assert all(row["wall_ms"] > 0 and row["cpu_ms"] > 0 for row in found)
