"""`assay evaluate POLICY…`: pass rates with intervals, episode by episode into a file; resumes."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

import tyro

from assay.cli.flags import Common, PolicyArg, flag, key_values
from assay.cli.live import Display
from assay.cli.show import note, print_json, print_table, say
from assay.core.config import option_help
from assay.core.encoding import digest
from assay.core.errors import AssayError, OptionError, bad_value
from assay.core.registry import policy_names, policy_target
from assay.evaluation.config import (
    STATUSES,
    EpisodeStatus,
    EvalConfig,
    Frames,
    PolicyServer,
)
from assay.evaluation.engine import evaluate
from assay.evaluation.policies import find_policy
from assay.evaluation.results import Results
from assay.evaluation.store import DiskFull
from assay.report import tables

_HELP = option_help(EvalConfig)
Text = str | None


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Measure policies: each planned episode is played once, judged, and kept in a file.

    The same command again continues where it stopped, whatever stopped it.
    """

    policies: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("one or more: random, scripted, smollm2, hf:FOLDER_OR_NAME, endpoint:MODEL@ADDRESS, "
             "sb3:FILE, module:attribute", "POLICY"),
    ]  # fmt: skip
    envs: Annotated[tuple[str, ...], flag(_HELP["envs"], "ENV")] = ()
    suite: Annotated[Text, flag(f"{_HELP['suite']} (see `assay list --suites`)", "NAME")] = None
    n: Annotated[Text, flag(f"{_HELP['n']} (default: 100)", "N|all", short="-n")] = None
    split: Annotated[Text, flag(f"{_HELP['split']} (default: test)", "SPLIT")] = None
    seed: Annotated[int | None, flag(f"{_HELP['seed']} (default: 0)", "SEED")] = None
    until_ci: Annotated[
        float | None, flag(f"{_HELP['until_ci']}; -n is then the most that is played", "W")
    ] = None
    samples: Annotated[int, flag(_HELP["samples"], "K")] = 1
    out: Annotated[
        Text, flag(f"{_HELP['out']}; with several policies a folder with one for each", "FILE")
    ] = None
    shard: Annotated[Text, flag(_HELP["shard"], "K/N")] = None
    new_run: Annotated[bool, flag(_HELP["new_run"])] = False
    retry: Annotated[
        tyro.conf.UseAppendAction[tuple[str, ...]],
        flag(f"{_HELP['retry']}: {', '.join(STATUSES)} (repeatable)", "STATUS"),
    ] = ()
    temperature: Annotated[
        float | None, flag("of language models: 0 takes the likeliest token (default: 0)", "T")
    ] = None
    max_new_tokens: Annotated[
        int | None, flag("longest reply of language models (default: 256)", "N")
    ] = None
    concurrency: Annotated[
        int | None, flag("requests to an endpoint at a time (default: 8)", "N")
    ] = None
    policy_arg: PolicyArg = ()
    batch: Annotated[int | None, flag(_HELP["batch"], "N")] = None
    backend: Annotated[
        Text,
        flag(f"{_HELP['backend']}; under process, a policy that crashes, hangs beyond "
             "--time-limit-s or eats memory costs its own episode only; inline is this process and "
             "contains none of that: for debugging, for policies that are objects or in a script, "
             "and the default for language models and other policies that answer many episodes at "
             "once unless --workers says more", "NAME"),
    ] = None  # fmt: skip
    workers: Annotated[int | None, flag(_HELP["workers"], "W")] = None
    policy_server: Annotated[
        PolicyServer,
        flag(f"{_HELP['policy_server']}, in batches: on, off (each worker makes its own), or auto "
             "(on for language models with several workers)"),
    ] = "auto"  # fmt: skip
    memory_mib: Annotated[int | None, flag(_HELP["memory_mib"], "MIB")] = None
    unit: Annotated[int | None, flag(_HELP["unit"], "N")] = None
    time_limit_s: Annotated[float | None, flag(_HELP["time_limit_s"], "S")] = None
    step_limit: Annotated[int | None, flag(_HELP["step_limit"], "N")] = None
    token_limit: Annotated[int | None, flag(_HELP["token_limit"], "N")] = None
    frames: Annotated[Frames, flag(_HELP["frames"])] = "none"


