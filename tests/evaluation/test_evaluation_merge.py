"""Shards of a plan, and their runs put together."""

import os
import shutil
import sqlite3
from pathlib import Path

import pytest
from evaluation_toys import Adder, Walker

from assay.core.errors import OptionError, StoreError
from assay.evaluation import engine
from assay.evaluation.engine import evaluate
from assay.evaluation.merge import merge, merged
from assay.evaluation.record import read_payload
from assay.evaluation.runs import open_runs
from assay.evaluation.schema import COPY
from assay.evaluation.shard import Shard, read_shard, shares
from assay.evaluation.store import Store

pytestmark = pytest.mark.core

PLAN = {"envs": ("toy/Sum-v0", "toy/Walk-v0?length=3"), "n": 11, "samples": 2}


def shard(tmp_path, part, parts=3, **changes):
    out = tmp_path / f"shard-{part}.db"
    return evaluate(Walker(), **{**PLAN, **changes}, shard=f"{part}/{parts}", out=out), out


@pytest.fixture(scope="module")
def shards(tmp_path_factory):
    folder = tmp_path_factory.mktemp("shards")
    with pytest.MonkeyPatch.context() as patch:  # as `fixed_revision` does for each test
        patch.setattr(engine, "source_revision", lambda: "a revision")
        return [shard(folder, part)[1] for part in (1, 2, 3)]


@pytest.fixture(scope="module")
def whole():
    return evaluate(Walker(), **PLAN)


@pytest.mark.parametrize("counts", [[10], [7, 5, 1], [1, 1, 1], [100, 3]])
@pytest.mark.parametrize("parts", [1, 2, 3, 16])
def test_every_episode_is_in_one_shard(counts, parts):
    seen = [
        (env, episode)
        for part in range(1, parts + 1)
        for env, episodes in enumerate(shares(counts, Shard(part, parts)))
        for episode in episodes
    ]
    assert sorted(seen) == [(env, e) for env, n in enumerate(counts) for e in range(n)]
    sizes = [sum(map(len, shares(counts, Shard(p, parts)))) for p in range(1, parts + 1)]
    assert max(sizes) - min(sizes) <= 1


@pytest.mark.parametrize("text", ["0/3", "4/3", "3", "1/0", "a/b", "-1/3", "1/3 ", "٣/٤", 3])
def test_what_is_no_shard_is_refused(text):
    with pytest.raises(OptionError, match="such as 3/16"):
        read_shard(text)


def test_a_shard_is_a_run_of_its_own_part(shards):
    with open_runs(shards) as runs:
        results = [run.results for run in runs]
        assert len({run.info.fingerprint for run in runs}) == 1
        assert [run.info.settings["shard"] for run in runs] == ["1/3", "2/3", "3/3"]
    assert all(found.complete and found.exit_code == 0 for found in results)
    assert [sum(row.planned for row in found) for found in results] == [16, 14, 14]


def test_a_shard_of_a_small_plan_may_be_empty_and_is_complete(tmp_path):
    found, out = shard(tmp_path, 9, 16, n=2)
    assert found.complete and found.exit_code == 0 and sum(row.planned for row in found) == 0
    assert evaluate(Walker(), **{**PLAN, "n": 2}, shard="9/16", out=out).complete


def test_a_shard_resumes_as_what_it_is_and_no_other(tmp_path):
    _, out = shard(tmp_path, 2)
    again, _ = shard(tmp_path, 2)
    assert again.run == 1
    with pytest.raises(StoreError, match=r"holds shard 2/3 of this run, not shard 1/3: .* merge"):
        evaluate(Walker(), **PLAN, shard="1/3", out=out)
    with pytest.raises(StoreError, match=r"holds shard 2/3 of this run, not the whole"):
        evaluate(Walker(), **PLAN, out=out)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1), (1, 1, 2, 0, 1)])
def test_shards_merged_in_any_order_are_the_whole(shards, whole, order, tmp_path):
    found = merge([shards[i] for i in order], tmp_path / "whole.db")
    assert found.digest == whole.digest and found.complete and found.findings == 0
    assert found.exit_code == 0
    with Store(tmp_path / "whole.db", read_only=True) as store:
        steps = store.query("SELECT steps FROM trajectories")
        assert len(steps) == sum(row.planned for row in whole)
        assert all(read_payload(data, store.blob).steps for (data,) in steps)
        (run,) = store.runs()
        assert run.settings["shard"] is None and run.settings["shards"] == ["1/3", "2/3", "3/3"]


