"""GuessNumber and Mastermind: what is answered, what a try costs, and who wins."""

import itertools
import math

import pytest

from assay.core import registry
from assay.core.errors import OptionError
from assay.core.types import Problem
from assay.envs.goals import GoalVerifier
from assay.envs.text import guess_number, mastermind


def make(name, **options):
    return registry.make(f"assay/{name}-v0", **options).unwrapped


def start(env, hidden):
    """The first observation of a game with this secret or code."""
    for seed in range(20_000):
        observation, _ = env.reset(seed=seed)
        if hidden in (getattr(env.world, "secret", None), getattr(env.world, "code", None)):
            return observation
    raise AssertionError(f"no seed hides {hidden}")


def play(env, actions):
    step = None
    for action in actions:
        step = env.step(action)
        if step[2] or step[3]:
            break
    return step


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("GuessNumber", {}),
        ("GuessNumber", {"low": 1, "high": 8, "tries": 3}),
        ("GuessNumber", {"low": 0, "high": 1, "tries": 1}),
        ("GuessNumber", {"high": 10**9, "tries": 40}),
        ("Mastermind", {}),
        ("Mastermind", {"consistent_only": True}),
        ("Mastermind", {"colours": 9, "pegs": 8, "tries": 2}),
        ("Mastermind", {"colours": 2, "pegs": 6, "tries": 1}),
    ],
    ids=str,
)
def test_gold_wins_200_games_and_counterfeits_none(name, options):
    env = make(name, **options)
    solution = registry.load(env.card.function("solution"))
    counterfeits = registry.load(env.card.function("counterfeits"))
    for seed in range(200):
        env.reset(seed=seed)
        assert play(env, solution(env))[1] == 1.0
        if seed % 10 == 0:
            env.reset(seed=seed)
            for kind, actions in list(counterfeits(env)):
                env.reset(seed=seed)
                play(env, actions)
                verdict = env.judge_now()
                assert not verdict.passed and verdict.status == "incorrect", (seed, kind)


# ---------------------------------------------------------------------- GuessNumber


def test_guesses_are_answered():
    env = make("GuessNumber", low=1, high=8, tries=3)
    observation = start(env, 5)
    assert "from 1 to 8" in observation and "Tries left: 3." in observation
    observation, reward, terminated, _, info = env.step("3")
    assert "3: higher" in observation and "Tries left: 2." in observation
    assert (reward, terminated, info) == (0.0, False, {"action_status": "ok"})
    assert "7: lower" in env.step(" 7. ")[0]
    observation, _, terminated, truncated, info = env.step("6")
    assert terminated and not truncated and not info["is_success"]


def test_halving_wins_the_defaults():
    env = make("GuessNumber")
    assert 2**env.config.tries > env.config.high - env.config.low + 1
    for seed in range(50):
        env.reset(seed=seed)
        low, high, ended = 1, 100, False
        while not ended:
            guess = (low + high) // 2
            observation, reward, ended, *_ = env.step(str(guess))
            low, high = (guess + 1, high) if f"{guess}: higher" in observation else (low, guess - 1)
        assert reward == 1.0


@pytest.mark.parametrize(
    "junk", ["", "five", "5 or 6", "5.5", "٥", "5\x00", None, 5, b"5", "9" * 40]
)
def test_junk_costs_a_try_and_is_not_answered(junk):
    env = make("GuessNumber", tries=2)
    start(env, 5)
    _, _, terminated, _, info = env.step(junk)
    assert info["action_status"] in ("unparsable", "illegal") and not terminated
    assert env.world.tries_left == 1 and env.world.said == ()
    assert env.step("5")[1] == 1.0


def test_a_win_is_the_last_guess():
    env = make("GuessNumber", tries=3)
    env.reset(seed=1)
    env.step("hello")
    assert not env.judge_now().passed


def test_max_steps_cuts_a_game_off():
    env = make("GuessNumber", tries=5, max_steps=2)
    start(env, 50)
    env.step("1")
    _, reward, terminated, truncated, info = env.step("50")
    assert (reward, terminated, truncated) == (1.0, True, False)
    start(env, 50)
    env.step("1")
    _, reward, terminated, truncated, info = env.step("2")
    assert (reward, terminated, truncated) == (0.0, False, True) and not info["is_success"]


def test_the_answers_stay_without_a_task():
    env = make("GuessNumber", reward_free=True)
    env.reset(seed=0)
    secret = env.world.secret
    observation, reward, terminated, _, info = env.step(str(secret))
    assert f"{secret}: this is it" in observation
    assert (reward, terminated, info) == (0.0, True, {"action_status": "ok"})


