"""The function that a worker runs: two trees and the settings in, what was decided out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from assay.core.errors import TaskError
from assay.verifiers.symbolic.arithmetic import NATURAL, Unsupported
from assay.verifiers.symbolic.context import Context, Decision, Refusal, context_of
from assay.verifiers.symbolic.enclosure import Undefined, Unsettled
from assay.verifiers.symbolic.equality import same_answer
from assay.verifiers.symbolic.evaluate import Evaluator
from assay.verifiers.symbolic.identities import is_identity
from assay.verifiers.symbolic.numbers import is_zero
from assay.verifiers.trees import Node, every, unpacked
from assay.verifiers.workers.phases import phase

_REASONS = {
    True: "The answer equals the reference.",
    False: "The answer differs from the reference.",
    None: "The answer was understood; that it equals the reference was neither shown nor refuted.",
}
_STATUS = {True: "correct", False: "incorrect", None: "unproven"}
_TEN = 10


def compare(payload: Mapping[str, Any]) -> dict[str, Any]:
    """Compare an answer, in one or more readings, with the reference.

    Args:
        payload: `gold` and `sides` (trees as `trees.packed` makes them), `decimals`, `units`,
            `percent`, `domain`, `answer_type`, `limits`.

    Returns:
        `status`, `code`, `reason`, `method` and `certainty` of the verdict.
    """
    phase("gold")
    context = context_of(payload)
    gold = unpacked(payload["gold"])
    _check_gold(gold, context)
    phase("candidate")
    outcomes = [_outcome(gold, unpacked(side), context) for side in payload["sides"]]
    return min(outcomes, key=lambda outcome: _RANK.get(outcome["status"], 2))


_RANK = {"correct": 0, "unproven": 1}


def warm_up() -> None:
    """Load what comparisons use and run one of each kind, before the first request is timed."""
    settings: dict[str, Any] = {
        "decimals": "rounded", "units": "optional", "percent": "symmetric", "domain": "real",
        "answer_type": "auto",
        "limits": {"power_bits": 10_000, "factorial_argument": 2_000, "entries": 1_000},
    }  # fmt: skip
    name = ["sym", "x"]
    square = ["pow", name, ["num", "2"]]
    root = ["sqrt", ["num", "2"], ["num", "8"]]
    for gold, side in (
        (root, ["mul", ["num", "2"], ["sqrt", ["num", "2"], ["num", "2"]]]),
        (["fn", "sin", [square]], ["fn", "sin", [["mul", name, name]]]),
    ):
        compare({**settings, "gold": gold, "sides": [side]})
    squares: list[Any] = [["pow", ["fn", f, [name]], ["num", "2"]] for f in ("sin", "cos")]
    is_identity(unpacked(["num", "1"]), unpacked(["add", *squares]), context_of(settings))


def _check_gold(gold: Node, context: Context) -> None:
    """A reference without a value is the task's fault."""
    if gold[0] in ("div", "pow", "sqrt", "fn", "add", "mul", "neg", "fact", "dfact", "binom"):
        try:
            Evaluator(context.setting(128)).value(gold)
        except Undefined as error:
            raise TaskError("The reference has no value.") from error
        except Unsettled as error:
            if any(part[0] == "div" and _surely_zero(part[2], context) for part in every(gold)):
                raise TaskError("The reference divides by zero.") from error
        except Unsupported:
            pass


def _surely_zero(node: Node, context: Context) -> bool:
    try:
        return is_zero(node, context) is True
    except Undefined:
        return False


def _outcome(gold: Node, side: Node, context: Context) -> dict[str, Any]:
    try:
        return _result(_decided(gold, side, context))
    except Undefined:
        return _refused("unparsable", "math.undefined", "The answer has no value.")
    except Refusal as refusal:
        return _refused(refusal.status, refusal.code, str(refusal))


def _decided(gold: Node, side: Node, context: Context) -> Decision:
    """A logarithm without a base is read to base ten and to base e; both must agree."""
    if not (_bare_logarithm(gold) or _bare_logarithm(side)):
        return same_answer(gold, side, context)
    ten, natural = (
        same_answer(gold, side, context._replace(log_base=base)) for base in (_TEN, NATURAL)
    )
    return ten if ten.equal == natural.equal else Decision(None, "log_base", "math.unproven")


def _bare_logarithm(node: Node) -> bool:
    return any(part[:2] == ("fn", "log") and len(part[2]) == 1 for part in every(node))


def _result(decision: Decision) -> dict[str, Any]:
    return {
        "status": _STATUS[decision.equal],
        "code": decision.code,
        "reason": _REASONS[decision.equal],
        "method": decision.method,
        "certainty": "numeric" if decision.numeric else "exact",
    }


def _refused(status: str, code: str, reason: str) -> dict[str, Any]:
    return {"status": status, "code": code, "reason": reason, "method": None, "certainty": None}
