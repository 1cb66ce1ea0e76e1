"""GSM8K: real data when they are there, files of our own otherwise, and errors that teach."""

import json
import os
import pickle
from pathlib import Path

import gymnasium
import pytest

from assay.core import registry
from assay.core.errors import DataError, MissingExtra, MissingFile, NoSuchProblem, OptionError
from assay.core.types import SPLITS
from assay.envs.math import gsm8k
from assay.testing.data import data_path

DATA = Path(
    os.environ.get("ASSAY_GSM8K", Path(__file__).parents[2].parent / "shared" / "data" / "gsm8k")
)
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="GSM8K's files are not there (set ASSAY_GSM8K to their folder)"
)


def make(path, **options):
    return registry.make("assay/GSM8K-v0", path=str(path), **options).unwrapped


@pytest.fixture
def path():
    return data_path("gsm8k")


def write(folder, **files):
    folder.mkdir(exist_ok=True)
    for name, lines in files.items():
        texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
        (folder / f"{name}.jsonl").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return folder


def record(k, **changes):
    words = f"Ann has {k} pens and buys 2. How many?"
    return {
        "question": words,
        "answer": f"{k}+2 = <<{k}+2={k + 2}>>{k + 2}\n#### {k + 2}",
    } | changes


@needs_data
@pytest.mark.parametrize("answers", ["last", "boxed"])
def test_every_gold_of_the_test_split_passes(answers):
    env = make(DATA, answers=answers, split="test")
    assert env.n_problems("test") == 1_319
    for index in range(1_319):
        env.reset(options={"index": index})
        assert env.step(next(gsm8k.solution(env)))[1] == 1.0, env.problem


@needs_data
def test_train_gives_train_and_eval():
    env = make(DATA)
    sizes = {split: env.n_problems(split) for split in SPLITS}
    assert sizes["train"] + sizes["eval"] == 1_500 and 100 < sizes["eval"] < 200


@pytest.mark.parametrize("answers", ["last", "boxed"])
def test_gold_and_counterfeits_on_files_of_our_own(path, answers):
    env = make(path, answers=answers, n_shots=2)
    for split in SPLITS:
        for index in range(env.n_problems(split)):
            place = {"split": split, "index": index}
            env.reset(options=place)
            assert env.step(next(gsm8k.solution(env)))[1] == 1.0
            env.reset(options=place)
            for name, actions in list(gsm8k.counterfeits(env)):
                env.reset(options=place)
                assert env.step(actions[0])[1] == 0.0, name


@pytest.mark.parametrize(
    ("answers", "reply", "passes"),
    [
        ("last", "{} apples", True),
        ("last", "It is 3 at first. So she has ${}.", True),
        ("last", "Sum: {}\n#### {}", True),
        ("last", "\\boxed{{{}}}", True),
        ("last", "#### {}\n#### 3", False),
        ("last", "about three", False),
        ("boxed", "\\boxed{{{}}}", True),
        ("boxed", "It is \\boxed{{3}}, no: it is \\boxed{{{}}}.", True),
        ("boxed", "#### {}", False),
        ("boxed", "{}", False),
    ],
)
def test_which_number_counts(path, answers, reply, passes):
    env = make(path, answers=answers)
    env.reset(seed=0)
    final = env.problem.reference
    assert env.step(reply.format(final, final))[4]["is_success"] is passes


def test_thousands_and_decimals(tmp_path):
    lines = [
        record(1, answer="So it is\n#### 1,080"),
        record(2, answer="So it is\n#### 0.5"),
        record(3, answer="So it is\n#### -3"),
    ]
    env = make(write(tmp_path, test=lines), split="test")
    replies = [("1,080", "1080"), ("0.5", "1/2"), ("-3", "The answer is -3.")]
    for index, texts in enumerate(replies):
        for text in texts:
            env.reset(options={"index": index})
            assert env.step(text)[1] == 1.0, text


def test_worked_examples_come_from_train_without_notes(path):
    env = make(path, n_shots=3, split="test")
    train = {q.text for q in env.source.items["train"]}
    observation, _ = env.reset(seed=1)
    assert observation.count("\n#### ") == 3 and "<<" not in observation
    assert {shot.text for shot in env.world.shots} <= train
    assert observation.endswith(f"Q: {env.world.question.text}\nA:")


def test_what_is_in_test_is_not_in_train(tmp_path):
    lines = [record(k) for k in range(40)]
    env = make(write(tmp_path, train=[*lines, lines[0]], test=lines[:10]))
    texts = {split: [q.text for q in env.source.items[split]] for split in SPLITS}
    assert len(texts["test"]) == 10
    assert sorted(texts["train"] + texts["eval"]) == sorted(r["question"] for r in lines[10:])


