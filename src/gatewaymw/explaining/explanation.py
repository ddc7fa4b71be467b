"""One request through a gateway in a world without a network, and what is to be told of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..core import json
from ..core.commands import Flow, Wait
from ..core.errors import ConfigError
from ..core.model import Context, Next, Route
from ..core.plan import Group, Node, Target
from ..core.routing.account import Account, accounted, as_json, milliseconds
from ..core.routing.flow import run
from ..core.routing.pipeline import Broken
from ..core.routing.reply import Live, Reply
from ..core.routing.trace import Done, Said, Trace, observed
from ..core.values import JSON, Call, Env
from ..inbound import Facts, Inbound, Match
from .script import Script, Table
from .world import FOLLOWED, World

HELLO: Mapping[str, Any] = {"model": "model", "messages": [{"role": "user", "content": "Hello"}]}
KEYS = frozenset({"method", "path", "query", "headers", "body"})


@dataclass(frozen=True, slots=True)
class Explanation:
    """What came of a request, and how. `str()` draws it; `as_json()` is for programs."""

    request: str
    """`POST /v1/chat/completions`"""
    reply: Reply
    headers: Mapping[str, str] = field(repr=False)
    """As a client would get them."""
    body: bytes = field(repr=False)
    """All of it, that of a stream too."""
    root: Node | None = field(repr=False)
    """The plan; None where the request was refused before there was one."""
    trace: Trace = field(repr=False)
    stream: str = ""
    """How a stream ended: `whole`, or the code of its error; empty where there was none."""
    unused: tuple[str, ...] = ()
    """Names of the script that no target was found by."""

    @property
    def account(self) -> Account:
        return accounted(self.trace)

    @property
    def status(self) -> int:
        return self.reply.status

    @property
    def target(self) -> str:
        """The path of the target that answered, empty where none did."""
        return self.reply.target.path if self.reply.target else ""

    @property
    def waits(self) -> list[float]:
        """Pauses between tries, in seconds."""
        done = [entry.command for entry in self.trace if isinstance(entry, Done)]
        return [command.seconds for command in done if isinstance(command, Wait)]

    @property
    def seen(self) -> dict[str, int]:
        """The nodes that were entered, and the status of each."""
        notes = [entry.note for entry in self.trace if isinstance(entry, Said)]
        return {note.path: note.status for note in notes if note.what == "leave"}

    @property
    def left(self) -> list[str]:
        """Paths of the nodes that were not looked at."""
        return [node.path for node in nodes(self.root) if node.path not in self.seen]

    def as_json(self) -> JSON:
        """The account of the trace (`core/routing/account.py`), and what came of it all."""
        return {
            "request": self.request,
            "status": self.status,
            "target": self.target or None,
            "provider": self.reply.target.provider.name if self.reply.target else None,
            "error": None if isinstance(self.reply, Live) or self.status < 400 else error_of(self.body),
            "stream": self.stream or None,
            "waited_ms": milliseconds(sum(self.waits)),
            **as_json(self.account),
            "left": self.left,
            "headers": dict(self.headers),
            "unused": list(self.unused),
        }

    def __str__(self) -> str:
        from .tree import drawn

        return drawn(self)


def error_of(body: bytes) -> Any:
    """What a client reads of an error."""
    try:
        return json.loads(body)["error"]
    except (ValueError, LookupError, TypeError):
        return None


def nodes(node: Node | None) -> Iterator[Node]:
    """All of a plan, in the order in which they are written."""
    if node is not None:
        yield node
    if isinstance(node, Group):
        for child in node.children:
            yield from nodes(child)


# ── running it ───────────────────────────────────────────────────────────

Serve = Callable[[Inbound, Callable[[Node, Call, Env], Flow[Reply]]], Flow[Any]]


class Rehearsal:
    """One request, about to be explained. Raises ConfigError for a script that cannot be read."""

    def __init__(self, script: Table, dice: Callable[[], float]) -> None:
        self.world = World(Script(script), dice)
        self._root: Node | None = None

    def carry(self, root: Node, call: Call, env: Env) -> Flow[Reply]:
        """A plan's flow that says notes, over targets whose providers all answer in OpenAI's dialect."""
        self._root, world = root, self.world
        world.leaves = {node.path: node for node in nodes(root) if isinstance(node, Target)}
        world.streaming = call.endpoint.streams and call.body.get("stream") in (True, "true")
        return run(answering_plainly(root), replace(call, traced=True), observed(env, world.log))

    def explained(self, inbound: Inbound, serve: Serve) -> Explanation:
        world = self.world
        served = world.run(serve(inbound, self.carry))
        world.log.over = True
        reply, body, stream = served.reply, served.reply.body, ""
        if isinstance(reply, Live):
            body, stream = self._poured(reply)
        return Explanation(
            request=f"{inbound.facts.method} {inbound.facts.path}",
            reply=reply,
            headers=dict(served.headers),
            body=body,
            root=self._root,
            trace=world.log.trace,
            stream=stream,
            unused=tuple(sorted(world.script.unused)),
        )

    def _poured(self, live: Live) -> tuple[bytes, str]:
        """A stream's body, and how it ended."""
        try:
            body = self.world.pour(live)
        except Broken:
            return live.body, "broken"
        error = live.passage.error
        return body, "whole" if error is None else error.code or error.type


