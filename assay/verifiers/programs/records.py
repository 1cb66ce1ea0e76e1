"""Files of program tasks in the two common shapes, read into problems; nothing in them is run.

Asserts of the form `f(arguments) == value` become tests as data. Other test code stays code, and
is run in a sandbox of its own; where it needs more of a submission than calls of one function, it
is marked `integrity="shared_process"`.
"""

from __future__ import annotations

import ast
import builtins
import gzip
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

from assay.core.errors import DataError, MissingFile, bad_value
from assay.core.types import Problem
from assay.verifiers.programs.inside.plain import ENCODE, Unsendable

_BUILTINS = frozenset(dir(builtins))


class _NotData(Exception):
    """Test code that is more than calls compared with values."""


def load_humaneval(path: str | Path, *, allow_shared: bool = True) -> list[Problem]:
    """The tasks of a HumanEval-shaped file: JSON lines, as they are or compressed.

    Each line has `task_id`, `prompt`, `entry_point`, `canonical_solution` and `test`, which defines
    `check(candidate)`. A response may define the function anew or go on where the prompt ends.

    Args:
        path: the file; `.gz` is decompressed.
        allow_shared: keep tasks whose test code must share a process with the submission.

    Raises:
        MissingFile: there is no such file.
        DataError: a line is not of that shape.
    """
    found = [_humaneval(record, where) for where, record in _records(path)]
    return [problem for problem in found if allow_shared or not _is_shared(problem)]


def load_mbpp(
    path: str | Path, *, allow_shared: bool = True, shown_tests: int = 1
) -> list[Problem]:
    """The tasks of an MBPP-shaped file: JSON lines, as they are or compressed.

    Each line has `text` (or `prompt`), `code` and `test_list`, asserts as texts; perhaps
    `test_setup_code` or `test_imports`. The function's name is the one that the asserts call.

    Args:
        path: the file; `.gz` is decompressed.
        allow_shared: keep tasks whose test code must share a process with the submission.
        shown_tests: how many of the asserts the prompt shows; the name is always told.

    Raises:
        MissingFile: there is no such file.
        DataError: a line is not of that shape.
    """
    if shown_tests < 0:
        raise bad_value("shown_tests", shown_tests, "a number of at least 0")
    found = [_mbpp(record, where, shown_tests) for where, record in _records(path)]
    return [problem for problem in found if allow_shared or not _is_shared(problem)]


def _is_shared(problem: Problem) -> bool:
    return problem.params.get("integrity") == "shared_process"


def _records(path: str | Path) -> Iterator[tuple[str, Mapping[str, Any]]]:
    file = Path(path)
    if not file.is_file():
        raise MissingFile(f"There is no file {file}.")
    try:
        data = file.read_bytes()
        text = (gzip.decompress(data) if file.suffix == ".gz" else data).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError) as error:
        raise DataError(f"{file} cannot be read: {error}.") from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            where = f"{file}, line {number}"
            try:
                record = json.loads(line)
            except ValueError as error:
                raise DataError(f"{where} is no JSON.") from error
            if not isinstance(record, dict):
                raise DataError(f"{where} is no JSON object.")
            yield where, cast(dict[str, Any], record)


def _text(record: Mapping[str, Any], where: str, *names: str, default: str | None = None) -> str:
    for name in names:
        value = record.get(name)
        if type(value) is str:
            return value
    if default is not None:
        return default
    raise DataError(f"{where} has no text under {' or '.join(map(repr, names))}.")


def _parsed(source: str, where: str, what: str) -> ast.Module:
    try:
        return ast.parse(source)
    except (SyntaxError, ValueError, RecursionError) as error:
        raise DataError(f"{where}: its {what} is no Python.") from error


def _humaneval(record: Mapping[str, Any], where: str) -> Problem:
    prompt, test = _text(record, where, "prompt"), _text(record, where, "test")
    entry = _text(record, where, "entry_point")
    solution = record.get("canonical_solution")
    params: dict[str, Any] = {"entry_point": entry, "prefix": prompt}
    tree = _parsed(test, where, "test")
    try:
        params |= {"tests": _tests_of(_check_body(tree), "candidate"), "compare": "equal"}
    except _NotData:
        params |= _as_code(test, prompt, entry, where)
    return Problem(
        prompt=prompt,
        reference=prompt + solution if type(solution) is str else None,
        params=params,
        id=_text(record, where, "task_id", default=""),
    )


def _check_body(tree: ast.Module) -> list[ast.stmt]:
    """The statements of `check`, where the module holds little else."""
    body: list[ast.stmt] | None = None
    for node in tree.body:
        if isinstance(node, ast.FunctionDef) and node.name == "check" and body is None:
            names = [argument.arg for argument in node.args.args]
            if names != ["candidate"]:
                raise _NotData
            body = node.body
        elif not isinstance(node, ast.Assign | ast.Import | ast.ImportFrom | ast.Expr):
            raise _NotData
    if body is None:
        raise _NotData
    return body


