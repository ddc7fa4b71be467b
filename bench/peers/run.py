"""Measure the gateway next to others on this machine, and say what it must reach and does not.

    make bench-peers
    cd bench && python -m peers.run [--quick] [--rounds N] [--seconds S] [--peers NAME …] [--write]

The full matrix takes about half an hour. `--modes`, `--sizes`, `--answers` and `--clients` choose parts of
it, `--again` shows what the last run measured; `--write` puts the tables into docs/performance.md and draws
the plot beside it. `--quick` is to see that everything runs: its figures are worth nothing.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.metadata import version
from pathlib import Path

from peers import measure
from peers.install import missing, versions
from peers.measure import FULL, QUICK, SMALL, Failed, Spans, Target, load
from peers.places import FIGURES, HERE, KEPT, PAGE, PROGRAMS, python_of
from peers.processes import Processors, free_port, resident, running
from peers.report import BEGIN, END, setting, tables
from peers.results import Results, read, save
from peers.servers import PEERS, Peer, Place
from peers.traffic import ANSWERS, CLIENTS, MODES, SIZES, Cell, cells, write_answers
from tables import text, write

PICTURE = "performance-peers"
"""The plot's name, without its suffix."""
FILES = 8192
"""Open files that a server may need for its streams."""


def options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--quick", action="store_true")
    made.add_argument("--again", action="store_true")
    made.add_argument("--rounds", type=int)
    made.add_argument("--seconds", type=float, help="of one measurement")
    made.add_argument("--soak", type=int, help="requests")
    made.add_argument("--peers", nargs="+", choices=PEERS, default=list(PEERS))
    made.add_argument("--modes", nargs="+", choices=MODES, default=MODES)
    made.add_argument("--sizes", nargs="+", choices=SIZES, default=tuple(SIZES))
    made.add_argument("--answers", nargs="+", choices=ANSWERS, default=ANSWERS)
    made.add_argument("--clients", nargs="+", type=int, choices=CLIENTS, default=CLIENTS)
    made.add_argument("--write", type=Path, nargs="?", const=PAGE, metavar="PAGE")
    return made.parse_args()


def spans(given: argparse.Namespace) -> Spans:
    chosen = QUICK if given.quick else FULL
    asked = {name: value for name in ("rounds", "seconds", "soak") if (value := getattr(given, name))}
    return chosen._replace(**asked)


def chosen(given: argparse.Namespace) -> list[Cell]:
    asked = [
        cell
        for cell in cells()
        if cell.mode in given.modes
        and cell.size in given.sizes
        and cell.answer in given.answers
        and cell.clients in given.clients
    ]
    few = {(16, "1 KB"), (64, "1 KB"), (16, "200 KB")}
    return [cell for cell in asked if (cell.clients, cell.size) in few] if given.quick else asked


# ── servers, up and down ─────────────────────────────────────────────────


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


def start(
    stack: ExitStack, name: str, mode: str, port: int, processors: Processors, results: Results
) -> list[Target]:
    """One process of a peer, for the modes it is asked in. Raises Failed."""
    peer = PEERS[name]
    folder = KEPT / "run" / f"{name}-{mode}"
    folder.mkdir(parents=True, exist_ok=True)
    place = Place(free_port(), port, mode, folder)
    begun = time.monotonic()
    environment = peer.environment(place)
    process = stack.enter_context(
        running(peer.command(place), folder / "log", processors, environment, folder)
    )
    target = answering(Target(name, peer, place, process), begun + peer.startup)
    results.know(name, mode, start=time.monotonic() - begun, idle=resident(process.pid))
    modes = peer.modes if peer.shared else (mode,)
    return [target._replace(place=target.place._replace(mode=each)) for each in modes]


def start_all(
    stack: ExitStack, names: list[str], port: int, processors: Processors, results: Results
) -> list[Target]:
    """Every peer that is there; the others are said and left out."""
    targets = []
    for name in names:
        peer = PEERS[name]
        if peer.part in results.absent:
            continue
        for mode in peer.modes[:1] if peer.shared else peer.modes:
            with ExitStack() as trying:
                try:
                    targets += start(trying, name, mode, port, processors, results)
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


# ── a run ────────────────────────────────────────────────────────────────


def environment(given: argparse.Namespace) -> dict[str, str]:
    """What was measured with."""
    ours = {name: version(name) for name in ("uvicorn", "uvloop", "httptools", "gunicorn", "httpx")}
    span = spans(given)
    how = {"rounds": str(span.rounds), "seconds each": f"{span.seconds:g}"}
    cpus = {"processors": str(os.cpu_count())}
    return {"Python": platform.python_version(), **ours, **versions(), **cpus, **how}


def more_files() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < FILES:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(FILES, hard), hard))


def run(given: argparse.Namespace, absent: dict[str, str]) -> Results:
    results = Results(setting=environment(given), absent=absent)
    span, processors = spans(given), Processors()
    if not processors.alone:
        print("there is one processor only: servers share it with their clients", file=sys.stderr)
    more_files()
    with upstream() as port, ExitStack() as stack:
        targets = start_all(stack, given.peers, port, processors, results)
        measure.rounds(targets, chosen(given), span, results)
        measure.latencies([*direct(port), *targets], span, results)
        for target in targets:
            results.know(target.name, target.place.mode, loaded=resident(target.pid))
        measure.open_streams(targets, span, results)
        for target in targets:
            if target.name == "gatewaymw":
                measure.soak(target, span, results)
    return results


def plot(page: Path) -> bool:
    """Draw it beside the page; whether that could be done."""
    python = python_of("plot")
    if not python.exists():
        print("no plot: matplotlib is not installed", file=sys.stderr)
        return False
    out = page.with_name(PICTURE)
    subprocess.run([str(python), str(HERE / "plot.py"), str(FIGURES), str(out)], check=True)
    return True


def publish(page: Path, results: Results) -> None:
    """Put the tables between the page's marks, and the plot after them."""
    write(page, setting(results), tables(results), (BEGIN, END))
    if plot(page.absolute()):
        page.write_text(page.read_text().replace(END, f"![CPU next to others]({PICTURE}.svg)\n\n{END}"))


def stop(number: int, frame: object) -> None:
    """A run that is ended from outside ends its servers first."""
    sys.exit(128 + number)


def measured(given: argparse.Namespace) -> Results:
    """All of it anew, and kept for the next time."""
    parts = dict.fromkeys(part for name in given.peers if (part := PEERS[name].part))
    absent = missing(["programs", *parts, *(["plot"] if given.write else [])])
    for name, why in absent.items():
        print(f"not installed: {name}: {why}", file=sys.stderr)
    if "programs" in absent:
        sys.exit("upstream and clients are C programs: nothing can be measured without a compiler")
    results = run(given, dict.fromkeys(absent, "could not be installed here"))
    save(results, FIGURES)
    return results


def main() -> None:
    given = options()
    if given.write and BEGIN not in given.write.read_text():
        sys.exit(f"{given.write} has no {BEGIN}, where the tables could go")
    if sys.platform != "linux" and not given.again:
        sys.exit("what a server uses is read from Linux's /proc: nothing can be measured here")
    signal.signal(signal.SIGTERM, stop)
    results = read(FIGURES) if given.again else measured(given)
    print(setting(results), *map(text, tables(results)), sep="\n")
    if given.write:
        publish(given.write, results)


if __name__ == "__main__":
    main()
