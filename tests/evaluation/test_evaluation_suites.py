import json
import re
from pathlib import Path

import pytest
from evaluation_toys import Adder

from assay.core.encoding import digest
from assay.core.errors import DataError
from assay.core.registry import parse_env
from assay.evaluation import fingerprint
from assay.evaluation.engine import evaluate
from assay.evaluation.plan import make_plan, resolve_envs
from assay.evaluation.suites import load_suite, suite_names

pytestmark = pytest.mark.core
DATA = Path(__file__).resolve().parent.parent / "data"

OWN = """
name = "own"
version = 3
n = 60
cap = true
split = "eval"
seed = 5
envs = ["toy/Sum-v0?digits=1", "toy/Sum-v0"]
"""


@pytest.mark.parametrize("name", suite_names())
def test_every_suite_names_environments_that_exist(name):
    suite = load_suite(name)
    assert suite.name == name and suite.version >= 1 and suite.summary
    assert [parse_env(env)[0] for env in suite.envs]
    pairs = resolve_envs(suite.envs)
    plan = make_plan(
        pairs, "p", n=suite.n, split=suite.split, seed=suite.seed, samples=1, cap=suite.cap
    )
    assert len(plan.envs) == len(suite.envs)


def plan_digest(name):
    """Of all that decides which episodes a suite plays."""
    suite = load_suite(name)
    plan = make_plan(
        resolve_envs(suite.envs), "any", n=suite.n, split=suite.split, seed=suite.seed, samples=1,
        cap=suite.cap,
    )  # fmt: skip
    keys = [(key.env_id, key.env_digest, key.split, key.episode, key.index, key.env_seed)
            for key in plan.keys()]  # fmt: skip
    return digest(keys)


@pytest.mark.parametrize("name", suite_names())
def test_a_suite_changes_only_with_its_version(name):
    """A new version is a new line in the file; a line that is there never changes."""
    golden = json.loads((DATA / "suites.json").read_text(encoding="utf-8"))
    version = str(load_suite(name).version)
    assert golden[name].get(version) == plan_digest(name), (
        f"the suite {name} plays other episodes than version {version} did: raise its version, and "
        "add its digest to tests/data/suites.json"
    )


def test_the_demo_suite_is_what_make_demo_promises():
    demo = load_suite("demo")
    assert (demo.n, demo.cap, demo.split, demo.seed) == (20, True, "test", 0)
    assert len(demo.envs) == 5 and all("n_shots=3" in env for env in demo.envs)


def test_a_suite_of_ones_own_is_a_file(tmp_path):
    path = tmp_path / "own.toml"
    path.write_text(OWN)
    results = evaluate(Adder(), suite=str(path))
    assert [row.planned for row in results] == [results[0].planned, 60]
    assert results[0].planned < 60 and results[0].split == "eval"
    assert [row.planned for row in evaluate(Adder(), suite=str(path), n=4, split="test")] == [4, 4]
    alone = evaluate(Adder(), "toy/Sum-v0", n=60, split="eval", seed=5)
    assert alone[0].passed == results[1].passed


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name = ", "not valid TOML"),
        ('name = "x"\nversion = 1\nenvs = []', "at least one environment"),
        ('name = "x"\nenvs = ["a"]', "needs the option 'version'"),
        (OWN.replace("cap", "cape"), "no option 'cape'"),
        (OWN.replace("60", '"many"'), "n='many'"),
        (OWN.replace('"eval"', '"dev"'), "split='dev'"),
    ],
)
def test_a_file_that_is_no_suite_is_one_sentence(text, words, tmp_path):
    path = tmp_path / "bad.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=re.escape(words)) as caught:
        load_suite(str(path))
    assert "\n" not in str(caught.value) and "bad.toml" in str(caught.value)


def test_the_revision_is_that_of_a_checkout_of_its_own(tmp_path, monkeypatch):
    ask = fingerprint.source_revision.__wrapped__
    found = ask()
    assert found is None or re.fullmatch("[0-9a-f]{40}", found)
    monkeypatch.setattr(fingerprint, "_ROOT", tmp_path)  # as in site-packages
    assert ask() is None
    (tmp_path / ".git").mkdir()  # no repository after all
    assert ask() is None


def test_differences_are_few_and_named():
    old = {"a": {"b": 1, "c": [1, 2]}, "d": {}}
    assert fingerprint.difference(old, {"a": {"b": 2, "c": [1]}, "d": {}}) == (
        "a.b: 1 -> 2, a.c.1: 2 -> absent"
    )
    many = fingerprint.difference({}, {str(i): i for i in range(9)})
    assert many.endswith("and 3 more") and many.count("->") == 6
