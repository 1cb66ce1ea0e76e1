"""The report page: one HTML file that opens by double click, with no network and no server."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from assay.core.errors import StoreError
from assay.evaluation.compare import RunComparison
from assay.evaluation.config import COUNTED, STATUSES
from assay.evaluation.runs import OpenRun
from assay.report import charts
from assay.report.data import PageData, page_data
from assay.report.episodes import Chunks, packed, page_rows

INLINE_BYTES = 20_000_000  # of packed steps; above, they lie in files beside the page
SCRIPTS = ("text.js", "source.js", "table.js", "player.js", "main.js")
_MAX_CURVES = 24  # learning curves drawn of a folder
_OURS = re.compile(r"\d{3,}\.js")
_CALL = "assay_steps("

# What a status is called and marked with: the sign tells them apart without colour.
STATUS_WORDS: dict[str, tuple[str, str]] = {
    "passed": ("passed", "✓"),
    "finished": ("not passed", "✗"),
    "policy_error": ("policy error", "!"),
    "timeout": ("timeout", "◷"),
    "env_error": ("environment error", "■"),
    "verifier_error": ("verifier error", "◆"),
    "crashed": ("crashed", "▲"),
}


def write_page(
    runs: Sequence[OpenRun], out: Path, *, comparisons: Sequence[RunComparison] = ()
) -> Path:
    """Write the page about these runs; its path.

    Args:
        out: the file, replaced when it is complete. Steps above 20 MB go to `NAME_files/` beside
            it, and what an earlier page left there is removed.
        comparisons: of two runs each, as `compare_runs` makes them; without, every run is compared
            with the first.

    Raises:
        StoreError: the file cannot be written, or a stored episode cannot be read.
    """
    out = Path(out)
    steps = _Steps(out.parent / f"{out.stem}_files")
    draft = out.with_name(f".{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        chunks = Chunks(steps.add)
        data = page_data(runs, comparisons)
        rows, limit = page_rows(runs, data.envs, chunks)
        files = steps.folder.name if steps.in_files else ""
        text = render(
            data,
            rows=packed(json.dumps(rows)),
            chunks=steps.inline,
            options={"mode": "file", "text_chars": limit, "files": files},
        )
        draft.write_text(text, encoding="utf-8")
        steps.put_in_place()
        os.replace(draft, out)
    except OSError as err:
        raise StoreError(
            f"The page '{out}' cannot be written: {err.strerror or err}. Give another path with -o."
        ) from err
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        steps.discard()
    return out


class _Steps:
    """Where packed chunks go: into the page while they are few, else into files.

    The files are written beside the folder that an earlier page may still use, and take its place
    when the page does.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.inline: list[str] = []
        self.in_files = False
        self._draft = folder.with_name(f".{folder.name}.part")
        self._n = self._bytes = 0

    def add(self, chunk: str) -> None:
        """Take one packed chunk."""
        self._bytes += len(chunk)
        self._n += 1
        if not self.in_files and self._bytes > INLINE_BYTES:
            self.in_files = True
            self.discard()
            self._draft.mkdir()
            for number, earlier in enumerate(self.inline):
                self._write(number, earlier)
            self.inline.clear()
        if self.in_files:
            self._write(self._n - 1, chunk)
        else:
            self.inline.append(chunk)

    def _write(self, number: int, chunk: str) -> None:
        text = f'{_CALL}{number},"{chunk}");\n'
        (self._draft / f"{number:03}.js").write_text(text, encoding="ascii")

    def discard(self) -> None:
        """Remove what was written and is not used."""
        _remove_ours(self._draft)

    def put_in_place(self) -> None:
        """The files of this page for those of the earlier one; what is not ours stays."""
        _remove_ours(self.folder)
        if self.in_files:
            self.folder.mkdir(exist_ok=True)
            for path in self._draft.iterdir():
                path.replace(self.folder / path.name)
            self._draft.rmdir()


