"""Contract §13.5: rewards and verdicts agree, come last, and nothing of the answer comes before."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any, NoReturn

import numpy as np

from assay.core.encoding import encode
from assay.core.env import TaskEnv
from assay.core.types import Verdict
from assay.testing.cases import Case, NotApplicable, require
from assay.testing.episodes import (
    Driver,
    Episode,
    Move,
    forever,
    gold,
    plain,
    play,
    random_play,
    world_digest,
)

_STATUSES = ("ok", "noop", "unparsable", "illegal")
_LAST_KEYS = ("verdict", "reward_valid", "is_success")
_RESET_KEYS = ("problem_id", "split")
_DISTINCT = 3  # a reference with fewer values than this says little about a leak


def drivers(case: Case, seed: int) -> list[Driver]:
    """Random play, junk throughout, and gold where there is a proof."""
    return [random_play(seed), forever(None), *([gold] if case.card.proof != "none" else [])]


def check_rewards_agree(case: Case) -> None:
    """Rewards are 0.0 or 1.0 and the verdict's own; verdict keys come on the last step only."""
    with case.open() as env:
        native = getattr(env.config, "reward_mode", "verdict") != "verdict"
        for seed in range(case.count(6, 60)):
            for driver in drivers(case, seed):
                episode = play(env, driver, seed=seed)
                require(episode.ended, f"{case}: seed {seed}: the episode has no end.")
                first = episode.first_info
                require(
                    first.get("split") == env.split and first.get("problem_id") == _place(env),
                    f"{case}: the info of reset() must name problem_id and split, and has {first}.",
                )
                early = [k for k in _LAST_KEYS if k in first]
                require(not early, f"{case}: reset() gives {early}, which belong to the last step.")
                for move in episode.moves[:-1]:
                    _check_early(case, move, native)
                _check_last(case, episode.moves[-1], native)


def _place(env: TaskEnv) -> str | None:
    return env.problem.id if env.problem is not None else None


def _check_early(case: Case, move: Move, native: bool) -> None:
    _check_types(case, move)
    early = [key for key in _LAST_KEYS if key in move.info]
    require(not early, f"{case}: {early} before the last step: only the end brings a verdict.")
    require(
        native or move.reward == 0.0,
        f"{case}: reward {move.reward} before the last step: rewards come with the verdict.",
    )


def _check_types(case: Case, move: Move) -> None:
    require(type(move.reward) is float, f"{case}: the reward is a {type(move.reward).__name__}.")
    for name in ("terminated", "truncated"):
        value = getattr(move, name)
        require(
            type(value) is bool, f"{case}: {name} is a {type(value).__module__} bool, not Python's."
        )
    require(
        not (move.terminated and move.truncated),
        f"{case}: terminated and truncated at once: an end has one reason.",
    )
    status = move.info.get("action_status")
    require(status in _STATUSES, f"{case}: action_status={status!r} is none of {_STATUSES}.")


def _check_last(case: Case, move: Move, native: bool) -> None:
    _check_types(case, move)
    verdict = move.info.get("verdict")
    require(isinstance(verdict, Verdict), f"{case}: the last step brings no verdict: {move.info}.")
    assert isinstance(verdict, Verdict)
    require(not verdict.is_error, f"{case}: no decision: {verdict.code}: {verdict.reason}")
    require(
        move.info.get("reward_valid") is True and move.info.get("is_success") is verdict.passed,
        f"{case}: reward_valid={move.info.get('reward_valid')!r} and is_success="
        f"{move.info.get('is_success')!r} beside the verdict '{verdict.status}'.",
    )
    require(
        native or move.reward == verdict.reward,
        f"{case}: reward {move.reward} beside the verdict '{verdict.status}': it is the verdict's.",
    )
    require(
        type(verdict.details) is dict and encode(plain(dict(verdict.details))),
        f"{case}: verdict.details is no plain dict, and SB3 copies it at every step.",
    )


class _Faulty:
    """A verifier that cannot decide."""

    def verify(self, outcome: object, task: object) -> NoReturn:
        raise RuntimeError("planted by the contract suite")


