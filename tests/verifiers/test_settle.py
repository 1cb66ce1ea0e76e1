"""Verdicts that wait for workers: signed, in order, several at once, errors and costs included."""

import asyncio
import itertools
import threading

import pytest
from worker_calls import Remote, shouts, slow

from assay.core.errors import OptionError
from assay.core.types import Limits, Verdict
from assay.verifiers import All, Any, AtLeast, BaseVerifier, Gate, Not, NumberVerifier
from assay.verifiers.workers import pool
from assay.verifiers.workers.pending import Pending, ask_worker


@pytest.fixture
def two_workers(monkeypatch):
    pool.close()
    monkeypatch.setattr(pool, "pool_size", lambda: 2)
    yield
    pool.close()


class Work(BaseVerifier):
    """Accepts after so many seconds of work in a worker."""

    name, limits = "work", Limits(cpu_s=0.5, wall_s=1.0)
    open = most = 0

    def judge(self, outcome: object, task: object) -> Pending:
        Work.open += 1
        Work.most = max(Work.most, Work.open)
        payload = {"s": outcome, "value": task}
        return ask_worker("worker_calls:work", payload, self.finish, limits=self.limits)

    def finish(self, found) -> Verdict:
        Work.open -= 1
        return Verdict.accept("work.done", "Done.", extracted=str(found["value"]))


def test_a_verdict_from_a_worker_is_signed_and_carries_what_it_cost():
    verdict = Remote().verify("a")
    assert (verdict.verifier, verdict.isolation) == ("remote@1", "worker")
    assert verdict.cost.wall_s > 0 and verdict.cost.queue_s > 0
    assert Remote().verify("fast").isolation == "in_process"


@pytest.mark.parametrize(
    ("outcome", "status", "code"),
    [
        ("spin", "over_limit", "limit.cpu"),
        ("die", "verifier_error", "worker.lost"),
        ("finish fails", "verifier_error", "verifier.exception"),
    ],
)
def test_what_brings_no_result_is_signed_too(outcome, status, code):
    verdict = Remote().verify(outcome)
    assert (verdict.status, verdict.code, verdict.verifier) == (status, code, "remote@1")
    if outcome != "finish fails":
        assert verdict.extracted == "x"  # what was known before the worker was asked


def test_a_faulty_reference_is_the_tasks_fault():
    class Gold(BaseVerifier):
        def judge(self, outcome: object, task: object) -> Pending:
            return ask_worker(
                f"worker_calls:{outcome}", task, Verdict.from_dict, limits=Limits(cpu_s=0.1)
            )

    verdict = Gold().verify("spin", {"phases": ["gold"]})
    assert (verdict.status, verdict.code) == ("task_error", "task.over_limit")
    assert Gold().verify("spin", {"phases": ["gold", "candidate"]}).status == "over_limit"
    verdict = Gold().verify("raises", {"what": "task"})
    assert (verdict.status, verdict.code) == ("task_error", "task.faulty")
    assert verdict.reason == "The reference is no number."


def test_a_batch_keeps_its_order_and_keeps_the_workers_busy(two_workers):
    Work.open = Work.most = 0
    lengths = itertools.cycle([0.03, 0.0, 0.01])
    pairs = ((next(lengths), i) for i in range(60))  # drawn from as it goes
    found = Work().verify_batch(pairs)
    assert [verdict.extracted for verdict in found] == [str(i) for i in range(60)]
    assert 2 <= Work.most <= 4  # two at work, and one waiting for each
    assert len(pool.current().pids()) == 2


def test_a_batch_draws_no_faster_than_it_is_answered(two_workers):
    drawn = 0

    def pairs():
        nonlocal drawn
        for _ in range(40):
            drawn += 1
            yield 0.0, drawn

    Work.open = Work.most = 0
    assert len(Work().verify_batch(pairs())) == drawn == 40
    assert Work.most <= 4


@pytest.mark.parametrize("workers", [1, 3])
def test_workers_bounds_what_is_at_work_at_once(two_workers, workers):
    at_work = []
    over = threading.Event()

    def watch():
        while not over.wait(0.002):
            at_work.append(sum(seat.job is not None for seat in pool.current()._seats))

    watching = threading.Thread(target=watch)
    watching.start()
    found = Work().verify_batch([(0.05, i) for i in range(12)], workers=workers)
    over.set()
    watching.join()
    assert all(verdict.passed for verdict in found)
    assert max(at_work) == workers


