"""Names in trees exchanged: bound ones numbered, arguments of functions made alike."""

from __future__ import annotations

from collections.abc import Mapping

from assay.verifiers.trees import Node, mapped

_BINDING = frozenset({"sum", "prod", "lim", "int", "builder"})
BOUND = "#"  # begins the names of bound variables


def renamed(node: Node, names: Mapping[str, str]) -> Node:
    """A tree with names exchanged, in subscripts too."""
    kind = node[0]
    if kind in ("sym", "call") and isinstance(node[1], str):
        node = (kind, _exchanged(node[1], names), *node[2:])
    return mapped(node, lambda part: renamed(part, names))


def _exchanged(name: str, names: Mapping[str, str]) -> str:
    if name in names:
        return names[name]
    for old, new in names.items():
        name = name.replace(f"(sym {old})", f"(sym {new})")
    return name


def numbered(node: Node, depth: int = 0) -> Node:
    """A tree whose bound names are numbered from the outside in, so that they do not matter."""
    if node[0] in _BINDING and not node[1].startswith(BOUND) and not _indefinite(node):
        fresh = f"{BOUND}{depth}"
        inner = renamed(("row", node[2:]), {node[1]: fresh})
        node = (node[0], fresh, *inner[1])
        depth += 1
    return mapped(node, lambda part: numbered(part, depth))


def _indefinite(node: Node) -> bool:
    """Whether an integral has no bounds, so that it is a function of its variable."""
    return node[0] == "int" and node[2] == node[3] == ("text", "")


def follows_index(name: str) -> bool:
    """Whether a name has a bound variable in its subscript, so that it is another in every term."""
    return f"(sym {BOUND}" in name
