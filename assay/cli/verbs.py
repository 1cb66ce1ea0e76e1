"""The verbs and what they are for; strings only, so that each loads no more than it uses."""

from __future__ import annotations

from typing import NamedTuple


class Verb(NamedTuple):
    """A verb: the module that does it, one line on what it does, and a command that shows it."""

    module: str
    summary: str
    example: str


VERBS: dict[str, Verb] = {
    "list": Verb(
        "assay.cli.listing",
        "every environment, one line each",
        "assay list --family math",
    ),
    "describe": Verb(
        "assay.cli.describe",
        "one environment: rules, spaces, options, a sample episode with its solution",
        "assay describe 'assay/Countdown-v0?n_numbers=3'",
    ),
    "play": Verb(
        "assay.cli.play",
        "play an episode yourself, or watch a policy play it",
        "assay play assay/GuessNumber-v0 --seed 3",
    ),
    "evaluate": Verb(
        "assay.cli.evaluate",
        "measure policies on environments: pass rates with 95 % intervals; resumes",
        "assay evaluate random scripted --envs 'assay/*Letter*' -n 50 --out runs/letters",
    ),
    "report": Verb(
        "assay.cli.report",
        "what stored runs say: tables, reasons, comparison, page, export, gate",
        "assay report runs/letters -o report.html --fail-below 0.8",
    ),
    "merge": Verb(
        "assay.cli.merge",
        "put the shards of one run together in one file",
        "assay merge runs/shard-*.db --out runs/whole.db",
    ),
    "verify": Verb(
        "assay.cli.verify",
        "replay stored runs without their policy: are steps, rewards and verdicts as recorded?",
        "assay verify runs/letters --sample 20",
    ),
    "judge": Verb(
        "assay.cli.judge",
        "verdicts for a file of responses, in parallel; resumes",
        "assay judge responses.jsonl --verifier math --workers 4",
    ),
    "check": Verb(
        "assay.cli.check",
        "test that environments keep the contract: gold passes, fakes fail, nothing leaks",
        "assay check assay/Arithmetic-v0 math mine:grade --reference 84",
    ),
    "doctor": Verb(
        "assay.cli.doctor",
        "what works on this machine, and what to install for the rest",
        "assay doctor",
    ),
}