def test_one_at_a_time_or_twice_changes_nothing(shards, whole, tmp_path):
    out = tmp_path / "whole.db"
    for i, path in enumerate((shards[2], shards[0], shards[2], shards[1])):
        found = merge([path], out)
        assert found.complete is (i == 3 or i == 0), "one shard alone is complete as what it is"
    assert found.digest == whole.digest
    assert merge([tmp_path, *shards], out).digest == whole.digest  # itself is not read
    with pytest.raises(StoreError, match="Nothing to add"):
        merge([out], out)


def test_some_shards_are_an_incomplete_run_that_goes_on(shards, whole, tmp_path):
    out = tmp_path / "some.db"
    found = merge(shards[:2], out)
    assert not found.complete and sum(row.planned for row in found) == 44
    assert sum(row.done for row in found) == 30
    assert evaluate(Walker(), **PLAN, out=out).digest == whole.digest


def test_runs_of_another_plan_or_policy_are_refused_with_the_difference(shards, tmp_path):
    _, other = shard(tmp_path, 1, n=12)
    out = tmp_path / "out" / "whole.db"
    with pytest.raises(StoreError, match=r"envs.0.n: 11 -> 12.*only runs of one plan"):
        merge([shards[0], other], out)
    assert not out.parent.exists()
    with pytest.raises(StoreError, match=r"holds another run \(.*n: 12 -> 11"):
        merge(shards, other)


def test_rows_that_differ_are_findings_and_the_first_stays(tmp_path):
    evaluate(Adder(1.0), "toy/Sum-v0", n=6, out=tmp_path / "a.db", shard="1/2")
    sure = Adder(0.0)
    sure.name = Adder.name
    evaluate(sure, "toy/Sum-v0", n=6, out=tmp_path / "b.db", shard="1/2")
    digests = set()
    for pair in (("a", "b"), ("b", "a")):
        out = tmp_path / f"{''.join(pair)}.db"
        found = merge([tmp_path / f"{name}.db" for name in pair], out)
        assert found.findings == 3 and found.exit_code == 1
        assert merge([tmp_path / "a.db", tmp_path / "b.db"], out).findings == 3
        digests.add(found.digest)
    assert len(digests) == 2
    third = merge([tmp_path / "ab.db"], tmp_path / "third.db")
    assert third.findings == 3, "findings are merged too"


class Moody(Adder):
    """Raises until it is told better."""

    moody = True

    def act(self, observation, info):
        if self.moody:
            raise ValueError("not now")
        return super().act(observation, info)


def test_a_row_run_again_stands_before_its_older_copy(tmp_path):
    settings = {"envs": "toy/Sum-v0", "n": 4, "shard": "1/2"}
    evaluate(Moody(), **settings, out=tmp_path / "new.db")
    shutil.copy(tmp_path / "new.db", tmp_path / "old.db")
    calm = Moody()
    calm.moody = False
    later = evaluate(calm, **settings, out=tmp_path / "new.db", retry=("policy_error",))
    for pair in (("old", "new"), ("new", "old"), ("old", "new", "old")):
        out = tmp_path / f"{'-'.join(pair)}.sqlite"
        found = merge([tmp_path / f"{name}.db" for name in pair], out)
        assert found.digest == later.digest and found.findings == 0
        with Store(out, read_only=True) as store:
            kept = store.query("SELECT status, steps IS NULL FROM superseded")
            assert kept == [("policy_error", 0)] * 2
            steps = store.query("SELECT steps FROM trajectories")
            assert all(read_payload(data, store.blob).steps for (data,) in steps)


def test_pictures_and_long_texts_come_along(tmp_path):
    envs = [("toy/Walk-v0", {"image": True})]
    for part in (1, 2):
        evaluate(Walker(), envs, n=4, shard=f"{part}/2", out=tmp_path / f"{part}.db", frames="all")
    out = tmp_path / "whole.db"
    merge([tmp_path / "1.db", tmp_path / "2.db"], out)
    with Store(out, read_only=True) as store:
        for (data,) in store.query("SELECT steps FROM trajectories"):
            found = read_payload(data, store.blob)
            assert len(found.frames) == len(found.steps) + 1


