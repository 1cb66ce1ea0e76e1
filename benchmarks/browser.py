"""Debian's Chromium, driven by Playwright without a browser of its own."""

from __future__ import annotations

import importlib
import importlib.util
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from assay.cli.doctor import BROWSERS

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def chromium() -> str | None:
    """Where Chromium is installed, or None."""
    return next((path for name in BROWSERS if (path := shutil.which(name))), None)


def missing() -> str:
    """What has to be installed before a browser can be driven, or nothing."""
    if importlib.util.find_spec("playwright") is None:
        return 'Playwright is not installed: pip install "assay[dev]"'
    if chromium() is None:
        return "Chromium is not installed: apt-get install chromium"
    return ""


@contextmanager
def launched() -> Generator[Any]:
    """A headless browser; pages and contexts are made of it."""
    playwright: Any = importlib.import_module("playwright.sync_api")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium(), args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
