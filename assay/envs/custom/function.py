"""Tasks made by a user's function: `assay.task`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from assay.core.answer import AnswerConfig, AnswerEnv, Asked
from assay.core.config import TaskConfig
from assay.core.encoding import derive_seed
from assay.core.env import Solution
from assay.core.errors import TaskError, UnknownName, bad_value
from assay.core.problems import Question, question_key, split_of
from assay.core.registry import card as card_by_id
from assay.core.registry import ids, load, register
from assay.core.streams import Streams
from assay.core.types import EnvCard, Problem, Verifier
from assay.envs.custom.proof import as_actions, refuse_unsound, roomy_spaces
from assay.verifiers.check import perturbed

Maker = Callable[[Any, str], Problem]
Fakes = Callable[[Problem], Iterable[tuple[str, str]]]

_CHECKED = 5  # problems that are checked on registering
_SHOT_DRAWS = 2_000


@dataclass(frozen=True)
class TaskSpec:
    """What `task` remembers beside the function: who judges, and optional proof."""

    make: Maker
    verifier: Verifier
    solution: Callable[[Problem], str] | None = None
    counterfeits: Fakes | None = None
    instruction: str = ""


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
        ...     return assay.Problem(prompt=f"2 * {n} = ?", reference=2 * n)
    """

    def decorate(make: Maker) -> Maker:
        spec = TaskSpec(make, verifier, solution, counterfeits, instruction)
        if not allow_problems:
            refuse_unsound(env_id, verifier, _first_problems(make))
        make.__assay_task__ = spec  # pyright: ignore[reportFunctionMemberAccess]
        target = f"{make.__module__}:{make.__qualname__}"
        again = target in _defined_here  # a notebook cell or module that runs once more
        _defined_here[target] = spec
        if again or not _announced(env_id, target):
            summary = (make.__doc__ or "A task made by a function.").split("\n")[0]
            fields_ = {"summary": summary, **card_fields}
            register(task_card(env_id, target, **fields_), replace=again)
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
        entry_point="assay.envs.custom.function:FunctionEnv",
        kwargs=kwargs,
        guarantee="stripped",
        **{**defaults, **card_fields},
    )


def _announced(env_id: str, target: str) -> bool:
    """Whether a package has registered a card for this very function already; that card stays."""
    return env_id in ids() and card_by_id(env_id).kwargs.get("source") == target


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
        return roomy_spaces(self)

    def gold(self) -> str:
        """The reply that must pass."""
        problem = self.problem_at(*self.world.question.data)
        make = self._spec.solution
        return make(problem) if make else self.reply(self.world.question, problem.reference)

    def fakes(self) -> Iterable[tuple[str, str]]:
        """Replies that must not pass."""
        problem = self.problem_at(*self.world.question.data)
        make = self._spec.counterfeits
        return make(problem) if make else perturbed(problem.reference)


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


def solution(env: FunctionEnv) -> Solution:
    """Gold: the author's solution, or the reference itself."""
    yield env.gold()


def counterfeits(env: FunctionEnv) -> Iterator[tuple[str, list[str]]]:
    """Near misses: the author's own, or perturbed references."""
    return as_actions(env.fakes())
