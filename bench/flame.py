"""Where a request's CPU goes: the gateway under load, sampled, and drawn as pictures of its stacks.

    make flame
    python bench/flame.py [--quick] [--again] [--only NAME …] [--write]

Each way of asking has a fresh server, which py-spy starts and looks at while the C clients load it. Prints
the share of each layer; `--write` draws docs/flame-*.svg and puts the table into docs/performance.md.
`--again` takes the last run's samples. `--quick` is to see that it runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import subprocess
import sys
from collections import Counter
from importlib.metadata import version
from pathlib import Path

from icicle import svg
from peers.install import PARTS, missing
from peers.interpreter import version_of
from peers.measure import Failed, Target, load
from peers.places import KEPT, PAGE, python_of, python_of_ours
from peers.processes import Processors
from peers.servers import PEERS, Peer, Place, uvicorn
from peers.starting import Site, upstream
from peers.traffic import Cell
from stacks import LAYERS, Stack, read, shares
from tables import Table, text, write

BEGIN, END = "<!-- flames: begin -->", "<!-- flames: end -->"
CELLS = {
    "identity-whole": Cell("identity", "1 KB", "whole", 64),
    "translated-whole": Cell("translated", "1 KB", "whole", 64),
    "identity-paced": Cell("identity", "1 KB", "paced", 16),
    "translated-paced": Cell("translated", "1 KB", "paced", 16),
}
TITLES = {
    "identity-whole": "identity, requests of 1 KB, 64 clients",
    "translated-whole": "translated, requests of 1 KB, 64 clients",
    "identity-paced": "identity, paced streams, 16 clients",
    "translated-paced": "translated, paced streams, 16 clients",
}
RATE = 200
"""Samples a second."""
SECONDS, QUICK = 15.0, 1.0
MOST = 500_000
"""Requests of one picture."""
STARTUP = 120.0
"""Seconds until the first answer: the profiler reads every library's symbols first."""
PATIENCE = 60.0
"""Seconds that the profiler may take to write down what it saw."""
SAMPLES = KEPT / "flames"
NOTE = (
    "Share of the samples in which the server was on a processor, by whose function was running; what has no "
    "layer of its own (json, dataclasses) counts for its caller. "
)


def options() -> argparse.Namespace:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    made.add_argument("--quick", action="store_true")
    made.add_argument("--again", action="store_true")
    made.add_argument("--only", nargs="+", choices=CELLS, default=list(CELLS))
    made.add_argument("--write", type=Path, nargs="?", const=PAGE, metavar="PAGE")
    return made.parse_args()


# ── sampling ─────────────────────────────────────────────────────────────


def kept(name: str) -> Path:
    return SAMPLES / f"{name}.folded"


def profiled(name: str) -> Peer:
    """The gateway below a profiler: a process may look into its own child where it may not into others."""
    profiler = [str(python_of("profiler").with_name("py-spy")), "record", "--format", "raw"]
    profiler += ["--rate", str(RATE), "--output", str(kept(name))]
    if platform.machine() in ("x86_64", "AMD64"):  # elsewhere it sees no native frames
        profiler.append("--native")

    def command(place: Place) -> list[str]:
        return [*profiler, "--", *uvicorn(place)]

    return PEERS["gatewaymw"]._replace(command=command, startup=STARTUP)


def sample(name: str, site: Site, seconds: float) -> None:
    """Load one fresh server and keep what was seen. Raises Failed."""
    print(f"sampling {name} …", flush=True)
    kept(name).unlink(missing_ok=True)
    with site.running("gatewaymw", profiled(name), CELLS[name].mode, "gatewaymw-flame") as target:
        assert target.process, "it was started here"
        os.sched_setaffinity(target.pid, site.processors.others)  # the profiler's own, not its child's
        load(target, CELLS[name], seconds=seconds, most=MOST)
        end(target)
    if not kept(name).exists():
        raise Failed(f"the profiler wrote nothing: {said(target)}")


def end(target: Target) -> None:
    """The profiler writes down its samples, and ends its child, once it is interrupted."""
    assert target.process, "it was started here"
    target.process.send_signal(signal.SIGINT)
    try:
        target.process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        raise Failed(f"the profiler did not end: {said(target)}") from None


def said(target: Target) -> str:
    return (target.place.folder / "log").read_text(errors="replace")[-300:]


def sample_all(names: list[str], seconds: float) -> None:
    """Ends the process where programs or profiler are not to be had, or where nothing was sampled."""
    for name, why in missing(["gatewaymw", "programs", "profiler"]).items():
        print(f"not installed: {name}: {why}", file=sys.stderr)
        if name != "gatewaymw":  # which is measured as it is here
            sys.exit(1)
    SAMPLES.mkdir(parents=True, exist_ok=True)
    processors = Processors()
    with upstream() as port:
        for name in names:
            try:
                sample(name, Site(port, processors), seconds)
            except Failed as error:
                sys.exit(f"{name}: {error}")


# ── showing ──────────────────────────────────────────────────────────────


def setting() -> str:
    profiler = PARTS["profiler"].wanted.replace("==", " ")
    ours = (f"{name} {version(name)}" for name in ("uvicorn", "uvloop", "httptools"))
    return ", ".join(
        [f"Python {version_of(python_of_ours())}", *ours, f"{profiler}, {RATE} samples a second"]
    )


def table(seen: dict[str, Counter[Stack]]) -> Table:
    rows = []
    for name, stacks in seen.items():
        parts = (f"{share:.0%}" for layer, share in shares(stacks).items() if layer != "other")
        rows.append((name.replace("-", ", "), *parts))
    head = ("CPU", *(layer for layer in LAYERS if layer != "other"))
    about = "; ".join(f"{layer}: {words}" for layer, words in LAYERS.items() if layer not in ("other", "gc"))
    return Table("Whose code is running", head, rows, f"{NOTE}{about}.")


def publish(page: Path, seen: dict[str, Counter[Stack]], made: Table) -> None:
    """The pictures beside the page, and the table between its marks."""
    pictures = {}
    for name, stacks in seen.items():
        file = f"flame-{name}.svg"
        page.with_name(file).write_text(svg(TITLES[name], stacks))
        pictures[TITLES[name]] = file
    write(page, setting(), [made], (BEGIN, END), pictures)


def main() -> None:
    given = options()
    if given.write and BEGIN not in given.write.read_text():
        sys.exit(f"{given.write} has no {BEGIN}, where the table could go")
    if sys.platform != "linux" and not given.again:
        sys.exit("the clients and the upstream run on Linux only")
    if not given.again:
        sample_all(given.only, QUICK if given.quick else SECONDS)
    seen = {name: read(kept(name).read_text()) for name in given.only}
    made = table(seen)
    print(setting(), text(made), sep="\n")
    if given.write:
        publish(given.write, seen, made)


if __name__ == "__main__":
    main()
