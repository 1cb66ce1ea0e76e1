"""Verdicts about the world itself: states, trajectories, addresses, places and pictures."""

from importlib import import_module
from typing import TYPE_CHECKING

_MODULES = {
    "Absent": "predicates",
    "All": "predicates",
    "Any": "predicates",
    "BoxVerifier": "place",
    "Change": "changes",
    "Count": "predicates",
    "Eq": "predicates",
    "Exists": "predicates",
    "FinalAnswer": "final_answer",
    "FinalAnswerVerifier": "final_answer",
    "ImageVerifier": "image",
    "In": "predicates",
    "Is": "predicates",
    "PointVerifier": "place",
    "Predicate": "predicates",
    "RenderVerifier": "render",
    "Snapshots": "state",
    "StateVerifier": "state",
    "TrajectoryVerifier": "trajectory",
    "UrlVerifier": "url",
    "from_data": "predicates",
    "to_data": "predicates",
}

if TYPE_CHECKING:
    from assay.verifiers.states.changes import Change
    from assay.verifiers.states.final_answer import FinalAnswer, FinalAnswerVerifier
    from assay.verifiers.states.image import ImageVerifier
    from assay.verifiers.states.place import BoxVerifier, PointVerifier
    from assay.verifiers.states.predicates import (
        Absent,
        All,
        Any,
        Count,
        Eq,
        Exists,
        In,
        Is,
        Predicate,
        from_data,
        to_data,
    )
    from assay.verifiers.states.render import RenderVerifier
    from assay.verifiers.states.state import Snapshots, StateVerifier
    from assay.verifiers.states.trajectory import TrajectoryVerifier
    from assay.verifiers.states.url import UrlVerifier

__all__ = [
    "Absent",
    "All",
    "Any",
    "BoxVerifier",
    "Change",
    "Count",
    "Eq",
    "Exists",
    "FinalAnswer",
    "FinalAnswerVerifier",
    "ImageVerifier",
    "In",
    "Is",
    "PointVerifier",
    "Predicate",
    "RenderVerifier",
    "Snapshots",
    "StateVerifier",
    "TrajectoryVerifier",
    "UrlVerifier",
    "from_data",
    "to_data",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"assay.verifiers.states.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'assay.verifiers.states' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
