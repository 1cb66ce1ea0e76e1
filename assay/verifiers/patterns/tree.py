"""Patterns as Python's own parser reads them; the one place that knows where it lives."""

from importlib import import_module
from typing import Any

ops: Any = import_module("re._constants")
_parser: Any = import_module("re._parser")

ONE = frozenset({ops.LITERAL, ops.NOT_LITERAL, ops.ANY, ops.IN})
REPEATS = frozenset({ops.MAX_REPEAT, ops.MIN_REPEAT, ops.POSSESSIVE_REPEAT})


def parsed(pattern: str, flags: int) -> tuple[Any, int]:
    """The nodes of a pattern as (kind, argument), and its flags with the inline ones.

    Raises:
        re.error: it does not compile.
    """
    tree = _parser.parse(pattern, flags)
    return tree, int(tree.state.flags)
