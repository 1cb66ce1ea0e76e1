"""The repository as a stranger finds it: tracked files, what the wheel holds, running examples."""

from __future__ import annotations

import fnmatch
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
BLOCK = re.compile(
    r"^(?P<indent> *)```python\n(?P<code>.*?)^(?P=indent)```$", re.MULTILINE | re.DOTALL
)
# A page says so, with a reason, where an example cannot run by itself.
NOT_RUN = re.compile(r"<!-- not run: \S.* -->\s*$")
MACHINE_PATH = re.compile(r"(^|[^A-Za-z0-9_.])/(work|farm|root|home|Users)/[A-Za-z.]")
LARGEST_FILE_BYTES = 1_000_000


def tracked() -> list[Path]:
    """The files under version control."""
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listing.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / name for name in listing.stdout.split("\0") if name]
    return [path for path in paths if path.is_file()]


def examples(page: Path) -> str:
    """The Python blocks of a page as one program, each on the line where it stands in the page."""
    text = page.read_text(encoding="utf-8")
    lines: list[str] = []
    for block in BLOCK.finditer(text):
        if NOT_RUN.search(text[: block.start()]):
            continue
        start = text[: block.start("code")].count("\n")
        lines += [""] * (start - len(lines))
        indent = len(block["indent"])
        lines += [line[indent:] for line in block["code"].splitlines()]
    return "\n".join(lines) + "\n" if lines else ""


def run_python(code: str, where: Path) -> subprocess.CompletedProcess[str]:
    """A program in a fresh process and folder, with this checkout importable."""
    paths = [str(ROOT), os.environ.get("PYTHONPATH", "")]
    env = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in paths if p)}
    program = where / "example.py"
    program.write_text(code, encoding="utf-8")
    return subprocess.run(
        [sys.executable, str(program)],
        cwd=where,
        env=env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def test_no_file_names_a_path_of_one_machine():
    found = []
    for path in tracked():
        text = path.read_bytes().decode("utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            if MACHINE_PATH.search(line):
                found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n" + "\n".join(found)


def test_no_large_file_is_tracked():
    sizes = {str(path.relative_to(ROOT)): path.stat().st_size for path in tracked()}
    assert sizes
    assert {name: size for name, size in sizes.items() if size > LARGEST_FILE_BYTES} == {}


def test_every_folder_of_modules_is_a_package():
    folders = {path.parent for path in (ROOT / "assay").rglob("*.py")}
    missing = [str(f.relative_to(ROOT)) for f in folders if not (f / "__init__.py").is_file()]
    assert missing == [], "the wheel leaves out folders without __init__.py"


def test_data_files_are_part_of_the_wheel():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = settings["tool"]["setuptools"]["package-data"]["*"]
    package = ROOT / "assay"
    data = [p for p in tracked() if package in p.parents and p.suffix != ".py"]
    left_out = [
        str(path.relative_to(ROOT))
        for path in data
        if not any(fnmatch.fnmatch(path.name, pattern) for pattern in patterns)
    ]
    assert left_out == [], "add their kind to [tool.setuptools.package-data]"
    assert any(path.suffix == ".toml" and path.parent.name == "suites" for path in data)


def test_import_assay_loads_nothing_heavy(tmp_path):
    heavy = ["torch", "sympy", "ray", "jinja2", "matplotlib", "scipy", "pandas", "transformers"]
    code = f"import json, sys, assay\nprint(json.dumps([m for m in {heavy} if m in sys.modules]))"
    done = run_python(code, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


def test_every_module_imports_or_names_a_library_that_is_not_installed(tmp_path):
    code = """
import importlib, pkgutil, assay
for module in pkgutil.walk_packages(assay.__path__, "assay."):
    if module.name.endswith("__main__"):
        continue
    try:
        importlib.import_module(module.name)
    except ImportError as error:
        own = (error.name or "assay").split(".")[0] == "assay"
        assert not own, f"{module.name}: {error}"
"""
    done = run_python(code, tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_the_python_examples_of_a_page_run(page, tmp_path):
    code = examples(page)
    if not code:
        return  # a page of words
    done = run_python(code, tmp_path)
    assert done.returncode == 0, f"{page.name} (lines are those of the page):\n{done.stderr}"


def test_examples_are_found_with_their_lines_and_their_exceptions(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "# Title\n```python\nx = 1\n```\ntext\n\n<!-- not run: a GPU -->\n```python\n1/0\n```\n"
        "- item\n  ```python\n  assert x == 2\n  ```\n"
    )
    code = examples(page)
    assert code.splitlines()[2] == "x = 1"
    assert "1/0" not in code
    done = run_python(code, tmp_path)
    assert done.returncode == 1
    assert "line 13" in done.stderr
