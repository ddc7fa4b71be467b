"""Draw what a run measured. Runs in the environment that has matplotlib, with nothing else of this project.

    python plot.py FIGURES.json OUT

Writes OUT.svg and OUT.png.
"""

from __future__ import annotations

import importlib
import json
import sys
from math import nan
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

TITLES = {
    "nginx": "nginx",
    "gatewaymw": "gatewaymw",
    "tensorzero": "TensorZero",
    "portkey": "Portkey",
    "litellm": "LiteLLM",
}
COLOURS = {"gatewaymw": "#1f6feb", "other": "#9aa4b2"}
PANELS = {
    "request of 1 KB, 64 clients": "identity, 1 KB, whole, 64",
    "the same, OpenAI to Anthropic": "translated, 1 KB, whole, 64",
    "request of 200 KB, 16 clients": "identity, 200 KB, whole, 16",
    "stream of 100 events, 16 clients": "identity, 1 KB, burst, 16",
    "the same stream, OpenAI to Anthropic": "translated, 1 KB, burst, 16",
    "event of a paced stream, 16 clients": "identity, 1 KB, paced, 16",
}


class Bar(NamedTuple):
    """What one server took in the best round and in the middle one, in µs."""

    best: float
    middle: float


def bars(figures: dict[str, Any], cell: str) -> dict[str, Bar]:
    """Of each server that has one, the cheapest first."""
    rounds = {
        title: [us for us, _ in figures["cells"][peer][cell]]
        for peer, title in TITLES.items()
        if figures["cells"].get(peer, {}).get(cell)
    }
    made = {title: Bar(min(each), median(each)) for title, each in rounds.items()}
    return dict(sorted(made.items(), key=lambda each: each[1]))


def rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def draw(axes: Any, title: str, values: dict[str, Bar]) -> None:
    """A bar to the best round, a whisker from there to the middle one, and the best in figures."""
    names = list(values)
    colours = [COLOURS["gatewaymw" if name == "gatewaymw" else "other"] for name in names]
    best = [bar.best for bar in values.values()]
    whiskers = [[0.0] * len(names), [bar.middle - bar.best or nan for bar in values.values()]]
    axes.barh(
        names, best, color=colours, xerr=whiskers, error_kw={"ecolor": "#57606a", "capsize": 3, "lw": 1}
    )
    for at, bar in enumerate(values.values()):
        axes.annotate(
            rounded(bar.best),
            (bar.middle, at),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=8,
        )
    axes.set_xscale("log")
    axes.set_xlim(min(best) / 3, max(bar.middle for bar in values.values()) * 6)
    axes.invert_yaxis()
    axes.set_title(title, fontsize=9, loc="left")
    axes.tick_params(axis="both", labelsize=8)
    axes.tick_params(axis="x", which="minor", labelbottom=False)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def main(source: str, out: str) -> None:
    figures = json.loads(Path(source).read_text())
    importlib.import_module("matplotlib").use("agg")
    pyplot: Any = importlib.import_module("matplotlib.pyplot")
    pyplot.rcParams["svg.hashsalt"] = "gatewaymw"  # the same figures make the same file
    pyplot.rcParams["svg.fonttype"] = "none"
    figure, grid = pyplot.subplots(3, 2, figsize=(10, 7.5), layout="constrained")
    for axes, (title, cell) in zip(grid.flat, PANELS.items(), strict=True):
        if values := bars(figures, cell):
            draw(axes, title, values)
        else:
            axes.set_axis_off()
    about = "CPU of one server process in µs, logarithmic: best round, whisker to the middle one"
    figure.suptitle(about, fontsize=11)
    figure.savefig(f"{out}.svg", metadata={"Date": None})
    figure.savefig(f"{out}.png", dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
