"""Schedules: durations, resources, precedences and deadlines, and an end that is early enough."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, cast

from assay.core.errors import TaskError, shorten
from assay.verifiers.characters import Refused
from assay.verifiers.puzzles.base import Listed, PuzzleVerifier, Ruling
from assay.verifiers.puzzles.graphs import circular
from assay.verifiers.puzzles.lists import (
    listed,
    node_name,
    read_assignment,
    refuse_unknown,
    shown,
    whole,
)
from assay.verifiers.puzzles.search import Budget, none_below, optimum

_FIELDS = frozenset({"duration", "uses", "release", "deadline"})
_LONGEST = 10**9


class Job(NamedTuple):
    """How long a job takes, what it occupies meanwhile, and between which times it must run."""

    duration: int
    uses: Mapping[str, int]
    release: int
    deadline: int | None


class Shop(NamedTuple):
    """Jobs, capacities, pairs of which the first ends before the second starts, the latest end."""

    jobs: Mapping[str, Job]
    resources: Mapping[str, int]
    before: tuple[tuple[str, str], ...]
    most: int


@dataclass(frozen=True)
class ScheduleVerifier(PuzzleVerifier[Shop]):
    """Whether start times for all jobs keep every rule, and the last job ends early enough.

    The answer gives a whole number from 0 for every job: `A=0, B=3`, or JSON.

    Attributes:
        jobs: by name, a duration or `{"duration": 3, "uses": {"crane": 1}, "release": 2,
            "deadline": 9}`.
        resources: how much of each there is; a job occupies its part from its start until its end.
        precedences: pairs (a, b): b starts when a has ended, or later.
        bound: the latest end; None: the least possible, computed by exact search.

    Example:
        >>> shop = ScheduleVerifier({"A": 2, "B": 3}, precedences=[("A", "B")])
        >>> shop.verify("A=0, B=2").passed, shop.verify("A=0, B=3").code
        (True, 'schedule.makespan')
    """

    name = "schedule"
    claim = "schedule"
    needs = ("jobs",)

    jobs: Mapping[str, Any] | None = None
    resources: Mapping[str, int] | None = None
    precedences: Listed | None = None
    bound: int | None = None

    def read_goal(self, given: dict[str, Any]) -> Shop:
        """The jobs and rules, checked; the least makespan, searched where no bound is given."""
        resources = {
            node_name(name, "resource"): whole(amount, "capacity", 1)
            for name, amount in _mapping(given["resources"] or {}, "resources").items()
        }
        jobs = {
            node_name(name, "job"): _job(body, resources)
            for name, body in _mapping(given["jobs"], "jobs").items()
        }
        before = tuple(_pair(pair, jobs) for pair in listed(given["precedences"] or (), "pairs"))
        if not jobs or circular(before):
            raise TaskError("There are no jobs, or their precedences go round in a circle.")
        if given["bound"] is not None:
            return Shop(jobs, resources, before, whole(given["bound"], "bound"))
        shop = Shop(jobs, resources, before, _LONGEST)
        least = optimum(jobs, lambda budget: least_makespan(shop, budget))
        if least is None:
            raise TaskError("No schedule keeps the deadlines.")
        return shop._replace(most=least)

    def rule(self, goal: Shop, text: str) -> Ruling:
        """Every job, every rule, then the makespan."""
        written = read_assignment(text, self.limits)
        refuse_unknown(written, goal.jobs, "job")
        start: dict[str, int] = {}
        for name, value in written.items():
            if not (value.isascii() and value.isdecimal()) or len(value) > 9:
                raise Refused(f"'{value[:40]}' is no whole number from 0 to {_LONGEST - 1}.")
            start[name] = int(value)
        canonical, expected = shown(f"{n}={start[n]}" for n in sorted(start)), str(goal.most)
        if len(start) < len(goal.jobs):
            return Ruling("incomplete", "A job has no start.", canonical, expected)
        end = {name: start[name] + job.duration for name, job in goal.jobs.items()}
        for name, job in goal.jobs.items():
            late = job.deadline is not None and end[name] > job.deadline
            if late or start[name] < job.release:
                return Ruling("window", "A job runs outside of its times.", canonical, expected)
        if any(start[second] < end[first] for first, second in goal.before):
            return Ruling("precedence", "A job starts too soon.", canonical, expected)
        if any(not _fits(goal, start, moment) for moment in start.values()):
            return Ruling("resource", "A resource is used beyond its amount.", canonical, expected)
        if max(end.values()) > goal.most:
            return Ruling("makespan", "The last job ends too late.", canonical, expected)
        return Ruling("", "The schedule keeps every rule.", canonical, expected)

    def count_solutions(self, goal: Shop) -> int | None:
        """0 where no schedule keeps the rules and the bound; else not known."""

        def least(budget: Budget) -> int:
            found = least_makespan(goal, budget)
            return goal.most + 1 if found is None else found

        return none_below(goal.jobs, least, goal.most)


def _fits(shop: Shop, start: Mapping[str, int], moment: int) -> bool:
    """Whether the jobs that run at a moment use no more than there is."""
    used = dict.fromkeys(shop.resources, 0)
    for name, begin in start.items():
        job = shop.jobs[name]
        if begin <= moment < begin + job.duration:
            for resource, amount in job.uses.items():
                used[resource] += amount
    return all(used[name] <= amount for name, amount in shop.resources.items())


def least_makespan(shop: Shop, budget: Budget) -> int | None:
    """The least time at which all jobs can have ended, or None where deadlines cannot be kept.

    Jobs are placed one after the other, each as early as it fits, in every order that the
    precedences allow: one of the schedules made so has the least makespan (Sprecher 1994, active
    schedules). Orders that cannot beat the best so far are cut off.
    """
    after = {name: [two for one, two in shop.before if one == name] for name in shop.jobs}
    before = {name: [one for one, two in shop.before if two == name] for name in shop.jobs}
    tail: dict[str, int] = {}
    for name in shop.jobs:
        _tail(name, shop, after, tail)
    floor = _floor(shop, before, tail)
    best: int | None = None
    seen: set[frozenset[tuple[str, int]]] = set()

    def place(start: dict[str, int]) -> bool:
        """Extend a partial schedule; True: nothing can be better than what was found."""
        nonlocal best
        if len(start) == len(shop.jobs):
            best = max(start[name] + job.duration for name, job in shop.jobs.items())
            return best <= floor
        state = frozenset(start.items())
        if state in seen:
            return False
        seen.add(state)
        for name in sorted(shop.jobs, key=lambda job: (-tail[job], job)):
            if name in start or any(other not in start for other in before[name]):
                continue
            begin = _earliest(name, start, shop, before[name], budget)
            if begin is None or (best is not None and begin + tail[name] >= best):
                continue
            if place({**start, name: begin}):
                return True
        return False

    place({})
    return best


def _earliest(
    name: str, start: dict[str, int], shop: Shop, before: Sequence[str], budget: Budget
) -> int | None:
    job = shop.jobs[name]
    ready = max([job.release, *(start[other] + shop.jobs[other].duration for other in before)])
    ends = {begin + shop.jobs[other].duration for other, begin in start.items()}
    for begin in sorted({ready, *(end for end in ends if end > ready)}):
        budget.spend(1 + len(start) // 4)
        if job.deadline is not None and begin + job.duration > job.deadline:
            return None
        trial = {**start, name: begin}
        moments = [begin, *(b for b in start.values() if begin < b < begin + job.duration)]
        if all(_fits(shop, trial, moment) for moment in moments):
            return begin
    return None


def _tail(name: str, shop: Shop, after: Mapping[str, list[str]], tail: dict[str, int]) -> int:
    """The least time from a job's start until all that depends on it has ended."""
    if name not in tail:
        rest = max((_tail(other, shop, after, tail) for other in after[name]), default=0)
        tail[name] = shop.jobs[name].duration + rest
    return tail[name]


