"""The pages of `docs/environments`, made from cards, docstrings and real episodes.

python -m assay.cli.pages docs/environments
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from assay.cli.describe import cut, page_of
from assay.core.registry import card, ids

_SECTION = re.compile(r"^([A-Z][A-Za-z ]+):$", re.MULTILINE)
_PROOFS = {
    "always": "its solution passes on every seed",
    "rate": "its solution passes at a known rate",
    "none": "no proof yet",
}


def pages() -> dict[str, str]:
    """File name -> Markdown for every id of assay, and an index."""
    names = [name for name in ids() if name.startswith("assay/")]
    made = {f"{_stem(name)}.md": markdown(page_of(name, {})) for name in names}
    return {"README.md": _index(names), **made}


def _stem(env_id: str) -> str:
    return env_id.partition("/")[2]


def _index(names: list[str]) -> str:
    rows = [
        f"| [{name}]({_stem(name)}.md) | {card(name).family} | {card(name).summary} |"
        for name in names
    ]
    head = (
        "# Environments\n\nMade by `python -m assay.cli.pages docs/environments` from the code.\n\n"
        "| id | family | about |\n|---|---|---|\n"
    )
    return head + "\n".join(rows) + "\n"


def markdown(page: dict[str, Any]) -> str:
    """One environment's page."""
    parts = [f"# {page['id']}", _prose(page["documentation"] or page["summary"])]
    if "needs" not in page:
        parts.append(
            f"## In short\n\nObservation: `{page['observation']}`. Action: `{page['action']}`. "
            f"At most {_steps(page['max_steps'])}.\n\n"
            f"Verifier: `{page['verifier']}`. {page['verifier_about']}"
        )
    parts.append(
        f"Splits: {', '.join(page['splits'])}. Reward-free levels: "
        f"{', '.join(page['reward_free'])}. Proof: {_PROOFS[page['proof']]}."
    )
    parts.append(f"## All options\n\n{_options(page['options'])}")
    if "episode" in page:
        parts.append(_episode(page["episode"]))
    return "\n\n".join(parts) + "\n"


def _steps(limit: int) -> str:
    return "one step" if limit == 1 else f"{limit} steps"


def _prose(text: str) -> str:
    """A docstring with its sections as headings and its example as code."""
    pieces = _SECTION.split(text)
    out = [pieces[0].strip()]
    for title, body in zip(pieces[1::2], pieces[2::2], strict=True):
        lines = [
            line[4:] if line.startswith("    ") else line for line in body.strip("\n").split("\n")
        ]
        content = "\n".join(lines).strip()
        if content.startswith(">>>"):
            content = f"```pycon\n{content}\n```"
        out.append(f"## {title}\n\n{content}")
    return "\n\n".join(out)


def _options(rows: list[dict[str, Any]]) -> str:
    lines = ["| option | default | type | about |", "|---|---|---|---|"]
    for row in rows:
        value = "(required)" if row.get("required") else f"`{row['value']!r}`"
        kind = str(row["type"]).replace("|", "\\|")
        lines.append(f"| `{row['name']}` | {value} | {kind} | {row['help']} |")
    return "\n".join(lines)


def _episode(episode: dict[str, Any]) -> str:
    shown = [f"## An episode\n\nSeed {episode['seed']}, problem `{episode['problem']}`."]
    shown.append(f"```text\n{cut(episode['first_observation'])}\n```")
    if episode["actions"]:
        actions = "\n".join(cut(action) for action in episode["actions"])
        shown.append(f"Its solution:\n\n```text\n{actions}\n```")
    verdict = episode["verdict"]
    if verdict is not None:
        word = "passed" if verdict["passed"] else verdict["status"]
        shown.append(f"Verdict: **{word}** (`{verdict['code']}`). {verdict['reason']}")
    return "\n\n".join(shown)


def main(folder: Path) -> None:
    """Write every page into a folder, and remove pages of ids that are gone."""
    made = pages()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        if old.name not in made:
            old.unlink()
    for name, text in made.items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: python -m assay.cli.pages FOLDER")
    main(Path(sys.argv[1]))
