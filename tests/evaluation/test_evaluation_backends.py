"""One suite for every backend: the same rows, the same digest, whatever an episode does."""

import os
import pickle
import re
import subprocess
import sys
import textwrap
import time
from collections import Counter
from multiprocessing import current_process
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import pytest
from evaluation_toys import Adder, Perilous, Walker

from assay.core.errors import OptionError, PolicyError, PolicyUnavailable, UnknownName, WorkerLost
from assay.core.registry import register, register_policies, unregister
from assay.core.types import EnvCard
from assay.evaluation.backends import process
from assay.evaluation.backends.base import Job, Unit, backend_names, find_backend
from assay.evaluation.backends.board import Board
from assay.evaluation.backends.serve import Line, Session
from assay.evaluation.backends.wire import pack_unit
from assay.evaluation.engine import evaluate
from assay.evaluation.plan import make_plan
from assay.evaluation.record import read_payload
from assay.evaluation.store import Store
from assay.wrappers.processes import process_context

pytestmark = pytest.mark.core

HERE = Path(__file__).parent
PLACES = {
    "inline": {"backend": "inline"},
    "one": {"backend": "process", "workers": 1},
    "two": {"backend": "process", "workers": 2},
    "four": {"backend": "process", "workers": 4},
}
SEVERAL = [name for name in PLACES if name != "inline"]
ADDER, BATCH = "evaluation_toys:Adder", "evaluation_toys:BatchAdder"
PERILOUS, BATCH_PERILOUS = "evaluation_toys:Perilous", "evaluation_toys:BatchPerilous"


@pytest.fixture(params=PLACES)
def place(request):
    return PLACES[request.param]


def statuses(results):
    """Status of each episode that is not finished."""
    return {e["episode"]: e["status"] for e in results.episodes() if e["status"] != "finished"}


def payloads(results):
    return {e["episode"]: e["payload_digest"] for e in results.episodes()}


# ---------------------------------------------------------------------- the same everywhere


def test_one_digest(place):
    envs = ["toy/Sum-v0", "toy/Walk-v0?length=4", "toy/Secret-v0"]
    for policy in ("evaluation_toys:Walker", "random"):
        here = evaluate(policy, envs, n=40, samples=2, backend="inline")
        there = evaluate(policy, envs, n=40, samples=2, **place)
        assert there.digest == here.digest and there.exit_code == here.exit_code == 0
        assert [row.to_dict() | {"wall_s": 0} for row in there] == [
            row.to_dict() | {"wall_s": 0} for row in here
        ]


@pytest.mark.parametrize("unit", [None, 1, 16])
def test_the_size_of_units_changes_nothing(unit, place):
    results = evaluate(ADDER, "toy/Sum-v0", n=100, unit=unit, **place)
    assert results.digest == evaluate(ADDER, "toy/Sum-v0", n=100, backend="inline").digest


@pytest.mark.parametrize("batch", [1, 5, 16])
@pytest.mark.parametrize("server", ["off", "on"])
def test_policies_that_answer_many_do_so_in_workers(batch, server):
    here = evaluate(BATCH, ["toy/Sum-v0", "toy/Walk-v0"], n=40, backend="inline", batch=batch)
    for workers in (1, 3):
        there = evaluate(
            BATCH, ["toy/Sum-v0", "toy/Walk-v0"], n=40, batch=batch,
            backend="process", workers=workers, policy_server=server,
        )  # fmt: skip
        assert there.digest == here.digest and there[0].completion_tokens == 80
        assert there[1].counts == here[1].counts


def test_faults_are_the_same_rows_everywhere(place):
    envs = ["toy/Walk-v0?fault=step", "toy/Walk-v0?fault=reset", "toy/Walk-v0?fault=verdict"]
    here = evaluate("evaluation_toys:Walker", envs, n=12, backend="inline")
    there = evaluate("evaluation_toys:Walker", envs, n=12, **place)
    assert there.digest == here.digest and there.exit_code == here.exit_code == 1
    assert [row.counts for row in there] == [row.counts for row in here]
    assert "told to fail in reset" in there.faults()[0].error


