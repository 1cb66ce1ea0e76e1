"""The verifiers' benchmark: counts are right, what hangs or dies is one answer, no kill loses."""

import io
import json
import random
import sys
from fractions import Fraction

import pytest
from rich.console import Console

from benchmarks import judge_kills, judging, sets, verifiers
from benchmarks.judge_kills import Found, Kills
from benchmarks.judging import Assay, MathVerify, rate, tree_cpu_s
from benchmarks.libraries import Broken, Judged, Library, as_json
from benchmarks.measure import NotInstalled
from benchmarks.scores import compared, errors, matrix, percentiles, statuses, without_copies
from benchmarks.sets import Item
from benchmarks.verifier_tables import error_rate, show
from benchmarks.workloads import RESPONSE_CHARS, WORKLOADS, integers


def item(gold="84", response=r"\boxed{84}", label=True, **more) -> Item:
    values = {"id": "one", "set": "contest", "category": "integers", **more}
    return Item(gold=gold, response=response, label=label, **values)


def judged(label: bool, accepted: bool, **more) -> Judged:
    status = "correct" if accepted else "incorrect"
    return Judged(item=item(label=label, **more), accepted=accepted, status=status)


# ---------------------------------------------------------------------- counting


def test_matrix_counts_each_of_the_four():
    found = [judged(True, True)] * 4 + [judged(True, False)] * 3 + [judged(False, True)] * 2
    counted = matrix([*found, judged(False, False)])
    assert (counted.true_positives, counted.false_negatives) == (4, 3)
    assert (counted.false_positives, counted.true_negatives) == (2, 1)
    low, high = counted.as_dict()["false_negative_rate"]
    assert low < 3 / 7 < high
    assert [row["label"] for row in errors(found)] == [True] * 3 + [False] * 2


def test_cases_whose_source_is_overruled_are_counted_both_ways():
    found = [judged(False, True, peer_label=True, rule="a rule")]
    assert matrix(found).false_positives == 1
    assert matrix(found, source_labels=True).true_positives == 1


def test_no_error_is_a_bound_and_not_zero():
    assert error_rate(0, 300, (0.0, 0.01)) == "0 (≤ 1.00%)"
    assert error_rate(0, 2, (0.0, 0.8)) == "0 (≤ 100.00%)"
    assert error_rate(3, 300, (0.002, 0.03)) == "3 (0.2%–3.0%)"
    assert error_rate(0, 0, (0.0, 1.0)) == "–"


def test_percentiles_are_of_nearest_rank():
    assert percentiles(list(range(1, 201))) == {"p50": 100, "p90": 180, "p99": 198, "p100": 200}
    assert percentiles([]) is None


def test_demands_on_accuracy():
    clean = {"contest": matrix([judged(True, True), judged(False, False)])}
    worse = {"contest": matrix([judged(True, False), judged(False, True)])}
    assert compared(clean, worse, "attacks") == []
    assert len(compared(worse, clean, "attacks")) == 4
    assert len(compared(clean, clean, "attacks")) == 2  # as good is not fewer
    few = {"attacks": matrix([judged(False, True)])}
    many = {"attacks": matrix([judged(False, True)] * 9)}
    assert "more than a tenth of the peer's false positives on attacks" in compared(
        few, many, "attacks"
    )


def test_copies_of_the_question_can_be_set_aside():
    found = [judged(False, True, category="A05 the question given back"), judged(True, True)]
    assert without_copies(found) == found[1:]
    assert statuses(found) == {"correct": 2}


# ---------------------------------------------------------------------- libraries


@pytest.mark.parametrize("library", [Assay, MathVerify])
def test_both_libraries_judge(library):
    judge = library()
    right, wrong = (as_json(item(response=rf"\boxed{{{n}}}")) for n in (84, 85))
    assert judge.prepared(right)()["accepted"] is True
    assert judge.prepared(wrong)()["accepted"] is False
    assert judge.ready(right)()["accepted"] is True
    assert "label" not in right


def test_a_declared_tolerance_reaches_both():
    near = as_json(
        item(
            r"\frac{1}{3}", r"\boxed{0.33}", tolerance=Fraction(1, 200), peer={"float_rounding": 2}
        )
    )
    assert Assay().prepared(near)()["accepted"] is True
    assert MathVerify().prepared(
        {**near, "peer": {"float_rounding": 2, "match_types": ["latex"]}}
    )()
    assert Assay().prepared({**near, "tolerance": None})()["accepted"] is False


def test_the_peer_is_called_as_its_own_tests_call_it():
    peer = MathVerify()
    (case,) = (i for i in sets.load(["math_verify"]) if i.id == "mv-251")
    assert case.peer["strict"] is False and case.source_label and not case.label
    assert peer.prepared(as_json(case))()["accepted"] is True


