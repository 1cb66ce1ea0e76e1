"""The rows of the catalogue for patterns and documents."""

from collections.abc import Mapping

from assay.core.types import Problem
from assay.verifiers.entry import Entry, examples

_PLATE = Problem(prompt="Which plate?", params={"pattern": r"[A-Z]{2}-\d{3}"})
_DATE = Problem(prompt="When, as year, month and day?", params={"pattern": r"2024-02-\d{2}"})
_RECORD = Problem(
    prompt="Give the record as JSON.", params={"value": {"name": "Ada", "scores": [1, 2.5, None]}}
)

ENTRIES: Mapping[str, Entry] = {
    "regex": Entry(
        path="assay.verifiers.patterns.regex_match:RegexMatch",
        summary="The whole answer matches the task's pattern.",
        accepted=examples(_PLATE, "AB-123", " ZZ-000\n", "<answer>AB-123</answer>")
        + examples(_DATE, "2024-02-29"),
        rejected=examples(
            _PLATE, "AB-1234", "A-123", "ab-123", "AB-123 CD-456", "AB-12٣", "xAB-123"
        )
        + examples(_DATE, "2024-03-01"),
    ),
    "json": Entry(
        path="assay.verifiers.patterns.json_match:JsonMatch",
        summary="One JSON document: the task's value, or one that keeps to its schema.",
        accepted=examples(
            _RECORD,
            '{"name": "Ada", "scores": [1, 2.5, null]}',
            '```json\n{"scores": [1.0, 25e-1, null], "name": "\\u0041da"}\n```',
        )
        + examples([1, 2], "[1, 2]"),
        rejected=examples(
            _RECORD,
            '{"name": "Ada", "scores": [2.5, 1, null]}',
            '{"name": "Ada", "scores": [1, 2.5000000000000001, null]}',
            '{"name": "Ada", "scores": [1, 2.5, null], "more": 1}',
            '{"name": "Bob", "name": "Ada", "scores": [1, 2.5, null]}',
            "{'name': 'Ada', 'scores': [1, 2.5, None]}",
            '{"name": "Ada", "scores": [true, 2.5, null]}',
            'Here: {"name": "Ada", "scores": [1, 2.5, null]}',
        )
        + examples([1, 2], "[2, 1]", "[1, 2] [1, 2]"),
    ),
}
