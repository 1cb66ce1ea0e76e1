"""`assay judge FILE.jsonl`: verdicts for a file of responses, in parallel; resumes."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from assay.cli.flags import Common, flag, key_values
from assay.cli.live import Display
from assay.cli.show import note, print_json, say, table
from assay.core.config import option_help
from assay.core.errors import OptionError
from assay.evaluation.judge import TIME_LIMIT_S, judge
from assay.evaluation.responses.fields import COMMON, Fields
from assay.evaluation.responses.judged import Judged
from assay.report.tables import rate
from assay.verifiers.named import verifier_names

_HELP = option_help(Fields)
_LARGE_BYTES = 100 << 20
Text = str | None


def _key(name: str, short: str = "") -> object:
    tried = COMMON.get(name, ())
    more = f" (tried: {', '.join(tried)})" if tried else ""
    return flag(f"key of {_HELP[name]}{more}", "KEY", name=short or name)


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Judge a JSON-lines file of responses: one verdict for each line, in the same order.

    With --verifier each response is judged against the reference beside it. Without, each line
    names a problem of an environment (env, split, index), whose own verifier judges; a list is
    the actions of an episode. The same command again continues where it stopped.
    """

    file: Annotated[tyro.conf.Positional[str], flag("one JSON object a line", "FILE.jsonl")]
    verifier: Annotated[
        Text, flag(f"{', '.join(verifier_names())}, or module:attribute of your own", "V")
    ] = None
    verifier_arg: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]],
        tyro.conf.arg(
            metavar="KEY=VALUE",
            help="a setting of the verifier, such as tolerance=0.01",
            help_behavior_hint="(repeatable)",
        ),
    ] = ()
    env: Annotated[Text, flag("the environment of lines that name none", "ENV")] = None
    split: Annotated[Text, flag("the split of lines that name none", "SPLIT")] = None
    out: Annotated[Text, flag("the verdicts (default: FILE.verdicts.jsonl beside it)", "OUT")] = (
        None
    )
    overwrite: Annotated[bool, flag("begin anew, whatever OUT holds")] = False
    workers: Annotated[int, flag("processes; 0 judges in this one", "W")] = 1
    keep: Annotated[bool, flag("merge each record into its line of the output")] = False
    with_expected: Annotated[
        bool, flag("tell in each verdict how the reference was understood")
    ] = False
    skip_bad: Annotated[bool, flag("count broken lines instead of refusing the file")] = False
    time_limit_s: Annotated[float, flag("seconds for one response, then verifier_error", "S")] = (
        TIME_LIMIT_S
    )
    response: Annotated[Text, _key("response")] = None
    reference: Annotated[Text, _key("reference")] = None
    question: Annotated[Text, _key("question")] = None
    params: Annotated[Text, _key("params")] = None
    id: Annotated[Text, _key("id")] = None
    task: Annotated[Text, _key("task")] = None
    env_key: Annotated[Text, _key("env", "env-key")] = None
    split_key: Annotated[Text, _key("split", "split-key")] = None
    index_key: Annotated[Text, _key("index", "index-key")] = None
    seed_key: Annotated[Text, _key("seed", "seed-key")] = None


def run(flags: Flags, words: list[str]) -> int:
    """Judge, and exit with 1 if a verdict could not be given, or no line was usable."""
    path = Path(flags.file)
    out = flags.out or str(path.with_name(f"{path.name.removesuffix('.jsonl')}.verdicts.jsonl"))
    if Path(out).resolve() == path.resolve():
        raise OptionError("--out is the file of responses itself: give another --out.")
    if path.is_file() and path.stat().st_size > _LARGE_BYTES:
        note(f"assay: looking at every line of '{path}' first …")
    fields = Fields(
        response=flags.response, reference=flags.reference, question=flags.question,
        params=flags.params, id=flags.id, task=flags.task, env=flags.env_key,
        split=flags.split_key, index=flags.index_key, seed=flags.seed_key,
    )  # fmt: skip
    try:
        with Display(flags.verifier or "environments") as display:
            found = judge(
                flags.file,
                flags.verifier,
                verifier_settings=key_values(flags.verifier_arg, "--verifier-arg"),
                env=flags.env,
                split=flags.split,
                fields=fields,
                out=out,
                workers=flags.workers,
                overwrite=flags.overwrite,
                skip_bad=flags.skip_bad,
                keep=flags.keep,
                with_expected=flags.with_expected,
                time_limit_s=flags.time_limit_s,
                progress=display.update,
            )
    except KeyboardInterrupt:  # the second; what was written is kept
        _note_resumption(words)
        return 3
    _report(found, flags, words)
    return found.exit_code


def _report(found: Judged, flags: Flags, words: Sequence[str]) -> None:
    if flags.json:
        print_json(found.to_dict())
    else:
        _print(found)
    for line in found.bad:
        note(f"assay: passed over: {line}.")
    if found.bad and found.n_bad > len(found.bad):
        note(f"assay: passed over: and {found.n_bad - len(found.bad)} more.")
    if found.none_usable:
        note("assay: no line could be judged.")
    for code, text in found.errors.items():
        note(f"assay: {code}, first for {text}")
    if found.n_errors:
        note(
            f"assay: {found.n_errors} verdicts are errors: they say nothing about their responses "
            "and are not in the rate."
        )
    if found.exit_code == 3:
        _note_resumption(words)


def _note_resumption(words: Sequence[str]) -> None:
    again = shlex.join(["assay", "judge", *(w for w in words if w != "--overwrite")])
    note(f"Interrupted. To continue: {again}")


def _print(found: Judged) -> None:
    rows = sorted(found.codes.items(), key=lambda item: (-item[1], item[0]))
    table(("status", "code", "lines"), [(s, c, str(n)) for (s, c), n in rows], right=(2,))
    say()
    low, high = found.interval[1:]
    interval = f"[{low:.3f}, {high:.3f}]" if found.n else "–"
    cells = {"pass": rate(found.pass_rate), "95 % interval": interval, "judged": str(found.n)}
    if found.tasks:
        cells["tasks"] = str(len(found.tasks))
    cells |= {"errors": str(found.n_errors), "skipped": str(found.n_bad)}
    table(tuple(cells), [tuple(cells.values())], right=range(2, len(cells)))
    say(f"\n{found.out}: {found.done} of {found.planned} verdicts.")
