"""Verifiers: pure decisions about outcomes, with reasons. Every name here is loaded when used."""

from importlib import import_module
from typing import TYPE_CHECKING

_MODULES = {
    "All": "combine",
    "Any": "combine",
    "AtLeast": "combine",
    "BaseVerifier": "base",
    "ChoiceVerifier": "choice",
    "CountdownVerifier": "countdown",
    "ExactText": "text",
    "Extraction": "extraction",
    "FunctionVerifier": "functions",
    "Gate": "combine",
    "MathVerifier": "mathematics",
    "NULL_OUTCOMES": "check",
    "NormalisedText": "text",
    "Not": "combine",
    "NumberVerifier": "numeric",
    "PythonFunctionVerifier": "programs.function",
    "Sandbox": "programs.sandbox",
    "StdioVerifier": "programs.stdio",
    "Tolerance": "values",
    "VERIFIERS": "catalogue",
    "check_task": "check",
    "load_humaneval": "programs.records",
    "load_mbpp": "programs.records",
    "load_verifier": "named",
    "params_of": "tasks",
    "perturbed": "check",
    "reference_of": "tasks",
    "verifier": "functions",
}

if TYPE_CHECKING:
    from assay.verifiers.base import BaseVerifier
    from assay.verifiers.catalogue import VERIFIERS
    from assay.verifiers.check import NULL_OUTCOMES, check_task, perturbed
    from assay.verifiers.choice import ChoiceVerifier
    from assay.verifiers.combine import All, Any, AtLeast, Gate, Not
    from assay.verifiers.countdown import CountdownVerifier
    from assay.verifiers.extraction import Extraction
    from assay.verifiers.functions import FunctionVerifier, verifier
    from assay.verifiers.mathematics import MathVerifier
    from assay.verifiers.named import load_verifier
    from assay.verifiers.numeric import NumberVerifier
    from assay.verifiers.programs.function import PythonFunctionVerifier
    from assay.verifiers.programs.records import load_humaneval, load_mbpp
    from assay.verifiers.programs.sandbox import Sandbox
    from assay.verifiers.programs.stdio import StdioVerifier
    from assay.verifiers.tasks import params_of, reference_of
    from assay.verifiers.text import ExactText, NormalisedText
    from assay.verifiers.values import Tolerance

__all__ = [
    "NULL_OUTCOMES",
    "VERIFIERS",
    "All",
    "Any",
    "AtLeast",
    "BaseVerifier",
    "ChoiceVerifier",
    "CountdownVerifier",
    "ExactText",
    "Extraction",
    "FunctionVerifier",
    "Gate",
    "MathVerifier",
    "NormalisedText",
    "Not",
    "NumberVerifier",
    "PythonFunctionVerifier",
    "Sandbox",
    "StdioVerifier",
    "Tolerance",
    "check_task",
    "load_humaneval",
    "load_mbpp",
    "load_verifier",
    "params_of",
    "perturbed",
    "reference_of",
    "verifier",
]


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return getattr(import_module(f"assay.verifiers.{_MODULES[name]}"), name)
    raise AttributeError(f"module 'assay.verifiers' has no attribute '{name}'")


def __dir__() -> list[str]:
    return sorted({*globals(), *_MODULES})
