"""Imports point one way: every module of the package is parsed, and the offending line is named."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LAYERS = (
    "core",
    "verifiers",
    "envs",
    "wrappers",
    "testing",
    "evaluation",
    "agents",
    "report",
    "integrations",
    "cli",
)
# Where `import assay` or a fast verdict passes, only the function that needs these loads them.
HEAVY = frozenset(
    "torch sympy ray jinja2 matplotlib playwright websocket transformers pandas stable_baselines3 "
    "scipy math_verify".split()
)
LIGHT_PLACES = ("assay/__init__.py", "assay/core/", "assay/verifiers/", "assay/envs/__init__.py")
# Loaded by `import assay` in any case, so an import inside a function saves nothing.
ALWAYS_LOADED = frozenset(sys.stdlib_module_names) | {"numpy", "gymnasium"}


@dataclass(frozen=True)
class Import:
    """One imported name: `target` in dotted form, and where it stands."""

    target: str
    line: int
    inside_function: bool


def module_name(path: str) -> str:
    """`assay/core/env.py` -> `assay.core.env`; a package's `__init__` is the package itself."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports_of(path: str, tree: ast.Module) -> Iterator[Import]:
    """Every import except those under `if TYPE_CHECKING:`; relative ones are resolved."""
    package = module_name(path).split(".")
    if not path.endswith("__init__.py"):
        package.pop()

    def walk(node: ast.AST, inside: bool) -> Iterator[Import]:
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            for other in node.orelse:
                yield from walk(other, inside)
            return
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(alias.name, node.lineno, inside)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                yield Import(f"{origin}.{alias.name}", node.lineno, inside)
        function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        for child in ast.iter_child_nodes(node):
            yield from walk(child, inside or function)

    yield from walk(tree, False)


def resolve(target: str, modules: Mapping[str, str]) -> str:
    """The module that an imported name lives in: the longest prefix that is a module."""
    parts = target.split(".")
    while len(parts) > 1 and ".".join(parts) not in modules:
        parts.pop()
    return ".".join(parts)


def judge_import(path: str, found: Import, owner: str) -> str | None:
    """What is wrong with one import, or None. `owner` is the module it comes from."""
    layer = path.split("/")[1]
    top = found.target.split(".")[0]
    if top != "assay":
        if found.inside_function and top in ALWAYS_LOADED:
            return f"'{top}' is imported inside a function, which is for optional libraries"
        if not found.inside_function and top in HEAVY and path.startswith(LIGHT_PLACES):
            return f"'{top}' is heavy: import it inside the function that needs it"
        return None
    if found.inside_function:
        named = found.target if owner == "assay" else owner
        return f"'{named}' is imported inside a function: what both sides need belongs in core/"
    if layer in ("__init__.py", "__main__.py"):
        return None
    if owner == "assay":
        return "the package root is imported, which turns the package into one cycle"
    other = owner.split(".")[1]
    if other not in LAYERS:
        return f"'{owner}' belongs to no layer"
    if layer in LAYERS and LAYERS.index(other) > LAYERS.index(layer):
        return f"'{owner}' is to the right: {layer}/ may import itself and what is left of it"
    if layer == "agents" and other in ("envs", "verifiers"):
        return f"'{owner}': agents see environments through Gymnasium's API only"
    return None


