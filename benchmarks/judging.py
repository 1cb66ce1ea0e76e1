"""A library that judges, in a process of its own: answers go in, what it made of them comes out.

`python -m benchmarks.judging LIBRARY` reads one JSON object a line and writes one for each. A
process can be killed whatever it is doing, which is why the judging is done in one: alarms inside a
process do not reach a computation that is under way in native code.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any

MEMORY_BYTES = 4 << 30  # of address space; beyond it a library gets a MemoryError
SLOW_SHARE = 0.8  # a time-out in which less of a core was had says nothing about the library
_TICK_S = 1 / os.sysconf("SC_CLK_TCK")

Ready = Callable[[], Mapping[str, Any]]


def tree_cpu_s() -> float:
    """CPU-seconds of this process and all that it started, those that live included."""
    times = os.times()
    own = times.user + times.system + times.children_user + times.children_system
    return own + sum(_living_cpu_s(child) for child in _children(os.getpid()))


def _children(pid: int) -> list[int]:
    try:
        texts = [p.read_text() for p in Path(f"/proc/{pid}/task").glob("*/children")]
    except OSError:
        return []
    return [int(child) for text in texts for child in text.split()]


def _living_cpu_s(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return 0.0
    own = sum(map(int, fields[11:15])) * _TICK_S
    return own + sum(_living_cpu_s(child) for child in _children(pid))


# ------------------------------------------------------------------ assay


class Assay:
    """`MathVerifier` with its default settings; a case's tolerance is declared, as it must be."""

    def __init__(self) -> None:
        from assay.core.types import Problem
        from assay.verifiers import MathVerifier, Tolerance

        self._problem, self._verifier, self._tolerance = Problem, MathVerifier, Tolerance
        self._usual = MathVerifier()

    def prepared(self, item: Mapping[str, Any]) -> Ready:
        """What judges one item; the reference is read anew unless it was seen before."""
        verifier, response = self._usual, item["response"]
        if item.get("tolerance"):
            tolerance = self._tolerance(abs=Fraction(item["tolerance"]))
            verifier = self._verifier(decimals=tolerance)
        problem = self._problem(prompt=item.get("question", ""), reference=item["gold"])

        def judge() -> dict[str, Any]:
            verdict = verifier.verify(response, problem)
            return {
                "accepted": verdict.passed,
                "status": verdict.status,
                "code": verdict.code,
                "lane": verdict.isolation,
                "worker_cpu_s": verdict.cost.cpu_s,
                "worker_peak_mb": verdict.cost.peak_mb,
            }

        return judge

    ready = prepared


# ------------------------------------------------------------------ math-verify


