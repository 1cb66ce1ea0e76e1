"""Episodes for other programs: every column, every status, nothing half-written."""

import csv
import json
import sys

import numpy as np
import pytest

import assay
from assay.core.errors import OptionError, StoreError
from assay.envs.math.compare import CompareEnv
from assay.evaluation.engine import evaluate
from assay.evaluation.record import Unstored
from assay.evaluation.runs import open_runs
from assay.report.exports import COLUMNS, export_episodes, plain, write_episodes

pytestmark = pytest.mark.core

ENVS = ["assay/Compare-v0?digits=2", "assay/GuessNumber-v0"]


class Odd:
    """Answers with what is awkward to store, and raises now and then."""

    deterministic = True
    answers = ("=1+1", "</script>\x00", "\ud800 alone", "x" * 10_000, 'é, "quoted"\n', None)

    def reset(self, *, seed):
        self.at = seed

    def act(self, observation, info):
        self.at += 1
        if self.at % 7 == 0:
            raise RuntimeError("no answer")
        return self.answers[self.at % 6]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    out = tmp_path_factory.mktemp("run") / "odd.db"
    return evaluate(Odd(), ENVS, n=12, samples=2, out=out)


def stored(run):
    return list(run.episodes())


def test_csv_has_every_row_and_column(run, tmp_path):
    path = export_episodes(run.out, tmp_path / "new" / "all.csv")
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS and len(rows) == 48
    for row, known in zip(rows, stored(run), strict=True):
        assert row["run"] == known["policy_id"] and int(row["env_seed"]) == known["env_seed"]
        assert row["status"] == known["status"] and row["reason"] == known["reason"]
        assert row["passed"] == ("true" if known["passed"] else "false")
        assert (row["difficulty"] == "") is (known["difficulty"] is None)
        assert float(row["wall_ms"]) == known["wall_ms"]
    assert rows[0]["env"] == ENVS[0] and json.loads(rows[0]["options"]) == {"digits": 2}
    assert {row["status"] for row in rows} == {"finished", "policy_error"}


def test_json_lines_hold_the_same(run, tmp_path):
    path = export_episodes([run.out], tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    assert [tuple(row) for row in rows] == [COLUMNS] * 48
    assert rows[0]["options"] == {"digits": 2}
    for row, known in zip(rows, stored(run), strict=True):
        assert {name: row[name] for name in known if name != "run"} == {
            name: value for name, value in known.items() if name != "run"
        }


def test_steps_come_back_as_they_were(run, tmp_path):
    path = export_episodes(run.out, tmp_path / "all.jsonl", steps=True)
    rows = [json.loads(line) for line in path.read_text(encoding="ascii").splitlines()]
    answers = {step["action"] for row in rows for step in row["steps"]}
    assert set(Odd.answers) <= answers
    failed = [row for row in rows if row["status"] == "policy_error"]
    assert failed and all("RuntimeError: no answer" in row["error"] for row in failed)
    judged = next(row for row in rows if row["status"] == "finished")
    assert judged["verdict"]["code"] == judged["reason"]
    assert judged["steps"][0]["observation"].startswith("Which")
    with pytest.raises(OptionError, match="export them as jsonl"):
        export_episodes(run.out, tmp_path / "all.csv", steps=True)


def test_parquet_has_types(run, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet")
    path = export_episodes(run.out, tmp_path / "all.parquet")
    table = parquet.read_table(path)
    assert tuple(table.column_names) == COLUMNS and table.num_rows == 48
    assert str(table.schema.field("env_seed").type) == "int64"
    assert str(table.schema.field("passed").type) == "bool"
    known = stored(run)
    assert table.column("env_seed").to_pylist() == [row["env_seed"] for row in known]
    assert table.column("difficulty").to_pylist() == [row["difficulty"] for row in known]


def test_parquet_without_its_library_is_one_sentence(run, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(assay.AssayError, match=r'pip install "assay\[report\]"'):
        export_episodes(run.out, tmp_path / "all.parquet")
    assert list(tmp_path.iterdir()) == [], "and nothing is left behind"


def test_several_runs_in_one_file_are_told_apart(run, tmp_path):
    evaluate("scripted", ENVS, n=3, out=tmp_path / "b.db")
    path = export_episodes([run.out, tmp_path / "b.db"], tmp_path / "all.csv")
    with path.open(encoding="utf-8", newline="") as file:
        labels = [row["run"] for row in csv.DictReader(file)]
    assert len(labels) == 48 + 6 and set(labels) == {run.policy, "scripted"}


def test_what_machines_failed_is_exported_too(tmp_path, monkeypatch):
    def broken(self, action):
        raise RuntimeError("the environment raises")

    monkeypatch.setattr(CompareEnv, "apply", broken)
    evaluate("scripted", ENVS[:1], n=3, out=tmp_path / "a.db", backend="inline")
    text = export_episodes(tmp_path / "a.db", tmp_path / "a.csv").read_text(encoding="utf-8")
    assert text.count("env_error") == 3


def test_a_run_is_never_written_over(run, tmp_path):
    before = run.digest
    with open_runs([run.out]) as runs:
        with pytest.raises(OptionError, match="is a results file, and is not written over"):
            write_episodes(runs, runs[0].store.path, "csv")
        assert runs[0].results.digest == before
    with pytest.raises(OptionError, match="is a folder"):
        (tmp_path / "folder.csv").mkdir()
        export_episodes(run.out, tmp_path / "folder.csv")


def test_an_export_that_fails_leaves_the_old_one(run, tmp_path, monkeypatch):
    path = export_episodes(run.out, tmp_path / "all.csv")
    before = path.read_bytes()

    def torn(row, *_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("assay.report.exports._row", torn)
    with pytest.raises(OptionError, match="cannot be written: No space left"):
        export_episodes(run.out, path)
    assert path.read_bytes() == before and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("name", ["all.xlsx", "all"])
def test_another_ending_is_refused(run, tmp_path, name):
    with pytest.raises(OptionError, match=r"ends in \.csv, \.jsonl, \.parquet"):
        export_episodes(run.out, tmp_path / name)
    with pytest.raises(StoreError, match="No results file"):
        export_episodes(tmp_path / "none.db", tmp_path / "all.csv")


def test_values_become_plain_json():
    value = {
        "array": np.array([[1, 2]], dtype=np.int8), "number": np.float32(0.5), "nan": float("nan"),
        "bytes": b"\0\1", "tuple": (1, None), 3: True, "gone": Unstored("<object>"),
    }  # fmt: skip
    assert plain(value) == {
        "array": [[1, 2]], "number": 0.5, "nan": "nan", "bytes": {"base64": "AAE="},
        "tuple": [1, None], "3": True, "gone": "<object>",
    }  # fmt: skip
