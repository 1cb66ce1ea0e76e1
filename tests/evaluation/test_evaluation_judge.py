"""`judge`: what is read, what is decided, what is written."""

from __future__ import annotations

import json
from pathlib import Path

import gymnasium
import numpy as np
import pytest
from judge_toys import Careless, Faulty, decorated

import assay
from assay.core.errors import AssayError, DataError, MissingFile, OptionError, StoreError
from assay.core.registry import card, load, make
from assay.evaluation import judge as module
from assay.evaluation.judge import judge
from assay.evaluation.responses import output
from assay.evaluation.responses.fields import Fields
from assay.evaluation.store import DiskFull
from assay.verifiers import MathVerifier, NumberVerifier

pytestmark = pytest.mark.core

RECORDS = [
    {"response": r"So \boxed{4}.", "answer": 4},
    {"response": "It is 5.", "answer": 4},
    {"response": "", "answer": 4},
    {"response": None, "answer": 4},
    {"response": r"\boxed{\frac12}", "answer": "0.5"},
    {"response": "lone \ud800", "answer": 4},
]


@pytest.fixture(autouse=True)
def fixed_revision(monkeypatch):
    """A commit made while a test runs must not turn its second call into another one."""
    monkeypatch.setattr(module, "source_revision", lambda: "a revision")


def write(path: Path, records) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def statuses(found) -> list[str]:
    return [row["verdict"]["status"] for row in found.rows()]


# ---------------------------------------------------------------------- verdicts


