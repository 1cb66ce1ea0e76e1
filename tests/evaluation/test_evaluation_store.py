import os
import sqlite3
import subprocess
import sys
from dataclasses import replace

import pytest

from assay.core.errors import StoreError
from assay.evaluation.episode import Episode
from assay.evaluation.locking import DriverLock, refuse_network_disk
from assay.evaluation.plan import EpisodeKey
from assay.evaluation.record import to_row
from assay.evaluation.store import BATCH_ROWS, DiskFull, Store

pytestmark = pytest.mark.core


def row(episode, status="finished", passed=True, code="text.same", sample=0):
    key = EpisodeKey("toy/Sum-v0", "d", "p", "test", episode, sample, 2**62, 2**63 - 1, 5)
    return to_row(Episode(key=key, status=status, passed=passed, code=code))


def begin(store):
    return store.new_run("f", {"a": 1}, {"b": 2})


def count(store, table="episodes"):
    return store.query(f"SELECT count(*) FROM {table}")[0][0]


def test_rows_come_back(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        store.add(run, [row(i, passed=i % 2 == 0) for i in range(10)])
    with Store(tmp_path / "a.db", read_only=True) as store:
        assert [(r.run, r.identity, r.settings) for r in store.runs()] == [
            (run, {"a": 1}, {"b": 2})
        ]
        stored = list(store.episodes(run))
        assert [e["passed"] for e in stored] == [1, 0] * 5
        assert stored[0]["env_seed"] == 2**63 - 1 and stored[0]["problem"] == 2**62
        assert store.payload(run, row(3).key) == row(3).steps
        assert list(store.statuses(run, "toy/Sum-v0", "d", "p", "test"))[1] == (1, 0, "finished", 0)
    assert sorted(os.listdir(tmp_path)) == ["a.db"]  # neither log nor lock is left behind


def test_rows_are_written_in_batches(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        store.add(run, [row(i) for i in range(BATCH_ROWS - 1)])
        assert count(store) == 0
        store.add(run, [row(BATCH_ROWS)])
        assert count(store) == BATCH_ROWS
        store.add(run, [row(1_000)])
        store._flushed -= 1.0  # as if half a second had passed
        store.tick()
        assert count(store) == BATCH_ROWS + 1


def test_a_second_row_with_the_same_content_is_no_finding(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        for _ in range(2):
            store.add(run, [row(0), row(1)])
            store.flush()
        assert (count(store), count(store, "trajectories"), store.n_findings(run)) == (2, 2, 0)


def test_a_second_row_with_other_content_is_a_finding(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        store.add(run, [row(0), row(1)])
        store.flush()
        before = store.digest(run)
        for _ in range(2):
            store.add(run, [row(0), row(1, passed=False, code="text.different"), row(2)])
            store.flush()
        assert store.n_findings(run) == 1 and count(store) == 3
        assert store.query("SELECT episode, kind FROM findings") == [(1, "nondeterminism")]
        assert before != store.digest(run)
        assert store.query("SELECT passed FROM episodes WHERE episode = 1") == [(1,)]


def test_a_row_that_is_replaced_is_kept(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        store.add(run, [row(0, "timeout", False, "limit.time"), row(1)])
        store.flush()
        store.add(run, [row(0)], replace=True)
        store.flush()
        assert [e["status"] for e in store.episodes(run)] == ["finished", "finished"]
        kept = store.query("SELECT episode, status, reason, steps IS NULL FROM superseded")
        assert kept == [(0, "timeout", "limit.time", 0)]
        assert count(store, "trajectories") == 2 and store.n_findings(run) == 0


def test_the_digest_does_not_depend_on_the_order_of_writing(tmp_path):
    digests = set()
    for name, order in (("a", range(20)), ("b", reversed(range(20)))):
        with Store(tmp_path / name) as store:
            run = begin(store)
            for i in order:
                store.add(run, [row(i)])
            store.flush()
            digests.add(store.digest(run))
    assert len(digests) == 1


def test_a_temporary_store_needs_no_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with Store(None) as store:
        run = begin(store)
        store.add(run, [row(i) for i in range(200)])
        store.flush()
        assert count(store) == 200
    assert os.listdir(tmp_path) == []


# ---------------------------------------------------------------------- refusals


def test_foreign_and_damaged_files_are_refused_untouched(tmp_path):
    text = tmp_path / "notes.txt"
    text.write_text("dear diary")
    with pytest.raises(StoreError, match="is no results file of assay"):
        Store(text)
    assert text.read_text() == "dear diary"

    other = tmp_path / "other.db"
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (a)")
    before = other.read_bytes()
    with pytest.raises(StoreError, match="a database of another program"):
        Store(other)
    assert other.read_bytes() == before
    assert sorted(os.listdir(tmp_path)) == ["notes.txt", "other.db"]


def stored(path, rows=300):
    with Store(path) as store:
        run = begin(store)
        store.add(run, [row(i) for i in range(rows)])
    return run


def test_a_truncated_file_is_refused(tmp_path):
    path = tmp_path / "a.db"
    stored(path)
    os.truncate(path, path.stat().st_size // 2)
    for read_only in (False, True):
        with pytest.raises(StoreError, match=r"cut short \(.* bytes\)"):
            Store(path, read_only=read_only)
    os.truncate(path, 50)
    with pytest.raises(StoreError, match="cut short"):
        Store(path)


def test_a_damaged_page_is_named(tmp_path):
    path = tmp_path / "a.db"
    run = stored(path)
    data = bytearray(path.read_bytes())
    data[4096 * 4 : 4096 * 20] = b"\xff" * (4096 * 16)
    path.write_bytes(data)
    with pytest.raises(StoreError, match="damaged"), Store(path) as store:
        list(store.episodes(run))


def test_a_newer_file_is_refused(tmp_path):
    path = tmp_path / "a.db"
    stored(path, 1)
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreError, match=r"written by a newer assay \(format 99"):
        Store(path)


def test_folders_and_missing_files_are_named(tmp_path):
    with pytest.raises(StoreError, match="is a folder: give the name of a file"):
        Store(tmp_path)
    with pytest.raises(StoreError, match="No results file"):
        Store(tmp_path / "none.db", read_only=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "file" / "a.db")
    assert Store(tmp_path / "new" / "folder" / "a.db").close() is None


def test_an_empty_file_is_a_new_store(tmp_path):
    path = tmp_path / "a.db"
    path.touch()
    assert stored(path, 3) == 1


def test_a_second_driver_is_told_who_holds_the_file(tmp_path):
    path = tmp_path / "a.db"
    with Store(path):
        with pytest.raises(StoreError, match=f"written by process {os.getpid()} on .*: wait"):
            Store(path)
        with Store(path, read_only=True) as reader:
            assert reader.runs() == []
    Store(path).close()


def test_a_link_to_the_file_is_the_same_file(tmp_path):
    link = tmp_path / "link.db"
    link.symlink_to(tmp_path / "a.db")
    with Store(tmp_path / "a.db"), pytest.raises(StoreError, match="is being written by"):
        Store(link)


def test_what_cannot_be_read_is_not_told_to_give_another_out(tmp_path):
    empty, other = tmp_path / "empty.db", tmp_path / "other.db"
    empty.touch()
    with sqlite3.connect(other) as db:
        db.execute("CREATE TABLE things (a)")
    with pytest.raises(StoreError, match="is empty: no run was stored in it"):
        Store(empty, read_only=True)
    with pytest.raises(StoreError, match="of another program: check the path"):
        Store(other, read_only=True)


def test_a_name_with_signs_that_mean_something_in_an_address(tmp_path):
    path = tmp_path / "50%25 #1?mode=ro&x.db"
    stored(path, 3)
    with Store(path, read_only=True) as store:
        assert count(store) == 3
    assert os.listdir(tmp_path) == [path.name]


def test_what_goes_wrong_within_a_batch_leaves_nothing_of_it(tmp_path):
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        huge = replace(row(1), prompt_tokens=2**70)
        store.add(run, [row(0), huge])
        with pytest.raises(OverflowError):
            store.flush()
        assert count(store) == 0
        store.add(run, [row(0)])
        store.flush()
        assert count(store) == 1


def test_a_lock_dies_with_its_process(tmp_path):
    path = tmp_path / "a.db"
    code = (
        "import os, signal, sys; from assay.evaluation.store import Store; "
        "s = Store(sys.argv[1]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code, str(path)], check=False, timeout=60)
    assert (tmp_path / "a.db.lock").exists()
    Store(path).close()
    assert not (tmp_path / "a.db.lock").exists()


def test_a_lock_removed_between_open_and_flock_is_taken_anew(tmp_path, monkeypatch):
    lock = DriverLock(tmp_path / "a.db")
    real, calls = os.open, []

    def open_then_lose(path, *args):
        file = real(path, *args)
        calls.append(path)
        if len(calls) == 1:
            os.unlink(path)
        return file

    monkeypatch.setattr(os, "open", open_then_lose)
    with lock:
        assert len(calls) == 2 and lock.path.exists()


def test_a_network_disk_is_refused(tmp_path):
    mounts = f"/dev/sda / ext4 rw 0 0\nserver:/x {tmp_path}/my\\040share nfs4 rw 0 0\n"
    refuse_network_disk(tmp_path / "a.db", mounts)
    for where in ("my share/a.db", "my share/deep/a.db"):
        with pytest.raises(StoreError, match=r"network file system \(nfs4\)"):
            refuse_network_disk(tmp_path / where, mounts)
    local = mounts + f"tmpfs {tmp_path}/my\\040share/local tmpfs rw 0 0\n"
    refuse_network_disk(tmp_path / "my share/local/a.db", local)
    refuse_network_disk(tmp_path / "my shared/a.db", mounts)
    accents = f"server:/x {tmp_path}/größe\\134é nfs4 rw 0 0\n"
    with pytest.raises(StoreError, match="nfs4"):
        refuse_network_disk(tmp_path / "größe\\é/a.db", accents)


def test_a_full_disk_keeps_what_was_stored(tmp_path):
    path = tmp_path / "a.db"
    with pytest.raises(DiskFull, match="free some space and run the same command again"):
        with Store(path) as store:
            run = begin(store)
            pages = store.query("PRAGMA page_count")[0][0]
            store.query(f"PRAGMA max_page_count = {pages + 40}")
            for i in range(2_000):
                store.add(run, [row(i)])
    with Store(path) as store:
        assert store.query("PRAGMA quick_check") == [("ok",)]
        kept = count(store)
        assert 0 < kept < 2_000 and kept % BATCH_ROWS == 0 == count(store, "trajectories") % 64
        store.add(run, [row(i) for i in range(2_000)])
        store.flush()
        assert count(store) == 2_000


def test_blobs_are_stored_once_and_missing_ones_are_named(tmp_path):
    key = row(0).key
    long = Episode(key=key, status="finished", passed=True, code="c", final_observation="x" * 9_999)
    with Store(tmp_path / "a.db") as store:
        run = begin(store)
        store.add(run, [to_row(long), row(1)])
        store.flush()
        ((digest, _),) = to_row(long).blobs
        assert store.blob(digest) == to_row(long).blobs[0][1]
        with pytest.raises(StoreError, match="lacks the stored text"):
            store.blob("no")
        with pytest.raises(StoreError, match="holds no episode 7"):
            store.payload(run, row(7).key)
