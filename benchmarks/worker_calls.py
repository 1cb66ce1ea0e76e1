"""What `benchmarks.worker_pool` asks of workers; it imports nothing, so that they start quickly."""

import time
from typing import Any


def echo(payload: dict[str, Any]) -> dict[str, Any]:
    """Nothing but the way there and back."""
    return payload


def spin(payload: dict[str, Any]) -> dict[str, Any]:
    """CPU time without end."""
    while True:
        pass


def wait(payload: dict[str, Any]) -> dict[str, Any]:
    """Wall time alone."""
    time.sleep(payload["s"])
    return {}
