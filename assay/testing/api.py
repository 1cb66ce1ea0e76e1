"""Contract §13.1: Gymnasium's interface, specs and pickling."""

from __future__ import annotations

import json
import pickle
import re
import warnings

import gymnasium
from gymnasium.envs.registration import EnvSpec
from gymnasium.utils.env_checker import check_env

from assay.core import registry
from assay.core.config import option_types
from assay.core.encoding import EncodingError, encode
from assay.core.types import SPLITS, Verdict
from assay.testing.cases import Case, ContractViolation, require
from assay.testing.episodes import gold, has, plain, play, random_play, same

_COLOURS = re.compile(r"\x1b\[\d+m")
_INFINITE_BOUNDS = ("infinity", "-infinity")  # Gymnasium's advice, which unbounded worlds ignore


def check_card(case: Case) -> None:
    """The card names things that exist, and promises what can be kept."""
    card = case.card
    require(card.summary.strip(), f"{case.id}: the card has no summary: say in a line what it is.")
    if card.proof != "none":
        require(
            has(card, "solution"), f"{case.id}: no {card.function('solution')}: write the gold."
        )
        require(
            has(card, "counterfeits"),
            f"{case.id}: no {card.function('counterfeits')}: write near misses that must fail.",
        )
    known = option_types(registry.env_kind(card).Config)  # pyright: ignore[reportAttributeAccessIssue]
    for option in (*card.kwargs, *case.options, *card.task_options):
        require(option in known, f"{case.id}: the card names the option '{option}', which is none.")
    require(
        set(card.splits) <= set(SPLITS), f"{case.id}: splits {card.splits} are not of {SPLITS}."
    )
    levels = set(card.reward_free_levels)
    require(levels <= {"task", "verdict"}, f"{case.id}: no such reward-free level: {levels}.")
    with case.open() as env:
        modes = env.metadata["render_modes"]
        require(
            "human" not in modes,
            f"{case.id}: render_modes lists 'human', which Gymnasium's HumanRendering adds.",
        )
        if card.choices:
            env.reset(seed=0)
            offered = registry.load(card.choices)(env)
            require(len(list(offered)) >= 2, f"{case.id}: {card.choices} offers no choice.")


def check_gymnasium_checker(case: Case) -> None:
    """`check_env` passes, and its warnings count as failures."""
    with warnings.catch_warnings(record=True) as caught, case.open() as env:
        warnings.simplefilter("always")
        try:
            check_env(env)
        except Exception as err:
            raise ContractViolation(f"{case}: check_env: {type(err).__name__}: {err}") from err
    for warning in caught:
        text = _COLOURS.sub("", str(warning.message))
        if not any(word in text for word in _INFINITE_BOUNDS):
            raise ContractViolation(f"{case}: check_env warns: {text}")


def check_observations_fit(case: Case) -> None:
    """Every observation is in the observation space, in every kind of episode."""
    with case.open() as env:
        for seed in range(case.count(5, 50)):
            drivers = [random_play(seed)] + [gold] * (case.card.proof != "none")
            for driver in drivers:
                episode = play(env, driver, seed=seed)
                for obs in [episode.first_obs, *(move.obs for move in episode.moves)]:
                    require(
                        env.observation_space.contains(obs),
                        f"{case}: with seed {seed} an observation is outside the space "
                        f"{env.observation_space}: {obs!r:.200}. Widen the space or mend "
                        "observe().",
                    )


def check_spec_round_trip(case: Case) -> None:
    """A spec that went through JSON makes the same episodes."""
    with case.open() as env:
        require(env.spec is not None, f"{case}: no spec: make it through gymnasium.make.")
        assert env.spec is not None
        try:
            text = env.spec.to_json()
            spec = EnvSpec.from_json(text)
        except Exception as err:
            raise ContractViolation(f"{case}: its spec does not survive JSON ({err}).") from err
        with case.open() as twin:
            other = gymnasium.make(spec, disable_env_checker=True).unwrapped
            try:
                for seed in range(3):
                    a = play(twin, random_play(seed), seed=seed).bytes()
                    b = play(other, random_play(seed), seed=seed).bytes()  # pyright: ignore
                    require(
                        a == b,
                        f"{case}: made again from its JSON spec, seed {seed} gives another "
                        "episode: "
                        "an option is not a plain JSON value, or does not reach the constructor.",
                    )
            finally:
                other.close()


def check_pickles(case: Case) -> None:
    """Spaces, problems and verdicts survive pickling; verdicts also a store's JSON."""
    with case.open() as env:
        for space in (env.observation_space, env.action_space):
            again = pickle.loads(pickle.dumps(space))
            require(again == space, f"{case}: {space} is another space after pickling.")
            space.seed(3)
            again.seed(3)
            require(same(space.sample(), again.sample()), f"{case}: {space} samples differently.")
        for seed in range(5):
            episode = play(env, random_play(seed), seed=seed)
            problem = env.problem
            require(problem is not None, f"{case}: a reset with a task left problem=None.")
            try:
                original = encode(problem)
            except EncodingError as err:
                raise ContractViolation(f"{case}: the problem holds no plain data: {err}") from err
            require(
                encode(pickle.loads(pickle.dumps(problem))) == original,
                f"{case}: a problem is another one after pickling.",
            )
            verdict = episode.verdict
            require(verdict is not None, f"{case}: seed {seed} ended without a verdict.")
            assert verdict is not None
            copy = pickle.loads(pickle.dumps(verdict))
            require(plain(copy) == plain(verdict), f"{case}: a verdict changes when pickled.")
            try:
                stored = json.loads(json.dumps(verdict.to_dict()))
            except TypeError as err:
                raise ContractViolation(f"{case}: a verdict holds no plain data: {err}.") from err
            back = json.loads(json.dumps(Verdict.from_dict(stored).to_dict()))
            require(
                stored == back, f"{case}: a verdict changes in a store: {stored} became {back}."
            )
