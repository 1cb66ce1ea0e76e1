"""Verifiers: pure decisions about outcomes, with reasons. Every name here is loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING

_MODULES = {
    "All": "combine",
    "Any": "combine",
    "AtLeast": "combine",
    "BaseVerifier": "base",
    "BoardVerifier": "puzzles.boards",
    "ChoiceVerifier": "choice",
    "CliqueVerifier": "puzzles.selections",
    "ColouringVerifier": "puzzles.colouring",
    "ConstraintVerifier": "constraints.verifier",
    "CountdownVerifier": "countdown",
    "CoverVerifier": "puzzles.selections",
    "EquationSystemVerifier": "puzzles.equations",
    "ExactText": "text",
    "Extraction": "extraction",
    "FunctionVerifier": "functions",
    "Gate": "combine",
    "GridVerifier": "puzzles.grids",
    "JsonMatch": "patterns.json_match",
    "MatchingVerifier": "puzzles.selections",
    "MathVerifier": "mathematics",
    "MathVerifyVerifier": "mathverify",
    "NULL_OUTCOMES": "check",
    "NormalisedText": "text",
    "Not": "combine",
    "Pending": "workers.pending",
    "NumberVerifier": "numeric",
    "PathVerifier": "puzzles.paths",
    "PermutationVerifier": "puzzles.orders",
    "PlanVerifier": "puzzles.plans",
    "RegexMatch": "patterns.regex_match",
    "SatVerifier": "puzzles.sat",
    "ScheduleVerifier": "puzzles.schedules",
    "SortingVerifier": "puzzles.orders",
    "SudokuVerifier": "puzzles.sudoku",
    "StateVerifier": "states.state",
    "TrajectoryVerifier": "states.trajectory",
    "UrlVerifier": "states.url",
    "FinalAnswerVerifier": "states.final_answer",
    "PointVerifier": "states.place",
    "BoxVerifier": "states.place",
    "CountVerifier": "states.count",
    "ImageVerifier": "states.image",
    "RenderVerifier": "states.render",
    "PythonFunctionVerifier": "programs.function",
    "Sandbox": "programs.sandbox",
    "StdioVerifier": "programs.stdio",
    "Tolerance": "values",
    "VERIFIERS": "catalogue",
    "ask_worker": "workers.pending",
    "check_task": "check",
    "load_humaneval": "programs.records",
    "load_mbpp": "programs.records",
    "load_verifier": "named",
    "params_of": "tasks",
    "perturbed": "check",
    "phase": "workers.phases",
    "reference_of": "tasks",
    "verifier": "functions",
}

if TYPE_CHECKING:
    from assay.verifiers.base import BaseVerifier
    from assay.verifiers.catalogue import VERIFIERS
    from assay.verifiers.check import NULL_OUTCOMES, check_task, perturbed
    from assay.verifiers.choice import ChoiceVerifier
    from assay.verifiers.combine import All, Any, AtLeast, Gate, Not
    from assay.verifiers.constraints.verifier import ConstraintVerifier
    from assay.verifiers.countdown import CountdownVerifier
    from assay.verifiers.extraction import Extraction
    from assay.verifiers.functions import FunctionVerifier, verifier
    from assay.verifiers.mathematics import MathVerifier
    from assay.verifiers.mathverify import MathVerifyVerifier
    from assay.verifiers.named import load_verifier
    from assay.verifiers.numeric import NumberVerifier
    from assay.verifiers.patterns.json_match import JsonMatch
    from assay.verifiers.patterns.regex_match import RegexMatch
    from assay.verifiers.programs.function import PythonFunctionVerifier
    from assay.verifiers.programs.records import load_humaneval, load_mbpp
    from assay.verifiers.programs.sandbox import Sandbox
    from assay.verifiers.programs.stdio import StdioVerifier
    from assay.verifiers.puzzles.boards import BoardVerifier
    from assay.verifiers.puzzles.colouring import ColouringVerifier
    from assay.verifiers.puzzles.equations import EquationSystemVerifier
    from assay.verifiers.puzzles.grids import GridVerifier
    from assay.verifiers.puzzles.orders import PermutationVerifier, SortingVerifier
    from assay.verifiers.puzzles.paths import PathVerifier
    from assay.verifiers.puzzles.plans import PlanVerifier
    from assay.verifiers.puzzles.sat import SatVerifier
    from assay.verifiers.puzzles.schedules import ScheduleVerifier
    from assay.verifiers.puzzles.selections import CliqueVerifier, CoverVerifier, MatchingVerifier
    from assay.verifiers.puzzles.sudoku import SudokuVerifier
    from assay.verifiers.states.count import CountVerifier
    from assay.verifiers.states.final_answer import FinalAnswerVerifier
    from assay.verifiers.states.image import ImageVerifier
    from assay.verifiers.states.place import BoxVerifier, PointVerifier
    from assay.verifiers.states.render import RenderVerifier
    from assay.verifiers.states.state import StateVerifier
    from assay.verifiers.states.trajectory import TrajectoryVerifier
    from assay.verifiers.states.url import UrlVerifier
    from assay.verifiers.tasks import params_of, reference_of
    from assay.verifiers.text import ExactText, NormalisedText
    from assay.verifiers.values import Tolerance
    from assay.verifiers.workers.pending import Pending, ask_worker
    from assay.verifiers.workers.phases import phase

__all__ = [
    "NULL_OUTCOMES",
    "VERIFIERS",
    "All",
    "Any",
    "AtLeast",
    "BaseVerifier",
    "BoardVerifier",
    "BoxVerifier",
    "ChoiceVerifier",
    "CliqueVerifier",
    "ColouringVerifier",
    "ConstraintVerifier",
    "CountVerifier",
    "CountdownVerifier",
    "CoverVerifier",
    "EquationSystemVerifier",
    "ExactText",
    "Extraction",
    "FinalAnswerVerifier",
    "FunctionVerifier",
    "Gate",
    "GridVerifier",
    "ImageVerifier",
    "JsonMatch",
    "MatchingVerifier",
    "MathVerifier",
    "MathVerifyVerifier",
    "NormalisedText",
    "Not",
    "NumberVerifier",
    "PathVerifier",
    "Pending",
    "PermutationVerifier",
    "PlanVerifier",
    "PointVerifier",
    "PythonFunctionVerifier",
    "RegexMatch",
    "RenderVerifier",
    "Sandbox",
    "SatVerifier",
    "ScheduleVerifier",
    "SortingVerifier",
    "StateVerifier",
    "StdioVerifier",
    "SudokuVerifier",
    "Tolerance",
    "TrajectoryVerifier",
    "UrlVerifier",
    "ask_worker",
    "check_task",
    "load_humaneval",
    "load_mbpp",
    "load_verifier",
    "params_of",
    "perturbed",
    "phase",
    "reference_of",
    "verifier",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"assay.verifiers.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'assay.verifiers' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
