import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # workers and subprocesses import the toys by name

import evaluation_toys  # noqa: F401

from assay.evaluation import engine


@pytest.fixture(autouse=True)
def fixed_revision():
    """A commit made while a test runs must not turn its second run into another one."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine, "source_revision", lambda: "a revision")
        yield
