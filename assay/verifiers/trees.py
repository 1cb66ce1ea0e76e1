"""Trees of answers as plain tuples.

Nodes are `(kind, …)` tuples of strings, fractions and nodes, so that they can be compared, hashed
and sent to another process as JSON. Kinds:

    values       num value text | inf | sym name | based digits base | text words | dots
                 numbers name (ℝ, ℚ, …)
    arithmetic   neg a | add a b | mul a b | div a b | pow a b | sqrt index a | pct a | pm a b
                 fact a | dfact a | binom n k | abs a | floor a | ceil a | unit a name
                 fn name arguments (log with a base: base first) | call name items
                 sum name low high body | prod name low high body
    never worked out   lim name target side body | int name low high body | deriv above below body
    collections  tuple open close items | set items | list items | matrix rows | row items
                 ratio items | union a b | meet a b | minus a b | builder name source condition
    relations    rel signs items | or relations | both relations | class items modulus
"""

from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any, cast

Node = tuple[Any, ...]

KINDS = frozenset(
    "num inf sym based text dots numbers neg add mul div pow sqrt pct pm fact dfact binom abs "
    "floor ceil unit fn call sum prod lim int deriv tuple set list matrix row ratio union meet "
    "minus builder rel or both class".split()
)
_PLAIN = frozenset("num neg add mul div pow pct fact dfact binom".split())
_ORDERED = frozenset({"<", ">", "<=", ">=", "!=", "in"})
_BINDING = frozenset({"sum", "prod", "lim", "int", "builder"})


def has_symbols(node: Node) -> bool:
    """Whether anything but plain arithmetic on numbers stands in a tree."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part[0] not in _PLAIN:
            return True
        stack += children(part)
    return False


def is_inequality(node: Node) -> bool:
    """Whether a tree describes a set of numbers by order or membership."""
    return node[0] == "rel" and not _ORDERED.isdisjoint(node[1])


def canonical(node: Node) -> str:
    """One string for trees that differ only in spelling, spacing and the order of + and ·."""
    kind = node[0]
    if kind == "num":
        return str(node[1])
    if kind in ("add", "mul"):
        parts = [canonical(part) for part in flat(node, kind)]
        if kind == "add" or sum("(matrix" in part for part in parts) < 2:
            parts.sort()
        return f"({kind} {' '.join(parts)})"
    return f"({kind} {' '.join(_written(part) for part in node[1:])})"


def _written(part: Any) -> str:
    """One part of a node: a node, a run of nodes, or a plain value."""
    if not isinstance(part, tuple):
        return str(part)
    nodes = cast(Node, part)
    if is_node(nodes):
        return canonical(nodes)
    return "[" + ", ".join(map(_written, nodes)) + "]"


def is_node(part: Node) -> bool:
    """Whether a tuple inside a tree is a node, not a run of nodes or signs."""
    return bool(part) and isinstance(part[0], str) and part[0] in KINDS


def flat(node: Node, kind: str) -> list[Node]:
    """The operands of a left-deep run of one kind, in their order."""
    out: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part[0] == kind:
            stack += part[:0:-1]
        else:
            out.append(part)
    return out


def children(node: Node) -> list[Node]:
    """The nodes directly below a node."""
    out: list[Node] = []
    for part in node[1:]:
        if isinstance(part, tuple):
            nodes = cast(Node, part)
            inner = [nodes] if is_node(nodes) else list(nodes)
            out += [cast(Node, item) for item in inner if isinstance(item, tuple)]
    return out


def mapped(node: Node, change: Callable[[Node], Node]) -> Node:
    """A node with each of the nodes directly below it changed."""
    return tuple(_mapped(part, change) for part in node)


def _mapped(part: Any, change: Callable[[Node], Node]) -> Any:
    if not isinstance(part, tuple):
        return part
    nodes = cast(Node, part)
    return change(nodes) if is_node(nodes) else tuple(_mapped(item, change) for item in nodes)


def every(node: Node) -> Iterator[Node]:
    """A tree's nodes, itself first."""
    stack = [node]
    while stack:
        part = stack.pop()
        yield part
        stack += children(part)


def free_names(node: Node, constants: frozenset[str]) -> frozenset[str]:
    """The names that stand for no constant and are bound by no sum, limit, integral or set."""
    out: set[str] = set()
    stack: list[tuple[Node, frozenset[str]]] = [(node, constants)]
    while stack:
        part, bound = stack.pop()
        kind = part[0]
        if kind in ("sym", "call") and part[1] not in bound:
            out.add(part[1])
        if kind in _BINDING:
            bound |= {part[1]}
        stack += [(child, bound) for child in children(part)]
    return frozenset(out)


def packed(node: Node) -> list[Any]:
    """A tree as JSON values, runs of sums and products in one node, so that it is shallow."""
    kind = node[0]
    if kind == "num":
        return ["num", node[2]]
    if kind in ("add", "mul"):
        return [kind, *map(packed, flat(node, kind))]
    return [_packed(part) for part in node]


def _packed(part: Any) -> Any:
    if not isinstance(part, tuple):
        return part
    nodes = cast(Node, part)
    return packed(nodes) if is_node(nodes) else [_packed(item) for item in nodes]


def unpacked(node: Any) -> Node:
    """The tree that `packed` made JSON values of; sums and products may have many operands."""
    if node[0] == "num":
        return ("num", Fraction(node[1]), node[1])
    return tuple(_unpacked(part) for part in node)


def _unpacked(part: Any) -> Any:
    if not isinstance(part, list):
        return part
    nodes = cast(list[Any], part)
    head = nodes[0] if nodes else None
    if isinstance(head, str) and head in KINDS:
        return unpacked(nodes)
    return tuple(_unpacked(item) for item in nodes)
