"""What an agent answers at the end of an information task, with an explicit status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple, cast, get_args

from assay.core.errors import TaskError, bad_value
from assay.core.types import Limits, Problem, Verdict, Verifier
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, type_name
from assay.verifiers.check import perturbed
from assay.verifiers.tasks import reference_of
from assay.verifiers.text import NormalisedText

Ended = Literal["done", "not_possible"]
_TEXT = NormalisedText()
_MAX_LIST = 200


class FinalAnswer(NamedTuple):
    """How an agent ends a task: whether it was possible, and the answer if one was asked for."""

    status: Ended
    answer: Any = None


@dataclass(frozen=True, kw_only=True)
class FinalAnswerVerifier(BaseVerifier):
    """Whether the final answer has the right status, and is the reference.

    The outcome is a `FinalAnswer`, or JSON text with the keys `status` and `answer`. A problem that
    cannot be done carries `params["possible"] = False`; on any other `not_possible` fails, and
    there only `not_possible` passes. A reference that is a list wants a list of the same length, in
    which each entry is matched with another one: an answer that lists everything fails.

    Attributes:
        verifier: judges the answer, or each entry of a list, against the reference.
        ordered: the entries of a list come in the reference's order.
    """

    name = "final_answer"
    version = "1.0"
    claim = "reference"
    outcome_kind = "answer"

    verifier: Verifier = field(default=_TEXT)
    ordered: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        """Refuse what cannot judge."""
        if not callable(getattr(self.verifier, "verify", None)):
            raise bad_value("verifier", self.verifier, "an object with a verify method")

    def judge(self, outcome: object, task: object) -> Verdict:
        """The status first, then the answer."""
        possible = _possible(task)
        reference = reference_of(task) if possible else None
        final = _final(outcome, self.limits)
        if isinstance(final, Verdict):
            return final
        if not possible or final.status == "not_possible":
            right = not possible and final.status == "not_possible"
            decide = Verdict.accept if right else Verdict.reject
            code = "answer.status" if right else "answer.wrong_status"
            return decide(code, f"The task was ended as '{final.status}'.", extracted=final.status)
        if isinstance(reference, list | tuple):
            return self._listed(final.answer, cast("Sequence[Any]", reference))
        verdict = self._one(final.answer, reference)
        return replace(verdict, verifier="", children=(verdict,)) if verdict.verifier else verdict

    def gold_text(self, task: Any) -> str | None:
        """The reference in JSON, ended as it must be."""
        if not _possible(task):
            return json.dumps({"status": "not_possible"})
        reference: Any = reference_of(task)
        answer = list(cast("Any", reference)) if isinstance(reference, tuple) else reference
        try:
            return json.dumps({"status": "done", "answer": answer})
        except (TypeError, ValueError):
            return None

    def near_misses(self, task: Any) -> Iterator[tuple[str, str]]:
        """The wrong status; other answers; a list with an entry more, fewer, or twice."""
        if not _possible(task):
            yield "'done'", json.dumps({"status": "done", "answer": ""})
            return
        yield "'not_possible'", json.dumps({"status": "not_possible"})
        reference: Any = reference_of(task)
        if isinstance(reference, list | tuple):
            entries = list(cast("Sequence[Any]", reference))
            for name, other in (
                ("an entry more", [*entries, "something else"]),
                ("an entry fewer", entries[:-1]),
                ("an entry twice", [*entries, *entries[:1]]),
            ):
                yield name, json.dumps({"status": "done", "answer": other}, default=str)
            return
        for name, other in perturbed(reference):
            yield name, json.dumps({"status": "done", "answer": other})

    def _one(self, answer: Any, reference: Any) -> Verdict:
        if isinstance(answer, list | tuple | Mapping):
            return Verdict.reject(
                "answer.several", "Several answers were given where one was asked for.",
                status="ambiguous",
            )  # fmt: skip
        return self.verifier.verify(_as_text(answer), reference)

    def _listed(self, answer: Any, reference: Sequence[Any]) -> Verdict:
        if not isinstance(answer, list | tuple):
            return Verdict.reject("answer.no_list", "A list was asked for.", status="unparsable")
        given = cast("Sequence[Any]", answer)
        if len(reference) > _MAX_LIST:
            raise TaskError(
                f"The reference lists {len(reference)} entries; {_MAX_LIST} are matched."
            )
        if len(given) != len(reference):
            return Verdict.reject(
                "answer.length", f"{len(given)} entries were given, and another number was wanted."
            )
        table = [[self._one(one, gold) for gold in reference] for one in given]
        error = next((v for row in table for v in row if v.is_error), None)
        if error is not None:
            return error
        passed = [[verdict.passed for verdict in row] for row in table]
        if self.ordered:
            right = all(passed[k][k] for k in range(len(given)))
        else:
            right = _matched(passed)
        decide = Verdict.accept if right else Verdict.reject
        code = "answer.equal" if right else "answer.not_equal"
        return decide(code, f"A list of {len(given)} entries was compared as a whole.")


def _possible(task: object) -> bool:
    possible = task.params.get("possible", True) if isinstance(task, Problem) else True
    if type(possible) is not bool:
        raise TaskError("params['possible'] is neither True nor False.")
    return possible


def _final(outcome: object, limits: Limits) -> FinalAnswer | Verdict:
    """The typed answer, or the verdict about what is none."""
    if type(outcome) is FinalAnswer:
        if type(outcome.status) is str and outcome.status in get_args(Ended):
            return outcome
        return _unparsable("answer.no_status", "The status is neither 'done' nor 'not_possible'.")
    if type(outcome) is not str:
        return _unparsable(
            "outcome.not_text",
            f"The outcome is of type {type_name(outcome)}; a final answer was expected.",
        )
    if not outcome.strip():
        return Verdict.reject("answer.none", "There is no final answer.", status="no_answer")
    if len(outcome) > limits.answer_chars:
        return Verdict.reject(
            "limit.size",
            f"The answer is {len(outcome)} characters long; {limits.answer_chars} are read.",
            status="over_limit",
        )
    try:
        read: Any = json.loads(outcome, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return _unparsable("answer.no_json", "The answer is no JSON object with distinct keys.")
    if not isinstance(read, dict) or not set(cast("dict[str, Any]", read)) <= {"status", "answer"}:
        return _unparsable("answer.no_json", "A JSON object of status and answer was expected.")
    found = cast("dict[str, Any]", read)
    if found.get("status") not in get_args(Ended):
        return _unparsable("answer.no_status", "The status is neither 'done' nor 'not_possible'.")
    return FinalAnswer(found["status"], found.get("answer"))


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a key stands twice")
    return made


def _unparsable(code: str, reason: str) -> Verdict:
    return Verdict.reject(code, reason, status="unparsable")


def _as_text(value: Any) -> Any:
    """Numbers as they are written, so that verifiers of text can read them."""
    return str(value) if type(value) in (int, float) else value


def _matched(passed: list[list[bool]]) -> bool:
    """Whether every entry has a partner of its own (Kuhn's augmenting paths)."""
    taken: dict[int, int] = {}

    def find(row: int, seen: set[int]) -> bool:
        for column, fits in enumerate(passed[row]):
            if fits and column not in seen:
                seen.add(column)
                if column not in taken or find(taken[column], seen):
                    taken[column] = row
                    return True
        return False

    return all(find(row, set()) for row in range(len(passed)))
