"""Verdicts are the same wherever they are asked for: threads, processes, loops, a busy machine."""

import asyncio
import json
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gymnasium
import pytest
from worker_calls import Remote
from worker_places import Asking, verdicts

from assay.verifiers.workers import pool
from assay.verifiers.workers.pool import aask, ask

HERE = Path(__file__).parent
PATHS = os.pathsep.join([str(HERE), str(HERE.parents[1]), os.environ.get("PYTHONPATH", "")])
ENVIRONMENT = {**os.environ, "PYTHONPATH": PATHS}


@pytest.fixture(scope="module")
def expected() -> list[Any]:
    return verdicts()


def test_workers_decided_some(expected: list[Any]):
    assert {"worker", "in_process"} <= {verdict[2] for verdict in expected}
    assert {"correct", "incorrect", "over_limit", "verifier_error"} <= {v[0] for v in expected}


def test_threads(expected: list[Any]):
    with ThreadPoolExecutor(2) as threads:
        for found in threads.map(lambda _: verdicts(), range(2)):
            assert found == expected


def _send(pipe: Any) -> None:
    pipe.send(verdicts())


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_daemonic_child(expected: list[Any], method: str):
    context: Any = multiprocessing.get_context(method)
    ours, theirs = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(theirs,), daemon=True)
    child.start()
    theirs.close()
    assert ours.recv() == expected
    child.join()
    ours.close()
    assert child.exitcode == 0


def test_fork_after_use_has_workers_of_its_own():
    before = ask("worker_calls:place", {}).result["pid"]
    descriptors = {fd for seat in pool.current()._seats for fd in seat.fds}
    out, into = os.pipe()
    pid = os.fork()
    if not pid:
        try:
            inherited = [fd for fd in descriptors if os.path.exists(f"/proc/self/fd/{fd}")]
            answer = ask("worker_calls:place", {}).result
            os.write(into, json.dumps([answer, inherited]).encode())
        finally:
            os._exit(0)
    os.close(into)
    with os.fdopen(out) as file:
        theirs, inherited = json.loads(file.read())
    os.waitpid(pid, 0)
    assert theirs["parent"] == pid and theirs["pid"] != before and inherited == []
    assert ask("worker_calls:echo", {"still": "here"}).result == {"still": "here"}


def test_fork_in_the_middle_of_a_request():
    """A child of `fork` holds nothing that would keep the parent's worker alive, or its pipes."""
    busy = threading.Thread(target=ask, args=("worker_calls:wait", {"s": 0.5}))
    busy.start()
    pid = os.fork()
    if not pid:
        signal.pause()
    busy.join()
    workers = pool.current().pids()
    pool.close()
    assert not [worker for worker in workers if os.path.exists(f"/proc/{worker}")]
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)


def test_asyncio_goes_on_meanwhile_and_holds_back_what_is_too_much():
    async def main() -> tuple[int, int, list[Any]]:
        ticks = most = 0

        async def watch() -> None:
            nonlocal ticks, most
            while True:
                await asyncio.sleep(0.001)
                ticks += 1
                most = max(most, len(pool.current()._queue) + len(pool.current()._inbox))

        watching = asyncio.create_task(watch())
        ask_all = (aask("worker_calls:work", {"s": 0.001, "value": i}) for i in range(500))
        answers = await asyncio.gather(*ask_all)
        watching.cancel()
        return ticks, most, [answer.result["value"] for answer in answers]

    ticks, most, values = asyncio.run(main())
    assert values == list(range(500))
    assert ticks > 20
    assert most <= pool.OPEN_A_LOOP


def test_several_loops_one_after_another_and_at_once():
    async def some() -> list[str]:
        verdicts = await asyncio.gather(*(Remote().averify(str(i)) for i in range(100)))
        return [verdict.status for verdict in verdicts]

    with ThreadPoolExecutor(3) as threads:
        for found in threads.map(lambda _: asyncio.run(some()), range(6)):
            assert found == ["correct"] * 100


def test_async_vector_environments():
    envs = gymnasium.vector.AsyncVectorEnv([Asking, Asking], shared_memory=False)
    try:
        envs.reset(seed=0)
        for actions in ([1, 0], [0, 1], [1, 1]):
            assert envs.step(actions)[1].tolist() == actions
    finally:
        envs.close()


@pytest.mark.parametrize("way", ["-c", "stdin", "script"])
def test_programs_without_a_guard(expected: list[Any], way: str):
    code = "import json, worker_places; print(json.dumps(worker_places.verdicts()))"
    command = {"-c": ["-c", code], "stdin": ["-"], "script": [str(HERE / "worker_places.py")]}[way]
    done = subprocess.run(
        [sys.executable, *command],
        env=ENVIRONMENT,
        input=code if way == "stdin" else "",
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == expected
    assert done.stderr == ""


def test_three_busy_processes_beside(expected: list[Any]):
    command = [sys.executable, "-c", "while True: pass"]
    busy = [subprocess.Popen(command) for _ in range(3)]
    try:
        assert verdicts() == expected
        burst = Remote().verify_batch([(str(i), None) for i in range(500)])
        assert [verdict.status for verdict in burst] == ["correct"] * 500
    finally:
        for process in busy:
            process.kill()
            process.wait()


@pytest.mark.ray
def test_ray_tasks_and_actors(expected: list[Any]):
    ray = pytest.importorskip("ray")
    runtime = {"env_vars": {"PYTHONPATH": PATHS}}
    ray.init(num_cpus=1, include_dashboard=False, runtime_env=runtime, log_to_driver=False)
    try:
        actor = ray.remote(_Judge).remote()
        assert ray.get(ray.remote(verdicts).remote()) == expected
        assert ray.get(actor.verdicts.remote()) == expected
    finally:
        ray.shutdown()


class _Judge:
    def verdicts(self) -> list[Any]:
        return verdicts()
