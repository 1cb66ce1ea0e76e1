"""Workers: what they may use up, what they answer, and when they are replaced."""

import asyncio
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from worker_calls import QUICK

from assay.core.types import Limits
from assay.verifiers.workers import crew, pool
from assay.verifiers.workers.pool import aask, ask


@pytest.fixture
def alone(monkeypatch):
    """One worker, of this test's own."""
    pool.close()
    monkeypatch.setattr(pool, "pool_size", lambda: 1)
    yield
    pool.close()


def outcome(call: str, payload=None, limits: Limits = QUICK):
    answer = ask(f"worker_calls:{call}", payload or {}, limits)
    return answer.status, answer.code


def test_values_come_back_as_they_went():
    sent = {"text": "é\ud800\0\n", "list": [1, [2.5, None, True]], "nan": [], "long": "x" * 500_000}
    answer = ask("worker_calls:echo", sent)
    assert (answer.status, answer.result, answer.code, answer.message) == ("done", sent, "", "")
    assert answer.cost.wall_s > 0 and answer.cost.queue_s > 0 and 5 < answer.cost.peak_mb < 500


def test_a_payload_that_is_not_json_is_the_callers_mistake():
    with pytest.raises(TypeError):
        ask("worker_calls:echo", {"x": {1, 2}})


def test_a_worker_is_used_again_and_warmed_once(alone):
    answers = [ask("worker_calls:place", {}).result for _ in range(5)]
    assert len({found["pid"] for found in answers}) == 1
    assert answers[-1]["parent"] == os.getpid() != answers[-1]["pid"]
    assert answers[-1]["warmed"] == ["warm"]


def test_where_a_worker_lives():
    found = ask("worker_calls:surroundings", {}).result
    own = {"PATH", "LANG", "PYTHONHASHSEED"}
    threads = {name for name in found["environment"] if name.endswith("_THREADS")}
    ours = {"ASSAY_WORKER", "SYMPY_GROUND_TYPES", "PYGAME_HIDE_SUPPORT_PROMPT"}
    assert own <= set(found["environment"]) <= own | threads | ours
    assert found["session"] is True
    assert (found["recursion"], found["digits"]) == (3_000, 4_300)
    assert [number for number in found["open"] if number > 2] == found["open"][3:]
    assert len(found["open"]) <= 8  # pipes, /proc/self/status and what lists them


@pytest.mark.parametrize(
    ("call", "code"),
    [
        ("spin", "limit.cpu"),
        ("native", "limit.cpu"),
        ("fill", "limit.memory"),
        ("deep", "limit.depth"),
    ],
)
def test_a12_a14_a21_a_budget_that_is_spent_is_over_limit_and_the_next_is_served(call, code):
    answer = ask(f"worker_calls:{call}", {}, QUICK)
    assert (answer.status, answer.code) == ("over_limit", code)
    assert answer.message.endswith(".") and answer.result == {}
    if code == "limit.cpu":
        assert 0.3 <= answer.cost.cpu_s < 0.8
    assert outcome("echo") == ("done", "")


def test_each_phase_has_a_budget_of_its_own():
    half = {"s": 0.2, "value": 7, "phases": ["gold", "candidate", "more"]}
    answer = ask("worker_calls:work", half, QUICK)
    assert answer.result == {"value": 7} and answer.phase == "more"
    assert answer.cost.cpu_s > QUICK.cpu_s
    spent = ask("worker_calls:spin", {"phases": ["gold"]}, QUICK)
    assert (spent.status, spent.phase) == ("over_limit", "gold")
    spent = ask("worker_calls:fill", {"phase": "candidate"}, QUICK)
    assert (spent.code, spent.phase) == ("limit.memory", "candidate")


@pytest.mark.parametrize(
    ("call", "payload", "code", "said"),
    [
        ("raises", {"what": "key"}, "verifier.exception", "failed with KeyError"),
        ("raises", {"what": "exit"}, "verifier.exception", "failed with SystemExit"),
        ("raises", {"what": "task"}, "task.faulty", "The reference is no number."),
        ("no_dict", {}, "verifier.exception", "returned no dict"),
        ("no_json", {}, "verifier.exception", "failed with TypeError"),
        ("nothing_of_that_name", {}, "verifier.unloadable", "nothing_of_that_name"),
    ],
)
def test_a_function_that_fails_says_how(call, payload, code, said):
    answer = ask(f"worker_calls:{call}", payload)
    assert (answer.status, answer.code) == ("failed", code)
    assert said in answer.message and "secret" not in answer.message


def test_modules_that_no_worker_can_load():
    assert "no_such_module" in ask("no_such_module:f", {}).message
    assert ask("__main__:f", {}).code == "verifier.unloadable"


def test_what_a_function_prints_is_no_answer_and_there_is_nothing_to_read():
    assert ask("worker_calls:chatter", {}).result == {"stdin": ""}


