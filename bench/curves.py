"""Curves over a logarithmic axis as a picture: an SVG without scripts, panels side by side."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDE, HIGH, LEFT, TOP, BELOW, GAP = 250, 170, 52, 44, 64, 24
"""Pixels: of a panel's inside, and around it."""
COLOURS = ("#d1495b", "#1f6feb", "#2e8b57")
STYLE = "text{font:11px system-ui,sans-serif;fill:#1b1f24}.t{font-size:13px;font-weight:600}"


class Panel(NamedTuple):
    """One diagram. `log`: its figures are drawn by their logarithm, else from 0 to 1."""

    title: str
    axis: str
    sizes: Sequence[int]
    lines: Mapping[str, Sequence[float]]
    log: bool = False

    @property
    def top(self) -> float:
        """The largest of the scale: a power of ten, or all."""
        most = max(max(line) for line in self.lines.values())
        return 10.0 ** math.ceil(math.log10(most)) if self.log else 1.0

    def across(self, size: float) -> float:
        return math.log(size) / math.log(self.sizes[-1]) * WIDE

    def down(self, figure: float) -> float:
        share = math.log10(max(figure, 1)) / math.log10(self.top) if self.log else figure / self.top
        return HIGH * (1 - share)

    def marks(self) -> Iterator[tuple[float, str]]:
        """The figures that are written beside it."""
        if self.log:
            yield from ((10.0**power, f"{10**power:,}") for power in range(round(math.log10(self.top)) + 1))
        else:
            yield from ((share / 4, f"{share * 25} %") for share in range(5))


def label(left: float, top: float, words: str, more: str = "") -> str:
    return f'<text x="{left:.1f}" y="{top:.1f}"{more}>{escape(words, quote=False)}</text>'


def grid(panel: Panel) -> Iterator[str]:
    for figure, words in panel.marks():
        at = panel.down(figure)
        yield f'<path d="M0 {at:.1f}H{WIDE}" stroke="#e3e6ea"/>'
        yield label(-6, at + 4, words, ' text-anchor="end"')
    for size in panel.sizes:
        yield label(panel.across(size), HIGH + 16, f"{size:,}", ' text-anchor="middle"')
    yield label(WIDE / 2, HIGH + 32, panel.axis, ' text-anchor="middle"')


def curve(panel: Panel, figures: Sequence[float], colour: str) -> str:
    points = [f"{panel.across(x):.1f},{panel.down(y):.1f}" for x, y in zip(panel.sizes, figures, strict=True)]
    dots = "".join(
        '<circle cx="{}" cy="{}" r="2.6" fill="{}"/>'.format(*point.split(","), colour) for point in points
    )
    return f'<polyline points="{" ".join(points)}" fill="none" stroke="{colour}" stroke-width="2"/>{dots}'


def drawn(panel: Panel, left: float) -> Iterator[str]:
    yield f'<g transform="translate({left:.0f} {TOP})">'
    yield label(0, -22, panel.title, ' class="t"')
    yield from grid(panel)
    at = 0.0
    for (name, figures), colour in zip(panel.lines.items(), COLOURS, strict=False):
        yield curve(panel, figures, colour)
        yield f'<rect x="{at:.0f}" y="{HIGH + 44}" width="10" height="10" fill="{colour}"/>'
        yield label(at + 14, HIGH + 53, name)
        at += 34 + 6.2 * len(name)
    yield "</g>"


def svg(panels: Sequence[Panel]) -> str:
    """The whole picture."""
    each = LEFT + WIDE + GAP
    width, height = each * len(panels), TOP + HIGH + BELOW
    made = [line for index, panel in enumerate(panels) for line in drawn(panel, LEFT + index * each)]
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}">'
    return "\n".join(
        [head, f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>', *made, "</svg>\n"]
    )