def test_a_policy_that_raises_is_counted_and_its_traceback_kept(place, tmp_path):
    deeds = {"3": "raise", "17": "raise"}
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=30, policy_settings={"deeds": deeds},
        out=tmp_path / "run.db", **place,
    )  # fmt: skip
    assert statuses(results) == {3: "policy_error", 17: "policy_error"} and results.exit_code == 0
    with Store(tmp_path / "run.db", read_only=True) as kept:
        (steps,) = kept.query("SELECT steps FROM trajectories WHERE episode = 17")[0]
        assert "the toy was told to raise" in read_payload(steps, kept.blob).error


def test_pictures_and_long_texts_come_back_whole(place, tmp_path):
    out = tmp_path / "run.db"
    evaluate(
        "evaluation_toys:Walker", "toy/Walk-v0?image=true", n=6, out=out, frames="all", **place
    )
    with Store(out, read_only=True) as kept:
        for (steps,) in kept.query("SELECT steps FROM trajectories"):
            found = read_payload(steps, kept.blob)
            assert len(found.frames) == len(found.steps) + 1
            assert found.final_observation.shape == (8, 8, 3)


def test_a_step_limit_and_a_soft_time_limit_are_the_workers(place):
    cut = evaluate("evaluation_toys:Walker", "toy/Walk-v0", n=20, step_limit=3, **place)
    same = evaluate("evaluation_toys:Walker", "toy/Walk-v0", n=20, step_limit=3, backend="inline")
    assert cut.digest == same.digest
    slow = evaluate(
        "evaluation_toys:Walker", "toy/Walk-v0", n=2, time_limit_s=0.4, **place,
        policy_settings={"pause_s": 0.45},
    )  # fmt: skip
    assert slow[0].counts["timeout"] == 2
    assert {e["attempts"] for e in slow.episodes()} == {1}, "ended by itself, and not killed"


def test_short_and_long_episodes_with_eight_workers_give_the_inline_rate():
    here = evaluate("evaluation_toys:Walker", "toy/Road-v0?max_steps=1000", n=40, backend="inline")
    there = evaluate(
        "evaluation_toys:Walker", "toy/Road-v0?max_steps=1000", n=40, backend="process", workers=8
    )
    assert there.digest == here.digest
    assert 0 < here[0].passed < 40 and there[0].pass_rate == here[0].pass_rate
    assert {e["n_steps"] for e in there.episodes()} == {1, 1_000}


# ---------------------------------------------------------------------- what a policy may do


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("deed", ["exit", "kill"])
def test_an_episode_that_kills_its_worker_is_crashed_alone(deed, workers):
    whole = payloads(evaluate(PERILOUS, "toy/Sum-v0", n=250, backend="inline"))
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=250, backend="process", workers=workers,
        policy_settings={"deeds": {"41": deed}},
    )  # fmt: skip
    assert statuses(results) == {41: "crashed"} and results[0].counts["finished"] == 249
    attempts = {e["episode"]: e["attempts"] for e in results.episodes()}
    assert attempts.pop(41) == 3 and set(attempts.values()) == {1}
    assert {**payloads(results), 41: ""} == {**whole, 41: ""}
    assert results.exit_code == 1
    (fault,) = results.faults()
    said = {"exit": "exit code 7", "kill": "signal 9"}[deed]
    assert fault.episode == 41 and re.fullmatch(rf"The worker \d+ ended \({said}\)\.", fault.error)


@pytest.mark.parametrize("server", ["off", "on"])
def test_of_many_side_by_side_only_the_one_that_kills_is_crashed(server):
    whole = payloads(evaluate(BATCH_PERILOUS, "toy/Sum-v0", n=120, backend="inline"))
    results = evaluate(
        BATCH_PERILOUS, "toy/Sum-v0", n=120, backend="process", workers=2, policy_server=server,
        policy_settings={"deeds": {"41": "exit"}},
    )  # fmt: skip
    assert statuses(results) == {41: "crashed"}
    assert {**payloads(results), 41: ""} == {**whole, 41: ""}
    attempts = Counter(e["attempts"] for e in results.episodes())
    assert attempts[3] == 1 and attempts[1] > 60, "most were not even running"


@pytest.mark.parametrize("server", ["off", "on"])
def test_of_many_side_by_side_only_those_that_raise_are_errors(server):
    deeds = {"3": "raise", "4": "leave", "40": "raise"}
    settings = {"n": 60, "policy_settings": {"deeds": deeds}}
    here = evaluate(BATCH_PERILOUS, "toy/Sum-v0", backend="inline", **settings)
    there = evaluate(
        BATCH_PERILOUS, "toy/Sum-v0", backend="process", workers=2, policy_server=server, **settings
    )
    assert statuses(there) == dict.fromkeys((3, 4, 40), "policy_error")
    assert there.digest == here.digest and there.exit_code == 0
    assert "the toy was told to raise" in there.faults()[0].error


