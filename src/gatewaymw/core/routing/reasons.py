"""Why a node did what it did, in words: said only where somebody asks (`Call.traced`).

Nothing here quotes a provider or a client: statuses, codes, kinds, weights and paths of the config are all
that a trace may hold.
"""

from __future__ import annotations

from .. import json
from ..commands import Flow, Note, note
from ..plan import Group, Node, Retry, Target
from ..values import Answer, Failure
from .reply import Live, Reply


def told(flow: Flow[Reply], node: Node) -> Flow[Reply]:
    """A node's flow that says when it begins and what it came to."""
    what = node.provider.name if isinstance(node, Target) else node.mode
    yield from note(Note(node.path, "enter", what))
    reply = yield from flow
    yield from note(Note(node.path, "leave", code_of(reply), reply.status))
    return reply


def code_of(reply: Reply) -> str:
    """The code of an error; empty where there is none."""
    if reply.status < 400 or isinstance(reply, Live):
        return ""
    try:
        error = json.loads(reply.body)["error"]
        code = error.get("code") or error.get("type")
    except (ValueError, LookupError, TypeError, AttributeError):
        return ""
    return code[:64] if isinstance(code, str) else ""


def outcome(result: object) -> str:
    """What an upstream said, or how it failed to: by our own codes, since others are a provider's words."""
    if isinstance(result, Failure):
        return f"{result.kind} ({result.code})" if result.code.startswith("upstream_") else result.kind
    return str(result.status) if isinstance(result, Answer) else ""


def tried(retry: Retry, tries: int, result: Answer | Failure, seconds: float | None) -> str:
    """Why a target is tried again after `tries` retries, or is not."""
    said = outcome(result)
    if seconds is not None:
        return f"{said}: tried again in {seconds:.3f} s (retry {tries + 1} of {retry.attempts})"
    if not retry.attempts:
        return f"{said}: no retry is set"
    if result.status not in retry.on:
        return f"{said}: {result.status} is not one of the retry's on_status_codes"
    if tries >= retry.attempts:
        return f"{said}: all {retry.attempts} retries are used up"
    return f"{said}: the wait would be longer than may be waited"


def followed_up(result: object, seconds: float) -> str:
    """That an answer is not all of it."""
    return f"{outcome(result)}: followed up in {seconds:.3f} s"


def done_with(result: Answer | Failure) -> str:
    """Why a target is not asked again where a retry rule might want it."""
    return f"{outcome(result)}: not begun anew, since it may be under way or done"


def left(child: Node, reply: Reply) -> str:
    return f"{child.path} came to {reply.status}, which falls back"


def passed_over(child: Node) -> str:
    return f"{child.path} is passed over: its breaker is open"


def kept(child: Node, reply: Reply, on: frozenset[int] | None) -> str:
    """Why a fallback went no further than to that child."""
    came = f"{child.path} came to {reply.status}"
    if reply.final:
        return f"{came}: the gateway itself refused"
    if reply.status in on if on is not None else not 200 <= reply.status < 300:
        return f"{came}: there is no time left for the next"
    if 200 <= reply.status < 300:
        return f"{came}: well done"
    return f"{came}, which is not one of on_status_codes"


def drew(group: Group, drawn: float, index: int) -> str:
    """Whose share of a load balance it was that was drawn."""
    total, before = group.bounds[-1], group.bounds[index - 1] if index else 0.0
    share = group.bounds[index] - before
    return f"{drawn:.3f} was drawn of {total:g}: {group.children[index].path}, whose share is {share:g}"