class TimeOuts(logging.Handler):
    """Counts what math-verify says about its own time-outs, which it returns as a refusal."""

    def __init__(self) -> None:
        super().__init__()
        self.n = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Count it."""
        self.n += record.getMessage().startswith("Timeout during")


class MathVerify:
    """Plain math-verify as its README tells, wherever that leaves a choice in its favour.

    References stand in dollar signs, and where nothing is read there, in a box, and then bare.
    Responses are read with both of its default targets, boxes first. Cases out of its own tests are
    called as these do. Its limits are its defaults: five seconds for each parse and comparison.
    """

    def __init__(self) -> None:
        self._library: Any = importlib.import_module("math_verify")
        # No `Exception`: where its alarm strikes outside of its own handlers, it comes through.
        self._time_out: Any = importlib.import_module("math_verify.errors").TimeoutException
        self._time_outs = TimeOuts()
        for name in ("math_verify.parser", "math_verify.grader"):
            logger = logging.getLogger(name)
            logger.addHandler(self._time_outs)
            logger.propagate = False

    def _targets(self, item: Mapping[str, Any]) -> dict[str, Any]:
        kinds = item.get("peer", {}).get("match_types", ("latex", "expr"))
        if kinds is None:  # a test that leaves everything at its defaults
            return {}
        made = {
            "latex": lambda: self._library.LatexExtractionConfig(boxed_match_priority=0),
            "expr": self._library.ExprExtractionConfig,
        }
        return {"extraction_config": [made[kind]() for kind in kinds]}

    def _gold(self, item: Mapping[str, Any]) -> Any:
        peer, targets = item.get("peer", {}), self._targets(item)
        if "gold" in peer:
            return self._library.parse(peer["gold"], **targets)
        gold = item["gold"]
        for text in (f"${gold}$", rf"\boxed{{{gold}}}", gold):
            found = self._library.parse(text, **targets)
            if found:
                return found
        return []

    def prepared(self, item: Mapping[str, Any]) -> Ready:
        """What judges one item, its reference read anew."""
        return lambda: self._judged(item, self._gold(item))

    def ready(self, item: Mapping[str, Any]) -> Ready:
        """What judges one item whose reference was read before."""
        gold = self._gold(item)
        return lambda: self._judged(item, gold)

    def _judged(self, item: Mapping[str, Any], gold: Any) -> dict[str, Any]:
        options = {
            k: v for k, v in item.get("peer", {}).items() if k not in ("gold", "match_types")
        }
        timed_out, passed = self._time_outs.n, False
        try:
            answer = self._library.parse(item["response"], **self._targets(item))
            passed = bool(self._library.verify(gold, answer, **options))
        except self._time_out:
            return {"accepted": False, "status": "timed out"}
        except Exception as error:
            return {"accepted": False, "status": "raised", "code": type(error).__name__}
        if passed:
            return {"accepted": True, "status": "accepted"}
        if self._time_outs.n > timed_out:
            return {"accepted": False, "status": "timed out"}
        status = "gold unread" if not gold else "refused" if answer else "no answer"
        return {"accepted": False, "status": status}


LIBRARIES: Mapping[str, Callable[[], Any]] = {"assay": Assay, "math-verify": MathVerify}


# ------------------------------------------------------------------ the process


def timed(judge: Ready) -> dict[str, Any]:
    """One outcome with its wall and CPU seconds; those of a worker process included."""
    wall, cpu = time.perf_counter(), time.process_time()
    found = dict(judge())
    cpu_s, wall_s = time.process_time() - cpu, time.perf_counter() - wall
    return found | {"wall_s": wall_s, "cpu_s": cpu_s + found.get("worker_cpu_s", 0.0)}


def judged(library: Any, item: Mapping[str, Any]) -> dict[str, Any]:
    """What a library makes of an item; a time-out on a busy machine gets a second try."""
    found = timed(library.prepared(item))
    if found["status"] == "timed out" and found["cpu_s"] < SLOW_SHARE * found["wall_s"]:
        found = timed(library.prepared(item)) | {"again": True}
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return found | {"peak_mb": peak_mb}


def rate(library: Any, items: list[Mapping[str, Any]], seconds: float) -> dict[str, Any]:
    """Verdicts per CPU-second over whole rounds of the items, after one that is not measured."""
    judges = [library.ready(item) for item in items]
    for judge in judges:
        judge()
    n, start = 0, tree_cpu_s()
    while (spent := tree_cpu_s() - start) < seconds:
        for judge in judges:
            judge()
        n += len(judges)
    one_by_one = [timed(judge) for judge in judges]
    return {
        "per_cpu_s": n / spent,
        "cpu_s": [found["cpu_s"] for found in one_by_one],
        "wall_s": [found["wall_s"] for found in one_by_one],
    }


def pool_overhead(n: int) -> dict[str, Any]:
    """Wall seconds of questions to the pool of workers whose answer takes no time."""
    pool: Any = importlib.import_module("assay.verifiers.workers.pool")
    for _ in range(50):
        pool.ask("builtins:dict", {})
    wall_s: list[float] = []
    for _ in range(n):
        start = time.perf_counter()
        pool.ask("builtins:dict", {"a": 1})
        wall_s.append(time.perf_counter() - start)
    return {"wall_s": wall_s}


def main() -> int:
    """Answer until the input ends."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a library prints is no answer
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    try:
        library = LIBRARIES[sys.argv[1]]()
    except ImportError as error:
        print(json.dumps({"missing": str(error)}), file=out, flush=True)
        return 1
    print(json.dumps({"missing": ""}), file=out, flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        if "item" in asked:
            answer = judged(library, asked["item"])
        elif "items" in asked:
            answer = rate(library, asked["items"], asked["seconds"])
        else:
            answer = pool_overhead(asked["pool"])
        print(json.dumps(answer), file=out, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
