"""`judge`: a file of responses in, a file of verdicts out, in parallel and resumable."""

from __future__ import annotations

import json
import os
import pickle
import tempfile
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import asdict, is_dataclass, replace
from pathlib import Path
from typing import Any

from assay.core.errors import OptionError, StoreError, bad_value, shorten
from assay.core.problems import check_split
from assay.core.registry import card, ids
from assay.core.types import Verifier
from assay.evaluation.driver import Interrupts
from assay.evaluation.fingerprint import source_revision, versions
from assay.evaluation.progress import Progress
from assay.evaluation.responses.fields import Checker, Fields, settle
from assay.evaluation.responses.judged import Judged
from assay.evaluation.responses.lines import Line, ResponseFile, Survey, read_record
from assay.evaluation.responses.output import Memory, VerdictFile
from assay.evaluation.responses.pool import WorkerPool
from assay.evaluation.responses.rows import Recipe, Row, written_id
from assay.verifiers.named import load_verifier, verifier_label

TIME_LIMIT_S = 60.0
_PROGRESS_S = 0.1

OnProgress = Callable[[Progress], object]
Responses = str | os.PathLike[str] | Iterable[Mapping[str, Any]]


def judge(
    responses: Responses,
    verifier: str | Verifier | None = None,
    *,
    verifier_settings: Mapping[str, Any] | None = None,
    env: str | None = None,
    split: str | None = None,
    fields: Fields | Mapping[str, str] | None = None,
    out: str | os.PathLike[str] | None = None,
    workers: int = 1,
    overwrite: bool = False,
    skip_bad: bool = False,
    keep: bool = False,
    with_expected: bool = False,
    time_limit_s: float = TIME_LIMIT_S,
    progress: OnProgress | None = None,
) -> Judged:
    """Verdicts about many responses: one for each record, in order.

    Args:
        responses: a JSON-lines file, or records.
        verifier: judges each response against the reference (or parameters) beside it: a name
            (`math`), `module:attribute`, or a verifier. None: each record names a problem of an
            environment, which judges; a list is the actions of an episode.
        verifier_settings: keyword arguments for a verifier made by name.
        env, split: of records that name none.
        fields: keys of the records; what is left out is looked for under its common names.
        out: a file for the verdicts; the same call again continues it. None keeps them in memory.
        workers: processes; 0 judges in this one, where nothing can be cut off.
        overwrite: begin anew where `out` holds verdicts.
        skip_bad: count broken lines instead of refusing the file.
        keep: merge each record into its line. with_expected: tell how the reference was understood.
        time_limit_s: a response that takes longer, twice, is a `verifier_error`.
        progress: called with a `Progress` about ten times a second.

    Raises:
        AssayError: a setting, a name, or a line that cannot be used; nothing has been written then.
        DiskFull: what was written before is kept.
        KeyboardInterrupt: a second interrupt; after the first the results so far are returned.
    """
    _check(verifier, env, split, workers, time_limit_s)
    wanted = fields if isinstance(fields, Fields) else Fields(**dict(fields or {}))
    with ExitStack() as stack:
        source = _source(responses, stack)
        number, first = source.first()
        layout = settle(
            wanted, first, source.where(number), by_env=verifier is None, env=env, split=split
        )
        recipe = Recipe(layout=layout, cards=_cards(), keep=keep, with_expected=with_expected)
        recipe, label = _with_verifier(recipe, verifier, verifier_settings or {}, workers)
        run = _Run(source, recipe, label, _told(verifier), skip_bad, progress)
        sink: VerdictFile | Memory = Memory()
        if out is not None:
            sink = VerdictFile(Path(out))
            stack.callback(sink.close)
        return run.go(sink, workers, time_limit_s, overwrite)


def _check(
    verifier: object, env: str | None, split: str | None, workers: Any, time_limit_s: float
) -> None:
    if verifier is not None and (env is not None or split is not None):
        raise OptionError(
            "A verifier and an environment (or a split) were both given: drop --verifier to judge "
            "by environments, or --env and --split to judge against the references in the file."
        )
    if split is not None:
        check_split(split)
    if isinstance(workers, bool) or not isinstance(workers, int) or workers < 0:
        raise bad_value("workers", workers, "an integer of at least 0")
    if not 0 < time_limit_s < 1e6:
        raise bad_value("time_limit_s", time_limit_s, "a positive number of seconds")


def _cards() -> tuple[Any, ...]:
    """What a script registered by hand, so that workers know it too."""
    return tuple(card(name) for name in ids() if not name.startswith("assay/"))


def _source(responses: Responses, stack: ExitStack) -> ResponseFile:
    if isinstance(responses, str | os.PathLike):
        path = Path(responses)
        return ResponseFile(path, str(path))
    file = stack.enter_context(tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="ascii"))
    for number, record in enumerate(responses, start=1):
        try:
            file.write(json.dumps(record) + "\n")
        except (TypeError, ValueError, RecursionError) as err:
            raise OptionError(
                f"Record {number} cannot be written as JSON ({err}): give dicts of plain values."
            ) from err
    file.flush()
    return ResponseFile(Path(file.name), "records")


