"""One call that a provider answers in pieces: a call for each of its inputs, their answers joined.

Some models embed one input a request where OpenAI's clients send many. Which they are, how a body is cut
and how answers are joined, the codec says (`model.Batch`). Each piece is an attempt of its own, retries
included; a few are under way at a time. All must do well: the first that does not is what the call comes to,
and what was not asked for by then is left.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from .. import json
from ..commands import Flow
from ..errors import GatewayError
from ..model import Batch
from ..plan import Target
from ..values import Call, Env
from .attempt import attempt
from .encode import context_of, route_of
from .failures import refusal
from .fetching import fetched
from .lanes import in_lanes
from .reply import Reply


def batched(target: Target, call: Call, env: Env) -> Flow[Reply]:
    """Ask one target, as often as its dialect must."""
    batch = batch_of(target, call) if target.provider.cuts else None
    return in_pieces(batch, target, call, env) if batch else attempt(target, call, env)


def in_pieces(batch: Batch, target: Target, call: Call, env: Env) -> Flow[Reply]:
    try:
        calls = yield from cut(batch, target, call, env)
    except GatewayError as error:
        return replace(refusal(error, call.endpoint.client), target=target)
    if len(calls) < 2:
        return (yield from attempt(target, calls[0], env))
    replies = yield from in_lanes((attempt(target, piece, env) for piece in calls), unwell)
    reply = next((reply for reply in replies if unwell(reply)), None) or joined(replies, batch)
    return replace(reply, attempts=sum(each.attempts for each in replies))


def batch_of(target: Target, call: Call) -> Batch | None:
    """How the call would be cut; None where it stays one, as nearly all do."""
    if target.missing:
        return None  # the attempt says so
    given = target.overrides if "model" in target.overrides else call.body
    try:
        return route_of(target, call, str(given.get("model") or "")).codec.batch
    except GatewayError:
        return None


def cut(batch: Batch, target: Target, call: Call, env: Env) -> Flow[tuple[Call, ...]]:
    """The calls that one becomes: the call itself, with its files at hand, where there is nothing to cut."""
    body: Mapping[str, Any] = {**call.body, **target.overrides}
    codec = route_of(target, call, str(body.get("model") or "")).codec
    body = yield from fetched(codec, target.provider.name, call, body, env)
    pieces = batch.cut(body, context_of(target, call, body, env))
    return tuple(replace(call, body=piece) for piece in (pieces if len(pieces) > 1 else (body,)))


def unwell(reply: Reply) -> bool:
    return reply.status >= 300


def joined(replies: list[Reply], batch: Batch) -> Reply:
    """One reply of all of them, with the headers of the first."""
    body = batch.join(tuple(json.loads(reply.body) for reply in replies))
    tries = max(reply.tries for reply in replies)
    return replace(
        replies[0],
        body=json.dumps(body),
        tries=tries,
        again=tries > 0,
        dropped=tuple(dict.fromkeys(name for reply in replies for name in reply.dropped)),
        warnings=tuple(dict.fromkeys(said for reply in replies for said in reply.warnings)),
    )
