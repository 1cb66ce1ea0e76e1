"""A submitted program that reads standard input and writes standard output."""

from __future__ import annotations

import binascii
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, cast

from assay.core.errors import OptionError, TaskError, bad_value, shorten
from assay.core.types import Limits, Verdict
from assay.verifiers.programs.claims import overall, run_verdict, trouble_verdict
from assay.verifiers.programs.compare import Malformed, single
from assay.verifiers.programs.function import (
    PROGRAM_LIMITS,
    SandboxedVerifier,
    check_settings,
    total_cost,
)
from assay.verifiers.programs.inside.limits import OUTPUT_BYTES
from assay.verifiers.programs.runs import Run, place_for, run
from assay.verifiers.programs.sandbox import Sandbox
from assay.verifiers.tasks import params_of

Lines = Literal["lines", "exact"]
_PATH = "/usr/local/bin:/usr/bin:/bin"


class Language(NamedTuple):
    """How programs of a language are run; words are looked up in the system's folders.

    Attributes:
        file: the name of the source in the scratch folder.
        build: the compiler's command, empty for interpreted languages; it makes `./program`.
        start: the command that runs the program.
        address_space: False for runtimes that reserve more addresses than they use; then memory is
            limited by what is resident.
    """

    file: str
    build: tuple[str, ...] = ()
    start: tuple[str, ...] = ("./program",)
    address_space: bool = True


LANGUAGES: dict[str, Language] = {
    "c": Language("main.c", ("gcc", "-O2", "-std=c17", "-o", "program", "main.c", "-lm")),
    "cpp": Language("main.cpp", ("g++", "-O2", "-std=c++17", "-o", "program", "main.cpp")),
    "javascript": Language("main.js", start=("node", "main.js"), address_space=False),
    "perl": Language("main.pl", start=("perl", "main.pl")),
    "ruby": Language("main.rb", start=("ruby", "main.rb")),
    "shell": Language("main.sh", start=("sh", "main.sh")),
}


