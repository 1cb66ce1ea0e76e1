"""Judging one line, and the line that comes out of it. Runs in workers."""

from __future__ import annotations

import json
import pickle
import traceback
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import gymnasium
import numpy as np
from gymnasium import spaces

from assay.core.encoding import digest
from assay.core.errors import AssayError, OptionError, shorten
from assay.core.registry import make, parse_env, register
from assay.core.types import EnvCard, Problem, Verdict, Verifier
from assay.evaluation.pool import close_quietly
from assay.evaluation.responses.fields import Layout, place_of, said
from assay.evaluation.responses.lines import Line, read_record
from assay.verifiers.named import load_verifier
from assay.verifiers.workers.pending import is_of_the_machine

_OPEN_ENVS = 8  # environments kept open by a worker
_TRACE_CHARS = 2_000
_MORE_TRIES = 2  # where a verdict could not be had for a reason of the machine
_SECRET = "expected_canonical"

Env = gymnasium.Env[Any, Any]


class Row(NamedTuple):
    """A line of the output, and what is counted of it. task: digest of the task, or empty."""

    text: bytes
    status: str
    code: str
    task: str


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """All that a worker must know, in a form that travels.

    Attributes:
        spec, settings: a verifier by name. pickled: one that was handed over as an object.
        made: the same for this process alone.
        cards: environments that were registered by hand.
        keep: merge the record in. with_expected: tell how the reference was understood.
    """

    layout: Layout
    spec: str | None = None
    settings: Mapping[str, Any] = field(default_factory=dict[str, Any])
    pickled: bytes = b""
    made: Verifier | None = None
    cards: Sequence[EnvCard] = ()
    keep: bool = False
    with_expected: bool = False

    def build(self) -> LineJudge:
        """The judge, in this process.

        Raises:
            AssayError: the verifier cannot be made here.
        """
        for row in self.cards:
            register(row, replace=True)
        if self.layout.by_env:
            return LineJudge(self, None)
        if self.made is not None:
            return LineJudge(self, self.made)
        if self.spec is not None:
            return LineJudge(self, load_verifier(self.spec, self.settings))
        try:
            return LineJudge(self, pickle.loads(self.pickled))
        except Exception as err:
            raise OptionError(
                f"The verifier cannot be rebuilt in a worker process ({type(err).__name__}: {err}):"
                " put it into a module and name it 'module:attribute', or give workers=0."
            ) from err

    def task_of(self, record: Mapping[str, Any]) -> str:
        """Digest of what names a record's task; empty where no field does."""
        if self.layout.keys.task is None:
            return ""
        return digest(self.layout.of(record, "task"), size=8)


class LineJudge:
    """From a line to its row. Without a verifier, each line's environment decides."""

    def __init__(self, recipe: Recipe, verifier: Verifier | None) -> None:
        self._recipe, self._verifier = recipe, verifier
        self._envs = EnvShelf()

    def judge(self, line: Line) -> Row:
        """The row of a line."""
        record = read_record(line.raw)
        verdict = self._verdict(record)
        return make_row(self._recipe, record, line.number, verdict)

    def _verdict(self, record: Mapping[str, Any]) -> Verdict:
        layout = self._recipe.layout
        response = said(layout.of(record, "response"))
        if self._verifier is None:
            return self._envs.verdict(layout, record, response)
        question = said(layout.of(record, "question"))
        problem = Problem(
            prompt=question if isinstance(question, str) else "",
            reference=layout.of(record, "reference"),
            params=layout.of(record, "params") or {},
        )
        name = type(self._verifier).__name__
        try:
            found: Any = self._verifier.verify(response, problem)
            for _ in range(_MORE_TRIES):
                if not (isinstance(found, Verdict) and is_of_the_machine(found)):
                    break
                found = self._verifier.verify(response, problem)
        except Exception as err:  # a verifier that raises must not look like a wrong answer
            return _raised("verifier.raised", name, err)
        if isinstance(found, Verdict):
            return found
        return Verdict.error(
            "verifier.not_verdict", f"{name} gave {shorten(found)}; a Verdict was expected."
        )


def _raised(code: str, name: str, err: Exception) -> Verdict:
    trace = "".join(traceback.format_exception(err))[-_TRACE_CHARS:]
    reason = f"{name} raised {type(err).__name__}: {err}"
    return Verdict.error(code, reason, details={"traceback": trace})


