"""A package of somebody else's, installed beside assay: all three kinds of tasks, from outside."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent / "packages" / "sample_tasks"
ROOT = Path(__file__).parent.parent
IDS = ("sample/Double-v0", "sample/Exam-v0", "sample/Staircase-v0")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which pip has installed the package, entry points and all."""
    source = tmp_path_factory.mktemp("source") / "sample_tasks"
    shutil.copytree(PACKAGE, source)
    target = tmp_path_factory.mktemp("site")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index"]
    command = [*install, "--no-build-isolation", "--target", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return target


def run(installed: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(installed), str(ROOT)])
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=installed,
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_ids_work_with_gym_make_after_import_assay(installed: Path) -> None:
    script = (
        "import json, sys, gymnasium, assay\n"
        f"envs = [gymnasium.make(i) for i in {IDS!r}]\n"
        "print(json.dumps([e.reset(seed=0)[0] for e in envs]))\n"
    )
    done = run(installed, "-c", script)
    assert done.returncode == 0, done.stderr
    double, exam, stairs = json.loads(done.stdout)
    assert double.startswith("2 * ")
    assert exam.startswith("A box holds ")
    assert "You stand on step" in stairs


def test_announcing_cards_loads_no_task_module(installed: Path) -> None:
    done = run(installed, "-c", "import sys, assay; print('sample_tasks.double' in sys.modules)")
    assert done.stdout.strip() == "False", done.stderr


def test_evaluate_scripted_passes_everywhere(installed: Path) -> None:
    done = run(
        installed,
        "-m",
        "assay.cli.main",
        "evaluate",
        "scripted",
        "--envs",
        *IDS,
        "-n",
        "10",
        "--json",
    )
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.strip()]
    assert {row["env"]: row["pass_rate"] for row in rows} == dict.fromkeys(IDS, 1.0)


def test_check_passes_on_every_id(installed: Path) -> None:
    done = run(installed, "-m", "assay.cli.main", "check", *IDS)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_packages_own_tests_run_the_contract_suite_in_one_line(installed: Path) -> None:
    tests = installed / "their_tests"
    shutil.copytree(PACKAGE / "tests", tests)
    line = [ln for ln in (tests / "test_contract.py").read_text().splitlines() if " = " in ln]
    assert len(line) == 1
    done = run(installed, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tests))
    assert done.returncode == 0, done.stdout[-3000:]
    assert all(
        i.split("/")[1] in run(installed, "-m", "pytest", "--collect-only", "-q", str(tests)).stdout
        for i in IDS
    )
