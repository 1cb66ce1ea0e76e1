"""A gate for continuous integration: which measured rates are too low to go on."""

from __future__ import annotations

from collections.abc import Sequence

from assay.evaluation.runs import OpenRun


def too_low(
    runs: Sequence[OpenRun], rate: float | None = None, low: float | None = None
) -> list[str]:
    """A sentence for each environment that does not get through.

    Args:
        rate: the least pass rate (the point estimate). low: the least lower end of the interval.
            Where nothing finished, or a run is not complete, it is too low in any case.
    """
    said: list[str] = []
    for run in runs:
        part = run.info.settings.get("shard")
        for row in run.results:
            name = f"{run.label}, {row.env}"
            if part is not None:
                said.append(f"{name}: shard {part} is only a part of its run")
            elif not row.complete:
                said.append(f"{name}: only {row.done} of {row.planned} episodes are there")
            elif row.pass_rate is None or not row.counts["finished"]:
                said.append(f"{name}: no episode finished")
            elif rate is not None and row.pass_rate < rate:
                said.append(f"{name}: pass rate {row.pass_rate:.3f} is below {rate:g}")
            elif low is not None and row.low < low:
                said.append(f"{name}: lower end {row.low:.3f} is below {low:g}")
    return said