def test_what_a_served_policy_refuses_or_cannot_send_is_its_own_episodes():
    envs, elsewhere = ["toy/Sum-v0", "toy/Walk-v0"], {"workers": 2, "policy_server": "on"}
    here = evaluate("evaluation_toys:Choosy", envs, n=20, backend="inline")
    there = evaluate("evaluation_toys:Choosy", envs, n=20, **elsewhere)
    assert there.digest == here.digest and there[1].counts["policy_error"] == 20
    assert there.faults()[0].error == "ValueError: no walks"
    odd = evaluate(
        BATCH_PERILOUS, "toy/Sum-v0", n=20, policy_settings={"deeds": {"5": "odd"}}, **elsewhere
    )
    assert statuses(odd) == {5: "policy_error"}
    assert "of type Unsendable cannot be sent: not to be sent" in odd.faults()[0].error


def test_what_a_policy_started_ends_with_its_worker(tmp_path):
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=20, backend="process", workers=2,
        policy_settings={"deeds": {"5": "nest"}, "folder": str(tmp_path)},
    )  # fmt: skip
    assert statuses(results) == {5: "crashed"}
    pids = {int(path.name) for path in tmp_path.iterdir()} - {os.getpid()}
    assert len(pids) >= 6, "three that were started, and those that started them"
    until = time.monotonic() + 5
    while any(map(alive, pids)) and time.monotonic() < until:
        time.sleep(0.02)
    assert not any(map(alive, pids))


def alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize(
    "place",
    [{"backend": "inline"}, {"workers": 2}, {"workers": 2, "policy_server": "on"}],
    ids=["inline", "two", "served"],
)
def test_a_policy_that_is_gone_stops_the_run_and_costs_no_episode(place, tmp_path):
    settings = {"n": 60, "out": tmp_path / "run.db", **place}
    gone = tmp_path / "gone"
    gone.touch()
    about = {"deeds": {"31": "gone"}, "folder": str(gone.parent)}
    with pytest.raises(PolicyUnavailable, match=r"is gone\. What was played before is kept"):
        evaluate(BATCH_PERILOUS, "toy/Sum-v0", policy_settings=about, **settings)
    with Store(settings["out"], read_only=True) as kept:
        stored = kept.query("SELECT count(*), total(status = 'finished') FROM episodes")[0]
        assert stored[0] == stored[1] < 60
    gone.unlink()
    rest = evaluate(BATCH_PERILOUS, "toy/Sum-v0", policy_settings=about, **settings)
    assert rest.complete and rest[0].counts["finished"] == 60


@pytest.mark.parametrize("server", ["inline", "off", "on"])
@pytest.mark.parametrize("policy", [PERILOUS, BATCH_PERILOUS])
def test_what_a_policy_raises_is_its_episodes_own_whatever_it_is(policy, server, tmp_path):
    if server == "on" and policy == PERILOUS:
        pytest.skip("a policy server answers many at once")
    place = {"backend": "inline"} if server == "inline" else {"policy_server": server}
    results = evaluate(
        policy, "toy/Sum-v0", n=12, out=tmp_path / "run.db",
        policy_settings={"deeds": {"3": "quit", "5": "leave", "7": "vanish"}},
        **({"workers": 2} | place if server != "inline" else place),
    )  # fmt: skip
    assert statuses(results) == dict.fromkeys((3, 5, 7), "policy_error") and not results.exit_code
    assert {e["attempts"] for e in results.episodes()} == {1}


def test_what_an_environment_raises_is_its_episodes_own_whatever_it_is(place):
    envs = [f"toy/Walk-v0?fault={fault}" for fault in ("step", "leave", "quit")]
    results = evaluate("evaluation_toys:Walker", envs, n=6, **place)
    assert results[0].counts["env_error"] and results[0].counts["finished"]
    assert results[0].counts == results[1].counts == results[2].counts


