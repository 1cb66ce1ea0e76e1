"""What can only name a value (`verifiers.md` §6.2, row `v = expr`), and what letters stand free."""

from assay.verifiers.trees import Node, canonical, children, free_names
from assay.verifiers.vocabulary import CONSTANTS
from assay.verifiers.wording import hedges, negates

_ANGLE = "\\angle "


def is_name(node: Node) -> bool:
    r"""Whether a node can only name a value.

    A symbol, `f(x)`, words, `|AB|`, `[ABC]`, `m\angle A`, or a ratio of such; never something with
    digits or operators.
    """
    kind = node[0]
    if kind == "sym":
        return node[1] not in CONSTANTS
    if kind == "call":
        return all(is_name(part) for part in children(node))
    if kind == "list":  # the arguments of a call
        return all(is_name(part) for part in node[1])
    if kind == "text":
        return not (hedges(node[1]) or negates(node[1]))
    if kind == "abs":
        return _points(node[1])
    if kind == "tuple":
        return node[1:3] == ("[", "]") and len(node[3]) == 1 and _points(node[3][0])
    if kind == "mul" and len(node) == 3:
        measure, angle = node[1], node[2]
        return measure == ("sym", "m") and angle[0] == "sym" and angle[1].startswith(_ANGLE)
    return kind == "div" and is_name(node[1]) and is_name(node[2])


def _points(node: Node) -> bool:
    """Whether a node is a figure of named points: `AB`, `ABC`."""
    return node[0] == "sym" and len(node[1]) > 1 and node[1].isalpha() and node[1].isupper()


def name_of(node: Node) -> str:
    r"""A name as a key; `m\angle A` is `\angle A`, and the bars of `|AB|` are left out."""
    if node[0] == "mul":
        return canonical(node[2])
    return canonical(node[1]) if node[0] == "abs" else canonical(node)


def names_in_brackets(left: Node, right: Node) -> bool:
    """Whether `left` is a tuple of symbols that `right`, a tuple as long, gives values to."""
    same = left[0] == right[0] == "tuple" and len(left[3]) == len(right[3])
    return same and all(part[0] == "sym" for part in left[3])


def free_symbols(node: Node) -> bool:
    """Whether a tree has a name that stands for no constant and is bound nowhere."""
    return bool(free_names(node, CONSTANTS))


def loose_symbols(node: Node) -> bool:
    """Whether an answer has free names elsewhere than before an equals sign or membership sign."""
    if node[0] == "rel":
        return any(free_symbols(part) for part in node[2] if not (is_name(part) or _named(part)))
    if node[0] in ("list", "set"):
        return any(loose_symbols(item) for item in node[1])
    return free_symbols(node)


def _named(node: Node) -> bool:
    return node[0] == "tuple" and all(part[0] == "sym" for part in node[3])
