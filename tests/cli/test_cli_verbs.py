from __future__ import annotations

import io
import json
import shlex
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from gymnasium import spaces

import assay
from assay.cli.describe import option_rows
from assay.cli.doctor import EXTRAS
from assay.cli.play import read_action
from assay.cli.show import printable, short_space
from assay.core.config import option_types
from assay.core.errors import OptionError
from assay.core.registry import card, env_kind
from assay.core.spaces import Unicode
from assay.testing import suite


def lines(text: str) -> list[dict]:
    return [json.loads(line) for line in text.splitlines()]


# ---------------------------------------------------------------------- list


def test_list_has_a_line_for_every_id(assay_command):
    ran = assay_command("list")
    assert ran.code == 0
    for env_id in assay.ids():
        (line,) = (x for x in ran.out.splitlines() if x.startswith(f"{env_id} "))
        assert card(env_id).family in line
        assert card(env_id).summary in line


def test_list_as_json(assay_command):
    rows = {row["id"]: row for row in lines(assay_command("list", "--json").out)}
    assert sorted(rows) == assay.ids()
    arithmetic = rows["assay/Arithmetic-v0"]
    assert (arithmetic["observation"], arithmetic["action"]) == ("text", "text")
    assert arithmetic["max_steps"] == 1
    assert arithmetic["proof"] == "always"
    gsm8k = rows["assay/GSM8K-v0"]  # cannot be made without data, and is listed all the same
    assert (gsm8k["observation"], gsm8k["max_steps"]) == ("text", 1)


def test_list_of_a_family(assay_command):
    rows = lines(assay_command("list", "--family", "math", "--json").out)
    assert rows
    assert {row["family"] for row in rows} == {"math"}


# ---------------------------------------------------------------------- describe


def test_describe_shows_rules_options_and_a_solved_episode(assay_command):
    ran = assay_command("describe", "assay/Countdown-v0?n_numbers=2")
    assert ran.code == 0
    for said in ("Verdict:", "n_numbers", "Observation:", "CountdownVerifier", "Verdict: passed"):
        assert said in ran.out


def test_describe_as_json_for_every_id(assay_command, registered_id):
    ran = assay_command("describe", registered_id, "--json")
    assert ran.code == 0
    (page,) = lines(ran.out)
    config = env_kind(card(registered_id)).Config
    assert {row["name"] for row in page["options"]} == set(option_types(config))
    assert page["documentation"]
    if "needs" not in page:
        assert page["episode"]["verdict"]["passed"] is (card(registered_id).proof == "always")


def test_describe_says_what_is_needed_and_shows_the_rest(assay_command):
    ran = assay_command("describe", "assay/GSM8K-v0")
    assert ran.code == 0
    assert "No episode can be shown" in ran.out
    assert "path" in ran.out


def test_options_carry_what_was_given():
    found = card("assay/Arithmetic-v0")
    rows = {r["name"]: r for r in option_rows(env_kind(found), found, {"digits": 7})}
    assert rows["digits"]["value"] == 7
    assert rows["digits"]["help"]
    assert next(iter(rows)) in vars(env_kind(found).Config)["__annotations__"], "its own come first"


# ---------------------------------------------------------------------- play


def typed(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO(text))


def test_a_person_wins(assay_command, monkeypatch):
    shown = assay_command("describe", "assay/Arithmetic-v0", "--seed", "3", "--json").out
    answer = json.loads(shown)["episode"]["actions"][0]
    typed(monkeypatch, f"{answer}\n")
    ran = assay_command("play", "assay/Arithmetic-v0", "--seed", "3")
    assert ran.code == 0
    assert "PASSED (" in ran.out
    assert "NOT PASSED" not in ran.out
    assert "Again: assay play assay/Arithmetic-v0 --seed 3" in ran.out


def test_a_person_leaves(assay_command, monkeypatch):
    typed(monkeypatch, "50")
    ran = assay_command("play", "assay/GuessNumber-v0", "--seed", "3")
    assert ran.code == 0
    assert "Left after 1 actions" in ran.out
    typed(monkeypatch, "")
    assert "Left after 0 actions" in assay_command("play", "assay/GuessNumber-v0").out


def test_the_command_to_play_again_shows_the_same_episode(assay_command, monkeypatch):
    typed(monkeypatch, "")
    first = assay_command("play", "assay/TextGrid-v0?n_rooms=2", "--index", "4", "--split", "test")
    again = first.out.split("Again: assay ")[1].split()
    typed(monkeypatch, "")
    second = assay_command(*shlex.split(" ".join(again)))
    assert second.out == first.out
    assert "--index 4" in first.out


def test_watching_a_policy(assay_command):
    ran = assay_command("play", "assay/GuessNumber-v0", "--seed", "3", "--policy", "scripted")
    assert ran.code == 0
    assert "  > " in ran.out
    assert "PASSED (" in ran.out
    (shown,) = lines(
        assay_command(
            "play", "assay/GuessNumber-v0", "--seed", "3", "--policy", "scripted", "--json"
        ).out
    )
    assert shown["verdict"]["passed"]
    assert ran.out.count("  > ") == len(shown["actions"])


def test_play_as_json_keeps_standard_output_clean(assay_command, monkeypatch):
    typed(monkeypatch, "1\n")
    ran = assay_command("play", "assay/Compare-v0", "--seed", "2", "--json")
    (shown,) = lines(ran.out)
    assert shown["actions"] == ["1"]
    assert "Which" in ran.err


