"""The pytest plug-in (entry point `assay`): marks that the suite uses, and nothing else.

It is loaded by every pytest run of every project beside which assay is installed, so it imports
nothing but pytest's own names.
"""

from typing import Any


def pytest_configure(config: Any) -> None:
    """Make `slow` a known mark, so that `--strict-markers` accepts the suite."""
    config.addinivalue_line("markers", "slow: takes minutes; the contract suite's large samples")