def inbound_of(request: Mapping[str, Any], match: Callable[..., Match | None], prefix: str) -> Inbound:
    """The request that a mapping of `method`, `path`, `query`, `headers` and `body` stands for.

    Without a path it is a chat, and without a body, a short one. Raises ConfigError.
    """
    if strays := sorted(set(request) - KEYS):
        raise ConfigError(f"unknown key {strays[0]!r}; there are {', '.join(sorted(KEYS))}", path="request")
    path, method = str(request.get("path", "/chat/completions")), str(request.get("method", "POST"))
    path = path if path.startswith(f"{prefix}/") else prefix + path
    headers = {str(name).lower(): str(value) for name, value in (request.get("headers") or {}).items()}
    found = match(method, path, headers)
    if found is None:
        raise ConfigError(f"{method} {path} is no path of the gateway", path="request.path")
    given = request.get("body", HELLO if found.endpoint.body == "json" else b"")
    body = given if isinstance(given, bytes) else json.dumps(given)
    if not isinstance(given, bytes):
        headers.setdefault("content-type", "application/json")
    return Inbound(found, Facts(method, path, headers, {}), str(request.get("query", "")), body)


# ── answers without a dialect ────────────────────────────────────────────


def answering_plainly(node: Node) -> Node:
    """The same node with providers that are asked in their own dialect and answer in OpenAI's: what is told
    is whom a request goes to, and a script says no more than how each of them does."""
    if isinstance(node, Group):
        return replace(node, children=tuple(map(answering_plainly, node.children)))
    provider = node.provider
    routes = {endpoint: plain(route) for endpoint, route in provider.routes.items()}
    by_model = {endpoint: plainly(choose) for endpoint, choose in provider.by_model.items()}
    return replace(node, provider=replace(provider, routes=routes, by_model=by_model))


def plainly(choose: Callable[[str], Route]) -> Callable[[str], Route]:
    return lambda model: plain(choose(model))


def plain(route: Route) -> Route:
    told: dict[str, Any] = dict.fromkeys(("response", "stream", "error", "media"))
    follow = looked_at_once if route.codec.follow else None
    return replace(route, codec=replace(route.codec, **told, follow=follow))


def looked_at_once(answer: JSON, context: Context) -> Next | None:
    """What follows an answer that takes more than one call: a look at a job, which is done by then."""
    return None if answer["object"] == FOLLOWED else Next(to=f"/{FOLLOWED}", after=1.0, live=context.stream)
