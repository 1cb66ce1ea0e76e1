"""Small files for the tasks that read data, so that the suite needs no download.

A card's variant names such a file with a placeholder, as in `{"path": "{data}/gsm8k"}`; the part
after `{data}/` picks the writer. The files live in one temporary folder a process.
"""

from __future__ import annotations

import atexit
import json
import shutil
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

PLACEHOLDER = "{data}/"

_NAMES = "Ada Ben Cleo Dan Eve Finn Gia Hugo Ines Jon".split()
_GOODS = "apples books coins drums eggs flags".split()


def _gsm8k(folder: Path) -> None:
    """Made-up word problems in the files and the form of GSM8K, every answer different."""
    folder.mkdir()
    for name, first, count in (("train", 0, 60), ("test", 60, 20)):
        lines = [json.dumps(_word_problem(k)) for k in range(first, first + count)]
        (folder / f"{name}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _word_problem(k: int) -> dict[str, str]:
    who, what = _NAMES[k % len(_NAMES)], _GOODS[k % len(_GOODS)]
    boxes, each, extra = 3 + k % 7, 40 + 3 * k, 5 + k % 11
    total = boxes * each + extra
    return {
        "question": f"{who} fills {boxes} boxes with {each} {what} each and keeps {extra} more. "
        f"How many {what} does {who} have in all?",
        "answer": f"The boxes hold {boxes}*{each} = <<{boxes}*{each}={boxes * each}>>"
        f"{boxes * each} {what}.\nWith {extra} more that makes {total}.\n#### {total}",
    }


WRITERS: dict[str, Callable[[Path], None]] = {"gsm8k": _gsm8k}


@cache
def data_folder() -> Path:
    """The folder that `{data}` stands for in this process; removed at exit."""
    folder = Path(tempfile.mkdtemp(prefix="assay-data-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def data_path(name: str) -> Path:
    """The file or folder `name`, written on first use."""
    path = data_folder() / name
    if not path.exists():
        WRITERS[name](path)
    return path


def filled(options: Mapping[str, Any]) -> dict[str, Any]:
    """Options with every `{data}/name` replaced by a path to such data."""
    return {
        key: str(data_path(value.removeprefix(PLACEHOLDER)))
        if isinstance(value, str) and value.startswith(PLACEHOLDER)
        else value
        for key, value in options.items()
    }
