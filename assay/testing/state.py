"""Contract §13.7, second half: a snapshot branches exactly."""

from __future__ import annotations

from assay.core.encoding import encode
from assay.core.env import TaskEnv
from assay.testing.cases import Case, NotApplicable, require
from assay.testing.episodes import Episode, fixed, forever, go_on, gold, plain, play, random_play


def check_snapshots_branch(case: Case) -> None:
    """Restored, here or in a new environment, an episode continues as it did before.

    A prefix is played, the state taken, and two continuations played from it, each twice. State
    that lives outside `self.world` and the streams shows as a difference.
    """
    with case.open() as env, case.open() as other:
        if env.replayable:
            raise NotApplicable("replayable world: no snapshots")
        prefixes = (0,) if case.one_turn else (0, 1, 3, 8)
        for seed in range(case.count(4, 40)):
            for prefix in prefixes:
                _check_branch(case, env, other, seed, prefix)


def _check_branch(case: Case, env: TaskEnv, other: TaskEnv, seed: int, prefix: int) -> None:
    start = play(env, random_play(seed), seed=seed, limit=prefix) if prefix else _reset(env, seed)
    if start.ended:
        return
    state = env.snapshot()
    require(env.snapshot() == state, f"{case}: two snapshots of one state have different bytes.")
    obs, key = plain(env.observe()), env.state_key()
    drivers = [random_play(seed + 1), forever(None)]
    if case.card.proof != "none" and not prefix:
        drivers.append(gold)
    for driver in drivers:
        first = _continue(env, driver)
        ended = env.snapshot()
        play(env, random_play(seed + 99), seed=seed + 99)  # another problem in between
        for target in (env, other):
            if target is other:
                other.reset(seed=seed + 5)
            target.restore(state)
            where = "a new environment" if target is other else "the same environment"
            require(
                encode(plain(target.observe())) == encode(obs) and target.state_key() == key,
                f"{case}: restored in {where}, seed {seed} after {prefix} steps looks different.",
            )
            again = _continue(target, fixed(first.actions))
            require(
                again.bytes() == first.bytes() and target.snapshot() == ended,
                f"{case}: restored in {where}, seed {seed} goes on otherwise after {prefix} steps: "
                "some state lives outside self.world and the streams.",
            )
        env.restore(state)


def _reset(env: TaskEnv, seed: int) -> Episode:
    return Episode(*env.reset(seed=seed))


def _continue(env: TaskEnv, driver: object) -> Episode:
    episode = Episode(None, {})
    go_on(env, driver, episode)  # pyright: ignore[reportArgumentType]
    return episode
