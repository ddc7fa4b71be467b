"""The tables of a run."""

from __future__ import annotations

from peers.places import ROOT
from peers.results import Results
from peers.servers import PEERS
from peers.traffic import ANSWERS, CLIENTS, MODES, SIZES, Cell
from peers.verdicts import Verdict, key_verdicts, verdicts
from tables import Table
from timing import rounded

BEGIN, END = "<!-- peers: begin -->", "<!-- peers: end -->"
ASGI = ("gatewaymw", "host", "floor", "nginx", "tensorzero", "portkey", "litellm")
WSGI = ("wsgi", "wsgi_httpx")
KINDS = {"whole": "request", "burst": "stream in a burst", "paced": "event of a paced stream"}
COSTS = (
    "Best round (middle round). LiteLLM has every fourth round, four times as long, and no more than 64 "
    "clients except for small whole answers. A dash is what was not measured, or went wrong."
)


def there(results: Results, peers: tuple[str, ...]) -> tuple[str, ...]:
    """Who was measured at all."""
    known = {name.partition("/")[0] for name in results.facts} | results.cells.keys()
    return tuple(peer for peer in peers if peer in known)


def titles(peers: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(PEERS[peer].title for peer in peers)


def costs(results: Results, mode: str, peers: tuple[str, ...], title: str) -> Table:
    """CPU of every cell of one mode."""
    shown = tuple(peer for peer in there(results, peers) if mode in PEERS[peer].modes)
    rows = []
    for answer in ANSWERS:
        for size in SIZES:
            for clients in CLIENTS:
                found = [results.cpu(peer, Cell(mode, size, answer, clients).name) for peer in shown]
                if any(found):
                    name = f"{KINDS[answer]}, {size}, {counted(clients)}"
                    rows.append((name, *("–" if cost is None else str(cost) for cost in found)))
    return Table(title, ("µs CPU per …", *titles(shown)), rows, COSTS)


def counted(clients: int) -> str:
    return "1 client" if clients == 1 else f"{clients} clients"


def rates(results: Results) -> Table:
    """The most requests in a second, of small whole answers."""
    rows, shown = [], there(results, ASGI)
    for mode in MODES:
        for clients in CLIENTS:
            found = [results.rate(peer, Cell(mode, "1 KB", "whole", clients).name) for peer in shown]
            if any(found):
                cells = ("–" if rate is None else f"{rate:,.0f}" for rate in found)
                rows.append((f"{mode}, {counted(clients)}", *cells))
    note = "Best round. Each server had one processor, which other work on the machine may have shared."
    return Table("Requests a second", ("1 KB, whole", *titles(shown)), rows, note)


def facts(results: Results) -> Table:
    """What is not counted by the request."""
    peers = there(results, (*ASGI, *WSGI))
    rows = [
        ("seconds to the first answer", *(fact(results, peer, "identity", "start") for peer in peers)),
        ("MiB, idle → after all cells (highest)", *(memory(results, peer) for peer in peers)),
        ("MiB, 1,000 open streams, highest", *(fact(results, peer, "identity", "streams") for peer in peers)),
    ]
    for mode in MODES:
        slower = (added(results, peer, mode) for peer in peers)
        later = (later_words(results, peer, mode) for peer in peers)
        rows.append((f"ms at 50 a second, {mode}: added to the middle / 99 % in all", *slower))
        rows.append((f"ms added to a stream’s first word / first byte, {mode}", *later))
    note = (
        "What is added is the difference to the upstream asked directly, in the same rounds. Memory is that "
        "of a process for one mode where a server needs two; pages that its processes share count for each. "
        "Open streams are held by a process that did nothing else before."
    )
    return Table("Latency and memory", ("", *titles(peers)), rows, note)


def fact(results: Results, peer: str, mode: str, name: str) -> str:
    value = results.fact(peer, mode, name)
    return "–" if value is None else rounded(value)


def over(results: Results, peer: str, mode: str, name: str) -> str:
    value, base = results.fact(peer, mode, name), results.fact("direct", mode, name)
    return "–" if value is None or base is None else f"{value - base:.2f}"


def added(results: Results, peer: str, mode: str) -> str:
    """The 99 % is the server's own: what either end has there is chance, not to be subtracted."""
    return f"{over(results, peer, mode, 'p50')} / {fact(results, peer, mode, 'p99')}"


def later_words(results: Results, peer: str, mode: str) -> str:
    """Who shows a stream's beginning before its first word has an earlier byte, and the same word."""
    return f"{over(results, peer, mode, 'word')} / {over(results, peer, mode, 'first')}"


def memory(results: Results, peer: str) -> str:
    idle, loaded, peak = (fact(results, peer, "identity", name) for name in ("idle", "loaded", "peak"))
    return f"{idle} → {loaded} ({peak})"


RATIOS = "Ratios are of CPU per request, stream or event: best round over best round, within this one run."


def aims(results: Results) -> Table:
    return judged("What must be reached", verdicts(results))


def key_aims(results: Results) -> Table:
    """The README's part of them."""
    return judged("CPU and memory of one process, next to others", key_verdicts(results))


def judged(title: str, made: list[Verdict]) -> Table:
    rows: list[tuple[str, ...]] = [*made]
    return Table(title, ("", "figure", "limit", ""), rows, RATIOS)


def wrong(results: Results) -> list[Table]:
    """What is not in the other tables, and why."""
    rows = [*results.absent.items(), *results.failures.items()]
    if not rows:
        return []
    return [Table("Not measured", ("", "why"), [(name, plain(why)) for name, why in rows], "")]


def plain(why: str) -> str:
    """Short, without this machine's paths, and nothing that a table could trip over."""
    return why.replace(str(ROOT), ".").replace("|", "/").replace("\n", " ")[:160]


def setting(results: Results) -> str:
    return ", ".join(f"{name} {value}" for name, value in results.setting.items())


def tables(results: Results) -> list[Table]:
    made = [
        aims(results),
        costs(results, "identity", ASGI, "To a provider of the same dialect"),
        costs(results, "translated", ASGI, "From OpenAI’s dialect to Anthropic’s"),
        *(costs(results, mode, WSGI, f"Under gunicorn, 16 threads: {mode}") for mode in MODES),
        rates(results),
        facts(results),
        *wrong(results),
    ]
    return [table for table in made if table.rows]
