"""`JsonMatch`: one JSON document that is the task's value, or keeps to the task's schema."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from typing import Any

from assay.core.errors import OptionError, TaskError, shorten
from assay.core.types import Limits, Problem, Verdict
from assay.verifiers.base import DEFAULT_LIMITS, BaseVerifier, searched, unusable
from assay.verifiers.characters import Refused
from assay.verifiers.documents import exact_json, read_json, same_json, unfenced
from assay.verifiers.extraction import Found, answer_text
from assay.verifiers.numeric import no_answer, refusal_verdict
from assay.verifiers.patterns.schemas import Schema, checked_schema, judge_text
from assay.verifiers.tasks import params_of
from assay.verifiers.workers.pending import Pending, ask_worker

_OURS = Limits(
    response_chars=1_000_000, entries=100_000, total_digits=1_000_000, literal_digits=4_000
)


@dataclass(frozen=True)
class JsonMatch(BaseVerifier):
    """Whether the answer is one JSON document as the task wants it.

    Judged is what the last `<answer>` tag holds, else the whole response after its reasoning; one
    Markdown code fence around it does not count. Numbers are compared exactly, by value (1.0 is 1),
    objects without regard to the order of keys; a key that stands twice is refused.

    Attributes:
        schema: a JSON Schema (an extra), without references to other documents; `format` is a
            remark and not judged. None: from the task's `params`.
        value: the document itself, as plain data; None: `value` of the task's `params`, or its
            reference (a text is read as JSON).

    Example:
        >>> JsonMatch(value={"a": [1, 2]}).verify('{"a": [1, 2.0]}').passed
        True
    """

    name = "json"
    version = "1.0"
    claim = "reference"

    schema: dict[str, Any] | bool | None = None
    value: Any = None
    limits: Limits = field(default=DEFAULT_LIMITS, kw_only=True)

    def __post_init__(self) -> None:
        """Refuse a schema or value that cannot be used."""
        if self.schema is not None and self.value is not None:
            raise OptionError("JsonMatch takes a schema or a value, not both.")
        try:
            if self.schema is not None:
                checked_schema(self.schema)
            if self.value is not None:
                _plain(self.value)
        except TaskError as error:
            raise OptionError(str(error)) from error

    def judge(self, outcome: object, task: object) -> Verdict | Pending:
        """Read the document, then compare, here or in a worker."""
        wanted = self._wanted(task)
        refused = unusable(outcome, self.limits)
        if refused is not None:
            return refused
        response, start, details = searched(str(outcome), self.limits)
        found = answer_text(response, self.limits)
        if found.status == "found" and not found.text:
            found = found._replace(status="no_answer", trouble="The response holds no text.")
        if found.status != "found":
            return no_answer(found, start, details, "json")
        span = (found.start + start, found.end + start)
        fields: dict[str, Any] = {"extracted": found.text, "span": span, "details": details}
        body = unfenced(found.text)
        try:
            if isinstance(wanted, Schema):
                return self._by_schema(wanted, body, found, fields)
            document = read_json(body, self.limits)
        except Refused as refusal:
            return refusal_verdict(refusal, found, span, details)
        if same_json(document, wanted[0]):
            reason = "The document is the wanted one."
            return Verdict.accept("json.equal", reason, certainty="exact", **fields)
        reason = "The document is not the wanted one."
        return Verdict.reject("json.different", reason, certainty="exact", **fields)

    def _wanted(self, task: object) -> Schema | tuple[Any]:
        params = params_of(task)
        if self.schema is not None:
            return checked_schema(self.schema)
        if self.value is not None:
            return (_plain(self.value),)
        if "schema" in params:
            return checked_schema(params["schema"])
        if "value" in params:
            return (_plain(params["value"]),)
        reference = task.reference if isinstance(task, Problem) else task
        if reference is None:
            raise TaskError("The task has no schema and no value: give one to JsonMatch or to it.")
        if type(reference) is not str:
            return (_plain(reference),)
        try:
            return (read_json(reference.strip(), _OURS),)
        except Refused as refusal:
            raise TaskError(f"The reference {shorten(reference)}: {refusal}") from refusal

    def _by_schema(
        self, schema: Schema, body: str, found: Found, fields: dict[str, Any]
    ) -> Verdict | Pending:
        if not schema.reason:
            return _ruling(judge_text(body, schema.text, self.limits), fields)

        def finish(result: Any) -> Verdict:
            if "refused" not in result:
                return _ruling(result, fields)
            refusal = Refused(result["refused"], result["status"], result["code"])
            return refusal_verdict(refusal, found, fields["span"], fields["details"])

        payload = {"schema": schema.text, "text": body, "limits": asdict(self.limits)}
        call = "assay.verifiers.patterns.schemas:validate"
        return ask_worker(call, payload, finish, limits=self.limits, fields=fields)

    def gold_text(self, task: Any) -> str | None:
        """The value as JSON; with a schema, the task's reference where it is a text."""
        wanted = self._wanted(task)
        reference = task.reference if isinstance(task, Problem) else task
        if type(reference) is str:
            return reference
        if isinstance(wanted, Schema):
            return None
        for given in (
            self.value,
            *([task.params.get("value")] if isinstance(task, Problem) else []),
        ):
            if given is not None:
                return json.dumps(given)
        return json.dumps(reference)


def _plain(value: Any) -> Any:
    try:
        json.dumps(value, allow_nan=False)
        return exact_json(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise TaskError(f"The value {shorten(value)} is not JSON: {error}.") from error


def _ruling(result: Any, fields: dict[str, Any]) -> Verdict:
    if result["holds"] is True:
        return Verdict.accept("json.valid", "The document keeps to the schema.", **fields)
    reason = f"The document breaks the rule '{result['rule']}' at {result['path']}."
    return Verdict.reject("json.invalid", reason, **fields)