def test_what_the_peer_raises_and_its_time_outs_are_statuses(monkeypatch):
    peer = MathVerify()
    asked = as_json(item())
    monkeypatch.setattr(peer._library, "verify", lambda *_, **__: 1 / 0)
    assert peer.prepared(asked)()["status"] == "raised"
    logger = judging.logging.getLogger("math_verify.grader")
    monkeypatch.setattr(
        peer._library, "verify", lambda *_, **__: logger.warning("Timeout during comparison")
    )
    assert peer.prepared(asked)()["status"] == "timed out"


def test_a_time_out_of_a_busy_machine_is_tried_again():
    class Late:
        tries = 0

        def prepared(self, _):
            self.tries += 1
            verdict = {"accepted": self.tries > 1, "status": "accepted"}
            late = {"accepted": False, "status": "timed out", "worker_cpu_s": -1.0}
            return lambda: verdict if self.tries > 1 else late

    found = judging.judged(Late(), {})
    assert (found["accepted"], found["again"]) == (True, True)


def test_a_library_in_its_process_answers_and_starts_again_after_a_kill():
    with Library("assay", stop_cpu_s=1e-9, stop_wall_s=60.0) as library:
        assert library.rate([item()], 0.01)["per_cpu_s"] > 0
        (first,) = library.judged([item()])
        assert (first.accepted, first.status, first.lane) == (True, "correct", "in_process")
        assert first.peak_mb > 1 and first.cpu_s > 0
        library._process.kill()
        (died, again) = library.judged([item(), item(response="85")])
        assert (died.accepted, died.status) == (False, "died")
        assert (again.accepted, again.status) == (False, "incorrect")


def test_what_does_not_come_to_an_end_is_stopped():
    with Library("assay", stop_wall_s=0.0) as library:
        library._start()
        asked = {"items": [as_json(item())], "seconds": 60.0}
        assert library.ask(asked, stop_wall_s=0.5)["status"] == "stopped"


def test_a_library_that_breaks_while_it_is_timed_is_said(monkeypatch):
    def broken(self, items, seconds):
        raise Broken("died while its speed was measured")

    monkeypatch.setattr(Library, "rate", broken)
    problems: list[str] = []
    bench = verifiers.Bench(seconds=0.001, repeats=1)
    assert verifiers._rates(bench, ["assay"], [], problems) == []
    assert problems == ["assay, integer answers, 500 characters: died while its speed was measured"]


def test_a_process_that_does_not_start_is_said(monkeypatch):
    monkeypatch.setattr(Library, "_line", lambda *_: "")
    with Library("assay") as library, pytest.raises(NotInstalled, match="did not start"):
        list(library.judged([item()]))


def test_a_missing_library_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "math_verify", None)
    with pytest.raises(ImportError):
        MathVerify()
    monkeypatch.setattr(Library, "_line", lambda *_: '{"missing": "No module named math_verify"}\n')
    with Library("math-verify") as library, pytest.raises(NotInstalled, match=r"requirements\.txt"):
        list(library.judged([item()]))


def test_cpu_time_of_the_whole_tree_grows():
    before = tree_cpu_s()
    assert rate(Assay(), [as_json(item())], 0.05)["per_cpu_s"] > 0
    assert tree_cpu_s() - before >= 0.05


def test_workloads_are_what_their_names_say():
    made = integers([])
    assert {len(i.response) for i in made} == {RESPONSE_CHARS}
    assert sum(i.label for i in made) == len(made) // 2
    items = sets.load(["trees", "contest"])
    mixed, equal = (work.items(items) for work in WORKLOADS[1:])
    assert {i.set for i in mixed} == {"contest"} and len(equal) >= 100
    assert all(i.label for i in equal)


# ---------------------------------------------------------------------- the command


def run(monkeypatch, capsys, *arguments: str) -> tuple[int, str]:
    monkeypatch.setattr(sys, "argv", ["verifiers", *arguments])
    code = verifiers.main()
    return code, capsys.readouterr().out