def test_every_secret_occurs():
    env = make("GuessNumber", low=3, high=10)
    secrets = {env.reset(seed=seed) and env.world.secret for seed in range(200)}
    assert secrets == set(range(3, 11))
    assert guess_number.choices(env) == [str(n) for n in range(3, 11)]


# ---------------------------------------------------------------------- Mastermind


@pytest.mark.parametrize(
    ("guess", "code", "black", "white"),
    [
        ("ABCD", "ABCD", 4, 0),
        ("AABB", "BBAA", 0, 4),
        ("AAAA", "ABCD", 1, 0),
        ("ABBC", "BBCA", 1, 3),
        ("DDDD", "ABCC", 0, 0),
    ],
)
def test_pegs(guess, code, black, white):
    assert mastermind.pegs(guess, code) == mastermind.pegs(code, guess) == (black, white)


def test_codes_are_read_with_spaces_and_in_lower_case():
    env = make("Mastermind")
    start(env, "ABCD")
    assert "AABB: 1 black, 1 white" in env.step("a, a b-B")[0]
    for junk in ("ABC", "ABCDE", "ABCX", "1234", "", "code ABCD"):
        assert env.step(junk)[4]["action_status"] == "unparsable"
    assert len(env.world.rows) == 1 and env.world.tries_left == 3
    assert env.step("ABCD")[1] == 1.0


def test_consistent_only_refuses_what_cannot_be():
    env = make("Mastermind", consistent_only=True)
    assert "must fit" in start(env, "ABCD")
    env.step("AABB")  # one black, one white
    observation, _, _, _, info = env.step("EEEE")
    assert info["action_status"] == "illegal" and env.world.tries_left == 8
    assert len(env.world.rows) == 1 and "EEEE" not in observation
    assert env.step("AEBE")[4]["action_status"] == "illegal"
    assert env.step("ABEE")[4]["action_status"] == "ok"
    assert env.step("ABCD")[1] == 1.0


def test_the_code_is_always_consistent():
    codes = ["".join(letters) for letters in itertools.product("ABC", repeat=4)]
    for code in codes[::7]:
        rows = tuple((guess, *mastermind.pegs(guess, code)) for guess in codes[::11])
        assert mastermind.fits(code, rows)


def test_splits_share_the_codes():
    env = make("Mastermind", colours=4, pegs=3)
    for split in ("train", "test"):
        codes = {
            env.reset(options={"split": split, "index": index}) and env.world.code
            for index in range(600)
        }
        assert len(codes) > 60


@pytest.mark.parametrize(
    ("name", "options", "sentence"),
    [
        ("GuessNumber", {"high": 1}, "high=1 is not valid: expected an integer above low"),
        ("GuessNumber", {"low": -1}, "low=-1 is not valid: expected an integer from 0"),
        ("GuessNumber", {"tries": 0}, "tries=0 is not valid: expected an integer from 1 to 100."),
        ("Mastermind", {"colours": 10}, "colours=10 is not valid: expected an integer from 2 to 9"),
        ("Mastermind", {"pegs": 1}, "pegs=1 is not valid: expected an integer from 2 to 8"),
        ("Mastermind", {"colours": 2, "pegs": 5}, "that allows 64 codes"),
        ("Mastermind", {"tries": 101}, "tries=101 is not valid"),
    ],
)
def test_bad_options_are_named(name, options, sentence):
    with pytest.raises(OptionError) as error:
        make(name, **options)
    assert sentence in str(error.value)


def test_harder_options_are_said_to_be_harder():
    easy, hard = make("Mastermind", colours=4), make("Mastermind", colours=8)
    easy.reset(seed=0), hard.reset(seed=0)
    assert easy.problem.difficulty < hard.problem.difficulty
    assert math.isclose(easy.problem.difficulty, 0.9)


# ---------------------------------------------------------------------- the verifier of states


@pytest.mark.parametrize(
    ("state", "goal", "status"),
    [
        ({"guess": 5}, {"guess": 5}, "correct"),
        ({"guess": 4}, {"guess": 5}, "incorrect"),
        ({}, {"guess": 5}, "incorrect"),
        ({"guess": None}, {"guess": 5}, "incorrect"),
        ({"bag": ("key", "cup"), "on": "x"}, {"bag": "cup", "on": "x"}, "correct"),
        ({"bag": ("key",), "on": "x"}, {"bag": "cup", "on": "x"}, "incorrect"),
        ({"bag": "cup and key"}, {"bag": "cup"}, "incorrect"),
        ("guess 5", {"guess": 5}, "no_answer"),
        (None, {"guess": 5}, "no_answer"),
        ({"guess": 5}, {}, "task_error"),
        ({"guess": 5}, None, "task_error"),
    ],
)
def test_goals(state, goal, status):
    assert GoalVerifier().verify(state, Problem(prompt="", params={"goal": goal})).status == status
