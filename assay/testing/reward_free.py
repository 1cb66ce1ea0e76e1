"""Contract §13.8: without a task, nothing of task and verifier is built, kept or felt."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from assay.core import registry
from assay.core.encoding import encode
from assay.core.env import TaskEnv
from assay.core.errors import PhaseError
from assay.core.types import Problem, Verdict
from assay.testing.cases import Case, NotApplicable, require
from assay.testing.episodes import Driver, Episode, fixed, forever, gold, play, random_play

_BUILDERS = ("draw_task", "make_verifier", "answer", "reference")
_LONG = 5  # characters from which a text in a pickle is no coincidence


def free_cases(case: Case) -> Iterator[tuple[Case, str]]:
    """The case at each declared level, without options that would name the task left out."""
    for level in case.card.reward_free_levels:
        named = set(case.card.task_options) if level == "task" else set()
        kept = {k: v for k, v in case.options.items() if k not in named}
        yield Case(case.id, kept, case.thorough), level


class _Touched(AssertionError):
    """Something of the task was asked for in reward-free mode."""


@contextmanager
def patched(case: Case, replacements: dict[str, Callable[..., Any]]) -> Iterator[None]:
    """Replace methods on the environment's class, for those that it has."""
    kind = registry.env_kind(case.card)
    with ExitStack() as stack:
        for name, replacement in replacements.items():
            if hasattr(kind, name):
                static = isinstance(kind.__dict__.get(name), staticmethod)
                value = staticmethod(replacement) if static else replacement
                stack.enter_context(mock.patch.object(kind, name, value))
        yield


def _raising(name: str) -> Callable[..., Any]:
    def touched(*args: Any, **kwargs: Any) -> Any:
        raise _Touched(name)

    return touched


def check_task_is_never_built(case: Case) -> None:
    """Whole episodes run at every level while building a task or verifier would raise."""
    for free, level in free_cases(case):
        with patched(case, {name: _raising(name) for name in _BUILDERS}):
            try:
                with free.open(reward_free=level) as env:
                    _explore(free, env, level)
            except _Touched as touched:
                require(
                    False,
                    f"{free}: with reward_free={level!r}, {touched} was called: neither the task "
                    "nor the verifier exists there.",
                )


def _explore(case: Case, env: TaskEnv, level: str) -> None:
    allowed = {"action_status", *case.card.explore_info_keys}
    secret = {*case.card.privileged_info, "verdict", "is_success", "reward_valid", "problem_id"}
    drivers: list[Driver] = [random_play(3), forever(None), forever("\0")]
    if case.card.oracle_actions:
        drivers.append(fixed(case.card.oracle_actions))
    for seed in range(case.count(3, 30)):
        for driver in drivers:
            episode = play(env, driver, seed=seed)
            where = f"{case}: with reward_free={level!r}"
            infos = [episode.first_info, *(move.info for move in episode.moves)]
            found = {key for info in infos for key in info}
            require(
                found <= allowed,
                f"{where}, info holds {sorted(found - allowed)} beyond the card's "
                "explore_info_keys.",
            )
            require(
                not found & secret,
                f"{where}, info holds {sorted(found & secret)}, which is not for explorers.",
            )
            require(
                all(
                    type(m.reward) is float and encode(m.reward) == encode(0.0)
                    for m in episode.moves
                ),
                f"{where}, a reward is not exactly 0.0.",
            )
            require(
                env.problem is None and env.verifier is None,
                f"{where}, the environment holds a problem or a verifier.",
            )
    try:
        env.judge_now()
    except PhaseError:
        return
    require(False, f"{case}: judge_now() answers with reward_free={level!r}: it raises PhaseError.")


def check_pickle_holds_no_reference(case: Case) -> None:
    """The bytes of a reward-free environment hold no reference of the problem it stands at.

    Only what is long enough to be no coincidence is searched for, and what the world itself (the
    question, say) does not hold.
    """
    for free, level in free_cases(case):
        with case.open() as env, free.open(reward_free=level) as blind:
            if env.replayable:
                raise NotApplicable("replayable world: it holds a simulator, which is not pickled")
            for seed in range(case.count(8, 20)):
                env.reset(seed=seed)
                play(blind, random_play(seed), seed=seed)
                problem = env.problem
                assert problem is not None
                found = [] if seed else list(_instances(blind, (Problem, Verdict)))
                require(
                    not found, f"{free}: with reward_free={level!r} it keeps a {found[:1]!r:.100}."
                )
                raw = pickle.dumps(blind)
                world = pickle.dumps(env.world)
                for trace in _traces(problem.reference):
                    require(
                        trace in world or trace not in raw,
                        f"{free}: with reward_free={level!r} its pickle holds the reference of "
                        f"problem {seed}, {problem.reference!r:.60}.",
                    )


