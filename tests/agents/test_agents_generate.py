from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from assay.agents.language.generate import Sampling, draw, generate
from assay.agents.language.models import load
from assay.core.errors import OptionError

torch = pytest.importorskip("torch", reason="the llm extra is not installed")

PROMPTS = ["a", "what is the answer to a longer question?", "three", "x" * 30]


@pytest.fixture(scope="module")
def lm(tiny_folder):
    return load(str(tiny_folder))


def ids_of(lm, text: str) -> list[int]:
    return list(lm.tokenizer(text, add_special_tokens=False)["input_ids"])


def rngs(n: int) -> list[np.random.Generator]:
    return [np.random.default_rng(100 + i) for i in range(n)]


@pytest.mark.parametrize(
    "sampling",
    [
        Sampling(max_new_tokens=24),
        Sampling(max_new_tokens=24, temperature=1.0),
        Sampling(max_new_tokens=24, temperature=0.7, top_p=0.8),
        Sampling(max_new_tokens=24, temperature=1.0, stop=("e", "\n")),
    ],
    ids=["greedy", "sampled", "nucleus", "stops"],
)
def test_a_reply_does_not_depend_on_its_batch(lm, sampling):
    lm = dataclasses.replace(lm, end_ids=frozenset(range(8)))  # so that some replies are short
    prompts = [ids_of(lm, p) for p in PROMPTS * 3]
    together = generate(lm, prompts, rngs(12), sampling)
    alone = [generate(lm, [p], [r], sampling)[0] for p, r in zip(prompts, rngs(12), strict=True)]
    assert [r.ids for r in together] == [r.ids for r in alone]
    assert [r.text for r in together] == [r.text for r in alone]
    assert len({len(r.ids) for r in together}) > 1, "some rows leave the batch before others"


def test_greedy_equals_transformers(lm):
    for prompt in PROMPTS:
        ids = ids_of(lm, prompt)
        beyond = list(range(lm.n_tokens, lm.model.config.vocab_size))
        theirs = lm.model.generate(
            torch.tensor([ids]),
            do_sample=False,
            max_new_tokens=20,
            pad_token_id=0,
            suppress_tokens=beyond,
        )[0, len(ids) :].tolist()
        assert generate(lm, [ids], rngs(1), Sampling(max_new_tokens=20))[0].ids == theirs


def test_each_way_to_end(lm):
    prompt = ids_of(lm, "hello")
    limited = generate(lm, [prompt], rngs(1), Sampling(max_new_tokens=3))[0]
    assert (limited.ended, len(limited.ids)) == ("limit", 3)
    long = generate(lm, [prompt], rngs(1), Sampling(max_new_tokens=60))[0]
    stop = long.text[1:3]
    stopped = generate(lm, [prompt], rngs(1), Sampling(max_new_tokens=60, stop=(stop,)))[0]
    assert stopped.ended == "stop"
    assert stopped.text == long.text[: long.text.index(stop)]
    assert lm.tokenizer.decode(stopped.ids) == stopped.text
    assert stopped.n_drawn > len(stopped.ids)
    ending = dataclasses.replace(lm, end_ids=frozenset({limited.ids[1]}))
    ended = generate(ending, [prompt], rngs(1), Sampling(max_new_tokens=9))[0]
    assert (ended.ended, ended.ids) == ("end", limited.ids[:2])


def test_nothing_asked_nothing_drawn(lm):
    assert generate(lm, [], [], Sampling()) == []


def test_padding_of_the_embedding_is_never_drawn(lm):
    assert lm.model.get_input_embeddings().num_embeddings > lm.n_tokens
    sampling = Sampling(temperature=50.0, max_new_tokens=200)
    replies = generate(lm, [ids_of(lm, "a")] * 8, rngs(8), sampling)
    drawn = {i for r in replies for i in r.ids}
    assert max(drawn) < lm.n_tokens
    assert len(drawn) > 60


# ---------------------------------------------------------------------- drawing


def test_draws_have_the_right_frequencies():
    probs = np.array([0.5, 0.25, 0.125, 0.125, 0.0])
    logits = torch.tensor(probs).log().repeat(4000, 1)
    tokens = draw(torch, logits, [np.random.default_rng(i) for i in range(4000)],
                  Sampling(temperature=1.0))  # fmt: skip
    counts = np.bincount(tokens, minlength=5) / 4000
    assert np.abs(counts - probs).max() < 0.035  # over four standard errors
    assert counts[4] == 0


def test_temperature_sharpens():
    logits = torch.tensor([[0.0, 1.0]]).repeat(2000, 1)
    hot, cold = (
        np.mean(draw(torch, logits, rngs(2000), Sampling(temperature=t))) for t in (2.0, 0.25)
    )
    assert abs(hot - 1 / (1 + np.exp(-0.5))) < 0.05
    assert abs(cold - 1 / (1 + np.exp(-4.0))) < 0.03


def test_top_p_keeps_the_smallest_set_that_holds_its_share():
    logits = torch.tensor([[0.1, 0.5, 0.3, 0.1]]).log().repeat(500, 1)
    kept = {
        p: set(draw(torch, logits, rngs(500), Sampling(temperature=1.0, top_p=p)))
        for p in (0.01, 0.5, 0.6, 0.85, 1.0)
    }
    assert kept[0.01] == {1}
    assert kept[0.5] == {1}
    assert kept[0.6] == {1, 2}
    assert len(kept[0.85]) == 3
    assert kept[1.0] == {0, 1, 2, 3}


class _Last:
    """A generator at the very end of its range."""

    def random(self) -> float:
        return float(np.nextafter(1.0, 0.0))


@pytest.mark.parametrize("top_p", [1.0, 0.9])
def test_the_last_number_below_one_still_draws_a_possible_token(top_p):
    logits = torch.tensor([[0.3, 0.3, 0.4, 0.0, 0.0]]).log()
    token = draw(torch, logits, [_Last()], Sampling(temperature=1.0, top_p=top_p))[0]
    assert token in (0, 1, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1.0},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"max_new_tokens": 0},
        {"stop": ("",)},
        {"temperature": float("nan")},
    ],
)
def test_settings_outside_their_range_are_refused(wrong):
    with pytest.raises(OptionError, match=next(iter(wrong))):
        Sampling(**wrong)