def _remove_ours(folder: Path) -> None:
    """Files of steps, and then the folder where nothing else is in it."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        if _OURS.fullmatch(path.name):
            with path.open("rb") as file:
                ours = file.read(len(_CALL)) == _CALL.encode()
            if ours:
                path.unlink()
    with suppress(OSError):  # somebody else's files are in it
        folder.rmdir()


# ---------------------------------------------------------------------- rendering


def render(
    data: PageData,
    *,
    rows: str = "",
    chunks: Sequence[str] = (),
    options: dict[str, Any],
) -> str:
    """The page's HTML.

    Args:
        rows, chunks: packed; a served page has none.
        options: what the script must know: `mode` is `file` or `server`.
    """
    script, served = page_script(), options["mode"] == "server"
    about = {
        **options,
        "runs": [run.label for run in data.runs],
        "envs": [{"label": e.label, "slug": e.slug, "play": e.play} for e in data.envs],
        "statuses": list(STATUSES),
        "counted": [STATUSES.index(status) for status in COUNTED],
        "words": STATUS_WORDS,
    }
    return (
        _templates()
        .get_template("page.html")
        .render(
            title=_title(data),
            summary=_summary(data),
            csp=policy(script, served=served),
            served=served,
            style=Markup(_file("page.css")),
            script=Markup(script),
            about=Markup(_for_script(about)),
            rows=rows,
            chunks=chunks,
            version=sys.modules["assay"].__version__,
            made=time.strftime("%Y-%m-%d %H:%M"),
            **_in_summary(data),
        )
    )


def render_summary(data: PageData) -> str:
    """The part above the list of episodes alone, as a served page gets it later."""
    return _templates().get_template("summary.html").render(**_in_summary(data))


def _in_summary(data: PageData) -> dict[str, Any]:
    return {
        "data": data,
        "words": STATUS_WORDS,
        "failures": STATUSES[1:],
        "by_env": _by_env(data),
        "stopped": any(row.stopped_early for run in data.runs for row in run.rows),
        "charts": [
            (curve, Markup(charts.difficulty_chart(curve, f"d{i}")))
            for i, curve in enumerate(data.curves)
        ],
        "learning": _learning(data),
        **_numbers(),
    }


def policy(script: str, *, served: bool) -> str:
    """The content security policy: this one script, inline style, pictures from the page's data."""
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode("ascii")
    parts = [
        "default-src 'none'",
        f"script-src 'sha256-{digest}' 'self'",
        "style-src 'unsafe-inline'",
        "img-src data:",
        "base-uri 'none'",
        "form-action 'none'",
        *(["connect-src 'self'"] if served else []),
    ]
    return "; ".join(parts)


@cache
def page_script() -> str:
    """All scripts in one closure; the policy names its hash, so it enters the page as it is."""
    parts = "\n".join(_file(name).strip() for name in SCRIPTS)
    return f'(() => {{\n"use strict";\n{parts}\n}})();'


@cache
def _file(name: str) -> str:
    return (resources.files("assay.report") / "templates" / name).read_text("utf-8")


@cache
def _templates() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FunctionLoader(_file),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def _for_script(value: Any) -> str:
    """JSON that no HTML parser takes for the end of its element."""
    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e")


# ---------------------------------------------------------------------- words and numbers


def _numbers() -> dict[str, Any]:
    """What the template writes numbers with."""
    return {
        "rate": lambda value: "–" if value is None or value != value else f"{value:.3f}",
        "signed": lambda value: "–" if value is None else f"{value:+.3f}".replace("-", "−"),
        "percent": lambda value: f"{100 * value:.2f}%",
        "count": lambda value: f"{value:,}",
        "p_value": lambda value: "–" if value is None else _p_value(value),
    }


def _p_value(value: float) -> str:
    return "< 0.001" if value < 0.001 else f"{value:.3f}"


def _title(data: PageData) -> str:
    names = [run.label for run in data.runs]
    who = names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
    if len(names) > 4:
        who = f"{len(names)} runs"
    where = data.envs[0].label if len(data.envs) == 1 else f"{len(data.envs)} environments"
    suites = {
        setting.values[0].split()[0]
        for setting in data.settings.get("Plan", ())
        if setting.name == "suite" and setting.same
    }
    return f"{who} on {f'the {suites.pop()} suite' if suites else where}"


def _summary(data: PageData) -> list[str]:
    planned = sum(run.planned for run in data.runs)
    done = sum(run.done for run in data.runs) if any(run.rows for run in data.runs) else planned
    splits = sorted({env.key.split for env in data.envs})
    days = sorted({run.created[:10] for run in data.runs})
    return [
        f"{done:,} episodes" if done == planned else f"{done:,} of {planned:,} planned episodes",
        f"{len(data.envs)} environment{'s' * (len(data.envs) > 1)}",
        f"{' and '.join(splits)} split{'s' * (len(splits) > 1)}",
        " to ".join(dict.fromkeys((days[0], days[-1]))),
    ]


def _by_env(data: PageData) -> list[tuple[str, list[tuple[int, Any]]]]:
    """For each environment its rows, each with the number of its run."""
    return [
        (
            env.label,
            [
                (number, row)
                for number, run in enumerate(data.runs)
                for at, row in zip(run.envs, run.rows, strict=True)
                if at == place
            ],
        )
        for place, env in enumerate(data.envs)
    ]


def _learning(data: PageData) -> list[tuple[Any, list[tuple[str, int, str, Markup]]]]:
    """For each folder its curves: name, points, last value, chart."""
    found: list[tuple[Any, list[tuple[str, int, str, Markup]]]] = []
    for folder, metrics in enumerate(data.metrics):
        drawn = [
            (
                name,
                len(values),
                f"{values[-1]:.4g}",
                Markup(charts.curve_chart(steps, values, f"m{folder}-{i}")),
            )
            for i, (name, (steps, values)) in enumerate(metrics.series.items())
            if i < _MAX_CURVES
        ]
        found.append((metrics, drawn))
    return found
