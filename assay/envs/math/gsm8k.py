"""GSM8K: grade-school word problems from files or from the hub (one-turn text, real data)."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.errors import DataError, MissingExtra, MissingFile, bad_value, shorten
from assay.core.problems import FiniteSource, Question, split_of, text_key
from assay.core.records import read_records
from assay.core.registry import require
from assay.core.streams import Streams
from assay.core.types import Problem, Verifier
from assay.verifiers import Extraction, NumberVerifier

FILES = ("train", "test")
HOW = {
    "last": "Work it out step by step. Finish with a line that holds #### and the number.",
    "boxed": "Work it out step by step. Finish with the number in \\boxed{}.",
}
END = {"last": "#### {}", "boxed": "The answer is \\boxed{{{}}}."}  # of worked solutions
_ASIDE = re.compile(r"<<[^<>]*>>")  # the data's notes for a calculator
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


@dataclass(frozen=True, kw_only=True)
class GSM8KConfig(AnswerConfig):
    path: str  # folder with train.jsonl and test.jsonl, or a name on the hub such as openai/gsm8k
    answers: Literal["last", "boxed"] = "last"  # the last number counts, or only a \boxed one
    max_chars: int = 16_384  # longest answer the action space holds, >= 1

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.path.strip():
            raise bad_value("path", self.path, "a folder, or a name on the hub")


class Gold(NamedTuple):
    """What is known of an answer: the worked solution in words, and the number it comes to."""

    worked: str
    final: str


class Loaded(NamedTuple):
    """A data set: its questions by split, the answers by key, and the files that were not there."""

    source: FiniteSource[Question]
    golds: dict[int, Gold]
    missing: dict[str, str]


class GSM8KEnv(AnswerEnv):
    """Solve grade-school word problems from a data set.

    Description:
        Problems of a few sentences whose answer takes two to eight steps of arithmetic (Cobbe et
        al. 2021). The data are read from a folder or from the Hugging Face hub; none are contained
        here. A record is a JSON object with `question` and `answer`, the worked solution with the
        final number after `####`.

    Observations:
        Text: the question and how to answer it, after `n_shots` worked solutions.

    Actions:
        Text: reasoning of any kind that ends in the number.

    Verdict:
        Passed when the number that the reply ends in is the final one, exactly (`NumberVerifier`).
        With `answers="last"` that is a box, else what follows `####` or "the answer is", else the
        last number; with `answers="boxed"` only a box counts. Units and thousands commas are fine.

    Episode end:
        After one reply.

    Options:
        `path`: where the data are; needed. `answers`: as said above. The problems are what they
        are: no option makes them harder.

    Seeding:
        Nothing is drawn but the worked examples. `train.jsonl` gives `train` and, for one record in
        ten by the digest of its question, `eval`; `test.jsonl` is `test`. What occurs in `test` or
        earlier in a file is left out. Without a task, answers are never read into the environment.

    Example:
        >>> from assay.testing.data import data_path  # sixty problems of the same form
        >>> env = GSM8KEnv(path=str(data_path("gsm8k")), split="test")
        >>> observation, info = env.reset(options={"index": 0})
        >>> env.step(f"So the answer is {env.problem.reference}.")[1]
        1.0

    Versions:
        0: first.
    """

    Config = GSM8KConfig
    prompt_chars = 8_000  # of a question with its worked solution; longer records are refused

    def make_verifier(self) -> Verifier:
        mode = "any" if self.config.answers == "last" else "boxed"
        return NumberVerifier(extraction=Extraction(mode=mode))

    @cached_property
    def loaded(self) -> Loaded:
        """The data set, read once a process; without its answers where there is no task."""
        return load(self.config.path, with_answers=self.level is None)

    @property
    def source(self) -> FiniteSource[Question]:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.loaded.source

    def open(self) -> None:
        _ = self.loaded

    def n_problems(self, split: str) -> int | None:
        file = "test" if split == "test" else "train"
        if file in self.loaded.missing:
            raise MissingFile(
                f"{self.name}: no file at '{self.loaded.missing[file]}', which the split '{split}' "
                "needs: add it, or choose another split."
            )
        return self.source.size(split)

    def reference(self, question: Question) -> int | str:
        final = self.loaded.golds[question.key].final
        return final if "." in final else int(final)

    def shot_reference(self, question: Question) -> str:
        return self.worked(question)

    def worked(self, question: Question) -> str:
        """The worked solution in the form that is asked for."""
        gold = self.loaded.golds[question.key]
        return f"{gold.worked}\n{END[self.config.answers].format(gold.final)}"

    def draw_task(self, rng: Streams) -> Problem:
        steps = self.loaded.golds[self.world.question.key].worked.count("\n") + 1
        return replace(super().draw_task(rng), difficulty=float(steps))

    def draw_shots(
        self, question: Question, source: FiniteSource[Question] | None
    ) -> tuple[Question, ...]:
        self.n_problems("train")  # worked examples come from there, whatever is asked
        return super().draw_shots(question, source)

    def plain_prompt(self, question: Question) -> str:
        return f"{question.text}\n{HOW[self.config.answers]}"

    def prompt(self) -> str:
        shown = super().prompt()
        return f"{HOW[self.config.answers]}\n\n{shown}" if self.world.shots else shown


def load(path: str, *, with_answers: bool) -> Loaded:
    """The data set at a folder or hub name; read again only when its files have changed.

    Raises:
        MissingFile, MissingExtra: nothing of that name. DataError: a record that cannot be used.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        return _load_hub(path, with_answers)
    files = {name: folder / f"{name}.jsonl" for name in FILES}
    found = {name: file.stat() for name, file in files.items() if file.is_file()}
    if not found:
        raise MissingFile(
            f"GSM8K: the folder '{folder}' holds neither train.jsonl nor test.jsonl: "
            "point path= at the folder that does."
        )
    stamp = tuple((name, s.st_mtime_ns, s.st_size) for name, s in found.items())
    return _load_folder(str(folder.resolve()), stamp, with_answers)


