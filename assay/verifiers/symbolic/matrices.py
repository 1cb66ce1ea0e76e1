"""Matrices of trees: sums, multiples and products worked out entry by entry."""

from __future__ import annotations

from collections.abc import Callable

from assay.verifiers.trees import Node, every

_PRODUCT_TERMS = 2_000


class NotMatrix(Exception):
    """A tree has a matrix in it and is none, or its shapes do not fit."""


Rows = tuple[tuple[Node, ...], ...]


def matrix_of(node: Node) -> Node:
    """The matrix that a tree comes to.

    Raises:
        NotMatrix: it comes to none.
    """
    return ("matrix", tuple(("row", row) for row in rows_of(node)))


def rows_of(node: Node) -> Rows:
    """The rows of a tree that comes to a matrix."""
    kind = node[0]
    if kind == "matrix":
        return tuple(row[1] for row in node[1])
    if kind == "neg":
        return _each(rows_of(node[1]), lambda entry: ("neg", entry))
    if kind == "add":
        total = rows_of(node[1])
        for part in node[2:]:
            total = _sum(total, rows_of(part))
        return total
    if kind == "mul":
        return _product(node[1:])
    if kind == "div" and not _has_matrix(node[2]):
        return _each(rows_of(node[1]), lambda entry: ("div", entry, node[2]))
    raise NotMatrix


def _has_matrix(node: Node) -> bool:
    return any(part[0] == "matrix" for part in every(node))


def _each(rows: Rows, change: Callable[[Node], Node]) -> Rows:
    return tuple(tuple(change(entry) for entry in row) for row in rows)


def _sum(one: Rows, two: Rows) -> Rows:
    if len(one) != len(two) or len(one[0]) != len(two[0]):
        raise NotMatrix
    return tuple(
        tuple(("add", a, b) for a, b in zip(left, right, strict=True))
        for left, right in zip(one, two, strict=True)
    )


def _product(parts: tuple[Node, ...]) -> Rows:
    scalars = [part for part in parts if not _has_matrix(part)]
    matrices = [rows_of(part) for part in parts if _has_matrix(part)]
    total = matrices[0]
    for other in matrices[1:]:
        total = _times(total, other)
    if not scalars:
        return total
    return _each(total, lambda entry: ("mul", *scalars, entry))


def _times(one: Rows, two: Rows) -> Rows:
    if len(one[0]) != len(two) or len(one) * len(two) * len(two[0]) > _PRODUCT_TERMS:
        raise NotMatrix
    columns = tuple(zip(*two, strict=True))
    return tuple(
        tuple(
            ("add", *(("mul", a, b) for a, b in zip(row, column, strict=True)))
            for column in columns
        )
        for row in one
    )
