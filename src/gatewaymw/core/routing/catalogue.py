"""The models of several services as one list, and one model out of a list.

A plan with several services has no list of its own: each service is asked once, a few at a time, and what
they have goes by `@SLUG/MODEL`, as a request may name it. One that fails costs the others nothing: it is left
out, and the response header `warning` says so. Each list is kept for a minute (`caching.LISTS`), so that a
client which asks at each start does not have all of them asked each time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from .. import json
from ..commands import Flow
from ..dialects.catalogue import listed
from ..endpoints import MODEL, MODELS
from ..errors import GatewayError, UpstreamError
from ..model import Context
from ..plan import Group, Node, Target, targets
from ..values import JSON, NOTHING, Call, Env
from .failures import parsed, refusal
from .kinds import error_of
from .lanes import in_lanes
from .pipeline import ODD
from .reply import Reply

CATALOGUE = frozenset({MODELS, MODEL})
MOST = 64
"""Services of one list."""
ROWS = 20_000
"""Models of one list."""
PATIENCE = 10.0
"""Seconds for all tries of a service: a list need not wait for one that is down."""
PAGES = ("has_more", "nextPageToken", "next_page_token")
"""By what a list says that there is more of it."""
UNION = "models"
"""The mode of a group that is there to be listed only. No config can name it."""
BARE = "bare"
"""Set among the settings of such a group where no request may name a service: its models then go by their
own names."""

Ask: TypeAlias = Callable[[Target, Call, Env], Flow[Reply]]


class Service(NamedTuple):
    """One that a plan may ask, and what its config says of its models."""

    slug: str
    target: Target
    asked: bool
    """Whether there is a list to be asked for."""
    models: tuple[str, ...]
    """Those that targets of it settle on."""


class Part(NamedTuple):
    """What a service has for the list."""

    service: Service
    rows: tuple[JSON, ...] = ()
    warning: str = ""
    reply: Reply | None = None
    """None: it was not asked."""


def spans(group: Group, call: Call) -> bool:
    """Whether a call asks several services for their models."""
    return call.endpoint in CATALOGUE and (group.mode == UNION or len(services(group)) > 1)


def services(node: Node) -> tuple[Service, ...]:
    """The services below a node, each once, in the order they are written."""
    made: dict[tuple[str, str, str], list[Target]] = {}
    for leaf in targets(node):
        made.setdefault((leaf.slug, leaf.provider.name, leaf.base), []).append(leaf)
    return tuple(service_of(leaves) for leaves in made.values())


def service_of(leaves: list[Target]) -> Service:
    """A target that settles on a model serves no other, whatever its provider lists."""
    free = [leaf for leaf in leaves if "model" not in leaf.overrides]
    settled = (str(leaf.overrides["model"]) for leaf in leaves if "model" in leaf.overrides)
    first = (free or leaves)[0]
    asked = bool(free) and MODELS in first.provider.routes
    return Service(first.slug, first, asked, tuple(dict.fromkeys(settled)))


# ── all of them ──────────────────────────────────────────────────────────


def union(group: Group, call: Call, env: Env, ask: Ask) -> Flow[Reply]:
    """The models of all services, or the one of them that is asked for."""
    every = services(group)
    sent = replace(listing(call), deadline=min(call.deadline, env.now() + PATIENCE))
    parts = yield from in_lanes(part(service, sent, env, ask) for service in every[:MOST])
    reply = joined(parts, bare=BARE in group.settings)
    if more := len(every[MOST:]):
        reply = replace(reply, warnings=(*reply.warnings, f"{more} more were not asked for their models"))
    return picked(reply, call) if call.endpoint is MODEL else reply


def listing(call: Call) -> Call:
    """The call for a list that stands for a call for models. A query is one service's: none is sent."""
    return replace(call, endpoint=MODELS, path=MODELS.path, query="", body=NOTHING)


def part(service: Service, call: Call, env: Env, ask: Ask) -> Flow[Part]:
    """What a service has, asked for where it has a list."""
    if service.asked:
        return part_of(service, (yield from ask(service.target, call, env)), call)
    return Part(service, warning="" if service.models else "has no list of models")


