"""`assay list`: every environment, one line each."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from assay.cli.flags import Common, flag
from assay.cli.show import print_json, say, short_space, table
from assay.core.answer import AnswerEnv
from assay.core.errors import AssayError, OptionError, UnknownName, nearest
from assay.core.registry import card, env_kind, families, ids, make
from assay.core.types import EnvCard
from assay.evaluation.suites import load_suite, suite_names

_PROOF = {"always": "✓", "rate": "~", "none": "?"}


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Every environment, one line each: what it shows, what it takes, how it is proven."""

    family: Annotated[str | None, flag("only this family", "NAME")] = None
    suites: Annotated[bool, flag("the suites that `assay evaluate --suite` takes instead")] = False


def run(flags: Flags, words: list[str]) -> int:
    """Print the list."""
    if flags.suites:
        return _print_suites(flags)
    if flags.family is not None and flags.family not in families():
        raise UnknownName(
            f"No family '{flags.family}'.{nearest(flags.family, families())} There are "
            f"{', '.join(families())}."
        )
    rows = [describe_line(card(name)) for name in ids(family=flags.family)]
    if flags.json:
        for row in rows:
            print_json(row)
        return 0
    table(
        ("id", "family", "observation", "action", "steps", "extras", "proof", "about"),
        [
            (
                row["id"], row["family"], row["observation"], row["action"],
                str(row["max_steps"] or "–"), " ".join(row["extras"]) or "–",
                _PROOF[row["proof"]], row["summary"],
            )
            for row in rows
        ],
        right=(4,),
    )  # fmt: skip
    say(f"\n{len(rows)} environments. Proof: ✓ its gold always passes, ~ passes at a known rate,")
    say("? none yet. `assay describe ID` says more.")
    return 0


def _print_suites(flags: Flags) -> int:
    if flags.family is not None:
        raise OptionError("--family is for environments: leave it out with --suites.")
    suites = [load_suite(name) for name in suite_names()]
    if flags.json:
        for suite in suites:
            print_json(asdict(suite))
        return 0
    table(
        ("suite", "version", "environments", "n", "split", "seed", "about"),
        [
            (
                suite.name, str(suite.version), str(len(suite.envs)), str(suite.n), suite.split,
                str(suite.seed), suite.summary,
            )
            for suite in suites
        ],
        right=(1, 2, 3, 5),
    )  # fmt: skip
    say(f"\n{len(suites)} suites. `assay evaluate POLICY --suite {suites[0].name}` runs one.")
    return 0


def describe_line(found: EnvCard) -> dict[str, Any]:
    """One environment as plain values; what cannot be known without data or extras is None."""
    seen = _look(found)
    return {
        "id": found.id,
        "family": found.family,
        "observation": seen[0],
        "action": seen[1],
        "max_steps": seen[2],
        "extras": list(found.extras),
        "proof": found.proof,
        "reward_free": list(found.reward_free_levels),
        "summary": found.summary,
    }


def _look(found: EnvCard) -> tuple[str, str, int | None]:
    """Spaces and step limit, from an instance where one can be made, else from its class."""
    try:
        env: Any = make(found.id).unwrapped
    except AssayError:
        return _look_at_class(found)
    try:
        limit = getattr(getattr(env, "config", None), "max_steps", None)
        return short_space(env.observation_space), short_space(env.action_space), limit
    finally:
        env.close()


def _look_at_class(found: EnvCard) -> tuple[str, str, int | None]:
    try:
        kind: Any = env_kind(found)
    except AssayError:
        return "–", "–", None
    limit = getattr(getattr(kind, "Config", None), "max_steps", None)
    text = "text" if issubclass(kind, AnswerEnv) else "–"
    return text, text, limit if isinstance(limit, int) else None
