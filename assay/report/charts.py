"""Small charts as inline SVG, drawn by matplotlib, coloured by the page.

No word of a policy or an environment is in them: titles and legends are the page's own text.
Matplotlib draws in stand-in colours that become the page's variables, so that one file serves
light, dark and print; text stays text.
"""

from __future__ import annotations

import importlib
import io
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from assay.report.data import Curve, Point

INK, MUTED, GRID = "#010203", "#040506", "#070809"
RUN_COLOURS = ("#0a0b0c", "#0d0e0f", "#101112", "#131415")
MARKERS = ("o", "s", "^", "D")
DASHES = ("-", "--", "-.", ":")
_VARIABLES = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    GRID: "var(--line)",
    **{colour: f"var(--run-{i})" for i, colour in enumerate(RUN_COLOURS)},
}
_SIZE = (3.4, 1.9)  # inches of 72 px: two beside each other on a tablet
MAX_SAMPLES = 400  # points of a learning curve that are drawn
_STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "assay",
    "font.size": 8.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GRID,
    "axes.labelcolor": MUTED,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "axes.linewidth": 0.7,
    "axes.axisbelow": True,
    "text.parse_math": False,
    "axes.formatter.use_mathtext": False,
    "axes.unicode_minus": True,
}


def difficulty_chart(curve: Curve, name: str) -> str:
    """Pass rate by difficulty, with intervals; one line a run.

    Args:
        name: a word that no other chart of the page has: its ids begin with it.
    """
    labels = [point.label for point in curve.lines[0].points]
    n = len(curve.lines)

    def draw(axes: Any) -> None:
        for i, line in enumerate(curve.lines):  # a little aside, so that no interval hides another
            _rates(axes, line.points, line.number, 0.12 * (i - (n - 1) / 2))
        axes.set_ylim(-0.03, 1.03)
        axes.set_yticks([0, 0.5, 1])
        axes.set_xlim(-0.5, len(labels) - 0.5)
        axes.set_xticks(range(len(labels)), labels)
        axes.set_xlabel("difficulty")

    return _svg(draw, name)


def _rates(axes: Any, points: Sequence[Point], run: int, shift: float) -> None:
    shown = [(x + shift, p.rate, p.low, p.high) for x, p in enumerate(points) if p.rate is not None]
    if not shown:
        return
    x, rate, low, high = np.array(shown, dtype=float).T
    colour = RUN_COLOURS[run % len(RUN_COLOURS)]
    axes.vlines(x, low, high, color=colour, linewidth=1.2)
    axes.plot(
        x, rate, color=colour, linewidth=1.0, markersize=4,
        marker=MARKERS[run % len(MARKERS)], linestyle=DASHES[run % len(DASHES)],
    )  # fmt: skip


def curve_chart(steps: Sequence[float], values: Sequence[float], name: str) -> str:
    """One learning curve; a long one is drawn through the means of equally many points."""
    x, y = _thinned(np.asarray(steps, dtype=float), np.asarray(values, dtype=float))

    def draw(axes: Any) -> None:
        few = {"marker": "o", "markersize": 3} if len(x) <= 30 else {}
        axes.plot(x, y, color=RUN_COLOURS[0], linewidth=1.2, **few)
        axes.locator_params(axis="y", nbins=4)
        axes.locator_params(axis="x", nbins=5)
        axes.set_xlabel("step")
        axes.margins(x=0.02)

    return _svg(draw, name)


def _thinned(x: Any, y: Any) -> tuple[Any, Any]:
    if len(x) <= MAX_SAMPLES:
        return x, y
    parts = np.array_split(np.arange(len(x)), MAX_SAMPLES)
    return np.array([x[p].mean() for p in parts]), np.array([y[p].mean() for p in parts])


def _svg(draw: Any, name: str) -> str:
    matplotlib: Any = importlib.import_module("matplotlib")
    figures: Any = importlib.import_module("matplotlib.figure")
    out = io.StringIO()
    with matplotlib.rc_context(_STYLE):
        figure = figures.Figure(figsize=_SIZE, layout="constrained")
        draw(figure.subplots())
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _for_page(out.getvalue(), name)


def _for_page(svg: str, name: str) -> str:
    """Matplotlib's file as an element of our page: its own ids, our colours and fonts, small."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>|<style.*?</style>|<!--.*?-->", "", svg, flags=re.S)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'aria-hidden="true" focusable="false"', svg)
    svg = re.sub(r' font-family: [^;"]+;| transform="rotate\(-0 [^"]*"', "", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    svg = re.sub(r"(\d+\.\d{2})\d+", r"\1", svg)
    return re.sub(r"\s*\n\s*", " ", svg).strip()
