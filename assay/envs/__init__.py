"""One table, one row an id: the only place where assay's own ids are registered."""

import logging
from importlib.metadata import entry_points

from assay.core.registry import register, register_policies
from assay.core.types import EnvCard

_MATH, _TEXT = "assay.envs.math", "assay.envs.text"
_REFERENCE = "assay.core.answer:solution"  # gold of one-turn tasks: the reply made of the reference

CARDS: tuple[EnvCard, ...] = (
    EnvCard(
        id="assay/Arithmetic-v0",
        entry_point=f"{_MATH}.arithmetic:ArithmeticEnv",
        vector_entry_point=f"{_MATH}.arithmetic:ArithmeticVectorEnv",
        family="math",
        summary="Work out a sum, difference or product of whole numbers.",
        solution=_REFERENCE,
        guess_rate=0.1,  # 9, among sums of two one-digit numbers
        variants=({}, {"digits": 1, "n_shots": 3}, {"digits": 3, "terms": 3, "operators": "+-*"}),
    ),
    EnvCard(
        id="assay/Compare-v0",
        entry_point=f"{_MATH}.compare:CompareEnv",
        vector_entry_point=f"{_MATH}.compare:CompareVectorEnv",
        family="math",
        summary="Say which of two numbers is larger.",
        solution=f"{_MATH}.compare:solution",
        choices=f"{_MATH}.compare:choices",
        guess_rate=0.5,
        variants=({}, {"digits": 1, "n_shots": 3}, {"answers": "discrete"}),
    ),
    EnvCard(
        id="assay/Countdown-v0",
        entry_point=f"{_MATH}.countdown:CountdownEnv",
        vector_entry_point=f"{_MATH}.countdown:CountdownVectorEnv",
        family="math",
        summary="Reach a target with all of the given numbers, each used exactly once.",
        solution=_REFERENCE,
        variants=({}, {"n_numbers": 2, "n_shots": 3}, {"n_numbers": 5, "max_number": 50}),
    ),
    EnvCard(
        id="assay/GSM8K-v0",
        entry_point=f"{_MATH}.gsm8k:GSM8KEnv",
        family="math",
        summary="Solve grade-school word problems from a data set.",
        source="https://github.com/openai/grade-school-math (Cobbe et al. 2021)",
        license="MIT",
        guarantee="stripped",
        guess_rate=0.05,
        variants=(
            {"path": "{data}/gsm8k"},
            {"path": "{data}/gsm8k", "answers": "boxed", "n_shots": 2},
        ),
    ),
    EnvCard(
        id="assay/FirstLetter-v0",
        entry_point=f"{_TEXT}.first_letter:FirstLetterEnv",
        vector_entry_point=f"{_TEXT}.first_letter:FirstLetterVectorEnv",
        family="text",
        summary="Name the first letter of a word, or of several words in order.",
        solution=_REFERENCE,
        guess_rate=0.05,
        variants=({}, {"n_shots": 3}, {"n_words": 3}),
    ),
    EnvCard(
        id="assay/CountLetters-v0",
        entry_point=f"{_TEXT}.count_letters:CountLettersEnv",
        vector_entry_point=f"{_TEXT}.count_letters:CountLettersVectorEnv",
        family="text",
        summary="Count how often a letter occurs in a word or in several words.",
        solution=_REFERENCE,
        guess_rate=0.35,
        variants=({}, {"n_shots": 3}, {"n_words": 5}),
    ),
    EnvCard(
        id="assay/ReverseWord-v0",
        entry_point=f"{_TEXT}.reverse_word:ReverseWordEnv",
        vector_entry_point=f"{_TEXT}.reverse_word:ReverseWordVectorEnv",
        family="text",
        summary="Write a made-up word backwards.",
        solution=_REFERENCE,
        variants=({}, {"length": 3, "n_shots": 3}, {"length": 12}),
    ),
    EnvCard(
        id="assay/SortLetters-v0",
        entry_point=f"{_TEXT}.sort_letters:SortLettersEnv",
        vector_entry_point=f"{_TEXT}.sort_letters:SortLettersVectorEnv",
        family="text",
        summary="Put the letters of a word in alphabetical order.",
        solution=_REFERENCE,
        variants=({}, {"length": 3, "n_shots": 3}, {"length": 12}),
    ),
    EnvCard(
        id="assay/GuessNumber-v0",
        entry_point=f"{_TEXT}.guess_number:GuessNumberEnv",
        family="game",
        summary="Find a secret number from the answers 'higher' and 'lower'.",
        choices=f"{_TEXT}.guess_number:choices",
        shared_instances=True,
        guess_rate=0.35,  # three guesses at eight numbers; 0.07 with the defaults
        variants=({}, {"low": 1, "high": 8, "tries": 3}),
    ),
    EnvCard(
        id="assay/Mastermind-v0",
        entry_point=f"{_TEXT}.mastermind:MastermindEnv",
        family="game",
        summary="Break a secret colour code from black and white pegs.",
        shared_instances=True,
        guess_rate=0.02,  # one code of 64; 0.001 with the defaults
        variants=({}, {"colours": 4, "pegs": 3, "tries": 6, "consistent_only": True}),
    ),
    EnvCard(
        id="assay/TextGrid-v0",
        entry_point=f"{_TEXT}.grid:TextGridEnv",
        family="grid",
        summary="Walk through rooms with keys and doors to a tile or an object.",
        choices=f"{_TEXT}.grid:choices",
        reward_free_levels=("task", "verdict"),
        task_options=("task",),
        info_keys=("position",),
        explore_info_keys=("position",),
        privileged_info=("goal_at",),
        guess_rate=0.2,  # a random walk in the smaller worlds
        variants=({}, {"actions": "discrete"}, {"n_rooms": 4, "locks": 2, "max_steps": 250}),
    ),
)

POLICIES = {
    "random": "assay.agents.baselines:RandomPolicy",
    "scripted": "assay.agents.baselines:ScriptedPolicy",
    "smollm2": "assay.agents.language.policy:smollm2",
    "hf:": "assay.agents.language.policy:from_hub",
    "endpoint:": "assay.agents.language.endpoint:EndpointPolicy",
    "sb3:": "assay.agents.control.sb3:SB3Policy",
}


def register_all() -> None:
    """Register every row of the table."""
    for row in CARDS:
        register(row)
    register_policies(POLICIES)


def load_plugins() -> None:
    """Import what other packages announce as `assay.envs`; one that fails is skipped, and named."""
    for point in entry_points(group="assay.envs"):
        try:
            point.load()
        except Exception as err:  # somebody else's package must not break `import assay`
            logging.getLogger("assay").warning(
                "The environments of '%s' were skipped: %s: %s", point.name, type(err).__name__, err
            )
