"""What the tests ask of workers: functions that answer, overspend, hang, die and lie."""

import hashlib
import os
import signal
import sys
import threading
import time
from fractions import Fraction
from typing import Any

from assay.core.errors import TaskError
from assay.core.types import Limits, Verdict
from assay.verifiers import BaseVerifier, verifier
from assay.verifiers.base import Pending
from assay.verifiers.workers.pending import ask_worker
from assay.verifiers.workers.phases import phase

QUICK = Limits(cpu_s=0.3, wall_s=5.0, memory_mb=200)
WARMED: list[str] = []


def warm_up():
    WARMED.append("warm")


def echo(payload):
    return payload


def place(payload):
    return {"pid": os.getpid(), "parent": os.getppid(), "warmed": WARMED}


def spin(payload):
    for name in payload.get("phases", ()):
        phase(name)
    while True:
        pass


def native(payload):
    """Minutes in one C call, which sees no signal of Python's."""
    return {"digits": len(str(10 ** (10**9)))}


def fill(payload):
    if payload.get("phase"):
        phase(payload["phase"])
    hoard = []
    while True:
        hoard.append(bytearray(10 << 20))


def grow(payload):
    """Keep memory that no limit forbids."""
    WARMED.append("x" * (payload["mb"] << 20))
    return {"pid": os.getpid()}


def deep(payload):
    return deep(payload)


def wait(payload):
    if "mark" in payload:
        open(payload["mark"], "w").close()  # empty files can be made
    time.sleep(payload["s"])
    return {"pid": os.getpid()}


def work(payload):
    """So many seconds of CPU time, in phases if asked."""
    for name in payload.get("phases", ("",)):
        phase(name)
        until = time.process_time() + payload["s"]
        while time.process_time() < until:
            pass
    return {"value": payload["value"]}


def die(payload):
    os.kill(os.getpid(), payload["signal"])
    return {}


def stop_once(payload):
    """Stopped the first time, in whichever worker that is."""
    if not os.path.exists(payload["mark"]):
        return {"pid": os.getpid()}
    os.rename(payload["mark"], payload["mark"] + ".gone")
    os.kill(os.getpid(), signal.SIGSTOP)
    return {}


def leave(payload):
    os._exit(3)


def shut(payload):
    """Close the pipe to the parent, and live on."""
    os.closerange(3, 50)
    time.sleep(payload["s"])
    return {}


def chatter(payload):
    print("not a frame", flush=True)
    os.write(1, b"\xff" * 100)
    return {"stdin": sys.stdin.read()}


def raises(payload):
    if payload["what"] == "task":
        raise TaskError("The reference is no number.")
    raise SystemExit(3) if payload["what"] == "exit" else KeyError("secret")


def no_dict(payload):
    return [1, 2]


def no_json(payload):
    return {"x": Fraction(1, 2)}


def tries(payload):
    """What a worker cannot do."""
    found = {}
    for name, attempt in {
        "write": lambda: os.write(os.open(payload["path"], os.O_CREAT | os.O_WRONLY), b"x"),
        "thread": lambda: threading.Thread(target=int).start(),
        "fork": lambda: os.fork() or os._exit(0),
    }.items():
        try:
            attempt()
            found[name] = "done"
        except (OSError, RuntimeError) as error:
            found[name] = type(error).__name__
    return found


def surroundings(payload):
    return {
        "environment": sorted(os.environ),
        "hash": hash("assay"),
        "session": os.getsid(0) == os.getpid() == os.getpgid(0),
        "recursion": sys.getrecursionlimit(),
        "digits": sys.get_int_max_str_digits(),
        "path": sys.path,
        "open": sorted(map(int, os.listdir("/proc/self/fd"))),
    }


def nested(payload):
    """A worker that asks in its turn asks itself."""
    return {
        "pid": os.getpid(),
        "verdict": shouts.verify("HELLO").status,
        "where": Remote().verify("here").details["pid"],
    }


def order_of(payload):
    return {"order": list({f"name{i}" for i in range(20)})}


# ---------------------------------------------------------------------- verifiers


@verifier
def shouts(outcome: str, task: object) -> bool:
    return outcome.isupper()


@verifier(isolation="worker", limits=QUICK)
def slow(outcome: str, task: object) -> bool:
    while outcome == "spin":
        pass
    while outcome == "deep":
        return slow.function(outcome, task)
    return len(bytearray(10**9)) > 0 if outcome == "big" else outcome == task


@verifier(isolation="in_process")
def stays(outcome: str, task: object) -> bool:
    return os.getpid() == task


def plain(outcome: str, task: object) -> bool:
    return outcome == repr(task)


@verifier
def vague(outcome: str, task: object) -> Any:
    if outcome == "raise":
        raise KeyError("secret")
    return outcome


class Remote(BaseVerifier):
    """Decides in two questions: whose digest is it, and does it begin as the task says."""

    name, limits = "remote", Limits(cpu_s=0.3, wall_s=20.0)

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        if outcome == "fast":
            return Verdict.accept("remote.fast", "Decided at once.")
        ask = {"text": outcome, "task": task}
        call = "worker_calls:" + {"spin": "spin", "die": "leave"}.get(str(outcome), "digest")
        return ask_worker(call, ask, self.second, limits=self.limits, fields={"extracted": "x"})

    def second(self, found: Any) -> Pending:
        return ask_worker("worker_calls:echo", found, self.last, limits=self.limits)

    def last(self, found: Any) -> Verdict:
        if found["text"] == "finish fails":
            raise ValueError("no")
        decide = Verdict.accept if found["right"] else Verdict.reject
        return decide("remote.last", "Decided.", extracted=found["digest"], details=found)


def digest(payload):
    found = hashlib.sha256(payload["text"].encode()).hexdigest()
    right = payload["task"] is None or found.startswith(payload["task"])
    return {"digest": found, "right": right, "pid": os.getpid(), "text": payload["text"]}
