"""The generated pages of environments."""

from pathlib import Path

import pytest

from assay.cli import pages
from assay.core.config import option_types
from assay.core.registry import card, env_kind, ids

pytestmark = pytest.mark.core

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "environments"


@pytest.fixture(scope="module")
def made():
    return pages.pages()


def test_the_pages_in_the_documentation_are_those_of_the_code(made):
    stored = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert sorted(stored) == sorted(made), "run python -m assay.cli.pages docs/environments"
    for name, text in made.items():
        assert stored[name] == text, f"{name}: run python -m assay.cli.pages docs/environments"


def test_every_option_is_named_and_every_episode_passed(made):
    for env_id in (name for name in ids() if name.startswith("assay/")):
        text = made[f"{env_id.partition('/')[2]}.md"]
        for option in option_types(env_kind(card(env_id)).Config):
            assert f"| `{option}` |" in text
        assert "Verdict: **passed**" in text or "(required)" in text


def test_pages_of_ids_that_are_gone_are_removed(tmp_path):
    (tmp_path / "Gone-v0.md").write_text("old")
    pages.main(tmp_path)
    assert not (tmp_path / "Gone-v0.md").exists() and (tmp_path / "README.md").exists()
