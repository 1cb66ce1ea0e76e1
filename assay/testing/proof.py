"""Contract §13.3: gold passes, counterfeits and null outcomes do not, and guessing does not pay."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from typing import Any

from assay.core import registry
from assay.core.config import resolved
from assay.core.env import TaskEnv
from assay.core.spaces import Unicode
from assay.core.types import Verdict
from assay.testing.cases import Case, ContractViolation, NotApplicable, require
from assay.testing.episodes import choices, fixed, forever, gold, play, random_play

N_RATE, N_GUESS, N_GUESS_LONG = 400, 400, 80  # the last: many steps an episode, when small
LEAST_KINDS = 5
NO_PROOF = "proof='none': the card promises no gold"


def check_gold_passes(case: Case) -> None:
    """Gold passes on every seed and split (`always`), or as often as the ceiling says (`rate`)."""
    if case.card.proof == "none":
        raise NotApplicable(NO_PROOF)
    with case.open() as env:
        if case.card.proof == "rate":
            _check_rate(case, env)
            return
        for split in case.card.splits:
            for seed in range(case.count(30 if case.one_turn else 12, 150)):
                episode = play(env, gold, seed=seed, options={"split": split})
                verdict = episode.verdict if episode.ended else env.judge_now()
                require(
                    verdict is not None and verdict.passed,
                    f"{case}: gold fails on seed {seed} of '{split}' ({_word(verdict)}); it did "
                    f"{episode.actions!r:.200}. Mend solution(), or the card says proof='rate'.",
                )
                refused = [m for m in episode.moves if m.info["action_status"] == "illegal"]
                require(not refused, f"{case}: gold plays an illegal action: {refused[:1]!r:.200}.")
                require(
                    episode.ended, f"{case}: gold passes on seed {seed}, but nothing ends there."
                )


def _check_rate(case: Case, env: TaskEnv) -> None:
    ceiling = case.card.ceiling
    if isinstance(ceiling, str):
        ceiling = float(registry.load(ceiling)(**resolved(env.config)))
    passes = 0
    for seed in range(N_RATE):
        play(env, gold, seed=seed)
        passes += env.judge_now().passed
    spread = 4 * math.sqrt(ceiling * (1 - ceiling) / N_RATE)
    require(
        abs(passes / N_RATE - ceiling) <= spread + 1e-9,
        f"{case}: gold passes {passes} of {N_RATE}, and the card's ceiling is {ceiling:.4f} "
        f"± {spread:.4f}: mend the gold, or state the ceiling that it reaches.",
    )


def _word(verdict: Verdict | None) -> str:
    return (
        "no verdict" if verdict is None else f"{verdict.status}, {verdict.code}: {verdict.reason}"
    )


def check_counterfeits_fail(case: Case) -> None:
    """At least five kinds of near misses, none passes, and half are refused for their content."""
    if case.card.proof == "none":
        raise NotApplicable(NO_PROOF)
    make = registry.load(case.card.function("counterfeits"))
    statuses: dict[str, Counter[str]] = defaultdict(Counter)
    with case.open() as env:
        for seed in range(case.count(20, 200)):
            env.reset(seed=seed)
            for name, actions in list(make(env)):
                episode = play(env, fixed(actions), seed=seed)
                verdict = episode.verdict if episode.ended else env.judge_now()
                assert verdict is not None
                require(
                    not verdict.passed,
                    f"{case}: the counterfeit '{name}' passes on seed {seed} "
                    f"({_word(verdict)}); it "
                    f"did {actions!r:.200}. Mend the verifier, or it is no counterfeit.",
                )
                require(
                    not verdict.is_error,
                    f"{case}: the counterfeit '{name}' is not decided on seed {seed}: "
                    f"{_word(verdict)}.",
                )
                statuses[name][verdict.status] += 1
    require(
        len(statuses) >= LEAST_KINDS,
        f"{case}: {len(statuses)} kinds of counterfeits, of at least {LEAST_KINDS}: "
        f"{', '.join(statuses)}.",
    )
    on_content = [n for n, c in statuses.items() if c["incorrect"] * 2 >= c.total()]
    require(
        len(on_content) * 2 >= len(statuses),
        f"{case}: only {len(on_content)} of {len(statuses)} kinds of counterfeits are refused on "
        f"content (status 'incorrect'): { ({n: dict(c) for n, c in statuses.items()}) }. Make them "
        "well-formed and wrong.",
    )


def null_texts(env: TaskEnv, obs: Any) -> dict[str, str]:
    """Texts that answer nothing (`verifiers.md` §15.2), by name."""
    prompt = env.problem.prompt if env.problem is not None else ""
    texts = {
        "empty": "",
        "white space": " \n\t ",
        "the question": prompt,
        "a refusal": "I'm sorry, but I cannot answer that.",
        "not knowing": "I don't know.",
        "the answer prompt": "The answer is",
        "an empty box": r"\boxed{}",
        "0": "0",
        "1": "1",
        "yes": "yes",
        "A": "A",
        "10 kB of filler": "lorem ipsum dolor sit amet " * 380,
    }
    if isinstance(obs, str):
        texts["the observation"] = obs
    offered = choices(env)
    if len(offered) > 1 and all(isinstance(choice, str) for choice in offered):
        texts["all choices"] = ", ".join(offered)
        texts["one choice or another"] = " or ".join(offered[:2])
    return texts


def check_null_outcomes_fail(case: Case) -> None:
    """What answers nothing does not pass, unless the string is this very problem's answer."""
    with case.open() as env:
        for seed in range(case.count(15, 150)):
            if isinstance(env.action_space, Unicode):
                _check_null_texts(case, env, seed)
            play(env, forever(None), seed=seed)
            require(
                not env.judge_now().passed,
                f"{case}: doing nothing passes on seed {seed}: a task that is already satisfied "
                "must not be drawn.",
            )
        passes = 0
        for seed in range(20):
            play(env, random_play(seed), seed=seed)
            passes += env.judge_now().passed
    _within_guess_rate(case, "random actions", passes, 20)