@dataclass(frozen=True)
class StdioVerifier(SandboxedVerifier):
    r"""Whether a submitted program answers every test's standard input with the expected output.

    All of the output counts: every line, and none left over on either side. A program that ends
    with another status than 0 fails, whatever it wrote.

    Attributes:
        tests: `[input, output]` each; None: from the task's `params`.
        language: "python", or another one whose compiler or interpreter is installed.
        compare: "lines": white space at the ends of lines and a last line break do not count.
            "exact": every character counts.
        limits: processor time, wall time and memory of each test, compiling included.
        min_level, sandbox, stop_early: as for `PythonFunctionVerifier`.

    Example:
        >>> doubled = StdioVerifier([["4\n", "8\n"], ["-1\n", "-2\n"]])
        >>> doubled.verify("print(2 * int(input()))").passed
        True
    """

    name = "stdio"
    version = "1.0"
    claim = "program"

    tests: Sequence[Any] | None = None
    language: str = field(default="python", kw_only=True)
    compare: Lines = field(default="lines", kw_only=True)
    limits: Limits = field(default=PROGRAM_LIMITS, kw_only=True)
    min_level: int = field(default=1, kw_only=True)
    sandbox: Sandbox = field(default=Sandbox(), kw_only=True)
    stop_early: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse settings that no task could be judged by."""
        if self.language not in ("python", *LANGUAGES):
            known = ", ".join(["python", *LANGUAGES])
            raise bad_value("language", self.language, f"one of {known}")
        if self.compare not in ("lines", "exact"):
            raise bad_value("compare", self.compare, "'lines' or 'exact'")
        check_settings(self.min_level, self.limits)
        if self.tests is not None:
            try:
                read_texts(self.tests)
            except TaskError as error:
                raise OptionError(str(error)) from error

    def judge(self, outcome: object, task: object) -> Verdict:
        """Find the program, run it on every input, compare what it writes."""
        tests = self.tests if self.tests is not None else params_of(task).get("tests")
        pairs = read_texts(tests)
        found = self.program_in(outcome)
        if isinstance(found, Verdict):
            return found
        request = self._request(found.text)
        if isinstance(request, Verdict):
            return request
        place = place_for(self.sandbox, self.min_level, tools=self.language != "python")
        if isinstance(place, Run):
            return Verdict.error(place.fault_code, place.fault)
        children: list[Verdict] = []
        for given, expected in pairs:
            result = run({**request, "stdin": given}, place, self.limits)
            children.append(replace(self._judged(result, expected), cost=result.cost))
            if not children[-1].passed and (self.stop_early or children[-1].is_error):
                break
        details = {**found.details, "sandbox": place.way}
        fields = {"extracted": found.text, "span": (found.start, found.end)}
        fields |= {"isolation": place.isolation, "cost": total_cost(children)}
        return overall(children, len(pairs), details, **fields)

    def _request(self, source: str) -> dict[str, Any] | Verdict:
        if self.language == "python":
            return {"kind": "script", "source": source}
        language = LANGUAGES[self.language]
        words: dict[str, list[str]] = {}
        for name, command in (("compile", language.build), ("run", language.start)):
            words[name] = list(command)
            if command and not command[0].startswith("./"):
                program = shutil.which(command[0], path=_PATH)
                if program is None:
                    reason = f"{command[0]} is not installed, which {self.language} needs."
                    return Verdict.error("machine.no_language", reason)
                words[name][0] = program
        extra = {"file": language.file, "address_space": language.address_space}
        return {"kind": "command", "source": source, **words, **extra}

    def _judged(self, result: Run, expected: str) -> Verdict:
        trouble = run_verdict(result)
        if trouble is not None:
            return trouble
        unpacked = _unpacked(result)
        if isinstance(unpacked, Verdict):
            return unpacked
        result = unpacked
        if result.output_bytes > OUTPUT_BYTES:
            reason = f"It wrote more than {OUTPUT_BYTES} bytes."
            return Verdict.reject("limit.size", reason, status="over_limit")
        if result.exit != 0:
            return Verdict.reject("program.exit_status", _ending(result.exit))
        try:
            output = result.output.decode("utf-8")
        except UnicodeDecodeError:
            return Verdict.reject("program.different", "The output is no UTF-8 text.")
        equal = (
            output == expected if self.compare == "exact" else _lines(output) == _lines(expected)
        )
        if equal:
            return Verdict.accept("program.equal", "The output is the expected one.")
        return Verdict.reject("program.different", "The output is not the expected one.")


def read_texts(tests: object) -> list[tuple[str, str]]:
    """The tests of a task as pairs of texts.

    Raises:
        TaskError: there are none, or one of them cannot be read.
    """
    if not isinstance(tests, Sequence) or isinstance(tests, str | bytes):
        raise TaskError("The task has no tests: give a list of [input, output].")
    pairs: list[tuple[str, str]] = []
    for number, item in enumerate(cast(Sequence[Any], tests), 1):
        parts: list[Any] = []
        if isinstance(item, Mapping):
            named = cast(Mapping[str, Any], item)
            parts = [named.get("input"), named.get("output")]
        elif isinstance(item, list | tuple):
            parts = list(cast(list[Any], item))
        if [type(part) for part in parts] != [str, str]:
            shown = shorten(cast(object, item))
            raise TaskError(f"Test {number} is {shown}: expected [input, output], texts.")
        pairs.append((parts[0], parts[1]))
    if not pairs:
        raise TaskError("The task has no tests, and nothing is ever right by zero tests.")
    return pairs


def _unpacked(result: Run) -> Run | Verdict:
    """The exit status and output, also where they came in a frame because nothing else could."""
    if not result.frames:
        return result
    try:
        kind, value = single(result.frames[0])
        if kind == "done" and len(result.frames) == 1:
            code, count, text = value
            output = binascii.a2b_base64(text)
            return replace(result, exit=code, output=output, output_bytes=count)
    except (Malformed, ValueError, TypeError):
        return trouble_verdict("malformed", "")
    return trouble_verdict(kind, value)


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return f"It was ended by signal {-status}."
    return "It ended with another status than 0."


def _lines(text: str) -> list[str]:
    """The lines without white space at their ends; a last line break opens no further line."""
    lines = [line.rstrip(" \t\r") for line in text.split("\n")]
    if lines[-1] == "":
        lines.pop()
    return lines
