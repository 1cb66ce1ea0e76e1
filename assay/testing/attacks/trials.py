"""The trials of a target in their fixed order: what is sent, and what may come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from assay.testing.attacks.fuzz import junk_replies, wrong_replies
from assay.testing.attacks.loads import load_attacks
from assay.testing.attacks.target import Target
from assay.testing.attacks.texts import text_attacks

Group = Literal["gold", "wrong", "attack", "fuzz", "junk"]


@dataclass(frozen=True)
class Trial:
    """One outcome for one target.

    Attributes:
        group: `gold` must pass; `wrong`, `attack` and `fuzz` must not; `junk` has no label, and
            may only neither raise nor take long.
        id: of the attack, or the group.
        target: index of the target.
        known: junk that came out as a right answer again.
    """

    group: Group
    id: str
    name: str
    outcome: Any
    target: int
    known: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """How much is tried.

    Attributes:
        fuzz: random replies in all, half of them with a label.
        seed: of the random replies.
        skip: attack ids that are left out.
        loads: send the long and deep texts, to the first target.
        words: send attacks that only mean something to a verifier of content.
    """

    fuzz: int = 1_000
    seed: int = 0
    skip: frozenset[str] = frozenset()
    loads: bool = True
    words: bool = True


def trials(targets: list[Target], plan: Plan, *, boxes: bool) -> Iterator[Trial]:
    """Every trial, the same list for the same arguments. boxes: gold in a box must pass too."""
    share = plan.fuzz // (2 * len(targets)) if targets else 0
    for index, target in enumerate(targets):
        for name, outcome in _golds(target, boxes):
            yield Trial("gold", "gold", name, outcome, index)
        for name, outcome in target.wrongs:
            yield Trial("wrong", "wrong", name, outcome, index)
        if plan.words:
            for attack in text_attacks(target):
                if attack.id not in plan.skip:
                    yield Trial("attack", attack.id, attack.name, attack.outcome, index)
            for name, text in wrong_replies(target, share, plan.seed):
                yield Trial("fuzz", "fuzz", name, text, index)
        for name, text in junk_replies(target, share, plan.seed):
            yield Trial("junk", "junk", name, text, index, target.is_gold(text))
    if not (plan.loads and targets):
        return
    for attack in load_attacks(targets[0]):
        if attack.id not in plan.skip:
            yield Trial("attack", attack.id, attack.name, attack.outcome, 0)
    if "A28" not in plan.skip:
        for name, outcome in _golds(targets[0], boxes):
            yield Trial("gold", "A28", f"after all attacks: {name}", outcome, 0)


def _golds(target: Target, boxes: bool) -> Iterator[tuple[str, Any]]:
    for gold in target.golds:
        yield "a right reply", gold
        if type(gold) is str:
            yield "a right reply among white space", f"\n {gold} \n"
    if boxes and type(target.gold) is str and "box" not in target.gold:
        yield "a right reply in a box", rf"\boxed{{{target.gold}}}"
