"""What is particular to the generated one-turn tasks."""

from collections import Counter
from string import ascii_lowercase

import numpy as np
import pytest

from assay.core import registry
from assay.core.answer_vector import answer_vector
from assay.core.drawers import ColumnDrawer
from assay.core.errors import OptionError, UnknownOption
from assay.core.streams import CounterArray, CounterStream
from assay.core.types import SPLITS, Problem
from assay.envs.math import compare
from assay.envs.math.arithmetic import value
from assay.envs.math.compare import CompareConfig, CompareEnv
from assay.envs.math.comparison import LargerVerifier
from assay.envs.text.words import REPEATING, WORDS, draw_word, spoken_word

SETTINGS = [
    ("Arithmetic", {}),
    ("Arithmetic", {"digits": 1}),
    ("Arithmetic", {"digits": 9, "terms": 8, "operators": "+-*"}),
    ("Arithmetic", {"digits": 1, "terms": 4, "operators": "*-"}),
    ("Compare", {}),
    ("Compare", {"digits": 1}),
    ("Compare", {"digits": 15}),
    ("Compare", {"answers": "discrete"}),
    ("Countdown", {}),
    ("Countdown", {"n_numbers": 2, "max_number": 4}),
    ("Countdown", {"n_numbers": 6, "max_number": 20}),
    ("Countdown", {"n_numbers": 3, "operators": "*"}),
    ("FirstLetter", {}),
    ("FirstLetter", {"n_words": 20}),
    ("CountLetters", {}),
    ("CountLetters", {"n_words": 20}),
    ("ReverseWord", {"length": 2}),
    ("ReverseWord", {}),
    ("ReverseWord", {"length": 40}),
    ("SortLetters", {"length": 2}),
    ("SortLetters", {}),
    ("SortLetters", {"length": 40}),
]


def make(name, **options):
    return registry.make(f"assay/{name}-v0", **options).unwrapped


def function(env, name):
    return registry.load(env.card.function(name))


@pytest.mark.parametrize("rows", [3, 30, 300])
@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_many_rows_are_asked_what_each_is_asked_alone(name, options, rows):
    env = make(name, **options)
    form = registry.load(env.card.vector_entry_point).question_form
    if form is None or options.get("answers") == "discrete":
        pytest.skip("its rows are drawn one by one, or as arrays of numbers")
    drawer = ColumnDrawer(env.question, form, env.config)
    indexes = [7_919 * k + 2**62 * (k % 2) for k in range(rows)]
    for wanted in ("eval", None):
        for attempt in drawer.draw("eval", indexes, 2, wanted):
            for places in (range(rows), list(range(1, rows, 3))):
                drawn = list(drawer.questions(attempt, places))
                streams = [CounterStream("init", "eval", indexes[k], attempt) for k in places]
                for stream in streams:
                    stream.wanted = wanted
                assert drawn == [env.question(stream, env.config) for stream in streams]


class Counting(CompareEnv):
    """Compare with another observation."""

    def observe(self):
        return f"{super().observe()} ({len(self.world.reply or '')} characters)"


def test_a_hook_of_a_subclass_is_called_in_a_vector():
    vector, env = answer_vector(Counting)(num_envs=9, autoreset_mode="Disabled"), Counting()
    seen, _ = vector.reset(seed=3)
    assert seen[2] == env.reset(seed=5)[0] and seen[2].endswith("(0 characters)")
    assert vector.step(["42"] * 9)[0][2] == env.step("42")[0]


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_gold_passes_on_200_seeds(name, options):
    env = make(name, **options)
    solution = function(env, "solution")
    for seed in range(200):
        env.reset(seed=seed)
        _, reward, terminated, _, info = env.step(next(solution(env)))
        assert reward == 1.0 and terminated, (seed, info)


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_counterfeits_fail_and_half_of_them_on_content(name, options):
    env = make(name, **options)
    counterfeits = function(env, "counterfeits")
    statuses: dict[str, Counter[str]] = {}
    for seed in range(40):
        env.reset(seed=seed)
        for kind, actions in list(counterfeits(env)):
            env.reset(seed=seed)
            verdict = env.step(actions[0])[4]["verdict"]
            assert not verdict.passed and not verdict.is_error, (seed, kind, actions, verdict)
            statuses.setdefault(kind, Counter())[verdict.status] += 1
    on_content = [kind for kind, seen in statuses.items() if seen["incorrect"] > 20]
    assert len(statuses) >= 5 and len(on_content) * 2 >= len(statuses), statuses


