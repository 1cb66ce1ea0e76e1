"""Users' own tasks: an id from a function, or from a file of questions.

Both register a card whose kwargs are plain JSON, naming `module:attribute` or the file's absolute
path, so that a spec can be stored and a worker can rebuild the environment.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, cast

from assay.core.answer import AnswerConfig, AnswerEnv, Asked
from assay.core.config import TaskConfig
from assay.core.encoding import derive_seed
from assay.core.env import Solution
from assay.core.errors import NotReset, TaskError, UnknownName, bad_value
from assay.core.problems import FiniteSource, Question, question_key, split_of, value_key
from assay.core.records import Record, read_records
from assay.core.registry import card as card_by_id
from assay.core.registry import ids, load, register
from assay.core.streams import Streams
from assay.core.types import SPLITS, EnvCard, Problem, Split, Verifier

Maker = Callable[[Any, str], Problem]
Fakes = Callable[[Problem], Iterable[tuple[str, str]]]

_CHECKED = 5  # problems of a function, and of each end of a file, that are checked on registering
_SHOT_DRAWS = 2_000
_PROMPT_CHARS = 20_000


@dataclass(frozen=True)
class TaskSpec:
    """What `task` remembers beside the function: who judges, and optional proof."""

    make: Maker
    verifier: Verifier
    solution: Callable[[Problem], str] | None = None
    counterfeits: Fakes | None = None
    instruction: str = ""


# ---------------------------------------------------------------------- tasks from a function


def task(
    env_id: str,
    *,
    verifier: Verifier,
    solution: Callable[[Problem], str] | None = None,
    counterfeits: Fakes | None = None,
    instruction: str = "",
    allow_problems: bool = False,
    **card_fields: Any,
) -> Callable[[Maker], Maker]:
    """Make an environment id from a function `f(rng, split) -> Problem`.

    `rng` is a NumPy generator keyed by (split, index): the same problem every time. Gold is the
    reference itself unless `solution(problem)` says otherwise; counterfeits are perturbed
    references unless `counterfeits(problem)` yields better `(name, reply)` pairs.

    Args:
        env_id: `namespace/PascalCase-vN`.
        verifier: judges a reply against the problem.
        instruction: a line on how to answer, shown after every question.
        allow_problems: register although `check_task` found something.
        card_fields: anything else of `EnvCard` (`summary`, `guess_rate`, …).

    Raises:
        TaskError: the first problems are not sound, said for each; nothing is registered.

    Example:
        >>> import assay
        >>> from assay.verifiers import NumberVerifier
        >>> @assay.task("doc/Double-v0", verifier=NumberVerifier())
        ... def double(rng, split):
        ...     n = int(rng.integers(1_000_000))
        ...     return assay.Problem(prompt=f"2 × {n} = ?", reference=2 * n)
    """

    def decorate(make: Maker) -> Maker:
        spec = TaskSpec(make, verifier, solution, counterfeits, instruction)
        if not allow_problems:
            _refuse_unsound(env_id, verifier, _first_problems(make))
        make.__assay_task__ = spec  # pyright: ignore[reportFunctionMemberAccess]
        target = f"{make.__module__}:{make.__qualname__}"
        _defined_here[target] = spec
        fields_ = {"summary": (make.__doc__ or "A task made by a function.").split("\n")[0]}
        register(task_card(env_id, target, **{**fields_, **card_fields}), replace=_known(target))
        return make

    return decorate


_defined_here: dict[str, TaskSpec] = {}  # tasks of `__main__` and of functions within functions


def task_card(env_id: str, target: str, **card_fields: Any) -> EnvCard:
    """The card of a task made by the function `"module:function"`, for packages to announce.

    The module is imported when the environment is first made; `task` must decorate the function.
    """
    kwargs = {"source": target}
    defaults: dict[str, Any] = {"family": "custom", "summary": "A task made by a function."}
    return EnvCard(
        id=env_id,
        entry_point="assay.envs.custom:FunctionEnv",
        kwargs=kwargs,
        guarantee="stripped",
        **{**defaults, **card_fields},
    )


def _known(target: str) -> bool:
    """Whether a card for this very function is registered (its module was announced, or re-run)."""
    return any(card_by_id(i).kwargs.get("source") == target for i in ids())


def _first_problems(make: Maker) -> list[Problem]:
    streams = Streams()
    found: list[Problem] = []
    for index in range(_CHECKED):
        streams.key("train", index, 0, 0)
        found.append(_checked_problem(make, streams, "train"))
    return found


def _checked_problem(make: Maker, streams: Streams, split: str) -> Problem:
    problem = make(streams.init, split)
    if type(problem) is not Problem:
        raise TaskError(
            f"{make.__module__}:{make.__qualname__} returned {type(problem).__name__}: "
            "expected an assay.Problem(prompt=…, reference=…)."
        )
    return problem


def _refuse_unsound(env_id: str, verifier: Verifier, problems: Iterable[Problem]) -> None:
    for problem in problems:
        found = verifier.check_task(problem)
        if found:
            said = "; ".join(f"{p.code}: {p.message}" for p in found[:3])
            raise TaskError(
                f"{env_id} cannot be judged soundly on {problem.prompt[:80]!r}: {said}. "
                "Mend the task, or pass allow_problems=True."
            )


@dataclass(frozen=True, kw_only=True)
class FunctionConfig(AnswerConfig):
    """Options of a task made by a function."""

    source: str = ""  # the function that makes problems, as module:function


class FunctionEnv(AnswerEnv):
    """A task made by a user's function.

    The function returns question and answer together; here they are parted before the environment
    sees them, and in reward-free mode the answer is dropped (`guarantee="stripped"`).
    """

    Config: ClassVar[type[TaskConfig]] = FunctionConfig

    def __init__(self, **options: Any) -> None:
        self._spec = _spec_of(str(options.get("source", "")))
        self.instruction = self._spec.instruction  # pyright: ignore[reportAttributeAccessIssue]
        super().__init__(**options)

    source = None  # pyright: ignore[reportAssignmentType, reportIncompatibleVariableOverride]

    def make_verifier(self) -> Verifier:
        """The verifier that the task was registered with."""
        return self._spec.verifier

    def problem_at(self, split: str, index: int, attempt: int) -> Problem:
        """What the function makes of one key."""
        streams = Streams()
        streams.key(split, index, attempt, 0)
        return _checked_problem(self._spec.make, streams, split)

    def draw_world(self, rng: Streams) -> Asked:
        """The question of this key, its answer left out."""
        question = self._question_at(self.split, self.index, rng.attempt)
        return Asked(question, self._shots(question) if self.config.n_shots else ())

    def _question_at(self, split: str, index: int, attempt: int) -> Question:
        problem = self.problem_at(split, index, attempt)
        return Question(problem.prompt, (split, index, attempt), problem.difficulty or 0.0)

    def _shots(self, asked: Question) -> tuple[Question, ...]:
        taken, shots = {question_key(asked)}, []
        for draw in range(_SHOT_DRAWS):
            if len(shots) == self.config.n_shots:
                break
            index = derive_seed("shot", self.split, self.index, draw)
            shot = self._question_at("train", index, 0)
            key = question_key(shot)
            if key not in taken and split_of(key) == "train":
                taken.add(key)
                shots.append(shot)
        return tuple(shots)

    def reference(self, question: Question) -> Any:
        """The function is asked again, this time for the answer."""
        return self.problem_at(*question.data).reference

    shot_reference = reference

    def draw_task(self, rng: Any) -> Problem:
        """The function's own problem, under the prompt that is shown."""
        problem = self.problem_at(*self.world.question.data)
        return Problem(
            prompt=self.prompt(),
            reference=problem.reference,
            params=problem.params,
            difficulty=problem.difficulty,
        )

    def spaces(self) -> Any:
        """Text in, text out, with room for long questions."""
        return _roomy_spaces(self)

    def gold(self) -> str:
        """The reply that must pass."""
        problem = self.problem_at(*self.world.question.data)
        make = self._spec.solution
        return make(problem) if make else self.reply(self.world.question, problem.reference)

    def fakes(self) -> Iterable[tuple[str, str]]:
        """Replies that must not pass."""
        problem = self.problem_at(*self.world.question.data)
        make = self._spec.counterfeits
        return make(problem) if make else _perturbed(problem.reference)


