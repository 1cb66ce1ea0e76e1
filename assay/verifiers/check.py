"""What is wrong with a task, found before anyone plays it (`verifiers.md` §15).

Here: items 1, 2, 4 and 5 for tasks whose outcome is a text. `perturbed` also makes counterfeits
for users' tasks.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import fields, replace
from fractions import Fraction
from typing import Any, Protocol, cast

from assay.core.errors import AssayError, shorten
from assay.core.types import Limits, Problem, TaskProblem, Verdict

NULL_OUTCOMES: tuple[tuple[str, str], ...] = (
    ("empty", ""),
    ("white space", " \n\t "),
    ("refusal", "I'm sorry, but I can't help with that."),
    ("answer prompt", "Answer:"),
    ("final answer prompt", "The final answer is"),
    ("empty box", r"\boxed{}"),
    ("zero", "0"),
    ("one", "1"),
    ("yes", "yes"),
    ("A", "A"),
    ("filler", "lorem ipsum dolor sit amet " * 380),
)


class Asked(Protocol):
    """The part of a verifier that a check asks."""

    limits: Limits

    def verify(self, outcome: Any, task: Any) -> Verdict:
        """The verdict about one outcome."""
        ...


def check_task(verifier: Asked, task: Any) -> list[TaskProblem]:
    """What is wrong with a task for a verifier; empty when nothing is.

    Optional on the verifier: `gold_text(task)` (the gold as a policy would write it, or None),
    `reads_boxes`, `near_misses(task)` (wrong outcomes as (name, outcome), instead of those of
    `perturbed`), and `task_problems(task)` for what only it knows.
    """
    problems: list[TaskProblem] = []
    own: Callable[[Any], list[TaskProblem]] | None = getattr(verifier, "task_problems", None)
    if own is not None:
        try:
            problems += own(task)
        except AssayError as error:
            return [TaskProblem(code="task.faulty", message=str(error))]
    probe = verifier.verify("", task)
    if probe.status == "task_error":
        return [*problems, TaskProblem(code="task.faulty", message=probe.reason)]
    gold = gold_text(verifier, task)
    if gold is not None:
        problems += _gold_problems(verifier, task, gold)
    problems += _null_problems(verifier, task, gold)
    problems += _perturbed_problems(verifier, task)
    return problems


def gold_as_text(reference: Any) -> str | None:
    """A reference as a policy would write it, or None where it is no text, number or list."""
    if type(reference) is str:
        return reference
    if type(reference) in (int, float, Fraction):
        return str(reference)
    if isinstance(reference, tuple | list | Set):
        opened, closed = ("(", ")") if isinstance(reference, tuple) else ("{", "}")
        parts = [gold_as_text(item) for item in cast(Sequence[Any], reference)]
        if any(part is None for part in parts):
            return None
        inner = ", ".join(part for part in parts if part is not None)
        return f"{opened}{inner}{closed}" if opened == "(" else f"\\{{{inner}\\}}"
    return None


def gold_text(verifier: Any, task: Any) -> str | None:
    """The gold as a policy would write it: the verifier's own idea, or the reference as text."""
    ask: Callable[[Any], str | None] | None = getattr(verifier, "gold_text", None)
    if ask is not None:
        return ask(task)
    return gold_as_text(task.reference if isinstance(task, Problem) else task)


def _gold_problems(verifier: Asked, task: Any, gold: str) -> list[TaskProblem]:
    problems: list[TaskProblem] = []
    halved = _halved(verifier)
    trials = [("plainly", gold)]
    if getattr(verifier, "reads_boxes", False):
        trials.append(("boxed", rf"\boxed{{{gold}}}"))
    for how, text in trials:
        verdict = halved.verify(text, task)
        if not verdict.passed:
            message = f"The gold, given {how}, is not accepted: {verdict.status} ({verdict.code})."
            problems.append(TaskProblem(code="task.gold_refused", message=message))
    return problems


