"""Sampled stacks, folded one to a line as py-spy writes them: read, freed of start-up, put into layers."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import NamedTuple

LAYERS = {
    "server": "uvicorn",
    "edge": "gatewaymw: ASGI, headers, streams to the client",
    "core": "gatewaymw/core: routing, dialects, framing",
    "transport": "gatewaymw/drivers: carrying it to the upstream",
    "loop": "uvloop, asyncio",
    "kernel": "the system's reading, writing and waiting",
    "gc": "Python's garbage collector",
    "other": "other",
}
"""Whose code a frame is, in words."""
PLACES = {
    "uvicorn/": "server",
    "gatewaymw/core/": "core",
    "gatewaymw/drivers/": "transport",
    "gatewaymw/": "edge",
    "asyncio/": "loop",
    "uvloop": "loop",
    "kernel": "kernel",
    "CPython": "gc",
}
"""The layer of what lies in a folder, the first that fits; what fits none belongs to whoever called it."""
LOOP = re.compile(r"(loop|core|stream|linux|queue|loop-watcher|timer|tcp|handle|stream-common)\.[ch]")
PARSER = re.compile(r"(parser|llhttp|api|http)\.[ch]")
KERNEL = {
    "write": "write", "writev": "write", "send": "write", "sendmsg": "write", "read": "read", "recv": "read",
    "recvfrom": "read", "recvmsg": "read", "epoll_wait": "epoll_wait", "epoll_pwait": "epoll_wait",
    "epoll_ctl": "epoll_ctl",
}  # fmt: skip
"""System calls, by the name of libc's function for them."""
SHAPE = re.compile(r"(?P<name>.*) \((?P<place>.*?)(?::\d+)?\)")
LIBRARIES = re.compile(r".*/(?:site-packages|src|python3\.\d+)/")
STARTING = ("importlib._bootstrap", "uvicorn/config.py", "uvicorn/importer.py")
"""What stands in the stack of a server that is not up yet, or imports something."""
ENTRY = "asyncio/runners.py"
"""Below this the event loop runs; what is above is the command line."""
THREAD = "threading.py"


class Frame(NamedTuple):
    """One function of a stack."""

    name: str
    place: str
    """Its file, as it is imported."""
    layer: str


Stack = tuple[Frame, ...]
"""From the loop inwards."""


def read(text: str) -> Counter[Stack]:
    """Samples by stack, of a server at work. Raises ValueError where a line is no folded stack."""
    stacks: Counter[Stack] = Counter()
    for line in filter(None, text.splitlines()):
        folded, _, count = line.rpartition(" ")
        if stack := layered(working(folded.split(";"))):
            stacks[stack] += int(count)
    return stacks


def working(frames: list[str]) -> list[str]:
    """A stack without what started its thread; empty where it is not the server at work."""
    if any(mark in frame for frame in frames for mark in STARTING):
        return []
    entries = [at for at, frame in enumerate(frames) if ENTRY in frame or THREAD in frame]
    return frames[entries[-1] :] if entries else []


def layered(frames: Iterable[str]) -> Stack:
    """Frames of a stack, each in its layer; what is native is known by its name, or left out."""
    made: list[Frame] = []
    for name, place in filter(None, map(named, frames)):
        caller = made[-1].layer if made else "other"
        frame = Frame(name, place, next((PLACES[each] for each in PLACES if place.startswith(each)), caller))
        if not made or frame != made[-1]:
            made.append(frame)
    return tuple(made)


def named(frame: str) -> tuple[str, str] | None:
    """A frame's function and file without its line; None for native ones that say nothing."""
    found = SHAPE.fullmatch(frame)
    if not found:
        return None
    name, place = found["name"], LIBRARIES.sub("", found["place"])
    if place.endswith(".py") or place.startswith("<"):
        return name, place.rpartition("/")[2] if place.startswith("/") else place
    return native(name, place)


def native(name: str, place: str) -> tuple[str, str] | None:
    if name.startswith("gc_collect"):
        return "garbage collection", "CPython"
    if place.startswith("libc") and name in KERNEL:
        return KERNEL[name], "kernel"
    if LOOP.fullmatch(place):
        return "event loop", "uvloop"
    return ("parser", "httptools") if PARSER.fullmatch(place) else None


def shares(stacks: Mapping[Stack, int]) -> dict[str, float]:
    """The part of all samples that each layer's own code had: that of a stack's last frame."""
    total = sum(stacks.values())
    by_layer: Counter[str] = Counter()
    for stack, count in stacks.items():
        by_layer[stack[-1].layer] += count
    return {layer: by_layer[layer] / total if total else 0.0 for layer in LAYERS}
