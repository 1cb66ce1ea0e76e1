"""Opening stored runs by file, folder and number."""

import pytest
from evaluation_toys import Adder

from assay.core.errors import StoreError
from assay.evaluation.engine import evaluate
from assay.evaluation.runs import open_runs

pytestmark = pytest.mark.core


def test_files_folders_and_numbers(tmp_path):
    first = evaluate(Adder(), "toy/Sum-v0", n=3, out=tmp_path / "a.db")
    evaluate(Adder(), "toy/Sum-v0", n=4, out=tmp_path / "a.db", new_run=True)
    evaluate("random", "toy/Sum-v0", n=3, out=tmp_path / "b.db")
    with open_runs([tmp_path]) as runs:
        assert [(run.run, run.results[0].done) for run in runs] == [(1, 3), (2, 4), (1, 3)]
        assert len({run.label for run in runs}) == 3
        assert runs[0].results.digest == first.digest
    with open_runs([f"{tmp_path / 'a.db'}#2", tmp_path / "b.db"]) as runs:
        assert [run.results[0].done for run in runs] == [4, 3]
        assert runs[1].label == "random"


@pytest.mark.parametrize("name, said", [("none.db", "No results file"), (".", "holds no results")])
def test_what_is_not_there_is_named(tmp_path, name, said):
    with pytest.raises(StoreError, match=said), open_runs([tmp_path / name]):
        pass


def test_a_run_that_is_not_there_is_named(tmp_path):
    evaluate(Adder(), "toy/Sum-v0", n=1, out=tmp_path / "a.db")
    with pytest.raises(StoreError, match="does not hold run 7: its runs are 1"):
        with open_runs([f"{tmp_path / 'a.db'}#7"]):
            pass
