"""Settings objects as plain JSON, so that another process can build the same object again."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from typing import Any, cast

from assay.core.errors import TaskError
from assay.core.registry import load


def describe_object(value: Any) -> Any:
    """A frozen dataclass as plain JSON: its type, and every field that differs from its default.

    Raises:
        TaskError: a value that cannot be rebuilt in another process.
    """
    if isinstance(value, str | int | float | bool | None):
        return value
    if isinstance(value, list | tuple):
        return [describe_object(item) for item in cast("Iterable[Any]", value)]
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, Any]", value).items()
        return {str(key): describe_object(item) for key, item in pairs}
    kind = cast("type[Any]", type(value))
    if not is_dataclass(value) or "<locals>" in kind.__qualname__:
        raise TaskError(
            f"The verifier {kind.__name__} cannot be rebuilt in a worker: make it a frozen "
            "dataclass in a module, or use assay.task with a function."
        )
    state = {
        f.name: describe_object(getattr(value, f.name))
        for f in fields(value)
        if f.init and getattr(value, f.name) != f.default
    }
    return {"type": f"{kind.__module__}:{kind.__qualname__}", **state}


def rebuild_object(data: Any) -> Any:
    """The inverse of `describe_object`; lists come back as tuples."""
    if isinstance(data, list | tuple):
        return tuple(rebuild_object(item) for item in cast("Iterable[Any]", data))
    if not isinstance(data, Mapping):
        return data
    values = {k: rebuild_object(v) for k, v in cast("Mapping[str, Any]", data).items()}
    if "type" not in values:
        return values
    return load(values.pop("type"), what="a verifier")(**values)
