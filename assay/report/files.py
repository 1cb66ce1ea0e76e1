"""Files that are whole or not there: written under another name, then renamed."""

from __future__ import annotations

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from assay.core.errors import AssayError, OptionError

_SQLITE = b"SQLite format 3\0"


@contextmanager
def written_whole(path: Path) -> Generator[Path]:
    """A name beside `path` to write to; it takes the place of `path` if nothing went wrong.

    Raises:
        OptionError: it cannot be written, or is a results file, which is never replaced.
    """
    refuse_results_file(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)
    except AssayError:
        raise
    except OSError as err:
        raise OptionError(f"'{path}' cannot be written: {err.strerror or err}.") from err


def refuse_results_file(path: Path) -> None:
    """A slip on the command line must not cost a run.

    Raises:
        OptionError: `path` is a results file or a folder.
    """
    if path.is_dir():
        raise OptionError(f"'{path}' is a folder: give the name of a file in it.")
    try:
        with path.open("rb") as file:
            head = file.read(len(_SQLITE))
    except OSError:
        return
    if head == _SQLITE:
        raise OptionError(
            f"'{path}' is a results file, and is not written over: give another name."
        )