def _spec_of(target: str) -> TaskSpec:
    if target in _defined_here:
        return _defined_here[target]
    if target.startswith("__main__:"):
        raise UnknownName(
            f"The task '{target}' was defined in a script's __main__, which exists in that process "
            "only: move it to a module that can be imported."
        )
    if not target:
        raise bad_value("source", target, "'module:function' of a function that assay.task made")
    found = load(target, what="a task")
    spec = getattr(found, "__assay_task__", None)
    if spec is None:
        raise UnknownName(f"'{target}' is no task: decorate it with @assay.task(…).")
    return cast("TaskSpec", spec)


# ---------------------------------------------------------------------- tasks from a file


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
        TaskError: a record cannot be judged soundly; its line is named.
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
    if not allow_problems:
        for record in (*records[:_CHECKED], *records[-_CHECKED:]):
            problem = Problem(
                prompt=str(record.values[prompt]), reference=record.values[reference]
            )
            _refuse_unsound(f"{env_id} (line {record.line})", verifier, [problem])
    same = env_id in ids() and card_by_id(env_id).entry_point == card.entry_point
    return register(card, replace=same)


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
    kwargs = {
        "path": str(Path(path).absolute()),
        "prompt": prompt,
        "reference": reference,
        "verifier": describe_object(verifier),
        "instruction": instruction,
        "all_in": all_in,
    }
    defaults: dict[str, Any] = {
        "family": "custom",
        "summary": f"Questions from {Path(path).name}.",
        "splits": SPLITS if all_in is None else (all_in,),
    }
    return EnvCard(
        id=env_id,
        entry_point="assay.envs.custom:DataEnv",
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
        return _roomy_spaces(self)

    def gold(self) -> str:
        """The reference as text."""
        return self.reply(self.world.question, self.reference(self.world.question))

    def fakes(self) -> Iterable[tuple[str, str]]:
        """The reference, perturbed."""
        return _perturbed(self.reference(self.world.question))


@lru_cache(maxsize=16)
def _records_at(path: str, prompt: str, reference: str, what: str, mtime: int) -> list[Record]:
    return read_records(path, needs=(prompt, reference), what=what)


def _records(path: str, prompt: str, reference: str, what: str) -> list[Record]:
    file = Path(path)
    mtime = file.stat().st_mtime_ns if file.is_file() else 0
    return _records_at(path, prompt, reference, what, mtime)


def _roomy_spaces(env: AnswerEnv) -> Any:
    from assay.core.spaces import Unicode

    longest = _PROMPT_CHARS * (1 + env.config.n_shots)
    return Unicode(longest), Unicode(env.config.max_chars)


# ---------------------------------------------------------------------- proof


def solution(env: FunctionEnv | DataEnv) -> Solution:
    """Gold: the author's solution, or the reference itself."""
    yield env.gold()


def counterfeits(env: FunctionEnv | DataEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses: the author's own, or perturbed references."""
    if env.world is None:
        raise NotReset("Counterfeits belong to an episode: call reset() first.")
    for name, text in env.fakes():
        yield name, [text]


def _perturbed(reference: Any) -> Iterable[tuple[str, str]]:
    check = importlib.import_module("assay.verifiers.check")
    return check.perturbed(reference)


# ---------------------------------------------------------------------- verifiers as JSON


def describe_object(value: Any) -> Any:
    """A frozen dataclass as plain JSON: its type, and every field that differs from its default.

    Raises:
        TaskError: a value that cannot be rebuilt in another process.
    """
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [describe_object(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {str(key): describe_object(item) for key, item in pairs}
    kind = type(value)
    if not is_dataclass(value) or "<locals>" in kind.__qualname__:
        raise TaskError(
            f"The verifier {kind.__name__} cannot be rebuilt in a worker: make it a frozen "
            "dataclass in a module, or use assay.task with a function."
        )
    state = {
        f.name: describe_object(getattr(value, f.name))
        for f in fields(value)
        if f.init and getattr(value, f.name) != f.default
    }
    return {"type": f"{kind.__module__}:{kind.__qualname__}", **state}


def rebuild_object(data: Any) -> Any:
    """The inverse of `describe_object`; lists come back as tuples."""
    if isinstance(data, list | tuple):
        return tuple(rebuild_object(item) for item in cast("Iterable[Any]", data))
    if not isinstance(data, Mapping):
        return data
    values = {k: rebuild_object(v) for k, v in cast("Mapping[str, Any]", data).items()}
    if "type" not in values:
        return values
    return load(values.pop("type"), what="a verifier")(**values)
