from __future__ import annotations

import os
import subprocess
import sys

import pytest

import assay
from assay.cli.main import main
from assay.cli.verbs import VERBS

HEAVY = {"torch", "transformers", "sympy", "ray", "stable_baselines3", "matplotlib", "jinja2",
         "pandas", "scipy"}  # fmt: skip


def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assay.cli.main", *words],
        input=stdin, capture_output=True, text=True, timeout=100,
    )  # fmt: skip


@pytest.mark.parametrize("words", [(), ("--help",), ("-h",), ("help",)])
def test_help_lists_every_verb_with_an_example(assay_command, words):
    ran = assay_command(*words)
    assert ran.code == 0
    for name, verb in VERBS.items():
        assert f"  {name} " in ran.out
        assert verb.summary in ran.out
        assert verb.example in ran.out
        assert verb.example.startswith(f"assay {name}")


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_each_verb_teaches(assay_command, verb):
    for words in ((verb, "--help"), ("help", verb)):
        ran = assay_command(*words)
        assert ran.code == 0
        assert VERBS[verb].example in ran.out
        assert "--json" in ran.out


def test_version(assay_command):
    assert assay_command("--version").out == f"assay {assay.__version__}\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("evalute",), "no verb 'evalute'. Did you mean 'evaluate'?"),
        (("--halp",), "no flag '--halp'. Did you mean '--help'?"),
        (("list", "--famly", "x"), "no flag --famly. Did you mean '--family'?"),
        (("list", "x"), "does not know what to do with 'x'"),
        (("list", "--family", "mth"), "No family 'mth'. Did you mean 'math'?"),
        (("describe",), "ID"),
        (("describe", "assay/Countdwn-v0"), "Did you mean 'assay/Countdown-v0'?"),
        (("describe", "assay/Countdown-v0?n_nubmers=3"), "Did you mean 'n_numbers'?"),
        (("describe", "assay/Countdown-v0?n_numbers=99"), "n_numbers=99 is not valid"),
        (("describe", "assay/Countdown-v0", "--seed", "x"), "--seed"),
        (("play", "assay/Compare-v0", "--split", "tset"), "No split 'tset'"),
        (("play", "assay/Compare-v0", "--index", "-4"), "index=-4"),
        (("play", "assay/Compare-v0", "--seed", "-4"), "--seed"),
        (("play", "assay/Compare-v0", "--policy", "rndom"), "Did you mean 'random'?"),
        (("check", "assay/Nothing*"), "No environment matches"),
        (("evaluate",), "Which policy?"),
        (("evaluate", "random"), "Nothing to evaluate on"),
        (("evaluate", "random", "--envs", "assay/Compare-v0", "-n", "few"), "-n='few'"),
        (("evaluate", "random", "--envs", "assay/Compare-v0", "-n", "0"), "n=0"),
        (("evaluate", "random", "--envs", "assay/Compare-v0", "--backend", "nope"), "nope"),
        (("evaluate", "random", "--suite", "dmo"), "Did you mean 'demo'?"),
        (("evaluate", "random", "random", "--suite", "demo"), "given twice"),
        (("evaluate", "random", "--suite", "demo", "--policy-arg", "x"), "expected key=value"),
        (("evaluate", "random", "--suite", "demo", "--policy-arg", "x=1"), "'random'"),
        (("evaluate", "random", "scripted", "--suite", "demo", "--temperature", "1"),
         "None of these policies has a setting 'temperature'"),
        (("evaluate", "random", "--suite", "demo", "--retry", "nope"), "retry"),
        (("evaluate", "random", "--suite", "demo", "--frames", "some"), "--frames"),
        (("evaluate", "random", "--envs", "assay/GSM8K-v0"), "path"),
        (("evaluate", "hf:/no/such/folder", "--envs", "assay/Compare-v0"), "No model folder"),
        (("evaluate", "sb3:/no/such", "--envs", "assay/Compare-v0"), "No file"),
        (("evaluate", "endpoint:x", "--envs", "assay/Compare-v0"), "MODEL@ADDRESS"),
        (("evaluate", "no_such_module:policy", "--envs", "assay/Compare-v0"), "no_such_module"),
        (("list", "--import", "no_such_module"), "--import no_such_module"),
        (("--print-completion",), "bash"),
        (("--print-completion", "sh"), "bash"),
    ],
)  # fmt: skip
def test_usage_errors_are_one_line(assay_command, words, said):
    ran = assay_command(*words)
    assert ran.code == 2
    assert ran.out == ""
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert "Traceback" not in ran.err


def test_a_module_that_exits_as_it_is_imported_is_one_sentence(
    assay_command, monkeypatch, tmp_path
):
    (tmp_path / "module_that_exits.py").write_text("raise SystemExit(0)")
    monkeypatch.syspath_prepend(tmp_path)
    ran = assay_command("list", "--import", "module_that_exits")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == (
        "assay: --import module_that_exits: the module ends the process (SystemExit(0)).\n"
    )


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion_knows_the_verbs(assay_command, shell):
    ran = assay_command("--print-completion", shell)
    assert ran.code == 0
    assert all(verb in ran.out for verb in VERBS)
    assert "--suite" in ran.out


def test_an_interrupt_is_3(assay_command, monkeypatch):
    def interrupt(flags: object, words: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr("assay.cli.listing.run", interrupt)
    ran = assay_command("list")
    assert (ran.code, ran.err) == (3, "assay: interrupted.\n")


def test_a_defect_is_not_dressed_up_as_a_usage_error(monkeypatch):
    def broken(flags: object, words: object) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr("assay.cli.listing.run", broken)
    with pytest.raises(ZeroDivisionError):
        main(["list"])


def test_list_is_quick_and_loads_nothing_heavy():
    code = (
        "import sys; from assay.cli.main import main; main(['list', '--json']);"
        f"print(sorted({HEAVY!r} & set(sys.modules)), file=sys.stderr)"
    )
    before = os.times().children_user
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    seconds = os.times().children_user - before  # others may be using this machine as well
    assert ran.stderr.strip() == "[]"
    assert ran.stdout.count("\n") >= 11
    assert seconds < 1.5, "1 s on an idle machine"


def test_a_reader_that_leaves_is_no_error():
    ran = subprocess.run(
        f"{sys.executable} -m assay.cli.main list --json | head -1; exit ${{PIPESTATUS[0]}}",
        shell=True, executable="/bin/bash", capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")


def test_as_a_program(tmp_path):
    ran = run("evaluate", "scripted", "--envs", "assay/Compare-v0", "-n", "3")
    assert ran.returncode == 0
    assert "1.000" in ran.stdout
    ran = run("nonsense")
    assert (ran.returncode, ran.stdout) == (2, "")
    ran = run("play", "assay/Compare-v0", "--seed", "1", stdin="0\n")
    assert ran.returncode == 0
    assert "NOT PASSED" in ran.stdout
