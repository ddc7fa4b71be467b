"""Draw what a run measured. Runs in the environment that has matplotlib, with nothing else of this project.

    python plot.py FIGURES.json OUT

Writes OUT.svg and OUT.png.
"""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

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


def bars(figures: dict[str, Any], cell: str) -> dict[str, float]:
    """The best round of each server that has one, in µs, the cheapest first."""
    cells = figures["cells"]
    best = {
        title: min(us for us, _ in cells[peer][cell])
        for peer, title in TITLES.items()
        if cells.get(peer, {}).get(cell)
    }
    return dict(sorted(best.items(), key=lambda each: each[1]))


def rounded(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 else f"{value:.1f}"


def draw(axes: Any, title: str, values: dict[str, float]) -> None:
    names = list(values)
    colours = [COLOURS["gatewaymw" if name == "gatewaymw" else "other"] for name in names]
    drawn = axes.barh(names, list(values.values()), color=colours)
    axes.bar_label(drawn, [rounded(value) for value in values.values()], padding=3, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(min(values.values()) / 3, max(values.values()) * 6)
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
    figure.suptitle("CPU of one server process, µs (logarithmic; shorter is better)", fontsize=11)
    figure.savefig(f"{out}.svg", metadata={"Date": None})
    figure.savefig(f"{out}.png", dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