@pytest.mark.parametrize(("name", "options"), SETTINGS, ids=str)
def test_no_split_is_empty(name, options):
    env = make(name, **options)
    for split in SPLITS:
        assert env.n_problems(split) is None or env.n_problems(split) > 0
        env.reset(seed=0, options={"split": split})


@pytest.mark.parametrize(
    ("name", "options", "size"),
    [
        ("Arithmetic", {"digits": 1}, 100),
        ("Arithmetic", {"digits": 2}, 8_100),
        ("Compare", {"digits": 1}, 90),
        ("Compare", {"digits": 2}, 8_010),
        ("FirstLetter", {}, len(WORDS)),
        ("ReverseWord", {"length": 2}, 17 * 5),
        ("ReverseWord", {"length": 3}, 17 * 5 * 16),
        ("SortLetters", {"length": 2}, 26 * 25 // 2),
        ("SortLetters", {"length": 3}, None),
    ],
)
def test_small_spaces_are_enumerated(name, options, size):
    env = make(name, **options)
    sizes = [env.n_problems(split) for split in SPLITS]
    assert sum(sizes) == size if size is not None else sizes == [None] * 3


@pytest.mark.parametrize(
    ("name", "one", "other"),
    [
        ("Arithmetic", {"digits": 2}, {"digits": 3}),
        ("Arithmetic", {"terms": 2}, {"terms": 3}),
        ("Arithmetic", {"operators": "+"}, {"operators": "-"}),
        ("Compare", {"digits": 3}, {"digits": 4}),
        ("Countdown", {"n_numbers": 3}, {"n_numbers": 4}),
        ("Countdown", {"max_number": 10}, {"max_number": 50}),
        ("Countdown", {"operators": "+-"}, {"operators": "+*"}),
        ("FirstLetter", {"n_words": 1}, {"n_words": 2}),
        ("CountLetters", {"n_words": 1}, {"n_words": 2}),
        ("ReverseWord", {"length": 5}, {"length": 6}),
        ("SortLetters", {"length": 5}, {"length": 6}),
    ],
)
def test_each_option_changes_the_problems(name, one, other):
    first, second = make(name, **one), make(name, **other)
    differing = [first.reset(seed=s)[0] != second.reset(seed=s)[0] for s in range(20)]
    assert sum(differing) > 15


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("Arithmetic", {"digits": 0}, "digits=0 is not valid: expected an integer from 1 to 9."),
        ("Arithmetic", {"terms": 9}, "terms=9 is not valid: expected an integer from 2 to 8."),
        ("Arithmetic", {"operators": "+/"}, "operators='+/' is not valid: expected some of '+-*'"),
        ("Arithmetic", {"operators": ""}, "operators='' is not valid"),
        ("Arithmetic", {"operators": "++"}, "each at most once"),
        ("Arithmetic", {"digits": "2"}, "digits='2' is not valid: expected a value of type int."),
        ("Compare", {"digits": 16}, "digits=16 is not valid: expected an integer from 1 to 15."),
        ("Compare", {"answers": "words"}, "answers='words' is not valid: expected"),
        ("Compare", {"answers": "discrete", "n_shots": 2}, "n_shots needs answers='text'"),
        ("Countdown", {"n_numbers": 7}, "n_numbers=7 is not valid: expected an integer from 2 to"),
        ("Countdown", {"max_number": 3}, "max_number=3 is not valid: expected an integer from 4"),
        ("Countdown", {"operators": "/"}, "operators='/' is not valid: expected some of '+-*/'"),
        ("FirstLetter", {"n_words": 0}, "n_words=0 is not valid: expected an integer from 1 to"),
        ("CountLetters", {"n_words": 21}, "n_words=21 is not valid: expected an integer from 1"),
        ("ReverseWord", {"length": 1}, "length=1 is not valid: expected an integer from 2 to 40."),
        ("SortLetters", {"length": 41}, "length=41 is not valid: expected an integer from 2 to"),
    ],
)
def test_bad_options_are_named(name, options, sentence):
    with pytest.raises(OptionError) as error:
        make(name, **options)
    assert sentence in str(error.value)