def test_shown_together_shards_are_one_run_and_nothing_is_written(shards, whole, tmp_path):
    evaluate(Walker(), **PLAN, out=tmp_path / "full.db")
    evaluate("random", **PLAN, out=tmp_path / "random.db")
    before = [path.read_bytes() for path in shards]
    with open_runs([*shards, tmp_path]) as runs, merged(runs) as shown:
        assert [len(run.results.rows) for run in shown] == [2, 2, 2]
        assert shown[0].results.digest == whole.digest and shown[0].results.complete
        assert shown[0].store.path is None and shown[1].store.path == tmp_path / "full.db"
        assert shown[2].policy == "random"
        assert len(list(shown[0].results.episodes())) == 44
    assert [path.read_bytes() for path in shards] == before
    with open_runs(shards[:1]) as runs, merged(runs) as shown:
        assert shown == runs


def test_a_merge_that_is_stopped_leaves_all_of_a_file_or_nothing(shards, tmp_path, monkeypatch):
    out = tmp_path / "whole.db"
    merge(shards[:1], out)
    broken = (*COPY[:2], "INSERT INTO main.absent VALUES (1)")  # after the rows were copied
    monkeypatch.setattr("assay.evaluation.store.COPY", broken)
    with pytest.raises(StoreError, match="no such table"):
        merge(shards[1:], out)
    monkeypatch.undo()
    with sqlite3.connect(out) as db:
        assert db.execute("SELECT count(*) FROM episodes").fetchone() == (16,)
    assert merge(shards[1:], out).complete


@pytest.fixture
def own_shards(shards, tmp_path):
    """Shards that may be damaged."""
    return [Path(shutil.copy(path, tmp_path)) for path in shards]


def spoil(path):
    """Overwrite a page of the trajectories, which nobody reads before they are copied."""
    with sqlite3.connect(path) as db:
        (page,) = db.execute(
            "SELECT rootpage FROM sqlite_master WHERE name = 'trajectories'"
        ).fetchone()
        (size,) = db.execute("PRAGMA page_size").fetchone()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xff" * size)


def drop(path):
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE blobs")


def mistype(path):
    with sqlite3.connect(path) as db:
        db.execute("UPDATE episodes SET passed = 'yes' WHERE episode = 1")


@pytest.mark.parametrize("damage", [spoil, drop, mistype])
def test_a_damaged_source_is_named_and_the_target_is_as_before(damage, own_shards, tmp_path):
    shards = own_shards
    old = tmp_path / "old" / "whole.db"
    merge(shards[:1], old)
    before = old.read_bytes()
    damage(shards[1])
    new = tmp_path / "new" / "whole.db"
    for out in (new, old):
        with pytest.raises(StoreError, match=f"^'{shards[1]}' (is|was) .*damaged"):
            merge([shards[2], *shards], out)
    assert old.read_bytes() == before
    assert sorted(os.listdir(tmp_path / "old")) == ["whole.db"]
    assert not new.parent.exists() or not os.listdir(new.parent)
    if damage is not mistype:
        with (
            pytest.raises(StoreError, match=f"^'{shards[1]}'"),
            open_runs(shards) as runs,
            merged(runs),
        ):
            pass


def test_a_merge_into_a_new_file_that_is_stopped_leaves_none(shards, tmp_path, monkeypatch):
    broken = (*COPY[:2], "INSERT INTO main.absent VALUES (1)")
    monkeypatch.setattr("assay.evaluation.store.COPY", broken)
    with pytest.raises(StoreError, match="no such table"):
        merge(shards, tmp_path / "out" / "whole.db")
    assert os.listdir(tmp_path / "out") == []


def test_a_claim_to_be_complete_goes_with_the_shards(shards, tmp_path):
    def claims(path):
        with Store(path, read_only=True) as store:
            return store.runs()[0].settings.get("complete")

    out = tmp_path / "whole.db"
    assert claims(shards[0]) is True
    merge(shards[:1], out)
    assert claims(out) is True, "all of one shard"
    merge(shards[1:2], out)
    assert claims(out) is False
    merge(shards[2:], out)
    assert claims(out) is True