def _floor(shop: Shop, before: Mapping[str, list[str]], tail: Mapping[str, int]) -> int:
    """A time before which no schedule can end: by the longest chain, or by a resource's work."""
    bound = max(job.release + tail[name] for name, job in shop.jobs.items())
    for resource, amount in shop.resources.items():
        work = sum(job.duration * job.uses.get(resource, 0) for job in shop.jobs.values())
        bound = max(bound, -(-work // amount))
    return bound


def _job(given: Any, resources: Mapping[str, int]) -> Job:
    if type(given) is int:
        given = {"duration": given}
    body = _mapping(given, "job")
    unknown = sorted(set(body) - _FIELDS)
    if unknown or "duration" not in body:
        raise TaskError(f"The job {shorten(given)} has no duration, or a field nothing reads.")
    uses = {
        node_name(name, "resource"): whole(amount, "uses")
        for name, amount in _mapping(body.get("uses", {}), "uses").items()
    }
    if any(name not in resources or amount > resources[name] for name, amount in uses.items()):
        raise TaskError(f"The job {shorten(given)} uses more of a resource than there is.")
    deadline = body.get("deadline")
    return Job(
        whole(body["duration"], "duration"),
        uses,
        whole(body.get("release", 0), "release"),
        None if deadline is None else whole(deadline, "deadline"),
    )


def _pair(pair: Any, jobs: Mapping[str, Job]) -> tuple[str, str]:
    ends = [node_name(name, "job") for name in listed(pair, "precedence")]
    if len(ends) != 2 or ends[0] not in jobs or ends[1] not in jobs or ends[0] == ends[1]:
        raise TaskError(f"The precedence {shorten(pair)} is not a pair of two jobs.")
    return ends[0], ends[1]


def _mapping(given: Any, what: str) -> Mapping[Any, Any]:
    if not isinstance(given, Mapping):
        raise TaskError(f"{what}={shorten(given)} is not a mapping.")
    return cast("Mapping[Any, Any]", given)
