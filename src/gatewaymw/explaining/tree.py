"""An explanation for a terminal: the config as a tree of what was asked and what was left, and a timeline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from ..core.plan import Group, Node
from ..core.routing.account import Account, Attempt
from .explanation import Explanation, error_of

WIDTH = 60
"""Characters of the timeline."""
ROWS = 24
"""Targets of the timeline."""


def drawn(made: Explanation) -> str:
    account = made.account
    lines = [headline(made, account)]
    if made.status >= 400 and (error := error_of(made.body)):
        lines.append(f"  {error.get('code') or error.get('type')}: {error.get('message')}")
    if made.stream:
        lines.append(f"  {ending(made.stream)}")
    lines += [f"  the script's {name!r} is no target that was asked" for name in made.unused]
    if made.root is not None:
        lines += ["", *branch(made.root, made, account, "", "")]
    if account.attempts:
        lines += ["", *timeline(account)]
    return "\n".join(lines)


def headline(made: Explanation, account: Account) -> str:
    sent, waited = len(account.attempts), sum(made.waits)
    whom = f" from {made.target} ({made.reply.target.provider.name})" if made.reply.target else ""
    requests = f"{sent} request{'' if sent == 1 else 's'}"
    times = f"{waited:.3f} s of pauses, {account.ended:.3f} s in all"
    return f"{made.request} -> {made.status}{whom}: {requests}, {times}"


def ending(stream: str) -> str:
    if stream == "whole":
        return "after the commit the stream goes on to its end"
    return f"after the commit the stream ends with an error ({stream}); nothing is tried again"


def branch(node: Node, made: Explanation, account: Account, stem: str, below: str) -> Iterator[str]:
    """The lines of a node that was entered, and of all below it. `stem` stands before its first line, `below`
    before all others."""
    name = node.path.rpartition(".")[2]
    what = node.mode if isinstance(node, Group) else node.provider.name
    status = made.seen.get(node.path)
    yield f"{stem}{name} {what}" + (f" -> {status}" if status is not None else ": left")
    if status is None:
        return
    children = node.children if isinstance(node, Group) else ()
    bar = "|  " if children else "   "
    yield from (f"{below}{bar}{why}" for path, why in account.reasons if path == node.path)
    yield from (f"{below}{bar}{told(each)}" for each in account.attempts if each.target == node.path)
    yield from boughs(children, made, account, below)


def boughs(children: Sequence[Node], made: Explanation, account: Account, below: str) -> Iterator[str]:
    """The children; several in a row that were left are one line."""
    runs = [(seen, list(run)) for seen, run in groupby(children, lambda child: child.path in made.seen)]
    for index, (seen, run) in enumerate(runs):
        end = index == len(runs) - 1
        if not seen and len(run) > 3:
            first, last = (child.path.rpartition(".")[2] for child in (run[0], run[-1]))
            yield f"{below}{'`-' if end else '+-'} {first} .. {last}: left"
            continue
        for child in run:
            final = end and child is run[-1]
            stem = f"{below}{'`-' if final else '+-'} "
            yield from branch(child, made, account, stem, f"{below}{'   ' if final else '|  '}")


def told(attempt: Attempt) -> str:
    """One request to a target: when, what it said after how long, and what followed from that."""
    why = attempt.why.removeprefix(attempt.said.rpartition(", then ")[2] + ": ")
    return f"{attempt.at:.3f} s  {attempt.said} after {attempt.seconds:.3f} s" + (f": {why}" if why else "")


def timeline(account: Account) -> Iterator[str]:
    """A row for each target that was asked: `=` while it was, `.` for the pauses before."""
    rows: dict[str, list[Attempt]] = {}
    for attempt in account.attempts:
        rows.setdefault(attempt.target, []).append(attempt)
    shown = dict(list(rows.items())[:ROWS])
    name = max(map(len, shown))
    yield f"{'':{name}}  0{f'{account.ended:.3f} s':>{WIDTH - 1}}"
    for path, attempts in shown.items():
        yield f"{path:{name}}  {bar_of(attempts, account.ended)}".rstrip()
    if len(rows) > ROWS:
        yield f"and {len(rows) - ROWS} more targets"


def bar_of(attempts: Sequence[Attempt], ended: float) -> str:
    marks = [" "] * WIDTH
    for attempt in attempts:
        paint(marks, ".", attempt.at - attempt.waited, attempt.at, ended)
    for attempt in attempts:  # over the pauses, so that none hides one that is short
        paint(marks, "=", attempt.at, attempt.at + attempt.seconds, ended)
    return "".join(marks)


def paint(marks: list[str], mark: str, start: float, end: float, whole: float) -> None:
    """Mark a span of time; one that is shorter than a character takes one, unless it is none at all."""
    if whole <= 0 or end < start or (mark == "." and end == start):
        return
    first = min(int(start / whole * WIDTH), WIDTH - 1)
    last = min(max(int(end / whole * WIDTH), first + 1), WIDTH)
    marks[first:last] = mark * (last - first)
