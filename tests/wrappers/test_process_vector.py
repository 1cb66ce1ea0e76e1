"""`ProcessVector`: equal to sync, and hard to break."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pytest
import vector_toys as toys
from gymnasium.vector import AutoresetMode
from same import assert_same

from assay.core.errors import EpisodeOver, UnknownOption, WorkerLost
from assay.core.types import Verdict
from assay.wrappers.process_vector import ProcessVector
from assay.wrappers.vector import make_vec

MODES = list(AutoresetMode)


def alive(pid):
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return status != "Z"


def gone(pids, within_s=10.0):
    until = time.monotonic() + within_s
    while any(alive(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.02)
    return not any(alive(pid) for pid in pids)


def pids(vector):
    return [worker.process.pid for worker in vector._workers]


@pytest.fixture
def made():
    vectors = []

    def make(*args, **kwargs):
        vectors.append(make_vec(*args, mode="process", **kwargs))
        return vectors[-1]

    yield make
    for vector in vectors:
        vector.close()


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
def test_equals_sync(made, mode):
    sync, process = (
        make_vec(toys.COUNT, 3, "sync", autoreset_mode=mode),
        made(toys.COUNT, 3, autoreset_mode=mode),
    )
    assert process.metadata == sync.metadata and process.render_mode == sync.render_mode
    assert process.single_observation_space == sync.single_observation_space
    assert process.action_space == sync.action_space
    assert_same(process.reset(seed=3), sync.reset(seed=3))
    hostile = [None, b"up", 7, "x" * 1_000_000, "\ud800", lambda: None, object(), np.str_("up"), ""]
    rng = np.random.default_rng(0)
    for turn in range(30):
        pool = ["up", "up", "stop", *hostile]
        actions = [pool[k] for k in rng.integers(0, len(pool), size=3)]
        got, want = process.step(actions), sync.step(actions)
        assert_same(got, want, f"step {turn}")
        over = got[2] | got[3]
        if mode is AutoresetMode.DISABLED and over.any():
            masks = {"reset_mask": over}
            assert_same(process.reset(options=masks), sync.reset(options=masks))
        elif turn == 15:
            for v in (process, sync):
                v.reset_at([2, 0], seed=[50, 60], options=[{"split": "eval"}, {"index": 4}])
    assert process.get_attr("index") == sync.get_attr("index")
    process.close()


def test_groups_equal_sync(made):
    for mode in ("NextStep", "SameStep"):
        sync = make_vec(toys.COUNT, 4, "sync", group=2, autoreset_mode=mode)
        process = made(toys.COUNT, 4, group=2, autoreset_mode=mode)
        assert_same(process.reset(seed=3), sync.reset(seed=3))
        rng = np.random.default_rng(0)
        for turn in range(12):
            actions = [("up", "stop", "noop")[k] for k in rng.integers(0, 3, size=4)]
            assert_same(process.step(actions), sync.step(actions), f"{mode} {turn}")


def test_part_of_the_rows(made):
    vector = made(toys.ECHO, 3, autoreset_mode="Disabled")
    obs, _ = vector.reset(seed=0)
    right = [problem.reference for problem in vector.get_attr("problem")]
    got = vector.step_at([2, 0], [right[2], "no"])
    assert got[0] == (obs[2], obs[0]) and got[1].tolist() == [1.0, 0.0]
    with pytest.raises(EpisodeOver):
        vector.step(right)
    assert vector.step_at([1], [right[1]])[1].tolist() == [1.0]


@pytest.mark.parametrize("mode", MODES, ids=lambda m: m.name)
def test_a_killed_worker_ends_its_episode_as_an_error(made, mode):
    vector = made(toys.COUNT, 3, autoreset_mode=mode)
    before, _ = vector.reset(seed=0)
    old = pids(vector)
    obs, rewards, terminated, truncated, infos = vector.step(["noop", "die", "noop"])
    assert terminated.tolist() == [False, True, False] and not truncated.any()
    assert not rewards.any()
    last = infos["final_info"] if mode is AutoresetMode.SAME_STEP else infos
    verdict = last["verdict"][1]
    assert isinstance(verdict, Verdict) and verdict.is_error and verdict.code == "worker_lost"
    assert "signal 9" in verdict.reason
    assert last["_reward_valid"].tolist() == [False, True, False] and not last["reward_valid"][1]
    assert "is_success" not in last
    ended = infos["final_obs"][1] if mode is AutoresetMode.SAME_STEP else obs[1]
    assert ended == before[1]
    new = pids(vector)
    assert new[1] != old[1] and (new[0], new[2]) == (old[0], old[2]) and gone([old[1]])
    if mode is AutoresetMode.DISABLED:
        vector.reset_at([1])
    for _ in range(3):
        got = vector.step(["noop"] * 3)
    assert not got[2].any() and got[4]["action_status"].tolist() == ["noop"] * 3


def test_a_worker_killed_from_outside_while_idle(made):
    vector = made(toys.COUNT, 2)
    vector.reset(seed=0)
    os.kill(pids(vector)[0], signal.SIGKILL)
    _, _, terminated, _, infos = vector.step(["up", "up"])
    assert terminated.tolist() == [True, False] and infos["verdict"][0].code == "worker_lost"
    os.kill(pids(vector)[1], signal.SIGKILL)
    obs, infos = vector.reset(seed=4)
    assert_same((obs, infos), make_vec(toys.COUNT, 2, "sync").reset(seed=4))


def test_what_follows_a_loss_is_seeded(made):
    seen = []
    for _ in range(2):
        vector = made(toys.COUNT, 1, autoreset_mode="SameStep")
        vector.reset(seed=5)
        seen.append([vector.step([action])[0] for action in ("die", "noop", "die", "noop")])
        vector.close()
    assert seen[0] == seen[1] and seen[0][0] != seen[0][2]


def test_reward_free_a_loss_tells_nothing(made):
    vector = made(toys.COUNT, 2, reward_free=True)
    vector.reset(seed=0)
    _, _, terminated, truncated, infos = vector.step(["die", "noop"])
    assert not terminated.any() and truncated.tolist() == [True, False]
    assert not {"verdict", "reward_valid", "is_success"} & set(infos)


def test_a_hung_worker_is_bounded(made):
    vector = made(toys.COUNT, 2, vector_kwargs={"timeout_s": 1.0})
    vector.reset(seed=0)
    hung = pids(vector)[0]
    start = time.monotonic()
    _, _, terminated, _, infos = vector.step(["hang", "noop"])
    assert time.monotonic() - start < 15
    assert terminated.tolist() == [True, False]
    assert "did not answer in time" in infos["verdict"][0].reason
    assert gone([hung])
    os.kill(pids(vector)[1], signal.SIGSTOP)  # not even reading
    _, _, terminated, _, infos = vector.step(["noop", "x" * 1_500_000])
    assert infos["verdict"][1].code == "worker_lost"


def test_a_reset_that_kills_is_tried_again(made, tmp_path):
    trap = tmp_path / "trap"
    vector = made(toys.ECHO, 2, at_reset=str(trap))
    trap.touch()
    obs, _ = vector.reset(seed=7)
    assert obs == make_vec(toys.ECHO, 2, "sync").reset(seed=7)[0]


def test_exceptions_keep_their_type(made):
    vector = made(toys.COUNT, 2)
    vector.reset(seed=0)
    with pytest.raises(toys.ToyError, match="the toy broke") as caught:
        vector.step(["fail", "noop"])
    assert any("In the worker" in note for note in caught.value.__notes__)
    obs, _ = vector.reset(seed=1)
    assert obs == make_vec(toys.COUNT, 2, "sync").reset(seed=1)[0]
    assert isinstance(pickle.loads(pickle.dumps(caught.value)), toys.ToyError)


def test_bad_options_are_refused_here():
    with pytest.raises(UnknownOption, match="max_step"):
        ProcessVector(toys.COUNT, 2, options={"max_step": 3})


def test_attributes(made):
    vector = made(toys.COUNT, 2, render_mode="ansi")
    obs, _ = vector.reset(seed=0)
    assert vector.render() == obs
    vector.set_attr("color", ["red", "blue"])
    assert vector.get_attr("color") == ("red", "blue")
    assert [v.passed for v in vector.call("judge_now")] == [False, False]
    assert vector.np_random_seed == (0, 1) and len(vector.np_random) == 2


def test_foreign_environments(made):
    vector = made("CartPole-v1", 2, autoreset_mode="SameStep")
    sync = make_vec("CartPole-v1", 2, "sync", autoreset_mode="SameStep")
    assert_same(vector.reset(seed=2), sync.reset(seed=2))
    for turn in range(30):
        actions = np.array([turn % 2, 1])
        assert_same(vector.step(actions), sync.step(actions))


def test_close_leaves_nobody(made):
    vector = made(toys.COUNT, 3)
    vector.reset(seed=0)
    left = pids(vector)
    assert all(alive(pid) for pid in left)
    vector.close()
    vector.close()
    assert not any(alive(pid) for pid in left)
    forgotten = ProcessVector(toys.COUNT, 2)
    left = pids(forgotten)
    del forgotten
    assert gone(left)


SCRIPT = """
    import sys, time
    sys.path.insert(0, {here!r})

    def main():
        import vector_toys
        from assay.wrappers.vector import make_vec
        vector = make_vec("toy/Count-v0", 2, "process")
        vector.reset(seed=0)
        print(*[w.process.pid for w in vector._workers], flush=True)
        {then}

    if {guard}:
        main()