def _with_verifier(
    recipe: Recipe, verifier: str | Verifier | None, settings: Mapping[str, Any], workers: int
) -> tuple[Recipe, str]:
    """The recipe with its verifier, made once here so that its faults are said at once."""
    if verifier is None:
        if settings:
            raise OptionError("Settings of a verifier were given, and no verifier.")
        return recipe, "environments"
    if isinstance(verifier, str):
        label = verifier_label(load_verifier(verifier, settings))
        return replace(recipe, spec=verifier, settings=dict(settings)), label
    if settings:
        raise OptionError("Settings are for verifiers made by name: this one is made already.")
    if not callable(getattr(verifier, "verify", None)):
        raise bad_value("verifier", verifier, "a name, or an object with verify(outcome, task)")
    label = verifier_label(verifier)
    if not workers:
        return replace(recipe, made=verifier), label
    try:
        return replace(recipe, pickled=pickle.dumps(verifier)), label
    except Exception as err:
        raise OptionError(
            f"{shorten(verifier, 60)} cannot be sent to a worker process ({err}): name it as "
            "'module:attribute', or give workers=0."
        ) from err


def _told(verifier: object) -> str:
    """A verifier in words that are the same in every process."""
    if verifier is None or isinstance(verifier, str):
        return ""
    kind = type(verifier)
    return repr(verifier) if is_dataclass(verifier) else f"{kind.__module__}:{kind.__qualname__}"


class _Run:
    """One call: the input, the recipe, and what has come out so far."""

    def __init__(
        self, source: ResponseFile, recipe: Recipe, label: str, told: str, skip_bad: bool,
        progress: OnProgress | None,
    ) -> None:  # fmt: skip
        self.source, self.recipe, self.skip_bad, self._told = source, recipe, skip_bad, told
        self.checker = Checker(recipe.layout, keep=recipe.keep)
        self.judged = Judged(source.name, label)
        self._progress = progress
        self._started = self._shown = time.monotonic()

    def go(
        self, sink: VerdictFile | Memory, workers: int, time_limit_s: float, overwrite: bool
    ) -> Judged:
        """Judge what has no verdict yet."""
        lines = self._begin(sink, overwrite)
        judged = self.judged
        if judged.done < judged.planned:
            with Interrupts() as interrupt, closing(
                self._rows(lines, workers, time_limit_s)
            ) as batches:  # fmt: skip
                for rows in batches:
                    self._keep(sink, rows)
                    if interrupt.requested:
                        break
        self._show(last=True)
        if isinstance(sink, Memory):
            judged.lines = sink.lines
        else:
            sink.write(b"")  # it is there, also when no line could be judged
            judged.out = str(sink.path)
        return judged

    def _keep(self, sink: VerdictFile | Memory, rows: list[Row]) -> None:
        if rows:
            sink.write(b"".join(row.text for row in rows))
        for row in rows:
            self.judged.count(row.status, row.code, row.task, lambda row=row: _reason(row.text))
        self._show()

    def _rows(
        self, lines: Iterator[Line], workers: int, time_limit_s: float
    ) -> Generator[list[Row]]:
        if not workers:
            judge_line = self.recipe.build()
            for line in lines:
                yield [judge_line.judge(line)]
            return
        with WorkerPool(self.recipe, workers, time_limit_s) as pool:
            yield from pool.rows(lines)

    def _begin(self, sink: VerdictFile | Memory, overwrite: bool) -> Iterator[Line]:
        """The lines that have no verdict yet; the verdicts there are have been counted."""
        if isinstance(sink, Memory):
            self._expect(self._survey())
            return self._good()
        known = None if overwrite else sink.known()
        if known is None:
            found = self._survey()
            sink.begin(
                self._identity(found.digest),
                {"lines": found.n, "skipped": found.n_bad},
            )
            self._expect(found)
            return self._good()
        sink.must_match(known, self._identity(self.source.digest()))
        self.judged.planned, self.judged.n_bad = known["lines"], known["skipped"]
        return self._resume(sink)

    def _survey(self) -> Survey:
        return self.source.survey(self.checker.trouble, skip_bad=self.skip_bad)

    def _expect(self, found: Survey) -> None:
        self.judged.planned, self.judged.n_bad = found.n, found.n_bad
        self.judged.bad = found.bad

    def _good(self) -> Iterator[Line]:
        return self.source.good(self.checker.trouble if self.skip_bad else None)

    def _resume(self, sink: VerdictFile) -> Iterator[Line]:
        """Pass over the lines whose verdicts are there, and count these."""
        lines = self._good()
        for row in sink.kept():
            line = next(lines, None)
            record = {} if line is None else read_record(line.raw)
            if line is None or row.get("id") != written_id(self.recipe, record, line.number):
                raise StoreError(
                    f"'{sink.path}' was changed: its line {self.judged.done + 1} is not about the "
                    "response that stands there. Give another --out, or --overwrite."
                )
            verdict = row["verdict"]
            task = self.recipe.task_of(record)
            self.judged.count(
                verdict["status"], verdict["code"], task, lambda v=verdict: v["reason"]
            )
        self.judged.resumed = self.judged.done
        return lines

    def _identity(self, digest: str) -> dict[str, Any]:
        """All that decides what the verdicts are."""
        recipe = self.recipe
        identity = {
            "input": digest,
            "verifier": {
                "name": self.judged.verifier,
                "spec": recipe.spec or self._told,
                "settings": dict(recipe.settings),
            },
            "layout": asdict(recipe.layout),
            "keep": recipe.keep,
            "with_expected": recipe.with_expected,
            "skip_bad": self.skip_bad,
            "versions": versions(),
            "revision": source_revision(),
        }
        return json.loads(json.dumps(identity, default=shorten))  # as it will be read back

    def _show(self, last: bool = False) -> None:
        now = time.monotonic()
        self.judged.elapsed_s = now - self._started
        if self._progress is not None and (last or now - self._shown >= _PROGRESS_S):
            self._shown = now
            self._progress(self.judged.moment())


def _reason(text: bytes) -> str:
    row = json.loads(text)
    return f"{row['id']}: {row['verdict']['reason']}"
