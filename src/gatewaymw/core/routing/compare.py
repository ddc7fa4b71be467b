"""The strategy `compare`: all targets at once, and every answer side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import json
from ..commands import Flow, all_of, ask, close
from ..endpoints import CHAT
from ..errors import BadRequest
from ..frozen import dataclass
from ..plan import Group, Node, Target
from ..values import JSON, Call, Env
from .failures import parsed
from .kinds import error_of
from .reply import Live, Reply
from .strategies import Visit, strategy

MOST = 16
"""Targets of one comparison."""
COUNTS = ("prompt_tokens", "completion_tokens", "total_tokens")


@dataclass(frozen=True, slots=True)
class Entry:
    """One target's answer."""

    index: int
    node: Node
    reply: Reply
    body: Mapping[str, Any]
    seconds: float
    cost: float | None = None

    @property
    def well(self) -> bool:
        return 200 <= self.reply.status < 300 and bool(self.choice)

    @property
    def choice(self) -> Mapping[str, Any]:
        choices = self.body.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        return first if isinstance(first, dict) else {}

    @property
    def usage(self) -> Mapping[str, Any] | None:
        usage = self.body.get("usage")
        return usage if isinstance(usage, dict) else None


@strategy("compare")
def compare(group: Group, call: Call, visit: Visit, env: Env) -> Flow[Reply]:
    """Every child at once. One that fails is told as such; all that fail are an error."""
    check(call)
    laps = (lap(index, child, visit, env) for index, child in enumerate(group.children))
    entries: tuple[Entry, ...] = yield from all_of(*laps)
    if all(entry.reply.skipped for entry in entries):
        return entries[0].reply
    return compared(entries, call, env)


def check(call: Call) -> None:
    """Raises BadRequest for what cannot be compared."""
    if call.endpoint is not CHAT:
        raise BadRequest("compare takes chat completions; send others to one target", code="unsupported")
    if call.body.get("stream"):
        raise BadRequest("compare does not stream yet; leave out stream", code="unsupported", param="stream")
    if call.body.get("n") not in (None, 1):
        raise BadRequest("compare has one choice of each target; leave out n", code="unsupported", param="n")


def lap(index: int, child: Node, visit: Visit, env: Env) -> Flow[Entry]:
    started = env.now()
    reply = yield from visit(child)
    seconds = env.now() - started
    if isinstance(reply, Live):  # an override of the target's own asked for it
        yield from close(reply.stream)
        reply = Reply(status=502, body=STREAMED, target=reply.target)
    read = parsed(reply.body)
    entry = Entry(index, child, reply, read if isinstance(read, dict) else {}, seconds)
    if not entry.well or entry.usage is None or reply.target is None:
        return entry
    model = str(entry.body.get("model") or "")
    cost = yield from ask("price", reply.target.provider.name, model, entry.usage)
    return Entry(index, child, reply, entry.body, seconds, cost)


STREAMED = json.dumps(
    {"error": {"message": "this target streams, which cannot be compared; see its override_params"}}
)


def compared(entries: tuple[Entry, ...], call: Call, env: Env) -> Reply:
    """One completion with a choice of each target. Its status is the first target's where none did well."""
    first = next((entry for entry in entries if entry.well), None)
    told: JSON = {"compare": [row(entry) for entry in entries]}
    if first is None:
        worst = entries[0].reply
        status = worst.status if worst.status >= 400 else 502
        error = entries[0].body.get("error") or {"message": "no target answered", "code": "compare_failed"}
        return Reply(status=status, body=json.dumps({"error": error, **told}), target=worst.target)
    body = {
        "id": f"chatcmpl-{env.new_id()}",
        "object": "chat.completion",
        "created": int(env.clock()),
        "model": str(call.body.get("model") or first.body.get("model") or ""),
        "choices": [choice(entry) for entry in entries],
        "usage": summed(entries),
        **told,
    }
    dropped = tuple(dict.fromkeys(name for entry in entries for name in entry.reply.dropped))
    return Reply(status=200, body=json.dumps(body), target=first.reply.target, dropped=dropped)


def choice(entry: Entry) -> JSON:
    if entry.well:
        return {**entry.choice, "index": entry.index}
    nothing = {"role": "assistant", "content": None, "refusal": None}
    return {"index": entry.index, "message": nothing, "logprobs": None, "finish_reason": "error"}


def row(entry: Entry) -> JSON:
    """What is told of one target besides its answer."""
    target = entry.reply.target
    return {
        "index": entry.index,
        "target": (target or entry.node).path,
        "name": entry.node.name or None,
        "provider": target.provider.name if target else None,
        "model": entry.body.get("model") or model_of(target),
        "status": entry.reply.status,
        "latency_ms": round(entry.seconds * 1000, 1),
        "usage": entry.usage,
        "cost": entry.cost,
        "error": None if entry.well else (error_of(entry.reply.body) or {"message": "no answer"}),
    }


def model_of(target: Target | None) -> str | None:
    return str(target.overrides["model"]) if target and "model" in target.overrides else None


def summed(entries: tuple[Entry, ...]) -> dict[str, int]:
    used = [entry.usage for entry in entries if entry.well and entry.usage]
    return {name: sum(count(usage.get(name)) for usage in used) for name in COUNTS}


def count(value: object) -> int:
    return value if isinstance(value, int) else 0
