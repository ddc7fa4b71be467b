"""Stacks as a picture: an SVG without scripts, callers above those they call, each as wide as its share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import NamedTuple

from stacks import LAYERS, Frame, Stack, shares

WIDTH, ROW, MARGIN, TOP = 1200, 17, 8, 62
"""Pixels: of all, of a row, around, and above the first row."""
LETTER = 6.1
"""Pixels of a letter."""
LEAST = 0.003
"""A share below which nothing is drawn."""
COLOURS = {
    "server": "#c9b3e6",
    "edge": "#8ab8f5",
    "core": "#8fd3a3",
    "transport": "#f7c27a",
    "loop": "#d5dae0",
    "kernel": "#a9b4c0",
    "gc": "#f0938a",
    "other": "#e8e6df",
}
STYLE = (
    "text{font:10.5px ui-monospace,Menlo,Consolas,monospace;fill:#1b1f24}rect{stroke:#fff;stroke-width:.6}"
)


@dataclass
class Node:
    """A frame where it was called, and all below it."""

    count: int = 0
    below: dict[Frame, Node] = field(default_factory=dict)


class Box(NamedTuple):
    """A frame's place in the picture: shares of the width, and its row."""

    frame: Frame
    left: float
    share: float
    row: int


def tree(stacks: Mapping[Stack, int]) -> Node:
    root = Node()
    for stack, count in stacks.items():
        at = root
        at.count += count
        for frame in stack:
            at = at.below.setdefault(frame, Node())
            at.count += count
    return root


def boxes(root: Node, least: float = LEAST) -> Iterator[Box]:
    """What is drawn, the larger to the left of the smaller."""
    waiting = [(root, 0.0, 0)]
    while waiting:
        node, left, row = waiting.pop()
        for frame, inner in sorted(node.below.items(), key=lambda each: (-each[1].count, each[0])):
            share = inner.count / root.count
            if share >= least:
                yield Box(frame, left, share, row)
                waiting.append((inner, left, row + 1))
            left += share


def fitting(frame: Frame, width: float) -> str:
    """As much of a frame's name as there is room for."""
    short = frame.name.rpartition(">.")[2]
    for text in (f"{short} · {frame.place}", short):
        if len(text) * LETTER + 6 <= width:
            return text
    room = int((width - 6) / LETTER) - 1
    return f"{short[:room]}…" if room >= 3 else ""


def rect(left: float, top: int, width: float, height: int, layer: str) -> str:
    at = f'x="{left:.1f}" y="{top}" width="{width:.1f}" height="{height}"'
    return f'<rect {at} fill="{COLOURS[layer]}"/>'


def drawn(box: Box) -> str:
    inner = WIDTH - 2 * MARGIN
    left, width, top = MARGIN + box.left * inner, box.share * inner, TOP + box.row * ROW
    title = escape(f"{box.frame.name} ({box.frame.place}): {box.share:.1%}", quote=False)
    made = rect(left, top, width, ROW, box.frame.layer)
    if text := fitting(box.frame, width):
        made += f'<text x="{left + 3:.1f}" y="{top + 12}">{escape(text, quote=False)}</text>'
    return f"<g><title>{title}</title>{made}</g>"


def legend(stacks: Mapping[Stack, int]) -> Iterator[str]:
    """Each layer's colour and share."""
    left = float(MARGIN)
    for layer, share in shares(stacks).items():
        if share:
            text = f"{layer} {share:.0%}"
            yield f"<g><title>{escape(LAYERS[layer])}</title>{rect(left, 34, 14, 14, layer)}"
            yield f'<text x="{left + 19:.1f}" y="45">{text}</text></g>'
            left += 19 + len(text) * LETTER + 24


def svg(title: str, stacks: Mapping[Stack, int]) -> str:
    """The whole picture."""
    made = list(boxes(tree(stacks)))
    height = TOP + ROW * (1 + max((box.row for box in made), default=0)) + MARGIN
    about = f"{title}: {sum(stacks.values()):,} samples, callers above; nothing below {LEAST:.1%} is drawn"
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}">',
            f'<style>{STYLE}</style><rect width="100%" height="100%" fill="#fff"/>',
            f'<text x="{MARGIN}" y="22" style="font-size:13px;font-weight:600">{escape(about)}</text>',
            *legend(stacks),
            *map(drawn, made),
            "</svg>\n",
        ]
    )
