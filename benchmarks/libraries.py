"""The processes in which libraries judge, and the end of those that do not come to one."""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.judging import LIBRARIES
from benchmarks.measure import NotInstalled
from benchmarks.sets import Item

STOP_CPU_S, STOP_WALL_S = 30.0, 120.0  # for one answer; both libraries have shorter limits inside
START_S = 120.0
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")
_ROOT = Path(__file__).resolve().parent.parent
# Both read square roots, so that what is loaded late is loaded, and a worker started.
_WARM_UP = Item(
    id="warm-up",
    set="",
    category="",
    gold=r"4\sqrt{5}",
    response=r"\boxed{\sqrt{80}+\sqrt{2}-\sqrt{2}}",
    label=True,
)


class Broken(Exception):
    """A library that did not come to the end of what was measured."""


@dataclass(frozen=True)
class Judged:
    """An item and what a library made of it.

    Attributes:
        status: the library's own word; `stopped` where it had to be killed, `died` where it died.
        lane: where it was decided.
    """

    item: Item
    accepted: bool
    status: str
    code: str = ""
    lane: str = ""
    wall_s: float = 0.0
    cpu_s: float = 0.0
    peak_mb: float = 0.0
    worker_peak_mb: float = 0.0

    @property
    def undecided(self) -> bool:
        """Whether this says nothing about the answer, for all that it counts as a refusal."""
        return self.status in ("task_error", "verifier_error", "gold unread", "stopped", "died")


class Library:
    """A library in a process of its own, which is started anew whenever it is gone."""

    def __init__(
        self, name: str, stop_cpu_s: float = STOP_CPU_S, stop_wall_s: float = STOP_WALL_S
    ) -> None:
        if name not in LIBRARIES:
            raise ValueError(f"No library '{name}': there are {', '.join(LIBRARIES)}.")
        self.name = name
        self._stop_cpu_s, self._stop_wall_s = stop_cpu_s, stop_wall_s
        self._process: subprocess.Popen[str] | None = None

    def __enter__(self) -> Library:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the process, and what it started."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        process.communicate()

    def judged(self, items: Sequence[Item]) -> Iterator[Judged]:
        """Each item, one after the other."""
        for item in items:
            answer = self.ask({"item": as_json(item)}, self._stop_wall_s, self._stop_cpu_s)
            keys = Judged.__dataclass_fields__.keys() & answer.keys()
            yield Judged(item=item, **{key: answer[key] for key in keys})

    def rate(self, items: Sequence[Item], seconds: float) -> dict[str, Any]:
        """Verdicts per CPU-second over these items."""
        asked = {"items": [as_json(item) for item in items], "seconds": seconds}
        answer = self.ask(asked, 100 * seconds + 600)
        if "per_cpu_s" not in answer:
            raise Broken(f"{answer['status']} while its speed was measured")
        return answer

    def ask(
        self, asked: Mapping[str, Any], stop_wall_s: float, stop_cpu_s: float = float("inf")
    ) -> dict[str, Any]:
        """The process's answer, or what became of the process."""
        if self._process is None:
            self._start()
        process = self._process
        assert process is not None and process.stdin is not None
        start, cpu_s = time.monotonic(), _cpu_s(process.pid)
        try:
            process.stdin.write(json.dumps(asked) + "\n")
            process.stdin.flush()
        except OSError:
            return self._gone("died", start)
        while True:
            line = self._line(1.0)
            if line:
                return json.loads(line)
            if line == "":
                return self._gone("died", start)
            spent = _cpu_s(process.pid) - cpu_s
            if spent > stop_cpu_s or time.monotonic() - start > stop_wall_s:
                return self._gone("stopped", start, spent)

    def _gone(self, status: str, start: float, cpu_s: float = 0.0) -> dict[str, Any]:
        self.close()
        wall_s = time.monotonic() - start
        return {"accepted": False, "status": status, "wall_s": wall_s, "cpu_s": cpu_s}

    def _start(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.judging", self.name],
            cwd=_ROOT,
            env={**os.environ, "PYTHONPATH": str(_ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        line = self._line(START_S)
        if not line:
            self.close()
            raise NotInstalled("its process did not start; what it said stands above")
        missing = json.loads(line)["missing"]
        if missing:
            self.close()
            raise NotInstalled(
                f"not installed ({missing}): pip install -r benchmarks/requirements.txt"
            )
        self.ask({"item": as_json(_WARM_UP)}, START_S)

    def _line(self, wait_s: float) -> str | None:
        """The next line; empty at the end of the process, None where none came in time."""
        assert self._process is not None and self._process.stdout is not None
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            return self._process.stdout.readline() if selector.select(wait_s) else None


def as_json(item: Item) -> dict[str, Any]:
    """What the other process is told: not the label."""
    values = asdict(item)
    told = ("gold", "response", "question", "peer")
    tolerance = None if item.tolerance is None else str(item.tolerance)
    return {key: values[key] for key in told} | {"tolerance": tolerance}


def _cpu_s(pid: int) -> float:
    """CPU-seconds of a process; 0 where there is no /proc, and only the wall limit holds."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) * _TICK_S