class Job(NamedTuple):
    """One policy with what it is made with, and where its rows go."""

    policy: str
    settings: dict[str, Any]
    out: str | None


def run(flags: Flags, words: list[str]) -> int:
    """Evaluate each policy in turn; the worst of their exit codes."""
    if not flags.policies:
        raise OptionError(
            f"Which policy? One of {', '.join(policy_names())}, or module:attribute: "
            "assay evaluate random --envs assay/Compare-v0"
        )
    n = read_n(flags.n)
    jobs = plan_jobs(flags)
    if flags.samples > 1 and not flags.temperature:
        _warn_of_greed(jobs)
    results: list[Results] = []
    code = 0
    for job in jobs:
        try:
            found = _evaluate(job, flags, n)
        except DiskFull as err:
            note(f"assay: {err}")
            code = 3
            break
        except KeyboardInterrupt:  # the second; what was stored is kept, and the command resumes
            code = 3
            break
        except AssayError as err:
            if len(jobs) == 1:
                raise
            note(f"assay: {job.policy}: {err}")
            code = max(code, getattr(err, "exit_code", 2))
            continue
        results.append(found)
        code = max(code, found.exit_code)
        if found.exit_code == 3:
            break
    _report(results, flags, words, code)
    return code


def read_n(text: str | None) -> int | Literal["all"] | None:
    """`-n` as a number, `all`, or nothing."""
    if text is None or text == "all":
        return text
    try:
        return int(text)
    except ValueError:
        raise bad_value("-n", text, "a number of episodes, or all") from None


# ---------------------------------------------------------------------- policies


def plan_jobs(flags: Flags) -> list[Job]:
    """Each policy with its own settings and file; every name is looked up before anything runs."""
    repeated = [p for i, p in enumerate(flags.policies) if p in flags.policies[:i]]
    if repeated:
        raise OptionError(f"The policy '{repeated[0]}' was given twice.")
    wanted: dict[str, Any] = dict(key_values(flags.policy_arg, "--policy-arg"))
    for name in ("temperature", "max_new_tokens", "concurrency"):
        if getattr(flags, name) is not None:
            wanted[name] = getattr(flags, name)
    for policy in flags.policies:
        policy_target(policy)
    several = len(flags.policies) > 1
    chosen = {policy: {} for policy in flags.policies}
    for name, value in wanted.items():
        takers = [policy for policy in flags.policies if not several or takes(policy, name)]
        if not takers:
            raise OptionError(f"None of these policies has a setting '{name}'.")
        for policy in takers:
            chosen[policy][name] = value if _is_ours(policy) else _from_json(value)
    return [Job(p, chosen[p], store_path(flags.out, p, len(chosen))) for p in chosen]


def takes(policy: str, name: str) -> bool:
    """Whether what makes a policy has a keyword `name` (or takes any)."""
    made_by, _ = find_policy(policy)
    try:
        parameters = inspect.signature(made_by).parameters.values()
    except (TypeError, ValueError):
        return False
    return any(p.kind is p.VAR_KEYWORD or p.name == name for p in parameters)


def _warn_of_greed(jobs: Sequence[Job]) -> None:
    """Several samples of one and the same reply say no more than one does."""
    for job in jobs:
        greedy = float(job.settings.get("temperature") or 0) == 0
        if greedy and _is_ours(job.policy) and takes(job.policy, "temperature"):
            note(f"assay: {job.policy} gives the same reply to each sample: add --temperature 0.7.")


def _is_ours(policy: str) -> bool:
    return policy in policy_names() or f"{policy.partition(':')[0]}:" in policy_names()