def check_verifier_faults(case: Case) -> None:
    """A verifier that raises ends the episode as an error, which counts as nothing."""
    with case.open() as env:
        env.verifier = _Faulty()  # pyright: ignore[reportAttributeAccessIssue]
        try:
            episode = play(env, random_play(0), seed=0)
        except Exception as err:
            require(
                env.config.on_error == "raise",
                f"{case}: a verifier's fault came out of step() as {type(err).__name__}: {err}.",
            )
            return
        last = episode.moves[-1]
        sound = last.terminated and not last.truncated and last.info.get("reward_valid") is False
        native = getattr(env.config, "reward_mode", "verdict") != "verdict"
        require(
            sound and "is_success" not in last.info and (native or last.reward == 0.0),
            f"{case}: a verifier's fault looks like a result: {last[2:]!r:.300}.",
        )


def check_info_is_declared(case: Case) -> None:
    """Every `info` key is standard or on the card, and its value is the reader's to keep."""
    card = case.card
    declared = {*card.info_keys, *card.privileged_info, *card.explore_info_keys}
    hidden = set(card.privileged_info) & set(card.explore_info_keys)
    require(not hidden, f"{case}: {hidden} are privileged and shown in reward-free mode.")
    with case.open() as env:
        for seed in range(3):
            for driver in drivers(case, seed):
                episode = play(env, driver, seed=seed)
                for info in (episode.first_info, *(m.info for m in episode.moves)):
                    unknown = set(info) - declared - {"action_status", *_RESET_KEYS, *_LAST_KEYS}
                    require(
                        not unknown,
                        f"{case}: info holds {sorted(unknown)}, which the card does not declare: "
                        "name them in info_keys, or in privileged_info if policies may not see "
                        "them.",
                    )
                    copy.deepcopy(info)
            _check_fresh(case, env, seed)


def _check_fresh(case: Case, env: TaskEnv, seed: int) -> None:
    """Spoiling what `info` and the observation hold must not reach the world or later steps."""
    obs, info = env.reset(seed=seed)
    before = world_digest(env)
    shared = [k for k, v in info.items() if _spoil(v)]
    _spoil(obs)
    again = env.facts()
    require(
        world_digest(env) == before and not any(_spoilt(v) for v in again.values()),
        f"{case}: changing what came back ({shared or 'the observation'}) changes the environment: "
        "facts() and observe() return fresh objects.",
    )


_MARK = "spoilt by the contract suite"


def _spoil(value: Any) -> bool:
    if isinstance(value, list):
        value.append(_MARK)
    elif isinstance(value, dict):
        for part in value.values():
            _spoil(part)
        value[_MARK] = _MARK
    elif isinstance(value, set):
        value.add(_MARK)
    elif isinstance(value, np.ndarray) and value.flags.writeable and value.size:
        value.flat[0] = 1 - value.flat[0] if value.dtype.kind != "b" else not value.flat[0]
    else:
        return False
    return True


def _spoilt(value: Any) -> bool:
    return isinstance(value, list | dict | set) and _MARK in value


def check_reference_is_hidden(case: Case) -> None:
    """Nothing of the reference is in an observation or `info` before the end.

    The same problem is seen with and without a task. A text that stands more often in what the task
    shows than in what the reward-free twin shows came from the task; if it is the reference, it is
    a leak. Facts are compared over many problems, since a short number can stand there by chance.
    """
    free_level = case.card.reward_free_levels[-1]
    if free_level != "verdict":
        raise NotApplicable("no reward-free level 'verdict' to compare with")
    shots = {"n_shots": 0} if case.one_turn else {}
    hits: dict[str, int] = {}
    references: set[bytes] = set()
    n_problems = case.count(30, 300)
    with case.open(**shots) as env, case.open(**shots, reward_free="verdict") as free:
        for seed in range(n_problems):
            with_task = _before_the_end(play(env, random_play(seed), seed=seed, limit=20))
            actions = [action for action, *_ in with_task[1:]]
            without = [free.reset(seed=seed)[0], *(free.step(a)[0] for a in actions)]
            problem = env.problem
            assert problem is not None
            if problem.reference is None:
                _check_by_gold(case, env, n_problems)
                return
            needles = sorted(_needles(problem.reference))
            references.add(encode(plain(problem.reference)))
            seen_in: set[str] = set()
            for (_, obs, info), plain_obs in zip(with_task, without, strict=True):
                for needle in needles:
                    require(
                        _count(obs, needle) <= _count(plain_obs, needle),
                        f"{case}: on seed {seed} the reference {needle!r:.60} stands in an "
                        "observation before the end, and not in the reward-free one.",
                    )
                    seen_in |= {k for k, v in _facts(info) if _count(v, needle)}
            for key in seen_in:
                hits[key] = hits.get(key, 0) + 1
        for key, count in hits.items():
            require(
                count < 0.9 * n_problems or len(references) < _DISTINCT,
                f"{case}: info['{key}'] holds the reference before the end, in {count} of "
                f"{n_problems} problems.",
            )


