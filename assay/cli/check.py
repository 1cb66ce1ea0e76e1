"""`assay check`: the contract suite on ids, and the attack library on verifiers."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated, Any

import tyro

from assay.cli.attacked import print_reports, report_as_json
from assay.cli.flags import Common, flag
from assay.cli.live import Count
from assay.cli.show import note, print_json, say, table
from assay.core.errors import DataError, OptionError, UnknownName, nearest
from assay.core.registry import ids, make, matching, parse_env
from assay.testing.attacks.guarded import measure_guarded
from assay.testing.attacks.measure import Report
from assay.testing.attacks.subject import Subject, unfit
from assay.testing.attacks.trials import Plan
from assay.testing.cases import Case
from assay.testing.suite import Finding, run_checks
from assay.verifiers.catalogue import VERIFIERS
from assay.wrappers.processes import own_cards

FUZZ, FUZZ_SLOW = 1_000, 20_000


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Test environments and verifiers: gold passes, fakes, attacks and junk fail, nothing leaks.

    An id gets the contract suite. A verifier, by its name (`math`, `verifiers` for all of them)
    or as `module:attribute`, is asked about right replies, wrong ones, the attack library and
    random text, in a process that may hang or die; its false positives and false negatives are
    counted. The verifier of a one-turn id is asked as well.

        assay check mine:grade --reference 84
        assay check mine:grade --tasks tasks.jsonl --fuzz 20000
    """

    names: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("ids, globs, ids with options as a query, or verifiers; all if none is given", "NAME"),
    ] = ()
    reference: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]],
        flag("a reference to ask your verifier about (repeatable)", "TEXT"),
    ] = ()
    tasks: Annotated[
        Path | None,
        flag(
            "tasks of your verifier, one JSON object a line: reference, prompt, params, and lists "
            "of accepted and rejected replies",
            "FILE",
        ),
    ] = None
    fuzz: Annotated[
        int | None, flag("random replies for a verifier; 1000, or 20000 if --slow", "N")
    ] = None
    seed: Annotated[int, flag("of the random replies", "N")] = 0
    skip: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]],
        flag("leave an attack out, such as A05 (repeatable)", "ATTACK"),
    ] = ()
    slow: Annotated[bool, flag("take large samples: minutes an id")] = False


def run(flags: Flags, words: list[str]) -> int:
    """Check, and exit with 1 if anything failed."""
    envs, subjects = _wanted(flags)
    for env_id, options in envs.values():
        if options:
            make(env_id, **options).close()  # options that cannot be are one sentence, not a table
    plan = Plan(
        fuzz=flags.fuzz if flags.fuzz is not None else FUZZ_SLOW if flags.slow else FUZZ,
        seed=flags.seed,
        skip=frozenset(flags.skip),
    )
    findings = {text: _suite(text, *case, flags.slow) for text, case in envs.items()}
    reports = [_attacked(subject, plan) for subject in subjects]
    if flags.json:
        for name, group in findings.items():
            for found in group:
                print_json({"env": name, **asdict(found)})
        for report in reports:
            print_json(report_as_json(report))
    else:
        if findings:
            _print(findings)
        print_reports(reports)
    failed = any(found.status == "failed" for group in findings.values() for found in group)
    return int(failed or any(report.faults for report in reports))


def _wanted(flags: Flags) -> tuple[dict[str, tuple[str, Mapping[str, Any]]], list[Subject]]:
    """The ids with their options, by what was typed, and the verifiers to attack."""
    records = _records(flags)
    envs: dict[str, tuple[str, Mapping[str, Any]]] = {}
    subjects: dict[str, Subject] = {}
    for text in flags.names or (*ids(), "verifiers"):
        if text == "verifiers":
            subjects.update({name: Subject(name=name) for name in VERIFIERS})
        elif _is_verifier(text):
            subjects[text] = Subject(name=text, records=records)
        else:
            envs.update((name, parse_env(name)) for name in _resolve(text))
    cards = tuple(own_cards())
    for text, (env_id, options) in envs.items():
        case = Case(env_id, dict(options))
        if not unfit(case):
            subjects[text] = Subject(name=env_id, settings=options, is_env=True, cards=cards)
    if records and not any(subject.records for subject in subjects.values()):
        raise OptionError("--reference and --tasks are for a verifier, and none is named.")
    return envs, list(subjects.values())


def _is_verifier(text: str) -> bool:
    return "/" not in text and (
        text in VERIFIERS or ":" in text or text.endswith(("Verifier", "Text"))
    )


def _records(flags: Flags) -> tuple[Mapping[str, Any], ...]:
    records: list[Mapping[str, Any]] = [{"reference": text} for text in flags.reference]
    if flags.tasks is not None:
        records += _read(flags.tasks)
    return tuple(records)


def _read(path: Path) -> list[Mapping[str, Any]]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"The tasks in {path} cannot be read: {error}") from error
    records: list[Mapping[str, Any]] = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            record = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path}, line {number}: no JSON ({error}).") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}, line {number}: a JSON object was expected.")
        records.append(record)
    if not records:
        raise DataError(f"{path} holds no task: one JSON object a line was expected.")
    return records


def _suite(text: str, env_id: str, options: Mapping[str, Any], slow: bool) -> list[Finding]:
    found = run_checks(env_id, options or None, slow=slow)
    counts = Counter(one.status for one in found)
    note(
        f"{text}: {counts['ok']} ok, {counts['failed']} failed, {counts['skipped']} skipped, "
        f"{sum(one.seconds for one in found):.1f} s"
    )
    return found


def _attacked(subject: Subject, plan: Plan) -> Report:
    with Count(f"attacks on {subject.label}") as count:
        return measure_guarded(subject, plan, count.update)


def _resolve(text: str) -> list[str]:
    if not set(text) & set("/*?["):
        hint = nearest(text, [*VERIFIERS, *ids()])
        raise UnknownName(
            f"No environment and no verifier is called '{text}'.{hint} "
            "Expected an id such as assay/Compare-v0, 'verifiers', one of "
            f"{', '.join(VERIFIERS)}, or module:attribute."
        )
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