"""


def script(tmp_path, then="pass", guard='__name__ == "__main__"'):
    path = tmp_path / "script.py"
    here = str(Path(__file__).parent)
    path.write_text(textwrap.dedent(SCRIPT).format(here=here, then=then, guard=guard))
    return subprocess.Popen(
        [sys.executable, str(path)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_workers_end_with_a_parent_that_forgets_to_close(tmp_path):
    parent = script(tmp_path)
    out, err = parent.communicate(timeout=60)
    assert parent.returncode == 0, err
    workers = [int(pid) for pid in out.split()]
    assert len(workers) == 2 and gone(workers)


def test_workers_end_with_a_killed_parent(tmp_path):
    parent = script(tmp_path, then='vector.step(["hang", "noop"])')
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    time.sleep(0.3)
    assert len(workers) == 2 and all(alive(pid) for pid in workers)
    parent.kill()
    parent.communicate(timeout=30)
    assert gone(workers)


def test_a_script_needs_no_guard(tmp_path):
    parent = script(tmp_path, guard="True")
    out, err = parent.communicate(timeout=60)
    assert parent.returncode == 0, err
    assert len(out.splitlines()) == 1 and gone([int(pid) for pid in out.split()])
    assert WorkerLost("x").args == ("x",)


def test_workers_end_with_a_killed_parent_even_when_nothing_else_gets_to_run(tmp_path):
    parent = script(tmp_path, then='vector.step(["stuck", "noop"])')
    workers = [int(pid) for pid in parent.stdout.readline().split()]
    time.sleep(0.3)
    parent.kill()
    parent.communicate(timeout=30)
    assert gone(workers)


def test_a_worker_has_one_thread_and_the_programs_own_environment(made, monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setenv("ASSAY_TEST_WORD", "set after the fork server began")
    before = dict(os.environ)
    vector = made(toys.COUNT, 1)
    assert dict(os.environ) == before
    (theirs,) = vector.call("environment")
    assert theirs.pop("OMP_NUM_THREADS") == "1"
    assert {name: theirs.get(name) for name in before} == before
