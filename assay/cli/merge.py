"""`assay merge RUN… --out FILE`: shards of one run, put together by key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import tyro

from assay.cli.flags import Common, flag
from assay.cli.show import note, print_json, say
from assay.core.errors import OptionError
from assay.evaluation.merge import merge


@dataclass(frozen=True, kw_only=True)
class Flags(Common):
    """Put the shards of one run together in one file; given again, it adds what is new.

    Order does not matter, and the same shard twice changes nothing. A row that two shards hold with
    different content is a finding.
    """

    runs: Annotated[
        tyro.conf.Positional[tuple[str, ...]],
        flag("results files, folders of them, or FILE#2 for one run of a file", "RUN"),
    ] = ()
    out: Annotated[str | None, flag("the file to write, or to add to", "FILE")] = None


def run(flags: Flags, words: list[str]) -> int:
    """Merge, and exit with 1 if rows disagree."""
    if not flags.runs or flags.out is None:
        raise OptionError(
            "Which runs, and where to? For example: assay merge a.db b.db --out whole.db"
        )
    found = merge(flags.runs, flags.out)
    done, planned = sum(row.done for row in found), sum(row.planned for row in found)
    if flags.json:
        print_json(
            {"out": found.out, "run": found.run, "episodes": done, "planned": planned,
             "complete": found.complete, "findings": found.findings, "digest": found.digest}
        )  # fmt: skip
    else:
        say(f"{found.out}: {done} of {planned} episodes, digest {found.digest}.")
    if not found.complete:
        note(f"assay: {planned - done} episodes are missing: a shard that was not given, or one "
             "that is not complete.")  # fmt: skip
    if found.findings:
        note(f"assay: {found.findings} rows are stored with different content: nondeterminism.")
    return int(found.findings > 0)