def _check_by_gold(case: Case, env: TaskEnv, n_problems: int) -> None:
    """Where no reference is kept: does what is seen first name gold's last action?

    Another problem's last action is the control: names of all actions may well stand there.
    """
    if case.card.proof == "none" or case.one_turn:
        raise NotApplicable("the problem holds no reference: its verifier recomputes")
    answers: list[str] = []
    seen: list[tuple[Any, ...]] = []
    for seed in range(n_problems):
        answers.append(str(play(env, gold, seed=seed).actions[-1]))
        start = play(env, forever(None), seed=seed, limit=1)
        seen.append(tuple((obs, dict(_facts(info))) for _, obs, info in _before_the_end(start)))
    if len(set(answers)) < _DISTINCT:
        raise NotApplicable("no reference is kept, and gold ends alike everywhere")
    others = [next(b for b in answers[i:] + answers if b != a) for i, a in enumerate(answers)]
    hits = sum(_count(s, a) > 0 for s, a in zip(seen, answers, strict=True))
    control = sum(_count(s, b) > 0 for s, b in zip(seen, others, strict=True))
    require(
        hits < 0.9 * n_problems or control > 0.5 * n_problems,
        f"{case}: what is seen first names gold's last action in {hits} of {n_problems} problems, "
        f"and another problem's in {control}: the answer stands there.",
    )


def _before_the_end(episode: Episode) -> list[tuple[Any, Any, dict[str, Any]]]:
    moves = episode.moves[:-1] if episode.ended else episode.moves
    start = (None, episode.first_obs, episode.first_info)
    return [start, *((m.action, m.obs, m.info) for m in moves)]


def _facts(info: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((k, v) for k, v in info.items() if k not in (*_RESET_KEYS, "action_status"))


def _needles(reference: Any) -> set[str]:
    """The texts by which a reference would be recognised."""
    if isinstance(reference, str):
        return {reference.strip()} - {""}
    if isinstance(reference, list | tuple | set | frozenset):
        parts = {text for part in reference for text in _needles(part)}
        return {repr(reference), *(t for t in parts if len(t) > 3)}
    if isinstance(reference, dict):
        return {text for part in reference.values() for text in _needles(part) if len(text) > 3}
    return {str(reference)}


def _count(value: Any, needle: str) -> int:
    """How often a text stands in a value, as text or as bytes."""
    if isinstance(value, str):
        return _count_words(value, needle)
    if isinstance(value, np.ndarray):
        raw = needle.encode("utf-8", "surrogatepass")
        if value.dtype.kind in "SU":
            return sum(_count_words(str(part), needle) for part in value.flat)
        return value.tobytes().count(raw) if len(raw) > 3 else 0
    if isinstance(value, bytes):
        return value.count(needle.encode("utf-8", "surrogatepass"))
    if isinstance(value, dict):
        return sum(_count(k, needle) + _count(v, needle) for k, v in value.items())
    if isinstance(value, list | tuple | set | frozenset):
        return sum(_count(part, needle) for part in value)
    return _count_words(str(value), needle)


def _count_words(text: str, needle: str) -> int:
    """Occurrences that are not part of a longer word or number."""
    count, at = 0, text.find(needle)
    while at >= 0:
        before, after = text[at - 1 : at], text[at + len(needle) : at + len(needle) + 1]
        count += not (before.isalnum() or after.isalnum())
        at = text.find(needle, at + 1)
    return count