def part_of(service: Service, reply: Reply, call: Call) -> Part:
    """What the answer of a service comes to."""
    if not 200 <= reply.status < 300:
        code = error_of(reply.body).get("code") or "failed"
        return Part(service, (), f"was left out: {reply.status} {code}", reply)
    name = service.target.provider.name
    try:
        body = listed(parsed(reply.body), Context(provider=name))
    except (*ODD, GatewayError):
        error = UpstreamError(f"{name} answered 200 with a list of models that cannot be read")
        unread = replace(refusal(error, call.endpoint.client), attempts=reply.attempts)
        return Part(service, (), "was left out: its list cannot be read", unread)
    more = any(body.get(page) for page in PAGES)
    return Part(service, tuple(body["data"]), "has more models than it lists at once" if more else "", reply)


def joined(parts: list[Part], bare: bool) -> Reply:
    """One list of all parts; an error where nobody who was asked did well and nothing else is known."""
    replies = [part.reply for part in parts if part.reply]
    attempts = sum(reply.attempts for reply in replies)
    failed = [each for each in replies if each.status >= 300]
    told = tuple(f"{part.service.slug} {part.warning}" for part in parts if part.warning)
    rows = {row["id"]: row for part in parts for row in shown(part, bare)}
    if failed and len(failed) == len(replies) and not rows:
        skipped = all(reply.skipped for reply in replies)
        return replace(
            failed[0], skipped=skipped, warnings=told, attempts=attempts, again=attempts > 1, headers={}
        )
    if len(rows) > ROWS:
        told = (*told, f"the list has {ROWS} models at most: {len(rows) - ROWS} were left out")
    body = {"object": "list", "data": list(rows.values())[:ROWS]}
    return Reply(status=200, body=json.dumps(body), warnings=told, attempts=attempts)


def shown(part: Part, bare: bool) -> Iterator[JSON]:
    """The models of a part, each by what a request may call it."""
    service = part.service
    settled = ({"id": model} for model in service.models)
    rows = [*listed([*settled], Context(provider=service.target.provider.name))["data"], *part.rows]
    yield from rows if bare else ({**row, "id": f"@{service.slug}/{row['id']}"} for row in rows)


# ── one of them ──────────────────────────────────────────────────────────


def only_lists(target: Target, call: Call) -> bool:
    """Whether a model is asked for that can be had out of a list only: the provider's, or the config's."""
    routes = target.provider.routes
    return (
        call.endpoint is MODEL and MODEL not in routes and (MODELS in routes or "model" in target.overrides)
    )


def of_list(target: Target, call: Call, env: Env, ask: Ask) -> Flow[Reply]:
    """A model of one service."""
    service = service_of([target])
    if service.models:
        return picked(joined([Part(service)], bare=True), call)
    return picked((yield from ask(target, listing(call), env)), call)


def picked(reply: Reply, call: Call) -> Reply:
    """The reply with the one model of its list that the call names; 404 where there is none."""
    if not 200 <= reply.status < 300:
        return reply
    name, body = call.body.get("model"), parsed(reply.body)
    rows = body.get("data") if isinstance(body, dict) else None
    for row in rows if isinstance(rows, list) else ():
        if isinstance(row, dict) and row.get("id") == name:
            return replace(reply, body=json.dumps(row))
    error = GatewayError(
        f"no model is called {str(name)[:128]!a} here; GET {MODELS.path} lists those there are",
        status=404,
        type="invalid_request_error",
        code="model_not_found",
        param="model",
    )
    return replace(refusal(error, call.endpoint.client), target=reply.target, attempts=reply.attempts)


def called(reply: Reply, name: str) -> Reply:
    """The reply with its model by the name by which it was asked for (`@SLUG/MODEL`)."""
    body = parsed(reply.body) if reply.status == 200 and name[:1] == "@" else None
    if not isinstance(body, dict) or body.get("id") == name:
        return reply
    return replace(reply, body=json.dumps({**body, "id": name}))