def _traces(reference: Any) -> set[bytes]:
    """The bytes by which a pickle would give a reference away."""
    if isinstance(reference, list | tuple | set | frozenset):
        return {trace for part in reference for trace in _traces(part)}
    if isinstance(reference, dict):
        return {trace for part in reference.values() for trace in _traces(part)}
    if isinstance(reference, bool) or reference is None:
        return set()
    traces = {str(reference).encode("utf-8", "surrogatepass")}
    if isinstance(reference, int) and abs(reference) >= 2**31:
        traces.add(pickle.dumps(reference)[2:-1])
    return {trace for trace in traces if len(trace) >= _LONG}


def _instances(root: object, kinds: tuple[type, ...]) -> Iterator[object]:
    """Instances of `kinds` reachable from `root` through attributes and containers."""
    seen: set[int] = set()
    stack: list[Any] = [root]
    while stack:
        value = stack.pop()
        if id(value) in seen or isinstance(value, type | str | bytes | int | float):
            continue
        seen.add(id(value))
        if isinstance(value, kinds):
            yield value
        if isinstance(value, dict):
            stack.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            stack.extend(value)
        else:
            stack.extend(getattr(value, "__dict__", {}).values())
            slots = getattr(type(value), "__slots__", ())
            names = (slots,) if isinstance(slots, str) else slots
            stack.extend(getattr(value, name, None) for name in names)


class _Fixed:
    """A verifier with one answer, or the opposite of another's."""

    def __init__(self, answer: bool | None, inner: Any = None) -> None:
        self.answer, self.inner = answer, inner

    def verify(self, outcome: Any, task: Any) -> Verdict:
        passed = not self.inner.verify(outcome, task).passed if self.answer is None else self.answer
        decide = Verdict.accept if passed else Verdict.reject
        return decide("planted", "Planted by the contract suite.")


def check_task_cannot_be_felt(case: Case) -> None:
    """Change the verifier, at level `task` also the task: every byte of a session stays.

    Random, refused and solving actions are played; the solving ones come from gold with a task.
    """
    kind: Any = registry.env_kind(case.card)
    make, draw = kind.make_verifier, kind.draw_task

    def other_task(env: TaskEnv, rng: Any) -> Problem:
        rng.task.random()
        problem = draw(env, rng)
        return Problem(prompt=f"not {problem.prompt}", reference=("not", repr(problem.reference)))

    worlds: dict[str, dict[str, Callable[..., Any]]] = {
        "always right": {"make_verifier": lambda env: _Fixed(True)},
        "always wrong": {"make_verifier": lambda env: _Fixed(False)},
        "the opposite": {"make_verifier": lambda env: _Fixed(None, make(env))},
    }
    for free, level in free_cases(case):
        if level == "task":
            worlds["another task"] = {"draw_task": other_task}
        for seed in range(case.count(2, 20)):
            drivers = _sessions(case, seed)
            expected = [_transcript(free, level, seed, driver) for driver in drivers]
            for name, replacements in worlds.items():
                with patched(case, replacements):
                    found = [_transcript(free, level, seed, driver) for driver in drivers]
                require(
                    found == expected,
                    f"{free}: with reward_free={level!r}, seed {seed} shows which verifier or "
                    "task is "
                    f"hidden: the session changes when it is '{name}'.",
                )


def _sessions(case: Case, seed: int) -> list[Driver]:
    drivers: list[Driver] = [random_play(seed), forever(None)]
    if case.card.oracle_actions:
        drivers.append(fixed(case.card.oracle_actions))
    if case.card.proof != "none":
        with case.open() as env:
            drivers.append(fixed(play(env, gold, seed=seed).actions))
    return drivers


def _transcript(case: Case, level: str, seed: int, driver: Driver) -> bytes:
    with case.open(reward_free=level) as env:
        episode: Episode = play(env, driver, seed=seed)
        state = b"" if env.replayable else env.snapshot()
        spec = env.spec.to_json() if env.spec is not None else ""
        spaces = repr((env.observation_space, env.action_space))
        return encode((spaces, spec, episode.bytes(), state))
