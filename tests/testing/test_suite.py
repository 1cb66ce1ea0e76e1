"""The suite in other people's hands: one line in a package, findings, processes, data, golden."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import assay
from assay.testing import Case, ContractViolation, NotApplicable, cases_of, golden, mutants
from assay.testing.data import data_path, filled
from assay.testing.episodes import fixed, gold, play
from assay.testing.probe import Probe, digests

ROOT = Path(__file__).resolve().parents[2]

TASKS = '''
import assay
from assay.verifiers import NumberVerifier

@assay.task("my/Double-v0", verifier=NumberVerifier(tolerance={tolerance}), allow_problems=True)
def double(rng, split):
    """Double a number."""
    n = int(rng.integers(1_000_000))
    return assay.Problem(prompt=f"2 times {{n}} = ?", reference=2 * n)
'''
ONE_LINE = """
import my_tasks
from assay.testing import contract_tests

test_contract = contract_tests("my/Double-v0"{more})
"""


def run_in(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{ROOT}{os.pathsep}{folder}", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
    )


def package(folder: Path, *, tolerance: float = 0, more: str = "") -> Path:
    (folder / "my_tasks.py").write_text(TASKS.format(tolerance=tolerance))
    (folder / "test_mine.py").write_text(ONE_LINE.format(more=more))
    return folder


def test_one_line_runs_the_whole_suite_on_a_users_task(tmp_path):
    run = run_in(package(tmp_path), "-rs")
    assert run.returncode == 0, run.stdout[-3000:]
    assert f"{len(assay.testing.CHECKS) - 1} passed, 1 skipped" in run.stdout
    assert "one-turn task: nothing moves after the answer" in run.stdout


def test_names_of_tests_can_be_read_and_chosen(tmp_path):
    run = run_in(package(tmp_path), "--collect-only", "-k", "gold_passes or truncation")
    lines = [line for line in run.stdout.splitlines() if "::" in line]
    assert lines == [
        "test_mine.py::test_contract[my/Double-v0-gold_passes]",
        "test_mine.py::test_contract[my/Double-v0-truncation]",
    ]


def test_a_broken_task_fails_with_a_sentence(tmp_path):
    run = run_in(package(tmp_path, tolerance=3), "-k", "counterfeits_fail")
    assert run.returncode == 1
    assert "my/Double-v0: the counterfeit" in run.stdout and "passes on seed" in run.stdout


def test_large_samples_are_marked_slow(tmp_path):
    plugin = [] if "assay" in _installed() else ["-p", "assay.testing.plugin"]
    folder = package(tmp_path, more=", slow=True")
    run = run_in(folder, "--strict-markers", *plugin, "-m", "not slow")
    assert "deselected" in run.stdout and "passed" not in run.stdout, run.stdout[-2000:]


def _installed() -> set[str]:
    from importlib.metadata import entry_points

    return {point.name for point in entry_points(group="pytest11")}


def test_the_plug_in_is_light():
    code = (
        "import sys, assay.testing.plugin;"
        "print([m for m in ('pytest', 'assay.testing.suite', 'gymnasium.utils.env_checker')"
        " if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"


@pytest.fixture
def ids():
    with mutants.registered() as found:
        yield found


def test_a_case_reads_like_a_query(ids):
    case = Case("clean/Corridor-v0", {"max_steps": 7, "render_mode": "ansi"})
    assert str(case) == "clean/Corridor-v0?max_steps=7&render_mode=ansi"
    assert [str(c) for c in cases_of("clean/Paper-v0")] == [
        "clean/Paper-v0",
        "clean/Paper-v0?n_shots=2",
    ]


def test_other_processes_play_the_same_and_survive_noise(ids):
    probe = Probe("7")
    try:
        for name in ("clean/Paper-v0", "clean/Corridor-v0"):
            case = Case(name)
            assert probe.ask(case, "digests", seeds=[0, 1]) == digests(case, [0, 1])
        with pytest.raises(ContractViolation, match="UnknownOption"):
            probe.ask(Case("clean/Paper-v0", {"no_such": 1}), "digests", seeds=[0])
        assert probe.ask(Case("clean/Paper-v0"), "digests", seeds=[2])
    finally:
        probe.close()
    assert not probe.alive and not probe.folder.exists()


def test_a_dead_process_is_reported_with_its_last_words(ids):
    probe = Probe("7")
    try:
        probe.process.kill()
        with pytest.raises(ContractViolation, match="ended with status -9"):
            probe.ask(Case("clean/Paper-v0"), "digests", seeds=[0])
    finally:
        probe.close()


def test_tasks_of_main_are_not_asked_of_other_processes():
    card = assay.EnvCard(
        id="main/Task-v0", entry_point="__main__:Env", family="try", summary="Nowhere."
    )
    assay.register(card)
    probe = Probe("7")
    try:
        with pytest.raises(NotApplicable, match="__main__"):
            probe.ask(Case("main/Task-v0"), "digests", seeds=[0])
    finally:
        probe.close()
        assay.core.registry.unregister("main/Task-v0")


def test_data_files_are_written_once_and_read_as_the_real_ones():
    options = filled({"path": "{data}/gsm8k", "n_shots": 2})
    assert options == {"path": str(data_path("gsm8k")), "n_shots": 2}
    lines = (Path(options["path"]) / "test.jsonl").read_text().splitlines()
    records = [json.loads(line) for line in lines]
    assert len({r["answer"].split("#### ")[1] for r in records}) == len(records) == 20


def test_an_episode_keeps_all_that_came_back(ids):
    with Case("clean/Corridor-v0").open() as env:
        episode = play(env, gold, seed=1)
        assert episode.ended and episode.passed and episode.moves[-1].reward == 1.0
        again = play(env, fixed(episode.actions), seed=1)
        assert again.bytes() == episode.bytes()
        assert play(env, gold, seed=2).digest() != episode.digest()


def test_golden_digests_tell_a_changed_problem_and_a_changed_verdict(ids):
    original = golden.golden_of(Case("clean/Paper-v0"))
    assert original == golden.golden_of(Case("clean/Paper-v0"))
    assert [len(original[split]) for split in ("train", "eval", "test")] == [5, 5, 5]
    sums = golden.golden_of(Case("mutant/Guessable-v0"))
    assert not set(sums["train"]) & set(original["train"])
    lenient = golden.golden_of(Case("mutant/CounterfeitPasses-v0"))
    assert lenient["train"] == original["train"]


def test_golden_digests_ignore_wording(ids, monkeypatch):
    original = golden.golden_of(Case("clean/Corridor-v0"))
    reject = assay.Verdict.reject
    monkeypatch.setattr(
        assay.Verdict, "reject", lambda code, reason, **k: reject(code, reason + " Sorry.", **k)
    )
    assert golden.golden_of(Case("clean/Corridor-v0")) == original
    monkeypatch.setattr(
        assay.Verdict, "reject", lambda code, reason, **k: reject(code + ".new", reason, **k)
    )
    assert golden.golden_of(Case("clean/Corridor-v0"))["episode"] != original["episode"]