def test_several_that_kill():
    deeds = {"3": "exit", "4": "kill", "5": "exit", "40": "exit"}
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=60, backend="process", workers=2,
        policy_settings={"deeds": deeds},
    )  # fmt: skip
    assert statuses(results) == {int(episode): "crashed" for episode in deeds}
    with results.opened() as store:
        (steps,) = store.query("SELECT steps FROM trajectories WHERE episode = 5")[0]
        said = read_payload(steps, store.blob).error
    assert re.fullmatch(r"The worker \d+ ended \(exit code 7\)\.", said)


@pytest.mark.parametrize("deed", ["hang", "stuck"])
def test_an_episode_that_hangs_is_a_timeout_alone(deed, tmp_path):
    out = tmp_path / "run.db"
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=60, backend="process", workers=2, time_limit_s=1.0, unit=20,
        policy_settings={"deeds": {"7": deed}}, out=out,
    )  # fmt: skip
    assert statuses(results) == {7: "timeout"} and results.exit_code == 0
    (row,) = [e for e in results.episodes() if e["episode"] == 7]
    assert (row["reason"], row["cut"]) == ("limit.time", "limit.time")
    assert row["wall_ms"] >= 1_500, "half again of the limit"
    assert {e["attempts"] for e in results.episodes()} == {1}
    with Store(out, read_only=True) as kept:
        (steps,) = kept.query("SELECT steps FROM trajectories WHERE episode = 7")[0]
        assert re.match(r"No answer for \d\.\d s", read_payload(steps, kept.blob).error)


@pytest.mark.parametrize("server", ["off", "on"])
def test_of_many_side_by_side_only_the_one_that_hangs_is_a_timeout(server):
    results = evaluate(
        BATCH_PERILOUS, "toy/Sum-v0", n=60, backend="process", workers=2, time_limit_s=1.0,
        policy_server=server, policy_settings={"deeds": {"7": "hang"}},
    )  # fmt: skip
    assert statuses(results) == {7: "timeout"}


def test_an_episode_that_eats_memory_is_crashed_alone():
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=30, backend="process", workers=2, memory_mib=300,
        policy_settings={"deeds": {"11": "eat"}},
    )  # fmt: skip
    assert statuses(results) == {11: "crashed"}
    assert "of 450: raise memory_mib" in results.faults()[0].error


def test_a_worker_that_grows_is_replaced_between_episodes(tmp_path):
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=30, backend="process", workers=1, memory_mib=250,
        policy_settings={"deeds": {"*": "leak"}, "folder": str(tmp_path)},
    )  # fmt: skip
    assert statuses(results) == {}
    assert {e["attempts"] for e in results.episodes()} == {1}
    assert len(list(tmp_path.iterdir())) > 4


@pytest.mark.parametrize("place", [{}, {"policy_server": "on"}], ids=["workers", "served"])
def test_less_memory_than_a_fresh_worker_holds_is_refused(place):
    with pytest.raises(
        OptionError, match=r"memory_mib=1 is less than .* holds \(\d+ MiB\)"
    ) as told:
        evaluate(BATCH, "toy/Sum-v0", n=4, backend="process", workers=2, memory_mib=1, **place)
    (least,) = re.findall(r"give at least (\d+)", str(told.value))
    found = evaluate(
        BATCH, "toy/Sum-v0", n=4, backend="process", workers=2, memory_mib=int(least), **place
    )
    assert found[0].counts["finished"] == 4


def test_a_worker_that_is_over_its_limit_from_the_start_plays_something():
    plan = make_plan([("toy/Sum-v0", {})], "p", n=1, split="test", seed=0, samples=1)
    job = Job(Adder(), {(e.env_id, e.digest): e.options for e in plan.envs})
    context = process_context([])
    ours, theirs = context.Pipe()
    unit = Unit(1, tuple(plan.keys()))
    ours.send_bytes(pickle.dumps(("unit", pack_unit(unit))))
    Session(Line(theirs), Board(context, 1), job, episodes=100, memory_mib=0.0).run()
    theirs.close()
    said = [pickle.loads(ours.recv_bytes()) for _ in range(2)]
    assert [message[0] for message in said] == ["rows", "leaving"] and len(said[0][1]) == 1


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_is_replaced_after_a_number_of_episodes(workers, tmp_path, monkeypatch):
    monkeypatch.setattr(process, "EPISODES_A_WORKER", 25)
    results = evaluate(
        PERILOUS, "toy/Sum-v0", n=200, backend="process", workers=workers,
        policy_settings={"folder": str(tmp_path)}, unit=16,
    )  # fmt: skip
    assert results.complete and {e["attempts"] for e in results.episodes()} == {1}
    makers = {int(path.name) for path in tmp_path.iterdir()} - {os.getpid()}
    assert 4 <= len(makers) <= 200 // 25 + workers
    assert payloads(results) == payloads(evaluate(PERILOUS, "toy/Sum-v0", n=200, backend="inline"))