@pytest.mark.parametrize(
    ("line", "space", "action"),
    [
        ("two words", Unicode(20), "two words"),
        ("3", spaces.Discrete(5), 3),
        ("[1, 0]", spaces.MultiBinary(2), [1, 0]),
    ],
)
def test_typed_actions(line, space, action):
    assert read_action(line, space) == action


def test_typed_vectors():
    space = spaces.Box(-1, 1, (2,))
    for line in ("0.5 -1", "0.5,-1", "[0.5, -1]"):
        assert np.array_equal(read_action(line, space), np.array([0.5, -1], np.float32))
    for line in ("0.5", "x y", "[[1]]"):
        with pytest.raises(OptionError, match="is no action"):
            read_action(line, space)
    with pytest.raises(OptionError, match="is no action"):
        read_action("left", spaces.Discrete(4))


# ---------------------------------------------------------------------- check and doctor


def test_check_of_a_sound_environment(assay_command, monkeypatch):
    quick = {"gold_passes", "counterfeits_fail", "step_after_the_end"}
    monkeypatch.setattr(suite, "CHECKS", {n: c for n, c in suite.CHECKS.items() if n in quick})
    ran = assay_command("check", "assay/Compare-v0?digits=2", "--json")
    *found, attacked = lines(ran.out)
    assert ran.code == 0, [row for row in found if row["status"] == "failed"]
    assert attacked["verifier"] == "assay/Compare-v0?digits=2"
    assert attacked["false_positives"] == attacked["false_negatives"] == 0
    assert {row["check"] for row in found} == quick
    assert {row["env"] for row in found} == {"assay/Compare-v0?digits=2"}


def test_check_finds_a_defect(assay_command, monkeypatch):
    found = [
        suite.Finding("gold_passes", "assay/Compare-v0", "failed", "Gold did not pass.", 0.1),
        suite.Finding("truncation", "assay/Compare-v0", "skipped", "One turn.", 0.1),
    ]
    monkeypatch.setattr("assay.cli.check.run_checks", lambda *a, **k: found)
    ran = assay_command("check", "assay/Compare-v0")
    assert ran.code == 1
    assert "gold_passes failed" in ran.out
    assert "Gold did not pass." in ran.out
    assert "skipped 1 ×: One turn." in ran.out
    assert "0 ok, 1 failed, 1 skipped" in ran.err


def test_doctor(assay_command):
    ran = assay_command("doctor")
    assert ran.code == 0
    assert all(name in ran.out for name in EXTRAS)
    (found,) = lines(assay_command("doctor", "--json").out)
    assert found["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["sqlite"]["wal"] is True
    assert found["extras"]["llm"]["install"] == 'pip install "assay[llm]"'


@pytest.mark.parametrize("there", [True, False])
def test_doctor_looks_for_a_browser(assay_command, monkeypatch, tmp_path, there):
    if there:
        (tmp_path / "playwright.py").touch()
        (tmp_path / "chromium").write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / "chromium").chmod(0o755)
    monkeypatch.setattr(sys, "path", [str(tmp_path)] if there else [])
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delitem(sys.modules, "playwright", raising=False)
    (found,) = lines(assay_command("doctor", "--json").out)
    expected = str(tmp_path / "chromium") if there else None
    assert found["browser"] == {"playwright": there, "chromium": expected}
    (line,) = (x for x in assay_command("doctor").out.splitlines() if x.startswith("browser: "))
    assert "only for the tests of pages" in line
    assert (expected in line) if there else ("no Playwright" in line and "no Chromium" in line)


def test_doctor_says_which_sandboxes_there_are_and_what_would_bring_the_others(assay_command):
    (found,) = lines(assay_command("doctor", "--json").out)
    ways = {one["way"]: one for one in found["sandbox"]}
    assert list(ways) == ["runner", "namespaces", "bwrap", "landlock", "plain"]
    for one in ways.values():
        assert one["available"] is (one["reason"] == "") is (one["remedy"] == "")
    assert "ASSAY_SANDBOX_RUNNER" in ways["runner"]["remedy"]


def test_doctor_knows_the_extras_of_the_package():
    root = Path(__file__).resolve().parents[2]
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    assert set(EXTRAS) == set(project["optional-dependencies"]) - {"all", "dev"}


# ---------------------------------------------------------------------- words and spaces


@pytest.mark.parametrize(
    ("space", "said"),
    [
        (Unicode(9), "text"),
        (spaces.Discrete(4), "4 choices"),
        (spaces.Box(0, 255, (64, 48, 3), np.uint8), "image 64×48"),
        (spaces.Box(-1, 1, (4,)), "numbers 4"),
        (spaces.Dict({"image": spaces.Discrete(2), "text": Unicode(3)}), "image+text"),
    ],
)
def test_spaces_in_a_word(space, said):
    assert short_space(space) == said


def test_hostile_text_is_printable():
    assert printable("a\x1b[31m\x00\ud800\nb") == "a\\x1b[31m\\x00\\ud800\nb"


def test_check_says_once_that_options_cannot_be(assay_command):
    ran = assay_command("check", "assay/Countdown-v0?n_numbers=99")
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.count("n_numbers=99 is not valid") == 1
