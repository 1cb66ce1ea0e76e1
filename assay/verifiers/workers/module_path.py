"""Where workers look for modules."""

from __future__ import annotations

import os
import sys


class ModulePath:
    """Where this process looks for modules, as a process in another folder would say it."""

    def __init__(self) -> None:
        self._seen: tuple[list[str], str] = ([], "")
        self._found: list[str] = []

    def now(self) -> list[str]:
        """The same list while nothing has changed."""
        try:
            here = os.getcwd()
        except OSError:  # the folder is gone, and what was in it
            here = os.sep
        if self._seen != (sys.path, here):
            self._seen = (list(sys.path), here)
            self._found = [os.path.join(here, at) for at in self._seen[0] if type(at) is str]
        return self._found