def test_unknown_options_have_a_nearest_name():
    with pytest.raises(UnknownOption, match=r"has no option 'digit'\. Did you mean 'digits'"):
        make("Compare", digit=2)


@pytest.mark.parametrize("name", ["Arithmetic", "Compare", "Countdown", "CountLetters"])
def test_worked_examples_are_right_and_never_the_question(name):
    env = make(name, n_shots=3, **({"n_numbers": 3} if name == "Countdown" else {}))
    for seed in range(30):
        observation, _ = env.reset(seed=seed)
        instruction, *shots, question = observation.split("\n\n")
        assert instruction == env.instruction and len(shots) == 3
        assert question == f"Q: {env.world.question.text}\nA:"
        for shot, worked in zip(env.world.shots, shots, strict=True):
            assert worked.startswith(f"Q: {shot.text}\nA: ") and shot.text not in question


def test_nothing_is_worked_out_without_a_task(monkeypatch):
    for name in ("Arithmetic", "Compare", "Countdown", "FirstLetter", "CountLetters"):
        env = make(name, reward_free=True, n_shots=2)
        monkeypatch.setattr(type(env), "answer", None)
        monkeypatch.setattr(type(env), "reference", None)
        observation, info = env.reset(seed=0)
        assert env.world.question.text in observation and info == {}
        assert env.step("5")[1:3] == (0.0, True)


def test_mirror_images_share_a_split():
    for name in ("Arithmetic", "Compare"):
        env = make(name, digits=1)
        splits: dict[tuple[int, ...], set[str]] = {}
        for split in SPLITS:
            for question in env.source.items[split]:
                numbers = question.data[0] if name == "Arithmetic" else question.data
                splits.setdefault(tuple(sorted(numbers)), set()).add(split)
        assert all(len(found) == 1 for found in splits.values())


def test_products_come_before_sums():
    assert value((2, 3, 4), "+*") == 14
    assert value((2, 3, 4, 5), "*-*") == -14
    assert value((7,), "") == 7


# ---------------------------------------------------------------------- Compare with arrays


@pytest.mark.parametrize("digits", [1, 2, 3, 15])
def test_arrays_draw_the_same_pairs(digits):
    index = np.arange(500, dtype=np.uint64) * np.uint64(7_919)
    pairs, keys = compare.draw_pairs(CounterArray("init", "train", index, 2), digits)
    config = CompareConfig(digits=digits)
    for i in range(500):
        question = CompareEnv.question(CounterStream("init", "train", int(index[i]), 2), config)
        assert question.data == tuple(pairs[i]) and question.key == int(keys[i]) != 0
        assert question.data[0] != question.data[1]
        assert len(str(min(question.data))) == digits


def test_discrete_compare_shares_its_verdicts():
    env = make("Compare", answers="discrete")
    verdicts = []
    for seed in range(20):
        pair, _ = env.reset(seed=seed)
        assert pair.dtype == np.int64 and env.observation_space.contains(pair)
        pick = seed % 2
        info = env.step(pick)[4]
        assert (
            info["is_success"]
            == bool(compare.pick_array(np.array([pick]), pair[None])[0])
            == (pair[pick] == pair.max())
        )
        verdicts.append(info["verdict"])
    assert len({id(verdict) for verdict in verdicts}) == 2


@pytest.mark.parametrize("action", [2, -1, 0.5, "0", None, [0], True, np.nan])
def test_discrete_compare_refuses_what_is_no_choice(action):
    env = make("Compare", answers="discrete")
    for seed in range(4):
        env.reset(seed=seed)
        _, reward, terminated, _, info = env.step(action)
        legal = action == [0]
        assert terminated and (legal or (reward == 0.0 and info["action_status"] == "illegal"))


# ---------------------------------------------------------------------- Compare with text


PAIR = Problem(prompt="Which is bigger: 557 or 789?", reference=789)


