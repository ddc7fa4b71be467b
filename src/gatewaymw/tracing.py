"""How each answer was come by, kept where somebody asks: a client by header, an operator by the log."""

from __future__ import annotations

import logging
from dataclasses import replace

from . import headers as wire
from .core.commands import Flow
from .core.endpoints import Endpoint
from .core.json import in_ascii
from .core.plan import Node
from .core.routing.account import line
from .core.routing.flow import run
from .core.routing.reply import Reply
from .core.routing.trace import Log, observed, recorded
from .core.values import Call, Env
from .headers import Wishes

log = logging.getLogger("gatewaymw.trace")
"""At DEBUG, a line for each request."""


def wanted(wishes: Wishes) -> bool:
    return log.isEnabledFor(logging.DEBUG) or wire.debugs(wishes)


def traced(root: Node, call: Call, env: Env) -> Flow[Reply]:
    """What `run` does, and how, in the reply's `trace`."""
    kept = Log()
    flow = run(root, replace(call, traced=True), observed(env, kept))
    reply = yield from recorded(flow, kept, env.now)
    return replace(reply, trace=kept.trace)


def written(reply: Reply, trace_id: str, endpoint: Endpoint) -> None:
    """Log it on one line: the request, and the account of its trace, two objects of JSON."""
    if log.isEnabledFor(logging.DEBUG):
        told = {"trace_id": trace_id, "endpoint": endpoint.name, "status": reply.status}
        log.debug("%s %s", in_ascii(told), line(reply.trace))
