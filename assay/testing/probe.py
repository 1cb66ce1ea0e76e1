"""A second process that plays the same episodes, for all that one process cannot see.

It is started once for each setting, kept, and asked with one JSON line a question. It makes the id
from its card, so it needs no registration, only a module that can be imported. With `--watch` an
audit hook notes connections and writes; what C code does without an audit event, and what child
processes do, it does not see.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import selectors
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

from assay.core import registry
from assay.core.types import EnvCard
from assay.testing.cases import Case, ContractViolation, NotApplicable
from assay.testing.episodes import gold, play, random_play

ANSWER_WITHIN_S = 180.0
_FAR_SIDE = "from assay.testing.probe import serve; serve()"
_WRITE_FLAGS = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_NETWORK = (
    "socket.connect",
    "socket.bind",
    "socket.getaddrinfo",
    "socket.sendto",
    "urllib.Request",
)
_CHANGES = tuple(
    f"os.{name}" for name in "mkdir remove rename rmdir link symlink truncate chmod".split()
)


def digests(case: Case, seeds: Sequence[int]) -> list[str]:
    """One digest for each seed: a random episode and, where there is a proof, a gold one."""
    found: list[str] = []
    with case.open() as env:
        for seed in seeds:
            found.append(play(env, random_play(seed), seed=seed).digest())
            if case.card.proof != "none":
                found.append(play(env, gold, seed=seed).digest())
    return found


class Probe:
    """The near side: starts the process, asks, reads the answer."""

    def __init__(self, hash_seed: str, *, watch: bool = False) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="assay-probe-"))
        env = os.environ | {
            "PYTHONHASHSEED": hash_seed,
            "PYTHONPATH": os.pathsep.join(filter(None, sys.path)),
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self.folder),
        }
        self.errors = open(self.folder / "stderr", "w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-c", _FAR_SIDE, *(["--watch"] if watch else [])],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            env=env,
            text=True,
        )
        atexit.register(self.close)

    def ask(self, case: Case, question: str, **arguments: Any) -> Any:
        """The far side's answer.

        Raises:
            NotApplicable: no other process can import what the id is made of.
            ContractViolation: the far side raised, died, or did not answer in time.
        """
        named = f"{case.card.entry_point} {case.card.kwargs}"
        if "__main__:" in named or "<locals>" in named:
            raise NotApplicable(
                "a task defined in __main__ or in a function: no other process has it"
            )
        request = {"question": question, "arguments": arguments, **case.wire()}
        assert self.process.stdin is not None and self.process.stdout is not None
        try:
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise ContractViolation(f"{case}: {self._post_mortem()}") from None
        with selectors.DefaultSelector() as selector:
            selector.register(self.process.stdout, selectors.EVENT_READ)
            if not selector.select(ANSWER_WITHIN_S):
                self.process.kill()
                raise ContractViolation(f"{case}: no answer from a fresh process within 3 minutes.")
        line = self.process.stdout.readline()
        if not line:
            raise ContractViolation(f"{case}: {self._post_mortem()}")
        answer = json.loads(line)
        if "error" in answer:
            raise ContractViolation(f"{case}: in a fresh process: {answer['error']}")
        return answer["value"]

    @property
    def alive(self) -> bool:
        """Whether it can still be asked."""
        return self.process.poll() is None

    def _post_mortem(self) -> str:
        self.process.wait(10)
        self.errors.seek(0)
        tail = self.errors.read()[-600:]
        return f"the fresh process ended with status {self.process.returncode}: …{tail}"

    def close(self) -> None:
        """End the process and remove its folder."""
        if self.alive:
            self.process.kill()
        self.process.wait(10)
        for stream in (self.process.stdin, self.process.stdout, self.errors):
            if stream is not None and not stream.closed:
                try:
                    stream.close()
                except BrokenPipeError:
                    pass
        shutil.rmtree(self.folder, ignore_errors=True)


@cache
def _kept(hash_seed: str, watch: bool) -> list[Probe]:
    return []


def probe(hash_seed: str, *, watch: bool = False) -> Probe:
    """The process of this setting, started on first use and again after a death."""
    kept = _kept(hash_seed, watch)
    if not kept or not kept[0].alive:
        kept[:] = [Probe(hash_seed, watch=watch)]
    return kept[0]


# ---------------------------------------------------------------------- the far side


class Watch:
    """Notes what an audit hook sees while it is on: network use, and writes outside a folder."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self.on = False
        self.seen: list[str] = []
        sys.addaudithook(self.note)

    def note(self, event: str, args: tuple[Any, ...]) -> None:
        """The hook itself; a broken one would break every call in the process, so it is short."""
        if not self.on:
            return
        if event in _NETWORK:
            named = [arg for arg in args if isinstance(arg, str | bytes | tuple)]
            self.seen.append(f"{event} {named!r:.80}")
        elif event == "open" and isinstance(args[0], str | bytes):
            writes = any(c in (args[1] or "") for c in "wax+") or bool(
                (args[2] or 0) & _WRITE_FLAGS
            )
            if writes and self.outside(args[0]):
                self.seen.append(f"open {os.fsdecode(args[0])} for writing")
        elif event in _CHANGES and isinstance(args[0], str | bytes) and self.outside(args[0]):
            self.seen.append(f"{event} {os.fsdecode(args[0])}")

    def outside(self, path: str | bytes) -> bool:
        """Whether a path is neither in the temporary folder nor a device."""
        real = os.path.realpath(os.fsdecode(path))
        return not real.startswith((self.folder + os.sep, "/dev/"))


def _answer(request: Mapping[str, Any], watch: Watch | None) -> Any:
    case = Case(_known(EnvCard(**_tuples(request["card"]))), request["options"])
    if request["question"] == "digests":
        return digests(case, **request["arguments"])
    assert watch is not None, "asked about writes without --watch"
    watch.seen.clear()
    watch.on = True
    try:
        digests(case, **request["arguments"])
    finally:
        watch.on = False
    return sorted(set(watch.seen))


def _known(card: EnvCard) -> str:
    """The id of a card, registered by its own package if that does so, else from the card."""
    for target in (card.entry_point, *card.kwargs.values()):
        module = target.partition(":")[0] if isinstance(target, str) else ""
        if ":" in str(target) and all(part.isidentifier() for part in module.split(".")):
            with suppress(ImportError):
                importlib.import_module(module)
    if card.id not in registry.ids():
        registry.register(card)
    return card.id


def _tuples(card: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in card.items()}


def serve() -> None:
    """Answer the questions on standard input until it is closed."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever an environment prints must not be read as an answer
    watch = Watch(tempfile.gettempdir()) if "--watch" in sys.argv else None
    for line in sys.stdin:
        try:
            answer = {"value": _answer(json.loads(line), watch)}
        except Exception as err:  # told to the near side, which words it as a violation
            answer = {"error": f"{type(err).__name__}: {err}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