@pytest.mark.parametrize(
    ("reply", "status"),
    [
        ("789 is bigger than 557", "correct"),
        ("557 is bigger than 789", "incorrect"),
        ("789 is smaller", "ambiguous"),
        ("557 is smaller", "ambiguous"),
        ("557 is bigger. " + "I am sure of it. " * 40 + "So not 789.", "ambiguous"),
        ("557 is bigger than 789. " + "I am sure of it. " * 40 + "789", "ambiguous"),
        ("789 > 557 > 789", "ambiguous"),
        ("789 > 5", "ambiguous"),
        ("The answer is 557.\n\n789 > 557", "incorrect"),
        ("The answer is 789.\n\n557 < 789", "correct"),
        ("557 < 789\n\n557", "incorrect"),
        ("1,789 > 557", "ambiguous"),
        ("789.0 > 557", "ambiguous"),
        ("78*9 > 557", "ambiguous"),
        ("7$89 > 557", "ambiguous"),
        ("789\u200b > 557", "ambiguous"),
        ("**789** > `557`", "correct"),
        ("\\boxed{789}", "correct"),
        ("", "no_answer"),
        ("<think>789 > 557", "no_answer"),
        ("789 " * 5_000, "over_limit"),
    ],
)
def test_a_comparison_counts_by_what_it_claims(reply, status):
    assert LargerVerifier().verify(reply, PAIR).status == status


def test_comparisons_are_read_in_any_spelling_of_the_numbers_and_the_span_shows_them():
    asked = "Q: Which is bigger: 1 or 2?\nA: 2\n\nQ: Which is bigger: 12345 or 9876?\nA:"
    pair = Problem(prompt=asked, reference=12_345)
    reply = "<think>hm</think>\n\n**12,345** is bigger than $9{,}876$."
    assert not LargerVerifier().verify(reply, pair).passed  # outside the small grammar
    reply = "<think>hm</think>\n\n**12,345** is bigger than 9,876."
    verdict = LargerVerifier().verify(reply, pair)
    assert verdict.passed and reply[slice(*verdict.span)] == verdict.extracted
    assert (verdict.canonical, verdict.verifier) == ("12345", "larger@1.0")


@pytest.mark.parametrize("outcome", [None, b"789", 789, ["789"], float("nan")], ids=repr)
def test_larger_refuses_what_is_no_text(outcome):
    assert LargerVerifier().verify(outcome, PAIR).code == "outcome.not_text"


# ---------------------------------------------------------------------- words


def test_no_first_letter_is_a_strategy():
    assert len(WORDS) >= 600 and len(set(WORDS)) == len(WORDS)
    assert all(set(word) <= set(ascii_lowercase) and len(word) > 1 for word in WORDS)
    most = Counter(word[0] for word in WORDS).most_common(1)[0][1]
    assert most <= len(WORDS) / 20


def test_no_count_is_a_strategy():
    env = make("CountLetters")
    counts = Counter(env.answer(q) for split in SPLITS for q in env.source.items[split])
    assert len(REPEATING) > 300 and {0, 1, 2, 3} <= set(counts)
    assert max(counts.values()) / counts.total() < env.card.guess_rate


def test_an_article_is_an_answer_where_letters_are_asked_for():
    env = make("FirstLetter")
    index = next(i for i, q in enumerate(env.source.items["train"]) if q.data[0][0] == "a")
    for reply, right in (("a", True), ("A.", True), ("the a", False), ("an a", False)):
        env.reset(options={"index": index})
        assert env.step(reply)[4]["is_success"] is right


def test_made_up_words_can_be_spoken_and_are_no_palindromes():
    word = spoken_word(draw_word(CounterStream("init", "train", 1), 6), 6)
    assert all((letter in "aeiou") == bool(i % 2) for i, letter in enumerate(word))
    env = make("ReverseWord", length=3)
    words = [q.data[0] for split in SPLITS for q in env.source.items[split]]
    assert all(word != word[::-1] for word in words)


def test_letters_in_order_are_never_asked():
    env = make("SortLetters", length=2)
    words = [q.data[0] for split in SPLITS for q in env.source.items[split]]
    assert all(word != "".join(sorted(word)) for word in words)
