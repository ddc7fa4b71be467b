"""The strategy `compare`: all targets at once, and every answer side by side, whole or streamed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .. import json
from ..commands import Flow, all_of, ask, close
from ..endpoints import CHAT
from ..errors import BadRequest
from ..frozen import dataclass
from ..plan import Group, Node, Target
from ..values import JSON, Call, Env
from .chorus import Chorus, Price, Voice, event, last_words, milliseconds, priced, summed
from .failures import parsed
from .kinds import error_of
from .reply import Live, Reply
from .strategies import Visit, strategy

MOST = 16
"""Targets of one comparison."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One target's answer, or the beginning of it."""

    index: int
    node: Node
    reply: Reply
    body: Mapping[str, Any]
    seconds: float

    @property
    def well(self) -> bool:
        return 200 <= self.reply.status < 300 and (isinstance(self.reply, Live) or bool(self.choice))

    @property
    def choice(self) -> Mapping[str, Any]:
        choices = self.body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        return first if isinstance(first, dict) else {}


@strategy("compare")
def compare(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """Every child at once. One that fails is told as such; all that fail are an error."""
    check(call)
    streams, began = call.body.get("stream") in (True, "true"), env.now()
    laps = (lap(index, child, visit, env, streams) for index, child in enumerate(group.children))
    entries: tuple[Entry, ...] = yield from all_of(*laps)
    if all(entry.reply.skipped for entry in entries):
        return entries[0].reply
    if not any(entry.well for entry in entries):
        return failed(entries)
    price: Price = yield from ask("prices")
    if streams:
        return streamed(entries, call, env, price, began)
    return whole(entries, call, env, price)


def check(call: Call) -> None:
    """Raises BadRequest for what cannot be compared."""
    if call.endpoint is not CHAT:
        raise BadRequest("compare takes chat completions; send others to one target", code="unsupported")
    if call.body.get("n") not in (None, 1):
        raise BadRequest("compare has one choice of each target; leave out n", code="unsupported", param="n")


def lap(index: int, child: Node, visit: Visit, env: Env, streams: bool) -> Flow[Entry]:
    started = env.now()
    reply = yield from visit(child)
    if isinstance(reply, Live) is not streams and 200 <= reply.status < 300:
        # An override of the target's own asked for another kind of answer than the client did.
        if isinstance(reply, Live):
            yield from close(reply.stream)
        reply = Reply(status=502, body=OTHERWISE, target=reply.target)
    read = parsed(reply.body) if not isinstance(reply, Live) else None
    return Entry(index, child, reply, read if isinstance(read, dict) else {}, env.now() - started)


OTHERWISE = json.dumps(
    {
        "error": {
            "message": "override_params of this target set stream, which is for the client to say here",
            "code": "unsupported",
        }
    }
)


def failed(entries: tuple[Entry, ...]) -> Reply:
    """Nobody did well: the first one's error, and all of them beside it."""
    first = entries[0]
    status = first.reply.status if first.reply.status >= 400 else 502
    error = first.body.get("error") or {"message": "no target answered", "code": "compare_failed"}
    body = {"error": error, "compare": [row(entry) for entry in entries]}
    return Reply(status=status, body=json.dumps(body), target=first.reply.target, later=later(entries))


def whole(entries: tuple[Entry, ...], call: Call, env: Env, price: Price) -> Reply:
    """One completion with a choice of each target."""
    rows = [row(entry) for entry in entries]
    for each in rows:
        priced(each, price)
    body = {
        **heading(entries, call, env, "chat.completion"),
        "choices": [choice(entry) for entry in entries],
        "usage": summed(each["usage"] for each in rows),
        "compare": rows,
    }
    return Reply(
        status=200,
        body=json.dumps(body),
        target=answering(entries),
        dropped=dropped(entries),
        later=later(entries),
    )


def streamed(entries: tuple[Entry, ...], call: Call, env: Env, price: Price, began: float) -> Live:
    """One stream of all that began. Those that did not are told of first."""
    rows, voices, beside, body = [], [], [], b""
    for entry in entries:
        told = row(entry)
        rows.append(told)
        if not isinstance(entry.reply, Live):
            body += event(last_words(told))
            continue
        voice = Voice(told, entry.reply.passage, began, env.now)
        body += voice.told(entry.reply.body)
        voices.append(voice)
        beside.append((entry.reply.stream, voice))
    closing = {**heading(entries, call, env, "chat.completion.chunk"), "choices": []}
    return Live(
        status=200,
        body=body,
        content_type="text/event-stream; charset=utf-8",
        target=answering(entries),
        dropped=dropped(entries),
        later=later(entries),
        stream=beside[0][0],
        passage=Chorus(voices, rows, closing, price, call.endpoint.client),
        beside=tuple(beside),
    )


def heading(entries: tuple[Entry, ...], call: Call, env: Env, kind: str) -> JSON:
    first = next(entry for entry in entries if entry.well)
    return {
        "id": f"chatcmpl-{env.new_id()}",
        "object": kind,
        "created": int(env.clock()),
        "model": str(call.body.get("model") or first.body.get("model") or ""),
    }


def answering(entries: tuple[Entry, ...]) -> Target | None:
    """The first that did well."""
    return next(entry.reply.target for entry in entries if entry.well)


def dropped(entries: tuple[Entry, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for entry in entries for name in entry.reply.dropped))


def later(entries: tuple[Entry, ...]) -> tuple[Callable[[], Flow[None]], ...]:
    return tuple(each for entry in entries for each in entry.reply.later)


def choice(entry: Entry) -> JSON:
    if entry.well:
        return {**entry.choice, "index": entry.index}
    nothing = {"role": "assistant", "content": None, "refusal": None}
    return {"index": entry.index, "message": nothing, "logprobs": None, "finish_reason": "error"}


def row(entry: Entry) -> JSON:
    """What is told of one target besides its answer."""
    target, usage, live = entry.reply.target, entry.body.get("usage"), isinstance(entry.reply, Live)
    return {
        "index": entry.index,
        "target": (target or entry.node).path,
        "name": entry.node.name or None,
        "provider": target.provider.name if target else None,
        "model": entry.body.get("model") or model_of(target),
        "status": entry.reply.status,
        "first_token_ms": milliseconds(entry.seconds) if live else None,
        "latency_ms": milliseconds(entry.seconds),
        "usage": usage if entry.well and isinstance(usage, dict) else None,
        "cost": None,
        "error": None if entry.well else (error_of(entry.reply.body) or {"message": "no answer"}),
    }


def model_of(target: Target | None) -> str | None:
    return str(target.overrides["model"]) if target and "model" in target.overrides else None
