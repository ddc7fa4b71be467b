"""Measure the gateway next to others on this machine, and say what it must reach and does not.

    make bench-peers
    cd bench && python -m peers.run [--quick] [--verdicts] [--rounds N] [--peers NAME …] [--write]

The full matrix takes about half an hour; `--verdicts` measures what must be reached and nothing else, in
more rounds, within eight minutes. `--modes`, `--sizes`, `--answers` and `--clients` choose parts of the
matrix, `--again` shows what the last run measured; `--write` puts the tables into docs/performance.md and
the README, and draws the plot. `--quick` is to see that everything runs: its figures are worth nothing.
"""

from __future__ import annotations

import argparse
import os
import resource
import signal
import subprocess
import sys
from contextlib import ExitStack
from importlib.metadata import version
from pathlib import Path

from peers import measure
from peers.install import missing, versions
from peers.interpreter import version_of
from peers.measure import FULL, QUICK, SURE, Spans, Target, noted
from peers.places import FIGURES, HERE, PAGE, README, VERDICTS, python_of, python_of_ours
from peers.processes import Processors
from peers.report import BEGIN, END, key_aims, setting, tables
from peers.results import Results, read, save
from peers.servers import PEERS
from peers.starting import Site, direct, start_all, upstream
from peers.traffic import ANSWERS, CLIENTS, MODES, SIZES, Cell, cells
from peers.verdicts import HEAVIEST, OURS, needed
from tables import text, write

PICTURE = "performance-peers"
"""The plot's name, without its suffix."""
FILES = 8192
"""Open files that a server may need for its streams."""


def options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--quick", action="store_true")
    made.add_argument("--verdicts", action="store_true", help="only the cells that verdicts are of")
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
    chosen = QUICK if given.quick else SURE if given.verdicts else FULL
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


# ── a run ────────────────────────────────────────────────────────────────


def environment(given: argparse.Namespace) -> dict[str, str]:
    """What was measured with."""
    ours = {name: version(name) for name in ("uvicorn", "uvloop", "httptools", "gunicorn", "httpx")}
    span = spans(given)
    how = {"rounds": str(span.rounds), "seconds each": f"{span.seconds:g}"}
    cpus = {"processors": str(os.cpu_count())}
    return {"Python": version_of(python_of_ours()), **ours, **versions(), **cpus, **how}


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
        site = Site(port, processors)
        targets = start_all(stack, given.peers, site, results)
        ours = [target for target in targets if target.name == OURS]
        matrix(given, targets, ours, span, results)
        told = ours if given.verdicts else targets
        beside = [target for target in targets if target.name in ("floor", "nginx") and given.verdicts]
        measure.latencies([*direct(port), *told, *beside], span, results)
        measure.loaded(targets, results)
        for target in told:
            if measure.holds_streams(target.peer):
                open_streams(target, site, span, results)
        for target in ours:
            measure.soak(target, span, results)
    return results


def matrix(
    given: argparse.Namespace, targets: list[Target], ours: list[Target], span: Spans, results: Results
) -> None:
    """All cells that are asked for; for verdicts theirs alone, and once what leaves most memory behind."""
    if given.verdicts:
        judged = [cell for cell in cells() if any(needed(name, cell) for name in PEERS)]
        measure.rounds(targets, judged, span, results, needed)
        measure.rounds(ours, HEAVIEST, span._replace(rounds=1), results)
    else:
        measure.rounds(targets, chosen(given), span, results)


def open_streams(target: Target, site: Site, span: Spans, results: Results) -> None:
    """By a process of its own, which has nothing left over from what the first one was asked."""
    name, mode = target.name, target.place.mode
    failing = noted(results, f"{name}: {span.open} open streams, {mode}")
    with failing, site.running(name, target.peer, mode, f"{name}-fresh") as fresh:
        measure.open_streams(fresh, span, results)


def plot(page: Path, figures: Path) -> bool:
    """Draw the cells that verdicts are of beside the page; whether that could be done."""
    python = python_of("plot")
    if not python.exists():
        print("no plot: matplotlib is not installed", file=sys.stderr)
        return False
    out = page.with_name(PICTURE)
    subprocess.run([str(python), str(HERE / "plot.py"), str(figures), str(out)], check=True)
    return True


def publish(page: Path, results: Results, figures: Path) -> None:
    """Put the tables between the page's marks, and the plot after them; into the README what matters most."""
    drawn, marks, about = plot(page.absolute(), figures), (BEGIN, END), "CPU next to others"
    write(page, setting(results), tables(results), marks, {about: f"{PICTURE}.svg"} if drawn else {})
    if page.absolute() == PAGE:
        picture = {about: f"docs/{PICTURE}.png"} if drawn else {}
        write(README, setting(results), [key_aims(results)], marks, picture)


def stop(number: int, frame: object) -> None:
    """A run that is ended from outside ends its servers first."""
    sys.exit(128 + number)


def measured(given: argparse.Namespace) -> Results:
    """All of it anew, and kept for the next time."""
    parts = dict.fromkeys(part for name in given.peers if (part := PEERS[name].part))
    absent = missing(["programs", "gatewaymw", *parts, *(["plot"] if given.write else [])])
    for name, why in absent.items():
        print(f"not installed: {name}: {why}", file=sys.stderr)
    absent.pop("gatewaymw", None)  # it is measured as it is here
    if "programs" in absent:
        sys.exit("upstream and clients are C programs: nothing can be measured without a compiler")
    results = run(given, dict.fromkeys(absent, "could not be installed here"))
    save(results, kept(given))
    return results


def kept(given: argparse.Namespace) -> Path:
    """A run for verdicts is kept beside that of the whole matrix."""
    return VERDICTS if given.verdicts else FIGURES


def main() -> None:
    given = options()
    for page in (given.write, README) if given.write else ():
        if BEGIN not in page.read_text():
            sys.exit(f"{page} has no {BEGIN}, where the tables could go")
    if sys.platform != "linux" and not given.again:
        sys.exit("what a server uses is read from Linux's /proc: nothing can be measured here")
    signal.signal(signal.SIGTERM, stop)
    results = read(kept(given)) if given.again else measured(given)
    print(setting(results), *map(text, tables(results)), sep="\n")
    if given.write:
        publish(given.write, results, kept(given))


if __name__ == "__main__":
    main()
