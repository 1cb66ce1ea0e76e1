"""`assay check`: the contract suite, on any id."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import Annotated

import tyro

from assay.cli.flags import Common, flag
from assay.cli.show import note, print_json, say, table
from assay.core.registry import ids, make, matching, parse_env
from assay.testing.suite import Finding, run_checks


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Test that environments keep the contract: gold passes, fakes and junk fail, nothing leaks."""

    envs: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("ids, globs, or ids with options as a query; all ids if none is given", "ID"),
    ] = ()
    slow: Annotated[bool, flag("take large samples: minutes an id")] = False


def run(flags: Flags, words: list[str]) -> int:
    """Check, and exit with 1 if anything failed."""
    wanted = [name for text in flags.envs or ids() for name in _resolve(text)]
    findings: dict[str, list[Finding]] = {}
    cases = {text: parse_env(text) for text in dict.fromkeys(wanted)}
    for env_id, options in cases.values():
        if options:
            make(env_id, **options).close()  # options that cannot be are one sentence, not a table
    for text, (env_id, options) in cases.items():
        findings[text] = run_checks(env_id, options or None, slow=flags.slow)
        counts = Counter(found.status for found in findings[text])
        note(
            f"{text}: {counts['ok']} ok, {counts['failed']} failed, {counts['skipped']} skipped, "
            f"{sum(found.seconds for found in findings[text]):.1f} s"
        )
    flat = [found for group in findings.values() for found in group]
    if flags.json:
        for name, group in findings.items():
            for found in group:
                print_json({"env": name, **asdict(found)})
    else:
        _print(findings)
    return int(any(found.status == "failed" for found in flat))


def _resolve(text: str) -> list[str]:
    return [text] if "?" in text.partition("[")[0] and "=" in text else matching(text)


def _print(findings: dict[str, list[Finding]]) -> None:
    rows = []
    for name, group in findings.items():
        counts = Counter(found.status for found in group)
        rows.append((name, *(str(counts[kind]) for kind in ("ok", "failed", "skipped"))))
    table(("env", "ok", "failed", "skipped"), rows, right=(1, 2, 3))
    failed = [found for group in findings.values() for found in group if found.status == "failed"]
    for found in failed:
        say(f"\n{found.case}: {found.check} failed\n  {found.message}")
    skipped = Counter(
        found.message for group in findings.values() for found in group if found.status == "skipped"
    )
    for message, count in skipped.most_common():
        say(f"skipped {count} ×: {message}")
    say(f"\n{len(failed)} checks failed." if failed else "\nAll checks passed.")