def test_the_command_measures_and_writes_all_figures(monkeypatch, capsys, tmp_path):
    file = tmp_path / "figures.json"
    code, out = run(
        monkeypatch, capsys, "--only", "public", "contest", "--every", "120", "--seconds", "0.001",
        "--repeats", "1", "--pool-n", "20", "--errors", "--json", str(file),
    )  # fmt: skip
    result = json.loads(file.read_text())
    assert set(result["libraries"]) == {"assay", "math-verify"}
    total = result["libraries"]["assay"]["total"]
    counts = [n for name, n in total.items() if name.endswith(("positives", "negatives"))]
    assert sum(counts) == len(sets.load(["public", "contest"])[::120])
    assert all(row["per_cpu_s"] > 0 for row in result["rates"])
    assert code == (1 if result["missed"] else 0)
    assert result["problems"] == []
    assert result["libraries"]["math-verify"]["n_undecided"] == {"right": 0, "wrong": 0}
    assert "math-verify 0." in out and "one item in 120" in out
    assert all(row["id"] in out for row in result["libraries"]["assay"]["errors"])


def test_a_missing_peer_or_set_is_said_and_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(verifiers, "PEER", "gone")
    whole = verifiers.Library

    def library(name):
        if name == "gone":
            raise NotInstalled("not installed (gone): pip install -r benchmarks/requirements.txt")
        return whole(name)

    monkeypatch.setattr(verifiers, "Library", library)
    few = ("--only", "gsm8k", "public", "--every", "50", "--seconds", "0")
    monkeypatch.delenv("ASSAY_GSM8K", raising=False)
    monkeypatch.setattr(sys, "argv", ["verifiers", *few])
    assert verifiers.main() == 1
    said = capsys.readouterr()
    assert "pip install -r benchmarks/requirements.txt" in said.err
    assert "--gsm8k FOLDER" in said.err


def test_tables_show_targets_missed_and_met():
    times = {"p50": 0.02, "p90": 0.1, "p99": 0.3, "p100": 0.3}
    row = {"workload": "w", "library": "assay", "per_cpu_s": 10.0, "cpu_s": times, "wall_s": times}
    rates = [
        row | {"target": 20_000.0, "times_peer": None},
        row | {"workload": "v", "target": None, "times_peer": 3.0},
        row | {"workload": "v", "library": "math-verify", "per_cpu_s": 2.0, "target": None,
               "times_peer": 3.0},
    ]  # fmt: skip
    result = {
        "libraries": {}, "rates": rates, "pool": {"p50": 0.002, "p99": 0.01}, "missed": [],
        "corrections": 0, "every": 1, "versions": {},
    }  # fmt: skip
    out = io.StringIO()
    show(result, Console(width=160, file=out), list_errors=False)
    text = out.getvalue()
    assert "20,000 MISSED" in text and "5.0 × met" in text and "2.00 ms" in text


@pytest.mark.parametrize("words", [("--only", "nothing"), ("--every", "0"), ("--seconds", "-1")])
def test_settings_that_mean_nothing_are_refused(monkeypatch, words):
    monkeypatch.setattr(sys, "argv", ["verifiers", *words])
    with pytest.raises(SystemExit):
        verifiers.main()


# ---------------------------------------------------------------------- kills


def test_judge_under_fire_loses_nothing(monkeypatch):
    monkeypatch.setattr(judge_kills, "PAUSE_S", (0.01, 0.05))
    found = judge_kills.run(Kills(n=1, items=600, seed=1))
    assert found.well and found.kills >= 1, found


def rows(*verdicts: tuple[str, str]) -> list[dict]:
    return [{"id": key, "verdict": {"status": status}} for key, status in verdicts]


def test_what_kills_could_do_is_counted():
    before = rows(("a", "correct"), ("b", "incorrect"), ("c", "correct"))
    after = rows(("a", "correct"), ("c", "verifier_error"), ("c", "incorrect"))
    found = Found(seed=0)
    judge_kills.compare(before, after, found)
    assert (found.lost, found.doubled, found.misplaced) == (1, 1, 1)
    assert (found.changed, found.in_error) == (1, 1)
    assert not found.well
    errors_only = Found(seed=0, pool_kills=1)
    judge_kills.compare(
        before, rows(("a", "correct"), ("b", "incorrect"), ("c", "verifier_error")), errors_only
    )
    assert errors_only.well
    errors_only.pool_kills = 0
    assert not errors_only.well


def test_answers_to_judge_have_ids_of_their_own(tmp_path):
    file = tmp_path / "answers.jsonl"
    judge_kills.write_items(file, 4_000)
    ids = [json.loads(line)["id"] for line in file.read_text().splitlines()]
    assert len(set(ids)) == 4_000


def test_kills_that_never_come_are_exit_code_1(monkeypatch, capsys):
    monkeypatch.setattr(judge_kills, "run", lambda bench: Found(seed=random.randrange(9), rounds=1))
    monkeypatch.setattr(sys, "argv", ["judge_kills", "--n", "5"])
    assert judge_kills.main() == 1
    assert "kills 0" in capsys.readouterr().out
