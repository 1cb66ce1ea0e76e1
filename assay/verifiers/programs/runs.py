"""One run of a submission in a sandbox, repeated once where the machine failed it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from assay.core.types import Cost, Limits
from assay.verifiers.programs.keepers import KeeperLost, KeeperRefused, pool
from assay.verifiers.programs.sandbox import LEVELS, NoSandbox, Sandbox, Way, choose, limits_of

_NO_COST = Cost()
_SPARE_S = 90.0  # beyond the supervisor's own limits, which it keeps itself


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a verifier's runs happen: a way that is there, and how strong it is."""

    sandbox: Sandbox
    way: Way
    tools: bool = False

    @property
    def isolation(self) -> str:
        """As verdicts carry it."""
        return f"sandbox:{LEVELS[self.way]}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What a run left behind.

    Attributes:
        fault: what the machine did wrong, in a sentence; then nothing else counts.
        fault_code: its stable word.
        over: "cpu", "memory", "wall", or empty.
        frames: what the driver sent, as JSON text; claims of the submission.
        malformed: there was something else than frames where frames belong.
        exit: the status that the child ended with, negative for a signal; None: it was ended.
        output: standard output, its first million bytes; `output_bytes` counts all of it.
        lost: the processes around the submission went, twice, where it could have ended them.
        answered_no: the run was given up because `reply` said so.
    """

    fault: str = ""
    fault_code: str = ""
    over: str = ""
    frames: tuple[str, ...] = ()
    malformed: bool = False
    exit: int | None = None
    output: bytes = b""
    output_bytes: int = 0
    lost: bool = False
    answered_no: bool = False
    cost: Cost = _NO_COST


def place_for(sandbox: Sandbox, min_level: int, *, tools: bool = False) -> Place | Run:
    """A place of at least that level; where there is none, a run that failed for this reason."""
    try:
        return Place(sandbox=sandbox, way=choose(sandbox, min_level, tools=tools), tools=tools)
    except NoSandbox as error:
        return Run(fault=str(error), fault_code="machine.no_sandbox")
    except KeeperLost as error:
        return Run(fault=_sentence(error), fault_code="machine.sandbox")


def run(
    request: dict[str, Any],
    place: Place,
    limits: Limits,
    reply: Callable[[str], dict[str, Any] | None] | None = None,
    *,
    nested: bool = False,
) -> Run:
    """Run a job.

    Args:
        request: the job: `kind`, `source` and what that kind needs.
        place: where.
        limits: processor time, wall time and memory of the run.
        reply: for test code that asks for calls of the submission.
        nested: this run happens for another one, which waits meanwhile and has its turn already.
    """
    request = {**request, "limits": limits_of(limits)}
    runs = max(1, len(request.get("inputs", ())))
    timeout = limits.wall_s * runs + _SPARE_S
    found = _once(request, place, timeout, reply, nested=nested)
    if not (found.fault or found.lost):
        return found
    again = _once(request, place, timeout, reply, nested=nested, fresh=True)
    if again.lost and not found.lost:
        return found  # once can be the machine's doing; a submission that does it does it again
    return again


def _once(
    request: dict[str, Any],
    place: Place,
    timeout: float,
    reply: Callable[[str], dict[str, Any] | None] | None,
    *,
    nested: bool,
    fresh: bool = False,
) -> Run:
    kind = place.sandbox.kind(place.way, place.tools)
    holder = pool()
    queued = 0.0
    report: dict[str, Any] | None
    try:
        if nested:
            with holder.lend(kind, fresh) as keeper:
                report = keeper.ask(request, timeout)
        else:
            with holder.turn() as queued, holder.lend(kind, fresh) as keeper:
                report = keeper.ask(request, timeout, reply)
                if report is None:
                    raise _GivenUp
    except _GivenUp:
        return Run(answered_no=True)
    except KeeperRefused as error:
        return Run(fault=_sentence(error), fault_code="machine.sandbox")
    except KeeperLost as error:
        if error.exposed:
            # A submission of the same user can end the processes around it, and nothing else
            # tells that from a fault of the machine than that it happens every time.
            return Run(lost=True)
        return Run(fault=_sentence(error), fault_code="machine.sandbox")
    return _read(report or {}, queued)


class _GivenUp(Exception):
    """The keeper is in the middle of a run that nobody wants any more; it is closed."""


def _read(report: dict[str, Any], queued: float) -> Run:
    if "broken" in report:
        return Run(fault=f"The sandbox failed: {report['broken']}.", fault_code="machine.sandbox")
    cost = Cost(
        wall_s=report["wall_s"],
        cpu_s=report["cpu_s"],
        queue_s=queued,
        peak_mb=report["peak_mb"],
    )
    over: str = report["over"]
    if over == "slow":
        text = "The machine did not give the program its time, so nothing was decided."
        return Run(fault=text, fault_code="machine.slow", cost=cost)
    if over in ("setup", "gone") or not report["ready"]:
        told = report["frames"][0] if report["frames"] else "it did not become ready"
        text = f"The sandbox could not start the program: {told}."
        return Run(fault=text, fault_code="machine.sandbox", cost=cost)
    if not report["ended"]:
        text = "The program's processes could not be ended."
        return Run(fault=text, fault_code="machine.sandbox", cost=cost)
    return Run(
        over=over,
        frames=tuple(report["frames"]),
        malformed=report["malformed"],
        exit=report["exit"],
        output=report["output"].encode("latin-1"),
        output_bytes=report["output_bytes"],
        cost=cost,
    )


def _sentence(error: Exception) -> str:
    text = str(error).rstrip(".")
    return f"{text[:1].upper()}{text[1:]}."
