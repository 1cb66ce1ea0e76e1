"""Trees of answers as plain tuples.

Nodes are `(kind, …)` tuples of strings, fractions and nodes, so that they can be compared, hashed
and sent to another process: the worker lane will start from the same tree. Kinds:

    num value text | neg a | add a b | mul a b | div a b | pow a b | fact a | sqrt n a | pct a
    sym name | call name items | based digits base | pm a b | unit a name | text words | inf
    tuple open close items | set items | list items | rel operators items | ratio items
"""

from typing import Any, cast

Node = tuple[Any, ...]


def has_symbols(node: Node) -> bool:
    """Whether letters, calls or roots stand anywhere in a tree."""
    stack = [node]
    while stack:
        part = stack.pop()
        if part[0] in ("sym", "call", "sqrt"):
            return True
        stack += children(part)
    return False


def canonical(node: Node) -> str:
    """One string for trees that differ only in spelling, spacing and the order of + and ·."""
    kind = node[0]
    if kind == "num":
        return str(node[1])
    if kind in ("add", "mul"):
        return f"({kind} {' '.join(sorted(canonical(part) for part in _flat(node, kind)))})"
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


def _flat(node: Node, kind: str) -> list[Node]:
    out: list[Node] = []
    stack = [node]
    while stack:
        part = stack.pop()
        if part[0] == kind:
            stack += [part[1], part[2]]
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


KINDS = frozenset(
    "num neg add mul div pow fact sqrt pct sym call based pm unit text inf tuple set list rel "
    "ratio".split()
)
