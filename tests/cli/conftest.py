from __future__ import annotations

from collections.abc import Callable

import pytest

from assay.cli.main import main


class Ran:
    """What a command left behind."""

    def __init__(self, code: int, out: str, err: str) -> None:
        self.code, self.out, self.err = code, out, err


@pytest.fixture
def assay_command(capsys: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """`assay WORDS…` in this process."""

    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return run