@lru_cache(maxsize=8)
def _load_folder(folder: str, stamp: tuple[tuple[str, int, int], ...], answers: bool) -> Loaded:
    present = [name for name, *_ in stamp]
    needs = ("question", "answer") if answers else ("question",)
    rows: dict[str, Iterable[tuple[str, Any]]] = {}
    for name in present:
        file = Path(folder) / f"{name}.jsonl"
        records = read_records(file, needs=needs, what="GSM8K")
        rows[name] = ((f"'{file}' line {record.line}", record.values) for record in records)
    missing = {name: f"{folder}/{name}.jsonl" for name in FILES if name not in present}
    return divided(rows, answers, missing)


@lru_cache(maxsize=4)
def _load_hub(name: str, answers: bool) -> Loaded:
    nowhere = f"GSM8K: path='{name}' is no folder (looked in '{Path(name).absolute()}')"
    if name.count("/") != 1 or name.startswith((".", "/", "~")) or " " in name:
        raise MissingFile(f"{nowhere}: point it at a folder with train.jsonl and test.jsonl.")
    try:
        datasets: Any = require("datasets", extra="data", what="the hub")
    except MissingExtra as err:
        raise MissingExtra(f"{nowhere}; to take it for a name on the hub: {err}") from err
    try:
        data = datasets.load_dataset(name, "main")
        rows = {
            split: ((f"{name}, {split} record {i}", row) for i, row in enumerate(data[split]))
            for split in FILES
        }
    except Exception as err:  # whatever the library raises: no network, no such name, no such split
        raise MissingFile(
            f"{nowhere}, and the hub gave none of that name ({type(err).__name__}: "
            f"{shorten(str(err))})."
        ) from err
    return divided(rows, answers, {})


def divided(
    rows: Mapping[str, Iterable[tuple[str, Any]]], answers: bool, missing: dict[str, str]
) -> Loaded:
    """Records as questions by split; what occurs twice is kept once, first of all for `test`."""
    items: dict[str, list[Question]] = {"train": [], "eval": [], "test": []}
    golds: dict[int, Gold] = {}
    seen: set[int] = set()
    for file in ("test", "train"):
        for place, values in rows.get(file, ()):
            text = _text(values, "question", place)
            key = text_key(text)
            if answers and key not in seen:
                golds[key] = _gold(_text(values, "answer", place), place)
            if key not in seen:
                seen.add(key)
                in_eval = file == "train" and split_of(key) == "eval"
                items["eval" if in_eval else file].append(Question(text, key=key))
    return Loaded(FiniteSource(items), golds, missing)


def _text(values: Any, key: str, place: str) -> str:
    text = values[key]
    if not isinstance(text, str) or not text.strip():
        raise DataError(f"GSM8K: {place}: '{key}' is {shorten(text, 40)}: expected a text.")
    if len(text) > GSM8KEnv.prompt_chars // 2:
        raise DataError(f"GSM8K: {place}: '{key}' is longer than {GSM8KEnv.prompt_chars // 2}.")
    return text.strip()


def _gold(answer: str, place: str) -> Gold:
    worked, mark, final = answer.rpartition("####")
    final = final.strip().replace(",", "")
    if not mark or not _NUMBER.fullmatch(final):
        raise DataError(
            f"GSM8K: {place}: the answer ends in {shorten(answer[-30:])}: expected a worked "
            "solution whose last line is '#### ' and a number."
        )
    return Gold(_ASIDE.sub("", worked).strip(), final)


def solution(env: GSM8KEnv) -> Generator[str, Any, None]:
    """Gold: the worked solution, which ends in the number."""
    yield env.worked(env.world.question)


def counterfeits(env: GSM8KEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses of the current problem that must not pass."""
    right = int(float(env.reference(env.world.question)))
    worked = env.worked(env.world.question)
    body = worked[: worked.rindex("\n")]
    end = END[env.config.answers]
    yield "one too many", [end.format(right + 1)]
    yield "the worked solution, then another number", [f"{body}\n{end.format(right + 7)}"]
    yield "ten times as much", [end.format(10 * right or 10)]
    yield "the wrong sign", [end.format(-right or 1)]
    yield "a decimal close by", [end.format(f"{right}.0625")]
    yield "the question", [env.problem.prompt if env.problem else ""]
    yield "two answers", [f"{body}\nEither {end.format(right)} or {end.format(right + 2)}"]
    yield "no number", ["It can be worked out step by step."]
