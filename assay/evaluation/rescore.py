"""A stored run judged by another verifier: where the two agree, and where they do not."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from assay.core.errors import AssayError
from assay.core.judging import ask
from assay.core.types import Verdict, Verifier
from assay.evaluation.columns import wrong_column
from assay.evaluation.pool import Env, close_quietly
from assay.evaluation.replay import StoredEpisode, replay
from assay.evaluation.runs import OpenRun
from assay.evaluation.verify import OnChecked, Replayer, sampled

SHOWN = 3  # disagreements of one environment that are kept

Agreement = Literal[
    "both pass", "both fail", "stored only", "new only", "new errs",
    "not judged", "not replayed",
]  # fmt: skip
AGREEMENTS: tuple[Agreement, ...] = (
    "both pass", "both fail", "stored only", "new only", "new errs",
    "not judged", "not replayed",
)  # fmt: skip


class Disagreement(NamedTuple):
    """An episode about which the two verifiers differ, with what each says."""

    split: str
    episode: int
    sample: int
    agreement: Agreement
    stored: str
    new: str


@dataclass
class Rescored:
    """How often two verifiers agree about one environment of a run.

    Attributes:
        counts: episodes by how they agree: who passes them, `new errs` where the new verifier could
            not decide, `not judged` where there is no stored verdict, `not replayed` where the
            episode does not go as recorded.
        disagreements: the first few.
    """

    name: str
    policy: str
    env: str
    counts: Counter[Agreement] = field(default_factory=Counter[Agreement])
    disagreements: list[Disagreement] = field(default_factory=list[Disagreement])

    @property
    def agreed(self) -> int:
        """Episodes about which both say the same."""
        return self.counts["both pass"] + self.counts["both fail"]

    @property
    def compared(self) -> int:
        """Episodes about which both decided."""
        return self.agreed + self.counts["stored only"] + self.counts["new only"]

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "run": self.name,
            "policy": self.policy,
            "env": self.env,
            "compared": self.compared,
            "agreed": self.agreed,
            **{name.replace(" ", "_"): self.counts[name] for name in AGREEMENTS},
            "disagreements": [found._asdict() for found in self.disagreements],
        }


def rescore(
    run: OpenRun,
    verifier: Verifier,
    *,
    sample: int | None = None,
    seed: int = 0,
    progress: OnChecked | None = None,
) -> list[Rescored]:
    """Judge the stored outcomes of a run by another verifier; one answer for each environment.

    An outcome is what the environment hands to its own verifier after the recorded actions; where
    it has no such notion, the only action of a one-turn episode.

    Raises:
        AssayError: an environment that cannot be made here.
    """
    found: dict[str, Rescored] = {}
    (stored,) = run.store.query("SELECT count(*) FROM episodes WHERE run = ?", (run.run,))[0]
    with Replayer(run) as replayer:
        for row in sampled(run, stored, sample, seed, progress):
            agreement, then, now = _compare(replayer, row, verifier)
            env = replayer.label(row)
            made = found.setdefault(env, Rescored(run.name, run.policy, env))
            made.counts[agreement] += 1
            if now and len(made.disagreements) < SHOWN:
                place = (row["split"], row["episode"], row["sample"])
                made.disagreements.append(Disagreement(*place, agreement, then, now))
    return list(found.values())


def _compare(
    replayer: Replayer, row: dict[str, Any], verifier: Verifier
) -> tuple[Agreement, str, str]:
    """How the two agree about a row, and their words where they do not."""
    if wrong_column(row) is not None:
        return "not replayed", "", ""
    try:
        stored = replayer.read(row)
    except AssayError:
        return "not replayed", "", ""
    if stored.verdict is None or row["status"] != "finished":
        return "not judged", "", ""
    now = _judge(replayer, stored, verifier)
    if now is None:
        return "not replayed", "", ""
    passed = bool(stored.verdict["passed"])
    if not now.is_error and now.passed is passed:
        return "both pass" if passed else "both fail", "", ""
    then = f"{stored.verdict['code']}: {stored.verdict.get('reason', '')}"
    said = f"{now.code}: {now.reason}"
    if now.is_error:
        return "new errs", then, said
    return "stored only" if passed else "new only", then, said


def _judge(replayer: Replayer, stored: StoredEpisode, verifier: Verifier) -> Verdict | None:
    """The new verdict after a replay; None where the episode does not go as recorded."""
    pool, key = replayer.pool, stored.key
    env = pool.take(key)
    found = replay(env, pool.traits(key.env_id), stored)
    if found.difference is not None or not found.complete:
        close_quietly(env)
        return None
    problem: Any = env.get_wrapper_attr("problem") if env.has_wrapper_attr("problem") else None
    verdict = ask(
        verifier,
        lambda: _outcome(env, stored),
        problem,
        on_error="mask",
        name=key.env_id,
    )
    pool.give_back(key, env)
    return verdict


def _outcome(env: Env, stored: StoredEpisode) -> Any:
    if env.has_wrapper_attr("outcome"):
        return env.get_wrapper_attr("outcome")()
    return stored.actions[-1] if len(stored.actions) == 1 else None