def test_responses_are_judged_against_the_reference_beside_them():
    found = assay.judge(RECORDS, "math")
    assert statuses(found) == [
        "correct", "incorrect", "no_answer", "unparsable", "correct", "no_answer",
    ]  # fmt: skip
    rows = list(found.rows())
    assert [row["id"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert (rows[0]["verdict"]["extracted"], rows[0]["verdict"]["verifier"]) == ("4", "math@1.1")
    assert (found.n, found.passed, found.n_errors, found.exit_code) == (6, 2, 0, 0)
    assert found.codes["incorrect", "math.not_equal"] == 1
    assert 0.09 < found.interval.low < found.pass_rate < found.interval.high < 0.71


@pytest.mark.parametrize("workers", [1, 2])
def test_the_bytes_are_the_same_whoever_judges(tmp_path, workers):
    records = [{"response": str(i % 7), "answer": i % 5} for i in range(2_000)]
    file = write(tmp_path / "in.jsonl", records)
    judge(file, MathVerifier(), out=tmp_path / "inline", workers=0)
    judge(file, "math", out=tmp_path / "workers", workers=workers)
    assert (tmp_path / "inline").read_bytes() == (tmp_path / "workers").read_bytes()
    assert (tmp_path / "inline").read_bytes().count(b"\n") == 2_000


def test_the_expected_answer_is_told_only_when_asked_for():
    records = [{"response": "x", "answer": "x"}]
    assert "gold" not in str(list(judge(records, Faulty()).rows()))
    (row,) = judge(records, Faulty(), with_expected=True).rows()
    assert row["verdict"]["expected_canonical"] == "gold x"
    inner = list(judge(records, "judge_toys:make_faulty", keep=True).rows())
    assert inner[0]["response"] == "x"
    assert "expected_canonical" not in inner[0]["verdict"]


def test_records_can_be_kept_beside_their_verdicts():
    records = [{"uid": "a", "response": "x", "answer": "y", "more": [1, {"k": "\ud800"}]}]
    (row,) = judge(records, "exact_text", keep=True, fields={"id": "uid"}).rows()
    verdict = row.pop("verdict")
    assert (row, verdict["passed"]) == ({"id": "a", **records[0]}, False)
    with pytest.raises(DataError, match="'verdict' already"):
        judge([{"verdict": 1, **records[0]}], "exact_text", keep=True)


def test_fields_by_name_path_and_id():
    records = [{"id": f"q{i}", "gen": {"text": "7"}, "rm": {"truth": 7 + i}} for i in range(2)]
    found = judge(records, "number", fields={"response": "gen.text", "reference": "rm.truth"})
    assert [(r["id"], r["verdict"]["passed"]) for r in found.rows()] == [
        ("q0", True),
        ("q1", False),
    ]
    for names in (("completion", "gold"), ("output", "target"), ("response", "reference")):
        record = dict(zip(names, ("7", 7), strict=True))
        assert judge([record], "number").passed == 1


def test_conversations_are_read_by_their_last_message():
    record = {
        "prompt": [{"role": "user", "content": r"Compute $17\cdot 24$."}],
        "completion": [{"role": "assistant", "content": "408"}],
        "answer": "408",
    }
    copied = {**record, "completion": [{"role": "assistant", "content": r"$17\cdot 24$"}]}
    assert statuses(judge([record, copied], "math"))[0] == "correct"
    assert judge([copied], "math").passed == 0, "the question given back is no answer"


def test_parameters_reach_the_verifier():
    params = {"numbers": [4, 7, 8, 8], "target": 24}
    records = [{"response": "(7-8/8)*4", "params": params}, {"response": "24", "params": params}]
    found = judge(records, "countdown")
    assert [row["verdict"]["passed"] for row in found.rows()] == [True, False]


def test_settings_are_read_by_their_type():
    records = [{"response": "3.1", "answer": 3.14}, {"response": r"\boxed{3.14}", "answer": 3.14}]
    assert judge(records, "NumberVerifier").passed == 1
    assert judge(records, "number", verifier_settings={"tolerance": "0.05"}).passed == 2
    boxed = {"tolerance": "0.05", "extraction": '{"mode": "boxed"}'}
    assert judge(records, "number", verifier_settings=boxed).passed == 1
    assert judge(records, NumberVerifier(tolerance=0.05)).passed == 2


@pytest.mark.parametrize("name", ["same", "decorated", "Faulty", "make_faulty"])
def test_verifiers_of_ones_own(name):
    records = [{"response": "a", "answer": "a"}, {"response": "b", "answer": "a"}]
    assert statuses(judge(records, f"judge_toys:{name}")) == ["correct", "incorrect"]
    assert statuses(judge(records, decorated, workers=0)) == ["correct", "incorrect"]


def test_errors_stand_apart_from_the_rate():
    records = [{"response": r, "answer": "a"} for r in ("a", "RAISE", "b", "details", "PRINT")]
    found = judge(records, "judge_toys:Faulty")
    assert statuses(found)[1] == "verifier_error"
    assert (found.n, found.n_errors, found.passed, found.exit_code) == (4, 1, 1, 1)
    assert found.pass_rate == 0.25
    assert "2: " in found.errors["verifier.exception"]
    found = judge(records, Careless())
    assert set(statuses(found)) == {"verifier_error"}
    assert (found.pass_rate, found.n, found.exit_code) == (None, 0, 1)
    assert {code for _, code in found.codes} == {"verifier.not_verdict", "verifier.raised"}
    faulty_gold = [{"response": "1", "answer": "no number"}]
    assert statuses(judge(faulty_gold, "number")) == ["task_error"]


def test_samples_of_one_task_give_an_interval_over_tasks():
    rng = np.random.default_rng(0)
    hard = rng.random(40) < 0.5
    records = [
        {"task": f"t{t}", "response": "no" if hard[t] else "yes", "answer": "yes"}
        for t in range(40)
        for _ in range(8)
    ]
    plain, clustered = judge(records, "exact_text"), judge(
        records, "exact_text", fields=Fields(task="task")
    )  # fmt: skip
    assert plain.pass_rate == clustered.pass_rate
    widths = [found.interval.high - found.interval.low for found in (plain, clustered)]
    assert widths[1] > 2 * widths[0], "eight copies of a task are no eight tasks"
    assert clustered.to_dict()["n_tasks"] == 40


# ---------------------------------------------------------------------- environments


def gold_of(env_id: str, split: str, index: int, seed: int) -> list:
    """The actions of a task's own solution, as JSON would hold them."""
    env = make(env_id)
    obs, _ = env.reset(seed=seed, options={"split": split, "index": index})
    gold, actions = load(card(env_id).function("solution"))(env.unwrapped), []
    action = next(gold)
    while True:
        actions.append(action.tolist() if isinstance(action, np.ndarray) else action)
        obs, _, terminated, truncated, _ = env.step(action)
        if terminated or truncated:
            env.close()
            return actions
        action = gold.send(obs)


def test_gold_passes_and_a_wrong_answer_does_not(registered_id):
    if card(registered_id).proof != "always":
        pytest.skip("gold need not pass")
    try:
        make(registered_id).close()
    except (AssayError, gymnasium.error.Error) as err:
        pytest.skip(f"needs something: {err}")
    records = []
    for index in (3, 5):
        actions = gold_of(registered_id, "test", index, seed=9)
        response = actions[0] if len(actions) == 1 else actions
        place = {"split": "test", "index": index, "seed": 9}
        records += [{**place, "response": response}, {**place, "response": "no idea"}]
    found = judge(records, env=registered_id, workers=0)
    assert [row["verdict"]["passed"] for row in found.rows()] == [True, False] * 2


def test_each_line_names_its_environment():
    compare, word = "assay/Compare-v0", "assay/ReverseWord-v0?length=4"
    records = [
        {"env": word, "problem_id": "eval/2", "response": ["x"]},
        {"env": word, "problem_id": "eval/2", "response": []},
        {"env": compare, "problem_id": "test/1", "response": gold_of(compare, "test", 1, 0)},
    ]
    found = judge(records)
    assert statuses(found)[::2] == ["incorrect", "correct"]
    assert found.verifier == "environments"


def test_a_problem_that_is_not_there_is_an_error_of_the_task():
    records = [{"index": i, "response": "x"} for i in (0, 10**6)]
    found = judge(records, env="assay/Compare-v0?digits=1", split="test")
    assert statuses(found)[1] == "task_error"
    assert "holds" in found.errors["task.faulty"]


@pytest.mark.parametrize(
    ("record", "settings", "said"),
    [
        (
            {"env": "assay/Compar-v0"},
            {},
            r"line 1 cannot be judged.*Did you mean 'assay/Compare-v0'",
        ),
        ({"env": "assay/Compare-v0?digit=1"}, {}, "digit"),
        ({"env": 5}, {}, "names no environment"),
        ({}, {}, r"none of the keys env, env_id.*--env"),
        ({"env": "assay/Compare-v0", "split": None}, {}, "split"),
        ({"env": "assay/Compare-v0", "split": "tset"}, {}, "split='tset'"),
        ({"env": "assay/Compare-v0", "index": -1}, {}, "index=-1"),
        ({"env": "assay/Compare-v0", "index": "test/x"}, {}, "index='test/x'"),
        ({"env": "assay/Compare-v0", "seed": "x"}, {}, "seed='x'"),
        ({}, {"env": "assay/Compare-v0", "verifier": "math"}, "both given"),
        ({}, {"env": "assay/Compare-v0", "verifier_settings": {"a": "1"}}, "no verifier"),
        ({}, {"env": "assay/Compare-v0", "fields": {"reference": "x"}}, "--reference"),
        ({}, {"verifier": "math", "fields": {"index": "x"}}, "--index"),
        ({}, {"verifier": "mth"}, "Did you mean 'math'"),
        ({}, {"verifier": "judge_toys:Nope"}, "Nope"),
        ({}, {"verifier": "judge_toys:NOT_ONE"}, "no verifier"),
        ({}, {"verifier": "judge_toys:decorated", "verifier_settings": {"a": "1"}}, "no settings"),
        ({}, {"verifier": "math", "verifier_settings": {"anser_type": "x"}}, "anser_type"),
        ({}, {"verifier": "math", "verifier_settings": {"answer_type": "x"}}, "answer_type"),
        ({}, {"verifier": "math", "workers": -1}, "workers=-1"),
        ({}, {"verifier": "math", "time_limit_s": 0}, "time_limit_s=0"),
        ({}, {"verifier": object()}, "verify"),
        ({}, {"verifier": "math", "fields": {"reference": "gld"}}, "'gld'"),
        ({"params": [1]}, {"verifier": "math"}, "params"),
    ],
)
def test_what_cannot_be_judged_is_refused(tmp_path, record, settings, said):
    record = {"response": "x", "answer": "y", "index": 1, "split": "test", **record}
    with pytest.raises(AssayError, match=said) as error:
        judge([record], out=tmp_path / "out", **settings)
    assert "\n" not in str(error.value)
    assert [p.name for p in tmp_path.iterdir() if p.suffix != ".lock"] == []


# ---------------------------------------------------------------------- bad input


BROKEN = {
    b'{"response": "x", "answer"': "is not JSON",
    b"[1, 2]": "one JSON object a line",
    b'{"response": "\xff", "answer": 1}': "not UTF-8",
    b'{"answer": 1}': "no key 'response'",
    b'{"response": "x"}': "no key 'answer'",
    b"[" * 100_000: "nested too deeply",
    b'{"response": "x", "answer": ' + b"9" * 5_000 + b"}": "is not JSON",
}


@pytest.mark.parametrize("raw", BROKEN, ids=BROKEN.values())
def test_a_broken_line_is_named_and_nothing_written(tmp_path, raw):
    good = json.dumps({"response": "x", "answer": "x"}).encode()
    file = tmp_path / "in.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + good + b"\n\n" + raw + b"\n" + good)
    with pytest.raises(DataError, match=f"line 3 .*{BROKEN[raw]}"):
        judge(file, "exact_text", out=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    for _ in range(2):  # the second call finds all done
        found = judge(file, "exact_text", out=tmp_path / "out", skip_bad=True)
        assert [row["id"] for row in found.rows()] == [1, 4]
        assert (found.passed, found.n_bad, found.planned) == (2, 1, 2)


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_an_empty_file(tmp_path, content):
    (tmp_path / "in.jsonl").write_bytes(content)
    with pytest.raises(DataError, match="holds no record"):
        judge(tmp_path / "in.jsonl", "math")
    with pytest.raises(MissingFile, match=r"nothing\.jsonl"):
        judge(tmp_path / "nothing.jsonl", "math")
    with pytest.raises(OptionError, match="Record 2 cannot be written"):
        judge([RECORDS[0], {"response": {1}, "answer": 2}], "math")
    with pytest.raises(OptionError, match="workers=0"):
        judge(RECORDS, type("Local", (), {"verify": lambda self, o, t: True})())


def test_a_line_beyond_all_measure(tmp_path, monkeypatch):
    from assay.evaluation.responses import lines

    monkeypatch.setattr(lines, "MAX_LINE_BYTES", 1_000)
    records = [{"response": "x" * n, "answer": "y"} for n in (5, 5_000, 7)]
    file = write(tmp_path / "in.jsonl", records)
    with pytest.raises(DataError, match="line 2 is longer than"):
        judge(file, "exact_text")
    assert judge(file, "exact_text", skip_bad=True).done == 2


# ---------------------------------------------------------------------- resuming


@pytest.fixture
def done(tmp_path):
    """A file that has been judged, and what was written."""
    file = write(tmp_path / "in.jsonl", [{"response": str(i % 3), "answer": 1} for i in range(50)])
    judge(file, "number", out=tmp_path / "out", workers=0)
    return file, tmp_path / "out", (tmp_path / "out").read_bytes()


@pytest.mark.parametrize("kept", [0, 1, 700, 701, 2_000, -1])
def test_torn_anywhere_it_is_mended(done, kept):
    file, out, whole = done
    out.write_bytes(whole[:kept])
    found = judge(file, "number", out=out, workers=0)
    assert out.read_bytes() == whole
    assert found.resumed == whole[:kept].count(b"\n")
    assert (found.done, found.passed) == (50, 17)


def test_zeros_of_a_power_cut_are_mended(done):
    file, out, whole = done
    out.write_bytes(whole[:900] + bytes(400))
    judge(file, "number", out=out, workers=0)
    assert out.read_bytes() == whole


def test_again_changes_nothing(done):
    file, out, whole = done
    before = out.stat().st_mtime_ns
    found = judge(file, "number", out=out)
    assert (out.read_bytes(), found.resumed, found.exit_code) == (whole, 50, 0)
    assert out.stat().st_mtime_ns == before


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verifier": "math"}, r"verifier.name: 'number@\S+' -> 'math@"),
        ({"verifier_settings": {"tolerance": "1"}}, "tolerance"),
        ({"with_expected": True}, "with_expected"),
        ({"keep": True}, "keep"),
        ({"fields": {"id": "answer"}}, "layout.keys.id"),
    ],
)
def test_other_verdicts_are_not_mixed_in(done, change, said):
    file, out, whole = done
    settings = {"verifier": "number", **change}
    with pytest.raises(StoreError, match=said):
        judge(file, out=out, **settings)
    assert out.read_bytes() == whole
    judge(file, out=out, overwrite=True, workers=0, **settings)
    assert out.read_bytes() != whole


def test_another_input_is_not_mixed_in(done):
    file, out, whole = done
    file.write_text(file.read_text() + json.dumps({"response": "1", "answer": 1}) + "\n")
    with pytest.raises(StoreError, match="input"):
        judge(file, "number", out=out)
    assert out.read_bytes() == whole


def test_a_file_of_somebody_else_is_left_alone(done, tmp_path):
    file, out, whole = done
    with pytest.raises(StoreError, match="--overwrite"):
        judge(file, "number", out=file)
    lines = whole.splitlines(keepends=True)
    out.write_bytes(b"".join(reversed(lines)))
    with pytest.raises(StoreError, match="was changed"):
        judge(file, "number", out=out)
    out.write_bytes(whole + lines[-1])
    with pytest.raises(StoreError, match="its line 51"):
        judge(file, "number", out=out)
    with pytest.raises(MissingFile, match="No folder"):
        judge(file, "number", out=tmp_path / "no" / "out")


def test_one_writer_at_a_time(done):
    file, out, _ = done
    held = output.VerdictFile(out)
    with pytest.raises(StoreError, match=r"out' is being written by process"):
        judge(file, "number", out=out)
    held.close()
    assert judge(file, "number", out=out).done == 50


def test_a_full_disk_stops_it_and_it_goes_on(tmp_path, monkeypatch):
    file = write(tmp_path / "in.jsonl", [{"response": str(i), "answer": 1} for i in range(50)])
    write_to, room = output.os.write, [2_000]

    def full(fd, data):
        if room[0] <= 0:
            raise OSError(output.errno.ENOSPC, "No space left on device")
        n = write_to(fd, bytes(data[: room[0]]))
        room[0] -= n
        return n

    monkeypatch.setattr(output.os, "write", full)
    with pytest.raises(DiskFull, match="No room"):
        judge(file, "number", out=tmp_path / "out", workers=0)
    monkeypatch.setattr(output.os, "write", write_to)
    assert (tmp_path / "out").stat().st_size == 2_000
    found = judge(file, "number", out=tmp_path / "out", workers=0)
    assert (found.done, 0 < found.resumed < 50) == (50, True)


def test_progress_is_told():
    seen = []
    found = judge(RECORDS, "math", workers=0, progress=seen.append)
    assert (seen[-1].done, seen[-1].planned, seen[-1].passed) == (6, 6, found.passed)