def _from_json(value: Any) -> Any:
    """A setting for somebody else's policy: a number, true, a list, or else text."""
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def store_path(out: str | None, policy: str, n_policies: int) -> str | None:
    """The file of one policy: `out` itself, or a file in the folder `out`."""
    if out is None or (n_policies == 1 and not Path(out).is_dir()):
        return out
    name = re.sub(r"[^A-Za-z0-9._-]+", "_", policy).strip("._") or "policy"
    if name != policy:  # two names may come to one
        name = f"{name[-60:]}-{digest(policy, size=3)}"
    return str(Path(out) / f"{name}.db")


def _evaluate(job: Job, flags: Flags, n: int | Literal["all"] | None) -> Results:
    if job.out is not None and job.out != flags.out:
        try:
            Path(job.out).parent.mkdir(parents=True, exist_ok=True)
        except OSError as err:
            raise OptionError(f"--out {flags.out} cannot be a folder here ({err}).") from err
    retry: Sequence[EpisodeStatus] = flags.retry  # pyright: ignore[reportAssignmentType]
    with Display(job.policy) as display:
        return evaluate(
            job.policy,
            flags.envs,
            suite=flags.suite,
            n=n,
            split=flags.split,  # pyright: ignore[reportArgumentType] - checked there, as is retry
            seed=flags.seed,
            until_ci=flags.until_ci,
            samples=flags.samples,
            out=job.out,
            shard=flags.shard,
            backend=flags.backend,
            workers=flags.workers,
            policy_server=flags.policy_server,
            memory_mib=flags.memory_mib,
            unit=flags.unit,
            batch=flags.batch or flags.concurrency,
            new_run=flags.new_run,
            retry=retry,
            time_limit_s=flags.time_limit_s,
            step_limit=flags.step_limit,
            token_limit=flags.token_limit,
            frames=flags.frames,
            progress=display.update,
            policy_settings=job.settings,
        )


# ---------------------------------------------------------------------- what is printed


def _report(results: list[Results], flags: Flags, words: list[str], code: int) -> None:
    if flags.json:
        for found in results:
            for row in found:
                print_json(row.to_dict())
    elif results:
        _print(results, flags)
    for found in results:
        _note_findings(found)
    if code == 3:
        kept = "Interrupted, and nothing was kept: with --out FILE a run can be continued."
        note(f"Interrupted. To continue: {resume_command(words)}" if flags.out else kept)


def resume_command(words: Sequence[str]) -> str:
    """The command that continues: the same, without what is done once."""
    kept: list[str] = []
    skip = False
    for word in words:
        once = word in ("--new-run", "--retry")
        if not (once or skip or word.startswith("--retry=")):
            kept.append(word)
        skip = word == "--retry"
    return shlex.join(["assay", "evaluate", *kept])


def _print(results: list[Results], flags: Flags) -> None:
    """The table, how much of the plan is there, and what may come next."""
    if len(flags.policies) == 1:
        print_table(tables.one_policy(results[0]))
        where = results[0].out
    else:
        print_table(tables.several_policies([(found.policy, found) for found in results]))
        where = str(Path(results[0].out).parent) if results[0].out else None
    said = tables.progress(results)
    if len(flags.policies) > 1:
        said += " Rates with 95 % intervals."
        for row in (row for found in results for row in found):
            if tables.other(row) != tables.DASH:
                say(f"{row.policy}, {row.env}: {tables.other(row)}")
    if where is not None:
        said = f"{where}: {said} Next: {shlex.join(['assay', 'report', where])}"
    say(f"\n{said}")


def _note_findings(found: Results) -> None:
    for fault in found.faults():
        where = f"{fault.env_id}: {fault.status}"
        note(f"assay: {where}, first in episode {fault.episode}: {fault.error[:300]}")
    for remark in tables.remarks(found):
        note(f"assay: {remark}")
