"""`assay verify RUN…`: stored runs replayed and judged again, without their policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import tyro

from assay.cli.flags import Common, flag
from assay.cli.live import Display
from assay.cli.show import note, print_json, say, table
from assay.core.errors import OptionError, shorten
from assay.evaluation.rescore import AGREEMENTS, Agreement, Rescored, rescore
from assay.evaluation.runs import OpenRun, open_runs
from assay.evaluation.verify import Checked, Verification, verify
from assay.verifiers.named import load_verifier

_SHOWN = 10  # differences printed for each run
_ALWAYS = AGREEMENTS[:4]  # the columns that are shown where they hold only zeros too
_CHARS = 300  # of a value in a line


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Replay stored runs without their policy: are steps, rewards and verdicts as recorded?

    The first step that differs is named. With --rescore, another verifier judges the same outcomes.
    """

    runs: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("results files, folders of them, or FILE#2 for one run of a file", "RUN"),
    ] = ()
    sample: Annotated[int | None, flag("only so many episodes of each run", "N")] = None
    seed: Annotated[int, flag("another seed draws another sample (default: 0)", "SEED")] = 0
    rescore: Annotated[
        str | None,
        flag("judge by this one instead: a name such as math, or module:attribute", "VERIFIER"),
    ] = None


def run(flags: Flags, words: list[str]) -> int:
    """Verify, and exit with 1 if anything differs; or compare two verifiers."""
    if not flags.runs:
        raise OptionError("Which runs? Name results files: assay verify runs/letters --sample 20")
    verifier = None if flags.rescore is None else load_verifier(flags.rescore)
    with open_runs(flags.runs) as runs:
        if verifier is None:
            return max(_verify(one, flags) for one in runs)
        found: list[Rescored] = []
        for one in runs:
            with Display(one.label, stays=False) as display:
                found += rescore(
                    one, verifier, sample=flags.sample, seed=flags.seed, progress=display.count
                )
    _print_rescored(found, flags)
    return 0


def _verify(one: OpenRun, flags: Flags) -> int:
    with Display(one.label, stays=False) as display:
        found = verify(one, sample=flags.sample, seed=flags.seed, progress=display.count)
    if flags.json:
        print_json(found.to_dict())
    else:
        _print(found)
    for env in found.changed:
        note(f"assay: {env}: its options mean something else now than when this was recorded.")
    if found.exit_code and found.other_versions:
        note(f"assay: {found.name} was recorded with other versions: {found.other_versions}.")
    return found.exit_code


def _print(found: Verification) -> None:
    counts = found.counts
    parts = [f"{counts['same']} of {found.checked} episodes replay as recorded"]
    if counts["different"]:
        parts.append(f"{counts['different']} differ")
    if counts["partly"]:
        parts.append(f"{counts['partly']} could be replayed in part: something in them has no "
                     "stored form")  # fmt: skip
    if counts["nothing"]:
        parts.append(f"{counts['nothing']} hold no step to replay")
    if found.checked < found.stored:
        parts.append(f"{found.stored - found.checked} were not in the sample")
    if found.stored < found.planned:
        parts.append(f"{found.planned - found.stored} are not played yet")
    say(f"{found.name} ({found.policy}): {'; '.join(parts)}.")
    for checked in found.different[:_SHOWN]:
        _print_difference(checked)
    if len(found.different) > _SHOWN:
        say(f"  … and {len(found.different) - _SHOWN} more (--json shows all).")
    if found.orphans:
        say(f"  {found.orphans} stored episodes have steps but no row: rows were removed.")
    if found.findings:
        say(f"  {found.findings} rows came a second time with other content when this was made: "
            "nondeterminism.")  # fmt: skip


def _print_difference(checked: Checked) -> None:
    assert checked.difference is not None
    where, stored, now = checked.difference
    say(f"  {checked.env} {checked.split}/{checked.episode}, sample {checked.sample}: {where}")
    at = _first_apart(stored, now)
    say(f"    stored  {_excerpt(stored, at)}")
    say(f"    now     {_excerpt(now, at)}")
    if checked.nondeterministic:
        say("    The environment is not deterministic: replays of the same actions differ from "
            "each other.")  # fmt: skip


def _first_apart(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((i for i, (a, b) in pairs if a != b), min(len(one), len(other)))


def _excerpt(text: str, at: int) -> str:
    """A long value around the place where it differs."""
    start = max(0, at - _CHARS // 2) if len(text) > _CHARS else 0
    part = text[start : start + _CHARS]
    return f"{'…' if start else ''}{part}{'…' if start + _CHARS < len(text) else ''}"


def _print_rescored(found: Sequence[Rescored], flags: Flags) -> None:
    if flags.json:
        for one in found:
            print_json(one.to_dict())
        return
    several = len({one.name for one in found}) > 1
    shown: list[Agreement] = [
        n for n in AGREEMENTS if n in _ALWAYS or any(one.counts[n] for one in found)
    ]
    table(
        ("run", "env", "agreed", *shown),
        [
            (
                f"{one.name} ({one.policy})" if several else one.policy,
                one.env,
                f"{one.agreed}/{one.compared}",
                *(str(one.counts[name]) for name in shown),
            )
            for one in found
        ],
        right=range(2, len(shown) + 3),
    )
    for one in found:
        for d in one.disagreements:
            say(f"\n{one.env} {d.split}/{d.episode}, sample {d.sample}: {d.agreement}")
            say(f"  stored  {_words(d.stored)}")
            say(f"  new     {_words(d.new)}")


def _words(text: str) -> str:
    return text if len(text) <= _CHARS else shorten(text, _CHARS)