def test_a_worker_writes_no_file_and_starts_nothing(tmp_path):
    path = tmp_path / "file"
    found = ask("worker_calls:tries", {"path": str(path)}).result
    assert found["write"] == "OSError"
    assert not path.exists() or path.stat().st_size == 0
    if os.getuid():  # root is not bound by this limit
        assert (found["thread"], found["fork"]) == ("RuntimeError", "BlockingIOError")


def test_hash_order_is_the_same_in_all_workers(alone):
    first = ask("worker_calls:order_of", {}).result
    pool.close()
    assert ask("worker_calls:order_of", {}).result == first


def test_a_worker_that_asks_is_its_own_worker():
    found = ask("worker_calls:nested", {}).result
    assert found["verdict"] == "correct" and found["where"] == found["pid"]


# ---------------------------------------------------------------------- replacement


def test_a_worker_is_replaced_after_so_many_requests(alone, monkeypatch):
    monkeypatch.setattr(crew, "REQUESTS_A_WORKER", 20)
    monkeypatch.setattr(crew, "_AHEAD", 5)
    pids = [ask("worker_calls:place", {}).result["pid"] for _ in range(60)]
    assert [pids.count(pid) for pid in dict.fromkeys(pids)] == [20, 20, 20]


def test_a_worker_that_has_grown_or_run_out_of_memory_is_replaced(alone):
    first = ask("worker_calls:grow", {"mb": 50}).result["pid"]
    assert ask("worker_calls:grow", {"mb": 200}).result["pid"] == first
    second = ask("worker_calls:place", {}).result["pid"]
    assert second != first
    assert outcome("fill") == ("over_limit", "limit.memory")
    assert ask("worker_calls:place", {}).result["pid"] != second


def test_modules_are_loaded_before_a_new_worker_is_asked(alone):
    ask("worker_calls:place", {})
    assert outcome("leave")[1] == "worker.lost"
    assert ask("worker_calls:place", {}).result["warmed"] == ["warm"]


def test_warm_starts_workers_that_know_a_call(monkeypatch):
    pool.close()
    monkeypatch.setattr(pool, "pool_size", lambda: 2)
    pool.warm("worker_calls:place", workers=2)
    until = time.monotonic() + 30
    while len(pool.current().pids()) < 2 and time.monotonic() < until:
        time.sleep(0.01)
    assert ask("worker_calls:place", {}).result["pid"] in pool.current().pids()
    pool.close()


# ---------------------------------------------------------------------- waiting


def test_waiting_for_a_worker_spends_no_budget(alone):
    """A burst of right answers: most of them wait far longer than any of them may take."""
    limits = Limits(cpu_s=0.5, wall_s=1.0)
    with ThreadPoolExecutor(30) as threads:
        answers = list(
            threads.map(
                lambda i: ask("worker_calls:work", {"s": 0.04, "value": i}, limits), range(40)
            )
        )
    assert [answer.result.get("value") for answer in answers] == list(range(40))
    assert max(answer.cost.queue_s for answer in answers) > limits.wall_s
    assert max(answer.cost.cpu_s for answer in answers) < 0.5


def test_one_that_hangs_does_not_hold_up_the_others(monkeypatch):
    pool.close()
    monkeypatch.setattr(pool, "pool_size", lambda: 2)
    limits = Limits(cpu_s=30, wall_s=60)
    hanging = threading.Thread(target=ask, args=("worker_calls:spin", {}, limits), daemon=True)
    hanging.start()
    assert [outcome("echo")[0] for _ in range(20)] == ["done"] * 20
    assert hanging.is_alive()
    pool.close()
    hanging.join(10)
    assert not hanging.is_alive()


def test_answers_after_close_come_from_a_new_pool(alone):
    first = ask("worker_calls:place", {}).result["pid"]
    pool.close()
    pool.close()
    assert ask("worker_calls:place", {}).result["pid"] != first


def test_a_cancelled_question_is_not_begun(alone, tmp_path):
    mark = tmp_path / "mark"

    async def main() -> str:
        busy = asyncio.create_task(aask("worker_calls:wait", {"s": 0.5}))
        await asyncio.sleep(0.2)
        mark.touch()
        late = asyncio.create_task(aask("worker_calls:stop_once", {"mark": str(mark)}))
        await asyncio.sleep(0.05)
        late.cancel()
        return (await busy).status

    assert asyncio.run(main()) == "done"
    assert outcome("echo") == ("done", "")
    assert mark.exists()


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSEGV, signal.SIGTERM])
def test_deaths_in_the_middle_are_nobodys_answer(number):
    answer = ask("worker_calls:die", {"signal": number})
    assert (answer.status, answer.code) == ("failed", "worker.lost")
    assert f"signal {int(number)}" in answer.message
    assert outcome("echo") == ("done", "")
