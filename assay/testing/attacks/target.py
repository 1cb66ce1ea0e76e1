"""What is attacked: a verifier's task with replies whose label is known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from assay.core.errors import TaskError
from assay.core.types import Problem
from assay.verifiers.catalogue import VERIFIERS, Entry
from assay.verifiers.check import gold_as_text, gold_text, near_misses

_USUAL = ("84", "-3/7", "Lake Victoria", "olleh", "B")
"""References that are tried where nobody gave any; those that the verifier can use are kept."""
_SHORT = 120  # characters of a reply that is set beside another one in a sentence


@dataclass(frozen=True)
class Target:
    """One task of a verifier.

    Attributes:
        task: what `verify` is given beside the outcome.
        golds: outcomes that are right.
        wrongs: outcomes that are wrong, as (what they are, outcome).
    """

    task: Any
    golds: tuple[Any, ...]
    wrongs: tuple[tuple[str, Any], ...] = ()

    @property
    def gold(self) -> Any:
        """A right outcome: a text out of its box or tag, the bare answer where it is a long one."""
        gold = self.golds[0]
        if type(gold) is not str:
            return gold
        bare = _unwrapped(gold)
        written = gold_as_text(self.reference) if _is_long(bare) else None
        return bare if written is None else written

    @property
    def question(self) -> str:
        """The prompt, where the task has one."""
        return self.task.prompt if isinstance(self.task, Problem) else ""

    @property
    def reference(self) -> Any:
        """The reference, where the task has one."""
        return self.task.reference if isinstance(self.task, Problem) else self.task

    @property
    def choices(self) -> tuple[str, ...]:
        """The labels of the task's choices, if it has any."""
        if not isinstance(self.task, Problem):
            return ()
        found = self.task.params.get("choices")
        if isinstance(found, str | bytes) or not isinstance(found, Sequence | Mapping):
            return ()
        return tuple(map(str, cast("Sequence[Any]", found)))

    def is_gold(self, text: str) -> bool:
        """Whether a text, out of its wrapping, is a right answer as written."""
        return _bare(text) in {_bare(gold) for gold in self.golds if type(gold) is str}


def _is_long(text: str) -> bool:
    return len(text) > _SHORT or "\n" in text


def _bare(text: str) -> str:
    return _unwrapped(text).strip(" .").casefold()


def _unwrapped(text: str) -> str:
    body = text.strip()
    for opened, closed in ((r"\boxed{", "}"), ("<answer>", "</answer>"), ("$", "$")):
        whole = body.startswith(opened) and body.endswith(closed) and len(body) > len(opened)
        if whole and body.count(opened) == 1 + (opened == closed):
            body = body[len(opened) : -len(closed)].strip()
    return body


def from_catalogue(name: str) -> list[Target]:
    """The examples of a registered verifier, one target for each of their tasks."""
    return from_entry(VERIFIERS[name])


def from_entry(entry: Entry) -> list[Target]:
    """Targets out of a catalogue entry: examples of one task belong together."""
    verifier = entry.make()
    targets: list[Target] = []
    tasks: list[Any] = []
    for example in (*entry.accepted, *entry.rejected):
        if not any(_same_task(example.task, seen) for seen in tasks):
            tasks.append(example.task)
    for task in tasks:
        golds = [e.outcome for e in entry.accepted if _same_task(e.task, task)]
        wrong = [e.outcome for e in entry.rejected if _same_task(e.task, task)]
        if golds:
            targets.append(target_of(verifier, task, golds, wrong))
    return targets


def _same_task(one: Any, other: Any) -> bool:
    return one is other or (type(one) is type(other) and repr(one) == repr(other))


def from_record(verifier: Any, record: Mapping[str, Any]) -> Target:
    """A target of one line of JSON.

    Keys: `reference`, `prompt`, `params` make the task (a bare reference where it is alone);
    `accepted` and `rejected` hold replies whose label is known.

    Raises:
        TaskError: keys of another name or type.
    """
    known = {"reference", "prompt", "params", "accepted", "rejected", "id"}
    extra = sorted(set(record) - known)
    if extra:
        raise TaskError(f"unknown key '{extra[0]}'; expected some of {', '.join(sorted(known))}")
    for key in ("accepted", "rejected"):
        if not isinstance(record.get(key, []), list):
            raise TaskError(f"'{key}' is no list of replies")
    if not isinstance(record.get("prompt", ""), str):
        raise TaskError("'prompt' is no text")
    if not isinstance(record.get("params", {}), dict):
        raise TaskError("'params' is no object")
    task: Any = record.get("reference")
    if "prompt" in record or "params" in record:
        task = Problem(
            prompt=record.get("prompt", ""), reference=task, params=record.get("params", {})
        )
    return target_of(verifier, task, record.get("accepted", ()), record.get("rejected", ()))


def usual(verifier: Any) -> list[Target]:
    """Targets for a verifier about which nothing is known: references that it accepts as gold."""
    found = [target_of(verifier, reference, (), ()) for reference in _USUAL]
    return [target for target in found if verifier.verify(target.gold, target.task).passed]


def target_of(verifier: Any, task: Any, golds: Sequence[Any], wrongs: Sequence[Any]) -> Target:
    """A task with its replies; a reference is a right reply itself where it can be written."""
    right = list(golds)
    written = gold_text(verifier, task)
    if not right and written is not None:
        right.append(written)
    if not right:
        raise TaskError(
            "No right reply is known for a task: give it a reference that can be written, or "
            "'accepted' replies."
        )
    bad = [("a wrong reply that was given", wrong) for wrong in wrongs]
    bad += [(f"the gold with {how}", text) for how, text in near_misses(verifier, task)]
    return Target(task, tuple(right), tuple(bad))


def wrong_texts(target: Target) -> Iterator[str]:
    """Wrong replies that are plain texts, for attacks that set one beside the gold."""
    for _, wrong in target.wrongs:
        if type(wrong) is not str or not wrong.strip() or target.is_gold(wrong):
            continue
        if not _is_long(wrong.strip()):
            yield wrong.strip()