# ---------------------------------------------------------------------- which backend, by itself


def ran_on(results, tmp_path):
    with Store(results.out, read_only=True) as kept:
        settings = kept.runs()[-1].settings
    return settings["backend"], settings["workers"]


def test_the_backend_that_is_chosen(tmp_path, monkeypatch):
    monkeypatch.setattr("assay.evaluation.backends.choice.n_cores", lambda: 3)

    def chosen(policy, n=4, **settings):
        out = tmp_path / f"{len(os.listdir(tmp_path))}.db"
        return ran_on(evaluate(policy, "toy/Sum-v0", n=n, out=out, **settings), tmp_path)

    assert chosen(ADDER) == ("process", 3)
    assert chosen(ADDER, n=2) == ("process", 2)
    assert chosen(ADDER, workers=1) == ("process", 1)
    assert chosen(Adder()) == ("inline", 1)
    assert chosen(Adder(), workers=2) == ("process", 2)
    assert chosen(BATCH) == ("inline", 1)
    assert chosen(BATCH, workers=2) == ("process", 2)
    assert chosen(BATCH, policy_server="on") == ("process", 3)
    assert chosen(BATCH, backend="process") == ("process", 1)


def test_a_heavy_policy_is_held_once(tmp_path):
    (tmp_path / "made").mkdir()
    settings = {"policy_settings": {"folder": str(tmp_path / "made")}, "n": 60, "workers": 3}
    evaluate("evaluation_toys:HeavyPerilous", "toy/Sum-v0", **settings)
    assert len(os.listdir(tmp_path / "made")) == 2, "this process, for a look, and the server"
    evaluate("evaluation_toys:HeavyPerilous", "toy/Sum-v0", policy_server="off", **settings)
    assert len(os.listdir(tmp_path / "made")) > 3


def test_a_daemon_of_multiprocessing_plays_inline(tmp_path, monkeypatch):
    monkeypatch.setitem(current_process()._config, "daemon", True)
    results = evaluate(ADDER, "toy/Sum-v0", n=4, out=tmp_path / "run.db")
    assert ran_on(results, tmp_path) == ("inline", 1)
    with pytest.raises(PolicyError, match="daemon of multiprocessing"):
        evaluate(ADDER, "toy/Sum-v0", n=4, backend="process")


def test_a_machine_that_allows_no_more_processes_is_one_sentence(monkeypatch):
    def refuses(self):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(ForkServerProcess, "start", refuses)
    with pytest.raises(WorkerLost, match=r"No further process .*fewer workers"):
        evaluate(ADDER, "toy/Sum-v0", n=4, backend="process")


def test_settings_that_exclude_each_other():
    with pytest.raises(OptionError, match="inline has one worker"):
        evaluate(ADDER, "toy/Sum-v0", n=2, backend="inline", workers=2)
    with pytest.raises(OptionError, match="inline has one worker"):
        evaluate(BATCH, "toy/Sum-v0", n=2, backend="inline", policy_server="on")
    with pytest.raises(PolicyError, match="has no act_batch"):
        evaluate(ADDER, "toy/Sum-v0", n=2, policy_server="on")
    with pytest.raises(OptionError, match="policy_server='maybe'"):
        evaluate(ADDER, "toy/Sum-v0", n=2, policy_server="maybe")
    with pytest.raises(UnknownName, match=r"No backend 'proces'\. Did you mean 'process'"):
        evaluate(ADDER, "toy/Sum-v0", n=2, backend="proces")
    assert backend_names() == ["inline", "process"]
    assert find_backend("process") is process.ProcessBackend


# ---------------------------------------------------------------------- what workers know


