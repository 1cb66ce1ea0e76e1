"""Tasks from a user's JSON-lines file: `assay.task_from_data`."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, cast

from assay.core.answer import AnswerConfig, AnswerEnv
from assay.core.config import TaskConfig
from assay.core.env import Solution
from assay.core.errors import TaskError, shorten
from assay.core.objects import describe_object, rebuild_object
from assay.core.problems import FiniteSource, Question, split_of, value_key
from assay.core.records import Record, read_records
from assay.core.registry import card as card_by_id
from assay.core.registry import ids, register
from assay.core.types import SPLITS, EnvCard, Problem, Split, Verifier
from assay.envs.custom.proof import as_actions, refuse_unsound, roomy_spaces
from assay.verifiers.check import perturbed

_log = logging.getLogger("assay")
_CHECKED = 5  # records at each end of a file that are checked on registering


def task_from_data(
    env_id: str,
    path: str | Path,
    *,
    prompt: str,
    reference: str,
    verifier: Verifier,
    instruction: str = "",
    all_in: Split | None = None,
    allow_problems: bool = False,
    **card_fields: Any,
) -> EnvCard:
    """Make an environment id from a JSON-lines file of questions and answers.

    Records are divided into train, eval and test by a digest of the question (8:1:1), or all put
    into the split `all_in`.

    Args:
        env_id: `namespace/PascalCase-vN`.
        path: the file; stored as an absolute path.
        prompt, reference: the keys under which question and answer stand.
        verifier: judges a reply; a frozen dataclass, so that workers can rebuild it.
        instruction: a line on how to answer, shown after every question.
        allow_problems: register although `check_task` found something in the file.
        card_fields: anything else of `EnvCard`.

    Returns:
        The registered card.

    Raises:
        MissingFile, DataError: the file is not there, or a line of it is broken.
        TaskError: a record cannot be judged soundly, or two contradict each other; their lines are
            named.
    """
    card = data_card(
        env_id,
        path,
        prompt=prompt,
        reference=reference,
        verifier=verifier,
        instruction=instruction,
        all_in=all_in,
        **card_fields,
    )
    records = read_records(path, needs=(prompt, reference), what=env_id)
    _note_empty_splits(env_id, records, prompt, all_in)
    if not allow_problems:
        _refuse_contradictions(env_id, records, prompt, reference)
        for record in (*records[:_CHECKED], *records[-_CHECKED:]):
            problem = Problem(prompt=str(record.values[prompt]), reference=record.values[reference])
            refuse_unsound(f"{env_id} (line {record.line})", verifier, [problem])
    same = env_id in ids() and card_by_id(env_id).entry_point == card.entry_point
    return register(card, replace=same)


def _refuse_contradictions(
    env_id: str, records: Sequence[Record], prompt: str, reference: str
) -> None:
    """One question with two answers: whichever is right, the other record is judged wrongly."""
    first: dict[str, Record] = {}
    for record in records:
        known = first.setdefault(str(record.values[prompt]), record)
        if known.values[reference] != record.values[reference]:
            raise TaskError(
                f"{env_id}: lines {known.line} and {record.line} ask the same question "
                f"({shorten(record.values[prompt], 60)}) with different answers: keep one of them."
            )
    repeated = len(records) - len(first)
    if repeated:
        _log.warning("%s: %d questions of the file stand in it more than once.", env_id, repeated)


def _note_empty_splits(
    env_id: str, records: Sequence[Record], prompt: str, all_in: Split | None
) -> None:
    if all_in is not None:
        return
    held = {split_of(value_key(str(record.values[prompt]))) for record in records}
    empty = [split for split in SPLITS if split not in held]
    if empty:
        _log.warning(
            "%s: with %d records the split %s holds no question: add records, or give all of them "
            "to one split with all_in=.",
            env_id, len(records), " and ".join(map(repr, empty)),
        )  # fmt: skip


def data_card(
    env_id: str,
    path: str | Path,
    *,
    prompt: str,
    reference: str,
    verifier: Verifier,
    instruction: str = "",
    all_in: Split | None = None,
    **card_fields: Any,
) -> EnvCard:
    """The card of a task from a file, for packages to announce; the file is not opened."""
    kwargs: dict[str, Any] = {
        "path": str(Path(path).absolute()),
        "prompt": prompt,
        "reference": reference,
        "verifier": describe_object(verifier),
        "instruction": instruction,
        "all_in": all_in,
    }
    if all_in is not None:
        kwargs["split"] = all_in  # the only split there is is the default one
    defaults: dict[str, Any] = {
        "family": "custom",
        "summary": f"Questions from {Path(path).name}.",
        "splits": SPLITS if all_in is None else (all_in,),
    }
    return EnvCard(
        id=env_id,
        entry_point="assay.envs.custom.data:DataEnv",
        kwargs=kwargs,
        guarantee="stripped",
        **{**defaults, **card_fields},
    )


@dataclass(frozen=True, kw_only=True)
class DataConfig(AnswerConfig):
    """Options of a task from a file."""

    path: str  # the JSON-lines file
    prompt: str  # key of the question
    reference: str  # key of the answer
    verifier: Any  # who judges, as plain JSON
    instruction: str = ""  # a line on how to answer
    all_in: Split | None = None  # the split that all records belong to; None divides them


class DataEnv(AnswerEnv):
    """Questions from a user's file.

    The answers are read with the questions, and in reward-free mode never kept.
    """

    Config: ClassVar[type[TaskConfig]] = DataConfig

    def __init__(self, **options: Any) -> None:
        self.instruction = str(options.get("instruction", ""))  # pyright: ignore
        self._references: dict[int, Any] = {}
        self._source: FiniteSource[Question] | None = None
        super().__init__(**options)
        self._load()

    def _load(self) -> None:
        config: DataConfig = self.config
        records = _records(config.path, config.prompt, config.reference, self.name)
        parts: dict[str, list[Question]] = {split: [] for split in SPLITS}
        for record in records:
            text = str(record.values[config.prompt])
            split = config.all_in or split_of(value_key(text))
            parts[split].append(Question(text, (record.line,)))
        self._source = FiniteSource(parts)
        if self.level is None:
            self._references = {r.line: r.values[config.reference] for r in records}

    @property
    def source(self) -> FiniteSource[Question] | None:  # pyright: ignore
        """The file's questions by split."""
        return self._source

    def make_verifier(self) -> Verifier:
        """The verifier that the file was registered with."""
        return cast("Verifier", rebuild_object(self.config.verifier))

    def reference(self, question: Question) -> Any:
        """The answer on the question's line."""
        return self._references[question.data[0]]

    shot_reference = reference

    def spaces(self) -> Any:
        """Text in, text out, with room for long questions."""
        return roomy_spaces(self)

    def gold(self) -> str:
        """The reference as text."""
        return self.reply(self.world.question, self.reference(self.world.question))

    def fakes(self) -> Iterable[tuple[str, str]]:
        """The reference, perturbed."""
        return perturbed(self.reference(self.world.question))


@lru_cache(maxsize=16)
def _records_at(path: str, prompt: str, reference: str, what: str, mtime: int) -> list[Record]:
    return read_records(path, needs=(prompt, reference), what=what)


def _records(path: str, prompt: str, reference: str, what: str) -> list[Record]:
    file = Path(path)
    mtime = file.stat().st_mtime_ns if file.is_file() else 0
    return _records_at(path, prompt, reference, what, mtime)


def solution(env: DataEnv) -> Solution:
    """Gold: the reference itself."""
    yield env.gold()


def counterfeits(env: DataEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses: perturbed references."""
    return as_actions(env.fakes())
