"""Results as tables and sentences, for whoever prints them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from assay.evaluation.compare import RunComparison
from assay.evaluation.config import DEFECTS, STATUSES
from assay.evaluation.results import EnvResult, Results
from assay.report.breakdown import Level, Reason

DASH = "–"


class Table(NamedTuple):
    """Headers, a row of texts for each line, and which columns stand to the right."""

    headers: tuple[str, ...]
    rows: list[tuple[str, ...]]
    right: tuple[int, ...] = ()


def rate(value: float | None) -> str:
    """A pass rate as it stands in tables: `0.641`, or a dash for none."""
    return DASH if value is None else f"{value:.3f}"


def interval(row: EnvResult) -> str:
    """The 95 % interval, marked with an asterisk where it decided when to stop."""
    return f"[{row.low:.3f}, {row.high:.3f}]{'*' * row.stopped_early}" if row.n else DASH


def other(row: EnvResult) -> str:
    """Every status but `finished`, with its count."""
    said = [f"{row.counts[s]} {s}" for s in STATUSES if s != "finished" and row.counts[s]]
    return ", ".join(said) or DASH


def count(value: int) -> str:
    """A count of what finished; a dash for none."""
    return str(value) if value else DASH


def one_policy(results: Iterable[EnvResult]) -> Table:
    """A line for each environment, with the counts behind the rate."""
    return Table(
        ("env", "pass", "95 % interval", "tasks", "samples", "finished", "other"),
        [
            (
                row.env, rate(row.pass_rate), interval(row), count(row.n_tasks),
                str(row.samples), count(row.counts["finished"]), other(row),
            )
            for row in results
        ],
        (1, 3, 4, 5),
    )  # fmt: skip


def several_policies(results: Sequence[tuple[str, Results]]) -> Table:
    """A line for each environment, a column for each label: the rate with its interval."""
    by_env: dict[str, dict[str, EnvResult]] = {}
    for label, found in results:
        for row in found:
            by_env.setdefault(row.env, {})[label] = row
    labels = [label for label, _ in results]
    lines: list[tuple[str, ...]] = []
    for env, rows in by_env.items():
        cells = [rows.get(label) for label in labels]
        shown = [f"{rate(c.pass_rate)} {interval(c)}" if c and c.n else DASH for c in cells]
        counts = "/".join(map(str, sorted({c.n for c in cells if c and c.n}))) or DASH
        lines.append((env, counts, *shown))
    return Table(("env", "n", *labels), lines, (1,))


def progress(results: Sequence[Results]) -> str:
    """`712 of 1000 episodes.`, and what was left out because it was not needed."""
    rows = [row for found in results for row in found]
    done, planned = sum(row.done for row in rows), sum(row.planned for row in rows)
    stopped = sum(row.stopped_early for row in rows)
    if not stopped:
        return f"{done} of {planned} episodes."
    return (
        f"{done} of at most {planned} episodes; {stopped} of {len(rows)} environments "
        "stopped early."
    )


def remarks(results: Results) -> list[str]:
    """What must be known to read the rates: defects, early stops, findings."""
    said: list[str] = []
    for row in results:
        name = f"{row.policy}, {row.env}"
        if row.n_failures and row.range is not None:
            what = ", ".join(f"{row.counts[s]} {s}" for s in DEFECTS if row.counts[s])
            low, high = row.range
            said.append(
                f"{name}: {what} say nothing about the policy; the rate lies between {low:.3f} "
                f"and {high:.3f}."
            )
        if row.stopped_early:
            said.append(
                f"{name}: *stopped early, after {row.done} of {row.planned} episodes, when the "
                f"interval was no wider than {row.until_ci:g}: it is not the interval of a fixed "
                "number of episodes."
            )
        elif row.until_ci is not None and row.n and row.high - row.low > row.until_ci:
            if row.complete:
                said.append(
                    f"{name}: the interval is {row.high - row.low:.3f} wide after all "
                    f"{row.done} episodes: a larger -n is needed to come to {row.until_ci:g}."
                )
    if results.findings:
        said.append(
            f"{results.findings} rows were played again with another result: nondeterminism."
        )
    return said


# ---------------------------------------------------------------------- reports


def reasons(found: Sequence[Reason], most: int = 6) -> Table:
    """Why episodes did not pass: the commonest reasons of each environment."""
    lines: list[tuple[str, ...]] = []
    for env in dict.fromkeys(reason.env for reason in found):
        ours = [reason for reason in found if reason.env == env]
        shown = ours if len(ours) <= most else ours[: most - 1]
        for i, reason in enumerate(shown):
            lines.append(
                (env if i == 0 else "", reason.status, reason.reason, str(reason.episodes))
            )
        if len(shown) < len(ours):
            rest = sum(reason.episodes for reason in ours[len(shown) :])
            lines.append(("", "…", f"{len(ours) - len(shown)} other reasons", str(rest)))
    return Table(("env", "status", "reason", "episodes"), lines, (3,))


def by_difficulty(found: Sequence[Level]) -> Table:
    """Pass rate at each difficulty."""
    lines: list[tuple[str, ...]] = []
    for i, level in enumerate(found):
        env = level.env if i == 0 or found[i - 1].env != level.env else ""
        bounds = f"[{level.low:.3f}, {level.high:.3f}]"
        lines.append((env, level.difficulty, rate(level.pass_rate), bounds, str(level.n)))
    return Table(("env", "difficulty", "pass", "95 % interval", "n"), lines, (1, 2, 4))


def comparison(found: RunComparison) -> Table:
    """What changed from the first run to the second, on the episodes that both met."""
    return Table(
        ("env", "n", "tasks", "first", "second", "only first", "only second", "change",
         "95 % interval", "p", "p (Holm)"),
        [
            (
                row.env, str(row.n), str(row.n_tasks), rate(row.first_rate), rate(row.second_rate),
                str(row.only_first), str(row.only_second),
                DASH if row.difference is None else f"{row.difference:+.3f}",
                f"[{row.low:+.3f}, {row.high:+.3f}]" if row.n else DASH,
                p_value(row.p), p_value(row.p_holm),
            )
            for row in found
        ],
        (1, 2, 3, 4, 5, 6, 7, 9, 10),
    )  # fmt: skip


def p_value(value: float | None) -> str:
    """Four decimals, `<0.0001` below them, a dash where none was made."""
    if value is None:
        return DASH
    return "<0.0001" if value < 0.00005 else f"{value:.4f}"


def comparison_remarks(found: RunComparison) -> list[str]:
    """What the table of a comparison does not show."""
    said: list[str] = []
    for row in found:
        left = []
        if row.left_out:
            left.append(f"{row.left_out} pairs with a fault of the machine")
        if row.unpaired:
            left.append(f"{row.unpaired} episodes that only one run has")
        if left:
            said.append(f"{row.env}: left out {' and '.join(left)}.")
    for label, envs in ((found.first, found.only_first), (found.second, found.only_second)):
        if envs and not found.apart:
            said.append(f"Only {label} has {', '.join(envs)}.")
    return said