class EnvShelf:
    """Environments that judge, kept open while they are wanted."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, Env] = OrderedDict()

    def verdict(self, layout: Layout, record: Mapping[str, Any], response: Any) -> Verdict:
        """Put the problem, replay the response, and ask: what was reached is judged."""
        name = layout.of(record, "env", layout.env)
        actions = cast("list[Any]", response) if isinstance(response, list) else [response]
        try:
            env = self._take(name)
            split, index, seed = place_of(layout, record)
            env.reset(seed=seed, options={"split": split, "index": index})
            return _replay(env, actions)
        except AssayError as err:
            return Verdict.error("task.faulty", str(err), status="task_error")
        except Exception as err:
            broken = self._open.pop(name, None)
            if broken is not None:
                close_quietly(broken)
            return _raised("env.raised", name, err)

    def _take(self, name: str) -> Env:
        if name not in self._open:
            env_id, options = parse_env(name)
            self._open[name] = make(env_id, **options)
            if len(self._open) > _OPEN_ENVS:
                close_quietly(self._open.popitem(last=False)[1])
        self._open.move_to_end(name)
        return self._open[name]


def _replay(env: Env, actions: Sequence[Any]) -> Verdict:
    info: Mapping[str, Any] = {}
    used, over = 0, False
    for action in actions:
        _, _, terminated, truncated, info = env.step(_action(env.action_space, action))
        used, over = used + 1, terminated or truncated
        if over:
            break
    verdict: Any = info.get("verdict") if over else None
    if verdict is None and env.has_wrapper_attr("judge_now"):
        verdict = env.get_wrapper_attr("judge_now")()
    if not isinstance(verdict, Verdict):
        what = "The environment gives no verdict: judge with a verifier instead (--verifier)."
        return Verdict.error("verdict.missing", what, status="task_error")
    return verdict


def _action(space: Any, value: Any) -> Any:
    """An action from its JSON form; what the space cannot read is sent as it is, and loses."""
    if value is None or isinstance(value, str | bool):
        return value
    plain: Any = value
    try:
        if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary):
            return np.asarray(value, dtype=cast("Any", space).dtype)
        if isinstance(value, dict if isinstance(space, spaces.Dict) else list):
            return _parts(space, value)
    except (TypeError, ValueError, KeyError, OverflowError, AttributeError):
        pass
    return plain


def _parts(space: Any, value: Any) -> Any:
    if isinstance(value, dict):
        named = cast("dict[str, Any]", value)
        return {name: _action(space[name], item) for name, item in named.items()}
    return tuple(_action(part, item) for part, item in zip(space.spaces, value, strict=True))


# ---------------------------------------------------------------------- the row


def make_row(recipe: Recipe, record: Mapping[str, Any], number: int, verdict: Verdict) -> Row:
    """The output line for a verdict: ASCII JSON, the same bytes whoever made it."""
    values: dict[str, Any] = {"id": written_id(recipe, record, number)}
    if recipe.keep:
        values.update(record)
    values["verdict"] = plain_verdict(verdict, recipe.with_expected)
    try:
        text = json.dumps(values, default=shorten)
    except (TypeError, ValueError, RecursionError):  # a verifier may put anything into `details`
        values["verdict"]["details"] = {"unwritten": shorten(dict(verdict.details), 200)}
        values["verdict"].pop("children", None)
        text = json.dumps(values, default=shorten)
    task = recipe.task_of(record)
    return Row(text.encode("ascii") + b"\n", verdict.status, verdict.code, task)


def written_id(recipe: Recipe, record: Mapping[str, Any], number: int) -> Any:
    """What stands under `id` in the row of a record."""
    own = recipe.layout.identity(record, number)
    return record.get("id", own) if recipe.keep else own


def plain_verdict(verdict: Verdict, with_expected: bool) -> dict[str, Any]:
    """A verdict as plain values: fields that say nothing and measured costs are left out."""
    return _pruned(verdict.to_dict(), with_expected)


def _pruned(values: Mapping[str, Any], with_expected: bool) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for name, value in values.items():
        if name == "cost" or (name == _SECRET and not with_expected):
            continue
        if value is None or value == "" or value == [] or value == {}:
            continue
        if name == "children":
            value = [_pruned(child, with_expected) for child in value]
        out[name] = value
    return out