def _halved(verifier: Asked) -> Asked:
    """The verifier with half of every limit, where it is a dataclass that has limits to set."""
    limits = verifier.limits
    half = {f.name: max(1, getattr(limits, f.name) // 2) for f in fields(limits)}
    try:
        return replace(cast(Any, verifier), limits=Limits(**half))
    except TypeError:
        return verifier


def _null_problems(verifier: Asked, task: Any, gold: str | None) -> list[TaskProblem]:
    outcomes = list(NULL_OUTCOMES)
    if isinstance(task, Problem):
        outcomes.append(("the question", task.prompt))
        choices = task.params.get("choices")
        if isinstance(choices, Sequence) and not isinstance(choices, str):
            outcomes.append(("all choices", " ".join(map(str, cast(Sequence[Any], choices)))))
    problems: list[TaskProblem] = []
    for name, text in outcomes:
        if verifier.verify(text, task).passed and not (gold is not None and _same(text, gold)):
            message = f"A null outcome is accepted: {name} ({shorten(text, 40)})."
            problems.append(TaskProblem(code="task.null_accepted", message=message))
    return problems


def _same(text: str, gold: str) -> bool:
    """Whether a null outcome is this very problem's answer."""
    if text.strip().casefold() == gold.strip().casefold():
        return True
    try:
        return Fraction(text) == Fraction(gold)
    except (ValueError, ZeroDivisionError):
        return False


def _perturbed_problems(verifier: Asked, task: Any) -> list[TaskProblem]:
    problems: list[TaskProblem] = []
    for name, text in near_misses(verifier, task):
        if verifier.verify(text, task).passed:
            message = f"A wrong answer is accepted: the gold with {name} ({shorten(text, 40)})."
            problems.append(TaskProblem(code="task.perturbed_accepted", message=message))
    return problems


def near_misses(verifier: Any, task: Any) -> Iterable[tuple[str, Any]]:
    """Wrong outcomes that are nearly right: the verifier's own, or the reference perturbed."""
    own: Callable[[Any], Iterable[tuple[str, Any]]] | None = getattr(verifier, "near_misses", None)
    if own is not None:
        return own(task)
    return perturbed(task.reference if isinstance(task, Problem) else task)


def perturbed(reference: Any) -> Iterator[tuple[str, str]]:
    """Near misses of a reference that must not be accepted, as (what was changed, text).

    Numbers, also as text: ±1, sign, reciprocal, ten times. Tuples, lists and sets: one entry
    removed, added or changed, and tuples reversed. Other text: a character dropped, added or
    changed. Nothing that equals the reference is given.
    """
    number = _as_number(reference)
    if number is not None:
        yield from _numbers(number)
    elif type(reference) is str:
        yield from _texts(reference)
    elif isinstance(reference, tuple | list | Set):
        yield from _entries(reference)


def _as_number(reference: Any) -> Fraction | None:
    if type(reference) in (int, Fraction):
        return Fraction(reference)
    try:
        if type(reference) is float:
            return Fraction(repr(reference))
        if type(reference) is str and len(reference) < 100 and reference.isascii():
            return Fraction(reference)
    except (ValueError, ZeroDivisionError):
        return None
    return None


def _numbers(value: Fraction) -> Iterator[tuple[str, str]]:
    changed = [("one more", value + 1), ("one less", value - 1), ("ten times", value * 10)]
    changed += [("the other sign", -value), ("one added, sign changed", -value - 1)]
    if value != 0:
        changed.append(("numerator and denominator swapped", 1 / value))
    for name, other in changed:
        if other != value:
            yield name, str(other)


def _texts(text: str) -> Iterator[tuple[str, str]]:
    body = text.strip()
    places = [i for i, char in enumerate(body) if char.isalnum()]
    if not places:
        return
    last = places[-1]
    turned = chr(ord(body[last]) + 1) if body[last] not in "zZ9" else chr(ord(body[last]) - 1)
    if not turned.isalnum():
        turned = "q"
    trials = [
        ("its last character changed", body[:last] + turned + body[last + 1 :]),
        ("a character added", body[: last + 1] + turned + body[last + 1 :]),
        ("'not' before it", f"not {body}"),
        ("an alternative behind it", f"{body} or {body[:last]}{turned}"),
    ]
    if len(places) > 1:
        trials.append(("its last character dropped", body[:last] + body[last + 1 :]))
        trials.append(("its first character dropped", body[: places[0]] + body[places[0] + 1 :]))
    for name, other in trials:
        if other.strip().casefold() != body.casefold() and other.strip():
            yield name, other


def _entries(reference: Any) -> Iterator[tuple[str, str]]:
    items = list(cast(Sequence[Any], reference))
    if not isinstance(reference, tuple | list):
        items.sort(key=str)

    def written(entries: list[Any]) -> str | None:
        return gold_as_text(tuple(entries) if isinstance(reference, tuple) else entries)

    trials = [("one entry added", [*items, 987_654_321])]
    if items:
        trials.append(("one entry removed", items[:-1]))
        first = _as_number(items[0])
        if first is not None:
            trials.append(("its first entry changed", [first + 1, *items[1:]]))
        if isinstance(reference, tuple) and items[::-1] != items:
            trials.append(("its entries reversed", items[::-1]))
    for name, entries in trials:
        text = written(entries)
        if text is not None:
            yield name, text
