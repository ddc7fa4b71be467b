"""What the gateway must reach next to others, and whether one run says that it did."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from peers.results import Results
from peers.traffic import ANSWERS, MODES, Cell

OURS = "gatewaymw"


class Aim(NamedTuple):
    """One thing to reach: a figure of a run, no higher than a limit."""

    title: str
    figure: Callable[[Results], float | None]
    """None where the run did not measure it."""
    limit: float
    unit: str = ""
    """Empty for a ratio."""
    about: str = ""
    """What the measurement is called where it failed."""
    wish: float | None = None
    """A lower limit that would be better still."""
    of: tuple[tuple[str, Cell], ...] = ()
    """The cells, and whose, that the figure is made of."""
    key: bool = False
    """Whether it stands in the README too."""


class Verdict(NamedTuple):
    """One aim, as a row of a table."""

    title: str
    figure: str
    limit: str
    word: str


def ratio(
    cell: Cell, other: str, *, ours: str = OURS, base: Cell | None = None
) -> Callable[[Results], float | None]:
    """Our CPU for a cell in units of another's, for the same cell or `base`: best round over best round."""

    def figure(results: Results) -> float | None:
        mine, others = results.cpu(ours, cell.name), results.cpu(other, (base or cell).name)
        return mine.best / others.best if mine and others else None

    return figure


def worst(name: str, over: str = "") -> Callable[[Results], float | None]:
    """The higher of both modes' facts; with `over`, how much higher than another's."""

    def figure(results: Results) -> float | None:
        found = []
        for mode in MODES:
            fact = results.fact(OURS, mode, name)
            base = results.fact(over, mode, name) if over else 0.0
            if fact is None or base is None:
                return None
            found.append(fact - base)
        return max(found)

    return figure


PEERS = {"portkey": "Portkey", "nginx": "nginx", "tensorzero": "TensorZero", "litellm": "LiteLLM"}


def compared(
    title: str, cell: Cell, other: str, limit: float, *, ours: str = OURS, base: Cell | None = None
) -> Aim:
    """Our CPU for a cell, next to another's for the same cell or `base`."""
    figure = ratio(cell, other, ours=ours, base=base)
    return Aim(title, figure, limit, about=cell.name, of=((ours, cell), (other, base or cell)))


def against(
    title: str, cell: Cell, wish: float | None = None, key: bool = False, **limits: float
) -> list[Aim]:
    """A cell next to each peer that is named; `wish` is for the first of them."""
    aims = [
        compared(f"{title} ÷ {PEERS[peer]}", cell, peer, limit)._replace(key=key)
        for peer, limit in limits.items()
    ]
    return [aims[0]._replace(wish=wish), *aims[1:]]


def cell(mode: str, size: str = "1 KB", answer: str = "whole", clients: int = 16) -> Cell:
    return Cell(mode, size, answer, clients)


PACED = cell("translated", answer="paced")
PASSED = cell("identity", answer="paced")
SMALL = cell("identity", clients=64)
TRANSLATED = cell("translated", clients=64)
BURST = cell("identity", answer="burst")
BURST_TRANSLATED = cell("translated", answer="burst")
AIMS = [
    *against("identity, 1 KB, 64 clients", SMALL, 1 / 12, key=True, portkey=1 / 8, nginx=6, tensorzero=1 / 2),
    *against("translated, 1 KB, 64 clients", TRANSLATED, key=True, portkey=1 / 7, litellm=1 / 60),
    *against("identity, 200 KB, 16 clients", cell("identity", "200 KB"), portkey=1 / 8),
    *against("identity, burst, 16 clients", BURST, portkey=1 / 10, litellm=1 / 150),
    *against("translated, burst, 16 clients", BURST_TRANSLATED, portkey=1 / 5, litellm=1 / 150),
    *against("identity, paced event, 16 clients", PASSED, key=True, nginx=2),
    # nginx translates nothing: what it takes to pass an event on is the measure of both.
    compared("translated, paced event, 16 clients ÷ nginx passing it on", PACED, "nginx", 3.5, base=PASSED),
    Aim("added to the middle request, 50 a second", worst("p50", "direct"), 0.5, "ms", "latency", key=True),
    Aim("added to a stream’s first word", worst("word", "direct"), 1.0, "ms", "first word", key=True),
    Aim("memory, idle", worst("idle"), 60, "MiB", key=True),
    Aim("memory, after all cells", worst("loaded"), 90, "MiB"),
    Aim("memory with 1,000 open streams, no error", worst("streams"), 160, "MiB", "open streams", key=True),
    Aim("memory grown in 10,000 requests", worst("growth"), 1.0, "MiB", "soak"),
    compared(
        "WSGI, identity, 1 KB, 16 clients ÷ httpx there", cell("identity"), "wsgi_httpx", 1 / 2, ours="wsgi"
    ),
]
HEAVIEST = [cell(mode, "200 KB", answer, 256) for mode in MODES for answer in ANSWERS]
"""What a server's memory is largest after."""


def needed(peer: str, cell: Cell) -> bool:
    """Whether a verdict is of it, or it says how far down one could go."""
    return any((peer, cell) in aim.of for aim in AIMS) or (peer == "floor" and cell in (SMALL, BURST, PASSED))


# ── in words ─────────────────────────────────────────────────────────────


def shown(value: float, unit: str) -> str:
    """A ratio below one is a part of one."""
    if unit:
        return f"{value:.2f} {unit}" if abs(value) < 10 else f"{value:.0f} {unit}"
    return f"1/{1 / value:.1f}" if 0 < value < 1 else f"{value:.2f}"


def limit(aim: Aim) -> str:
    if aim.unit:
        return f"≤ {aim.limit:g} {aim.unit}"
    made = f"≤ 1/{1 / aim.limit:.0f}" if aim.limit < 1 else f"≤ {aim.limit:g}"
    return f"{made} (better: 1/{1 / aim.wish:.0f})" if aim.wish else made


def failed(aim: Aim, results: Results) -> bool:
    """Whether a server of ours gave a wrong answer, or none, where this was to be measured."""
    ours = [name for name in results.failures if name.partition(":")[0] in (OURS, "wsgi")]
    return bool(aim.about) and any(aim.about in name for name in ours)


def verdict(aim: Aim, results: Results) -> Verdict:
    figure = None if failed(aim, results) else aim.figure(results)
    if figure is None:
        word = "FAILED" if failed(aim, results) else "not measured"
        return Verdict(aim.title, "–", limit(aim), word)
    word = "held" if figure <= aim.limit else "MISSED"
    return Verdict(aim.title, shown(figure, aim.unit), limit(aim), word)


def verdicts(results: Results) -> list[Verdict]:
    return [verdict(aim, results) for aim in AIMS]


def key_verdicts(results: Results) -> list[Verdict]:
    """Those for readers in a hurry."""
    return [verdict(aim, results) for aim in AIMS if aim.key]
