"""The row of the catalogue for constraints."""

from collections.abc import Mapping

from assay.core.types import Problem
from assay.verifiers.entry import Entry, examples

_LETTER = Problem(
    prompt="Write a letter to Ada in exactly nine words, with the word garden and without a comma.",
    params={
        "constraints": [
            ["starts_with", {"text": "Dear Ada:"}],
            ["ends_with", {"text": "Yours Bob."}],
            ["word_count", {"relation": "exactly", "n": 9}],
            ["keywords_all", {"words": ["garden"]}],
            "no_comma",
        ]
    },
)
_ONE = Problem(
    prompt="Answer yes, no or maybe.",
    params={"constraints": [["one_of", {"options": ["yes.", "no.", "maybe."]}], "all_lowercase"]},
)

ENTRIES: Mapping[str, Entry] = {
    "constraint": Entry(
        path="assay.verifiers.constraints.verifier:ConstraintVerifier",
        summary="How a response is written: lengths, keywords, forms, language.",
        accepted=examples(
            _LETTER,
            "Dear Ada: the garden is all green. Yours Bob.",
            "Dear Ada: come to the GARDEN\nsoon. Yours Bob.",
        )
        + examples(_ONE, "yes.", " maybe. "),
        rejected=examples(
            _LETTER,
            "Dear Ada: the garden, it is green. Yours Bob.",
            "Dear Ada: the gardens are all green. Yours Bob.",
            "Dear Ada: the garden is green. Yours Bob.",
            "Dear Ada: the garden is all green. Yours Bob",
            "",
        )
        + examples(_ONE, "yes", "Yes.", "yes. no.", "My answer is yes."),
    ),
}
