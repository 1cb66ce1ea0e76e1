"""The nouns every layer shares: verdicts, problems, cards, and the two protocols.

Nothing here decides anything; the meaning of each status is in `docs/verdicts.md`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, Literal, Protocol, runtime_checkable

from assay.core.encoding import digest
from assay.core.errors import OptionError, VerifierError, bad_value

Status = Literal[
    "correct",
    "incorrect",
    "no_answer",
    "ambiguous",
    "unparsable",
    "over_limit",
    "unproven",
    "task_error",
    "verifier_error",
]
ActionStatus = Literal["ok", "noop", "unparsable", "illegal"]
Split = Literal["train", "eval", "test"]
Proof = Literal["always", "rate", "none"]
Level = Literal["task", "verdict"]
Guarantee = Literal["structural", "stripped", "best_effort"]

DECIDED: frozenset[str] = frozenset(
    {"correct", "incorrect", "no_answer", "ambiguous", "unparsable", "over_limit", "unproven"}
)
ERRORS: frozenset[str] = frozenset({"task_error", "verifier_error"})
SPLITS: tuple[Split, ...] = ("train", "eval", "test")

STORED_TEXT_CHARS = 2_000  # a stored verdict's text fields are cut here, with a note


@dataclass(frozen=True, slots=True)
class Cost:
    """What a verdict took. Measurements, not part of the verdict's value.

    Attributes: wall_s, cpu_s, queue_s in seconds; peak_mb in megabytes.
    """

    wall_s: float = 0.0
    cpu_s: float = 0.0
    queue_s: float = 0.0
    peak_mb: float = 0.0


_NO_COST = Cost()
_NO_DETAILS: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Yes or no about one outcome, with the reason.

    Build one with `accept`, `reject` or `error`; a combination that contradicts itself cannot be
    built. `passed` is True only for status `correct`. The two error statuses say nothing about the
    outcome: `reward` and `bool()` raise `VerifierError` on them.

    Attributes:
        code: short stable word, such as `number.equal`, that can be counted.
        reason: one plain sentence for a person.
        extracted, span: what was judged and where it stood in the response (start, end).
        canonical, expected_canonical: how both sides were understood; the second is never shown to
            a policy.
        method, certainty: the rule that decided, and whether it was exact.
        verifier, isolation: who decided and where.
        children: verdicts of a composition, in order.
        details: a plain dict of plain values.
    """

    passed: bool
    status: Status
    code: str
    reason: str
    extracted: str | None = None
    span: tuple[int, int] | None = None
    canonical: str | None = None
    expected_canonical: str | None = None
    method: str | None = None
    certainty: Literal["exact", "numeric"] | None = None
    verifier: str = ""
    isolation: str = "in_process"
    children: tuple[Verdict, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict[str, Any])
    cost: Cost = field(default=_NO_COST, compare=False)

    def __post_init__(self) -> None:
        if self.passed is not (self.status == "correct"):
            if self.status not in DECIDED and self.status not in ERRORS:
                raise bad_value("status", self.status, f"one of {sorted(DECIDED | ERRORS)}")
            raise OptionError(
                f"passed={self.passed!r} contradicts status '{self.status}': "
                "passed is True for 'correct' and False for every other status."
            )
        if self.status not in DECIDED and self.status not in ERRORS:
            raise bad_value("status", self.status, f"one of {sorted(DECIDED | ERRORS)}")

    @classmethod
    def accept(cls, code: str, reason: str, **fields: Any) -> Verdict:
        """Success was established."""
        return cls(passed=True, status="correct", code=code, reason=reason, **fields)

    @classmethod
    def reject(cls, code: str, reason: str, status: Status = "incorrect", **fields: Any) -> Verdict:
        """Decided, and not a success."""
        if status in ERRORS:
            raise bad_value("status", status, "a decided status; use Verdict.error for errors")
        return cls(passed=False, status=status, code=code, reason=reason, **fields)

    @classmethod
    def decided(
        cls,
        passed: bool,
        code: str,
        reason: str,
        *,
        extracted: str | None = None,
        span: tuple[int, int] | None = None,
        canonical: str | None = None,
        expected_canonical: str | None = None,
        method: str | None = None,
        certainty: Literal["exact", "numeric"] | None = None,
        verifier: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Verdict:
        """`accept` or `reject` by `passed`, in a fraction of their time.

        A frozen class writes each field by a call of its own; here an open twin is filled, and
        turned into a verdict when it is complete.
        """
        twin: Any = _OpenVerdict()
        if passed is True:
            twin.passed, twin.status = True, "correct"
        elif passed is False:
            twin.passed, twin.status = False, "incorrect"
        else:
            raise bad_value("passed", passed, "True or False")
        twin.code, twin.reason = code, reason
        twin.extracted, twin.span = extracted, span
        twin.canonical, twin.expected_canonical = canonical, expected_canonical
        twin.method, twin.certainty, twin.verifier = method, certainty, verifier
        twin.isolation, twin.children, twin.cost = "in_process", (), _NO_COST
        twin.details = {} if details is None else details
        twin.__class__ = Verdict
        return twin

    @classmethod
    def error(
        cls, code: str, reason: str, status: Status = "verifier_error", **fields: Any
    ) -> Verdict:
        """No decision: a fault of the task, the verifier or the machine."""
        if status not in ERRORS:
            raise bad_value("status", status, "'task_error' or 'verifier_error'")
        return cls(passed=False, status=status, code=code, reason=reason, **fields)

    @property
    def is_error(self) -> bool:
        """True when nothing was decided."""
        return self.status in ERRORS

    @property
    def reward(self) -> float:
        """1.0 or 0.0; raises `VerifierError` when nothing was decided."""
        if self.status in ERRORS:
            raise VerifierError(f"No reward: {self.status} ({self.code}): {self.reason}")
        return 1.0 if self.passed else 0.0

    def __bool__(self) -> bool:
        return self.reward == 1.0

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; long texts are cut at 2,000 characters with their length noted."""
        out: dict[str, Any] = {}
        cut: dict[str, int] = {}
        for name in _VERDICT_FIELDS:
            value = getattr(self, name)
            if isinstance(value, str) and len(value) > STORED_TEXT_CHARS:
                cut[name] = len(value)
                value = value[:STORED_TEXT_CHARS]
            out[name] = value
        out["span"] = list(self.span) if self.span is not None else None
        out["children"] = [child.to_dict() for child in self.children]
        out["details"] = dict(self.details)
        if cut:
            out["details"]["cut_chars"] = cut
        out["cost"] = {f.name: getattr(self.cost, f.name) for f in fields(Cost)}
        return out

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Verdict:
        """The inverse of `to_dict` (up to what was cut)."""
        values = dict(data)
        if values.get("span") is not None:
            values["span"] = tuple(values["span"])
        values["children"] = tuple(cls.from_dict(child) for child in values.get("children", ()))
        values["cost"] = Cost(**values.get("cost", {}))
        return cls(**values)


class _OpenVerdict:
    """A `Verdict` while it is being made: the same slots, nothing frozen."""

    __slots__ = Verdict.__slots__


_VERDICT_FIELDS = tuple(
    f.name for f in fields(Verdict) if f.name not in {"span", "children", "details", "cost"}
)


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One task: what is asked, and all that a verifier may know.

    Attributes:
        prompt: the question or goal in words.
        reference: the gold answer; never in an observation or `info`. None where the verifier
            recomputes from `params` instead of comparing.
        params: plain values that define the task (numbers, goals, choices).
        difficulty: a number that grows with difficulty, or None.
        id: `split/index`; filled in by the environment when empty.
    """

    prompt: str
    reference: Any = None
    params: Mapping[str, Any] = field(default_factory=dict[str, Any])
    difficulty: float | None = None
    id: str = ""

    @cached_property
    def digest(self) -> str:
        """Hex digest of prompt, reference and parameters (the same on every machine)."""
        return digest((self.prompt, self.reference, dict(self.params)))


@dataclass(frozen=True, kw_only=True)
class Limits:
    """Sizes beyond which a candidate is `over_limit` (`verifiers.md` §4); all adjustable.

    Characters, digits, nodes and entries are counts; `cpu_s` and `wall_s` seconds; `memory_mb`
    megabytes.
    """

    response_chars: int = 1_000_000  # longer: only the last `searched_chars` are read
    searched_chars: int = 200_000
    answer_chars: int = 4_000
    depth: int = 64
    literal_digits: int = 1_000
    total_digits: int = 10_000
    nodes: int = 2_000
    entries: int = 1_000
    power_bits: int = 10_000
    factorial_argument: int = 2_000
    cpu_s: float = 2.0
    wall_s: float = 10.0
    memory_mb: int = 1_024

    def __post_init__(self) -> None:
        for f in fields(self):
            if getattr(self, f.name) <= 0:
                raise bad_value(f.name, getattr(self, f.name), "a positive number")


@dataclass(frozen=True, kw_only=True)
class TaskProblem:
    """Something wrong with a task, found before use (`check_task`)."""

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One action and what followed. `observation` is what the policy saw *before* acting."""

    observation: Any
    action: Any
    reward: float
    terminated: bool
    truncated: bool
    action_status: str = "ok"


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """A whole episode: its key, its steps, the last observation and the verdict (if any)."""

    env_id: str
    split: str
    index: int
    seed: int
    steps: tuple[Step, ...]
    final_observation: Any
    verdict: Verdict | None = None


@runtime_checkable
class Verifier(Protocol):
    """Decides about an outcome. Pure: same outcome, task and limits, same verdict, everywhere.

    `verify` never raises because of the outcome, whatever its type or content; `TypeError` or
    `ValueError` mean a mistake of the programmer. `task` is a `Problem`, a bare reference, or None
    where the constructor holds the task.
    """

    @property
    def name(self) -> str:
        """Short name, as in `name@version`."""
        ...

    @property
    def version(self) -> str:
        """Rises when a verdict could change."""
        ...

    @property
    def limits(self) -> Limits:
        """Sizes beyond which an outcome is not read."""
        ...

    @property
    def deterministic(self) -> bool:
        """Whether equal outcome, task and limits give equal verdicts."""
        ...

    def verify(self, outcome: Any, task: Any) -> Verdict:
        """The verdict about one outcome."""
        ...

    def verify_batch(
        self, pairs: Iterable[tuple[Any, Any]], *, workers: int | None = None
    ) -> list[Verdict]:
        """Verdicts for (outcome, task) pairs, in their order."""
        ...

    async def averify(self, outcome: Any, task: Any) -> Verdict:
        """`verify` for asyncio."""
        ...

    def check_task(self, task: Any) -> list[TaskProblem]:
        """What is wrong with a task; empty when nothing is."""
        ...


@runtime_checkable
class Policy(Protocol):
    """Acts. `reset(seed=)` at the start of an episode, then `act` once a step.

    Three optional methods are used where they exist: `act_batch(observations, infos, keys)`
    answers many episodes at once (each key names one episode and has its own generator);
    `offer(action_space, choices)` tells a policy what may be done before each episode; `bind(env)`
    hands over the environment itself, which only `scripted` may ask for. `info` comes without what
    the card calls privileged.
    """

    deterministic: bool

    def reset(self, *, seed: int) -> None:
        """A new episode begins; every random draw of the policy follows from `seed`."""
        ...

    def act(self, observation: Any, info: Mapping[str, Any]) -> Any:
        """The action for one observation."""
        ...


@dataclass(frozen=True, kw_only=True)
class EnvCard:
    """All that is known of an id before its module is imported (`contract.md` §8).

    Attributes:
        id: `namespace/PascalCase-vN`.
        entry_point: `"module:Class"`, always a string.
        kwargs: options that make this id out of its class.
        extras: names of the optional extras it needs.
        proof: `always` (gold passes on every seed), `rate` (gold reaches `ceiling`), `none`.
        ceiling: best possible pass rate, a number or `"module:function"` of the options.
        guess_rate: no constant and no uniform guess passes more often than this.
        choices: `"module:function"` from a reset environment to its legal answers, or empty.
        solution, counterfeits: `"module:function"`; default to those names in the entry module.
        shared_instances: splits differ by seed only, since the instances are few.
        reward_free_levels: strongest first.
        info_keys, explore_info_keys, privileged_info: further `info` keys from `facts()`; the
            second are also kept in reward-free mode, the third are not for policies.
        oracle_actions: actions whose observation depends on the hidden verifier.
        task_options: options that name a task; refused at level `task`.
        variants: option sets that the contract suite makes besides the defaults.
    """

    id: str
    entry_point: str
    family: str
    summary: str
    kwargs: Mapping[str, Any] = field(default_factory=dict[str, Any])
    source: str = ""
    license: str = ""
    extras: Sequence[str] = ()
    proof: Proof = "always"
    ceiling: float | str = 1.0
    guess_rate: float = 0.01
    choices: str = ""
    solution: str = ""
    counterfeits: str = ""
    splits: Sequence[str] = SPLITS
    shared_instances: bool = False
    reward_free_levels: Sequence[str] = ("verdict",)
    guarantee: Guarantee = "structural"
    info_keys: Sequence[str] = ()
    explore_info_keys: Sequence[str] = ()
    oracle_actions: Sequence[Any] = ()
    task_options: Sequence[str] = ()
    privileged_info: Sequence[str] = ()
    nondeterministic: bool = False
    vector_entry_point: str = ""
    variants: Sequence[Mapping[str, Any]] = ({},)
    examples: Sequence[str] = ()

    def __post_init__(self) -> None:
        for name in ("entry_point", "vector_entry_point", "choices", "solution", "counterfeits"):
            value = getattr(self, name)
            if (value or name == "entry_point") and (
                not isinstance(value, str) or value.count(":") != 1
            ):
                raise bad_value(f"{self.id}: {name}", value, 'a string "module:name"')
        if not self.reward_free_levels:
            raise bad_value(f"{self.id}: reward_free_levels", (), "at least one level")

    def function(self, name: Literal["solution", "counterfeits"]) -> str:
        """`"module:function"` of the gold or the counterfeits."""
        return getattr(self, name) or f"{self.entry_point.split(':')[0]}:{name}"