def test_an_object_travels_where_it_can():
    here = evaluate(Perilous(), "toy/Sum-v0", n=30)
    assert evaluate(Perilous(), "toy/Sum-v0", n=30, workers=2).digest == here.digest
    local = type("Local", (Adder,), {})()
    with pytest.raises(PolicyError, match=r"cannot be sent to another process .*module:attribute"):
        evaluate(local, "toy/Sum-v0", n=2, workers=2)
    policy = Walker()
    policy.refuses = RefusesToWake()
    with pytest.raises(PolicyError, match=r"cannot be rebuilt .*no waking.*'module:attribute'"):
        evaluate(policy, "toy/Walk-v0", n=2, workers=2)


class RefusesToWake:
    def __reduce__(self):
        return _refuse, ()


def _refuse():
    raise RuntimeError("no waking")


def test_cards_and_policy_names_of_this_program_are_known_there():
    row = EnvCard(
        id="late/Sum-v3", entry_point="evaluation_toys:SumEnv", family="toy", summary="Add late.",
        kwargs={"digits": 5},
    )  # fmt: skip
    register(row)
    register_policies({"lateadder:": "evaluation_toys:from_words"})
    try:
        results = evaluate("lateadder:0.0", "late/Sum-v3", n=10, backend="process", workers=1)
    finally:
        unregister("late/Sum-v3")
    assert results[0].pass_rate == 1.0


def test_a_policy_that_only_this_process_can_make_is_one_error():
    name = "evaluation_toys:OnlyIn"
    with pytest.raises(PolicyError, match=rf"'{name}' could not be made: RuntimeError: not here"):
        evaluate(
            name, "toy/Sum-v0", n=2, backend="process", policy_settings={"process": os.getpid()}
        )


def test_workers_that_die_while_they_begin_stop_the_run():
    with pytest.raises(WorkerLost, match=r"worker \d+ ended \(signal 9\).*making its policy"):
        evaluate(
            "evaluation_toys:OnlyIn", "toy/Sum-v0", n=2, backend="process",
            policy_settings={"process": os.getpid(), "exits": True},
        )  # fmt: skip


def script(tmp_path, text):
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(text))
    return subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, timeout=120, check=False,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent.parent), str(HERE)])},
    )  # fmt: skip


def test_where_there_is_no_fork_server_processes_are_spawned(tmp_path):
    done = script(
        tmp_path,
        """
        import multiprocessing
        multiprocessing.get_all_start_methods = lambda: ["spawn"]
        print("begun")
        import assay
        found = assay.evaluate("random", "assay/Compare-v0", n=20, backend="process", workers=2)
        here = assay.evaluate("random", "assay/Compare-v0", n=20, backend="inline")
        print(found.complete, found.digest == here.digest)
        """,
    )
    assert done.stdout.splitlines() == ["begun", "True True"], done.stderr


def test_a_script_needs_no_guard_and_is_not_run_again(tmp_path):
    done = script(
        tmp_path,
        """
        print("begun")
        import assay
        found = assay.evaluate("random", "assay/Compare-v0", n=20, backend="process", workers=2)
        print(found[0].done, found.exit_code)
        """,
    )
    assert done.stdout.splitlines() == ["begun", "20 0"], done.stderr


def test_what_stands_in_a_script_is_played_there_and_nowhere_else(tmp_path):
    done = script(
        tmp_path,
        """
        import assay
        from assay.verifiers import NumberVerifier

        @assay.task("my/Double-v0", verifier=NumberVerifier())
        def double(rng, split):
            n = int(rng.integers(1_000_000))
            return assay.Problem(prompt=f"2 * {n} = ?", reference=2 * n)

        class Mine:
            deterministic = True
            def reset(self, *, seed): ...
            def act(self, observation, info): return "4"

        print(assay.evaluate("scripted", "my/Double-v0", n=5)[0].passed)
        print(assay.evaluate("__main__:Mine", "assay/Compare-v0", n=5)[0].done)
        for policy, env in (
            ("scripted", "my/Double-v0"), ("__main__:Mine", "toy"), (Mine(), "toy")
        ):
            env = "assay/Compare-v0" if env == "toy" else env
            try:
                assay.evaluate(policy, env, n=5, backend="process")
            except assay.AssayError as err:
                print(err)
        """,
    )
    passed, played, *said = done.stdout.splitlines()
    assert (passed, played) == ("5", "5"), done.stderr
    assert said[0].startswith("The task '__main__:double' was defined in a script's __main__")
    for line in said[1:]:
        assert line.startswith("The policy '__main__:Mine' was defined in a script's __main__")
        assert "move it to a module that can be imported" in line
