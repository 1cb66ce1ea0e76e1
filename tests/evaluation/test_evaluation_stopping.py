"""`until_ci`: the same episodes count, whoever is quick and whatever interrupts."""

import random
import signal

import numpy as np
import pytest
from evaluation_toys import Adder, BatchAdder, Walker

from assay.core.errors import OptionError, StoreError
from assay.evaluation import driver, engine, stats
from assay.evaluation.backends.base import Finished, Lost
from assay.evaluation.backends.worker import Worker
from assay.evaluation.engine import evaluate
from assay.evaluation.stopping import looks
from assay.evaluation.store import Store

pytestmark = pytest.mark.core

SUM, WALK = "toy/Sum-v0", "toy/Walk-v0?length=4"
EASY = "toy/Sum-v0?digits=3"


def first_narrow(episodes, n, width):
    """What the rule says, from the rows of a run of fixed length."""
    passed = [bool(e["passed"]) for e in episodes]
    for at in looks(n):
        found = stats.wilson(sum(passed[:at]), at)
        if found.high - found.low <= width:
            return at
    return n


def test_looks_are_few_and_end_at_n():
    assert list(looks(10)) == [10]
    assert list(looks(100)) == [32, 64, 96, 100]
    assert list(looks(400)) == [32, 64, 96, 128, 160, 192, 224, 256, 320, 384, 400]
    assert len(list(looks(1_000_000))) < 60
    steps = np.diff(list(looks(1_000_000)))
    assert (steps[:-1] <= np.array(list(looks(1_000_000)))[:-2].clip(128) / 4).all()


@pytest.mark.parametrize("width", [0.25, 0.15, 0.1])
def test_it_stops_at_the_first_look_that_is_narrow_enough(width):
    whole = evaluate(Adder(), SUM, n=700)
    found = evaluate(Adder(), SUM, n=700, until_ci=width)
    row = found[0]
    assert row.done == first_narrow(whole.episodes(), 700, width)
    assert row.high - row.low <= width
    assert found.complete and found.exit_code == 0 and row.planned == 700
    said = row.to_dict()
    assert said["until_ci"] == width and said["stopped_early"] is (row.done < 700)
    assert [e["episode"] for e in found.episodes()] == list(range(row.done))
    assert not whole[0].stopped_early and whole[0].to_dict()["until_ci"] is None


def test_each_environment_stops_by_itself():
    found = evaluate(Adder(0.5), [SUM, WALK, EASY], n=150, until_ci=0.12)
    assert [row.done for row in found] == [150, 32, 150], "an adder's steps are no walk"
    assert [row.stopped_early for row in found] == [False, True, False]
    assert found.complete and found.exit_code == 0


def test_tasks_are_counted_where_samples_repeat_or_worlds_are_shared():
    found = evaluate(Adder(), SUM, n=300, samples=4, until_ci=0.12)[0]
    assert found.method == "t over tasks" and found.stopped_early
    assert found.done == 4 * found.n_tasks and found.high - found.low <= 0.12
    worlds = evaluate(Walker(), "toy/Secret-v0", n=100, until_ci=0.9)[0]
    assert worlds.n_worlds is not None and worlds.n_worlds <= 4 and worlds.done == 32


class AnyOrder:
    """A backend of several hands that are quick or slow by chance, and sometimes lost."""

    rng = random.Random(0)

    def __init__(self, job):
        self.worker, self.units, self.events_left = Worker(job), [], []

    def capacity(self):
        return 6 - len(self.units)

    def submit(self, unit):
        self.units.append(unit)

    def events(self, timeout_s):
        if not self.units:
            return []
        unit = self.units.pop(self.rng.randrange(len(self.units)))
        if unit.attempt == 1 and self.rng.random() < 0.1:
            return [Lost(unit, "by chance")]
        self.worker.add(unit)
        done = []
        while sum(len(event.rows) for event in done) < len(
            unit.keys
        ):  # rows come as they are ready
            done += self.worker.advance()
        assert all(isinstance(event, Finished) for event in done)
        return done

    def interrupt(self):
        pass

    def close(self, wait_s=0.0):
        self.worker.close()


