"""Where the program stands in a response."""

import pytest

from assay.core.types import Limits, Verdict
from assay.verifiers.programs.source import find_source

CODE = "def f():\n    return 1\n"


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (CODE, CODE),
        (f"```python\n{CODE}```", CODE),
        (f"```\n{CODE}```\n", CODE),
        (f"Text\n\n~~~py\n{CODE}~~~\nmore text", CODE),
        (f"```python\nold = 1\n```\nBetter:\n```python\n{CODE}```\nDone.", CODE),
        (f"````markdown\n```\n{CODE}```\n````", f"```\n{CODE}```\n"),
        (f"```python\n{CODE}", CODE),
        (f"<think>```python\nwrong = 1\n```</think>\n```python\n{CODE}```", CODE),
        (f"<think>x</think>{CODE}", CODE),
        ("1. So:\n   ```python\n   def f():\n       return 1\n   ```\n", CODE),
        ("- So:\n\n\t```python\n\tdef f():\n\t    return 1\n\t```\n", CODE),
        (f"```python\n{CODE}~~~\n```", f"{CODE}~~~\n"),
        ("Use `f` and ```inline``` here\n" + CODE, "Use `f` and ```inline``` here\n" + CODE),
        (f"```python title=\"a\"\n{CODE}```", CODE),
        ("```python\nx = '''\n``` \n'''\n```\n", "'''\n"[:0]),
    ],
)  # fmt: skip
def test_the_last_fenced_block_else_everything(response, expected):
    found = find_source(response, Limits())
    if not expected:
        assert isinstance(found, Verdict) or "x = " not in found.text
        return
    assert not isinstance(found, Verdict)
    assert found.text == expected
    assert 0 <= found.start <= found.end <= len(response)


@pytest.mark.parametrize("response", ["", " \n", "```\n```", "<think>x", "```python\n\n```"])
def test_nothing_is_no_answer(response):
    found = find_source(response, Limits())
    assert isinstance(found, Verdict)
    assert (found.status, found.code) == ("no_answer", "program.none")


def test_only_the_end_of_a_very_long_response_is_searched():
    found = find_source(
        "x" * 30 + f"\n```\n{CODE}```", Limits(response_chars=50, searched_chars=40)
    )
    assert not isinstance(found, Verdict)
    assert found.text == CODE
    assert found.details["searched_from"] > 0
