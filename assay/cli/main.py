"""`assay VERB …`: finds the verb, and turns what goes wrong into a sentence and an exit code.

Exit codes: 0 done; 1 a check failed or a defect was found; 2 usage; 3 interrupted, resumable.
"""

from __future__ import annotations

import functools
import importlib
import logging
import operator
import os
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any, NoReturn

from assay.cli.output import data_apart
from assay.cli.verbs import VERBS
from assay.core.errors import AssayError, nearest

DONE, DEFECT, USAGE, INTERRUPTED = 0, 1, 2, 3
_LINGER_S = 3.0  # for threads that are left when everything is done
SHELLS = ("bash", "zsh", "tcsh", "fish")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; the exit code is returned."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        return _dispatch(words)
    except AssayError as err:
        _tell(f"assay: {err}")
        return getattr(err, "exit_code", USAGE)  # a full disk is no misuse: 3, resumable
    except KeyboardInterrupt:
        _tell("assay: interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # `assay list | head`: whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE


def program() -> NoReturn:
    """`main` as a program of its own, which ends when it is done.

    A thread that a policy left running would keep it waiting for ever; whatever else happens at
    the end of a program gets its time.
    """
    code = main()
    if any(t is not threading.main_thread() and not t.daemon for t in threading.enumerate()):
        threading.Thread(target=_end_soon, args=(code,), daemon=True).start()
    sys.exit(code)


def _end_soon(code: int) -> None:
    time.sleep(_LINGER_S)
    _tell("assay: a thread that was left running is ended.")
    os._exit(code)


def _tell(text: str) -> None:
    """A line on standard error; file names and data that it quotes cannot steer the terminal."""
    _show().note(text)


def _show() -> Any:
    return importlib.import_module("assay.cli.show")  # and rich: only what says something pays


def _dispatch(words: list[str]) -> int:
    if not words or words[0] in ("-h", "--help", "help"):
        if len(words) > 1 and words[1] in VERBS:
            return _dispatch([words[1], "--help"])
        print(_overview())
        return DONE
    if words[0] in ("-V", "--version"):
        print(f"assay {_version()}")
        return DONE
    if words[0] == "--print-completion":
        return _print_completion(words[1:])
    if words[0] not in VERBS:
        kind = "flag" if words[0].startswith("-") else "verb"
        known = VERBS if kind == "verb" else ("--help", "--version", "--print-completion")
        _tell(
            f"assay: no {kind} '{words[0]}'.{nearest(words[0], known)} "
            "`assay --help` shows every verb."
        )
        return USAGE
    return _run(words[0], words[1:])


def _run(verb: str, words: list[str]) -> int:
    """Do one verb: its module has a dataclass `Flags` and a function `run(flags, words)`."""
    if os.getcwd() not in sys.path and "" not in sys.path:
        sys.path.append(os.getcwd())  # one's own modules are found, as with `python -m`
    module: Any = importlib.import_module(VERBS[verb].module)
    flags_module: Any = importlib.import_module("assay.cli.flags")
    try:
        flags = flags_module.parse(module.Flags, verb, words)
    except flags_module.HelpShown:
        return DONE
    with data_apart(), _notes_on_stderr():
        for name in flags.imports:
            _import(name)
        return module.run(flags, words)


def _import(name: str) -> None:
    try:
        importlib.import_module(name)
    except ModuleNotFoundError as err:
        if err.name and (name == err.name or name.startswith(f"{err.name}.")):
            raise AssayError(
                f"--import {name}: there is no such module here; run the command in its folder, "
                "or put that on PYTHONPATH."
            ) from err
        raise
    except SystemExit as err:
        raise AssayError(f"--import {name}: the module ends the process ({err!r}).") from err


class _Notes(logging.Formatter):
    """Messages quote what policies and environments say."""

    def format(self, record: logging.LogRecord) -> str:
        """The message, as any terminal takes it."""
        return _show().printable(super().format(record))


@contextmanager
def _notes_on_stderr() -> Iterator[None]:
    """What the library logs goes to stderr while a verb runs; the logger is left as it was."""
    log = logging.getLogger("assay")
    before = (log.level, log.propagate)
    handler = logging.StreamHandler()
    handler.setFormatter(_Notes("assay: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(before[0])
        log.propagate = before[1]


def _overview() -> str:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {name:<{width}}  {verb.summary}" for name, verb in VERBS.items())
    examples = "\n".join(f"  {verb.example}" for verb in VERBS.values())
    return f"""usage: assay VERB [flags]

Environments with yes-or-no verdicts, and what policies make of them.

verbs:
{verbs}

examples:
{examples}

`assay VERB --help` explains a verb. Options of an environment ride on its id as a query:
'assay/Arithmetic-v0?digits=1&n_shots=3'. A policy is random, scripted, smollm2, hf:FOLDER_OR_NAME,
endpoint:MODEL@ADDRESS, sb3:FILE, or module:attribute.

Other flags: --version, and --print-completion bash|zsh|tcsh|fish for your shell.
Exit codes: 0 done; 1 a check failed or a defect was found; 2 usage; 3 interrupted, resumable."""


def _version() -> str:
    return sys.modules["assay"].__version__


def _print_completion(words: list[str]) -> int:
    if len(words) != 1 or words[0] not in SHELLS:
        _tell(f"assay: --print-completion takes one of {', '.join(SHELLS)}.")
        return USAGE
    tyro: Any = importlib.import_module("tyro")
    kinds = [
        Annotated[importlib.import_module(verb.module).Flags, tyro.conf.subcommand(name)]
        for name, verb in VERBS.items()
    ]
    try:
        tyro.cli(
            functools.reduce(operator.or_, kinds),
            prog="assay",
            args=["--tyro-print-completion", words[0]],
            config=(tyro.conf.FlagCreatePairsOff,),
        )
    except SystemExit as end:
        return int(bool(end.code))
    return DONE


if __name__ == "__main__":
    program()