def _check_null_texts(case: Case, env: TaskEnv, seed: int) -> None:
    right = set()
    if case.card.proof != "none":
        right = {_folded(a) for a in play(env, gold, seed=seed).actions}
    obs, _ = env.reset(seed=seed)
    for name, text in null_texts(env, obs).items():
        play(env, forever(text), seed=seed)
        verdict = env.judge_now()
        require(
            not verdict.passed or _folded(text) in right,
            f"{case}: {name} ({text!r:.80}) passes on seed {seed} ({_word(verdict)}), and is not "
            "this problem's answer.",
        )


def _folded(text: object) -> str:
    return str(text).strip().casefold()


def check_guess_rate(case: Case) -> None:
    """No constant answer and no uniform choice passes more often than the card's `guess_rate`."""
    with case.open() as env:
        size = env.n_problems(env.config.split)
        wanted = N_GUESS if case.one_turn else case.count(N_GUESS_LONG, N_GUESS)
        count = wanted if size is None else min(wanted, size)
        places = [{"index": index} for index in range(count)]
        replies: Counter[Any] = Counter()
        if case.card.proof != "none":
            for place in places:
                last = play(env, gold, seed=place["index"], options=place).actions[-1:]
                replies.update(action for action in last if isinstance(action, str | int))
        for constant, _ in replies.most_common(5):
            passes = 0
            for place in places:
                play(env, forever(constant), seed=place["index"], options=place)
                passes += env.judge_now().passed
            _within_guess_rate(case, f"the constant answer {constant!r:.60}", passes, count)
        passes = 0
        for place in places:
            play(env, random_play(place["index"]), seed=place["index"], options=place)
            passes += env.judge_now().passed
        _within_guess_rate(case, "a uniform choice", passes, count)


def _within_guess_rate(case: Case, what: str, passes: int, count: int) -> None:
    rate = case.card.guess_rate
    bound = rate + 4 * math.sqrt(rate * (1 - rate) / count)
    if passes / count > bound:
        raise ContractViolation(
            f"{case}: {what} passes {passes} of {count}, beyond the card's guess_rate={rate} "
            "(with 4 "
            f"standard errors {bound:.3f}): state the true rate, or make guessing harder."
        )
