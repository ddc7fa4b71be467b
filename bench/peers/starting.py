"""Bringing up what a measurement needs: the upstream, and each server until it has answered."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from peers.measure import SMALL, Failed, Target, load
from peers.places import KEPT, PROGRAMS
from peers.processes import Processors, free_port, resident, running
from peers.results import Results
from peers.servers import PEERS, Peer, Place
from peers.traffic import write_answers


@contextmanager
def upstream() -> Iterator[int]:
    """The provider behind all of them; gives its port. It ends when we do."""
    answers = KEPT / "answers"
    write_answers(answers)
    command = [str(PROGRAMS / "upstream"), str(answers)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin and process.stdout
        try:
            yield int(process.stdout.readline())
        finally:
            process.stdin.close()


def answering(target: Target, until: float) -> Target:
    """The target once it has answered, at the port where it did. Raises Failed."""
    while True:
        try:
            there = target._replace(place=target.place._replace(port=target.peer.port(target.place)))
            load(there, SMALL[target.place.mode], clients=1, seconds=10, most=1)
        except Failed as error:
            if not target.runs() or time.monotonic() > until:
                raise Failed(f"{error} ({last_words(target.place.folder)})") from None
            time.sleep(0.01)
        else:
            return there


def last_words(folder: Path) -> str:
    said = (folder / "log").read_text(errors="replace").strip().splitlines()
    return " / ".join(said[-3:]) or "it said nothing"


class Site(NamedTuple):
    """Where servers are started."""

    upstream: int
    processors: Processors

    @contextmanager
    def running(self, name: str, peer: Peer, mode: str, folder: str = "") -> Iterator[Target]:
        """One process of a peer, until the block is left. Raises Failed."""
        kept = KEPT / "run" / f"{folder or name}-{mode}"
        kept.mkdir(parents=True, exist_ok=True)
        place = Place(free_port(), self.upstream, mode, kept)
        until = time.monotonic() + peer.startup
        environment = peer.environment(place)
        with running(peer.command(place), kept / "log", self.processors, environment, kept) as process:
            yield answering(Target(name, peer, place, process), until)


def start(stack: ExitStack, name: str, mode: str, site: Site, results: Results) -> list[Target]:
    """One process of a peer, for the modes it is asked in. Raises Failed."""
    peer = PEERS[name]
    begun = time.monotonic()
    target = stack.enter_context(site.running(name, peer, mode))
    results.know(name, mode, start=time.monotonic() - begun, idle=resident(target.pid))
    modes = peer.modes if peer.shared else (mode,)
    return [target._replace(place=target.place._replace(mode=each)) for each in modes]


def start_all(stack: ExitStack, names: list[str], site: Site, results: Results) -> list[Target]:
    """Every peer that is there; the others are said and left out."""
    targets = []
    for name in names:
        peer = PEERS[name]
        if peer.part in results.absent:
            continue
        for mode in peer.modes[:1] if peer.shared else peer.modes:
            with ExitStack() as trying:
                try:
                    targets += start(trying, name, mode, site, results)
                except (Failed, OSError) as error:
                    results.absent[f"{name}, {mode}"] = str(error)
                    print(f"does not start: {name}, {mode}: {error}", file=sys.stderr, flush=True)
                else:
                    stack.enter_context(trying.pop_all())
    return targets


def direct(port: int) -> list[Target]:
    """The upstream itself, to know what the others add."""
    folder = KEPT / "run" / "direct"
    folder.mkdir(parents=True, exist_ok=True)
    made = []
    for mode, path in {"identity": "/v1/chat/completions", "translated": "/v1/messages"}.items():
        peer = Peer("direct", "", lambda place: [], path=path)
        made.append(Target("direct", peer, Place(port, port, mode, folder), None))
    return made
