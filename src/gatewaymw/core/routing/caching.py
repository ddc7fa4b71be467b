"""Answers that were given before: looked up, made once for all who ask at once, and kept if they end well.

Strictly by request of the config, but for lists of models, which are kept for a minute. Who may get an answer
again is part of its key (see `likes`): the tenant, the provider, the credential, the host and all that the
provider would be asked. Only what came with 200 and ended as it should is kept; a stream is recorded while it
passes, and given again as a stream.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from .. import stored
from ..commands import Flow
from ..endpoints import MODELS
from ..plan import Caching, Target
from ..stored import Lead
from ..values import Call, Env
from .encode import PATIENCE
from .entries import entry_of, reply_of
from .likes import key_of
from .reply import CacheStatus, Live, Reply
from .taping import Tape

LISTS = Caching(max_age=60.0, max_bytes=8 * 2**20)
"""Which lists of models are kept, and how long."""


def rule_of(target: Target, call: Call) -> Caching | None:
    """Which answers to such a call are kept; None: none is."""
    return LISTS if call.endpoint is MODELS else target.caching


def cached(target: Target, call: Call, env: Env, inner: Callable[[Call], Flow[Reply]]) -> Flow[Reply]:
    """An answer that was kept, or that `inner` gives."""
    caching, key = rule_of(target, call), key_of(target, call)
    if caching is None or key is None:
        return (yield from inner(call))
    if call.refresh or call.spent:  # the latter: hooks did not like what was given before
        reply = yield from inner(call)
        return (yield from kept(reply, key, caching, None, "REFRESH"))
    found = yield from stored.join(key, patience(target, call, env))
    lead = found if isinstance(found, Lead) else None
    if lead:
        found = yield from stored.get(key)
    if isinstance(found, bytes) and (again := reply_of(found, target)):
        if lead:
            yield from stored.land(lead, found)
        return again
    reply = yield from inner(call)
    return (yield from kept(reply, key, caching, lead, "MISS"))


def patience(target: Target, call: Call, env: Env) -> float:
    """Seconds to wait for another's answer: no longer than for one of one's own."""
    return max(min(call.deadline - env.now(), target.timeout or PATIENCE), 0.001)


def kept(reply: Reply, key: str, caching: Caching, lead: Lead | None, status: CacheStatus) -> Flow[Reply]:
    """The reply, once it is kept; a stream will be when it has ended."""
    if isinstance(reply, Live):
        tape = Tape(reply.passage, reply.body, caching.max_bytes)
        after = partial(recorded, reply, tape, key, caching, lead)
        return replace(reply, passage=tape, later=(after, *reply.later), cache_status=status)
    yield from keep(entry_of(reply, caching), key, caching, lead)
    return replace(reply, cache_status=status)


def recorded(reply: Live, tape: Tape, key: str, caching: Caching, lead: Lead | None) -> Flow[None]:
    """Keep a stream that has passed."""
    body = tape.recorded()
    whole = replace(reply, body=body) if body is not None else None
    yield from keep(entry_of(whole, caching) if whole else None, key, caching, lead)


def keep(entry: bytes | None, key: str, caching: Caching, lead: Lead | None) -> Flow[None]:
    if entry is not None:
        yield from stored.keep(key, entry, caching.max_age)
    if lead:
        yield from stored.land(lead, entry)