def test_without_a_task_no_answer_is_read(path, monkeypatch):
    monkeypatch.setattr(gsm8k, "_gold", None)
    env = make(path, reward_free=True, n_shots=2)
    observation, info = env.reset(seed=0)
    assert env.loaded.golds == {} and info == {} and observation.startswith(env.world.question.text)
    assert b"The boxes hold" not in pickle.dumps(env)
    assert env.step("7")[1:3] == (0.0, True)


def test_files_without_answers_do_for_reward_free(tmp_path):
    folder = write(tmp_path, train=[{"question": f"How many are {k} and 1?"} for k in range(30)])
    make(folder, reward_free=True).reset(seed=0)
    with pytest.raises(DataError, match="line 1 has no key 'answer'"):
        make(folder).reset(seed=0)


@pytest.mark.parametrize(
    ("lines", "sentence"),
    [
        ([record(1), '{"question": '], "train.jsonl' line 2 is not JSON"),
        ([record(1), "", "[1, 2]"], "line 3 is [1, 2]: expected one JSON object a line."),
        ([{"question": "How many?"}], "line 1 has no key 'answer' (its keys: 'question')."),
        ([record(1), record(2, question=5)], "line 2: 'question' is 5: expected a text."),
        ([record(1, question=" ")], "line 1: 'question' is ' ': expected a text."),
        ([record(1), record(2, answer="It is 4.")], "line 2: the answer ends in 'It is 4.'"),
        ([record(1, answer="#### four")], "whose last line is '#### ' and a number."),
        ([record(1, answer="x" * 5_000 + "\n#### 4")], "'answer' is longer than 4000."),
        ([""], "holds no record: expected one JSON object a line."),
    ],
)
def test_broken_files_are_named_with_their_line(tmp_path, lines, sentence):
    with pytest.raises(DataError) as error:
        make(write(tmp_path, train=lines)).reset(seed=0)
    assert sentence in str(error.value)


def test_missing_files_are_named(tmp_path):
    with pytest.raises(
        MissingFile, match=r"holds neither train\.jsonl nor test\.jsonl: point path="
    ):
        make(tmp_path).reset(seed=0)
    with pytest.raises(MissingFile, match="is no folder"):
        make(tmp_path / "nowhere").reset(seed=0)
    env = make(write(tmp_path, test=[record(k) for k in range(5)]))
    with pytest.raises(MissingFile, match=r"train\.jsonl', which the split 'train' needs"):
        env.reset(seed=0)
    env.reset(seed=0, options={"split": "test"})
    with pytest.raises(MissingFile, match="which the split 'train' needs"):
        make(tmp_path, split="test", n_shots=2).reset(seed=0)


def test_a_hub_name_without_the_library(monkeypatch):
    monkeypatch.setattr(gsm8k, "require", lambda *a, **k: registry.require("no_such", **k))
    with pytest.raises(MissingExtra, match=r'is no folder.*pip install "assay\[data\]"'):
        make("openai/gsm8k").reset(seed=0)


class Hub:
    """A stand-in for the library `datasets`."""

    def load_dataset(self, name, config):
        assert config == "main"
        if name != "some/gsm8k":
            raise ConnectionError("no network")
        return {"train": [record(k) for k in range(30)], "test": [record(k) for k in range(30, 40)]}


def test_a_data_set_from_the_hub(monkeypatch):
    gsm8k._load_hub.cache_clear()
    monkeypatch.setattr(gsm8k, "require", lambda *a, **k: Hub())
    env = make("some/gsm8k", split="test")
    assert env.n_problems("test") == 10
    env.reset(seed=0)
    assert env.step(next(gsm8k.solution(env)))[1] == 1.0
    with pytest.raises(MissingFile, match=r"the hub gave none of that name .*no network"):
        make("other/gsm8k").reset(seed=0)
    gsm8k._load_hub.cache_clear()


def test_a_changed_file_is_read_again(tmp_path):
    folder = write(tmp_path, test=[record(1)])
    assert make(folder, split="test").n_problems("test") == 1
    write(tmp_path, test=[record(1), record(2)])
    assert make(folder, split="test").n_problems("test") == 2


def test_places_and_options(path):
    env = make(path, split="test")
    with pytest.raises(NoSuchProblem, match="holds 20 problems: use 0 to 19"):
        env.reset(options={"index": 20})
    with pytest.raises(OptionError, match="needs the option 'path'"):
        registry.make("assay/GSM8K-v0")
    with pytest.raises(OptionError, match="path='' is not valid"):
        make("")


def test_the_spec_rebuilds_it(path):
    env = gymnasium.make("assay/GSM8K-v0", path=str(path))
    spec = gymnasium.envs.registration.EnvSpec.from_json(env.spec.to_json())
    assert gymnasium.make(spec).reset(seed=3)[0] == env.reset(seed=3)[0]
