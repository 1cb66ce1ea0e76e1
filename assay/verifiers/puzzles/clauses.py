"""Clauses: unit propagation, a complete search for models, and the check of DRAT proofs.

Every look at a literal is counted, so that nothing here takes longer than its budget.
"""

from collections.abc import Iterable, Sequence

from assay.verifiers.puzzles.search import Budget

Clause = tuple[int, ...]


def propagate(
    clauses: Sequence[Clause], true: Iterable[int], budget: Budget
) -> tuple[set[int], list[Clause]] | None:
    """All literals that follow from some by clauses with one open literal; None: a contradiction.

    Also returned are the clauses that are still open, without their false literals.
    """
    held = set(true)
    if any(-literal in held for literal in held):
        return None
    rest = list(clauses)
    while True:
        units: set[int] = set()
        kept: list[Clause] = []
        for clause in rest:
            budget.spend(1 + len(clause))
            if not held.isdisjoint(clause):
                continue
            opened = tuple(literal for literal in clause if -literal not in held)
            if not opened:
                return None
            if len(opened) == 1:
                units.add(opened[0])
            else:
                kept.append(opened)
        rest = kept
        if not units:
            return held, rest
        if any(-literal in units for literal in units):
            return None
        held |= units


def count_models(clauses: Sequence[Clause], variables: int, budget: Budget, most: int) -> int:
    """Satisfying assignments of all the variables, up to `most`.

    Raises:
        OutOfBudget: the search was not complete.
    """
    stack: list[tuple[Sequence[Clause], set[int]]] = [(clauses, set())]
    found = 0
    while stack and found < most:
        rest, held = stack.pop()
        state = propagate(rest, held, budget)
        if state is None:
            continue
        held, rest = state
        if not rest:
            free = variables - len({abs(literal) for literal in held})
            found += 2 ** min(free, 20)
            continue
        literal = min(rest, key=len)[0]
        stack.append((rest, {*held, -literal}))
        stack.append((rest, {*held, literal}))
    return min(found, most)


def check_proof(
    clauses: Sequence[Clause], steps: Sequence[tuple[bool, Clause]], budget: Budget
) -> str:
    """What is wrong with a DRAT proof that no assignment satisfies the clauses; empty: nothing.

    Each added clause must follow by unit propagation (RUP), or be a resolution asymmetric tautology
    on its first literal (RAT). The empty clause must be among them.

    Source: Wetzler, Heule and Hunt 2014, "DRAT-trim".
    """
    known = list(clauses)
    for deleted, clause in steps:
        if deleted:
            same = next((c for c in known if set(c) == set(clause)), None)
            budget.spend(len(known))
            if same is None:
                return "A clause is deleted that is not there."
            known.remove(same)
            continue
        if not _follows(known, clause, budget) and not _tautology(known, clause, budget):
            return "A clause of the proof does not follow from those before it."
        if not clause:
            return ""
        known.append(clause)
    return "The proof does not end with the empty clause."


def _follows(known: Sequence[Clause], clause: Clause, budget: Budget) -> bool:
    return propagate(known, (-literal for literal in clause), budget) is None


def _tautology(known: Sequence[Clause], clause: Clause, budget: Budget) -> bool:
    if not clause:
        return False
    for other in known:
        budget.spend()
        if -clause[0] in other:
            joined = {*clause, *(literal for literal in other if literal != -clause[0])}
            if not _follows(known, tuple(joined), budget):
                return False
    return True
