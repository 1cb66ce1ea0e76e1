"""Planning domains as plain data: facts, conditions, actions; simulated, never executed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, cast

from assay.core.errors import TaskError, shorten
from assay.verifiers.puzzles.lists import distinct_names, listed, node_name

Fact = tuple[str, ...]
State = frozenset[Fact]
ANYTHING = ""  # the kind of objects without types


class Condition(NamedTuple):
    """A fact that must hold or must not, or two objects that must differ."""

    kind: Literal["holds", "not", "differ"]
    fact: Fact

    def holds(self, state: State) -> bool:
        """Whether it does in a state."""
        if self.kind == "differ":
            return self.fact[0] != self.fact[1]
        return (self.fact in state) == (self.kind == "holds")


@dataclass(frozen=True)
class Action:
    """What may be done, when, and what it changes; variables begin with a question mark."""

    name: str
    variables: tuple[str, ...]
    kinds: tuple[str, ...]
    conditions: tuple[Condition, ...]
    adds: tuple[Fact, ...]
    deletes: tuple[Fact, ...]

    def apply(self, state: State, objects: Sequence[str]) -> State | None:
        """The state after it, or None where it cannot be carried out."""
        binding = dict(zip(self.variables, objects, strict=True))
        if not all(bound_condition(c, binding).holds(state) for c in self.conditions):
            return None
        gone = {_bound(fact, binding) for fact in self.deletes}
        return (state - gone) | {_bound(fact, binding) for fact in self.adds}


class Domain(NamedTuple):
    """Actions by name, and the names of the objects of each kind."""

    actions: Mapping[str, Action]
    objects: Mapping[str, frozenset[str]]


def bound_condition(condition: Condition, binding: Mapping[str, str]) -> Condition:
    """A condition with its variables replaced."""
    return condition._replace(fact=_bound(condition.fact, binding))


def read_domain(given: Any, facts: Sequence[Fact]) -> Domain:
    """A domain out of a task's data.

    Args:
        given: as `PlanVerifier` describes it.
        facts: of the task; their objects count where the domain lists none.

    Raises:
        TaskError: something is missing, or names what is not there.
    """
    domain = _mapping(given, "domain", {"actions", "objects"})
    objects = _objects(domain.get("objects"), facts)
    actions: dict[str, Action] = {}
    for name, body in _mapping(domain.get("actions"), "actions").items():
        actions[node_name(name, "action")] = _action(node_name(name, "action"), body, objects)
    if not actions or any(set(name) & set(" (),;") for name in actions):
        raise TaskError("The domain has no actions, or one whose name is not one word.")
    return Domain(actions, objects)


def read_facts(given: Any, what: str) -> list[Fact]:
    """The facts of a list, none of them negated.

    Raises:
        TaskError: it is none.
    """
    conditions = read_conditions(given, what)
    if any(condition.kind != "holds" for condition in conditions):
        raise TaskError(f"{what} lists something that does not hold: leave it out.")
    return [condition.fact for condition in conditions]


def read_conditions(given: Any, what: str) -> tuple[Condition, ...]:
    """The conditions of a list: `at a`, `not at a`, `?x != ?y`.

    Raises:
        TaskError: it is none.
    """
    return tuple(_condition(text, what) for text in listed(given, what))


def _condition(given: Any, what: str) -> Condition:
    words: Any = given
    if isinstance(given, str):
        words = given.replace("(", " ").replace(")", " ").split()
    parts = [node_name(word, "word") for word in listed(words, what)]
    if len(parts) == 3 and parts[1] == "!=":
        return Condition("differ", (parts[0], parts[2]))
    if len(parts) > 1 and parts[0] == "not":
        return Condition("not", tuple(parts[1:]))
    if not parts or "=" in parts or "!=" in parts:
        raise TaskError(f"{what}: {shorten(given)} is no fact: expected text such as 'at a'.")
    return Condition("holds", tuple(parts))


def _action(name: str, given: Any, objects: Mapping[str, frozenset[str]]) -> Action:
    body = _mapping(given, f"action {name}", {"parameters", "preconditions", "effects"})
    variables: list[str] = []
    kinds: list[str] = []
    for parameter in listed(body.get("parameters", []), "parameters"):
        variable, _, kind = str(parameter).partition(" - ")
        variables.append(variable.strip())
        kinds.append(kind.strip() if ANYTHING not in objects else ANYTHING)
    if len(set(variables)) != len(variables) or not all(v.startswith("?") for v in variables):
        raise TaskError(f"The parameters of '{name}' are not different names such as '?x'.")
    for kind in kinds:
        if kind not in objects:
            raise TaskError(f"A parameter of '{name}' has the type '{kind}', which has no objects.")
    conditions = read_conditions(body.get("preconditions", []), f"preconditions of {name}")
    effects = read_conditions(body.get("effects", []), f"effects of {name}")
    used = {word for c in (*conditions, *effects) for word in c.fact if word.startswith("?")}
    if not used <= set(variables) or not effects or any(c.kind == "differ" for c in effects):
        raise TaskError(f"The action '{name}' has no effects, or uses a variable that it lacks.")
    adds = tuple(c.fact for c in effects if c.kind == "holds")
    deletes = tuple(c.fact for c in effects if c.kind == "not")
    return Action(name, tuple(variables), tuple(kinds), conditions, adds, deletes)


def _objects(given: Any, facts: Sequence[Fact]) -> dict[str, frozenset[str]]:
    if given is None:
        return {ANYTHING: frozenset(word for fact in facts for word in fact[1:])}
    if isinstance(given, list | tuple):
        return {ANYTHING: frozenset(distinct_names(given, "object"))}
    rows = _mapping(given, "objects")
    return {str(kind): frozenset(distinct_names(names, "object")) for kind, names in rows.items()}


def _mapping(given: Any, what: str, known: set[str] | None = None) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise TaskError(f"{what}={shorten(given)} is not a mapping.")
    found = cast("Mapping[str, Any]", given)
    unknown = sorted(set(found) - known) if known is not None else []
    if unknown:
        raise TaskError(f"{what} has a field '{unknown[0]}', which nothing reads.")
    return found


def _bound(fact: Fact, binding: Mapping[str, str]) -> Fact:
    return tuple(binding.get(word, word) for word in fact)