@pytest.mark.parametrize("workers", [0, -1, 1.5, True, "2"])
def test_workers_is_a_number_of_workers(workers):
    with pytest.raises(OptionError, match="workers="):
        Remote().verify_batch([], workers=workers)


def test_an_empty_batch_and_one_without_questions_start_nothing():
    pool.close()
    assert NumberVerifier().verify_batch([]) == []
    assert NumberVerifier().verify_batch([("1", 1)])[0].passed
    assert pool._crew is None


def test_an_iterable_that_breaks_leaves_nothing_waiting(two_workers):
    def pairs():
        yield 0.05, 1
        yield 0.05, 2
        raise LookupError("the file ended")

    with pytest.raises(LookupError, match="the file ended"):
        Work().verify_batch(pairs())
    assert Work().verify(0.0, 3).extracted == "3"


def test_verdicts_do_not_depend_on_what_ran_before():
    questions = [
        ("a", None),
        ("spin", None),
        ("b", "3e"),
        ("die", None),
        ("fast", None),
        ("c", "no"),
    ]

    def told(pairs):
        return [(v.status, v.code, v.extracted) for v in Remote().verify_batch(pairs)]

    forward = told(questions)
    assert told(questions[::-1])[::-1] == forward
    assert [told([pair])[0] for pair in questions] == forward


# ---------------------------------------------------------------------- combinations


def test_combinations_wait_for_their_children_side_by_side(two_workers):
    Work.open = Work.most = 0
    both = All(Work(), Not(Remote()))
    pairs = [(0.02, i) for i in range(20)]
    assert {v.status for v in both.verify_batch(pairs)} == {"verifier_error"}  # a number is no text
    assert Work.most >= 2


def test_combinations_say_the_same_in_all_three_ways():
    made = {
        "all": All(shouts, Remote()),
        "any": Any(shouts, slow),
        "two": AtLeast(2, shouts, slow, Remote()),
        "not": Not(Remote()),
        "gate": Gate(shouts, All(Remote(), Not(slow))),
        "here": All(NumberVerifier(), NumberVerifier(tolerance=1)),
    }
    for name, verifier in made.items():
        for outcome in ("HELLO", "hello", *(("spin", "die") if name == "not" else ())):
            task = 3 if name == "here" else "3733"
            one = verifier.verify(outcome, task)
            assert verifier.verify_batch([(outcome, task)]) == [one]
            assert asyncio.run(verifier.averify(outcome, task)) == one
            assert one.verifier == verifier.label
            assert one.children and one.cost.cpu_s >= max(c.cost.cpu_s for c in one.children)


def test_a_combination_of_others_verifiers_asks_them_as_they_are():
    class Own:
        name, version, limits, deterministic = "own", "1", Limits(), True

        def verify(self, outcome, task):
            return Verdict.accept("own.yes", "Yes.", verifier="own@1")

    class Overrides(Remote):
        def verify(self, outcome, task=None):
            return Verdict.accept("over.yes", "Yes.", verifier="over@1")

    found = All(Own(), Overrides()).verify("x")  # pyright: ignore
    assert [child.code for child in found.children] == ["own.yes", "over.yes"]


def test_the_next_question_may_follow_from_an_answer():
    asked = []

    class Counts(BaseVerifier):
        def judge(self, outcome: object, task: object) -> Pending:
            return self.ask({"left": task})

        def ask(self, payload) -> Pending:
            return ask_worker("worker_calls:echo", payload, self.finish, limits=self.limits)

        def finish(self, found):
            asked.append(found["left"])
            if found["left"]:
                return self.ask({"left": found["left"] - 1})
            return Verdict.accept("counts.done", "Done.")

    verdict = Counts().verify("x", 4)
    assert asked == [4, 3, 2, 1, 0] and verdict.passed
    assert verdict.cost.queue_s > 0


def test_averify_lets_the_loop_go_on():
    async def main() -> bool:
        late = asyncio.create_task(Work().averify(0.2, 1))
        await asyncio.sleep(0.05)
        quick = await NumberVerifier().averify("1", 1)
        return quick.passed and not late.done() and (await late).passed

    assert asyncio.run(main())
