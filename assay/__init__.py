"""assay: Gymnasium environments whose outcomes can be trusted.

Importing the package registers every `assay/…` id with Gymnasium and loads NumPy and Gymnasium
only. The public names below are found when they are first used.
"""

import importlib
from typing import Any

from assay import envs as _envs

__version__ = "0.1.0"

_PUBLIC = {
    "AnswerConfig": "assay.core.answer",
    "AnswerEnv": "assay.core.answer",
    "AssayError": "assay.core.errors",
    "EnvCard": "assay.core.types",
    "Limits": "assay.core.types",
    "Problem": "assay.core.types",
    "Question": "assay.core.problems",
    "Streams": "assay.core.streams",
    "TaskConfig": "assay.core.config",
    "TaskEnv": "assay.core.env",
    "Unicode": "assay.core.spaces",
    "Verdict": "assay.core.types",
    "card": "assay.core.registry",
    "compare": "assay.evaluation.compare",
    "data_card": "assay.envs.custom.data",
    "derive_seed": "assay.core.encoding",
    "evaluate": "assay.evaluation.engine",
    "export_episodes": "assay.report.exports",
    "ids": "assay.core.registry",
    "judge": "assay.evaluation.judge",
    "load_policy": "assay.evaluation.policies",
    "make_vec": "assay.wrappers.vector",
    "register": "assay.core.registry",
    "task": "assay.envs.custom.function",
    "task_card": "assay.envs.custom.function",
    "task_from_data": "assay.envs.custom.data",
    "wrap": "assay.wrappers.task",
    "write_report": "assay.report.build",
}

__all__ = ["__version__", *sorted(_PUBLIC)]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module 'assay' has no attribute '{name}'")
    return getattr(importlib.import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *_PUBLIC})


_envs.register_all()
_envs.load_plugins()  # last: a plug-in may use any public name
