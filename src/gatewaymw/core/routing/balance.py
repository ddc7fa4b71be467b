"""How a load balance draws: by weight, by what keeps a caller at one child, or by who has least to do."""

from __future__ import annotations

from bisect import bisect
from collections.abc import Sequence
from hashlib import blake2b
from itertools import accumulate
from math import log

from ..commands import Flow, ask
from ..plan import Group, Sticky, targets
from ..values import Call, Env
from .conditions import MISSING, reader
from .tracking import name_of


def order(group: Group, call: Call, env: Env) -> Flow[Sequence[int]]:
    """All children, the chosen one first: the rest is for where it cannot be asked."""
    if group.sticky and (kept := keyed(group.sticky, call)):
        return ranked(group, epoch(kept, group.sticky, env.clock()))
    shuffled = by_weight(group, env)
    if group.algorithm == "weighted" or len(shuffled) < 2:
        return shuffled
    first, second = shuffled[:2]
    pair = leaves(group, first, call), leaves(group, second, call)
    loads = yield from ask("health", "loads", pair, env.now())
    fast = group.algorithm == "lowest_latency"
    return shuffled if loads[0][fast] <= loads[1][fast] else (second, first, *shuffled[2:])


def leaves(group: Group, index: int, call: Call) -> tuple[str, ...]:
    """What the health of a child's targets is kept by."""
    return tuple(name_of(leaf, call) for leaf in targets(group.children[index]))


def weights(group: Group) -> list[float]:
    bounds = group.bounds
    return [bound - before for before, bound in zip((0.0, *bounds), bounds, strict=False)]


def by_weight(group: Group, env: Env) -> list[int]:
    """Children with a weight in the order that they are drawn in, each once."""
    left = {index: weight for index, weight in enumerate(weights(group)) if weight > 0}
    made: list[int] = []
    while left:
        bounds = list(accumulate(left.values()))
        point = bisect(bounds, env.random() * bounds[-1], 0, len(bounds) - 1)
        made.append(list(left)[point])
        del left[made[-1]]
    return made


# ── sticky ───────────────────────────────────────────────────────────────


def keyed(sticky: Sticky, call: Call) -> str:
    """What a caller is kept by; empty where it names none of it."""
    found = [named(name, call) for name in sticky.by]
    return repr(found) if any(found) else ""


def named(name: str, call: Call) -> str:
    where, _, rest = name.partition(".")
    if where == "header":
        return call.headers.get(rest.lower(), "")
    value = reader(name)(call)
    return "" if value is MISSING or value is None else str(value)


def epoch(key: str, sticky: Sticky, clock: float) -> str:
    """The key, and how often its time has run out. Keys do not all end at once."""
    if sticky.ttl is None:
        return key
    return f"{int(clock / sticky.ttl + fraction(key.encode(errors='replace')))} {key}"


def ranked(group: Group, key: str) -> list[int]:
    """Rendezvous hashing: each child has a lot for each key, the highest wins. Where a child leaves, only its
    own keys move; weights scale the lots (Schindelhauer and Schomaker, 2005)."""
    told = key.encode(errors="replace")
    lots = {
        index: -weight / log(fraction(group.marks[index] + b"\0" + told))
        for index, weight in enumerate(weights(group))
        if weight > 0
    }
    return sorted(lots, key=lots.__getitem__, reverse=True)


def fraction(data: bytes) -> float:
    """Anything as a number between 0 and 1, neither of them included."""
    return (int.from_bytes(blake2b(data, digest_size=6).digest(), "big") + 0.5) / 2.0**48
