"""The ways of isolation that this machine offers, each for the tests that take it."""

from collections.abc import Iterator

import pytest

from assay.verifiers.programs.keepers import shut_down
from assay.verifiers.programs.sandbox import offer


@pytest.fixture(scope="session", autouse=True)
def no_keepers_left() -> Iterator[None]:
    yield
    shut_down()


@pytest.fixture(params=["plain", "namespaces", "landlock"])
def way(request: pytest.FixtureRequest) -> str:
    found = offer(request.param)
    if not found.available:
        pytest.skip(f"{found.way}: {found.reason}")
    return request.param


@pytest.fixture(params=["namespaces", "landlock"])
def sealed(request: pytest.FixtureRequest) -> str:
    """The ways of level 2."""
    found = offer(request.param)
    if not found.available:
        pytest.skip(f"{found.way}: {found.reason}")
    return request.param