@pytest.mark.parametrize("seed", range(4))
def test_quick_workers_do_not_change_which_episodes_count(seed, monkeypatch):
    settings = {"n": 500, "until_ci": 0.12}
    plain = evaluate(Adder(), [SUM, EASY], **settings)
    assert all(row.stopped_early for row in plain)
    AnyOrder.rng = random.Random(seed)
    monkeypatch.setattr(engine, "find_backend", lambda name: AnyOrder)
    monkeypatch.setattr(driver, "MAX_UNIT", 1 + 3 * seed)
    assert evaluate(Adder(), [SUM, EASY], **settings).digest == plain.digest


@pytest.mark.parametrize("batch", [1, 7, 64])
def test_the_batch_does_not_change_which_episodes_count(batch):
    plain = evaluate(Adder(), [SUM, EASY], n=500, until_ci=0.12)
    found = evaluate(BatchAdder(), [SUM, EASY], n=500, until_ci=0.12, batch=batch)
    assert found.digest == plain.digest


def test_interrupted_anywhere_it_goes_on_to_the_same_end(tmp_path):
    whole = evaluate(Adder(), [SUM, EASY], n=500, until_ci=0.12)
    out, chance = tmp_path / "run.db", random.Random(5)

    class Stops(Adder):
        def act(self, observation, info):
            if self.left == 0:
                signal.raise_signal(signal.SIGINT)
            self.left -= 1
            return super().act(observation, info)

    policy, codes = Stops(), []
    while not codes or codes[-1] == 3:
        policy.left = chance.choice([0, 31, 32, 33, chance.randrange(200)])
        found = evaluate(policy, [SUM, EASY], n=500, until_ci=0.12, out=out)
        codes.append(found.exit_code)
    assert found.digest == whole.digest and len(codes) > 2
    assert evaluate(Adder(), [SUM, EASY], n=500, until_ci=0.12, out=out).digest == whole.digest


def test_rows_that_are_tried_again_never_take_others_away(tmp_path):
    out = tmp_path / "run.db"

    class Faulty(Adder):
        broken = True

        def act(self, observation, info):
            if self.broken and self.rng.random() < 0.5:
                raise RuntimeError("a bad day")
            return super().act(observation, info)

    first = evaluate(Faulty(), SUM, n=500, until_ci=0.15, out=out)[0]
    Faulty.broken = False
    again = evaluate(Faulty(0.0), SUM, n=500, until_ci=0.15, out=out, retry=["policy_error"])[0]
    assert again.done >= first.done > 32 and again.stopped_early
    assert again.counts["policy_error"] == 0 and again.pass_rate > first.pass_rate


def test_machine_faults_are_no_evidence():
    found = evaluate(Walker(), "toy/Walk-v0?fault=reset&every=1", n=70, until_ci=0.5)
    assert found[0].counts["env_error"] == 70 and not found[0].stopped_early
    assert found[0].pass_rate is None


def test_another_width_is_another_run(tmp_path):
    out = tmp_path / "run.db"
    evaluate(Adder(), SUM, n=40, until_ci=0.2, out=out)
    for width in (0.3, None):
        with pytest.raises(StoreError, match=r"until_ci: 0\.2 ->"):
            evaluate(Adder(), SUM, n=40, until_ci=width, out=out)
    with Store(out, read_only=True) as store:
        (run,) = store.runs()
        assert run.settings["until_ci"] == run.identity["until_ci"] == 0.2


@pytest.mark.parametrize("width", [0, 1, -0.1, "narrow", float("nan")])
def test_a_width_that_is_none_is_refused(width):
    with pytest.raises(OptionError, match=r"until_ci=.*between 0 and 1"):
        evaluate(Adder(), SUM, n=4, until_ci=width)


def test_a_shard_cannot_see_the_interval_of_the_whole():
    with pytest.raises(OptionError, match="until_ci and shard were both given"):
        evaluate(Adder(), SUM, n=4, until_ci=0.2, shard="1/2")


def test_stopping_costs_little_coverage():
    """What docs/statistics.md says of it: simulated with Wilson's interval and the real looks."""
    rng = np.random.default_rng(0)
    bounds = {}
    for width in (0.1, 0.3):
        for rate in (0.05, 0.3, 0.5):
            hits = 0
            for _ in range(400):
                draws = rng.random(1_000) < rate
                for at in looks(1_000):
                    passed = int(draws[:at].sum())
                    if (passed, at) not in bounds:
                        bounds[passed, at] = stats.wilson(passed, at)
                    _, low, high = bounds[passed, at]
                    if high - low <= width:
                        break
                hits += low <= rate <= high
            assert hits / 400 >= 0.90, (width, rate)
