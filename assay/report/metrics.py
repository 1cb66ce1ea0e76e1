"""Learning curves: `metrics.jsonl` beside a results file, as training writes it.

One JSON object a line: `step`, a number, and any named numbers beside it. Other values are passed
over, so a line may also hold notes; a line that cannot be read (the last one of a run that was
killed) is counted.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from assay.evaluation.runs import OpenRun

FILE = "metrics.jsonl"
STEP = "step"


@dataclass(frozen=True)
class Metrics:
    """The curves of one folder.

    Attributes:
        series: name -> (steps, values), in the order of first mention.
        unread: lines that are no JSON object with a step.
    """

    folder: str
    series: dict[str, tuple[list[float], list[float]]]
    unread: int


def read_metrics(runs: Sequence[OpenRun]) -> tuple[Metrics, ...]:
    """The curves that lie beside these runs' files, each folder once."""
    folders = dict.fromkeys(run.store.path.parent for run in runs if run.store.path is not None)
    found = [
        parse_metrics(path, folder.name or str(folder))
        for folder in folders
        if (path := Path(folder) / FILE).is_file()
    ]
    return tuple(metrics for metrics in found if metrics.series or metrics.unread)


def parse_metrics(path: Path, name: str) -> Metrics:
    """The curves of one file."""
    with path.open(encoding="utf-8", errors="replace") as lines:
        return _collect(lines, name)


def _collect(lines: Iterable[str], name: str) -> Metrics:
    series: dict[str, tuple[list[float], list[float]]] = {}
    unread = 0
    for line in lines:
        if not line.strip():
            continue
        values = _object(line)
        step = _number(values.get(STEP))
        if step is None:
            unread += 1
            continue
        for key, value in values.items():
            number = _number(value)
            if key != STEP and number is not None:
                steps, numbers = series.setdefault(key, ([], []))
                steps.append(step)
                numbers.append(number)
    return Metrics(name, series, unread)


def _object(line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError:
        return {}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else {}


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
