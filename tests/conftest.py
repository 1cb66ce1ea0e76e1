"""Every registered id, once; and the mark `core` for tests that need the base package alone."""

from __future__ import annotations

from pathlib import Path

import pytest

import assay

ROOT = Path(__file__).resolve().parent.parent
IDS = [env_id for env_id in assay.ids() if env_id.startswith("assay/")]
CORE = (
    "tests/core/",
    "tests/verifiers/",
    "tests/envs/",
    "tests/wrappers/",
    "tests/testing/",
    "tests/test_contract.py",
    "tests/test_layers.py",
    "assay/core/",
    "assay/verifiers/",
    "assay/envs/",
    "assay/wrappers/",
    "assay/testing/",
)
EXTRAS = ("gpu", "browser", "gl", "ray")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `registered_id` runs once for every id: a new row is tested at once."""
    if "registered_id" in metafunc.fixturenames:
        metafunc.parametrize("registered_id", IDS)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark by folder, so that nobody has to remember."""
    for item in items:
        path = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
        if path.startswith(CORE) and not any(item.get_closest_marker(name) for name in EXTRAS):
            item.add_marker("core")