def cycles(edges: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    """A line for each import that closes a circle, in a depth-first walk."""
    done: set[str] = set()

    def visit(module: str, trail: list[str]) -> Iterator[str]:
        for target, place in sorted(edges.get(module, {}).items()):
            if target in trail:
                circle = " -> ".join([*trail[trail.index(target) :], target])
                yield f"{place}: an import cycle: {circle}"
            elif target not in done:
                yield from visit(target, [*trail, target])
        done.add(module)

    for module in sorted(edges):
        if module not in done:
            yield from visit(module, [module])


def violations(sources: Mapping[str, str]) -> list[str]:
    """Every broken rule as `path:line: what`, for files given as path -> text."""
    modules = {module_name(path): path for path in sources}
    found: list[str] = []
    edges: dict[str, dict[str, str]] = {}
    for path, text in sorted(sources.items()):
        layer = path.split("/")[1]
        if layer not in (*LAYERS, "__init__.py", "__main__.py"):
            found.append(f"{path}:1: '{layer}' belongs to no layer")
        name = module_name(path)
        for entry in imports_of(path, ast.parse(text, path)):
            owner = resolve(entry.target, modules)
            problem = judge_import(path, entry, owner)
            if problem:
                found.append(f"{path}:{entry.line}: {problem}")
            elif owner.startswith("assay") and owner != name and not entry.inside_function:
                edges.setdefault(name, {}).setdefault(owner, f"{path}:{entry.line}")
    return found + list(cycles(edges))


def test_the_package_keeps_its_layers():
    paths = sorted((ROOT / "assay").rglob("*.py"))
    sources = {str(p.relative_to(ROOT)): p.read_text(encoding="utf-8") for p in paths}
    assert sources, "no module was found"
    assert not violations(sources), "\n" + "\n".join(violations(sources))


CLEAN = {
    "assay/__init__.py": "from assay.core import registry\nfrom assay.envs import CARDS",
    "assay/core/__init__.py": "",
    "assay/core/types.py": "import numpy as np\nfrom dataclasses import dataclass",
    "assay/core/registry.py": "import importlib\nfrom assay.core.types import EnvCard",
    "assay/core/plots.py": "def draw():\n    import matplotlib.pyplot as plt\n    return plt",
    "assay/verifiers/__init__.py": "from assay.verifiers.text import Exact",
    "assay/verifiers/text.py": (
        "from typing import TYPE_CHECKING\nfrom assay.core import types\n"
        "if TYPE_CHECKING:\n    from assay.cli.main import main\n    import torch"
    ),
    "assay/envs/__init__.py": "from assay.core.types import EnvCard",
    "assay/envs/text/maze.py": "from ...core.types import Step\nfrom assay.verifiers import Exact",
    "assay/agents/language/__init__.py": "",
    "assay/agents/language/policy.py": "import torch\nfrom assay.core.types import Policy",
    "assay/cli/main.py": "import assay.evaluation.plan\nfrom assay.agents import language",
    "assay/evaluation/plan.py": "from assay.core.types import Step",
}

BROKEN = {
    "to the right": (
        "assay/core/types.py",
        "\nfrom assay.envs import CARDS",
        ":2: 'assay.envs' is",
    ),
    "right, relative": ("assay/core/types.py", "\nfrom ..envs import CARDS", ":2: 'assay.envs' is"),
    "right, a module named": (
        "assay/verifiers/text.py",
        "import assay.evaluation.plan",
        ":1: 'assay.evaluation.plan' is to the right",
    ),
    "evaluation takes an agent": (
        "assay/evaluation/plan.py",
        "from assay.agents.language.policy import Policy",
        ":1: 'assay.agents.language.policy' is to the right",
    ),
    "root, import": ("assay/cli/main.py", "import assay", ":1: the package root"),
    "root, from": ("assay/cli/main.py", "from assay import make_vec", ":1: the package root"),
    "root, relative": ("assay/cli/main.py", "from .. import make_vec", ":1: the package root"),
    "agent takes a verifier": (
        "assay/agents/language/policy.py",
        "import torch\nfrom assay.verifiers.text import Exact",
        ":2: 'assay.verifiers.text': agents see",
    ),
    "agent takes an environment": (
        "assay/agents/language/policy.py",
        "from assay.envs.text.maze import Maze",
        ":1: 'assay.envs.text.maze': agents see",
    ),
    "cycle of two": (
        "assay/core/types.py",
        "from assay.core.registry import card",
        "an import cycle: assay.core.registry -> assay.core.types -> assay.core.registry",
    ),
    "cycle through a package": (
        "assay/verifiers/text.py",
        "from assay.verifiers import Exact",
        "an import cycle: assay.verifiers -> assay.verifiers.text -> assay.verifiers",
    ),
    "heavy in core": ("assay/core/types.py", "import scipy.stats", ":1: 'scipy' is heavy"),
    "heavy, under try": (
        "assay/verifiers/text.py",
        "try:\n    from sympy import Expr\nexcept ImportError:\n    Expr = None",
        ":2: 'sympy' is heavy",
    ),
    "heavy at the root": ("assay/__init__.py", "import torch", ":1: 'torch' is heavy"),
    "assay inside a function": (
        "assay/cli/main.py",
        "def main():\n    from assay.evaluation.plan import Plan\n    return Plan",
        ":2: 'assay.evaluation.plan' is imported inside a function",
    ),
    "standard library inside a function": (
        "assay/cli/main.py",
        "class Main:\n    def run(self):\n        import json\n        return json",
        ":3: 'json' is imported inside a function",
    ),
    "no layer": ("assay/helpers.py", "", "assay/helpers.py:1: 'helpers.py' belongs to no layer"),
}


def test_a_clean_package_has_no_violations():
    assert violations(CLEAN) == []


@pytest.mark.parametrize("name", BROKEN)
def test_each_broken_rule_is_flagged_once_with_its_line(name):
    path, text, expected = BROKEN[name]
    found = violations({**CLEAN, path: text})
    assert len(found) == 1, found
    assert expected in found[0]
    assert found[0].startswith("assay/")
