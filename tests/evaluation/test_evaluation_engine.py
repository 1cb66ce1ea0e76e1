import json
import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from evaluation_toys import Adder, BatchAdder, Scripted, Walker

from assay.core.errors import MissingFile, OptionError, PolicyError, StoreError, UnknownName
from assay.evaluation import driver, engine, store
from assay.evaluation.backends.base import Finished, Lost, find_backend
from assay.evaluation.backends.worker import Worker
from assay.evaluation.config import EvalConfig
from assay.evaluation.engine import evaluate
from assay.evaluation.record import read_payload
from assay.evaluation.store import DiskFull, Store

pytestmark = pytest.mark.core

HERE = Path(__file__).parent
ENVS = ("toy/Sum-v0", "toy/Walk-v0?length=4")


def test_every_planned_episode_is_one_row(tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(Walker(), ENVS, n=20, samples=2, out=out)
    assert [r.env for r in results] == ["toy/Sum-v0", "toy/Walk-v0?length=4"]
    assert all(r.done == r.planned == 40 for r in results) and results.complete
    assert results.exit_code == 0
    keys = {(e["env_id"], e["episode"], e["sample"]) for e in results.episodes()}
    assert len(keys) == 80
    with Store(out, read_only=True) as kept:
        (episode,) = [e for e in kept.episodes(1) if e["episode"] == 3][:1]
        assert episode["split"] == "test" and episode["env_seed"] > 0


def test_the_digest_is_that_of_the_run(tmp_path):
    first = evaluate(Adder(), ENVS[:1], n=30)
    again = evaluate(Adder(), ENVS[:1], n=30, out=tmp_path / "a.db")
    assert first.digest == again.digest
    others = [
        evaluate(Adder(), ENVS[:1], n=30, seed=1),
        evaluate(Adder(), ENVS[:1], n=31),
        evaluate(Adder(0.9), ENVS[:1], n=30),
        evaluate(Adder(), ENVS[:1], n=30, split="eval"),
        evaluate(Adder(), ["toy/Sum-v0?digits=5"], n=30),
    ]
    assert len({first.digest, *(other.digest for other in others)}) == 6


@pytest.mark.parametrize("batch", [None, 1, 5, 64])
def test_the_batch_does_not_change_the_result(batch):
    results = evaluate(BatchAdder(), ENVS[0], n=50, batch=batch)
    assert results.digest == evaluate(Adder(), ENVS[0], n=50).digest
    assert results[0].completion_tokens == 100


def test_running_again_changes_nothing(tmp_path):
    out = tmp_path / "run.db"
    first = evaluate(Adder(), ENVS[0], n=20, out=out)
    stored = [tuple(e.values()) for e in first.episodes()]
    again = evaluate(Scripted(RuntimeError("must not be asked")), ENVS[0], n=20) and evaluate(
        Adder(), ENVS[0], n=20, out=out
    )
    assert [tuple(e.values()) for e in again.episodes()] == stored
    assert again.digest == first.digest and again.run == first.run


def test_half_a_run_is_continued(tmp_path, monkeypatch):
    out = tmp_path / "run.db"
    whole = evaluate(Adder(), ENVS[0], n=40)

    class Stops(Adder):
        def act(self, observation, info):
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
            self.left -= 1
            return super().act(observation, info)

    stops = Stops()
    stops.left = 15
    half = evaluate(stops, ENVS[0], n=40, out=out)
    assert not half.complete and half.exit_code == 3 and 0 < half[0].done < 40
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    seen = []
    rest = evaluate(Adder(), ENVS[0], n=40, out=out, progress=seen.append)
    assert rest.complete and rest.digest == whole.digest
    assert seen[-1].resumed == half[0].done and seen[-1].done == 40


def test_a_second_interrupt_stops_now(tmp_path):
    class Stops(Adder):
        def act(self, observation, info):
            signal.raise_signal(signal.SIGINT)
            signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        evaluate(Stops(), ENVS[0], n=40, out=tmp_path / "run.db")
    assert os.listdir(tmp_path) == ["run.db"]
    assert evaluate(Adder(), ENVS[0], n=40, out=tmp_path / "run.db").complete


def test_progress_tells_each_environment(tmp_path):
    seen = []
    evaluate(Walker(), ["toy/Walk-v0?fault=step", "toy/Sum-v0"], n=30, progress=seen.append)
    last = {p.env_id: p for p in seen}
    assert set(last) == {"toy/Walk-v0?fault=step", "toy/Sum-v0"}
    walk = last["toy/Walk-v0?fault=step"]
    assert walk.done == walk.planned == 30 == sum(walk.counts.values())
    assert walk.counts["env_error"] > 0 and walk.elapsed_s > 0
    tokens = []
    evaluate(BatchAdder(), "toy/Sum-v0", n=5, progress=tokens.append)
    assert tokens[-1].tokens == 35


# ---------------------------------------------------------------------- resuming another run


def test_another_run_is_refused_with_the_difference(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Adder(), ENVS[0], n=5, out=out)
    before = out.read_bytes()
    for changes, words in (
        ({"n": 6}, r"envs.0.n: 5 -> 6\)"),
        ({"seed": 1}, r"\(seed: 0 -> 1\)"),
        ({"split": "eval"}, "split: 'test' -> 'eval'"),
        ({"samples": 2}, r"\(samples: 1 -> 2\)"),
        ({"step_limit": 3}, r"limits.steps: None -> 3"),
        ({"envs": "toy/Sum-v0?digits=5"}, "envs.0.options.digits: absent -> 5"),
    ):
        settings = {"envs": ENVS[0], "n": 5, "out": out, **changes}
        with pytest.raises(StoreError, match=f"holds another run .*{words}.*--new-run"):
            evaluate(Adder(), **settings)
    with pytest.raises(StoreError, match=r"policy\.id: 'adder' -> "):
        evaluate(Walker(), ENVS[0], n=5, out=out)
    assert out.read_bytes() == before


def test_another_version_or_revision_is_another_run(tmp_path, monkeypatch):
    out = tmp_path / "run.db"
    evaluate(Adder(), ENVS[0], n=5, out=out)
    monkeypatch.setattr(engine, "source_revision", lambda: "abc")
    with pytest.raises(StoreError, match=r"revision: .* -> 'abc'"):
        evaluate(Adder(), ENVS[0], n=5, out=out)
    monkeypatch.undo()
    monkeypatch.setattr(engine, "versions", lambda: {"numpy": "0"})
    with pytest.raises(StoreError, match=r"versions\.numpy"):
        evaluate(Adder(), ENVS[0], n=5, out=out)


def test_what_a_policy_says_of_itself_is_in_the_fingerprint(tmp_path):
    out, policy = tmp_path / "run.db", Adder()
    policy.describe = lambda: {"wrong": 0.35, "odd": object}
    evaluate(policy, ENVS[0], n=5, out=out)
    evaluate(policy, ENVS[0], n=5, out=out)
    policy.describe = lambda: {"wrong": 0.4, "odd": object}
    with pytest.raises(StoreError, match=r"policy.describe.wrong: 0.35 -> 0.4"):
        evaluate(policy, ENVS[0], n=5, out=out)
    evaluate("evaluation_toys:Adder", ENVS[0], n=5, out=out, new_run=True)
    with pytest.raises(StoreError, match=r"policy.settings.wrong: absent -> 0.1"):
        settings = {"wrong": 0.1}
        evaluate("evaluation_toys:Adder", ENVS[0], n=5, out=out, policy_settings=settings)


def test_a_new_run_starts_beside_the_old(tmp_path):
    out = tmp_path / "run.db"
    first = evaluate(Adder(), ENVS[0], n=5, out=out)
    second = evaluate(Adder(), ENVS[0], n=8, out=out, new_run=True)
    assert (first.run, second.run) == (1, 2) and second[0].done == 8
    assert evaluate(Adder(), ENVS[0], n=5, out=out).run == 1  # each is found again
    assert evaluate(Adder(), ENVS[0], n=8, out=out).run == 2
    assert evaluate(Adder(), ENVS[0], n=8, out=out, new_run=True).run == 3


def test_where_it_ran_is_no_part_of_the_fingerprint(tmp_path):
    out = tmp_path / "run.db"
    evaluate(BatchAdder(), ENVS[0], n=5, out=out, batch=2)
    assert evaluate(BatchAdder(), ENVS[0], n=5, out=out, batch=7, workers=2).run == 1


def test_the_run_row_holds_configuration_and_versions(tmp_path):
    evaluate(Adder(), ENVS, n=5, out=tmp_path / "run.db")
    with Store(tmp_path / "run.db", read_only=True) as kept:
        (run,) = kept.runs()
    assert run.identity["versions"].keys() >= {"python", "assay", "numpy", "gymnasium"}
    assert run.identity["envs"][1]["options"] == {"length": 4}
    assert run.settings["envs"] == list(ENVS) and run.settings["n"] == 5
    assert run.settings["split"] == "test" and "platform" in run.settings["machine"]


# ---------------------------------------------------------------------- retry, faults, exit codes


def test_chosen_statuses_are_run_again_and_the_old_rows_kept(tmp_path):
    out = tmp_path / "run.db"

    class Moody(Adder):
        moody = True

        def act(self, observation, info):
            if self.moody and observation[0] in "123":
                raise ValueError("not now")
            return super().act(observation, info)

    settings = {"envs": ENVS[0], "n": 30, "out": out}
    policy = Moody()
    failed = evaluate(policy, **settings)[0].counts["policy_error"]
    assert failed > 0
    assert evaluate(policy, **settings)[0].counts["policy_error"] == failed
    Moody.moody = False
    again = evaluate(policy, **settings, retry=("policy_error",))
    assert again[0].counts["policy_error"] == 0 and again[0].done == 30 and again.findings == 0
    assert again.digest == evaluate(policy, ENVS[0], n=30).digest
    with Store(out, read_only=True) as kept:
        (count,) = kept.query("SELECT count(*), min(status) FROM superseded")
        assert count == (failed, "policy_error")


def test_a_policys_fault_is_counted_and_exits_zero():
    results = evaluate(Scripted(ValueError("bad")), ENVS[0], n=5)
    assert results[0].counts["policy_error"] == 5 and results.exit_code == 0
    assert results[0].pass_rate == 0.0 and results[0].n == 5


@pytest.mark.parametrize(
    ("fault", "status"), [("step", "env_error"), ("verdict", "verifier_error")]
)
def test_a_fault_of_the_machine_exits_one_and_hides_nobody(fault, status, tmp_path):
    results = evaluate(
        Walker(), [f"toy/Walk-v0?fault={fault}", "toy/Sum-v0"], n=12, out=tmp_path / "r.db"
    )
    bad, good = results
    assert bad.counts[status] > 0 and bad.n == 12 - bad.counts[status]
    low, high = bad.range
    assert low == bad.passed / 12 and high == (bad.passed + bad.counts[status]) / 12
    assert good.done == 12 and good.range is None and results.exit_code == 1
    with Store(tmp_path / "r.db", read_only=True) as kept:
        for status_, steps in kept.query(
            "SELECT e.status, t.steps FROM episodes e JOIN trajectories t "
            "USING (run, env_id, env_digest, policy_id, split, episode, sample) "
            "WHERE status = ?", (status,)
        ):  # fmt: skip
            found = read_payload(steps, kept.blob)
            assert "told to fail" in found.error or found.verdict.is_error, status_


class Unreliable:
    """A backend that loses units: all those that hold an episode it cannot bear."""

    def __init__(self, job, deadly=(), once=()):
        self.worker, self.deadly, self.once = Worker(job), set(deadly), set(once)
        self.out = []

    def capacity(self):
        return 3

    def submit(self, unit):
        episodes = {key.episode for key in unit.keys}
        if episodes & self.deadly or episodes & self.once:
            self.once -= episodes
            self.out.append(Lost(unit, "the worker was killed by signal 9"))
        else:
            self.worker.add(unit)

    def events(self, timeout_s):
        out, self.out = self.out, []
        return out or self.worker.advance()

    def interrupt(self):
        pass

    def close(self):
        self.worker.close()


def unreliable(monkeypatch, **faults):
    monkeypatch.setattr(engine, "find_backend", lambda name: lambda job: Unreliable(job, **faults))


def test_a_key_that_kills_its_worker_is_found_by_itself(monkeypatch):
    whole = {e["episode"]: e["payload_digest"] for e in evaluate(Adder(), ENVS[0], n=60).episodes()}
    unreliable(monkeypatch, deadly={41})
    results = evaluate(Adder(), ENVS[0], n=60)
    rows = {e["episode"]: e for e in results.episodes()}
    assert len(rows) == 60 and results.exit_code == 1
    assert [e for e, r in rows.items() if r["status"] == "crashed"] == [41]
    assert rows[41]["attempts"] == driver.MAX_ATTEMPTS == 3 and rows[41]["reason"] == "worker.lost"
    assert all(r["payload_digest"] == whole[e] for e, r in rows.items() if e != 41)


def test_lost_work_is_done_again_and_changes_nothing(monkeypatch):
    whole = evaluate(Adder(), ENVS[0], n=60).digest
    unreliable(monkeypatch, once={0, 7, 33, 59})
    results = evaluate(Adder(), ENVS[0], n=60)
    assert results.digest == whole and results.exit_code == 0


def test_a_nondeterministic_second_row_is_a_finding_and_exits_one(monkeypatch):
    class Doubles(Unreliable):
        def events(self, timeout_s):
            events = super().events(timeout_s)
            for event in list(events):
                if event.unit.keys[0].episode == 0:
                    row = event.rows[0]
                    twin = type(row)(**{**fields(row), "payload_digest": "f" * 32})
                    events.append(Finished(event.unit, (twin,)))
            return events

    monkeypatch.setattr(engine, "find_backend", lambda name: Doubles)
    monkeypatch.setattr(driver.Driver, "_resize", lambda self, event: None)
    results = evaluate(Adder(), ENVS[0], n=4, progress=None)
    assert results.findings == 1 and results.exit_code == 1 and results[0].done == 4


def fields(row):
    return {name: getattr(row, name) for name in row.__slots__}


# ---------------------------------------------------------------------- bad input writes nothing


@pytest.mark.parametrize(
    ("settings", "error", "words"),
    [
        ({"envs": ["toy/Wolk-v0"]}, UnknownName, "Did you mean 'toy/Walk-v0'"),
        ({"envs": ["toy/Sum-v0?digit=1"]}, TypeError, "Did you mean 'digits'"),
        ({"envs": ["toy/Sum-v0?split=train"]}, OptionError, "--split"),
        ({"envs": ["toy/Sum-v0?digits=1"], "n": 500}, OptionError, "n=500 .* at most"),
        ({"envs": ["toy/Sum-v0"], "split": "tset"}, OptionError, "split='tset'"),
        ({"envs": ["toy/Sum-v0"], "n": 0}, OptionError, "n=0"),
        ({"envs": ["toy/Sum-v0"], "n": "some"}, OptionError, "n='some'"),
        ({"envs": []}, OptionError, "name environments"),
        ({"envs": ["toy/Sum-v0"], "suite": "demo"}, OptionError, "choose one"),
        ({"suite": "dmeo"}, UnknownName, "Did you mean 'demo'"),
        ({"suite": "none.toml"}, MissingFile, "none.toml"),
        ({"envs": ["toy/Sum-v0"], "backend": "inlin"}, UnknownName, "Did you mean 'inline'"),
        ({"envs": ["toy/Sum-v0"], "retry": ["slow"]}, OptionError, "retry='slow'"),
        ({"envs": ["toy/Sum-v0"], "policy": "randon"}, UnknownName, "Did you mean 'random'"),
        ({"envs": ["toy/Sum-v0"], "policy": 3}, PolicyError, "no policy"),
    ],
)
def test_bad_input_is_one_error_and_leaves_no_file(settings, error, words, tmp_path):
    with pytest.raises(error, match=words):
        evaluate(**{"policy": Adder(), "out": tmp_path / "run.db", **settings})
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(
    ("name", "value"),
    [("samples", 0), ("seed", -1), ("batch", 0), ("time_limit_s", 0.0), ("step_limit", 0),
     ("token_limit", -3), ("workers", 0), ("frames", "some"), ("seed", True)],
)  # fmt: skip
def test_settings_are_checked(name, value):
    with pytest.raises(OptionError, match=f"{name}={value!r}"):
        EvalConfig(policy="p", envs=("e",), **{name: value})


def test_a_policy_made_by_name_is_closed(monkeypatch):
    closed = []
    monkeypatch.setattr("evaluation_toys.Adder.close", lambda s: closed.append(s), raising=False)
    evaluate("evaluation_toys:Adder", ENVS[0], n=1)
    assert len(closed) == 1
    evaluate(Adder(), ENVS[0], n=1)
    assert len(closed) == 1


def test_find_backend_names_the_class():
    assert find_backend("inline").__name__ == "InlineBackend"


# ---------------------------------------------------------------------- the disk, and hostile text


def test_a_full_disk_is_a_message_and_the_run_resumes(tmp_path, monkeypatch):
    out = tmp_path / "run.db"
    real = sqlite3.connect

    def small(*args, **kwargs):
        db = real(*args, **kwargs)
        db.execute("PRAGMA max_page_count = 60")
        return db

    monkeypatch.setattr(store.sqlite3, "connect", small)
    with pytest.raises(DiskFull, match="No room to write") as caught:
        evaluate(Adder(), ENVS[0], n=1_000, out=out)
    assert caught.value.exit_code == 3
    monkeypatch.undo()
    resumed = evaluate(Adder(), ENVS[0], n=1_000, out=out)
    assert resumed.complete and resumed.digest == evaluate(Adder(), ENVS[0], n=1_000).digest


def test_a_real_write_error_is_the_same_message(tmp_path):
    code = (
        "import resource, signal, sys; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from evaluation_toys import Adder\n"
        "from assay.evaluation.engine import evaluate\n"
        "from assay.evaluation.store import DiskFull\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (150_000, 150_000))\n"
        "try: evaluate(Adder(), 'toy/Sum-v0', n=2_000, out=sys.argv[1])\n"
        "except DiskFull as err: sys.exit(err.exit_code)\n"
    )
    out = tmp_path / "run.db"
    done = subprocess.run(
        [sys.executable, "-c", code, str(out)], env=environment(), capture_output=True, timeout=120
    )
    assert done.returncode == 3, done.stderr.decode()
    with Store(out) as kept:
        assert kept.query("PRAGMA quick_check") == [("ok",)]
        assert 0 < kept.query("SELECT count(*) FROM episodes")[0][0] < 2_000


HOSTILE = [
    "</script>",
    "nul \0",
    "😀",
    "x" * 1_000_000,
    "\ud800\udc00 \udfff",
    "'; DROP TABLE runs;",
]


def test_hostile_text_is_stored_and_read_intact(tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(Scripted(*HOSTILE), [("toy/Walk-v0", {"max_steps": 6})], n=2, out=out)
    assert results.complete and results.exit_code == 0
    results = evaluate(Scripted(HOSTILE[3]), "toy/Sum-v0", n=2, out=out, new_run=True)
    with Store(out, read_only=True) as kept:
        (steps,) = kept.query("SELECT steps FROM trajectories WHERE run = 1 AND episode = 0")[0]
        assert [s.action for s in read_payload(steps, kept.blob).steps] == HOSTILE
        assert kept.query("SELECT count(*) FROM blobs")[0][0] == 1  # a million x, once
        for table in ("runs", "episodes", "findings", "superseded"):
            kept.query(f"SELECT * FROM {table}")


def environment():
    paths = [str(HERE.parent.parent), str(HERE)]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}


# ---------------------------------------------------------------------- results


def test_results_count_and_say_how():
    one = evaluate(Adder(), ENVS[0], n=40)[0]
    assert one.method == "wilson" and one.n_tasks == 40
    assert one.low < one.pass_rate < one.high and one.pass_rate == one.passed / 40
    several = evaluate(Adder(), ENVS[0], n=40, samples=3)[0]
    assert several.method == "t over tasks" and several.n_tasks == 40 and several.n == 120
    assert several.pass_at(3) > several.pass_rate > several.pass_hat(3)
    assert several.pass_at(1) == pytest.approx(several.pass_rate)
    none = evaluate(Walker(), "toy/Walk-v0?fault=step&every=1", n=4)
    assert none[0].pass_rate is None and (none[0].low, none[0].high) == (0.0, 1.0)


def test_shared_instances_are_counted_by_distinct_worlds():
    row = evaluate(Walker(), "toy/Secret-v0?max_steps=6", n=60)[0]
    assert row.n_worlds == row.n_tasks == 4 and row.n == 60 and row.method == "t over tasks"
    assert evaluate(Walker(), "toy/Walk-v0", n=5)[0].n_worlds is None


def test_results_as_plain_values_and_pandas():
    pandas = pytest.importorskip("pandas")
    results = evaluate(Adder(), ENVS, n=10)
    values = json.loads(json.dumps(results.to_dict()))
    first = values["results"][0]
    assert first["env"] == "toy/Sum-v0" and first["n"] == 10 == first["finished"]
    assert {"pass_rate", "low", "high", "crashed", "verifier_error", "tasks"} <= first.keys()
    frame = results.to_pandas()
    assert isinstance(frame, pandas.DataFrame) and list(frame["env"]) == [r.env for r in results]
    assert results["toy/Walk-v0"].env == "toy/Walk-v0?length=4" and len(results) == 2
    with pytest.raises(KeyError, match="toy/Sum-v0"):
        results["toy/Quux-v0"]


def test_evaluating_loads_no_library_that_it_does_not_need():
    code = (
        "import sys; from evaluation_toys import Adder\n"
        "from assay.evaluation.engine import evaluate\n"
        "evaluate(Adder(), 'toy/Sum-v0', n=3)\n"
        "print([m for m in ('scipy', 'torch', 'pandas', 'sympy') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True, timeout=120
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_the_first_exception_behind_each_status_is_named():
    class Raises(Adder):
        def act(self, observation, info):
            raise ValueError("no idea")

    found = evaluate(Raises(), "toy/Sum-v0", n=3)
    assert [tuple(fault) for fault in found.faults()] == [
        ("toy/Sum-v0", "policy_error", 0, "ValueError: no idea")
    ]
    assert evaluate(Adder(), "toy/Sum-v0", n=3).faults() == []
