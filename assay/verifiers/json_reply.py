"""The answer under a key of the last JSON object in a response (`verifiers.md` §5 rule 4)."""

import json
import re
from typing import Any, NamedTuple

_TOKEN = re.compile(r'[{}]|"')
_STRING_END = re.compile(r'(?:[^"\\\n]|\\[^\n])*+(["\n]|\Z)')
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")
_DEPTH = 64
_OBJECTS = 1_000  # with the key; more are refused, not skipped
OBJECT_CHARS = 100_000  # a larger object is no reply with an answer


class JsonAnswer(NamedTuple):
    """The value under the key as text, and where its outermost object stands."""

    text: str
    start: int
    end: int
    status: str = "found"
    trouble: str = ""


class _Number(str):
    """A JSON number as it was written."""


class _Duplicate(ValueError):
    pass


def last_json(text: str, key: str) -> JsonAnswer | None:
    """The value of `key` in the last object that has it, or None where no object has it."""
    answer: JsonAnswer | None = None
    paragraph = 0
    for blank in _BLANK_LINE.finditer(text, 0, len(text.rstrip())):
        paragraph = blank.end()
    literal = json.dumps(key)
    asked = 0
    for start, end in reversed(_objects(text)):
        if text.find(literal, start, end) < 0:
            continue
        asked += 1
        if asked > _OBJECTS:
            trouble = "Too many objects have the key."
            return JsonAnswer("", start, end, "over_limit", trouble)
        if answer is not None and (start < paragraph or answer.start < paragraph):
            break
        found = _value(text, start, end, key)
        if found is None:
            continue
        if found.status != "found":
            return found
        if answer is not None and found.text != answer.text:
            return answer._replace(status="ambiguous", trouble=f"Two values are given for '{key}'.")
        answer = answer or found
    return answer


def _objects(text: str) -> list[tuple[int, int]]:
    """Spans of the outermost balanced braces in order; quoted braces inside braces do not count."""
    stack: list[int] = []
    spans: list[tuple[int, int]] = []
    at = text.find("{")
    while at >= 0:
        token = _TOKEN.search(text, at)
        if token is None:
            break
        at = token.end()
        char = token.group()
        if char == "{":
            stack.append(token.start())
        elif char == "}" and stack:
            start = stack.pop()
            while spans and spans[-1][0] > start:
                spans.pop()
            spans.append((start, at))
        elif char == '"' and stack:
            closed = _STRING_END.match(text, at)
            at = closed.end() if closed else len(text)
    return spans


def _value(text: str, start: int, end: int, key: str) -> JsonAnswer | None:
    source = text[start:end]
    if len(source) > OBJECT_CHARS or source.count("{") + source.count("[") > 20 * _DEPTH:
        return None
    try:
        tree = json.loads(
            source,
            object_pairs_hook=_pairs,
            parse_int=_Number,
            parse_float=_Number,
            parse_constant=_constant,
        )
    except _Duplicate as error:
        trouble = f"A key stands twice in one object: '{error}'."
        return JsonAnswer(source, start, end, "unparsable", trouble)
    except (ValueError, RecursionError):
        return None
    values = _under(tree, key)
    if not values:
        return None
    if any(value != values[-1] for value in values):
        return JsonAnswer(source, start, end, "ambiguous", f"Two values are given for '{key}'.")
    written = _written(values[-1])
    if written is None:
        trouble = f"The value of '{key}' is neither text, number nor a list of these."
        return JsonAnswer(source, start, end, "unparsable", trouble)
    return JsonAnswer(written, start, end)


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise _Duplicate(
            next(key for i, (key, _) in enumerate(pairs) if key in dict(pairs[:i]))[:80]
        )
    return made


def _constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON number")


def _under(tree: Any, key: str) -> list[Any]:
    found: list[Any] = []
    stack: list[Any] = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, dict):
            for name, value in node.items():  # pyright: ignore[reportUnknownVariableType]
                if name == key:
                    found.append(value)
                stack.append(value)
        elif isinstance(node, list):
            stack.extend(node)  # pyright: ignore[reportUnknownArgumentType]
    return found


def _written(value: Any) -> str | None:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, list):
        parts = [str(item) for item in value if isinstance(item, str)]  # pyright: ignore
        return ", ".join(parts) if parts and len(parts) == len(value) else None  # pyright: ignore
    return None