def _mbpp(record: Mapping[str, Any], where: str, shown: int) -> Problem:
    text, code = _text(record, where, "text", "prompt"), _text(record, where, "code")
    listed = record.get("test_list")
    if not isinstance(listed, list) or not listed:
        raise DataError(f"{where} has no list of asserts under 'test_list'.")
    asserts = [str(item) for item in cast(list[Any], listed)]
    imports = record.get("test_imports")
    setup = _text(record, where, "test_setup_code", default="")
    if isinstance(imports, list):
        setup = "\n".join([*map(str, cast(list[Any], imports)), setup])
    checks = "\n".join(asserts)
    tree = _parsed(checks, where, "test_list")
    entry = _called(tree, _parsed(code, where, "code"), where)
    params: dict[str, Any] = {"entry_point": entry}
    try:
        params |= {"tests": _tests_of(tree.body, entry), "compare": "equal"}
        if setup.strip():
            params["prefix"] = f"{setup}\n"
    except _NotData:
        params |= _as_code(checks, setup, entry, where)
    shows = "".join(f"\n{line}" for line in asserts[:shown])
    prompt = f"{text}\nName the function {entry}." + (f"\nFor example:{shows}" if shows else "")
    name = record.get("task_id")
    return Problem(
        prompt=prompt, reference=code, params=params, id="" if name is None else str(name)
    )


def _called(asserts: ast.Module, code: ast.Module, where: str) -> str:
    """The function of the solution that the asserts call first."""
    defined = {node.name for node in code.body if isinstance(node, ast.FunctionDef)}
    for statement in asserts.body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                if node.func.id in defined:
                    return node.func.id
    raise DataError(f"{where}: its asserts call no function that its code defines.")


def _as_code(checks: str, setup: str, entry: str, where: str) -> dict[str, Any]:
    """Test code as parameters: separate where it knows every name that it uses."""
    tree, before = _parsed(checks, where, "test"), _parsed(setup, where, "setup")
    bound = {entry, *_BUILTINS}
    used: set[str] = set()
    for node in (*ast.walk(before), *ast.walk(tree)):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else bound).add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            bound.add(node.name)
        elif isinstance(node, ast.arg):
            bound.add(node.arg)
        elif isinstance(node, ast.alias):
            bound.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.ExceptHandler) and node.name:
            bound.add(node.name)
    integrity = "separate" if used <= bound else "shared_process"
    return {"checks": checks, "setup": setup, "integrity": integrity}


def _tests_of(body: list[ast.stmt], name: str) -> list[dict[str, Any]]:
    """The asserts as data.

    Raises:
        _NotData: something in them is more than that, or there are none.
    """
    tests: list[dict[str, Any]] = []
    for node in body:
        if isinstance(node, ast.Pass) or _is_text(node):
            continue
        if not isinstance(node, ast.Assert):
            raise _NotData
        if isinstance(node.test, ast.Constant) and node.test.value is True:
            continue  # `assert True` asks nothing
        tests.append(_test_of(node.test, name))
    if not tests:
        raise _NotData
    for test in tests:
        try:
            ENCODE([test["args"], test["returns"]])
        except Unsendable as error:
            raise _NotData from error
    return tests


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _test_of(test: ast.expr, name: str) -> dict[str, Any]:
    """`f(…) == value`, `f(…) is True` or `abs(f(…) - value) < number`."""
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        raise _NotData
    left, operator, right = test.left, test.ops[0], test.comparators[0]
    if isinstance(operator, ast.Eq):
        return _pair(left, right, name)
    if isinstance(operator, ast.Is) and isinstance(right, ast.Constant):
        if right.value in (True, False, None) and type(right.value) is not int:
            return {**_pair(left, right, name), "compare": "exact"}
    if isinstance(operator, ast.Lt | ast.LtE) and _is_distance(left):
        distance = cast(ast.BinOp, cast(ast.Call, left).args[0])
        bound = _literal(right)
        if type(bound) not in (int, float) or bound <= 0:
            raise _NotData
        near = math.nextafter(bound, 0) if isinstance(operator, ast.Lt) else bound
        return {**_pair(distance.left, distance.right, name), "tolerance": near}
    raise _NotData


def _is_distance(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "abs"
        and len(node.args) == 1
        and not node.keywords
        and isinstance(node.args[0], ast.BinOp)
        and isinstance(node.args[0].op, ast.Sub)
    )


def _pair(left: ast.expr, right: ast.expr, name: str) -> dict[str, Any]:
    call, value = (left, right) if _is_call(left, name) else (right, left)
    if not _is_call(call, name):
        raise _NotData
    arguments = [_literal(argument) for argument in cast(ast.Call, call).args]
    return {"args": arguments, "returns": _literal(value)}


def _is_call(node: ast.expr, name: str) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == name
        and not node.keywords
    )


def _literal(node: ast.expr) -> Any:
    try:
        return ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError) as error:
        raise _NotData from error
