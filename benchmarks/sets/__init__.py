"""The labelled sets of the verifiers' benchmark: answers, and whether they should be accepted.

Labels were written, or computed by `exact`, before either library was measured on them; what was
mended later stands in `corrections.jsonl` with its reason. See `README.md`.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from benchmarks.sets import gsm8k

HERE = Path(__file__).parent
PUBLIC_CASES = HERE.parent.parent / "tests" / "data" / "verifiers-cases.json"
COMMITTED = ("math_verify", "trees", "contest", "attacks")
NAMES = ("gsm8k", "math_verify", "public", "trees", "contest", "attacks")
ADVERSARIAL = ("attacks",)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One answer to one problem.

    Attributes:
        label: whether it should be accepted, by the rules that the verifiers follow.
        peer_label: what the source of the case says, where that differs from `label`.
        rule: why it differs.
        question: the problem's text, where the rules give it a part.
        tolerance: absolute, where the case declares one.
        peer: how the case's source calls math-verify, where it says so.
    """

    id: str
    set: str
    category: str
    gold: str
    response: str
    label: bool
    why: str = ""
    question: str = ""
    tolerance: Fraction | None = None
    peer_label: bool | None = None
    rule: str = ""
    peer: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def source_label(self) -> bool:
        """The label of the case's source."""
        return self.label if self.peer_label is None else self.peer_label


def load(names: Sequence[str] = NAMES, gsm8k_path: str | None = None) -> list[Item]:
    """The items of some sets, in order.

    Args:
        names: which; `gsm8k` needs a path.
        gsm8k_path: the folder with GSM8K's `test.jsonl`, which is not kept here.
    """
    loaders: dict[str, Callable[[], Iterator[Item]]] = {
        name: lambda name=name: _committed(name) for name in COMMITTED
    }
    loaders["public"] = _public
    if gsm8k_path is not None:
        loaders["gsm8k"] = lambda: map(_item, gsm8k.items(gsm8k_path))
    return [item for name in names for item in loaders[name]()]


def corrections() -> list[dict[str, Any]]:
    """Labels that were mended after a measurement: id, label and reason."""
    return list(_lines(HERE / "corrections.jsonl"))


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as file:
        yield from map(json.loads, file)


def _committed(name: str) -> Iterator[Item]:
    mended = {row["id"]: row["label"] for row in corrections()}
    for row in _lines(HERE / f"{name}.jsonl"):
        if row["id"] in mended:
            row["label"] = mended[row["id"]]
        yield _item(row)


def _item(row: Mapping[str, Any]) -> Item:
    """A line as an item; a case whose source is overruled has its label twice in the line."""
    values = dict(row)
    if "response_parts" in values:
        values["response"] = "".join(text * n for text, n in values.pop("response_parts"))
    if "tolerance" in values:
        values["tolerance"] = Fraction(values["tolerance"])
    if "spec_label" in values:
        values["peer_label"] = values["label"]
        values["label"] = values.pop("spec_label")
    return Item(**values)


def _public() -> Iterator[Item]:
    """The mathematical ones of the public cases."""
    for case in json.loads(PUBLIC_CASES.read_text(encoding="utf-8")):
        if case["verifier"] == "math":
            keys = ("id", "category", "gold", "question", "response", "response_parts")
            row = {key: case[key] for key in keys if key in case}
            yield _item({**row, "set": "public", "label": case["expected"]})
